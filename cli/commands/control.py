"""Commands that act on batches: pause, resume, cancel, retry, delete, reconcile."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from omtx import Screen
from omtx.records import ENDED, Done

from cli.connection import Connection, connected, hosted
from cli.errors import Refused, explained
from cli.following import follow
from cli.options import BatchId, Home, Json, Timeout
from cli.output import note, print_json, show, wants_json
from cli.text import cell
from cli.verdict import success
from shared.models.batch import BatchStatus

PAGE = 200


def pause(batch_id: BatchId, home: Home = None, as_json: Json = False) -> None:
    """Start no further ligand of a batch; what runs goes on to its end."""
    _control(batch_id, Screen.pause, as_json)


def resume(batch_id: BatchId, home: Home = None, as_json: Json = False) -> None:
    """Go on with a batch that was paused."""
    _control(batch_id, Screen.resume, as_json)


def cancel(batch_id: BatchId, home: Home = None, as_json: Json = False) -> None:
    """Cancel a batch: what runs is stopped, what waits is never started, what is done is kept."""
    _control(batch_id, Screen.cancel, as_json)


def _control(batch_id: str, action: Callable[[Screen], Done], as_json: bool) -> None:
    with connected() as connection, explained():
        answer = action(connection.screen(batch_id))
    _tell(dict(answer.raw), as_json)


def _tell(answer: dict[str, Any], as_json: bool) -> None:
    if wants_json(as_json):
        print_json(answer)
    else:
        show(cell(answer["message"]))


def retry(
    batch_id: BatchId,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the batch is finished again.")] = False,
    timeout: Timeout = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Compute the failed ligands of a finished batch again; what succeeded is kept."""
    with hosted() if wait else connected() as connection:
        with explained():
            answer = dict(connection.screen(batch_id).retry_failed().raw)
        ended = follow(connection, batch_id, timeout=timeout) if wait else None
    _tell(answer, as_json)
    if ended is not None:
        note(ended["accounting_sentence"])
        success(ended)


def delete(
    batch_id: BatchId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Delete a finished batch with all its files and records, for ever."""
    if not yes and not sys.stdin.isatty():
        raise Refused("deleting cannot be undone; say --yes")
    if not yes:
        typer.confirm(f"Delete {batch_id} with all its files, for ever?", abort=True, err=True)
    _control(batch_id, Screen.delete, as_json)


def reconcile(
    batch: Annotated[str | None, typer.Option(metavar="ID", help="Only this batch.")] = None,
    timeout: Timeout = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Find batches that are stuck, say why, and finish them. Safe to repeat.

    Where no server runs on this home, every unfinished batch is stuck, and this process is the
    server until they are finished.
    """
    with connected() as connection:
        found = connection.post("/api/v3/reconcile", batch=batch)["findings"]
        unfinished = _unfinished(connection, batch)
        had_server = connection.has_server
    named = {finding["batch_id"] for finding in found} | {batch}
    stuck = [one for one in unfinished if one in named or not had_server]
    if not had_server:
        found += [_alone(one) for one in stuck]
    answer = {"findings": found, "batches": _finish(stuck, timeout)}
    if wants_json(as_json):
        print_json(answer)
    else:
        _say(answer)


def _unfinished(connection: Connection, only: str | None) -> list[str]:
    if only is not None:
        batch = connection.get(f"/api/v3/batches/{only}/status", page_size=1)
        return [only] if _can_be_finished(batch) else []
    found: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = connection.get("/api/v3/batches/", limit=PAGE, offset=offset)
        found += [batch["batch_id"] for batch in page["batches"] if _can_be_finished(batch)]
        offset = page["pagination"]["next_offset"]
    return found


def _can_be_finished(batch: dict[str, Any]) -> bool:
    """Whether waiting helps; an import that was interrupted is finished by `omtx migrate` alone."""
    half_imported = batch["imported"] and batch["status"] != BatchStatus.AGGREGATING
    return batch["status"] not in ENDED and not half_imported


def _alone(batch_id: str) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "job_id": None,
        "reason": "no server was running on this home",
        "action": "ran it here",
    }


def _finish(stuck: list[str], timeout: float | None) -> list[dict[str, Any]]:
    if not stuck:
        return []
    with hosted() as connection:
        ended = [follow(connection, batch_id, timeout=timeout) for batch_id in stuck]
    keys = ("batch_id", "status", "accounting", "accounting_sentence")
    return [{key: status[key] for key in keys} for status in ended]


def _say(answer: dict[str, Any]) -> None:
    if not (answer["findings"] or answer["batches"]):
        note("nothing is stuck")
    for finding in answer["findings"]:
        about = finding["job_id"] or finding["batch_id"]
        show(cell(f"{about}: {finding['reason']}; {finding['action']}"))
    for status in answer["batches"]:
        show(cell(f"{status['batch_id']} is {status['status']}: {status['accounting_sentence']}"))
