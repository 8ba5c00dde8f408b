from pathlib import Path
def problems(root: Path, work: Path) -> list[str]:
    return []
