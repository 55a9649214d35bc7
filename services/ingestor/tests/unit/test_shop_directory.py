"""The shops file read again while the service runs: what counts as a change, and what a bad file does."""

import os
from datetime import timedelta

import pytest
import yaml

from ingestor import metrics
from ingestor.errors import UnknownShop
from ingestor.futureshop.client import Page, Search
from ingestor.futureshop.shop_directory import ShopDirectory
from ingestor.futureshop.shops import ShopsFile
from shopsync_runtime import SettingsError

SEARCH = Search("/products")


def entry(key="s3cret", url="https://api.example/fs"):
    return {"base_url": url, "client_id": "me", "client_secret": key}


class Mount:
    """A folder as Kubernetes mounts a secret: names lead over `..data` to a folder that is switched at once."""

    def __init__(self, folder):
        self.folder = folder
        self.version = 0

    @property
    def shops(self):
        return self.folder / "shops.yaml"

    def put(self, **files):
        self.version += 1
        folder = self.folder / f"..{self.version}"
        folder.mkdir()
        for name, content in files.items():
            text = content if isinstance(content, str) else yaml.safe_dump(content)
            (folder / name.replace("_yaml", ".yaml")).write_text(text)
            link = self.folder / name.replace("_yaml", ".yaml")
            if not link.is_symlink():
                link.symlink_to(f"..data/{link.name}")
        fresh = self.folder / "..data_tmp"
        fresh.symlink_to(folder.name)
        fresh.replace(self.folder / "..data")


@pytest.fixture
def mount(tmp_path):
    return Mount(tmp_path)


@pytest.fixture
def connected():
    return []


@pytest.fixture
def directory(mount, connected):
    """`directory()`: over the mount; the pages it reads name the secret they were read with."""

    def connect(access):
        connected.append(access.shop_key)

        async def page(_search, _url):
            return Page([{"secret": access.client_secret.get_secret_value(), "url": access.base_url}], None)

        return page

    return lambda given=None: ShopDirectory(ShopsFile(given or mount.shops), connect, every=timedelta(seconds=10))


async def secret_of(directory, key):
    return (await directory.reader(key)(SEARCH, None)).records[0]["secret"]


async def settled(directory):
    await directory.look()
    await directory.look()


async def test_added_removed_and_changed_shops_take_effect(mount, directory, connected):
    mount.put(shops_yaml={"demo": entry(), "old": entry()})
    shops = directory()
    reading_demo, reading_old = shops.reader("demo"), shops.reader("old")
    mount.put(shops_yaml={"demo": entry("rotated"), "new": entry("n")})
    await settled(shops)
    assert shops.keys() == ["demo", "new"]
    assert "old" not in shops
    assert (await reading_demo(SEARCH, None)).records[0]["secret"] == "rotated", "an import that is under way too"
    assert await secret_of(shops, "new") == "n"
    with pytest.raises(
        UnknownShop, match=r"shop 'old' is not in the ingestor's shops file .*shops\.yaml: add its base_url"
    ):
        await reading_old(SEARCH, None)
    assert connected == ["demo", "old", "demo", "new"]


async def test_a_folder_stands_for_the_file_in_it(mount, directory, tmp_path):
    """As a container sees it: the folder is mounted, the file in it replaced by a switch of links or by an editor."""
    mount.put(shops_yaml={"demo": entry("file:secret")}, secret="first")
    shops = directory(mount.folder)
    assert await secret_of(shops, "demo") == "first"
    mount.put(shops_yaml={"demo": entry("file:secret"), "new": entry()}, secret="second")
    await settled(shops)
    assert await secret_of(shops, "demo") == "second"
    assert shops.keys() == ["demo", "new"]
    written = tmp_path / ".shops.yaml.swp"
    written.write_text(yaml.safe_dump({"demo": entry("third")}))
    written.replace(mount.shops)
    await settled(shops)
    assert await secret_of(shops, "demo") == "third"
    mount.shops.unlink()
    await settled(shops)
    assert "shops.yaml: cannot be read: No such file or directory" in shops.note()
    assert shops.keys() == ["demo"]


async def test_a_shop_that_stays_as_it_was_keeps_its_client(mount, directory, connected):
    """Its token is not thrown away."""
    mount.put(shops_yaml={"demo": entry()})
    shops = directory()
    mount.put(shops_yaml={"new": entry(), "demo": entry()})
    await settled(shops)
    await settled(shops)
    assert connected == ["demo", "new"]


async def test_a_secret_in_a_file_of_its_own_is_read_again(mount, directory):
    mount.put(shops_yaml={"demo": entry("file:secret")}, secret="first\n")
    shops = directory()
    assert await secret_of(shops, "demo") == "first"
    mount.put(shops_yaml={"demo": entry("file:secret")}, secret="second\n")
    await settled(shops)
    assert await secret_of(shops, "demo") == "second"


async def test_a_variable_is_read_again(mount, directory, monkeypatch):
    monkeypatch.setenv("DEMO_SECRET", "first")
    mount.put(shops_yaml={"demo": entry("${DEMO_SECRET}")})
    shops = directory()
    monkeypatch.setenv("DEMO_SECRET", "second")
    await settled(shops)
    assert await secret_of(shops, "demo") == "second"


@pytest.mark.parametrize("how", ["in place", "in place with its old time and size", "renamed over", "another link"])
async def test_however_the_file_is_replaced_it_is_seen(tmp_path, connected, directory, mount, how):
    path = mount.shops
    path.write_text(yaml.safe_dump({"demo": entry("aaaa")}))
    before, new = path.stat(), yaml.safe_dump({"demo": entry("bbbb")})
    shops = directory()
    match how:
        case "in place":
            path.write_text(new)
        case "in place with its old time and size":
            path.write_text(new)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        case "renamed over":
            (tmp_path / "new").write_text(new)
            (tmp_path / "new").replace(path)
        case "another link":
            (tmp_path / "new").write_text(new)
            path.unlink()
            path.symlink_to("new")
    await settled(shops)
    assert await secret_of(shops, "demo") == "bbbb"


BAD = {
    "gone": (None, "cannot be read: No such file"),
    "empty": ("", "must map shop keys"),
    "no YAML": ("demo: {", "line 1: is no YAML"),
    "half a shop": ("demo:\n  base_url: http://x\n", "shop 'demo': client_id: is missing"),
    "a date that is none": ("demo: 2026-13-45\n", "is no YAML"),
    "a list as a key": ("? [a]\n: b\n", "is no YAML"),
    "nested without end": ("[" * 1500, "is no YAML"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_file_that_cannot_be_used_leaves_the_shops_of_before(mount, directory, caplog, case):
    text, words = BAD[case]
    mount.shops.write_text(yaml.safe_dump({"demo": entry()}))
    shops = directory()
    assert shops.note() == "1 shop"
    if text is None:
        mount.shops.unlink()
    else:
        mount.shops.write_text(text)
    await settled(shops)
    assert await secret_of(shops, "demo") == "s3cret"
    assert words in shops.note()
    assert shops.note().endswith("the 1 shop of before stay in force")
    assert words in shops.why_unknown("new")
    assert "s3cret" not in shops.note()
    assert metrics.SHOPS_FILE_USABLE._value.get() == 0

    mount.shops.write_text(yaml.safe_dump({"demo": entry(), "new": entry()}))
    await settled(shops)
    assert (shops.keys(), shops.note(), metrics.SHOPS_FILE_USABLE._value.get()) == (["demo", "new"], "2 shops", 1)
    assert metrics.SHOPS._value.get() == 2


async def test_the_restored_content_ends_the_trouble(mount, directory):
    mount.put(shops_yaml={"demo": entry()})
    shops = directory()
    mount.put(shops_yaml="")
    await settled(shops)
    mount.put(shops_yaml={"demo": entry()})
    await settled(shops)
    assert shops.note() == "1 shop"


async def test_a_file_that_is_just_being_written_removes_nothing(mount, directory):
    """The half of it may be a valid file of fewer shops, for a moment."""
    mount.shops.write_text(yaml.safe_dump({"a": entry(), "b": entry()}))
    shops = directory()
    for half in ({"a": entry()}, "", {"a": entry(), "b": entry(), "c": entry()}):
        mount.shops.write_text(yaml.safe_dump(half) if half else "")
        await shops.look()
        assert (shops.keys(), shops.note()) == (["a", "b"], "2 shops")
    await shops.look()
    assert shops.keys() == ["a", "b", "c"]


async def test_a_lasting_trouble_is_said_again_after_ten_minutes_and_not_before(mount, directory):
    mount.put(shops_yaml={"demo": entry()})
    shops = directory()
    mount.put(shops_yaml="")
    said = []
    say_problem = shops._log_problem

    def counted():
        said.append(1)
        say_problem()

    shops._log_problem = counted
    for _ in range(2 + 59):
        await shops.look()
    assert len(said) == 1
    await shops.look()
    assert len(said) == 2


def test_a_bad_file_at_the_start_is_refused(mount, directory):
    mount.put(shops_yaml="")
    with pytest.raises(SettingsError, match="must map shop keys"):
        directory()


def test_the_variables_that_the_file_names(mount):
    mount.put(shops_yaml={"demo": entry("${INGESTOR_DEMO_SECRET}", url="${A}/x")})
    names = {"INGESTOR_DEMO_SECRET", "A"}
    assert ShopsFile(mount.shops).variables() == names | {f"{name}_FILE" for name in names}
