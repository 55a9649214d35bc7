"""A product's pages are found by the addresses that are made for them, whatever its number is."""

import asyncio
import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from console.web.addresses import own_path, product_of, product_path
from console.web.application import at_every_path

STEP = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
"""Path segments that browsers take for a step, by the URL standard."""
letters = st.characters(exclude_characters="/\x00", exclude_categories=["Cs"])
numbers = st.text(letters, min_size=1, max_size=32) | st.text("~.%2eE;?#\\\n", min_size=1, max_size=6)


def answered(path):
    """The number that a page reads from the address, sent by a client that normalises it as browsers do."""

    async def show(request):
        return Response(product_of(request))

    pages = Starlette(routes=[Route("/products/{product_no}", show), Route("/products/{product_no}/row", show)])
    app = Starlette(routes=[at_every_path(pages)])

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console") as client:
            return (await client.get(path)).content.decode()

    return asyncio.run(ask())


@given(numbers)
def test_a_number_comes_back_from_its_address(number):
    path = product_path(number)
    assert answered(path) == answered(f"{path}/row") == number
    assert own_path(path) == path
    segment = path.removeprefix("/products/")
    assert re.fullmatch(r"[0-9A-Za-z_.~%-]+", segment)
    assert not STEP.fullmatch(segment)


@given(numbers, numbers)
def test_two_numbers_have_two_addresses(one, other):
    assert (product_path(one) == product_path(other)) is (one == other)


@pytest.mark.parametrize(
    ("number", "path"),
    [
        (".", "/products/~."),
        ("..", "/products/~.."),
        ("~..", "/products/~~.."),
        ("...", "/products/..."),
        ("~A", "/products/~A"),
        ("A-1", "/products/A-1"),
        ("%2e%2e", "/products/%252e%252e"),
    ],
)
def test_only_what_would_be_a_step_is_written_in_another_way(number, path):
    assert product_path(number) == path
