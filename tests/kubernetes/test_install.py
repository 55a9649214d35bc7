"""The chart in a real API server: installed, changed, taken back and removed, with the operators' own definitions.

No controllers and no kubelet run here: objects are checked and stored as in a cluster, pods are not started.
"""

import httpx
import pytest
from control_plane import Objects, control_plane, documents
from custom_resources import definitions
from helm import CHART, PARTS, Helm, values
from jobs_done import jobs_done

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(3600)]

NAMESPACE = "shops"
SERVICES = ("ingestor", "catalog", "publisher", "janitor", "console")
# The strictest of Kubernetes' own standards for pods.
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
# What a release may leave behind. `default` and what belongs to it are the namespace's own.
KEPT = {"KafkaTopic"}
EVERYTHING = values(
    *(
        part
        for name, part in PARTS.items()
        if name
        in {
            "scram over tls",
            "a proxy",
            "strimzi",
            "autoscaling with a login",
            "monitoring",
            "ingress",
            "the console's ingress",
            "scheduled checks",
        }
    )
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def api(folder):
    with control_plane(folder) as api:
        yield api


@pytest.fixture(scope="module")
def objects(api):
    with api.client() as client:
        objects = Objects(client)
        for one in definitions():
            answer = objects.create(one, namespace="")
            assert answer.is_success, answer.text
        objects.wait_for_definitions()
        create_namespace(objects, NAMESPACE)
        yield objects


@pytest.fixture(scope="module")
def helm(api, folder, objects):
    return Helm(folder, api.kubeconfig(folder))


@pytest.fixture
def namespace(objects, request):
    """One of its own for each test with a release."""
    name = f"release-{len(request.node.name)}"
    create_namespace(objects, name)
    return name


def create_namespace(objects, name):
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}}
    assert objects.create(namespace, namespace="").is_success
    # In a cluster, a controller makes it.
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    assert objects.create(account, namespace=name).is_success


def pods_of(manifest):
    """What a controller would make of it."""
    if manifest["kind"] not in {"StatefulSet", "Deployment", "Job", "CronJob"}:
        return []
    spec = manifest["spec"]
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    template = spec["template"]
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**template["metadata"], "name": "one"},
            "spec": template["spec"],
        }
    ]


def stored(objects, namespace):
    """(kind, name) of everything in the namespace."""
    found = set()
    for group in ["/api/v1", *_groups(objects.client)]:
        for one in objects.client.get(group).json()["resources"]:
            if one["namespaced"] and "list" in one["verbs"] and one["kind"] not in {"Event", "Lease"}:
                items = objects.client.get(f"{group}/namespaces/{namespace}/{one['name']}").json().get("items") or []
                found |= {(one["kind"], item["metadata"]["name"]) for item in items}
    own = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
    return {one for one in found - own if not one[1].startswith("sh.helm.release.")}


def _groups(client):
    return [f"/apis/{one['preferredVersion']['groupVersion']}" for one in client.get("/apis").json()["groups"]]


@pytest.mark.parametrize("part", PARTS)
def test_every_object_of_every_part_is_taken_by_the_api_server(objects, helm, part):
    """Strictly: an unknown field is refused by name. Pods are held against the standard `restricted` too."""
    manifests = documents(helm.template(values(PARTS[part])).stdout)
    for account in (one for one in manifests if one["kind"] == "ServiceAccount"):
        objects.create({**account, "metadata": {"name": account["metadata"]["name"]}}, namespace=NAMESPACE)
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 9}
    for one in (priority, {**priority, "metadata": {"name": "low"}}):
        objects.create(one, namespace="")
    try:
        for manifest in manifests:
            if manifest["kind"] != "ServiceAccount":
                answer = objects.create(manifest, namespace=NAMESPACE, dry_run=True)
                assert answer.status_code == 201, f"{manifest['kind']} {manifest['metadata']['name']}: {answer.text}"
            for pod in pods_of(manifest):
                answer = objects.create(pod, namespace=NAMESPACE, dry_run=True)
                assert answer.status_code == 201, f"a pod of {manifest['metadata']['name']}: {answer.text}"
                assert "Warning" not in answer.headers, answer.headers["Warning"]
    finally:
        for account in (one for one in manifests if one["kind"] == "ServiceAccount"):
            objects.client.delete(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account['metadata']['name']}")


