"""One container's work, without its provider: the model loaded once, and each order answered."""

import logging
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from modal_gpu.attempt import attempt, utc_now
from modal_gpu.predictors.base import Prediction, Predictor, Question, is_spent
from modal_gpu.report import Reporter
from modal_gpu.transfer import Transfer
from shared.events.runs import packed, unpacked
from shared.models.work import WorkOrder

log = logging.getLogger("omtx.body")


@dataclass(frozen=True)
class Body:
    """What outlives a run in its container; runs come one after the other."""

    predictor: Predictor
    transfer: Transfer
    reporter: Reporter
    machine: str
    now: Callable[[], datetime] = utc_now

    def answer(self, data: bytes, call_id: str | None) -> bytes:
        """
        Run a packed order; its packed envelope, whether or not the webhook took it.

        Only what is wrong with the container itself is raised. The webhook is a hint: the envelope is
        fetched from the provider if it does not come.
        """
        order = unpacked(data, WorkOrder)
        envelope = attempt(
            order,
            call_id=call_id,
            predictor=self.predictor,
            transfer=self.transfer,
            machine=self.machine,
            now=self.now,
        )
        answer = packed(envelope)
        self.reporter.report(envelope, order.webhook_url)
        return answer


@dataclass(frozen=True)
class Weighed:
    """A predictor whose answers also name the revision of the weights that it computes with."""

    predictor: Predictor
    weights: Mapping[str, str]

    @property
    def usable(self) -> bool:
        """See ``is_spent``."""
        return not is_spent(self.predictor)

    def predict(self, question: Question) -> Prediction:
        """See ``Predictor.predict``."""
        found = self.predictor.predict(question)
        return replace(found, versions={**self.weights, **found.versions})


def machine_name() -> str:
    """The GPU of this machine, as a list of those that will do does not tell which it became; or its name."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return platform.node()
    query = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("the name of the GPU is not known: %s", error)
        return platform.node()
    return ", ".join(line.strip() for line in said.splitlines() if line.strip()) or platform.node()
