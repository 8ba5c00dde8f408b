"""The requests that are answered, and how a request can go wrong on its way."""

import asyncio
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

from google.protobuf import empty_pb2, message_factory
from google.protobuf.descriptor import MethodDescriptor
from grpclib import GRPCError, Status
from grpclib.const import Cardinality, Handler
from grpclib.server import Stream
from modal_proto import api_pb2 as pb

from tests.modal_server.deploying import Deploying, handle_metadata
from tests.modal_server.deployments import Deployed, Deployments
from tests.modal_server.plane import Plane

TOKEN = ("ak-test", "as-test")
METHODS = pb.DESCRIPTOR.services_by_name["ModalClient"]


class Mishap(Enum):
    """What can befall a request; the client repeats some of them by itself, under the same key."""

    REFUSES_TOKEN = auto()
    FORBIDS = auto()
    UNAVAILABLE = auto()
    BREAKS = auto()
    THROTTLES = auto()
    THROTTLES_BRIEFLY = auto()
    THROTTLES_FOR_LONG = auto()
    SILENT = auto()
    SILENT_AFTER_EFFECT = auto()
    LOSES_REPLY = auto()
    LOSES_FIRST_REPLY = auto()


REFUSALS = {
    Mishap.REFUSES_TOKEN: Status.UNAUTHENTICATED,
    Mishap.FORBIDS: Status.PERMISSION_DENIED,
    Mishap.UNAVAILABLE: Status.UNAVAILABLE,
    Mishap.BREAKS: Status.INTERNAL,
    Mishap.THROTTLES: Status.RESOURCE_EXHAUSTED,
}
BRIEFLY, FOR_LONG = (pb.RPCRetryPolicy(retry_after_secs=seconds) for seconds in (0.1, 600))


