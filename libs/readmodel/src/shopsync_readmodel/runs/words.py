"""What imports, syncs, sweeps and refusals of edits say, in both languages. futureshop's own words stay as they are.

English is for operators, as the services report it; Japanese is for merchants and names no command. Pure.
"""

import re
from typing import Final

from shopsync_readmodel.runs.imports import ImportFailure
from shopsync_readmodel.words import Sentences, Words

_ASK: Final = "運営担当者にご連絡ください"

# Imports -------------------------------------------------------------------------------------------------------

_FAILURES: Final = {
    "futureshop_unavailable": "futureshopが一時的に応答できませんでした。しばらくしてから、もう一度お試しください",
    "futureshop_unreachable": "futureshopに接続できませんでした。しばらくしてから、もう一度お試しください",
    "futureshop_broken_reply": "futureshopから正しい応答がありませんでした。しばらくしてから、もう一度お試しください",
    "futureshop_denied": f"futureshopが接続を許可しませんでした。{_ASK}（APIの接続情報の確認が必要です）",
    "futureshop_refused": f"futureshopが要求を受け付けませんでした。{_ASK}",
    "futureshop_unexpected_reply": f"futureshopから想定と異なる応答がありました。続く場合は{_ASK}",
    "futureshop_error": f"futureshopの情報を読み取れませんでした。続く場合は{_ASK}",
    "shop_unknown": f"このショップのfutureshopへの接続が登録されていません。{_ASK}",
    "nothing_to_confirm": "確認の対象となる保留中の削除はありません",
}
_QUOTED: Final = frozenset({"futureshop_denied", "futureshop_refused"})
"""What futureshop says about these stands behind our sentence."""


def import_failure(failure: ImportFailure) -> Words:
    """Why an import ended early."""
    japanese = _FAILURES.get(failure.code, failure.message)
    if failure.code in _QUOTED:
        japanese = f"{japanese}（futureshopの回答：{failure.message}）"
    return Words(f"{failure.code}: {failure.message}", japanese)


_UNPROVEN: Final = Sentences(
    [
        (
            r"the listing is empty, but the shop had (\d+) products",
            "futureshopの商品が0件でした（前回は{0}件）",
        ),
        (
            r"(\d+) of (\d+) products are missing, more than (\d+) products and ([\d.]+) %",
            "{1}件のうち{0}件がfutureshopに見つかりませんでした（{2}件かつ{3}％を超えています）",
        ),
        (
            r"the listing is inconsistent: (.+)",
            "futureshopの一覧に矛盾があったため、削除の判定は行いませんでした",
        ),
        (
            r"update windows were read, not the complete listing",
            "更新された商品だけを読み取ったため、削除の判定は行っていません",
        ),
    ]
)


def unproven(text: str) -> Words:
    """Why an import says nothing about products that it did not see, or held their removal back."""
    return _UNPROVEN.words(text)


_PROBLEMS: Final = Sentences(
    [
        (r"is missing", "値がありません"),
        (r"stands for no value, but must have one", "値が必要です"),
        (r"lies in the future", "未来の日時です"),
        (r"must be a text", "文字列ではありません"),
        (r"must be a whole number", "整数ではありません"),
        (r"must be from 0 to (\d+)", "0〜{0}の範囲にありません"),
        (r"must be true or false", "有効・無効の値ではありません"),
        (r"must be a time such as \S+", "日時として読み取れません"),
        (r"must be a list of objects", "一覧として読み取れません"),
        (
            r"holds half a character at position (\d+), which no UTF-8 can carry",
            "{0}文字目に読み取れない文字があります",
        ),
        (r"the product has variations but no SKU", "バリエーションがありますが、SKUがありません"),
        (r"has (\d+) SKUs, at most (\d+) are allowed \(VA-2\)", "SKUが{0}件あります（上限は{1}件です）"),
        (
            r"stock is managed, but the stock search does not list the product",
            "在庫管理の対象ですが、在庫の情報がありません",
        ),
        (r"is (\d+) bytes as a message; at most 2 MiB can be carried", "商品の情報が大きすぎます（{0}バイト）"),
    ]
)
_FIELD_FIRST: Final = re.compile(r"([^\s:]+): (.*?)(?: \(given: (.*)\))?", re.DOTALL)


