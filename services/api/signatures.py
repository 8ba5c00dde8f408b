"""Whether a finished batch is signed, by whom, and the public keys to check it with anywhere."""

import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter

from services.api.artefacts import own
from services.api.dependencies import READ, Stored
from services.api.store import Store
from shared.domain import provenance
from shared.errors import Malformed, NotFound
from shared.steps.reading import Overview

router = APIRouter(prefix="/api/v3/provenance", tags=["artefacts"], dependencies=[READ])

MOST_KEYS = 100


@router.get("/keys", summary="Public keys of manifests")
def keys(store: Stored) -> dict[str, Any]:
    """The keys with which manifests were ever signed here, as a JWK set; each is named by its digest."""
    found = [json.loads(store.blobs.get(key)) for key in _stored(store)]
    return {"keys": found}


def signer(store: Store, view: Overview) -> str | None:
    """The id of the key that the batch names as its signer, which is not checked; None if it is unsigned."""
    envelope = _envelope(store, view)
    try:
        _, signatures = provenance.opened(envelope) if envelope is not None else (b"", [])
    except Malformed:
        return None
    return signatures[0].key_id if signatures else None


def signature_faults(store: Store, view: Overview) -> Iterator[str]:
    """What is wrong with the signature. Nothing if there is none: older batches have none."""
    envelope = _envelope(store, view)
    if envelope is None:
        return
    (manifest,) = (file for file in own(view) if file.name == "manifest.json")
    for fault in provenance.faults(envelope, manifest.sha256, _keys(store), store.notary.is_signed):
        yield f"{provenance.SIGNATURE}: {fault}"


def _envelope(store: Store, view: Overview) -> bytes | None:
    key = next((file.key for file in own(view) if file.name == provenance.SIGNATURE), None)
    try:
        return store.blobs.get(key) if key is not None else None
    except NotFound:
        return None  # the audit of the artefacts tells that it is missing


def _keys(store: Store) -> dict[str, bytes]:
    public = [provenance.from_jwk(json.loads(store.blobs.get(key))) for key in _stored(store)]
    return {provenance.key_id_of(key): key for key in public}


def _stored(store: Store) -> list[str]:
    found = store.blobs.list(provenance.key_place("").removesuffix(".json"))
    return [key for _, key in zip(range(MOST_KEYS), found, strict=False)]
