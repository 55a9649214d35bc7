import pytest
from docker_engine import base, engine


@pytest.fixture(scope="session")
def docker():
    """An engine with the base of the images."""
    with engine() as found:
        base(found)
        yield found
