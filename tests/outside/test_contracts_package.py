"""The wheel of shopsync-contracts, as another team has it: built, installed alone, used as its README says."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from shopsync_contracts.events import BODIES
from shopsync_contracts.schemas import file_name
from shopsync_testkit.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "libs" / "contracts"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
UV = shutil.which("uv") or str(ROOT / ".cache" / "tools" / "bin" / "uv")

pytestmark = pytest.mark.skipif(not Path(UV).exists(), reason="uv is not there (make install fetches it)")


def block(name, language):
    found = re.search(rf"<!-- tested: {name} -->\n```{language}\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no block {name!r}"
    return found[1]


def call(*command, cwd=None):
    done = ran(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ran(*command, cwd=None, env=None):
    return subprocess.run(
        [str(one) for one in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )


def uv(*arguments, **environ):
    """Skips where no package registry answers. What is wrong with the package itself uv tells in other words."""
    done = ran(UV, *arguments, env={**os.environ, **environ})
    if done.returncode != 0 and re.search("Failed to (fetch|download)", done.stderr):
        pytest.skip(f"no package registry can be reached:{done.stderr.splitlines()[-1].rpartition('cause:')[2]}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy without what git does not have."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "contracts"
    shutil.copytree(PACKAGE, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    uv("build", "--quiet", "--wheel", "--out-dir", folder / "dist", copy)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The interpreter of an environment that holds the wheel, what it depends on, and a validator; nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    uv("venv", "--quiet", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    constraints = folder / "constraints.txt"
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    constraints.write_text("\n".join(re.findall(r"^[\w-]+==[\w.]+", locked, re.MULTILINE)), encoding="utf-8")
    uv("pip", "install", "--quiet", "--python", python, "-c", constraints, wheel, "jsonschema")
    return python


def test_without_a_package_registry_it_is_skipped_and_says_so(tmp_path):
    nobody = f"http://127.0.0.1:{free_port()}/simple"
    with pytest.raises(pytest.skip.Exception, match=r"no package registry can be reached: .*refused"):
        uv(
            "build", "--wheel", "--default-index", nobody, "--out-dir", tmp_path, PACKAGE,
            UV_CACHE_DIR=str(tmp_path / "cache"), UV_HTTP_RETRIES="0",
        )  # fmt: skip


def test_what_is_wrong_with_the_package_itself_is_a_failure(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "wrong name"\n')
    with pytest.raises(AssertionError, match="wrong name"):
        uv("build", "--wheel", tmp_path)


def test_the_wheel_holds_schemas_examples_documents_and_its_readme(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        described = archive.read(metadata).decode()
    for body in BODIES:
        assert f"shopsync_contracts/jsonschemas/{file_name(body)}" in names
        assert f"shopsync_contracts/examples/{file_name(body)}" in names
    for document in ("shopsync", "ingestor", "catalog", "publisher", "janitor"):
        assert f"shopsync_contracts/asyncapi/{document}.yaml" in names
    assert "shopsync_contracts/py.typed" in names
    assert "# shopsync-contracts" in described
    assert not [name for name in names if "tests/" in name]


def test_the_readmes_lines_work_where_nothing_else_is_installed(python, tmp_path):
    lines = "".join(block(name, "python") for name in ("publish", "read", "validate"))
    told = textwrap.dedent(
        """
        snapshot = json.loads(published("jp.shopsync.product.snapshot.v1"))
        print(topic, key.decode(), read.data.changes.package_weight_g, snapshot["$id"])
        """
    )
    (tmp_path / "readme.py").write_text(lines + told, encoding="utf-8")
    assert call(python, "-I", tmp_path / "readme.py", cwd=tmp_path).split() == [
        "shopsync.tool-edits.v1",
        "demo/A-100",
        "300",
        "urn:x-shopsync:schema:jp.shopsync.product.snapshot.v1",
    ]


def test_the_readmes_document_in_one_piece_is_printed(python, tmp_path):
    command = block("asyncapi", "sh").partition(" >")[0].split()
    assert command[0] == "python"
    document = json.loads(call(python, *command[1:], cwd=tmp_path))
    assert document["asyncapi"] == "3.0.0"
    assert "product.changed.v1" in document["components"]["schemas"]


def test_the_readmes_lines_to_install_name_what_is_built(wheel):
    build, install = block("install", "sh").splitlines()
    assert build == "pip wheel --no-deps --wheel-dir dist libs/contracts"
    assert install == "pip install dist/shopsync_contracts-*.whl"
    assert wheel.name.startswith("shopsync_contracts-")


def test_every_release_of_the_changelog_has_its_schemas_kept():
    """Later schemas are compared with them: python -m shopsync_contracts release libs/contracts/tests/published."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    kept = {path.stem for path in (PACKAGE / "tests" / "published").glob("*.json")}
    assert set(re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)) - kept == set()
    assert kept
