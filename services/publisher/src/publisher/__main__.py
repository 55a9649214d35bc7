from publisher.app import build
from publisher.settings import PublisherSettings
from shopsync_runtime import run_service


def main() -> None:
    """Run the publisher until SIGTERM."""
    run_service("publisher", PublisherSettings, build, default_http_port=8083)


if __name__ == "__main__":
    main()
