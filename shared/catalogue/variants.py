"""Variants of a target beside its alignment, for the models that take alignments."""

from shared.models.batch import LibraryRow

TASK = "variant_comparison"
ALIGNED_NOTE = "The alignment is the target's, with the variant's sequence as its first row."


def misaligned(variant: str, target: str) -> str | None:
    """
    Why the target's alignment does not serve the variant; None where it does.

    A variant of the same length takes the place of the first row, so that all are compared on one
    alignment. Where residues come or go, columns would have to be made up.
    """
    if len(variant) == len(target):
        return None
    return (
        f"The variant has {len(variant)} residues and the target's alignment {len(target)} columns; compare "
        "without an alignment (use_msa: false), or predict it as a target of its own."
    )


def judged(row: LibraryRow, target: str) -> LibraryRow | str:
    """A variant as a model with an alignment takes it, or why not."""
    return misaligned(str(row.item["sequence"]), target) or row
