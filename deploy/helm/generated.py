# ruff: noqa: INP001 - a script
"""Writes what the chart takes from code (`make generated`): topics, groups, rights, roles, alerts, the schema."""

import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

import console.app
from catalog.settings import CatalogSettings
from console.settings import ConsoleSettings
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from shopsync_contracts import TOPICS
from shopsync_contracts.access import GROUPS, PRINCIPALS, Principal
from shopsync_runtime import Runtime
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.settings_help import show
from shopsync_runtime.settings_variables import is_secret, variable_of

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "shopsync"
SERVICES: dict[str, type[BaseSettings]] = {
    "ingestor": IngestorSettings,
    "catalog": CatalogSettings,
    "publisher": PublisherSettings,
    "janitor": JanitorSettings,
    "console": ConsoleSettings,
}
_NOTE = "# Written by `make generated`. Do not change it here.\n"

FROM_VALUES = {
    "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": "kafka.bootstrapServers",
    "SHOPSYNC_KAFKA_SECURITY_PROTOCOL": "kafka.securityProtocol",
    "SHOPSYNC_KAFKA_SASL_MECHANISM": "kafka.saslMechanism",
    "SHOPSYNC_KAFKA_USERNAME": "SERVICE.kafka.username",
    "SHOPSYNC_KAFKA_PASSWORD": "SERVICE.kafka.existingSecret",
    "SHOPSYNC_KAFKA_TOKEN_FILE": "SERVICE.kafka.existingSecret, kafka.serviceAccountToken",
    "SHOPSYNC_KAFKA_CA_FILE": "kafka.ca",
    "SHOPSYNC_KAFKA_CERTIFICATE_FILE": "kafka.clientCertificate",
    "SHOPSYNC_KAFKA_KEY_FILE": "kafka.clientCertificate",
    "SHOPSYNC_KAFKA_KEY_PASSWORD": "kafka.secretKeys.keyPassword",
    "SHOPSYNC_MONGO_URI": "mongo.hosts, mongo.options, mongo.secretKeys.uri",
    "SHOPSYNC_MONGO_PASSWORD": "SERVICE.mongo.existingSecret",
    "SHOPSYNC_MONGO_DATABASE": "mongo.database",
    "SHOPSYNC_MONGO_CA_FILE": "mongo.ca",
    "SHOPSYNC_MONGO_CERTIFICATE_FILE": "mongo.secretKeys.certificate",
    "SHOPSYNC_HTTP_PROXY": "http.proxy, http.existingSecret",
    "SHOPSYNC_HTTP_NO_PROXY": "http.noProxy",
    "SHOPSYNC_HTTP_CA_FILE": "http.ca",
    "SHOPSYNC_TOPIC_PREFIX": "kafka.topicPrefix",
    "SHOPSYNC_HTTP_HOST": "httpHost",
    "SHOPSYNC_HTTP_PORT": "always 8080",
    "SHOPSYNC_INSTANCE_ID": "the pod's name",
    "SHOPSYNC_SHUTDOWN_GRACE": "defaults.shutdownGraceSeconds",
    "INGESTOR_SHOPS_FILE": "ingestor.shops",
    "INGESTOR_MAPPING_FILE": "ingestor.mapping.existingConfigMap",
    "PUBLISHER_TIKTOK_APP_KEY": "publisher.tiktok.appKey",
    "PUBLISHER_TIKTOK_APP_SECRET": "publisher.tiktok.existingSecret",
    "PUBLISHER_TIKTOK_SERVICE_ID": "publisher.tiktok.serviceId",
    "PUBLISHER_TOKEN_KEY": "publisher.tiktok.existingSecret",
    "PUBLISHER_WEBHOOK_URL": "publisher.tiktok.webhookUrl, publisher.ingress.host",
    "PUBLISHER_INTERNAL_TOKEN": "console.token",
    "PUBLISHER_CONSOLE_URL": "console.publicUrl, console.ingress.host",
    "CONSOLE_PUBLIC_URL": "console.publicUrl, console.ingress.host",
    "CONSOLE_PUBLISHER_URL": "the publisher's Service",
    "CONSOLE_PUBLISHER_TOKEN": "console.token",
}
"""Variables that a value of the chart gives. All others are given by their own names, under `settings`."""

