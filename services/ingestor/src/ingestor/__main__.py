from ingestor.app import build
from ingestor.settings import IngestorSettings
from shopsync_runtime import run_service


def main() -> None:
    """Run the ingestor until SIGTERM."""
    run_service("ingestor", IngestorSettings, build, default_http_port=8081)


if __name__ == "__main__":
    main()
