"""RFantibody at Modal; its programs run in an environment of their own, see ``hosting.Checkout``."""

from modal_gpu.container import Container, application, resources

app = application("rfantibody")


@app.cls(**resources("rfantibody"))
class Model(Container):
    """See ``Container``."""

    model = "rfantibody"
