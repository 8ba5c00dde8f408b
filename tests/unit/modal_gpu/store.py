"""Orders whose URLs lead, without a socket, to the real object server on a folder of the test."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from local.objects import Objects
from modal_gpu.predictors.base import Prediction, Question
from modal_gpu.transfer import Transfer
from shared.adapters.local.blobs import FolderBlobs
from shared.adapters.local.world import FolderSecrets, SystemClock
from shared.models.work import Download, JobRef, WorkOrder

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BASE = "http://store.test"
REF = JobRef(batch_id="batch_1", job_id="job_1", position=0)
FILES = ("results.json", "pose.sdf", "payload.bin")


class Store:
    """The object store of one test; ``failing`` counts the requests that are still to be refused."""

    def __init__(self, folder: Path) -> None:
        keys = FolderSecrets(folder / "secrets")
        self.blobs = FolderBlobs(folder / "objects", base_url=BASE, keys=lambda: keys.keys("urls"))
        self.until = SystemClock().now() + timedelta(minutes=5)
        self.seen: list[str] = []
        self.failing = 0
        self._app: WSGIApplication = Objects(self.blobs, SystemClock())
        client = httpx.Client(transport=httpx.WSGITransport(app=self._serve))
        self.transfer = Transfer(client, sleep=lambda seconds: None)

    def _serve(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self.seen.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if self.failing:
            self.failing -= 1
            start_response("503 Service Unavailable", [])
            return []
        return self._app(environ, start_response)

    def order(self, *, inputs: Mapping[str, bytes] | None = None, **changes: Any) -> WorkOrder:
        """An order whose inputs lie in the store."""
        downloads = {name: self._input(name, content) for name, content in (inputs or {}).items()}
        keys = {name: f"batches/batch_1/jobs/job_1/{name}" for name in FILES}
        return WorkOrder(
            **{
                "ref": REF,
                "model": "noop",
                "task_type": "protein_ligand_binding",
                "parameters": {"exhaustiveness": 8},
                "seed": 7,
                "search_seed": 8,
                "ligand_name": "ethanol",
                "smiles": "CCO",
                "protein_name": "lysozyme",
                "inputs": downloads,
                "uploads": {n: (key, self.blobs.put_url(key, until=self.until)) for n, key in keys.items()},
                "webhook_url": f"{BASE}/api/v3/webhooks/engine",
                "timeout_seconds": 60,
            }
            | changes
        )

    def _input(self, name: str, content: bytes) -> Download:
        stat = self.blobs.put(f"inputs/{name}", content)
        return Download(url=self.blobs.get_url(stat.key, until=self.until), sha256=stat.sha256)


class Fixed:
    """A predictor that gives one answer, or raises one error, and keeps what it was asked."""

    def __init__(self, answer: Prediction | BaseException) -> None:
        self.answer = answer
        self.asked: list[Question] = []

    def predict(self, question: Question) -> Prediction:
        """See ``Predictor.predict``."""
        self.asked.append(question)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer
