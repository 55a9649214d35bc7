"""ヘルプ. README.ja.md says the same at length."""

TEXTS = {
    "title": ("ヘルプ", "Help"),
    "contents": ("目次", "Contents"),
    "status": ("状態の意味と対応", "What each state means, and what to do"),
    "status_intro": (
        "商品には、いつも1つの状態があります。状態は連携対象のON・OFFとは別のもので、OFFの商品にも状態があります。",
        (
            "Every product has exactly one state. It does not depend on whether the product is ON: OFF products have"
            " one too."
        ),
    ),
    "status_name": ("状態", "State"),
    "status_what": ("意味", "What it means"),
    "status_do": ("対応", "What to do"),
    "what_incomplete": (
        "TikTok Shopに必要な項目が入力されていないか、在庫数が1未満です。送信されません。",
        "A value that TikTok Shop requires is blank, or the stock is below 1. It is not sent.",
    ),
    "do_incomplete": (
        "商品詳細で不足項目を入力してください。複数の商品には［一括入力・変更］が使えます（商品属性とサイズ表を除く）。",
        (
            "Enter the missing values on the product's page, or for many products with the bulk edit (but for"
            " attributes and size charts)."
        ),
    ),
    "what_pending": (
        (
            "まだ送信されていないか、送信したあとに内容が変わりました。カテゴリーごとの必須属性は送信のときに確認され、"
            "足りないと「不足項目あり」になります。足りない属性は、商品詳細と同期の画面に先に表示されます。"
        ),
        (
            "It was never sent, or has changed since. What its category requires is checked when it is sent: without"
            " it the product ends as “Incomplete”. The product's page and the page before a sync tell it earlier."
        ),
    ),
    "do_pending": (
        (
            "連携対象がONの商品は、［同期］を押すか、連携設定のタイミングで送信されます。1日の登録数の上限に達した"
            "ときは、翌日以降に自動で送信されます。"
        ),
        (
            "Products that are ON go when you press Sync, or at the timing of the link settings. When TikTok's"
            " daily number of new listings is used up, the rest goes on later days by itself."
        ),
    ),
    "what_warehouse_missing": (
        "TikTok Shopに使える販売用の倉庫がありません。",
        "The shop has no usable sales warehouse at TikTok Shop.",
    ),
    "do_warehouse_missing": (
        "Seller Centerで販売用の倉庫を設定し、［同期］を押してください。",
        "Set up a sales warehouse in Seller Center, then press Sync.",
    ),
    "what_sync_error": (
        "送信できませんでした。または、TikTok Shopで販売が止められたか、Seller Centerで商品が削除されています。",
        "It could not be sent; or TikTok Shop took it off sale, or it was deleted in Seller Center.",
    ),
    "do_sync_error": (
        (
            "商品詳細に理由と対応が表示されます。修正して［同期］を押してください。「対応は不要」と表示されたものは"
            "自動で再送されます。"
        ),
        (
            "The product's page shows why and what helps. Correct it and press Sync; what needs nothing is tried"
            " again by itself."
        ),
    ),
    "what_in_review": ("TikTok Shopが受け付け、審査しています。", "TikTok Shop has taken it and reviews it."),
    "do_in_review": ("お待ちください。結果は自動で表示されます。", "Wait: the verdict shows by itself."),
    "what_rejected": ("TikTok Shopの審査で承認されませんでした。", "TikTok Shop's review did not approve it."),
    "do_rejected": (
        (
            "商品詳細に表示されるTikTok Shopの理由と、Seller Centerの詳細を確認し、修正して［同期］を押してください。"
            "同じ商品が再び審査されます。"
        ),
        (
            "Look at TikTok's reasons on the product's page and at the details in Seller Center, correct it and"
            " press Sync. The same listing is reviewed again."
        ),
    ),
    "what_synced": (
        "TikTok Shopに登録され、審査に通りました。Seller Centerで非公開にした商品も、この状態です。",
        "It is listed at TikTok Shop and passed the review. One that you hid in Seller Center is in this state too.",
    ),
    "do_synced": (
        "対応は不要です。在庫はSeller Centerで管理してください。",
        "Nothing. Keep its stock in Seller Center.",
    ),
    "flow": ("販売までの流れ", "From futureshop to TikTok Shop"),
    "flow_1": (
        "商品一覧の［情報を更新する］で、futureshopのすべての商品を取り込みます。新しい商品の連携対象はOFFです。",
        "“Update from futureshop” in the list brings in every product of futureshop. New ones are OFF.",
    ),
    "flow_2": (
        "不足項目を入力し、必要なら商品名や説明を直します。",
        "Enter what is missing, and correct names or descriptions where needed.",
    ),
    "flow_3": ("販売する商品の連携対象をONにします。", "Switch those ON that are to be sold."),
    "flow_4": (
        "［同期］を押すか、連携設定のタイミングで、TikTok Shopへ送信されます。",
        "They are sent when you press Sync, or at the timing of the link settings.",
    ),
    "flow_5": ("TikTok Shopの審査に通ると販売が始まります。", "Once TikTok Shop has approved them they are on sale."),
    "rules": ("上書きルール", "What overwrites what"),
    "priority": (
        (
            "優先順位は、1. futureshop、2. このツール、3. Seller Centerです。上の値が下の値を上書きし、下から上へ書"
            "き込むことはありません。"
        ),
        (
            "futureshop comes first, then this tool, then Seller Center. A higher one overwrites a lower one, never"
            " the other way round."
        ),
    ),
    "rule_a": ("ルールA：futureshopからの取り込み", "Rule A: imports from futureshop"),
    "rule_a_1": (
        "［情報を更新する］は、futureshopの更新日が前回の取り込みより新しい商品だけを上書きします。",
        "“Update from futureshop” overwrites only products with a newer update date than at the last import.",
    ),
    "rule_a_2": (
        (
            "［一括情報更新］は、更新日にかかわらず、すべての商品を上書きします。futureshopの変更が反映されないとき"
            "に使ってください。"
        ),
        "“Update everything” overwrites every product, whatever its update date. Use it when a change does not come.",
    ),
    "rule_a_3": (
        (
            "上書きされるのは、商品名・商品説明・画像・価格など、futureshopにある項目です。このツールでの編集は、そ"
            "のとき失われます。"
        ),
        "What futureshop has is overwritten: name, description, pictures, price. Your edits of these are lost then.",
    ),
    "rule_a_4": (
        "カテゴリー・ブランド・梱包重量・梱包サイズなど、このツールだけの項目は、どちらのボタンでも変わりません。",
        "What only this tool has (category, brand, package weight and size) is never changed by either button.",
    ),
    "rule_a_5": (
        "2回目以降の取り込みでは、在庫は変わりません。連携対象のON・OFFも変わりません。",
        "After the first import neither button changes stock, nor whether a product is ON.",
    ),
    "rule_b": ("ルールB：TikTok Shopへの送信", "Rule B: what is sent to TikTok Shop"),
    "rule_b_1": (
        "送信すると、Seller Centerで直接変更した内容は、このツールの値で上書きされます（在庫を除く）。",
        "A push overwrites what was changed directly in Seller Center with the values here, stock excepted.",
    ),
    "rule_b_2": (
        "連携対象がONの商品は、Seller Centerでの販売状態にかかわらず送信されます。非公開の商品は出品中に戻ります。",
        "ON products are sent whatever their state of sale in Seller Center: a hidden one goes on sale again.",
    ),
    "rule_b_3": ("連携対象がOFFの商品は、決して送信されません。", "OFF products are never sent."),
    "rule_b_4": (
        "Seller Centerで削除した商品は、自動では作り直しません。連携エラーとして表示されます。",
        "What was deleted in Seller Center is not made again by itself: it shows as “Sync error”.",
    ),
    "stock": ("在庫", "Stock"),
    "stock_1": (
        "在庫は、商品（SKU）をはじめて取り込むときだけ、futureshopから取り込みます。",
        "Stock comes from futureshop only when a product or SKU is imported for the first time.",
    ),
    "stock_2": (
        "在庫は、TikTok Shopへはじめて送信するときだけ送信します。送信するのは、そのときのこのツールの在庫数です。",
        "Stock is sent to TikTok Shop with the first push only: the number that stands here then.",
    ),
    "stock_3": (
        "はじめて送信するまでは、商品詳細で在庫数を変更できます。送信には1以上が必要です。",
        "Until then you can change it on the product's page. At least 1 is needed to send.",
    ),
    "stock_4": (
        (
            "送信したあとの在庫は、Seller Centerで管理してください。TikTok Shopで売れても、futureshopの在庫は減りま"
            "せん。"
        ),
        "After that, stock is managed in Seller Center. A sale at TikTok Shop does not reduce futureshop's stock.",
    ),
    "stock_5": (
        "「在庫管理をしない」商品は「在庫有り」と表示されます。送信するには在庫数を入力してください。",
        "Products without stock management show 在庫有り (in stock): enter a number before they can be sent.",
    ),
    "price": ("価格", "Price"),
    "price_1": (
        "送信されるのは販売価格（税込）です。予約販売中は予約販売価格です。",
        "The sale price with tax is sent; during a pre-order the pre-order price.",
    ),
    "price_2": (
        "会員価格・会員ステージ価格・通常価格（定価）・本体価格は送信されません。",
        "Member and stage prices, the list price and the body price are never sent.",
    ),
    "target": ("連携対象のON・OFF", "ON and OFF"),
    "target_1": (
        "ONの商品だけがTikTok Shopへ送信されます。切り替えは商品単位で、一部のSKUだけを送信することはできません。",
        "Only ON products are sent. It is per product: all its SKUs go together.",
    ),
    "target_2": (
        "OFFにしても、TikTok Shopの商品は非公開にも削除にもなりません。",
        "OFF neither hides nor deletes a listing at TikTok Shop.",
    ),
    "target_3": (
        "販売をやめるときは、先にSeller Centerで非公開または削除にし、そのあと連携対象をOFFにしてください。",
        "To stop selling, first hide or delete the product in Seller Center, then switch it OFF.",
    ),
    "when": ("送信されるタイミング", "When products are sent"),
    "when_1": ("手動：［同期］を押したときだけです。", "By hand: only when you press Sync."),
    "when_2": (
        "自動連携：設定した間隔でfutureshopから取り込み（ルールA）、ONの商品をすべて送信します。",
        "Automatic: at the interval futureshop is imported (rule A), then every ON product is sent.",
    ),
    "when_3": (
        "任意の時間に連携：毎日、設定した時刻に、ONの商品をすべて送信します。",
        "At set times: every ON product is sent at these times every day.",
    ),
    "when_4": (
        "内容が変わっていない商品は、販売状態だけを確認し、同じ内容を送り直すことはありません。",
        "For a product that has not changed only its state of sale is checked; the same content is not sent again.",
    ),
    "when_5": (
        "TikTok Shopの1日の新規登録数の上限に達したときは、残りは「同期待ち」のまま、翌日以降に自動で送信されます。",
        "When TikTok's daily number of new listings is used up, the rest waits and goes on later days by itself.",
    ),
    "night": ("夜間の削除処理", "What happens at night"),
    "night_1": (
        (
            "毎日深夜に1回、futureshopから削除された商品のうち、連携対象がOFFのものを、このツールから削除します。状"
            "態は関係ありません。"
        ),
        (
            "Once every night, products that are gone from futureshop and OFF are removed from this tool, whatever"
            " their state."
        ),
    ),
    "night_2": (
        "連携対象がONの商品は残り、送信も続きます。OFFにすると、次の夜間に削除されます。",
        "ON products stay, and are still sent. Switched OFF they go the next night.",
    ),
    "night_3": (
        "Seller Centerの商品は削除しません。不要な場合は、Seller Centerの「商品の管理」で削除してください。",
        "Seller Center is not touched: delete the listing there if it is no longer wanted.",
    ),
    "night_4": (
        "futureshopを最後まで正しく読み取れなかった夜や、一度に多くの商品がなくなっていた夜は、何も削除しません。",
        (
            "In a night in which futureshop could not be read to the end, or very much was missing at once, nothing"
            " is removed."
        ),
    ),
    "night_5": (
        "時刻を店舗ごとに変えることはできません。結果は「履歴」で確認できます。",
        "The hour cannot be chosen per shop. History shows what each night did.",
    ),
    "never": ("このツールが決して行わないこと", "What this tool never does"),
    "never_1": (
        "Seller Centerの商品を削除したり、非公開にしたりしません。",
        "It never deletes or hides a product in Seller Center.",
    ),
    "never_2": (
        "futureshopに何も書き込みません（在庫・価格・受注・ポイントも）。",
        "It never writes to futureshop: no stock, no prices, no orders, no points.",
    ),
    "never_3": ("はじめの連携のあとに、在庫を変更しません。", "It never changes stock after the first link."),
    "never_4": ("連携対象がOFFの商品を送信しません。", "It never sends a product that is OFF."),
    "never_5": (
        "連携対象がONの商品や、futureshopにある商品を削除しません。",
        "It never removes a product that is ON, or that is still in futureshop.",
    ),
    "never_6": (
        "会員価格・会員ステージ価格・通常価格（定価）・本体価格を送信しません。",
        "It never sends member, stage, list or body prices.",
    ),
    "never_7": ("一部のバリエーションだけを送信しません。", "It never sends only some of the variations."),
    "never_8": ("同じ商品をTikTok Shopに2つ登録しません。", "It never lists the same product twice at TikTok Shop."),
    "never_9": (
        "futureshopの読み取りに失敗したことを理由に、商品を削除しません。",
        "It never removes a product because futureshop could not be read.",
    ),
    "never_10": (
        "更新日が変わっていない商品を、［情報を更新する］で上書きしません。",
        "“Update from futureshop” never overwrites a product whose update date has not changed.",
    ),
    "never_11": (
        "在庫数が0または空欄の商品を、はじめて送信することはありません。",
        "It never sends a product for the first time with stock 0 or blank.",
    ),
    "never_12": (
        "販売期間や予約販売期間が終わっても、販売を終了しません。",
        "It never ends a sale because a sales or pre-order period ended.",
    ),
    "never_13": (
        "ほかの店舗の情報を混ぜることはありません。",
        "It never mixes shops: nobody else's data reaches yours.",
    ),
    "not_supported": ("対応していないこと", "What it cannot do"),
    "not_1": (
        "このツールでの商品の新規登録（futureshopに登録してください）",
        "Make a product here: register it in futureshop.",
    ),
    "not_2": ("取り込む商品の選択（すべての商品を取り込みます）", "Choose which products are imported: all are."),
    "not_3": ("CSVでの入力", "Enter values by CSV."),
    "not_4": ("利用者の追加（1店舗に1つのアカウントです）", "Add users: a shop has one account."),
    "not_5": ("バリエーションごとのON・OFF", "Switch single variations ON or OFF."),
    "not_6": (
        "2回目以降の在庫の連携、futureshopへの在庫・受注の反映",
        "Keep stock in step later, or bring stock and orders back to futureshop.",
    ),
    "not_7": (
        "受注の処理、futureshopの送料設定・会員機能・ポイントのTikTok Shopでの利用",
        "Handle orders, or use futureshop's postage, member features and points at TikTok Shop.",
    ),
    "not_8": (
        "Seller Centerの設定（倉庫・配送・銀行口座など）とその操作の案内",
        "Set up Seller Center (warehouses, shipping, bank account), or help with it.",
    ),
}
