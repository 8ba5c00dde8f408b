"""API keys: made, listed, revoked and rotated by those who administer."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.api.dependencies import ADMIN, Caller
from shared import wiring
from shared.models.base import Frozen
from shared.steps import keyring

router = APIRouter(prefix="/api/v3/keys", tags=["keys"], dependencies=[ADMIN])

MOST_LISTED = 200
Owner = Annotated[str, Field(min_length=1, max_length=100)]
UNSTORED = {"Cache-Control": "no-store"}


class WantedKey(keyring.Wanted):
    """A new key; its owner is that of the key that asks, unless another is named."""

    owner: Owner | None = None


class Rotating(Frozen):
    """How long the secret that there is stays good."""

    overlap_seconds: Annotated[int, Field(ge=0, le=keyring.MOST_OVERLAP_SECONDS)] = 86_400


@router.post("", status_code=201)
def create_key(caller: Caller, wanted: WantedKey, response: Response) -> dict[str, Any]:
    """Make a key; ``key`` is told here and never again."""
    response.headers.update(UNSTORED)
    chosen = keyring.Wanted(**wanted.model_dump(exclude={"owner"}))
    owner, now = wanted.owner or caller.owner, wiring.clock().now()
    made = keyring.make(chosen, wiring.keys(), owner=owner, parent=caller.key_id, now=now)
    wiring.access().forget(made["id"])
    return made


@router.get("")
def list_keys(
    caller: Caller,
    owner: Annotated[Owner | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    after: str | None = None,
) -> dict[str, Any]:
    """Keys of one owner, newest first, also those that are revoked."""
    found = wiring.keys().of_owner(owner or caller.owner, limit=limit + 1, after=after)
    more = len(found) > limit
    return {
        "keys": [keyring.shown(key) for key in found[:limit]],
        "pagination": {"limit": limit, "has_more": more, "next_after": found[limit - 1].id if more else None},
    }


@router.post("/{key_id}/revoke")
def revoke_key(key_id: str) -> dict[str, Any]:
    """Close a key for good; twice is no mistake."""
    key = wiring.keys().revoke(key_id, now=wiring.clock().now())
    wiring.access().forget(key_id)
    return keyring.shown(key)


@router.post("/{key_id}/rotate")
def rotate_key(key_id: str, response: Response, how: Rotating | None = None) -> dict[str, Any]:
    """Give a key a new secret, which is told here and never again; the old one stays good for a while."""
    response.headers.update(UNSTORED)
    overlap = timedelta(seconds=(how or Rotating()).overlap_seconds)
    key = wiring.keys().find(key_id)
    changed = keyring.rotate(key, wiring.keys(), now=wiring.clock().now(), overlap=overlap)
    wiring.access().forget(key_id)
    return changed
