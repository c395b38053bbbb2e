"""The AWS scripts against stand-ins of their tools, since no account was within reach; their plans are kept.

After a wanted change: `SHELFWATCH_KEEP=1 pytest tests/infra/test_aws.py`, and read the difference.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_pwsh
import yaml

from support import ROOT

AWS = ROOT / "infra" / "aws"
KEPT = Path(__file__).parent / "data"
TOOLS = ("aws", "eksctl", "kubectl", "helm", "docker", "git")

# Looks at what there is by the names of files in $WORLD, and notes what it was asked to do.
STAND_IN = r"""#!/bin/bash
tool=${0##*/}
printf '%s' "$tool" >>"$WORLD/log"; printf ' %s' "$@" >>"$WORLD/log"; echo >>"$WORLD/log"
has() { [ -e "$WORLD/$1" ]; }
case "$tool $*" in
"git "*) echo 0a1b2c3d4e5f ;;
*"$(cat "$WORLD/broken" 2>/dev/null || echo 'nothing is')"*) exit 7 ;;
"aws sts get-caller-identity"*) echo ACCOUNT ;;
"aws ecr describe-repositories"*) has repository ;;
"aws ecr describe-images"*) has image ;;
"aws ecr get-login-password") echo token ;;
"docker login"*) cat >/dev/null ;;
"aws eks describe-cluster"*) has cluster || grep -q "create cluster" "$WORLD/log" && echo vpc-1 ;;
"aws eks list-nodegroups"*) cat "$WORLD/groups" ;;
"aws s3api head-bucket"*) has bucket ;;
"aws iam get-policy"* | "aws iam get-role"*) has role ;;
"kubectl get namespace"*) has namespace ;;
*"get secret shelfwatch-metrics --output"*) echo c2VjcmV0 ;;
*"get secret "*) has "${*: -1}" ;;
*"create secret generic"*) last=${*: -1}; cp "${last#*=}" "$WORLD/made-$6" ;;
*"get ingress"*) echo shelf.example.elb ;;
*"get persistentvolumeclaim"*) echo pvc-1 ;;
*"get persistentvolume pvc-1"*) echo vol-1 ;;
esac
"""


@dataclass
class World:
    """An account and a cluster that hold what `has` names."""

    folder: Path

    def has(self, *things: str) -> None:
        for thing in things:
            (self.folder / thing).touch()

    def run(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "log").unlink(missing_ok=True)
        return subprocess.run(
            [AWS / script, *arguments],
            env={"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "HOME": str(self.folder), "WORLD": str(self.folder)}
            | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def log(self) -> list[str]:
        """Every call of a tool, in order."""
        file = self.folder / "log"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def world(tmp_path: Path) -> World:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        file = tmp_path / "bin" / tool
        file.write_text(STAND_IN)
        file.chmod(0o755)
    (tmp_path / "groups").write_text("spot-blue\tsystem\n")
    return World(tmp_path)


def changes(log: list[str]) -> list[str]:
    """Calls that do more than look."""
    looks = r"aws (sts|ecr describe|ecr get-login|eks (describe|list)|s3api head|iam get)|kubectl .*\bget\b|git "
    return [line for line in log if not re.match(looks, line)]


def compare(name: str, output: str) -> None:
    """Output is what was kept, but for where this checkout and temporary files are."""
    output = re.sub(r"/tmp/tmp\.\w+|/var/folders/\S+", "FILE", output.replace(str(ROOT), "."))
    file = KEPT / name
    if os.environ.get("SHELFWATCH_KEEP"):
        file.write_text(output)
    assert output == file.read_text()


@pytest.mark.parametrize("database", [False, True], ids=["sqlite", "postgres"])
def test_a_dry_run_in_an_empty_account_plans_everything_and_does_nothing(world: World, database: bool) -> None:
    flags, environment = ["--dry-run"], {}
    if database:
        flags.append("--postgres")
        environment = {
            "DATABASE_URL": "postgresql://u:hidden@db/x",
            "PHOTO_BUCKET": "shelf-photos",
            "HOST": "shelf.example",
        }
    done = world.run("deploy.sh", *flags, **environment)
    assert done.returncode == 0, done.stderr
    assert changes(world.log()) == []
    assert "hidden" not in done.stdout
    compare(f"deploy-dry-run{'-postgres' if database else ''}.txt", done.stdout)


def test_a_first_run_makes_everything_in_order_and_a_second_only_updates(world: World) -> None:
    first = world.run("deploy.sh")
    assert first.returncode == 0, first.stderr
    assert "http://shelf.example.elb" in first.stdout
    made = changes(world.log())
    order = ["create-repository", "build --platform", "docker push", "create cluster", "helm upgrade", "helm test"]
    assert any("--set vpcId=vpc-1" in line for line in made)
    places = [next(i for i, line in enumerate(made) if wanted in line) for wanted in order]
    assert places == sorted(places)
    keys = (world.folder / "made-shelfwatch-keys").read_text()
    metrics = (world.folder / "made-shelfwatch-metrics").read_text().strip().removeprefix("key=")
    assert re.fullmatch(rf"api-keys=admin=\w{{48}},prometheus={metrics}\n", keys)
    assert metrics not in first.stdout + "".join(world.log())  # neither shown nor in the list of processes

    world.has(
        "repository", "image", "cluster", "namespace", "shelfwatch-keys", "shelfwatch-metrics", "shelfwatch-grafana"
    )
    second = world.run("deploy.sh")
    assert second.returncode == 0, second.stderr
    assert [line for line in changes(world.log()) if re.search("create|build|push", line)] == [
        line for line in changes(world.log()) if "serviceAccount.create=false" in line
    ]


def test_a_run_that_was_cut_between_two_secrets_ends_with_one_key_for_both(world: World) -> None:
    world.has("repository", "image", "cluster", "namespace", "shelfwatch-metrics")
    assert world.run("deploy.sh").returncode == 0
    assert "prometheus=secret\n" in (world.folder / "made-shelfwatch-keys").read_text()


@pytest.mark.parametrize("script", ["deploy.sh", "teardown.sh", "migrate-nodes.sh"])
def test_a_missing_tool_is_named_before_anything_happens(world: World, script: str) -> None:
    (world.folder / "bin" / "eksctl").unlink()
    done = world.run(script)
    assert done.returncode == 1
    assert "eksctl" in done.stderr
    assert not (world.folder / "log").exists()


@pytest.mark.parametrize(
    ("broken", "step"), [("docker push", "build and push"), ("create cluster", "cluster"), ("helm test", "smoke test")]
)
def test_a_step_that_fails_stops_the_rest_and_is_named(world: World, broken: str, step: str) -> None:
    (world.folder / "broken").write_text(broken)
    done = world.run("deploy.sh")
    assert done.returncode == 1
    assert f'Stopped at "{step}"' in done.stderr
    assert broken in world.log()[-1]


@pytest.mark.parametrize(("old", "new"), [("spot-blue", "spot-green"), ("spot-green", "spot-blue")])
def test_nodes_are_added_before_the_old_ones_are_emptied_and_deleted(world: World, old: str, new: str) -> None:
    world.has("cluster")
    (world.folder / "groups").write_text(f"{old}\tsystem\n")
    done = world.run("migrate-nodes.sh")
    assert done.returncode == 0, done.stderr
    verbs = [
        re.search(r"create nodegroup|wait|cordon|drain|rollout|delete nodegroup", line) for line in changes(world.log())
    ]
    assert [found[0] for found in verbs if found] == [
        "create nodegroup", "wait", "cordon", "drain", "rollout", "delete nodegroup",
    ]  # fmt: skip
    assert f"--include {new}" in changes(world.log())[0]
    assert f"--name {old}" in changes(world.log())[-1]
    assert "ingress" not in "".join(changes(world.log()))


def test_a_migration_that_was_interrupted_goes_on(world: World) -> None:
    world.has("cluster")
    (world.folder / "groups").write_text("spot-blue\tspot-green\n")
    done = world.run("migrate-nodes.sh", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "the group spot-green is there" in done.stdout
    compare("migrate-dry-run.txt", done.stdout)


def test_nothing_is_torn_down_unasked_and_the_volume_is_kept(world: World) -> None:
    world.has("cluster", "repository")
    assert world.run("teardown.sh").returncode == 1  # nobody typed the name
    assert changes(world.log()) == []
    planned = world.run("teardown.sh", "--dry-run")
    assert changes(world.log()) == []
    compare("teardown-dry-run.txt", planned.stdout)
    done = world.run("teardown.sh", "--yes")
    assert done.returncode == 0, done.stderr
    made = changes(world.log())
    retained = next(i for i, line in enumerate(made) if '"Retain"' in line)
    assert retained < next(i for i, line in enumerate(made) if "delete cluster" in line)
    assert "kept: vol-1" in done.stdout
    assert not any("delete-repository" in line for line in made)


def test_powershell_can_be_read_and_takes_the_same_steps() -> None:
    source = (AWS / "deploy.ps1").read_bytes()
    tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language())).parse(source)
    assert not tree.root_node.has_error
    steps = re.findall(r"^ *Enter-Step '(.+)'", source.decode(), re.MULTILINE)
    assert steps == re.findall(r'^ *step "(.+)"', (AWS / "deploy.sh").read_text(), re.MULTILINE)
    for pinned in re.findall(r"--version (\S+)", (AWS / "deploy.sh").read_text()):
        assert f"'{pinned}'" in source.decode()


def test_the_cluster_is_spot_diverse_and_elastic() -> None:
    cluster = yaml.safe_load((AWS / "cluster.yaml").read_text())
    (group,) = cluster["managedNodeGroups"]
    assert group["spot"] is True
    assert {"m7i-flex.large", "c7i-flex.large", "t3.small"} <= set(group["instanceTypes"])
    assert 1 < group["minSize"] < group["maxSize"]
    assert {"vpc-cni", "coredns", "kube-proxy", "metrics-server", "aws-ebs-csi-driver"} == {
        addon["name"] for addon in cluster["addons"]
    }
    assert cluster["iam"]["withOIDC"] is True
    for file in ("photos-policy.json", "lifecycle.json"):
        assert json.loads((AWS / file).read_text())


def test_no_account_stands_anywhere() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    for name in listed:
        if re.match(r"infra/|\.github/|docs/|tests/infra/|[^/]+$", name) and not name.endswith((".txt", "lock.json")):
            text = (ROOT / name).read_text(errors="ignore") if (ROOT / name).is_file() else ""
            found = re.findall(r"(?<![\w.])\d{12}(?![\w.])", text)
            assert all(number.endswith("00000000000") for number in found), name  # round numbers are no accounts
