"""The chart started for real: one node with a kubelet and containerd, and the demo's story told to its pods.

It runs in a network namespace of its own, where no registry can be reached: the images are built before
(`make test-images`). Kafka, MongoDB and the sandboxes are processes on the node.
"""

import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from control_plane import Objects
from docker_engine import engine
from helm import CHART, Helm
from kubernetes_node import ADDRESS, make_pause, needs, node, take_image
from servers_on_an_address import ROOT_PASSWORD, start_kafka, start_mongo

from shopsync_testkit.children import spawn
from shopsync_testkit.polling import eventually

pytestmark = [pytest.mark.node, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
NAMESPACE = "shops"
SERVICES = ("ingestor", "catalog", "publisher", "janitor", "console")
USERS = (*SERVICES, "operator")
PRODUCTS = "40"
VALUES = dict(
    line.split("=", 1)
    for line in (ROOT / "sandbox.env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
FUTURESHOP, TIKTOK = f"http://{ADDRESS}:8091", f"http://{ADDRESS}:8092"


@pytest.fixture(scope="module")
def folder():
    """Short: a socket's path has 108 characters at most."""
    with tempfile.TemporaryDirectory(prefix="node-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def cluster(folder):
    problem = needs()
    if problem:
        pytest.skip(problem)
    with node(folder) as api, engine() as docker:
        missing = [name for name in (*SERVICES, "ops") if not docker.has(f"shopsync-test-{name}")]
        if missing:
            pytest.skip(f"no images of {', '.join(missing)}: make test-images builds them")
        for name in [make_pause(docker, folder), *(f"shopsync-test-{one}" for one in (*SERVICES, "ops"))]:
            take_image(docker, folder, f"{name}:latest")
        yield api


@pytest.fixture(scope="module")
def servers(cluster, folder):
    children = []
    try:
        kafka, bootstrap = start_kafka(folder, ADDRESS)
        children.append(kafka)
        mongo, hosts = start_mongo(folder, ADDRESS)
        children.append(mongo)
        yield bootstrap, hosts
    finally:
        for child in children:
            asyncio.run(child.terminate(30))


@pytest.fixture(scope="module")
def objects(cluster):
    with cluster.client() as client:
        objects = Objects(client)
        restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
        create(
            objects, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": restricted}}
        )
        who = VALUES["FUTURESHOP_DEMO_CLIENT_ID"]
        shops = f"demo: {{base_url: '{FUTURESHOP}', client_id: {who}, client_secret: 'file:demo'}}"
        secret(objects, "shops", {"shops.yaml": shops, "demo": VALUES["FUTURESHOP_DEMO_CLIENT_SECRET"]})
        secret(objects, "mongo", {"root": ROOT_PASSWORD, **{user: f"{user} p@ss/w:rd%2F#" for user in USERS}})
        app = {"app-secret": VALUES["PUBLISHER_TIKTOK_APP_SECRET"], "token-key": VALUES["PUBLISHER_TOKEN_KEY"]}
        secret(objects, "tiktok", app)
        secret(objects, "console", {"token": VALUES["PUBLISHER_INTERNAL_TOKEN"]})
        yield objects


def create(objects, manifest):
    answer = objects.create(manifest, namespace=NAMESPACE)
    assert answer.is_success, answer.text


def secret(objects, name, content):
    data = {key: base64.b64encode(value.encode()).decode() for key, value in content.items()}
    create(objects, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data})


def values(bootstrap, hosts):
    few = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "384Mi"}}
    users = {
        user: {
            "mongo": {"existingSecret": "mongo", "secretKeys": {"password": user}},
            **({"resources": few} if user in SERVICES else {}),
        }
        for user in USERS
    }
    urls = {"API_URL": TIKTOK, "AUTH_URL": TIKTOK, "CONSENT_URL": f"{TIKTOK}/open/authorize"}
    given: dict[str, Any] = {
        **users,
        "image": {"prefix": "shopsync-test-", "tag": "latest", "pullPolicy": "Never"},
        "kafka": {"bootstrapServers": bootstrap},
        "mongo": {"hosts": hosts},
        "settings": {"SHOPSYNC_SANDBOX": True},
        "setup": {"replication": 1, "mongo": {"existingSecret": "mongo", "secretKeys": {"password": "root"}}},
    }
    given["ingestor"] |= {"shops": {"existingSecret": "shops"}, "settings": {"INGESTOR_REQUESTS_PER_SECOND": 10}}
    given["publisher"] |= {
        "tiktok": {
            "appKey": VALUES["PUBLISHER_TIKTOK_APP_KEY"],
            "serviceId": VALUES["PUBLISHER_TIKTOK_SERVICE_ID"],
            "existingSecret": "tiktok",
        },
        "settings": {
            **{f"PUBLISHER_TIKTOK_{name}": url for name, url in urls.items()},
            "PUBLISHER_SEARCH_LAG": "2s",
            "PUBLISHER_IMAGE_ALLOW_PRIVATE": True,
            "PUBLISHER_REQUESTS_PER_SECOND": 50,
        },
    }
    given["console"] |= {"publicUrl": "https://console.example.com", "token": {"existingSecret": "console"}}
    return given


def pods(objects):
    return objects.client.get(f"/api/v1/namespaces/{NAMESPACE}/pods").json()["items"]


def described(objects):
    """For a failed assertion: what the pods wait for."""
    told = [
        (one["metadata"]["name"], one["status"].get("containerStatuses"), one["status"].get("conditions"))
        for one in pods(objects)
    ]
    events = objects.client.get(f"/api/v1/namespaces/{NAMESPACE}/events").json()["items"]
    return json.dumps([told, [one["message"] for one in events][-20:]], indent=1)[-6000:]


def test_the_story_is_told_to_the_pods_of_the_chart(cluster, objects, servers, folder):
    helm = Helm(folder, cluster.kubeconfig(folder))
    options = ("--namespace", NAMESPACE, "--timeout", "280s")
    done = helm.run("install", "shop", str(CHART), *options, "--wait", given=values(*servers))
    assert done.returncode == 0, done.stderr + described(objects)
    running = {one["metadata"]["name"]: one for one in pods(objects)}
    assert running.keys() == {f"shop-shopsync-{service}-{number}" for service in SERVICES for number in (0, 1)}
    address = running["shop-shopsync-publisher-0"]["status"]["podIP"]
    sandboxes = [
        sandbox(
            folder, "futureshop", "8091", "--seed", "7", "--shop", f"demo:{PRODUCTS}", "--requests-per-second", "10"
        ),
        sandbox(
            folder,
            "tiktok",
            "8092",
            "--seed",
            "7",
            "--shop",
            "demo",
            "--requests-per-second",
            "200",
            "--webhook-url",
            f"http://{address}:8080/webhooks/tiktok",
            "--redirect-url",
            f"http://{address}:8080/oauth/tiktok/callback",
        ),
    ]
    try:
        told = story(servers[0], address)
        assert told.returncode == 0, told.stdout + told.stderr
        assert "nightly sweep: " in told.stdout
        restart_in_place(objects)
    finally:
        for child in sandboxes:
            asyncio.run(child.terminate(10))
    assert helm.run("test", "shop", *options[:2]).returncode == 0
    assert helm.run("uninstall", "shop", *options, "--wait").returncode == 0


def sandbox(folder, name, port, *options):
    command = [sys.executable, "-m", "shopsync_sandbox", name, "--host", ADDRESS, "--port", port, *options]
    return spawn(name, command, log=folder / f"{name}.log")


def story(bootstrap, address):
    environment = {
        **os.environ,
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "DEMO_FUTURESHOP_URL": FUTURESHOP,
        "DEMO_TIKTOK_URL": TIKTOK,
        "DEMO_PUBLISHER_URL": f"http://{address}:8080",
        "DEMO_PRODUCTS": PRODUCTS,
    }
    script = ROOT / "deploy" / "sandbox" / "demo_shop.py"
    return subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, timeout=900, check=False
    )


def restart_in_place(objects):
    """A pod that is deleted comes back under its name, ready, and no container was ever ended by its probes."""
    name = "shop-shopsync-catalog-0"
    place = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}"
    before = objects.client.get(place).json()["metadata"]["uid"]
    objects.client.delete(place).raise_for_status()

    def is_back():
        pod = objects.client.get(place)
        assert pod.is_success, described(objects)
        assert pod.json()["metadata"]["uid"] != before, described(objects)
        assert ready(pod.json()), described(objects)
        return True

    asyncio.run(eventually(is_back, interval=0.5, what="the pod that follows"))
    restarts = {one["metadata"]["name"]: one["status"]["containerStatuses"][0]["restartCount"] for one in pods(objects)}
    assert set(restarts.values()) == {0}, restarts


def ready(pod):
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
