"""Molecules that would hang RDKit, or take all memory: each is told within its time."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.submit import checking
from services.submit.fitting import judge_of
from shared.catalogue.boltz2_ligands import judging
from shared.catalogue.boltz2_parameters import Boltz2Parameters
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.catalogue.entry import known
from shared.catalogue.preparing import Prepared
from shared.models.batch import LibraryRow
from shared.settings.chemistry import chemistry
from tests.security.conftest import Home
from tests.services.test_submit import library, vina_order
from tests.support.cages import FULLERENE, HANGS, NECKLACE, molfile
from tests.support.orders import noop_order

JSON = {"content-type": "application/json"}
GIVEN_UP = re.compile(r"The molecule takes (longer than 0.5 s|more than 512 MiB of memory); its rings")
ETHANOL = {"name": "ethanol", "smiles": "CCO"}


@pytest.fixture(autouse=True)
def half_a_second(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a ligand may take."""
    monkeypatch.setenv("OMTX_LIGAND_SECONDS", "0.5")
    chemistry.cache_clear()
    yield
    chemistry.cache_clear()


def posted(home: Home, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    status, raw, _ = home.ask("POST", path, json.dumps(body).encode(), **JSON)
    answer: dict[str, Any] = json.loads(raw)
    return status, answer


def submitted(home: Home, **changes: Any) -> dict[str, Any]:
    """The answer to an order that is accepted."""
    status, answer = posted(home, "/api/v3/batches/submit", noop_order() | changes)
    assert status == 202, answer
    return answer


@pytest.mark.parametrize("which", HANGS)
def test_a_molecule_that_takes_too_long_is_invalid_and_the_others_go_on(home: Home, which: str) -> None:
    answer = submitted(home, ligands=[ETHANOL, {"name": "it", "smiles": HANGS[which]}, ETHANOL])
    assert [(it["line"], it["text"]) for it in answer["rejected"]] == [(2, HANGS[which])]
    assert GIVEN_UP.match(answer["rejected"][0]["reason"])
    assert (answer["accounting"]["invalid"], answer["accounting"]["submitted"]) == (1, 3)
    assert answer["chemistry_report"]["rejections"][0]["count"] == 1


def test_a_molecule_of_many_rings_that_takes_little_is_a_ligand(home: Home) -> None:
    answer = submitted(home, ligands=[{"name": "fullerene", "smiles": FULLERENE}])
    assert answer["rejected"] == []
    assert answer["chemistry_report"]["heavy_atoms"]["max"] == 60


def test_an_estimate_says_the_same(home: Home) -> None:
    order = noop_order() | {"ligands": [ETHANOL, {"smiles": NECKLACE}]}
    status, answer = posted(home, "/api/v3/batches/estimate", order)
    assert (status, answer["counts"]["invalid"]) == (200, 1)
    assert GIVEN_UP.match(answer["rejected"][0]["reason"])


def test_a_prediction_is_refused_by_its_ligand(home: Home) -> None:
    body = {
        "task_type": "protein_ligand_binding",
        "model_id": "noop",
        "input_data": {
            "job_name": "one",
            "protein_name": "it",
            "protein_sequence": "MKVLAAGIVG",
            "ligand_smiles": NECKLACE,
        },
    }
    status, answer = posted(home, "/api/v2/predict", body)
    assert status == 422
    assert "longer than 0.5 s" in json.dumps(answer)


@pytest.mark.parametrize("version", ["V2000", "V3000"])
def test_a_drawn_cage_is_invalid_and_the_others_go_on(home: Home, version: str) -> None:
    cages = molfile(100, (1, 50), "N", version=version) + molfile(60, (1, 29), version=version)
    answer = submitted(home, **library(cages + molfile(6, (1,), version=version), "sdf"))
    slow, large = (it["reason"] for it in answer["rejected"])
    assert GIVEN_UP.match(slow)
    assert "memory" in large or "cannot be read" in large  # RDKit may catch that itself
    assert answer["accounting"]["submitted"] == 3


def test_a_table_without_a_header_is_read_around_it(home: Home) -> None:
    answer = submitted(home, **library(f"{NECKLACE},it\nCCO,ethanol\nCCC,propane\n", "csv"))
    assert [it["line"] for it in answer["rejected"]] == [1]
    assert answer["accounting"]["submitted"] == 3


def test_a_pattern_that_takes_too_long_on_many_rings_refuses_the_order_by_its_place(home: Home) -> None:
    endless = "*" + "~*" * 40 + "~[U]"
    filters = {"custom_filters": [{"type": "smarts_custom_filter", "patterns": ["[Au]", endless]}]}
    order = noop_order() | {"ligands": [ETHANOL, {"smiles": FULLERENE}], "molecule_filters": filters}
    status, answer = posted(home, "/api/v3/batches/submit", order)
    assert status == 422
    assert [it["path"] for it in answer["errors"]] == ["molecule_filters.custom_filters.0.patterns.1"]
    assert "takes too long: matching was given up after 0.5 s, at line 2" in answer["detail"]


def test_a_molecule_that_takes_too_long_is_no_fault_of_a_pattern(home: Home) -> None:
    filters = {"custom_filters": [{"type": "smarts_custom_filter", "patterns": ["[Au]"]}]}
    answer = submitted(home, ligands=[ETHANOL, {"smiles": NECKLACE}], molecule_filters=filters)
    assert GIVEN_UP.match(answer["rejected"][0]["reason"])


def test_filters_judge_molecules_of_many_rings(home: Home) -> None:
    filters = {"custom_filters": [{"type": "rdkit_descriptor_filter", "num_rings": {"max": 30}}]}
    answer = submitted(home, ligands=[ETHANOL, {"smiles": FULLERENE}], molecule_filters=filters)
    assert answer["rejected"][0]["reason"] == "descriptors: rings 32 above 30"


def test_too_many_of_them_refuse_the_library(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_GIVEN_UP", 3)
    order = noop_order() | {"ligands": [ETHANOL, *[{"smiles": NECKLACE}] * 50]}
    status, answer = posted(home, "/api/v3/batches/submit", order)
    assert status == 422
    assert [it["path"] for it in answer["errors"]] == ["ligands"]
    assert "too many molecules whose rings are joined in too many ways" in answer["detail"]


def test_a_box_around_a_cage_takes_bounded_time(home: Home) -> None:
    order = vina_order(parameters={"box_from_ligand": molfile(60, (1, 29))})
    status, answer = posted(home, "/api/v3/batches/submit", order)
    assert status == 422
    assert [it["path"] for it in answer["errors"]] == ["parameters.box_from_ligand"]


@pytest.mark.parametrize(
    ("parameters", "given"),
    [
        (Boltz2Parameters, {"cofactors": [{"smiles": NECKLACE}]}),
        (Chai1Parameters, {"chains": [{"kind": "ligand", "sequence": NECKLACE}]}),
    ],
)
def test_a_molecule_among_the_parameters_takes_bounded_time(
    parameters: type[BaseModel], given: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match=r"longer than 0\.5 s"):
        parameters.model_validate(given)


def test_a_model_judges_a_molecule_of_many_rings_in_bounded_time() -> None:
    judge = judging(affinity=True, cofactors=frozenset())
    judged = judge_of(known("boltz2"), Prepared(Boltz2Parameters(), {}, judge=judge))
    row = LibraryRow(position=0, index=0, line=1, name="it", smiles="C", canonical_smiles=NECKLACE)
    assert GIVEN_UP.match(str(judged(row)))
    fullerene = row.model_copy(update={"canonical_smiles": FULLERENE, "fragments": 1})
    assert isinstance(judged(fullerene), LibraryRow)