# Parts of the values that hold what Kubernetes takes there, or names of the user's own.
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_ANY_OBJECT = {"type": "object"}
_OBJECTS = {"type": "array", "items": {"type": "object"}}
# A user with a password belongs into a Secret.
_WITHOUT_LOGIN = {"type": "string", "pattern": "^[^@]*$"}
_SELECTORS = ("namespaceSelector", "podSelector", "ipBlock")
_PEERS = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {name: {"type": "object"} for name in _SELECTORS},
    },
}
_FREE: dict[str, dict[str, Any]] = {
    "commonLabels": _TEXTS,
    "commonAnnotations": _TEXTS,
    "podLabels": _TEXTS,
    "podAnnotations": _TEXTS,
    "annotations": _TEXTS,
    "labels": _TEXTS,
    "certificates": {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "string", "minLength": 1} for name in (*SERVICES, "operator")},
    },
    "bootstrapServers": {"type": "string", "pattern": "^([^,\\s@]+:[0-9]{1,5}(,\\s*[^,\\s@]+:[0-9]{1,5})*)?$"},
    "topicPrefix": {"type": "string", "pattern": "^[a-zA-Z0-9._-]{1,100}$"},
    "nodeSelector": _TEXTS,
    "affinity": _ANY_OBJECT,
    "resources": _ANY_OBJECT,
    "pullSecrets": _OBJECTS,
    "tolerations": _OBJECTS,
    "extraEnv": _OBJECTS,
    "triggers": _OBJECTS,
    "prometheus": _PEERS,
    "webhooks": _PEERS,
    "merchants": _PEERS,
    "to": _PEERS,
    "extraEgress": _OBJECTS,
    "extraIngress": _OBJECTS,
    "ports": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65535}},
    # None at all, and no node could be emptied.
    "maxUnavailable": {"type": ["integer", "string"], "minimum": 1, "pattern": "^([1-9][0-9]?|100)%$"},
    "topologySpread": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["topologyKey", "whenUnsatisfiable"],
            "properties": {
                "topologyKey": {"type": "string"},
                "whenUnsatisfiable": {"enum": ["ScheduleAnyway", "DoNotSchedule"]},
            },
        },
    },
    "scheduled": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "schedule", "command"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z0-9-]{1,20}$"},
                "schedule": {"type": "string"},
                "timeZone": {"type": "string"},
                "command": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "activeDeadlineSeconds": {"type": "integer", "minimum": 1},
            },
        },
    },
    "proxy": _WITHOUT_LOGIN,
    "hosts": _WITHOUT_LOGIN,
    "extraUsers": {"type": "array", "items": {"enum": [one.name for one in PRINCIPALS]}},
}
_CHOICES: dict[str, list[str]] = {
    "pullPolicy": ["Always", "IfNotPresent", "Never"],
    "securityProtocol": ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
    "saslMechanism": ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER"],
    "scheme": ["mongodb", "mongodb+srv"],
    "setup.topics": ["job", "strimzi", "none"],
    "setup.users": ["job", "strimzi", "none"],
    "authentication": ["scram-sha-512", "tls", "tls-external"],
    "service.type": ["ClusterIP", "NodePort", "LoadBalancer"],
}
_LEAST = {"expirationSeconds": 600}  # Kubernetes takes no less
_ZERO_IS_GOOD = {"replicas", "maxReplicas", "preStopSleepSeconds", "backoffLimit", "scaleDownStabilizationSeconds"}


