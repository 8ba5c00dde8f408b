"""A screen of another service as an order of ours, and the ids of both: pure."""

import itertools
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any

from services.api.screen_request import Entity, Molecule, ScreenRequest
from services.api.screen_sources import OwnAlignment, UploadedMolecules
from shared.errors import FieldError, InvalidInput, NotFound

SCREEN, RESULT = "sm_scr_", "pres_"
MODELS = {"boltz-2": "boltz2"}
POLYMERS = ("protein", "dna", "rna")


def refusal(path: str, message: str) -> InvalidInput:
    """What is wrong with one field of the request."""
    return InvalidInput(f"{path}: {message}", [FieldError(path, message)])


def screen_id(batch_id: str) -> str:
    """The screen that a batch is."""
    return SCREEN + batch_id.removeprefix("batch_")


def batch_of(screen: str) -> str:
    """The batch that a screen is; NotFound if it can be none."""
    if re.fullmatch(rf"{SCREEN}[0-9a-f]{{24}}", screen) is None:
        raise NotFound(f"no screen {screen}")
    return f"batch_{screen.removeprefix(SCREEN)}"


def order_of(asked: ScreenRequest) -> dict[str, Any]:
    """
    The body of a submission.

    Raises:
        InvalidInput: no protein comes first among the polymers, a pocket is on no chain of the target, or
            some proteins have an alignment and others have not.
    """
    polymers = [it for it in asked.target.entities if it.type in POLYMERS]
    if not polymers or polymers[0].type != "protein":
        raise refusal("target.entities", "the first polymer is to be a protein")
    options = dict(asked.model_options)
    order: dict[str, Any] = {
        "job_name": asked.name,
        "protein_name": polymers[0].chain_ids[0],
        "protein_sequence": polymers[0].value,
        "model_name": MODELS.get(asked.model, asked.model),
        **_molecules(asked.molecules),
        "metadata": {"door": "screens"},
    }
    if "seed" in options:
        order["seed"] = options.pop("seed")
    if asked.molecule_filters is not None:
        order["molecule_filters"] = dict(asked.molecule_filters)
    order |= _told(asked)
    if asked.max_cost_usd is not None:
        order["configuration"] = {"max_cost_usd": float(asked.max_cost_usd)}
    alignments = list(_alignments(asked, polymers))
    if _says_alignments(polymers):
        order["use_msa"] = False
    own = {"msa": alignments} if alignments else {}
    return {**order, "parameters": {**options, **_complex(asked, polymers), **own}}


def _told(asked: ScreenRequest) -> dict[str, Any]:
    """Who is to be told of it."""
    names = ("webhook_url", "webhook_events", "webhook_milestones")
    found = {name: it for name in names if (it := getattr(asked, name)) is not None}
    secret = asked.webhook_secret
    return found if secret is None else {**found, "webhook_secret": secret.get_secret_value()}


def _molecules(molecules: tuple[Molecule, ...] | UploadedMolecules) -> dict[str, Any]:
    if isinstance(molecules, UploadedMolecules):
        return {"library": {"uri": molecules.source.url}}
    return {"ligands": [_ligand(it.smiles, it.id) for it in molecules]}


def _alignments(asked: ScreenRequest, polymers: list[Entity]) -> Iterator[dict[str, Any]]:
    """Those that users brought, each for the first chain of its protein; its copies have the same."""
    is_said = _says_alignments(polymers)
    for place, it in enumerate(asked.target.entities):
        path = f"target.entities.{place}.msa"
        if it.type != "protein" and it.msa is not None:
            raise refusal(path, "goes with a protein")
        if it.type == "protein" and it.msa is None and is_said:
            raise refusal(path, "is missing: if one protein has it, all have to, be it as 'empty'")
        if isinstance(it.msa, OwnAlignment):
            yield {"chain": _letter(it, polymers), "format": it.msa.format, "content": _text(it.msa, path)}


def _says_alignments(polymers: list[Entity]) -> bool:
    return any(it.msa is not None for it in polymers if it.type == "protein")


def _letter(entity: Entity, polymers: list[Entity]) -> str:
    before = itertools.takewhile(lambda it: it is not entity, polymers)
    place = sum(len(it.chain_ids) for it in before)
    return string.ascii_uppercase[place : place + 1]


def _text(msa: OwnAlignment, path: str) -> str:
    try:
        return msa.source.text()
    except ValueError as error:
        raise refusal(f"{path}.source.data", str(error)) from error


def _ligand(smiles: str, name: str | None) -> dict[str, str]:
    return {"smiles": smiles} if name is None else {"name": name, "smiles": smiles}


def _complex(asked: ScreenRequest, polymers: list[Entity]) -> dict[str, Any]:
    """What of the target is not its first sequence; nothing where there is nothing else."""
    small = [it for it in asked.target.entities if it.type not in POLYMERS]
    contacts = list(_contacts(asked, [*polymers, *small]))
    chains = [{"kind": it.type, "sequence": it.value, "copies": len(it.chain_ids)} for it in polymers[1:]]
    cofactors = [{it.type.removeprefix("ligand_"): it.value, "copies": len(it.chain_ids)} for it in small]
    copies = len(polymers[0].chain_ids)
    found = {
        "target": {"copies": copies} if copies > 1 else None,
        "chains": chains,
        "cofactors": cofactors,
        "pocket": {"contacts": contacts} if contacts else None,
    }
    return {name: value for name, value in found.items() if value}


def _contacts(asked: ScreenRequest, ordered: list[Entity]) -> Iterator[str]:
    """``A:43`` for residue 42 of chain A: theirs count from 0, ours from 1."""
    names = [name for entity in ordered for name in entity.chain_ids]
    letters: Mapping[str, str] = dict(zip(names, string.ascii_uppercase, strict=False))
    for name, residues in asked.target.pocket_residues.items():
        if name not in letters:
            raise refusal(f"target.pocket_residues.{name}", "is no chain of the target")
        yield from (f"{letters[name]}:{residue + 1}" for residue in residues)
