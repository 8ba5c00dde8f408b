"""``--filter``: molecules that are not wanted, by options of ``omtx submit`` and ``omtx check``."""

import csv
import io
import json
from pathlib import Path

import pytest

from cli.errors import Refused
from cli.filters import molecule_filters
from services.submit.filters import MoleculeFilters
from tests.cli.program import Omtx

TABLE = (
    "name,smiles\nethanol,CCO\nrhodanine,O=C1NC(=S)SC1=Cc1ccccc1\nbad,C1CC(\n"
    f"fat,{'C' * 42}\nnitrobenzene,c1ccccc1[N+](=O)[O-]\nagain,OCC\n"
)
OPTIONS = ("--filter", "lipinski", "--filter", "pains", "--filter", "reject:[N+](=O)[O-] nitro")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Six rows: one molecule twice, one bad, three that the options leave out."""
    path = tmp_path / "few.csv"
    path.write_text(TABLE)
    return path


def test_a_filtered_screen_runs_to_its_end_and_verifies(omtx: Omtx, library: Path) -> None:
    answer = omtx("submit", library, "--model", "noop", *OPTIONS, "--wait", "--json")
    assert answer.code == 0, answer.err
    counts = {kind: n for kind, n in answer.json["accounting"].items() if n}
    assert counts == {"submitted": 6, "completed": 2, "invalid": 1, "filtered": 3}
    assert "line 3: filtered, PAINS: ene_rhod_A(235) (O=C1NC(=S)SC1=Cc1ccccc1)" in answer.err
    assert "in all 1 rows cannot be used, and 3 were filtered out" in answer.err
    batch_id = answer.json["batch_id"]
    verified = omtx("verify", batch_id)
    assert verified.code == 0, verified.err
    assert "1 invalid + 3 filtered" in verified.out + omtx("status", batch_id).out
    table = list(csv.DictReader(io.StringIO(omtx("results", batch_id, "--format", "csv").out)))
    assert [row["ligand_name"] for row in table if row["status"] == "filtered"] == [
        *("rhodanine", "fat", "nitrobenzene")
    ]


def test_a_check_counts_by_filter_without_a_server(alone: Omtx, library: Path) -> None:
    answer = alone("check", library, *OPTIONS, "--json")
    assert answer.code == 0, answer.err
    report = answer.json["chemistry_report"]
    assert {name: it["count"] for name, it in report["filters"].items()} == {
        **{"lipinski": 1, "PAINS": 1, "SMARTS": 1}
    }
    assert (report["valid"], report["filtered"], report["duplicates"]["count"]) == (2, 3, 1)
    nothing = alone("check", library, "--filter", "mol_wt>=2000")
    assert (nothing.code, "left by the filters" in nothing.err) == (5, True)


def test_a_dry_run_tells_what_would_be_left(omtx: Omtx, library: Path) -> None:
    answer = omtx("submit", library, "--model", "noop", *OPTIONS, "--dry-run", "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["counts"]["filtered"], answer.json["counts"]["to_compute"]) == (3, 1)


def test_ranges_and_patterns_are_put_together_in_readable_options(tmp_path: Path) -> None:
    more = tmp_path / "more.json"
    more.write_text(json.dumps({"custom_filters": [{"type": "smarts_catalog_filter", "catalog": "NIH"}]}))
    found = molecule_filters(
        [
            *("lipinski:0", "mol_wt<=500", "tpsa=20..140", "mol_wt>=150", "CHEMBL_LINT", "qed >= 0.5"),
            *("reject:[N+](=O)[O-] nitro", "reject:C(=O)Cl", "require:a", f"@{more}"),
            *("regex:Br", "regex:^N"),
        ]
    )
    assert found == {
        "custom_filters": [
            {"type": "lipinski_filter", "max_violations": 0},
            {
                "type": "rdkit_descriptor_filter",
                "mol_wt": {"max": 500, "min": 150},
                "tpsa": {"min": 20, "max": 140},
                "qed": {"min": 0.5},
            },
            {"type": "smarts_catalog_filter", "catalog": "CHEMBL_LINT"},
            {
                "type": "smarts_custom_filter",
                "action": "reject",
                "patterns": [{"smarts": "[N+](=O)[O-]", "name": "nitro"}, {"smarts": "C(=O)Cl"}],
            },
            {"type": "smarts_custom_filter", "action": "require", "patterns": [{"smarts": "a"}]},
            {"type": "smarts_catalog_filter", "catalog": "NIH"},
            {"type": "smiles_regex_filter", "patterns": ["Br", "^N"]},
        ]
    }
    assert len(MoleculeFilters.model_validate(found).names) == 7
    assert molecule_filters([]) is None


@pytest.mark.parametrize(
    "option",
    [
        "PAIN",
        "mol_wt<500",
        "mass<=500",
        "lipinski:x",
        "tpsa=20..",
        "qed>=inf",
        "reject:",
        "regex:",
        "@no.json",
    ],
)
def test_an_option_that_is_none_is_refused_with_what_there_is(option: str) -> None:
    with pytest.raises(Refused) as caught:
        molecule_filters([option])
    assert option.lstrip("@") in str(caught.value)


def test_a_file_that_holds_no_filters_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    for content in ("{", "[]", '{"custom_filters": [1]}', '{"filters": []}'):
        path.write_text(content)
        with pytest.raises(Refused, match=r"f\.json"):
            molecule_filters([f"@{path}"])


def test_a_wrong_smarts_is_named_by_its_place(omtx: Omtx, library: Path) -> None:
    for command in (("submit", library, "--model", "noop"), ("check", library)):
        answer = omtx(*command, "--filter", "reject:C((")
        assert answer.code == 5
        assert "custom_filters.0.patterns.0.smarts" in answer.err
        assert "Not a valid SMARTS" in answer.err
