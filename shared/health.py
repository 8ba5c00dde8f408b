"""Whether a function could work now: each thing that it opens is read once, not assumed."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from shared import wiring
from shared.errors import NotFound
from shared.topology import Opens, topology

log = logging.getLogger("omtx.health")
PATIENCE_SECONDS = 3.0
OK = "ok"


def examine(function: str, *, patience: float = PATIENCE_SECONDS) -> Mapping[str, str]:
    """
    ``ok`` or what is wrong, for each thing that the topology table says this function opens.

    Topics are not among them: the right to publish to one is no right to look at it.
    """
    found: dict[str, str] = {}
    threads: list[threading.Thread] = []
    deadline = time.monotonic() + patience
    for name, read in _reads(topology().functions[function].opens).items():
        thread = threading.Thread(target=_ask, args=(name, read, found), name=f"health-{name}", daemon=True)
        found[name] = f"no answer within {patience:g} s"
        threads.append(thread)
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(found)


def _ask(name: str, read: Callable[[], object], found: dict[str, str]) -> None:
    try:
        read()
    except NotFound:
        pass  # it answered, and that is what was asked
    except Exception as error:  # the edge: named in the answer, logged whole
        log.warning("%s does not answer", name, exc_info=error)
        found[name] = type(error).__name__
        return
    found[name] = OK


def _reads(opens: Opens) -> dict[str, Callable[[], object]]:
    """The cheapest read of each thing, most of them of what does not exist."""
    reads: dict[str, Callable[[], object]] = {}
    if opens.ledger:
        reads["ledger"] = lambda: wiring.ledger().batch("health")
    if opens.objects:
        reads["objects"] = lambda: wiring.blobs().stat("health/probe")
    if opens.secrets:
        reads["secrets"] = lambda: [wiring.secrets().keys(purpose) for purpose in opens.secrets]
    if opens.engine:
        reads["engine"] = lambda: wiring.engine().load("health")
    return reads
