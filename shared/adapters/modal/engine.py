"""The ``Engine`` port on Modal: each run is one spawned call of a deployed app, one app per model."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import modal
import modal.exception

from shared.adapters.modal.account import Account
from shared.adapters.modal.errors import NOT_LET_IN, Overdue, asking, ended, spawning
from shared.errors import Malformed, TransientError
from shared.events.runs import packed, unpacked
from shared.models.work import Envelope, Failure, FailureClass, WorkOrder
from shared.ports.engine import Answered, CallState, Died, Load, Pending
from shared.ports.world import Secrets
from shared.settings import Settings

T = TypeVar("T")
OURS = "fc-"
"""How the ids of Modal's calls begin; another engine's may be noted where this one was chosen later."""

UNKNOWN = Died(Failure(kind=FailureClass.INFRASTRUCTURE, message="the engine does not know this call"))


class ModalEngine:
    """
    Runs on Modal. ``seconds``: how long any answer is waited for.

    The client itself waits for minutes, or for ever, so it never waits alone. Safe to use by several
    threads, and in a process that was forked from one that used it.
    """

    def __init__(self, account: Account, *, seconds: float) -> None:
        self._account = account
        self._seconds = seconds

    @classmethod
    def of(cls, settings: Settings, secrets: Callable[[], Secrets]) -> Self:
        """The engine of this installation."""
        return cls(Account.of(settings, secrets), seconds=settings.modal_seconds)

    def spawn(self, order: WorkOrder) -> str:
        """
        See ``Engine.spawn``; TooLarge if the order is no small message.

        After a failure the app is looked up first. That starts nothing, so while Modal is down it is the
        lookup that fails, and no start is left in doubt.
        """
        data, end = packed(order), time.monotonic() + self._seconds
        with asking(f"looking up the app of {order.model}"):
            run = self._looked_up(order.model, order.gpu)
        try:
            with spawning(order.model):
                call = self._answer(run.spawn.aio(data), within=end - time.monotonic())
        except TransientError:
            self._account.look_up_again()
            raise
        call_id: str = call.object_id
        return call_id

    def poll(self, call_id: str) -> CallState:
        """
        See ``Engine.poll``; Modal does not tell whether a call waits or runs.

        A built-in TimeoutError means pending, also if the run raised one itself: our own deadline
        ends such a call.

        Raises:
            Unavailable: Modal gave no answer about this call.
        """
        if not call_id.startswith(OURS):
            return UNKNOWN
        with asking("asking after a run"):
            call = self._call(call_id)
            try:
                answer = self._answer(call.get.aio(timeout=0))
            except (Overdue, *NOT_LET_IN) as error:
                self._not_let_in(error)
                raise
            except TimeoutError:
                return Pending()
            except (Exception, SystemExit) as error:  # what a run raised comes out of ``get`` again
                died = ended(error)
                if died is None:
                    raise
                return died
        return _answered(answer)

    def cancel(self, call_id: str) -> None:
        """
        See ``Engine.cancel``; a run that does not heed it is killed after a minute.

        Raises:
            Unavailable: Modal gave no answer, so the run may go on.
        """
        if not call_id.startswith(OURS):
            return
        with asking("cancelling a run"):
            try:
                self._answer(self._call(call_id).cancel.aio())
            except modal.exception.NotFoundError:
                return
            except NOT_LET_IN as error:
                self._not_let_in(error)
                raise

    def forget(self, batch_id: str, *, limit: int) -> bool:
        """See ``Engine.forget``: Modal keeps answers for seven days and cannot be told to erase one."""
        return True

    def load(self, model: str) -> Load:
        """
        See ``Engine.load``; the size is the limit of containers that the app was deployed with.

        Of a model without an app nothing runs or waits, and its size is not known.
        """
        with asking(f"asking how busy {model} is"):
            try:
                run = self._looked_up(model)
            except modal.exception.NotFoundError:
                return Load(None, running=0, waiting=0)
            now = self._answer(run.get_current_stats.aio())
            limits = self._answer(run.autoscaler.settings.aio())
        return Load(limits.max_containers, running=now.num_running_inputs, waiting=now.backlog)

    def _looked_up(self, model: str, gpu: str | None = None) -> Any:
        """The method that runs the model, known to be deployed: nothing was started yet if this fails."""
        run = self._account.run_of(model, gpu)
        try:
            self._answer(run.hydrate.aio())
        except NOT_LET_IN as error:
            self._not_let_in(error)
            raise
        return run

    def _call(self, call_id: str) -> Any:
        return modal.FunctionCall.from_id(call_id, client=self._account.client())

    def _not_let_in(self, error: BaseException) -> None:
        if isinstance(error, NOT_LET_IN):
            self._account.sign_in_again()  # the token may have been replaced meanwhile

    def _answer(self, request: Awaitable[T], *, within: float | None = None) -> T:
        return asyncio.run(_within(self._seconds if within is None else within, request))


async def _within(seconds: float, request: Awaitable[T]) -> T:
    """Overdue after that time; a TimeoutError that is the answer comes through as it is."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await request
    except TimeoutError as error:
        if limit.expired():
            raise Overdue from error
        raise


def _answered(answer: object) -> CallState:
    try:
        return Answered(unpacked(answer, Envelope))
    except Malformed as error:
        return Died(Failure(kind=FailureClass.INFRASTRUCTURE, message=str(error)[:2000]))
