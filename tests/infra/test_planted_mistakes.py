"""The proof of the infrastructure is worth something: it finds what is planted in a copy of the checkout."""

import json
import os
import shutil
from pathlib import Path

import pytest

from infra.proof import gate
from infra.proof.configuration import FOLDER
from infra.proof.terraform import ROOT, Missing

FUNCTION = "modules/function/main.tf"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the proof reads, in one environment, to plant in."""
    for folder in ("shared", "services", "infra/terraform"):
        ignored = shutil.ignore_patterns("__pycache__", ".terraform*", "prod.tfvars", "variables.tftest.hcl")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("infra/firestore_indexes.json", "docs/operations.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def plant(path: Path, there: str, instead: str) -> None:
    """Write a mistake."""
    text = path.read_text()
    assert text.count(there) == 1, f"{path.name} says it {text.count(there)} times: {there}"
    path.write_text(text.replace(there, instead))


def found(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the proof says."""
    try:
        return "\n".join(gate.problems(checkout, tmp_path_factory.mktemp("work")))
    except Missing as why:
        if os.environ.get("OMTX_REQUIRE_TOOLS") == "1":
            raise
        pytest.skip(str(why))


def test_where_nothing_is_planted_nothing_is_found_and_nothing_changed(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = {path: path.stat().st_mtime_ns for path in checkout.rglob("*")}
    assert found(checkout, tmp_path_factory) == ""
    assert {path: path.stat().st_mtime_ns for path in checkout.rglob("*")} == before


@pytest.mark.parametrize(
    ("file", "there", "instead", "said"),
    [
        pytest.param(
            "secrets.tf",
            "  secret_id           =",
            "  secret_id =",
            "secrets.tf: terraform fmt would change it",
            id="a form that is not the usual one",
        ),
        pytest.param(
            "storage.tf",
            '"${var.project}-${var.prefix}-source"',
            '"${var.project}-${var.prefx}-source"',
            'storage.tf:63: Reference to undeclared input variable An input variable with the name "prefx"',
            id="a variable that does not exist",
        ),
        pytest.param(
            FUNCTION,
            "    entry_point       = var",
            "    entrypoint        = var",
            'An argument named "entrypoint" is not expected here. Did you mean "entry_point"?',
            id="a typo in an attribute",
        ),
        pytest.param(
            "topics.tf",
            "  ack_deadline_seconds       = 60",
            '  ack_deadline_seconds       = "a minute"',
            'Inappropriate value for attribute "ack_deadline_seconds": a number is required',
            id="a wrong type",
        ),
        pytest.param(
            "registry.tf",
            '  format        = "DOCKER"\n',
            "",
            'Missing required argument The argument "format" is required',
            id="a missing required field",
        ),
        pytest.param(
            "database.tf",
            "  weekly_recurrence {",
            "  weekly_recurence {",
            'Unsupported block type Blocks of type "weekly_recurence" are not expected here',
            id="a typo in a block",
        ),
        pytest.param(
            FUNCTION,
            "service_config {",
            "service_configs {",
            "Unsupported block type",
            id="a typo in a block of the module",
        ),
        pytest.param(
            "secrets.tf",
            '"google_secret_manager_secret" "secrets"',
            '"google_secret_manager_secrets" "secrets"',
            "does not support resource type",
            id="a type that does not exist",
        ),
        pytest.param(
            "functions.tf",
            'module.function[each.key].service\n  role     = "roles/run.invoker"\n  member   = "allUsers"',
            'module.function[each.key].uri\n  role     = "roles/run.invoker"\n  member   = "allUsers"',
            'This object does not have an attribute named "uri"',
            id="an output that does not exist",
        ),
        pytest.param(
            "functions.tf",
            '"ALLOW_INTERNAL_ONLY"',
            '"ALLOW_INTERNAL"',
            "ingress_settings is 'ALLOW_INTERNAL', must be one of ALLOW_ALL,",
            id="a value that is none",
        ),
        pytest.param(
            FUNCTION,
            "max_delivery_attempts = var.subscription_defaults.max_delivery_attempts",
            "max_delivery_attempts = 4",
            "dead_letter_policy.max_delivery_attempts is 4, must be from 5 to 100",
            id="fewer than five attempts",
        ),
    ],
)
def test_a_mistake_in_form_names_types_or_values_is_found(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, file: str, there: str, instead: str, said: str
) -> None:
    plant(checkout / FOLDER / file, there, instead)
    assert said in found(checkout, tmp_path_factory)


TOGETHER = (
    (
        "grants.tf",
        "for_each = local.publishes",
        'for_each = { for it, way in local.publishes : it => way if it != "complete/batch-finished" }',
        "a grant is missing: complete: roles/pubsub.publisher on topic batch-finished",
    ),
    (
        "functions.tf",
        '"anyone_calls_public" {\n  for_each = local.public',
        '"anyone_calls_public" {\n  for_each = local.functions',
        "a grant is too much: anyone: roles/run.invoker on service dispatch",
    ),
    (
        "grants.tf",
        'expression = "resource.name',
        'expression = "resource.type',
        "a grant is too much: api: roles/datastore.user on project",
    ),
    (
        "storage.tf",
        '"${var.project}-${var.prefix}-objects"\n  location                    = var.region\n'
        "  uniform_bucket_level_access = true\n"
        '  public_access_prevention    = "enforced"',
        '"${var.project}-${var.prefix}-objects"\n  location                    = var.region\n'
        "  uniform_bucket_level_access = true\n"
        '  public_access_prevention    = "inherited"',
        "bucket objects can be made public",
    ),
    (
        "grants.tf",
        'contains(each.value, "write") ? "roles/storage.objectUser" : "roles/storage.objectViewer"\n'
        "  member = module.function[each.key].member",
        'contains(each.value, "write") ? "roles/storage.objectUser" : "roles/storage.objectViewer"\n'
        '  member = "allUsers"',
        "a grant is too much: anyone: roles/storage.objectViewer on bucket objects",
    ),
    (
        FUNCTION,
        "  dead_letter_policy {\n"
        "    dead_letter_topic     = var.dead_letter_topic\n"
        "    max_delivery_attempts = var.subscription_defaults.max_delivery_attempts\n"
        "  }\n\n",
        "",
        "subscription omtx-dev-dispatch-job-queued has no dead letters",
    ),
    (
        FUNCTION,
        '    ttl = "" # never',
        '    ttl = "2678400s" # a month',
        "subscription omtx-dev-dispatch-job-queued expires when nothing happens",
    ),
    (
        FUNCTION,
        "      audience              = local.url",
        "      audience              = local.full_name",
        "subscription omtx-dev-dispatch-job-queued does not make its tokens out to function dispatch",
    ),
    (
        FUNCTION,
        "service_account_email            = google_service_account.this.email",
        "service_account_email            = var.push_service_account",
        "function api does not run as its own service account",
    ),
    (
        "functions.tf",
        "      OMTX_BACKEND    =",
        '      OMTX_COLOUR     = "blue"\n      OMTX_BACKEND    =',
        "function api would not start: colour: Extra inputs are not permitted",
    ),
    (
        "frontend.tf",
        "route_rules.key + 1",
        "length(local.routes) - route_rules.key",
        "POST /api/v3/batches/submit goes to api, not to submit",
    ),
    (
        "database.tf",
        "for_each = local.composites",
        'for_each = { for name, it in local.composites : name => it if it.collection != "attempts" }',
        "the index of attempts by round, place is not in both places",
    ),
    (
        "armor.tf",
        '["/api/v3/depict.svg"]',
        "[]",
        "looks for attacks in molecules: request.path != '/api/v3/depict.svg' is missing",
    ),
    (
        "variables.tf",
        "optional(number, 3000)",
        "optional(number, 600)",
        "rule 2000 stops an address below the 1700 requests that one key may make",
    ),
    (
        "functions.tf",
        '"functions_call_twins" {\n  for_each = local.callers',
        '"functions_call_twins" {\n  for_each = { for it, way in local.callers : it => way if it != "api" }',
        "a grant is missing: api: roles/run.invoker on service submit-inside",
    ),
    (
        "functions.tf",
        "OMTX_ORDERS_URL = ",
        'OMTX_LIMITS_ENABLED = "1" # ',
        "function api is not told where it places orders, or is without need",
    ),
    (
        "functions.tf",
        'var.trace_orders && each.value.entry_point == "submit"',
        'var.trace_orders && each.value.entry_point != "submit"',
        "function dispatch decides for itself what is traced",
    ),
    (
        "redis.tf",
        '"IAM_AUTH"',
        '"AUTH_DISABLED"',
        "dev with everything: Redis lets in whoever reaches it",
    ),
    (
        "redis.tf",
        '"SERVER_AUTHENTICATION"',
        '"TRANSIT_ENCRYPTION_DISABLED"',
        "dev with everything: Redis can be listened to",
    ),
    (
        "redis.tf",
        'expression = "resource.name',
        'expression = "resource.type',
        "a grant is too much: api: roles/memorystore.dbConnectionUser on project",
    ),
    (
        "functions.tf",
        "contains(local.redis_users, each.key) ? google_vpc_access_connector",
        "var.redis != null ? google_vpc_access_connector",
        "function notify is led into the private network, or not, against the topology",
    ),
    (
        FUNCTION,
        '"PRIVATE_RANGES_ONLY"',
        '"ALL_TRAFFIC"',
        "function api calls the world through the private network",
    ),
    (
        "alerts.tf",
        "    spend = {",
        "    costs = {",
        "the alert costs has no section in the runbook",
    ),
)


def test_mistakes_in_what_it_comes_to_are_found_each_by_its_name(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for file, there, instead, _ in TOGETHER:
        plant(checkout / FOLDER / file, there, instead)
    # Terraform's own test of the module would speak first; this is about the rules behind it.
    (checkout / FOLDER / "tests" / "function.tftest.hcl").unlink()
    said = found(checkout, tmp_path_factory)
    assert [wanted for *_, wanted in TOGETHER if wanted not in said] == [], said


def test_a_function_that_is_not_deployed_is_found(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    everyone = "merge(local.topology.functions, local.twins)"
    all_but_one = '{ for name, it in local.topology.functions : name => it if name != "complete" }'
    plant(checkout / FOLDER / "topology.tf", everyone, f"merge({all_but_one}, local.twins)")
    said = found(checkout, tmp_path_factory)
    assert "function complete is in the topology and not deployed" in said
    assert "every function of the topology must be deployed" in said


def test_a_function_that_the_topology_forgot_is_found(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = checkout / "services" / "topology.json"
    table = json.loads(path.read_text())
    del table["functions"]["aggregate"]
    path.write_text(json.dumps(table))
    assert "function aggregate has code and is not in the topology" in found(checkout, tmp_path_factory)


def test_a_topology_that_gives_messages_up_during_an_outage_is_found(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plant(
        checkout / "services" / "topology.json", '"max_delivery_attempts": 40', '"max_delivery_attempts": 36'
    )
    said = found(checkout, tmp_path_factory)
    assert "messages may be given up after 29 minutes of an outage" in said


def test_terraforms_own_tests_find_a_subscription_that_is_not_pushed_to_its_function(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plant(checkout / FOLDER / FUNCTION, '"${local.url}/${var.topic}"', "local.url")
    said = found(checkout, tmp_path_factory)
    assert "Test assertion failed messages must be pushed to the function, with the topic in the path" in said
