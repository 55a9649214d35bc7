"""README.ja.md tells every status, reason and error of the code, and shows commands that exist."""

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest
from typer.main import get_command

from catalog.errors import CatalogRefusal, NotKnownYet
from catalog.rules.model import SkuStock
from catalog.rules.status import missing_fields
from shopsync_cli.app import app
from shopsync_contracts.errors import ContractError
from shopsync_contracts.events import SnapshotContent, SnapshotSku, Status
from shopsync_contracts.events.listing import ReviewState, SkipReason
from shopsync_contracts.events.reports import SweepVerdict
from shopsync_contracts.ownership import OWNERS
from shopsync_readmodel.statuses import StatusName

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "README.ja.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?!-)(.*) \|$", re.MULTILINE)
TOLD_WITHOUT_ERROR = {"approved", "rejected", "pre_approved"}
"""Review states that are a status of their own (審査NG, 連携成功), and no error of a product."""
NOT_RAISED = {"CatalogRefusal", "NotKnownYet", "ContractError"}

RAISED = re.compile(
    r"\b(?:Passing|Unavailable|Refused|ShopBlocked|AuthorizationEnded|ClockWrong|WarehouseUnusable"
    r"|ImageUnreachable|ImageUnusable|ContentRefused)\(\s*\"([a-z][a-z_]*)\""
)
FAILED = re.compile(r"(?:\bFail\(\s*\"\w+\",\s*|\b_taken_down\(\s*)\"(\w+)\"")
INGESTOR_CODE = re.compile(r"^    code = \"(\w+)\"", re.MULTILINE)


def table(heading: str) -> list[list[str]]:
    """The rows of a section's table, without its head."""
    section = re.split(r"\n#+ ", PAGE.partition(f" {heading}\n")[2])[0]
    return [row.split(" | ") for row in ROW.findall(section)[1:]]


def names(heading: str) -> set[str]:
    """What stands as code in the first column of a section's table."""
    return {name for row in table(heading) for name in re.findall(r"`([^`]+)`", row[0])}


def source(service: str) -> str:
    files = sorted((ROOT / "services" / service / "src").rglob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def below(base: type[Exception]) -> set[str]:
    return {one.__name__ for one in base.__subclasses__()}.union(*(below(one) for one in base.__subclasses__()))


def test_it_has_every_status_with_its_name():
    assert [(row[0], row[1].strip("`")) for row in table("状態")] == [(one.japanese, one.value) for one in StatusName]
    assert {one.value for one in StatusName} == set(get_args(Status))


def test_it_has_every_field_that_may_lack():
    told = names("不足項目")
    sku = SnapshotSku(vertical_no="", horizontal_no="").model_dump()
    nothing = missing_fields(SnapshotContent(name="").model_dump(), [sku], [SkuStock(imported=None, unmanaged=True)])
    assert set(nothing) | set(OWNERS) <= told


def test_it_has_every_code_of_a_product():
    publisher = source("publisher")
    codes = {*RAISED.findall(publisher), *FAILED.findall(publisher), "not_authorized", "clock", "token_key"}
    assert {"shop_unknown", "image_small", "network", "frozen", "sku_deleted_in_seller_center"} <= codes
    assert (codes | set(get_args(ReviewState)) - TOLD_WITHOUT_ERROR) - names("連携エラーの原因") == set()


def test_it_has_every_reason_to_skip():
    assert names("送信されなかった理由") == set(get_args(SkipReason))


def test_it_has_every_code_of_an_import():
    codes = set(INGESTOR_CODE.findall(source("ingestor"))) | {"internal_error"}
    assert len(codes) > 7
    assert names("取り込みのエラー") == codes


def test_it_has_every_verdict_of_a_night():
    assert names("深夜の自動削除の結果") == set(get_args(SweepVerdict))


def test_it_has_every_refusal_of_a_message():
    assert names("受け付けられなかったイベント") == (below(ContractError) | below(CatalogRefusal)) - NOT_RAISED
    assert issubclass(NotKnownYet, CatalogRefusal)


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`shopsync ([a-z][^`]*)`", PAGE))))
def test_a_command_is_understood(line):
    command, words = get_command(app), shlex.split(line.replace("…", ""))
    while hasattr(command, "commands") and words[:1] and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)
