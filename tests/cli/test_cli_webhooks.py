"""``omtx webhooks`` on a home of its own."""

import base64
from pathlib import Path

import pytest

from tests.cli.program import Omtx

URL = "https://hooks.example.org/omtx"
SECRET = "whsec_" + base64.b64encode(b"a secret of this batch's own").decode()


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


def test_a_batch_may_have_an_address_of_its_own(here: Omtx, tmp_path: Path) -> None:
    library, secret = tmp_path / "two.smi", tmp_path / "secret"
    library.write_text("CCO\nCCN\n")
    secret.write_text(f"{SECRET}\n")
    ordered = ("submit", library, "--sequence", "MKTAYIAKQRQISFVKSHFS", "--model", "noop")
    told = ("--webhook-url", URL, "--webhook-milestone", 50, "--webhook-secret-file", secret)
    batch_id = here(*ordered, *told).json["batch_id"]
    name = here("status", batch_id).json["webhook_id"]
    assert here("webhooks", "list").json == {"webhooks": []}
    assert here("webhooks", "rotate-secret", name).json["milestones"] == [50]
    refused = here(*ordered, "--webhook-url", "https://10.0.0.1", "--webhook-secret-file", secret)
    assert (refused.code, "10.0.0.1 is not a public address" in refused.err) == (5, True)
    unsigned = here(*ordered, "--webhook-url", URL)
    assert (unsigned.code, "register a webhook at hooks.example.org" in unsigned.err) == (5, True)
    missing = here(*ordered, "--webhook-url", URL, "--webhook-secret-file", tmp_path / "none")
    assert "the secret cannot be read from" in missing.err
