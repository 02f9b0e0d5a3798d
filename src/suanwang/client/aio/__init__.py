"""The asynchronous SDK, written by hand. `sync` beside it is made from it by tools/unasync.py."""
