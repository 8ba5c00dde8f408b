"""
Why a command ends without success, and the exit code that says so.

* CommandError      1   a server or function does not answer, or fails
  - NoSuchThing     4   no such batch, job or model
  - Refused         5   the input is invalid, or the state of the batch does not allow it
  - LimitReached    6   more requests, or more work, than the key may
  - StillRunning    7   the wait is over, the batch lives on
  - Unsuccessful    9   the batch ended without success, its verification failed, or
                      results differ from those they are compared with
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import omtx

EXIT_CODES = """
Exit codes: 0 success; 1 no answer from a server, or an unexpected error; 4 no such batch or model;
5 invalid input, or not possible in this state; 6 a limit or quota is used up; 7 the wait timed out and
the batch lives on; 9 the batch ended without success, its verification failed, or compared results
differ; 130 interrupted.
"""


class CommandError(Exception):
    """One message for the user; ``fields`` are ``path: message`` lines below it."""

    code = 1

    def __init__(self, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class NoSuchThing(CommandError):
    """There is no such batch, job or model."""

    code = 4


class Refused(CommandError):
    """The input is invalid, or the state does not allow the step."""

    code = 5


class LimitReached(CommandError):
    """More requests, or more work, than the key may; the message says what helps."""

    code = 6


class StillRunning(CommandError):
    """The wait is over; the batch is not."""

    code = 7


class Unsuccessful(CommandError):
    """The batch ended, but not well."""

    code = 9


@contextmanager
def explained() -> Iterator[None]:
    """What the client raises, as what a command ends with."""
    try:
        yield
    except omtx.OmtxError as error:
        raise told(error) from error


def told(error: omtx.OmtxError) -> CommandError:
    """The end of a command that stands for an error of the client."""
    if isinstance(error, omtx.Refusal):
        return _refused(error)
    if isinstance(error, omtx.StillRunning):
        return StillRunning(f"{error}; `omtx watch {error.status.batch_id}` follows it again")
    return Refused(str(error)) if isinstance(error, omtx.Unusable) else CommandError(str(error))


def _refused(error: omtx.Refusal) -> CommandError:
    if isinstance(error, omtx.NotFound):
        return NoSuchThing(error.detail)
    if isinstance(error, omtx.RateLimited):
        return LimitReached(error.detail)
    if isinstance(error, omtx.ServerFailed):
        return CommandError(error.detail)
    return Refused(error.detail, [line for line in map(str, error.fields) if line not in error.detail])
