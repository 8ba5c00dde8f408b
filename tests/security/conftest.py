"""One home with a screen that is over, whose every text is hostile, and the owner's key; no limits."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.mount import mount
from shared import wiring
from tests.support.asgi import asked
from tests.support.chain import Chain, chain_at
from tests.support.keys import bearing, made
from tests.support.orders import noop_order
from tests.support.screens import answers, deliver_all, store, tell

FORMULAS = ("=1+1", "+SUM(1)", "-2+cmd|' /C calc'!A0", "@x", "\t=1", "＝1+1")
HEADER = "a\r\nSet-Cookie: a=b"
WAYS_OUT = ("../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", 'a"; filename="x.exe', HEADER)
SCRIPT = "<script>alert(1)</script>"
NAMES = (*FORMULAS, *WAYS_OUT, SCRIPT, "a\x00b", "…/名前")


@dataclass(frozen=True)
class Home:
    """The chain, the screen and its first job, and the whole platform at one address."""

    chain: Chain
    batch: str
    job: str
    key: str
    web: object

    def get(self, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """The answer to the owner."""
        return self.ask("GET", path, b"", **headers)

    def ask(self, method: str, path: str, body: bytes, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers; ``path`` goes out as it is."""
        status, raw, told = asked(self.web, method, path, body, {**bearing(self.key), **headers})  # type: ignore[arg-type]
        return status, raw, dict(told)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The screen's names are formulas, ways out of a folder, headers and scripts."""
    with pytest.MonkeyPatch.context() as patch, chain_at(tmp_path_factory.mktemp("home")) as chain:
        patch.setenv("OMTX_LIMITS_ENABLED", "0")
        wiring.reset()
        ligands = [{"name": name, "smiles": "C" * (n + 1)} for n, name in enumerate(NAMES)]
        wrong = [{"name": name, "smiles": f"{name}("} for name in FORMULAS]
        order = noop_order() | {"job_name": HEADER, "protein_name": SCRIPT, "ligands": ligands + wrong}
        reply = chain.submit(order)
        assert reply.status == 202, reply.body
        batch = reply.body["batch_id"]
        deliver_all(chain)
        for envelope in answers(chain):
            files = [store(batch, envelope.ref.job_id, name, b"{}") for name in ("results.json", "logs.txt")]
            tell(chain, envelope.model_copy(update={"artefacts": (*envelope.artefacts, *files)}))
        chain.drain()
        job = chain.api(f"/api/v3/batches/{batch}/status").body["jobs"][0]["job_id"]
        yield Home(chain, batch, job, made("local")[1], mount().web)