def refused_product(text: str) -> Words:
    """Why an import refused a product: futureshop's field, what is wrong with it, and what stood there."""
    led = _FIELD_FIRST.fullmatch(text)
    if led is None:
        return Words.same(text)
    field, problem, given = led.groups()
    inner = refused_product(problem) if _FIELD_FIRST.fullmatch(problem) else _PROBLEMS.words(problem)
    if inner.japanese == problem:
        return Words.same(text)
    value = "" if given is None else f"（値：{given}）"
    return Words(text, f"{field}：{inner.japanese}{value}")


# Syncs and sweeps ----------------------------------------------------------------------------------------------

_NO_SETTINGS: Final = (
    r"shop .+ has no settings: publish them with `.+`",
    f"ショップの設定が登録されていません。{_ASK}",
)
_SYNC: Final = Sentences([_NO_SETTINGS])


def sync_refusal(text: str) -> Words:
    """Why a sync did not begin."""
    return _SYNC.words(text)


VERDICTS: Final[dict[str, Words]] = {
    "deleted": Words("deleted", "ツールから削除しました（Seller Centerの商品は残ります）"),
    "kept_sync_enabled": Words("kept sync enabled", "連携対象がONのため、残しました"),
    "kept_present": Words("kept present", "futureshopに商品があるため、残しました"),
    "kept_unproven": Words("kept unproven", "削除されたことを確認できなかったため、残しました"),
}
"""What a sweep did with a product, by `SweepVerdict`."""


def sweep_verdict(verdict: str) -> Words:
    """In words; one that is not known as it is."""
    return VERDICTS.get(verdict, Words.same(verdict))


_TRIES: Final = re.compile(r"(.+) \(tried (\d+) times\)", re.DOTALL)
_FAILED: Final = re.compile(r"the enumeration failed: ([a-z_]+): (.*)", re.DOTALL)
_SWEEP: Final = Sentences(
    [
        _NO_SETTINGS,
        (
            r"the enumeration is held back: too many products are missing at once; .+",
            f"一度に多くの商品がfutureshopに見つからなかったため、削除を保留しました。本当に削除した場合は{_ASK}",
        ),
        (
            r"the enumeration is no proof: the listing was incomplete or inconsistent",
            "futureshopの一覧を最後まで正しく読み取れなかったため、何も削除していません",
        ),
        (
            r"the enumeration began at \S+, before the sweep was asked for",
            "futureshopの一覧の読み取りが古かったため、何も削除していません",
        ),
        (
            r"no enumeration within (\S+)",
            "futureshopの一覧を時間内に読み取れなかったため、何も削除していません",
        ),
        (
            r"the enumeration is older than (\S+)",
            "futureshopの一覧を読み取ってから時間が経ちすぎたため、何も削除していません",
        ),
        (
            r"the catalog did not catch up within (\S+)",
            "ほかの処理が終わらなかったため、何も削除していません",
        ),
    ]
)


def sweep_refusal(text: str) -> Words:
    """Why a sweep deleted nothing."""
    tried = _TRIES.fullmatch(text)
    if tried is not None and (inner := sweep_refusal(tried[1])).japanese != tried[1]:
        return Words(text, f"{inner.japanese}（{tried[2]}回試しました）")
    if (failed := _FAILED.fullmatch(text)) is not None:
        inner = import_failure(ImportFailure(failed[1], failed[2]))
        return Words(text, f"futureshopの一覧を読み取れなかったため、何も削除していません。{inner.japanese}")
    return _SWEEP.words(text)


# Edits ---------------------------------------------------------------------------------------------------------

_EDITS: Final = Sentences(
    [
        (r"product .+ is not in the catalogue.*", "商品がこのツールにありません"),
        (
            r"product .+ was deleted from the tool at (\S+) .*",
            "商品はこのツールから削除されています。futureshopに登録し直し、取り込んでから、もう一度入力してください",
        ),
        (r"stock: the product has no SKU (.+)", "この商品にSKU {0} はありません"),
        (
            r"made at \S+, before product .+ at \S+: what was done.*",
            "削除される前の商品に対する変更のため、反映されません。もう一度入力してください",
        ),
        (
            r"\S+ is \S+, more than (\d+) minutes ahead of the broker's .*",
            f"送信元の時計が{{0}}分を超えて進んでいるため、反映できません。{_ASK}",
        ),
        (
            r"the (?:snapshot|document) of product .+ would have \d+ bytes, .*",
            "商品の情報が大きくなりすぎるため、反映できません。商品説明などを短くしてください",
        ),
    ]
)


def edit_refusal(text: str) -> Words:
    """Why an edit, or a product of a bulk edit, was refused."""
    return _EDITS.words(text)
