"""Whether a batch ended well, and whether its records agree."""

from typing import Any

from omtx.text import plain

from cli.errors import Unsuccessful


def success(status: dict[str, Any]) -> dict[str, Any]:
    """The status of a batch that ended well; Unsuccessful for any other."""
    if status["status"] != "completed":
        raise Unsuccessful(
            f"batch {status['batch_id']} is {status['status']}: {status['accounting_sentence']}"
        )
    return status


def checked(found: dict[str, Any]) -> None:
    """Unsuccessful unless the verification found nothing."""
    if not found["ok"]:
        problems = [plain(problem) for problem in found["problems"]]
        raise Unsuccessful(f"batch {found['batch_id']} does not verify", problems)
