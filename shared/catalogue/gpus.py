"""
Which GPU a prediction needs, from its number of tokens.

A token is a residue, or a heavy atom of a small molecule. A model's memory grows with the square of
their number, as its largest arrays hold a row for each pair.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from shared.models.base import Frozen


class Gpu(Frozen):
    """A kind of GPU by the provider's name, and its memory in GB."""

    name: str
    gigabytes: Annotated[float, Field(gt=0)]


class Memory(Frozen):
    """
    What a model takes: ``gigabytes`` whatever it predicts, and ``per_square_token`` GB × tokens².

    ``gpus``: the kinds on which it may run, the smallest first. The first is what its app is deployed
    with. ``source`` says where the figures come from.
    """

    gigabytes: Annotated[float, Field(ge=0)]
    per_square_token: Annotated[float, Field(gt=0)]
    gpus: Annotated[tuple[Gpu, ...], Field(min_length=1)]
    source: str

    def needed(self, tokens: int) -> float:
        """The predicted memory in GB."""
        return self.gigabytes + self.per_square_token * tokens**2

    def fitting(self, tokens: int) -> Sequence[Gpu]:
        """The kinds that have enough, the smallest first; none if it is too large for all."""
        return [gpu for gpu in self.gpus if gpu.gigabytes >= self.needed(tokens)]

    def most_tokens(self) -> int:
        """What the largest GPU takes."""
        return int(((self.gpus[-1].gigabytes - self.gigabytes) / self.per_square_token) ** 0.5)


def chosen(memory: Memory, tokens: int, *, larger: int = 0) -> str | None:
    """
    The GPU to ask for, ``larger`` sizes above the smallest that should do; the largest if there are no more.

    None is the kind that the app was deployed with, which all other runs share.
    """
    enough = memory.fitting(tokens) or memory.gpus[-1:]
    gpu = enough[min(larger, len(enough) - 1)]
    return None if gpu == memory.gpus[0] else gpu.name


def steps(memory: Memory, tokens: int, used: Iterable[str | None]) -> int:
    """How many sizes above the smallest that should do was the largest GPU in use so far; 0 if none was."""
    names = [gpu.name for gpu in memory.fitting(tokens)]
    return max((names.index(name) for name in used if name in names), default=0)


def reachable(
    memory: Memory, usual: tuple[str, ...], tokens: int, *, most: int, attempts: int
) -> tuple[str, ...]:
    """
    All that ``chosen`` may come to for a target of so many tokens, the first one for small ligands.

    A ligand is of up to ``most`` tokens, and each attempt may be on the next size. ``usual`` are those of
    the deployed app.
    """
    least, largest = chosen(memory, tokens), chosen(memory, tokens + most, larger=attempts - 1)
    names = [gpu.name for gpu in memory.gpus]
    begin, end = (0 if name is None else names.index(name) for name in (least, largest))
    found = (*(usual if least is None else ()), *names[begin : end + 1])
    return tuple(dict.fromkeys(found))
