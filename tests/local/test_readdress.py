"""Orders that outlive the port they were written for."""

from local.readdress import readdressed
from shared.models.work import Download, JobRef, WorkOrder

OLD, NEW = "http://127.0.0.1:1111", "http://127.0.0.1:2222"


def order(base: str) -> WorkOrder:
    return WorkOrder(
        ref=JobRef(batch_id="b", job_id="j", position=0),
        model="noop",
        task_type="t",
        parameters={"note": f"{OLD}/objects/x"},
        seed=1,
        search_seed=2,
        ligand_name=f"{OLD}/",
        smiles="C",
        protein_name="p",
        inputs={"structure": Download(url=f"{base}/objects/a?expires=1&signature=ab", sha256="0" * 64)},
        uploads={"results.json": ("k", f"{base}/objects/k?expires=1&signature=cd")},
        webhook_url=f"{base}/api/v3/webhooks/engine",
        timeout_seconds=5,
    )


def test_every_url_of_an_old_order_leads_to_this_runner_and_nothing_else_changes() -> None:
    assert readdressed(order(OLD), NEW) == order(NEW)


def test_an_order_of_this_runner_stays_as_it_is() -> None:
    mine = order(NEW)
    assert readdressed(mine, NEW) is mine
