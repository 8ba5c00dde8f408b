"""The load balancer leads where the embedded router leads, lets in whom it should, and speaks TLS."""

from collections.abc import Iterator
from typing import Any

from infra.proof.deployment import Deployment, Resource
from infra.proof.wanted import Wanted
from shared.models.limits import ALONE, TIERS, Endpoints, Rates
from shared.topology import Topology

LAST = 2147483647


def requests_go_where_the_topology_says(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """By the longest path; tried on each path, below it, beside it, and with another method."""
    backends = {it["id"]: it.key for it in deployment.all("compute_backend_service")}
    (urls,) = deployment.all("compute_url_map", "frontend")
    rules = sorted(urls.inner("path_matcher")["route_rules"], key=lambda rule: int(rule["priority"]))
    for method, path in _tried(topology):
        wanted, found = _owner(topology, method, path), _answering(rules, method, path)
        service = found["service"] if found else urls.inner("path_matcher")["default_service"]
        if backends.get(service) != wanted:
            yield f"{method} {path} goes to {backends.get(service)}, not to {wanted}"


def _tried(topology: Topology) -> Iterator[tuple[str, str]]:
    for row in topology.public().values():
        for route in row.routes:
            own = "GET" if route.method == "*" else route.method
            path = route.path.rstrip("/")
            for method in (own, "DELETE"):
                yield from ((method, it) for it in (path or "/", f"{path}/below", f"{path or '/'}beside"))


def _owner(topology: Topology, method: str, path: str) -> str:
    owners = {
        (len(route.path), route.method != "*"): name
        for name, row in topology.public().items()
        for route in row.routes
        if route.method in ("*", method)
        and (path == route.path or path.startswith(f"{route.path.rstrip('/')}/"))
    }
    return owners[max(owners)] if owners else "api"


def _answering(rules: list[dict[str, Any]], method: str, path: str) -> dict[str, Any] | None:
    for rule in rules:
        if any(_matches(it, method, path) for it in rule["match_rules"]):
            return rule
    return None


def _matches(match: dict[str, Any], method: str, path: str) -> bool:
    methods = [it["exact_match"] for it in match["header_matches"] if it["header_name"] == ":method"]
    if methods and method not in methods:
        return False
    if match["full_path_match"] and match["full_path_match"].startswith("/"):
        return bool(path == match["full_path_match"])
    return path.startswith(match["prefix_match"])


def only_public_functions_stand_behind_it(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Each behind the policy that says who may come."""
    (armor,) = deployment.all("compute_security_policy")
    backends = {it.key: it for it in deployment.all("compute_backend_service")}
    for name in sorted(backends.keys() ^ topology.public().keys(), key=str):
        yield f"function {name} stands behind the load balancer, or not, against the topology"
    for name, it in backends.items():
        if it["security_policy"] != armor["id"]:
            yield f"function {name} is reached past the security policy"


def strangers_are_turned_away(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """The last rule refuses, and what is let in is let in at a bounded rate."""
    (armor,) = deployment.all("compute_security_policy")
    rules = {int(rule["priority"]): rule for rule in armor["rule"]}
    if LAST not in rules or not rules[LAST]["action"].startswith("deny"):
        yield "the security policy lets in whom no rule names"
    for priority, rule in sorted(rules.items()):
        if rule["action"] == "allow":
            yield f"rule {priority} of the security policy lets in at any rate"
        if priority != LAST and _ranges(rule) & {"*", "0.0.0.0/0", "::/0"}:
            yield f"rule {priority} of the security policy lets in everybody"


def _ranges(rule: dict[str, Any]) -> set[str]:
    return {it for match in rule["match"] for config in match["config"] for it in config["src_ip_ranges"]}


def molecules_are_no_attacks(deployment: Deployment, wanted: Wanted) -> Iterator[str]:
    """What a rule takes for an attack on a database is an ordinary SMILES."""
    (armor,) = deployment.all("compute_security_policy")
    said = {int(rule["priority"]): _expression(rule) for rule in armor["rule"]}
    for priority, expression in sorted(said.items()):
        left = [f"request.method != '{it}'" for it in ("POST", "PUT")]
        left += [f"request.path != '{it}'" for it in sorted(wanted.molecules)]
        if "evaluatePreconfiguredWaf" in expression:
            for it in (it for it in left if it not in expression):
                yield f"rule {priority} looks for attacks in molecules: {it} is missing"


def _expression(rule: dict[str, Any]) -> str:
    return " ".join(it["expression"] for match in rule["match"] for it in match["expr"])


def no_tier_is_stopped_before_its_limit(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """One key of the widest tier, from one address, in a minute."""
    (armor,) = deployment.all("compute_security_policy")
    most = max(map(_together, (tier.rates for tier in TIERS.values())))
    for rule in armor["rule"]:
        for limits in rule["rate_limit_options"]:
            for it in limits["rate_limit_threshold"]:
                if it["count"] * 60 / it["interval_sec"] < most:
                    number = f"{rule['priority']:.0f}"
                    yield f"rule {number} stops an address below the {most} requests that one key may make"


def _together(rates: Rates) -> int:
    apart: int = sum(getattr(rates, it) for it in ALONE)
    overall: int = getattr(rates, Endpoints.OVERALL)
    return overall + apart


def it_speaks_tls(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Plain HTTP is only told where to go."""
    ways = {it.label: it for it in deployment.all("compute_url_map")}
    if not _redirects(ways.get("redirect")):
        yield "plain HTTP is not redirected"
    for it in deployment.all("compute_ssl_policy"):
        if it["min_tls_version"] != "TLS_1_2":
            yield f"TLS may be as old as {it['min_tls_version']}"
    policies = {it["id"] for it in deployment.all("compute_ssl_policy")}
    for it in deployment.all("compute_target_https_proxy"):
        if it["ssl_policy"] not in policies:
            yield "TLS is as old as the platform allows"


def _redirects(urls: Resource | None) -> bool:
    return urls is not None and urls.inner("default_url_redirect").get("https_redirect") is True


RULES = (
    requests_go_where_the_topology_says,
    only_public_functions_stand_behind_it,
    strangers_are_turned_away,
    molecules_are_no_attacks,
    no_tier_is_stopped_before_its_limit,
    it_speaks_tls,
)
