"""An order that names an address: it is told of that batch, signed, and of nothing else."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from shared import settings, wiring
from tests.support.boundaries import Fault, Killed
from tests.support.chain import Chain
from tests.support.functions import Reply, call
from tests.support.hooks import Receiver
from tests.support.orders import noop_order
from tests.support.screens import assert_problem

pytestmark = pytest.mark.usefixtures("on_this_machine")

SECRET = "whsec_" + base64.b64encode(b"a secret of this batch's own").decode()
SEQUENCE = "MKTAYIAKQRQISFVKSHFS"


def told(receiver: Receiver, **changes: Any) -> dict[str, Any]:
    """What an order says of it."""
    return {"webhook_url": receiver.url, "webhook_secret": SECRET, **changes}


def hooks(method: str, path: str = "", body: Any = None) -> Reply:
    """A request to the routes of webhooks."""
    return call("api", method, f"/api/v3/webhooks{path}", body)


def test_the_address_of_an_order_is_told_of_its_batch_and_of_no_other(
    chain: Chain, receiver: Receiver
) -> None:
    accepted = chain.submit(noop_order(8, **told(receiver, webhook_milestones=[50]))).body
    chain.submit(noop_order(3))
    chain.drain()
    assert sorted(receiver.types()) == ["batch.completed.v1", "batch.milestone.v1"]
    for it in receiver.received:
        assert it.is_signed(SECRET)
        assert it.content["data"]["batch_id"] == accepted["batch_id"]
    name = accepted["webhook_id"]
    assert chain.api(f"/api/v3/batches/{accepted['batch_id']}/status").body["webhook_id"] == name
    found = hooks("GET", f"/{name}").body
    assert (found["batch_id"], found["url"]) == (accepted["batch_id"], receiver.url)
    sent = hooks("GET", f"/{name}/deliveries").body["deliveries"]
    assert {it["state"] for it in sent} == {"delivered"}
    assert hooks("GET").body == {"webhooks": []}


def test_the_same_order_again_is_the_same_address_told_once(chain: Chain, receiver: Receiver) -> None:
    order = noop_order(2, **told(receiver))
    first = chain.submit(order, key="once").body
    chain.drain()
    again = chain.submit(order, key="once").body
    chain.drain()
    assert (again["batch_id"], again["webhook_id"]) == (first["batch_id"], first["webhook_id"])
    assert len(receiver.received) == 1
    elsewhere = order | {"webhook_url": f"{receiver.url}/elsewhere"}
    assert_problem(chain.submit(elsewhere, key="once"), 409)
    assert hooks("GET", f"/{first['webhook_id']}").body["url"] == receiver.url


@pytest.mark.parametrize("call_of", ["hooks.add_to_batch", "ledger.open"])
def test_a_submission_that_dies_around_it_is_finished_by_the_next(
    chain: Chain, receiver: Receiver, call_of: str
) -> None:
    order, died = noop_order(2, **told(receiver)), list[str]()

    def plan(number: int, name: str) -> Fault | None:
        if name != call_of or died:
            return None
        died.append(name)
        return Fault.KILL_AFTER

    chain.boundaries.plan = plan
    with pytest.raises(Killed):
        chain.submit(order, key="once")
    chain.restart()
    assert chain.submit(order, key="once").status == 202
    chain.drain()
    assert receiver.types() == ["batch.completed.v1"]


def test_without_a_secret_it_is_signed_as_the_webhook_at_that_host_is(
    chain: Chain, receiver: Receiver
) -> None:
    with Receiver() as other:
        hooks("POST", "", {"url": other.url, "events": ["job.failed"]})
        assert_problem(chain.submit(noop_order(2, webhook_url=receiver.url)), 422)
        registered = hooks("POST", "", {"url": receiver.url, "events": ["job.failed"]}).body
        accepted = chain.submit(noop_order(2, webhook_url=f"{receiver.url}/run-17")).body
        rotated = hooks("POST", f"/{registered['webhook_id']}/rotate-secret").body
        chain.drain()
    [it] = receiver.received
    assert it.path.endswith("/run-17")
    assert it.is_signed(registered["secret"])
    assert it.is_signed(rotated["secret"])
    assert hooks("GET", f"/{accepted['webhook_id']}").body["signed_as"] == registered["webhook_id"]


def test_one_whose_signer_is_gone_says_so_and_goes_on_with_a_secret_of_its_own(
    chain: Chain, receiver: Receiver
) -> None:
    registered = hooks("POST", "", {"url": receiver.url, "events": ["job.failed"]}).body
    name = chain.submit(noop_order(2, webhook_url=receiver.url)).body["webhook_id"]
    hooks("DELETE", f"/{registered['webhook_id']}")
    chain.drain()
    assert receiver.received == []
    [delivery] = hooks("GET", f"/{name}/deliveries").body["deliveries"]
    assert (
        f"{registered['webhook_id']}, with whose secret it is signed, is gone"
        in delivery["tries"][0]["error"]
    )
    own = hooks("POST", f"/{name}/rotate-secret").body
    chain.clock.advance(timedelta(minutes=1))
    chain.reconcile()
    chain.drain()
    [it] = receiver.received
    assert it.is_signed(own["secret"])
    assert own["signed_as"] is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:127.0.0.1]/x",
        "https://metadata.google.internal/x",
        "https://hooks.example.org\\@127.0.0.1/x",
    ],
)
def test_an_address_that_leads_inside_is_refused_at_every_door(chain: Chain, url: str) -> None:
    field: dict[str, Any] = {"webhook_url": url, "webhook_secret": SECRET}
    target = {"entities": [{"type": "protein", "chain_ids": ["A"], "value": SEQUENCE}]}
    screen = {"target": target, "molecules": [{"smiles": "CCO"}], "model": "noop"}
    task = {"protein_name": "p", "protein_sequence": SEQUENCE, "ligand_smiles": "CCO"}
    prediction = {
        "task_type": "protein_ligand_binding",
        "model_id": "noop",
        "job_name": "one",
        "input_data": task,
    }
    for reply in (
        chain.submit(noop_order(2, **field)),
        call(
            "submit", "POST", "/api/v3/batches/estimate", {"model_name": "noop", "ligands_count": 2} | field
        ),
        call("submit", "POST", "/api/v2/predict", prediction | field),
        call("api", "POST", "/v1/screens", screen | field),
    ):
        assert_problem(reply, 422)
        assert [it["path"] for it in reply.body["errors"]] == ["webhook_url"], reply.body
        assert SECRET not in reply.raw.decode()
    asked = {it: prediction[it] for it in ("model_id", "job_name", "input_data")} | field
    found = call("submit", "POST", "/api/v2/tasks/protein_ligand_binding/validate", asked).body
    assert [it["path"] for it in found["errors"]] == ["webhook_url"]
    assert chain.api("/api/v3/batches").body["batches"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"webhook_secret": "hunter2"}, "webhook_secret"),
        ({"webhook_secret": ""}, "webhook_secret"),
        ({"webhook_events": ["batch.started"]}, "webhook_events.0"),
        ({"webhook_milestones": [33]}, "webhook_milestones.0"),
        ({"webhook_url": None}, "webhook_secret"),
    ],
)
def test_what_is_wrong_with_it_is_named_and_not_quoted(
    chain: Chain, receiver: Receiver, changes: dict[str, Any], field: str
) -> None:
    reply = chain.submit(noop_order(2, **told(receiver, **changes)))
    assert_problem(reply, 422)
    assert field in [it["path"] for it in reply.body["errors"]]
    assert "hunter2" not in reply.raw.decode()
    assert SECRET not in reply.raw.decode()


def test_neither_secret_nor_address_stands_anywhere_but_at_its_endpoint(
    chain: Chain, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    url = f"{receiver.url}/key-5up3r"
    accepted = chain.submit(noop_order(2, **told(receiver, webhook_url=url)))
    chain.drain()
    batch = f"/api/v3/batches/{accepted.body['batch_id']}"
    shown = [accepted.raw, chain.api(f"{batch}/status").raw, chain.api(f"{batch}/results").raw]
    objects = settings.settings().home / "objects"
    kept = [path.read_bytes() for path in objects.rglob("*") if path.is_file()]
    assert len(kept) > 3
    for content in (*shown, *kept, caplog.text.encode()):
        assert b"5up3r" not in content
        assert SECRET.removeprefix("whsec_").encode() not in content
    state = [it.read_bytes() for it in settings.settings().home.glob("state.db*")]
    assert not any(SECRET.removeprefix("whsec_").encode() in content for content in state)


def test_it_goes_with_its_batch_and_a_repetition_has_none(chain: Chain, receiver: Receiver) -> None:
    accepted = chain.submit(noop_order(2, **told(receiver))).body
    chain.drain()
    again = call("submit", "POST", f"/api/v3/batches/replay/{accepted['batch_id']}", {}).body
    chain.drain()
    assert again["webhook_id"] is None
    assert len(receiver.received) == 1
    assert chain.api(f"/api/v3/batches/{accepted['batch_id']}", "DELETE").status == 200
    for _ in range(3):
        chain.clock.advance(timedelta(minutes=11))
        chain.reconcile()
        chain.drain()
    assert_problem(hooks("GET", f"/{accepted['webhook_id']}"), 404)


def test_that_of_another_is_not_found(
    chain: Chain, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = hooks("POST", "", {"url": receiver.url}).body
    name = chain.submit(noop_order(2, **told(receiver))).body["webhook_id"]
    monkeypatch.setenv("OMTX_OWNER", "mallory")
    settings.settings.cache_clear()
    wiring.access.cache_clear()
    for method, path in (("GET", f"/{name}"), ("DELETE", f"/{name}"), ("POST", f"/{name}/rotate-secret")):
        assert_problem(hooks(method, path), 404)
    reply = chain.submit(noop_order(2, webhook_url=registered["url"]))  # nobody signs as another does
    assert [it["path"] for it in reply.body["errors"]] == ["webhook_secret"]


def test_the_door_of_screens_and_a_prediction_take_it_too(chain: Chain, receiver: Receiver) -> None:
    target = {"entities": [{"type": "protein", "chain_ids": ["A"], "value": SEQUENCE}]}
    screen = {"target": target, "molecules": [{"smiles": "CCO"}, {"smiles": "CCN"}], "model": "noop"}
    assert call("api", "POST", "/v1/screens", screen | told(receiver)).status == 201
    task = {"protein_name": "p", "protein_sequence": SEQUENCE, "ligand_smiles": "CCO"}
    prediction = {
        "task_type": "protein_ligand_binding",
        "model_id": "noop",
        "job_name": "one",
        "input_data": task,
    }
    events = {"webhook_events": ["job.completed"]}
    reply = call("submit", "POST", "/api/v2/predict", prediction | told(receiver) | events)
    assert (reply.status, reply.body["webhook_id"][:5]) == (202, "hook_")
    chain.drain()
    assert sorted(receiver.types()) == ["batch.completed.v1", "job.completed.v1"]
    assert all(it.is_signed(SECRET) for it in receiver.received)
