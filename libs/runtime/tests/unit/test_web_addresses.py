"""Addresses of web services as settings give them."""

import pytest

from shopsync_runtime.web_addresses import base_address, origin


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://Console.Example.jp:443/", "https://console.example.jp"),
        ("http://127.0.0.1:8085", "http://127.0.0.1:8085"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(given, written):
    assert origin(given) == written


@pytest.mark.parametrize(
    "given",
    ["", "console.example.jp", "https://a.example/x", "https://a.example?x", "https://u@a.example", "http://a:x"],
)
def test_anything_else_is_no_origin(given):
    with pytest.raises(ValueError, match="must be an origin such as"):
        origin(given)


def test_a_base_address_has_no_slash_at_its_end():
    assert base_address("https://a.example/v1/") == "https://a.example/v1"
    with pytest.raises(ValueError, match="http"):
        base_address("a.example")
