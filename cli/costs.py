"""Time and money, as a person reads them."""

from typing import Any

from rich.table import Table

from cli.text import cell

FEW = 0.01


def money(usd: float | None) -> str:
    """``3.18 USD``; small amounts with what there is of them."""
    if usd is None:
        return "not known"
    return f"{usd:.2f} USD" if usd == 0 or usd >= FEW else f"{usd:.2g} USD"


def span(seconds: float) -> str:
    """``2 h 05 min``, ``4 min``, ``12 s``."""
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def estimate_table(found: dict[str, Any]) -> Table:
    """An estimate, line by line."""
    counts, time, cost = found["counts"], found["time"], found["cost"]
    drawn = Table("what", "estimate", "how", title=f"{found['model_name']} {found['model_version']}")
    filtered = f"{counts['filtered']} filtered out, " if counts["filtered"] else ""
    unusable = f"{counts['submitted']} rows, {counts['invalid']} unusable"
    rows = f"{unusable}, {filtered}{counts['duplicates']} repeated"
    drawn.add_row("to compute", str(counts["to_compute"]), rows)
    drawn.add_row("time of a run", span(time["seconds_per_ligand"]), cell(time["source"]))
    drawn.add_row("time in all", span(time["total_seconds"]), f"{time['at_once']} at once")
    drawn.add_row("cost", money(cost["usd"]), cell(_how(cost)))
    if cost["usd"]:
        between = f"{money(cost['usd_low'])} to {money(cost['usd_high'])}"
        drawn.add_row("from … to", between, "the cheapest GPU and nothing but runs … the dearest one")
    return drawn


def _how(cost: dict[str, Any]) -> str:
    if not cost["usd"]:
        return str(cost["note"])
    machine = cost["gpu"] or "processors"
    return (
        f"{machine} at {cost['provider']}, {cost['rate_usd_per_second']:.3g} USD/s of {cost['price_as_of']}"
    )


def spent(cost: dict[str, Any]) -> str:
    """What a batch cost, in a line."""
    return f"{_spent(cost)}{_saved(cost)}"


def _saved(cost: dict[str, Any]) -> str:
    """What was not computed again."""
    if not (jobs := cost.get("cached_jobs")):  # a summary that was written before there was a cache has none
        return ""
    usd = f" and {money(cost['saved_usd'])}" if cost["saved_usd"] is not None else ""
    return f"; {jobs} results of earlier batches were taken, which saved {span(cost['saved_seconds'])}{usd}"


def _spent(cost: dict[str, Any]) -> str:
    if cost["usd"] is None:
        return f"cost: not known ({cost['usd_reason']})"
    said = f"cost: {money(cost['usd'])}"
    if cost["provider"] == "this machine" or cost["run_seconds"] is None:
        return f"{said} ({cost['usd_reason']})"
    expected = f"expected {money(cost['estimated_usd'])}"
    limit = f", limit {money(cost['max_cost_usd'])}" if cost["max_cost_usd"] is not None else ""
    machine = cost["gpu"] or ("processors" if cost["gpu_seconds"] is None else "several GPUs")
    return f"{said} for {span(cost['run_seconds'])} of {machine} at {cost['provider']}; {expected}{limit}"
