"""The sections of a report, one after the other."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reportlab.platypus import Flowable, KeepTogether, LongTable, Spacer, TableStyle

from services.api.report.colours import LINE, SHADE
from services.api.report.facts import Facts, Row
from services.api.report.histogram import histogram
from services.api.report.picture import Picture
from services.api.report.words import number, paragraph

WIDTH = 510.0
RULES = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]
HEADED = TableStyle([*RULES, ("BACKGROUND", (0, 0), (-1, 0), SHADE)])
RANKED = TableStyle([*RULES, ("BACKGROUND", (0, 0), (-1, 0), SHADE), ("VALIGN", (0, 1), (-1, -1), "MIDDLE")])
COLUMNS = (36.0, 132.0, 170.0, 66.0, 106.0)
VERDICTS = {"pocket": "pocket", "pose_valid": "pose possible", "checks_failed": "checks failed"}


def sections(facts: Facts) -> Iterator[Flowable]:
    """All of them."""
    yield from _title(facts)
    yield from _distribution(facts)
    yield from _failures(facts)
    yield from _ranked(facts)
    yield from _provenance(facts)


def _title(facts: Facts) -> Iterator[Flowable]:
    summary, manifest = facts.summary, facts.manifest
    yield paragraph(summary["batch_name"], "title")
    yield paragraph(f"Screening report · {facts.model['name']} · {manifest['protein_name']}", "body")
    if summary["test_model"]:
        yield paragraph("A test model made these figures: they say nothing about the ligands.", "strong")
    yield Spacer(0, 6)
    yield paragraph(summary["accounting_sentence"], "strong")
    stats = summary["processing_stats"]
    best = facts.score(facts.rows[0]) if facts.rows else None
    yield _pairs(
        {
            "Batch": summary["batch_id"],
            "Status": summary["status"],
            "Submitted": manifest["timings"]["submitted_at"],
            "Closed": manifest["timings"]["closed_at"],
            "Success rate": f"{number(stats['success_rate'])} %" if stats["success_rate"] is not None else "",
            "Ranked by": facts.figure,
            "What that is": facts.ranking["meaning"],
            "Best": number(best),
            "Structures": number(summary["files_generated"]["structure_files"]),
        }
    )


def _distribution(facts: Facts) -> Iterator[Flowable]:
    found = facts.summary.get("distribution")
    heading = paragraph("Distribution", "heading")
    if not found:
        yield heading
        yield paragraph("No ligand has the figure that ranks, or the batch is older than this report.")
        return
    drawing = histogram(found["edges"], found["counts"], label=facts.figure, width=WIDTH)
    told = paragraph(
        f"Ligands by the figure that ranks: {sum(found['counts'])} in {len(found['counts'])} bins."
    )
    yield KeepTogether([heading, told, drawing])


def _failures(facts: Facts) -> Iterator[Flowable]:
    failures: Mapping[str, int] = facts.summary["failures_by_class"]
    yield paragraph("Failures by class", "heading")
    if not failures:
        yield paragraph("None.")
        return
    head = [paragraph(it, "head") for it in ("Class", "Rows")]
    cells = [[paragraph(kind, "cell"), paragraph(count, "cell")] for kind, count in failures.items()]
    yield LongTable([head, *cells], colWidths=(220.0, 80.0), repeatRows=1, style=HEADED, hAlign="LEFT")


def _ranked(facts: Facts) -> Iterator[Flowable]:
    yield paragraph("The best ligands", "heading")
    if not facts.rows:
        yield paragraph("No ligand was ranked.")
        return
    ranked = (facts.summary.get("distribution") or {}).get("counts")
    of = f" of {sum(ranked)}" if ranked else ""
    yield paragraph(
        f"The first {len(facts.rows)}{of}, by {facts.figure}. Equal figures keep the input's order."
    )
    label = facts.model["metrics"][facts.ranking["key"]]["label"]
    names = ("Rank", "Structure", "Ligand", f"{label}, {facts.ranking['unit']}", "Confidence and verdicts")
    rows = [
        [
            paragraph(row["rank"], "cell"),
            _drawn(picture),
            _named(row),
            paragraph(number(facts.score(row)), "strong"),
            _verdicts(row),
        ]
        for row, picture in zip(facts.rows, facts.pictures, strict=True)
    ]
    head = [paragraph(name, "head") for name in names]
    yield LongTable([head, *rows], colWidths=COLUMNS, repeatRows=1, style=RANKED)


def _drawn(picture: str | None) -> Flowable:
    return Picture(picture, COLUMNS[1] - 8) if picture else paragraph("not drawn", "small")


def _named(row: Row) -> list[Flowable]:
    lines = [paragraph(row["ligand_name"], "strong", longest=120)]
    if row["ligand_smiles"] is not None:
        lines.append(paragraph(row["ligand_smiles"], "small", longest=200))
    return [*lines, paragraph(row["job_id"], "small")]


def _verdicts(row: Row) -> list[Flowable]:
    told = {"confidence": row["confidence"]}
    told |= {label: row["metrics"].get(name) for name, label in VERDICTS.items()}
    return [
        paragraph(f"{name}: {number(value)}", "cell") for name, value in told.items() if value is not None
    ]


def _provenance(facts: Facts) -> Iterator[Flowable]:
    manifest = facts.manifest
    yield paragraph("Parameters", "heading")
    yield _pairs({name: _plain(value) for name, value in manifest["parameters"].items()} or {"": "defaults"})
    yield paragraph("Provenance", "heading")
    model = manifest["model"]
    yield _pairs(
        {
            "Model": f"{model['id']} {model['version']}",
            "Licence of the model": model["licence"],
            "Citation": facts.model["citation"],
            "Seed": manifest["seed"] if manifest["seed"] is not None else "not known",
            "Seed of a ligand": manifest["seed_rule"],
            **{f"Program {name}": version for name, version in manifest["programs"].items()},
            "SHA-256 of the target": manifest["target_sha256"],
            "SHA-256 of the library": manifest["library"]["sha256"],
            "SHA-256 of the request": manifest["request_sha256"],
            "SHA-256 of manifest.json": facts.manifest_sha256,
        }
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _pairs(told: Mapping[str, Any]) -> Flowable:
    cells = [
        [paragraph(name, "head"), paragraph("" if value is None else value, "cell", longest=600)]
        for name, value in told.items()
    ]
    return LongTable(cells, colWidths=(130.0, WIDTH - 130), style=TableStyle(RULES))
