"""同期, before it is sent."""

TEXTS = {
    "title": ("同期", "Sync"),
    "about_all": ("連携対象がONのすべての商品", "Every product that is ON"),
    "about_chosen": ("選んだ {n} 商品", "The {n} chosen products"),
    "about_filter": ("条件に合うすべての商品", "Every product that matches"),
    "go": ("TikTok Shopへ送信する商品: {n}", "Sent to TikTok Shop: {n}"),
    "go_same": (
        "前回の送信から変更がない商品は、送り直しません（結果では「変更なし（送信済み）」に数えます）。",
        "Products without a change since the last time are not sent again; the result counts them as unchanged.",
    ),
    "go_commanded": (
        "下の「カテゴリーの必須項目が未入力」の {n} 商品も、結果の「送信対象 {all}」に含まれます。",
        (
            "The {n} below that lack what their category requires are tried as well: the result counts them among {all}"
            " to be sent."
        ),
    ),
    "unchecked": (
        (
            "うち {n} 商品は、カテゴリーの必須属性が入力されているかを確認できませんでした。"
            "入力されていない商品は、送信されずに「不足項目あり」になります。"
        ),
        (
            "Of {n} of these nobody could tell now whether they have what their category requires. One that lacks it is"
            " not sent and ends as “Incomplete”."
        ),
    ),
    "wait": ("送信しない商品", "Not sent"),
    "lacking": ("カテゴリーの必須項目が未入力: {n}", "Without what their category requires: {n}"),
    "lacking_do": (
        (
            "TikTok Shopがカテゴリーごとに求める属性（またはサイズ表、証明書）がないため、"
            "同期しても送信されず、状態が「不足項目あり」になります。商品詳細で確認してください。"
        ),
        (
            "They lack an attribute (or the size chart, or a certificate) that TikTok Shop requires in their category."
            " A sync does not send them: they end as “Incomplete”. See the product's page."
        ),
    ),
    "lacking_more": ("ほか {n} 商品を表示する", "Show {n} more"),
    "lacking_rest": (
        "さらに {n} 商品あります。上の商品に入力すると、続きが表示されます。",
        "And {n} more, which are shown once those above are complete.",
    ),
    "incomplete": ("不足項目あり: {n}", "Incomplete: {n}"),
    "no_category": ("うちカテゴリー未設定: {n}", "of these without a category: {n}"),
    "complete_do": (
        "商品詳細または一括入力・変更で不足項目を入力すると、送信できるようになります。",
        "Enter what is missing in the product or by a bulk edit; then they can be sent.",
    ),
    "off": ("連携対象OFF: {n}", "OFF: {n}"),
    "unknown": ("ツールにない商品: {n}", "Not in the tool: {n}"),
    "look": ("不足項目のある商品を見る", "See the incomplete products"),
    "hidden": (
        "Seller Centerで非公開にした {n} 商品が、この同期で再び出品中になります。",
        "{n} products that are hidden in Seller Center come back on sale with this sync.",
    ),
    "hidden_do": (
        "販売を止めたままにするには、先に連携対象をOFFにしてください。",
        "To keep them off sale, switch them OFF first.",
    ),
    "hold_up": ("現在の状況", "At present"),
    "stock": (
        "価格や商品情報はツールの値で上書きされます。在庫は初回だけ送信します。",
        "Prices and texts are overwritten with the tool's values. Stock is sent the first time only.",
    ),
    "send": ("{n} 商品を同期する", "Sync {n} products"),
    "send_anyway": ("このまま同期する", "Sync all the same"),
    "nothing": ("送信できる商品がありません。", "No product can be sent."),
    "back": ("商品一覧へ戻る", "Back to the products"),
}
