"""Replays traces through the same market and grid code, in simulated time.

Empty until the placement issue. The rule it must keep: it calls `jobs/round.py` and `grid`
exactly as `flows` does, so that what is measured on traces is what runs.
"""
