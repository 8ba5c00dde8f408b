"""Run inside a function's own environment: load its ``main.py`` and send it the request on stdin."""

import json
import sys

from functions_framework import create_app

from shared import wiring


def main(entry_point: str) -> None:
    """Print the answer as one line of JSON."""
    request = json.load(sys.stdin)
    client = create_app(entry_point, "main.py").test_client()
    response = client.open(
        request["path"], method=request["method"], json=request.get("body"), headers=request.get("headers")
    )
    answer = {
        "status": response.status_code,
        "body": response.get_json(silent=True),
        "modules": sorted(sys.modules),
        "dead_letters": [letter.reason for letter in wiring.local_bus().dead_letters()],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
