"""Libraries of every form, in the body and by upload."""

import gzip
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared import wiring
from shared.domain.identity import digest
from shared.settings import settings
from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.orders import noop_order
from tests.support.screens import assert_problem, paths
from tests.unit.submit.test_sdf import BROKEN, record

TABLE = "id;smiles;ic50\nethanol;CCO;3\nbad;C1CC(;4\nbenzene;c1ccccc1;5\n"
ETHANOL, BENZENE = record("CCO", "ethanol", {"ic50": "3"}), record("c1ccccc1", "benzene", {"ic50": "5"})
FILES = {
    "t.csv": TABLE,
    "t.tsv": TABLE.replace(";", "\t"),
    "t.smi": "CCO ethanol\nC1CC( bad\nc1ccccc1 benzene\n",
    "t.txt": "CCO ethanol\nC1CC( bad\nc1ccccc1 benzene\n",
    "t.sdf": f"{ETHANOL}{BROKEN}$$$$\n{BENZENE}",
}


def offer(chain: Chain, name: str) -> dict[str, Any]:
    """Where to upload a file of this name."""
    reply = chain._call("submit", "POST", "/api/v3/libraries", {"file_name": name})
    assert reply.status == 201, reply.body
    body: dict[str, Any] = reply.body
    return body


def upload(chain: Chain, name: str, content: bytes) -> str:
    """The URI of an uploaded file."""
    offered = offer(chain, name)
    url = urlsplit(offered["upload_url"])
    key, query = url.path.removeprefix("/objects/"), parse_qs(url.query)
    blobs, now = wiring.local_blobs(), chain.clock.now()
    blobs.check_url("PUT", key, query["expires"][0], query["signature"][0], now=now)
    blobs.put(key, content)
    return str(offered["library_uri"])


def submit(chain: Chain, library: dict[str, Any], key: str | None = None, **changes: Any) -> Reply:
    """Submit a screen of this library."""
    return chain.submit(noop_order() | {"ligands": None, "library": library} | changes, key=key)


@pytest.mark.parametrize("way", ["body", "upload", "gzip"])
@pytest.mark.parametrize("name", FILES)
def test_every_form_is_read_in_every_way(chain: Chain, name: str, way: str) -> None:
    content = FILES[name].encode()
    if way == "body":
        library = {"content": FILES[name]}
    elif way == "upload":
        library = {"uri": upload(chain, name, content)}
    else:
        library = {"uri": upload(chain, f"{name}.gz", gzip.compress(content))}
    reply = submit(chain, library)
    assert reply.status == 202, reply.body
    assert reply.body["accounting"]["invalid"] == 1
    chain.drain()
    results = chain.api(f"/api/v3/batches/{reply.body['batch_id']}/results").body["results"]
    rows = {row["ligand_name"]: row for row in results}
    assert {name: rows[name]["ligand_smiles"] for name in ("ethanol", "benzene")} == {
        "ethanol": "CCO",
        "benzene": "c1ccccc1",
    }
    if name.endswith(("csv", "tsv", "sdf")):
        assert rows["benzene"]["data"] == {"ic50": "5"}


def test_rejected_rows_of_an_sdf_file_have_line_reason_and_text(chain: Chain) -> None:
    reply = submit(chain, {"content": FILES["t.sdf"], "format": "sdf"})
    [row] = reply.body["rejected"]
    assert row["line"] == FILES["t.sdf"].splitlines().index("broken") + 1
    assert row["reason"].startswith("the record cannot be read")
    assert row["text"].startswith("broken made up")


@pytest.mark.parametrize("name", FILES)
def test_strict_refuses_a_file_with_a_bad_row_and_leaves_only_the_upload(chain: Chain, name: str) -> None:
    reply = submit(chain, {"uri": upload(chain, name, FILES[name].encode())}, strict=True)
    [path] = paths(reply)
    assert path.startswith("library.uri[line ")
    assert list(wiring.local_blobs().list("batches/")) == []


def test_the_same_file_uploaded_again_is_the_same_order_and_another_is_not(chain: Chain) -> None:
    first, again = (
        submit(chain, {"uri": upload(chain, "t.smi", b"CCO a\n")}, key="k").body["batch_id"] for _ in range(2)
    )
    assert first == again
    assert_problem(submit(chain, {"uri": upload(chain, "t.smi", b"CCO b\n")}, key="k"), 409)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.org/library.csv",
        "bucket:uploads/0123456789abcdef/x/t.csv",
        "bucket:batches/x/summary.json",
        f"bucket:uploads/{digest(['owner', 'local'])[:16]}/../../secrets/webhook",
        f"bucket:uploads/{digest(['owner', 'local'])[:16]}/nothing/t.csv",
        "",
    ],
)
def test_what_is_not_an_upload_of_the_owner_is_refused(chain: Chain, uri: str) -> None:
    assert paths(submit(chain, {"uri": uri})) == ["library.uri"]


def test_a_library_is_given_once(chain: Chain) -> None:
    assert paths(submit(chain, {"uri": "bucket:x", "content": "C"})) == ["library"]
    assert paths(submit(chain, {"format": "csv"})) == ["library"]


@pytest.mark.parametrize("name", ["../../x.sdf", "ä ö.csv.gz", "-rf.smi", "x" * 250 + ".sdf"])
def test_a_name_of_any_file_makes_a_safe_key_that_keeps_its_ending(chain: Chain, name: str) -> None:
    uri = str(offer(chain, name)["library_uri"])
    assert uri.rpartition(".")[2] == name.rpartition(".")[2]
    assert ".." not in uri
    wiring.local_blobs().put(uri.removeprefix("bucket:"), b"C\n")


def test_an_upload_needs_a_name(chain: Chain) -> None:
    assert paths(chain._call("submit", "POST", "/api/v3/libraries", {})) == ["file_name"]


def test_a_library_beyond_the_limits_is_refused_and_leaves_nothing(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_MOST_LIBRARY_ROWS", "2500")
    settings.cache_clear()
    content = "".join(f"CCO ethanol-{n}\n" for n in range(2501))
    reply = submit(chain, {"uri": upload(chain, "t.smi", content.encode())})
    assert paths(reply) == ["library.uri"]
    assert "more than 2,500 rows" in reply.body["detail"]
    assert list(wiring.local_blobs().list("batches/")) == []
