"""The parts that the AsyncAPI documents share: messages, keys, headers, servers."""

import json
from typing import Any

from shopsync_contracts.envelope import BodyType, ProductBody
from shopsync_contracts.examples import example
from shopsync_contracts.limits import MAX_KEY_BYTES, MAX_SUBJECT

Json = dict[str, Any]

TOMBSTONE = "tombstone"
DEAD_LETTER = "dead-letter"
_CONTENT_TYPE = "application/cloudevents+json"
_BINDING = "0.5.0"

SERVERS: Json = {
    "plain": {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "Kafka inside a trusted network, and the sandbox",
        "variables": {"bootstrap": {"default": "localhost:9092", "description": "host:port of a broker"}},
    },
    "secured": {
        "host": "{bootstrap}",
        "protocol": "kafka-secure",
        "description": "Kafka by TLS. Which way to log in, and the user's name, is the operator's to say.",
        "variables": {"bootstrap": {"default": "kafka.example.com:9093", "description": "host:port of a broker"}},
        "security": [
            {"$ref": f"#/components/securitySchemes/{name}"}
            for name in ("scramSha512", "scramSha256", "plain", "certificate")
        ],
    },
}

SECURITY_SCHEMES: Json = {
    "scramSha512": {"type": "scramSha512", "description": "SASL_SSL with SCRAM-SHA-512"},
    "scramSha256": {"type": "scramSha256", "description": "SASL_SSL with SCRAM-SHA-256"},
    "plain": {"type": "plain", "description": "SASL_SSL with PLAIN"},
    "certificate": {"type": "X509", "description": "SSL with a client certificate"},
}

DEAD_LETTER_HEADERS = {
    "x-topic": "the topic that the message was read from",
    "x-partition": "its partition there",
    "x-offset": "its offset there",
    "x-service": "the service that refused it",
    "x-error-type": "the reason in one word",
    "x-error": "the reason in words: each member at fault, its limit and its value",
    "x-failed-at": "when, RFC 3339",
    "x-null-value": "`true` where the message had neither key nor value: the letter's value is empty then, not null",
    "x-left-out": "parts of the message that are not in the letter because it would be too large",
    "x-value-bytes": "the length of a value that was left out",
    "x-redriven-from": "on a mark of a redrive: place of the letter, TOPIC/PARTITION@OFFSET",
    "x-redriven-to": "on a mark of a redrive: place where the message is now",
    "x-redriven-at": "on a mark of a redrive: when, RFC 3339",
}


def message_name(body: BodyType) -> str:
    """The name of an event type in the documents, such as `product.changed.v1`."""
    return f"{body.TYPE}.{body.VERSION}"


def message(body: BodyType, payload: Json) -> Json:
    """The message component of an event type."""
    summary, _, more = (body.__doc__ or "").strip().partition("\n\n")
    return {
        "name": body.wire_type(),
        "title": message_name(body),
        "summary": " ".join(summary.split()),
        **({"description": " ".join(more.split())} if more else {}),
        "contentType": _CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": payload,
        "bindings": _keyed("product-key" if issubclass(body, ProductBody) else "shop-key"),
        "examples": [{"name": message_name(body), "payload": json.loads(example(body))}],
    }


def tombstone() -> Json:
    """The null value of a deleted product."""
    return {
        "name": TOMBSTONE,
        "title": TOMBSTONE,
        "summary": "A null value: what had this key was deleted.",
        "payload": {"type": "null"},
        "bindings": _keyed("product-key"),
    }


def dead_letter() -> Json:
    """A message that can never be accepted, and why."""
    headers = {name: {"type": "string", "description": text} for name, text in DEAD_LETTER_HEADERS.items()}
    return {
        "name": DEAD_LETTER,
        "title": DEAD_LETTER,
        "summary": "A message that can never be accepted, byte for byte, with the reason in its headers.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": headers},
        "payload": {"description": "the bytes of the original message; empty on the mark of a redrive"},
        "bindings": {"kafka": {"key": {"description": "the original key"}, "bindingVersion": _BINDING}},
    }


def key_schemas() -> Json:
    """Keys and headers that the messages refer to."""
    return {
        "product-key": {
            "type": "string",
            "description": "{shop_key}/{product_no} in UTF-8, equal to the subject",
            "pattern": "^[^/]+/[^/]+$",
            "maxLength": MAX_SUBJECT,
            "examples": ["demo/A-100"],
        },
        "shop-key": {
            "type": "string",
            "description": "{shop_key} in UTF-8, equal to the subject",
            "pattern": "^[^/]+$",
            "maxLength": MAX_KEY_BYTES,
            "examples": ["demo"],
        },
        "headers": {
            "type": "object",
            "properties": {
                "content-type": {
                    "type": "string",
                    "description": "may be missing: the value says everything",
                    "examples": [f"{_CONTENT_TYPE}; charset=UTF-8"],
                },
                "traceparent": {
                    "type": "string",
                    "description": "W3C trace context of a message whose envelope has none; shopsync writes it there",
                },
            },
        },
    }


def _keyed(name: str) -> Json:
    return {"kafka": {"key": {"$ref": f"#/components/schemas/{name}"}, "bindingVersion": _BINDING}}
