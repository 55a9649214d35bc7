"""同期, before it is sent."""

TEXTS = {
    "title": ("同期", "Sync"),
    "about_all": ("連携対象がONのすべての商品", "Every product that is ON"),
    "about_chosen": ("選んだ {n} 商品", "The {n} chosen products"),
    "about_filter": ("条件に合うすべての商品", "Every product that matches"),
    "go": ("TikTok Shopへ送信する商品: {n}", "Sent to TikTok Shop: {n}"),
    "wait": ("送信しない商品", "Not sent"),
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
    "nothing": ("送信できる商品がありません。", "No product can be sent."),
    "back": ("商品一覧へ戻る", "Back to the products"),
}
