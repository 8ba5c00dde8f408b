"""The signed URLs of the folder: they open one object, for one method, for a while."""

from urllib.parse import parse_qs, urlsplit

import pytest

from shared.adapters.local.blobs import FolderBlobs
from shared.errors import NotAllowed
from tests.contracts.conftest import LocalBackend
from tests.support.facts import at

KEY = "batches/b1/structure.cif"


@pytest.fixture
def folder(local: LocalBackend) -> FolderBlobs:
    return local.blobs


def parts(url: str) -> dict[str, str]:
    """Key, expiry and signature of a URL."""
    split = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(split.query).items()}
    return {"key": split.path.removeprefix("/objects/"), **query}


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("second", [0, 59, 60])
def test_a_signed_url_is_valid_for_its_method_until_its_end(
    folder: FolderBlobs, method: str, second: int
) -> None:
    url = {"GET": folder.get_url, "PUT": folder.put_url}[method](KEY, until=at(60))
    assert parts(url)["key"] == KEY
    folder.check_url(method, **parts(url), now=at(second))


@pytest.mark.parametrize(
    "change",
    [
        {"key": "batches/b2/structure.cif"},
        {"expires": "9999999999"},
        {"signature": "0" * 64},
        {"signature": ""},
        {"signature": "é"},
        {"expires": ""},
        {"expires": "-1"},
        {"expires": "1e9"},
        {"expires": "9" * 5000},
        {"expires": "\u0669"},
    ],
    ids=lambda change: "=".join(map(str, *change.items()))[:30],
)
def test_a_tampered_url_is_refused(folder: FolderBlobs, change: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        folder.check_url("GET", **parts(folder.get_url(KEY, until=at(60))) | change, now=at(0))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "get", "HEAD", ""])
def test_a_url_for_reading_opens_nothing_else(folder: FolderBlobs, method: str) -> None:
    with pytest.raises(NotAllowed):
        folder.check_url(method, **parts(folder.get_url(KEY, until=at(60))), now=at(0))


def test_an_expired_url_is_refused(folder: FolderBlobs) -> None:
    with pytest.raises(NotAllowed, match="expired"):
        folder.check_url("GET", **parts(folder.get_url(KEY, until=at(60))), now=at(60.5))


def test_a_url_of_another_installation_is_refused(
    folder: FolderBlobs, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = LocalBackend(tmp_path_factory.mktemp("other"))
    with pytest.raises(NotAllowed):
        folder.check_url("GET", **parts(other.blobs.get_url(KEY, until=at(60))), now=at(0))
