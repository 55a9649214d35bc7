"""商品詳細."""

TEXTS = {
    "title": ("商品詳細", "Product"),
    "close": ("閉じる", "Close"),
    "number": ("商品番号 {product_no}", "Product {product_no}"),
    "status": ("状態", "State"),
    "target": ("連携対象", "Sync target"),
    "target_on": ("ON（TikTok Shopへ送信されます）", "ON (sent to TikTok Shop)"),
    "target_off": ("OFF（送信されません）", "OFF (nothing is sent)"),
    "switch_on": ("ONにする", "Switch ON"),
    "switch_off": ("OFFにする", "Switch OFF"),
    "switch_off_hint": (
        "OFFにしても、TikTok Shopの商品は非公開にも削除にもなりません。",
        "OFF neither hides nor deletes the listing at TikTok Shop.",
    ),
    "on_sale": ("TikTok Shopで販売中", "On sale at TikTok Shop"),
    "sale_off": ("TikTok Shopで販売していません", "Not on sale at TikTok Shop"),
    "sale_hidden": ("Seller Centerで非公開になっています", "Hidden in Seller Center"),
    "sale_newer_unsent": (
        "このツールの新しい内容はまだ送信されていません。以前の内容で販売されています。",
        "What was changed here is not sent yet: it is on sale with the former content.",
    ),
    "sale_newer_in_review": (
        "新しい内容は審査中です。承認されるまで、以前の内容で販売されます。",
        "What was changed is in review: until it is approved, the former content is on sale.",
    ),
    "sale_newer_rejected": (
        "新しい内容は審査で承認されませんでした。以前の内容で販売されています。",
        "What was changed was rejected: it is on sale with the former content.",
    ),
    "why": ("販売されていない理由と対応", "Why it is not on sale, and what to do"),
    "to_do": ("お知らせと対応", "What to know and do"),
    "nothing_to_do": ("対応が必要なことはありません。", "Nothing has to be done."),
    "who": ("対応", "Who"),
    "seller_center": ("Seller Centerで開く", "Open in Seller Center"),
    "new_tab": ("（新しいタブ）", "(new tab)"),
    "changed": (
        "この画面を開いたあとに商品が更新されました。入力した内容は残っています。",
        "The product has changed since this page was opened. What you entered is kept.",
    ),
    "saved": ("保存した内容が反映されました。", "What you saved is in force."),
    "shown_too": (
        "ほかの画面や取り込みで変更された項目も、最新の内容を表示しています。",
        "What was changed elsewhere or by an import is shown as it is now, too.",
    ),
    "deleted": (
        "この商品は、{time} にこのツールから削除されました。",
        "This product was deleted from the tool {time}.",
    ),
    "deleted_once": ("この商品は、このツールから削除されました。", "This product was deleted from the tool."),
    "deleted_hint": (
        "futureshopから削除されていて、連携対象がOFFだったためです。この画面から保存することはできません。",
        "It was gone from futureshop, and OFF. Nothing can be saved here any more.",
    ),
    "reload": ("最新の内容を表示する", "Show it as it is now"),
    "picture": ("{name} の画像 {n}", "Picture {n} of {name}"),
    # layers
    "futureshop": ("futureshopの値", "futureshop"),
    "tool": ("このツールの値", "This tool"),
    "tiktok": ("TikTok Shopの値", "TikTok Shop"),
    "no_value": ("なし", "None"),
    "same_as_futureshop": ("futureshopと同じ", "As in futureshop"),
    "edited": ("編集済み", "Edited"),
    "edited_at": ("{time} に編集", "Edited {time}"),
    "entered_at": ("{time} に入力", "Entered {time}"),
    "overwritten": (
        "{time} の編集は、futureshopからの取り込みで上書きされました",
        "The edit of {time} was overwritten by an import from futureshop",
    ),
    "missing": ("不足", "Missing"),
    "sent_never": ("まだ送信されていません", "Never sent"),
    "sent_same": ("このツールと同じ値を送信済み", "As in this tool"),
    "sent_cleaned": (
        "このツールの値を、次のとおり変更して送信済み",
        "Sent with changes:",
    ),
    "sent_changed": (
        "前回の送信では、TikTok Shopの規則に合わせて次の内容を変更しました。",
        "The last push changed these, as TikTok Shop's rules ask for:",
    ),
    "sent_earlier": ("以前の値（この値はまだ送信されていません）", "An earlier value: this one is not sent yet"),
    "sent_unknown": (
        "この値が前回の送信に含まれたかは確認できません（次の同期で送信されます）",
        "Whether the last push had this value is not known: the next sync sends it",
    ),
    "restore": ("futureshopの値に戻す", "Back to futureshop's value"),
    "restore_field": ("「{field}」をfutureshopの値に戻す", "Put “{field}” back to futureshop's value"),
    "shown": ("表示を確認する", "See how it looks"),
    "yen": ("{n}円", "¥{n}"),
    "pictures": ("{n}枚", "{n} pictures"),
    "current": ("現在の値", "At present"),
    # the form
    "missing_first": ("不足項目", "Missing values"),
    "missing_hint": (
        "次の項目を入力すると、TikTok Shopへ送信できるようになります。",
        "With these values the product can be sent to TikTok Shop.",
    ),
    "demanded_sync": (
        (
            "TikTok Shopは、このカテゴリーの商品に次の項目を求めています。"
            "入力しないまま同期すると、送信されずに「不足項目あり」になります。"
        ),
        (
            "TikTok Shop requires these of a product in this category. Without them a sync does not send it: it ends in"
            " “Incomplete”."
        ),
    ),
    "demanded_later": (
        (
            "TikTok Shopは、このカテゴリーの商品に次の項目を求めています。"
            "内容を変更して同期すると、入力するまで送信されずに「不足項目あり」になります。"
        ),
        (
            "TikTok Shop requires these of a product in this category. Once it is changed, a sync does not send it"
            " without them: it ends as incomplete."
        ),
    ),
    "fields": ("商品情報", "Product values"),
    "save": ("保存する", "Save"),
    "save_hint": (
        "変更した項目だけが保存されます。",
        "Only what you changed is saved.",
    ),
    "still_missing": (
        "次の項目に必要な値がないため、この商品はまだTikTok Shopへ送信されません。",
        "These still lack a value, so the product is not sent to TikTok Shop yet.",
    ),
    "lacks_value": (
        "必要な値がありません。入力するまでTikTok Shopへ送信されません。",
        "A value is missing: the product is not sent before it is there.",
    ),
    "no_changes": ("変更された項目はありません。", "Nothing was changed."),
    "wrong": ("保存していません。次の項目を確認してください。", "Not saved. Please look at these fields."),
    "not_sent": (
        "保存できませんでした。入力した内容は残っています。しばらくしてから、もう一度「保存する」を押してください。",
        "It could not be saved. What you entered is kept: press Save again in a while.",
    ),
    # category
    "certificates": (
        (
            "TikTok Shopは、このカテゴリーの商品に証明書（{names}）を求めています。"
            "証明書はこのツールからは送信できないため、同期しても「不足項目あり」になります。"
            "別のカテゴリーを選ぶか、Seller Centerで直接登録してください。"
        ),
        (
            "TikTok Shop requires documents of a product in this category ({names}), which cannot be sent from here: a"
            " sync ends in “Incomplete”. Choose another category, or list it in Seller Center yourself."
        ),
    ),
    "category_none": ("選択されていません", "None is chosen"),
    "category_id": ("カテゴリーID", "Category id"),
    "category_choose": ("カテゴリーを選ぶ", "Choose a category"),
    "category_search": ("カテゴリー名で探す", "Search by name"),
    "ask_close": (
        "保存していない入力があります。閉じると失われます。閉じますか？",
        "What you entered is not saved and will be lost. Close?",
    ),
    "search": ("検索", "Search"),
    "category_top": ("すべてのカテゴリー", "All categories"),
    "category_steps": ("階層から選ぶ", "Choose step by step"),
    "category_found": ("検索結果（{n}件）", "Found: {n}"),
    "category_nothing": ("見つかりませんでした。別の言葉でお試しください。", "Nothing was found: try another word."),
    "category_below": ("{name}（下の階層へ）", "{name} (further)"),
    "category_pick": ("{name} を選ぶ", "Choose {name}"),
    "category_changes_attributes": (
        "カテゴリーを変えると、新しいカテゴリーにない属性は削除されます。",
        "With another category the attributes that it does not have are removed.",
    ),
    "permission_invite_only": ("TikTok Shopの承認が必要", "Needs TikTok Shop's approval"),
    "permission_non_main_category": ("主要カテゴリー以外", "Not a main category"),
    "permission_prohibited": ("出品できません", "Prohibited"),
    # brand
    "brand_id": ("ブランドID", "Brand id"),
    "brand_search": ("ブランド名で探す", "Search by name"),
    "brand_pick": ("{name} を選ぶ", "Choose {name}"),
    "brand_none": ("選択されていません", "None is chosen"),
    "brand_clear": ("ブランドの選択を解除", "Choose no brand"),
    "brand_nothing": ("見つかりませんでした。", "Nothing was found."),
    "brand_more": (
        "ほかにもあります。名前で検索してください。",
        "There are more: please search by the name.",
    ),
    "brand_unnamed": ("ID {id}（名前を確認できません）", "id {id} (its name cannot be told now)"),
    "brand_unauthorized": ("TikTok Shopで未承認", "Not authorised at TikTok Shop"),
    # attributes
    "attributes_none": ("このカテゴリーに属性はありません。", "This category has no attributes."),
    "attributes_category_first": ("先にカテゴリーを選んでください。", "Choose a category first."),
    "attributes_by_hand": ("属性（1行に「属性ID = 値ID」）", 'Attributes (one in a line: "attribute id = value id")'),
    "attributes_by_hand_hint": (
        '自由入力の値は引用符で囲みます。例：100398 = "綿100%"',
        'A text of your own stands in quotes: 100398 = "cotton"',
    ),
    "attributes_unknown": (
        "このカテゴリーにない属性があります（TikTok Shopへは送信されません）：{ids}",
        "There are attributes that this category does not have, and that are not sent: {ids}",
    ),
    "attributes_drop": ("このカテゴリーにない属性を削除する", "Remove them"),
    "required": ("必須", "Required"),
    "required_with": ("「{name}」が「{value}」のとき必須", "Required when {name} is {value}"),
    "stays_blank": ("現在の内容では空欄にしてください", "Leave it blank with the other values as they are"),
    "choose": ("選択してください", "Choose"),
    "own_value": ("選択肢にない値", "A value of your own"),
    "own_values": ("選択肢にない値（1行に1つ）", "Values of your own (one in a line)"),
    "a_number": ("数字のみ（単位なし、例：120、12.5）", "A number without a unit, such as 120 or 12.5"),
    # SKUs
    "skus": ("SKU（{n}件）", "SKUs ({n})"),
    "sku": ("SKU", "SKU"),
    "choice": ("選択肢", "Choice"),
    "price": ("価格（税込）", "Price with tax"),
    "stock": ("在庫数", "Stock"),
    "jan": ("JAN", "JAN"),
    "stock_of": ("{sku} の在庫数", "Stock of {sku}"),
    "the_sku": ("この商品", "This product"),
    "stock_sent": ("{n}（送信済み）", "{n} (sent)"),
    "stock_sent_hint": (
        "送信済みの在庫数はここでは変更できません。Seller Centerで変更してください。",
        "Stock that was sent cannot be changed here: change it in Seller Center.",
    ),
    "stock_unmanaged": ("futureshopでは在庫有り（数の管理なし）", "In stock at futureshop, without a number"),
    "stock_new": ("画面を開き直すと入力できます", "Open the page again to enter it"),
    "stock_fill": ("空欄のSKUにまとめて入れる在庫数", "Stock for all blank SKUs"),
    "stock_fill_button": ("空欄に入れる", "Fill them in"),
    "sku_gone": ("futureshopから削除されたSKU", "No more in futureshop"),
    "sku_scroll": ("SKUの一覧", "List of SKUs"),
    # what happened
    "history": ("この商品の最近の動き", "What happened lately"),
    "history_none": ("記録はまだありません。", "Nothing yet."),
}
