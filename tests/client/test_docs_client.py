"""The examples of ``docs/client.md`` run, one after the other, as a reader would run them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "client.md").read_text(), re.M | re.S)


@pytest.mark.slow
def test_the_examples_of_the_page_run(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMTX_URL", server)
    scope: dict[str, object] = {}
    for example in EXAMPLES:
        exec(compile(example, "docs/client.md", "exec"), scope)
    said = capsys.readouterr().out
    scope["client"].close()  # type: ignore[attr-defined]
    assert len(EXAMPLES) == 4
    assert "kcal/mol" in said
    assert "('seed'," in said
    assert "['c1ccccc1']" in said
    assert {"complex.cif", "results.csv"} <= {it.name for it in tmp_path.iterdir()}
