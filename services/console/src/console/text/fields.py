"""Names of a product's fields, how to enter them, and what is wrong with what was entered."""

from shopsync_readmodel.products.field_names import field_in_english, field_in_japanese

_NAMED = (
    "name",
    "description",
    "images",
    "price",
    "category_id",
    "brand_id",
    "package_weight_g",
    "package_dimensions_cm",
    "attributes",
    "size_chart_image",
    "stock",
)

TEXTS = {
    **{f"name_{name}": (field_in_japanese(name), field_in_english(name)) for name in _NAMED},
    # the sides beside the name of the package's size
    "name_length": ("長さ", "Length"),
    "name_width": ("幅", "Width"),
    "name_height": ("高さ", "Height"),
    # how to enter them
    "hint_name": (
        "255文字まで。絵文字など、TikTok Shopで使えない文字は除いて送信します",
        "Up to 255 characters; what TikTok Shop does not take, such as emoji, is left out when it is sent",
    ),
    "hint_description": (
        "10,000文字まで。HTMLも使えます。リンクなど、TikTok Shopで使えないものは除いて送信します",
        "Up to 10,000 characters; HTML is allowed. What TikTok Shop does not take, such as links, is left out",
    ),
    "hint_images": (
        "画像のアドレスを1行に1つ、表示する順に入力してください（9枚まで）",
        "One address in each line, in the order in which they are shown; up to 9",
    ),
    "hint_price": ("1〜999,999,999円（税込、整数）", "1 to 999,999,999 yen, tax included, a whole number"),
    "hint_package_weight_g": ("1〜9,999,999g（整数）", "1 to 9,999,999 g, a whole number"),
    "hint_package_dimensions_cm": ("各辺 1〜9,999cm（整数）", "Each side 1 to 9,999 cm, a whole number"),
    "hint_size_chart_image": (
        "画像のアドレス。不要な場合は空欄のまま",
        "Address of an image; leave it blank if none is needed",
    ),
    "hint_stock": (
        "0〜99,999個。最初の送信には1以上が必要です",
        "0 to 99,999 pieces; the first push needs at least 1",
    ),
    # units, beside the inputs and in errors
    "unit_price": ("円", "yen"),
    "unit_package_weight_g": ("g", "g"),
    "unit_package_dimensions_cm": ("cm", "cm"),
    "unit_stock": ("個", "pieces"),
    "unit_interval": ("分", "minutes"),
    "unit_rate": ("％", "%"),
    # what is wrong
    "error_needed": ("入力してください", "Enter a value"),
    "error_no_whole_number": (
        "「{given}」は数として読み取れません。{least}〜{most}{unit}の整数で入力してください（例：{example}）",
        "“{given}” is no whole number: enter {least} to {most} {unit} (for example {example})",
    ),
    "error_out_of_range": (
        "{least}〜{most}{unit}の整数で入力してください",
        "Enter a whole number from {least} to {most} {unit}",
    ),
    "error_address": (
        "http:// または https:// で始まるアドレスを入力してください：{address}",
        "Enter an address that begins with http:// or https://: {address}",
    ),
    "error_address_password": (
        "アドレスにユーザー名やパスワードを含めないでください（{host} の画像）",
        "Leave user name and password out of the address (an image at {host})",
    ),
    "error_address_private": (
        "インターネットに公開されていないアドレスは使えません：{address}",
        "This address is not open to the internet: {address}",
    ),
    "error_tiktok_id": (
        "TikTok ShopのIDは数字です（0で始まりません）：「{given}」",
        "TikTok Shop's ids are digits and do not begin with 0: “{given}”",
    ),
    "error_too_long": ("{n}文字までで入力してください（現在{has}文字）", "Up to {n} characters; there are {has}"),
    "error_too_many": ("{n}件までで入力してください", "Up to {n} entries"),
    "error_not_taken": ("この値は登録できません（{why}）", "This value cannot be taken ({why})"),
    "error_both": (
        "値の入力と消去の両方が指定されています。どちらかにしてください",
        "A value is entered and cleared as well: choose one of the two",
    ),
    "error_both_back": (
        "値の入力と「戻す」の両方が指定されています。どちらかにしてください",
        "A value is entered and is to go back as well: choose one of the two",
    ),
    "error_nothing": ("変更する項目を1つ以上入力してください", "Fill in at least one field"),
    "error_one_value": ("値は1つだけ指定してください", "Give one value only"),
    "error_twice": ("同じ値が2回指定されています", "A value stands twice"),
    "error_not_a_choice": ("選択肢にない値です：{value}", "This is not among the choices: {value}"),
    "error_positive_number": (
        "「{given}」は正の数として読み取れません。単位を付けずに、数字で入力してください（例：120、12.5）",
        "“{given}” is no positive number: enter digits without a unit (for example 120, 12.5)",
    ),
    "error_has_to_be_blank": (
        "ほかの属性の内容により、空欄にする必要があります",
        "With the other attributes as they are this has to stay blank",
    ),
    "error_attribute_line": (
        "「属性ID = 値ID」の形で入力してください：{line}",
        'Write "attribute id = value id": {line}',
    ),
    "error_changed_elsewhere": (
        "ほかの画面で『{value}』に変更されています。上書きするにはもう一度保存してください",
        "It was changed to “{value}” in another window. Save again to overwrite it",
    ),
    "error_changed_by_import": (
        "futureshopからの取り込みで『{value}』に変更されています。上書きするにはもう一度保存してください",
        "An import from futureshop has changed it to “{value}”. Save again to overwrite it",
    ),
    "error_no_such_category": (
        "TikTok Shopの一覧にないカテゴリーです。選び直してください",
        "TikTok Shop does not list this category: choose again",
    ),
    "error_no_such_brand": (
        "TikTok Shopの一覧にないブランドです。検索して選び直してください",
        "TikTok Shop does not list this brand: search for it and choose again",
    ),
    "error_no_leaf": (
        "下の階層がある分類です。末端のカテゴリーを選んでください",
        "There are categories below this one: choose one of them",
    ),
}
