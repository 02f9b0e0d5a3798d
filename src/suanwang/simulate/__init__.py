"""Replays traces through the same market and grid code, in simulated time."""
