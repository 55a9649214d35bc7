"""Tables on terminals and in pipes: keys, numbers and times are never broken."""

import asyncio
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta, timezone
from fcntl import ioctl
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from shopsync_cli.moments import read_moment
from shopsync_cli.views.output import complain, print_json, print_table, say, say_lines, show, visible, warn
from shopsync_contracts.topics import DEAD_LETTERS

KEY = "shopsync.product-changes.v1/11@1234567"
AT = datetime(2026, 11, 23, 0, 0, 5, tzinfo=UTC)
WORDS = "data.product.skus: the product has more variations than may be sold at once"


def printed(columns, rows, *, width: int | None) -> str:
    """As on a terminal of this width; None: into a pipe."""
    file = StringIO()
    console = Console(file=file, highlight=False, force_terminal=width is not None, width=width or 80, no_color=True)
    print_table(columns, rows, console=console)
    return re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))])
def test_every_time_is_shown_in_japan_with_its_offset_and_can_be_given_back(zone):
    assert show(AT.astimezone(zone)) == "2026-11-23 09:00:05+09:00"
    assert read_moment(show(AT), now=AT, option="--since") == AT


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200, None])
@pytest.mark.parametrize(
    "key", [KEY, "demo/" + "A" * 32, "demo/商品番号商品番号商品", "3f1f6d0e-8f9c-5a2b-9b7e-6d1d1a1b2c3d"]
)
def test_keys_and_times_stay_whole(width, key):
    columns = ("place", "failed at", "from", "service", "type", "key", "reason")
    text = printed(columns, [("0:5", AT, KEY, "catalog", "product.changed", key, WORDS)], width=width)
    for whole in (key, KEY, show(AT), "product.changed"):
        assert whole in text, text


@given(
    st.lists(
        st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
        min_size=1,
        max_size=8,
    ),
    st.integers(min_value=20, max_value=120),
)
def test_no_width_breaks_a_key(cells, width):
    text = printed([f"c{number}" for number in range(len(cells))], [cells], width=width)
    assert all(cell in text for cell in cells)


def test_into_a_pipe_every_row_is_one_line():
    long = "word " * 400
    text = printed(("key", "reason"), [(KEY, f"{long}\n{long}"), ("b", "c")], width=None)
    assert len(text.splitlines()) == 3
    assert text.splitlines()[1].count("word") == 800


def test_a_table_that_fits_stays_a_table():
    text = printed(("shop", "products"), [("demo", 3), ("other", 4)], width=80)
    assert [line.split() for line in text.splitlines()] == [["shop", "products"], ["demo", "3"], ["other", "4"]]


async def test_on_a_real_terminal_of_80_columns(bus):
    """The installed command on a pseudo terminal."""
    told = {"x-topic": f"{bus.prefix}.product-changes.v1", "x-partition": "11", "x-offset": "1234567"}
    told |= {"x-error-type": "WrongShape", "x-error": WORDS, "x-failed-at": "2026-11-23T00:00:05Z"}
    headers = [(name, value.encode()) for name, value in told.items()]
    sent = await bus.send(DEAD_LETTERS, b"{}", key=b"demo/" + b"B" * 32, headers=headers)
    text = await asyncio.to_thread(on_terminal, [*bus.options, "dead-letters", "list"])
    for whole in (
        f"{sent.partition}:{sent.offset}",
        "demo/" + "B" * 32,
        f"{bus.prefix}.product-changes.v1/11@1234567",
        "2026-11-23 09:00:05+09:00",
    ):
        assert whole in text, text


def on_terminal(args: list[str]) -> str:
    outer, inner = pty.openpty()
    ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [str(Path(sys.executable).with_name("shopsync")), *args]
    plain = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env={**plain, "TERM": "dumb"}) as running:
        os.close(inner)
        text = b""
        while True:
            try:
                part = os.read(outer, 65536)
            except OSError:  # Linux says EIO when the other end is closed
                break
            if not part:
                break
            text += part
        assert running.wait(60) == 0, text
    os.close(outer)
    return text.decode()


UNSEEN = {
    "the order of a terminal": "\x1b[2J",
    "its end": "\x07",
    "a null": "\0",
    "a carriage return": "a\rb",
    "delete": "\x7f",
    "an order in one character": "\x9b2J",
    "right to left": "\u202egnp",
    "isolated": "\u2067",
    "a mark": "\u200f",
    "a line end few know": "a\u2028b",
    "half a character": "\ud800",
    "its other half": "\udc00",
}


@pytest.mark.parametrize("width", [80, None])
@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN.keys())
def test_what_a_terminal_would_obey_or_hide_is_written_out(text, width, capsys):
    """Names and numbers come from other systems. A lone surrogate used to end the command."""
    hidden = next(one for one in text if one not in "ab[2Jgnp")
    written = f"\\u{ord(hidden):04x}"
    assert written in visible(text)
    assert hidden not in printed(("name",), [(text,)], width=width)
    assert written in printed(("name",), [(text,)], width=width)
    for tell in (say, warn, complain):
        tell(text)
        out, err = capsys.readouterr()
        assert hidden not in out + err
        assert written in out + err
    print_json({"name": text})
    told = capsys.readouterr().out
    assert hidden not in told
    assert json.loads(told) == {"name": text}


def test_line_ends_and_tabs_stay_but_in_one_line():
    assert visible("a\r\nb\tc\nリネン😀👨‍👩‍👧") == "a\nb\tc\nリネン😀👨‍👩‍👧"
    assert visible("demo/A\nB\tC", in_one_line=True) == "demo/A\\nB\\tC"


FORGED = "A-1\nB-1  done"


@pytest.mark.parametrize("width", [30, 80, None])
def test_a_line_feed_in_a_number_forges_no_row(width):
    text = printed((f"shop [red]x[/red]\n{FORGED}", "what"), [(FORGED, "refused")], width=width)
    assert "A-1\\nB-1" in text
    assert "[red]x[/red]\\nA-1" in text, "a column named after a shop is no markup"
    assert not [line for line in text.splitlines() if line.startswith("B-1")]


@pytest.mark.parametrize("tell", [say, warn, complain])
def test_a_line_feed_in_a_number_forges_no_line(tell, capsys):
    tell(f"{FORGED}\t[red]x[/red]")
    (line,) = "".join(capsys.readouterr()).splitlines()
    assert line.endswith("A-1\\nB-1  done\\t[red]x[/red]")


def test_what_is_several_lines_by_itself_stays_so(capsys):
    say_lines("a\nb\u2028c")
    assert capsys.readouterr().out == "a\nb\\u2028c\n"
