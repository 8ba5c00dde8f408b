"""Screens on the chain: submitted, run, and looked at."""

from typing import Any

from shared import wiring
from shared.models.facts import Attempt
from shared.models.work import Artefact, Envelope
from shared.ports.bus import DeadLetter
from tests.support.chain import Chain, message_of
from tests.support.functions import Reply
from tests.support.orders import noop_order


def opened(chain: Chain, ligands: int = 1, **changes: Any) -> str:
    """The id of a screen that was accepted."""
    reply = chain.submit(noop_order(ligands, **changes))
    assert reply.status == 202, reply.body
    batch_id: str = reply.body["batch_id"]
    return batch_id


def finished(chain: Chain, ligands: int = 3, **changes: Any) -> str:
    """The id of a screen that ran to its end."""
    batch_id = opened(chain, ligands, **changes)
    chain.drain()
    return batch_id


def deliver_all(chain: Chain) -> list[dict[str, Any]]:
    """Deliver what is due, once; what the messages said."""
    deliveries = chain.leased()
    for delivery in deliveries:
        chain.settle_delivery(delivery, chain.deliver(delivery))
    return [message_of(delivery) for delivery in deliveries]


def answers(chain: Chain) -> list[Envelope]:
    """Run what waits; nobody is told yet."""
    return [chain.run(call) for call in chain.taken()]


def one_answer(chain: Chain) -> Envelope:
    """Dispatch and run the one ligand that is due."""
    deliver_all(chain)
    [envelope] = answers(chain)
    return envelope


def tell(chain: Chain, *envelopes: Envelope) -> None:
    """Each answer goes through the webhook and is completed."""
    for envelope in envelopes:
        assert chain.webhook(envelope).status == 204
        deliver_all(chain)


def store(batch_id: str, job_id: str, name: str, content: bytes) -> Artefact:
    """A file of a job, stored where a run stores it."""
    stat = wiring.local_blobs().put(f"batches/{batch_id}/jobs/{job_id}/{name}", content)
    return Artefact(name=name, key=stat.key, size=stat.size, sha256=stat.sha256)


def attempts(chain: Chain, batch_id: str, jobs: int = 1) -> list[Attempt]:
    """The latest attempt of each of the first ligands."""
    found: list[Attempt] = chain.ledger.attempts(batch_id, 0, range(jobs))
    return found


def status(chain: Chain, batch_id: str) -> dict[str, Any]:
    """How the batch stands."""
    body: dict[str, Any] = chain.api(f"/api/v3/batches/{batch_id}/status").body
    return body


def waiting() -> dict[str, int]:
    """How many messages each subscription holds."""
    return wiring.local_bus().waiting()


def letters() -> list[DeadLetter]:
    """What was parked."""
    return wiring.local_bus().dead_letters()


def assert_problem(reply: Reply, status: int) -> None:
    """An RFC 9457 problem document of this status, without the inside of our program."""
    assert reply.status == status, reply.raw
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert set(reply.body) <= {"type", "title", "status", "detail", "instance", "errors"}
    assert (reply.body["type"], reply.body["status"]) == ("about:blank", status)
    assert reply.body["title"]
    assert reply.body["detail"]
    text = reply.raw.decode()
    assert not any(word in text for word in ("Traceback", 'File "', ".py", "line 1,"))


def paths(reply: Reply) -> list[str]:
    """The fields that a refusal names."""
    assert_problem(reply, 422)
    return [error["path"] for error in reply.body["errors"]]
