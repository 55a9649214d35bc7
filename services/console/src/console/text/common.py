"""What stands on every page, and the pages of errors."""

TEXTS = {
    "product": ("TikTok Shop連携ツール", "TikTok Shop link"),
    "log_out": ("ログアウト", "Log out"),
    "other_language": ("English", "日本語"),
    "skip": ("本文へ移動", "Skip to content"),
    "products": ("商品一覧", "Products"),
    "authorization": ("TikTok Shop認証", "TikTok Shop authorisation"),
    "consent_ended": (
        "TikTok Shop認証が切れているため、商品をTikTok Shopへ送信できません。",
        "The authorisation at TikTok Shop has ended: no product is sent.",
    ),
    "consent_again": ("TikTok Shopで認証し直す", "Authorise the shop again"),
    "settings": ("連携設定", "Link settings"),
    "history": ("履歴", "History"),
    "help": ("ヘルプ", "Help"),
    "menu": ("メニュー", "Menu"),
    "not_found": ("ページが見つかりません", "There is no such page"),
    "not_found_do": ("商品一覧に戻ってください。", "Go back to the list of products."),
    "wrong_form": ("この画面は古くなっています", "This page is out of date"),
    "wrong_form_do": (
        "何も送信されていません。画面を開き直して、もう一度お試しください。",
        "Nothing was sent. Open the page again and repeat.",
    ),
    "wrong_request": ("この操作は受け付けられません", "This cannot be taken"),
    "wrong_request_do": (
        "何も送信されていません。アドレスや入力した内容を確認してください。",
        "Nothing was sent. Please check the address and what you entered.",
    ),
    "too_large": ("入力した内容が多すぎます", "This is too much at once"),
    "too_large_do": (
        "何も送信されていません。対象の商品や入力した文字を減らして、もう一度お試しください。",
        "Nothing was sent. Take fewer products or less text, and try again.",
    ),
    "bug": ("問題が発生しました", "Something went wrong"),
    "bug_do": (
        "この問題は記録されました。しばらくしてから、もう一度お試しください。続く場合は、運営担当者に番号をお知らせください。",
        "It has been recorded. Please try again in a while. If it stays, tell whoever runs this service the number.",
    ),
    "draft_gone": (
        "入力途中の内容は、もう残っていません。",
        "What you had entered here is no longer kept.",
    ),
    "reference": ("番号: {number}", "Number: {number}"),
    "failed": ("処理できませんでした", "This could not be done"),
    "failed_do": (
        "何も失われていません。しばらくしてから、もう一度お試しください。",
        "Nothing is lost. Please try again in a while.",
    ),
    "full_stop": ("。", "."),
    "back": ("商品一覧へ戻る", "Back to the products"),
}
