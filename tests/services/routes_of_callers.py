"""What is a caller's own: keys, usage, webhooks, and more of their batches."""

from tests.services.routes_of_features import Route

URL = {"url": "https://hooks.example.org/x"}
WEBHOOK = "webhook_id url events milestones enabled created_at secret"


def _nowhere(method: str, path: str) -> Route:
    """No such thing: the route is there, and says so."""
    return Route(method, path, "P", running=404, finished=404, body={} if method == "PATCH" else None)


KEYS = (
    Route("GET", "/api/v3/keys", "P", "keys pagination.has_more"),
    # From the first key on everybody needs one, the second caller, too.
    Route("POST", "/api/v3/keys", "P", "id owner scopes tier key", body={}, running=201, finished=401),
    _nowhere("POST", "/api/v3/keys/{key_id}/revoke"),
    _nowhere("POST", "/api/v3/keys/{key_id}/rotate"),
    Route("GET", "/api/v3/usage", "P", "owner tier limited rate_limits quotas"),
)
WEBHOOKS = (
    Route("GET", "/api/v3/webhooks", "P", "webhooks"),
    Route("POST", "/api/v3/webhooks", "P", WEBHOOK, body=URL, running=201, finished=201),
    _nowhere("GET", "/api/v3/webhooks/{webhook_id}"),
    _nowhere("PATCH", "/api/v3/webhooks/{webhook_id}"),
    _nowhere("DELETE", "/api/v3/webhooks/{webhook_id}"),
    _nowhere("POST", "/api/v3/webhooks/{webhook_id}/test"),
    _nowhere("POST", "/api/v3/webhooks/{webhook_id}/rotate-secret"),
    _nowhere("GET", "/api/v3/webhooks/{webhook_id}/deliveries"),
    _nowhere("GET", "/api/v3/webhooks/deliveries/{delivery_id}"),
    _nowhere("POST", "/api/v3/webhooks/deliveries/{delivery_id}/redeliver"),
    Route("GET", "/api/v1/webhooks/events", "P", "events[].event events[].type events[].description"),
    Route("GET", "/api/v1/webhooks/list", "P", "webhooks"),
    Route("POST", "/api/v1/webhooks/register", "P", "secret", body=URL, running=201, finished=201),
    _nowhere("GET", "/api/v1/webhooks/{webhook_id}"),
    _nowhere("DELETE", "/api/v1/webhooks/{webhook_id}"),
    _nowhere("POST", "/api/v1/webhooks/{webhook_id}/toggle"),
    _nowhere("POST", "/api/v1/webhooks/test/{webhook_id}"),
)
BATCHES = (
    Route(
        "GET",
        "/api/v3/batches/{batch_id}/differences",
        "P",
        "batch_id with replay_of compared different pagination.total_results",
        call="/api/v3/batches/{batch}/differences?with={batch}",
    ),
    Route(
        "POST",
        "/api/v3/batches/replay/{batch_id}",
        "P",
        "batch_id total_jobs replay_of changes status_url",
        running=202,
        finished=202,
    ),
    Route(
        "GET",
        "/api/v3/batches/{batch_id}/enhanced-results",
        "P",
        "batch_id batch_type model created_at total_ligands_screened successful_predictions batch_statistics "
        "individual_results[].job_id individual_results[].ligand_name individual_results[].status "
        "individual_results[].affinity individual_results[].download_links ligand_ranking "
        "pagination.page pagination.page_size pagination.total_results "
        "pagination.total_pages pagination.has_next pagination.has_previous data_source",
    ),
    Route("GET", "/api/v3/batches/{batch_id}/verify", "P", "batch_id ok status accounting sentence"),
    Route("GET", "/api/v3/batches/{batch_id}/artefacts", "P", "batch_id artefacts"),
    Route(
        "GET",
        "/api/v3/batches/{batch_id}/artefacts/{name}",
        "P",
        call="/api/v3/batches/{batch}/artefacts/manifest.json",
        running=409,
    ),
    Route(
        "POST",
        "/api/v3/batches/estimate",
        "P",
        "model_name counts time",
        body={"model_name": "noop", "ligands_count": 10},
    ),
    Route(
        "POST",
        "/api/v3/libraries",
        "P",
        "library_uri upload_url expires_at kept_until",
        body={"file_name": "a.smi"},
        running=201,
        finished=201,
    ),
    Route("GET", "/api/v3/provenance/keys", "P", "keys[].kid keys[].x"),
    Route(
        "GET",
        "/api/v3/depict.svg",
        "P",
        call="/api/v3/depict.svg?smiles=CCO",
        media="image/svg+xml",
    ),
    Route("GET", "/api/v2/tasks/{task_id}", "P", "task_id task_name", "/api/v2/tasks/protein_structure"),
)
ROUTES = (*KEYS, *WEBHOOKS, *BATCHES)
