"""The complex of a Boltz-2 batch: laid out, checked and described before anything is stored."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from pydantic import BaseModel

from shared.catalogue.boltz2_alignments import as_csv
from shared.catalogue.boltz2_chains import Form
from shared.catalogue.boltz2_input import NAME, Complex, Molecule, Polymer, TemplateFile
from shared.catalogue.boltz2_layout import Layout, laid_out, refusal
from shared.catalogue.boltz2_ligands import judging, written
from shared.catalogue.boltz2_parameters import MOST_ALIGNMENTS, Boltz2Parameters
from shared.catalogue.boltz2_places import check_places
from shared.catalogue.boltz2_templates import as_mmcif
from shared.catalogue.preparing import Prepared, Target
from shared.catalogue.variants import TASK as VARIANTS
from shared.catalogue.variants import judged
from shared.chemistry.effort import bounded, ligand_of
from shared.models.batch import LibraryRow

WITHOUT_LIGAND = frozenset(
    {"protein_structure", "structure_prediction", "protein_complex", "protein_protein_complex"}
    | {"variant_comparison", "multimer_prediction"}
)
ONE_LIGAND = "protein_ligand_binding"
CCD_ATOMS = 60
"""Tokens that a component of the CCD is taken to have, as its atoms are not known here; heme has 43."""


def prepare(parameters: BaseModel, target: Target) -> Prepared:
    """
    What can be long goes into ``target.json`` and its files; the switches alone stay parameters.

    Raises:
        InvalidInput: a chain, place, template or alignment that the model would refuse or ignore.
    """
    assert isinstance(parameters, Boltz2Parameters)
    if not target.sequence:
        raise refusal("protein_sequence", "Boltz-2 needs the target's sequence")
    with_ligand = target.task_type not in WITHOUT_LIGAND
    layout = laid_out(parameters, target.sequence)
    affinity, why = _affinity(parameters, layout, with_ligand=with_ligand)
    given = _given_alignments(parameters, layout)
    polymers = tuple(_with_alignments(layout, given, search=parameters.use_msa))
    templates, files = _templates(parameters, layout)
    whole = Complex(
        polymers=polymers,
        molecules=layout.molecules,
        ligand=layout.ligand,
        ligand_ccd=_ligand_ccd(parameters, target.task_type),
        pocket=parameters.pocket,
        constraints=parameters.constraints,
        templates=templates,
    )
    check_places(whole, with_ligand=with_ligand)
    alignments = {it.msa: it.sequence for it in polymers if it.msa is not None and it.msa not in given}
    return Prepared(
        parameters=_switches(parameters, affinity=affinity),
        inputs={NAME: whole.model_dump_json(exclude_defaults=True).encode(), **files, **given},
        notes={"complex": described(whole, with_ligand=with_ligand), "affinity": why},
        alignments=alignments,
        tokens=tokens(whole),
        judge=_judge(whole, target.task_type, affinity=affinity),
    )


def _judge(whole: Complex, task: str, *, affinity: bool) -> Callable[[LibraryRow], LibraryRow | str] | None:
    if task != VARIANTS:
        return judging(affinity=affinity, cofactors=_cofactors(whole.molecules))
    first = whole.polymers[0]
    return None if first.msa is None else partial(judged, target=first.sequence)


def tokens(whole: Complex) -> int:
    """Tokens of the complex without its ligand: a residue, or a heavy atom of a cofactor, is one."""
    residues = sum(len(it.sequence) * len(it.ids) for it in whole.polymers)
    return residues + sum(_atoms(it) * len(it.ids) for it in whole.molecules)


def described(whole: Complex, *, with_ligand: bool) -> str:
    """The chains in words."""
    parts = [f"{', '.join(it.ids)}: {it.kind}, {len(it.sequence)} residues" for it in whole.polymers]
    parts += [f"{', '.join(it.ids)}: {it.ccd or it.smiles}" for it in whole.molecules]
    return "; ".join([*parts, *([f"{whole.ligand}: ligand"] if with_ligand else [])])


def _affinity(parameters: Boltz2Parameters, layout: Layout, *, with_ligand: bool) -> tuple[bool, str]:
    """Whether affinities are predicted, and why."""
    others = sorted({it.kind.upper() for it in layout.polymers if it.kind != "protein"})
    if not parameters.affinity:
        if parameters.affinity is False or not with_ligand:
            return (
                False,
                "not predicted, as asked for" if with_ligand else "not predicted: there is no ligand",
            )
        if others:
            return False, f"not predicted: the model was trained on proteins, not on {', '.join(others)}"
        return True, "predicted"
    if not with_ligand:
        raise refusal("parameters.affinity", "needs a ligand, and this task has none")
    if others:
        raise refusal(
            "parameters.affinity", f"is predicted for targets of proteins only, not with {', '.join(others)}"
        )
    return True, "predicted, as asked for"


def _given_alignments(parameters: Boltz2Parameters, layout: Layout) -> dict[str, bytes]:
    """The files of the alignments that were given, by name."""
    found: dict[str, bytes] = {}
    proteins = [it for it in layout.polymers if it.kind == "protein"]
    for place, alignment in enumerate(parameters.msa):
        path = f"parameters.msa.{place}"
        polymer = next((it for it in proteins if alignment.chain in it.ids), None)
        if polymer is None:
            raise refusal(f"{path}.chain", f"{alignment.chain} is no protein chain")
        if alignment.format == "a3m" and len(proteins) > 1:
            raise refusal(
                f"{path}.format",
                "a3m tells nothing of which rows of several proteins belong together; give csv with keys",
            )
        name = _alignment_name(layout, polymer)
        if name in found:
            raise refusal(
                f"{path}.chain", f"the sequence of chain {alignment.chain} has an alignment already"
            )
        try:
            found[name] = as_csv(alignment, polymer.sequence)
        except ValueError as error:
            raise refusal(f"{path}.content", str(error)) from error
    return found


def _with_alignments(layout: Layout, given: Mapping[str, bytes], *, search: bool) -> Iterator[Polymer]:
    """The polymers, each protein with the name of its alignment: given, or to be searched."""
    proteins = [it for it in layout.polymers if it.kind == "protein"]
    if len(proteins) > MOST_ALIGNMENTS:
        raise refusal(
            "parameters.chains", f"holds {len(proteins)} different proteins; {MOST_ALIGNMENTS} are accepted"
        )
    for polymer in layout.polymers:
        name = _alignment_name(layout, polymer)
        wanted = polymer in proteins and (search or name in given)
        yield polymer.model_copy(update={"msa": name}) if wanted else polymer


def _alignment_name(layout: Layout, polymer: Polymer) -> str:
    return f"msa_{layout.polymers.index(polymer) + 1}.csv"


def _templates(
    parameters: Boltz2Parameters, layout: Layout
) -> tuple[tuple[TemplateFile, ...], dict[str, bytes]]:
    proteins = [id for it in layout.polymers if it.kind == "protein" for id in it.ids]
    found, files = [], {}
    for place, template in enumerate(parameters.templates):
        path, name = f"parameters.templates.{place}", f"template_{place + 1}.cif"
        if template.chain is not None and template.chain not in proteins:
            raise refusal(f"{path}.chain", f"{template.chain} is no protein chain; those are {proteins}")
        try:
            files[name] = as_mmcif(template)
        except ValueError as error:
            raise refusal(f"{path}.content", str(error)) from error
        found.append(TemplateFile(file=name, **template.model_dump(exclude={"content"})))
    return tuple(found), files


def _ligand_ccd(parameters: Boltz2Parameters, task: str) -> str | None:
    if parameters.ligand_ccd is not None and task != ONE_LIGAND:
        raise refusal("parameters.ligand_ccd", f"names one ligand; it is for the task {ONE_LIGAND}")
    return parameters.ligand_ccd


def _switches(parameters: Boltz2Parameters, *, affinity: bool) -> Boltz2Parameters:
    moved = {"target": Form(), "ligand_ccd": None, "pocket": None}
    lists = dict.fromkeys(("chains", "cofactors", "constraints", "templates", "msa"), ())
    return parameters.model_copy(update={**moved, **lists, "affinity": affinity})


def _atoms(molecule: Molecule) -> int:
    return ligand_of(molecule.smiles).heavy_atoms if molecule.smiles else CCD_ATOMS


def _cofactors(molecules: tuple[Molecule, ...]) -> frozenset[str]:
    """As the ligand would be written, so that a ligand that is one of them is found."""
    whole = (ligand_of(it.smiles).smiles for it in molecules if it.smiles)
    return frozenset(bounded(smiles, partial(written, affinity=True), smiles)[0] for smiles in whole)
