from catalog.app import build
from catalog.settings import CatalogSettings
from shopsync_runtime import run_service

HTTP_PORT = 8082


def main() -> None:
    """Run the catalog until SIGTERM."""
    run_service("catalog", CatalogSettings, build, default_http_port=HTTP_PORT)


if __name__ == "__main__":
    main()
