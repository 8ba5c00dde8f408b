"""The NIM door on the embedded runner, asked by the client that NVIDIA publishes; a stand-in computes."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boltz2_client import Boltz2Client, Boltz2SyncClient
from boltz2_client.exceptions import Boltz2APIError
from boltz2_client.models import (
    BondConstraint,
    Contact,
    Ligand,
    PocketConstraint,
    Polymer,
    PredictionRequest,
    PredictionResponse,
)

from services.api import nim
from shared import wiring
from shared.events.runs import packed, unpacked
from shared.models.work import Envelope, Failure, FailureClass, WorkOrder
from shared.settings.doors import doors
from tests.local.running import QUICK, Running, until
from tests.modal_server.server import ControlPlane
from tests.services.routes_of_doors import PREDICTIONS
from tests.services.routes_of_features import Route
from tests.services.test_routes_of_features import check
from tests.support.functions import Reply
from tests.support.screens import store

SEQUENCE = "MKTAYIAKQRQISFVKSHFS"
METRICS = {
    **{"affinity": -1.5, "affinity_prob": 0.7, "ens_aff_1": -1.0, "ens_prob_1": 0.6, "ens_aff_2": -2.0},
    **{"ens_prob_2": 0.8, "confidence": 0.9, "ptm_score": 0.8, "iptm_score": 0.7, "ligand_iptm": 0.7},
    **{"complex_plddt": 0.9, "complex_iplddt": 0.85, "complex_pde": 1.2, "complex_ipde": 2.5},
}


class StandIn:
    """What a container does with the orders: nothing is predicted, and every answer says so."""

    def __init__(self) -> None:
        self.orders: list[WorkOrder] = []
        self.failing = 0
        self.held = threading.Event()
        self.held.set()

    def answer(self, data: bytes, call_id: str) -> bytes:
        """An envelope with a structure in the store."""
        order = unpacked(data, WorkOrder)
        self.orders.append(order)
        self.held.wait(20)
        now = wiring.clock().now()
        times = {"started_at": now, "finished_at": now}
        if self.failing:
            self.failing -= 1
            failure = Failure(kind=FailureClass.MODEL_ERROR, message="as asked for")
            return packed(Envelope(ref=order.ref, call_id=call_id, status="failed", failure=failure, **times))
        ref = order.ref
        file = store(ref.batch_id, ref.job_id, "structure.cif", b"data_stand_in\n")
        return packed(
            Envelope(
                ref=ref,
                call_id=call_id,
                status="succeeded",
                metrics=METRICS if order.smiles else {"confidence": 0.9},
                artefacts=(file,),
                test_model=True,
                **times,
            )
        )


@pytest.fixture
def stand_in() -> StandIn:
    """Told by each test what to do."""
    return StandIn()


@pytest.fixture
def running(
    tmp_path: Path, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, stand_in: StandIn
) -> Iterator[Running]:
    """A runner whose calls the stand-in answers; their results are fetched by the sweeper."""
    control_plane.deployments.have("omtx-boltz2", most_containers=4)
    quick = QUICK | {"OMTX_ENGINE": "modal", "OMTX_MODAL_INSECURE": "1", "OMTX_POLL_SECONDS": "0.2"}
    for name, value in quick.items():
        monkeypatch.setenv(name, value)
    stopped = threading.Event()
    with Running(tmp_path) as running:
        control_plane.plane.body = stand_in.answer

        def contain() -> None:
            while not stopped.wait(0.02):
                control_plane.plane.run(limit=1)

        container = threading.Thread(target=contain)
        container.start()
        yield running
        stand_in.held.set()
        stopped.set()
        container.join()
        doors.cache_clear()


def request(**changes: Any) -> PredictionRequest:
    """A small complex."""
    usual: dict[str, Any] = {
        "polymers": [Polymer(id="A", molecule_type="protein", sequence=SEQUENCE)],
        "ligands": [Ligand(id="LIG", smiles="CCO", predict_affinity=True)],
    }
    return PredictionRequest(**{**usual, **changes})


def ask(running: Running, asked: PredictionRequest, **options: Any) -> PredictionResponse:
    """Through the published client, which waits for the answer."""
    client = Boltz2Client(base_url=running.runner.url, timeout=50, max_retries=0, **options)
    answer: PredictionResponse = asyncio.run(client.predict(asked, save_structures=False))
    return answer


def test_the_published_client_predicts_and_reads_its_answer(running: Running, stand_in: StandIn) -> None:
    pocket = PocketConstraint(binder="LIG", contacts=[Contact(id="A", residue_index=3)])
    found = ask(running, request(constraints=[pocket], sampling_steps=60))
    assert [it.structure for it in found.structures] == ["data_stand_in\n"]
    assert (found.structures[0].format, found.confidence_scores) == ("mmcif", [0.9])
    assert (found.ptm_scores, found.protein_iptm_scores) == ([0.8], None)
    assert found.affinities is not None
    assert found.affinities["LIG"].affinity_pred_value == [-1.5]
    assert found.affinities["LIG"].affinity_pic50 == [7.5]
    assert found.affinities["LIG"].model_2_affinity_probability_binary == [0.8]
    assert found.metrics is not None
    assert found.metrics["test_model"] is True
    assert found.metrics["chains"] == {"A": "A", "LIG": "B"}
    [order] = stand_in.orders
    assert (order.parameters["sampling_steps"], order.parameters["use_potentials"]) == (60, True)
    assert b'"A:3"' in wiring.blobs().get(wiring.ledger().batch(order.ref.batch_id).inputs["target.json"].key)


@pytest.mark.parametrize("route", PREDICTIONS, ids=str)
def test_the_routes_of_the_table_answer_with_what_their_clients_read(running: Running, route: Route) -> None:
    answer = running.client.post(route.path, json=route.body)
    check(route, Reply(answer.status_code, answer.json(), answer.content, answer.headers), route.finished)
    assert len(answer.json()["structures"]) == 1


def test_the_same_request_again_is_the_same_prediction(running: Running, stand_in: StandIn) -> None:
    first, second = ask(running, request()), ask(running, request())
    assert first.metrics == second.metrics
    assert len(stand_in.orders) == 1
    ask(running, request(sampling_steps=70))
    assert len(stand_in.orders) == 2


def test_a_target_without_a_ligand_is_folded(running: Running) -> None:
    found = ask(running, request(ligands=None))
    assert (found.affinities, found.iptm_scores) == (None, None)
    assert len(found.structures) == 1


def test_a_prediction_that_failed_says_why_and_is_computed_again_when_asked_again(
    running: Running, stand_in: StandIn
) -> None:
    stand_in.failing = 1
    with pytest.raises(Boltz2APIError, match="as asked for") as raised:
        ask(running, request())
    assert raised.value.status_code == 500
    assert len(ask(running, request()).structures) == 1
    assert len(stand_in.orders) == 2


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ligands": [Ligand(id="LIG", ccd="ATP", predict_affinity=True)]}, "ligands.0.smiles"),
        ({"polymers": [Polymer(id="A", molecule_type="dna", sequence="ACGT")]}, "no protein"),
        ({"ligands": [Ligand(id="A", smiles="CCO")]}, "two chains have the same id"),
        ({"write_full_pae": True}, "write_full_pae"),
        ({"ligands": [Ligand(id="LIG", smiles="C1CC(")]}, "SMILES"),
    ],
)
def test_what_cannot_be_predicted_is_refused_before_anything_runs(
    running: Running, stand_in: StandIn, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(Boltz2APIError) as raised:
        ask(running, request(**changes))
    assert raised.value.status_code == 422
    assert named in str(raised.value.response_data)
    assert stand_in.orders == []


def test_a_bond_reaches_the_model_by_the_letters_of_its_chains(running: Running, stand_in: StandIn) -> None:
    ends = [
        {"id": "A", "residue_index": 2, "atom_name": "NZ"},
        {"id": "ATP", "residue_index": 1, "atom_name": "PG"},
    ]
    answer = running.client.post(
        nim.PATHS[0],
        json={
            "polymers": [{"id": "A", "molecule_type": "protein", "sequence": SEQUENCE}],
            "ligands": [{"id": "ATP", "ccd": "ATP"}],
            "constraints": [{"constraint_type": "bond", "atoms": ends}],
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["metrics"]["chains"] == {"A": "A", "ATP": "B"}
    assert BondConstraint(atoms=ends).atoms[0].atom_name == "NZ"
    batch = wiring.ledger().batch(stand_in.orders[0].ref.batch_id)
    assert b'"B:1:PG"' in wiring.blobs().get(batch.inputs["target.json"].key)


def test_a_wait_that_ends_first_names_its_job_and_the_same_request_finds_it(
    running: Running, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.held.clear()
    monkeypatch.setenv("OMTX_NIM_WAIT_SECONDS", "1")
    doors.cache_clear()
    with pytest.raises(Boltz2APIError) as raised:
        ask(running, request())
    assert raised.value.status_code == 504
    monkeypatch.setenv("OMTX_NIM_WAIT_SECONDS", "40")
    doors.cache_clear()
    stand_in.held.set()
    found = ask(running, request())
    assert found.metrics is not None
    assert found.metrics["job_id"] in str(raised.value.response_data)
    assert len(stand_in.orders) == 1


def test_those_who_wait_leave_room_for_others(
    running: Running, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.held.clear()
    monkeypatch.setenv("OMTX_NIM_WAITING", "1")
    doors.cache_clear()
    first = threading.Thread(target=ask, args=(running, request()))
    first.start()
    until(lambda: nim.seats.taken == 1)
    began = time.monotonic()
    assert running.client.get("/api/v3/batches").status_code == 200
    with pytest.raises(Boltz2APIError) as raised:
        ask(running, request(sampling_steps=80))
    assert raised.value.status_code == 503
    assert time.monotonic() - began < 5
    stand_in.held.set()
    first.join()
    until(lambda: nim.seats.taken == 0)


def test_health_and_metadata_are_as_the_client_reads_them(running: Running) -> None:
    client = Boltz2SyncClient(base_url=running.runner.url)
    assert client.health_check().status == "healthy"
    about = client.get_service_metadata()
    assert about.modelInfo[0].shortName.startswith("boltz2:")
    assert about.version == "2.2.1"
    assert running.client.get("/v1/health/live").status_code == 200
