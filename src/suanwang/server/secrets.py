"""Fresh secrets: the only place where this server makes any."""

from __future__ import annotations

import base64
import secrets

from suanwang.store.identity import SECRET_BYTES

WEBHOOK_SECRET_BYTES = 32
SEALING_KEY_BYTES = 32  # AES-256


def new_key_secret() -> str:
    """Make the secret part of a key: 256 bits, URL-safe, without the underscore that cuts keys."""
    return secrets.token_hex(SECRET_BYTES)


def new_sealing_key() -> bytes:
    """Make the key under which organisations' secrets are sealed."""
    return secrets.token_bytes(SEALING_KEY_BYTES)


def new_webhook_secret() -> str:
    """Make a signing secret as Standard Webhooks write it: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(WEBHOOK_SECRET_BYTES)).decode()
