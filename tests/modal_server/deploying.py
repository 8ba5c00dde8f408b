"""The requests of ``app.deploy()``: every definition is kept, nothing is built."""

from typing import Any

from google.protobuf import empty_pb2
from modal_proto import api_pb2 as pb

from tests.modal_server.deployments import Deployments

IMAGE_BUILDER = "2025.06"
FORMATS = (pb.DATA_FORMAT_PICKLE, pb.DATA_FORMAT_CBOR)


class Deploying:
    """Answers to whoever deploys."""

    def __init__(self, deployments: Deployments) -> None:
        self.deployments = deployments

    def _on_EnvironmentGetOrCreate(self, request: Any) -> pb.EnvironmentGetOrCreateResponse:  # noqa: N802
        settings = pb.EnvironmentSettings(image_builder_version=IMAGE_BUILDER)
        metadata = pb.EnvironmentMetadata(name="main", settings=settings)
        return pb.EnvironmentGetOrCreateResponse(environment_id="en-000001", metadata=metadata)

    def _on_AppGetByDeploymentName(self, request: Any) -> pb.AppGetByDeploymentNameResponse:  # noqa: N802
        found = request.name if request.name in self.deployments.apps else None
        return pb.AppGetByDeploymentNameResponse(app_id=self.deployments.app_id(found) if found else "")

    def _on_AppCreate(self, request: pb.AppCreateRequest) -> pb.AppCreateResponse:  # noqa: N802
        return pb.AppCreateResponse(app_id=self.deployments.app_id(request.description))

    def _on_AppGetLayout(self, request: pb.AppGetLayoutRequest) -> pb.AppGetLayoutResponse:  # noqa: N802
        return pb.AppGetLayoutResponse(app_layout=pb.AppLayout())

    def _on_AppHeartbeat(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def _on_AppClientDisconnect(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def _on_SecretGetOrCreate(self, request: pb.SecretGetOrCreateRequest) -> Any:  # noqa: N802
        return pb.SecretGetOrCreateResponse(secret_id=self.deployments.secret_id(request))

    def _on_VolumeGetOrCreate(self, request: pb.VolumeGetOrCreateRequest) -> Any:  # noqa: N802
        id = self.deployments.volume_id(request.deployment_name)
        return pb.VolumeGetOrCreateResponse(volume_id=id, version=pb.VOLUME_FS_VERSION_V1)

    def _on_MountGetOrCreate(self, request: pb.MountGetOrCreateRequest) -> Any:  # noqa: N802
        self.deployments.files.update(file.filename for file in request.files)
        return pb.MountGetOrCreateResponse(mount_id="mo-000001")

    def _on_MountBatchedCheckExistence(self, request: Any) -> Any:  # noqa: N802
        return pb.MountBatchedCheckExistenceResponse()

    def _on_MountPutFile(self, request: Any) -> pb.MountPutFileResponse:  # noqa: N802
        return pb.MountPutFileResponse(exists=True)

    def _on_ImageGetOrCreate(self, request: pb.ImageGetOrCreateRequest) -> Any:  # noqa: N802
        result = pb.GenericResult(status=pb.GenericResult.GENERIC_STATUS_SUCCESS)
        return pb.ImageGetOrCreateResponse(image_id=self.deployments.image_id(request.image), result=result)

    def _on_FunctionPrecreate(self, request: pb.FunctionPrecreateRequest) -> Any:  # noqa: N802
        id = self.deployments.function_id(request.app_id, request.function_name)
        return pb.FunctionPrecreateResponse(function_id=id, handle_metadata=handle_metadata(request))

    def _on_FunctionCreate(self, request: pb.FunctionCreateRequest) -> Any:  # noqa: N802
        id, data = self.deployments.create(request)
        return pb.FunctionCreateResponse(
            function_id=id, function_data=data, handle_metadata=handle_metadata(data)
        )

    def _on_ClassCreate(self, request: Any) -> pb.ClassCreateResponse:  # noqa: N802
        return pb.ClassCreateResponse(class_id="cs-000001", handle_metadata=pb.ClassHandleMetadata())

    def _on_AppPublish(self, request: pb.AppPublishRequest) -> pb.AppPublishResponse:  # noqa: N802
        self.deployments.publish(request)
        return pb.AppPublishResponse(url=f"https://modal.test/{request.name}", deployed_at=1.0)


def handle_metadata(of: pb.FunctionData | pb.FunctionPrecreateRequest) -> pb.FunctionHandleMetadata:
    """What a client needs of a function to call it."""
    handle = pb.FunctionHandleMetadata(function_name=of.function_name, supported_input_formats=FORMATS)
    for name, method in of.method_definitions.items():
        known = pb.FunctionHandleMetadata(
            function_name=method.function_name,
            is_method=True,
            use_method_name=name,
            supported_input_formats=FORMATS,
        )
        handle.method_handle_metadata[name].CopyFrom(known)
    return handle
