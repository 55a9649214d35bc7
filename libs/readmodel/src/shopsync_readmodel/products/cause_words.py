"""What the causes say, in both languages: one place. Japanese is for merchants and names no command of an operator."""

from typing import Final

from shopsync_readmodel.words import Words

NOTHING: Final = Words("nothing", "対応は不要です")
_ASK: Final = "please ask the operator"
_LATER: Final = "お急ぎの場合は運営担当者にご連絡ください"

# messages that wait
HELD: Final = Words("{what} waits for {whom}", "{what}が{whom}を待っています")
ITS_SKU: Final = Words("its SKU", "対象のSKUの取り込み")
THE_PRODUCT: Final = Words("the product", "商品の取り込み")
HELD_DO: Final = Words(
    "nothing: applied when futureshop's change comes, else a dead letter (`shopsync dead-letters list`)",
    "対応は不要です。futureshopの商品が届くと反映されます。届かない場合は「履歴」に表示されます",
    "nothing: it is applied when the product comes from futureshop; if it never comes, the history tells so",
)
HELD_KINDS: Final = {
    "product.edited": ("商品の編集", "an edit of the product"),
    "products.bulk_edited": ("一括入力・変更", "a bulk edit"),
    "sync_target.set": ("連携対象の変更", "a switch ON or OFF"),
}
HELD_OTHER: Final = ("商品の変更", "a change of the product")

# the shop
PAUSED: Final = Words(
    "the shop's pushes are {pause}",
    "このショップの送信は{since}から停止されています",
    "sending to TikTok Shop has been paused since {since}",
)
RESUME: Final = Words(
    "`shopsync shops resume {shop_key}`",
    "運営担当者にご連絡ください（「TikTok Shopへの送信が停止されています」とお伝えください）",
    _ASK,
)
NO_SETTINGS: Final = Words("the shop has no settings", "ショップの設定が登録されていません")
PUT_SETTINGS: Final = Words(
    "`shopsync shops put {shop_key}`",
    "運営担当者にご連絡ください（「ショップの設定が登録されていません」とお伝えください）",
    _ASK,
)

# by 状態
NO_WAREHOUSE: Final = "the shop has no usable sales warehouse"
SET_UP_WAREHOUSE: Final = Words(
    "set up a sales warehouse, then sync", "Seller Centerで販売用の倉庫を設定し、［同期］を押してください"
)
IN_REVIEW: Final = Words("TikTok Shop reviews the product", "TikTok Shopが商品を審査しています")
AWAIT_VERDICT: Final = Words("nothing: the verdict comes by itself", "対応は不要です。審査の結果は自動で表示されます")
HIDDEN: Final = Words("the listing is hidden in Seller Center", "Seller Centerで商品が非公開になっています")
SHOWN_AGAIN: Final = Words(
    "nothing: the next timed sync puts it on sale again (LY-6)",
    "対応は不要です。次の自動連携で出品中に戻ります（戻したくない場合は連携対象をOFFにしてください）",
)
SHOWN_AGAIN_BY_HAND: Final = Words(
    "nothing: the next sync puts it on sale again (LY-6)",
    "［同期］を押すと出品中に戻ります（戻したくない場合は連携対象をOFFにしてください）",
)
PUT_ON_SALE: Final = Words("put it on sale", "販売する場合は、Seller Centerで出品中にしてください")
OFF: Final = Words(
    "連携対象 is OFF: nothing is sent (TG-1)",
    "連携対象がOFFのため、TikTok Shopへ送信されません",
    "the product is OFF: nothing is sent",
)
SWITCH_ON: Final = Words("switch it ON if it is to be sold", "販売する場合は、連携対象をONにしてください")
NOT_SENT_BY_HAND: Final = Words(
    "not sent since it changed; the shop syncs by hand", "最新の内容はまだ送信されていません（手動連携）"
)
PRESS_SYNC: Final = Words("press [同期]", "商品一覧の［同期］を押してください", "press Sync in the list of products")
NOT_SENT: Final = Words("not sent since it changed", "最新の内容はまだ送信されていません")
SYNCS_BY_ITSELF: Final = Words("nothing: the shop syncs {when}", "対応は不要です。{when}自動で送信されます")
SEND_FAILED: Final = "the send failed"
OUR_SIDE: Final = "it could not be sent, for a reason that the operator has to see to"
SEND_FAILED_JA: Final = "送信できませんでした"
OF_TIKTOK: Final = Words(
    "{code}: {text}", "TikTok Shopの回答（{code}）：{text}", "TikTok Shop's answer ({code}): {text}"
)
OF_US: Final = Words("{code}: {text}", "{text}", "{text}")
FROZEN: Final = Words(
    "{code}: {text}", "TikTok Shopが商品を凍結しました{why}", "TikTok Shop has frozen the listing{why}"
)
TAKEN_OFF: Final = Words(
    "{code}: {text}", "TikTok Shopが商品の販売を停止しました{why}", "TikTok Shop has taken the listing off sale{why}"
)
WHY: Final = Words(": {reason}", "：{reason}")
CORRECT: Final = Words(
    "correct what TikTok names, then press [同期]",
    "表示された内容を修正し、［同期］を押してください",
    "correct what TikTok Shop names, then press Sync",
)
TRIED_AGAIN: Final = Words("nothing: it is tried again", f"対応は不要です。自動で再送します。{_LATER}")
LOOK_THERE: Final = Words(
    "look there for details, correct, sync", "Seller Centerで詳細を確認し、修正して［同期］を押してください"
)

