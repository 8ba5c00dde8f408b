"""
The webhook's signature: HMAC-SHA256 over ``timestamp.body``.

The time stands inside the signed text, so a replay with a fresh header fails. Two keys may be valid
while one is rotated.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from shared.errors import NotAllowed

WINDOW_SECONDS = 300
TIMESTAMP, KEY_ID, SIGNATURE = "X-OMTX-Timestamp", "X-OMTX-Key-Id", "X-OMTX-Signature"


def sign(body: bytes, *, key_id: str, secret: bytes, timestamp: int) -> dict[str, str]:
    """The headers that go with ``body``; ``timestamp`` in Unix seconds."""
    return {TIMESTAMP: str(timestamp), KEY_ID: key_id, SIGNATURE: f"sha256={_mac(body, secret, timestamp)}"}


def verify(
    body: bytes, headers: Mapping[str, str], *, keys: Iterable[tuple[str, bytes]], timestamp: int
) -> None:
    """
    Accept the body, or raise NotAllowed.

    ``timestamp`` is the receiver's time; older or newer than five minutes is refused. Header names
    are compared without regard to case.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    sent = headers.get(TIMESTAMP.lower(), "")
    if not re.fullmatch(r"[0-9]{1,12}", sent) or abs(int(sent) - timestamp) > WINDOW_SECONDS:
        raise NotAllowed("the signature's time is missing, or more than five minutes off")
    secret = dict(keys).get(headers.get(KEY_ID.lower(), ""))
    expected = f"sha256={_mac(body, secret or b'', int(sent))}"
    given = headers.get(SIGNATURE.lower(), "")
    if not hmac.compare_digest(expected.encode(), given.encode()) or secret is None:
        raise NotAllowed("the signature does not match")


def _mac(body: bytes, secret: bytes, timestamp: int) -> str:
    return hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
