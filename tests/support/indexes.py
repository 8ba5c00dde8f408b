"""Which index a Firestore query needs. The emulator answers without; the real service refuses."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from google.cloud.firestore_v1.types import RunAggregationQueryRequest, RunQueryRequest, StructuredQuery

NAME = "__name__"
RANGES = {"LESS_THAN", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL"}


class Index(NamedTuple):
    """One index: of which collection, in which scope, over which fields in which order."""

    collection: str
    scope: str
    fields: tuple[tuple[str, str], ...]


def queries_of(method: str, request: bytes) -> Iterator[StructuredQuery]:
    """The query that a call makes, if it makes one."""
    if method == "RunQuery":
        yield RunQueryRequest.deserialize(request).structured_query
    if method == "RunAggregationQuery":
        asked = RunAggregationQueryRequest.deserialize(request)
        yield asked.structured_aggregation_query.structured_query


def needed(query: StructuredQuery) -> Iterator[Index]:
    """
    The indexes that serve a query: one for all its fields, or one for each of several equalities.

    Equal fields come first, in the order of their names; then the ordered ones, of which a range is the
    first, whether or not the query says so. Every index ends with the name of the record, in the
    direction of its last field.
    """
    [origin] = query.from_
    scope = "COLLECTION_GROUP" if origin.all_descendants else "COLLECTION"
    equal = sorted({field for field, op in _conditions(query.where) if op == "EQUAL"})
    ranges = {field for field, op in _conditions(query.where) if op in RANGES}
    order = [(it.field.field_path, it.direction.name) for it in query.order_by]
    if len(order) > 1 and order[-1][0] == NAME and order[-1][1] == order[-2][1]:
        order.pop()
    order = order or [(field, "ASCENDING") for field in sorted(ranges)]
    assert ranges <= {field for field, _ in order[:1]}, f"a range is what is ordered by first: {query}"
    order = [] if [field for field, _ in order] == [NAME] else order
    if not order:
        yield from (Index(origin.collection_id, scope, ((field, "ASCENDING"),)) for field in equal)
    else:
        fields = (*((field, "ASCENDING") for field in equal), *order)
        yield Index(origin.collection_id, scope, fields)


def _conditions(where: Any) -> Iterator[tuple[str, str]]:
    if "composite_filter" in where:
        assert where.composite_filter.op.name == "AND", "nothing here asks for one or the other"
        for part in where.composite_filter.filters:
            yield from _conditions(part)
    elif "field_filter" in where:
        yield where.field_filter.field.field_path, where.field_filter.op.name
    else:
        assert not where, f"no rule for {where}"
