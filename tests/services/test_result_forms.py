"""Results in their other forms: by column, with links, and under the names of the former interface."""

from typing import Any

import pytest

from services.api.answers.batches import ColumnPage, EnhancedPage
from tests.support.chain import Chain
from tests.support.screens import assert_problem, finished, opened


def body(chain: Chain, batch_id: str, what: str) -> dict[str, Any]:
    """An answer about a batch."""
    reply = chain.api(f"/api/v3/batches/{batch_id}/{what}")
    assert reply.status == 200, reply.raw
    found: dict[str, Any] = reply.body
    return found


@pytest.mark.parametrize("ended", [True, False])
def test_columns_hold_what_the_rows_hold(chain: Chain, ended: bool) -> None:
    batch_id = (finished if ended else opened)(chain, 3, invalid=1)
    rows = body(chain, batch_id, "results")["results"]
    page = body(chain, batch_id, "results?format=columnar")
    ColumnPage.model_validate(page, extra="forbid")
    columns = page["columns"]
    assert {len(values) for values in columns.values()} == {len(rows)} == {4}
    for name in ("ligand_name", "affinity", "status", "rank"):
        assert columns[name] == [row[name] for row in rows]


def test_columns_come_in_the_same_pages(chain: Chain) -> None:
    batch_id = finished(chain, 3)
    page = body(chain, batch_id, "results?format=columnar&page=2&page_size=2")
    assert page["columns"]["rank"] == [3]
    assert page["pagination"]["total_pages"] == 2


def test_the_links_of_a_row_lead_to_its_files(chain: Chain) -> None:
    batch_id = finished(chain, 1, invalid=1, parameters={"payload_bytes": 10})
    good, bad = body(chain, batch_id, "results?include_files=true")["results"]
    links = good["download_links"]
    assert links["structure_cif"] is None, "the test model leaves none"
    assert {chain.api(link).status for link in links.values() if link} == {200}, links
    assert links["results_json"]
    assert set(bad["download_links"].values()) == {None}
    assert "download_links" not in body(chain, batch_id, "results")["results"][0]


def test_the_links_of_a_batch_lead_to_its_files_once_they_are_there(chain: Chain) -> None:
    batch_id = opened(chain, 2)
    assert set(body(chain, batch_id, "results")["download_links"].values()) == {None}
    chain.drain()
    links = body(chain, batch_id, "results")["download_links"]
    assert {chain.api(link).status for link in links.values()} == {200}


def test_a_batch_says_how_well_it_went(chain: Chain) -> None:
    batch_id = finished(chain, 3)
    insights = body(chain, batch_id, "results")["statistics"]["batch_insights"]
    assert insights == {"batch_health": "excellent", "performance_rating": "excellent"}


def test_the_former_interface_finds_the_same_rows_under_its_names(chain: Chain) -> None:
    batch_id = finished(chain, 12)
    page = body(chain, batch_id, "enhanced-results")
    EnhancedPage.model_validate(page, extra="forbid")
    rows = body(chain, batch_id, "results?include_files=true&page_size=20")["results"]
    assert page["individual_results"] == [{**row, "protein_name": "T4 lysozyme"} for row in rows]
    assert [row["rank"] for row in page["ligand_ranking"]] == list(range(1, 11))
    assert (page["total_ligands_screened"], page["successful_predictions"]) == (12, 12)
    assert page["data_source"] == "artefacts"


def test_a_summary_has_the_figures_without_the_rows(chain: Chain) -> None:
    batch_id = finished(chain, 3)
    page = body(chain, batch_id, "enhanced-results?summary_only=true")
    assert page["individual_results"] == []
    assert len(page["ligand_ranking"]) == 3
    assert page["batch_statistics"]["completed_jobs"] == 3


def test_one_page_holds_a_library_of_the_largest_size_that_a_body_has(chain: Chain) -> None:
    batch_id = opened(chain, 1)
    assert body(chain, batch_id, "enhanced-results?page_size=1501")["pagination"]["page_size"] == 1501
    assert_problem(chain.api(f"/api/v3/batches/{batch_id}/enhanced-results?page_size=1502"), 422)
