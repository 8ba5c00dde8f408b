"""
Signed URLs of Cloud Storage, version 4, signed here with an HMAC key (``docs/adr/0018``).

The client library signs with a service account's private key, which a function does not have, or by a
call to Google per URL, whose signature holds for twelve hours only.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from shared.errors import Unavailable
from shared.ports.world import Key

LONGEST = timedelta(days=7)
ALGORITHM = "GOOG4-HMAC-SHA256"
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class UnsignedUrl:
    """One method on one object from ``at`` on; ``endpoint`` is the store's address without a path."""

    endpoint: str
    method: str
    bucket: str
    key: str
    at: datetime
    span: timedelta

    def signed(self, key: Key) -> str:
        """The URL. The id of ``key`` is the access id of an HMAC key, and its secret is that key's."""
        signature = _mac(self._derived(key.secret), self.string_to_sign(key.id)).hex()
        return f"{self.endpoint}{self._path}?{self._query(key.id, ALGORITHM)}&X-Goog-Signature={signature}"

    def string_to_sign(self, access_id: str, algorithm: str = ALGORITHM) -> str:
        """What the signature is made of: the method, the object, the span, and no other header than Host."""
        host = f"host:{urlsplit(self.endpoint).netloc}"
        request = (self.method, self._path, self._query(access_id, algorithm), host, "", "host")
        digest = hashlib.sha256("\n".join((*request, "UNSIGNED-PAYLOAD")).encode()).hexdigest()
        return "\n".join((algorithm, self._time, self._scope, digest))

    @property
    def _path(self) -> str:
        return f"/{self.bucket}/{quote(self.key, safe='/~')}"

    @property
    def _time(self) -> str:
        return f"{self.at:%Y%m%dT%H%M%SZ}"

    @property
    def _scope(self) -> str:
        return f"{self.at:%Y%m%d}/auto/storage/goog4_request"

    def _query(self, access_id: str, algorithm: str) -> str:
        """Sorted by name, as the signature wants it."""
        seconds = max(min(self.span, LONGEST), _SECOND) // _SECOND
        fields = {
            "X-Goog-Algorithm": algorithm,
            "X-Goog-Credential": f"{access_id}/{self._scope}",
            "X-Goog-Date": self._time,
            "X-Goog-Expires": str(seconds),
            "X-Goog-SignedHeaders": "host",
        }
        return urlencode(fields, quote_via=quote, safe="")

    def _derived(self, secret: bytes) -> bytes:
        """The key of this day, this service and this kind of request."""
        derived = b"GOOG4" + secret
        for part in self._scope.split("/"):
            derived = _mac(derived, part)
        return derived


def hmac_keys(stored: Sequence[Key]) -> list[Key]:
    """
    HMAC keys as a secret holds them: ``ACCESS_ID:SECRET``.

    Raises:
        Unavailable: one is not of this form; an operator can mend that.
    """
    keys = []
    for key in stored:
        access_id, colon, secret = key.secret.strip().partition(b":")
        if not (access_id and colon and secret):
            raise Unavailable(f"version {key.id} of the secret for signed URLs is not ACCESS_ID:SECRET")
        keys.append(Key(id=access_id.decode(), secret=secret))
    return keys


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
