"""TikTok Shop認証."""

OUTCOMES = (
    "done",
    "denied",
    "code",
    "state_expired",
    "shop_unknown",
    "shop_taken",
    "other_shop",
    "no_shop",
    "several_shops",
    "tiktok_away",
    "failed",
)
"""What the publisher says became of a consent."""

_AGAIN = "もう一度認証してください。"

TEXTS = {
    "title": ("TikTok Shop認証", "TikTok Shop authorisation"),
    "intro": (
        "商品をTikTok Shopへ連携するには、はじめにTikTok Shopでの認証が必要です。",
        "Before products can go to TikTok Shop, the shop has to be authorised there.",
    ),
    "state": ("認証の状態", "State"),
    "why": ("理由", "Reason"),
    "who": ("対応", "Who has to act"),
    "do": ("対応の内容", "What to do"),
    "do_tool": ("下のボタンから認証してください", "Authorise the shop with the button below"),
    "do_operator": (
        "サービスの運営担当者にご連絡ください",
        "Please contact whoever runs this service for you",
    ),
    "shop": ("認証済みのTikTok Shop", "Authorised TikTok Shop"),
    "shop_id": ("TikTok ShopのID", "TikTok Shop's id"),
    "until": ("認証の有効期限", "Authorised until"),
    "since": ("認証した日時", "Authorised at"),
    "passing": ("現在の状況", "At the moment"),
    "first": ("TikTok Shopで認証する", "Authorise at TikTok Shop"),
    "again": ("TikTok Shopで認証し直す", "Authorise at TikTok Shop again"),
    "button_hint": (
        "TikTok Shopの画面が開きます。許可すると、この画面に戻ります。",
        "This opens TikTok Shop. After you have consented you come back to this page.",
    ),
    "again_hint": (
        "有効期限が近いときや、TikTok Shop側の設定を変えたときに行ってください。商品の情報は変わりません。",
        "For when the authorisation ends soon, or something has changed at TikTok Shop. No product is changed.",
    ),
    "which": ("認証するTikTok ShopのID", "Id of the TikTok Shop to authorise"),
    "which_hint": (
        "Seller Centerのショップ情報で確認できる数字です。",
        "The number that Seller Center shows for the shop.",
    ),
    "which_wrong": ("IDは半角の英数字で入力してください。", "An id consists of letters and digits."),
    "to_products": ("商品一覧へ進む", "To the products"),
    "leave_title": ("TikTok Shopへ移動します", "On to TikTok Shop"),
    "leave": (
        "自動で移動しないときは、次のリンクを押してください。",
        "If this page does not go on by itself, use this link.",
    ),
    "leave_link": ("TikTok Shopの認証画面を開く", "Open TikTok Shop's page"),
    "outcome_done": ("TikTok Shop認証が完了しました。", "The shop is authorised at TikTok Shop."),
    "outcome_denied": (
        f"TikTok Shopで認証が許可されませんでした。{_AGAIN}",
        "The authorisation was not given at TikTok Shop. Please begin again.",
    ),
    "outcome_code": (
        f"認証コードが無効か、使用済みです。{_AGAIN}",
        "The code is not valid, or was used already. Please begin again.",
    ),
    "outcome_state_expired": (
        f"認証の有効時間が過ぎました。{_AGAIN}",
        "The authorisation was begun too long ago. Please begin again.",
    ),
    "outcome_shop_unknown": (
        "この店舗はまだ設定されていません。サービスの運営担当者にご連絡ください。",
        "This shop is not set up yet. Please contact whoever runs this service for you.",
    ),
    "outcome_shop_taken": (
        "このTikTok Shopは、すでに別の店舗KEYで認証されています。正しいTikTok Shopのアカウントで認証してください。",
        "That TikTok Shop belongs to another shop key. Please log in to TikTok Shop with the right account.",
    ),
    "outcome_other_shop": (
        "この店舗KEYは、すでに別のTikTok Shopで認証されています。前回と同じTikTok Shopで認証してください。",
        "This shop key belongs to another TikTok Shop. Please authorise the same TikTok Shop as before.",
    ),
    "outcome_no_shop": (
        "認証されたアカウントに、日本のTikTok Shopが見つかりません。ショップのあるアカウントで認証してください。",
        "The account has no TikTok Shop in Japan. Please authorise with the account of the shop.",
    ),
    "outcome_several_shops": (
        "認証されたアカウントに複数のTikTok Shopがあります。IDを指定して、もう一度認証してください。",
        "The account has several TikTok Shops. Please say which one, and begin again.",
    ),
    "outcome_tiktok_away": (
        "TikTok Shopが応答しませんでした。しばらくしてから、もう一度認証してください。",
        "TikTok Shop did not answer. Please begin again in a while.",
    ),
    "outcome_failed": (
        "TikTok Shop認証を完了できませんでした。しばらくしてから、もう一度お試しください。",
        "The authorisation could not be completed. Please try again in a while.",
    ),
}
