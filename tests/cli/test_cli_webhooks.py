"""``omtx webhooks`` on a home of its own."""

import pytest

from tests.cli.program import Omtx

URL = "https://hooks.example.org/omtx"


def test_a_webhook_is_created_listed_tested_rotated_and_deleted(here: Omtx) -> None:
    made = here("webhooks", "create", URL, "--milestone", 50, "--description", "mine").json
    name = made["webhook_id"]
    assert made["secret"].startswith("whsec_")
    assert made["milestones"] == [50]
    assert "batch.milestone" in made["events"]
    [listed] = here("webhooks", "list").json["webhooks"]
    assert (listed["url"], "secret" in listed) == (URL, False)
    sent = here("webhooks", "test", name).json["delivery_id"]
    [delivery] = here("webhooks", "deliveries", name).json["deliveries"]
    assert (delivery["delivery_id"], delivery["state"]) == (sent, "pending")
    assert here("webhooks", "redeliver", sent).json["delivery_id"] == sent
    assert here("webhooks", "rotate-secret", name).json["secret"] != made["secret"]
    assert here("webhooks", "delete", name).json["success"]
    assert here("webhooks", "list").json == {"webhooks": []}


def test_a_url_that_cannot_be_called_is_refused_with_the_reason(here: Omtx) -> None:
    answer = here("webhooks", "create", "http://hooks.example.org")
    assert answer.code == 5
    assert "it has to begin with https://" in answer.err


def test_a_person_reads_tables(here: Omtx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.webhooks.wants_json", lambda asked: asked)
    assert "there is no webhook" in here("webhooks", "list").err
    assert "whsec_" in here("webhooks", "create", URL).out
    assert URL in here("webhooks", "list").out
    name = here("webhooks", "list", "--json").json["webhooks"][0]["webhook_id"]
    assert "nothing was sent" in here("webhooks", "deliveries", name).err
    assert "sent as msg_" in here("webhooks", "test", name).out
    assert "test.ping.v1" in here("webhooks", "deliveries", name).out
