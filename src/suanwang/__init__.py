"""Suanwang 算网: an open compute grid and exchange."""

__version__ = "0.1.0"
