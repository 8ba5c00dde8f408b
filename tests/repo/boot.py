"""Run inside a function's own environment: load its ``main.py`` and send it the request on stdin."""

import json
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared import wiring
from shared.topology import topology

ASGI = Path(__file__).parents[1] / "support" / "asgi.py"


def main(entry_point: str) -> None:
    """Print the answer as one line of JSON."""
    is_asgi = topology().functions[entry_point].interface == "asgi"
    status, body = (of_application if is_asgi else of_function)(entry_point, json.load(sys.stdin))
    answer = {
        "status": status,
        "body": body,
        "modules": sorted(sys.modules),
        "dead_letters": [letter.reason for letter in wiring.local_bus().dead_letters()],
    }
    print(json.dumps(answer))


def of_function(entry_point: str, request: Mapping[str, Any]) -> tuple[int, Any]:
    """Status and JSON of the answer of a function of the framework."""
    from functions_framework import create_app

    client = create_app(entry_point, "main.py").test_client()
    sent = {"json": request.get("body"), "headers": request.get("headers")}
    response = client.open(request["path"], method=request["method"], **sent)
    return response.status_code, response.get_json(silent=True)


def of_application(entry_point: str, request: Mapping[str, Any]) -> tuple[int, Any]:
    """The same of an ASGI application; the one who asks must not need more packages than it does."""
    from functions_framework import create_app

    asked = runpy.run_path(str(ASGI))["asked"]
    body = json.dumps(request["body"]).encode() if "body" in request else b""
    headers = {"content-type": "application/json", **request.get("headers", {})}
    status, raw, _ = asked(
        create_app(entry_point, "main.py"), request["method"], request["path"], body, headers
    )
    return status, json.loads(raw)


if __name__ == "__main__":
    main(sys.argv[1])
