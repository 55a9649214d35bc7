"""Search Size Charts."""

from typing import Any, Literal

from shopsync_sandbox.tiktok.api.call import Call
from shopsync_sandbox.tiktok.protocol.bodies import Body, parse
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.taxonomy.size_charts import SIZE_CHARTS, SizeChart

_IDS_MAX = 50


class SizeChartFilters(Body):
    """The body of Search Size Charts. Ids take precedence over the keyword."""

    ids: list[str] | None = None
    keyword: str | None = None
    size_chart_mode: Literal["REUSABLE_TEMPLATE", "PRODUCT_SCOPED"] | None = None


def search_size_charts(call: Call) -> dict[str, Any]:
    """The seller's templates by ids or a part of the name, paged."""
    filters, size = parse(SizeChartFilters, call.body), call.page_size()
    if len(filters.ids or []) > _IDS_MAX:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: at most {_IDS_MAX} ids")
    found = [chart for chart in SIZE_CHARTS.values() if _wanted(chart, filters)]
    token = call.query.get("page_token") or "0"
    if not token.isascii() or not token.isdigit():
        raise ApiError(Code.INVALID_PARAM, "invalid param: page_token")
    page = found[int(token) : int(token) + size]
    following = int(token) + size
    return {
        "size_chart": [_shape(chart) for chart in page],
        "next_page_token": str(following) if following < len(found) else "",
        "total_count": len(found),
    }


def _wanted(chart: SizeChart, filters: SizeChartFilters) -> bool:
    if filters.size_chart_mode == "PRODUCT_SCOPED":
        return False
    return chart.id in filters.ids if filters.ids else (filters.keyword or "") in chart.name


def _shape(chart: SizeChart) -> dict[str, Any]:
    table = {
        "headers": [{"name": name, "id": str(place)} for place, name in enumerate(chart.headers)],
        "rows": [{"cells": [{"value": value} for value in row]} for row in chart.rows],
    }
    sizes = {
        "table": table,
        "description": "",
        "is_one_size": False,
        "measurement_type": "PRODUCT_MEASUREMENTS",
        "unit_system": "METRIC",
        "size_types": ["size_chart_common_size_type"],
    }
    return {
        "template_id": chart.id,
        "template_name": chart.name,
        "images": [],
        "related_category_ids": list(chart.category_ids),
        "size_chart_mode": "REUSABLE_TEMPLATE",
        "size_chart_datas": [{"locale": "ja-JP", "size_chart_data": sizes}],
    }
