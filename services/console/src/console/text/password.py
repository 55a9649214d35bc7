"""The page of a one-time link."""

TEXTS = {
    "title": ("パスワードの設定", "Set your password"),
    "about": (
        "{email} でログインするときのパスワードを決めてください。設定すると、ほかの端末からはログアウトします。",
        "Choose the password for logging in as {email}. Other devices are logged out then.",
    ),
    "password": ("新しいパスワード", "New password"),
    "again": ("新しいパスワード（確認）", "New password, once more"),
    "rule": ("{least}文字以上、{most}文字以内", "{least} to {most} characters"),
    "fault_too_short": ("{least}文字以上で入力してください。", "Enter at least {least} characters."),
    "fault_too_long": ("{most}文字以内で入力してください。", "Enter at most {most} characters."),
    "fault_too_simple": (
        "推測されやすいパスワードです。別のパスワードを入力してください。",
        "This password is easy to guess. Please choose another one.",
    ),
    "differs": ("2つの入力が一致していません。", "The two entries differ."),
    "button": ("パスワードを設定する", "Set the password"),
    "gone": ("このリンクは使えません", "This link does not work"),
    "gone_why": (
        "リンクは3日間、1回だけ使えます。すでに使われたか、有効期限が切れたか、新しいリンクに置き換えられました。",
        "A link works once within three days. It was used, has expired, or another one has taken its place.",
    ),
    "gone_do": (
        "パスワードを設定済みの場合はログインしてください。そうでない場合は、運営担当者に新しいリンクをご依頼ください。",
        "If your password is set, log in. Otherwise ask whoever runs this service for you for a new link.",
    ),
    "to_login": ("ログインへ", "To the log-in"),
}
