"""The independent client of the package index drives the sandbox: the sandbox is not only its own echo."""

import io

import pytest
from tiktok_shop_api import AsyncTikTokShop, AsyncTikTokShopAuth, TikTokShopError, Webhooks
from tiktok_shop_api.generated.models import (
    ActivateProductsRequest,
    CreateProductRequest,
    DeactivateProductsRequest,
    DeleteProductsRequest,
    EditProductRequest,
    PartialEditProductRequest,
    SearchProductsRequest,
    UpdateInventoryRequest,
    UpdatePriceRequest,
    UpdateShopWebhookRequest,
    UploadProductImageRequest,
)
from tiktok_shop_api.generated.types import File


async def connect(api):
    app = api.sandbox.identity
    auth = AsyncTikTokShopAuth(app.app_key, app.app_secret, base_url=api.url)
    tokens = await auth.exchange_code(api.sandbox.tokens.mint_code(["demo"]).value)
    tokens = await auth.refresh(tokens.refresh_token)
    shop = AsyncTikTokShop(app.app_key, app.app_secret, tokens.access_token, base_url=api.url)
    cipher = (await shop.authorization.get_authorized_shops()).data.shops[0].cipher
    return shop.with_shop(shop_cipher=cipher)


async def listing(api, shop, picture):
    """The body of a listing, from what the API itself says."""
    file = File(payload=io.BytesIO(picture()), file_name="a.png", mime_type="image/png")
    image = (await shop.products.upload_product_image(body=UploadProductImageRequest(data=file))).data
    assert (image.width, image.height) == (400, 400)
    warehouses = (await shop.logistics.get_warehouse_list()).data.warehouses
    assert warehouses[0].type_ == "RETURN_WAREHOUSE"
    warehouse = next(w for w in warehouses if w.type_ == "SALES_WAREHOUSE" and w.is_default)
    body = await api.body(main_images=[{"uri": image.uri}])
    for sku in body["skus"]:
        sku["inventory"] = [{"warehouse_id": warehouse.id, "quantity": 5}]
    return body


async def test_the_whole_life_of_a_listing(api, picture):
    shop = await connect(api)
    body = await listing(api, shop, picture)
    created = (await shop.products.create_product(body=CreateProductRequest.from_dict(body))).data
    ids = [created.product_id]
    read = (await shop.products.get_product(created.product_id)).data
    assert (read.status, read.audit.status) == ("PENDING", "AUDITING")
    api.sandbox.reviews.decide_all()

    found = (
        await shop.products.search_products(
            body=SearchProductsRequest.from_dict({"seller_skus": ["SOX-グレー"]}),
            page_size=10,
        )
    ).data
    assert [(p.id, p.status) for p in found.products] == [(created.product_id, "ACTIVATE")]

    edit = {**body, "title": "新しい題名"}
    for sku, known in zip(edit["skus"], created.skus, strict=True):
        sku["id"] = known.id
        del sku["inventory"]
    edited = (await shop.products.edit_product(created.product_id, body=EditProductRequest.from_dict(edit))).data
    assert edited.audit.status == "AUDITING"
    assert (await shop.products.get_product(created.product_id)).data.title == body["title"]
    api.sandbox.reviews.decide_all()
    partial = PartialEditProductRequest.from_dict({"description": "<p>短い説明</p>"})
    await shop.products.partial_edit_product(created.product_id, body=partial)
    api.sandbox.reviews.decide_all()
    read = (await shop.products.get_product(created.product_id)).data
    assert (read.title, read.description) == ("新しい題名", "<p>短い説明</p>")
    assert read.skus[0].price.sale_price == "1980"
    assert read.skus[0].inventory[0].quantity == 5

    sku = {"id": created.skus[0].id}
    stock = UpdateInventoryRequest.from_dict({"skus": [{**sku, "inventory": [{"quantity": 9}]}]})
    await shop.products.update_inventory(created.product_id, body=stock)
    price = UpdatePriceRequest.from_dict({"skus": [{**sku, "price": {"amount": "2200", "currency": "JPY"}}]})
    await shop.products.update_price(created.product_id, body=price)

    await shop.products.deactivate_products(body=DeactivateProductsRequest(product_ids=ids))
    assert (await shop.products.get_product(created.product_id)).data.status == "SELLER_DEACTIVATED"
    await shop.products.activate_products(body=ActivateProductsRequest(product_ids=ids))
    api.sandbox.reviews.decide_all()
    read = (await shop.products.get_product(created.product_id)).data
    assert (read.status, read.skus[0].price.sale_price, read.skus[0].inventory[0].quantity) == ("ACTIVATE", "2200", 9)
    refused = (await shop.products.activate_products(body=ActivateProductsRequest(product_ids=ids))).data
    assert [(e.code, e.detail.product_id) for e in refused.errors] == [(12052901, created.product_id)]
    await shop.products.delete_products(body=DeleteProductsRequest(product_ids=ids))
    assert (await shop.products.get_product(created.product_id)).data.status == "DELETED"
    await shop.aclose()


