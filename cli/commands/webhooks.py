"""``omtx webhooks``: where you want to be told of your batches."""

from typing import Annotated, Any

import typer
from rich.table import Table

from cli.connection import connected
from cli.options import Home, Json
from cli.output import note, print_json, show, wants_json
from cli.text import cell

ROOT = "/api/v3/webhooks"
WebhookId = Annotated[str, typer.Argument(metavar="ID", help="The webhook, as the list shows it.")]
DeliveryId = Annotated[str, typer.Argument(metavar="ID", help="The delivery, as `deliveries` shows it.")]

webhooks = typer.Typer(
    help="Have a URL called when a batch is over, or so many per cent of it are done.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@webhooks.command()
def create(
    url: Annotated[str, typer.Argument(help="An https address of yours.")],
    event: Annotated[
        list[str] | None,
        typer.Option(help="batch.completed, batch.milestone, …; repeat it. Without: every end of a batch."),
    ] = None,
    milestone: Annotated[
        list[int] | None, typer.Option(help="10, 25, 50, 75, 90 or 100 per cent; repeat it.")
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Register a URL. Its secret is shown now, and never again."""
    body: dict[str, Any] = {"url": url, "description": description}
    body |= {"events": event} if event else {}
    body |= {"milestones": milestone} if milestone else {}
    with connected() as connection:
        answer = connection.post(ROOT, body)
    if wants_json(as_json):
        print_json(answer)
        return
    show(cell(f"webhook {answer['webhook_id']} is told of {', '.join(answer['events'])}"))
    show(cell(f"secret, shown this once: {answer['secret']}"))


@webhooks.command("list")
def list_webhooks(home: Home = None, as_json: Json = False) -> None:
    """List your webhooks."""
    with connected() as connection:
        found = connection.get(ROOT)
    if wants_json(as_json):
        print_json(found)
    elif found["webhooks"]:
        show(_table(found["webhooks"]))
    else:
        note("there is no webhook")


@webhooks.command()
def delete(webhook_id: WebhookId, home: Home = None, as_json: Json = False) -> None:
    """Delete a webhook."""
    with connected() as connection:
        answer = connection.delete(f"{ROOT}/{webhook_id}")
    _tell(answer, f"webhook {webhook_id} is deleted", as_json)


@webhooks.command("test")
def send_test(webhook_id: WebhookId, home: Home = None, as_json: Json = False) -> None:
    """Send a webhook a message that says nothing."""
    with connected() as connection:
        answer = connection.post(f"{ROOT}/{webhook_id}/test")
    _tell(answer, f"sent as {answer['delivery_id']}; `omtx webhooks deliveries {webhook_id}` says", as_json)


@webhooks.command("rotate-secret")
def rotate_secret(webhook_id: WebhookId, home: Home = None, as_json: Json = False) -> None:
    """Give a webhook a new secret; the old one is valid for another day."""
    with connected() as connection:
        answer = connection.post(f"{ROOT}/{webhook_id}/rotate-secret")
    _tell(answer, f"secret, shown this once: {answer['secret']}", as_json)


@webhooks.command()
def deliveries(
    webhook_id: WebhookId,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 20,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Go on behind this delivery.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List what was sent to a webhook, newest first."""
    with connected() as connection:
        found = connection.get(f"{ROOT}/{webhook_id}/deliveries", limit=limit, after=after)
    if wants_json(as_json):
        print_json(found)
        return
    if not found["deliveries"]:
        note("nothing was sent to it in the last thirty days")
        return
    show(_log(found["deliveries"]))
    if found["pagination"]["has_more"]:
        show(cell(f"… and more; --after {found['pagination']['next_after']} shows them"))


@webhooks.command()
def redeliver(delivery_id: DeliveryId, home: Home = None, as_json: Json = False) -> None:
    """Send a message again, under the same id."""
    with connected() as connection:
        answer = connection.post(f"{ROOT}/deliveries/{delivery_id}/redeliver")
    _tell(answer, f"delivery {delivery_id} is being sent again", as_json)


def _tell(answer: dict[str, Any], sentence: str, as_json: bool) -> None:
    if wants_json(as_json):
        print_json(answer)
    else:
        show(cell(sentence))


def _table(found: list[dict[str, Any]]) -> Table:
    drawn = Table("webhook", "url", "events", "milestones", "state")
    for it in found:
        state = "enabled" if it["enabled"] else f"disabled: {it['why_disabled'] or 'by you'}"
        milestones = ", ".join(map(str, it["milestones"]))
        drawn.add_row(*map(cell, (it["webhook_id"], it["url"], ", ".join(it["events"]), milestones, state)))
    return drawn


def _log(found: list[dict[str, Any]]) -> Table:
    drawn = Table("delivery", "type", "batch", "state", "tries", "last answer", "next try")
    for it in found:
        last = it["tries"][-1] if it["tries"] else {"status": None, "error": None}
        said = last["error"] or last["status"] or ""
        again = (it["next_try_at"] or "")[:19].replace("T", " ")
        about = (it["delivery_id"], it["type"], it["batch_id"] or "", it["state"])
        drawn.add_row(*map(cell, (*about, it["tries_made"], said, again)))
    return drawn
