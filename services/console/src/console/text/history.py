"""履歴."""

TEXTS = {
    "title": ("履歴", "History"),
    "tabs": ("履歴の種類", "Kinds of history"),
    "tab_imports": ("取り込み", "Imports"),
    "tab_syncs": ("同期", "Syncs"),
    "tab_sweeps": ("夜間の削除処理", "Nightly removals"),
    "tab_refusals": ("反映できなかった操作", "Refused"),
    "none": ("まだありません。", "Nothing yet."),
    "next": ("次のページ", "Next page"),
    "first": ("最初のページ", "First page"),
    "back_imports": ("取り込みの一覧へ戻る", "Back to the imports"),
    "back_sweeps": ("夜間の削除処理の一覧へ戻る", "Back to the nightly removals"),
    "at": ("日時", "Time"),
    "mode": ("操作", "Action"),
    "state": ("結果", "Outcome"),
    "detail": ("詳細", "Details"),
    "show": ("{time} の詳細", "Details of {time}"),
    "reason": ("理由", "Reason"),
    "product_no": ("商品番号", "Product number"),
    "name": ("商品名", "Name"),
    "mode_changed_only": ("情報を更新する", "Update from futureshop"),
    "mode_overwrite_all": ("一括情報更新", "Update everything from futureshop"),
    "mode_enumerate": ("商品の有無の確認", "Check of which products exist"),
    "state_done": ("完了", "Done"),
    "state_failed": ("途中で終了", "Ended early"),
    "state_held_back": ("削除の判定を保留", "Removals held back"),
    "state_answered": ("同時に行われた取り込みに含まれました", "Part of another import at the same time"),
    "state_waiting": ("待機中", "Waiting"),
    "state_running": ("実行中", "Running"),
    "read": ("読み取り", "Read"),
    "changed": ("更新", "Changed"),
    "removed": ("削除を確認", "Gone"),
    "refused": ("取り込めない商品", "Refused"),
    "imports_hint": (
        "futureshopから商品の情報を取り込んだ履歴です。",
        "When products were read from futureshop, and with what result.",
    ),
    "started": ("開始", "Began"),
    "ended": ("終了", "Ended"),
    "failed_hint": (
        "読み取れた商品は反映されています。読み取れなかった商品は元のままで、削除されたとはみなしません。",
        "What was read is applied. The rest is as it was, and is not taken for deleted.",
    ),
    "held_back": (
        (
            "futureshopの商品が一度に大きく減っていたため、「削除された」と判定するのを保留しています。商品は何も削"
            "除されていません。本当に削除した場合は、運営担当者が確認すると反映されます。心当たりがない場合は、"
            "futureshopの管理画面をご確認ください。"
        ),
        (
            "Very many products were missing from futureshop at once, so they do not count as deleted yet. Nothing"
            " was removed. If they really are deleted, whoever runs this service confirms it; if not, look at"
            " futureshop."
        ),
    ),
    "refused_title": ("取り込めなかった商品", "Products that could not be taken"),
    "refused_hint": (
        "futureshop管理画面で修正すると、次の取り込みで反映されます。ほかの商品には影響ありません。",
        "Correct them in futureshop: the next import takes them. Other products are not affected.",
    ),
    "refused_first": ("取り込めなかった商品のうち {n} 件を表示しています。", "{n} of them are shown."),
    "refused_none": ("取り込めなかった商品はありません。", "No product was refused."),
    "syncs_hint": (
        (
            "TikTok Shopへの送信の履歴です。［同期］ボタン、自動連携・任意の時間に連携、運営担当者やほかのシステムに"
            "よる同期を、新しいものから200件まで表示します。アカウントが発行される前の同期は表示されません。"
        ),
        (
            "When products were sent to TikTok Shop: by the Sync button, by the timing, by the operator or another"
            " system. The newest 200 are kept; syncs before this account was made are not shown."
        ),
    ),
    "trigger": ("きっかけ", "By"),
    "reason_manual": ("［同期］ボタン", "The Sync button"),
    "reason_manual_elsewhere": (
        "手動（運営担当者・ほかのシステム、または古い操作）",
        "By hand: the operator, another system, or long ago",
    ),
    "reason_auto": ("自動連携", "Automatic"),
    "reason_scheduled": ("任意の時間に連携", "Set time"),
    "reason_redrive": ("運営担当者による再送", "Sent again by the operator"),
    "commanded": ("送信対象", "To be sent"),
    "incomplete": ("不足項目あり", "Incomplete"),
    "sync_disabled": ("連携対象OFF", "OFF"),
    "not_found": ("ツールにない", "Not in the tool"),
    "became": ("送信の結果", "What became of it"),
    "look": ("状況を見る", "How far it is"),
    "sweeps_hint": (
        (
            "毎日深夜に、futureshopから削除され、連携対象がOFFの商品を、このツールから削除します。Seller Centerの商"
            "品は削除も変更もしません。"
        ),
        (
            "Every night, products that are gone from futureshop and OFF are removed from this tool. Seller Center"
            " is never touched."
        ),
    ),
    "deleted": ("削除", "Removed"),
    "kept_sync_enabled": ("連携対象ONのため残した", "Kept: ON"),
    "kept_present": ("futureshopにあるため残した", "Kept: in futureshop"),
    "kept_unproven": ("確認できず残した", "Kept: not proven"),
    "dry_run": ("試行（削除なし）", "Trial, nothing removed"),
    "sweep_done": ("完了", "Done"),
    "sweep_refused": ("何も削除していません", "Nothing was removed"),
    "sweep_running": ("実行中", "Running"),
    "verdicts": ("商品ごとの結果", "Product by product"),
    "verdict": ("結果", "What was done"),
    "verdicts_none": ("futureshopから削除された商品はありませんでした。", "No product was gone from futureshop."),
    "left_over": ("ほか {n} 商品は、次の夜間処理で削除されます。", "{n} more are left for the next night."),
    "refusals_hint": (
        (
            "反映できなかった操作です。商品は元の値のままです。理由を確認して、もう一度操作してください。新しいもの"
            "から200件まで残ります。"
        ),
        (
            "What could not be applied: the values are as they were. Look at the reason and try again. The newest"
            " 200 are kept."
        ),
    ),
    "what": ("操作", "Action"),
    "kind_product.edited": ("商品の変更", "Product edit"),
    "kind_products.bulk_edited": ("一括入力・変更", "Bulk edit"),
    "kind_sync_target.set": ("連携対象の切り替え", "Sync target"),
    "kind_shop.settings_changed": ("連携設定の保存", "Link settings"),
    "kind_import.requested": ("取り込み", "Import"),
    "kind_sync.requested": ("同期", "Sync"),
    "kind_": ("不明な操作", "Unknown"),
    "some_refused": ("{n} 商品に反映できませんでした。", "{n} products were refused."),
    "report": ("商品ごとの結果を見る", "See it product by product"),
}
