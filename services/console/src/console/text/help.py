TEXTS = {
    "title": ("ヘルプ", "Help"),
    "status_incomplete": ("不足項目あり", "不足項目あり (incomplete)"),
    "status_pending": ("同期待ち", "同期待ち (waiting to be sent)"),
    "status_warehouse_missing": ("倉庫未設定", "倉庫未設定 (no warehouse)"),
    "status_sync_error": ("連携エラー", "連携エラー (could not be sent)"),
    "status_in_review": ("審査中", "審査中 (in review)"),
    "status_rejected": ("審査NG", "審査NG (rejected)"),
    "status_synced": ("連携成功", "連携成功 (linked)"),
}
