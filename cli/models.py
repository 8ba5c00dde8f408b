"""The catalogue as a person reads it."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

from cli.text import cell

Model = dict[str, Any]


def models_table(models: Sequence[Model]) -> Table:
    """One line per model."""
    drawn = Table("model", "version", "ranked by", "unit", "direction", "what it is")
    for model in models:
        metric = model["metrics"][model["ranking"]["key"]]
        what = (model["ranking"]["key"], metric["unit"], metric["direction"], model["summary"])
        drawn.add_row(*map(cell, (model["id"], model["version"], *what)))
    return drawn


def model_details(model: Model) -> Group:
    """Everything a user needs to read a model's figures and to set its parameters."""
    metrics = Table("figure", "unit", "direction", "meaning", "source", title="Figures")
    for key, metric in model["metrics"].items():
        words = (metric["unit"], metric["direction"], metric["meaning"], metric["source"])
        metrics.add_row(*map(cell, (key, *words)))
    parameters = Table("parameter", "default", "meaning", title="Parameters (--param KEY=VALUE)")
    for key, schema in model["parameters"].get("properties", {}).items():
        parameters.add_row(*map(cell, (key, str(schema.get("default", "")), schema.get("description", ""))))
    about = cell(f"{model['name']} {model['version']}: {model['summary']}")
    return Group(about, metrics, parameters, cell(f"licence: {model['licence']}; cite: {model['citation']}"))
