"""Which addresses images may be fetched from, in the words of a report (guard against server-side request forgery)."""

from publisher.errors import ImageUnreachable, ImageUnusable
from shopsync_runtime import public_addresses
from shopsync_runtime.public_addresses import NameUnknown, PrivateAddress, Resolve, look_up


class AllowedAddresses:
    """The hosts of images, as `public_addresses.AllowedAddresses` resolves them."""

    def __init__(self, *, allow_private: bool, lookup: Resolve = look_up) -> None:
        self._resolve = public_addresses.AllowedAddresses(allow_private=allow_private, lookup=lookup)

    async def __call__(self, host: str, port: int) -> list[str]:
        """Raises ImageUnusable for a private address, ImageUnreachable for a name that is not resolved."""
        try:
            return await self._resolve(host, port)
        except NameUnknown as error:
            raise ImageUnreachable("image_host", str(error)) from error
        except PrivateAddress as error:
            raise ImageUnusable("image_private", str(error)) from None
