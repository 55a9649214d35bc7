"""連携設定."""

TEXTS = {
    "title": ("連携設定", "Link settings"),
    "intro": (
        "連携対象がONの商品を、いつTikTok Shopへ送信するかを設定します。",
        "When products that are ON are sent to TikTok Shop.",
    ),
    "when": ("送信のタイミング", "When to send"),
    "mode_manual": ("手動", "By hand"),
    "mode_manual_hint": (
        "［同期］を押したときだけ送信します。自動では何も送信しません。",
        "Products are sent when you press [Sync], and never by themselves.",
    ),
    "mode_auto": ("自動連携", "Automatic"),
    "mode_auto_hint": (
        "決まった間隔でfutureshopの情報を取り込み、連携対象がONの商品をすべて送信します。",
        "At an interval futureshop is read and every product that is ON is sent.",
    ),
    "mode_scheduled": ("任意の時間に連携", "At set times"),
    "mode_scheduled_hint": (
        "毎日決まった時刻に、連携対象がONの商品をすべて送信します。",
        "Every day at these times every product that is ON is sent.",
    ),
    "interval": ("間隔（分）", "Interval (minutes)"),
    "interval_hint": ("1〜1,440分の整数（1,440分＝24時間）", "A whole number from 1 to 1,440 minutes (24 hours)"),
    "times": ("時刻（日本時間）", "Times (Japan)"),
    "times_hint": (
        "いくつでも設定できます。使わない欄は空欄にしてください。",
        "As many as you like. Leave the others empty.",
    ),
    "time_number": ("時刻 {n}", "Time {n}"),
    "more_times": ("時刻の欄を増やす", "More times"),
    "shown_again": (
        (
            "自動連携・任意の時間に連携では、Seller Centerで非公開にした商品も、連携対象がONであれば次のタイミング"
            "で出品中に戻ります。戻したくない商品は、先に連携対象をOFFにしてください。"
        ),
        (
            "With the automatic modes a product that you have hidden in Seller Center goes on sale again at the"
            " next timing as long as it is ON. Switch it OFF first if it is to stay hidden."
        ),
    ),
    "tax": ("消費税", "Consumption tax"),
    "tax_hint": (
        (
            "futureshopの商品に消費税の設定がない場合だけ、この設定で税込価格を計算します。TikTok Shopには税込価格"
            "を送信します。変更すると、該当する商品の価格が計算し直され、次の同期で送信されます。"
        ),
        (
            "Used only where futureshop says nothing of a product's tax. TikTok Shop gets prices with tax. After a"
            " change the prices concerned are calculated again, and sent with the next sync."
        ),
    ),
    "tax_example": (
        "例：税別で2,778円、税率10％、切り捨ての場合、3,055円になります。",
        "Example: 2,778 yen without tax, 10 %, rounded down, becomes 3,055 yen.",
    ),
    "included": ("futureshopに登録した価格", "Prices registered in futureshop"),
    "included_yes": ("税込（そのまま送信）", "With tax (sent as they are)"),
    "included_no": ("税別（税を加えて送信）", "Without tax (tax is added)"),
    "rate": ("税率（％）", "Rate (%)"),
    "rate_hint": ("0〜100％の整数", "A whole number from 0 to 100 %"),
    "rounding": ("端数処理", "Rounding"),
    "rounding_down": ("切り捨て", "Down"),
    "rounding_up": ("切り上げ", "Up"),
    "rounding_half_up": ("四捨五入", "To the nearest"),
    "save": ("保存する", "Save"),
    "wrong": ("入力内容に誤りがあります。まだ保存されていません。", "Something is wrong below. Nothing was saved."),
    "unchanged": ("変更はありません。", "Nothing is changed."),
    "error_choose_mode": ("送信のタイミングを選んでください。", "Choose when to send."),
    "error_choose": ("選んでください。", "Choose one."),
    "error_enter": ("入力してください。", "Enter a value."),
    "error_interval": (
        "「{wrong}」は使えません。1〜1,440分の整数で入力してください。",
        "“{wrong}”: enter 1 to 1,440 minutes.",
    ),
    "error_rate": ("「{wrong}」は使えません。0〜100％の整数で入力してください。", "“{wrong}”: enter 0 to 100 %."),
    "error_times": (
        "「{wrong}」は時刻として使えません。00:00〜23:59で入力してください。",
        "“{wrong}” is no time: enter 00:00 to 23:59.",
    ),
    "error_enter_time": ("時刻を1つ以上入力してください。", "Enter at least one time."),
    "overtaken": (
        (
            "この画面を開いたあとに、設定が変更されました。まだ保存されていません。内容をご確認のうえ、よろしければ"
            "もう一度保存してください。"
        ),
        "The settings were changed after you opened this page. Nothing was saved yet: compare, then save again.",
    ),
    "pending": (
        "先に保存した設定が反映中です。まだ保存されていません。このまま保存すると、今の入力内容が優先されます。",
        (
            "An earlier change is still being applied, so nothing was saved yet. If you save again, what you enter"
            " here counts."
        ),
    ),
    "field": ("項目", "Setting"),
    "now": ("現在の設定", "Now"),
    "entered": ("入力した内容", "Entered here"),
    "differing": ("現在の設定と入力した内容の違い", "Now, and as entered here"),
    "same": ("入力した内容は現在の設定と同じです。", "What you entered is what is set now."),
    "confirm_title": ("非公開の商品が出品中に戻ります", "Hidden products go on sale again"),
    "confirm": (
        (
            "Seller Centerで非公開になっている商品が{n}件あり、連携対象がONです。「{mode}」で保存すると、次のタイミ"
            "ングで出品中に戻ります。"
        ),
        (
            "{n} products are hidden in Seller Center, and ON. If you save “{mode}”, they go on sale again at the"
            " next timing."
        ),
    ),
    "confirm_off": (
        "非公開のままにする商品は、保存する前に連携対象をOFFにしてください。",
        "Switch those OFF that are to stay hidden before you save.",
    ),
    "confirm_more": ("ほか{n}件", "and {n} more"),
    "product_no": ("商品番号", "Product number"),
    "name": ("商品名", "Name"),
    "confirm_save": ("出品中に戻ることを確認して保存する", "Save, and let them go on sale"),
    "confirm_back": ("保存しないで戻る", "Go back without saving"),
    "saving": (
        "保存した設定を反映しています。反映が終わると、この画面に新しい設定が表示されます。",
        "What was saved is being applied. It shows here as soon as it is.",
    ),
    "reload": ("最新の状態を表示する", "Show how it is now"),
    "edit_anyway": ("反映を待たずに変更する", "Change it again now"),
    "devices": ("ログイン中の端末", "Devices that are logged in"),
    "devices_hint": (
        "端末をなくしたときなどに使います。この端末もログアウトします。新しいパスワードの設定でも、すべての端末からログアウトします。",
        "For a lost device, for example. This one is logged out, too. A new password also logs you out everywhere.",
    ),
    "log_out_everywhere": ("すべての端末からログアウト", "Log out on every device"),
}
