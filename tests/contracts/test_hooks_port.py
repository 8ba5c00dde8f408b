"""``Hooks``: endpoints changed conditionally, deliveries kept once, found when due, and forgotten."""

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import NotFound
from shared.models.hooks import Delivery, DeliveryState, Endpoint
from shared.ports.hooks import Hooks
from tests.support.crowd import at_once
from tests.support.facts import at
from tests.support.hooks import a_delivery, an_endpoint
from tests.support.world import NOON


def owner() -> str:
    """One that no other test has."""
    return an_endpoint().id


def added(hooks: Hooks, **changes: Any) -> Endpoint:
    """An endpoint that is kept."""
    endpoint = an_endpoint(**{"owner": owner(), **changes})
    assert hooks.add(endpoint, most=9)
    return endpoint


def noted(hooks: Hooks, endpoint: Endpoint, seconds: float = 0, **changes: Any) -> Delivery:
    """A delivery that is kept."""
    delivery = a_delivery(endpoint, at=at(seconds), **changes)
    assert hooks.note([delivery]) == [delivery]
    return delivery


def test_an_endpoint_is_found_by_id_and_among_those_of_its_owner(hooks: Hooks) -> None:
    mine = owner()
    later, first = (added(hooks, owner=mine, created_at=at(second)) for second in (2, 1))
    added(hooks)
    assert hooks.endpoint(first.id) == first
    assert hooks.endpoints(mine, limit=9) == [first, later]
    assert len(hooks.endpoints(mine, limit=1)) == 1
    assert hooks.endpoints(owner(), limit=9) == []


def test_an_owner_has_no_more_endpoints_than_allowed(hooks: Hooks) -> None:
    mine = owner()
    added(hooks, owner=mine)
    assert not hooks.add(an_endpoint(mine), most=1)
    assert hooks.add(an_endpoint(owner()), most=1)
    assert len(hooks.endpoints(mine, limit=9)) == 1


@pytest.mark.parametrize("name", ["hook_" + "0" * 24, "../batches", "", "hook_%2e", "msg_" + "f" * 24])
def test_what_is_not_there_is_not_found(hooks: Hooks, name: str) -> None:
    with pytest.raises(NotFound):
        hooks.endpoint(name)
    with pytest.raises(NotFound):
        hooks.delivery(name)


def test_an_endpoint_is_changed_as_is_decided_and_not_where_nothing_is(hooks: Hooks) -> None:
    endpoint = added(hooks)
    quiet = endpoint.model_copy(update={"enabled": False})
    assert hooks.change_endpoint(endpoint.id, lambda it: quiet if it == endpoint else None) == quiet
    assert hooks.change_endpoint(endpoint.id, lambda it: None) is None
    assert hooks.change_endpoint("hook_" + "0" * 24, lambda it: it) is None
    assert hooks.endpoint(endpoint.id) == quiet


def test_of_racing_changes_none_is_lost(hooks: Hooks) -> None:
    endpoint = added(hooks)

    def longer(it: Endpoint) -> Endpoint:
        return it.model_copy(update={"description": it.description + "x"})

    at_once(lambda n: hooks.change_endpoint(endpoint.id, longer), range(8))
    assert hooks.endpoint(endpoint.id).description == "x" * 8


def test_a_removed_endpoint_is_gone_and_removing_it_again_is_no_mistake(hooks: Hooks) -> None:
    endpoint = added(hooks)
    for _ in range(2):
        hooks.remove(endpoint.id)
    assert hooks.endpoints(endpoint.owner, limit=9) == []


def test_a_delivery_is_kept_once_whoever_notes_it_again(hooks: Hooks) -> None:
    endpoint = added(hooks)
    first, second = (a_delivery(endpoint) for _ in range(2))
    assert hooks.note([]) == []
    assert hooks.note([first]) == [first]
    assert hooks.note([first, second]) == [second]
    other = first.model_copy(update={"body": "other"})
    assert hooks.note([other]) == []
    assert hooks.delivery(first.id) == first


def test_of_a_crowd_that_notes_the_same_one_keeps_each(hooks: Hooks) -> None:
    endpoint = added(hooks)
    deliveries = [a_delivery(endpoint) for _ in range(4)]
    kept = at_once(lambda n: hooks.note(deliveries), range(6))
    assert sorted(it.id for those in kept for it in those) == sorted(it.id for it in deliveries)


