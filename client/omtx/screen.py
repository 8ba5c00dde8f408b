"""One screen: what can be asked of it and done to it, written once as flows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from omtx.binding import Speaking
from omtx.calls import Flow, Item, Pause, Request, Stream, fed, get, post
from omtx.errors import NoAnswer, RateLimited, ServerFailed, StillRunning
from omtx.notebook import status_html
from omtx.progress import Show, shown
from omtx.records import Accepted, Done, Listed, Metric, Status, Verification
from omtx.session import Session

if TYPE_CHECKING:
    pass

FIRST_POLL_SECONDS, LAST_POLL_SECONDS, SLOWER = 0.2, 2.0, 1.2
SILENCE_SECONDS = 30.0
PAGE = 500
EXPORT_SECONDS = 600.0


class ScreenState(Speaking):
    """
    A screen by its id, and its status as ``last`` seen.

    ``accepted``: what the server said when this program submitted it. ``listed``: how a list shows it.
    """

    def __init__(
        self, session: Session, id: str, *, accepted: Accepted | None = None, listed: Listed | None = None
    ) -> None:
        super().__init__(session)
        self.id, self.accepted, self.listed = id, accepted, listed
        self.last: Status | None = None
        self.metrics: Mapping[str, Metric] | None = None

    def __repr__(self) -> str:
        state = f" {self.last.status}: {self.last.accounting_sentence}" if self.last else ""
        return f"<{type(self).__name__} {self.id}{state}>"

    def _repr_html_(self) -> str:
        return status_html(self.id, self.last)

    def path(self, rest: str = "") -> str:
        """Where the server has it."""
        return f"/api/v3/batches/{quote(self.id, safe='')}{rest}"


def status(screen: ScreenState, /) -> Flow[Status]:
    """How it stands now."""
    found = Status.of((yield from screen.session.ask(get(screen.path("/status"), page_size=1))))
    screen.last = found
    return found


def follow(screen: ScreenState, /, timeout: float | None = None) -> Stream[Status]:
    """
    Its status again and again, ever less often, until it is over; the last is that of a finished screen.

    A server that restarts is waited for, half a minute long.

    Raises:
        StillRunning: it is not over after ``timeout`` seconds; it lives on.
    """
    clock = screen.session.terms.clock
    until, pause = None if timeout is None else clock() + timeout, FIRST_POLL_SECONDS
    while not (found := (yield from _patiently(screen))).is_over:
        yield Item(found)
        if until is not None and clock() + pause > until:
            raise StillRunning(f"batch {screen.id} is {found.status} after {timeout:g} s and lives on", found)
        yield Pause(pause)
        pause = min(LAST_POLL_SECONDS, pause * SLOWER)
    yield Item(found)


def _patiently(screen: ScreenState) -> Flow[Status]:
    clock = screen.session.terms.clock
    since = clock()
    while True:
        try:
            return (yield from status(screen))
        except (NoAnswer, ServerFailed, RateLimited):
            if clock() - since > SILENCE_SECONDS:
                raise
            yield Pause(1.0)


def wait(
    screen: ScreenState, /, timeout: float | None = None, *, progress: bool | Show = True
) -> Flow[Status]:
    """
    Wait until it is over, and show how far it is; its last status.

    ``progress``: a bar on a terminal and in a notebook, nothing elsewhere; False: never; or a function that
    is called with each status.

    Raises:
        StillRunning: it is not over after ``timeout`` seconds; it lives on.
    """
    with shown(progress) as show:
        yield from fed(follow(screen, timeout), show)
    assert screen.last is not None
    return screen.last


def pause(screen: ScreenState, /) -> Flow[Done]:
    """Start no further ligand; what runs goes on to its end."""
    return _control(screen, "pause")


def resume(screen: ScreenState, /) -> Flow[Done]:
    """Go on with what was paused."""
    return _control(screen, "resume")


def cancel(screen: ScreenState, /) -> Flow[Done]:
    """Stop what runs and start nothing more; what is done is kept."""
    return _control(screen, "cancel")


def retry_failed(screen: ScreenState, /) -> Flow[Done]:
    """Compute the failed ligands of a finished screen again; what succeeded is kept."""
    found = yield from status(screen)
    # By its number, so that asking twice asks for one round.
    number = found.round + 1 if found.is_over else None
    request = post(screen.path("/control/retry_failed"), repeatable=number is not None, round=number)
    return Done.of((yield from screen.session.ask(request)))


def delete(screen: ScreenState, /) -> Flow[Done]:
    """Delete the finished screen with all its files and records, for ever."""
    request = Request("DELETE", screen.path(), repeatable=True)
    return Done.of((yield from screen.session.ask(request)))


def verify(screen: ScreenState, /) -> Flow[Verification]:
    """Have it counted again from its facts, and every file hashed again."""
    return Verification.of((yield from screen.session.ask(get(screen.path("/verify")))))


def _control(screen: ScreenState, action: str) -> Flow[Done]:
    """Each may be asked for again."""
    request = post(screen.path(f"/control/{action}"), repeatable=True)
    return Done.of((yield from screen.session.ask(request)))
