"""Remembers: tables, migrations, queries, outbox; the only room that speaks SQL."""
