"""Size-chart templates from Seller Center: the same two for every shop, with invented ids."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SizeChart:
    """A template. `rows` are the cells under `headers`, in centimetres."""

    id: str
    name: str
    category_ids: tuple[str, ...]
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_CHARTS = (
    SizeChart(
        "7200000000000000001",
        "靴下サイズ表",
        ("601234", "800111"),
        ("サイズ", "足の長さ"),
        (("S", "22-23"), ("M", "23-25"), ("L", "25-27")),
    ),
    SizeChart(
        "7200000000000000002",
        "トップスサイズ表",
        ("602100", "602101", "800121"),
        ("サイズ", "着丈", "身幅"),
        (("S", "62", "46"), ("M", "65", "49"), ("L", "68", "52")),
    ),
)
#: by template id
SIZE_CHARTS = {chart.id: chart for chart in _CHARTS}
