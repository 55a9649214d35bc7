import hypothesis.strategies as st
import pytest
from hypothesis import given

from publisher.content.checks import problems
from publisher.content.jan import read_jan
from publisher.content.mapping import Material, create_body, edit_body, fingerprint, mapping_notes
from publisher.content.seller_sku import MAX_SELLER_SKU, seller_sku
from publisher.content.text import clean_line
from publisher.model import ListedSku, Listing

MATERIAL = Material(("tos/a", "tos/b"), "<p>説明</p>", "tos/chart")
AXIS = st.text(max_size=3)
NUMBERS = st.tuples(st.text(min_size=1, max_size=10), AXIS, AXIS)


def create(product, stock):
    return create_body(product, MATERIAL, category_version="v1", warehouse_id="W", stock=stock, idempotency_key="K")


def test_create_body_says_everything_in_tiktoks_terms(snapshot, sku):
    product = snapshot(
        axes={"vertical": "サイズ", "horizontal": "カラー"},
        skus=[
            sku("M", "NV", vertical_name="Mサイズ", horizontal_name="ネイビー", jan_code="4900000000016", price=2180),
            sku("L", "NV", vertical_name="Lサイズ", horizontal_name="ネイビー"),
        ],
        content={"brand_id": "7080", "images": ["x"], "size_chart_image": "y"},
    )
    body = create(product, {("M", "NV"): 3, ("L", "NV"): 4})
    assert body == {
        "save_mode": "LISTING",
        "locale": "ja-JP",
        "category_version": "v1",
        "category_id": "601234",
        "title": "綿の靴下",
        "description": "<p>説明</p>",
        "main_images": [{"uri": "tos/a"}, {"uri": "tos/b"}],
        "external_product_id": "A-100",
        "brand_id": "7080",
        "product_attributes": [
            {"id": "100398", "values": [{"id": "1001001"}]},
            {"id": "100701", "values": [{"name": "日本"}]},
        ],
        "package_weight": {"value": "120", "unit": "GRAM"},
        "package_dimensions": {"length": "24", "width": "12", "height": "3", "unit": "CENTIMETER"},
        "size_chart": {"image": {"uri": "tos/chart"}},
        "idempotency_key": "K",
        "skus": [
            {
                "seller_sku": "A-100_M_NV",
                "price": {"amount": "2180", "currency": "JPY"},
                "sales_attributes": [
                    {"name": "サイズ", "value_name": "Mサイズ"},
                    {"name": "カラー", "value_name": "ネイビー"},
                ],
                "identifier_code": {"code": "4900000000016", "type": "JAN"},
                "inventory": [{"warehouse_id": "W", "quantity": 3}],
            },
            {
                "seller_sku": "A-100_L_NV",
                "price": {"amount": "1980", "currency": "JPY"},
                "sales_attributes": [
                    {"name": "サイズ", "value_name": "Lサイズ"},
                    {"name": "カラー", "value_name": "ネイビー"},
                ],
                "inventory": [{"warehouse_id": "W", "quantity": 4}],
            },
        ],
    }


def test_edit_sends_ids_and_prices_of_all_skus_and_stock_of_new_ones_only(snapshot, sku):
    product = snapshot(axes={"vertical": "サイズ"}, skus=[sku("M"), sku("L")])
    listing = Listing("demo", "A-100", "P", (ListedSku("M", "", "A-100_M", "S1", 7),))
    body = edit_body(product, MATERIAL, listing, category_version="v1", warehouse_id="W", stock={("L", ""): 5})
    known, new = body["skus"]
    assert known["id"] == "S1"
    assert known["price"] == {"amount": "1980", "currency": "JPY"}
    assert "inventory" not in known
    assert "id" not in new
    assert new["inventory"] == [{"warehouse_id": "W", "quantity": 5}]
    assert "idempotency_key" not in body


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        (("A-100", "", ""), "A-100"),
        (("A-100", "M", ""), "A-100_M"),
        (("A-100", "M", "NV"), "A-100_M_NV"),
        (("A-100", "", "NV"), "A-100__NV"),
    ],
)
def test_seller_sku_reads_like_the_numbers(numbers, name):
    assert seller_sku(*numbers) == name


