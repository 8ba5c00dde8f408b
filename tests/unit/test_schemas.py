"""The artefacts of real batches fit their published schemas, and every figure is explained."""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from modal_gpu.predictors import predictor
from modal_gpu.predictors.base import Question
from modal_gpu.results import results_document
from services.aggregate.columns import COLUMNS
from shared import wiring
from shared.catalogue.entry import Metric, _all
from shared.domain.identity import job_id
from tests.support.chain import Chain, chain_at
from tests.support.facts import a_batch, ref, work_order
from tests.support.functions import ROOT
from tests.support.screens import answers, deliver_all, finished, opened, tell

FOLDER = ROOT / "docs" / "schemas"
SCHEMAS: dict[str, dict[str, Any]] = {
    path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.schema.json"))
}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)
# How often each document of a batch is stored.
DOCUMENTS = {
    "batch_results": 1,
    "summary": 2,
    "manifest": 1,
    "batch_index": 1,
    "batch_metadata": 2,
    "job_index": 1,
    "aggregated": 1,
}
MIXED = {"parameters": {"failure_rate": 0.4, "payload_bytes": 8}, "seed": 3, "metadata": {"project": "L99A"}}


def validator(name: str) -> Draft202012Validator:
    """The validator of one artefact."""
    return Draft202012Validator(
        SCHEMAS[f"{name}.schema.json"], registry=REGISTRY, format_checker=FormatChecker()
    )


def assert_fits(name: str, document: Any) -> None:
    """No error at all, or the first few."""
    errors = [f"{error.json_path}: {error.message}"[:300] for error in validator(name).iter_errors(document)]
    assert errors == [], errors[:5]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain_at(tmp_path_factory.mktemp("home")) as chain:
        yield chain


def cancelled(chain: Chain) -> str:
    """A batch of which one ligand completed before it was cancelled."""
    batch_id = opened(chain, 4, invalid=1, configuration={"max_concurrent_jobs": 1})
    deliver_all(chain)
    tell(chain, *answers(chain))
    chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    chain.drain()
    return batch_id


@pytest.fixture(scope="module")
def batches(chain: Chain) -> dict[str, str]:
    """Batches that ended in every way."""
    return {
        "mixed": finished(chain, 12, invalid=2, **MIXED),
        "failed": finished(chain, 2, parameters={"failure_rate": 1}),
        "cancelled": cancelled(chain),
        "single": finished(chain, 1, parameters={"payload_bytes": 8}),
    }


def stored(batch_id: str, name: str) -> list[Any]:
    """Every stored JSON document of this name."""
    keys = wiring.local_blobs().list(f"batches/{batch_id}/")
    return [json.loads(wiring.local_blobs().get(key)) for key in keys if key.endswith(f"/{name}.json")]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == name


@pytest.mark.parametrize("ended", ["mixed", "failed", "cancelled"])
@pytest.mark.parametrize(("name", "copies"), DOCUMENTS.items())
def test_the_documents_of_a_batch_fit_their_schemas(
    batches: dict[str, str], ended: str, name: str, copies: int
) -> None:
    documents = stored(batches[ended], name)
    assert len(documents) == copies
    assert all(document == documents[0] for document in documents)
    assert_fits(name, documents[0])


def columns(batch_id: str) -> Any:
    """The table by columns."""
    key = f"batches/{batch_id}/results/results.columns.json.gz"
    return json.loads(gzip.decompress(wiring.local_blobs().get(key)))


@pytest.mark.parametrize("ended", ["mixed", "failed", "cancelled"])
def test_the_table_by_columns_fits_its_schema(batches: dict[str, str], ended: str) -> None:
    document = columns(batches[ended])
    assert_fits("results.columns", document)
    assert {len(values) for values in document["columns"].values()} == {document["rows"]}


@pytest.mark.parametrize("name", ["results", "metadata"])
def test_the_documents_of_a_job_fit_their_schemas(batches: dict[str, str], name: str) -> None:
    documents = stored(batches["mixed"], name)
    assert len(documents) > 3
    for document in documents:
        assert_fits(name, document)


def of_single(batch_id: str, name: str) -> Any:
    """A document in the folder of a single prediction."""
    return json.loads(wiring.local_blobs().get(f"jobs/{job_id(batch_id, 0)}/{name}.json"))


