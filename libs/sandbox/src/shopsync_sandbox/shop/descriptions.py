"""Product descriptions as Japanese merchants write them: hand-made HTML with tables and inline styles."""

import html
import random
from collections.abc import Sequence

from shopsync_sandbox.shop.vocabulary import Category

_SENTENCES = (
    "毎日の暮らしに寄り添う、使い勝手のよい一品です。",
    "職人がひとつひとつ手作業で仕上げているため、色や形に個体差がございます。",
    "洗うほどにやわらかく、長くご愛用いただけます。",
    "贈り物にも喜ばれる、当店の定番商品です。",
    "「こんなのが欲しかった!」というお客様の声から生まれました。",
    "国内の工房で少量ずつ生産しております。",
    "サイズ・重さは目安です。多少の誤差はご了承ください。",
    "お届け後7日以内であれば、未使用品に限り交換を承ります。",
)
_CARE = (
    "直射日光を避けて保管してください",
    "漂白剤の使用はお避けください",
    "食洗機・電子レンジ &amp; オーブン不可",
    "濃色は単独で洗濯してください",
    "開封後はお早めにお召し上がりください",
)
_CELL = "border:1px solid #ccc;padding:6px 10px;"
_REVIEWERS = ("30代・女性", "40代・男性", "50代・女性", "20代・女性")


def describe(rng: random.Random, category: Category, name: str, images: Sequence[str], *, long: bool) -> str:
    """A description of a few hundred bytes, or of several kilobytes when `long`. Image sources are server paths."""
    lead = "<br />".join(rng.sample(_SENTENCES, 3))
    if not long:
        return f"<p>{lead}</p>"
    parts = (
        f'<h3 style="color:#8b5a2b;border-bottom:2px solid #8b5a2b;font-size:18px;">{html.escape(name)}</h3>',
        f'<p style="line-height:1.8;">{lead}</p>',
        *(_picture(path, name) for path in images[:3]),
        _specification(rng, category),
        _measurements(rng),
        _reviews(rng),
        _notes(rng),
        "<!-- テンプレート ver.3 ここまで -->",
    )
    return "\n".join(parts)


def _picture(path: str, name: str) -> str:
    return (
        f'<div style="text-align:center;margin:20px 0;"><img src="{path}" alt="{html.escape(name)}" '
        'width="600" border="0" /></div>'
    )


def _row(head: str, *cells: str) -> str:
    data = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
    return f'<tr><th style="{_CELL}background:#f7f3ee;width:30%;">{head}</th>{data}</tr>'


def _specification(rng: random.Random, category: Category) -> str:
    rows = (
        _row("カテゴリー", category.label),
        _row("素材・原材料", f"{rng.choice(category.materials)}&nbsp;ほか"),
        _row("原産国", rng.choice(("日本", "日本(一部部材は海外製)", "中国", "ベトナム"))),
        _row("重量", f"約{rng.randrange(30, 2400)}g"),
        _row("備考", rng.choice(_SENTENCES)),
    )
    return f'<table style="border-collapse:collapse;width:100%;" cellpadding="0">{"".join(rows)}</table>'


def _measurements(rng: random.Random) -> str:
    rows = [_row("サイズ", "幅", "奥行", "高さ")]
    rows += [_row(size, *(f"{rng.randrange(50, 900) / 10}cm" for _ in range(3))) for size in ("小", "中", "大", "特大")]
    return f'<h4>サイズ表</h4><table style="border-collapse:collapse;font-size:13px;">{"".join(rows)}</table>'


def _reviews(rng: random.Random) -> str:
    voices = "".join(
        f'<dt><font color="#c33">{"★" * rng.randrange(3, 6)}</font> {who}</dt><dd>{rng.choice(_SENTENCES)}</dd>'
        for who in _REVIEWERS
    )
    return f"<h4>お客様の声</h4><dl>{voices}</dl>"


def _notes(rng: random.Random) -> str:
    items = "".join(f"<li>{note}</li>" for note in rng.sample(_CARE, 3))
    return (
        f'<ul class="note">{items}</ul><p><a href="/fs/demo/c/guide" target="_blank">ご利用案内はこちら &raquo;</a></p>'
    )
