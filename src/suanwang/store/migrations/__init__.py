"""Alembic migrations; each released one is frozen."""
