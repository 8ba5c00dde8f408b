"""Named checks that pass, fail, or could not be made: what they say together."""

from collections.abc import Mapping

Checks = Mapping[str, bool | None]


def all_pass(checks: Checks) -> bool | None:
    """False if any check failed, None if none failed but one could not be computed, else True."""
    results = set(checks.values())
    if False in results:
        return False
    return None if None in results else True


def failed(checks: Checks) -> list[str]:
    """The names of the checks that failed, in their order."""
    return [name for name, passed in checks.items() if passed is False]
