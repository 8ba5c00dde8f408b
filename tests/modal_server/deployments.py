"""What was deployed to the control plane, as the client registered it."""

from dataclasses import dataclass, field

from modal_proto import api_pb2 as pb


@dataclass
class Deployed:
    """
    One deployed function: its definition, and the names behind the ids in it.

    ``ranked`` has one definition for each GPU that will do, the best first.
    """

    data: pb.FunctionData
    ranked: list[pb.Function]
    secrets: list[str]
    volumes: dict[str, tuple[str, bool]]
    """Mount path → name of the Volume, and whether it is read-only."""

    image: list[str]
    """The commands of its image, in order."""


@dataclass
class App:
    """A deployed app: its functions by tag, its tags."""

    functions: dict[str, Deployed]
    tags: dict[str, str]


@dataclass
class Deployments:
    """The objects that deploying made, and the apps that were published."""

    apps: dict[str, App] = field(default_factory=dict)
    secrets: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    volumes: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    _images: dict[str, pb.Image] = field(default_factory=dict)
    _functions: dict[str, tuple[str, pb.FunctionData]] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _variants: dict[str, tuple[str, str]] = field(default_factory=dict)
    _taken: int = 1

    def have(self, name: str, *, most_containers: int) -> None:
        """An app of the usual form, without anybody deploying it."""
        method = pb.MethodDefinition(function_name="Model.run")
        data = pb.FunctionData(
            function_name="Model.*", concurrency_limit=most_containers, method_definitions={"run": method}
        )
        data.ranked_functions.add()
        self.app_id(name)
        self.apps[name] = App({"Model.*": Deployed(data, [], [], {}, [])}, {})

    def replace(self, name: str) -> None:
        """Stop the app and deploy it anew: its functions have other ids."""
        self._names = {key: id for key, id in self._names.items() if f"{self.app_id(name)}/" not in key}
        self._taken += 1000

    def app_id(self, name: str) -> str:
        """The id of an app, which it keeps."""
        return self._id("ap", name)

    def function_id(self, app_id: str, tag: str) -> str:
        """The id of a function of an app, which it keeps."""
        return self._id("fu", f"{app_id}/{tag}")

    def found(self, app_name: str, tag: str) -> tuple[str, Deployed] | None:
        """A function of a published app."""
        app = self.apps.get(app_name)
        if app is None or tag not in app.functions:
            return None
        return self.function_id(self.app_id(app_name), tag), app.functions[tag]

    def app_of(self, function_id: str) -> str | None:
        """The name of the published app that has this function, or the one of which it is a variant."""
        function_id, _ = self._variants.get(function_id, (function_id, ""))
        for name, app in self.apps.items():
            if any(self.function_id(self.app_id(name), tag) == function_id for tag in app.functions):
                return name
        return None

    def variant_id(self, function_id: str, gpu: str) -> str:
        """The id of a deployed function with another kind of GPU."""
        id = self._id("fu", f"{function_id} on {gpu}")
        self._variants[id] = function_id, gpu
        return id

    def gpu_of(self, function_id: str) -> str | None:
        """The kind of GPU that a variant asks for; None for a function as it was deployed."""
        return self._variants[function_id][1] if function_id in self._variants else None

    def secret_id(self, request: pb.SecretGetOrCreateRequest) -> str:
        """The id of a secret that is referred to by name."""
        id = self._id("st", request.deployment_name)
        self.secrets[id] = request.deployment_name, tuple(request.required_keys)
        return id

    def volume_id(self, name: str) -> str:
        """The id of a Volume that is referred to by name."""
        id = self._id("vo", name)
        self.volumes[id] = name
        return id

    def image_id(self, image: pb.Image) -> str:
        """The id of an image."""
        id = self._id("im", image.SerializeToString(deterministic=True).hex())
        self._images[id] = image
        return id

    def create(self, request: pb.FunctionCreateRequest) -> tuple[str, pb.FunctionData]:
        """A function, not yet published."""
        several = request.HasField("function_data")
        data = request.function_data if several else _as_data(request.function)
        id = self.function_id(request.app_id, data.function_name)
        self._functions[id] = data.function_name, data
        return id, data

    def publish(self, request: pb.AppPublishRequest) -> None:
        """The app is deployed with the functions that it names."""
        functions = {tag: self._deployed(self._functions[id][1]) for tag, id in request.function_ids.items()}
        self.apps[request.name] = App(functions, dict(request.tags))

    def _deployed(self, data: pb.FunctionData) -> Deployed:
        ranked = [it.function for it in data.ranked_functions]
        first = ranked[0]
        mounts = {it.mount_path: (self.volumes[it.volume_id], it.read_only) for it in first.volume_mounts}
        return Deployed(
            data,
            ranked,
            secrets=[self.secrets[id][0] for id in first.secret_ids],
            volumes=mounts,
            image=self._commands(first.image_id),
        )

    def _commands(self, image_id: str) -> list[str]:
        image = self._images[image_id]
        below = [line for base in image.base_images for line in self._commands(base.image_id)]
        return below + list(image.dockerfile_commands)

    def _id(self, prefix: str, name: str) -> str:
        return self._names.setdefault(f"{prefix}:{name}", f"{prefix}-{len(self._names) + self._taken:06}")


def _as_data(one: pb.Function) -> pb.FunctionData:
    """The definition of a function for one kind of machine, in the form of those for several."""
    data = pb.FunctionData(
        module_name=one.module_name,
        function_name=one.function_name,
        function_type=one.function_type,
        concurrency_limit=one.concurrency_limit,
        task_idle_timeout_secs=one.task_idle_timeout_secs,
        timeout_secs=one.timeout_secs,
        startup_timeout_secs=one.startup_timeout_secs,
        is_class=one.is_class,
    )
    for name, method in one.method_definitions.items():
        data.method_definitions[name].CopyFrom(method)
    data.ranked_functions.add().function.CopyFrom(one)
    return data
