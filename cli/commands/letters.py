"""``omtx dead-letters``: messages that were given up."""

from typing import Annotated, Any

import typer
from rich.table import Table

from cli.connection import Connection, connected
from cli.errors import Refused
from cli.options import Home, Json
from cli.output import note, print_json, show, wants_json
from cli.text import cell

ROOT = "/api/v3/dead-letters"
SHOWN_REASON = 120

LetterId = Annotated[str, typer.Argument(metavar="ID", help="The letter, as the list shows it.")]
Every = Annotated[bool, typer.Option("--all", help="Also those that were replayed or discarded.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="At most so many.")]
After = Annotated[str | None, typer.Option(metavar="ID", help="Go on behind this letter.")]

letters = typer.Typer(
    help="Messages that were given up: list them, look at one, send it again, or put it aside.",
    rich_markup_mode=None,
)


@letters.callback(invoke_without_command=True)
def dead_letters(
    context: typer.Context, every: Every = False, home: Home = None, as_json: Json = False
) -> None:
    """List, show, replay and discard messages that were given up; alone, list those that are open."""
    if context.invoked_subcommand is None:
        list_letters(every, as_json=as_json)


@letters.command("list")
def list_letters(
    every: Every = False, limit: Limit = 50, after: After = None, home: Home = None, as_json: Json = False
) -> None:
    """List open letters, newest first."""
    with connected() as connection:
        found = connection.get(ROOT, state="all" if every else None, limit=limit, after=after)
    if wants_json(as_json):
        print_json(found)
        return
    if not found["dead_letters"]:
        note("there is no dead letter" if every else "no dead letter is open")
        return
    show(_table(found["dead_letters"]))
    if found["pagination"]["has_more"]:
        show(cell(f"… and more; --after {found['pagination']['next_after']} shows them"))


@letters.command("show")
def show_letter(letter_id: LetterId, home: Home = None, as_json: Json = False) -> None:
    """Show one letter with its message."""
    with connected() as connection:
        found = connection.get(f"{ROOT}/{letter_id}")
    if wants_json(as_json):
        print_json(found)
        return
    facts = {key: value for key, value in found.items() if key not in ("message", "text", "text_is_cut")}
    show(*(cell(f"{key}: {value}") for key, value in facts.items() if value is not None))
    show(cell(f"message: {found['text']}{' … (cut)' if found['text_is_cut'] else ''}"))


@letters.command()
def replay(
    letter_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="One letter.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are open now.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Send a message again to the function that gave it up, or all that are open now."""
    if every == (letter_id is not None):
        raise Refused("name one letter, or give --all")
    with connected() as connection:
        answer = connection.post(f"{ROOT}/{letter_id}/replay") if letter_id else _replay_all(connection)
    if wants_json(as_json):
        print_json(answer)
        return
    if letter_id:
        show(cell(f"dead letter {letter_id} was sent again at {answer['closed_at']}"))
    else:
        show(cell(f"{answer['replayed']} sent again, {answer['left']} left"))
        show(*(cell(f"{one} holds no readable message; discard it") for one in answer["unreadable"]))


def _replay_all(connection: Connection) -> dict[str, Any]:
    """Every letter that is open at the first question; those that fail again meanwhile are not touched."""
    answer: dict[str, Any] = connection.post(f"{ROOT}/replay")
    total, unreadable = answer["replayed"], answer["unreadable"]
    while answer["next_after"] is not None:
        onward = {"parked_by": answer["parked_by"], "after": answer["next_after"]}
        answer = connection.post(f"{ROOT}/replay", onward)
        total, unreadable = total + answer["replayed"], unreadable + answer["unreadable"]
    return {"replayed": total, "unreadable": unreadable, "left": answer["left"]}


@letters.command()
def discard(
    letter_id: LetterId,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the letter.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put a letter aside for good; it is kept with the reason."""
    with connected() as connection:
        answer = connection.post(f"{ROOT}/{letter_id}/discard", {"reason": reason})
    if wants_json(as_json):
        print_json(answer)
    else:
        show(cell(f"dead letter {letter_id} is discarded: {answer['remark']}"))


def _table(found: list[dict[str, Any]]) -> Table:
    drawn = Table("letter", "parked", "times", "function", "about", "attempt", "reason", "state")
    for letter in found:
        about = letter["job_id"] or letter["batch_id"] or "?"
        when = letter["last_parked_at"][:19].replace("T", " ")
        whom = letter["subscription"] or letter["topic"]
        why = letter["reason"][:SHOWN_REASON]
        row = (letter["id"], when, letter["times"], whom, about, letter["attempt"], why, letter["state"])
        drawn.add_row(*map(cell, row))
    return drawn
