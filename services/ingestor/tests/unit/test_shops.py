from pathlib import Path

import pytest

from ingestor.futureshop.shops import ShopsFile, load_mapping, load_shops
from shopsync_runtime import SettingsError

GOOD = "demo:\n  base_url: https://api.example/fs/\n  client_id: me\n  client_secret: s3cret\n"


@pytest.fixture
def write(tmp_path):
    def at(text: str | bytes, name: str = "shops.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return at


def test_plain_values(write):
    shop = load_shops(write(GOOD))["demo"]
    assert (shop.shop_key, shop.base_url, shop.client_id) == ("demo", "https://api.example/fs", "me")
    assert shop.client_secret.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(shop)


def test_values_from_the_environment_and_from_files(write):
    write("from-file\n", "secret")
    text = "demo:\n  base_url: ${URL}/api\n  client_id: ${ID}\n  client_secret: file:secret\n"
    shop = load_shops(write(text), {"URL": "http://127.0.0.1:80", "ID": "me"})["demo"]
    assert (shop.base_url, shop.client_id) == ("http://127.0.0.1:80/api", "me")
    assert shop.client_secret.get_secret_value() == "from-file"


def test_a_variable_may_name_a_file_instead(write):
    path = write("from-file\n", "secret")
    text = GOOD.replace("s3cret", "${SECRET}")
    file = ShopsFile(write(text), {"SECRET_FILE": str(path)})
    assert file.load()["demo"].client_secret.get_secret_value() == "from-file"
    write("changed\n", "secret")
    assert file.load()["demo"].client_secret.get_secret_value() == "changed"
    assert file.variables() == {"SECRET", "SECRET_FILE"}
    for environ, told in (
        ({"SECRET_FILE": "/nowhere"}, "client_secret: SECRET_FILE: /nowhere cannot be read: No such file"),
        ({"SECRET_FILE": str(path), "SECRET": "x"}, "client_secret: SECRET and SECRET_FILE are both set"),
    ):
        with pytest.raises(SettingsError, match=told):
            load_shops(write(text), environ)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must map shop keys"),
        ("- demo", "must map shop keys"),
        ("demo: 5", "shop 'demo': must have base_url, client_id, client_secret"),
        (GOOD.replace("client_id: me", "client_id:"), "shop 'demo': client_id: is missing"),
        (GOOD.replace("client_id: me\n", "\n"), "shop 'demo': client_id: is missing"),
        (GOOD.replace("client_id: me", "client_id: 17"), "shop 'demo': client_id: must be a text; put it in quotes"),
        (GOOD.replace("me", "${NOPE}"), "shop 'demo': client_id: the environment variable NOPE is not set"),
        (GOOD.replace("s3cret", "file:nope"), "shop 'demo': client_secret: the file .*nope cannot be read: No such"),
        (GOOD.replace("https://api.example/fs/", "ftp://x"), "shop 'demo': base_url: must be http"),
        (GOOD.replace("https://api.example/fs/", "https://x?a=b"), "shop 'demo': base_url: must be http"),
        (GOOD.replace("https://api.example/fs/", "'http://a:b'"), "shop 'demo': base_url: is no URL"),
        (GOOD + "  token: x\n", "shop 'demo': token: there is no such field"),
        (GOOD + GOOD, "line 5: is no YAML: 'demo' stands twice"),
        (GOOD.replace("demo", "a/b"), "shop 'a/b': shop_key.*must not hold '/'"),
        ("demo: {", "line 1: is no YAML"),
        (b"demo: \xff", "is no"),
    ],
)
def test_a_wrong_file_is_one_line_with_file_shop_and_field(write, text, words):
    path = write(text)
    with pytest.raises(SettingsError, match=words) as caught:
        load_shops(path, {})
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_shops(tmp_path / "none.yaml")


def test_the_mapping_file_changes_rows(write):
    table = load_mapping(write("name: title\ndescription: null\n"))
    assert (table.paths["name"], table.paths["description"]) == ("title", None)
    assert load_mapping(None).paths["name"] == "name"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nome: title", "nome: there is no such contract field"),
        ("name: [a]", "name: must be a source field"),
        ("name", "must map contract fields"),
        ("regular_price: memberPrice", "regular_price: memberPrice may never be read"),
    ],
)
def test_a_wrong_mapping_file_is_named(write, text, words):
    with pytest.raises(SettingsError, match=words):
        load_mapping(write(text))
