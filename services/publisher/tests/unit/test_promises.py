"""NV-1: nothing in this package can take a listing off sale."""

import ast
import inspect
import re
from pathlib import Path

import publisher
from publisher.tiktok.client import TikTokClient
from publisher.tiktok.endpoints import ENDPOINTS
from publisher.tiktok.shop_api import ShopApi

SOURCES = sorted(Path(publisher.__file__).parent.rglob("*.py"))
FORBIDDEN = re.compile(r"delete|deactivat|remove_product|hide", re.IGNORECASE)


def test_the_client_has_no_method_that_deletes_or_hides():
    for cls in (TikTokClient, ShopApi):
        names = [name for name, _ in inspect.getmembers(cls)]
        assert not [name for name in names if FORBIDDEN.search(name.strip("_")) and not name.startswith("__")]


def test_no_path_or_method_of_a_deleting_call_is_in_the_source():
    """Checks every string that looks like an API path or HTTP method."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                is_path = re.match(r"/[a-z_]+/20\d{4}/|.*/(delete|deactivate)\b", node.value) is not None
                assert not (is_path and FORBIDDEN.search(node.value)), (source.name, node.value)
                assert node.value.upper() != "DELETE", source.name


def _imported(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_only_the_client_speaks_to_tiktok():
    """Its list of calls would guarantee nothing if another module could send requests."""
    speakers = {
        source.name
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        for name in _imported(node)
        if name.partition(".")[0] in {"httpx", "httpcore", "aiohttp", "requests", "urllib3", "http", "socket"}
        or name in {"shopsync_runtime.http_connections", "shopsync_runtime.http_client"}
    }
    assert speakers <= {"app.py", "client.py", "transport.py", "fetching.py", "addresses.py"}, speakers


def test_every_listed_call_reads_creates_edits_or_activates():
    verbs = {(one.method, one.template.rpartition("/")[2]) for one in ENDPOINTS if one.method != "GET"}
    assert verbs == {
        ("POST", "products"),
        ("PUT", "{id}"),
        ("POST", "activate"),
        ("POST", "search"),
        ("POST", "upload"),
        ("PUT", "webhooks"),
    }


def test_stock_is_never_updated_on_its_own():
    """NV-3: Update Inventory is not called."""
    assert not [source.name for source in SOURCES if "inventory/update" in source.read_text(encoding="utf-8")]


def test_sources_are_found():
    assert {"client.py", "shop_api.py", "push.py"} <= {source.name for source in SOURCES}
