"""What Helm makes of the chart: every variable is read, every port is listened on, every pod has no rights.

It needs the program; where it is not built yet (`make test-kubernetes` does), the tests are skipped and say so.
"""

import re
import signal
import subprocess
import sys
import time
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import yaml
from control_plane import documents
from helm import CHART, PARTS, Helm, values
from kubernetes_programs import HELM
from pydantic_settings import BaseSettings

from catalog.settings import CatalogSettings
from console.settings import ConsoleSettings
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from publisher.web import Web
from shopsync_runtime import http_server
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.settings_variables import variable_of, variables_of

CLASSES: dict[str, type[BaseSettings]] = {
    "ingestor": IngestorSettings,
    "catalog": CatalogSettings,
    "publisher": PublisherSettings,
    "janitor": JanitorSettings,
    "console": ConsoleSettings,
}
PAGE = CHART.parents[2] / "docs" / "kubernetes.md"
REQUESTED = {"SSL_CERT_FILE", "OTEL_EXPORTER_OTLP_ENDPOINT"}  # by extraEnv
RUNNERS = {"StatefulSet", "Deployment", "Job", "CronJob", "Pod"}


@pytest.fixture(scope="module")
def helm(request, tmp_path_factory) -> Helm:
    if not HELM.is_built and not request.config.option.markexpr.startswith("kubernetes"):
        pytest.skip(f"helm {HELM.version} is not built here: `make test-kubernetes` does")
    return Helm(tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="module")
def rendered(helm):
    """Manifests by part, each made once."""
    made = {}

    def render(part):
        if part not in made:
            done = helm.template(values(PARTS[part]))
            assert done.returncode == 0, done.stderr
            made[part] = documents(done.stdout)
        return made[part]

    return render


def pods(manifests):
    """(kind, name, pod) of everything that runs."""
    for one in manifests:
        if one["kind"] in RUNNERS:
            spec = one["spec"]
            if one["kind"] == "CronJob":
                spec = spec["jobTemplate"]["spec"]
            yield one["kind"], one["metadata"]["name"], one if one["kind"] == "Pod" else spec["template"]


def of_kind(manifests, kind):
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def test_the_chart_is_clean(helm):
    done = helm.run("lint", "--strict", str(CHART), given=values())
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout


@pytest.mark.parametrize("part", PARTS)
def test_every_variable_that_a_pod_gets_is_read(rendered, part):
    for kind, name, pod in pods(rendered(part)):
        (container,) = pod["spec"]["containers"]
        given = [one["name"] for one in container["env"]]
        assert len(given) == len(set(given)), f"{kind} {name}"
        classes: list[type[BaseSettings]] = [
            CommonSettings,
            *([CLASSES[container["name"]]] if container["name"] in CLASSES else []),
        ]
        read = {variable for cls in classes for variable in variables_of(cls)} | REQUESTED
        read |= {"SHOPSYNC_PUBLISHER_URL", "SHOPSYNC_CONSOLE_URL"} if container["name"] == "shopsync" else set()
        users = {one for one in given if re.fullmatch(r"MONGO_\w+_PASSWORD", one)} if kind == "Job" else set()
        assert set(given) - users <= read, f"{kind} {name}"


@pytest.mark.parametrize("part", PARTS)
def test_a_service_has_what_it_cannot_do_without(rendered, part):
    for name, one in of_kind(rendered(part), "StatefulSet").items():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        classes: list[type[BaseSettings]] = [CommonSettings, CLASSES[container["name"]]]
        given = {variable["name"].removesuffix("_FILE") for variable in container["env"]}
        given |= {variable["name"] for variable in container["env"]}
        required = {
            variable_of(cls, field) for cls in classes for field, info in cls.model_fields.items() if info.is_required()
        }
        assert required <= given, name


@pytest.mark.parametrize("part", PARTS)
def test_every_file_that_a_variable_names_is_mounted(rendered, part):
    for kind, name, pod in pods(rendered(part)):
        (container,) = pod["spec"]["containers"]
        mounted = set(_mounted(pod["spec"], container))
        named = {
            one["value"] for one in container["env"] if one["name"].endswith("_FILE") and one["name"] not in REQUESTED
        }
        folders = {path.rpartition("/")[0] for path in mounted} | {
            mount["mountPath"] for mount in container["volumeMounts"]
        }
        assert named <= mounted | folders, f"{kind} {name}"
        read = named | {one["value"] for one in container["env"] if one["name"] in REQUESTED}
        unread = {path for path in mounted if path.startswith("/etc/shopsync/")} - read
        assert not unread, f"{kind} {name}: mounted and read by nothing"


