"""RDKit's SVG as vectors in a PDF: the lines, curves and ellipses that it draws with, and nothing else."""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable

STEP = re.compile(r"([MLQCZ])([^MLQCZ]*)")
NUMBER = re.compile(r"-?[0-9.]+(?:e-?[0-9]+)?")
POINT = tuple[float, float]


class Picture(Flowable):  # type: ignore[misc]
    """``svg`` is what ``services.api.drawing`` made; it is drawn ``width`` points wide."""

    def __init__(self, svg: str, width: float) -> None:
        super().__init__()
        self._root = ElementTree.fromstring(svg.encode())
        pixels, high = (float(str(self._root.get(it))[:-2]) for it in ("width", "height"))
        self._scale = width / pixels
        self.width, self.height = width, high * self._scale

    def draw(self) -> None:
        """Put it on the canvas; an SVG counts from above, a PDF from below."""
        canvas = self.canv
        canvas.saveState()
        canvas.translate(0, self.height)
        canvas.scale(self._scale, -self._scale)
        for shape in self._root.iter():
            kind = str(shape.tag).rpartition("}")[2]
            if kind == "path":
                self._path(canvas, shape)
            elif kind == "ellipse":
                self._ellipse(canvas, shape)
        canvas.restoreState()

    def _path(self, canvas: Any, shape: ElementTree.Element) -> None:
        path = canvas.beginPath()
        for step, points in _steps(shape.get("d", "")):
            _draw(path, step, points)
        canvas.drawPath(path, **_paint(canvas, shape))

    def _ellipse(self, canvas: Any, shape: ElementTree.Element) -> None:
        x, y, width, height = (float(shape.get(it, 0)) for it in ("cx", "cy", "rx", "ry"))
        canvas.ellipse(x - width, y - height, x + width, y + height, **_paint(canvas, shape))


def _steps(text: str) -> Iterator[tuple[str, list[POINT]]]:
    at: POINT = (0.0, 0.0)
    for step, numbers in STEP.findall(text):
        found = [float(it) for it in NUMBER.findall(numbers)]
        points = list(zip(found[::2], found[1::2], strict=True))
        if step == "Q":  # as a cubic curve, which is the only one that PDF has
            middle, end = points
            points = [_between(at, middle), _between(end, middle), end]
        at = points[-1] if points else at
        yield step, points


def _between(end: POINT, middle: POINT) -> POINT:
    return end[0] + 2 / 3 * (middle[0] - end[0]), end[1] + 2 / 3 * (middle[1] - end[1])


def _draw(path: Any, step: str, points: list[POINT]) -> None:
    match step:
        case "M":
            path.moveTo(*points[0])
        case "Z":
            path.close()
        case "L":
            for point in points:
                path.lineTo(*point)
        case _:
            path.curveTo(*(number for point in points for number in point))


def _paint(canvas: Any, shape: ElementTree.Element) -> dict[str, int]:
    """Set the colours and the line; which of both are painted."""
    told = dict(it.split(":", 1) for it in shape.get("style", "").split(";") if ":" in it)
    fill, stroke = shape.get("fill") or told.get("fill", "none"), told.get("stroke", "none")
    if fill != "none":
        canvas.setFillColor(HexColor(fill))
    if stroke != "none":
        canvas.setStrokeColor(HexColor(stroke))
        canvas.setLineWidth(float(told.get("stroke-width", "1px").removesuffix("px")))
    return {"fill": int(fill != "none"), "stroke": int(stroke != "none")}
