"""Every function of the topology is deployed as its row says, as somebody of its own."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from infra.proof.deployment import Deployment
from infra.proof.wanted import Wanted
from shared.settings import Settings
from shared.settings.doors import DoorSettings
from shared.settings.limits import LimitSettings
from shared.settings.redis import RedisSettings
from shared.settings.webhooks import WebhookSettings
from shared.topology import INSIDE, Function, Topology

TOLD = ("BUCKET", "DATABASE", "PREFIX", "PROJECT", "PUBLIC_URL", "PUSH_AUDIENCE", "PUSH_SERVICE_ACCOUNT")
APART: Mapping[str, type[BaseSettings]] = {
    "limits_": LimitSettings,
    "redis_": RedisSettings,
    "webhook_": WebhookSettings,
}
PUBLIC, INTERNAL, ANYWHERE = "ALLOW_INTERNAL_AND_GCLB", "ALLOW_INTERNAL_ONLY", "ALLOW_ALL"


def all_are_deployed(deployment: Deployment, wanted: Wanted) -> Iterator[str]:
    """And nothing else is."""
    deployed = set(deployment.by_function("cloudfunctions2_function"))
    for name in sorted(wanted.services - wanted.functions.keys()):
        yield f"function {name} has code and is not in the topology"
    for name in sorted(wanted.functions.keys() - deployed):
        yield f"function {name} is in the topology and not deployed"
    for name in sorted(deployed - wanted.functions.keys()):
        yield f"function {name} is deployed and not in the topology"


def each_is_as_its_row_says(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Size, time, entry point, and who can reach it."""
    public = topology.public()
    for name, deployed in deployment.by_function("cloudfunctions2_function").items():
        if name not in topology.functions:
            continue
        wanted = _wanted(topology.functions[name], public=name in public)
        found = {**deployed.inner("service_config"), **deployed.inner("build_config")}
        for field, value in wanted.items():
            if found.get(field) != value:
                yield f"function {name}: {field} is {found.get(field)!r}, not {value!r}"


def _wanted(row: Function, *, public: bool) -> dict[str, object]:
    return {
        "available_memory": f"{row.memory_mb}Mi",
        "entry_point": row.entry_point,
        "ingress_settings": PUBLIC if public else ANYWHERE if row.inside else INTERNAL,
        "max_instance_count": row.max_instances,
        "max_instance_request_concurrency": row.concurrency,
        "timeout_seconds": row.timeout_seconds,
    }


def each_is_somebody_of_its_own(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """No identity is shared, and none is the project's default."""
    owners = {it["email"]: it.function for it in deployment.all("service_account")}
    for name, deployed in deployment.by_function("cloudfunctions2_function").items():
        if owners.get(deployed.inner("service_config").get("service_account_email")) != name:
            yield f"function {name} does not run as its own service account"


def each_is_told_who_it_is(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """The settings without which it would refuse to start, and what it is to trust."""
    public = topology.public()
    for name, deployed in deployment.by_function("cloudfunctions2_function").items():
        told = deployed.inner("service_config").get("environment_variables") or {}
        if told.get("OMTX_BACKEND") != "gcp":
            yield f"function {name} is not told OMTX_BACKEND=gcp"
        for missing in (it for it in TOLD if not told.get(f"OMTX_{it}")):
            yield f"function {name} is not told OMTX_{missing}"
        if told.get("OMTX_PUSH_CHECKED_BY_PLATFORM") != str(name not in public).lower():
            yield f"function {name} trusts the platform to check tokens, or not, against its ingress"
        if any("UNSIGNED" in it for it in told):
            yield f"function {name} takes unsigned deliveries"


def each_would_start(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Its settings take what it is told, on Cloud Run, which tells it the service's name besides."""
    for name, deployed in deployment.by_function("cloudfunctions2_function").items():
        told = deployed.inner("service_config").get("environment_variables") or {}
        fields = {
            it.removeprefix("OMTX_").lower(): value for it, value in told.items() if it.startswith("OMTX_")
        }
        for kind, its in _by_settings(fields):
            try:
                kind.model_validate({**its, "K_SERVICE": name} if kind is Settings else its)
            except ValidationError as wrong:
                for error in wrong.errors():
                    where = ".".join(str(part) for part in error["loc"]) or "settings"
                    yield f"function {name} would not start: {where}: {error['msg']}"


def _by_settings(fields: Mapping[str, str]) -> Iterator[tuple[type[BaseSettings], dict[str, Any]]]:
    """Each class with the fields that it reads, as it reads them."""
    rest = dict(fields)
    for prefix, kind in APART.items():
        mine = {it: rest.pop(it) for it in fields if it.startswith(prefix)}
        yield kind, {it.removeprefix(prefix): _decoded(value) for it, value in mine.items()}
    yield DoorSettings, {it: rest.pop(it) for it in fields if it in DoorSettings.model_fields}
    yield Settings, rest


def _decoded(value: str) -> Any:
    return json.loads(value) if value.startswith("{") else value


def orders_go_where_our_functions_are_let_in(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """To the twin of submit, by the name that tokens must be made out to."""
    told = {
        name: it.inner("service_config").get("environment_variables") or {}
        for name, it in deployment.by_function("cloudfunctions2_function").items()
    }
    door = told.get(f"submit{INSIDE}", {}).get("OMTX_PUSH_AUDIENCE")
    for name, its in told.items():
        wanted = door if name in topology.functions and topology.functions[name].opens.orders else None
        if its.get("OMTX_ORDERS_URL") != wanted:
            yield f"function {name} is not told where it places orders, or is without need"


def orders_alone_decide_what_is_traced(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Whatever follows from an order is traced if that is; a function that decided anew would tear traces."""
    for name, it in deployment.by_function("cloudfunctions2_function").items():
        told = it.inner("service_config").get("environment_variables") or {}
        if "OTEL_TRACES_SAMPLER" in told and topology.functions[name].entry_point != "submit":
            yield f"function {name} decides for itself what is traced"


def each_archive_is_named_by_its_content(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Or a new source would not be deployed."""
    for name, archive in deployment.by_function("storage_bucket_object").items():
        stem = archive["name"].removeprefix(f"{name}/").removesuffix(".zip")
        if len(stem) != 64 or set(stem) - set("0123456789abcdef"):
            yield f"function {name}: its archive is named {archive['name']}, not by its hash"


RULES = (
    all_are_deployed,
    each_is_as_its_row_says,
    each_is_somebody_of_its_own,
    each_is_told_who_it_is,
    each_would_start,
    orders_go_where_our_functions_are_let_in,
    orders_alone_decide_what_is_traced,
    each_archive_is_named_by_its_content,
)
