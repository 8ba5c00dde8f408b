"""The report on pages: A4, numbered, with the batch in the foot of each."""

import io
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.platypus import SimpleDocTemplate

from services.api.report.colours import GREY, LINE
from services.api.report.facts import Facts
from services.api.report.sections import WIDTH, sections
from services.api.report.words import PLAIN, fonts, shown

SIDE = (A4[0] - WIDTH) / 2 - 6  # a frame has a padding of 6


def report(facts: Facts) -> bytes:
    """The PDF. It has neither the time of its making nor chance in it."""
    fonts()
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=SIDE,
        rightMargin=SIDE,
        topMargin=40,
        bottomMargin=48,
        title=shown(f"{facts.summary['batch_name']}: screening report", longest=120),
        author="OMTX-Hub",
        subject=facts.summary["batch_id"],
        lang="en",
        invariant=1,
    )

    def foot(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setStrokeColor(LINE)
        canvas.line(SIDE + 6, 38, SIDE + 6 + WIDTH, 38)
        canvas.setFont(PLAIN, 7)
        canvas.setFillColor(GREY)
        canvas.drawString(SIDE + 6, 27, f"OMTX-Hub · {facts.summary['batch_id']}")
        canvas.drawRightString(SIDE + 6 + WIDTH, 27, f"page {page.page}")
        canvas.restoreState()

    document.build(list(sections(facts)), onFirstPage=foot, onLaterPages=foot)
    return file.getvalue()
