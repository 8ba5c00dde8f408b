"""Is a pose physically possible? The checks of PoseBusters (Buttenschoen et al. 2024), one by one."""

from functools import cache

from posebusters import PoseBusters
from rdkit import Chem, rdBase


def pose_checks(pose: Chem.Mol, protein: Chem.Mol) -> dict[str, bool | None]:
    """
    Every check of PoseBusters' ``dock`` set: passed, failed, or None where it could not be computed.

    ``pose`` has hydrogens; both are in the same frame (Å).
    """
    with rdBase.BlockLogs():
        table = _busters().bust([pose], None, protein)
    (row,) = table.astype(object).where(table.notna(), None).to_dict("records")
    return {str(name): None if value is None else bool(value) for name, value in row.items()}


def all_pass(checks: dict[str, bool | None]) -> bool | None:
    """False if any check failed, None if none failed but one could not be computed, else True."""
    results = set(checks.values())
    if False in results:
        return False
    return None if None in results else True


def failed(checks: dict[str, bool | None]) -> list[str]:
    """The names of the checks that failed, in the order of PoseBusters."""
    return [name for name, passed in checks.items() if passed is False]


@cache
def _busters() -> PoseBusters:
    return PoseBusters(config="dock")
