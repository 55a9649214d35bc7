"""What a service said about an action, in the words of a merchant."""

from console.model import Action
from shopsync_readmodel.runs.imports import ImportFailure
from shopsync_readmodel.runs.words import edit_refusal, import_failure, refused_product, sync_refusal
from shopsync_readmodel.words import Words

_SHOWN = 5


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
