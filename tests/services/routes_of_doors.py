"""The doors that clients of others know: of Boltz-2 as a NIM, and the life of a screen."""

from tests.services.routes_of_features import SEQUENCE, Route

FOLD = {"polymers": [{"id": "A", "molecule_type": "protein", "sequence": SEQUENCE}]}
TARGET = {"entities": [{"type": "protein", "chain_ids": ["A"], "value": SEQUENCE}]}
SCREEN = {"idempotency_key": "k1", "molecules": [{"id": "m", "smiles": "CCO"}], "target": TARGET}


def _unknown(method: str, path: str) -> Route:
    """Only what came in by this door is a screen here."""
    return Route(method, path, "P", "", path.replace("{screen}", "{batch}"), running=404, finished=404)


# Without a GPU the doors refuse a prediction; with one they are tested elsewhere.
NIM = (
    *(
        Route("POST", f"{prefix}/biology/mit/boltz2/predict", "P", body=FOLD, running=422, finished=422)
        for prefix in ("", "/v1")
    ),
    Route("GET", "/v1/health/live", "P", "status"),
    Route("GET", "/v1/health/ready", "P", "status"),
    Route("GET", "/v1/metadata", "P", "version modelInfo[].shortName assetInfo licenseInfo"),
)
SCREENS = (
    Route("POST", "/v1/screens", "P", body=SCREEN, running=422, finished=422),
    Route("POST", "/v1/screens/estimate-cost", "P", body=SCREEN, running=422, finished=422),
    _unknown("GET", "/v1/screens/{screen}"),
    _unknown("GET", "/v1/screens/{screen}/results"),
    _unknown("POST", "/v1/screens/{screen}/stop"),
    _unknown("POST", "/v1/screens/{screen}/resume"),
    _unknown("POST", "/v1/screens/{screen}/delete-data"),
)
ROUTES = (*NIM, *SCREENS)