@pytest.mark.parametrize(
    "numbers", [("服_1", "", ""), ("x" * 32, "y" * 9, "z" * 9), ("A B", "甘", ""), ("_", "", ""), ("A\n", "M\t", "")]
)
def test_seller_sku_of_other_numbers_is_ascii_and_short(numbers):
    name = seller_sku(*numbers)
    assert name.isascii()
    assert not any(letter.isspace() for letter in name)
    assert 1 <= len(name) <= MAX_SELLER_SKU
    assert name == seller_sku(*numbers)


@given(NUMBERS, NUMBERS)
def test_two_skus_never_share_a_name(one, other):
    assert (seller_sku(*one) == seller_sku(*other)) == (one == other)


@given(st.lists(st.sampled_from(["A", "1", "-", "_", ".", " "]), min_size=1, max_size=12).map("".join), st.data())
def test_moving_letters_between_numbers_changes_the_name(text, data):
    cut = data.draw(st.integers(min_value=0, max_value=len(text) - 1))
    assert seller_sku(text, "", "") != seller_sku(text[: cut + 1] + "x", text[cut + 1 :], "")


def test_a_long_axis_name_is_refused_by_name(snapshot, sku):
    """Scenario 39."""
    found = problems(snapshot(axes={"vertical": "サイズとカラー" * 5}, skus=[sku("M"), sku("L")]), None)
    assert [problem.field for problem in found] == ["axes.vertical"]


def test_a_long_choice_name_is_refused_by_sku(snapshot, sku):
    product = snapshot(axes={"vertical": "サイズ"}, skus=[sku("M", vertical_name="いろは" * 17), sku("L")])
    assert [problem.field for problem in problems(product, None)] == ["skus[M/].vertical_name"]


def test_the_same_choice_names_twice_are_refused(snapshot, sku):
    product = snapshot(axes={"vertical": "サイズ"}, skus=[sku("1", vertical_name="M"), sku("2", vertical_name="M")])
    assert [problem.field for problem in problems(product, None)] == ["skus[1/]", "skus[2/]"]


@pytest.mark.parametrize("stock", [0, None, 100_000])
def test_first_push_needs_a_usable_stock_of_every_sku(snapshot, sku, stock):
    """ST-8, NV-11, scenario 30."""
    product = snapshot(axes={"vertical": "サイズ"}, skus=[sku("M"), sku("L", stock=stock)])
    assert [problem.field for problem in problems(product, None)] == ["skus[L/].stock"]
    listing = Listing("demo", "A-100", "P", (ListedSku("M", "", "x", "1", 7), ListedSku("L", "", "y", "2", 1)))
    assert problems(product, listing) == ()


def test_missing_values_are_all_named_at_once(snapshot, sku):
    empty = {"category_id": None, "package_weight_g": None, "package_dimensions_cm": {"length": 1}, "price": None}
    found = problems(snapshot(content={**empty, "name": "★★★", "images": []}, skus=[sku()]), None)
    assert [problem.field for problem in found] == [
        "name",
        "images",
        "category_id",
        "package_weight_g",
        "package_dimensions_cm",
        "skus[/].price",
    ]


def test_more_skus_than_tiktok_takes_are_refused(snapshot, sku):
    product = snapshot(axes={"vertical": "番"}, skus=[sku(str(number)) for number in range(301)])
    assert "skus" in [problem.field for problem in problems(product, None)]


