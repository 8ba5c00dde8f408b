"""Who asks: the owner whose things a request may touch, and what it may do with them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.errors import Forbidden
from shared.models.base import Frozen, Instant, Sha256


class Scope(StrEnum):
    """
    What may be asked for; none includes another.

    ``read`` of what there is, ``submit`` and control of batches, ``delete`` of them, and ``admin`` of
    keys and of what concerns all owners.
    """

    READ = "read"
    SUBMIT = "submit"
    DELETE = "delete"
    ADMIN = "admin"


class Tier(StrEnum):
    """How much may be asked for."""

    DEFAULT = "default"
    PREMIUM = "premium"
    ENTERPRISE = "enterprise"


EVERYTHING = frozenset(Scope)


class Principal(Frozen):
    """Who asks. ``key_id`` is None for the one owner of a server without keys."""

    owner: str
    key_id: str | None
    scopes: frozenset[Scope]
    tier: Tier

    def require(self, scope: Scope) -> None:
        """Return if it may; Forbidden, naming the scope that is missing, if not."""
        if scope not in self.scopes:
            raise Forbidden(f"this key lacks the scope {scope.value!r}")


class ApiKey(Frozen):
    """
    A key as it is stored: of its secret only the digest, so that whoever reads this cannot use it.

    ``old_digest`` is that of the secret before a rotation, which is good until ``old_until``. ``parent``
    is the key that made this one, None where an operator did.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]{12}$")]
    owner: Annotated[str, Field(min_length=1, max_length=100)]
    name: Annotated[str, Field(max_length=100)] = ""
    scopes: frozenset[Scope]
    tier: Tier = Tier.DEFAULT
    digest: Sha256
    created_at: Instant
    parent: str | None = None
    expires_at: Instant | None = None
    revoked_at: Instant | None = None
    last_used_at: Instant | None = None
    old_digest: Sha256 | None = None
    old_until: Instant | None = None

    @property
    def principal(self) -> Principal:
        """Whom it stands for."""
        return Principal(owner=self.owner, key_id=self.id, scopes=self.scopes, tier=self.tier)
