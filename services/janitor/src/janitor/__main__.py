from janitor.app import build
from janitor.settings import JanitorSettings
from shopsync_runtime import run_service


def main() -> None:
    """Run the janitor until SIGTERM."""
    run_service("janitor", JanitorSettings, build, default_http_port=8084)


if __name__ == "__main__":
    main()
