"""Which field of the merchant a refusal (Q9) or review reason (Q10) is about, and what helps. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from shopsync_contracts.events import Reason


@dataclass(frozen=True, slots=True)
class Hint:
    """`field`: a path in the snapshot. `in_product`: only editing the product helps.

    What can be mended elsewhere (Seller Center, the image server, the shop's settings) must stay sendable: a product
    reported as incomplete is not sent again before its content changes.
    """

    field: str
    advice: str
    in_product: bool = True


_TEXT = "only letters, digits and ordinary punctuation: no emoji, HTML entities, control characters, long repeats"
_ADVICE: tuple[tuple[Hint, tuple[int, ...]], ...] = (
    # category
    (Hint("category_id", "choose a category from TikTok Shop's list"), (12052002, 12052025)),
    (Hint("category_id", "choose a leaf category, one without others below it"), (12052024,)),
    (
        Hint(
            "category_id",
            "it belongs to another category tree: choose again, or set the shop's category_version",
            False,
        ),
        (12052023, 12052230),
    ),
    (
        Hint(
            "category_id",
            "TikTok Shop has moved the shop to the category tree v2: set its category_version to v2 in the settings,"
            " then choose the categories again",
            False,
        ),
        (12052217,),
    ),
    (Hint("category_id", "the category is prohibited: choose another one"), (12052220,)),
    (
        Hint(
            "category_id", "the category needs approval or documents: apply in Seller Center, or choose another", False
        ),
        (12052221, 12052223, 12052225, 12052226, 12052227),
    ),
    (Hint("category_id", "the category is not open in Japan: choose another one"), (12052446,)),
    (
        Hint("category_id", "the category needs certificates: hand them in at Seller Center, or choose another", False),
        (12052105, 12052385, 12052650, 12052655, 12052656, 12052657, 12052658),
    ),
    # brand
    (Hint("brand_id", "choose a brand from TikTok Shop's list"), (12019013, 12052026)),
    (
        Hint("brand_id", "get the brand authorised in Seller Center, or choose another", False),
        (12052200, 12052201, 12052208),
    ),
    # texts
    (Hint("name", "enter a name"), (12052261,)),
    (Hint("name", "shorten the name"), (12052051,)),
    (Hint("name", _TEXT), (12052262, 12052263, 12052931)),
    (Hint("description", "enter a description"), (12052015,)),
    (Hint("description", "shorten the description"), (12052013,)),
    (Hint("description", "use fewer or other images in the description"), (12052056, 12052341, 12052342, 12052343)),
    (
        Hint("description", f"simplify the description; {_TEXT}"),
        (12052344, 12052345, 12052346, 12052348, 12052349, 12052350, 12052352, 12052932),
    ),
    # images: a file may change without an edit of the product
    (Hint("images", "at least one image is needed, nine at most"), (12052028, 12052306)),
    (
        Hint("images", "use JPG or PNG images of 300 to 4,000 px a side", False),
        (12052301, 12052302, 12052304, 12052305, 12038002, 12038004, 12038005, 12038014, 12038015, 12019116, 11050001),
    ),
    (Hint("images", "the upload is not known any more; send the product again", False), (12052300, 12052340, 12052722)),
    # category attributes
    (Hint("attributes", "enter the attribute that the category requires"), (12052104, 12052182)),
    (Hint("attributes", "remove the attribute, or change the one it depends on"), (12052183,)),
    (Hint("attributes", "name each attribute and each value once"), (12052251, 12052253, 12052254)),
    (Hint("attributes", "choose one value only"), (12052246,)),
    (Hint("attributes", "choose from the category's values"), (12052247,)),
    (Hint("attributes", "enter a value"), (12052248,)),
    (Hint("attributes", "shorten the value"), (12052249,)),
    (Hint("attributes", "enter a positive number"), (12052256,)),
    (Hint("attributes", _TEXT), (12052935,)),
    # variations
    (Hint("axes", "shorten or reword the names of axes and choices"), tuple(range(12052240, 12052246))),
    (Hint("axes", _TEXT), (12052933, 12052934)),
    (Hint("axes", "all SKUs need the same axes, and each combination once"), (12052525, 12052526, 12052550, 12052560)),
    (Hint("skus", "TikTok Shop takes fewer SKUs in one product"), (12052050, 12052558)),
    (Hint("jan_code", "correct the JAN, or remove it"), (12052591, 12052592, 12052600)),
    (Hint("jan_code", "a JAN once sent cannot be changed: put the former one back"), (12052593,)),
    # price, stock
    (
        Hint("price", "enter a price in whole yen that TikTok Shop takes"),
        (12052571, 12052073, 12052012, 12052570, 12052092, 12052572),
    ),
    (
        Hint("price", "a promotion locks the price: end it in Seller Center, then send again", False),
        (12052038, 12019045),
    ),
    (Hint("stock", "enter a stock from 1 to 99,999"), (12052055, 12019024)),
    (Hint("stock", "a promotion locks the stock: end it in Seller Center, then send again", False), (12052393,)),
    # parcel, size chart
    (Hint("package_weight_g", "correct the package weight"), (12052006, 12052181, 12052823, 12019011)),
    (
        Hint("package_dimensions_cm", "correct the package size"),
        (12052003, 12052004, 12052005, 12052116, 12019012, 12019061, 12052915, 12052916),
    ),
    (Hint("size_chart_image", "enter another size chart image"), (12052128, 12052670, 12052671)),
    (Hint("size_chart_image", "enter a size chart image"), (12052673,)),
)
_BY_CODE = {str(code): hint for hint, codes in _ADVICE for code in codes}
_ATTRIBUTE_ID = re.compile(r"attribute\D{0,20}?(\d{3,})", re.IGNORECASE)

NEEDS_APPROVAL = "category needs approval or documents: apply for it in Seller Center"
WRONG_CATEGORY = "wrong category: choose the category that fits the product, then send it again"
_CATEGORY = re.compile(r"categor|カテゴリ|类目|類目", re.IGNORECASE)
_APPROVAL = re.compile(
    r"approv|permi|qualif|certif|licen[cs]e|document|authori|restrict|invit|whitelist|prohibit"
    r"|承認|許可|資格|証明|認証|書類|免許|届出|申請|制限|招待|禁止",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"wrong|incorrect|inaccurate|mismatch|not match|does not (fit|belong)|inappropriate|change the category"
    r"|誤|間違|不一致|一致し|異な|不適切|適切な|正しい|合って",
    re.IGNORECASE,
)


def hint_of(code: str, message: str) -> Hint | None:
    """What the merchant can do about a refusal; None: only TikTok's words say."""
    hint = _BY_CODE.get(code)
    if hint is None or hint.field != "attributes":
        return hint
    named = _ATTRIBUTE_ID.search(message)
    return hint if named is None else replace(hint, field=f"attributes.{named[1]}")


def with_hints(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """TikTok's reasons word for word. Where the category is the cause, our suggestion follows theirs (Q10).

    Both of ours, when the words do not tell which of the two causes it is.
    """
    return tuple(_with_hint(reason) for reason in reasons)


def _with_hint(reason: Reason) -> Reason:
    words = f"{reason.position}\n{reason.reason}\n{reason.suggestion}"
    if not _CATEGORY.search(words):
        return reason
    needs_approval, wrong = _APPROVAL.search(words), _WRONG.search(words)
    hints = [
        hint
        for hint, fits in ((NEEDS_APPROVAL, needs_approval or not wrong), (WRONG_CATEGORY, wrong or not needs_approval))
        if fits
    ]
    return reason.model_copy(update={"suggestion": "\n".join(filter(None, (reason.suggestion, *hints)))})
