from typing import Any

import pytest
from pymongo import AsyncMongoClient
from tool_database import ToolDatabase


@pytest.fixture
def tool(mongo_client: AsyncMongoClient[dict[str, Any]], mongo_database: str) -> ToolDatabase:
    return ToolDatabase(mongo_client[mongo_database])
