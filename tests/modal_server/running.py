"""A container: Modal's own runtime in a process of its own, as the client's package ships it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from modal_proto import api_pb2 as pb

from tests.modal_server.deploying import handle_metadata
from tests.modal_server.deployments import Deployments
from tests.modal_server.server import ControlPlane

CLASS_ID = "cs-000001"


def contain(
    control_plane: ControlPlane, app: str, environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a container of a deployed app until it ends; its files go into the folder."""
    arguments = folder / "container-arguments"
    arguments.write_bytes(_arguments(control_plane.deployments, app).SerializeToString())
    given = {
        **os.environ,
        **control_plane.environment,
        **environment,
        "MODAL_IS_REMOTE": "1",
        "MODAL_CONTAINER_ARGUMENTS_PATH": str(arguments),
        "MODAL_CONFIG_PATH": os.devnull,
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-m", "modal._container_entrypoint"]
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=120)


def _arguments(deployments: Deployments, app: str) -> pb.ContainerArguments:
    """What tells a container which class it runs, and the ids of all that this depends on."""
    deployed = deployments.apps[app].functions["Model.*"]
    function_id = deployments.function_id(deployments.app_id(app), "Model.*")
    objects = [
        pb.Object(object_id=function_id, function_handle_metadata=handle_metadata(deployed.data)),
        pb.Object(object_id=CLASS_ID, class_handle_metadata=pb.ClassHandleMetadata()),
        *(pb.Object(object_id=it.object_id) for it in deployed.ranked[0].object_dependencies),
    ]
    return pb.ContainerArguments(
        task_id="ta-000001",
        function_id=function_id,
        app_id=deployments.app_id(app),
        function_def=_of_one_machine(deployed.data, deployed.ranked[0]),
        app_layout=pb.AppLayout(
            objects=objects, function_ids={"Model.*": function_id}, class_ids={"Model": CLASS_ID}
        ),
    )


def _of_one_machine(data: pb.FunctionData, ranked: pb.Function) -> pb.Function:
    """The definition for one kind of machine, with what is common to all."""
    known = {field.name for field in ranked.DESCRIPTOR.fields}
    common = {field.name: value for field, value in data.ListFields() if field.name in known}
    one = pb.Function(**common)
    one.MergeFrom(ranked)
    return one
