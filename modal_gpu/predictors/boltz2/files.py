"""
The input of one run, as Boltz-2 reads it.

It is written as JSON, which is YAML in which every text is quoted: of a bare SMILES YAML may make a
list, a truth value or an error.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modal_gpu.predictors.boltz2.question import Asked
from shared.catalogue.boltz2_constraints import Bond, Contact
from shared.catalogue.boltz2_input import Polymer
from shared.domain.identity import digest

WITHOUT = "empty"
"""What stands for an alignment where a protein is predicted from its sequence alone."""


def write(asked: Asked, folder: Path) -> Path:
    """
    Write the input and the files it names into a fresh folder; where it lies.

    Its name is the id of the record, a hash of what is asked: nothing that an earlier run left behind
    can be taken for its answer. Boltz-2 resolves paths against its working directory, so they are absolute.
    """
    beside = folder / "files"
    beside.mkdir(parents=True)
    for name, content in asked.files.items():
        (beside / name).write_bytes(content)
    inputs = folder / "inputs"
    inputs.mkdir()
    path = inputs / f"{record_id(asked)}.yaml"
    path.write_text(json.dumps(document(asked, beside.absolute()), indent=1))
    return path


def record_id(asked: Asked) -> str:
    """The name of the record: of its content alone."""
    named = {name: digest(content.hex()) for name, content in asked.files.items()}
    return f"r{digest([document(asked, Path('/')), named])[:20]}"


def document(asked: Asked, beside: Path) -> dict[str, Any]:
    """The input, with alignments and templates in the folder ``beside``."""
    whole = asked.complex
    sequences = [_polymer(it, beside) for it in whole.polymers]
    for it in whole.molecules:
        sequences.append({"ligand": {"id": list(it.ids), **_molecule(it.smiles, it.ccd)}})
    if asked.ligand is not None:
        sequences.append({"ligand": {"id": whole.ligand, **_molecule(asked.ligand, whole.ligand_ccd)}})
    found: dict[str, Any] = {"version": 1, "sequences": sequences}
    if constraints := list(_constraints(asked)):
        found["constraints"] = constraints
    if templates := list(_templates(asked, beside)):
        found["templates"] = templates
    if asked.affinity:
        found["properties"] = [{"affinity": {"binder": whole.ligand}}]
    return found


def _polymer(polymer: Polymer, beside: Path) -> dict[str, Any]:
    chain: dict[str, Any] = {"id": list(polymer.ids), "sequence": polymer.sequence}
    if polymer.kind == "protein":
        chain["msa"] = str(beside / polymer.msa) if polymer.msa else WITHOUT
    if polymer.modifications:
        chain["modifications"] = [it.model_dump() for it in polymer.modifications]
    if polymer.cyclic:
        chain["cyclic"] = True
    return {polymer.kind: chain}


def _molecule(smiles: str | None, ccd: str | None) -> dict[str, str]:
    return {"ccd": ccd} if ccd is not None else {"smiles": smiles or ""}


def _constraints(asked: Asked) -> Iterator[dict[str, Any]]:
    pocket = asked.complex.pocket
    if pocket is not None and asked.ligand is not None:
        yield {
            "pocket": {
                "binder": asked.complex.ligand,
                "contacts": [_place(site) for site in pocket.contacts],
                "max_distance": pocket.max_distance,
                "force": pocket.force,
            }
        }
    for it in asked.complex.constraints:
        match it:
            case Contact():
                tokens = {"token1": _place(it.token1), "token2": _place(it.token2)}
                yield {"contact": {**tokens, "max_distance": it.max_distance, "force": it.force}}
            case Bond():
                yield {"bond": {"atom1": _place(it.atom1), "atom2": _place(it.atom2)}}


def _place(site: str) -> list[str | int]:
    """``A:25:SG`` as the model writes it: chain, residue as a number, atom."""
    return [int(part) if part.isdigit() else part for part in site.split(":")]


def _templates(asked: Asked, beside: Path) -> Iterator[dict[str, Any]]:
    for it in asked.complex.templates:
        template: dict[str, Any] = {"cif": str(beside / it.file)}
        if it.chain is not None:
            template["chain_id"] = it.chain
        if it.template_chain is not None:
            template["template_id"] = it.template_chain
        if it.force:
            template |= {"force": True, "threshold": it.threshold}
        yield template
