"""What the configuration uses, found in its text; enough to know which facts it needs."""

import re
from pathlib import Path

FOLDER = Path("infra/terraform")
_RESOURCE = re.compile(r'^resource "(\w+)" "\w+" \{', re.MULTILINE)
_DATA = re.compile(r'^data "(\w+)" "\w+" \{', re.MULTILINE)


def resource_types(folder: Path) -> set[str]:
    """Every type of resource of the provider."""
    return _found(_RESOURCE, folder)


def data_source_types(folder: Path) -> set[str]:
    """Every type of data source of the provider."""
    return _found(_DATA, folder)


def _found(pattern: re.Pattern[str], folder: Path) -> set[str]:
    texts = [path.read_text() for path in sorted(folder.rglob("*.tf")) if ".terraform" not in path.parts]
    return {it for text in texts for it in pattern.findall(text) if it.startswith("google_")}
