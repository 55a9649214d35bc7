def consumer_group(prefix: str, service: str, name: str) -> str:
    """Kafka consumer group of one subscription, `shopsync.catalog.products`.

    Groups carry the topic prefix, so that two environments on one cluster never share a group.
    """
    return f"{prefix}.{service}.{name}"
