"""
``python -m bench.api_load URL``: load on an API; a plan as JSON on stdin, what was measured on stdout.

*Closed*: some clients ask for one thing, each as soon as it has its answer; how many a second that makes.
*Open*: requests come at a rate, by chance (Poisson), whether or not those before are answered, and each
time is counted from when the request was due. So a server that falls behind shows.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from bench.api_client import Ask, Connection, ask, connect

MIX = {"status": 0.6, "list": 0.2, "submit": 0.1, "results": 0.1}
SEED = 20
WARM_RATE, WARM_SECONDS = 20.0, 6.0


def asks(ids: Sequence[str], accept: str) -> dict[str, Callable[[], Ask]]:
    """How each kind of request is made; what it is about is chosen by chance."""
    chance = random.Random(SEED)

    def submit() -> Ask:
        order = {"job_name": "bench", "protein_name": "none", "model_name": "noop", "ligands": [ligand()]}
        return ask("submit", "POST", "/api/v3/batches/submit", json.dumps(order).encode(), accept)

    def ligand() -> dict[str, str]:
        return {"name": "one", "smiles": "C" * chance.randint(3, 40) + "O"}

    def get(kind: str, path: Callable[[], str]) -> Callable[[], Ask]:
        return lambda: ask(kind, "GET", path(), accept=accept)

    return {
        "status": get("status", lambda: f"/api/v3/batches/{chance.choice(ids)}/status"),
        "list": get("list", lambda: "/api/v3/batches?limit=50"),
        "results": get("results", lambda: _results(chance.choice(ids), chance.randint(1, 5))),
        "ultra_fast": get("ultra_fast", lambda: "/api/v2/results/ultra-fast?limit=50"),
        "submit": submit,
    }


def _results(batch_id: str, page: int) -> str:
    return f"/api/v3/batches/{batch_id}/results?page={page}&page_size=100"


async def closed(
    address: tuple[str, int], make: Callable[[], Ask], *, clients: int, seconds: float
) -> dict[str, Any]:
    """What ``clients`` get who wait for each answer."""
    times, errors, sizes = list[float](), list[int](), list[int]()
    end = time.perf_counter() + seconds

    async def client() -> None:
        connection = await connect(*address)
        while (began := time.perf_counter()) < end:
            told = await connection.send(make())
            times.append(time.perf_counter() - began)
            sizes.append(told.size)
            if not 200 <= told.status < 400:
                errors.append(told.status)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return {
        "requests_per_second": len(times) / seconds,
        **spread(times),
        "kib": statistics.fmean(sizes) / 1024,
        "errors": len(errors),
    }


async def open_loop(
    address: tuple[str, int],
    makes: dict[str, Callable[[], Ask]],
    *,
    rate: float,
    seconds: float,
    clients: int,
) -> dict[str, Any]:
    """What those get who come at ``rate`` a second; they share ``clients`` connections and wait for one."""
    chance, errors = random.Random(SEED), list[int]()
    times: dict[str, list[float]] = defaultdict(list)
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(clients):
        idle.put_nowait(await connect(*address))

    async def one(asked: Ask, due: float) -> None:
        connection = await idle.get()
        told = await connection.send(asked)
        times[asked.kind].append(time.perf_counter() - due)
        idle.put_nowait(connection)
        if not 200 <= told.status < 400:
            errors.append(told.status)

    began = due = time.perf_counter()
    tasks = []
    while due < began + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        [kind] = chance.choices(list(MIX), list(MIX.values()))
        tasks.append(asyncio.create_task(one(makes[kind](), due)))
        due += chance.expovariate(rate)
    await asyncio.gather(*tasks)
    took = time.perf_counter() - began
    every = [it for those in times.values() for it in those]
    return {
        "asked_per_second": rate,
        "requests_per_second": len(every) / took,
        **spread(every),
        "errors": len(errors),
        "error_share": len(errors) / len(every),
        **{kind: spread(those) for kind, those in sorted(times.items())},
    }


def spread(times: Sequence[float]) -> dict[str, float]:
    """Percentiles, in milliseconds."""
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [*times] * 99
    return {"p50_ms": 1000 * cuts[49], "p95_ms": 1000 * cuts[94], "p99_ms": 1000 * cuts[98]}


async def measured(url: str, plan: dict[str, Any]) -> dict[str, Any]:
    """The plan, carried out."""
    at = urlsplit(url)
    address = (str(at.hostname), int(at.port or 80))
    makes = asks(plan["ids"], plan["accept"])
    answer: dict[str, Any] = {}
    for kind in plan["closed"]:
        answer[kind] = await closed(address, makes[kind], clients=plan["clients"], seconds=plan["seconds"])
    # What starts at a first request (worker processes, imports) is measured by ``starts``.
    await open_loop(address, makes, rate=WARM_RATE, seconds=WARM_SECONDS, clients=8)
    for rate in plan["rates"]:
        answer[f"mixed_at_{rate}"] = await open_loop(
            address, makes, rate=rate, seconds=plan["mixed_seconds"], clients=64
        )
    return answer


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.api_load", description=__doc__)
    parser.add_argument("url")
    print(json.dumps(asyncio.run(measured(parser.parse_args().url, json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
