"""
``hashicorp/google`` as a plugin that Terraform can start: the real names and types, and nothing behind them.

It answers questions about its schema and accepts configurations. Planning and applying it leaves to
Terraform's own mocks, so nothing here can reach a cloud.
"""

import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from infra.proof import values, wire

_IDLE_SECONDS = 300.0
Handler = Callable[[bytes], bytes]


def serve(schema: bytes) -> None:
    """Answer Terraform until it says goodbye; the line printed first tells it where."""
    over = threading.Event()
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers([_service(name, it) for name, it in _services(schema, over).items()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"1|5|tcp|127.0.0.1:{port}|grpc", flush=True)
    over.wait(_IDLE_SECONDS)
    server.stop(grace=1).wait()


def _service(name: str, methods: Mapping[str, Handler]) -> grpc.GenericRpcHandler:
    """A service on raw messages; what it has no method for is answered as unimplemented."""
    return grpc.method_handlers_generic_handler(name, {it: _rpc(method) for it, method in methods.items()})


def _rpc(method: Handler) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(lambda request, _: method(request))


def _services(schema: bytes, over: threading.Event) -> dict[str, dict[str, Handler]]:
    def shut_down(request: bytes) -> bytes:
        over.set()
        return b""

    accepted = ("ValidateDataSourceConfig", "Configure", "GetFunctions", "Stop")
    provider: dict[str, Handler] = {
        "GetSchema": lambda request: schema,
        "PrepareProviderConfig": lambda request: request,  # in and out it is field 1
        "ValidateResourceTypeConfig": _validate,
        **{name: lambda request: b"" for name in accepted},
    }
    return {"tfplugin5.Provider": provider, "plugin.GRPCController": {"Shutdown": shut_down}}


def _validate(request: bytes) -> bytes:
    sent = wire.fields(request)
    terraform_type, config = sent[1].decode(), wire.fields(sent[2])[1]
    return wire.diagnostics(1, values.problems(terraform_type, config))


if __name__ == "__main__":
    serve(Path(sys.argv[1]).read_bytes())
