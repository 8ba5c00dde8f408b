"""``omtx predict`` and ``omtx tasks``: what can be asked for, and asking for it as its form does."""

from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from omtx.calls import keyed
from omtx.catalogue import TASKS, validating
from omtx.client import PREDICT

from cli.commands.asking import (
    MaxCost,
    Model,
    ParametersFile,
    Seed,
    Wait,
    WebhookEvents,
    WebhookSecret,
    WebhookUrl,
)
from cli.commands.submitting import announce, answer, tell_of_no_server
from cli.completion import task_ids
from cli.connection import Connection, connected, hosted
from cli.errors import Refused
from cli.following import follow
from cli.inputs import read_input
from cli.options import Home, Json, Params, Timeout
from cli.output import note, print_json, show, wants_json
from cli.parameters import parameters as read_parameters
from cli.ranking import SHOWN, figures, table
from cli.results import results
from cli.tasks import task_details, tasks_table
from cli.telling import webhook_of
from cli.text import cell
from cli.verdict import success

TaskId = Annotated[str, typer.Argument(metavar="TASK", help="See `omtx tasks`.", autocompletion=task_ids)]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input", metavar="KEY=VALUE", help="A field of the task; KEY=@FILE takes the text of a file."
    ),
]


def tasks(
    task_id: Annotated[
        str | None, typer.Argument(metavar="[TASK]", help="Show one in detail.", autocompletion=task_ids)
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the tasks: what each does, who does it here, and why where nobody does; or one with its fields."""
    with connected() as connection:
        found = connection.get(f"{TASKS}/{task_id}" if task_id else TASKS)
    if wants_json(as_json):
        print_json(found)
    else:
        show(task_details(found) if task_id else tasks_table(found["tasks"]))


def predict(
    task_id: TaskId,
    given: Inputs = None,
    input_file: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="The fields as a JSON object; --input wins.")
    ] = None,
    model: Model = None,
    name: Annotated[str | None, typer.Option(help="Of the prediction; default: the task.")] = None,
    param: Params = None,
    parameters: ParametersFile = None,
    seed: Seed = None,
    max_cost_usd: MaxCost = None,
    webhook_url: WebhookUrl = None,
    webhook_event: WebhookEvents = None,
    webhook_secret_file: WebhookSecret = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the input as the task does; start nothing.")
    ] = False,
    wait: Wait = False,
    timeout: Timeout = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Predict by task: fill in its fields, which `omtx tasks TASK` lists. With --wait the result is printed.

    Without --model the one that the task prefers and that runs here is asked.
    """
    told = webhook_of(webhook_url, events=webhook_event or (), secret_file=webhook_secret_file)
    settings: dict[str, Any] = {"model_id": model, "seed": seed, **told}
    if max_cost_usd is not None:
        settings["configuration"] = {"max_cost_usd": max_cost_usd}
    with hosted() if wait and not dry_run else connected() as connection:
        form = connection.get(f"{TASKS}/{task_id}")
        question = {
            "input_data": read_input(form, given or [], input_file),
            "job_name": name or task_id.replace("_", " "),
            "parameters": read_parameters(param or [], parameters),
            **{key: value for key, value in settings.items() if value is not None},
        }
        if dry_run:
            _validate(connection, task_id, question, as_json)
            return
        body = {"task_type": task_id, **question}
        accepted = connection.ask(keyed(PREDICT, body, uuid4().hex))
        if wait:
            _wait(connection, accepted, timeout, as_json)
            return
        status = connection.get(accepted["status_url"], page_size=1)
        answer(accepted["batch_id"], status["accounting"], as_json)
        tell_of_no_server(connection)


def _validate(connection: Connection, task_id: str, question: dict[str, Any], as_json: bool) -> None:
    found = connection.ask(validating(task_id, question))
    if not found["valid"]:
        fields = [f"{it['path']}: {it['message']}" for it in found["errors"]]
        raise Refused(f"{task_id} does not take this input", fields)
    if wants_json(as_json):
        print_json(found)
    else:
        show(cell(f"{task_id} takes this input"))


def _wait(connection: Connection, accepted: dict[str, Any], timeout: float | None, as_json: bool) -> None:
    """Follow the batch to its end, and print what came out."""
    announce(accepted)
    batch_id = accepted["batch_id"]
    ended = follow(connection, batch_id, timeout=timeout)
    found = results(connection, batch_id)
    if wants_json(as_json):
        print_json({"batch_id": batch_id, "accounting": ended["accounting"], "results": list(found.rows)})
    elif accepted["total_jobs"] == 1:
        [row] = found.rows
        show(figures(row, connection.get(f"/api/v2/models/{accepted['model_id']}")))
    else:
        show(table(found, most=SHOWN))
    note(f"`omtx results {batch_id} --format zip --structures --output FILE.zip` has the files")
    success(ended)
