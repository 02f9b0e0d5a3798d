"""Proves a RESULT against its CASE in whole numbers; shares no code with the solver."""
