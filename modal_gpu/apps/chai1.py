"""Chai-1 at Modal: all its parts in one container, one complex at a time."""

from modal_gpu.container import Container, application, resources

app = application("chai1")


@app.cls(**resources("chai1"))
class Model(Container):
    """See ``Container``."""

    model = "chai1"
