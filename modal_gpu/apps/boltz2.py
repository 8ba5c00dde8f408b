"""Boltz-2 at Modal: both networks in one container, one complex at a time."""

from modal_gpu.container import Container, application, resources

app = application("boltz2")


@app.cls(**resources("boltz2"))
class Model(Container):
    """See ``Container``."""

    model = "boltz2"
