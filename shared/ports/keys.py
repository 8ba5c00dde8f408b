"""API keys: kept by their ids, each with its owner."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.models.access import ApiKey


class Keys(Protocol):
    """The keys of all owners. A key is never erased: a revoked one says who could do what."""

    def create(self, key: ApiKey) -> bool:
        """Keep a new key; False, and nothing is changed, if there is one of that id."""
        ...

    def find(self, key_id: str) -> ApiKey:
        """Raise NotFound if there is none, or this is no id."""
        ...

    def of_owner(self, owner: str, *, limit: int, after: str | None) -> Sequence[ApiKey]:
        """Newest first, behind the key ``after``; NotFound if that is no key of this owner."""
        ...

    def revoke(self, key_id: str, *, now: datetime) -> ApiKey:
        """Close it for good; a second time keeps the first time. Raise NotFound."""
        ...

    def rotate(self, key_id: str, digest: str, *, old_until: datetime) -> ApiKey:
        """Give it another secret, beside which the present one is good until then. Raise NotFound."""
        ...

    def touch(self, key_id: str, *, now: datetime) -> None:
        """It was used; written at most once a minute. Nothing happens where there is none."""
        ...

    def any(self) -> bool:
        """Whether there is, or ever was, a key."""
        ...
