"""The publisher's own sentences for merchants. TikTok's and futureshop's words, unknown here, stay word for word. Pure.

A report has one text, in English: what the check before sending found, or TikTok's words followed by our advice.
"""

import re
from typing import Final

from shopsync_readmodel.products.field_names import field_name
from shopsync_readmodel.words import Words

_NO_CONNECTION: Final = r"(https?://\S+): [A-Z]\w*(?:Error|Timeout|Exception)\b.*"
_FIRST: Final = "TikTok Shopで使えない文字を除くと、"
_SENTENCES: Final = (
    # the check before sending
    (r"no letter or digit is left after what TikTok forbids is removed", f"{_FIRST}文字や数字が残りません"),
    (
        r"no letter, digit or image is left after what TikTok forbids is removed",
        f"{_FIRST}文字・数字・画像が残りません",
    ),
    (r"has (\d+) characters, TikTok allows (\d+)", "{0}文字あります。TikTok Shopでは{1}文字までです"),
    (
        r"has (\d+) characters after cleaning, TikTok allows (\d+)",
        "整形後に{0}文字あります。TikTok Shopでは{1}文字までです",
    ),
    (
        r"(.+) stands more than (\d+) times in a row, which TikTok refuses: write it in another way",
        "{0}が{1}回を超えて続いています。TikTok Shopでは登録できないため、別の書き方にしてください",
    ),
    (r"at least one image is needed", "画像が1枚以上必要です"),
    (r"is needed", "入力が必要です"),
    (r"is needed, in whole grams", "グラム単位の整数で入力してください"),
    (
        r"length, width and height are needed, in whole centimetres",
        "長さ・幅・高さを、センチメートル単位の整数で入力してください",
    ),
    (r"the attribute stands twice", "同じ属性が2回指定されています"),
    (r"a value has no letter or digit", "文字も数字もない値があります"),
    (r"a value has more than (\d+) characters", "{0}文字を超える値があります"),
    (r"a value stands twice", "同じ値が2回指定されています"),
    (
        r"the listing has variations at TikTok, which does not take them all away: keep one axis",
        "TikTok Shopの商品にはバリエーションがあり、すべてを外すことはできません。軸を1つ残してください",
    ),
    (r"there are (\d+) SKUs, TikTok allows (\d+) in Japan", "SKUが{0}件あります。TikTok Shopでは{1}件までです"),
    (r"a price of at least 1 yen is needed", "1円以上の価格が必要です"),
    (
        r"1 to (\d+) is needed for the first push, is (\d+)",
        "はじめて送信するときは1〜{0}の在庫数が必要です（現在は{1}）",
    ),
    (r"both axes have the same name", "縦軸と横軸の名称が同じです"),
    (r"several SKUs need at least one variation axis", "SKUが複数あるため、バリエーションの軸が必要です"),
    (
        r"another SKU has the same choice names, as TikTok would read them: (.+)",
        "TikTok Shopでは、ほかのSKUと選択肢名が同じになります：{0}",
    ),
    (r"the axis name has (\d+) characters", "軸の名称が{0}文字あります"),
    (
        r"the axis name (.+) has (\d+) characters, TikTok allows (\d+)",
        "軸の名称{0}は{1}文字あります。TikTok Shopでは{2}文字までです",
    ),
    (r"the axis name (.+) has no letter or digit", "軸の名称{0}に文字も数字もありません"),
    (r"the SKU has no choice on an axis that other SKUs use", "ほかのSKUにある軸の選択肢が、このSKUにはありません"),
    (
        r"the choice name has (\d+) characters, TikTok allows (\d+)",
        "選択肢名が{0}文字あります。TikTok Shopでは{1}文字までです",
    ),
    (r"the choice name (.+) has no letter or digit", "選択肢名{0}に文字も数字もありません"),
    # the category's requirements
    (r"a size chart is required by the category", "このカテゴリーではサイズ表の画像が必要です"),
    (r"(.+) is required by the category", "このカテゴリーでは「{0}」の入力が必要です"),
    (r"the category has no such attribute", "このカテゴリーにはない属性です"),
    (
        r"the category needs a certificate \((.+)\), which cannot be sent from here",
        "このカテゴリーでは証明書（{0}）が必要です。このツールからは送信できません",
    ),
    (
        r"(.+) has to stay empty with the other attributes as they are",
        "ほかの属性の内容により、「{0}」は空欄にする必要があります",
    ),
    (r"(.+) takes one value only", "「{0}」に指定できる値は1つです"),
    (r"(.+): there is no value (.+)", "「{0}」に値{1}はありません"),
    (r"(.+): (.+) is not among its values", "「{0}」の選択肢に{1}はありません"),
    (r"(.+): (.+) is no positive number", "「{0}」の{1}は正の数ではありません"),
    # what a push left out or changed
    (r"symbols that TikTok takes for emoji were left out: (.+)", "TikTok Shopで使えない記号・絵文字を除きました：{0}"),
    (r"symbols are written as (.+)", "記号を次のように書き換えました：{0}"),
    (
        r"(\d+) hidden parts were left out, shoppers do not see them",
        "購入者に見えない部分（スクリプトなど）を{0}か所除きました",
    ),
    (
        r"(\d+) struck-out parts were left out, a former price must not stand beside the price",
        "取り消し線のある部分を{0}か所除きました",
    ),
    (
        r"the texts of (\d+) form controls .+ were left out",
        "ボタンや入力欄の文字を{0}か所除きました",
    ),
    (
        r"(\d+) images were left out, they have no \S+ address: (.+)",
        "http(s)で始まるアドレスのない画像を{0}枚除きました：{1}",
    ),
    (r"(\d+) images were left out, it would have been too long with them", "長くなりすぎるため、画像を{0}枚除きました"),
    (r"the first (\d+) of (\d+)(?: images)? were sent", "{1}枚のうち、はじめの{0}枚を送信しました"),
    (r"an image was left out, (.+)", "画像を1枚除きました（{0}）"),
    (
        r"(.+): the file ends too early and was completed: save it again",
        "{0}：ファイルが途中で切れています。保存し直してください",
    ),
    (
        r"nothing of it could be sent, the name stands in its place",
        "送信できる内容がないため、代わりに商品名を送信しました",
    ),
    (
        r"nothing of it could be sent, its number stands in its place: (.+)",
        "送信できる文字がないため、代わりに番号を送信しました：{0}",
    ),
    (
        r"another choice would read the same, so its number is added: (.+)",
        "ほかの選択肢と同じ名称になるため、番号を付けて送信しました：{0}",
    ),
    (r"left out, the category has no such attribute", "このカテゴリーにはない属性のため、送信していません"),
    (r"left out, the category takes no size chart", "このカテゴリーではサイズ表を使えないため、送信していません"),
    (
        r"(\S+) was left out, it stands twice or is no JAN .+",
        "{0}は、重複しているかJANコードの形式ではないため、送信していません",
    ),
    (r"(.+), added in Seller Center, was taken away", "Seller Centerで追加された{0}を取り除きました"),
    (r"TikTok Shop did not take this SKU", "TikTok ShopがこのSKUを受け付けませんでした"),
    # images
    (
        r"(.+): the server answers (\d+), its protection .+",
        "{0}：画像のサーバーが{1}を返しました。ホットリンクやロボットの制限で拒否されています",
    ),
    (r"(.+): the server answers (\d+)", "{0}：画像のサーバーが{1}を返しました"),
    (r"(.+): no whole answer in (\S+) s", "{0}：{1}秒以内に画像を取得できませんでした"),
    (_NO_CONNECTION, "{0}：画像のサーバーに接続できませんでした"),
    (r"(.+): more than (\d+) redirects", "{0}：転送が{1}回を超えました"),
    (r"(.+): the file is over (\d+) bytes", "{0}：ファイルが{1}バイトを超えています"),
    (r"(.+): no absolute http\(s\) address", "{0}：http(s)で始まるアドレスではありません"),
    (
        r"(.+): (\d+)x(\d+) px, TikTok needs (\d+) px on the short side",
        "{0}：{1}×{2}ピクセルです。TikTok Shopでは短辺が{3}ピクセル以上必要です",
    ),
    (r"(.+): (\d+)x(\d+) px is more than ([\d,]+) pixels", "{0}：{1}×{2}ピクセルは大きすぎます"),
    (r"(.+): the image file is damaged .+", "{0}：画像ファイルが壊れています"),
    (r"(.+): is a HEIC photograph, .+", "{0}：HEIC形式の写真は使えません。JPEGで保存してください"),
    (r"(.+): is a drawing .+", "{0}：SVG形式の画像は使えません。JPEGかPNGで保存してください"),
    (r"(.+): is a web page, no image", "{0}：画像ではなくWebページです"),
    (r"(.+): is empty", "{0}：ファイルが空です"),
    (r"(.+): is no image that can be read.*", "{0}：読み取れる画像ではありません。JPEGかPNGを使ってください"),
    (r"(.+): the name (?:cannot be resolved|has no address)", "{0}：サーバーが見つかりません"),
    (
        r"(.+): images are not fetched from private addresses .+",
        "{0}：外部から見えないアドレスの画像は取得できません",
    ),
    # the listing, the shop
    (
        r"the shop has no enabled sales warehouse in Seller Center",
        "Seller Centerに有効な販売用の倉庫がありません",
    ),
    (r"the shop has no usable sales warehouse", "Seller Centerに使える販売用の倉庫がありません"),
    (
        r"(?:the listing was )?deleted in Seller Center(?:; it|: the listing) is not made again by itself",
        "Seller Centerで商品が削除されています。自動では作り直されません",
    ),
    (r"TikTok(?: Shop)? has frozen the listing[:;] see Seller Center", "TikTok Shopが商品を凍結しました"),
    (r"TikTok(?: Shop)? has frozen the listing: (.+)", "TikTok Shopが商品を凍結しました：{0}"),
    (
        r"TikTok(?: Shop)? has taken the listing off sale[:;] see Seller Center",
        "TikTok Shopが商品の販売を停止しました",
    ),
    (r"TikTok(?: Shop)? has taken the listing off sale: (.+)", "TikTok Shopが商品の販売を停止しました：{0}"),
    (
        r"TikTok's review rejected the product(?:; see Seller Center for details)?",
        "TikTok Shopの審査で承認されませんでした",
    ),
    (
        r"TikTok Shop authorisation is missing or has expired: authorise the shop again, then sync",
        "TikTok Shop認証がされていないか、期限が切れています",
    ),
    (
        r"authorisation: TikTok Shop refuses this shop's access, authorise it again \((.+)\)",
        "TikTok Shop認証が無効になっています（{0}）",
    ),
)
_TEXT: Final = (
    "文字・数字・通常の記号だけを使ってください（絵文字、HTMLの文字参照、制御文字、同じ文字の長い連続は使えません）"
)
_TEXT_EN: Final = (
    "only letters, digits and ordinary punctuation: no emoji, HTML entities, control characters, long repeats"
)
ADVICE: Final = {
    "choose a category from TikTok Shop's list": "TikTok Shopの一覧からカテゴリーを選んでください",
    "choose a leaf category, one without others below it": "下の階層のない、末端のカテゴリーを選んでください",
    "it belongs to another category tree: choose again, or set the shop's category_version": (
        "古い体系のカテゴリーです。選び直してください"
    ),
    "TikTok Shop has moved the shop to the category tree v2: set its category_version to v2 in the settings,"
    " then choose the categories again": (
        "TikTok Shopのカテゴリー体系が変わりました。運営担当者にご連絡のうえ、カテゴリーを選び直してください"
    ),
    "the category is prohibited: choose another one": "出品できないカテゴリーです。別のカテゴリーを選んでください",
    "the category needs approval or documents: apply in Seller Center, or choose another": (
        "承認や書類が必要なカテゴリーです。Seller Centerで申請するか、別のカテゴリーを選んでください"
    ),
    "the category is not open in Japan: choose another one": (
        "日本では使えないカテゴリーです。別のカテゴリーを選んでください"
    ),
    "the category needs certificates: hand them in at Seller Center, or choose another": (
        "証明書が必要なカテゴリーです。Seller Centerで提出するか、別のカテゴリーを選んでください"
    ),
    "choose a brand from TikTok Shop's list": "TikTok Shopの一覧からブランドを選んでください",
    "get the brand authorised in Seller Center, or choose another": (
        "Seller Centerでブランドの承認を受けるか、別のブランドを選んでください"
    ),
    "enter a name": "商品名を入力してください",
    "shorten the name": "商品名を短くしてください",
    _TEXT_EN: _TEXT,
    "enter a description": "商品説明を入力してください",
    "shorten the description": "商品説明を短くしてください",
    "use fewer or other images in the description": "商品説明の画像を減らすか、別の画像にしてください",
    f"simplify the description; {_TEXT_EN}": f"商品説明を簡潔にしてください。{_TEXT}",
    "at least one image is needed, nine at most": "画像は1枚以上、9枚までです",
    "use JPG or PNG images of 300 to 4,000 px a side": "1辺が300〜4,000ピクセルのJPGかPNGの画像を使ってください",
    "the upload is not known any more; send the product again": (
        "アップロードした画像の期限が切れました。もう一度送信してください"
    ),
    "enter the attribute that the category requires": "カテゴリーで必須の属性を入力してください",
    "remove the attribute, or change the one it depends on": (
        "属性を空欄にするか、その元になる属性の内容を変えてください"
    ),
    "name each attribute and each value once": "同じ属性や同じ値を2回指定しないでください",
    "choose one value only": "値は1つだけ選んでください",
    "choose from the category's values": "カテゴリーの選択肢から選んでください",
    "enter a value": "値を入力してください",
    "shorten the value": "値を短くしてください",
    "enter a positive number": "正の数を入力してください",
    "shorten or reword the names of axes and choices": "バリエーションの軸や選択肢の名称を、短くするか変えてください",
    "all SKUs need the same axes, and each combination once": (
        "すべてのSKUに同じ軸が必要です。同じ組み合わせは1つだけにしてください"
    ),
    "TikTok Shop takes fewer SKUs in one product": "TikTok Shopの1商品あたりのSKU数の上限を超えています",
    "correct the JAN, or remove it": "JANコードを直すか、空欄にしてください",
    "a JAN once sent cannot be changed: put the former one back": (
        "一度送信したJANコードは変更できません。元のJANコードに戻してください"
    ),
    "enter a price in whole yen that TikTok Shop takes": "TikTok Shopで使える価格を、円単位の整数で入力してください",
    "a promotion locks the price: end it in Seller Center, then send again": (
        "プロモーション中のため価格を変更できません。Seller Centerで終了してから、もう一度送信してください"
    ),
    "enter a stock from 1 to 99,999": "在庫数は1〜99,999で入力してください",
    "a promotion locks the stock: end it in Seller Center, then send again": (
        "プロモーション中のため在庫数を変更できません。Seller Centerで終了してから、もう一度送信してください"
    ),
    "correct the package weight": "梱包重量を直してください",
    "correct the package size": "梱包サイズを直してください",
    "enter another size chart image": "別のサイズ表の画像を指定してください",
    "enter a size chart image": "サイズ表の画像を指定してください",
    "category needs approval or documents: apply for it in Seller Center": (
        "承認や書類が必要なカテゴリーです。Seller Centerで申請してください"
    ),
    "wrong category: choose the category that fits the product, then send it again": (
        "カテゴリーが商品に合っていません。合うカテゴリーを選び、もう一度送信してください"
    ),
}
"""Our advice after TikTok's words, as the publisher gives it."""

