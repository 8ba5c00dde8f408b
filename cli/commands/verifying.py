"""``omtx verify``: whether a batch, here or taken away, is what it says it is."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.completion import batch_ids
from cli.connection import connected
from cli.errors import Refused
from cli.options import Home, Json
from cli.output import print_json, show, wants_json
from cli.taken import Taken
from cli.text import cell
from cli.verdict import checked
from shared import wiring
from shared.domain import provenance
from shared.errors import Malformed


def verify(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|FOLDER",
            help="A batch; or a folder with its manifest.json and manifest.dsse.json, or a ZIP unpacked.",
            autocompletion=batch_ids,
        ),
    ],
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", help="For a folder: the public keys to trust, as JWK; else the server's."
        ),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Count a batch again from its facts, hash every artefact again, and check the signature."""
    if (folder := Path(what)).is_dir():
        found = Taken(folder, _trusted(key), wiring.notary().is_signed).audit()
    elif key is not None:
        raise Refused("--key is for a folder; the server's own keys are tried for its batches")
    else:
        with connected() as connection:
            found = connection.get(f"/api/v3/batches/{what}/verify")
    _tell(found, as_json)
    checked(found)


def _tell(found: dict[str, Any], as_json: bool) -> None:
    if wants_json(as_json):
        print_json(found)
        return
    signer = f"signed by {found['signed_by']}" if found["signed_by"] else "not signed"
    show(cell(found["sentence"]), cell(f"{found['artefacts_checked']} artefacts checked, {signer}"))
    if left := found.get("not_covered"):
        show(cell(f"{len(left)} files were made for the download, and nothing vouches for them"))
    show(*map(cell, found["problems"]))


def _trusted(file: Path | None) -> dict[str, bytes]:
    """The public keys by id, of a file with one JWK or a set of them, or of the server."""
    if file is None:
        with connected() as connection:
            value = connection.get("/api/v3/provenance/keys")
    else:
        value = _read(file)
    try:
        public = [provenance.from_jwk(it) for it in value.get("keys", [value])]
    except Malformed as error:
        raise Refused(f"{file or 'the server'}: {error}") from error
    return {provenance.key_id_of(it): it for it in public}


def _read(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise Refused(f"{file} holds no JSON that can be read") from error
    if not isinstance(value, dict):
        raise Refused(f"{file} is to hold a JWK, or a set of them")
    return value
