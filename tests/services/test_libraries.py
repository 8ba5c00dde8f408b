"""Libraries of every form, in every way in: as text, and uploaded; through the real entry points."""

import csv
import gzip
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from local.objects import Objects
from shared import wiring
from tests.support.boundaries import Boundaries
from tests.support.chain import Chain, chain_at
from tests.support.functions import Reply
from tests.support.orders import molecule, noop_order
from tests.support.screens import assert_problem, paths, status
from tests.unit.submit.test_sdf import record

NAMES = ["ethanol", "benzene", "alanine"]
SMILES = ["CCO", "c1ccccc1", "C[C@H](N)C(=O)O"]
PAIRS = list(zip(NAMES, SMILES, strict=True))
BAD = "C1CC("
FILES = {
    "a.csv": "name,smiles,dG\n" + "".join(f"{n},{s},-1\n" for n, s in PAIRS) + f"bad,{BAD},0\n",
    "b.csv": "".join(f"{s};{n}\n" for n, s in PAIRS) + f"{BAD};bad\n",
    "c.tsv": "smiles\tname\n" + "".join(f"{s}\t{n}\n" for n, s in PAIRS) + f"{BAD}\tbad\n",
    "d.smi": "".join(f"{s} {n}\n" for n, s in PAIRS) + f"{BAD} bad\n",
    "e.sdf": "".join(record(s, n, {"dG": "-1"}) for n, s in PAIRS) + "bad\n\n\nbroken\nM  END\n$$$$\n",
    "f.txt": "".join(f"{s} {n}\n" for n, s in PAIRS) + f"{BAD} bad\n",
}
LINE = {"a.csv": 5, "b.csv": 4, "c.tsv": 5, "d.smi": 4, "f.txt": 4}


def announced(chain: Chain, name: str) -> dict[str, Any]:
    """The answer to an announcement."""
    reply = chain._call("submit", "POST", "/api/v3/libraries", {"file_name": name})
    assert reply.status == 201, reply.body
    body: dict[str, Any] = reply.body
    return body


def sent(url: str, data: bytes) -> int:
    """PUT to a signed link."""
    server = Client(Objects(wiring.local_blobs(), wiring.clock()))
    return server.put(url.partition("8765")[2], data=data).status_code


def uploaded(chain: Chain, name: str, data: bytes) -> str:
    """The URI of an uploaded library."""
    place = announced(chain, name)
    assert sent(place["upload_url"], data) == 200
    return str(place["library_uri"])


def submitted(chain: Chain, library: dict[str, Any], **changes: Any) -> Reply:
    """A screen of this library."""
    return chain.submit(noop_order() | {"ligands": None, "library": library} | changes)


def given(chain: Chain, name: str, way: str) -> dict[str, Any]:
    """The library, by this way."""
    if way == "text":
        form = name.rpartition(".")[2]
        return {"content": FILES[name]} | ({} if form == "txt" else {"format": form})
    data = FILES[name].encode()
    packed = way == "gzip"
    return {"uri": uploaded(chain, f"{name}.gz" if packed else name, gzip.compress(data) if packed else data)}


@pytest.mark.parametrize("way", ["text", "upload", "gzip"])
@pytest.mark.parametrize("name", FILES)
def test_every_form_comes_in_by_every_way(chain: Chain, name: str, way: str) -> None:
    reply = submitted(chain, given(chain, name, way))
    assert reply.status == 202, reply.body
    assert (reply.body["accounting"]["submitted"], reply.body["accounting"]["invalid"]) == (4, 1)
    chain.drain()
    batch_id = reply.body["batch_id"]
    assert [job["ligand_name"] for job in status(chain, batch_id)["jobs"]] == NAMES
    results = chain.api(f"/api/v3/batches/{batch_id}/results?page_size=10").body["results"]
    computed = {row["ligand_name"]: row for row in results if row["ligand_name"]}
    assert computed["alanine"]["canonical_smiles"] == "C[C@H](N)C(=O)O"
    if name in ("a.csv", "e.sdf"):
        assert computed["alanine"]["data"] == {"dG": "-1"}
    table = chain.api(f"/api/v3/batches/{batch_id}/artefacts/rejected.csv").raw.decode()
    [rejected] = csv.DictReader(io.StringIO(table))
    line = LINE.get(name) or FILES[name].partition("bad\n")[0].count("\n") + 1
    assert (int(rejected["line"]), rejected["index"]) == (line, "3")
    assert BAD in rejected["text"] or rejected["text"].startswith("bad")
    assert rejected["reason"]


@pytest.mark.parametrize("way", ["text", "upload", "gzip"])
@pytest.mark.parametrize("name", FILES)
def test_strict_refuses_every_form_whole_and_leaves_nothing(chain: Chain, name: str, way: str) -> None:
    reply = submitted(chain, given(chain, name, way), strict=True)
    line = LINE.get(name) or FILES[name].partition("bad\n")[0].count("\n") + 1
    assert paths(reply) == [f"library.{'content' if way == 'text' else 'uri'}[line {line}]"]
    assert not list(wiring.local_blobs().list("batches/"))


def test_the_answer_to_an_announcement_says_where_to_and_how_long(chain: Chain) -> None:
    place = announced(chain, "../My library (1).csv.gz")
    assert place["library_uri"].endswith("_library__1_.csv.gz")
    assert place["expires_at"] < place["kept_until"]
    chain.clock.advance(timedelta(hours=25))
    assert sent(place["upload_url"], b"smiles\nC\n") == 401


def test_an_upload_that_never_came_is_not_found(chain: Chain) -> None:
    reply = submitted(chain, {"uri": announced(chain, "a.csv")["library_uri"]})
    assert paths(reply) == ["library.uri"]
    assert "nothing at this URI" in reply.body["detail"]


