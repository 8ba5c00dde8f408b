"""Pictures of molecules: what is drawn, what is refused, and that nobody can keep the server busy."""

import subprocess
import sys
import time
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest

from tests.support.chain import Chain
from tests.support.functions import ROOT, Reply
from tests.support.screens import assert_problem, paths

PATH = "/api/v3/depict.svg"
BRANCHED = "CC(C)(C)" + "C(C)(C)" * 40 + "C"
HOSTILE = "*" + "(~*)~*" * 25 + "~[U]"


def drawn(chain: Chain, **wanted: object) -> Reply:
    return chain.api(f"{PATH}?{urlencode(wanted, quote_via=quote)}")


def test_a_molecule_is_an_svg_that_may_be_kept_for_ever(chain: Chain) -> None:
    answer = drawn(chain, smiles="CC(=O)Oc1ccccc1C(=O)O", width=240, height=160)
    root = ElementTree.fromstring(answer.raw)
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert (root.get("width"), root.get("height")) == ("240px", "160px")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = drawn(chain, smiles="CC(=O)Oc1ccccc1C(=O)O", width=240, height=160)
    assert (again.raw, again.headers["etag"]) == (answer.raw, answer.headers["etag"])


def test_highlights_legends_and_themes_change_the_picture(chain: Chain) -> None:
    plain, *others = (
        drawn(chain, smiles="CCO", **it).raw
        for it in ({}, {"highlight": "[OH]"}, {"legend": "ethanol"}, {"theme": "dark"})
    )
    assert len({plain, *others}) == 4


def test_no_text_of_a_user_reaches_the_picture(chain: Chain) -> None:
    answer = drawn(chain, smiles="CCO", legend="</svg><script>alert(1)</script>")
    text = answer.raw.decode()
    assert "script" not in text
    assert {it.tag.rpartition("}")[2] for it in ElementTree.fromstring(text).iter()} <= {
        *("svg", "title", "path", "ellipse", "rect")
    }


@pytest.mark.parametrize(
    ("wanted", "field", "says"),
    [
        ({"smiles": "C1CC("}, "smiles", "near character"),
        ({"smiles": "C(C)(C)(C)(C)C"}, "smiles", "Atom 1 (C)"),
        ({"smiles": "C" * 201}, "smiles", "at most 200"),
        ({"smiles": "C" * 501}, "smiles", "at most 500"),
        ({"smiles": "CCO", "highlight": "[["}, "highlight", "SMARTS"),
        ({"smiles": "CCO", "width": 5000}, "width", "1000"),
        ({"smiles": "CCO", "theme": "pink"}, "theme", "light|dark"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_place(
    chain: Chain, wanted: dict[str, object], field: str, says: str
) -> None:
    answer = drawn(chain, **wanted)
    assert_problem(answer, 422)
    assert paths(answer) == [field]
    assert says in answer.body["detail"]


def test_a_pattern_that_would_match_for_years_is_ended_and_the_next_request_is_served(chain: Chain) -> None:
    started = time.monotonic()
    answer = drawn(chain, smiles=BRANCHED, highlight=HOSTILE)
    assert_problem(answer, 422)
    assert paths(answer) == ["highlight"]
    assert time.monotonic() - started < 30  # two seconds of the processor, which may be shared
    assert drawn(chain, smiles="CCO").status == 200


def test_a_start_of_the_api_loads_no_toolkit() -> None:
    code = (
        "import sys, services.api.main; "
        "print([it for it in ('rdkit', 'gemmi', 'numpy', 'reportlab') if it in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
