"""What the routes of screens answer with; see ``answers``. Names are those of a hosted Boltz service."""

from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue

from shared.models.base import Frozen


class ScreenProgress(Frozen):
    """Counts of molecules; ``eta_seconds`` is null while nothing can be said."""

    total_molecules_to_screen: int
    num_molecules_screened: int
    num_molecules_failed: int
    filtered: int
    invalid: int
    cancelled: int
    eta_seconds: float | None


class Screen(Frozen):
    """A screen; of one that was deleted only its ids, its status and when."""

    id: str
    batch_id: str
    status: Literal["pending", "running", "succeeded", "failed", "stopped", "deleted"]
    name: str | None = None
    model: str | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    idempotency_key: str | None = None
    data_deleted_at: datetime | None = None
    test_model: bool | None = None
    progress: ScreenProgress | None = None
    rejection_summary: list[dict[str, JsonValue]] | None = None


class ScreenResult(Frozen):
    """A molecule; ``external_id`` is what its client called it."""

    id: str | None
    external_id: str
    smiles: str | None
    rank: int | None
    status: str
    metrics: dict[str, Any]
    artifacts: dict[str, dict[str, str] | None]
    warnings: list[str]
    error: dict[str, str] | None
    seed: int | None
    seconds: float | None
    test_model: bool


class ScreenPage(Frozen):
    """A page of them; ``partial`` before the end."""

    data: list[ScreenResult]
    has_more: bool
    next_cursor: int | None
    partial: bool
