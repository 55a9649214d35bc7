"""The examples that `--help` shows. A test parses each with its command's parser."""

from collections.abc import Sequence

import typer

EXAMPLES: dict[str, tuple[str, ...]] = {
    "topics apply": (
        "topics apply",
        "topics apply --replication 3",
        "topics apply --dry-run --wait 60",
        "topics apply --acls --dry-run",
        "topics apply --acls --principal catalog=User:svc-catalog --without tool",
        "topics apply --prune-acls",
    ),
    "topics check": ("topics check --replication 3", "topics check --acls --json"),
    "topics acls": (
        "topics acls",
        "topics acls --format kafka-acls.sh",
        "topics acls --format json --principal other-systems=User:erp --principal other-systems=User:wms",
    ),
    "topics list": ("topics list", "topics list --json"),
    "shops put": (
        "shops put demo --mode auto --interval-minutes 30",
        "shops put demo --mode scheduled --time 03:00 --time 15:30 --tax-excluded",
    ),
    "shops list": ("shops list", "shops list --json"),
    "shops show": ("shops show demo",),
    "shops pause": ("shops pause demo --reason 'prices are being corrected' --wait",),
    "shops resume": ("shops resume demo --wait",),
    "shops authorize": ("shops authorize demo --wait", "shops authorize demo --code ROW_abc"),
    "accounts create": (
        "accounts create demo owner@example.jp",
        "accounts create demo owner@example.jp --console https://console.example.com --json",
    ),
    "accounts reset": ("accounts reset demo", "accounts reset demo --console https://console.example.com"),
    "accounts list": ("accounts list", "accounts list --json"),
    "product show": ("product show demo/SOX-5501", "product show demo/SOX-5501 --json"),
    "products": (
        "products --shop demo --status incomplete --keyword シャツ",
        "products --shop demo --on --status sync_error --json",
        "products --removed --limit 200",
    ),
    "products summary": ("products summary", "products summary --shop demo --json"),
    "imports list": ("imports list demo", "imports list --limit 100 --json"),
    "imports show": ("imports show 3f1f6d0e",),
    "imports confirm-shrink": ("imports confirm-shrink demo --dry-run", "imports confirm-shrink demo --wait"),
    "sweeps list": ("sweeps list demo",),
    "sweeps show": ("sweeps show b4c5d6e7 --json",),
    "events types": ("events types",),
    "events example": ("events example product.changed",),
    "dead-letters list": ("dead-letters list --since 2h", "dead-letters list --all --json"),
    "dead-letters show": ("dead-letters show 1:42",),
    "dead-letters redrive": (
        "dead-letters redrive 1:42 --dry-run",
        "dead-letters redrive --error WrongShape --shop demo",
        "dead-letters redrive --all",
    ),
    "mongo apply-users": (
        "mongo apply-users deploy/mongo/roles.json",
        "mongo apply-users roles.json --initiate mongo:27017 --wait 60",
        "mongo apply-users roles.json --certificate janitor=CN=janitor,OU=services,O=example",
    ),
    "mongo restored": (
        "mongo restored --backup-of 2026-11-23T03:00 --dry-run",
        "mongo restored --backup-of 2026-11-23T03:00",
    ),
    "import": (
        "import demo --mode changed-only --wait",
        "import demo --mode overwrite-all --dry-run",
        "import demo --mode changed-only --then-sync --wait --timeout 3600",
    ),
    "sync": ("sync demo --wait", "sync demo SOX-5501 SOX-5502"),
    "sweep": ("sweep --shop demo --dry-run --wait",),
    "edit": (
        "edit demo SOX-5501 --set package_weight_g=300 --wait",
        "edit demo SOX-5501 --set package_dimensions_cm=30x20x10 --clear brand_id --stock M:=10",
    ),
    "target": ("target demo SOX-5501 SOX-5502 on --wait", "target demo SOX-5501 off"),
    "bulk-edit": (
        "bulk-edit demo SOX-5501 SOX-5502 --set brand_id=7000 --on --wait",
        "bulk-edit demo --file numbers.txt --off --wait --json",
        "bulk-edit demo --status incomplete --keyword シャツ --set category_id=600001 --dry-run",
    ),
    "publish": ("publish product-changes changes.jsonl --wait", "publish tool-edits - --dry-run"),
    "lag": ("lag", "lag --watch --every 5", "lag --all --json"),
    "watch": ("watch", "watch --shop demo --interval 2", "watch --once --json"),
    "doctor": ("doctor", "doctor --only topics --only mongo --json", "doctor --shops-file shops.yaml --shop demo"),
    "keys": ("keys", "keys --json"),
    "pushes": ("pushes demo", "pushes --state waiting --json"),
    "tail": ("tail reports listing-events --shop demo", "tail dead-letters --from-beginning --idle 5 --json"),
}


def give_examples(app: typer.Typer, prefix: str = "") -> None:
    """Add the examples to the help of every command; a group without its own shows the first of each command in it."""
    for command in app.registered_commands:
        command.epilog = _shown(EXAMPLES.get(f"{prefix}{command.name}", ()))
    for group in app.registered_groups:
        if group.typer_instance is not None:
            name = f"{prefix}{group.name}"
            group.epilog = _shown(EXAMPLES[name] if name in EXAMPLES else _first_of_each(name))
            give_examples(group.typer_instance, f"{name} ")


def _first_of_each(group: str) -> list[str]:
    return [lines[0] for name, lines in EXAMPLES.items() if name.startswith(f"{group} ")]


def _shown(lines: Sequence[str]) -> str:
    # Without a blank line between them the help puts two on one line.
    return "\n\n".join(("Examples:", *(f"shopsync {line}" for line in lines)))
