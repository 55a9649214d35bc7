"""The publisher's internal API: what TikTok Shop alone knows. A page has to work without it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx
import structlog
from cachetools import LRUCache, TTLCache
from pydantic import SecretStr

from console.errors import PublisherCause, PublisherUnavailable
from shopsync_runtime.http_client import Answer, ExchangeFailed, Sender, exchange

T = TypeVar("T")
log = structlog.get_logger(__name__)

_WITHIN = timedelta(seconds=20)
"""Longer than the publisher takes for an answer at most."""
_LARGEST = 16 * 1024 * 1024
_TREE_SECONDS = 300
_TREES = 24
"""Trees of shops that are kept for five minutes, so that a search in the tree asks nobody. One of 10,000 categories
takes 4 MB: all of them less than a fifth of the memory that the chart gives.
"""
_MOST_NAMES = 20_000
"""Names of attributes that are kept: TikTok's ids of them are the same in every category and shop."""
_MOST_FOUND = 50
_CAUSES: Mapping[str, PublisherCause] = {
    "not_authorized": "not_authorized",
    "blocked": "blocked",
    "unknown_shop": "unknown_shop",
    "unavailable": "tiktok_away",
    "not_set_up": "not_set_up",
    "refused": "refused",
}


@dataclass(frozen=True, slots=True)
class Category:
    """A node of TikTok Shop's tree, with its Japanese name. `parent` None: a category of the first level.

    `permission`: TikTok's word; AVAILABLE, INVITE_ONLY (needs TikTok's approval), NON_MAIN_CATEGORY, PROHIBITED.
    """

    id: str
    name: str
    parent: str | None
    is_leaf: bool
    permission: str = "AVAILABLE"