def test_unusable_and_repeated_jans_are_left_out_with_a_note(snapshot, sku):
    codes = {"A": "4900000000016", "B": "4900000000016", "C": "123", "D": "49123456", "E": "4900000000023", "F": ""}
    product = snapshot(axes={"vertical": "番"}, skus=[sku(no, jan_code=code) for no, code in codes.items()])
    body = create(product, {})
    assert ["identifier_code" in entry for entry in body["skus"]] == [False, False, False, True, True, False]
    assert [note.partition(".")[0] for note in mapping_notes(product)] == ["skus[A/]", "skus[B/]", "skus[C/]"]


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("4900000000016", "4900000000016"),
        ("49123456", "49123456"),
        (" ４９１２３４５６ ", "49123456"),
        ("4-901234-567894", "4901234567894"),
        ("4 901234\u3000567894\n", "4901234567894"),
        ("４９０１２３４ー５６７８９４", "4901234567894"),
        ("４９０１２３４－５６７８９４", "4901234567894"),
        ("4901234‐567894", "4901234567894"),
        ("490\u200b1234567894\ufeff", "4901234567894"),
        ("978-4-00-310101-8", "9784003101018"),
        ("0 36000 29145 2", "0036000291452"),
        ("0036000291452", "0036000291452"),
    ],
)
def test_a_jan_is_read_as_it_is_written_and_proves_itself_by_its_check_digit(code, digits):
    assert read_jan(code) == digits
    for other in range(10):
        wrong = f"{digits[:-1]}{other}"
        assert (read_jan(wrong) is None) == (wrong != digits)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "-",
        "490000000001",
        "49000000000160",
        "490000000001x",
        "4900-0000-0017",
        "490000000001６x",
        "0000000000000",
        "00000000",
        "000000000000",
        "4901234567894/4901234567900",
        "JAN 4901234567894",
        "4901234567893",
    ],
)
def test_what_is_no_jan_is_none(code):
    assert read_jan(code) is None


def test_the_same_jan_written_in_two_ways_stands_twice(snapshot, sku):
    product = snapshot(
        axes={"vertical": "番"}, skus=[sku("A", jan_code="4-901234-567894"), sku("B", jan_code="4901234567894")]
    )
    assert not any("identifier_code" in entry for entry in create(product, {})["skus"])
    assert len(mapping_notes(product)) == 2


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        (("A-100", "M", "NV"), "A-100_M_NV"),
        (("服_1", "", ""), "1_fe899ae272b086a4"),
        (("x" * 32, "y" * 9, "z" * 9), f"{'x' * 32}_8482687e7a7bcf43"),
        (("A B", "甘", ""), "AB_1fcc936482240076"),
        (("A-100\n", "", ""), "A-100_e98f4b3d8606f016"),
    ],
)
def test_seller_skus_never_change(numbers, name):
    """Listings are found by them: other names would list every product a second time (RB-8)."""
    assert seller_sku(*numbers) == name


@pytest.mark.parametrize(
    ("content", "field", "words"),
    [
        ({"description": "<script>x</script><p> </p>"}, "description", "no letter, digit or image"),
        ({"description": "★☆"}, "description", "no letter, digit or image"),
        ({"description": "<p>" + "文字" * 5_001 + "</p>"}, "description", "10009 characters"),
        ({"name": "(-・-)"}, "name", "no letter or digit"),
        ({"name": "文字" * 128}, "name", "256 characters"),
        ({"package_weight_g": -1}, "package_weight_g", "whole grams"),
        ({"package_dimensions_cm": {"length": 1, "width": 0, "height": 1}}, "package_dimensions_cm", "centimetres"),
        ({"attributes": [{"id": "7", "values": [{"name": "a"}]}] * 2}, "attributes.7", "stands twice"),
        ({"attributes": [{"id": "7", "values": [{"name": "a"}, {"name": " a "}]}]}, "attributes.7", "stands twice"),
        ({"attributes": [{"id": "7", "values": [{"name": "★"}]}]}, "attributes.7", "no letter or digit"),
    ],
)
def test_ed9_what_tiktok_would_refuse_is_named_before_any_call(snapshot, content, field, words):
    found = problems(snapshot(content=content), None)
    assert [problem.field for problem in found] == [field]
    assert words in found[0].text


def test_a_description_of_images_alone_is_accepted(snapshot):
    assert problems(snapshot(content={"description": '<img src="https://shop/a.jpg">'}), None) == ()


