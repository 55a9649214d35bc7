import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from shopsync_testkit import mongo
from shopsync_testkit.backends import Unavailable, UnknownChoice
from shopsync_testkit.children import StartFailed
from shopsync_testkit.mongo import embedded
from shopsync_testkit.mongo.external import without_password
from shopsync_testkit.nodes import NotOurs
from shopsync_testkit.ports import free_port


async def test_transactions_and_change_streams_work(mongo_client, mongo_database):
    items = mongo_client[mongo_database]["items"]
    await items.insert_one({"_id": 1})
    async with await items.watch() as changes:
        async with mongo_client.start_session() as session, await session.start_transaction():
            await items.insert_one({"_id": 2}, session=session)
        assert (await changes.next())["documentKey"] == {"_id": 2}
    assert await items.count_documents({}) == 2


async def test_data_survives_a_restart_and_a_crash():
    async with mongo.server("embedded") as server, AsyncMongoClient(server.uri, w="majority") as client:
        items = client["db"]["items"]
        await items.insert_one({"_id": "before"})
        await server.stop()
        with pytest.raises(PyMongoError):
            await AsyncMongoClient(server.uri, serverSelectionTimeoutMS=200).admin.command("ping")
        await server.start()
        await items.insert_one({"_id": "between"})
        await server.kill()
        await server.start()
        assert {each["_id"] async for each in items.find()} == {"before", "between"}


async def test_an_unknown_choice_names_the_allowed_ones():
    with pytest.raises(UnknownChoice, match="external, docker, embedded, auto"):
        await mongo.start_server("sqlite")


async def test_external_is_used_and_left_alone(mongo_uri, monkeypatch):
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", mongo_uri)
    async with mongo.server("external") as external:
        assert external.uri == mongo_uri
        with pytest.raises(NotOurs):
            await external.stop()


async def test_an_external_server_that_does_not_answer_is_named_without_its_password(monkeypatch):
    port = free_port()
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", f"mongodb://user:secret@127.0.0.1:{port}/?authSource=admin")
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}") as caught:
        await mongo.start_server("external")
    assert "secret" not in str(caught.value)
    assert without_password("mongodb+srv://u:p@host/db?x=1") == "mongodb+srv://host/db"


async def test_auto_explains_its_choice(monkeypatch, tmp_path):
    monkeypatch.delenv("SHOPSYNC_MONGO_URI", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    async with mongo.server("auto") as server:
        assert server.backend == "embedded"
        assert server.why.startswith("auto took embedded; not external: SHOPSYNC_MONGO_URI is not set; not docker: no")


async def test_a_missing_system_library_is_named(monkeypatch, tmp_path):
    binary = tmp_path / "mongod"
    text = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    binary.write_text(f"#!/bin/sh\necho '{text}' >&2\nexit 127\n")
    binary.chmod(0o755)
    monkeypatch.setattr(embedded, "binary", lambda: binary)
    with pytest.raises(Unavailable, match=r"needs the system library libcurl\.so\.4; install it \(libcurl4 on"):
        await mongo.start_server("embedded")


async def test_a_taken_port_is_refused(mongo_server):
    """It is not mistaken for the new server only because something answers there."""
    taken = int(without_password(mongo_server.uri).rstrip("/").rpartition(":")[2])
    with pytest.raises(StartFailed, match=f"port {taken} on 127.0.0.1 is already in use"):
        await mongo.start_server("embedded", port=taken)
