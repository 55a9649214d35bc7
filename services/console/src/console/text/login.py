"""ログイン, and going on with what was entered before it."""

TEXTS = {
    "title": ("ログイン", "Log in"),
    "email": ("メールアドレス", "E-mail"),
    "password": ("パスワード", "Password"),
    "button": ("ログイン", "Log in"),
    "wrong_refused": ("メールアドレスまたはパスワードが正しくありません。", "The e-mail or the password is not right."),
    "wrong_throttled": (
        "ログインの失敗が続いたため、今はログインできません。{minutes}分ほど待ってから、もう一度お試しください。",
        "After too many failed log-ins you have to wait. Please try again in about {minutes} min.",
    ),
    "said_out": ("ログアウトしました。", "You are logged out."),
    "said_everywhere": ("すべての端末からログアウトしました。", "You are logged out on every device."),
    "said_password": (
        "パスワードを設定しました。すべての端末からログアウトしています。新しいパスワードでログインしてください。",
        "Your password is set, and you are logged out on every device. Log in with the new password.",
    ),
    "no_sign_up": (
        "アカウントは運営担当者が作成します。パスワードを忘れたときも運営担当者にご連絡ください。",
        "Accounts are made by whoever runs this service for you. Ask them also when you have forgotten the password.",
    ),
    "notice_kept": (
        "ログインの有効時間が過ぎました。入力した内容は残っています。ログインすると続けられます。",
        "Your session has ended. What you entered is kept: log in to go on.",
    ),
    "notice_not_kept": (
        "ログインの有効時間が過ぎました。入力した内容が多いため、残せませんでした。何も送信されていません。",
        "Your session has ended. What you entered was too much to be kept, and nothing was sent.",
    ),
    "resume_title": ("入力の続き", "Go on where you were"),
    "resume": (
        "ログインする前に入力した内容がまだ送信されていません。送信しますか。",
        "What you entered before the log-in has not been sent yet. Send it?",
    ),
    "kept_values": ("残っている入力内容", "What is kept"),
    "kept_field": ("項目", "Field"),
    "kept_value": ("入力した内容", "What you entered"),
    "kept_blank": ("（空欄）", "(blank)"),
    "kept_unnamed": ("ID {id}（名前を確認できません）", "id {id} (its name cannot be told now)"),
    "kept_more": ("ほか{n}件", "and {n} more"),
    "resume_shop": ("店舗「{shop}」の操作として送信します。", "It is sent as an action of the shop {shop}."),
    "resume_button": ("送信する", "Send it"),
    "resume_no": ("送信しないで戻る", "Go back without sending"),
}
