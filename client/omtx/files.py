"""Reading what the user names: targets, reference ligands, small libraries."""

from pathlib import Path

from omtx.errors import Unusable

LARGEST = 30 * 1024 * 1024


def read_text(path: Path, what: str) -> str:
    """The text of a file; Unusable, with the path, if there is none that can be used."""
    try:
        if path.stat().st_size > LARGEST:
            raise Unusable(f"{what} {path} has more than {LARGEST // 1024**2} MiB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unusable(f"{what} {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{what} {path} is not UTF-8 text") from error
    if not text.strip():
        raise Unusable(f"{what} {path} is empty")
    return text
