"""
What Modal's errors mean for a run.

Three things are told apart: the run certainly did not start, it may have started, it is over. Whatever
says nothing about the run, a bad token before all, is Unavailable: nobody's state changes for it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import modal.exception
from grpclib.exceptions import GRPCError, StreamTerminatedError

from shared.errors import Unavailable, Unknown
from shared.models.work import Failure, FailureClass
from shared.ports.engine import Died

log = logging.getLogger("omtx.modal")

NOT_LET_IN = (
    modal.exception.AuthError,
    modal.exception.PermissionDeniedError,
    modal.exception.VersionError,
)
"""No request will succeed before somebody has seen to it."""

REFUSED = (
    *NOT_LET_IN,
    modal.exception.NotFoundError,
    modal.exception.ResourceExhaustedError,
    modal.exception.InvalidError,  # and ConflictError, as from an app that was stopped
    modal.exception.AlreadyExistsError,
    modal.exception.UnimplementedError,
    modal.exception.RequestSizeError,
    modal.exception.SerializationError,
    modal.exception.ExecutionError,
    modal.exception.ClientClosed,
)
"""Answers to a spawn that say that nothing was started, and errors before it was sent."""

OUTAGES = (modal.exception.Error, GRPCError, StreamTerminatedError)
"""What the client raises of itself; anything else that ``get`` raises, the run raised."""


class Overdue(Exception):
    """Modal did not answer within our own deadline."""


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Around a request that changes nothing, or may be repeated: every failure is Unavailable."""
    try:
        yield
    except Overdue as error:
        raise Unavailable(f"{what}: Modal did not answer in time") from error
    except NOT_LET_IN as error:
        log.error("Modal does not let us in: %s", error)
        raise Unavailable(f"{what}: Modal does not let us in: {error}") from error
    except modal.exception.NotFoundError as error:
        log.error("%s: %s", what, error)
        raise Unavailable(f"{what}: {error}") from error
    except (*OUTAGES, OSError) as error:
        raise Unavailable(f"{what}: {_said(error)}") from error


@contextmanager
def spawning(app: str) -> Iterator[None]:
    """Around the request that starts a run. What does not say that it was refused may have started it."""
    try:
        yield
    except REFUSED as error:
        level = logging.ERROR if isinstance(error, NOT_LET_IN) else logging.WARNING
        log.log(level, "Modal refused to start a run of %s: %s", app, error)
        raise Unavailable(f"Modal refused to start a run of {app}: {_said(error)}") from error
    except Exception as error:  # the client has no list of what else it raises
        log.warning("a run of %s may or may not have been started: %s", app, _said(error))
        raise Unknown(f"a run of {app} may have been started: {_said(error)}") from error


def ended(error: BaseException) -> Died | None:
    """The end of a run without an envelope, from what ``get`` raised; None: it says nothing about the run."""
    kind = FailureClass.INFRASTRUCTURE
    match error:
        case modal.exception.FunctionTimeoutError():
            kind, message = FailureClass.TIMEOUT, "the run took longer than its limit at Modal"
        case modal.exception.OutputExpiredError():
            message = "Modal no longer keeps the answer of this run"
        case modal.exception.NotFoundError():
            message = "Modal does not know this run"
        case modal.exception.InternalFailure():
            message = f"Modal lost the run: {_said(error)}"
        case modal.exception.RemoteError():
            message = f"Modal ended the run: {_said(error)}"
        case modal.exception.ExecutionError() | modal.exception.DeserializationError():
            message = f"the run left an answer that cannot be read: {_said(error)}"
        case modal.exception.Error() | GRPCError() | StreamTerminatedError():
            return None
        case _:
            message = f"the run raised {type(error).__name__}: {error}"
    return Died(Failure(kind=kind, message=message[:2000]))


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
