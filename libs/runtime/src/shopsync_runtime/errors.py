"""Why something did not work, split by what helps.

- RuntimeFailure
  - RetryableError     may pass by itself: wait and try again, lose nothing
    - LeaseLost        another replica holds the lease now
    - ShuttingDown     the process ends while a message waits
  - PermanentError     this message can never succeed: dead letter
  - OperationalError   an operator has to do something
    - SettingsError    an environment variable is missing or wrong
    - StartError       something the service needs is not there
"""


class RuntimeFailure(Exception):
    """Base of what the runtime and the services raise on purpose."""


class RetryableError(RuntimeFailure):
    """Something outside is away or busy. The batch is taken again later; nothing is committed, nothing is lost."""


class LeaseLost(RetryableError):
    """The lease ran out or was taken over before the work was done."""


class PermanentError(RuntimeFailure):
    """The message can never be handled. The text becomes the dead letter's reason, so write it for an operator."""


class OperationalError(RuntimeFailure):
    """Nothing but an operator's action helps."""


class SettingsError(OperationalError):
    """Environment variables are missing or wrong. The text names each and never shows a secret's value."""


class StartError(OperationalError):
    """Kafka, MongoDB or a topic was not there within the start time."""
