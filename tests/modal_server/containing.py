"""The requests of a container, as Modal's own runtime makes them."""

from typing import Any

from google.protobuf import empty_pb2
from modal_proto import api_pb2 as pb

from tests.modal_server.plane import Plane


class Containing:
    """
    Answers to one container at a time.

    It gets the calls that wait, one by one and the oldest first. It is to end once none waits, or after it
    has asked to be stopped.
    """

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.containers = 0
        self.taken: list[tuple[int, str]] = []
        """The number of the container, from 1, and the call that it got."""

        self.troubles: list[str] = []
        """Tracebacks of containers that did not get as far as their first call."""

        self._stopping = False

    def _on_ContainerHello(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        self.containers += 1
        self._stopping = False
        return empty_pb2.Empty()

    def _on_ContainerHeartbeat(self, request: Any) -> pb.ContainerHeartbeatResponse:  # noqa: N802
        return pb.ContainerHeartbeatResponse()

    def _on_FunctionGetInputs(self, request: Any) -> pb.FunctionGetInputsResponse:  # noqa: N802
        begun = [] if self._stopping else self.plane.begin(limit=1)
        if not begun:
            end = pb.FunctionGetInputsItem(kill_switch=True)
            return pb.FunctionGetInputsResponse(inputs=[end])
        [call] = begun
        self.taken.append((self.containers, call.id))
        given = pb.FunctionInput(
            args=call.argument,
            data_format=call.data_format,  # type: ignore[arg-type]
            method_name="run",
        )
        item = pb.FunctionGetInputsItem(
            input_id=call.id.replace("fc-", "in-"), input=given, function_call_id=call.id
        )
        return pb.FunctionGetInputsResponse(inputs=[item])

    def _on_FunctionPutOutputs(self, request: pb.FunctionPutOutputsRequest) -> empty_pb2.Empty:  # noqa: N802
        for output in request.outputs:
            self.plane.end(output.input_id.replace("in-", "fc-"), output.result)
        return empty_pb2.Empty()

    def _on_ContainerStop(self, request: pb.ContainerStopRequest) -> pb.ContainerStopResponse:  # noqa: N802
        assert request.graceful, "the answer of the running call would be lost"
        self._stopping = True
        return pb.ContainerStopResponse()

    def _on_TaskResult(self, request: pb.TaskResultRequest) -> empty_pb2.Empty:  # noqa: N802
        self.troubles.append(request.result.traceback)
        return empty_pb2.Empty()
