"""Webhooks of users: exactly what happened is told, signed, tried again, and to nobody else."""

import base64
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared import settings, wiring
from shared.events.messages import NoticeDue
from tests.support.boundaries import Fault, Killed
from tests.support.chain import Chain
from tests.support.functions import Reply, call
from tests.support.hooks import Receiver
from tests.support.orders import noop_order
from tests.support.screens import assert_problem

pytestmark = pytest.mark.usefixtures("on_this_machine")

ROOT = "/api/v3/webhooks"
DAY = timedelta(days=1)


def ask(method: str, path: str = "", body: Any = None) -> Reply:
    """A request to the routes of webhooks."""
    return call("api", method, ROOT + path, body)


def registered(receiver: Receiver, **wanted: Any) -> dict[str, Any]:
    """An endpoint at the receiver."""
    reply = ask("POST", "", {"url": receiver.url, **wanted})
    assert reply.status == 201, reply.body
    found: dict[str, Any] = reply.body
    return found


def screened(chain: Chain, ligands: int = 4, **changes: Any) -> str:
    """A screen from its order to its end."""
    batch_id: str = chain.submit(noop_order(ligands, **changes)).body["batch_id"]
    chain.drain()
    return batch_id


def log_of(webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """What was sent to an endpoint, newest first."""
    found: list[dict[str, Any]] = ask("GET", f"/{webhook['webhook_id']}/deliveries").body["deliveries"]
    return found


def go_on(chain: Chain, span: timedelta) -> None:
    """Let time pass, and what is due then be done."""
    chain.clock.advance(span)
    chain.reconcile()
    while chain.step():
        pass


def test_an_endpoint_is_told_of_the_end_and_of_the_milestones_it_chose_once_each(
    chain: Chain, receiver: Receiver
) -> None:
    webhook = registered(receiver, milestones=[50, 100])
    batch_id = screened(chain, 8, invalid=1)
    for it in receiver.received:
        assert it.is_signed(webhook["secret"])
        assert it.headers["content-type"] == "application/json"
    assert sorted(receiver.types()) == ["batch.completed.v1", "batch.milestone.v1", "batch.milestone.v1"]
    assert len(receiver.received) == 3
    told = [it.content["data"] for it in receiver.received]
    assert sorted(it["threshold"] for it in told if "threshold" in it) == [50, 100]
    [end] = [it for it in told if "status" in it]
    assert (end["batch_id"], end["status"], end["round"]) == (batch_id, "completed", 0)
    assert end["accounting"]["completed"] == 8
    assert end["accounting_sentence"].startswith("submitted 9 = 8 completed + 0 failed + 1 invalid")
    assert chain.api(urlsplit(end["links"]["status"]).path).status == 200
    assert {it["state"] for it in log_of(webhook)} == {"delivered"}


def test_the_end_that_is_told_is_the_one_that_came(chain: Chain, receiver: Receiver) -> None:
    registered(receiver)
    screened(chain, parameters={"failure_rate": 1.0}, configuration={"retry_failed_jobs": False})
    batch_id = chain.submit(noop_order(3)).body["batch_id"]
    chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    chain.reconcile()
    chain.drain()
    assert receiver.types() == ["batch.failed.v1", "batch.cancelled.v1"]


def test_a_retry_of_what_failed_has_an_end_of_its_own(chain: Chain, receiver: Receiver) -> None:
    registered(receiver, milestones=[100])
    batch_id = screened(
        chain, 4, parameters={"failure_rate": 0.5}, configuration={"retry_failed_jobs": False}, seed=3
    )
    assert chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST").status == 200
    chain.reconcile()
    chain.drain()
    rounds = [it.content["data"]["round"] for it in receiver.received if "round" in it.content["data"]]
    assert rounds == [0, 1]
    assert receiver.types().count("batch.milestone.v1") == 1


def test_of_a_single_prediction_its_job_may_be_told_and_no_milestones(
    chain: Chain, receiver: Receiver
) -> None:
    registered(receiver, events=["job.completed", "job.failed", "batch.milestone"])
    batch_id = screened(chain, 1)
    [it] = receiver.received
    assert it.content["type"] == "job.completed.v1"
    assert it.content["data"]["batch_id"] == batch_id
    screened(chain, 2)
    assert receiver.types().count("job.completed.v1") == 1


def test_what_happened_before_an_endpoint_was_there_or_listened_is_not_told(
    chain: Chain, receiver: Receiver
) -> None:
    screened(chain)
    webhook = registered(receiver, milestones=[10])
    slowly = {"max_concurrent_jobs": 1}
    batch_id = chain.submit(noop_order(8, configuration=slowly)).body["batch_id"]
    while not chain.ledger.milestones(batch_id):
        chain.step()
    chain.clock.advance(timedelta(seconds=1))
    ask("PATCH", f"/{webhook['webhook_id']}", {"milestones": [10, 25, 100]})
    told = [it.threshold for it in chain.ledger.milestones(batch_id)]
    chain.drain()
    thresholds = [it.content["data"].get("threshold") for it in receiver.received]
    assert told == [10]
    assert [it for it in thresholds if it] == [10, 25, 100]


def test_an_owner_without_endpoints_costs_a_bounded_number_of_looks_and_no_write(chain: Chain) -> None:
    screened(chain, 200)
    of_hooks = [it for it in chain.boundaries.met if it[1].startswith("hooks.") and it[0] != "reconcile"]
    assert {name for _, name in of_hooks} == {"hooks.endpoints"}
    assert len(of_hooks) <= 11
    assert not [it for it in chain.boundaries.met if it[0] == "notify"]


def test_a_failed_try_is_made_again_by_the_schedule_under_the_same_id(
    chain: Chain, receiver: Receiver
) -> None:
    webhook = registered(receiver)
    receiver.answers[:] = [500, 503]
    screened(chain)
    assert len(receiver.received) == 1
    go_on(chain, timedelta(seconds=4))
    assert len(receiver.received) == 1
    go_on(chain, timedelta(seconds=2))
    assert len(receiver.received) == 2
    go_on(chain, timedelta(minutes=4))
    assert len(receiver.received) == 2
    go_on(chain, timedelta(minutes=2))
    assert len({it.id for it in receiver.received}) == 1
    assert len({it.body for it in receiver.received}) == 1
    assert all(it.is_signed(webhook["secret"]) for it in receiver.received)
    [delivery] = log_of(webhook)
    assert [it["status"] for it in delivery["tries"]] == [500, 503, 200]
    assert (delivery["state"], delivery["next_try_at"]) == ("delivered", None)
    assert delivery["tries"][0]["answer"] == "taken"
    go_on(chain, DAY)
    assert len(receiver.received) == 3
    assert ask("GET", f"/{webhook['webhook_id']}").body["failing_since"] is None


def test_what_never_arrives_is_given_up_after_ten_tries_and_can_be_sent_again(
    chain: Chain, receiver: Receiver
) -> None:
    webhook = registered(receiver)
    receiver.answers[:] = [500] * 10
    screened(chain)
    waits = list[float]()
    while (at := log_of(webhook)[0]["next_try_at"]) is not None:
        wait = datetime.fromisoformat(at) - chain.clock.now()
        waits.append(wait.total_seconds())
        go_on(chain, wait)
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    [delivery] = log_of(webhook)
    assert (delivery["state"], delivery["tries_made"]) == ("failed", 10)
    assert ask("GET", f"/{webhook['webhook_id']}").body["enabled"]
    again = f"/deliveries/{delivery['delivery_id']}/redeliver"
    assert ask("POST", again).status == 202
    assert chain.step()
    assert log_of(webhook)[0]["state"] == "delivered"
    assert len({it.id for it in receiver.received}) == 1


def test_an_endpoint_at_which_everything_fails_for_days_is_disabled(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver)
    receiver.answers[:] = [500] * 6
    screened(chain)
    for _ in range(12):
        go_on(chain, DAY)
    [delivery] = log_of(webhook)
    assert (delivery["state"], delivery["tries_made"]) == ("failed", 6)
    found = ask("GET", f"/{webhook['webhook_id']}").body
    assert not found["enabled"]
    assert found["why_disabled"].startswith("every call has failed since 2026-01-0")
    again = f"/deliveries/{delivery['delivery_id']}/redeliver"
    assert_problem(ask("POST", again), 409)
    assert ask("PATCH", f"/{webhook['webhook_id']}", {"enabled": True}).body["why_disabled"] is None
    assert ask("POST", again).status == 202
    assert chain.step()
    assert log_of(webhook)[0]["state"] == "delivered"
    assert len({it.id for it in receiver.received}) == 1


def test_an_endpoint_that_is_gone_is_disabled_at_once(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver, milestones=[50, 100])
    receiver.answers[:] = [410] * 9
    screened(chain)
    assert len(receiver.received) == 1
    found = ask("GET", f"/{webhook['webhook_id']}").body
    assert (found["enabled"], found["why_disabled"]) == (False, "it answered 410 Gone")
    assert {it["state"] for it in log_of(webhook)} == {"failed"}
    screened(chain)
    go_on(chain, DAY)
    assert len(receiver.received) == 1


def test_one_success_forgives_an_endpoint(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver)
    for _ in range(3):
        receiver.answers[:] = [500]
        screened(chain)
        go_on(chain, 3 * DAY)
    found = ask("GET", f"/{webhook['webhook_id']}").body
    assert (found["enabled"], found["failing_since"]) == (True, None)


def test_a_redirect_is_not_followed(chain: Chain, receiver: Receiver) -> None:
    with Receiver() as secret_place:
        webhook = registered(receiver)
        receiver.answers[:] = [307]
        receiver.location = secret_place.url
        screened(chain)
        assert secret_place.received == []
    [delivery] = log_of(webhook)
    assert delivery["tries"][0]["status"] == 307
    assert "redirects are not followed" in delivery["tries"][0]["error"]
    assert delivery["state"] == "pending"


def test_a_test_is_sent_and_says_so(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver)
    reply = ask("POST", f"/{webhook['webhook_id']}/test")
    assert (reply.status, reply.body["state"]) == (202, "pending")
    assert chain.step()
    [it] = receiver.received
    assert it.is_signed(webhook["secret"])
    assert it.content["type"] == "test.ping.v1"
    shown = ask("GET", f"/deliveries/{reply.body['delivery_id']}").body
    assert (shown["state"], shown["body"]) == ("delivered", it.body.decode())


def test_a_message_that_comes_twice_or_twice_at_once_is_sent_once(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver)
    name = ask("POST", f"/{webhook['webhook_id']}/test").body["delivery_id"]
    wiring.bus().publish([NoticeDue(delivery_id=name)] * 3)
    held = chain.leased()
    assert len(held) == 4

    def another_comes_between() -> None:
        if held and chain.boundaries.met[-1] == ("notify", "hooks.change_delivery"):
            chain.deliver(held.pop())

    chain.boundaries.between = another_comes_between
    chain.deliver(held.pop())
    while held:
        chain.deliver(held.pop())
    assert len(receiver.received) == 1


@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER])
def test_a_function_that_dies_in_a_call_loses_no_message(
    chain: Chain, receiver: Receiver, fault: Fault
) -> None:
    webhook = registered(receiver)
    ask("POST", f"/{webhook['webhook_id']}/test")
    changes = iter([None, fault])  # the claim; then the end of the try

    def plan(number: int, name: str) -> Fault | None:
        is_change = chain.boundaries.where == "notify" and name == "hooks.change_delivery"
        return next(changes, None) if is_change else None

    chain.boundaries.plan = plan
    with pytest.raises(Killed):
        chain.step()
    chain.restart()
    go_on(chain, timedelta(minutes=2))
    assert log_of(webhook)[0]["state"] == "delivered"
    assert len({it.id for it in receiver.received}) == 1
    assert len(receiver.received) == (2 if fault is Fault.KILL_BEFORE else 1)


