"""Making and changing keys, for the command line and the api alike. A secret is told once, here."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from shared.domain import keys as rules
from shared.errors import IllegalMove
from shared.models.access import ApiKey, Scope, Tier
from shared.models.base import Frozen
from shared.ports.keys import Keys

MOST_DAYS = 3660
MOST_OVERLAP_SECONDS = 30 * 86_400
SECRET_FIELDS = {"digest", "old_digest"}


USUAL = frozenset({Scope.READ, Scope.SUBMIT})


def _repeatable(schema: dict[str, Any]) -> None:
    """A scope that is named twice is named: nothing refuses that."""
    schema.pop("uniqueItems", None)


class Wanted(Frozen):
    """What a new key is to be; without ``expires_in_days`` it does not expire."""

    name: Annotated[str, Field(max_length=100)] = ""
    scopes: Annotated[frozenset[Scope], Field(min_length=1, json_schema_extra=_repeatable)] = USUAL
    tier: Tier = Tier.DEFAULT
    expires_in_days: Annotated[int | None, Field(ge=1, le=MOST_DAYS)] = None


def make(wanted: Wanted, keys: Keys, *, owner: str, parent: str | None, now: datetime) -> dict[str, Any]:
    """The new key, ``key`` being what its holder needs and nobody can be told again."""
    days = wanted.expires_in_days
    while True:  # an id that there is already: never, in practice
        key_id, text = _drawn()
        key = ApiKey(
            id=key_id,
            owner=owner,
            name=wanted.name,
            scopes=wanted.scopes,
            tier=wanted.tier,
            digest=rules.digest_of(text),
            created_at=now,
            parent=parent,
            expires_at=now + timedelta(days=days) if days else None,
        )
        if keys.create(key):
            return {**shown(key), "key": text}


def rotate(key: ApiKey, keys: Keys, *, now: datetime, overlap: timedelta) -> dict[str, Any]:
    """The key with a new secret; IllegalMove for one that is revoked."""
    if key.revoked_at is not None:
        raise IllegalMove(f"key {key.id} is revoked; make a new one")
    _, text = _drawn(key.id)
    changed = keys.rotate(key.id, rules.digest_of(text), old_until=now + overlap)
    return {**shown(changed), "key": text}


def shown(key: ApiKey) -> dict[str, Any]:
    """A key as it may be seen: nothing by which it could be used."""
    found = key.model_dump(mode="json", exclude=SECRET_FIELDS)
    return {**found, "scopes": sorted(found["scopes"])}


def _drawn(key_id: str | None = None) -> tuple[str, str]:
    key_id = key_id or _letters(rules.ID_LETTERS, rules.ID_LENGTH)
    return key_id, rules.written(key_id, _letters(rules.SECRET_LETTERS, rules.SECRET_LENGTH))


def _letters(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
