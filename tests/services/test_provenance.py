"""The signature of a finished batch."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from shared import wiring
from shared.domain import provenance
from shared.errors import Malformed
from tests.support.chain import Chain
from tests.support.screens import finished

KEYS = "/api/v3/provenance/keys"


def envelope_of(batch_id: str) -> dict[str, object]:
    """What lies beside the manifest."""
    value: dict[str, object] = json.loads(
        wiring.local_blobs().get(f"batches/{batch_id}/{provenance.SIGNATURE}")
    )
    return value


def verified(chain: Chain, batch_id: str) -> dict[str, object]:
    """The audit."""
    body: dict[str, object] = chain.api(f"/api/v3/batches/{batch_id}/verify").body
    return body


def put(batch_id: str, name: str, content: bytes) -> None:
    """Change an artefact and what the closing says of it, as who can write everywhere could."""
    stat = wiring.local_blobs().put(f"batches/{batch_id}/{name}", content)
    [row] = wiring.local_database().read("SELECT artefacts FROM closings WHERE batch_id = ?", (batch_id,))
    files = json.loads(row["artefacts"])
    for file in files:
        if file["name"] == name:
            file |= {"size": stat.size, "sha256": hashlib.sha256(content).hexdigest()}
    wiring.local_database().write(
        lambda connection: (
            connection.execute(
                "UPDATE closings SET artefacts = ? WHERE batch_id = ?", (json.dumps(files), batch_id)
            ).rowcount
        )
    )


def test_anybody_can_check_the_signature_of_a_finished_batch_with_the_published_key(chain: Chain) -> None:
    batch_id = finished(chain, 3)
    envelope = json.loads(wiring.local_blobs().get(f"batches/{batch_id}/manifest.dsse.json"))
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    [signature] = envelope["signatures"]
    [key] = chain.api(KEYS).body["keys"]
    assert key["kid"] == signature["keyid"]
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    public.verify(base64.b64decode(signature["sig"]), signed)  # raises where it is not
    statement = json.loads(payload)
    manifest = wiring.local_blobs().stat(f"batches/{batch_id}/manifest.json")
    assert statement["subject"] == [{"name": "manifest.json", "digest": {"sha256": manifest.sha256}}]
    assert statement["predicate"]["accounting"].startswith("submitted 3 = 3 completed")
    assert statement["predicate"]["batch_id"] == batch_id


def test_the_audit_names_the_signer(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    found = verified(chain, batch_id)
    assert found["ok"]
    assert found["signed_by"] == chain.api(KEYS).body["keys"][0]["kid"]


def test_a_manifest_that_was_written_anew_is_found_although_all_digests_agree(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    manifest = wiring.local_blobs().get(f"batches/{batch_id}/manifest.json")
    put(batch_id, "manifest.json", manifest.replace(b'"noop"', b'"vina"'))
    assert verified(chain, batch_id)["problems"] == [
        "manifest.dsse.json: the signature is of another manifest"
    ]


def test_a_signature_by_a_key_of_ones_own_is_found(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    payload, _ = provenance.opened(json.dumps(envelope_of(batch_id)).encode())
    own = Ed25519PrivateKey.generate()
    key_id = provenance.key_id_of(own.public_key().public_bytes_raw())
    forged = provenance.Signed(key_id, own.sign(provenance.to_sign(payload)))
    put(batch_id, provenance.SIGNATURE, provenance.sealed(payload, [forged]))
    assert verified(chain, batch_id)["problems"] == [
        f"manifest.dsse.json: signed by {key_id}, whose key is not known"
    ]
    [theirs] = chain.api(KEYS).body["keys"]
    borrowed = provenance.Signed(theirs["kid"], forged.signature)
    put(batch_id, provenance.SIGNATURE, provenance.sealed(payload, [borrowed]))
    assert verified(chain, batch_id)["problems"] == [
        f"manifest.dsse.json: the signature of {theirs['kid']} is not of this statement"
    ]


def test_a_key_under_the_name_of_another_is_no_key() -> None:
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert provenance.from_jwk(provenance.as_jwk(public)) == public
    with pytest.raises(Malformed, match="not the one that it is named after"):
        provenance.from_jwk(provenance.as_jwk(public) | {"kid": "0" * 32})


@given(st.binary(max_size=200))
def test_what_was_sealed_is_opened_and_anything_else_is_malformed(content: bytes) -> None:
    signed = [provenance.Signed("key", content)]
    assert provenance.opened(provenance.sealed(content, signed)) == (content, signed)
    with pytest.raises(Malformed):
        provenance.opened(content)