# an open push
NO_PUSH: Final = Words("no push is open", "送信の予定はありません")
TRIES: Final = "{attempts}, {waits} for TikTok's limits"
"""For operators alone."""
RUNNING: Final = Words("a push is under way ({tries})", "送信しています", "it is being sent")
DUE: Final = Words(
    "a push is due since {at} ({tries})",
    "送信の順番を待っています（{at}から）",
    "it waits for its turn to be sent since {at}",
)
DUE_DO: Final = Words("nothing, unless the publisher is down", f"対応は不要です。{_LATER}", "nothing")
PARKED: Final = Words("the push is parked{why}", "送信が保留されています", "the sending is put off")
PARKED_DO: Final = Words(
    "a new sync or a new authorisation wakes it",
    "［同期］を押すか、「TikTok Shop認証」をやり直すと再開します",
    "press Sync, or authorise again at TikTok Shop: then it goes on",
)
WAITS: Final = Words("the push goes on at {at} ({tries})", "{at}に自動で送信します", "it is sent by itself at {at}")
LAST_TRY: Final = Words("the last try failed: {text}", "前回は送信できませんでした。{text}")

# whatever the 状態
GONE_ON: Final = Words(
    "gone from futureshop, proven {at}; kept and still sent while ON (DL-4, DL-7)",
    "futureshopから削除されています（{at}に確認）。連携対象がONの間は残り、送信されます",
    "deleted in futureshop (seen {at}); while it is ON it stays here and is still sent",
)
LET_GO: Final = Words(
    "switch OFF to let it go", "不要な場合は、連携対象をOFFにしてください", "switch it OFF if it is no longer wanted"
)
GONE_OFF: Final = Words(
    "gone from futureshop, proven {at}, and OFF",
    "futureshopから削除されています（{at}に確認）。連携対象はOFFです",
    "deleted in futureshop (seen {at}), and OFF",
)
NIGHT_DELETES: Final = Words(
    "nothing: the next nightly run deletes it (DL-1)",
    "対応は不要です。次の夜間処理でこのツールから削除されます（Seller Centerの商品は残ります）",
    "nothing: it is deleted from this tool in the night; in Seller Center it stays",
)
FORMER: Final = Words(
    "an earlier product of this number left the listing {listing} (DL-13)",
    "同じ商品番号の以前の商品が、TikTok Shopに残っている可能性があります（商品ID {listing}）",
)
DELETE_FORMER: Final = Words(
    "delete it there before sending this one, or there will be two",
    "送信する前にSeller Centerで以前の商品を削除してください。そのままでは商品が2つになります",
)
LEFT_BEHIND: Final = Words(
    "the old listing {listing} may still be there (DL-5)",
    "TikTok Shopに商品が残っている可能性があります（商品ID {listing}）",
)
DELETE_LEFT: Final = Words("delete it there if it is no longer wanted", "不要な場合は、Seller Centerで削除してください")

# missing values
MISSING: Final = Words("{field}: {fault}", "{field}：{fault}")
BLANK: Final = Words("blank", "入力されていません")
SIDES_BLANK: Final = Words("{sides} blank", "{sides_ja}が入力されていません")
SIDES_JA: Final = {"length": "長さ", "width": "幅", "height": "高さ"}
NONE_FOR: Final = Words("none for {skus}", "{skus}の値がありません")
ZERO_FOR: Final = Words("0 for {skus}", "{skus}が0です")
NO_PRICE: Final = Words("blank in the sale form in force", "現在の販売形態の価格がありません")
A_SKU: Final = Words("a SKU", "いずれかのSKU")
ONLY_SKU: Final = Words("the only SKU", "この商品")
REFUSED: Final = Words(
    "refused by the check before sending (the text is in push.failed, `shopsync tail listing-events`)",
    "送信前の確認で登録できないと判断されました",
    "refused by the check before sending",
)
IN_FUTURESHOP_OR_HERE: Final = Words(
    "correct it in futureshop and import, or correct it in the tool",
    "futureshopで修正して［情報を更新する］を押すか、この画面で修正してください",
)
IN_FUTURESHOP: Final = Words(
    "correct it in futureshop and import", "futureshopで修正し、［情報を更新する］を押してください"
)
PRICE_IN_FUTURESHOP: Final = Words(
    "enter a price in futureshop and import, or a price in the tool",
    "futureshopで価格を入力して［情報を更新する］を押すか、この画面で価格を入力してください",
)
ENTER: Final = Words(
    "enter it (商品詳細 or 一括入力・変更)",
    "商品詳細、または［一括入力・変更］で入力してください",
    "enter it on the product's page or by a bulk edit",
)
ENTER_IN_PRODUCT: Final = Words("enter it in 商品詳細", "商品詳細で入力してください", "enter it on the product's page")
CORRECT_IT: Final = Words(
    "correct it (商品詳細 or 一括入力・変更)",
    "商品詳細、または［一括入力・変更］で修正してください",
    "correct it on the product's page or by a bulk edit",
)
CORRECT_IN_PRODUCT: Final = Words(
    "correct it in 商品詳細", "商品詳細で修正してください", "correct it on the product's page"
)
ENTER_HERE: Final = Words(
    "enter it in the tool: futureshop has the product no more",
    "この画面で入力してください（futureshopからは削除されています）",
)
ENTER_STOCK: Final = Words(
    "enter at least 1 per SKU: an import brings stock only once (ST-1, ST-8)",
    "SKUごとに1以上の在庫数を入力してください（在庫数の取り込みは初回のみです）",
)
