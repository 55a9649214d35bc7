"""An independent client from the package index uses the sandbox, so that it is not only tested by our own code."""

import io

import httpx
import pytest
from tiktok_shop_api import (
    AsyncTikTokShop,
    AsyncTikTokShopAuth,
    TikTokShopError,
    UnknownWebhookEvent,
    Webhooks,
    WebhookSignatureError,
)
from tiktok_shop_api.generated.models import (
    ActivateProductsRequest,
    CheckProductListingRequest,
    CreateCustomBrandsRequest,
    CreateProductRequest,
    DeactivateProductsRequest,
    DeleteProductsRequest,
    DeleteWebhookForAnEventRequest,
    EditProductRequest,
    InventorySearchRequest,
    OptimizeImagesRequest,
    PartialEditProductRequest,
    RecommendCategoryRequest,
    RecoverProductsRequest,
    SearchProductsRequest,
    SearchSizeChartsRequest,
    UpdateInventoryRequest,
    UpdatePriceRequest,
    UpdateShopWebhookRequest,
    UploadProductFileRequest,
    UploadProductImageRequest,
)
from tiktok_shop_api.generated.types import File

from shopsync_sandbox.tiktok import Fault
from shopsync_sandbox.tiktok.faults.registry import Kind
from shopsync_testkit.polling import eventually


async def consent(api, auth):
    """The seller follows the client's own link (to this host) and returns with a code and the state."""
    api.sandbox.change_settings({"redirect_url": "https://app.example.jp/callback"})
    link = httpx.URL(auth.authorization_url(type="seller", region="row", state="s-1"))
    answer = await api.http.get(api.url + link.raw_path.decode() + "&shop=demo")
    back = answer.next_request.url
    assert (back.host, back.params["state"]) == ("app.example.jp", "s-1")
    return back.params["code"]


async def connect(api):
    app = api.sandbox.identity
    auth = AsyncTikTokShopAuth(app.app_key, app.app_secret, service_id=app.service_id, base_url=api.url)
    code = await consent(api, auth)
    tokens = await auth.exchange_code(code)
    with pytest.raises(TikTokShopError) as used:
        await auth.exchange_code(code)
    assert used.value.code == 36004004
    tokens = await auth.refresh(tokens.refresh_token)
    shop = AsyncTikTokShop(app.app_key, app.app_secret, tokens.access_token, base_url=api.url)
    shops = (await shop.authorization.get_authorized_shops()).data.shops
    assert shops
    assert isinstance(shops[0].cipher, str)
    return shop.with_shop(shop_cipher=shops[0].cipher)


async def listing(api, shop, picture):
    """The body of a listing, built from the API's own answers."""
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
    recovered = await shop.products.recover_products(body=RecoverProductsRequest(product_ids=ids))
    assert recovered.code == 0
    assert (await shop.products.get_product(created.product_id)).data.status == "SELLER_DEACTIVATED"
    await shop.aclose()


async def test_reads_and_uploads_around_a_listing(api, picture):
    shop = await connect(api)
    body = await listing(api, shop, picture)
    checked = (await shop.products.check_product_listing(body=CheckProductListingRequest.from_dict(body))).data
    assert checked.check_result == "PASS"
    created = (await shop.products.create_product(body=CreateProductRequest.from_dict(body))).data
    wanted = InventorySearchRequest.from_dict({"sku_ids": [created.skus[0].id]})
    (row,) = (await shop.products.inventory_search(body=wanted)).data.inventory
    assert (row.product_id, row.skus[0].total_available_quantity) == (created.product_id, 5)
    advice = RecommendCategoryRequest.from_dict({"product_title": body["title"]})
    assert (await shop.products.recommend_category(body=advice)).data.leaf_category_id == "601234"
    brand = CreateCustomBrandsRequest.from_dict({"name": "小さな工房"})
    brand_id = (await shop.products.create_custom_brands(body=brand)).data.id
    brands = (await shop.products.get_brands(page_size=100)).data.brands
    assert brand_id in {b.id for b in brands}
    paper = File(payload=io.BytesIO(b"%PDF-1.7 x"), file_name="manual.pdf", mime_type="application/pdf")
    upload = UploadProductFileRequest(data=paper, name="manual.pdf")
    assert (await shop.products.upload_product_file(body=upload)).data.format_ == "PDF"
    optimize = OptimizeImagesRequest.from_dict({"images": body["main_images"]})
    assert (await shop.products.optimize_images(body=optimize)).data.images[0].optimize_status == "PROCESSING"
    charts = (await shop.products.search_size_charts(body=SearchSizeChartsRequest(), page_size=10)).data
    assert charts.total_count == len(charts.size_chart) == 2
    assert charts.size_chart[0].size_chart_datas[0].size_chart_data.table.rows[0].cells[0].value == "S"
    await shop.aclose()


