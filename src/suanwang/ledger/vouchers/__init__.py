"""Compute vouchers 算力券: programmes as data, and the one engine that decides by them."""
