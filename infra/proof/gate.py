"""
Everything that can be told of the configuration without an account, in one go.

Terraform checks the form, the names and types, and the assertions of ``tests/``; our own rules look at
what it comes to under mocks, once for each environment. Each check that fails ends the row, since the
next ones would only repeat it.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infra.package import archive
from infra.proof import deployment, policy, wanted
from infra.proof.configuration import FOLDER
from infra.proof.terraform import Terraform

EVERYTHING = "everything.tftest.hcl"
EXTRAS = ("-var=redis={}", "-var=trace_orders=true")
"""What an environment may ask for besides; proven once, in the last of them."""


def problems(root: Path, work: Path) -> list[str]:
    """
    What is wrong with the configuration in the checkout at ``root``; it is left as it is.

    Raises:
        Missing: Terraform is not installed.
    """
    tree, what = _copied(root, work / "tree"), wanted.read(root)
    _package(root, tree, what)
    terraform = Terraform(tree / FOLDER, work=work)
    for check in (_form, _types, _assertions):
        if found := list(check(terraform)):
            return found
    environments = sorted((tree / FOLDER / "environments").glob("*.tfvars"))
    cases: dict[str, tuple[str, ...]] = {it.stem: (f"-var-file={it}",) for it in environments}
    last = environments[-1]
    cases[f"{last.stem} with everything"] = (f"-var-file={last}", *EXTRAS)
    return [
        f"{name}: {problem}"
        for name, variables in cases.items()
        for problem in _deployed(terraform, variables, what)
    ]


def _copied(root: Path, tree: Path) -> Path:
    """Terraform leaves files beside the configuration, and a lock that names our provider."""
    shutil.copytree(root / FOLDER, tree / FOLDER, ignore=shutil.ignore_patterns(".terraform*"))
    for name in ("infra/firestore_indexes.json", "services/topology.json"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tree / name)
    return tree


def _package(root: Path, tree: Path, what: wanted.Wanted) -> None:
    folder = tree / "build" / "functions"
    folder.mkdir(parents=True)
    for name in what.services & what.functions.keys():
        (folder / f"{name}.zip").write_bytes(archive(name, root))


def _form(terraform: Terraform) -> Iterator[str]:
    answer = terraform("fmt", "-check", "-recursive")
    if answer.code != 0:
        yield from (f"{name}: terraform fmt would change it" for name in answer.out.split())
        yield from filter(None, [answer.errors.strip()])


def _types(terraform: Terraform) -> Iterator[str]:
    begun = terraform("init", "-backend=false", "-input=false", "-no-color")
    if begun.code != 0:
        yield begun.errors.strip()
        return
    answer = terraform("validate", "-json")
    for it in json.loads(answer.out)["diagnostics"]:
        yield _diagnosis(it)


def _assertions(terraform: Terraform) -> Iterator[str]:
    names = sorted(path.name for path in (terraform.folder / "tests").glob("*.tftest.hcl"))
    filters = [f"-filter=tests/{name}" for name in names if name != EVERYTHING]
    if filters:
        yield from _failures(_tested(terraform, *filters))


def _deployed(terraform: Terraform, variables: Sequence[str], what: wanted.Wanted) -> Iterator[str]:
    events = _tested(terraform, f"-filter=tests/{EVERYTHING}", *variables)
    yield from _failures(events)
    for it in events:
        if it["type"] == "test_state":
            yield from policy.broken(deployment.read(it["test_state"]), what)


def _tested(terraform: Terraform, *arguments: str) -> list[dict[str, Any]]:
    answer = terraform("test", "-json", "-verbose", *arguments)
    return [json.loads(line) for line in answer.out.splitlines()]


def _failures(events: list[dict[str, Any]]) -> Iterator[str]:
    if not any(it["type"] == "test_summary" and it["test_summary"]["passed"] for it in events):
        yield "no test passed"
    for it in events:
        if it["type"] == "diagnostic" and it["diagnostic"]["severity"] == "error":
            yield _diagnosis(it["diagnostic"])


def _diagnosis(it: dict[str, Any]) -> str:
    where = it.get("range") or {"filename": "terraform", "start": {"line": 0}}
    place = f"{where['filename']}:{where['start']['line']}"
    return f"{place}: {it['summary']} {it.get('detail', '')}".strip()