def test_deliveries_are_listed_newest_first_page_by_page(hooks: Hooks) -> None:
    endpoint = added(hooks)
    made = [noted(hooks, endpoint, second) for second in (1, 2, 2, 3)]
    noted(hooks, added(hooks))
    found = hooks.deliveries(endpoint.id, limit=9)
    assert sorted(found, key=lambda it: (it.created_at, it.id), reverse=True) == found
    assert {it.id for it in found} == {it.id for it in made}
    first = hooks.deliveries(endpoint.id, limit=2)
    assert first + hooks.deliveries(endpoint.id, limit=9, after=first[-1].id) == found
    assert hooks.deliveries(endpoint.id, limit=9, after="msg_" + "0" * 24) == []


def test_a_delivery_is_due_when_its_time_has_come_and_not_when_it_is_over(hooks: Hooks) -> None:
    endpoint = added(hooks)
    late, early = noted(hooks, endpoint, 2), noted(hooks, endpoint, 1)
    mine = {late.id, early.id}
    assert early.due_at is not None
    assert [it.id for it in hooks.due(early.due_at, limit=99) if it.id in mine] == [early.id]
    assert [it.id for it in hooks.due(at(99), limit=99) if it.id in mine] == [early.id, late.id]
    over = early.model_copy(update={"due_at": None, "state": DeliveryState.DELIVERED})
    assert hooks.change_delivery(early.id, lambda it: over) == over
    moved = late.model_copy(update={"due_at": at(500)})
    assert hooks.change_delivery(late.id, lambda it: moved) == moved
    assert [it.id for it in hooks.due(at(99), limit=99) if it.id in mine] == []
    assert hooks.change_delivery("msg_" + "0" * 24, lambda it: it) is None


def test_of_a_crowd_that_takes_a_delivery_one_gets_it(hooks: Hooks) -> None:
    delivery = noted(hooks, added(hooks))

    def taken(it: Delivery) -> Delivery | None:
        return it.model_copy(update={"made": 1}) if it.made == 0 else None

    got = at_once(lambda n: hooks.change_delivery(delivery.id, taken), range(8))
    assert len([it for it in got if it is not None]) == 1


def test_what_was_to_be_told_of_a_batch_is_forgotten_in_portions(hooks: Hooks) -> None:
    endpoint = added(hooks)
    batch = f"batch_{endpoint.id}"
    about = [noted(hooks, endpoint, batch_id=batch) for _ in range(3)]
    other = noted(hooks, endpoint, batch_id="batch_other")
    assert not hooks.forget_batch(batch, limit=2)
    assert hooks.forget_batch(batch, limit=2)
    assert hooks.deliveries(endpoint.id, limit=9) == [other]
    assert len(about) == 3


def test_what_is_old_is_forgotten_and_the_rest_is_not(hooks: Hooks) -> None:
    endpoint = added(hooks)
    for days in (50, 49):
        noted(hooks, endpoint, -days * 86400)
    young = noted(hooks, endpoint)
    before = NOON - timedelta(days=48)
    assert hooks.forget_before(before, limit=1) == 1
    assert hooks.forget_before(before, limit=9) == 1
    assert hooks.forget_before(before, limit=9) == 0
    assert hooks.deliveries(endpoint.id, limit=9) == [young]


def test_the_endpoint_of_a_batch_is_kept_once_apart_from_those_of_its_owner_and_goes_with_it(
    hooks: Hooks,
) -> None:
    mine, batch = owner(), f"batch_{owner().removeprefix('hook_')}"
    own = an_endpoint(mine, batch_id=batch)
    hooks.add_to_batch(own)
    hooks.add_to_batch(own.model_copy(update={"url": "https://hooks.example.org/other"}))
    assert hooks.endpoint(own.id) == own
    assert hooks.endpoints(mine, limit=9) == []
    assert hooks.add(an_endpoint(mine), most=1)
    changed = own.model_copy(update={"enabled": False})
    assert hooks.change_endpoint(own.id, lambda it: changed) == changed
    assert hooks.forget_batch("batch_" + "0" * 24, limit=9)
    assert hooks.endpoint(own.id) == changed
    assert hooks.forget_batch(batch, limit=9)
    with pytest.raises(NotFound):
        hooks.endpoint(own.id)
