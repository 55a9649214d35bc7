"""Why something that only TikTok Shop knows is not there now: one text per cause of PublisherUnavailable."""

TEXTS = {
    "not_set_up": (
        "TikTok Shopへの問い合わせがまだ準備されていません。サービスの運営担当者にご連絡ください。",
        "TikTok Shop cannot be asked yet. Please contact whoever runs this service for you.",
    ),
    "not_authorized": (
        "TikTok Shop認証が必要です。認証を行ってから、もう一度お試しください。",
        "The shop has to be authorised at TikTok Shop first.",
    ),
    "blocked": (
        "TikTok Shopがこの店舗の操作を受け付けていません。「TikTok Shop認証」で理由をご確認ください。",
        "TikTok Shop refuses this shop now. See “TikTok Shop authorisation” for the reason.",
    ),
    "refused": (
        "TikTok Shopがこのカテゴリーを受け付けませんでした。末端のカテゴリーを選び直してください。",
        "TikTok Shop does not take this category. Please choose another one, of the lowest level.",
    ),
    "unknown_shop": (
        "この店舗はまだ設定されていません。サービスの運営担当者にご連絡ください。",
        "This shop is not set up yet. Please contact whoever runs this service for you.",
    ),
    "tiktok_away": (
        "TikTok Shopが応答していません。入力済みの内容はそのままです。しばらくしてから、もう一度お試しください。",
        "TikTok Shop does not answer. What you entered stays as it is. Please try again in a while.",
    ),
    "publisher_away": (
        "TikTok Shopの情報を取得できません。入力済みの内容はそのままです。しばらくしてから、もう一度お試しください。",
        "What TikTok Shop knows cannot be had now. What you entered stays as it is. Please try again in a while.",
    ),
    "detail": ("TikTok Shopの回答", "TikTok Shop's words"),
}
