"""``omtx replay`` and ``omtx compare``: whether the same screen gives the same results."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Annotated, Any
from uuid import uuid4

import typer
from omtx.calls import keyed
from omtx.text import plain

from cli.commands.asking import Key, Wait
from cli.commands.submitting import announce, answer, tell_of_no_server
from cli.completion import batch_ids
from cli.connection import Connection, connected, hosted
from cli.errors import Unsuccessful
from cli.following import follow
from cli.options import BatchId, Home, Json, Timeout
from cli.output import note, print_json, show, wants_json
from cli.text import cell

PAGE = 500
SHOWN = 20
"""Jobs whose differences are printed for a person; JSON has up to MOST."""

MOST = 10_000


def replay(
    batch_id: BatchId,
    idempotency_key: Key = None,
    wait: Wait = False,
    timeout: Timeout = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Compute a batch once more, with the same inputs and seeds; with --wait, list what is different.

    It is a batch of its own, for which nothing is taken from earlier ones. Exit code 9 if a result differs.
    """
    with _connection(wait) as connection:
        path = f"/api/v3/batches/replay/{batch_id}"
        accepted = connection.ask(keyed(path, {}, idempotency_key or uuid4().hex))
        again = accepted["batch_id"]
        for change in accepted["changes"]:
            note(_line(change))
        if not wait:
            answer(again, accepted["accounting"], as_json)
            note(f"`omtx compare {batch_id} {again}` lists what is different when it is finished")
            tell_of_no_server(connection)
            return
        announce(accepted)
        follow(connection, again, timeout=timeout)
        found = _differences(connection, batch_id, again)
    _tell(found, as_json)


def compare(
    before: Annotated[
        str, typer.Argument(metavar="ID", help="A batch.", autocompletion=batch_ids, show_default=False)
    ],
    now: Annotated[
        str,
        typer.Argument(metavar="ID", help="Another of the same library.", autocompletion=batch_ids),
    ],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List what two screens of the same library differ in; the exit code is 9 if a result differs."""
    with connected() as connection:
        found = _differences(connection, before, now)
    _tell(found, as_json)


def _connection(wait: bool) -> AbstractContextManager[Connection]:
    return hosted() if wait else connected()


def _differences(connection: Connection, before: str, now: str) -> dict[str, Any]:
    """All pages as one; of jobs that differ the first MOST, and how many there are."""
    programs, different, count, compared, asked = list[Any](), list[Any](), 0, 0, list[Any]()
    for page in _pages(connection, before, now):
        asked, compared = page["asked"], compared + page["compared"]
        programs += [one for one in page["programs"] if one not in programs]
        count += len(page["different"])
        different += page["different"][: MOST - len(different)]
    return {
        "before": before,
        "now": now,
        "same": count == 0,
        "asked": asked,
        "programs": programs,
        "compared": compared,
        "different_jobs": count,
        "different": different,
    }


def _pages(connection: Connection, before: str, now: str) -> Iterator[dict[str, Any]]:
    number, more = 1, True
    while more:
        path = f"/api/v3/batches/{now}/differences"
        page = connection.get(path, **{"with": before, "page": number, "page_size": PAGE})
        yield page
        number, more = number + 1, page["pagination"]["has_next"]


def _tell(found: dict[str, Any], as_json: bool) -> None:
    if wants_json(as_json):
        print_json(found)
    else:
        show(*map(cell, _lines(found)))
    if not found["same"]:
        jobs = f"{found['different_jobs']} of {found['compared']} results"
        raise Unsuccessful(f"{jobs} of {plain(found['now'])} are not those of {plain(found['before'])}")


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield from (f"asked differently: {_line(one)}" for one in found["asked"])
    yield from (f"another version: {_line(one)}" for one in found["programs"])
    for job in found["different"][:SHOWN]:
        for one in job["fields"]:
            yield f"{job['ligand_name']} ({job['job_id']}): {_line(one)}"
    if found["different_jobs"] > SHOWN:
        yield f"… and {found['different_jobs'] - SHOWN} more"
    if found["same"]:
        yield f"{found['compared']} results are the same"


def _line(one: dict[str, Any]) -> str:
    return f"{one['field']} was {_value(one['before'])}, is {_value(one['now'])}"


def _value(value: Any) -> str:
    return "not there" if value is None else str(value)
