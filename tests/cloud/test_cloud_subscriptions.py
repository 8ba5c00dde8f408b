"""Topics and subscriptions from the table: what is asked for, and what an emulator makes of it."""

import pytest

from local.cloud.subscriptions import Identity, Names, Plan, make, plan
from shared.topology import topology
from tests.cloud.conftest import Topics
from tests.cloud.listening import listening
from tests.local.running import until

NAMES = Names("a-project", "hub")
EVENT_FUNCTIONS = {name: it for name, it in topology().functions.items() if it.subscription}


def bases(url: str) -> dict[str, str]:
    """Every function at one address."""
    return dict.fromkeys(EVENT_FUNCTIONS, url)


def pushed(url: str, names: Names = NAMES, identity: Identity | None = None) -> Plan:
    """Push subscriptions for all."""
    return plan(topology(), names, bases=bases(url), identity=identity)


def test_every_event_function_has_a_subscription_with_dead_letters() -> None:
    wanted = pushed("https://example.test/")
    by_name = {request.name: request for request in wanted.subscriptions}
    defaults = topology().subscription_defaults
    for it in EVENT_FUNCTIONS.values():
        assert it.subscription is not None
        request = by_name.pop(f"projects/a-project/subscriptions/hub-{it.subscription.name}")
        assert request.topic == f"projects/a-project/topics/hub-{it.subscription.topic}"
        assert request.push_config.push_endpoint == f"https://example.test/{request.topic}"
        assert request.dead_letter_policy.dead_letter_topic == "projects/a-project/topics/hub-dead-letters"
        assert request.dead_letter_policy.max_delivery_attempts == defaults.max_delivery_attempts
        assert request.retry_policy.minimum_backoff.total_seconds() == defaults.min_backoff_seconds
        assert request.retry_policy.maximum_backoff.total_seconds() == defaults.max_backoff_seconds
        assert not request.enable_message_ordering
    assert [request.push_config.push_endpoint for request in by_name.values()] == [""]
    assert {request.topic for request in wanted.subscriptions} <= set(wanted.topics)
    assert len(wanted.topics) == len(topology().topics) + 1


def test_a_function_has_its_own_deadline_where_the_table_gives_one() -> None:
    deadlines = {
        it.name.rpartition("/")[2]: it.ack_deadline_seconds for it in pushed("http://x").subscriptions
    }
    assert (deadlines["hub-aggregate-batch-finished"], deadlines["hub-dispatch-job-queued"]) == (600, 60)


def test_no_subscription_expires_because_nothing_came() -> None:
    assert all("expiration_policy" in request for request in pushed("http://x").subscriptions)


def test_deliveries_carry_a_token_if_there_is_an_identity() -> None:
    identity = Identity("push@a-project.iam.gserviceaccount.com", "https://audience.test")
    tokens = [it.push_config.oidc_token for it in pushed("http://x", identity=identity).subscriptions[1:]]
    assert {(it.service_account_email, it.audience) for it in tokens} == {
        (identity.service_account, identity.audience)
    }
    assert not any("oidc_token" in it.push_config for it in pushed("http://x").subscriptions)


def test_a_function_without_an_address_is_pulled_from() -> None:
    wanted = plan(topology(), NAMES, bases={"dispatch": "http://x"})
    pushed_to = {it.name.rpartition("-")[2] for it in wanted.subscriptions if it.push_config.push_endpoint}
    assert len(wanted.subscriptions) == len(EVENT_FUNCTIONS) + 1
    assert len(pushed_to) == 1


@pytest.mark.gcp
def test_making_them_again_changes_only_what_is_different(topics: Topics) -> None:
    for url in ("http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:2"):
        make(pushed(url, topics.names), topics.publisher, topics.subscriber)
    project = f"projects/{topics.names.project}"
    found = {it.name: it for it in topics.subscriber.list_subscriptions(project=project)}
    wanted = pushed("http://127.0.0.1:2", topics.names).subscriptions
    assert {it.name for it in wanted} == set(found)
    for request in wanted:
        made = found[request.name]
        assert made.push_config.push_endpoint == request.push_config.push_endpoint
        assert made.ack_deadline_seconds == request.ack_deadline_seconds
        assert made.retry_policy == request.retry_policy
        assert made.dead_letter_policy == request.dead_letter_policy


@pytest.mark.gcp
def test_a_message_is_pushed_to_the_path_of_its_topic(topics: Topics) -> None:
    with listening() as listener:
        make(pushed(listener.url, topics.names), topics.publisher, topics.subscriber)
        topics.publish("one")
        until(lambda: len(listener.posted) == 1)
        [posted] = listener.posted
    assert posted.path == f"/{topics.names.topic('job-queued')}"
    assert posted.body["subscription"] == topics.names.subscription("dispatch-job-queued")
    assert posted.text == "one"
