"""No parameter of a path leads to anything but what it names."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping

import pytest

from local.reference import document
from tests.security.conftest import Home

ROUTES = [
    (method.upper(), path)
    for path, methods in document()["paths"].items()
    for method in methods
    if "{" in path and method in ("get", "post", "delete", "patch")
]
WAYS = (
    *("..%2f..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%252f..%252fetc%252fpasswd"),
    *("..%5c..%5cboot.ini", "%2fetc%2fpasswd", "x%00.json", "%c0%ae%c0%ae%c0%af", ".", ".."),
    *("%0d%0aX-A:%20b", "x" * 4000, "%25", "%e2%80%ae", "..;/", "file:%2f%2f%2fetc%2fpasswd", "~root"),
)
INSIDE = re.compile(rb"root:.*:0:0|Traceback|\.py\"|/tmp/|site-packages")


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda it: it)
def test_a_way_out_in_any_place_of_a_path_finds_nothing(home: Home, method: str, path: str) -> None:
    for called, way in ways(path, {"batch_id": home.batch, "job_id": home.job}):
        status, raw, headers = home.ask(method, called, b"", **{"content-type": "application/json"})
        assert status in (200, 404, 405, 409, 422), (called, status, raw)
        assert not INSIDE.search(raw), (called, raw)
        assert "x-a" not in headers
        if status == 200:  # a filter that matches nothing, or a step to the path above
            assert way == "." or "passwd" not in json.dumps(json.loads(raw)), (called, raw)


def ways(path: str, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The path with each way in each of its places, and the way."""
    names = re.findall(r"\{(\w+)\}", path)
    for place, way in itertools.product(names, WAYS):
        called = path
        for name in names:
            called = called.replace(f"{{{name}}}", way if name == place else given.get(name, "json"))
        yield called, way


@pytest.mark.parametrize("way", WAYS)
def test_an_artefact_is_one_of_the_batch_and_no_other_file(home: Home, way: str) -> None:
    for name in (way, f"results/{way}", f"jobs/{home.job}/{way}", f"jobs/{way}/metadata.json"):
        assert home.get(f"/api/v3/batches/{home.batch}/artefacts/{name}")[0] == 404


@pytest.mark.parametrize("way", WAYS)
def test_an_object_without_a_signature_is_not_given(home: Home, way: str) -> None:
    status, raw, _ = home.get(f"/objects/{way}?expires=9999999999&signature={'0' * 64}")
    assert status in (401, 404), raw
