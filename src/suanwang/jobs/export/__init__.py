"""Bills for other programs: FOCUS 1.2, plain CSV and JSON lines."""
