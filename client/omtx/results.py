"""What came out of a screen: rows, files, exports; written once as flows."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol, TypeAlias
from urllib.parse import quote

from omtx.calls import Flow, Item, Request, Stream, expanded, get
from omtx.errors import NotFound, Unusable
from omtx.records import Metric
from omtx.rows import Page, Row, Rows
from omtx.saving import Download, File, name_in, saved
from omtx.screen import ScreenState, status

if TYPE_CHECKING:
    import pandas

PAGE = 500
Pocket: TypeAlias = Literal["in", "out"]
EXPORT_SECONDS = 600.0


class HasJob(Protocol):
    """What names a job; a Row does."""

    @property
    def job_id(self) -> str | None:
        """The job's id."""
        ...


def pages(screen: ScreenState, /, page_size: int = PAGE, pocket: Pocket | None = None) -> Stream[Page]:
    """
    Its results page by page, best first; of a running screen, what there is so far.

    ``pocket``: only poses that are in the pocket that was asked for, or out of it; pages may be short then.
    """
    number, after = 0, None
    while True:
        number = 1 if pocket else number + 1
        request = get(screen.path("/results"), page=number, page_size=page_size, pocket=pocket, after=after)
        page = Page.of((yield from screen.session.ask(request)))
        yield Item(page)
        if not page.has_next:
            return
        after = page.pagination["next_after"] if pocket else None


def results(screen: ScreenState, /, page_size: int = PAGE, pocket: Pocket | None = None) -> Stream[Row]:
    """All its rows, best first, read from the server as they are taken; those without a rank at the end."""
    return expanded(pages(screen, page_size, pocket), lambda page: page.rows)


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
    return Rows(found[:most], page.ranking, (yield from _metrics(screen)), shown_by)


def _metrics(screen: ScreenState) -> Flow[Mapping[str, Metric]]:
    """What the figures of its model mean; none of a model that is not in the catalogue any more."""
    if screen.metrics is None:
        model = screen.last.model_name if screen.last else (yield from status(screen)).model_name
        try:
            entry = yield from screen.session.ask(get(f"/api/v2/models/{quote(model, safe='')}"))
        except NotFound:
            entry = {"metrics": {}}
        screen.metrics = {name: Metric.of(it) for name, it in entry["metrics"].items()}
    return screen.metrics


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
