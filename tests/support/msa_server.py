"""
An MSA server on loopback that speaks ColabFold's interface, and misbehaves on demand.

A ticket stands for its query: who asks twice gets the same one, and one search is made.
"""

import hashlib
import io
import json
import tarfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import parse_qs

from tests.support.loopback import Handler, served

UNIREF, ENVIRONMENTAL = "uniref.a3m", "bfd.mgnify30.metaeuk30.smag30.a3m"
Say = dict[str, str] | int | bytes


def a3m(sequence: str, rows: int, *, query: str | None = None) -> str:
    """Alignments to a sequence: each row has one gap, and every other one an insertion."""
    lines = [f">101\n{query or sequence}\n"]
    for row in range(rows):
        at = row % len(sequence)
        inserted = "gs" if row % 2 else ""
        lines.append(f">hit_{row}\t{row}\n{sequence[:at]}-{inserted}{sequence[at + 1 :]}\n")
    return "".join(lines) + "\0"


def packed(files: Mapping[str, str]) -> bytes:
    """A gzipped tar of these files."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return target.getvalue()


def archive_of(sequence: str) -> bytes:
    """What a search finds: five sequences in one database, three in the other."""
    return packed({UNIREF: a3m(sequence, 5), ENVIRONMENTAL: a3m(sequence, 3), "pdb70.m8": ""})


class MsaServer:
    """
    A context manager: inside it the server answers at ``url``.

    ``states`` are said one by one, by whatever asks for a ticket's state, before the search is complete; a
    number is an HTTP status, bytes are a body. ``answer`` makes the archive. ``login`` is what the
    header ``Authorization`` or ``X-Key`` has to hold.
    """

    def __init__(self) -> None:
        self.url = ""
        self.states: list[Any] = []
        self.answer: Callable[[str], bytes] = archive_of
        self.login: str | None = None
        self.asked: Counter[str] = Counter()
        self.searched: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.modes: set[str] = set()
        self.on_ask: Callable[[str], None] = lambda what: None
        self._sequences: dict[str, str] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._serving = served(_handler(self))
        self.url = self._serving.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._serving.__exit__(*error)

    @property
    def environment(self) -> dict[str, str]:
        """What leads an installation here."""
        return {"OMTX_MSA_SERVER": self.url, "OMTX_MSA_INSECURE": "1", "OMTX_MSA_POLL_SECONDS": "0.01"}

    def forget(self) -> None:
        """As after a restart: no ticket is known any more."""
        self._sequences.clear()

    def say(self, method: str, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Say:
        """The answer to one request."""
        what = {"POST": "submit"}.get(method, "download" if path.startswith("/result/") else "poll")
        self.on_ask(what)
        with self._lock:
            self.asked[what] += 1
            self.agents.add(headers.get("User-Agent", ""))
            if self.login is not None and self.login not in (
                headers.get("Authorization"),
                headers.get("X-Key"),
            ):
                return 401
            if what == "download":
                return self.answer(self._sequences[path.rpartition("/")[2]])
            return self._state(self._ticket(form) if what == "submit" else path.rpartition("/")[2])

    def _ticket(self, form: Mapping[str, str]) -> str:
        sequence = form["q"].splitlines()[1]
        ticket = hashlib.sha256(sequence.encode()).hexdigest()[:16]
        self.modes.add(form["mode"])
        if ticket not in self._sequences:
            self.searched[sequence] += 1
        self._sequences[ticket] = sequence
        return ticket

    def _state(self, ticket: str) -> Say:
        state = self.states.pop(0) if self.states else "COMPLETE"
        if not isinstance(state, str):
            return state  # type: ignore[no-any-return]
        return {"id": ticket, "status": state}


def _handler(server: MsaServer) -> type[Handler]:
    class Saying(Handler):
        def asked(self) -> None:
            form = {name: values[0] for name, values in parse_qs(self.sent.decode()).items()}
            said = server.say(self.command, self.path, form, dict(self.headers))
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.answer(said if isinstance(said, int) else 200, body)

    return Saying
