"""What is written of the routes is true: the document of the code, and answers as it says."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from local.reference import document, text
from services.api import answers
from services.api.reference import DOCUMENT
from shared.topology import topology
from tests.repo.test_packages import ROOT
from tests.support.chain import Chain
from tests.support.functions import call
from tests.support.orders import noop_order

TOLD = document()
OPERATIONS = [(path, method, it) for path, methods in TOLD["paths"].items() for method, it in methods.items()]


def test_the_document_is_that_of_the_code() -> None:
    assert DOCUMENT.read_text() == text(), "run `make openapi`"
    assert (ROOT / "docs" / "openapi.json").read_text() == text()


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_route_says_what_it_is_and_how_it_refuses(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["tags"]
    refusals = {code: it for code, it in operation["responses"].items() if code >= "400"}
    assert {"404", "422", "503"} <= refusals.keys()
    for said in refusals.values():
        schema = said["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}


def test_every_reference_leads_somewhere() -> None:
    named = {part.split('"')[0] for part in text().split("#/components/schemas/")[1:]}
    assert named <= TOLD["components"]["schemas"].keys()


def test_every_route_of_submit_is_described() -> None:
    described = {path for path, methods in TOLD["paths"].items() if "post" in methods}
    for route in topology().functions["submit"].routes:
        assert any(path == route.path or path.startswith(f"{route.path}/") for path in described), route.path


def test_examples_are_what_the_routes_accept(chain: Chain) -> None:
    for path in ("/api/v3/batches/submit", "/api/v3/batches/estimate", "/api/v3/libraries"):
        body = TOLD["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
        given = {**body, "model_name": "noop"} if "model_name" in body else body
        reply = call("submit", "POST", path, given)
        assert reply.status < 300, (path, reply.body)


def fits(kind: type[BaseModel], path: str) -> None:
    """The answer holds what the class says, and nothing else."""
    reply = call("api", "GET", path)
    assert reply.status == 200, reply.body
    kind.model_validate(reply.body, extra="forbid")


def test_answers_are_as_they_are_described(chain: Chain) -> None:
    batch_id = chain.submit(noop_order()).body["batch_id"]
    for ended in (False, True):
        if ended:
            chain.drain()
        fits(answers.BatchList, "/api/v3/batches")
        fits(answers.StatusOfBatch, f"/api/v3/batches/{batch_id}/status")
        fits(answers.ResultPage, f"/api/v3/batches/{batch_id}/results")
        status = call("api", "GET", f"/api/v3/batches/{batch_id}/status").body
        fits(answers.Job, f"/api/jobs/{status['jobs'][0]['job_id']}")
    fits(answers.ModelList, "/api/v2/models")
    fits(answers.TaskList, "/api/v2/tasks")
    fits(answers.TaskForm, "/api/v2/tasks/protein_structure")
    missing = call("api", "GET", "/api/v3/batches/b_none/status")
    answers.Problem.model_validate(missing.body, extra="forbid")


def test_the_reference_is_served_and_its_page_loads_nothing(chain: Chain) -> None:
    assert call("api", "GET", "/openapi.json").body == json.loads(text())
    page = call("api", "GET", "/docs")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    shown = page.raw.decode()
    assert "<script" not in shown
    assert "src=" not in shown
    assert all(path in shown for path in TOLD["paths"])
