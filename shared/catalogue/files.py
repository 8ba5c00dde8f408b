"""The catalogue's files, as they lie beside this one."""

from pathlib import Path
from typing import Any

import yaml

# libyaml takes a tenth of the time, which every function spends at its start; not every build has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def document(path: Path) -> Any:
    """What a YAML file holds."""
    return yaml.load(path.read_text(), Loader=_LOADER)
