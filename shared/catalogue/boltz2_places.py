"""Whether pockets and constraints name places that the complex has; the model itself does not look."""

from shared.catalogue.boltz2_constraints import Bond, Contact
from shared.catalogue.boltz2_input import Complex
from shared.catalogue.boltz2_layout import refusal


def check_places(whole: Complex, *, with_ligand: bool) -> None:
    """
    Raise InvalidInput, with the path of the field, for a place that is not there.

    Atoms can be named of components of the CCD only: those of a SMILES get their names in the run.
    """
    if whole.pocket is not None and not with_ligand:
        raise refusal("parameters.pocket", "needs a ligand that binds there, and this task has none")
    for place, site in enumerate(whole.pocket.contacts if whole.pocket else ()):
        path = f"parameters.pocket.contacts.{place}"
        if site.partition(":")[0] == whole.ligand:
            raise refusal(path, f"{whole.ligand} is the ligand itself; name what it is to bind to")
        _check_site(whole, site, path, with_ligand=with_ligand)
    for place, constraint in enumerate(whole.constraints):
        path = f"parameters.constraints.{place}"
        match constraint:
            case Contact():
                _check_site(whole, constraint.token1, f"{path}.token1", with_ligand=with_ligand)
                _check_site(whole, constraint.token2, f"{path}.token2", with_ligand=with_ligand)
            case Bond():
                _check_atom(whole, constraint.atom1, f"{path}.atom1", with_ligand=with_ligand)
                _check_atom(whole, constraint.atom2, f"{path}.atom2", with_ligand=with_ligand)


def _check_site(whole: Complex, site: str, path: str, *, with_ligand: bool) -> None:
    chain, _, what = site.partition(":")
    polymer = whole.polymer(chain)
    if polymer is None:
        _check_molecule(whole, chain, path, with_ligand=with_ligand)
        if what.isdigit():
            raise refusal(
                path, f"chain {chain} is a small molecule; name one of its atoms, such as {chain}:C1"
            )
        return
    if not what.isdigit():
        raise refusal(path, f"chain {chain} is a polymer; name a residue, such as {chain}:12")
    _check_residue(chain, int(what), len(polymer.sequence), path)


def _check_atom(whole: Complex, site: str, path: str, *, with_ligand: bool) -> None:
    chain, residue, _ = site.split(":")
    polymer = whole.polymer(chain)
    if polymer is None:
        _check_molecule(whole, chain, path, with_ligand=with_ligand)
    _check_residue(chain, int(residue), len(polymer.sequence) if polymer else 1, path)


def _check_residue(chain: str, residue: int, residues: int, path: str) -> None:
    if residue > residues:
        raise refusal(path, f"is residue {residue} of chain {chain}, which has {residues}")


def _check_molecule(whole: Complex, chain: str, path: str, *, with_ligand: bool) -> None:
    molecule = whole.molecule(chain)
    ligand = with_ligand and chain == whole.ligand
    if molecule is None and not ligand:
        known = ", ".join(whole.chains(ligand=with_ligand))
        raise refusal(path, f"there is no chain {chain}; the chains are {known}")
    if (whole.ligand_ccd if molecule is None else molecule.ccd) is None:
        raise refusal(
            path,
            f"chain {chain} is given by SMILES, so its atoms have no names yet; give it by its CCD code",
        )
