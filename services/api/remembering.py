"""
Answers about finished batches, made once and kept, whole and packed.

A finished batch is known by its seal: whose it is, and a mark that any change makes another. Owner and mark
are part of each key, so nothing has to be let go of for an answer to be right, and none is ever another's.
Batches that still go on are looked at each time.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic_core import from_json, to_json

from services.api.conditional import etag_of
from services.api.encoding import LEAST_BYTES, Encoding, chosen, packed
from services.api.reference import document
from services.api.store import Store
from shared.domain.identity import digest
from shared.ports.courses import Seal

SECONDS = 3600.0
Made = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What an answer depends on besides the batch."""

    target: str
    encoding: Encoding | None


async def asked(request: Request) -> Asked:
    """As the client wrote it."""
    accepted = request.headers.get("accept-encoding", "")
    return Asked(f"{request.url.path}?{request.url.query}", chosen(accepted))


Asking = Annotated[Asked, Depends(asked)]


def remembered(store: Store, batch_id: str, asked: Asked, make: Callable[[], Made]) -> Response:
    """The answer, from the cache if the batch is finished and this was asked before."""
    seal = store.seal(batch_id)
    if seal.mark is None:
        return Response(to_json(make()), media_type="application/json")
    key = _key(seal, batch_id, asked.target, asked.encoding)
    [found] = store.answers.get([key])
    if found is None:
        found = _written(to_json(make()), asked.encoding)
        if store.seal(batch_id) == seal:  # else it may show a round that was asked for meanwhile
            store.answers.put(key, found, seconds=SECONDS, tag=batch_id)
    return _read(found)


def entries(
    store: Store, asked: str, batches: Sequence[tuple[str, Seal]], make: Callable[[Sequence[int]], list[Made]]
) -> list[Made]:
    """
    One entry for each of these batches, in their order.

    ``make`` makes those at some places of the list: of open batches, and what was not kept.
    """
    keys = [_key(seal, batch_id, asked, None) for batch_id, seal in batches]
    kept = [
        found if seal.mark else None
        for found, (_, seal) in zip(store.answers.get(keys), batches, strict=True)
    ]
    missing = [place for place, found in enumerate(kept) if found is None]
    made = dict(zip(missing, make(missing) if missing else (), strict=True))
    for place, entry in made.items():
        batch_id, seal = batches[place]
        if seal.mark is not None:
            store.answers.put(keys[place], to_json(entry), seconds=SECONDS, tag=batch_id)
    return [made[place] if found is None else from_json(found) for place, found in enumerate(kept)]


def _key(seal: Seal, batch_id: str, target: str, encoding: Encoding | None) -> str:
    # A list makes one for each of its batches, so it is written out by hand; no part holds a line break.
    parts = f"{_form()}\n{seal.owner}\n{batch_id}\n{seal.mark}\n{encoding}\n{target}"
    return blake2b(parts.encode(), digest_size=20).hexdigest()


@cache
def _form() -> str:
    """What shape answers have: versions that differ in it may share a cache."""
    return digest(document().decode())


def _written(body: bytes, encoding: Encoding | None) -> bytes:
    """A line about the answer, and its body as it is sent."""
    headers = {"ETag": etag_of(body), "Content-Type": "application/json"}
    if encoding is not None and len(body) >= LEAST_BYTES:
        headers["Content-Encoding"] = encoding
        body = packed(body, encoding)
    return json.dumps(headers).encode() + b"\n" + body


def _read(kept: bytes) -> Response:
    line, _, body = kept.partition(b"\n")
    return Response(body, headers=json.loads(line))
