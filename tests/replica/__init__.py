"""A replica of the services that spiders ask: real notices in their shapes, with their traps.

By hand: ``cd tests && python -m replica --port 8099`` (``--piege bombe`` sets a trap), then
``debouches collecter ted --replique http://127.0.0.1:8099``.
"""
