"""A merchant authorises the app: from TikTok's consent page to the stored authorisation."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

import stamina
import structlog
from pydantic import SecretStr

from publisher.consent.return_path import return_address
from publisher.errors import AuthorizationEnded, ConsentRefused, Passing
from publisher.settings import PublisherSettings
from publisher.store import Authorization, Stores
from publisher.tiktok.client import Call, TikTokClient
from publisher.tiktok.tokens import Tokens, is_away
from publisher.tiktok.vault import ConsentState, Vault
from shopsync_runtime.wording import no_settings

log = structlog.get_logger(__name__)

REGION = "JP"
_SETTINGS_POLL_SECONDS = 0.2
_ATTEMPTS = 4
Shop = Mapping[str, Any]


class ConsentFlow:
    """Begins and completes consents. One TikTok shop is bound to one shop key, permanently (NV-13)."""

    def __init__(
        self,
        client: TikTokClient,
        tokens: Tokens,
        vault: Vault,
        stores: Stores,
        *,
        settings: PublisherSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._vault = vault
        self._authorizations = stores.authorizations
        self._catalogue = stores.catalogue
        self._jobs = stores.jobs
        self._settings = settings
        self._clock = clock

    async def begin(self, shop_key: str, tiktok_shop_id: str | None, *, return_to: str | None = None) -> str:
        """The address of TikTok's consent page. Raises ConsentRefused for a shop without settings.

        `return_to`: the page of the console to which the merchant is led back.
        """
        if self._settings.tiktok_service_id is None:
            raise ConsentRefused("no_service_id", "PUBLISHER_TIKTOK_SERVICE_ID is not set (Partner Center shows it)")
        await self._check_shop(shop_key)
        state = self._vault.sign_state(ConsentState(shop_key, tiktok_shop_id, return_to=return_to), self._clock())
        query = urlencode({"service_id": self._settings.tiktok_service_id, "state": state})
        return f"{self._settings.tiktok_consent_url}?{query}"

    def way_back(self, state_text: str, outcome: str) -> str | None:
        """The console's page with the outcome; None without PUBLISHER_CONSOLE_URL or when it did not begin there."""
        origin, path = self._settings.console_url, self._vault.return_to(state_text)
        return None if origin is None or path is None else return_address(origin, path, outcome)

    async def complete(self, code: str, state_text: str) -> Authorization:
        """Exchange the code, find the shop, store the tokens, make the shop's waiting pushes due.

        Raises ConsentRefused with a text for the merchant, or the PublisherError of TikTok's answer.
        """
        state = await self._state(state_text)
        try:
            pair = await self._client.exchange_code(code)
        except AuthorizationEnded as error:
            return await self._done_before(state, error)
        shop = choose_shop(await self._shops(pair.access_token), state.tiktok_shop_id)
        await self._check_same_shop(state.shop_key, str(shop["id"]))
        sealed = self._tokens.sealed(pair)
        authorization = Authorization(
            shop_key=state.shop_key,
            tiktok_shop_id=str(shop["id"]),
            cipher=str(shop["cipher"]),
            access_token=sealed.access_token,
            access_expires_at=sealed.access_expires_at,
            refresh_token=sealed.refresh_token,
            refresh_expires_at=sealed.refresh_expires_at,
            sealed_with=sealed.sealed_with,
            seller_name=pair.seller_name,
            scopes=pair.scopes,
            authorized_at=self._clock(),
        )
        await self._bind(authorization)
        self._tokens.forget(authorization.shop_key)
        self._tokens.take_back(authorization.shop_key)
        woken = await self._jobs.wake_shop(state.shop_key, self._clock())
        log.info("shop authorised", shop_key=state.shop_key, tiktok_shop_id=str(shop["id"]), pushes_woken=woken)
        return authorization

    async def _done_before(self, state: ConsentState, refused: AuthorizationEnded) -> Authorization:
        """The callback was loaded twice and this consent is stored already. Raises ConsentRefused otherwise."""
        stored = await self._authorizations.get(state.shop_key)
        if (
            stored is not None
            and stored.ended is None
            and None not in {stored.authorized_at, state.begun_at}
            and cast("datetime", stored.authorized_at) >= cast("datetime", state.begun_at)
        ):
            return stored
        text = (
            "TikTok Shop does not take the code: it works once and for 30 minutes. Begin again at"
            f" /oauth/tiktok/start?{urlencode({'shop_key': state.shop_key})} ({refused.code}: {refused.message})"
        )
        raise ConsentRefused("code", text)

    async def _shops(self, token: SecretStr) -> Sequence[Shop]:
        """The shops of the consent. The code cannot be used again, so the call is tried several times."""
        async for attempt in stamina.retry_context(on=Passing, attempts=_ATTEMPTS, wait_max=1.0):
            with attempt:
                data = await self._client.call(Call("GET", "/authorization/202309/shops"), token=token)
        shops = data.get("shops") or ()
        return [shop for shop in shops if isinstance(shop, Mapping)] if isinstance(shops, list) else ()

    async def _bind(self, authorization: Authorization) -> None:
        """Store it, with several tries: the tokens exist nowhere else. Raises ConsentRefused for a taken shop."""
        async for attempt in stamina.retry_context(on=is_away, attempts=_ATTEMPTS, wait_max=1.0):
            with attempt:
                is_bound = await self._authorizations.bind(authorization)
        if not is_bound:
            text = f"the TikTok shop {authorization.tiktok_shop_id} is bound to another shop key already"
            raise ConsentRefused("shop_taken", text)

    async def _state(self, text: str) -> ConsentState:
        state = self._vault.read_state(text, now=self._clock(), lifetime=self._settings.consent_lifetime)
        if state is None:
            if self._settings.signed_state_only:
                raise ConsentRefused("state", "begin the authorisation at /oauth/tiktok/start?shop_key=…")
            # An unsigned shop key is accepted for the first binding only: it must not take over a working shop.
            if await self._authorizations.get(text) is not None:
                at = f"/oauth/tiktok/start?{urlencode({'shop_key': text})}"
                raise ConsentRefused("state", f"the shop has been authorised before: begin again at {at}")
            state = ConsentState(text)
        await self._check_shop(state.shop_key)
        return state

    async def _check_shop(self, shop_key: str) -> None:
        """Wait up to `settings_grace` for the shop's settings: they may just have been published."""
        for _ in range(1 + round(self._settings.settings_grace.total_seconds() / _SETTINGS_POLL_SECONDS)):
            if shop_key and await self._catalogue.category_version(shop_key) is not None:
                return
            await asyncio.sleep(_SETTINGS_POLL_SECONDS if shop_key else 0)
        if not shop_key:
            raise ConsentRefused("shop_key", "shop_key is missing: /oauth/tiktok/start?shop_key=…")
        raise ConsentRefused("shop_unknown", no_settings(shop_key))

    async def _check_same_shop(self, shop_key: str, tiktok_shop_id: str) -> None:
        """A shop key stays bound to its first TikTok shop, which has its listings."""
        bound = await self._authorizations.get(shop_key)
        if bound is not None and bound.tiktok_shop_id != tiktok_shop_id:
            text = (
                f"shop {shop_key!r} is bound to TikTok shop {bound.tiktok_shop_id}, not to {tiktok_shop_id}: its"
                " listings stand there. Log in to TikTok Shop as that shop and begin again"
            )
            raise ConsentRefused("other_shop", text)


def choose_shop(shops: Sequence[Shop], wanted: str | None) -> Shop:
    """The wanted shop, else the only Japanese one of the consent. Raises ConsentRefused that lists the shops."""
    usable = [shop for shop in shops if shop.get("region") == REGION and shop.get("id") and shop.get("cipher")]
    if wanted is not None:
        usable = [shop for shop in usable if str(shop["id"]) == wanted]
    if len(usable) == 1:
        return usable[0]
    if not usable:
        what = f"TikTok shop {wanted}" if wanted else "a TikTok shop in Japan"
        raise ConsentRefused("no_shop", f"the consent does not cover {what}")
    names = ", ".join(f"{shop['id']} ({shop.get('name', '')})" for shop in usable)
    text = f"the consent covers several shops, add &tiktok_shop_id= to /oauth/tiktok/start: {names}"
    raise ConsentRefused("several_shops", text)
