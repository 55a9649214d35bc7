"""`python -m ingestor` with its shops file mounted as Kubernetes mounts a secret: changes need no restart."""

import httpx
import pytest
import yaml

from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


class Mounted:
    """Every name leads over `..data` to the folder of the present version; a new version is one rename."""

    def __init__(self, folder):
        self.folder = folder
        self.shops = folder / "shops.yaml"
        self._version = 0
        folder.mkdir()
        for name in ("shops.yaml", "secret"):
            (folder / name).symlink_to(f"..data/{name}")

    def put(self, shops, secret="unused"):  # noqa: S107 - no password
        self._version += 1
        fresh = self.folder / f"..v{self._version}"
        fresh.mkdir()
        (fresh / "shops.yaml").write_text(shops if isinstance(shops, str) else yaml.safe_dump(shops))
        (fresh / "secret").write_text(secret)
        link = self.folder / "..data_tmp"
        link.symlink_to(fresh.name)
        link.replace(self.folder / "..data")


@pytest.fixture
def connections(world):
    return yaml.safe_load(world.shops_file.read_text(encoding="utf-8"))


@pytest.fixture
def mounted(tmp_path, connections):
    """The mounted folder, which names the shop `demo` only."""
    folder = Mounted(tmp_path / "mounted")
    folder.put({"demo": connections["demo"]})
    return folder


@pytest.fixture
async def process(world, tmp_path, mounted):
    """The running ingestor."""
    world.settings |= {"shops_file_every": "200ms"}
    environment = {**world.environment(), "INGESTOR_SHOPS_FILE": str(mounted.shops)}
    service = ServiceProcess("ingestor", env=environment, folder=tmp_path)
    async with service:
        yield service
    assert service.child.exit_code == 0


async def told(service, event, **members):
    """The newest log line of this event, once it has these members."""

    def look():
        lines = [line for line in service.log_lines() if line["event"] == event]
        return next((line for line in reversed(lines) if members.items() <= line.items()), None)

    return await eventually(look, what=f"the log line {event!r} with {members}")


async def ready(service):
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"{service.url}/readyz"), (await client.get(f"{service.url}/metrics")).text


async def test_shops_come_change_and_go_while_it_runs(world, process, mounted, connections):
    assert (await world.imported("enumerate", "c1")).TYPE == "import.completed"
    demo, other = connections["demo"], connections["other"]

    mounted.put({"demo": demo, "other": {**other, "client_secret": "file:secret"}}, other["client_secret"])
    await told(process, "shops file read again", added=["other"], removed=[], changed=[])
    assert (await world.imported("enumerate", "c2", shop_key="other")).enumeration.product_count == 60

    mounted.put({"demo": demo, "other": {**other, "client_secret": "file:secret"}}, "a wrong one")
    await told(process, "shops file read again", changed=["other"])
    denied = await world.imported("enumerate", "c3", shop_key="other")
    assert (denied.TYPE, denied.code) == ("import.failed", "futureshop_denied")

    mounted.put({"demo": demo, "other": {**other, "client_secret": "file:secret"}}, other["client_secret"])
    await eventually(lambda: len([x for x in process.log_lines() if x.get("changed") == ["other"]]) == 2)
    assert (await world.imported("enumerate", "c4", shop_key="other")).TYPE == "import.completed"

    mounted.put({"demo": demo})
    await told(process, "shops file read again", removed=["other"])
    gone = await world.imported("enumerate", "c5", shop_key="other")
    assert (gone.code, str(mounted.shops) in gone.message) == ("shop_unknown", True)
    assert (await world.imported("enumerate", "c6")).TYPE == "import.completed"
    log = process.log.read_text(encoding="utf-8")
    assert not [one for one in (demo, other) if one["client_secret"] in log]


async def test_a_bad_new_file_keeps_the_old_one_and_is_told_everywhere(world, process, mounted, connections):
    mounted.put("demo:\n  base_url: http://x\n")
    line = await told(process, "shops file cannot be used, the shops of before stay in force")
    assert line["problem"].endswith("shop 'demo': client_id: is missing")
    answer, metrics = await ready(process)
    assert answer.status_code == 200, "the shops of before are served"
    assert "client_id: is missing; the 1 shop of before stay in force" in answer.json()["notes"]["shops file"]
    assert "shopsync_ingestor_shops_file_usable 0.0" in metrics
    assert (await world.imported("enumerate", "c1")).TYPE == "import.completed"
    stranger = await world.imported("enumerate", "c2", shop_key="other")
    assert "it cannot be used as it is now: " in stranger.message

    mounted.put(connections)
    await told(process, "shops file read again", added=["other"], usable_again=True)
    answer, metrics = await ready(process)
    assert answer.json()["notes"] == {"shops file": "2 shops"}
    assert "shopsync_ingestor_shops_file_usable 1.0" in metrics
    assert (await world.imported("enumerate", "c3", shop_key="other")).TYPE == "import.completed"


async def test_a_shop_that_is_taken_out_ends_its_running_import(world, process, mounted, connections):
    """It stops asking at once, and nothing is concluded from the pages that it has read."""
    mounted.put(connections)
    await told(process, "shops file read again", added=["other"])
    for page in (2, 3, 4, 5):
        world.sandbox.fail("slow", ms=5000, page=page, times=None, shop_key="demo")
    await world.command("overwrite_all", event_id="c1")
    await eventually(lambda: world.sandbox.journal.counts["products"] >= 1)
    mounted.put({"other": connections["other"]})
    report = await world.report("c1")
    assert (report.TYPE, report.code) == ("import.failed", "shop_unknown")
    assert report.counts.read < 450
    assert await world.changes("product.removed") == []
