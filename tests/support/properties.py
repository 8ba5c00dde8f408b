"""How property-based tests run here."""

from hypothesis import HealthCheck, settings


def examples(most: int) -> settings:
    """``most`` examples, as long as they take; a fixture may serve them all, as every id is new."""
    return settings(
        max_examples=most, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
