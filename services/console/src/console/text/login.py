TEXTS = {
    "title": ("ログイン", "Log in"),
    "email": ("メールアドレス", "E-mail"),
    "password": ("パスワード", "Password"),
    "button": ("ログイン", "Log in"),
    "wrong": ("メールアドレスまたはパスワードが正しくありません。", "The e-mail or the password is not right."),
    "no_sign_up": (
        "アカウントは運営担当者が作成します。パスワードを忘れたときも運営担当者にご連絡ください。",
        "Accounts are made by whoever runs this service for you. Ask them also when you have forgotten the password.",
    ),
    "kept": (
        "ログインの有効時間が過ぎました。入力した内容は残っています。ログインすると続けられます。",
        "Your session has ended. What you entered is kept: log in to go on.",
    ),
    "resume_title": ("入力の続き", "Go on where you were"),
    "resume": (
        "ログインする前に入力した内容がまだ送信されていません。送信しますか。",
        "What you entered before the log-in has not been sent yet. Send it?",
    ),
    "resume_button": ("送信する", "Send it"),
    "resume_no": ("送信しないで戻る", "Go back without sending"),
}
