"""What is kept is private, can be brought back, and has the indexes that the queries need."""

from collections.abc import Iterator

from infra.proof.deployment import Deployment
from infra.proof.wanted import Indexes, Wanted
from shared.topology import Topology


def buckets_are_private_and_keep_versions(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """One by one, whatever the organisation enforces."""
    for it in deployment.all("storage_bucket"):
        if it["public_access_prevention"] != "enforced":
            yield f"bucket {it.label} can be made public"
        if it["uniform_bucket_level_access"] is not True:
            yield f"bucket {it.label} has grants on single objects"
        if it.inner("versioning").get("enabled") is not True:
            yield f"bucket {it.label} keeps no versions"
        if "*" in it.inner("cors").get("origin", ()):
            yield f"bucket {it.label} may be used from any web page"


def uploads_and_old_versions_go_away(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Uploads after a week; anything else that is current stays."""
    for it in deployment.all("storage_bucket", "objects"):
        deleting = [rule for rule in it["lifecycle_rule"] if rule["action"][0]["type"] == "Delete"]
        conditions = [rule["condition"][0] for rule in deleting]
        if not any(cond["matches_prefix"] == ["uploads/"] and cond["age"] == 7 for cond in conditions):
            yield "uploads are kept for ever"
        if not any(cond["with_state"] == "ARCHIVED" for cond in conditions):
            yield "old versions are kept for ever"
        for cond in conditions:
            if cond["with_state"] != "ARCHIVED" and cond["matches_prefix"] != ["uploads/"]:
                yield "results are deleted by age"


def the_ledger_can_be_brought_back(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """To any moment of the last week."""
    for it in deployment.all("firestore_database"):
        if it["type"] != "FIRESTORE_NATIVE":
            yield f"the ledger's database is {it['type']}"
        if it["point_in_time_recovery_enablement"] != "POINT_IN_TIME_RECOVERY_ENABLED":
            yield "the ledger has no point-in-time recovery"
    if not deployment.all("firestore_backup_schedule"):
        yield "the ledger is never backed up"


def the_ledger_has_its_indexes(deployment: Deployment, wanted: Wanted) -> Iterator[str]:
    """Exactly those of ``infra/firestore_indexes.json``."""
    found = {
        (
            it["collection"],
            it["query_scope"],
            tuple((one["field_path"], one["order"]) for one in it["fields"]),
        )
        for it in deployment.all("firestore_index")
    }
    listed = {
        (it.collection, it.scope, tuple((field.path, field.order) for field in it.fields))
        for it in wanted.indexes.composites
    }
    for collection, _, fields in sorted(listed ^ found):
        yield f"the index of {collection} by {', '.join(path for path, _ in fields)} is not in both places"
    yield from _fields_amiss(deployment, wanted.indexes)


def _fields_amiss(deployment: Deployment, wanted: Indexes) -> Iterator[str]:
    fields = {f"{it['collection']}/{it['field']}": it for it in deployment.all("firestore_field")}
    indexed, expiring = wanted.of_fields(), {it.name for it in wanted.ttl}
    for name in sorted({*indexed, *expiring} ^ fields.keys()):
        yield f"the field {name} is not in both places"
    for name in sorted({*indexed, *expiring} & fields.keys()):
        it = fields[name]
        kept = [(one["query_scope"], one["order"]) for one in it.inner("index_config").get("indexes", ())]
        if sorted(kept) != indexed.get(name, []) or bool(it["index_config"]) != (name in indexed):
            yield f"the field {name} has other indexes than the file says"
        if bool(it["ttl_config"]) != (name in expiring):
            yield f"the field {name} expires, or not, against what the file says"


def secrets_have_places_and_no_values(deployment: Deployment, topology: Topology) -> Iterator[str]:
    """Terraform's state would keep a value in the clear."""
    needed = {purpose for row in topology.functions.values() for purpose in row.opens.secrets}
    found = {deployment.plain(it["secret_id"]) for it in deployment.all("secret_manager_secret")}
    for purpose in sorted(needed ^ found):
        yield f"the secret {purpose} is not in both the topology and the deployment"
    for it in deployment.all("secret_manager_secret_version"):
        yield f"{it.address} puts a secret into Terraform's state"
    for it in deployment.all("service_account_key"):
        yield f"{it.address} puts a private key into Terraform's state"


RULES = (
    buckets_are_private_and_keep_versions,
    uploads_and_old_versions_go_away,
    the_ledger_can_be_brought_back,
    the_ledger_has_its_indexes,
    secrets_have_places_and_no_values,
)
