"""
One model run as it crosses to a GPU provider and back: the order goes in, the envelope comes out.

Both travel as compressed JSON. An order is mostly signed URLs, which are long and much alike: ten of
them take 9 kB, and a third of that compressed, so that the order stays a small message. Nothing in it
is content.
"""

import zlib
from typing import TypeVar

from pydantic import ValidationError

from shared.errors import Malformed, TooLarge
from shared.models.base import Frozen
from shared.models.work import Envelope, WorkOrder

CLASS, METHOD = "Model", "run"
"""What every app calls its one class, and the method that makes a run."""

MOST_BYTES = 8 * 1024 - 64
"""
What a provider takes in one request; beyond 8 KiB, its own framing included, it would store the argument
elsewhere first, which takes three requests in place of one.
"""

MOST_UNPACKED = 1024 * 1024
F = TypeVar("F", bound=Frozen)


def app_name(prefix: str, model: str) -> str:
    """The app that runs a model; ``prefix`` is that of the installation."""
    return f"{prefix}-{model}"


def packed(record: WorkOrder | Envelope) -> bytes:
    """
    The record as bytes.

    Raises:
        TooLarge: it is no small message. References are, so content must have got into it.
    """
    data = zlib.compress(record.model_dump_json(exclude_none=True).encode(), level=9)
    if len(data) > MOST_BYTES:
        kind = type(record).__name__
        raise TooLarge(f"{kind} of {record.ref.job_id} takes {len(data):,} bytes of at most {MOST_BYTES:,}")
    return data


def unpacked(data: object, kind: type[F]) -> F:
    """
    The record of ``packed`` bytes.

    Raises:
        Malformed: they are something else.
    """
    if not isinstance(data, bytes):
        raise Malformed(f"expected the bytes of one {kind.__name__}, not {type(data).__name__}")
    try:
        return kind.model_validate_json(zlib.decompressobj().decompress(data, MOST_UNPACKED))
    except (zlib.error, ValidationError) as error:
        raise Malformed(f"not the bytes of one {kind.__name__}: {error}") from error
