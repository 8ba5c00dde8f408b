"""Request bodies of small screens."""

from typing import Any

SMILES = ("CCO", "c1ccccc1", "CC(=O)O", "CCN", "CCCC", "Cc1ccccc1", "C1CCCCC1", "CC(C)O", "OCCO", "CCCl")


def noop_order(ligands: int = 3, *, invalid: int = 0, **changes: Any) -> dict[str, Any]:
    """A screen of ``ligands`` distinct alkanes and ``invalid`` rows that are no molecules."""
    rows = [{"name": f"alkane {n}", "smiles": "C" * (n + 1)} for n in range(ligands)]
    rows += [{"name": f"bad {n}", "smiles": "C1CC("} for n in range(invalid)]
    return {
        "job_name": "a screen",
        "protein_name": "T4 lysozyme",
        "model_name": "noop",
        "ligands": rows,
        **changes,
    }
