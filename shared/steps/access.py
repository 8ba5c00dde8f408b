"""Who a request comes from, by the key that it carries."""

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from shared.domain import keys as rules
from shared.errors import NotAllowed, NotFound, TransientError
from shared.models.access import EVERYTHING, ApiKey, Principal, Tier
from shared.ports.keys import Keys
from shared.ports.world import Clock

KEPT_SECONDS = 10.0
"""How long a revoked key may still open the door of another process."""

LOOK_SECONDS = 1.0
MOST_KEPT = 4096


class Access:
    """
    Finds the principal of a request. Keys are remembered for KEPT_SECONDS, so that most requests read none.

    ``owner``: whom this process and, if ``keyless``, everybody acts for until there is a first key.
    """

    def __init__(
        self,
        keys: Callable[[], Keys],
        clock: Clock,
        *,
        owner: str,
        keyless: bool,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys, self._clock, self._tick = keys, clock, tick
        self._keyless = keyless
        self._operator = Principal(owner=owner, key_id=None, scopes=EVERYTHING, tier=Tier.ENTERPRISE)
        self._known: dict[str, tuple[float, ApiKey]] = {}
        self._none_seen: float | None = None
        self._lent = ""

    def lend(self) -> str:
        """A token for the process that asks: it has the state in its hands already."""
        self._lent = self._lent or f"operator_{secrets.token_hex(32)}"
        return self._lent

    def caller(self, headers: Mapping[str, str]) -> Principal:
        """
        Who sent these headers, by their names in lower case.

        Raises:
            NotAllowed: there is no key, or none that is good.
        """
        return self.remembered(headers) or self._looked_up(_presented(headers))

    def remembered(self, headers: Mapping[str, str]) -> Principal | None:
        """The same where nothing need be read or written for it, else None."""
        text = _presented(headers)
        if text is None:
            recent = self._none_seen is not None and self._tick() - self._none_seen < LOOK_SECONDS
            return self._operator if recent else None
        if self._lent and hmac.compare_digest(self._lent.encode(), text.encode()):
            return self._operator
        key, now = self._recent(rules.id_of(text)), self._clock.now()
        if key is None or rules.is_touch_due(key.last_used_at, now):
            return None
        return key.principal if rules.is_good(key, rules.digest_of(text), now=now) else None

    def forget(self, key_id: str) -> None:
        """The key was changed, or it is the first."""
        self._known.pop(key_id, None)
        self._none_seen = None

    def _recent(self, key_id: str | None) -> ApiKey | None:
        read_at, key = self._known.get(key_id or "", (0.0, None))
        return key if key is not None and self._tick() - read_at < KEPT_SECONDS else None

    def _looked_up(self, text: str | None) -> Principal:
        if text is None:
            return self._without_key()
        # Read anew even where it is remembered, for it may have another secret by now. A wrong secret then
        # takes as long as an unknown key.
        key, now, began = self._read(rules.id_of(text)), self._clock.now(), self._tick()
        if not rules.is_good(key, rules.digest_of(text), now=now) or key is None:
            raise _refused("the API key is not good: unknown, wrong, expired or revoked")
        self._remember(self._touched(key), began)
        return key.principal

    def _without_key(self) -> Principal:
        if not self._keyless or self._keys().any():
            how = "send it as 'Authorization: Bearer KEY' or as 'X-API-Key: KEY'"
            raise _refused(f"an API key is needed; {how}")
        self._none_seen = self._tick()
        return self._operator

    def _read(self, key_id: str | None) -> ApiKey | None:
        with suppress(NotFound):
            return self._keys().find(key_id) if key_id else None
        return None

    def _touched(self, key: ApiKey) -> ApiKey:
        now = self._clock.now()
        if not rules.is_touch_due(key.last_used_at, now):
            return key
        with suppress(TransientError):  # that a use is not written down is no reason to refuse it
            self._keys().touch(key.id, now=now)
        return key.model_copy(update={"last_used_at": now})

    def _remember(self, key: ApiKey, read_at: float) -> None:
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[key.id] = (read_at, key)


def _presented(headers: Mapping[str, str]) -> str | None:
    if own := headers.get("x-api-key"):
        return own.strip()
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _refused(reason: str) -> NotAllowed:
    return NotAllowed(reason, scheme="Bearer")
