"""The scheduler: calls ``reconcile`` by its HTTP entry, as the cloud's does every minute."""

import logging
import threading
from typing import TYPE_CHECKING

from local.inprocess import post

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger("omtx.schedule")


class Schedule:
    """A thread that posts to ``path`` of ``app`` every ``seconds``, one call at a time."""

    def __init__(self, app: "WSGIApplication", path: str, *, seconds: float) -> None:
        self._app = app
        self._path = path
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin; the first call is at once, as a dead runner may have left work."""
        self._thread.start()

    def stop(self) -> None:
        """Return when the call that is under way is over."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            reply = post(self._app, self._path, b"{}")
            if not reply.accepted:
                log.error("%s answered %d: %s", self._path, reply.status, reply.body[:300])
            if self._stopping.wait(self._seconds):
                return