def main() -> None:
    """Write every file of the chart that comes from code."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def files() -> dict[Path, str]:
    """The files, by path."""
    return {
        CHART / "files" / "topics.yaml": _yaml(topics()),
        CHART / "files" / "groups.yaml": _yaml(groups()),
        CHART / "files" / "principals.yaml": _yaml({one.name: acls(one) for one in PRINCIPALS}),
        CHART / "files" / "roles.json": (ROOT / "deploy" / "mongo" / "roles.json").read_text(encoding="utf-8"),
        CHART / "files" / "alerts.yaml": (ROOT / "deploy" / "prometheus" / "shopsync.rules.yaml").read_text(
            encoding="utf-8"
        ),
        CHART / "files" / "console-paths.yaml": _yaml(console_paths()),
        CHART / "values.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        CHART / "Chart.yaml": with_version((CHART / "Chart.yaml").read_text(encoding="utf-8")),
    }


def _yaml(content: Any) -> str:
    return _NOTE + str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def console_paths() -> list[dict[str, str]]:
    """What an Ingress leads to the console: the first part of each of its routes, and the front door."""
    common = CommonSettings(kafka_bootstrap_servers="localhost:9092", mongo_uri="mongodb://localhost")
    runtime = Runtime("console", common)
    console.app.build(runtime, ConsoleSettings())
    (mounted,) = runtime.routes
    paths = {route.path for route in mounted.app.routes}  # type: ignore[attr-defined]
    first = sorted({f"/{path.split('/')[1]}" for path in paths} - {"/"})
    return [{"path": "/", "pathType": "Exact"}, *({"path": path, "pathType": "Prefix"} for path in first)]


def topics() -> list[dict[str, Any]]:
    """Every topic without its prefix, as a KafkaTopic needs it."""
    return [{"name": spec.name, "partitions": spec.partitions, "config": spec.config()} for spec in TOPICS]


def groups() -> dict[str, list[dict[str, Any]]]:
    """The consumer groups of each service, with the partitions that a member can have one of."""
    found: dict[str, list[dict[str, Any]]] = {service: [] for service in SERVICES}
    for one in GROUPS:
        partitions = max(spec.partitions for spec in one.topics)
        found[one.service].append(
            {"group": one.name, "topics": [spec.name for spec in one.topics], "partitions": partitions}
        )
    return found


def acls(principal: Principal) -> list[dict[str, Any]]:
    """Rights as a KafkaUser names them, one entry per resource; names without `<prefix>.`."""
    found: dict[tuple[str, str, str], list[str]] = {}
    mark = "?"
    for acl in principal.acls(mark):
        name = acl.name.removeprefix(f"{mark}.")
        found.setdefault((acl.resource, name, acl.pattern), []).append(acl.operation)
    return [
        {
            "resource": resource,
            "name": name,
            "pattern": {"prefixed": "prefix"}.get(pattern, pattern),
            "operations": given,
        }
        for (resource, name, pattern), given in found.items()
    ]


def with_version(chart: str) -> str:
    """Chart.yaml with the version of everything."""
    manifest = tomllib.loads((ROOT / "libs" / "contracts" / "pyproject.toml").read_text(encoding="utf-8"))
    version = manifest["project"]["version"]
    chart = re.sub(r"^version: .*$", f"version: {version}", chart, flags=re.MULTILINE)
    return re.sub(r"^appVersion: .*$", f'appVersion: "{version}"', chart, flags=re.MULTILINE)


def schema() -> dict[str, Any]:
    """Of values.yaml: its keys and no others, the types of its values, and every variable under `settings`."""
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    made = _object(values, (), descriptions(text))
    parts = made["properties"]
    shared = {"settings": _settings([CommonSettings]), "pods": parts["defaults"]}
    parts["settings"] = {"$ref": "#/definitions/settings"}
    parts["defaults"] = {"$ref": "#/definitions/pods"}
    parts["global"] = _ANY_OBJECT  # Helm passes it to every chart
    for service, cls in SERVICES.items():
        parts[service]["properties"]["settings"] = _settings([cls, CommonSettings])
        parts[service]["properties"]["overrides"] = {"$ref": "#/definitions/pods"}
    draft = "http://json-schema.org/draft-07/schema#"
    return {"$schema": draft, "title": "Values of the chart shopsync", "definitions": shared, **made}


def _settings(classes: list[type[BaseSettings]]) -> dict[str, Any]:
    """Variables that no value of the chart gives; the common ones are told once."""
    own = {variable: one for cls in classes for variable, one in settings(cls).items()}
    if len(classes) > 1:
        own |= {name: {"$ref": f"#/definitions/settings/properties/{name}"} for name in settings(CommonSettings)}
    return {"type": "object", "additionalProperties": False, "properties": own}


def _object(values: dict[str, Any], path: tuple[str, ...], told: dict[tuple[str, ...], str]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _value(value, (*path, key), told) for key, value in values.items()},
    }


def _value(value: Any, path: tuple[str, ...], told: dict[tuple[str, ...], str]) -> dict[str, Any]:
    meaning = {"description": told[path]} if path in told else {}
    return {**meaning, **_kind(value, path, told)}


def _kind(value: Any, path: tuple[str, ...], told: dict[tuple[str, ...], str]) -> dict[str, Any]:
    key, dotted = path[-1], ".".join(path)
    choices = next((one for name, one in _CHOICES.items() if dotted == name or dotted.endswith(f".{name}")), None)
    if choices is not None:
        return {"enum": choices}
    if path[:-1] == ("image", "digests"):
        return {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"}
    if key == "secretKeys" and not value:
        return {"type": "object", "additionalProperties": False, "properties": _keys(path[-2])}
    if key in _FREE and not (isinstance(value, dict) and value and key != "resources"):
        return _FREE[key]
    return _object(value, path, told) if isinstance(value, dict) else _scalar(key, value)


def _scalar(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer", "minimum": _LEAST.get(key, 0 if key in _ZERO_IS_GOOD else 1)}
    return {"type": "string"}


def _keys(link: str) -> dict[str, Any]:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return {key: {"type": "string"} for key in values[link]["secretKeys"]}


def descriptions(text: str) -> dict[tuple[str, ...], str]:
    """What the comments above the keys of values.yaml say, by path."""
    found: dict[tuple[str, ...], str] = {}
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if match := re.match(r"^( *)# ?(?:-- )?(.*)$", line):
            comment.append(match[2])
        elif match := re.match(r"^( *)([A-Za-z]\w*):", line):
            path = [one for one in path if one[0] < len(match[1])] + [(len(match[1]), match[2])]
            if comment:
                found[tuple(name for _, name in path)] = " ".join(comment)
            comment = []
        else:
            comment = []
    return found


def settings(cls: type[BaseSettings]) -> dict[str, Any]:
    """The schema of each variable that no value of the chart gives."""
    return {
        variable: _variable(field)
        for name, field in cls.model_fields.items()
        if (variable := variable_of(cls, name)) not in FROM_VALUES
        if not is_secret(cls, name)
    }


def _variable(field: FieldInfo) -> dict[str, Any]:
    default = show(field.get_default(call_default_factory=True, validated_data={})) if not field.is_required() else ""
    meaning = f"{field.description}{f' (default {default})' if default else ''}"
    return {"description": meaning, **_of_type(field.annotation)}


def _of_type(annotation: Any) -> dict[str, Any]:
    if get_origin(annotation) in {Union, UnionType}:
        return _of_type(next(one for one in get_args(annotation) if one is not type(None)))
    if get_origin(annotation) is Literal:
        return {"enum": list(get_args(annotation))}
    return _TYPES.get(annotation, {"type": "string"})


_TYPES: dict[Any, dict[str, Any]] = {
    bool: {"enum": [True, False, "true", "false"]},
    int: {"type": ["integer", "string"], "pattern": "^[0-9]+$"},
    float: {"type": ["number", "string"], "pattern": r"^[0-9]+(\.[0-9]+)?$"},
    timedelta: {"type": ["integer", "string"], "pattern": r"^([0-9]+(\.[0-9]+)? *(ms|s|m|h|d)?|P.+)$"},
}


if __name__ == "__main__":
    main()
