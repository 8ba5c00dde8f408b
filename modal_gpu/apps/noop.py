"""The test model at Modal; it computes nothing."""

from modal_gpu.container import Container, application, resources

app = application("noop")


@app.cls(**resources("noop"))
class Model(Container):
    """See ``Container``."""

    model = "noop"
