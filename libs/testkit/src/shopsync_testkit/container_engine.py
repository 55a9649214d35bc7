"""Official images in a local container engine, through testcontainers."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Awaitable, Callable, Sequence

import docker
import docker.errors
import requests.exceptions
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.children import StartFailed
from shopsync_testkit.nodes import Node


def check_engine(image: str, *, pull: bool) -> None:
    """Raise Unavailable unless an engine answers within 3 s and has the image, or can pull it with `pull`."""
    try:
        client = docker.from_env(timeout=3)
    except docker.errors.DockerException as error:
        raise Unavailable("no container engine is here, or DOCKER_HOST is wrong") from error
    with contextlib.closing(client):
        try:
            client.ping()
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise Unavailable(f"the container engine does not answer ({_short(error)})") from error
        for needed in [image] if pull else _images(image):
            _check_image(client, needed, pull=pull)


def _images(image: str) -> list[str]:
    reaper = [] if testcontainers_config.ryuk_disabled else [testcontainers_config.ryuk_image]
    return [image, *reaper]


def _check_image(client: docker.DockerClient, image: str, *, pull: bool) -> None:
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound as missing:
        if not pull:
            raise Unavailable(f"the image {image} is not on this machine (docker pull {image})") from missing
        try:
            client.api.timeout = 600
            client.images.pull(image)
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise Unavailable(f"the image {image} cannot be pulled ({_short(error)})") from error


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200]


class ContainerNode(Node):
    """A server in its own container, on one loopback port that is the same inside and outside.

    testcontainers' reaper removes the container when this process dies.
    """

    def __init__(
        self,
        image: str,
        port: int,
        *,
        env: dict[str, str],
        command: Sequence[str],
        ready: Callable[[], Awaitable[bool]],
        start_seconds: float = 90.0,
    ) -> None:
        self._image = image
        self._ready = ready
        self._start_seconds = start_seconds
        self._make = functools.partial(_container, image, port, env, list(command))
        self._container: DockerContainer | None = None

    async def start(self) -> None:
        """Start it, or start it again, and wait until it answers. Raises StartFailed."""
        try:
            if self._container is None:
                self._container = await asyncio.to_thread(self._make)
                await asyncio.to_thread(self._container.start)
            else:
                await asyncio.to_thread(self._container.get_wrapped_container().start)
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise StartFailed(f"a container of {self._image} did not start: {_short(error)}") from error
        deadline = time.monotonic() + self._start_seconds
        while not await self._ready():
            if time.monotonic() > deadline:
                raise StartFailed(f"{self._image} did not answer in {self._start_seconds:g} s:\n{self._tail()}")
            await asyncio.sleep(0.1)

    def _tail(self) -> str:
        if self._container is None:
            return "(no container)"
        return bytes(self._container.get_wrapped_container().logs(tail=20)).decode(errors="replace")

    async def stop(self) -> None:
        """Shut it down cleanly."""
        if self._container is not None:
            await asyncio.to_thread(self._container.get_wrapped_container().stop, timeout=10)

    async def kill(self) -> None:
        """End it at once."""
        if self._container is not None:
            await asyncio.to_thread(self._container.get_wrapped_container().kill)

    async def dispose(self) -> None:
        """End it and remove everything it wrote."""
        if self._container is not None:
            await asyncio.to_thread(self._container.stop)
            self._container = None


def _container(image: str, port: int, env: dict[str, str], command: list[str]) -> DockerContainer:
    container = DockerContainer(image)
    for name, value in env.items():
        container = container.with_env(name, value)
    if command:
        container = container.with_command(command)
    # with_bind_ports would listen on every interface; docker-py takes (address, port).
    container.ports[f"{port}/tcp"] = ("127.0.0.1", port)  # type: ignore[assignment]
    return container
