"""Molecules as pictures, for tables and reports."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from services.api.dependencies import READ
from services.api.draughtsman import draughtsman
from services.api.drawing import LONGEST_SMARTS, CannotDraw
from shared.errors import FieldError, InvalidInput

router = APIRouter(tags=["depictions"], dependencies=[READ])

LONGEST_SMILES = 500
FOREVER = "public, max-age=31536000, immutable"
SVG: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {"image/svg+xml": {}}, "description": "The picture."}},
}
Pixels = Annotated[int, Query(ge=50, le=1000)]


@router.get("/api/v3/depict.svg", summary="Draw a molecule", **SVG)
def depict(
    smiles: Annotated[str, Query(min_length=1, max_length=LONGEST_SMILES)],
    width: Pixels = 300,
    height: Pixels = 200,
    highlight: Annotated[str | None, Query(min_length=1, max_length=LONGEST_SMARTS)] = None,
    legend: Annotated[str | None, Query(max_length=100)] = None,
    theme: Annotated[str, Query(pattern="^(light|dark)$")] = "light",
    if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """An SVG of a SMILES, with what matches a SMARTS highlighted; the same request gives the same bytes."""
    wanted = {"smiles": smiles, "width": width, "height": height, "highlight": highlight, "legend": legend}
    try:
        svg = draughtsman().draw({**wanted, "dark": theme == "dark"}).encode()
    except CannotDraw as error:
        raise InvalidInput(f"{error.field}: {error}", [FieldError(error.field, str(error))]) from error
    headers = {
        "Cache-Control": FOREVER,
        "ETag": f'"{hashlib.sha256(svg).hexdigest()}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(svg, media_type="image/svg+xml", headers=headers)
