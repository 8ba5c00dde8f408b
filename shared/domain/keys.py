"""API keys as text, and when one is good: pure."""

import hashlib
import hmac
import re
import zlib
from datetime import datetime, timedelta

from shared.models.access import ApiKey

ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SECRET_LETTERS = f"{ID_LETTERS}ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ID_LENGTH, SECRET_LENGTH = 12, 40
"""40 of 62 letters are 238 bits, which nobody guesses."""

TOUCHED_EVERY = timedelta(minutes=1)
_NO_DIGEST = "0" * 64
_TEXT = re.compile(rf"(omtx_([a-z0-9]{{{ID_LENGTH}}})_[A-Za-z0-9]{{{SECRET_LENGTH}}})([0-9a-f]{{8}})")


def written(key_id: str, secret: str) -> str:
    """The key as its holder gets it; its end is a checksum, by which scanners tell it from look-alikes."""
    body = f"omtx_{key_id}_{secret}"
    return f"{body}{zlib.crc32(body.encode()):08x}"


def id_of(text: str) -> str | None:
    """The id in a key; None if this is no key."""
    match = _TEXT.fullmatch(text)
    return match[2] if match and f"{zlib.crc32(match[1].encode()):08x}" == match[3] else None


def digest_of(text: str) -> str:
    """
    What is stored of a key.

    A slow hash protects passwords, which can be guessed; a secret of 238 random bits cannot, and a slow
    hash would cost every request more than the rest of it.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def is_good(key: ApiKey | None, digest: str, *, now: datetime) -> bool:
    """Whether the text of this digest opens the key; no faster where there is no key."""
    current = hmac.compare_digest(key.digest if key else _NO_DIGEST, digest)
    former = hmac.compare_digest((key.old_digest if key else None) or _NO_DIGEST, digest)
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return False
    return current or (former and key.old_until is not None and now < key.old_until)


def revoked(key: ApiKey, now: datetime) -> ApiKey:
    """The key, closed; a second time changes nothing."""
    return key if key.revoked_at else key.model_copy(update={"revoked_at": now})


def rotated(key: ApiKey, digest: str, old_until: datetime) -> ApiKey:
    """The key with a new secret; the one before is good until then, and the one before that no longer."""
    return key.model_copy(update={"digest": digest, "old_digest": key.digest, "old_until": old_until})


def is_touch_due(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether a use is to be written down."""
    return last_used_at is None or now - last_used_at >= TOUCHED_EVERY
