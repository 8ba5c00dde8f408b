"""The topology table agrees with the code it describes."""

import ast
from pathlib import Path

import pytest

from shared.events import messages
from shared.topology import Function, topology

SERVICES = Path(__file__).resolve().parents[2] / "services"
TABLE = topology()
KINDS = {kind.topic: name for name, kind in vars(messages).items() if getattr(kind, "topic", None)}


def test_every_function_has_its_folder_and_every_folder_its_function() -> None:
    folders = {path.parent.name for path in SERVICES.glob("*/main.py")}
    assert set(TABLE.functions) == folders


@pytest.mark.parametrize(("name", "function"), TABLE.functions.items())
def test_the_entry_point_is_what_the_trigger_needs(name: str, function: Function) -> None:
    tree = ast.parse((SERVICES / name / "main.py").read_text())
    if function.interface == "asgi":
        made = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)]
        assert made == [f"{function.entry_point} = application()"]
        return
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in found] == [function.entry_point]
    subscription = function.subscription
    entry = f"receiving({KINDS[subscription.topic]})" if subscription else "answering"
    scheduled = ["trusted"] if function.schedule else []
    expected = ["functions_framework.http", entry, *scheduled]
    assert list(map(ast.unparse, found[0].decorator_list)) == expected


@pytest.mark.parametrize("name", TABLE.functions)
def test_an_entry_point_only_translates(name: str) -> None:
    assert len((SERVICES / name / "main.py").read_text().splitlines()) <= 40


def test_entry_points_have_unique_names_because_the_framework_registers_them_by_name() -> None:
    names = [function.entry_point for function in TABLE.functions.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("name", "function"), TABLE.functions.items())
def test_a_function_has_either_routes_or_a_subscription(name: str, function: Function) -> None:
    is_http = function.trigger == "http"
    assert bool(function.routes) == is_http
    assert (function.subscription is None) == is_http
    assert function.schedule is None or is_http


def test_no_topic_is_published_to_no_one() -> None:
    subscribed = TABLE.subscriptions()
    assert all(subscribed[topic] for topic in TABLE.topics), subscribed


def test_functions_publish_and_subscribe_to_real_topics_only() -> None:
    named = {topic for function in TABLE.functions.values() for topic in function.publishes}
    named |= {it.subscription.topic for it in TABLE.functions.values() if it.subscription}
    assert named == set(TABLE.topics)


def test_every_topic_has_one_kind_of_message() -> None:
    kinds = [kind.topic for kind in vars(messages).values() if isinstance(getattr(kind, "topic", None), str)]
    assert sorted(set(kinds)) == sorted(TABLE.topics)


def test_no_two_functions_own_the_same_route() -> None:
    routes = [(route.method, route.path) for it in TABLE.functions.values() for route in it.routes]
    assert len(set(routes)) == len(routes)


@pytest.mark.parametrize(("name", "function"), TABLE.functions.items())
def test_a_message_is_not_sent_again_while_its_function_may_still_run(name: str, function: Function) -> None:
    if function.subscription is None:
        return
    default = TABLE.subscription_defaults.ack_deadline_seconds
    assert function.timeout_seconds <= (function.subscription.ack_deadline_seconds or default)


@pytest.mark.parametrize(("name", "function"), TABLE.functions.items())
def test_who_signs_urls_opens_their_key_and_nobody_else_does(name: str, function: Function) -> None:
    assert ("sign" in function.opens.objects) == ("urls" in function.opens.secrets)


def test_what_a_schedule_calls_is_not_for_the_public() -> None:
    assert set(TABLE.public()) == {"submit", "webhook", "api"}


@pytest.mark.parametrize(("name", "function"), TABLE.functions.items())
def test_what_a_function_opens_in_the_cloud_is_among_its_requirements(name: str, function: Function) -> None:
    opens = function.opens
    needed = {"opentelemetry-exporter-otlp-proto-http", "opentelemetry-sdk"}  # every step is traced
    needed |= {"google-cloud-firestore"} if opens.ledger else set()
    needed |= {"google-cloud-storage"} if opens.objects else set()
    # The token of an engine and the login of an MSA server are secrets as well.
    needed |= {"google-cloud-secret-manager"} if opens.secrets or opens.engine or opens.msa_server else set()
    needed |= {"google-cloud-pubsub"} if function.publishes or opens.dead_letters else set()
    needed |= {"redis", "google-auth", "requests"} if opens.redis else set()
    pinned = (SERVICES / name / "requirements.txt").read_text()
    assert {it for it in needed if f"\n{it}==" not in pinned} == set()
