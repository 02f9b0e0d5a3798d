"""How requests come in and answers go out: keys, limits, idempotency, problems, cursors."""
