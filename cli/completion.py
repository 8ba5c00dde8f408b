"""Ids for the shell: quick, and silent where nothing can be said."""

from collections.abc import Iterator

import omtx
from omtx import Client, Request
from omtx.screens import LIST
from omtx.text import plain

from cli.connection import ONCE, Remote
from cli.errors import CommandError
from shared import wiring
from shared.errors import OmtxError
from shared.settings import settings

MOST = 50
PATIENCE_SECONDS = 1.0


def batch_ids(incomplete: str) -> list[tuple[str, str]]:
    """Recent batches whose id begins so, newest first, each with its name as the shell's help."""
    try:
        return [(batch_id, plain(name)) for batch_id, name in _recent() if batch_id.startswith(incomplete)]
    except (CommandError, omtx.OmtxError, OmtxError, OSError, KeyError):
        return []  # a shell that completes has no place for a message


def task_ids(incomplete: str) -> list[tuple[str, str]]:
    """Tasks whose id begins so, each with its name."""
    from shared.catalogue.tasks.task import tasks

    return [(it.id, it.name) for it in tasks().values() if it.id.startswith(incomplete)]


def model_ids(incomplete: str) -> list[tuple[str, str]]:
    """Models on offer whose id begins so, each with its name, whether or not they run here."""
    from shared.catalogue.entry import known_models

    known = [it for it in known_models() if it.offered and (settings().test_models or not it.test_model)]
    return [(it.id, it.name) for it in known if it.id.startswith(incomplete)]


def _recent() -> Iterator[tuple[str, str]]:
    """From the server where ``OMTX_URL`` names one, else from the home, which needs no server."""
    url = Remote().url
    if url is not None:
        with Client(url, api_key=Remote().key(), patience=ONCE) as client:
            found = client.ask(Request("GET", LIST, {"limit": MOST}, seconds=PATIENCE_SECONDS))
        yield from ((batch["batch_id"], batch["name"]) for batch in found["batches"])
    elif (settings().home / "state.db").exists():
        found = wiring.ledger().batches(owner=settings().owner, unfinished=False, limit=MOST, after=None)
        yield from ((batch.batch_id, batch.name) for batch in found)
