"""
What is signed of a finished batch, and how: an in-toto statement in a DSSE envelope.

The statement names ``manifest.json`` by its SHA-256, and the manifest names everything else by its own:
inputs, parameters, seeds, versions, results. So one small signature vouches for the whole batch, and
any tool that reads the two formats can check it: https://github.com/secure-systems-lab/dsse and
https://github.com/in-toto/attestation (Statement v1). Keys are Ed25519 (RFC 8032), told as JWK (RFC 8037).
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import JsonValue

from shared.errors import Malformed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:omtx-hub:manifest:1"
SIGNATURE = "manifest.dsse.json"
"""The artefact that holds the envelope, beside the manifest."""


class Signed(NamedTuple):
    """A signature of an envelope: ``key_id`` says with which key, ``signature`` has 64 bytes."""

    key_id: str
    signature: bytes


def statement(digest: str, about: Mapping[str, JsonValue]) -> bytes:
    """The statement that the manifest of this SHA-256 (hexadecimal) is ``about`` what is said."""
    value = {
        "_type": STATEMENT,
        "subject": [{"name": "manifest.json", "digest": {"sha256": digest}}],
        "predicateType": PREDICATE,
        "predicate": about,
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def to_sign(payload: bytes) -> bytes:
    """The bytes that a signature is of: DSSE's pre-authentication encoding, which covers the type too."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sealed(payload: bytes, signatures: Sequence[Signed]) -> bytes:
    """The envelope."""
    value = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {"keyid": it.key_id, "sig": base64.b64encode(it.signature).decode()} for it in signatures
        ],
    }
    return json.dumps(value, indent=1).encode()


def opened(envelope: bytes) -> tuple[bytes, list[Signed]]:
    """Payload and signatures, none of which is checked. Malformed if it is no envelope of ours."""
    try:
        value = json.loads(envelope)
        if value["payloadType"] != PAYLOAD_TYPE:
            raise Malformed(f"the envelope holds {value['payloadType']!r}, not {PAYLOAD_TYPE}")
        signatures = [Signed(str(it["keyid"]), _decoded(it["sig"])) for it in value["signatures"]]
        return _decoded(value["payload"]), signatures
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed("this is no DSSE envelope") from error


def subject_digest(payload: bytes) -> str:
    """The SHA-256 of the manifest that a statement is about. Malformed if it is no statement of ours."""
    try:
        value = json.loads(payload)
        (subject,) = value["subject"]
        if (value["_type"], value["predicateType"]) != (STATEMENT, PREDICATE):
            raise Malformed("this statement is not about a manifest")
        return str(subject["digest"]["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed("this is no statement about a manifest") from error


def faults(
    envelope: bytes,
    manifest_digest: str,
    keys: Mapping[str, bytes],
    is_signed: Callable[[bytes, bytes, bytes], bool],
) -> Iterator[str]:
    """
    What is wrong with the signature of a manifest; nothing if one of the ``keys`` (by id) signed it.

    ``is_signed(message, signature, public)`` is the arithmetic.
    """
    try:
        payload, signatures = opened(envelope)
        if subject_digest(payload) != manifest_digest:
            yield "the signature is of another manifest"
    except Malformed as error:
        yield f"the signature cannot be read: {error}"
        return
    known = [it for it in signatures if it.key_id in keys]
    if not known:
        yield f"signed by {', '.join(it.key_id for it in signatures) or 'nobody'}, whose key is not known"
    elif not any(is_signed(to_sign(payload), it.signature, keys[it.key_id]) for it in known):
        yield f"the signature of {known[0].key_id} is not of this statement"


def key_id_of(public: bytes) -> str:
    """The name of a public key (32 bytes): its own digest, so that nobody can put another under it."""
    return hashlib.sha256(public).hexdigest()[:32]


def as_jwk(public: bytes) -> dict[str, str]:
    """A public key for others to check with."""
    x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key_id_of(public), "x": x}


def from_jwk(value: Mapping[str, Any]) -> bytes:
    """The public key of ``as_jwk``. Malformed if it is none, or goes under another's name."""
    try:
        text = str(value["x"])
        public = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        named = str(value["kid"])
    except (KeyError, TypeError, binascii.Error) as error:
        raise Malformed("this is no Ed25519 key in JWK") from error
    if len(public) != 32 or named != key_id_of(public):
        raise Malformed(f"the key {named!r} is not the one that it is named after")
    return public


def key_place(key_id: str) -> str:
    """The object that holds the public key."""
    return f"provenance/keys/{key_id}.json"


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
