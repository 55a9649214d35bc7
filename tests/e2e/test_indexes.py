"""No query of a service reads a whole collection, as MongoDB's own profiler tells of the demo's story."""

from shopsync_rehearsals.demo.stack import Plan

SERVICES = {"catalog", "console", "ingestor", "janitor", "publisher"}
READ_AS_A_WHOLE = {
    ("catalog", "shops"): "one document per shop; every few seconds, those with a schedule",
    ("publisher", "authorizations"): "one document per shop; tokens that end soon, once a minute",
    ("publisher", "push_jobs"): "once, when a publisher with a fixed name starts, for what its killed self had leased",
}
_PROFILE_BYTES = 256 * 1024 * 1024


async def test_no_query_of_a_service_scans_a_collection(run_system, mongo_client, mongo_database):
    database = mongo_client[mongo_database]
    await database.create_collection("system.profile", capped=True, size=_PROFILE_BYTES)
    await database.command("profile", 2)
    try:
        run = await run_system(Plan(products=60, seed=11))
        await run.story.run()
    finally:
        await database.command("profile", 0)

    theirs = {"appName": {"$regex": "^shopsync-"}, "planSummary": {"$exists": True}}
    told = await database["system.profile"].find(theirs).to_list()
    plans: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in told:
        place = one["appName"].removeprefix("shopsync-"), one["ns"].partition(".")[2]
        plans.setdefault(place, []).append((one["planSummary"], _question(one["command"])))
    assert {service for service, _ in plans} == SERVICES
    scans = {place: {what for plan, what in some if "COLLSCAN" in plan} for place, some in plans.items()}
    assert {place: what for place, what in scans.items() if what and place not in READ_AS_A_WHOLE} == {}


def _question(command):
    return str(command.get("filter") or command.get("q") or command.get("query") or command.get("pipeline"))
