"""``omtx dead-letters`` on a home of its own: messages are parked, and nobody delivers meanwhile."""

import pytest

from shared import wiring
from shared.events.messages import JobQueued
from tests.cli.program import Omtx
from tests.support.facts import a_batch, ref

STRANGER = a_batch(600)


def park(*positions: int) -> None:
    """Messages that are given up."""
    for position in positions:
        data = JobQueued(ref=ref(STRANGER, position)).model_dump_json().encode()
        wiring.dead_letters().park("job-queued", data, reason="NotFound: no batch")


def open_ids(here: Omtx) -> list[str]:
    """The letters that are open, newest first."""
    return [letter["id"] for letter in here("dead-letters", "list", "--limit", 200).json["dead_letters"]]


def as_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are for a terminal from now on."""
    monkeypatch.setattr("cli.commands.letters.wants_json", lambda asked: asked)


def test_without_letters_the_list_is_empty(here: Omtx, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here("dead-letters").json["dead_letters"] == []
    as_a_person(monkeypatch)
    assert "no dead letter is open" in here("dead-letters").err


def test_a_letter_is_listed_shown_and_replayed(here: Omtx) -> None:
    park(7)
    [letter_id] = open_ids(here)
    assert here("dead-letters", "show", letter_id).json["message"]["ref"]["position"] == 7
    assert here("dead-letters", "replay", letter_id).json["state"] == "replayed"
    assert open_ids(here) == []
    [kept] = here("dead-letters", "list", "--all").json["dead_letters"]
    assert (kept["id"], kept["state"]) == (letter_id, "replayed")
    assert here("dead-letters", "--all").json["dead_letters"] == [kept]


def test_a_discarded_letter_keeps_its_reason(here: Omtx) -> None:
    park(1)
    [letter_id] = open_ids(here)
    assert here("dead-letters", "discard", letter_id).code == 5
    answer = here("dead-letters", "discard", letter_id, "--reason", "deleted by hand")
    assert answer.json["remark"] == "deleted by hand"
    assert open_ids(here) == []
    assert here("dead-letters", "replay", letter_id).code == 5


def test_all_open_letters_are_replayed_over_as_many_calls_as_it_takes(here: Omtx) -> None:
    park(*range(503))
    wiring.dead_letters().park("job-queued", b'{"message": {}}', reason="Malformed")
    answer = here("dead-letters", "replay", "--all").json
    assert (answer["replayed"], answer["left"], len(answer["unreadable"])) == (503, 1, 1)


@pytest.mark.parametrize("arguments", [(), ("1", "--all")])
def test_replaying_needs_one_letter_or_all(here: Omtx, arguments: tuple[str, ...]) -> None:
    answer = here("dead-letters", "replay", *arguments)
    assert (answer.code, answer.err) == (5, "omtx: name one letter, or give --all\n")


def test_an_unknown_letter_is_told_with_its_own_exit_code(here: Omtx) -> None:
    assert here("dead-letters", "show", "17").code == 4


def test_a_person_reads_tables_and_sentences(here: Omtx, monkeypatch: pytest.MonkeyPatch) -> None:
    park(1, 2, 2)
    newest, oldest = open_ids(here)
    as_a_person(monkeypatch)
    listed = here("dead-letters", "list", "--limit", 1).out
    assert "NotFound: no batch" in listed
    assert f"--after {newest}" in listed
    assert "times: 2" in here("dead-letters", "show", newest).out
    assert "was sent again" in here("dead-letters", "replay", newest).out
    assert "discarded: no use" in here("dead-letters", "discard", oldest, "--reason", "no use").out
    assert "0 sent again, 0 left" in here("dead-letters", "replay", "--all").out
