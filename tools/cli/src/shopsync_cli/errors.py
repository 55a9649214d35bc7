"""What can go wrong on the command line. Each becomes one line on stderr and an exit code.

- CommandFailed        exit code 1: the call was right, the work was not done
  - Unreachable        Kafka or MongoDB does not answer
  - MayNot             the user lacks a right on Kafka
- WrongCall            exit code 2: an argument, an option or a setting is missing or wrong
  - NotGiven           neither an option nor a variable names it; what can do without it goes on
"""


class CommandFailed(Exception):
    """The work could not be done. The text is one line: what failed, and what helps."""

    exit_code = 1


class Unreachable(CommandFailed):
    """No answer from the address in the text."""


class MayNot(CommandFailed):
    """The user lacks a right. `what`: which, as far as the cluster says; `do`: what helps."""

    def __init__(self, what: str, do: str) -> None:
        self.what, self.do = what, do
        super().__init__(f"{what}; {do}")


class WrongCall(CommandFailed):
    """The command cannot be understood as given."""

    exit_code = 2


class NotGiven(WrongCall):
    """What has to be named is not named at all, and nothing else is wrong."""