class Service(Deploying):
    """
    Answers from a plane and its deployments; a method that is not here is not implemented.

    ``strike`` says what befalls the n-th request of a method, counted from 1, its repetitions not
    counted. A request that is repeated under its key has its effect once.
    """

    def __init__(self, plane: Plane, deployments: Deployments) -> None:
        super().__init__(deployments)
        self.plane = plane
        self.strike: Callable[[str, int], Mishap | None] = lambda method, number: None
        self.seen: list[str] = []
        self.missing: list[str] = []
        self._mishaps: dict[str, Mishap | None] = {}
        self._replies: dict[str, Any] = {}
        self._answers: dict[str, Callable[[Any], Any]] = {
            name.removeprefix("_on_"): getattr(self, name) for name in dir(self) if name.startswith("_on_")
        }

    def __mapping__(self) -> dict[str, Handler]:
        """What the server serves."""
        unary = (name for name, it in METHODS.methods_by_name.items() if not _streams(it))
        return {f"/{METHODS.full_name}/{name}": self._handler(name) for name in unary}

    def _handler(self, name: str) -> Handler:
        method = METHODS.methods_by_name[name]
        kinds = map(message_factory.GetMessageClass, (method.input_type, method.output_type))

        async def handle(stream: Stream[Any, Any]) -> None:
            await self._handle(name, stream)

        return Handler(handle, Cardinality.UNARY_UNARY, *kinds)

    async def _handle(self, name: str, stream: Stream[Any, Any]) -> None:
        request = await stream.recv_message()
        if name not in self._answers:
            self.missing.append(name)
            raise GRPCError(Status.UNIMPLEMENTED, f"{name} is not part of this control plane")
        sent: Mapping[str, Any] = stream.metadata or {}
        if (sent.get("x-modal-token-id"), sent.get("x-modal-token-secret")) != TOKEN:
            raise GRPCError(Status.UNAUTHENTICATED, "no such token")
        key, first = str(sent["x-idempotency-key"]), sent.get("x-throttle-retry-attempt") == "0"
        first = first and sent.get("x-retry-attempt") == "0"
        mishap = self._mishap(name, key)
        if mishap in REFUSALS:
            raise GRPCError(REFUSALS[mishap], f"{mishap.name.lower()}, as asked for")
        if mishap is Mishap.THROTTLES_BRIEFLY and first:
            raise GRPCError(Status.RESOURCE_EXHAUSTED, "come back", [BRIEFLY])
        if mishap is Mishap.THROTTLES_FOR_LONG:
            raise GRPCError(Status.RESOURCE_EXHAUSTED, "come back much later", [FOR_LONG])
        if mishap is Mishap.SILENT:
            await asyncio.Event().wait()
        if key not in self._replies:
            self._replies[key] = self._answers[name](request)
        if mishap is Mishap.SILENT_AFTER_EFFECT:
            await asyncio.Event().wait()
        if mishap is Mishap.LOSES_REPLY or (mishap is Mishap.LOSES_FIRST_REPLY and first):
            await stream.cancel()
            return
        await stream.send_message(self._replies[key])

    def _mishap(self, name: str, key: str) -> Mishap | None:
        """The same for each repetition of a request."""
        if key not in self._mishaps:
            self.seen.append(name)
            self._mishaps[key] = self.strike(name, self.seen.count(name))
        return self._mishaps[key]

    # looking up, running

    def _on_FunctionGet(self, request: pb.FunctionGetRequest) -> pb.FunctionGetResponse:  # noqa: N802
        id, deployed = self._found(request.app_name, request.object_tag)
        known = handle_metadata(deployed.data)
        return pb.FunctionGetResponse(function_id=id, handle_metadata=known, function=deployed.data)

    def _on_ClassGet(self, request: pb.ClassGetRequest) -> pb.ClassGetResponse:  # noqa: N802
        self._found(request.app_name, f"{request.object_tag}.*")
        return pb.ClassGetResponse(class_id="cs-000001", handle_metadata=pb.ClassHandleMetadata())

    def _on_FunctionBindParams(  # noqa: N802
        self, request: pb.FunctionBindParamsRequest
    ) -> pb.FunctionBindParamsResponse:
        app = self.deployments.app_of(request.function_id)
        if app is None:
            raise GRPCError(Status.NOT_FOUND, f"no function {request.function_id}")
        gpu = request.function_options.resources.gpu_config.gpu_type
        deployed = next(iter(self.deployments.apps[app].functions.values()))
        return pb.FunctionBindParamsResponse(
            bound_function_id=self.deployments.variant_id(request.function_id, gpu),
            handle_metadata=handle_metadata(deployed.data),
        )

    def _on_FunctionMap(self, request: pb.FunctionMapRequest) -> pb.FunctionMapResponse:  # noqa: N802
        app = self.deployments.app_of(request.function_id)
        if app is None:
            raise GRPCError(Status.NOT_FOUND, f"no function {request.function_id}")
        [item] = request.pipelined_inputs
        call_id = self.plane.spawn(app, item.input, gpu=self.deployments.gpu_of(request.function_id))
        done = pb.FunctionPutInputsResponseItem(idx=0, input_id=call_id.replace("fc-", "in-"))
        return pb.FunctionMapResponse(function_call_id=call_id, pipelined_inputs=[done])

    def _on_FunctionGetOutputs(  # noqa: N802
        self, request: pb.FunctionGetOutputsRequest
    ) -> pb.FunctionGetOutputsResponse:
        found = self.plane.outputs(request.function_call_id)
        if found is None:
            raise GRPCError(Status.NOT_FOUND, f"no call {request.function_call_id}")
        return found

    def _on_FunctionCallCancel(self, request: pb.FunctionCallCancelRequest) -> empty_pb2.Empty:  # noqa: N802
        if not self.plane.cancel(request.function_call_id):
            raise GRPCError(Status.NOT_FOUND, f"no call {request.function_call_id}")
        return empty_pb2.Empty()

    def _on_FunctionGetCurrentStats(  # noqa: N802
        self, request: pb.FunctionGetCurrentStatsRequest
    ) -> pb.FunctionStats:
        app = self.deployments.app_of(request.function_id) or ""
        waiting, running = (self.plane.count(state, app) for state in ("waiting", "running"))
        return pb.FunctionStats(backlog=waiting, num_running_inputs=running, num_total_tasks=running)

    def _on_FunctionGetSchedulingParams(  # noqa: N802
        self, request: pb.FunctionGetSchedulingParamsRequest
    ) -> pb.FunctionGetSchedulingParamsResponse:
        app = self.deployments.apps[self.deployments.app_of(request.function_id) or ""]
        most = next(iter(app.functions.values())).data.concurrency_limit
        limits = pb.AutoscalerConfiguration(settings=pb.AutoscalerSettings(max_containers=most))
        return pb.FunctionGetSchedulingParamsResponse(autoscaler_configuration=limits)

    def _found(self, app: str, tag: str) -> tuple[str, Deployed]:
        found = self.deployments.found(app, tag)
        if found is None:
            raise GRPCError(Status.NOT_FOUND, f"no {tag} in {app}")
        return found


def _streams(method: MethodDescriptor) -> bool:
    return bool(method.client_streaming or method.server_streaming)
