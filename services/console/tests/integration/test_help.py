"""ヘルプ says everything that it has to say, in both languages."""

from html import escape

import pytest

from console.text import ALL
from shopsync_readmodel.statuses import StatusName

TEXTS = {key: pair for key, pair in ALL.items() if key.startswith("help.")}


@pytest.mark.parametrize(("language", "which"), [("ja", 0), ("en", 1)])
async def test_every_text_of_the_help_is_on_the_page(world, language, which):
    world.client.cookies.set("console_language", language)
    page = await world.client.get("/help")
    assert page.status_code == 200
    shown = page.text.replace("&#39;", "'").replace("&#34;", '"')
    missing = [key for key, pair in TEXTS.items() if pair[which] not in shown and escape(pair[which]) not in shown]
    assert not missing


async def test_each_status_has_a_place_of_its_own(world):
    page = await world.client.get("/help")
    for status in StatusName:
        assert f'id="status-{status}"' in page.text
        assert status.japanese in page.text
