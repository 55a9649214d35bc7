"""A Kafka broker for tests and the demo, from whatever this machine offers.

`async with kafka.broker() as broker:` starts one without topics. An external broker keeps its own.
"""

from shopsync_testkit.kafka.broker import Broker, broker, start_broker
from shopsync_testkit.kafka.capabilities import CAPABILITIES

__all__ = ["CAPABILITIES", "Broker", "broker", "start_broker"]
