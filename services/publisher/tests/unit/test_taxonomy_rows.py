"""Rows of Get Categories and Get Brands, as TikTok writes them."""

import pytest

from publisher.tiktok.taxonomy_rows import BrandRow, CategoryRow, read_brand, read_category


@pytest.mark.parametrize(
    ("row", "read"),
    [
        (
            {"id": "1", "parent_id": "0", "local_name": "食品", "is_leaf": False, "permission_statuses": ["AVAILABLE"]},
            CategoryRow("1", None, "食品", is_leaf=False, permission="AVAILABLE"),
        ),
        (
            {"id": "2", "parent_id": "1", "local_name": "酒", "is_leaf": True, "permission_statuses": ["INVITE_ONLY"]},
            CategoryRow("2", "1", "酒", is_leaf=True, permission="INVITE_ONLY"),
        ),
        ({"id": "3", "permission_statuses": None}, CategoryRow("3", None, "", is_leaf=False, permission="AVAILABLE")),
        (
            {"id": "4", "permission_statuses": ["AVAILABLE", "NON_MAIN_CATEGORY"]},
            CategoryRow("4", None, "", is_leaf=False, permission="NON_MAIN_CATEGORY"),
        ),
    ],
)
def test_a_category_has_its_parent_and_what_restricts_it(row, read):
    assert read_category(row) == read


@pytest.mark.parametrize(
    ("row", "authorized", "usable"),
    [
        ({"authorized_status": "AUTHORIZED", "brand_status": "AVAILABLE"}, True, True),
        ({"authorized_status": "UNAUTHORIEZD", "brand_status": "AVAILABLE"}, False, True),
        ({"authorized_status": "UNAUTHORIZED", "is_t1_brand": True}, False, False),
        ({"authorized_status": "AUTHORIZED", "is_t1_brand": True}, True, True),
        ({"authorized_status": "AUTHORIZED", "brand_status": "UNAVAILABLE"}, True, False),
        ({}, True, True),
    ],
)
def test_a_brand_may_be_used_or_not(row, authorized, usable):
    assert read_brand({"id": "7", "name": "織物", **row}) == BrandRow("7", "織物", authorized, usable)
