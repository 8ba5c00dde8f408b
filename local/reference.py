"""
``python -m local.reference``: write the OpenAPI document of all routes that users call.

Those of ``api`` it knows as their application does; those of ``submit``, a function of the framework, by
the classes of their bodies.
"""

import json
import re
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.api.answers import Problem
from services.api.application import application
from services.api.reference import DOCUMENT
from services.submit.estimating import Inquiry
from services.submit.predicting import Prediction, Question
from services.submit.request import Nothing, Order
from services.submit.uploads import Upload

REF = "#/components/schemas/{model}"
METHODS = ("get", "post", "put", "patch", "delete")
LIGANDS = [{"name": "benzene", "smiles": "c1ccccc1"}, {"smiles": "Cc1ccccc1"}]
SCREEN = {"job_name": "first screen", "protein_name": "T4 lysozyme L99A", "ligands": LIGANDS}
FOLD = {"task_type": "protein_structure", "input_data": {"protein_sequence": "MNIFEMLRIDEGLRLK"}}
# Path, tag, class of the body, an example of it, success, and what the route does.
SUBMIT: tuple[tuple[str, str, type[BaseModel], dict[str, Any], tuple[str, str], str], ...] = (
    (
        "/api/v3/batches/submit",
        "batches",
        Order,
        SCREEN | {"protein_sequence": "MNIFEMLRIDEGLRLK", "model_name": "boltz2"},
        ("202", "Accepted: the batch, where to look for it, and the rows that cannot be used."),
        "Submit a screen",
    ),
    (
        "/api/v3/batches/estimate",
        "batches",
        Inquiry,
        {"model_name": "boltz2", "ligands_count": 1000},
        ("200", "Time and cost, as ranges; null where nothing is known of them."),
        "Estimate a screen",
    ),
    (
        "/api/v3/batches/replay/{batch_id}",
        "batches",
        Nothing,
        {},
        ("202", "Accepted: a batch with the same inputs, parameters and seeds; no result is taken over."),
        "Compute a batch once more",
    ),
    (
        "/api/v3/libraries",
        "libraries",
        Upload,
        {"file_name": "library.sdf", "size": 123456},
        ("201", "Where to PUT the file, and the URI under which it can be submitted then."),
        "Offer an upload",
    ),
    (
        "/api/v2/predict",
        "predictions",
        Prediction,
        FOLD,
        ("202", "Accepted: the job, or the batch where it has several."),
        "Predict",
    ),
    (
        "/api/v2/predict-smart",
        "predictions",
        Prediction,
        {
            "task_type": "protein_ligand_binding",
            "input_data": {
                "protein_name": "T4 lysozyme L99A",
                "protein_sequence": "MNIFEMLRIDEGLRLK",
                "ligands": ["c1ccccc1", "Cc1ccccc1"],
            },
        },
        ("202", "Accepted: several ligands are a batch, one is a single prediction."),
        "Predict, one ligand or several",
    ),
    (
        "/api/predict",
        "predictions",
        Prediction,
        FOLD,
        ("202", "Accepted: the job, or the batch where it has several."),
        "Predict, by its old name",
    ),
    (
        "/api/v2/tasks/{task_id}/validate",
        "catalogue",
        Question,
        {"input_data": FOLD["input_data"]},
        ("200", "``valid``, and what is wrong where it is not."),
        "Check an input without computing",
    ),
)
REFUSALS = {
    "400": "The request is not understood.",
    "401": "No API key, or none that is good.",
    "403": "The key lacks the scope that the detail names.",
    "404": "There is no such thing, or it is another's.",
    "409": "It cannot be done now; the detail says why.",
    "413": "The body is too large.",
    "422": "A field is wrong; ``errors`` names each.",
    "429": "More than you may; ``retry_after`` in seconds, null where time does not help.",
    "503": "What this depends on does not answer; try again after ``Retry-After`` seconds.",
}
NOT_FOUND = {"type": "about:blank", "title": "Not found", "status": 404, "detail": "no batch b_1"}


KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer omtx_…`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
NO_KEY = ("/health", "/v1/health", "/v1/metadata", "/metrics")


def document() -> dict[str, Any]:
    """The OpenAPI document; the same code gives the same document."""
    told = _of(application())
    schemas = told["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, tag, body, example, success, summary in SUBMIT:
        told["paths"].setdefault(path, {})["post"] = _posted(path, tag, body, example, success, summary)
    found = [(body, "validation") for body in {it[2]: None for it in SUBMIT}] + [(Problem, "serialization")]
    _, definitions = models_json_schema(found, ref_template=REF)  # type: ignore[arg-type]
    for name, schema in definitions["$defs"].items():
        schemas.setdefault(name, schema)
    for methods in told["paths"].values():
        for method in METHODS:
            if method in methods:
                _refusing(methods[method])
    _locked(told)
    told["paths"] = dict(sorted(told["paths"].items()))
    told["components"]["schemas"] = dict(sorted(schemas.items()))
    return told


def _locked(told: dict[str, Any]) -> None:
    """Say how a key is shown, and where none is needed."""
    told["components"]["securitySchemes"] = KEYS
    told["security"] = [{name: []} for name in KEYS]
    for path, methods in told["paths"].items():
        if path.startswith(NO_KEY):
            for method in methods.keys() & set(METHODS):
                methods[method]["security"] = []


def _of(app: FastAPI) -> dict[str, Any]:
    told = app.openapi()
    for methods in told["paths"].values():
        for operation in methods.values():
            operation.setdefault("description", operation["summary"])
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _never_null(parameter["schema"])
            for answer in operation["responses"].values():
                for content in answer.get("content", {}).values():
                    if "$ref" in content.get("schema", {}):  # beside it stands what the code was taken for
                        content["schema"] = {"$ref": content["schema"]["$ref"]}
    return told


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is text or left out: null, which stands for that in the code, cannot be sent."""
    found = [it for it in schema.get("anyOf", ()) if it != {"type": "null"}]
    if len(found) != 1:
        return schema
    return {**found[0], **{name: it for name, it in schema.items() if name != "anyOf"}}


def _posted(
    path: str,
    tag: str,
    body: type[BaseModel],
    example: dict[str, Any],
    success: tuple[str, str],
    summary: str,
) -> dict[str, Any]:
    content = {"schema": {"$ref": REF.format(model=body.__name__)}, "example": example}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key with the same body is the same batch, however often it is sent.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }
    code, said = success
    return {
        "tags": [tag],
        "summary": summary,
        "description": said,
        "operationId": "submit" + path.replace("/", "_").replace("{", "").replace("}", ""),
        "parameters": [*parameters, *([key] if code == "202" else [])],
        "requestBody": {"required": body is not Nothing, "content": {"application/json": content}},
        "responses": {
            code: {"description": said, "content": {"application/json": {"schema": {"type": "object"}}}}
        },
    }


def _refusing(operation: dict[str, Any]) -> None:
    problem: dict[str, Any] = {"schema": {"$ref": REF.format(model="Problem")}}
    for code, said in REFUSALS.items():
        shown = {**problem, "example": NOT_FOUND} if code == "404" else problem
        operation["responses"][code] = {
            "description": said,
            "content": {"application/problem+json": shown},
        }


def text() -> str:
    """As it is stored."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(text())
