"""Molecules that are short to write and long to compute: each is answered in bounded time."""

import json
import time

import pytest

from tests.security.conftest import Home
from tests.support.orders import noop_order

JSON = {"content-type": "application/json"}
MOST_SECONDS = 20.0
CAGES = {
    "rings in rings": "".join(f"C%{n}" for n in range(10, 90)) + "".join(f"C%{n}" for n in range(10, 90)),
    "a clique": "C1234567890",
    "all the same": "C(C)(C)" * 70 + "C",
    "brackets": "C" + "(C" * 160 + ")" * 160,
    "open brackets": "C" + "(" * 499,
    "charges": "[C+99999999999]",
    "isotopes": "[999999999999C]",
    "a polymer of spiro rings": "C1CC12CC2" * 50,
    "fullerene": (
        "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2"
        "c7c3c3c8c4c4c9c5c1c1c6c2c3c41"
    ),
    "stereo without end": "C/C=C/" * 60 + "C",
    "stereo centres": "C[C@H](O)" * 55 + "C",
    "dots": "." * 499,
    "fragments": "C." * 249 + "C",
    "closures": "C%99" * 120,
}


@pytest.mark.parametrize("cage", CAGES)
def test_no_molecule_holds_a_submission_up(home: Home, cage: str) -> None:
    order = noop_order() | {"ligands": [{"name": "it", "smiles": CAGES[cage][:500]}, {"smiles": "CCO"}]}
    begun = time.monotonic()
    status, raw, _ = home.ask("POST", "/api/v3/batches/submit", json.dumps(order).encode(), **JSON)
    assert status == 202, raw
    assert time.monotonic() - begun < MOST_SECONDS


@pytest.mark.parametrize("cage", CAGES)
def test_no_molecule_holds_a_picture_up(home: Home, cage: str) -> None:
    smiles = CAGES[cage][:500].replace("%", "%25").replace("+", "%2B").replace("/", "%2F")
    begun = time.monotonic()
    status, raw, _ = home.get(f"/api/v3/depict.svg?smiles={smiles}")
    assert status in (200, 422), raw
    assert time.monotonic() - begun < MOST_SECONDS
