import pytest_asyncio

from shopsync_accounts import Accounts


@pytest_asyncio.fixture
async def accounts(mongo_client, mongo_database):
    store = Accounts(mongo_client[mongo_database])
    await store.ensure_indexes()
    return store
