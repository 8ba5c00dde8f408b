"""Whoever is woken by an alert finds what to do."""

import re
from collections.abc import Iterator

from infra.proof.deployment import Deployment
from infra.proof.wanted import Wanted
from shared.topology import Topology

_OWN_METRIC = re.compile(r"logging\.googleapis\.com/user/([\w/-]+)")
NEEDED = {"dead-letters", "error-rate", "oldest-message", "reconcile-silent", "spend", "stuck-batches"}


def every_alert_has_its_section(deployment: Deployment, wanted: Wanted) -> Iterator[str]:
    """And every section of the runbook its alert."""
    names = {str(it.key) for it in deployment.all("monitoring_alert_policy")}
    for name in sorted(NEEDED - names):
        yield f"the alert {name} is missing"
    for name in sorted(names - wanted.sections):
        yield f"the alert {name} has no section in the runbook"
    for name in sorted(wanted.sections - names):
        yield f"the runbook's section {name} has no alert"


def every_alert_links_to_it_and_reaches_somebody(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """By all channels that there are."""
    channels = {it["id"] for it in deployment.all("monitoring_notification_channel")}
    for it in deployment.all("monitoring_alert_policy"):
        links = it.inner("documentation").get("links", ())
        if not any(link["url"].endswith(f"docs/operations.md#{it.key}") for link in links):
            yield f"the alert {it.key} does not link to its section"
        if set(it["notification_channels"]) != channels:
            yield f"the alert {it.key} reaches nobody"


def each_metric_that_is_watched_exists(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """An alert on a metric of our logs that nothing writes never fires."""
    own = {it["name"] for it in deployment.all("logging_metric")}
    for it in deployment.all("monitoring_alert_policy"):
        for name in sorted(set(_OWN_METRIC.findall(str(it["conditions"]))) - own):
            yield f"the alert {it.key} watches {name}, which nothing writes"
    for it in deployment.all("monitoring_dashboard"):
        for name in sorted(set(_OWN_METRIC.findall(it["dashboard_json"])) - own):
            yield f"the dashboard {it.label} shows {name}, which nothing writes"


RULES = (
    every_alert_has_its_section,
    every_alert_links_to_it_and_reaches_somebody,
    each_metric_that_is_watched_exists,
)
