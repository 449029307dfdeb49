"""Commands that rebuild the packaged tables: ``python -m taxonomies.rebuild <table>``."""
