"""
Signatures by the Standard Webhooks convention, version 1.

HMAC-SHA256 over ``id.timestamp.body``, one for each secret that is valid, so that a receiver can change from
one to the next in its own time.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"


def signed(id: str, body: bytes, *, secrets: Sequence[str], timestamp: int) -> dict[str, str]:
    """The headers that go with ``body``; ``timestamp`` in Unix seconds."""
    content = f"{id}.{timestamp}.".encode() + body
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_signature(content, secret)}" for secret in secrets),
    }


def _signature(content: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
