"""
Secret Manager on one machine: the service of Google's own message definitions, kept in memory.

Google offers no emulator of it. The client library talks to this one over gRPC, unchanged.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import grpc
from google.cloud.secretmanager_v1 import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    ListSecretVersionsRequest,
    ListSecretVersionsResponse,
    SecretManagerServiceClient,
    SecretPayload,
    SecretVersion,
)
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
PAGE = 2  # small, so that a client that reads one page is found out
State = SecretVersion.State


class SecretManager:
    """Secrets and their versions; ``calls`` counts requests, ``failing`` is what they are answered with."""

    def __init__(self) -> None:
        self.calls = 0
        self.failing: grpc.StatusCode | None = None
        self._versions: dict[str, list[tuple[SecretVersion, bytes]]] = {}

    def add(self, secret: str, payload: bytes, *, created: datetime) -> str:
        """A new enabled version of ``projects/P/secrets/S``; its name."""
        versions = self._versions.setdefault(secret, [])
        name = f"{secret}/versions/{len(versions) + 1}"
        versions.append((SecretVersion(name=name, create_time=created, state=State.ENABLED), payload))
        return name

    def disable(self, name: str) -> None:
        """Take a version out of use."""
        version, payload = self._found(name)
        secret, _, number = name.partition("/versions/")
        disabled = SecretVersion(name=name, create_time=version.create_time, state=State.DISABLED)
        self._versions[secret][int(number) - 1] = (disabled, payload)

    @contextmanager
    def served(self) -> Iterator[SecretManagerServiceClient]:
        """A client of this service, which listens on a free port of the loopback interface."""
        with ThreadPoolExecutor(4) as pool:
            server = grpc.server(pool)
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, self._handlers())])
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()
            channel = grpc.insecure_channel(f"127.0.0.1:{port}")
            try:
                yield SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))
            finally:
                channel.close()
                server.stop(None).wait()

    def _handlers(self) -> dict[str, grpc.RpcMethodHandler]:
        return {
            "ListSecretVersions": self._handler(
                self._list, ListSecretVersionsRequest, ListSecretVersionsResponse
            ),
            "AccessSecretVersion": self._handler(
                self._access, AccessSecretVersionRequest, AccessSecretVersionResponse
            ),
        }

    def _handler(self, method: Callable[[Any], Any], request: Any, response: Any) -> grpc.RpcMethodHandler:
        def answer(asked: Any, context: grpc.ServicerContext) -> Any:
            self.calls += 1
            if self.failing is not None:
                context.abort(self.failing, "as the test wants it")
            try:
                return method(asked)
            except KeyError as error:
                context.abort(grpc.StatusCode.NOT_FOUND, str(error))
            except PermissionError as error:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=request.deserialize, response_serializer=response.serialize
        )

    def _list(self, asked: ListSecretVersionsRequest) -> ListSecretVersionsResponse:
        assert asked.filter in ("", "state:ENABLED"), "no other filter is understood here"
        wanted = [State.ENABLED] if asked.filter else list(State)
        found = [version for version, _ in reversed(self._versions[asked.parent]) if version.state in wanted]
        start = int(asked.page_token or 0)
        more = str(start + PAGE) if len(found) > start + PAGE else ""
        return ListSecretVersionsResponse(versions=found[start : start + PAGE], next_page_token=more)

    def _access(self, asked: AccessSecretVersionRequest) -> AccessSecretVersionResponse:
        version, payload = self._found(asked.name)
        if version.state != State.ENABLED:
            raise PermissionError(f"{asked.name} is not enabled")
        return AccessSecretVersionResponse(name=asked.name, payload=SecretPayload(data=payload))

    def _found(self, name: str) -> tuple[SecretVersion, bytes]:
        secret, _, number = name.partition("/versions/")
        return self._versions[secret][int(number) - 1]
