"""Dead letters through the API: found, shown with their message, sent again, put aside."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.events.messages import BatchFinished, JobQueued
from tests.support.chain import Chain
from tests.support.facts import a_batch, ref
from tests.support.functions import Reply, call
from tests.support.screens import assert_problem, finished, opened, paths, status, waiting

STRANGER = a_batch()
ROOT = "/api/v3/dead-letters"


def post(path: str, body: Any = None) -> Reply:
    """A request that changes something."""
    return call("api", "POST", f"{ROOT}/{path}", body)


def listed(chain: Chain, query: str = "") -> list[dict[str, Any]]:
    """The letters of the first page."""
    found: list[dict[str, Any]] = chain.api(f"{ROOT}{query}").body["dead_letters"]
    return found


def lost_batch(chain: Chain, *, letters: int = 1) -> list[dict[str, Any]]:
    """Messages about ligands that there are not, delivered and parked."""
    wiring.local_bus().publish([JobQueued(ref=ref(STRANGER, n)) for n in range(letters)])
    chain.step()
    return listed(chain, "?limit=200")


def test_where_nothing_failed_there_are_none(chain: Chain) -> None:
    finished(chain, 2)
    assert chain.api(ROOT).body == {
        "dead_letters": [],
        "open": 0,
        "pagination": {"limit": 50, "has_more": False, "next_after": None},
    }


def test_a_letter_says_what_it_was_about_and_why_it_was_given_up(chain: Chain) -> None:
    [letter] = lost_batch(chain)
    assert (letter["batch_id"], letter["job_id"]) == (STRANGER.batch_id, ref(STRANGER).job_id)
    assert (letter["attempt"], letter["topic"], letter["times"]) == (1, "job-queued", 1)
    assert letter["subscription"] == "dispatch-job-queued"
    assert letter["reason"] == f"NotFound: no batch {STRANGER.batch_id}"
    assert letter["parked_at"] == chain.clock.now().isoformat()
    shown = chain.api(f"{ROOT}/{letter['id']}").body
    assert shown["message"]["ref"]["batch_id"] == STRANGER.batch_id
    assert json.loads(shown["text"]) == shown["message"]


def test_letters_are_paged_newest_first(chain: Chain) -> None:
    every = lost_batch(chain, letters=5)
    first = chain.api(f"{ROOT}?limit=2").body
    assert first["pagination"] == {"limit": 2, "has_more": True, "next_after": every[1]["id"]}
    assert first["open"] == 5
    assert first["dead_letters"] + listed(chain, f"?after={every[1]['id']}") == every


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "state=gone"])
def test_a_wrong_query_names_the_parameter(chain: Chain, query: str) -> None:
    assert paths(chain.api(f"{ROOT}?{query}")) == [query.split("=")[0]]


def test_an_unknown_letter_is_not_found(chain: Chain) -> None:
    assert_problem(chain.api(f"{ROOT}/17"), 404)
    assert_problem(post("17/replay"), 404)
    assert_problem(post("17/discard", {"reason": "no"}), 404)


def test_a_replayed_message_does_its_work_where_the_cause_is_gone(chain: Chain) -> None:
    batch_id = opened(chain, 1)
    [delivery] = chain.leased()
    wiring.local_bus().refuse(delivery, reason="the engine was down", most=1)
    [letter] = listed(chain)
    answer = post(f"{letter['id']}/replay").body
    assert (answer["state"], answer["closed_by"]) == ("replayed", "local")
    assert answer["closed_at"] == chain.clock.now().isoformat()
    chain.drain(reconciling=False)
    assert status(chain, batch_id)["status"] == "completed"
    assert listed(chain) == []
    assert [item["state"] for item in listed(chain, "?state=all")] == ["replayed"]


def test_replaying_twice_publishes_once(chain: Chain) -> None:
    [letter] = lost_batch(chain)
    for _ in range(2):
        assert post(f"{letter['id']}/replay").status == 200
    assert waiting() == {"dispatch-job-queued": 1}


def test_a_discarded_letter_is_kept_and_no_longer_open(chain: Chain) -> None:
    [letter] = lost_batch(chain)
    assert paths(post(f"{letter['id']}/discard")) == ["reason"]
    assert paths(post(f"{letter['id']}/discard", {"reason": "  "})) == ["reason"]
    gone = post(f"{letter['id']}/discard", {"reason": "deleted by hand"}).body
    assert (gone["state"], gone["remark"], gone["closed_by"]) == ("discarded", "deleted by hand", "local")
    assert listed(chain) == []
    assert [item["remark"] for item in listed(chain, "?state=discarded")] == ["deleted by hand"]
    assert_problem(post(f"{letter['id']}/replay"), 409)


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"', b'{"reason": {"a": 1}}'])
def test_a_body_that_is_no_plain_object_is_refused(chain: Chain, body: bytes) -> None:
    [letter] = lost_batch(chain)
    assert post(f"{letter['id']}/discard", body).status == 422


def test_a_body_of_any_size_is_not_read(chain: Chain) -> None:
    assert_problem(post("1/discard", b" " * 70_000), 413)


def test_all_open_letters_are_replayed_those_that_fail_again_are_new_ones(chain: Chain) -> None:
    lost_batch(chain, letters=3)
    first = post("replay").body
    assert (first["replayed"], first["left"], first["unreadable"]) == (3, 0, [])
    chain.clock.advance(timedelta(seconds=1))
    chain.step()
    assert len(listed(chain)) == 3
    again = post("replay", {"parked_by": first["parked_by"]}).body
    assert (again["replayed"], again["left"]) == (0, 0)


def test_replaying_all_passes_over_what_holds_no_message(chain: Chain) -> None:
    wiring.local_bus().park("job-queued", b'{"message": {}}', reason="Malformed: no data")
    [letter] = listed(chain)
    assert not letter["replayable"]
    answer = post("replay").body
    assert (answer["replayed"], answer["left"], answer["unreadable"]) == (0, 1, [letter["id"]])
    assert paths(post("replay", {"parked_by": "yesterday"})) == ["parked_by"]


def test_a_message_that_is_given_up_again_and_again_is_one_letter(chain: Chain) -> None:
    for _ in range(3):
        wiring.local_bus().publish([BatchFinished(batch_id=STRANGER.batch_id)])
        chain.step()
    [letter] = listed(chain)
    assert (letter["times"], letter["batch_id"], letter["job_id"]) == (3, STRANGER.batch_id, None)


def test_what_is_no_text_is_shown_as_far_as_it_can_be_read(chain: Chain) -> None:
    wiring.local_bus().park("job-queued", b"\xff\xfe" + b"x" * 200_000, reason="Malformed")
    shown = chain.api(f"{ROOT}/{listed(chain)[0]['id']}").body
    assert shown["message"] is None
    assert shown["text_is_cut"]
    assert len(shown["text"]) <= 100_000
