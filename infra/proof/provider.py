"""
``hashicorp/google`` as a plugin that Terraform can start: the real names and types, and nothing behind them.

It answers questions about its schema and accepts configurations. Planning and applying it leaves to
Terraform's own mocks, so nothing here can reach a cloud.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

from infra.proof import schema, values, wire

_SERVICE = "/tfplugin5.Provider/"
_IDLE_SECONDS = 300.0
Handler = Callable[[bytes], bytes]


class _Methods(grpc.GenericRpcHandler):
    """The calls by their full names, on raw messages."""

    def __init__(self, methods: dict[str, Handler]) -> None:
        self._methods = methods

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = self._methods.get(call.method)
        return method and grpc.unary_unary_rpc_method_handler(lambda request, _: method(request))


def serve() -> None:
    """Answer Terraform until it says goodbye; the line printed first tells it where."""
    over = threading.Event()
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((_Methods(_methods(over)),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"1|5|tcp|127.0.0.1:{port}|grpc", flush=True)
    over.wait(_IDLE_SECONDS)
    server.stop(grace=1).wait()


def _methods(over: threading.Event) -> dict[str, Handler]:
    facts = schema.load()

    def shut_down(request: bytes) -> bytes:
        over.set()
        return b""

    accepted = ("ValidateDataSourceConfig", "Configure", "GetFunctions", "Stop")
    return {
        f"{_SERVICE}GetSchema": lambda request: wire.provider_schema(facts),
        f"{_SERVICE}PrepareProviderConfig": lambda request: request,  # in and out it is field 1
        f"{_SERVICE}ValidateResourceTypeConfig": _validate,
        **{f"{_SERVICE}{name}": lambda request: b"" for name in accepted},
        "/plugin.GRPCController/Shutdown": shut_down,
    }


def _validate(request: bytes) -> bytes:
    sent = wire.fields(request)
    terraform_type, config = sent[1].decode(), wire.fields(sent[2])[1]
    return wire.diagnostics(1, values.problems(terraform_type, config))


if __name__ == "__main__":
    serve()
