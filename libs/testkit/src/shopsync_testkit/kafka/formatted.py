"""A formatted, empty log folder for a KRaft node."""

import base64
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

from shopsync_testkit.cache import locked
from shopsync_testkit.children import START_SECONDS, StartFailed
from shopsync_testkit.kafka import jars

NODE_ID = 1


def new_log_folder(
    java: Path, libs: Path, target: Path, *, node_id: int = NODE_ID, cluster_id: str | None = None
) -> None:
    """Create `target` as `kafka.tools.StorageTool format` would. `cluster_id` None: a cluster of its own.

    The tool runs once per Kafka version (0.9 s of JVM); after that its result is copied. A copy is correct because the
    voters are static: bootstrap.checkpoint then holds feature levels only, and both ids are in meta.properties.
    """
    template = jars.home() / "formatted"
    if not template.is_dir():
        with locked(jars.home() / "lock"):
            if not template.is_dir():
                _format(java, libs, template)
    shutil.copytree(template, target)
    (target / "meta.properties").write_text(
        f"version=1\nnode.id={node_id}\ncluster.id={cluster_id or random_id()}\ndirectory.id={random_id()}\n",
        encoding="utf-8",
    )


def random_id() -> str:
    """A random id in Kafka's form: 16 bytes as unpadded URL-safe base64 that does not start with a dash."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _format(java: Path, libs: Path, template: Path) -> None:
    with tempfile.TemporaryDirectory(dir=template.parent, prefix="formatting-") as work:
        folder, settings = Path(work) / "logs", Path(work) / "server.properties"
        settings.write_text(
            f"process.roles=broker,controller\nnode.id={NODE_ID}\nlog.dirs={folder}\n"
            f"controller.quorum.voters={NODE_ID}@127.0.0.1:1\ncontroller.listener.names=CONTROLLER\n"
            "listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1\n",
            encoding="utf-8",
        )
        command = [
            str(java),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            f"{libs}/*",
            "kafka.tools.StorageTool",
            "format",
            "-t",
            random_id(),
            "-c",
            str(settings),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)  # noqa: S603
        if done.returncode != 0 or not (folder / "meta.properties").exists():
            raise StartFailed(f"kafka.tools.StorageTool format failed:\n{done.stdout}{done.stderr}")
        folder.rename(template)
