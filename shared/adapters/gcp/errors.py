"""
Google's errors in our words, at the one place where they may enter.

What a call may have changed decides: a read that failed changed nothing, whatever the reason. A write
that the server answered with a refusal changed nothing either; one whose answer was lost may have.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    Forbidden,
    GoogleAPIError,
    InvalidArgument,
    TooManyRequests,
    Unauthorized,
)
from google.api_core.exceptions import NotFound as GoogleNotFound
from google.auth.exceptions import GoogleAuthError

from shared.errors import InvalidInput, NotFound, OmtxError, Unavailable, Unknown

REFUSALS = (Aborted, AlreadyExists, FailedPrecondition, Forbidden, TooManyRequests, Unauthorized)
"""Answers that say that the server did not do what it was asked for."""


@contextmanager
def reading() -> Iterator[None]:
    """Around calls that change nothing."""
    try:
        yield
    except GoogleAPIError as error:
        raise _refused(error) or Unavailable(_text(error)) from error
    except GoogleAuthError as error:
        raise Unavailable(_text(error)) from error


@contextmanager
def writing() -> Iterator[None]:
    """Around calls that change something."""
    try:
        yield
    except GoogleAPIError as error:
        raise _refused(error) or Unknown(_text(error)) from error
    except GoogleAuthError as error:  # no token, so nothing was sent
        raise Unavailable(_text(error)) from error


def _refused(error: GoogleAPIError) -> OmtxError | None:
    if isinstance(error, GoogleNotFound):
        return NotFound(_text(error))
    if isinstance(error, InvalidArgument):
        return InvalidInput(_text(error))
    return Unavailable(_text(error)) if isinstance(error, REFUSALS) else None


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
