"""The reports of hosts that images are not fetched from; the rule itself is tested where it lives, in the runtime."""

import pytest

from publisher.errors import ImageUnreachable, ImageUnusable
from publisher.images.addresses import AllowedAddresses


async def test_a_private_address_is_never_fetched_from():
    async def look_up(host, port):
        return ["203.104.130.1", "127.0.0.1"]

    with pytest.raises(ImageUnusable, match=r"shop.example: .* private addresses \(127.0.0.1\)") as refused:
        await AllowedAddresses(allow_private=False, lookup=look_up)("shop.example", 443)
    assert refused.value.code == "image_private"
    assert await AllowedAddresses(allow_private=True, lookup=look_up)("h", 80) == ["203.104.130.1", "127.0.0.1"]


async def test_a_name_without_an_address_may_have_one_later():
    async def unknown(host, port):
        raise OSError("no such name")

    with pytest.raises(ImageUnreachable, match="the name") as refused:
        await AllowedAddresses(allow_private=False, lookup=unknown)("shop.example", 80)
    assert refused.value.code == "image_host"
