"""A Kubernetes API on this machine: etcd and kube-apiserver on loopback, and what asks them."""

import asyncio
import json
import secrets
import ssl
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from kubernetes_programs import API_SERVER, ETCD, program

from shopsync_testkit.children import Child, StartFailed, spawn
from shopsync_testkit.ports import free_port

_START_SECONDS = 120
_STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Api:
    """The API server, asked by an administrator or by whoever has a token."""

    url: str
    token: str
    authority: Path

    def client(self, token: str | None = None) -> httpx.Client:
        """A client that is somebody."""
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token or self.token}"},
            verify=ssl.create_default_context(cafile=str(self.authority)),
            timeout=60,
            trust_env=False,
        )

    def kubeconfig(self, folder: Path) -> Path:
        """A file for programs that ask as the administrator."""
        path = folder / "kubeconfig"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "here", "cluster": {"server": self.url, "certificate-authority": str(self.authority)}}
            ],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
            "current-context": "here",
        }
        path.write_text(json.dumps(content), encoding="utf-8")
        return path


@contextmanager
def control_plane(folder: Path, *, bind: str = "127.0.0.1", options: Iterable[str] = ()) -> Iterator[Api]:
    """Start both, and stop them at the end. `options`: more of the API server's."""
    store = _start_etcd(folder)
    server = None
    try:
        port, token = free_port(), secrets.token_hex(16)
        server = _start_server(folder, store[1], (bind, port), token, options)
        api = Api(f"https://{bind}:{port}", token, folder / "certificates" / "apiserver.crt")
        _wait(api, server)
        yield api
    finally:
        for child in [server, store[0]]:
            if child is not None:
                _end(child)


def _start_etcd(folder: Path) -> tuple[Child, str]:
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    command = [str(program(ETCD)), "--name=one", f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync"]
    command += [f"--listen-client-urls={client}", f"--advertise-client-urls={client}"]
    command += [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=one={peer}"]
    return spawn("etcd", command, log=folder / "etcd.log"), client


def _start_server(folder: Path, store: str, address: tuple[str, int], token: str, options: Iterable[str]) -> Child:
    key = folder / "accounts.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{token},admin,admin,system:masters\n", encoding="utf-8")
    host, port = address
    command = [str(program(API_SERVER)), f"--etcd-servers={store}", f"--bind-address={host}", f"--secure-port={port}"]
    command += [
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=Node,RBAC",
    ]
    command += ["--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={key}"]
    command += [f"--service-account-signing-key-file={key}", "--service-cluster-ip-range=10.96.0.0/16"]
    command += [f"--advertise-address={host}"] if host != "127.0.0.1" else []
    return spawn("kube-apiserver", [*command, *options], log=folder / "kube-apiserver.log")


def _wait(api: Api, server: Child) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.exit_code is not None:
            raise StartFailed(f"kube-apiserver ended with code {server.exit_code}:\n{server.tail()}")
        if api.authority.exists() and _ready(api):
            return
        time.sleep(0.2)
    raise StartFailed(f"kube-apiserver is not ready after {_START_SECONDS} s:\n{server.tail()}")


def _ready(api: Api) -> bool:
    try:
        with api.client() as client:
            return client.get("/readyz").status_code == 200 and client.get("/api/v1/namespaces/default").is_success
    except (httpx.TransportError, ssl.SSLError):
        return False


def _end(child: Child) -> None:
    asyncio.run(child.terminate(_STOP_SECONDS))


class Objects:
    """Objects by their manifests: where each kind lives is asked of the API server."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self._kinds: dict[tuple[str, str], tuple[str, bool]] = {}

    def create(self, manifest: dict[str, Any], *, namespace: str, dry_run: bool = False) -> httpx.Response:
        """Post it, strictly checked: an unknown or repeated field is refused."""
        strict = {"fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}
        return self.client.post(self.place(manifest, namespace), params=strict, json=manifest)

    def get(self, manifest: dict[str, Any], *, namespace: str) -> httpx.Response:
        """What is stored of it."""
        return self.client.get(f"{self.place(manifest, namespace)}/{manifest['metadata']['name']}")

    def wait_for_definitions(self) -> None:
        """Until every definition that was created is served. Raises TimeoutError with those that are not."""
        deadline = time.monotonic() + _START_SECONDS
        while pending := self._not_established():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not established: {', '.join(pending)}")
            time.sleep(0.1)

    def _not_established(self) -> list[str]:
        answer = self.client.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").raise_for_status()
        return [
            one["metadata"]["name"]
            for one in answer.json()["items"]
            if not any(
                found["type"] == "Established" and found["status"] == "True"
                for found in one["status"].get("conditions") or ()
            )
        ]

    def place(self, manifest: dict[str, Any], namespace: str) -> str:
        """Path of the collection that objects of this kind are in."""
        version, kind = manifest["apiVersion"], manifest["kind"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if (version, kind) not in self._kinds:
            for one in self.client.get(root).raise_for_status().json()["resources"]:
                if "/" not in one["name"]:
                    self._kinds[version, one["kind"]] = one["name"], one["namespaced"]
        name, namespaced = self._kinds[version, kind]
        where = manifest["metadata"].get("namespace", namespace)
        return f"{root}/namespaces/{where}/{name}" if namespaced else f"{root}/{name}"


def documents(text: str) -> list[dict[str, Any]]:
    """The manifests in a stream of YAML documents."""
    return [one for one in yaml.safe_load_all(text) if one]
