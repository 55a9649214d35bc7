"""What runs longer than the gate allows: `make test-upgrade`. The golden documents are in the gate."""

import pytest
from older_version import OLDER, tree_of


@pytest.fixture(scope="session")
def older() -> str:
    """The interpreter that has the older version's services."""
    return str(tree_of(OLDER) / ".venv" / "bin" / "python")
