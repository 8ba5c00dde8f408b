"""How the figure that ranks is distributed, as bars."""

from collections.abc import Sequence
from itertools import pairwise

from reportlab.graphics.shapes import Drawing, Line, Rect, String

from services.api.report.colours import ACCENT, GREY, LINE
from services.api.report.words import PLAIN, number, shown

HEIGHT, FOOT, LEFT, TOP = 150.0, 34.0, 34.0, 12.0


def histogram(edges: Sequence[float], counts: Sequence[int], *, label: str, width: float) -> Drawing:
    """Bars between the edges; ``label`` names the figure, its unit and direction, below the axis."""
    drawing, most = Drawing(width, HEIGHT), max(counts)
    across, up = (width - LEFT - 6) / (edges[-1] - edges[0] or 1.0), HEIGHT - FOOT - TOP
    for part in (0.5, 1.0):
        y = FOOT + up * part
        drawing.add(Line(LEFT, y, width - 6, y, strokeColor=LINE, strokeWidth=0.4))
        drawing.add(_text(LEFT - 4, y - 2.5, number(most * part), "end"))
    for (start, end), count in zip(pairwise(edges), counts, strict=True):
        x = LEFT + (start - edges[0]) * across
        bar = Rect(x + 0.5, FOOT, max((end - start) * across - 1, 0.5), up * count / most)
        bar.fillColor, bar.strokeColor = ACCENT, None
        drawing.add(bar)
    drawing.add(Line(LEFT, FOOT, width - 6, FOOT, strokeColor=GREY, strokeWidth=0.6))
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = edges[0] + (edges[-1] - edges[0]) * part
        drawing.add(_text(LEFT + (width - LEFT - 6) * part, FOOT - 10, number(float(value)), "middle"))
    drawing.add(_text(LEFT + (width - LEFT) / 2, 4, shown(label), "middle"))
    return drawing


def _text(x: float, y: float, text: str, anchor: str) -> String:
    return String(x, y, text, fontName=PLAIN, fontSize=7, fillColor=GREY, textAnchor=anchor)
