"""What a client does when the network or the server fails it: a real server in between does so on order."""

import time
from collections.abc import Callable
from pathlib import Path

import omtx
import pytest
from omtx import Client, Patience
from omtx.orders import Wanted

from tests.client.flaky import Flaky

LIMITED = (429, {"Retry-After": "1"})


def screens_called(client: Client, name: str) -> list[str]:
    """The ids of all screens of this name."""
    return [it.id for it in client.screens.list() if it.listed is not None and it.listed.name == name]


@pytest.mark.parametrize("mishap", ["lose", "drop", 503, 502, 500, 429, 408])
def test_a_submission_that_goes_wrong_on_its_way_makes_one_screen(
    patient: Client, flaky: Flaky, client: Client, mishap: str | int
) -> None:
    name = f"once {mishap}"
    flaky.mishaps += [mishap, mishap]
    screen = patient.screens.create(library=["CCO"], model="noop", name=name)
    assert screens_called(client, name) == [screen.id]
    sent = [it for it in flaky.seen if it[0] == "POST"]
    assert len(sent) == 3
    assert len({headers["idempotency-key"] for _, _, headers in sent}) == 1


def test_each_call_has_a_key_of_its_own_and_a_given_key_is_kept(patient: Client, flaky: Flaky) -> None:
    same: Wanted = {"library": ["CCO"], "model": "noop", "name": "keys"}
    other: Wanted = {**same, "library": ["CCN"]}
    first, second = (patient.screens.create(**same) for _ in range(2))
    assert first.id != second.id
    third, again = (patient.screens.create(**same, idempotency_key="mine") for _ in range(2))
    assert third.id == again.id
    with pytest.raises(omtx.KeyReused):
        patient.screens.create(**other, idempotency_key="mine")


def test_a_prediction_whose_answer_is_lost_is_made_once(
    patient: Client, flaky: Flaky, client: Client
) -> None:
    flaky.mishaps += ["lose"]
    asked = {"protein_sequence": "MNIFEMLRIDEGLRLK"}
    screen = patient.predict("protein_structure", asked, model="noop", name="predicted once")
    assert screens_called(client, "predicted once") == [screen.id]


def test_an_upload_that_breaks_off_is_sent_again_whole(patient: Client, flaky: Flaky, tmp_path: Path) -> None:
    path = tmp_path / "many.smi"
    path.write_text("".join(f"CCO {'x' * 150}{n}\n" for n in range(9000)))
    flaky.mishaps += ["lose", None, "lose", "drop"]
    screen = patient.screens.create(library=path, model="noop")
    assert screen.status().accounting.submitted == 9000
    assert [method for method, _, _ in flaky.seen[:6]] == ["POST", "POST", "PUT", "PUT", "PUT", "POST"]


def test_reading_is_repeated_and_an_answer_cut_in_half_is_none(patient: Client, flaky: Flaky) -> None:
    flaky.mishaps += ["drop", "tear", 503, "lose"]
    assert patient.models.get("noop").id == "noop"
    assert len(flaky.seen) == 5


def test_a_step_that_might_count_twice_is_not_repeated(patient: Client, flaky: Flaky) -> None:
    screen = patient.screens.create(library=["CCO"], model="noop", parameters={"delay_seconds": 30})
    flaky.seen.clear()
    step = omtx.Request("POST", screen.path("/control/cancel"))
    for mishap, expected in ((503, omtx.ServerFailed), ("lose", omtx.NoAnswer)):
        flaky.mishaps.append(mishap)
        with pytest.raises(expected):
            patient.ask(step)
    assert len(flaky.seen) == 2
    flaky.mishaps.append(429)  # turned away before anything was done about it
    patient.ask(step)
    assert len(flaky.seen) == 4


def test_a_retry_of_failed_ligands_opens_one_round(patient: Client, flaky: Flaky) -> None:
    screen = patient.screens.create(library=["CCO"], model="noop", parameters={"failure_rate": 1.0})
    screen.wait(timeout=60)
    flaky.mishaps += [None, "lose"]
    assert screen.retry_failed().raw["round"] == 1
    assert screen.wait(timeout=60).round == 1


def test_a_deletion_whose_answer_is_lost_is_one(patient: Client, flaky: Flaky) -> None:
    screen = patient.screens.create(library=["CCO"], model="noop")
    screen.wait(timeout=60)
    flaky.mishaps += ["lose"]
    assert screen.delete().batch_id == screen.id


