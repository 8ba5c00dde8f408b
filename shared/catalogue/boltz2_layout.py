"""Which chain gets which letter, and which chains the model takes for one entity."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.catalogue.boltz2_chains import Chain, Cofactor
from shared.catalogue.boltz2_input import Molecule, Polymer
from shared.catalogue.boltz2_parameters import MOST_CHAINS, Boltz2Parameters
from shared.errors import FieldError, InvalidInput


@dataclass(frozen=True)
class Layout:
    """The chains in the order in which the model counts them, and the id that is left for the ligand."""

    polymers: tuple[Polymer, ...]
    molecules: tuple[Molecule, ...]
    ligand: str


def refusal(path: str, message: str) -> InvalidInput:
    """What is wrong with one field of the order."""
    return InvalidInput(f"{path}: {message}", [FieldError(path, message)])


def laid_out(parameters: Boltz2Parameters, sequence: str) -> Layout:
    """
    Letters from A on: the target, further chains, cofactors, each copy its own, and the ligand last.

    The model takes all polymers of one sequence for one entity and gives all of them what it reads of the
    first, so what differs between such chains is refused.

    Raises:
        InvalidInput: too many chains, a modification beyond the target's end, chains that contradict.
    """
    for place, modification in enumerate(parameters.target.modifications):
        if modification.position > len(sequence):
            raise refusal(
                f"parameters.target.modifications.{place}.position",
                f"is {modification.position}, the target has {len(sequence)} residues",
            )
    form = parameters.target.model_dump(mode="python")
    target = Chain.model_construct(**form, kind="protein", sequence=sequence)
    chains: list[Chain | Cofactor] = [target, *parameters.chains, *parameters.cofactors]
    count = sum(chain.copies for chain in chains) + 1
    if count > MOST_CHAINS:
        raise refusal(
            "parameters.chains",
            f"makes {count} chains with copies, cofactors and ligand; {MOST_CHAINS} are accepted",
        )
    letters = iter(string.ascii_uppercase)
    ids = [tuple(next(letters) for _ in range(chain.copies)) for chain in chains]
    split = 1 + len(parameters.chains)
    return Layout(
        polymers=tuple(_polymers([target, *parameters.chains], ids[:split])),
        molecules=tuple(_molecules(parameters.cofactors, ids[split:])),
        ligand=next(letters),
    )


def _polymers(chains: Sequence[Chain], ids: Sequence[tuple[str, ...]]) -> Iterator[Polymer]:
    found: dict[tuple[str, str], Polymer] = {}
    for place, (chain, own) in enumerate(zip(chains, ids, strict=True)):
        key = chain.kind, chain.sequence
        new = Polymer(
            kind=chain.kind,
            ids=own,
            sequence=chain.sequence,
            cyclic=chain.cyclic,
            modifications=chain.modifications,
        )
        first = found.get(key)
        if first is not None and (first.cyclic, first.modifications) != (new.cyclic, new.modifications):
            raise refusal(
                f"parameters.chains.{place - 1}",
                f"has the sequence of chain {first.ids[0]}, but another ring closure or other modifications; "
                "the model gives all copies of a sequence the same",
            )
        found[key] = new if first is None else first.model_copy(update={"ids": (*first.ids, *own)})
    yield from found.values()


def _molecules(cofactors: Sequence[Cofactor], ids: Sequence[tuple[str, ...]]) -> Iterator[Molecule]:
    found: dict[tuple[str | None, str | None], Molecule] = {}
    for cofactor, own in zip(cofactors, ids, strict=True):
        key = cofactor.smiles, cofactor.ccd
        before = found[key].ids if key in found else ()
        found[key] = Molecule(ids=(*before, *own), smiles=cofactor.smiles, ccd=cofactor.ccd)
    yield from found.values()
