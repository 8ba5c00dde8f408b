"""The signature of a finished batch's manifest, and the public key to check it with."""

import json
from collections.abc import Sequence

from pydantic import JsonValue

from shared.domain import provenance
from shared.domain.lifecycle import Accounting
from shared.models.batch import Batch
from shared.models.work import Artefact
from shared.ports.blobs import Blobs
from shared.ports.world import Notary


def signed(
    batch: Batch, accounting: Accounting, artefacts: Sequence[Artefact], *, notary: Notary, blobs: Blobs
) -> Artefact:
    """Store key and signature, in this order: nobody meets a signature that cannot be checked."""
    (manifest,) = (file for file in artefacts if file.name == "manifest.json")
    about: dict[str, JsonValue] = {
        "batch_id": batch.batch_id,
        "model": batch.model,
        "model_version": batch.model_version,
        "accounting": accounting.sentence(),
        "test_model": batch.test_model,
        "size": manifest.size,
    }
    payload = provenance.statement(manifest.sha256, about)
    signature, public = notary.sign(provenance.to_sign(payload))
    key = json.dumps(provenance.as_jwk(public), sort_keys=True).encode()
    blobs.put(provenance.key_place(signature.key_id), key)
    name = provenance.SIGNATURE
    stat = blobs.put(f"batches/{batch.batch_id}/{name}", provenance.sealed(payload, [signature]))
    return Artefact(name=name, key=stat.key, size=stat.size, sha256=stat.sha256)