def test_of_a_deleted_batch_nothing_is_told_any_more_and_nothing_is_kept(
    chain: Chain, receiver: Receiver
) -> None:
    webhook = registered(receiver)
    receiver.answers[:] = [500]
    batch_id = screened(chain)
    assert chain.api(f"/api/v3/batches/{batch_id}", "DELETE").status == 200
    for _ in range(3):
        go_on(chain, timedelta(minutes=11))
    assert len(receiver.received) == 1
    assert log_of(webhook) == []


def test_what_was_told_can_be_looked_up_for_thirty_days(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver)
    screened(chain)
    go_on(chain, 29 * DAY)
    assert len(log_of(webhook)) == 1
    go_on(chain, 2 * DAY)
    assert log_of(webhook) == []


def test_a_secret_is_shown_once_and_stands_nowhere_in_clear(
    chain: Chain, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    webhook = registered(receiver)
    rotated = ask("POST", f"/{webhook['webhook_id']}/rotate-secret").body
    screened(chain)
    assert webhook["secret"] != rotated["secret"]
    shown = [ask("GET").raw, ask("GET", f"/{webhook['webhook_id']}").raw]
    home = settings.settings().home
    kept = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    for secret in (webhook["secret"], rotated["secret"]):
        raw = base64.b64decode(secret.removeprefix("whsec_"))
        for content in (*shown, *kept, caplog.text.encode()):
            assert secret.removeprefix("whsec_").encode() not in content
            assert raw not in content


def test_for_a_day_messages_carry_the_signatures_of_both_secrets(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver)
    name = webhook["webhook_id"]
    rotated = ask("POST", f"/{name}/rotate-secret").body
    for expected in (True, False):
        ask("POST", f"/{name}/test")
        chain.step()
        it = receiver.received[-1]
        assert it.is_signed(rotated["secret"])
        assert it.is_signed(webhook["secret"]) is expected
        assert (ask("GET", f"/{name}").body["old_secret_until"] is not None) is expected
        chain.clock.advance(DAY)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fd00::1]/x",
        "https://user:word@hooks.example.org/x",
        "https://hooks.example.org:22/x",
        "https://metadata.google.internal/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://printer/x",
        "ftp://hooks.example.org/x",
        "https://hooks.example.org\\@127.0.0.1/x",
        "https://hooks.example.org/a b",
        "https://",
        "https://hooks.example.org:99999/x",
        "https://[::1/x",
    ],
)
def test_a_url_that_leads_inside_is_refused_by_name_of_the_field(chain: Chain, url: str) -> None:
    reply = ask("POST", "", {"url": url})
    assert_problem(reply, 422)
    assert [it["path"] for it in reply.body["errors"]] == ["url"]
    assert ask("GET").body == {"webhooks": []}