def _mounted(spec, container):
    volumes = {one["name"]: one for one in spec["volumes"]}
    for mount in container["volumeMounts"]:
        for source in volumes[mount["name"]].get("projected", {}).get("sources", []):
            (part,) = source.values()
            for path in [item["path"] for item in part["items"]] if "items" in part else [part["path"]]:
                yield f"{mount['mountPath']}/{path}"
        if "configMap" in volumes[mount["name"]]:
            yield f"{mount['mountPath']}/mapping.yaml"


@pytest.mark.parametrize("part", PARTS)
def test_no_manifest_holds_a_secret(rendered, part):
    assert not of_kind(rendered(part), "Secret")


@pytest.mark.parametrize("part", PARTS)
def test_every_pod_is_locked_down(rendered, part):
    for kind, name, pod in pods(rendered(part)):
        spec = pod["spec"]
        (container,) = spec["containers"]
        where = f"{kind} {name}"
        assert spec["automountServiceAccountToken"] is False, where
        assert spec["enableServiceLinks"] is False, where
        assert spec["serviceAccountName"] in of_kind(rendered(part), "ServiceAccount"), where
        assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"]) == (True, 10001), where
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, where
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, where
        assert container["resources"]["limits"]["memory"], where
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}, where


def test_ports_and_probes_are_those_of_the_services(rendered):
    manifests = rendered("ingress")
    for name, one in of_kind(manifests, "StatefulSet").items():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        environment = {variable["name"]: variable.get("value") for variable in container["env"]}
        (port,) = container["ports"]
        assert (port["name"], str(port["containerPort"])) == ("http", environment["SHOPSYNC_HTTP_PORT"])
        paths = {kind: container[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {kind: path["path"] for kind, path in paths.items()} == {
            "startupProbe": "/livez",
            "livenessProbe": "/livez",
            "readinessProbe": "/readyz",
        }
        assert {path["port"] for path in paths.values()} == {"http"}
        assert {path["path"] for path in paths.values()} | {"/metrics"} == http_server._OWN_PATHS
        service = of_kind(manifests, "Service")[name]
        assert service["spec"]["clusterIP"] == "None"
        assert one["spec"]["serviceName"] == name
        assert service["spec"]["ports"][0]["targetPort"] == "http"


def test_the_ingress_leads_to_the_publishers_own_routes_and_to_nothing_else(rendered):
    web: Any = _Anything()
    routes = {route.path for route in Web.routes(web)}
    (ingress,) = of_kind(rendered("ingress"), "Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    paths = {one["path"]: one["pathType"] for one in rule["http"]["paths"]}
    for route in routes:
        assert any(route == path or (kind == "Prefix" and route.startswith(path)) for path, kind in paths.items()), (
            route
        )
    for path in paths:
        assert any(route.startswith(path) for route in routes), path
    services = of_kind(rendered("ingress"), "Service")
    assert {one["backend"]["service"]["name"] for one in rule["http"]["paths"]} <= services.keys()


def test_the_consoles_ingress_leads_to_its_pages_and_not_to_metrics_or_probes(rendered):
    manifests = rendered("the console's ingress")
    (ingress,) = of_kind(manifests, "Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    paths = {one["path"]: one["pathType"] for one in rule["http"]["paths"]}
    assert (paths.pop("/"), set(paths.values())) == ("Exact", {"Prefix"})
    assert {"/login", "/static"} <= paths.keys()
    assert not [own for own in http_server._OWN_PATHS if own in paths]
    assert "shop-shopsync-console-web" in of_kind(manifests, "Service")
    (container,) = of_kind(manifests, "StatefulSet")["shop-shopsync-console"]["spec"]["template"]["spec"]["containers"]
    given = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert given["CONSOLE_PUBLIC_URL"] == "https://console.example.com"
    assert given["CONSOLE_PUBLISHER_URL"] == "http://shop-shopsync-publisher-web:80"


class _Anything:
    def __getattr__(self, name):
        return lambda *_: None


def test_a_pod_has_time_for_the_services_own_stop(rendered):
    """The batch in flight has the grace, and then what runs in the background has it."""
    for name, one in of_kind(rendered("nothing more"), "StatefulSet").items():
        spec = one["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        environment = {variable["name"]: variable.get("value") for variable in container["env"]}
        grace = int(environment["SHOPSYNC_SHUTDOWN_GRACE"].removesuffix("s"))
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert spec["terminationGracePeriodSeconds"] >= pause + 2 * grace + 10, name


def test_objects_find_the_pods_that_they_are_for(rendered):
    manifests = rendered("monitoring")
    labels = {
        name: one["spec"]["template"]["metadata"]["labels"] for name, one in of_kind(manifests, "StatefulSet").items()
    }
    for kind in ("StatefulSet", "PodDisruptionBudget", "Service"):
        for name, one in of_kind(manifests, kind).items():
            selector = one["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            found = [pod for pod, given in labels.items() if wanted.items() <= given.items()]
            assert found == [name.removesuffix("-web")], f"{kind} {name}"
    (monitor,) = of_kind(manifests, "ServiceMonitor").values()
    assert [(one["port"], one["path"]) for one in monitor["spec"]["endpoints"]] == [("http", "/metrics")]
    wanted = monitor["spec"]["selector"]["matchLabels"]
    watched = [
        name
        for name, one in of_kind(manifests, "Service").items()
        if wanted.items() <= one["metadata"]["labels"].items()
    ]
    assert watched == [f"shop-shopsync-{service}" for service in sorted(CLASSES)] or set(watched) == {
        f"shop-shopsync-{service}" for service in CLASSES
    }


def test_the_values_of_the_page_are_enough(helm):
    (given,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    done = helm.template(yaml.safe_load(given))
    assert done.returncode == 0, done.stderr


def test_the_page_builds_the_images_that_pods_run(rendered):
    (built,) = re.findall(r"for image in ([a-z ]+); do", PAGE.read_text(encoding="utf-8"))
    run = {pod["spec"]["containers"][0]["image"].partition(":")[0] for _, _, pod in pods(rendered("nothing more"))}
    assert run == {f"shopsync-{image}" for image in built.split()}


@pytest.mark.parametrize("part", ["nothing more", "scheduled checks", "a pod for commands"])
def test_who_may_talk_to_whom(rendered, part):
    policies = {name: one["spec"] for name, one in of_kind(rendered(part), "NetworkPolicy").items()}
    labels = [pod["metadata"]["labels"] for kind, _, pod in pods(rendered(part)) if kind != "Pod"]
    for given in labels:
        chosen = [one for one in policies.values() if one["podSelector"]["matchLabels"].items() <= given.items()]
        assert len(chosen) == 1, given
        assert set(chosen[0]["policyTypes"]) == {"Ingress", "Egress"}
    out = {
        name.removeprefix("shop-shopsync-"): {port["port"] for rule in one["egress"] for port in rule["ports"]}
        for name, one in policies.items()
    }
    links = {53, 9092, 27017}
    assert out["catalog"] == out["janitor"] == out["setup"] == links
    assert out["ingestor"] == out["publisher"] == links | {80, 443}
    assert out["operator"] == links | {"http"}
    assert out["console"] == links | {80, 443, "http"}
    inward = {name.removeprefix("shop-shopsync-"): len(one.get("ingress") or []) for name, one in policies.items()}
    [_, callers] = policies["shop-shopsync-publisher"]["ingress"]
    asking = [one["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for one in callers["from"]]
    assert asking == ["operator", "console"]
    assert (inward["setup"], inward["operator"]) == (0, 0)


@pytest.mark.parametrize(
    ("given", "ports"),
    [
        (
            {"kafka": {"bootstrapServers": "kafka-0:9093, kafka-1:9094"}, "mongo": {"hosts": "m0:27018,m1"}},
            {9093, 9094, 27018, 27017},
        ),
        ({"mongo": {"scheme": "mongodb+srv", "hosts": "cluster.example.com"}}, {9092, 27017}),
        ({"kafka": {"bootstrapServers": "kafka:443"}, "networkPolicy": {"kafka": {"ports": [30092]}}}, {30092, 27017}),
    ],
)
def test_a_policy_lets_through_what_the_services_are_given(helm, given, ports):
    done = helm.template(values(given))
    assert done.returncode == 0, done.stderr
    policies = of_kind(documents(done.stdout), "NetworkPolicy")
    for name in ("catalog", "setup", "operator"):
        egress = policies[f"shop-shopsync-{name}"]["spec"]["egress"]
        assert {port["port"] for rule in egress for port in rule["ports"]} - {"http"} == ports | {53}, name


def test_the_internet_is_reached_by_both_kinds_of_addresses_and_no_private_network_is(rendered):
    policy = of_kind(rendered("nothing more"), "NetworkPolicy")["shop-shopsync-publisher"]
    (peers,) = [
        rule["to"] for rule in policy["spec"]["egress"] if {port["port"] for port in rule["ports"]} == {80, 443}
    ]
    for address, may in [
        ("203.0.113.7", True),
        ("2001:db8::7", True),
        ("10.1.2.3", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
    ]:
        assert any(_holds(peer["ipBlock"], ip_address(address)) for peer in peers) is may, address


def _holds(block, address):
    return address in ip_network(block["cidr"]) and not any(address in ip_network(one) for one in block["except"])


def test_nobody_comes_in_where_no_peer_is_named(helm):
    done = helm.template(values({"networkPolicy": {"prometheus": [], "webhooks": []}}))
    policies = of_kind(documents(done.stdout), "NetworkPolicy")
    assert not policies["shop-shopsync-catalog"]["spec"]["ingress"]
    (rule,) = policies["shop-shopsync-publisher"]["spec"]["ingress"]
    ours = {peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]}
    assert ours == {"operator", "console"}


def test_the_most_replicas_are_the_partitions(rendered, helm):
    scaled = of_kind(rendered("autoscaling"), "ScaledObject")
    most = {name.removeprefix("shop-shopsync-"): one["spec"]["maxReplicaCount"] for name, one in scaled.items()}
    assert most == {"ingestor": 3, "catalog": 12, "publisher": 12, "janitor": 3}
    assert {one["spec"]["minReplicaCount"] for one in scaled.values()} == {2}, "one may fail"
    for name, one in of_kind(rendered("autoscaling"), "StatefulSet").items():
        scales = name in scaled
        assert ("replicas" in one["spec"]) != scales, f"{name}: an upgrade would undo what KEDA did"
    done = helm.template(values({"catalog": {"autoscaling": {"enabled": True, "maxReplicas": 13}}}))
    assert "catalog.autoscaling.maxReplicas is 13, but it reads 12 partitions" in done.stderr


@pytest.mark.parametrize(("part", "named"), [("nothing more", True), ("mongodb with certificates", False)])
def test_mongodb_is_told_a_user_unless_the_certificate_is_the_user(rendered, part, named):
    for name, one in of_kind(rendered(part), "StatefulSet").items():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        environment = {variable["name"]: variable.get("value") for variable in container["env"]}
        assert environment["SHOPSYNC_MONGO_URI"].startswith(f"mongodb://{container['name']}@") is named, name
        assert "@" not in environment["SHOPSYNC_MONGO_URI"] or named, name


@pytest.mark.parametrize(
    ("part", "user", "told"),
    [
        ("autoscaling", None, None),
        ("autoscaling without a login", None, None),
        (
            "autoscaling with a login",
            "operator",
            {"password": ("kafka-operator", "password"), "ca": ("kafka-ca", "ca.crt")},
        ),
        (
            "autoscaling by a certificate",
            None,
            {
                "ca": ("authorities", "ca.crt"),
                "cert": ("kafka-user", "user.crt"),
                "key": ("kafka-user", "user.key"),
                "keyPassword": ("kafka-user", "user.password"),
            },
        ),
        (
            "autoscaling with strimzi",
            "shopsync-operator",
            {"password": ("shopsync-operator", "password"), "ca": ("shops-cluster-ca-cert", "ca.crt")},
        ),
    ],
)
def test_keda_logs_in_as_kafka_wants_it(rendered, part, user, told):
    manifests = rendered(part)
    named = {
        trigger.get("authenticationRef", {}).get("name")
        for one in of_kind(manifests, "ScaledObject").values()
        for trigger in one["spec"]["triggers"]
    }
    logins = of_kind(manifests, "TriggerAuthentication")
    assert named == ({None} if told is None else set(logins))
    for one in logins.values():
        given = [*one["spec"].get("configMapTargetRef", ()), *one["spec"].get("secretTargetRef", ())]
        found = {parameter["parameter"]: (parameter["name"], parameter["key"]) for parameter in given}
        assert {name: place for name, place in found.items() if name != "username"} == told
        if user is not None:
            name, key = found["username"]
            assert of_kind(manifests, "ConfigMap")[name]["data"][key] == user


def test_strimzi_keeps_the_topics_when_the_release_goes(rendered):
    topics = of_kind(rendered("strimzi"), "KafkaTopic")
    assert len(topics) == 12
    assert {one["metadata"]["annotations"]["helm.sh/resource-policy"] for one in topics.values()} == {"keep"}
    assert "shop-shopsync-topics" not in of_kind(rendered("strimzi"), "Job")


def test_the_services_take_the_secrets_that_strimzi_makes(rendered):
    users = of_kind(rendered("strimzi"), "KafkaUser")
    for one in of_kind(rendered("strimzi"), "StatefulSet").values():
        spec = one["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        environment = {variable["name"]: variable.get("value") for variable in container["env"]}
        assert environment["SHOPSYNC_KAFKA_USERNAME"] == f"shopsync-{container['name']}"
        assert environment["SHOPSYNC_KAFKA_USERNAME"] in users
        links = next(volume for volume in spec["volumes"] if volume["name"] == "links")
        secrets = [source["secret"]["name"] for source in links["projected"]["sources"] if "secret" in source]
        assert environment["SHOPSYNC_KAFKA_USERNAME"] in secrets


def test_settings_arrive_as_they_are_written(rendered):
    found = {
        container["name"]: {one["name"]: one.get("value") for one in container["env"]}
        for _, _, pod in pods(rendered("settings"))
        for container in pod["spec"]["containers"]
    }
    assert found["publisher"]["PUBLISHER_IMAGE_MAX_BYTES"] == "33554432"
    assert found["publisher"]["PUBLISHER_REQUESTS_PER_SECOND"] == "0.5"
    assert found["publisher"]["SHOPSYNC_SANDBOX"] == "true"
    assert found["catalog"]["SHOPSYNC_SANDBOX"] == "false"
    assert found["catalog"]["CATALOG_MAX_RECORDS"] == "100"
    assert found["shopsync"]["SHOPSYNC_LOG_LEVEL"] == "DEBUG"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kafka": {"bootstrapServers": ""}}, "kafka.bootstrapServers is not set"),
        ({"mongo": {"hosts": ""}}, "mongo.hosts is not set"),
        ({"catalog": {"mongo": {"existingSecret": ""}}}, "catalog.mongo.existingSecret is not set"),
        ({"publisher": {"tiktok": {"existingSecret": ""}}}, "publisher.tiktok.existingSecret is not set"),
        ({"ingestor": {"shops": {"existingSecret": ""}}}, "ingestor.shops.existingSecret is not set"),
        ({"console": {"token": {"existingSecret": ""}}}, "console.token.existingSecret is not set"),
        ({"console": {"publicUrl": ""}}, "console.publicUrl is not set"),
        ({"console": {"ingress": {"enabled": True}}}, "console.ingress.host is not set"),
        ({"console": {"settings": {"CONSOLE_PUBLISHER_TOKEN": "secret"}}}, "CONSOLE_PUBLISHER_TOKEN"),
        ({"kafka": {"securityProtocol": "SASL_SSL"}}, "kafka.existingSecret is not set"),
        ({"kafka": {"securityProtocol": "TLS"}}, "securityProtocol"),
        ({"catalog": {"replica": 3}}, "replica"),
        ({"catalog": {"settings": {"CATALOG_MAX_RECORD": 3}}}, "CATALOG_MAX_RECORD"),
        ({"publisher": {"settings": {"PUBLISHER_TOKEN_KEY": "secret"}}}, "PUBLISHER_TOKEN_KEY"),
        ({"publisher": {"settings": {"SHOPSYNC_HTTP_CA_FILE": "/etc/ca"}}}, "SHOPSYNC_HTTP_CA_FILE"),
        ({"http": {"noProxy": ".svc"}}, "http.noProxy is set and neither"),
        ({"http": {"proxy": "http://user:password@proxy:3128"}}, "proxy"),
        ({"mongo": {"hosts": "root:password@mongo:27017"}}, "hosts"),
        ({"kafka": {"serviceAccountToken": {"expirationSeconds": 60}}}, "expirationSeconds"),
        ({"catalog": {"podDisruptionBudget": {"maxUnavailable": 0}}}, "maxUnavailable"),
        ({"catalog": {"podDisruptionBudget": {"maxUnavailable": "0%"}}}, "maxUnavailable"),
        ({"setup": {"topics": "strimzi"}}, "strimzi.cluster is not set"),
        (
            {
                "kafka": {"securityProtocol": "SSL", "clientCertificate": True},
                "setup": {"topics": "strimzi", "users": "strimzi"},
                "strimzi": {"cluster": "shops"},
            },
            "strimzi.authentication is scram-sha-512",
        ),
        (
            {
                "kafka": {"securityProtocol": "SSL", "clientCertificate": True},
                "setup": {"topics": "strimzi", "users": "strimzi"},
                "strimzi": {"cluster": "shops", "authentication": "tls-external"},
            },
            "kafka.existingSecret is not set",
        ),
        ({"publisher": {"ingress": {"enabled": True}}}, "publisher.ingress.host is not set"),
        ({"kafka": {"bootstrapServers": "kafka"}}, "bootstrapServers"),
        ({"kafka": {"topicPrefix": "shops/a"}}, "topicPrefix"),
        ({"kafka": {"ca": {"existingSecret": "ca"}}}, "kafka.ca is set, but kafka.securityProtocol is PLAINTEXT"),
        ({"kafka": {"clientCertificate": True}}, "kafka.clientCertificate is on"),
        ({"kafka": {"serviceAccountToken": {"enabled": True}}}, "kafka.serviceAccountToken is on"),
        (
            {"kafka": {"securityProtocol": "SSL", "ca": {"existingSecret": "ca", "existingConfigMap": "ca"}}},
            "kafka.ca: existingSecret or existingConfigMap",
        ),
        ({"http": {"proxy": "http://proxy:3128", "existingSecret": "proxy"}}, "http: proxy or existingSecret"),
        ({"ingestor": {"shops": {"existingConfigMap": "shops"}}}, "ingestor.shops: existingSecret or"),
        ({"mongo": {"secretKeys": {"uri": "uri"}}}, "set setup.mongo.enabled to false"),
        ({"setup": {"users": "job", "topics": "none"}}, "setup.users is job"),
        ({"setup": {"users": "job", "topics": "strimzi"}, "strimzi": {"cluster": "shops"}}, "setup.users is job"),
        ({"scheduled": [{"name": "a", "schedule": "0 6 * * *", "command": ["lag"]}] * 2}, "the name a stands twice"),
        ({"image": {"digests": {"ingestor": "abc"}}}, "digests"),
        ({"setup": {"mongo": {"certificates": {"janitro": "CN=a"}}}}, "janitro"),
        ({"networkPolicy": {"webhooks": [{"namespaceSelectr": {}}]}}, "namespaceSelectr"),
        (
            {"ingestor": {"autoscaling": {"enabled": True, "minReplicas": 4}}},
            "ingestor.autoscaling.minReplicas is 4, and the most are 3",
        ),
        (
            {
                "kafka": {
                    "securityProtocol": "SASL_SSL",
                    "saslMechanism": "OAUTHBEARER",
                    "serviceAccountToken": {"enabled": True},
                },
                "catalog": {"autoscaling": {"enabled": True}},
            },
            "autoscaling.existingTriggerAuthentication",
        ),
    ],
)
def test_wrong_values_are_named(helm, wrong, words):
    done = helm.template(values(wrong))
    assert done.returncode != 0
    assert words in done.stderr


def test_a_service_may_change_one_number_of_one_probe(helm):
    done = helm.template(values({"catalog": {"overrides": {"probes": {"liveness": {"timeoutSeconds": 20}}}}}))
    assert done.returncode == 0, done.stderr
    sets = of_kind(documents(done.stdout), "StatefulSet")
    (usual,) = sets["shop-shopsync-janitor"]["spec"]["template"]["spec"]["containers"]
    (changed,) = sets["shop-shopsync-catalog"]["spec"]["template"]["spec"]["containers"]
    assert changed["livenessProbe"] == usual["livenessProbe"] | {"timeoutSeconds": 20}
    assert changed["startupProbe"] == usual["startupProbe"]
    assert changed["readinessProbe"] == usual["readinessProbe"]


def test_the_pod_for_commands_ends_when_it_is_told_to(rendered):
    """As process 1, which is given no signal that it only waits for: like one whose parent ignored the signal."""
    (one,) = of_kind(rendered("a pod for commands"), "Deployment").values()
    (container,) = one["spec"]["template"]["spec"]["containers"]
    assert container["command"][0] == "/app/.venv/bin/python"
    ours = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a child inherits that
    try:
        waiting = subprocess.Popen([sys.executable, *container["command"][1:]])
    finally:
        signal.signal(signal.SIGTERM, ours)
    try:
        for _ in range(200):  # it may not have come to its waiting yet
            waiting.send_signal(signal.SIGTERM)
            if waiting.poll() is not None:
                break
            time.sleep(0.1)
        assert waiting.poll() == 0
    finally:
        waiting.kill()
        waiting.wait()
