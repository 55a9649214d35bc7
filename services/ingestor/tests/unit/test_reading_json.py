"""A page is read fast, and as Python's own reader reads it: to the last digit, and no page is lost for one product."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestor.futureshop import http

NUMBERS = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(document=st.dictionaries(st.text(max_size=5), VALUES, max_size=5), ascii_only=st.booleans())
def test_a_document_is_what_pythons_reader_reads(document, ascii_only):
    body = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(body)
    except ValueError:
        expected = None
    assert http._parse(body) == expected


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"no": 123456789012345678901234567890}', 123456789012345678901234567890),
        (b'{"no": -9223372036854775809}', -9223372036854775809),
        (b'{"no": 1200.00}', 1200.0),
        (b'{"no": "\\ud83d"}', "\ud83d"),
        (b'\xef\xbb\xbf{"no": 1}', 1),
        (b'{"no": 1, "no": 2}', 2),
        (b'{"no": 1e400}', math.inf),
    ],
    ids=repr,
)
def test_what_the_fast_reader_refuses_or_shortens_is_still_read(body, value):
    document = http._parse(body)
    assert document == {"no": value}
    assert type(document["no"]) is type(value)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b'{"a": }', b'"\xff"', b"[" * 100_000], ids=repr)
def test_what_is_no_object_is_nothing(body):
    assert http._parse(body) is None
