"""Warehouses and how they ship."""

from typing import Any

from shopsync_sandbox.tiktok.api.call import Call
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.model import Warehouse


def warehouses(call: Call) -> dict[str, Any]:
    """All warehouses, the return warehouse first."""
    return {"warehouses": [_warehouse(warehouse) for warehouse in call.shop.warehouses]}


def global_warehouses(call: Call) -> dict[str, Any]:
    """The warehouses of cross-border sellers; a local seller has none."""
    shops = [call.services.world.shop(key) for key in call.grant.shop_keys]
    return {
        "global_warehouses": [
            {"id": warehouse.entity_id, "name": warehouse.name, "ownership": "SELLER"}
            for shop in shops
            if shop.seller_type == "CROSS_BORDER"
            for warehouse in shop.sales_warehouses()
        ],
    }


def delivery_options(call: Call) -> dict[str, Any]:
    """How an enabled sales warehouse ships. Raises ApiError for a warehouse that is not the shop's."""
    warehouse_id = call.path["warehouse_id"]
    warehouse = next((w for w in call.shop.warehouses if w.id == warehouse_id), None)
    if warehouse is None:
        raise ApiError(Code.WAREHOUSE_UNKNOWN, f"warehouse {warehouse_id} does not exist")
    ships = warehouse.type == "SALES_WAREHOUSE" and warehouse.effect_status == "ENABLED"
    settings = call.services.settings
    option = {
        "id": f"{warehouse.entity_id}1",
        "name": "宅配便",
        "type": "STANDARD",
        "description": "",
        "dimension_limit": {"max_height": 160, "max_length": 160, "max_width": 160, "unit": "CM"},
        "weight_limit": {"max_weight": settings.max_parcel_grams, "min_weight": 1, "unit": "GRAM"},
        "platform": ["TIKTOK_SHOP"],
    }
    return {"delivery_options": [option] if ships else []}


def _warehouse(warehouse: Warehouse) -> dict[str, Any]:
    return {
        "id": warehouse.id,
        "entity_id": warehouse.entity_id,
        "name": warehouse.name,
        "effect_status": warehouse.effect_status,
        "type": warehouse.type,
        "sub_type": "DOMESTIC_WAREHOUSE",
        "is_default": warehouse.is_default,
        "address": {
            "region": "日本",
            "region_code": "JP",
            "state": "東京都",
            "city": "千代田区",
            "distict": "丸の内",
            "town": "",
            "postal_code": "1000005",
            "address_line1": "丸の内1-1-1",
            "full_address": "東京都千代田区丸の内1-1-1",
            "contact_person": "山田 花子",
            "first_name": "花子",
            "last_name": "山田",
            "first_name_local_script": "ハナコ",
            "last_name_local_script": "ヤマダ",
            "phone_number": "(+81)0312345678",
        },
    }