async def test_catalogue_reads(api):
    shop = await connect(api)
    categories = (await shop.products.get_categories()).data.categories
    socks = next(c for c in categories if c.id == "601234")
    assert (socks.local_name, socks.is_leaf) == ("ソックス", True)
    attributes = (await shop.products.get_category_attributes("601234")).data.attributes
    assert {a.name for a in attributes if a.is_requried} == {"素材", "原産国"}
    assert {a.type_ for a in attributes} == {"SALES_PROPERTY", "PRODUCT_PROPERTY"}
    brands = (await shop.products.get_brands(page_size=100)).data.brands
    assert {b.authorized_status for b in brands} == {"AUTHORIZED", "UNAUTHORIEZD"}
    checks = (await shop.products.check_listing_prerequisites()).data.check_results
    assert not any(check.is_failed for check in checks)
    assert (await shop.products.get_category_rules("601234")).data.package_dimension.is_required
    assert (await shop.seller.get_active_shops()).data.shops[0].id == api.shop.id
    await shop.aclose()


async def test_its_errors_carry_our_codes(api):
    shop = await connect(api)
    with pytest.raises(TikTokShopError) as unknown:
        await shop.products.get_product("1")
    assert (unknown.value.code, unknown.value.http_status) == (12052032, 200)
    api.sandbox.tokens.expire("demo")
    with pytest.raises(TikTokShopError) as expired:
        await shop.products.get_product("1")
    assert expired.value.code == 105002
    await shop.aclose()


async def test_it_verifies_and_parses_our_webhooks(api, picture, receiver, eventually):
    shop = await connect(api)
    for event in (
        "PRODUCT_STATUS_CHANGE",
        "PRODUCT_AUDIT_STATUS_CHANGE",
        "PRODUCT_CREATION",
        "PRODUCT_INFORMATION_CHANGE",
        "SELLER_DEAUTHORIZATION",
    ):
        body = UpdateShopWebhookRequest.from_dict({"address": receiver.url, "event_type": event})
        await shop.event.update_shop_webhook(body=body)
    assert (await shop.event.get_shop_webhooks()).data.total_count == 5
    product = CreateProductRequest.from_dict(await listing(api, shop, picture))
    created = (await shop.products.create_product(body=product)).data
    api.sandbox.reviews.decide_all()
    api.sandbox.edit_title(api.sandbox.product(created.product_id), "店で直した題名")
    api.sandbox.deauthorise("demo")
    await eventually(lambda: {5, 37, 16, 15, 6} <= {raw["type"] for raw in receiver.documents()})
    app = api.sandbox.identity
    for request in receiver.requests:
        event = Webhooks.verify_and_parse(
            app_key=app.app_key,
            app_secret=app.app_secret,
            raw_body=request.body,
            signature=request.signature,
        )
        assert event.shop_id == api.shop.id
        if event.type_ in {5, 37, 16}:
            assert event.data.product_id == int(created.product_id)
        if event.type_ == 15:
            assert (event.data.product_id, event.data.change_source) == (created.product_id, "SELLER_CENTER")
    await shop.aclose()
