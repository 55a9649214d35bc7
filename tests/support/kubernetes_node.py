"""One node of a cluster on this machine: controllers, scheduler, kubelet and Debian's containerd, beside an API server.

Everything is meant to run in a network namespace of its own (`unshare --net`): a bridge and the pods behind it.
"""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from control_plane import Api, control_plane
from docker_engine import Engine, unmount
from kubernetes_programs import CONTROLLER_MANAGER, KUBELET, SCHEDULER, program

from shopsync_testkit.children import Child, spawn

ADDRESS = "10.88.0.1"
"""Of the node, on the bridge: pods reach what listens there."""

_SUBNET = "10.88.0.0/16"
_BRIDGE = "pods0"
_PLUGINS = Path("/usr/lib/cni")
_NODE = "node"
_READY_SECONDS = 180


def needs() -> str | None:
    """What this machine lacks for a node."""
    if os.geteuid() != 0:
        return "a node needs root"
    missing = [name for name in ("containerd", "runc", "ctr", "ip") if shutil.which(name) is None]
    missing += [] if (_PLUGINS / "bridge").exists() else ["the CNI plugins"]
    return f"not installed: {', '.join(missing)}" if missing else None


@contextmanager
def node(folder: Path) -> Iterator[Api]:
    """A cluster with one ready node. `folder` must be short: sockets lie in it."""
    # Before anything runs: one that cannot be built skips the test, and would leave the others behind.
    for needed in (CONTROLLER_MANAGER, SCHEDULER, KUBELET):
        program(needed)
    _network()
    with control_plane(folder, bind=ADDRESS) as api:
        kubeconfig = api.kubeconfig(folder)
        children = [
            spawn("containerd", ["containerd", "--config", str(_containerd(folder))], log=folder / "containerd.log"),
            _component(folder, CONTROLLER_MANAGER, kubeconfig),
            _component(folder, SCHEDULER, kubeconfig),
        ]
        try:
            _until((folder / "containerd.sock").exists, children[0], "containerd")
            kubelet = [str(program(KUBELET)), f"--kubeconfig={kubeconfig}", f"--config={_kubelet(folder)}"]
            kubelet += [f"--root-dir={folder / 'kubelet'}", f"--cert-dir={folder / 'kubelet-certificates'}"]
            kubelet += [f"--hostname-override={_NODE}", f"--node-ip={ADDRESS}"]
            children.append(spawn("kubelet", kubelet, log=folder / "kubelet.log"))
            with api.client() as client:
                _until(lambda: _is_ready(client.get(f"/api/v1/nodes/{_NODE}")), children[-1], "the node")
            yield api
        finally:
            asyncio.run(children[-1].terminate(30))
            _end_containers(folder)
            for child in reversed(children[:-1]):
                asyncio.run(child.terminate(30))
            unmount(folder)


def _end_containers(folder: Path) -> None:
    """What still runs: containers outlive their containerd."""
    ctr = ["ctr", "--address", str(folder / "containerd.sock"), "-n", "k8s.io", "tasks"]
    running = subprocess.run([*ctr, "ls", "-q"], capture_output=True, text=True, check=False).stdout.split()
    for one in running:
        subprocess.run([*ctr, "rm", "--force", one], capture_output=True, check=False)


def take_image(engine: Engine, folder: Path, name: str) -> None:
    """An image of a Docker engine for the kubelet."""
    archive = folder / "image.tar"
    done = engine.run("save", "-o", str(archive), name)
    assert done.returncode == 0, done.stderr
    command = ["ctr", "--address", str(folder / "containerd.sock"), "-n", "k8s.io", "images", "import", str(archive)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    archive.unlink()


def make_pause(engine: Engine, folder: Path) -> str:
    """The image whose container holds a pod's namespaces: a program that waits."""
    source, binary = folder / "pause.c", folder / "pause"
    source.write_text("#include <unistd.h>\nint main(void) { for (;;) pause(); }\n", encoding="utf-8")
    subprocess.run(["gcc", "-static", "-Os", "-o", str(binary), str(source)], check=True, capture_output=True)
    archive = subprocess.run(["tar", "-C", str(folder), "-c", "pause"], check=True, capture_output=True).stdout
    done = engine.run("import", "--change", 'ENTRYPOINT ["/pause"]', "-", "shopsync-test-pause", given=archive)
    assert done.returncode == 0, done.stderr
    return "shopsync-test-pause"


def _network() -> None:
    for command in (
        "ip link set lo up",
        f"ip link add {_BRIDGE} type bridge",
        f"ip address add {ADDRESS}/16 dev {_BRIDGE}",
        f"ip link set {_BRIDGE} up",
        "sysctl -qw net.ipv4.ip_forward=1",
    ):
        done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"{command}: {done.stderr.strip()}")


def _containerd(folder: Path) -> Path:
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    path, networks = folder / "containerd.toml", folder / "networks"
    networks.mkdir()
    ipam = {
        "type": "host-local",
        "ranges": [[{"subnet": _SUBNET, "rangeStart": "10.88.1.0"}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": _BRIDGE, "isGateway": True, "ipam": {**ipam, "dataDir": str(folder / "ipam")}}
    network = {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge]}
    (networks / "10-pods.conflist").write_text(json.dumps(network), encoding="utf-8")
    path.write_text(
        f"""version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
[grpc]
address = "{folder}/containerd.sock"
[{cri}]
sandbox_image = "shopsync-test-pause:latest"
# Where root may not protect a process from the kernel's killer, runc would end with an error.
restrict_oom_score_adj = true
[{cri}.cni]
bin_dir = "{_PLUGINS}"
conf_dir = "{networks}"
[{cri}.containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
""",
        encoding="utf-8",
    )
    return path


def _kubelet(folder: Path) -> Path:
    resolv = folder / "resolv.conf"
    resolv.write_text(f"nameserver {ADDRESS}\n", encoding="utf-8")
    settings: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}},
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "100Mi"},
        "oomScoreAdj": 0,
        "imageGCHighThresholdPercent": 100,
        "resolvConf": str(resolv),
        "volumePluginDir": str(folder / "volume-plugins"),
        "podLogsDir": str(folder / "pod-logs"),
    }
    path = folder / "kubelet.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path


def _component(folder: Path, wanted: Any, kubeconfig: Path) -> Child:
    command = [str(program(wanted)), f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0"]
    return spawn(wanted.name, command, log=folder / f"{wanted.name}.log")


def _is_ready(answer: Any) -> bool:
    conditions = answer.json()["status"].get("conditions", []) if answer.is_success else []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _until(done: Any, child: Child, what: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not done():
        if child.exit_code is not None or time.monotonic() > deadline:
            pytest.fail(f"{what} is not ready:\n{child.tail(30)}")
        time.sleep(0.3)
