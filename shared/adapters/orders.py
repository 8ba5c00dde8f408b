"""``submit`` by HTTP: at the address where users reach it too, or at one that is for our own functions."""

import json
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from shared.errors import Unknown
from shared.ports.orders import Placed
from shared.settings import Settings

SECONDS = 55.0


class HttpOrders:
    """
    Implements ``Orders``; ``identity`` gives the token that an address of our own asks for.

    It has a header of its own: what a user shows goes on in the usual ones.
    """

    def __init__(self, base_url: str, *, identity: Callable[[], str] | None = None) -> None:
        self._base_url = base_url
        self._identity = identity
        self._opener = build_opener(ProxyHandler({}))

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Where this installation takes orders."""
        inside = settings.orders_url
        if not inside:
            return cls(settings.base_url)
        from shared.adapters.gcp.access import IdentityTokens

        return cls(inside, identity=IdentityTokens(inside).token)

    def place(self, path: str, order: Mapping[str, Any], headers: Mapping[str, str]) -> Placed:
        """See ``Orders.place``."""
        sent = {**headers, "Content-Type": "application/json"}
        if self._identity is not None:
            sent["X-Serverless-Authorization"] = f"Bearer {self._identity()}"
        request = Request(self._base_url + path, json.dumps(order).encode(), sent, method="POST")
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return Placed(answer.status, json.load(answer))
        except HTTPError as error:
            with error:
                return _refused(error)
        except (OSError, HTTPException, ValueError) as error:
            raise Unknown("submit did not answer; ask again") from error


def _refused(error: HTTPError) -> Placed:
    try:
        return Placed(error.code, json.load(error))
    except ValueError as broken:
        raise Unknown("submit gave no answer that can be read; ask again") from broken
