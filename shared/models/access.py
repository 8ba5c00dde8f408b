"""Who asks: the owner whose things a request may touch, and what it may do with them."""

from enum import StrEnum

from shared.errors import Forbidden
from shared.models.base import Frozen


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
