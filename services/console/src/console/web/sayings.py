"""What a service said about an action, in the words of a merchant."""

from console.model import Action
from console.web.addresses import product_path
from shopsync_readmodel.runs.imports import ImportFailure
from shopsync_readmodel.runs.words import edit_refusal, import_failure, refused_product, sync_refusal
from shopsync_readmodel.words import Words

_SHOWN = 5

_SHOWN_AT = {"import": "/history/imports", "sync": "/history/syncs", "settings": "/settings"}


def where_to_look(action: Action) -> str:
    """The page that shows whether an action was done."""
    if action.kind in {"edit", "switch"} and action.product_nos:
        return product_path(action.product_nos[0])
    return _SHOWN_AT.get(action.kind, "/products")


def reason_of(action: Action) -> Words | None:
    """The reason, in both languages; what TikTok Shop or futureshop said stays as it is."""
    if action.reason is None:
        return None
    if action.code == "refused_sync":
        return sync_refusal(action.reason)
    if action.code == "failed_import":
        code, _, message = action.reason.partition(": ")
        return import_failure(ImportFailure(code, message))
    return edit_refusal(action.reason)


def refusals_of(action: Action) -> list[tuple[str, Words]]:
    """Some of the products that were refused, each with its reason."""
    say = refused_product if action.kind == "import" else edit_refusal
    return [(number, say(reason)) for number, reason in action.refused[:_SHOWN]]
