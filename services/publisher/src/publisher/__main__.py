from shopsync_runtime import run_service

from publisher.app import build
from publisher.settings import PublisherSettings


def main() -> None:
    """Run the publisher until SIGTERM."""
    run_service("publisher", PublisherSettings, build, default_http_port=8083)


if __name__ == "__main__":
    main()
