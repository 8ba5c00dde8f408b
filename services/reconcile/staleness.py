"""What would help an attempt that is due: pure."""

from enum import Enum, auto

from shared.models.facts import Attempt


class Remedy(Enum):
    """What helps an attempt that is due."""

    NEXT_ATTEMPT = auto()
    CLAIM_AGAIN = auto()
    GIVE_UP_CLAIMING = auto()
    ASK_THE_ENGINE = auto()


def remedy(attempt: Attempt, *, most_claims: int) -> Remedy:
    """A failed attempt wants its successor, an orphaned claim a new one, a call wants to be asked."""
    if attempt.failure is not None:
        return Remedy.NEXT_ATTEMPT
    if attempt.call_id is not None:
        return Remedy.ASK_THE_ENGINE
    return Remedy.GIVE_UP_CLAIMING if attempt.claims >= most_claims else Remedy.CLAIM_AGAIN
