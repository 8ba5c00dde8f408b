"""Boltz-2 through the real entry points, from the order to the call at the provider."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared import wiring
from shared.adapters.gcp.signing import UnsignedUrl
from shared.catalogue.boltz2_parameters import MOST_ALIGNMENTS, MOST_TEMPLATES
from shared.catalogue.entry import known
from shared.events.runs import MOST_BYTES, packed, unpacked
from shared.models.work import Download, Envelope, Failure, FailureClass, LogPlace, WorkOrder
from shared.ports.world import Key
from tests.modal_server.plane import Call
from tests.support.facts import a_batch, ref, work_order
from tests.support.modal_chain import ModalChain
from tests.support.orders import noop_order
from tests.support.screens import assert_problem, deliver_all, paths

SEQUENCE = "MKTAYIAKQRQISFVKSHFS"
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def chain(chain: ModalChain) -> ModalChain:
    """The chain, with an app of Boltz-2 beside the others."""
    chain.control_plane.deployments.have("omtx-boltz2", most_containers=4)
    return chain


def boltz_order(*smiles: str, **changes: Any) -> dict[str, Any]:
    """A screen of these ligands, without a search for alignments."""
    ligands = [{"name": f"ligand {n}", "smiles": it} for n, it in enumerate(smiles or ("CCO",))]
    usual = {"model_name": "boltz2", "protein_sequence": SEQUENCE, "use_msa": False}
    return {**noop_order(1), **usual, "ligands": ligands, **changes}


def accepted(chain: ModalChain, order: dict[str, Any]) -> dict[str, Any]:
    """The answer to an order that is taken."""
    reply = chain.submit(order)
    assert reply.status == 202, reply.body
    body: dict[str, Any] = reply.body
    return body


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no sequence": ({"protein_sequence": None}, "protein_sequence"),
    "a residue beyond the end": (
        {"parameters": {"pocket": {"contacts": ["A:1", ["A", 21]]}}},
        "parameters.pocket.contacts.1",
    ),
    "no residue": ({"parameters": {"pocket": {"contacts": ["ring"]}}}, "parameters.pocket.contacts.0"),
    "too far": (
        {"parameters": {"pocket": {"contacts": ["A:1"], "max_distance": 30}}},
        "parameters.pocket.max_distance",
    ),
    "another alphabet": (
        {"parameters": {"chains": [{"kind": "rna", "sequence": "ACGT"}]}},
        "parameters.chains.0.sequence",
    ),
    "another's alignment": (
        {"parameters": {"msa": [{"format": "a3m", "content": ">x\nGGGG\n"}]}},
        "parameters.msa.0.content",
    ),
    "too many samples": ({"parameters": {"diffusion_samples": 50}}, "parameters.diffusion_samples"),
    "said twice, differently": ({"parameters": {"use_msa": True}}, "use_msa"),
    "too large for every GPU": (
        {"parameters": {"chains": [{"kind": "protein", "sequence": "G" * 2000, "copies": 2}]}},
        "protein_sequence",
    ),
}


@pytest.mark.parametrize(("changes", "path"), REFUSED.values(), ids=REFUSED)
def test_an_order_that_the_model_cannot_carry_out_is_refused_by_its_field(
    chain: ModalChain, changes: dict[str, Any], path: str
) -> None:
    reply = chain.submit(boltz_order(**changes))
    assert paths(reply) == [path]
    assert not list(wiring.local_blobs().list("batches/"))


def test_a_complex_that_fits_no_gpu_is_refused_with_its_size_and_the_limit(chain: ModalChain) -> None:
    reply = chain.submit(boltz_order(**REFUSED["too large for every GPU"][0]))
    assert_problem(reply, 422)
    assert "4,020 residues and atoms" in reply.body["detail"]
    assert "223 GB; the largest GPU (B200) has 180 GB, enough for 3,609" in reply.body["detail"]


def test_a_ligand_that_the_model_refuses_is_an_invalid_row_with_the_reason(chain: ModalChain) -> None:
    body = accepted(chain, boltz_order("CCO", "C" * 129, "C[Hg]C", "CC(=O)[O-].[Na+]"))
    assert {kind: n for kind, n in body["accounting"].items() if n} == {
        "submitted": 4,
        "invalid": 2,
        "queued": 2,
    }
    assert [(row["line"], row["text"][:6], row["reason"]) for row in body["rejected"]] == [
        (2, "CCCCCC", "The ligand has 129 heavy atoms; Boltz-2 predicts affinities up to 128."),
        (3, "C[Hg]C", "The ligand holds Hg; Boltz-2 predicts no affinity of metal compounds."),
    ]


def orders(chain: ModalChain) -> list[tuple[Call, WorkOrder]]:
    """What was sent to the provider, in order."""
    deliver_all(chain)
    taken: list[bytes] = []

    def body(data: bytes, call_id: str) -> bytes:
        taken.append(data)
        return data

    chain.control_plane.plane.body = body
    chain.control_plane.plane.run()
    calls = chain.control_plane.plane.calls.values()
    return [(call, unpacked(data, WorkOrder)) for call, data in zip(calls, taken, strict=True)]


def test_an_order_says_what_is_settled_and_the_rest_is_a_file(chain: ModalChain) -> None:
    accepted(chain, boltz_order(use_potentials=True, parameters={"pocket": {"contacts": ["A:3"]}}))
    [(call, order)] = orders(chain)
    assert (order.parameters["use_potentials"], order.parameters["use_msa"]) == (True, False)
    assert order.parameters["affinity"] is True
    assert "pocket" not in order.parameters
    assert set(order.inputs) == {"target.json"}
    assert set(order.uploads) == set(known("boltz2").files) - {"logs.txt"}
    assert (call.gpu, order.gpu) == (None, None)


def test_a_large_complex_is_sent_to_a_larger_gpu_with_each_ligand_counted(chain: ModalChain) -> None:
    sequences = [{"kind": "protein", "sequence": "G" * 1660}]
    accepted(chain, boltz_order("C" * 5, "C" * 20, parameters={"chains": sequences}))
    deliver_all(chain)
    assert [call.gpu for call in chain.control_plane.plane.calls.values()] == [None, "A100-80GB"]


def estimated(chain: ModalChain, residues: int) -> dict[str, Any]:
    """What a screen of a hundred ligands against a target of so many residues would take and cost."""
    parameters = {"chains": [{"kind": "protein", "sequence": "G" * (residues - len(SEQUENCE))}]}
    asked = boltz_order(parameters=parameters) | {"ligands": None, "ligands_count": 100}
    reply = chain._call("submit", "POST", "/api/v3/batches/estimate", asked)
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


def test_the_estimate_of_a_large_complex_is_of_its_size_and_of_the_gpu_it_needs(chain: ModalChain) -> None:
    usual, twice, large = (estimated(chain, residues) for residues in (400, 1000, 1700))
    assert [it["time"]["seconds_per_ligand"] for it in (usual, twice, large)] == [20, 80, 231.2]
    assert "with the square of their number" in usual["time"]["scaling"]
    assert [it["cost"]["gpu"] for it in (usual, twice, large)] == ["A100-40GB", "A100-40GB", "A100-80GB"]
    assert usual["cost"]["gpu_choices"] == ["A100-40GB", "A100-80GB", "H100", "H200"]
    assert large["cost"]["gpu_choices"] == ["A100-80GB", "H200", "B200"]


def test_a_limit_is_held_against_what_a_large_complex_costs(chain: ModalChain) -> None:
    limited = {"configuration": {"max_cost_usd": 0.2}}
    sequences = {"chains": [{"kind": "protein", "sequence": "G" * 1700}]}
    assert_problem(chain.submit(boltz_order(parameters=sequences, **limited)), 422)
    accepted(chain, boltz_order(**limited))


MACHINES = {None: "NVIDIA A100-SXM4-40GB", "A100-80GB": "NVIDIA A100 80GB PCIe", "H200": "NVIDIA H200"}


def fails(chain: ModalChain, *kinds: FailureClass) -> None:
    """The attempts end so, on the GPUs that they asked for."""

    def body(data: bytes, call_id: str) -> bytes:
        order = unpacked(data, WorkOrder)
        now = chain.clock.now()
        envelope = Envelope(
            ref=order.ref,
            call_id=call_id,
            status="failed",
            failure=Failure(kind=kinds[order.ref.attempt - 1], message="as asked for"),
            machine=MACHINES[order.gpu],
            started_at=now,
            finished_at=now,
        )
        return packed(envelope)

    chain.control_plane.plane.body = body


SHORT, LOST = FailureClass.OUT_OF_MEMORY, FailureClass.INFRASTRUCTURE


@pytest.mark.parametrize(
    ("kinds", "gpus"),
    [
        ((SHORT, SHORT, SHORT), [None, "A100-80GB", "H200"]),
        ((LOST, LOST, LOST), [None, None, None]),
        ((SHORT, LOST, LOST), [None, "A100-80GB", "A100-80GB"]),
    ],
)
def test_what_ran_out_of_memory_is_tried_again_on_the_next_larger_gpu_and_on_no_smaller_one(
    chain: ModalChain, kinds: tuple[FailureClass, ...], gpus: list[str | None]
) -> None:
    accepted(chain, boltz_order())
    fails(chain, *kinds)
    chain.drain()
    assert [call.gpu for call in chain.control_plane.plane.calls.values()] == gpus


def test_the_largest_order_of_the_model_is_one_small_message() -> None:
    chance, batch = random.Random(1), a_batch()
    entry = known("boltz2")

    def url(key: str, method: str) -> str:
        place = f"batches/{batch.batch_id}/{key}"
        unsigned = UnsignedUrl(
            "https://storage.googleapis.com", method, "omtx-objects", place, AT, timedelta(days=1)
        )
        return unsigned.signed(Key(id="GOOG1E" + "X" * 55, secret=b"s" * 40))

    job = ref(batch).job_id
    files = [f"msa_{n}.csv" for n in range(MOST_ALIGNMENTS)]
    files += [f"template_{n}.cif" for n in range(MOST_TEMPLATES)] + ["target.json"]
    order = work_order(ref(batch)).model_copy(
        update={
            "smiles": "".join(chance.choices("CN(C)c1ccc(O)=[]@H+-\\/23456", k=500)),
            "ligand_name": "".join(chance.choices("abcdefghij klmnop", k=200)),
            "parameters": entry.parameter_class()().model_dump(mode="json", exclude_none=True),
            "uploads": {
                name: (f"jobs/{job}/{name}", url(f"jobs/{job}/{name}", "PUT")) for name in entry.files
            },
            "inputs": {
                name: Download(url=url(f"submitted/{name}", "GET"), sha256=chance.randbytes(32).hex())
                for name in files
            },
            "log": LogPlace(key="log", put_url=url("log", "PUT"), get_url=url("log", "GET")),
        }
    )
    assert len(packed(order)) < MOST_BYTES - 2048, len(packed(order))
