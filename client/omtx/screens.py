"""All screens of one owner: making them, finding them, listing them."""

from typing import Any, Generic, TypeVar, Unpack
from uuid import uuid4

from omtx import results as outcome
from omtx import screen as flows
from omtx.binding import (
    Speaking,
    async_iterating,
    awaitable,
    blocking,
    iterating,
)
from omtx.calls import SUBMIT_SECONDS, Flow, Item, Request, Stream, get, keyed
from omtx.libraries import brought
from omtx.orders import Wanted, ordered
from omtx.records import Accepted, Estimate, Listed
from omtx.screen import ScreenState
from omtx.session import Session

SUBMIT, ESTIMATE, LIST = "/api/v3/batches/submit", "/api/v3/batches/estimate", "/api/v3/batches"
PAGE = 100

S = TypeVar("S", bound=ScreenState)


class Screen(ScreenState):
    """One screen; each method asks the server and waits for its answer."""

    status = blocking(flows.status)
    follow = iterating(flows.follow)
    wait = blocking(flows.wait)
    pages = iterating(outcome.pages)
    results = iterating(outcome.results)
    top = blocking(outcome.top)
    rows = blocking(outcome.rows)
    to_dataframe = blocking(outcome.to_dataframe)
    structure = blocking(outcome.structure)
    pose = blocking(outcome.pose)
    file = blocking(outcome.file)
    export = blocking(outcome.export)
    pause = blocking(flows.pause)
    resume = blocking(flows.resume)
    cancel = blocking(flows.cancel)
    retry_failed = blocking(flows.retry_failed)
    delete = blocking(flows.delete)
    verify = blocking(flows.verify)


class AsyncScreen(ScreenState):
    """One screen; each method is awaited, or iterated over with ``async for``."""

    status = awaitable(flows.status)
    follow = async_iterating(flows.follow)
    wait = awaitable(flows.wait)
    pages = async_iterating(outcome.pages)
    results = async_iterating(outcome.results)
    top = awaitable(outcome.top)
    rows = awaitable(outcome.rows)
    to_dataframe = awaitable(outcome.to_dataframe)
    structure = awaitable(outcome.structure)
    pose = awaitable(outcome.pose)
    file = awaitable(outcome.file)
    export = awaitable(outcome.export)
    pause = awaitable(flows.pause)
    resume = awaitable(flows.resume)
    cancel = awaitable(flows.cancel)
    retry_failed = awaitable(flows.retry_failed)
    delete = awaitable(flows.delete)
    verify = awaitable(flows.verify)


class ScreensState(Speaking, Generic[S]):
    """Knows which kind of screen it hands out."""

    def __init__(self, session: Session, kind: type[S]) -> None:
        super().__init__(session)
        self._kind = kind

    def get(self, id: str) -> S:
        """The screen of this id; whether there is one, its first question to the server tells."""
        return self._kind(self.session, id)

    def of_list(self, document: Any) -> S:
        """A screen as a list shows it."""
        listed = Listed.of(document)
        return self._kind(self.session, listed.batch_id, listed=listed)

    def made(self, document: Any) -> S:
        """The screen that a submission was answered with."""
        accepted = Accepted.of(document)
        return self._kind(self.session, accepted.batch_id, accepted=accepted)


def create(
    screens: ScreensState[S], /, *, idempotency_key: str | None = None, **wanted: Unpack[Wanted]
) -> Flow[S]:
    """
    Submit a screen; ``Wanted`` says what can be asked for.

    A lost answer is asked for again under the same key, so that one call makes one screen. The key is
    random unless given; again under a key of yours, you get the screen that it made, whatever happened.

    Raises:
        Unusable: a file cannot be read, or holds no library.
        Invalid: the server refuses the order; ``fields`` say where.
        KeyReused: the key made a screen of another order.
    """
    body, bundle = ordered(wanted)
    if bundle is not None:
        body["library"] = yield from brought(screens.session, bundle)
    key = uuid4().hex if idempotency_key is None else idempotency_key
    return screens.made((yield from screens.session.ask(keyed(SUBMIT, body, key))))


def estimate(
    screens: ScreensState[S], /, *, ligands: int | None = None, **wanted: Unpack[Wanted]
) -> Flow[Estimate]:
    """What such a screen would take and cost; nothing is started. ``ligands``: a number for a library."""
    body, bundle = ordered(wanted)
    if bundle is not None:
        body["library"] = yield from brought(screens.session, bundle)
    if ligands is not None:
        body["ligands_count"] = ligands
    return Estimate.of((yield from screens.session.ask(estimating(body))))


def estimating(body: Any) -> Request:
    """The question what an order would take."""
    return Request("POST", ESTIMATE, body=body, repeatable=True, seconds=SUBMIT_SECONDS)


def listed(screens: ScreensState[S], /, *, status: str | None = None, page_size: int = PAGE) -> Stream[S]:
    """All screens, newest first, read as they are taken; ``listed`` of each is how the list shows it."""
    offset: int | None = 0
    while offset is not None:
        request = get(LIST, limit=page_size, offset=offset, status=status)
        page = yield from screens.session.ask(request)
        yield from map(Item, map(screens.of_list, page["batches"]))
        offset = page["pagination"]["next_offset"]


class Screens(ScreensState[Screen]):
    """All screens of the key's owner."""

    create = blocking(create)
    estimate = blocking(estimate)
    list = iterating(listed)


class AsyncScreens(ScreensState[AsyncScreen]):
    """All screens of the key's owner; all but ``get`` is awaited."""

    create = awaitable(create)
    estimate = awaitable(estimate)
    list = async_iterating(listed)