def test_the_checks_above_would_find_a_wrong_field_and_a_pod_with_rights(objects, helm):
    manifests = documents(helm.template(values()).stdout)
    one = next(manifest for manifest in manifests if manifest["kind"] == "StatefulSet")
    one["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    assert "livenesProbe" in objects.create(one, namespace=NAMESPACE, dry_run=True).text
    (pod,) = pods_of(one)
    del pod["spec"]["containers"][0]["livenesProbe"], pod["spec"]["containers"][0]["securityContext"]
    pod["spec"]["serviceAccountName"] = "default"
    answer = objects.create(pod, namespace=NAMESPACE, dry_run=True)
    assert answer.status_code == 403
    assert "restricted" in answer.text


def test_a_release_is_installed_changed_taken_back_and_removed(api, objects, helm, namespace):
    options = ("--namespace", namespace, "--timeout", "60s")
    with jobs_done(api, namespace) as jobs:
        done = helm.run("install", "shop", str(CHART), *options, given=values())
        assert done.returncode == 0, done.stderr
        assert {job["metadata"]["name"] for job in jobs} == {"shop-shopsync-topics", "shop-shopsync-mongo-users"}
        first = stored(objects, namespace)
        # What the hooks used is gone with them.
        assert ("ServiceAccount", "shop-shopsync-setup") not in first
        assert not {name for kind, name in first if kind in {"Job", "ConfigMap"}}
        assert {name for kind, name in first if kind == "StatefulSet"} == {f"shop-shopsync-{one}" for one in SERVICES}

        done = helm.run("upgrade", "shop", str(CHART), *options, given=EVERYTHING)
        assert done.returncode == 0, done.stderr
        everything = stored(objects, namespace)
        kinds = {kind for kind, _ in everything}
        assert {"KafkaTopic", "KafkaUser", "ScaledObject", "ServiceMonitor", "Ingress", "CronJob"} <= kinds
        before = catalog(objects, namespace)
        assert before["spec"]["serviceName"] == "shop-shopsync-catalog"

        done = helm.run("rollback", "shop", "1", *options)
        assert done.returncode == 0, done.stderr
        assert {one for one in stored(objects, namespace) if one[0] not in KEPT} == first
        after = catalog(objects, namespace)
        assert after["metadata"]["uid"] == before["metadata"]["uid"], "replaced in place, its pods one by one"
        assert {one["name"] for one in environment(after)}.isdisjoint({"SHOPSYNC_KAFKA_SECURITY_PROTOCOL"})

        done = helm.run("uninstall", "shop", *options)
        assert done.returncode == 0, done.stderr
    left = stored(objects, namespace)
    assert {kind for kind, _ in left} == KEPT, "topics stay: with the object Strimzi would delete the messages"
    assert len(left) == 12

    # A release of the same name takes them on again.
    with jobs_done(api, namespace):
        done = helm.run("install", "shop", str(CHART), *options, given=EVERYTHING)
        assert done.returncode == 0, done.stderr
        helm.run("uninstall", "shop", *options)
    for _, name in stored(objects, namespace):
        objects.client.delete(f"/apis/kafka.strimzi.io/v1/namespaces/{namespace}/kafkatopics/{name}")


def catalog(objects, namespace):
    return objects.client.get(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/shop-shopsync-catalog").json()


def environment(stateful):
    return stateful["spec"]["template"]["spec"]["containers"][0]["env"]


def test_a_setup_that_fails_stops_the_upgrade_before_any_service(api, objects, helm, namespace):
    options = ("--namespace", namespace, "--timeout", "60s")
    with jobs_done(api, namespace):
        assert helm.run("install", "shop", str(CHART), *options, given=values()).returncode == 0
    before = catalog(objects, namespace)["metadata"]["generation"]
    with jobs_done(api, namespace, failing="shop-shopsync-topics"):
        done = helm.run("upgrade", "shop", str(CHART), *options, given=values({"image": {"tag": "new"}}))
    assert done.returncode != 0
    assert "shop-shopsync-topics" in done.stderr
    assert catalog(objects, namespace)["metadata"]["generation"] == before
    assert ("Job", "shop-shopsync-topics") in stored(objects, namespace), "it stays, to be read"
    with jobs_done(api, namespace):
        done = helm.run("upgrade", "shop", str(CHART), *options, given=values({"image": {"tag": "new"}}))
    assert done.returncode == 0, done.stderr
    assert catalog(objects, namespace)["metadata"]["generation"] == before + 1
    helm.run("uninstall", "shop", *options)
    assert stored(objects, namespace) == set()


def test_no_service_may_do_anything_at_the_api_server(api, objects, helm, namespace):
    """Asked with the token that a pod of it would have if it had one."""
    options = ("--namespace", namespace, "--timeout", "60s")
    with jobs_done(api, namespace):
        assert helm.run("install", "shop", str(CHART), *options, given=values()).returncode == 0
    place = f"/api/v1/namespaces/{namespace}"
    for service in [*SERVICES, "operator"]:
        asked = objects.client.post(
            f"{place}/serviceaccounts/shop-shopsync-{service}/token",
            json={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}},
        )
        token = asked.raise_for_status().json()["status"]["token"]
        with api.client(token) as client:
            assert who(client) == f"system:serviceaccount:{namespace}:shop-shopsync-{service}"
            rules = rules_of(client, namespace)
            assert {verb for rule in rules for verb in rule["verbs"]} <= {"create", "get"}, service
            assert {group for rule in rules for group in rule["apiGroups"]} <= {
                "authorization.k8s.io",
                "authentication.k8s.io",
            }, service
            for path in ("secrets", "pods", "configmaps"):
                assert client.get(f"{place}/{path}").status_code == 403
            for manifest in (
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": []}},
            ):
                assert client.post(f"{place}/pods", json=manifest).status_code == 403
    helm.run("uninstall", "shop", *options)


def who(client: httpx.Client):
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json=review)
    return answer.raise_for_status().json()["status"]["userInfo"]["username"]


def rules_of(client: httpx.Client, namespace):
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    answer = client.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json=review)
    return answer.raise_for_status().json()["status"]["resourceRules"]