@pytest.mark.parametrize("name", ["results", "metadata", "affinity", "confidence"])
def test_the_documents_of_a_single_prediction_fit_their_schemas(batches: dict[str, str], name: str) -> None:
    document = of_single(batches["single"], name)
    assert_fits(name, document)
    for field in document:
        assert not validator(name).is_valid({k: v for k, v in document.items() if k != field}), field
        assert not validator(name).is_valid(document | {field: ["no", object]}), field


@pytest.mark.parametrize("name", [*DOCUMENTS, "results", "metadata", "results.columns"])
def test_a_field_that_is_missing_unknown_or_of_another_kind_does_not_fit(
    batches: dict[str, str], name: str
) -> None:
    by_columns = name == "results.columns"
    document = columns(batches["mixed"]) if by_columns else stored(batches["mixed"], name)[0]
    for field in document:
        rest = {key: value for key, value in document.items() if key != field}
        assert not validator(name).is_valid(rest), field
        assert not validator(name).is_valid(document | {field: ["no", object]}), field
    assert not validator(name).is_valid(document | {"surprise": 1})


def test_a_docked_ligand_s_result_fits_its_schema() -> None:
    target = ROOT / "examples" / "t4l_l99a"
    box = json.loads((target / "box.json").read_text())
    parameters: dict[str, Any] = {"exhaustiveness": 1, "runs": 1, "box": {}}
    parameters["box"] = {"center": box["center"], "size": box["size"]}
    receptor = (target / "receptor.pdb").read_bytes()
    question = Question("benzene", "c1ccccc1", 7, parameters, {"structure": receptor}, search_seed=7)
    order = work_order(ref(a_batch())).model_copy(update={"model": "vina", "parameters": parameters})
    document = json.loads(results_document(order, predictor("vina").predict(question)))
    assert_fits("results", document)
    assert set(document["metrics"]) == set(_all()["vina"].metrics)
    del document["details"]["poses"]
    assert not validator("results").is_valid(document)


def _described(schema: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every property of a schema, however deep."""
    if isinstance(schema, list):
        for item in schema:
            yield from _described(item, path)
    if not isinstance(schema, dict):
        return
    for field, inner in (
        schema.get("properties", {}).items() if isinstance(schema.get("properties"), dict) else ()
    ):
        yield f"{path}.{field}", inner
    for key, inner in schema.items():
        yield from _described(inner, f"{path}.{key}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_is_described(name: str) -> None:
    common = SCHEMAS["common.schema.json"]["$defs"]
    for path, inner in _described(SCHEMAS[name], name):
        if "$ref" in inner and "description" not in inner:
            inner = common.get(inner["$ref"].rpartition("/")[2], inner)
        assert inner.get("description") or ".if." in path or ".then." in path, path


def test_the_columns_of_the_table_are_those_that_are_documented(batches: dict[str, str]) -> None:
    readme = (FOLDER / "README.md").read_text()
    documented = re.findall(r"^\| `(\w+)` \|", readme.split("## Columns")[1], re.MULTILINE)
    assert tuple(documented) == COLUMNS
    key = f"batches/{batches['mixed']}/results/batch_results.csv"
    table = csv.reader(io.StringIO(wiring.local_blobs().get(key).decode(), newline=""))
    assert tuple(next(table)) == COLUMNS


def test_every_artefact_of_a_batch_is_documented(batches: dict[str, str]) -> None:
    readme = (FOLDER / "README.md").read_text()
    names = {
        Path(key).name
        for folder in (f"batches/{batches['mixed']}/", f"jobs/{job_id(batches['single'], 0)}/")
        for key in wiring.local_blobs().list(folder)
        if "/submitted/" not in key
    }
    for name in names - {"payload.bin"}:
        assert f"`{re.sub('[0-9]{5}', '{page}', name)}`" in readme, name
    for schema in SCHEMAS:
        assert f"({schema})" in readme


FIGURES = [(model.id, name, metric) for model in _all().values() for name, metric in model.metrics.items()]


@pytest.mark.parametrize(
    ("model", "name", "metric"), FIGURES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_figure_of_the_catalogue_is_explained(model: str, name: str, metric: Metric) -> None:
    assert all([metric.label, metric.unit, metric.direction, metric.source]), (model, name)
    assert len(metric.meaning) > 20
    least, most = metric.range
    assert least is None or most is None or least < most


@pytest.mark.parametrize("model", _all())
def test_every_model_is_ranked_by_a_figure_of_its_own_in_the_direction_it_states(model: str) -> None:
    entry = _all()[model]
    direction = entry.metrics[entry.ranking.key].direction
    assert direction.startswith("lower") == (entry.ranking.order == "ascending")
    assert direction != "none"
