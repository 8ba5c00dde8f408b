"""One module per model, to be deployed: ``modal deploy -m modal_gpu.apps.<model>``."""
