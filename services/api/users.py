"""What there is of the user who asks."""

from typing import Any

from fastapi import APIRouter

from services.api.answers.lists import UserSummary, told
from services.api.dependencies import READ, Stored
from services.api.entries import total
from services.api.lists import newest_statistics
from shared.errors import NotFound

router = APIRouter(prefix="/api/v2/user", tags=["result lists"], dependencies=[READ])


@router.get("/{user_id}/batch-summary", summary="Totals of one's batches", **told(UserSummary))
def batch_summary(store: Stored, user_id: str) -> dict[str, Any]:
    """
    Of oneself, by name or as ``me``; 404 for anybody else. Sums are over the newest 200 batches.

    ``total_batches`` counts all up to 10,000, and is null above.
    """
    if user_id not in ("me", store.owner):
        raise NotFound(f"no user {user_id}")
    return {"user_id": store.owner, "total_batches": total(store), **newest_statistics(store)}
