"""Tables of results: what a row is about decides which columns say something."""

import io
from typing import Any

from rich.console import RenderableType

from cli.output import show
from cli.ranking import changes, figures, table
from cli.results import Results
from shared.catalogue.entry import known


def row(name: str, metrics: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A row as the API answers it."""
    usual: dict[str, Any] = {
        "rank": None,
        "kind": "variant",
        "item": {},
        "ligand_smiles": None,
        "confidence": None,
    }
    found = {"ligand_name": name, "metrics": metrics, "status": "completed", "test_model": False, "line": 1}
    return usual | found | {"error": None} | changes


def told(*rows: dict[str, Any], key: str = "affinity_prob") -> str:
    """The table of these rows."""
    ranking = {"key": key, "unit": "probability", "direction": "higher is better"}
    head = {"ranking": ranking, "batch_summary": {"total_jobs": len(rows)}, "partial": False}
    return shown(table(Results(head | {"accounting_sentence": "all done"}, iter(rows))))


def shown(piece: RenderableType) -> str:
    file = io.StringIO()
    show(piece, file=file)
    return file.getvalue()


def test_rows_that_have_no_rank_are_shown_with_the_figures_that_there_are() -> None:
    said = told(
        row("L99A", {"affinity_prob": None, "ptm_score": 0.8}, item={"sequence": "MNA"}),
        row("wild type", {"affinity_prob": None, "ptm_score": 0.9}, item={"sequence": "MNL"}),
    )
    assert "ptm_score" in said
    assert "affinity_prob" not in said
    assert "0.80" in said
    assert "L3A" in said


def test_designs_are_shown_with_numbers_and_not_with_sequences() -> None:
    metrics = {"interaction_pae": 7.5, "pred_lddt": 0.9, "heavy_chain": "QVQL", "n_passing": 2}
    said = told(row("designs 1 to 2", metrics, kind="design", rank=1), key="interaction_pae")
    assert "7.50" in said
    assert "n_passing" in said
    assert "QVQL" not in said


def test_a_row_that_failed_says_why_below_the_table() -> None:
    said = told(row("a", {}, status="failed", error={"message": "too large"}, kind="target"))
    assert "line 1, a: failed: too large" in said


def test_one_row_is_shown_with_the_unit_of_every_figure_that_it_has() -> None:
    model = known("boltz2").model_dump(mode="json")
    said = shown(figures(row("toluene", {"affinity": -0.5, "ptm_score": None}), model))
    assert model["metrics"]["affinity"]["label"] in said
    assert model["metrics"]["affinity"]["unit"] in said
    assert model["metrics"]["ptm_score"]["label"] not in said


def test_what_a_variant_changes_is_named_as_chemists_do() -> None:
    assert changes("MNALE", "MNLLE") == "L3A"
    assert changes("AAAAAA", "MNLKED") == "M1A, N2A, L3A, K4A, … 2 more"
    assert changes("MNLE", "MNLLE") == "4 residues"
    assert changes("MNLLE", "MNLLE") == ""
