"""一括情報更新, before it is confirmed."""

TEXTS = {
    "title": ("一括情報更新", "Update everything from futureshop"),
    "what": (
        "futureshopのすべての商品情報で上書きします。更新日が変わっていない商品も対象です。在庫とツールだけの項目（カテゴリー、ブランド、梱包など）は変わりません。",
        "Everything gets futureshop's values, whatever the update date says. Stock, category, brand and so on stay.",
    ),
    "lost": (
        "{products} 商品の {edits} 項目で、ツールでの変更がfutureshopの値に戻ります。",
        "{edits} edits of {products} products go back to futureshop's values.",
    ),
    "none_lost": ("失われる変更はありません。", "No edit would be lost."),
    "on": ("うち連携対象ON: {n} 商品", "of these ON: {n} products"),
    "same": ("うち値が同じ項目: {n}", "of these with equal values: {n}"),
    "stay": (
        "futureshopで削除済みの {n} 商品の変更は残ります。",
        "Edits of {n} products that are deleted in futureshop stay.",
    ),
    "product": ("商品", "Product"),
    "field": ("項目", "Field"),
    "tool": ("ツールの値（失われます）", "The tool's value, lost"),
    "futureshop": ("futureshopの値（前回の取り込み時点）", "futureshop's value, as last read"),
    "edited_at": ("{time} に変更", "edited {time}"),
    "images": ("画像 {n} 枚", "{n} images"),
    "no_value": ("（なし）", "(none)"),
    "prices": ("SKUごと: ¥{lowest}–¥{highest}", "per SKU: ¥{lowest}–¥{highest}"),
    "equal": ("同じ値", "equal"),
    "more": ("ほか {n} 項目", "and {n} more"),
    "confirm": ("一括情報更新を実行する", "Overwrite everything"),
    "update_only": ("更新された商品だけ取り込む（情報を更新する）", "Only take products that changed"),
    "back": ("やめて商品一覧へ戻る", "Back to the products without it"),
}
