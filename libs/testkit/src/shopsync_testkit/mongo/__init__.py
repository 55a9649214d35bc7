"""A MongoDB replica set of one node for tests and the demo, from whatever this machine offers."""

from shopsync_testkit.mongo.server import MongoServer, server, start_server

__all__ = ["MongoServer", "server", "start_server"]
