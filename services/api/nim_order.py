"""A request of a NIM client as an order of one ligand, or of one target: pure."""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from services.api.nim_request import BondConstraint, Ligand, NimRequest, PocketConstraint, Polymer
from shared.errors import FieldError, InvalidInput

SETTINGS = (
    *("recycling_steps", "sampling_steps", "diffusion_samples", "step_scale", "max_parallel_samples"),
    *("sampling_steps_affinity", "diffusion_samples_affinity", "affinity_mw_correction"),
)


def refusal(path: str, message: str) -> InvalidInput:
    """What is wrong with one field of the request."""
    return InvalidInput(f"{path}: {message}", [FieldError(path, message)])


@dataclass(frozen=True)
class Parts:
    """
    What stands for what in the order.

    ``target`` is the first protein; then come the ``others`` and the ``cofactors`` in their order, and
    the ``ligand``, whose affinity is asked for, is the last. Each is named by its place in the request.
    """

    asked: NimRequest
    target: int
    others: tuple[int, ...]
    cofactors: tuple[int, ...]
    ligand: int | None

    @classmethod
    def of(cls, asked: NimRequest) -> Self:
        """Raise InvalidInput for what has no protein, or asks for two affinities."""
        proteins = [place for place, it in enumerate(asked.polymers) if it.molecule_type == "protein"]
        if not proteins:
            raise refusal("polymers", "there is no protein among them")
        ligand, ligands = _ligand(asked.ligands or ()), range(len(asked.ligands or ()))
        return cls(
            asked,
            target=proteins[0],
            others=tuple(place for place in range(len(asked.polymers)) if place != proteins[0]),
            cofactors=tuple(place for place in ligands if place != ligand),
            ligand=ligand,
        )

    @property
    def chains(self) -> dict[str, str]:
        """The letter of each chain in the prediction, by its id in the request."""
        ligands = [] if self.ligand is None else [self.ligand]
        ids = [self.polymer_id(place) for place in (self.target, *self.others)]
        ids += [self.ligand_id(place) for place in (*self.cofactors, *ligands)]
        if len(set(ids)) < len(ids):
            raise refusal("polymers", f"two chains have the same id; there are {', '.join(ids)}")
        return dict(zip(ids, string.ascii_uppercase, strict=False))

    def polymer_id(self, place: int) -> str:
        """As the client calls it."""
        return self.asked.polymers[place].id or string.ascii_uppercase[place]

    def ligand_id(self, place: int) -> str:
        """As the client calls it."""
        return (self.asked.ligands or ())[place].id or f"L{place + 1}"


def _ligand(ligands: tuple[Ligand, ...]) -> int | None:
    """The one whose affinity is wanted, else the first that has SMILES."""
    wanted = [place for place, it in enumerate(ligands) if it.predict_affinity]
    for place, it in enumerate(ligands):
        if (it.smiles is None) == (it.ccd is None):
            raise refusal(f"ligands.{place}", "give the ligand either by 'smiles' or by 'ccd'")
    if len(wanted) > 1:
        raise refusal(f"ligands.{wanted[1]}.predict_affinity", "the affinity of one ligand can be predicted")
    if wanted and ligands[wanted[0]].smiles is None:
        raise refusal(f"ligands.{wanted[0]}.smiles", "an affinity is predicted of a ligand by its SMILES")
    return (
        next((place for place, it in enumerate(ligands) if place in wanted), None)
        if wanted
        else next((place for place, it in enumerate(ligands) if it.smiles is not None), None)
    )


def order_of(parts: Parts) -> dict[str, Any]:
    """The body of a submission."""
    asked, ligand = parts.asked, parts.ligand
    target = asked.polymers[parts.target]
    order: dict[str, Any] = {
        "job_name": asked.complex_id or "NIM prediction",
        "protein_name": parts.polymer_id(parts.target),
        "protein_sequence": target.sequence,
        "model_name": "boltz2",
        "use_msa": False,
        "use_potentials": not asked.without_potentials,
        "strict": True,
        "parameters": _parameters(parts, target),
        "metadata": {"door": "nim"},
    }
    if ligand is None:
        return {**order, "task_type": "protein_complex"}
    named = {"name": parts.ligand_id(ligand), "smiles": (asked.ligands or ())[ligand].smiles}
    return {**order, "task_type": "protein_ligand_binding", "ligands": [named]}


def _parameters(parts: Parts, target: Polymer) -> dict[str, Any]:
    asked, ligands = parts.asked, parts.asked.ligands or ()
    given = {name: getattr(asked, name) for name in SETTINGS}
    cofactors = [
        ligands[place].model_dump(include={"smiles", "ccd"}, exclude_none=True) for place in parts.cofactors
    ]
    others = [asked.polymers[place] for place in parts.others]
    affinity = {} if parts.ligand is None else {"affinity": bool(ligands[parts.ligand].predict_affinity)}
    return {
        **{name: value for name, value in given.items() if value is not None},
        **affinity,
        **_constraints(parts),
        "target": _form(target),
        "chains": [{"kind": it.molecule_type, "sequence": it.sequence, **_form(it)} for it in others],
        "cofactors": cofactors,
        "msa": list(_alignments(parts)),
        "templates": list(_templates(parts)),
    }


def _form(polymer: Polymer) -> dict[str, Any]:
    return {
        "cyclic": bool(polymer.cyclic),
        "modifications": [it.model_dump() for it in polymer.modifications or ()],
    }


def _constraints(parts: Parts) -> dict[str, Any]:
    found: dict[str, Any] = {"constraints": []}
    for place, it in enumerate(parts.asked.constraints or ()):
        if isinstance(it, BondConstraint):
            ends = [f"{_chain(parts, at.id, place)}:{at.residue_index}:{at.atom_name}" for at in it.atoms]
            found["constraints"].append({"kind": "bond", "atom1": ends[0], "atom2": ends[1]})
        elif "pocket" in found:
            raise refusal(f"constraints.{place}", "a second pocket is not taken")
        else:
            found["pocket"] = _pocket(parts, it, place)
    return found


def _pocket(parts: Parts, pocket: PocketConstraint, place: int) -> dict[str, Any]:
    if parts.ligand is None or pocket.binder != parts.ligand_id(parts.ligand):
        raise refusal(f"constraints.{place}.binder", "is not the ligand that is predicted")
    return {"contacts": [f"{_chain(parts, it.id, place)}:{it.residue_index}" for it in pocket.contacts]}


def _chain(parts: Parts, name: str, place: int) -> str:
    letter = parts.chains.get(name)
    if letter is None:
        raise refusal(f"constraints.{place}", f"there is no chain {name!r}")
    return letter


def _alignments(parts: Parts) -> Iterator[dict[str, Any]]:
    for place, polymer in enumerate(parts.asked.polymers):
        records = [it for formats in (polymer.msa or {}).values() for it in formats.values()]
        if len(records) > 1:
            raise refusal(f"polymers.{place}.msa", "holds several alignments; one is taken")
        for record in records:
            if record.format not in ("a3m", "csv"):
                raise refusal(f"polymers.{place}.msa", f"{record.format} is not read; a3m and csv are")
            letter = parts.chains[parts.polymer_id(place)]
            yield {"chain": letter, "format": record.format, "content": record.alignment}


def _templates(parts: Parts) -> Iterator[Mapping[str, Any]]:
    for place, polymer in enumerate(parts.asked.polymers):
        for template in polymer.structural_templates or ():
            chain = {"template_chain": template.chain_id} if template.chain_id else {}
            yield {"content": template.structure, "chain": parts.chains[parts.polymer_id(place)], **chain}