@dataclass(frozen=True, slots=True)
class CategoryTree:
    """All categories of a shop, in TikTok's order."""

    categories: tuple[Category, ...]
    by_id: Mapping[str, Category] = field(init=False, repr=False, compare=False)
    by_parent: Mapping[str | None, tuple[Category, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = {category.id: category for category in self.categories}
        below: dict[str | None, list[Category]] = {}
        for category in self.categories:
            # One whose parent is not there is not lost: it stands on the first level.
            below.setdefault(category.parent if category.parent in by_id else None, []).append(category)
        object.__setattr__(self, "by_id", by_id)
        object.__setattr__(self, "by_parent", {parent: tuple(found) for parent, found in below.items()})

    def get(self, category_id: str) -> Category | None:
        """None for an id that TikTok does not list for this shop."""
        return self.by_id.get(category_id)

    def children(self, category_id: str | None = None) -> tuple[Category, ...]:
        """Those right below; of None those of the first level."""
        return self.by_parent.get(category_id, ())

    def path(self, category_id: str) -> tuple[Category, ...]:
        """From the first level down to this category; empty for an unknown one."""
        found: list[Category] = []
        category = self.by_id.get(category_id)
        while category is not None and category not in found:
            found.append(category)
            category = self.by_id.get(category.parent) if category.parent is not None else None
        return tuple(reversed(found))

    def matching(self, text: str, limit: int = _MOST_FOUND) -> tuple[Category, ...]:
        """Leaves in whose names, or in those above them, every word of the text stands."""
        words = text.casefold().split()
        found: list[Category] = []
        for category in self.categories if words else ():
            if category.is_leaf and len(found) < limit:
                names = " ".join(one.name for one in self.path(category.id)).casefold()
                if all(word in names for word in words):
                    found.append(category)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class AttributeField:
    """A product attribute of a category. `values`: id to name, empty for a field that has none.

    `required_if`: (attribute id, value id): one of them chosen makes it required; while another value of that
    attribute is chosen it has to stay empty. `custom`: a value of one's own is taken; `numeric`: it is a number over 0.
    """

    id: str
    name: str
    required: bool
    required_if: frozenset[tuple[str, str]]
    multiple: bool
    custom: bool
    numeric: bool
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A document that a category requires, always or with one of these choices. The publisher can send none (ED-8)."""

    name: str
    required: bool
    required_if: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a category asks of its products: attributes in TikTok's order, a size chart or not, certificates."""

    fields: tuple[AttributeField, ...]
    needs_size_chart: bool
    certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand that the shop can use. Without TikTok's authorisation (`authorized` False) buyers do not see it."""

    id: str
    name: str
    authorized: bool = True


class PublisherApi:
    """Every method raises PublisherUnavailable. `token` None: the API is not set up.

    `attribute_names`: by id, of the categories that were asked for. A product keeps those of a former category.
    """

    def __init__(self, http: Sender, url: str, token: SecretStr | None) -> None:
        self._http = http
        self._url = url
        self._token = token
        self._trees: TTLCache[str, CategoryTree] = TTLCache(_TREES, _TREE_SECONDS)
        self.attribute_names: LRUCache[str, str] = LRUCache(_MOST_NAMES)

    async def categories(self, shop_key: str) -> CategoryTree:
        """The whole tree of the shop, as of the last five minutes."""
        tree = self._trees.get(shop_key)
        if tree is None:
            document = await self._ask("GET", f"{_shop(shop_key)}/categories")
            tree = self._trees[shop_key] = _read(_tree, document)
        return tree

    async def requirements(self, shop_key: str, category_id: str) -> Requirements:
        """Of a leaf category. The cause is `refused` for what is no leaf."""
        document = await self._ask("GET", f"{_shop(shop_key)}/categories/{quote(category_id, safe='')}/requirements")
        found = _read(_requirements, document)
        self.attribute_names.update((one.id, one.name) for one in found.fields)
        return found

    async def brands(self, shop_key: str, text: str, category_id: str | None) -> tuple[Brand, ...]:
        """At most 50 whose name contains the text; of an empty text the first ones."""
        query = {"text": text, **({"category_id": category_id} if category_id else {})}
        return _read(_brands, await self._ask("GET", f"{_shop(shop_key)}/brands?{urlencode(query)}"))

    async def consent_address(
        self, shop_key: str, return_to: str = "/authorization", *, tiktok_shop_id: str | None = None
    ) -> str:
        """TikTok's page on which the merchant authorises the shop. `return_to`: the console's page afterwards.

        `tiktok_shop_id`: which one, of a seller with several.
        """
        body = {"return_to": return_to, **({"tiktok_shop_id": tiktok_shop_id} if tiktok_shop_id else {})}
        document = await self._ask("POST", f"{_shop(shop_key)}/consent", body)
        return _read(_address, document)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        if self._token is None:
            raise PublisherUnavailable("not_set_up")
        headers = {
            "authorization": f"Bearer {self._token.get_secret_value()}",
            "accept": "application/json",
            "accept-encoding": "gzip",
        }
        content = None if body is None else json.dumps(body).encode()
        request = httpx.Request(method, f"{self._url}{path}", headers=headers, content=content)
        try:
            answer = await exchange(self._http, request, within=_WITHIN, max_bytes=_LARGEST)
        except ExchangeFailed as error:
            log.warning("the publisher does not answer", error=str(error))
            raise PublisherUnavailable("publisher_away") from None
        document = _json(answer)
        if not answer.is_success:
            raise _unavailable(answer, document)
        return document


def _shop(shop_key: str) -> str:
    return f"/internal/shops/{quote(shop_key, safe='')}"


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def _unavailable(answer: Answer, document: Any) -> PublisherUnavailable:
    fault = document.get("error") if isinstance(document, dict) else None
    code, message = (str(fault.get("code", "")), str(fault.get("message", ""))) if isinstance(fault, dict) else ("", "")
    if answer.status in {401, 403} or (answer.status == httpx.codes.NOT_FOUND and code not in _CAUSES):
        log.error("the publisher does not take this console's token: both need the same", status=answer.status)
        return PublisherUnavailable("not_set_up")
    log.warning("the publisher has no answer", status=answer.status, code=code, reason=message[:300])
    return PublisherUnavailable(_CAUSES.get(code, "publisher_away"), message)


def _read(read: Callable[[Any], T], document: Any) -> T:
    """Raises PublisherUnavailable for a document of another shape, as from another version."""
    try:
        return read(document)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        log.warning("the publisher's answer is not understood", error=f"{type(error).__name__}: {error}"[:200])
        raise PublisherUnavailable("publisher_away") from None


def _tree(document: Any) -> CategoryTree:
    return CategoryTree(
        tuple(
            Category(str(row["id"]), str(row["name"]), row["parent_id"], bool(row["is_leaf"]), str(row["permission"]))
            for row in document["categories"]
        )
    )


def _requirements(document: Any) -> Requirements:
    return Requirements(
        _attributes(document),
        bool(document["size_chart"]["required"]),
        tuple(
            Certificate(str(row["name"]), bool(row["required"]), _choices(row.get("required_if", ())))
            for row in document["certificates"]
        ),
    )


def _choices(rows: Sequence[Mapping[str, Any]]) -> frozenset[tuple[str, str]]:
    return frozenset((str(one["attribute_id"]), str(one["value_id"])) for one in rows)


def _attributes(document: Any) -> tuple[AttributeField, ...]:
    return tuple(
        AttributeField(
            id=str(row["id"]),
            name=str(row["name"]),
            required=bool(row["required"]),
            required_if=_choices(row["required_if"]),
            multiple=bool(row["multiple"]),
            custom=bool(row["custom"]),
            numeric=bool(row["numeric"]),
            values={str(value["id"]): str(value["name"]) for value in row["values"]},
        )
        for row in document["attributes"]
    )


def _brands(document: Any) -> tuple[Brand, ...]:
    return tuple(Brand(str(row["id"]), str(row["name"]), bool(row["authorized"])) for row in document["brands"])


def _address(document: Any) -> str:
    address = str(document["address"])
    if not address.startswith(("https://", "http://")):
        raise ValueError("no address")
    return address
