from enum import StrEnum


class StatusName(StrEnum):
    """状態 by its wire name; `japanese` is futureshop's word, as the merchant sees it."""

    INCOMPLETE = "incomplete"
    PENDING = "pending"
    WAREHOUSE_MISSING = "warehouse_missing"
    SYNC_ERROR = "sync_error"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    SYNCED = "synced"

    @property
    def japanese(self) -> str:
        """不足項目あり, 同期待ち and so on."""
        return _JAPANESE[self]


_JAPANESE = {
    StatusName.INCOMPLETE: "不足項目あり",
    StatusName.PENDING: "同期待ち",
    StatusName.WAREHOUSE_MISSING: "倉庫未設定",
    StatusName.SYNC_ERROR: "連携エラー",
    StatusName.IN_REVIEW: "審査中",
    StatusName.REJECTED: "審査NG",
    StatusName.SYNCED: "連携成功",
}


def in_words(status: str) -> str:
    """`不足項目あり (incomplete)`; an unknown one as it is."""
    known = StatusName.__members__.get(status.upper())
    return status if known is None else f"{known.japanese} ({status})"
