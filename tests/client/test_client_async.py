"""The asynchronous client: the same methods, awaited."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import omtx
import pytest
from omtx import AsyncClient, Client
from omtx.catalogue import AsyncModels, AsyncTasks, Models, Tasks
from omtx.orders import Wanted
from omtx.screens import AsyncScreens, Screens

from tests.client.conftest import QUICK
from tests.client.flaky import Flaky

SISTERS = [
    (omtx.Screen, omtx.AsyncScreen),
    (Screens, AsyncScreens),
    (Models, AsyncModels),
    (Tasks, AsyncTasks),
    (Client, AsyncClient),
]


def methods(kind: type) -> dict[str, inspect.Signature]:
    """The public methods of a class, with their parameters."""
    found = {name: it for name, it in inspect.getmembers(kind, callable) if not name.startswith("_")}
    return {name: inspect.signature(it) for name, it in found.items()}


@pytest.mark.parametrize(("blocking", "awaited"), SISTERS)
def test_both_clients_have_the_same_methods(blocking: type, awaited: type) -> None:
    assert methods(blocking).keys() == methods(awaited).keys()
    for name, signature in methods(blocking).items():
        assert signature.parameters.keys() == methods(awaited)[name].parameters.keys()


@pytest.mark.parametrize(("blocking", "awaited"), SISTERS)
def test_every_method_is_documented(blocking: type, awaited: type) -> None:
    for kind in (blocking, awaited):
        assert [name for name in methods(kind) if not inspect.getdoc(getattr(kind, name))] == []


def test_a_screen_from_its_order_to_its_files(server: str, library: Path, tmp_path: Path) -> None:
    async def work() -> None:
        async with AsyncClient(server) as client:
            screen = await client.screens.create(library=library, model="noop", name="awaited")
            seen = [it.status async for it in screen.follow(timeout=60)]
            assert seen[-1] == "completed"
            assert (await screen.wait()).accounting.completed == 3
            assert [row.rank for row in await screen.top(2)] == [1, 2]
            assert len([row async for row in screen.results(page_size=2)]) == 3
            assert len([page async for page in screen.pages(page_size=2)]) == 2
            assert list((await screen.to_dataframe())["rank"]) == [1, 2, 3]
            saved = await screen.export("csv", tmp_path / "x.csv")
            assert saved is not None
            assert len(saved.read_text().splitlines()) == 4
            assert (await screen.verify()).ok
            assert (await first(client.screens.list())).id == screen.id
            assert (await client.models.get("noop")).id == "noop"
            assert (await client.screens.estimate(ligands=5, model="noop")).usd == 0
            await screen.delete()
            with pytest.raises(omtx.NotFound):
                await screen.status()

    asyncio.run(work())


def test_several_screens_are_waited_for_at_once(server: str) -> None:
    async def work() -> list[omtx.Status]:
        async with AsyncClient(server) as client:
            order: Wanted = {"library": ["CCO"], "model": "noop", "parameters": {"delay_seconds": 0.2}}
            made = [await client.screens.create(**order) for _ in range(3)]
            return await asyncio.gather(*(it.wait(timeout=60) for it in made))

    assert [it.status for it in asyncio.run(work())] == ["completed"] * 3


def test_a_lost_answer_makes_one_screen(flaky: Flaky, tmp_path: Path, client: Client) -> None:
    path = tmp_path / "many.smi"
    path.write_text("".join(f"CCO {'x' * 150}{n}\n" for n in range(9000)))

    async def work() -> omtx.AsyncScreen:
        async with AsyncClient(flaky.url, patience=QUICK) as patient:
            flaky.mishaps += [None, "lose", None, "lose"]
            return await patient.screens.create(library=path, model="noop", name="awaited once")

    screen = asyncio.run(work())
    listed = [it.listed for it in client.screens.list()]
    assert [it.batch_id for it in listed if it and it.name == "awaited once"] == [screen.id]
    assert [method for method, _, _ in flaky.seen] == ["POST", "PUT", "PUT", "POST", "POST"]


def test_a_refusal_is_the_same_error(server: str) -> None:
    async def work() -> None:
        async with AsyncClient(server) as client:
            with pytest.raises(omtx.Invalid):
                await client.screens.create(library=["CCO"], model="nothing")
            slow = {"delay_seconds": 20}
            screen = await client.screens.create(library=["CCO"], model="noop", parameters=slow)
            with pytest.raises(omtx.StillRunning):
                await screen.wait(timeout=0.2)
            await screen.cancel()

    asyncio.run(work())


async def first(found: AsyncIterator[omtx.AsyncScreen]) -> omtx.AsyncScreen:
    """The first of them."""
    return await anext(found)
