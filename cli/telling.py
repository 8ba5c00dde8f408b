"""Who is to be told of a batch, as the command line names it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.errors import Refused


def webhook_of(
    url: str | None,
    *,
    events: Sequence[str] = (),
    milestones: Sequence[int] = (),
    secret_file: Path | None = None,
) -> dict[str, Any]:
    """The fields of an order. A secret is read from a file, as others see the options of a command."""
    found = {
        "webhook_url": url,
        "webhook_events": list(events) or None,
        "webhook_milestones": list(milestones) or None,
        "webhook_secret": _secret(secret_file) if secret_file else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"the secret cannot be read from {file}") from error