def test_the_server_says_how_long_to_wait(patient: Client, flaky: Flaky) -> None:
    flaky.mishaps += [LIMITED]
    began = time.monotonic()
    patient.models.list()
    assert 0.9 < time.monotonic() - began < 5


def test_who_is_asked_for_more_patience_than_it_has_is_told_when_to_come_again(
    patient: Client, flaky: Flaky
) -> None:
    flaky.mishaps += [(429, {"Retry-After": "3600"})]
    with pytest.raises(omtx.RateLimited) as limited:
        patient.models.list()
    assert limited.value.retry_after == 3600
    flaky.mishaps += [(503, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"})]
    with pytest.raises(omtx.ServerFailed) as failed:
        patient.models.list()
    assert failed.value.retry_after is not None
    assert failed.value.retry_after > 1e9


def test_patience_ends(flaky: Flaky) -> None:
    flaky.mishaps += [503] * 9
    short = Patience(attempts=3, first_seconds=0.01)
    with Client(flaky.url, patience=short) as client, pytest.raises(omtx.ServerFailed, match="503"):
        client.models.list()
    assert len(flaky.seen) == 3


def test_a_wait_outlives_a_server_that_restarts(patient: Client, flaky: Flaky) -> None:
    screen = patient.screens.create(library=["CCO"], model="noop", parameters={"delay_seconds": 1})
    flaky.mishaps += ["drop"] * 7
    assert screen.wait(timeout=60).is_successful


def test_pauses_grow_and_are_spread() -> None:
    patience = Patience(attempts=9, first_seconds=1, most_seconds=20)
    asked, lost = omtx.calls.get("/"), omtx.calls.Lost("", sent=True)
    pause: Callable[..., float | None] = patience.pause
    assert [pause(asked, lost, n, chance=0.0) for n in range(1, 7)] == [1, 2, 4, 8, 16, 20]
    assert pause(asked, lost, 3, chance=0.999) == pytest.approx(2, rel=0.01)
    assert pause(asked, lost, 9, chance=0.0) is None


def test_a_download_goes_on_where_it_broke_off(patient: Client, flaky: Flaky, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    screen = patient.screens.get("batch_x")
    flaky.files[screen.path("/export/csv")] = content
    flaky.mishaps += ["tear", "tear"]
    saved = screen.export("csv", tmp_path / "x.csv")
    assert saved is not None
    assert saved.read_bytes() == content
    ranges = [headers.get("range") for _, _, headers in flaky.seen]
    assert ranges == [None, "bytes=512000-", "bytes=768000-"]


def test_a_download_begins_again_where_the_server_cannot_go_on(
    patient: Client, flaky: Flaky, tmp_path: Path
) -> None:
    screen = patient.screens.create(library=["CCO", "CCN"], model="noop")
    screen.wait(timeout=60)
    flaky.mishaps += ["tear", "drop"]
    saved = screen.export("csv", tmp_path / "x.csv")
    assert saved is not None
    assert len(saved.read_text().splitlines()) == 3
    assert [it.name for it in tmp_path.iterdir()] == ["x.csv"]


def test_another_file_than_the_servers_is_not_kept(patient: Client, flaky: Flaky, tmp_path: Path) -> None:
    screen = patient.screens.get("batch_x")
    flaky.mishaps += [
        (200, {"ETag": f'"{"0" * 64}"'}),
        (200, {"x-goog-hash": "crc32c=AA==,md5=" + "A" * 22 + "=="}),
    ]
    for kind in ("sha256", "md5"):
        with pytest.raises(omtx.Damaged, match=kind):
            screen.export("csv", tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_byte_that_changed_on_its_way_is_noticed(patient: Client, flaky: Flaky, tmp_path: Path) -> None:
    screen = patient.screens.create(library=["CCO"], model="noop")
    screen.wait(timeout=60)
    for form in ("csv", "parquet"):
        flaky.mishaps += ["spoil"]
        with pytest.raises(omtx.Damaged, match="sha256"):
            screen.export(form, tmp_path / "x")
        assert screen.export(form, tmp_path / form) == tmp_path / form
    assert sorted(it.name for it in tmp_path.iterdir()) == ["csv", "parquet"]


def test_a_folder_that_is_not_there_is_named(patient: Client, tmp_path: Path) -> None:
    with pytest.raises(omtx.Unusable, match="none"):
        patient.screens.get("batch_x").export("csv", tmp_path / "none" / "x.csv")
