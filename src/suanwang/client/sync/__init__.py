# Made by tools/unasync.py from ../aio/__init__.py; change that file and run the tool.
"""The synchronous SDK, made from `aio`."""
