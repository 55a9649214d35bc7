"""一括入力・変更: its form, the page that asks, the report."""

TEXTS = {
    "title": ("一括入力・変更", "Bulk edit"),
    "none": ("商品が選ばれていません。", "No product is chosen."),
    "none_do": (
        "商品一覧で商品を選び、［一括入力・変更］を押してください。",
        "Choose products in the list, then press “Bulk edit”.",
    ),
    "chosen": ("{n} 商品に同じ値を入力します。", "The same values for {n} products."),
    "chosen_more": ("ほか {n} 商品", "and {n} more"),
    "unknown": ("ツールにない {n} 商品は除きました。", "{n} products that are not in the tool are left out."),
    "only_filled": (
        "入力した項目だけが変更されます。空欄の項目は今の値のままです。",
        "Only what you fill in is changed. What stays blank stays as it is.",
    ),
    "clear": ("今の値を消去する", "Clear the present values"),
    "clear_price": ("futureshopの価格に戻す", "Back to futureshop's price"),
    "clear_named": ("「{field}」の今の値を消去する", "Clear the present “{field}”"),
    "price_hint": (
        "すべてのSKUがこの価格になります。次の取り込みでfutureshopの価格に戻ることがあります。",
        "Every SKU gets this price. A later import may bring futureshop's price back.",
    ),
    "category_hint": (
        (
            "カテゴリーを変えても、入力済みの商品属性は消えません。"
            "新しいカテゴリーにない属性は、TikTok Shopへ送信されません。"
        ),
        "With another category the attributes stay as they are; those that it does not have are not sent.",
    ),
    "category_requires": (
        "このカテゴリーに必須の属性（{names}）がない商品は、商品詳細で入力するまで送信されません。",
        "This category requires {names}: a product without them is not sent before they stand in its page.",
    ),
    "no_category": ("カテゴリーの選択をやめる（変更しない）", "No category: leave it as it is"),
    "target": ("連携対象", "Sync target"),
    "target_keep": ("変更しない", "As it is"),
    "target_on": ("ONにする", "Switch ON"),
    "target_off": ("OFFにする", "Switch OFF"),
    "target_hint": (
        "OFFにしても、TikTok Shopの商品は非公開にも削除にもなりません。",
        "OFF neither hides nor deletes a listing at TikTok Shop.",
    ),
    "stays": ("空欄（変更しない）", "Blank: as it is"),
    "check": ("内容を確認する", "Go on"),
    "wrong": (
        "入力内容に誤りがあります。まだ何も変更されていません。",
        "Something is wrong below. Nothing was changed.",
    ),
    "confirm_title": ("一括入力・変更の確認", "Bulk edit: is this right?"),
    "confirm": ("{n} 商品に、次の内容を書き込みます。", "This is written to {n} products."),
    "has_changed": (
        "対象の商品が変わりました。内容をもう一度ご確認ください。まだ何も変更されていません。",
        "Other products match by now. Please look again: nothing was changed yet.",
    ),
    "field": ("項目", "Field"),
    "value": ("書き込む値", "Value"),
    "cleared": ("消去する", "cleared"),
    "send": ("{n} 商品を変更する", "Change {n} products"),
    "back": ("入力に戻る", "Back to the form"),
    "report_title": ("一括入力・変更の結果", "What became of the bulk edit"),
    "report": ("商品ごとの結果", "Product by product"),
    "product_no": ("商品番号", "Product number"),
    "name": ("商品名", "Name"),
    "outcome": ("結果", "Outcome"),
    "status": ("状態", "Status"),
    "outcome_applied": ("反映済み", "Applied"),
    "outcome_applying": ("反映中", "Being applied"),
    "outcome_unknown": ("確認できません", "Not confirmed"),
    "outcome_refused": ("反映できませんでした", "Refused"),
    "lacking": (
        "カテゴリーの必須項目（属性、サイズ表、証明書）が不足しています。送信されませんので、商品詳細で確認してください。",
        "It lacks an attribute, the size chart or a certificate that its category requires, so it is not sent.",
    ),
    "not_shown": (
        "ほか {n} 商品。反映できなかった商品は、上の表に先に表示されます。",
        "And {n} more. Products that were refused stand first in the table.",
    ),
    "gone": (
        "60日を過ぎたため、商品ごとの結果は一部だけ表示しています（反映できなかった商品は20件まで）。",
        "After 60 days only a part of it is left: 20 of the products that were refused.",
    ),
    "first_page": ("最初のページへ", "To the first page"),
    "next_page": ("次のページへ", "Next page"),
    "look": ("最新の状況を見る", "See how far it is"),
}