@pytest.mark.parametrize("after", [False, True])
async def test_it_sees_our_faults_as_what_they_are(api, after):
    shop = await connect(api)
    expected: dict[Kind, tuple[int, int]] = {
        "rate_limit": (36009002, 429),
        "gateway_timeout": (36009007, 504),
        "error": (36009003, 503),
    }
    for kind, (code, status) in expected.items():
        api.sandbox.faults.add(Fault(kind, operation="warehouses", after=after))
        with pytest.raises(TikTokShopError) as failed:
            await shop.logistics.get_warehouse_list()
        assert (failed.value.code, failed.value.http_status) == (code, status)
    expected_without_code: dict[Kind, tuple[int | None, str]] = {
        "html": (502, "Bad Gateway"),
        "drop": (None, "without sending a response"),
        "truncate": (None, "without sending complete message body"),
    }
    for kind, (http_status, said) in expected_without_code.items():
        api.sandbox.faults.add(Fault(kind, operation="warehouses", after=after))
        with pytest.raises(TikTokShopError, match=said) as failed:
            await shop.logistics.get_warehouse_list()
        assert failed.value.http_status == http_status
    assert (await shop.logistics.get_warehouse_list()).code == 0
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
    assert (unknown.value.code, unknown.value.http_status) == (12019150, 200)
    api.sandbox.tokens.expire("demo")
    with pytest.raises(TikTokShopError) as expired:
        await shop.products.get_product("1")
    assert expired.value.code == 105002
    await shop.aclose()


async def test_it_registers_webhooks(api, receiver):
    shop = await connect(api)
    for event in ("PRODUCT_STATUS_CHANGE", "PRODUCT_AUDIT_STATUS_CHANGE", "SELLER_DEAUTHORIZATION"):
        body = UpdateShopWebhookRequest.from_dict({"address": receiver.url, "event_type": event})
        await shop.event.update_shop_webhook(body=body)
    listed = (await shop.event.get_shop_webhooks()).data
    assert (listed.total_count, {row.address for row in listed.webhooks}) == (3, {receiver.url})
    gone = DeleteWebhookForAnEventRequest.from_dict({"event_type": "SELLER_DEAUTHORIZATION"})
    await shop.event.delete_webhook_for_an_event(body=gone)
    assert (await shop.event.get_shop_webhooks()).data.total_count == 2
    await shop.aclose()


async def test_it_verifies_and_parses_our_webhooks_of_every_type(serve, receiver):
    """5, 37, 16, 15, 18, 50, 27, 71, 6 and 7 are parsed by the client's models, with ids of the right type."""
    types = (5, 6, 7, 15, 16, 18, 27, 37, 50, 71)
    async with serve(webhook_url=receiver.url, webhook_types=types) as api:
        created = await api.live()
        product = api.sandbox.product(created["product_id"])
        await api.edit(created, category_id="601235")
        api.sandbox.reviews.decide_all()
        api.sandbox.edit_title(product, "店で直した題名")
        api.sandbox.set_stock(product, created["skus"][0]["id"], 0)
        api.sandbox.expiries.warn("demo")
        api.sandbox.deauthorise("demo")
        await eventually(lambda: api.sandbox.webhooks.waiting == 0)
        events = [parsed(api, request) for request in receiver.requests]
        assert {event.type_ for event in events} == set(types)
        for event in events:
            assert not isinstance(event, UnknownWebhookEvent)
            assert not event.additional_properties
            assert not event.data.additional_properties
            assert event.shop_id == api.shop.id
        ids = {event.type_: event.data.product_id for event in events if event.type_ not in {6, 7}}
        assert {number for number, value in ids.items() if value == int(product.id)} == {5, 16, 37, 71}
        assert {number for number, value in ids.items() if value == product.id} == {15, 18, 27, 50}
        by_type = {event.type_: event.data for event in events}
        assert by_type[71].quantity_snapshot_after_change.total_quantity == 0
        assert by_type[27].current_inventory_status == "OUT_OF_STOCK"
        assert by_type[7].expiration_time.isdigit()


def parsed(api, request):
    """The event. A wrong signature or a changed body is an error."""
    app = {"app_key": api.sandbox.identity.app_key, "app_secret": api.sandbox.identity.app_secret}
    given = {"raw_body": request.body, "signature": request.signature}
    with pytest.raises(WebhookSignatureError):
        Webhooks.verify_and_parse(**app, **{**given, "raw_body": request.body + b" "})
    return Webhooks.verify_and_parse(**app, **given)