_GROUP: Final = re.compile(r"\((?!\?)([^()]*)\)")
_QUOTED: Final = re.compile(r"(['\"])(.*)\1", re.DOTALL)
_KNOWN: Final = tuple(
    (re.compile(pattern, re.DOTALL), tuple(group == r"\d+" for group in _GROUP.findall(pattern)), japanese)
    for pattern, japanese in _SENTENCES
)
_FIELD_FIRST: Final = re.compile(
    r"((?:name|description|images|size_chart_image|axes|skus|attributes)[^\s:]*): (.+)", re.DOTALL
)
_ADVICE_LAST: Final = re.compile(r"(.*) \((\S+)(?: (\S+))?: (.+)\)", re.DOTALL)
_OF_STATE: Final = re.compile(
    r"TikTok(?: Shop)? has (?:frozen the listing|taken the listing off sale)(?:[:;] see Seller Center|: )?"
)
_RAW_STATES: Final = {"PLATFORM_DEACTIVATED", "SELLER_DEACTIVATED", "FREEZE", "DELETED"}
_FORM: Final = re.compile(r"TikTok Shop finds (\S+) missing or of a wrong form")


def reported(text: str) -> Words:
    """A report's text: TikTok's words as they are, the publisher's own for merchants too."""
    return Words(text, in_japanese(text), in_plain_english(text))


