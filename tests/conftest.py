"""What tests share that run services in their own process."""

import logging

import pytest
import structlog


@pytest.fixture
def quiet_logs():
    """Services in this process talk a lot; only what is wrong is of interest."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    talkers = [logging.getLogger(name) for name in ("faststream", "faststream.kafka", "aiokafka", "httpx")]
    levels = [talker.level for talker in talkers]
    for talker in talkers:
        talker.setLevel(logging.CRITICAL)
    yield
    for talker, level in zip(talkers, levels, strict=True):
        talker.setLevel(level)
    structlog.configure(**before)
