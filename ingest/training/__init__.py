"""Training of the trade embedding and of the coder, on official tables and coded leads.

Needs the extra ``semantic`` (sentence-transformers). ``debouches modele entrainer`` runs it on the
leads of the record; the packaged model was made the same way (``index/model/README.md``).
"""
