"""Redis, where there is one, is private, knows who comes, and is reached by those alone who use it."""

from collections.abc import Iterator
from typing import Any

from infra.proof.deployment import Deployment, Resource
from shared.topology import Topology

PRIMARY = "CONNECTION_TYPE_PRIMARY"


def it_asks_who_comes_and_is_not_listened_to(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """By an identity's token, which would open more than Redis to whoever heard it."""
    networks = {it["id"] for it in deployment.all("compute_network", "redis")}
    for it in deployment.all("memorystore_instance"):
        if it["authorization_mode"] != "IAM_AUTH":
            yield "Redis lets in whoever reaches it"
        if it["transit_encryption_mode"] != "SERVER_AUTHENTICATION":
            yield "Redis can be listened to"
        if {one["network"] for one in it["desired_auto_created_endpoints"]} != networks:
            yield "Redis is not in its own network alone"
        if it["mode"] != "CLUSTER_DISABLED":
            yield "Redis is a cluster, to which one connection does not lead"
    for it in deployment.all("redis_instance"):
        yield f"{it.address} has a password, which would be in Terraform's state"


def only_who_uses_it_is_led_there(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """With its address and whom to believe; whatever else a function calls does not go that way."""
    told = _told(deployment)
    connectors = {it["id"] for it in deployment.all("vpc_access_connector")}
    for name, it in deployment.by_function("cloudfunctions2_function").items():
        service = it.inner("service_config")
        environment = service.get("environment_variables") or {}
        found = {key: value for key, value in environment.items() if key.startswith("OMTX_REDIS_")}
        uses = bool(told) and topology.functions[name].opens.redis
        if found != (told if uses else {}):
            yield f"function {name} is not told of Redis as it should be"
        if (service.get("vpc_connector") in connectors) != uses:  # mocks make up what is not set
            yield f"function {name} is led into the private network, or not, against the topology"
        if uses and service.get("vpc_connector_egress_settings") != "PRIVATE_RANGES_ONLY":
            yield f"function {name} calls the world through the private network"


def _told(deployment: Deployment) -> dict[str, str]:
    for it in deployment.all("memorystore_instance"):
        primary = next(_connections(it, PRIMARY))
        authorities = [
            pem for ca in it["managed_server_ca"] for one in ca["ca_certs"] for pem in one["certificates"]
        ]
        return {
            "OMTX_REDIS_URL": f"rediss://{primary['ip_address']}:{primary['port']:.0f}/0",
            "OMTX_REDIS_LOGIN": "google",
            "OMTX_REDIS_CA": "\n".join(authorities),
        }
    return {}


def _connections(instance: Resource, kind: str) -> Iterator[dict[str, Any]]:
    for endpoint in instance["endpoints"]:
        for connection in endpoint["connections"]:
            yield from (it for it in connection["psc_auto_connection"] if it["connection_type"] == kind)


RULES = (it_asks_who_comes_and_is_not_listened_to, only_who_uses_it_is_led_there)
