"""API keys for tests, made as the command line makes them."""

from collections.abc import Iterable, Mapping

from shared import wiring
from shared.models.access import EVERYTHING, Scope
from shared.steps import keyring


def made(owner: str, scopes: Iterable[Scope] = EVERYTHING, days: int | None = None) -> tuple[str, str]:
    """Id and text of a new key."""
    wanted = keyring.Wanted(scopes=frozenset(scopes), expires_in_days=days)
    key = keyring.make(wanted, wiring.keys(), owner=owner, parent=None, now=wiring.clock().now())
    wiring.access().forget(key["id"])
    return key["id"], key["key"]


def bearing(text: str) -> Mapping[str, str]:
    """The header of a request with this key."""
    return {"Authorization": f"Bearer {text}"}
