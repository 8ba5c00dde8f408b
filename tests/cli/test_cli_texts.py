"""The pure parts of the command line."""

import json

import pytest
from omtx.errors import refusal
from omtx.text import duration, plain

from cli.correlation import spearman
from cli.errors import CommandError, LimitReached, NoSuchThing, Refused, told


@pytest.mark.parametrize(
    ("first", "second", "rho"),
    [
        ([1, 2, 3, 4], [10, 20, 30, 40], 1.0),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
        ([1, 2, 2, 4], [1, 3, 2, 4], 0.9487),  # ties share their mean rank
        ([106, 86, 100, 101, 99, 103, 97, 113, 112, 110], [7, 0, 27, 50, 28, 29, 20, 12, 6, 17], -0.1758),
    ],
)
def test_spearman_agrees_with_published_values(first: list[float], second: list[float], rho: float) -> None:
    assert spearman(first, second) == pytest.approx(rho, abs=1e-4)


def test_spearman_is_silent_where_it_would_say_nothing() -> None:
    assert spearman([1, 2], [2, 1]) is None
    assert spearman([1, 1, 1], [1, 2, 3]) is None


def test_a_problem_document_becomes_one_message_with_its_fields() -> None:
    document = {"detail": "bad", "errors": [{"path": "a.b", "message": "is wrong"}]}
    error = told(refusal(422, json.dumps(document).encode()))
    assert isinstance(error, Refused)
    assert (str(error), error.fields) == ("bad", ("a.b: is wrong",))
    assert isinstance(told(refusal(404, b'{"title": "Not found"}')), NoSuchThing)
    assert isinstance(told(refusal(429, b'{"title": "Quota exceeded"}')), LimitReached)
    assert type(told(refusal(503, b"<html>"))) is CommandError


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_what_cannot_be_printed_is_replaced() -> None:
    assert plain("a\x1b[31mb\n") == "a�[31mb�"
