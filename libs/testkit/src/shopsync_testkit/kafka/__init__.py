"""A Kafka broker for tests and the demo, from whatever this machine offers.

`async with kafka.broker() as broker:` gives a running broker with an empty (external: untouched) set of topics.
"""

from shopsync_testkit.kafka.broker import Broker, broker, start_broker
from shopsync_testkit.kafka.capabilities import CAPABILITIES

__all__ = ["CAPABILITIES", "Broker", "broker", "start_broker"]
