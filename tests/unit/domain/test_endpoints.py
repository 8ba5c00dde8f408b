"""Which class a request belongs to, for every kind of path that users know."""

import json

import pytest

from shared.domain.endpoints import endpoints_of
from tests.support.functions import ROOT

CLASSES = {
    "submit": [
        "POST /api/v3/batches/submit",
        "POST /api/predict",
        "POST /api/v2/predict",
        "POST /api/v2/models/rfantibody/predict",
        "POST /biology/mit/boltz2/predict",
        "POST /api/v3/screens",
    ],
    "status": [
        "GET /api/v3/batches/b_1/status",
        "GET /api/v3/batches/b_1/status/",
        "HEAD /api/v3/batches/b_1/status",
        "GET /api/jobs/j_1",
        "GET /api/v2/jobs/j_1",
        "GET /api/jobs/j_1/batch-status",
        "GET /api/v3/batch-completion/batch/b_1/progress",
        "GET /api/v3/batch-completion/milestones/b_1",
        "GET /api/v3/screens/b_1",
    ],
    "list": [
        "GET /api/v3/batches",
        "GET /api/v3/batches/",
        "GET /api/jobs",
        "GET /api/v2/jobs/status/running",
        "GET /api/v2/results/fast",
        "GET /api/v2/results/ultra-fast",
        "GET /api/v3/batches/fast-results",
        "GET /api/v2/my-results",
        "GET /api/v3/ultra-fast/batch-jobs",
    ],
    "results": [
        "GET /api/v3/batches/b_1/results",
        "GET /api/v3/batches/b_1/enhanced-results",
        "GET /api/v3/batches/b_1/analytics",
        "GET /api/v2/results/job/j_1",
        "GET /api/v2/results/batch/b_1/children",
        "GET /api/v3/batches/b_1/verify",
    ],
    "download": [
        "GET /api/v3/batches/b_1/export/zip",
        "GET /api/v3/batches/b_1/jobs/j_1/download/cif",
        "GET /api/jobs/j_1/download/cif",
        "GET /api/v3/batches/b_1/artefacts/summary.json",
        "GET /api/v2/batch/b_1/download-all",
    ],
    "delete": [
        "DELETE /api/v3/batches/b_1",
        "DELETE /api/v2/jobs/j_1",
        "POST /api/v3/screens/b_1/delete-data",
    ],
    "other": [
        "GET /api/v2/models",
        "POST /api/v3/batches/estimate",
        "POST /api/v3/batches/b_1/control/pause",
        "POST /api/v2/tasks/x/validate",
        "GET /api/v3/usage",
        "PUT /api/v3/batches/submit",
        "GET /api/v3/batches/submit/nothing/here",
    ],
    None: [
        "GET /",
        "GET /health",
        "GET /health/ready",
        "GET /metrics",
        "GET /docs",
        "GET /openapi.json",
        "GET /v1/health/ready",
        "POST /api/v3/webhooks/engine",
    ],
}


@pytest.mark.parametrize(
    ("name", "request_"), [(name, it) for name, those in CLASSES.items() for it in those]
)
def test_every_kind_of_path_has_its_class(name: str | None, request_: str) -> None:
    method, path = request_.split()
    found = endpoints_of(method, path)
    assert (found and found.value) == name


def test_of_the_routes_that_exist_only_probes_are_free() -> None:
    told = json.loads((ROOT / "docs" / "openapi.json").read_text())
    free = [
        path
        for path, methods in told["paths"].items()
        for it in methods
        if not endpoints_of(it.upper(), path)
    ]
    assert all(path.startswith(("/health", "/v1/health", "/v1/metadata", "/metrics")) for path in free)
