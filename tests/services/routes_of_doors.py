"""The doors that clients of others know: of Boltz-2 as a NIM, and the life of a screen."""

from tests.services.routes_of_features import SEQUENCE, Route

FOLD = {"polymers": [{"id": "A", "molecule_type": "protein", "sequence": SEQUENCE}]}
TARGET = {"entities": [{"type": "protein", "chain_ids": ["A"], "value": SEQUENCE}]}
LIGAND = {"id": "LIG", "smiles": "CCO", "predict_affinity": True}
MOLECULES = [{"id": "m1", "smiles": "CCO"}, {"id": "m2", "smiles": "CCN"}]
SCREEN = {"idempotency_key": "k1", "molecules": MOLECULES, "target": TARGET, "model": "noop"}
STARTED = "id status idempotency_key progress.total_molecules_to_screen progress.num_molecules_screened "
STARTED += "progress.num_molecules_failed rejection_summary"
PREDICT = [f"{prefix}/biology/mit/boltz2/predict" for prefix in ("", "/v1")]
PREDICTED = "structures[].structure structures[].format confidence_scores affinities.LIG metrics.chains"


def _unknown(method: str, path: str) -> Route:
    """Only what came in by this door is a screen here."""
    return Route(method, path, "P", "", path.replace("{screen}", "{batch}"), running=404, finished=404)


# Without a GPU the doors refuse a prediction; ``gpu_provider/test_nim_door.py`` asks them where there is one.
PREDICTIONS = tuple(
    Route("POST", path, "P", PREDICTED, body=FOLD | {"ligands": [LIGAND]}) for path in PREDICT
)
NIM = (
    *(Route("POST", path, "P", body=FOLD, running=422, finished=422) for path in PREDICT),
    Route("GET", "/v1/health/live", "P", "status"),
    Route("GET", "/v1/health/ready", "P", "status"),
    Route("GET", "/v1/metadata", "P", "version modelInfo[].shortName assetInfo licenseInfo"),
)
SCREENS = (
    Route("POST", "/v1/screens", "P", STARTED, body=SCREEN, running=201, finished=201),
    Route("POST", "/v1/screens/estimate-cost", "P", "estimated_cost_usd cost counts", body=SCREEN),
    _unknown("GET", "/v1/screens/{screen}"),
    _unknown("GET", "/v1/screens/{screen}/results"),
    _unknown("POST", "/v1/screens/{screen}/stop"),
    _unknown("POST", "/v1/screens/{screen}/resume"),
    _unknown("POST", "/v1/screens/{screen}/delete-data"),
)
ROUTES = (*NIM, *SCREENS)
