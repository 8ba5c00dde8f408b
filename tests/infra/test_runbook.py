"""The pages for whoever runs the platform agree with the configuration."""

import re

from infra.proof import wanted
from infra.proof.terraform import ROOT

ALERTS = (ROOT / "infra" / "terraform" / "alerts.tf").read_text()
PAGES = {name: (ROOT / "docs" / name).read_text() for name in ("deploy.md", "operations.md")}


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    named = re.findall(r"^    ([a-z-]+) += \{$", ALERTS, re.MULTILINE)
    assert len(named) == len(set(named)) >= 6
    assert set(named) == wanted.read(ROOT).sections


def test_links_between_the_pages_lead_somewhere() -> None:
    for name, text in PAGES.items():
        for page, anchor in re.findall(r"\]\(([\w.]*)#([\w-]+)\)", text):
            target = (ROOT / "docs" / (page or name)).read_text()
            assert anchor in _anchors(target), f"{name}: {page}#{anchor}"


def test_a_running_system_takes_fewer_than_ten_commands() -> None:
    first = PAGES["deploy.md"].split("## From nothing")[1].split("```")[1]
    commands = first.strip().replace("\\\n", " ").splitlines()
    assert len([it for it in commands if it and not it.startswith("export ")]) < 10


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^##+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", it.lower()).replace(" ", "-") for it in headings} | set(
        re.findall(r'<a id="([\w-]+)">', text)
    )