def in_japanese(text: str) -> str:
    """What is ours in the text; the whole as it is when nothing of it is known."""
    if (led := _FIELD_FIRST.fullmatch(text)) is not None and (rest := in_japanese(led[2])) != led[2]:
        return f"{field_name(led[1]).japanese}：{rest}"
    for pattern, are_numbers, japanese in _KNOWN:
        if (found := pattern.fullmatch(text)) is not None:
            groups = zip(found.groups(), are_numbers, strict=True)
            return japanese.format(*(_shown(group, is_number=is_number) for group, is_number in groups))
    if (advised := _ADVICE_LAST.fullmatch(text)) is not None and (advice := _advice(advised[4])) is not None:
        named = _named(field_name(advised[2]).japanese, advised[3], advice, "：")
        return f"{advised[1]}（{named}{advice}）"
    return text


def in_plain_english(text: str) -> str:
    """The text with names of fields in place of their paths, and of errors of the network."""
    if (found := re.fullmatch(_NO_CONNECTION, text, re.DOTALL)) is not None:
        return f"{found[1]}: the server could not be reached"
    if (led := _FIELD_FIRST.fullmatch(text)) is not None and in_japanese(led[2]) != led[2]:
        return f"{field_name(led[1]).plain}: {in_plain_english(led[2])}"
    if (advised := _ADVICE_LAST.fullmatch(text)) is not None and _advice(advised[4]) is not None:
        named = _named(field_name(advised[2]).plain, advised[3], advised[4], ": ")
        return f"{advised[1]} ({named}{advised[4]})"
    return text


def reason_of_state(text: str) -> str:
    """TikTok's reason for a freeze or the end of a sale: without its name of the state and our own words."""
    return "; ".join(part for part in _OF_STATE.sub("", text).split("; ") if part and part not in _RAW_STATES)


def suggestion_in_japanese(text: str) -> str:
    """TikTok's suggestion with ours below it, line by line."""
    return "\n".join(ADVICE.get(line, line) for line in text.split("\n"))


def _named(name: str, value: str | None, advice: str, then: str) -> str:
    """The field before its advice, unless that names it."""
    if value:
        return f"{name} {value}{then}"
    return "" if name.lower() in advice.lower() else f"{name}{then}"


def _shown(group: str, *, is_number: bool) -> str:
    """What the publisher quotes, and its numbers, as Japanese is written."""
    if is_number:
        return f"{int(group):,}"
    quoted = _QUOTED.fullmatch(group)
    return group if quoted is None else f"「{quoted[2]}」"


def _advice(text: str) -> str | None:
    if (form := _FORM.fullmatch(text)) is not None:
        return f"TikTok Shopで{form[1]}がないか、形式が違います"
    return ADVICE.get(text)
