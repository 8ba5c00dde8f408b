"""
The Mersenne Twister, many draws further at once.

A fresh process builds a network with random weights before it loads the real ones: for Boltz-2 half a
billion draws from the generator that the sampling goes on with. A process in which the network stays
loaded gets to the same place by algebra: the generator's step is linear over two elements, so N steps
are the remainder of x^N, divided by the step's characteristic polynomial, applied to the state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORDS = 624
DEGREE = 19937
BLOCK = 1 << 20
MARK = 4

Words = NDArray[np.uint32]


class NotFound(Exception):
    """The second state does not follow from the first."""


@dataclass(frozen=True)
class State:
    """The words of a generator, and how many were drawn; with all drawn, the next draw renews them."""

    words: Words
    drawn: int


def steps_between(first: State, second: State, most: int = 1 << 33) -> int:
    """
    How many draws lead from one state to the other.

    Raises:
        NotFound: not within the most draws.
    """
    mark = _generator(second).random_raw(MARK).astype(np.uint32)
    stream, before = _generator(first), 0
    tail = np.empty(0, dtype=np.uint32)
    while before <= most:
        block = np.concatenate([tail, stream.random_raw(BLOCK).astype(np.uint32)])
        for place in np.flatnonzero(block[: -MARK + 1] == mark[0]):
            if np.array_equal(block[place : place + MARK], mark):
                return before - len(tail) + int(place)
        tail = block[-MARK + 1 :]
        before += BLOCK
    raise NotFound(f"the state is not within {most} draws")


def advanced(state: State, steps: int) -> State:
    """The state after that many draws."""
    if steps == 0:
        return state
    # The window of words that begins with the last one drawn; then as many windows further on.
    words = _words_from(state, steps=DEGREE + 2 * WORDS)
    found = np.zeros(WORDS, dtype=np.uint32)
    for place in _remainder(steps - 1):
        found ^= words[place : place + WORDS]
    return State(found, 1)


def _generator(state: State) -> np.random.MT19937:
    generator = np.random.MT19937()
    inner: Any = {"key": state.words, "pos": state.drawn}
    generator.state = {"bit_generator": "MT19937", "state": inner}
    return generator


def _words_from(state: State, steps: int) -> Words:
    """The generator's raw words from the next one to be drawn."""
    generator, blocks = _generator(State(state.words, WORDS)), [state.words]
    while sum(map(len, blocks)) < state.drawn + steps:
        generator.random_raw(WORDS, output=False)
        blocks.append(generator.state["state"]["key"].astype(np.uint32))
    return np.concatenate(blocks)[state.drawn :]


@cache
def _remainder(steps: int) -> Sequence[int]:
    """The powers in the remainder of x^steps."""
    divisor, power = _characteristic(), 1
    for bit in f"{steps:b}":
        power = _divided(_squared(power), divisor)
        if bit == "1":
            power = _divided(power << 1, divisor)
    return [place for place, bit in enumerate(reversed(f"{power:b}")) if bit == "1"]


def _squared(polynomial: int) -> int:
    """Over two elements the square has the same powers, doubled."""
    return int("0".join(f"{polynomial:b}"), 2)


def _divided(polynomial: int, divisor: int) -> int:
    """What remains of a polynomial."""
    length = divisor.bit_length()
    while (over := polynomial.bit_length() - length) >= 0:
        polynomial ^= divisor << over
    return polynomial


@cache
def _characteristic() -> int:
    """The shortest recurrence of one bit of the words, by the algorithm of Berlekamp and Massey."""
    start = State(np.random.MT19937(1).state["state"]["key"].astype(np.uint32), WORDS)
    bits = (_words_from(start, steps=2 * DEGREE + WORDS)[WORDS:] & 1)[: 2 * DEGREE]
    current, previous, length, shift, seen = 1, 1, 0, 1, 0
    for place, bit in enumerate(bits.tolist()):
        seen = (seen << 1) | bit
        if (current & seen).bit_count() & 1:
            kept = current
            current ^= previous << shift
            if 2 * length <= place:
                length, previous, shift = place + 1 - length, kept, 0
        shift += 1
    assert length == DEGREE, "the Mersenne Twister has one recurrence"
    return int(f"{current:0{DEGREE + 1}b}"[::-1], 2)
