"""All checks, in the order of the table."""

from shopsync_cli.doctor import (
    acls_check,
    clocks_check,
    futureshop_check,
    groups_check,
    indexes_check,
    kafka_check,
    mongo_check,
    restored_check,
    roles_check,
    tiktok_check,
    topics_check,
)
from shopsync_cli.doctor.model import Check

_KAFKA, _MONGO, _BOTH = ("kafka",), ("mongo",), ("kafka", "mongo")

CHECKS: tuple[Check, ...] = (
    Check("kafka", "Kafka", kafka_check.check, _KAFKA),
    Check("topics", "Kafka", topics_check.check, _KAFKA),
    Check("acls", "Kafka", acls_check.check, _KAFKA),
    Check("groups", "services", groups_check.check, _KAFKA),
    Check("versions", "services", groups_check.check_versions, _KAFKA),
    Check("services", "services", tiktok_check.check_services),
    Check("mongo", "MongoDB", mongo_check.check, _MONGO),
    Check("indexes", "MongoDB", indexes_check.check, _MONGO),
    Check("roles", "MongoDB", roles_check.check, _MONGO),
    Check("restored", "MongoDB", restored_check.check, _BOTH),
    Check("clock-kafka", "clocks", clocks_check.check_kafka, _KAFKA),
    Check("clock-mongo", "clocks", clocks_check.check_mongo, _MONGO),
    Check("futureshop", "outside", futureshop_check.check),
    Check("tiktok", "outside", tiktok_check.check, _MONGO),
    Check("publisher", "outside", tiktok_check.check_publisher),
)
