"""``omtx keys``: who may use the platform. On the state itself, or at the server of ``OMTX_URL``."""

from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.connection import Remote, connected
from cli.errors import NoSuchThing, Refused
from cli.options import Home, Json
from cli.output import note, print_json, show, wants_json
from cli.text import cell
from shared import wiring
from shared.errors import IllegalMove, NotFound
from shared.models.access import EVERYTHING, Scope, Tier
from shared.settings import settings
from shared.steps import keyring

ROOT = "/api/v3/keys"
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id, as the list shows it.")]
Owner = Annotated[str | None, typer.Option(help="Whose keys; default OMTX_OWNER, or the key's own owner.")]

keys = typer.Typer(help="API keys: create, list, revoke and rotate them.", rich_markup_mode=None)


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    scope: Annotated[list[Scope] | None, typer.Option(help="Repeat it; default read and submit.")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="All scopes.")] = False,
    owner: Owner = None,
    tier: Annotated[Tier, typer.Option(help="How much it may ask for.")] = Tier.DEFAULT,
    expires_in_days: Annotated[int | None, typer.Option(min=1, max=keyring.MOST_DAYS)] = None,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all that is known of it, as JSON.")] = False,
) -> None:
    """Make a key and print it, and nothing else, on stdout: it is shown this once."""
    scopes = EVERYTHING if admin else frozenset(scope or (Scope.READ, Scope.SUBMIT))
    wanted = keyring.Wanted(name=name, scopes=scopes, tier=tier, expires_in_days=expires_in_days)
    if Remote().url:
        body = {**wanted.model_dump(mode="json"), **({"owner": owner} if owner else {})}
        with connected() as connection:
            made = connection.post(ROOT, body)
    else:
        whose = owner or settings().owner
        made = keyring.make(wanted, wiring.keys(), owner=whose, parent=None, now=wiring.clock().now())
    _tell(made, as_json)


@keys.command("list")
def list_keys(
    owner: Owner = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Go on behind this key.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the keys of one owner, newest first."""
    found = _listed(owner, limit, after)
    if wants_json(as_json):
        print_json(found)
    elif not found:
        note("there is no key")
    else:
        show(_table(found))


@keys.command()
def revoke(key_id: KeyId, home: Home = None, as_json: Json = False) -> None:
    """Close a key for good; servers that know it let it in for ten seconds more at the most."""
    if Remote().url:
        with connected() as connection:
            answer = connection.post(f"{ROOT}/{key_id}/revoke")
    else:
        try:
            answer = keyring.shown(wiring.keys().revoke(key_id, now=wiring.clock().now()))
        except NotFound as error:
            raise NoSuchThing(str(error)) from error
    if wants_json(as_json):
        print_json(answer)
    else:
        show(cell(f"key {key_id} is revoked since {answer['revoked_at']}"))


@keys.command()
def rotate(
    key_id: KeyId,
    overlap_seconds: Annotated[
        int, typer.Option(min=0, max=keyring.MOST_OVERLAP_SECONDS, help="How long the old one stays good.")
    ] = 86_400,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all that is known of it, as JSON.")] = False,
) -> None:
    """Give a key a new secret and print the key, and nothing else, on stdout: it is shown this once."""
    if Remote().url:
        with connected() as connection:
            made = connection.post(f"{ROOT}/{key_id}/rotate", {"overlap_seconds": overlap_seconds})
    else:
        made = _rotated(key_id, timedelta(seconds=overlap_seconds))
    _tell(made, as_json)


def _rotated(key_id: str, overlap: timedelta) -> dict[str, Any]:
    kept = wiring.keys()
    try:
        return keyring.rotate(kept.find(key_id), kept, now=wiring.clock().now(), overlap=overlap)
    except NotFound as error:
        raise NoSuchThing(str(error)) from error
    except IllegalMove as error:
        raise Refused(str(error)) from error


def _listed(owner: str | None, limit: int, after: str | None) -> list[dict[str, Any]]:
    if Remote().url:
        with connected() as connection:
            found: list[dict[str, Any]] = connection.get(ROOT, owner=owner, limit=limit, after=after)["keys"]
            return found
    try:
        kept = wiring.keys().of_owner(owner or settings().owner, limit=limit, after=after)
    except NotFound as error:
        raise NoSuchThing(str(error)) from error
    return [keyring.shown(key) for key in kept]


def _tell(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    print(made["key"])
    scopes = ", ".join(made["scopes"])
    note(f"key {made['id']} of {made['owner']} ({scopes}); keep it safe, it is not shown again")


def _table(found: list[dict[str, Any]]) -> Table:
    drawn = Table("key", "name", "owner", "scopes", "tier", "created", "last used", "expires", "revoked")
    for key in found:
        times = (key["created_at"], key["last_used_at"], key["expires_at"], key["revoked_at"])
        shown = ((at or "")[:16].replace("T", " ") for at in times)
        drawn.add_row(
            *map(cell, (key["id"], key["name"], key["owner"], " ".join(key["scopes"]), key["tier"], *shown))
        )
    return drawn
