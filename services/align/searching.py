"""A search, step by step: each leaves what it has learnt in the store, and may be the last of its process."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from services.align import archive, forms
from services.align.archive import Flawed
from services.align.server import Later, MsaServer, Refused
from services.align.shelf import ARCHIVE, LEASE, Shelf
from shared.domain.alignments import BOLTZ, CHAI, sequence_digest
from shared.models.alignment import Alignment, Search
from shared.ports.world import Clock
from shared.settings import Settings

POLLS = 3
MOST_FLAWS = 3
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)
LEFT_ALONE = {"RATELIMIT": "it limits how much it is asked", "MAINTENANCE": "it is being maintained"}
Connect = Callable[[], AbstractContextManager[MsaServer]]


@dataclass(frozen=True)
class Terms:
    """How this installation searches: ``patience`` ends a search, ``poll`` seconds lie between questions."""

    server: str
    mode: str
    depth: int
    patience: timedelta
    poll: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The terms of this installation."""
        return cls(
            server=settings.msa_server.rstrip("/"),
            mode=settings.msa_mode,
            depth=settings.msa_depth,
            patience=settings.seconds("msa_patience"),
            poll=settings.msa_poll_seconds,
        )


@dataclass
class Step:
    """A step that is ours; what it learns is stored at once."""

    shelf: Shelf
    number: int
    search: Search
    clock: Clock

    def learn(self, **news: Any) -> None:
        """Store it, and keep the step for a while longer unless it ends ``until`` then."""
        kept = {"until": self.clock.now() + LEASE} | news
        self.search = self.search.model_copy(update=kept)
        self.shelf.hold(self.number, self.search)


def advance(
    shelf: Shelf,
    sequence: str,
    terms: Terms,
    connect: Connect,
    *,
    over: Callable[[], bool],
    clock: Clock,
    pause: Callable[[float], None],
) -> bool:
    """
    Take the next step, if it is nobody else's; whether another is to follow at once.

    ``over`` says whether the search has ended meanwhile.
    """
    claimed = shelf.claim(clock.now())
    if claimed is None:
        return False
    if over():
        shelf.end()
        return False
    step = Step(shelf, *claimed, clock)
    try:
        answer = _answer(step, sequence, terms, connect, pause)
        if answer is not None:
            shelf.succeed(_kept(shelf, sequence, answer, terms, now=clock.now()))
            return False
    except Refused as error:
        shelf.give_up(str(error), now=clock.now())
        return False
    except Later as error:
        return _later(step, terms, refusals=step.search.refusals + 1, trouble=str(error))
    except Flawed as error:
        return _later(step, terms, flaws=step.search.flaws + 1, trouble=str(error), ticket=None)
    return _later(step, terms)


def _later(step: Step, terms: Terms, **news: Any) -> bool:
    """Leave the search to its next step; at once, unless the server was any trouble; or give it up."""
    now = step.clock.now()
    search = step.search.model_copy(update=news)
    if search.flaws >= MOST_FLAWS:
        step.shelf.give_up(f"the server's answer is no use: {search.trouble}", now=now)
    elif now >= search.begun_at + terms.patience:
        spent = f"the server had no alignment within {terms.patience.total_seconds():.0f} s"
        step.shelf.give_up(f"{spent}: {search.trouble or 'it was still searching'}", now=now)
    else:
        step.learn(**news, until=now + (_wait(search) if news else timedelta(0)))
        return not news
    return False


def _wait(search: Search) -> timedelta:
    """How long a server is left alone, twice as long each time."""
    doublings: int = min(search.refusals + search.flaws - 1, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _answer(
    step: Step, sequence: str, terms: Terms, connect: Connect, pause: Callable[[float], None]
) -> bytes | None:
    """The archive: what an earlier step stored, or the server's; None if it is still searching."""
    stored = step.shelf.archive()
    if stored is not None:
        return stored
    with connect() as server:
        for turn in range(POLLS):
            if turn:
                pause(terms.poll)
            if (ticket := _ticket(step, server, sequence, terms.mode)) is not None:
                return server.download(ticket)
    return None


def _ticket(step: Step, server: MsaServer, sequence: str, mode: str) -> str | None:
    """Ask once; the ticket of a search that is complete. One that the server forgot is asked for anew."""
    known = step.search.ticket
    ticket = server.poll(known) if known is not None else server.submit(sequence, mode)
    if ticket.state in LEFT_ALONE:
        raise Later(LEFT_ALONE[ticket.state])
    if ticket.state == "ERROR":
        raise Refused("the server could not search this sequence")
    step.learn(ticket=None if ticket.state == "UNKNOWN" else ticket.id)
    return ticket.id if ticket.state == "COMPLETE" else None


def _kept(shelf: Shelf, sequence: str, answer: bytes, terms: Terms, *, now: datetime) -> Alignment:
    """
    Store the checked answer, then what is made of it.

    All files are made of the one archive that stands, whoever stored it: two searches do not mix.
    """
    archive.read(answer, sequence, mode=terms.mode, depth=terms.depth)
    stored = shelf.keep(ARCHIVE, answer)
    hits = archive.read(shelf.archive() or answer, sequence, mode=terms.mode, depth=terms.depth)
    made = {BOLTZ: forms.boltz_csv(sequence, hits), CHAI: forms.chai_parquet(sequence, hits)}
    return Alignment(
        sequence=sequence_digest(sequence),
        server=terms.server,
        mode=terms.mode,
        found_at=now,
        rows={it.database: it.found for it in hits},
        depth=1 + sum(len(it.rows) for it in hits),
        archive=stored,
        files={name: shelf.keep(name, content) for name, content in made.items()},
    )
