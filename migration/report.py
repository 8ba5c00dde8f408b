"""The report as a JSON document, written as it is read, so that a large source needs no memory."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from itertools import chain
from typing import Any, TextIO

from migration.shelf import Shelf
from migration.verdicts import Finding, Verdict


def write_report(head: dict[str, Any], shelf: Shelf, file: TextIO) -> None:
    """``head``, the totals, and under ``migrated``, ``skipped`` and ``errors`` what the verdict was on."""
    opening = json.dumps({**head, "totals": shelf.totals()}, indent=2, ensure_ascii=False)
    file.write(opening.removesuffix("\n}"))
    _write_list("migrated", shelf.findings(Verdict.MIGRATED), file)
    _write_list("skipped", chain(shelf.findings(Verdict.SKIPPED), shelf.stray_objects()), file)
    _write_list("errors", shelf.findings(Verdict.ERROR), file)
    file.write("\n}\n")


def _write_list(name: str, findings: Iterable[Finding], file: TextIO) -> None:
    file.write(f',\n  "{name}": [')
    for number, finding in enumerate(findings):
        file.write(("," if number else "") + "\n    " + json.dumps(asdict(finding), ensure_ascii=False))
    file.write("\n  ]")
