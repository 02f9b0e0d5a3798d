"""The words all rooms share: money, units, slots, ids, errors, lifecycle tables, canonical bytes.

Nothing here knows about compute, and nothing here imports another room.
"""
