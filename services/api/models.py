"""The catalogue: which models there are, and what their figures mean."""

from typing import Any

from fastapi import APIRouter

from services.api.answers import ModelList
from services.api.dependencies import READ
from shared.catalogue.entry import described, entries, entry
from shared.errors import NotFound

router = APIRouter(prefix="/api/v2/models", tags=["catalogue"], dependencies=[READ])


@router.get("", summary="List models", responses={200: {"model": ModelList}})
def models() -> dict[str, Any]:
    """The models on offer here."""
    return {"models": [described(found) for found in entries().values()]}


@router.get("/{model_id}", summary="One model")
def model(model_id: str) -> dict[str, Any]:
    """One entry, with the JSON Schema of its parameters."""
    if model_id not in entries():
        raise NotFound(f"no model {model_id!r}; there are: {', '.join(entries())}")
    return described(entry(model_id))
