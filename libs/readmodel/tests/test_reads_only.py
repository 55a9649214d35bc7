"""The read model calls no method of PyMongo that writes."""

import ast
from pathlib import Path

import shopsync_readmodel

WRITES = {
    "insert_one",
    "insert_many",
    "update_one",
    "update_many",
    "replace_one",
    "delete_one",
    "delete_many",
    "bulk_write",
    "find_one_and_update",
    "find_one_and_replace",
    "find_one_and_delete",
    "create_index",
    "create_indexes",
    "drop",
    "drop_index",
    "drop_indexes",
    "rename",
    "command",
    "create_collection",
    "drop_collection",
}
STAGES = {"$out", "$merge"}


def test_nothing_is_written():
    files = sorted(Path(shopsync_readmodel.__file__).parent.rglob("*.py"))
    assert files
    for file in files:
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        called = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        assert not called & WRITES, file
        assert not texts & STAGES, file
