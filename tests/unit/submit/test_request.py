"""The body of a submission: what fits the schema, and which field a refusal names."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submit.request import Order, read_body
from shared.chemistry.sequence import AMINO_ACIDS, read_sequence
from shared.errors import InvalidInput, TooLarge
from tests.support.orders import noop_order

SEQUENCE = "MNIFEMLRIDEGLRLK"
MOST = 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        SEQUENCE,
        f"  {SEQUENCE.lower()}\n",
        f">T4 lysozyme|L99A\n{SEQUENCE}\n",
        f">x\r\n{SEQUENCE[:6]}\r\n{SEQUENCE[6:]}\r\n",
        f">x\n{SEQUENCE[:6]} {SEQUENCE[6:]}*\n",
        "\t".join(SEQUENCE),
    ],
)
def test_a_sequence_is_read_as_plain_text_or_fasta(text: str) -> None:
    assert read_sequence(text) == SEQUENCE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has 0 residues"),
        (">only a header\n", "has 0 residues"),
        ("A" * 9, "has 9 residues; 10 to 2000 are accepted"),
        ("A" * 2001, "has 2001 residues"),
        ("ACDEFGHIKLB1", "no amino acids: 1, B"),
        ("ACDEF*GHIKL", r"no amino acids: \*"),
        (f">a\n{SEQUENCE}\n>b\n{SEQUENCE}", "holds 2 FASTA records; give one"),
        ("ACDEFGHIKLß", "no amino acids: ß"),
        ("acdefghıkl", "no amino acids"),
    ],
)
def test_a_bad_sequence_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_sequence(text)


@given(st.text(sorted(AMINO_ACIDS), min_size=10, max_size=200), st.integers(1, 80))
def test_any_sequence_comes_back_from_any_line_width(sequence: str, width: int) -> None:
    lines = [sequence[start : start + width] for start in range(0, len(sequence), width)]
    assert read_sequence("\n".join([">name", *lines])) == sequence


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"job_name": ""}, ["job_name"]),
        ({"job_name": "  "}, ["job_name"]),
        ({"job_name": "x" * 101}, ["job_name"]),
        ({"job_name": 7}, ["job_name"]),
        ({"protein_name": None}, ["protein_name"]),
        ({"protein_sequence": "ACD"}, ["protein_sequence"]),
        ({"protein_structure": ""}, ["protein_structure"]),
        ({"ligands": []}, ["ligands"]),
        ({"ligands": [{"smiles": "C"}] * 1501}, ["ligands"]),
        ({"ligands": "CCO"}, ["ligands"]),
        ({"variants": []}, ["variants"]),
        ({"variants": [{"sequence": "A"}] * 1001}, ["variants"]),
        ({"num_designs": 0}, ["num_designs"]),
        ({"num_designs": 1001}, ["num_designs"]),
        ({"num_designs": 2.0}, ["num_designs"]),
        ({"ligands": None, "library": {"format": "pdf", "content": "x"}}, ["library.format"]),
        ({"ligands": None, "library": {"format": "smi", "content": ""}}, ["library.content"]),
        ({"ligands": None, "library": {"format": "smi"}}, ["library"]),
        ({"seed": -1}, ["seed"]),
        ({"seed": 2**31}, ["seed"]),
        ({"seed": 1.5}, ["seed"]),
        ({"parameters": []}, ["parameters"]),
        ({"configuration": {"max_concurrent_jobs": 0}}, ["configuration.max_concurrent_jobs"]),
        ({"configuration": {"max_concurrent_jobs": 1000}}, ["configuration.max_concurrent_jobs"]),
        ({"configuration": {"timeout_per_job": 299}}, ["configuration.timeout_per_job"]),
        ({"configuration": {"max_retry_attempts": 6}}, ["configuration.max_retry_attempts"]),
        ({"configuration": {"priority": "asap"}}, ["configuration.priority"]),
        ({"configuration": {"surprise": 1}}, ["configuration.surprise"]),
        ({"surprise": 1}, ["surprise"]),
        ({"job_name": "", "seed": -1}, ["job_name", "seed"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refusal_names_the_path_of_each_wrong_field(changes: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_body(json.dumps(noop_order() | changes).encode(), Order, most=MOST)
    assert [error.path for error in refusal.value.errors] == paths
    assert all(error.message for error in refusal.value.errors)


@pytest.mark.parametrize("field", ["job_name", "protein_name"])
def test_a_missing_field_is_named(field: str) -> None:
    order = noop_order()
    del order[field]
    with pytest.raises(InvalidInput) as refusal:
        read_body(json.dumps(order).encode(), Order, most=MOST)
    assert [error.path for error in refusal.value.errors] == [field]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"nul", b'{"a": ' + b"9" * 5000 + b"}"])
def test_what_is_not_json_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="the body is not JSON"):
        read_body(body, Order, most=MOST)


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b'"x"'])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_body(body, Order, most=MOST)


def test_a_body_is_too_large_from_the_first_byte_beyond_the_limit() -> None:
    body = json.dumps(noop_order()).encode()
    read_body(body, Order, most=len(body))
    with pytest.raises(TooLarge):
        read_body(body, Order, most=len(body) - 1)


def hostile(text: str) -> list[dict[str, Any]]:
    """Orders with the text wherever a user's text can stand."""
    return [
        {"job_name": f"a{text}b"},
        {"protein_name": f"a{text}b"},
        {"protein_structure": f"a{text}b"},
        {"metadata": {"note": text}},
        {"metadata": {text: 1}},
        {"parameters": {text: 1}},
        {"ligands": [{"smiles": "C", "name": text}]},
        {"ligands": [{"smiles": text}, {"smiles": "C"}]},
        {"ligands": [text, {"smiles": "C"}]},
        {"ligands": None, "library": {"format": "csv", "content": f"smiles,name\nC,{text}"}},
    ]


@pytest.mark.parametrize("changes", hostile("\ud800"), ids=ascii)
def test_text_that_is_no_unicode_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        read_body(json.dumps(noop_order() | changes).encode(), Order, most=MOST)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("field", ["metadata", "parameters"])
def test_numbers_that_json_does_not_have_are_refused(field: str, number: str) -> None:
    order = json.dumps(noop_order() | {field: {"x": "@"}}).replace('"@"', number)
    with pytest.raises(InvalidInput):
        read_body(order.encode(), Order, most=MOST)


@pytest.mark.parametrize("field", ["metadata", "parameters"])
def test_values_that_are_nested_beyond_reason_are_refused(field: str) -> None:
    order = json.dumps(noop_order() | {field: {"x": "@"}}).replace('"@"', "[" * 500 + "]" * 500)
    with pytest.raises(InvalidInput):
        read_body(order.encode(), Order, most=MOST)
