"""
Signing keys in Secret Manager: one secret per purpose, one version per key.

To rotate is to add a version. Every process reads the versions again after ``kept``, so that neither a
deployment nor a restart is needed, and a new version is not signed with before all of them know it. The
one before it stays valid until it is disabled, or until the next but one is added.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from google.api_core.exceptions import DeadlineExceeded, ResourceExhausted, ServiceUnavailable
from google.api_core.retry import Retry, if_exception_type
from google.cloud.secretmanager_v1 import (
    ListSecretVersionsRequest,
    SecretManagerServiceClient,
    SecretVersion,
)

from shared.adapters.gcp.errors import reading
from shared.errors import NotFound, Unavailable
from shared.ports.world import Clock, Key

KEPT = timedelta(minutes=5)
VALID = 2
TIMEOUT = 5.0  # seconds for each request
_RETRY = Retry(
    predicate=if_exception_type(ServiceUnavailable, ResourceExhausted, DeadlineExceeded),
    initial=0.1,
    maximum=2.0,
    timeout=10.0,
)


class SecretManagerSecrets:
    """The secrets ``<prefix>-<purpose>`` of a project; deployment makes them, nobody else."""

    def __init__(
        self,
        client: SecretManagerServiceClient,
        project: str,
        *,
        prefix: str,
        clock: Clock,
        kept: timedelta = KEPT,
    ) -> None:
        self._client = client
        self._parent = f"projects/{project}/secrets/{prefix}"
        self._clock = clock
        self._kept = kept
        self._read: dict[str, tuple[datetime, Sequence[Key]]] = {}
        self._lock = threading.Lock()

    def keys(self, purpose: str) -> Sequence[Key]:
        """See ``Secrets.keys``; Unavailable if the secret is missing or none of its versions is enabled."""
        with self._lock:
            now = self._clock.now()
            until, keys = self._read.get(purpose, (now, ()))
            if now >= until:
                keys = self._keys_now(f"{self._parent}-{purpose}", now)
                self._read[purpose] = (now + self._kept, keys)
            return keys

    def _keys_now(self, secret: str, now: datetime) -> Sequence[Key]:
        try:
            with reading():
                used = _in_use(self._enabled(secret), known=now - 2 * self._kept)
                keys = [self._key(version) for version in used]
        except NotFound as error:
            raise Unavailable(f"{secret} is not there") from error
        if not keys:
            raise Unavailable(f"{secret} has no enabled version")
        return keys

    def _enabled(self, secret: str) -> Sequence[SecretVersion]:
        request = ListSecretVersionsRequest(parent=secret, filter="state:ENABLED")
        found = self._client.list_secret_versions(request=request, retry=_RETRY, timeout=TIMEOUT)
        return [version for version in found if version.state == SecretVersion.State.ENABLED]

    def _key(self, version: SecretVersion) -> Key:
        found = self._client.access_secret_version(name=version.name, retry=_RETRY, timeout=TIMEOUT)
        return Key(id=str(_number(version)), secret=found.payload.data.strip())


def _in_use(enabled: Sequence[SecretVersion], *, known: datetime) -> Sequence[SecretVersion]:
    """
    The valid versions, the one to sign with first: the newest, if it was made by ``known``.

    A process that has not yet read a newer one would refuse what is signed with it.
    """
    newest = sorted(enabled, key=_number, reverse=True)[:VALID]
    return sorted(newest, key=lambda version: version.create_time > known)


def _number(version: SecretVersion) -> int:
    return int(version.name.rpartition("/")[2])
