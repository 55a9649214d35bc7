"""The client of the publisher's internal API."""

import httpx
import pytest
import pytest_asyncio
import structlog
from fake_publisher import FakePublisher, category
from pydantic import SecretStr

from console.errors import PublisherUnavailable
from console.publisher_api import Category, CategoryTree, PublisherApi
from shopsync_sandbox.serving import running


@pytest.fixture
def publisher():
    return FakePublisher()


@pytest_asyncio.fixture
async def api(publisher):
    async with running(publisher.app) as url, httpx.AsyncHTTPTransport() as http:
        yield PublisherApi(http, url, SecretStr(publisher.token))


@pytest.fixture
def tree():
    return CategoryTree(
        (
            Category("1", "食品・飲料", None, is_leaf=False),
            Category("11", "お茶", "1", is_leaf=False),
            Category("111", "日本茶", "11", is_leaf=True),
            Category("112", "紅茶 Tea", "11", is_leaf=True),
            Category("9", "迷子", "8", is_leaf=True),
        )
    )


class TestTree:
    def test_a_leaf_has_a_path_and_every_level_its_children(self, tree):
        assert [one.name for one in tree.path("111")] == ["食品・飲料", "お茶", "日本茶"]
        assert [one.id for one in tree.children()] == ["1", "9"]
        assert [one.id for one in tree.children("11")] == ["111", "112"]
        assert (tree.path("7"), tree.get("7"), tree.children("111")) == ((), None, ())

    def test_leaves_are_found_by_words_of_their_whole_path(self, tree):
        assert [one.id for one in tree.matching("食品 茶")] == ["111", "112"]
        assert [one.id for one in tree.matching("tea")] == ["112"]
        assert [one.id for one in tree.matching("茶", limit=1)] == ["111"]
        assert (tree.matching(""), tree.matching("靴")) == ((), ())

    def test_parents_in_a_circle_end(self):
        tree = CategoryTree((Category("1", "a", "2", is_leaf=False), Category("2", "b", "1", is_leaf=False)))
        assert {one.id for one in tree.path("1")} == {"1", "2"}


async def test_a_tree_is_asked_for_once_in_five_minutes(api, publisher):
    first = await api.categories("demo")
    assert await api.categories("demo") is first
    await api.categories("other")
    asked = [path for _, path, _ in publisher.asked]
    assert asked == [f"/internal/shops/{key}/categories" for key in ("demo", "other")]
    assert first.get("613100") == Category("613100", "日本酒", "613000", is_leaf=True, permission="INVITE_ONLY")


async def test_what_a_category_requires(api):
    found = await api.requirements("demo", "601234")
    assert not found.needs_size_chart
    fields = {one.name: one for one in found.fields}
    assert fields["原産国"].values == {"1007011": "日本", "1007012": "中国"}
    assert (fields["原産国"].required, fields["原産国"].custom, fields["原産国"].multiple) == (True, True, False)
    assert fields["電池の種類"].required_if == {("100800", "1008001")}
    assert fields["容量"].numeric


async def test_brands_and_the_consent(api, publisher):
    assert [one.name for one in await api.brands("demo", "ブランド", None)] == ["未承認ブランド"]
    assert not (await api.brands("demo", "未承認", "601234"))[0].authorized
    assert (await api.consent_address("店 1")).startswith("https://services.tiktokshop.com/")
    assert publisher.asked[-1] == ("POST", "/internal/shops/店 1/consent", {"return_to": "/authorization"})


@pytest.mark.parametrize(
    ("trouble", "cause", "detail"),
    [
        ((503, "unavailable", "TikTok Shop does not answer", 7), "tiktok_away", "TikTok Shop does not answer"),
        ((409, "not_authorized", "never", None), "not_authorized", "never"),
        ((409, "blocked", "shop inactive (12052700)", None), "blocked", "shop inactive (12052700)"),
        ((404, "unknown_shop", "no settings", None), "unknown_shop", "no settings"),
        ((404, "not_found", "no such route", None), "not_set_up", ""),
        ((401, "unauthorized", "wrong token", None), "not_set_up", ""),
        ((500, "else", "a bug", None), "publisher_away", "a bug"),
    ],
)
async def test_every_trouble_has_a_cause_for_a_page(api, publisher, trouble, cause, detail):
    publisher.trouble = trouble
    with pytest.raises(PublisherUnavailable) as caught:
        await api.categories("demo")
    assert (caught.value.cause, caught.value.detail) == (cause, detail)


async def test_a_category_that_is_no_leaf_is_refused_with_tiktoks_words(api):
    with pytest.raises(PublisherUnavailable) as caught:
        await api.requirements("demo", "601000")
    assert (caught.value.cause, "12052024" in caught.value.detail) == ("refused", True)


async def test_another_shape_and_no_publisher_are_told_and_the_token_is_not(publisher):
    publisher.categories = [{"id": "1"}, category("2", None, "x")]
    with structlog.testing.capture_logs() as logs:
        async with running(publisher.app) as url, httpx.AsyncHTTPTransport() as http:
            api = PublisherApi(http, url, SecretStr(publisher.token))
            with pytest.raises(PublisherUnavailable, match="publisher_away"):
                await api.categories("demo")
        async with httpx.AsyncHTTPTransport() as http:
            api = PublisherApi(http, "http://127.0.0.1:9", SecretStr(publisher.token))
            with pytest.raises(PublisherUnavailable, match="publisher_away"):
                await api.brands("demo", "", None)
    assert len(logs) == 2
    assert publisher.token not in repr(logs)
    with pytest.raises(PublisherUnavailable, match="not_set_up"):
        await PublisherApi(http, "http://127.0.0.1:9", None).categories("demo")
