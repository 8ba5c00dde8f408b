"""
Values that the platform takes, where the wrong one passes every check of types.

Terraform sends a resource's configuration as MessagePack; a value that is not known yet is left alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.proof.msgpack import UNKNOWN, decode

Path = tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """What a value must be like, and how that is said."""

    holds: Callable[[Any], bool]
    wanted: str


def _one_of(*names: str) -> Rule:
    return Rule(lambda value: value in names, f"one of {', '.join(names)}")


def _between(least: int, most: int) -> Rule:
    return Rule(lambda value: least <= value <= most, f"from {least} to {most}")


def _like(pattern: str, wanted: str) -> Rule:
    return Rule(lambda value: re.fullmatch(pattern, value) is not None, wanted)


_SECONDS = _like(r"\d+(\.\d{1,9})?s", "seconds, as 60s")
_MEMBER = _like(
    r"allUsers|allAuthenticatedUsers|(serviceAccount|user|group|domain|principalSet|principal):.+",
    "a member, as serviceAccount:name@project.iam.gserviceaccount.com",
)
_ROLE = _like(r"(projects/[\w-]+/)?roles/\w+(\.\w+)*", "a role, as roles/pubsub.publisher")

RULES: Mapping[tuple[str, str], Rule] = {
    ("google_artifact_registry_repository", "format"): _one_of("DOCKER", "GENERIC", "PYTHON", "NPM", "MAVEN"),
    ("google_artifact_registry_repository", "cleanup_policies.action"): _one_of("DELETE", "KEEP"),
    ("google_cloud_scheduler_job", "http_target.http_method"): _one_of(
        "POST", "GET", "PUT", "DELETE", "PATCH"
    ),
    ("google_cloudfunctions2_function", "service_config.ingress_settings"): _one_of(
        "ALLOW_ALL", "ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"
    ),
    ("google_cloudfunctions2_function", "service_config.available_memory"): _like(
        r"\d+(\.\d+)?(k|Ki|M|Mi|G|Gi)?", "a size, as 512Mi"
    ),
    ("google_cloudfunctions2_function", "service_config.timeout_seconds"): _between(1, 3600),
    ("google_cloudfunctions2_function", "service_config.max_instance_request_concurrency"): _between(1, 1000),
    ("google_compute_backend_service", "load_balancing_scheme"): _one_of(
        "EXTERNAL", "EXTERNAL_MANAGED", "INTERNAL_MANAGED", "INTERNAL_SELF_MANAGED"
    ),
    ("google_compute_region_network_endpoint_group", "network_endpoint_type"): _one_of(
        "SERVERLESS", "PRIVATE_SERVICE_CONNECT", "INTERNET_IP_PORT", "INTERNET_FQDN_PORT"
    ),
    ("google_compute_security_policy", "rule.action"): _like(
        r"allow|deny\((403|404|429|502)\)|rate_based_ban|redirect|throttle", "an action, as deny(403)"
    ),
    ("google_compute_ssl_policy", "min_tls_version"): _one_of("TLS_1_0", "TLS_1_1", "TLS_1_2"),
    ("google_firestore_database", "type"): _one_of("FIRESTORE_NATIVE", "DATASTORE_MODE"),
    ("google_firestore_database", "delete_protection_state"): _one_of(
        "DELETE_PROTECTION_ENABLED", "DELETE_PROTECTION_DISABLED"
    ),
    ("google_firestore_database", "point_in_time_recovery_enablement"): _one_of(
        "POINT_IN_TIME_RECOVERY_ENABLED", "POINT_IN_TIME_RECOVERY_DISABLED"
    ),
    ("google_cloudfunctions2_function", "service_config.vpc_connector_egress_settings"): _one_of(
        "PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"
    ),
    ("google_firestore_index", "query_scope"): _one_of(
        "COLLECTION", "COLLECTION_GROUP", "COLLECTION_RECURSIVE"
    ),
    ("google_firestore_index", "fields.order"): _one_of("ASCENDING", "DESCENDING"),
    ("google_memorystore_instance", "authorization_mode"): _one_of("AUTH_DISABLED", "IAM_AUTH"),
    ("google_memorystore_instance", "mode"): _one_of("CLUSTER", "CLUSTER_DISABLED"),
    ("google_memorystore_instance", "node_type"): _one_of(
        "SHARED_CORE_NANO", "HIGHMEM_MEDIUM", "HIGHMEM_XLARGE", "STANDARD_SMALL"
    ),
    ("google_memorystore_instance", "transit_encryption_mode"): _one_of(
        "TRANSIT_ENCRYPTION_DISABLED", "SERVER_AUTHENTICATION"
    ),
    ("google_monitoring_alert_policy", "combiner"): _one_of("AND", "OR", "AND_WITH_MATCHING_RESOURCE"),
    ("google_monitoring_alert_policy", "severity"): _one_of("CRITICAL", "ERROR", "WARNING"),
    ("google_monitoring_alert_policy", "conditions.condition_threshold.comparison"): _one_of(
        "COMPARISON_GT", "COMPARISON_LT"
    ),
    ("google_pubsub_subscription", "ack_deadline_seconds"): _between(10, 600),
    ("google_pubsub_subscription", "message_retention_duration"): _SECONDS,
    ("google_pubsub_subscription", "dead_letter_policy.max_delivery_attempts"): _between(5, 100),
    ("google_pubsub_subscription", "retry_policy.minimum_backoff"): _SECONDS,
    ("google_pubsub_subscription", "retry_policy.maximum_backoff"): _SECONDS,
    ("google_storage_bucket", "public_access_prevention"): _one_of("enforced", "inherited"),
    ("google_storage_bucket", "lifecycle_rule.action.type"): _one_of(
        "Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"
    ),
    ("google_vpc_access_connector", "name"): _like(
        r"[a-z][a-z0-9-]{0,23}[a-z0-9]", "a name of at most 25 letters"
    ),
    ("google_vpc_access_connector", "min_instances"): _between(2, 9),
    ("google_vpc_access_connector", "max_instances"): _between(3, 10),
    **{
        (f"google_{owner}_iam_member", field): rule
        for owner in (
            "artifact_registry_repository",
            "cloud_run_v2_service",
            "project",
            "pubsub_subscription",
            "pubsub_topic",
            "secret_manager_secret",
            "service_account",
            "storage_bucket",
        )
        for field, rule in {"member": _MEMBER, "role": _ROLE}.items()
    },
}


def problems(terraform_type: str, config: bytes) -> dict[Path, str]:
    """What is wrong, by the place of it."""
    values, found = decode(config), {}
    for (owner, where), rule in RULES.items():
        if owner == terraform_type:
            for path, value in _at(values, where.split("."), ()):
                if value is not None and value is not UNKNOWN and not rule.holds(value):
                    found[path] = f"{terraform_type}.{where} is {value!r}, must be {rule.wanted}"
    return found


def _at(value: Any, names: list[str], path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _at(item, names, (*path, str(number)))
    elif not names:
        yield path, value
    elif isinstance(value, dict):
        yield from _at(value.get(names[0]), names[1:], (*path, names[0]))
