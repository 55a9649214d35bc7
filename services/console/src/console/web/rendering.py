"""Pages from templates. Values are escaped; HTML from outside goes through `sanitised` first."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import jinja2
import nh3
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from console.text import text
from console.web.addresses import here_of, product_path
from console.web.csrf import FIELD
from console.web.sayings import reason_of, refusals_of, where_to_look
from console.web.static import address_of
from console.web.visits import visit_of
from shopsync_contracts.times import JST

_TAGS = frozenset(
    [
        "p",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ul",
        "ol",
        "li",
        "div",
        "span",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "hr",
        "blockquote",
        "dl",
        "dt",
        "dd",
        "pre",
        "sub",
        "sup",
    ]
)


def sanitised(html: str) -> Markup:
    """A merchant's HTML without scripts, styles, links, pictures and attributes."""
    return Markup(nh3.clean(html, tags=set(_TAGS), attributes={}))  # noqa: S704 - this is what makes it safe


def when(moment: datetime) -> str:
    """`2026/11/23 12:00`, in Japan's time."""
    return moment.astimezone(JST).strftime("%Y/%m/%d %H:%M")


class Pages:
    """Renders templates with the visit's language, session and token.

    `position`: from where a page that is made now has to be told what changed.
    """

    def __init__(self, *, position: Callable[[], str] = lambda: "") -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("console"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # else every row of a list asks the file system for its template
        )
        self._templates.filters["sanitised"] = sanitised
        self._templates.filters["product_path"] = product_path
        self._templates.filters["when"] = when
        self._templates.filters["reason_of"] = reason_of
        self._templates.filters["refusals_of"] = refusals_of
        self._templates.filters["where_to_look"] = where_to_look
        self._templates.globals["static"] = address_of
        self._templates.globals["position"] = position
        self._templates.globals["new_id"] = lambda: str(uuid.uuid4())

    def page(
        self,
        request: Request,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """A whole page, or what htmx asked for: the template decides."""
        return HTMLResponse(self.html(request, template, **values), status, headers=dict(headers or {}))

    def html(self, request: Request, template: str, **values: Any) -> str:
        """The text of a page or of a part of one, as for a stream of changes."""
        visit = visit_of(request)
        return self._templates.get_template(template).render(
            request_path=request.scope["path"],
            here=here_of(request),
            session=visit.session,
            language=visit.language,
            consent_ended=getattr(request.state, "consent_ended", False),
            draft_gone=getattr(request.state, "draft_gone", False),
            csrf=visit.csrf,
            csrf_field=FIELD,
            t=partial(text, language=visit.language),
            **values,
        )
