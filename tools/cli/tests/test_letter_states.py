"""What became of dead letters, with a catalog that accepts or refuses what is sent back."""

from shopsync_contracts.topics import DEAD_LETTERS, PRODUCT_CHANGES, TOOL_EDITS
from shopsync_testkit.polling import eventually


async def letters(shop, *options: str) -> list[dict]:
    ended = await shop.run("dead-letters", "list", "--json", *options)
    assert ended.exit_code == 0, ended.stderr
    return ended.json()


async def states(shop) -> list[str]:
    return sorted(letter["state"] for letter in await letters(shop, "--all"))


async def becomes(shop, *wanted: str) -> None:
    async def so() -> bool:
        found = await states(shop)
        assert found == sorted(wanted)
        return True

    await eventually(so, what=f"letters that are {', '.join(wanted)}")


async def redriven(shop, *options: str) -> dict:
    ended = await shop.run("dead-letters", "redrive", *(options or ("--all",)), "--json")
    assert ended.exit_code == 0, ended.stderr
    return ended.json()


async def test_from_open_over_failed_again_to_applied(shop):
    await shop.run("edit", "demo", "LATE", "--set", "price=1980")
    await becomes(shop, "open")
    assert (await redriven(shop))["sent"] == 1
    await becomes(shop, "failed_again", "open")
    [still_open] = await letters(shop)
    assert still_open["redriven_from"]
    await shop.imported("LATE")
    run = await redriven(shop)
    assert (run["sent"], run["left_out"]) == (1, {"redriven before and failed again: the newer letter counts": 1})
    await becomes(shop, "applied", "failed_again")
    assert await letters(shop) == []
    assert (await shop.database["products"].find_one({"_id": "demo/LATE"}))["content"]["price"] == 1980
    table = (await shop.run("dead-letters", "list")).stdout
    assert "2 dead letters: 0 open, 1 applied, 1 failed_again" in table
    place = still_open["place"].split(":")
    assert "applied: sent back" in (await shop.run("dead-letters", "show", *place)).stdout


async def test_what_was_sent_back_is_not_sent_again_unless_wanted(shop):
    await shop.run("target", "demo", "LATE", "on")
    await becomes(shop, "open")
    await shop.imported("LATE")
    assert (await redriven(shop))["sent"] == 1
    await becomes(shop, "applied")
    assert await redriven(shop) == {
        "dry_run": False,
        "sent": 0,
        "to_send": {},
        "left_out": {"redriven before (applied); --again sends it once more": 1},
    }
    assert (await redriven(shop, "--all", "--again"))["sent"] == 1
    edits = [record for record in await shop.bus.read(TOOL_EDITS) if record.key == b"demo/LATE"]
    assert len(edits) == 3


async def test_what_nobody_has_read_yet_is_redriven_and_what_waits_is_held(shop):
    await shop.run("target", "demo", "LATE", "on")
    await becomes(shop, "open")
    await shop.catalog.terminate()
    await redriven(shop)
    [letter] = await letters(shop, "--all")
    assert letter["state"] == "redriven"
    assert letter["redriven_at"]
    topic, _, rest = letter["redriven_to"].partition("/")
    partition, _, offset = rest.partition("@")
    assert topic == TOOL_EDITS.full_name(shop.bus.prefix)
    place = {"topic": topic, "partition": int(partition), "offset": int(offset), "subject": "demo/LATE"}
    await shop.database["held_messages"].insert_one({"_id": "one", **place})
    assert await states(shop) == ["held"]


async def test_two_letters_of_one_record_are_one_case(shop):
    """A crash between dead letter and commit writes it twice. A redrive of one counts for both."""
    topic = PRODUCT_CHANGES.full_name(shop.bus.prefix).encode()
    headers = [("x-topic", topic), ("x-partition", b"0"), ("x-offset", b"7"), ("x-error-type", b"NotJson")]
    for key in (None, b"demo/A-1"):
        for _ in range(2):
            await shop.bus.send(DEAD_LETTERS, b"{broken", key=key, headers=headers)
    assert await states(shop) == ["open"] * 4
    assert (await redriven(shop))["sent"] == 1
    # The catalog refuses it again: the new letter is a case of its own.
    await becomes(shop, *["failed_again"] * 4, "open")


async def test_a_mark_of_a_letter_that_is_gone_marks_nothing(shop):
    headers = [
        ("x-redriven-from", b"t/0@99"),
        ("x-redriven-to", b"t/0@100"),
        ("x-redriven-at", b"2026-11-23T00:00:00Z"),
    ]
    await shop.bus.send(DEAD_LETTERS, b"", key=b"k", headers=headers)
    await shop.bus.send(DEAD_LETTERS, b"no headers", key=b"k")
    assert await states(shop) == ["open"]
    assert (await redriven(shop))["left_out"] == {"no x-topic header": 1}
