"""
The random generators of the process, and how far loading a network would have moved them.

Of the generators that a run reads after loading, the one of torch on the processor is moved by loading;
NumPy's is too, and nothing reads it afterwards.
"""

import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
import torch

from modal_gpu.predictors.boltz2.mersenne import WORDS, State, advanced, steps_between

Loaded = TypeVar("Loaded")
# What torch.get_rng_state() holds: the fields of its Mersenne Twister, then values kept for the next draw.
TORCH = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("words", "<u8", (WORDS,)),
        ("normal", "<f8", (3,)),
        ("normal_kept", "<i8"),
        ("float", "<f4"),
        ("float_kept", "<i4"),
    ]
)


class Unforeseen(Exception):
    """Loading does with the generators what this module does not know of."""


@dataclass(frozen=True)
class Generators:
    """The state of all three generators of a process."""

    python: Any
    numpy: Any
    torch: bytes

    @classmethod
    def now(cls) -> "Generators":
        """As they are."""
        return cls(random.getstate(), np.random.get_state(), _bytes(torch.get_rng_state()))

    def restore(self) -> None:
        """Let the process go on from here."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(_tensor(self.torch))

    def packed(self) -> bytes:
        """For another process."""
        return pickle.dumps((self.python, self.numpy, self.torch))

    @classmethod
    def unpacked(cls, content: bytes) -> "Generators":
        """From another process of ours."""
        return cls(*pickle.loads(content))


def counted(load: Callable[[], Loaded]) -> tuple[Loaded, int]:
    """What was loaded, and the draws from torch's generator that this took."""
    before = _fields(torch.get_rng_state())
    loaded = load()
    after = _fields(torch.get_rng_state())
    for kept in ("normal_kept", "float_kept"):
        if before[kept] != after[kept]:
            raise Unforeseen(
                "loading leaves half a pair of normal values, which a count of draws cannot tell"
            )
    return loaded, steps_between(_state(before), _state(after))


def skip(draws: int) -> None:
    """Go on as if that many values had been drawn from torch's generator."""
    fields = _fields(torch.get_rng_state())
    after = advanced(_state(fields), draws)
    fields["words"], fields["next"], fields["left"] = after.words, after.drawn, WORDS + 1 - after.drawn
    torch.set_rng_state(_tensor(fields.tobytes()))


def _fields(state: torch.Tensor) -> Any:
    return np.frombuffer(_bytes(state), dtype=TORCH).copy()[0]


def _state(fields: Any) -> State:
    # All are drawn when one is left to count down: the next draw renews them.
    drawn = WORDS if fields["left"] == 1 else int(fields["next"])
    return State(fields["words"].astype(np.uint32), drawn)


def _bytes(state: torch.Tensor) -> bytes:
    return cast(bytes, state.numpy().tobytes())


def _tensor(content: bytes) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(content, dtype=np.uint8).copy())