def test_this_machine_is_not_called_unless_that_was_asked_for(
    chain: Chain, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = registered(receiver)
    monkeypatch.setenv("OMTX_WEBHOOK_LOOPBACK", "0")
    assert_problem(ask("POST", "", {"url": receiver.url}), 422)
    assert_problem(
        ask("PATCH", f"/{webhook['webhook_id']}", {"url": f"https://127.0.0.1:{receiver.port}"}), 422
    )
    ask("POST", f"/{webhook['webhook_id']}/test")
    chain.step()
    assert receiver.received == []
    assert "https://" in log_of(webhook)[0]["tries"][0]["error"]


def test_endpoints_of_others_are_not_found(
    chain: Chain, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = registered(receiver)
    ask("POST", f"/{webhook['webhook_id']}/test")
    delivery = log_of(webhook)[0]["delivery_id"]
    monkeypatch.setenv("OMTX_OWNER", "mallory")
    settings.settings.cache_clear()
    wiring.access.cache_clear()
    assert ask("GET").body == {"webhooks": []}
    name = webhook["webhook_id"]
    for method, path in (
        ("GET", f"/{name}"),
        ("PATCH", f"/{name}"),
        ("DELETE", f"/{name}"),
        ("POST", f"/{name}/test"),
        ("POST", f"/{name}/rotate-secret"),
        ("GET", f"/{name}/deliveries"),
        ("GET", f"/deliveries/{delivery}"),
        ("POST", f"/deliveries/{delivery}/redeliver"),
    ):
        reply = ask(method, path, {} if method == "PATCH" else None)
        assert_problem(reply, 404)
    screened(chain)
    assert [it.type for it in wiring.hooks().deliveries(name, limit=9)] == ["test.ping.v1"]


def test_there_are_only_so_many_endpoints(chain: Chain, receiver: Receiver) -> None:
    for _ in range(20):
        registered(receiver)
    assert_problem(ask("POST", "", {"url": receiver.url}), 409)
    assert len(ask("GET").body["webhooks"]) == 20


def test_a_deleted_endpoint_is_not_called(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver)
    ask("POST", f"/{webhook['webhook_id']}/test")
    assert ask("DELETE", f"/{webhook['webhook_id']}").status == 200
    assert chain.step()
    go_on(chain, timedelta(hours=1))
    assert receiver.received == []
    assert_problem(ask("GET", f"/{webhook['webhook_id']}"), 404)


def test_the_paths_of_the_older_system_do_the_same(chain: Chain, receiver: Receiver) -> None:
    old = "/api/v1/webhooks"
    secret = "whsec_" + base64.b64encode(b"a secret of the user's own").decode()
    body = {"url": receiver.url, "secret": secret, "events": ["batch.completed"], "retry_count": 3}
    reply = call("api", "POST", f"{old}/register", body)
    assert (reply.status, reply.body["secret"]) == (201, secret)
    name = reply.body["webhook_id"]
    assert [it["webhook_id"] for it in call("api", "GET", f"{old}/list").body["webhooks"]] == [name]
    assert len(call("api", "GET", f"{old}/events").body["events"]) == 6
    assert call("api", "POST", f"{old}/test/{name}").status == 202
    chain.step()
    assert receiver.received[0].is_signed(secret)
    assert call("api", "POST", f"{old}/{name}/toggle").body["enabled"] is False
    assert call("api", "POST", f"{old}/{name}/toggle").body["enabled"] is True
    assert call("api", "GET", f"{old}/{name}").body["url"] == receiver.url
    assert call("api", "DELETE", f"{old}/{name}").status == 200
    weak = call("api", "POST", f"{old}/register", {"url": receiver.url, "secret": "hunter2"})
    assert_problem(weak, 422)


def test_pages_of_the_log_go_on_where_they_ended(chain: Chain, receiver: Receiver) -> None:
    webhook = registered(receiver)
    path = f"/{webhook['webhook_id']}"
    for _ in range(3):
        ask("POST", f"{path}/test")
    first = ask("GET", f"{path}/deliveries?limit=2").body
    rest = ask("GET", f"{path}/deliveries?limit=2&after={first['pagination']['next_after']}").body
    names = [it["delivery_id"] for it in first["deliveries"] + rest["deliveries"]]
    assert len(set(names)) == 3
    assert (first["pagination"]["has_more"], rest["pagination"]["has_more"]) == (True, False)
