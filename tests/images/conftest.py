import pytest
from docker_engine import base, engine
from image_builds import Images


@pytest.fixture(scope="session")
def docker():
    """An engine with the base of the images."""
    with engine() as found:
        base(found)
        yield found


@pytest.fixture(scope="session")
def images(docker):
    return Images(docker)
