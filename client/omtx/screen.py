"""One screen: what can be asked of it and done to it, written once as flows."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import quote

from omtx.binding import Speaking
from omtx.calls import Flow, Item, Pause, Request, Stream, expanded, fed, get, post
from omtx.errors import NoAnswer, NotFound, RateLimited, ServerFailed, StillRunning, Unusable
from omtx.notebook import status_html
from omtx.progress import Show, shown
from omtx.records import Accepted, Done, Listed, Metric, Status, Verification
from omtx.rows import Page, Row, Rows
from omtx.saving import Download, File, name_in, saved
from omtx.session import Session

if TYPE_CHECKING:
    import pandas

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
        self._metrics: Mapping[str, Metric] | None = None

    def __repr__(self) -> str:
        state = f" {self.last.status}: {self.last.accounting_sentence}" if self.last else ""
        return f"<{type(self).__name__} {self.id}{state}>"

    def _repr_html_(self) -> str:
        return status_html(self.id, self.last)

    def path(self, rest: str = "") -> str:
        """Where the server has it."""
        return f"/api/v3/batches/{quote(self.id, safe='')}{rest}"

    def _figures(self) -> Flow[Mapping[str, Metric]]:
        """What the figures of its model mean; none of a model that is not in the catalogue any more."""
        if self._metrics is None:
            model = self.last.model_name if self.last else (yield from status(self)).model_name
            try:
                entry = yield from self.session.ask(get(f"/api/v2/models/{quote(model, safe='')}"))
            except NotFound:
                entry = {"metrics": {}}
            self._metrics = {name: Metric.of(it) for name, it in entry["metrics"].items()}
        return self._metrics


class HasJob(Protocol):
    """What names a job; a Row does."""

    @property
    def job_id(self) -> str | None:
        """The job's id."""
        ...


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


def pages(screen: ScreenState, /, page_size: int = PAGE) -> Stream[Page]:
    """Its results page by page, best first; of a running screen, what there is so far."""
    number = 0
    while True:
        number += 1
        request = get(screen.path("/results"), page=number, page_size=page_size)
        page = Page.of((yield from screen.session.ask(request)))
        yield Item(page)
        if not page.has_next:
            return


def results(screen: ScreenState, /, page_size: int = PAGE) -> Stream[Row]:
    """All its rows, best first, read from the server as they are taken; those without a rank at the end."""
    return expanded(pages(screen, page_size), lambda page: page.rows)


def top(screen: ScreenState, /, count: int = 20) -> Flow[Rows]:
    """The best so many; fewer where fewer have a rank."""
    return _rows(screen, count, ranked=True)


def rows(screen: ScreenState, /) -> Flow[Rows]:
    """All its rows at once, best first."""
    return _rows(screen, None, ranked=False)


def to_dataframe(screen: ScreenState, /) -> "Flow[pandas.DataFrame]":
    """
    All its rows as a pandas DataFrame; see ``Rows.to_dataframe``.

    Raises:
        MissingExtra: pandas is not installed.
    """
    return (yield from rows(screen)).to_dataframe()


def _rows(screen: ScreenState, most: int | None, *, ranked: bool) -> Flow[Rows]:
    """Read page by page, and no further than is asked for."""
    found: list[Row] = []
    number = 0
    size = PAGE if most is None else max(1, min(PAGE, most))
    while True:
        number += 1
        request = get(screen.path("/results"), page=number, page_size=size)
        page = Page.of((yield from screen.session.ask(request)))
        here = [row for row in page.rows if row.rank is not None or not ranked]
        found += here
        enough = most is not None and (len(found) >= most or not here)
        if enough or not page.has_next:
            break
    address = screen.session.wire.address
    shown_by = None if address.key else address.url.rstrip("/")
    return Rows(found[:most], page.ranking, (yield from screen._figures()), shown_by)


def structure(screen: ScreenState, /, job: str | HasJob) -> Flow[File]:
    """The predicted complex of a job, as mmCIF."""
    return file(screen, job, "cif")


def pose(screen: ScreenState, /, job: str | HasJob) -> Flow[File]:
    """The ligand of a job as it was placed, as SDF; of models that place one."""
    return file(screen, job, "sdf")


def file(screen: ScreenState, /, job: str | HasJob, form: str) -> Flow[File]:
    """A file of a job: cif, sdf, json or log, or what else the server offers."""
    name = job if isinstance(job, str) else job.job_id
    if name is None:
        raise Unusable("this row was not computed, and so has no files")
    path = screen.path(f"/jobs/{quote(name, safe='')}/download/{quote(form, safe='')}")
    reply = yield from screen.session.reply(get(path))
    return File(name_in(reply.headers, f"{name}.{form}"), reply.body)


def export(
    screen: ScreenState, /, form: str, to: str | Path | BinaryIO | None = None, *, structures: bool = False
) -> Flow[Path | None]:
    """
    Write the finished screen to a file, as csv, json, sdf, parquet, zip or what else the server offers.

    ``to``: a path, an open file, or None for ``ID.FORM`` here. A path appears when the file is complete and
    has the digest that the server named. ``structures``: in a zip, every structure too. Returns the path.

    Raises:
        Conflict: the screen is not over yet.
        Damaged: another file arrived than the server has.
    """
    if not isinstance(to, str | Path | None):
        yield from _exported(screen, form, to, structures)
        return None
    place = Path(to or f"{screen.id}.{form}")
    with saved(place) as opened:
        yield from _exported(screen, form, opened, structures)
    return place


def _exported(screen: ScreenState, form: str, opened: BinaryIO, structures: bool) -> Flow[None]:
    request = Request(
        "GET",
        screen.path(f"/export/{quote(form, safe='')}"),
        {"include_structures": "true" if structures else None},
        repeatable=opened.seekable(),  # what went into a pipe cannot be taken back
        seconds=EXPORT_SECONDS,
    )
    download = Download(opened)
    yield from screen.session.reply(request, download)
    download.check()


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
