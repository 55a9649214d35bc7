"""What was entered is carried over a log-in inside the log-in form: nothing of strangers is stored."""

import json
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData

from console.web import csrf
from console.web.forms import LARGEST

Fields = Sequence[tuple[str, str]]

LARGEST_KEPT = LARGEST // 10
"""Characters: one in Japanese has nine bytes in a form."""

_fields = TypeAdapter(list[tuple[str, str]])


def kept_form(form: FormData) -> str:
    """As text, without the token: the next session has its own. Empty when it is too large."""
    text = kept_text([(name, str(value)) for name, value in form.multi_items() if name != csrf.FIELD])
    return text if len(text) <= LARGEST_KEPT else ""


def kept_text(fields: Fields) -> str:
    """The text of which `kept_fields` makes these fields again."""
    return json.dumps(fields, ensure_ascii=False)


def kept_fields(text: str) -> Fields:
    """What `kept_form` kept; none for anything else."""
    try:
        found = _fields.validate_json(text) if len(text) <= LARGEST_KEPT else []
    except ValidationError:
        return []
    return [(name, value) for name, value in found if name != csrf.FIELD]
