"""The whole chain with its models at Modal: the control plane, and the body that its containers run."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from modal_gpu.body import Body
from modal_gpu.predictors import predictor
from modal_gpu.predictors.base import Predictor
from modal_gpu.report import Reporter
from modal_gpu.transfer import Transfer
from shared import settings, wiring
from shared.events.runs import unpacked
from shared.models.work import WorkOrder
from tests.modal_server.server import ControlPlane
from tests.support.boundaries import Boundaries
from tests.support.chain import Chain, stored
from tests.support.control_plane import SECONDS, lead_to
from tests.support.functions import load

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class ModalChain(Chain):
    """
    A ``Chain`` whose calls wait at the control plane; ``unheard`` names those whose webhook is refused.

    A run reports by itself, from inside its call, which has not returned yet.
    """

    def __init__(
        self, home: Path, boundaries: Boundaries, patch: pytest.MonkeyPatch, control_plane: ControlPlane
    ) -> None:
        lead_to(control_plane, patch)
        for name, value in {
            "OMTX_ENGINE": "modal",
            "OMTX_MODAL_INSECURE": "1",
            "OMTX_MODAL_SECONDS": str(SECONDS),
            "OMTX_QUEUE_ALLOWANCE_SECONDS": "60",
        }.items():
            patch.setenv(name, value)
        super().__init__(home, boundaries, patch)
        self.unheard: set[str] = set()
        self.all_unheard = False
        self.predictors: Callable[[str], Predictor] = predictor
        self._running = ""
        self.run_takes = timedelta(0)
        self.control_plane = control_plane
        for model in ("noop", "rfantibody"):
            control_plane.deployments.have(f"omtx-{model}", most_containers=4)
        control_plane.plane.body = self._container

    def step(self) -> bool:
        """Deliver what is due and make the runs that wait, once; whether there was anything."""
        deliveries, ran = self.leased(), self.control_plane.plane.run()
        for delivery in deliveries:
            self.settle_delivery(delivery, self.deliver(delivery))
        return bool(deliveries or ran)

    def _container(self, order: bytes, call_id: str) -> bytes:
        self._running = call_id
        key = wiring.secrets().keys("webhook")[0]
        webhook = httpx.Client(transport=httpx.WSGITransport(app=self._webhook))
        body = Body(
            self.predictors(unpacked(order, WorkOrder).model),
            Transfer(httpx.Client(transport=httpx.MockTransport(stored))),
            Reporter(
                key_id=key.id,
                secret=key.secret,
                client=webhook,
                unix_time=lambda: self.clock.now().timestamp(),
            ),
            machine="NVIDIA T4",
            now=self._look_at_the_clock,
        )
        return body.answer(order, call_id)

    def _look_at_the_clock(self) -> datetime:
        """A run looks when it begins and when it ends, and takes its time in between."""
        now = self.clock.now()
        self.clock.advance(self.run_takes)
        return now

    def _webhook(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if self.all_unheard or self._running in self.unheard:
            start_response("403 Forbidden", [])
            return []
        return load("webhook").wsgi_app(environ, start_response)


@contextmanager
def modal_chain_at(
    home: Path, control_plane: ControlPlane, boundaries: Boundaries | None = None
) -> Iterator[ModalChain]:
    """A chain on ``home``; everything it changed in the process is put back."""
    patch = pytest.MonkeyPatch()
    try:
        yield ModalChain(home, boundaries or Boundaries(lambda number, name: None), patch, control_plane)
    finally:
        patch.undo()
        wiring.reset()
        settings.settings.cache_clear()