def test_only_the_owners_uploads_can_be_submitted(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = uploaded(chain, "a.csv", b"smiles\nC\n")
    batch = submitted(chain, {"uri": mine})
    assert batch.status == 202
    stored = next(wiring.local_blobs().list("batches/"))
    foreign = [
        *(stored, "https://example.org/a.csv", "file:///etc/passwd", f"../{mine}", f"{mine}/../x"),
        *(mine.replace("uploads/", "uploads/x"), "bucket:uploads/", f"{mine}/../x"),
    ]
    for uri in foreign:
        assert paths(submitted(chain, {"uri": uri})) == ["library.uri"], uri
    monkeypatch.setenv("OMTX_OWNER", "eve")
    wiring.reset()
    reply = submitted(chain, {"uri": mine})
    assert paths(reply) == ["library.uri"]
    assert "none of your uploads" in reply.body["detail"]


def test_the_same_key_and_upload_is_the_same_batch_and_other_content_is_another_order(chain: Chain) -> None:
    place = announced(chain, "a.csv")
    body = noop_order() | {"ligands": None, "library": {"uri": place["library_uri"]}}
    assert sent(place["upload_url"], b"smiles\nC\nCC\n") == 200
    first, again = (chain.submit(body, key="k") for _ in range(2))
    assert first.body["batch_id"] == again.body["batch_id"]
    copy = uploaded(chain, "b.csv", b"smiles\nC\nCC\n")
    assert chain.submit(body | {"library": {"uri": copy}}, key="k").status == 202
    assert sent(place["upload_url"], b"smiles\nC\nCCC\n") == 200
    assert_problem(chain.submit(body, key="k"), 409)
    chain.drain()
    assert status(chain, first.body["batch_id"])["accounting"]["completed"] == 2


def test_an_upload_that_is_replaced_while_it_is_read_is_refused(tmp_path: Path) -> None:
    key = list[str]()

    def plan(number: int, name: str) -> None:
        if name == "blobs.stream" and key:  # the digest was taken, the content comes now
            wiring.local_blobs().put(key[0], b"smiles\nCC\nbad(\n")

    with chain_at(tmp_path, Boundaries(plan)) as chain:
        uri = uploaded(chain, "a.csv", b"smiles\nC\n")
        key.append(uri.partition(":")[2])
        reply = submitted(chain, {"uri": uri})
        assert paths(reply) == ["library.uri"]
        assert "was replaced while it was read" in reply.body["detail"]
        assert not list(wiring.local_blobs().list("batches/"))


@pytest.mark.parametrize(
    ("limit", "value", "words"), [("BYTES", "1000", "1,000 bytes"), ("ROWS", "2999", "2,999 rows")]
)
def test_a_library_beyond_a_limit_is_refused_with_the_limit_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"OMTX_MOST_LIBRARY_{limit}", value)
    table = "smiles\n" + "".join(f"{molecule(n % 90)}\n" for n in range(3000))
    with chain_at(tmp_path) as chain:
        bomb = uploaded(chain, "a.csv.gz", gzip.compress(table.encode()))
        for library in ({"content": table}, {"uri": bomb}):
            reply = submitted(chain, library)
            assert_problem(reply, 422)
            assert words in reply.body["detail"]
        assert not list(wiring.local_blobs().list("batches/"))


def test_old_uploads_are_taken_away_with_the_next_announcement(chain: Chain) -> None:
    old = uploaded(chain, "old.csv", b"smiles\nC\n")
    batch = submitted(chain, {"uri": old})
    chain.clock.advance(timedelta(days=6))
    young = uploaded(chain, "young.csv", b"smiles\nC\n")
    chain.clock.advance(timedelta(days=2))
    announced(chain, "new.csv")
    assert [f"bucket:{key}" for key in wiring.local_blobs().list("uploads/")] == [young]
    assert paths(submitted(chain, {"uri": old})) == ["library.uri"]
    chain.drain()
    assert status(chain, batch.body["batch_id"])["status"] == "completed"


def test_an_upload_that_is_no_gzip_to_its_end_is_refused(chain: Chain) -> None:
    packed = gzip.compress(FILES["a.csv"].encode())
    reply = submitted(chain, {"uri": uploaded(chain, "a.csv.gz", packed[:-9])})
    assert paths(reply) == ["library.uri"]
    assert "no whole gzip file" in reply.body["detail"]


def test_the_same_content_read_in_another_form_is_another_order(chain: Chain) -> None:
    orders = [
        noop_order() | {"ligands": None, "library": {"uri": uploaded(chain, name, b"CCO\nCCN\n")}}
        for name in ("a.smi", "again.smi", "a.csv")
    ]
    first, again, other = (chain.submit(order, key="k") for order in orders)
    assert first.body["batch_id"] == again.body["batch_id"]
    assert_problem(other, 409)


@pytest.mark.parametrize(("size", "refused"), [(0, True), (256 * 1024**2, False), (256 * 1024**2 + 1, True)])
def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    chain: Chain, size: int, refused: bool
) -> None:
    reply = chain._call("submit", "POST", "/api/v3/libraries", {"file_name": "t.csv", "size": size})
    assert paths(reply) == ["size"] if refused else reply.status == 201


@pytest.mark.parametrize("end", ["a b.csv", "a.csv\n", ".part-x", "x/y.csv", ""])
def test_a_uri_that_no_offer_made_is_refused_by_its_field(chain: Chain, end: str) -> None:
    place = str(announced(chain, "a.csv")["library_uri"]).rpartition("/")[0]
    assert paths(submitted(chain, {"uri": f"{place}/{end}"})) == ["library.uri"]
