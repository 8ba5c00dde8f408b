"""AutoDock Vina at Modal, one run per processor core."""

from modal_gpu.container import Container, application, resources

app = application("vina")


@app.cls(**resources("vina"))
class Model(Container):
    """See ``Container``."""

    model = "vina"