@pytest.mark.parametrize(
    ("axes", "names", "fields"),
    [
        ("○", "M", ["axes.vertical"]),
        ("サイズ", "△", ["skus[1/].vertical_name"]),
        ("サイズ★", "M★", []),
        (None, "M", []),
    ],
)
def test_va5_names_of_symbols_alone_are_refused_by_name(snapshot, sku, axes, names, fields):
    product = snapshot(axes={"vertical": axes}, skus=[sku("1", vertical_name=names), sku("2", vertical_name="L")])
    assert [problem.field for problem in problems(product, None)] == fields


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        (["タイプ❶", "タイプ❷"], ["タイプ(1)", "タイプ(2)"]),
        (["タイプ①", "タイプ②"], ["タイプ①", "タイプ②"]),
        (["ペア♂", "ペア♀"], ["ペア(男性のマーク)", "ペア(女性のマーク)"]),
        (["♥", "♦"], ["(ハート)", "(ダイヤ)"]),
        (["♠", "♤"], ["(スペード)", "(白抜きスペード)"]),
        (["赤★", "赤😀"], ["赤(黒い星)", "赤(にっこり笑う)"]),
        (["ⓐ1️⃣", "ⓐ2️⃣"], ["ⓐ(1)", "ⓐ(2)"]),
        (["🅰", "🅱"], ["(A)", "(B)"]),
        (["❶", "➀"], ["(1) 1", "(1) 2"]),
        (["赤\ue63e", "赤\ue63f"], ["赤 1", "赤 2"]),
        (["赤\ue63e", "赤"], ["赤 1", "赤 2"]),
        (["\ue63e", "\ue63f"], ["1", "2"]),
        (["<M>", "<L>"], ["＜M＞", "＜L＞"]),
        (["<S>", "<P>"], ["＜S＞", "＜P＞"]),
        (["<s>旧</s>新", "新"], ["新 1", "新 2"]),
        (["A\u2028B", "A\rC"], ["A B", "A C"]),
    ],
)
def test_va5_choices_never_become_equal_by_cleaning(snapshot, sku, names, sent):
    skus = [sku("1", vertical_name=names[0]), sku("2", vertical_name=names[1])]
    product = snapshot(axes={"vertical": "色"}, skus=skus)
    assert problems(product, None) == ()
    assert [body["sales_attributes"][0]["value_name"] for body in create(product, {})["skus"]] == sent


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("タイプ❶", ["symbols are written as ❶ (1)"]),
        ("♥", ["symbols are written as ♥ (ハート)"]),
        (
            "\ue63e",
            [
                "symbols that TikTok takes for emoji were left out: U+E63E",
                "nothing of it could be sent, its number stands in its place: 1",
            ],
        ),
        ("<del>旧</del>新", ["1 struck-out parts were left out, a former price must not stand beside the price"]),
        ("<L>", []),
        ("①ー©", []),
    ],
)
def test_changes_of_a_choice_name_are_reported_once(snapshot, sku, name, told):
    skus = [sku("1", "a", vertical_name=name), sku("1", "b", vertical_name=name), sku("2", "a", vertical_name="青")]
    notes = mapping_notes(snapshot(axes={"vertical": "色", "horizontal": "形"}, skus=skus))
    assert list(notes) == [f"skus[1/a].vertical_name: {note}" for note in told]


def test_every_member_whose_text_changes_is_named(snapshot, sku):
    attributes = [{"id": "100398", "values": [{"id": "1001001"}]}, {"id": "100701", "values": [{"name": "日本🇯🇵"}]}]
    product = snapshot(
        content={"name": "靴下★", "attributes": attributes}, axes={"vertical": "色♪"}, skus=[sku("1"), sku("2")]
    )
    notes = [note.partition(":")[0] for note in mapping_notes(product)]
    assert notes == ["name", "attributes.100701", "axes.vertical"]


def test_va5_choices_that_were_equal_upstream_are_refused_by_name(snapshot, sku):
    skus = [sku("1", vertical_name="赤★"), sku("2", vertical_name=" 赤★"), sku("3", vertical_name="青")]
    found = problems(snapshot(axes={"vertical": "色"}, skus=skus), None)
    assert [problem.field for problem in found] == ["skus[1/]", "skus[2/]"]
    assert "赤" in found[0].text


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"name": "型番 A0000000000001"}, "name"),
        ({"name": "ああああああああああ"}, "name"),
        ({"description": "<p>品番 <b>00000</b>00000000</p>"}, "description"),
        ({"description": "https://example.jp/xxxxxxxxxxxx"}, "description"),
        ({"attributes": [{"id": "7", "values": [{"name": "1000000000000"}]}]}, "attributes.7"),
    ],
)
def test_ed9_a_long_row_of_digits_or_letters_is_named_and_never_cut(snapshot, content, field):
    (problem,) = problems(snapshot(content=content), None)
    assert problem.field == field
    assert "more than 9 times in a row" in problem.text


