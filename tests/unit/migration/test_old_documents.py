"""Reading exported documents as a stream."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration import documents as module
from migration.documents import documents, json_values
from tests.support.properties import examples

DOCUMENT = st.dictionaries(
    st.text(max_size=4), st.text(max_size=9) | st.floats(allow_nan=False) | st.lists(st.none(), max_size=2)
)


@given(listed=st.lists(DOCUMENT, max_size=6), indent=st.sampled_from([None, 0, 3]), piece=st.integers(1, 9))
@examples(200)
def test_an_array_is_read_item_by_item_wherever_its_pieces_end(
    listed: list[Any], indent: int | None, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", piece)
        assert [value for _, value in json_values(io.StringIO(json.dumps(listed, indent=indent)))] == listed
        by_key = {str(n): item for n, item in enumerate(listed)}
        assert dict(json_values(io.StringIO(json.dumps(by_key, indent=indent)))) == by_key


@pytest.mark.parametrize("text", ["", "3", '"jobs"', "[", "[{}", "[{} {}]", '{"a" {}}', '{"a": {}', "[{},]"])
def test_text_that_is_no_list_of_documents_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(json_values(io.StringIO(text)))


def test_what_stands_before_a_break_is_kept(tmp_path: Path) -> None:
    (tmp_path / "jobs.json").write_text('[{"id": "a"}, {"id": "b"}, {"id":')
    found = list(documents(tmp_path))
    assert [it.body for it in found[:2]] == [{"id": "a"}, {"id": "b"}]
    assert found[2].problem is not None
    assert "behind document 2" in found[2].problem


def test_a_document_that_is_too_long_does_not_hide_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 50)
    lines = [json.dumps({"id": "a"}), json.dumps({"id": "b" * 200}), "", json.dumps({"id": "c"})]
    (tmp_path / "jobs.jsonl").write_text("\n".join(lines))
    found = list(documents(tmp_path))
    assert [it.body for it in found] == [{"id": "a"}, None, {"id": "c"}]
    assert [it.place for it in found] == [f"jobs.jsonl line {n}" for n in (1, 2, 4)]
