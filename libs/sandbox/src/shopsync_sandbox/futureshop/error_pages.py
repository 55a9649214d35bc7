"""HTML error pages, as a proxy in front of the API shows them, in any encoding, declared or not."""

from starlette.responses import Response

from shopsync_sandbox.futureshop.faults import Fault

_MAINTENANCE = (
    "<!DOCTYPE html><html lang=ja><title>メンテナンス中</title><body><h1>ただいまメンテナンス中です</h1></body></html>"
)


def error_page(fault: Fault, status: int, headers: dict[str, str] | None = None) -> Response:
    """The fault's page. Its `charset` is declared by the header, by a meta element, or not at all."""
    page = fault.html if fault.html is not None else _MAINTENANCE
    kind = "text/html"
    if fault.declared == "header":
        kind += f"; charset={fault.charset}"
    elif fault.declared == "meta":
        page = page.replace("<title>", f'<meta charset="{fault.charset}"><title>', 1)
    content = page.encode(fault.charset, errors="xmlcharrefreplace")
    return Response(content, status, headers={**(headers or {}), "Content-Type": kind})
