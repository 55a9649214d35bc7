"""A brand that TikTok Shop does not take (any more): what the merchant reads, and when it is tried again."""

import pytest

from shopsync_sandbox.tiktok import Code, Fault

AUTHORISED, ANOTHER = "7080000000000000001", "7080000000000000002"
UNAUTHORISED = "7080000000000000003"
UNAUTHORISED_T1 = "7080000000000000004"
EXPIRED = "7080000000000000005"
FOR_FOOD_ONLY = "7080000000000000006"
UNKNOWN = "7080000000000009999"
CHOOSE = "choose a brand from TikTok Shop's list"
GET_AUTHORISED = "get the brand authorised in Seller Center, or choose another"

REFUSED = {
    "unknown": (UNKNOWN, Code.BRAND_UNKNOWN, "incomplete", CHOOSE),
    "no brand id": (UNKNOWN, Code.BRAND_INVALID, "incomplete", CHOOSE),
    "expired": (EXPIRED, Code.BRAND_EXPIRED, "sync_error", GET_AUTHORISED),
    "not for this category": (FOR_FOOD_ONLY, Code.BRAND_NOT_HERE, "sync_error", GET_AUTHORISED),
    "not authorised": (UNAUTHORISED_T1, Code.BRAND_UNAUTHORISED, "sync_error", GET_AUTHORISED),
}


@pytest.fixture
def sandbox_settings(sandbox_settings):
    sandbox_settings.unknown_brand = "refuse"
    return sandbox_settings


def writes(world):
    return world.sandbox.journal.requests["create_product"] + world.sandbox.journal.requests["edit_product"]


@pytest.mark.parametrize("words", [None, "Invalid brand."], ids=["words that name it", "words that do not"])
@pytest.mark.parametrize("write", ["create", "edit"])
@pytest.mark.parametrize("variant", REFUSED)
async def test_a_refused_brand_is_named_with_what_helps(demo, variant, write, words):
    """Reported once per command with field and brand; no schedule sends it again, and another brand is accepted."""
    brand, code, status, advice = REFUSED[variant]
    if write == "edit":
        await demo.store(content={"brand_id": AUTHORISED})
        await demo.push("A-100")
        demo.sandbox.reviews.decide_all()
    if words is not None or code == Code.BRAND_INVALID:
        text = words or f"brand id {brand} is invalid"
        demo.sandbox.faults.add(Fault("answer", operation=f"{write}*", code=code, message=text))
    await demo.store(content={"brand_id": brand}, content_version=2)
    await demo.push("A-100", reason="scheduled")
    (failed,) = demo.events("push.failed")
    assert (failed["code"], failed["status"], failed["missing"]) == (str(code), status, ["brand_id"])
    assert failed["message"].endswith(f"(brand_id {brand}: {advice})")
    if words is not None:
        assert failed["message"].startswith(words)

    asked = writes(demo)
    await demo.push("A-100", reason="scheduled")
    await demo.push("A-100", reason="auto")
    assert writes(demo) == asked, "no clock asks TikTok Shop again"
    assert {(one["code"], one["message"]) for one in demo.events("push.failed")} == {(str(code), failed["message"])}

    await demo.store(content={"brand_id": ANOTHER}, content_version=3)
    await demo.push("A-100", reason="auto")
    assert writes(demo) == asked + 1
    assert demo.events("push.succeeded")[-1]["content_version"] == 3


async def test_a_brand_authorised_meanwhile_is_sent_manually_at_once_and_by_schedule_the_next_day(demo):
    """The product does not change when a brand becomes available, so a manual push or the next day has to try."""
    for number, reason, hours in (("A-100", "manual", 0), ("B-200", "scheduled", 25)):
        demo.sandbox.faults.add(Fault("answer", operation="create*", code=Code.BRAND_EXPIRED))
        await demo.store(number, content={"brand_id": AUTHORISED})
        await demo.push(number, reason="scheduled")
        demo.clock.forward(hours=hours)
        await demo.push(number, reason=reason)
        assert demo.events()[-1]["action"] == "created"


@pytest.mark.parametrize(
    ("brand", "words"),
    [(UNAUTHORISED, "will not be displayed"), (UNKNOWN, "does not exist and has been cleared")],
    ids=["not authorised", "unknown"],
)
async def test_a_brand_that_tiktok_leaves_out_is_a_warning(demo, brand, words):
    demo.sandbox.settings.unknown_brand = "clear"
    await demo.store(content={"brand_id": brand})
    await demo.push("A-100")
    (told,) = demo.events("push.succeeded")
    (warning,) = told["warnings"]
    assert brand in warning
    assert words in warning
