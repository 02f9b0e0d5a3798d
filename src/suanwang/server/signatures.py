"""Checks a centre's Ed25519 signature; flows stay pure of cryptography."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_HEX = 64
SIGNATURE_HEX = 128


def is_signed(public_key: str, message: bytes, signature: str) -> bool:
    """Say whether `signature` (hex) over `message` is the one of `public_key` (hex)."""
    if len(public_key) != KEY_HEX or len(signature) != SIGNATURE_HEX:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
