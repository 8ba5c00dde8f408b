"""An order and an envelope as they cross to a provider of GPUs."""

import random

import pytest

from shared.errors import Malformed, TooLarge
from shared.events.runs import MOST_BYTES, packed, unpacked
from shared.models.batch import MAX_SMILES
from shared.models.work import Artefact, Download, Envelope, LogPlace, WorkOrder
from tests.support.facts import a_batch, envelope, ref, work_order

BATCH = a_batch()
CHANCE = random.Random(7)


def signed(key: str) -> str:
    """A URL of the length and randomness that Cloud Storage signs."""
    return (
        f"https://storage.googleapis.com/omtx-production-objects/{key}?X-Goog-Algorithm=GOOG4-RSA-SHA256"
        "&X-Goog-Credential=omtx-dispatch%40omtx-production.iam.gserviceaccount.com%2F20261127%2Fauto"
        "%2Fstorage%2Fgoog4_request&X-Goog-Date=20261127T043154Z&X-Goog-Expires=604800"
        f"&X-Goog-SignedHeaders=host&X-Goog-Signature={CHANCE.randbytes(256).hex()}"
    )


def the_largest_order() -> WorkOrder:
    """Seven files to write and a log, three to read, and every text as long as it may be."""
    job = f"batches/{BATCH.batch_id}/jobs/{ref(BATCH).job_id}"
    names = [f"file_{n}.json" for n in range(7)]
    texts = "CN(C)c1ccc(O)=[]@H+-\\/23456"
    return work_order(ref(BATCH)).model_copy(
        update={
            "uploads": {name: (f"{job}/{name}", signed(f"{job}/{name}")) for name in names},
            "inputs": {
                f"structure_{n}": Download(
                    url=signed(f"batches/{BATCH.batch_id}/submitted/x/structure_{n}"),
                    sha256=CHANCE.randbytes(32).hex(),
                )
                for n in range(3)
            },
            "log": LogPlace(key=f"{job}/log", put_url=signed(f"{job}/log"), get_url=signed(f"{job}/log")),
            "smiles": "".join(CHANCE.choices(texts, k=MAX_SMILES)),
            "ligand_name": "".join(CHANCE.choices(texts, k=200)),
            "protein_name": "".join(CHANCE.choices(texts, k=100)),
            "parameters": {f"parameter_{n}": CHANCE.random() for n in range(40)},
        }
    )


def test_the_order_of_a_large_model_is_sent_in_one_request_though_its_text_is_longer() -> None:
    order = the_largest_order()
    assert len(order.model_dump_json()) > 8 * 1024
    data = packed(order)
    assert len(data) < MOST_BYTES - 1024, len(data)
    assert unpacked(data, WorkOrder) == order


def test_an_envelope_with_many_figures_and_files_is_small() -> None:
    files = tuple(
        Artefact(name=f"f{n}.cif", key=f"batches/b/{n}", size=n, sha256=CHANCE.randbytes(32).hex())
        for n in range(20)
    )
    large = envelope(ref(BATCH), metrics={f"m{n}": CHANCE.random() for n in range(80)}, artefacts=files)
    assert unpacked(packed(large), Envelope) == large


def test_content_is_refused() -> None:
    content = CHANCE.randbytes(MOST_BYTES).hex()
    with pytest.raises(TooLarge, match=ref(BATCH).job_id):
        packed(work_order(ref(BATCH)).model_copy(update={"parameters": {"structure": content}}))


@pytest.mark.parametrize("data", [b"", b"?", "text", None, packed(work_order(ref(BATCH)))[:-9]])
def test_what_is_something_else_is_malformed(data: object) -> None:
    with pytest.raises(Malformed):
        unpacked(data, WorkOrder)
    with pytest.raises(Malformed):
        unpacked(packed(work_order(ref(BATCH))), Envelope)
