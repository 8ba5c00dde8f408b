"""Request bodies of small screens."""

from typing import Any

SMILES = ("CCO", "c1ccccc1", "CC(=O)O", "CCN", "CCCC", "Cc1ccccc1", "C1CCCCC1", "CC(C)O", "OCCO", "CCCl")


def molecule(n: int) -> str:
    """The n-th of a series in which none comes twice: alkanes first, then aminoethers."""
    return "C" * (n + 1) if n < 100 else f"N{'C' * (n % 30)}O{'C' * (n // 30)}"


def noop_order(ligands: int = 3, *, invalid: int = 0, repeated: int = 0, **changes: Any) -> dict[str, Any]:
    """A screen of distinct molecules, ``invalid`` rows that are none, ``repeated`` rows of the first ones."""
    rows = [{"name": f"ligand {n}", "smiles": molecule(n)} for n in range(ligands)]
    rows += [{"name": f"bad {n}", "smiles": "C1CC("} for n in range(invalid)]
    rows += [{"name": f"again {n}", "smiles": molecule(n % ligands)} for n in range(repeated)]
    return {
        "job_name": "a screen",
        "protein_name": "T4 lysozyme",
        "model_name": "noop",
        "ligands": rows,
        **changes,
    }
