"""The console as a process."""

from console.app import build
from console.settings import ConsoleSettings
from shopsync_runtime import run_service


def main() -> None:
    """Run the console until SIGTERM."""
    run_service("console", ConsoleSettings, build, default_http_port=8085)


if __name__ == "__main__":
    main()
