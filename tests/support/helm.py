"""Helm, and the chart with values to try it with."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from kubernetes_programs import HELM, program

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "shopsync"

REQUIRED: dict[str, Any] = {
    "kafka": {"bootstrapServers": "kafka:9092"},
    "mongo": {"hosts": "mongo-0:27017,mongo-1:27017"},
    "ingestor": {"shops": {"existingSecret": "shops"}, "mongo": {"existingSecret": "mongo-ingestor"}},
    "catalog": {"mongo": {"existingSecret": "mongo-catalog"}},
    "publisher": {
        "tiktok": {"appKey": "app", "existingSecret": "tiktok"},
        "mongo": {"existingSecret": "mongo-publisher"},
    },
    "janitor": {"mongo": {"existingSecret": "mongo-janitor"}},
    "console": {
        "publicUrl": "https://console.example.com",
        "token": {"existingSecret": "console"},
        "mongo": {"existingSecret": "mongo-console"},
    },
    "setup": {"mongo": {"existingSecret": "mongo-root"}},
    "operator": {"mongo": {"existingSecret": "mongo-operator"}},
}
"""What nobody can leave out."""

_USERS = ("ingestor", "catalog", "publisher", "janitor", "console", "operator", "setup")


def _each(part: Mapping[str, Any], names: Sequence[str] = _USERS) -> dict[str, Any]:
    return {name: deepcopy(part) for name in names}


_SERVICES = _USERS[:5]
_SCALED = _USERS[:4]
PARTS: dict[str, dict[str, Any]] = {
    "nothing more": {},
    "scram over tls": {
        "kafka": {"securityProtocol": "SASL_SSL", "ca": {"existingSecret": "kafka-ca"}},
        **_each({"kafka": {"existingSecret": "kafka-user"}}),
    },
    "client certificates": {
        "kafka": {
            "securityProtocol": "SSL",
            "clientCertificate": True,
            "ca": {"existingConfigMap": "authorities"},
            "secretKeys": {"keyPassword": "user.password"},
        },
        **_each({"kafka": {"existingSecret": "kafka-user"}}),
    },
    "tokens of the service accounts": {
        "kafka": {
            "securityProtocol": "SASL_SSL",
            "saslMechanism": "OAUTHBEARER",
            "serviceAccountToken": {"enabled": True},
        }
    },
    "tokens in secrets": {
        "kafka": {"securityProtocol": "SASL_SSL", "saslMechanism": "OAUTHBEARER"},
        **_each({"kafka": {"existingSecret": "kafka-user"}}),
    },
    "mongodb with certificates": {
        "mongo": {
            "options": "replicaSet=rs0&authMechanism=MONGODB-X509&authSource=$external",
            "ca": {"existingSecret": "mongo-ca"},
            "secretKeys": {"password": "", "certificate": "tls-combined.pem"},
        },
        "setup": {"mongo": {"enabled": False}},
    },
    "mongodb users by certificate": {
        "mongo": {"options": "replicaSet=rs0&tls=true", "secretKeys": {"certificate": "client.pem"}},
        "setup": {"mongo": {"certificates": {"janitor": "CN=janitor,O=example"}}},
        "janitor": {"mongo": {"secretKeys": {"password": ""}}},
    },
    "connection strings": {
        "mongo": {"hosts": "", "secretKeys": {"uri": "connectionString", "password": ""}},
        "setup": {"mongo": {"enabled": False}},
    },
    "one secret of passwords": _each({"mongo": {"existingSecret": "mongo"}})
    | {name: {"mongo": {"existingSecret": "mongo", "secretKeys": {"password": name}}} for name in _SERVICES},
    "a proxy": {"http": {"proxy": "http://proxy:3128", "noProxy": "localhost,.svc"}},
    "a proxy with a password": {"http": {"existingSecret": "proxy", "ca": {"existingConfigMap": "authorities"}}},
    "strimzi": {
        "kafka": {"securityProtocol": "SASL_SSL", "ca": {"existingSecret": "shops-cluster-ca-cert"}},
        "setup": {"topics": "strimzi", "users": "strimzi"},
        "strimzi": {"cluster": "shops"},
    },
    "rights by the job": {
        "kafka": {"securityProtocol": "SASL_PLAINTEXT"},
        "setup": {"users": "job"},
        **_each({"kafka": {"existingSecret": "kafka-user", "username": "svc"}}, (*_SERVICES, "setup")),
    },
    "no setup": {"setup": {"topics": "none", "mongo": {"enabled": False}}},
    "autoscaling": _each({"autoscaling": {"enabled": True}}, _SCALED),
    "autoscaling with a login": {
        "kafka": {"securityProtocol": "SASL_SSL", "ca": {"existingSecret": "kafka-ca"}},
        "autoscaling": {"existingSecret": "kafka-operator"},
        **_each({"kafka": {"existingSecret": "kafka-user"}}),
        **_each({"autoscaling": {"enabled": True}, "kafka": {"existingSecret": "kafka-user"}}, _SCALED),
    },
    "autoscaling without a login": {
        "kafka": {"securityProtocol": "SSL"},
        "catalog": {"autoscaling": {"enabled": True}},
    },
    "autoscaling by a certificate": {
        "kafka": {
            "securityProtocol": "SSL",
            "clientCertificate": True,
            "ca": {"existingConfigMap": "authorities"},
            "secretKeys": {"keyPassword": "user.password"},
        },
        **_each({"kafka": {"existingSecret": "kafka-user"}}),
        "catalog": {"autoscaling": {"enabled": True}, "kafka": {"existingSecret": "kafka-user"}},
    },
    "autoscaling with strimzi": {
        "kafka": {"securityProtocol": "SASL_SSL", "ca": {"existingSecret": "shops-cluster-ca-cert"}},
        "setup": {"topics": "strimzi", "users": "strimzi"},
        "strimzi": {"cluster": "shops"},
        "catalog": {"autoscaling": {"enabled": True}},
    },
    "monitoring": {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}},
    "ingress": {"publisher": {"ingress": {"enabled": True, "host": "shops.example.com", "tlsSecret": "tls"}}},
    "the console's ingress": {
        "console": {
            "publicUrl": "",
            "ingress": {"enabled": True, "host": "console.example.com", "tlsSecret": "console-tls"},
        }
    },
    "no network policies": {"networkPolicy": {"enabled": False}},
    "no budgets": _each({"podDisruptionBudget": {"enabled": False}}, _SERVICES),
    "scheduled checks": {"scheduled": [{"name": "topics", "schedule": "0 6 * * *", "command": ["topics", "check"]}]},
    "a pod for commands": {"operator": {"pod": True}},
    "names and placement": {
        "nameOverride": "shops",
        "commonLabels": {"team": "shops"},
        "commonAnnotations": {"owner": "shops"},
        "image": {"registry": "registry.example.com/shops", "digests": {"catalog": "sha256:" + "0" * 64}},
        "defaults": {
            "podAnnotations": {"a": "b"},
            "nodeSelector": {"disk": "fast"},
            "tolerations": [{"key": "shops", "operator": "Exists"}],
            "affinity": {"nodeAffinity": {}},
            "priorityClassName": "high",
        },
        "janitor": {"overrides": {"priorityClassName": "low", "topologySpread": [], "tolerations": []}},
    },
    "settings": {
        "settings": {"SHOPSYNC_LOG_LEVEL": "DEBUG", "SHOPSYNC_SANDBOX": True},
        "extraEnv": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector:4318"}],
        "catalog": {"settings": {"SHOPSYNC_SANDBOX": False, "CATALOG_MAX_RECORDS": 100}},
        "publisher": {"settings": {"PUBLISHER_IMAGE_MAX_BYTES": 33554432, "PUBLISHER_REQUESTS_PER_SECOND": 0.5}},
        "ingestor": {
            "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/etc/shopsync/kafka-ca.crt"}],
            "mapping": {"existingConfigMap": "mapping"},
        },
    },
}
"""Every optional part of the chart, each by itself; the rest of the values is `REQUIRED`."""


def values(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """`REQUIRED` and these, later ones first."""
    joined = deepcopy(REQUIRED)
    for part in parts:
        _join(joined, part)
    return joined


def _join(into: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _join(into[key], value)
        else:
            into[key] = deepcopy(value)


class Helm:
    """The command, with folders of its own."""

    def __init__(self, folder: Path, kubeconfig: Path | None = None) -> None:
        self._program, self._folder = program(HELM), folder
        self._kubeconfig = kubeconfig

    def run(self, *arguments: str, given: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
        """`helm ARGUMENTS`, values on its standard input."""
        homes = {f"HELM_{kind}_HOME": str(self._folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
        kubeconfig = {"KUBECONFIG": str(self._kubeconfig or self._folder / "none")}
        return subprocess.run(
            [str(self._program), *arguments, *([] if given is None else ["--values", "-"])],
            input=None if given is None else json.dumps(given),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder), **homes, **kubeconfig},
        )

    def template(self, given: Mapping[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
        """What the chart makes of the values on the oldest Kubernetes that it is for: YAML documents, hooks too."""
        oldest = ("--kube-version", "1.30.0")
        return self.run("template", "shop", str(CHART), "--namespace", "shops", *oldest, *options, given=given)