def test_ed9_a_long_row_in_axis_and_choice_names_is_named(snapshot, sku):
    product = snapshot(axes={"vertical": "番0000000000"}, skus=[sku("1", vertical_name="1111111111"), sku("2")])
    assert [problem.field for problem in problems(product, None)] == ["axes.vertical", "skus[1/].vertical_name"]


def test_a_listing_does_not_lose_its_last_axis(snapshot, sku):
    listing = Listing("demo", "A-100", "P", (ListedSku("M", "", "A-100_M", "S1", 7),))
    assert [problem.field for problem in problems(snapshot(), listing)] == ["axes"]
    assert problems(snapshot(axes={"vertical": "サイズ"}, skus=[sku("M")]), listing) == ()


def test_fingerprint_knows_content_but_not_stock(snapshot, sku):
    base = fingerprint(snapshot(), "v1")
    assert fingerprint(snapshot(skus=[sku(stock=99)], content_version=5, version=9), "v1") == base
    assert fingerprint(snapshot(content={"price": 1}), "v1") != base
    own = fingerprint(snapshot(skus=[sku(price=500)]), "v1")
    assert own != base
    assert fingerprint(snapshot(skus=[sku(price=500)], content={"price": 1}), "v1") == own  # no SKU takes it
    assert fingerprint(snapshot(content={"name": "別"}), "v1") != base
    assert fingerprint(snapshot(skus=[sku(jan_code="4900000000016")]), "v1") != base
    assert fingerprint(snapshot(), "v2") != base


def test_rb9_an_upgrade_sends_no_listing_once_more(snapshot, sku):
    """The fingerprints that earlier versions stored: others would edit every listing and send it to review."""
    assert fingerprint(snapshot(), "v1") == "ed7b4817e270d21f21d5f9e9384d625b9526149cb2aa20c23288810deb0839e3"
    description = "<p>やわらか😀</p><table><tr><td>綿</td></tr></table>"
    product = snapshot(
        content={"name": "靴下★ &amp; <b>タイツ</b>\n", "description": description},
        axes={"vertical": "サイズ"},
        skus=[sku("M", vertical_name="M★"), sku("L", vertical_name="L (大)")],
    )
    assert fingerprint(product, "v1") == "bf037caebdde059882208801d3332fc42124c7911fc202f10b40f173b56c37e9"


@pytest.mark.parametrize(
    "content",
    [
        {"description": "<p hidden>社内</p>説明"},
        {"description": "<s>5,000円</s> 3,000円"},
        {"name": "Tシャツ <L> 黒"},
        {"name": "Pencil&notebook"},
        {"name": "靴下&amp;amp;タイツ"},
        {"name": "上段\r下段"},
        {"name": "<s>旧名</s>靴下"},
    ],
)
def test_what_was_sent_wrongly_before_is_sent_once_more(snapshot, content, monkeypatch):
    product = snapshot(content=content)
    now = fingerprint(product, "v1")
    assert now == fingerprint(product, "v1")
    monkeypatch.setattr("publisher.content.mapping.revision_mark", lambda _: "")
    assert now != fingerprint(product, "v1")


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("靴下 &amp; タイツ", "靴下 ＆ タイツ"),
        ("<b>新作</b>  靴下\n", "新作 靴下"),
        ("靴下😀★", "靴下"),
        ("わーーーーーーーーーーーーい", "わーーーーーーーーーい"),
        ("3<5\x07", "3＜5"),
    ],
)
def test_titles_hold_nothing_that_tiktok_forbids(given_name, cleaned):
    assert clean_line(given_name) == cleaned
