import pytest

from publisher.content.requirements import category_problems, foreign_attributes, read_requirements

ATTRIBUTES = {
    "attributes": [
        {"id": "100000", "name": "カラー", "type": "SALES_PROPERTY", "is_requried": True},
        {
            "id": "100398",
            "name": "素材",
            "type": "PRODUCT_PROPERTY",
            "is_requried": True,
            "is_customizable": True,
            "is_multiple_selection": True,
            "values": [{"id": "1", "name": "綿"}, {"id": "2", "name": "麻"}],
        },
        {
            "id": "100800",
            "name": "電池",
            "type": "PRODUCT_PROPERTY",
            "is_requried": False,
            "values": [{"id": "8", "name": "あり"}, {"id": "9", "name": "なし"}],
        },
        {
            "id": "100801",
            "name": "電池の種類",
            "type": "PRODUCT_PROPERTY",
            "is_requried": False,
            "is_customizable": True,
            "requirement_conditions": [
                {"condition_type": "VALUE_ID_MATCH", "attribute_id": "100800", "attribute_value_id": "8"}
            ],
        },
        {
            "id": "100900",
            "name": "容量",
            "type": "PRODUCT_PROPERTY",
            "is_customizable": True,
            "value_data_format": "POSITIVE_INT_OR_DECIMAL",
        },
    ]
}
COTTON = {"id": "100398", "values": [{"id": "1"}]}


def found(snapshot, attributes, rules=None, **content):
    product = snapshot(content={"attributes": attributes, **content})
    problems = category_problems(product, read_requirements(ATTRIBUTES, rules or {}))
    return {problem.field: problem.text for problem in problems}


def test_ed8_a_required_attribute_is_named_by_its_japanese_name(snapshot):
    """The API spells the member `is_requried`; attributes of variations are not asked for here."""
    assert found(snapshot, []) == {"attributes.100398": "素材 is required by the category"}
    assert found(snapshot, [COTTON]) == {}


@pytest.mark.parametrize("value", [{"id": "8"}, {"name": "あり"}])
def test_ed8_an_attribute_may_be_required_by_the_value_of_another(snapshot, value):
    battery = {"id": "100800", "values": [value]}
    assert list(found(snapshot, [COTTON, battery])) == ["attributes.100801"]
    kind = {"id": "100801", "values": [{"name": "単三"}]}
    assert found(snapshot, [COTTON, battery, kind]) == {}
    none = {"id": "100800", "values": [{"id": "9"}]}
    assert found(snapshot, [COTTON, none]) == {}
    assert "has to stay empty" in found(snapshot, [COTTON, none, kind])["attributes.100801"]


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ({"id": "100800", "values": [{"id": "8"}, {"id": "9"}]}, "one value only"),
        ({"id": "100800", "values": [{"id": "5"}]}, "no value 5"),
        ({"id": "100800", "values": [{"name": "たぶん"}]}, "not among its values"),
        ({"id": "100900", "values": [{"name": "たくさん"}]}, "no positive number"),
        ({"id": "100900", "values": [{"name": "0"}]}, "no positive number"),
    ],
)
def test_ed8_what_a_category_does_not_take_is_named(snapshot, attribute, words):
    problems = found(snapshot, [COTTON, attribute])
    assert words in problems[f"attributes.{attribute['id']}"]


def test_an_attribute_of_another_category_is_left_out_and_decides_nothing(snapshot):
    """As after 一括入力・変更 of the category: what the merchant entered stays stored, and holds nothing back."""
    foreign = [{"id": "777", "values": [{"name": "x"}]}, {"id": "100000", "values": [{"name": "赤"}]}]
    needed = read_requirements(ATTRIBUTES, {})
    product = snapshot(content={"attributes": [COTTON, *foreign]})
    assert foreign_attributes(product, needed) == ("777", "100000")
    assert category_problems(product, needed) == ()
    required_if = [{"condition_type": "VALUE_ID_MATCH", "attribute_id": "777", "attribute_value_id": "7"}]
    rows = [{"id": "9", "name": "x", "requirement_conditions": required_if}]
    decided = read_requirements({"attributes": rows}, {})
    assert category_problems(snapshot(content={"attributes": [{"id": "777", "values": [{"id": "7"}]}]}), decided) == ()


@pytest.mark.parametrize("value", ["5", "0.5", "12"])
def test_numbers_are_taken(snapshot, value):
    assert found(snapshot, [COTTON, {"id": "100900", "values": [{"name": value}]}]).keys() <= {"attributes.100801"}


def test_ed8_a_required_size_chart_is_a_missing_field(snapshot):
    rules = {"size_chart": {"is_supported": True, "is_required": True}}
    assert list(found(snapshot, [COTTON], rules)) == ["size_chart_image"]
    assert found(snapshot, [COTTON], rules, size_chart_image="https://shop/chart.jpg") == {}


def test_a_required_certificate_is_reported(snapshot):
    condition = {"condition_type": "VALUE_ID_MATCH", "attribute_id": "100800", "attribute_value_id": "8"}
    rules = {
        "product_certifications": [
            {"name": "PSE", "is_required": False, "requirement_conditions": [condition]},
            {"name": "任意の書類", "is_required": False},
        ]
    }
    assert found(snapshot, [COTTON], rules) == {}
    batteries = [{"id": "100800", "values": [{"id": "8"}]}, {"id": "100801", "values": [{"name": "単三"}]}]
    assert "PSE" in found(snapshot, [COTTON, *batteries], rules)["category_id"]


@pytest.mark.parametrize(
    "reply", [{}, {"attributes": None}, {"attributes": [None, {"id": 5, "values": "x"}]}, {"attributes": {"id": "1"}}]
)
def test_a_reply_of_another_shape_requires_nothing(snapshot, reply):
    needed = read_requirements(reply, {"size_chart": None, "product_certifications": "x"})
    assert not any(rule.required for rule in needed.attributes.values())
    assert needed.size_chart_supported
