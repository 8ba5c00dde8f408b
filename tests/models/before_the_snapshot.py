"""What a container of a model imports, and whether it looks for a GPU: run with the id of the model."""

import json
import sys
from collections.abc import Callable
from typing import Any

import torch

GPU = ("is_available", "device_count", "current_device", "init", "_lazy_init")


def watched(asked: list[str]) -> None:
    """From now on whoever asks torch for a GPU is noted: there is none where a snapshot is taken."""

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **kwargs: Any) -> Any:
            asked.append(name)
            return function(*args, **kwargs)

        return ask

    for name in GPU:
        setattr(torch.cuda, name, noted(name, getattr(torch.cuda, name)))


def main() -> None:
    """As ``Container.imports`` does it, which itself needs Modal's client."""
    asked: list[str] = []
    watched(asked)
    from modal_gpu import body  # noqa: F401 - with what it imports
    from modal_gpu.predictors import import_programs

    import_programs(sys.argv[1])
    print(json.dumps({"asked": asked, "modules": sorted(sys.modules)}))


if __name__ == "__main__":
    main()
