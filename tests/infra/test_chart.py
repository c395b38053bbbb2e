"""The Helm chart: what Helm makes of it, checked against Kubernetes' schemas and against the service it runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shelfwatch import __version__
from shelfwatch.service.app import create_app
from shelfwatch.service.settings import Settings
from support import ROOT, Service

CHART = ROOT / "infra" / "k8s" / "shelfwatch"
SETS = ["local", "eks", "eks-postgres"]
KUBERNETES = ["1.31", "1.32", "1.33", "1.34"]
UNKNOWN = {"ServiceMonitor"}  # a custom resource, for which Kubernetes has no schema
NODE_SECONDS = 120  # notice that a Spot node gives


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Helm; the test is skipped where it is not installed."""
    found = shutil.which("helm", path=f"{os.environ['PATH']}:{Path(sys.executable).parent}")
    if found is None:
        pytest.skip("helm is not installed; scripts/install-helm says how")
    return subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60)


def template(values: str, *more: str) -> list[dict[str, Any]]:
    done = helm("template", "shop", str(CHART), "--values", str(CHART / f"values-{values}.yaml"), *more)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(documents: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [document for document in documents if document["kind"] == kind]


def pods(documents: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod, bare or made by something else, with the name of what makes it."""
    for document in documents:
        if document["kind"] == "Pod":
            yield document["metadata"]["name"], document
        elif "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]


def service_pod(documents: list[dict[str, Any]]) -> dict[str, Any]:
    return dict(pods(documents))["shop"]


@pytest.mark.parametrize("values", SETS)
def test_helm_lints_it(values: str) -> None:
    done = helm("lint", "--strict", str(CHART), "--values", str(CHART / f"values-{values}.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 chart(s) failed" in done.stdout


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", SETS)
def test_kubernetes_schemas_take_every_object(values: str, version: str, tmp_path: Path) -> None:
    options = ["--set", "serviceMonitor.enabled=true", "--kube-version", f"{version}.0"]
    options += ["--set", "secrets.smtp=mail", "--set", "monitoring.prometheus.alertmanager=alertmanager.ops:9093"]
    if values == "eks-postgres":
        options += ["--set", "hpa.queueDepth=3"]
    documents = template(values, *options)
    assert len(of_kind(documents, "Deployment")) >= 1
    file = tmp_path / "objects.yaml"
    file.write_text(yaml.safe_dump_all(each for each in documents if each["kind"] not in UNKNOWN))
    validate = Path(sys.executable).parent / "kubernetes-validate"
    command = [str(validate), "--strict", "--no-warn", "-k", version, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("hpa.max=0", "hpa/max"),
        ("hpa.cpuPercent=eighty", "hpa/cpuPercent"),
        ("image.digest=latest", "image/digest"),
        ("service.type=Magic", "service/type"),
        ("replica=3", "replica"),
        ("settings.LANES=2", "settings"),
        ("drain.graceSeconds=-1", "drain/graceSeconds"),
    ],
)
def test_a_wrong_value_is_refused_by_name(wrong: str, complaint: str) -> None:
    done = helm("template", "shop", str(CHART), "--values", str(CHART / "values-local.yaml"), "--set", wrong)
    assert done.returncode != 0
    assert complaint in done.stderr.replace(".", "/"), done.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--set", "replicas=2"], "secrets.database"),
        (["--set", "hpa.enabled=true"], "secrets.database"),
        (["--set", "secrets.apiKeys="], "secrets.apiKeys"),
        (["--set", "monitoring.grafana.adminSecret="], "adminSecret"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(options: list[str], complaint: str) -> None:
    done = helm("template", "shop", str(CHART), "--values", str(CHART / "values-local.yaml"), *options)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_it_is_of_the_packages_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__


@pytest.mark.parametrize("values", SETS)
def test_settings_are_those_of_the_service(values: str) -> None:
    (settings,) = [each for each in of_kind(template(values), "ConfigMap") if each["metadata"]["name"] == "shop"]
    fields = {name.removeprefix("SHELFWATCH_").lower(): value for name, value in settings["data"].items()}
    assert set(fields) <= set(Settings.model_fields)
    accepted = Settings(**fields)
    assert accepted.log_format == "json"


@pytest.mark.parametrize("values", SETS)
def test_a_pod_is_asked_where_it_answers_and_has_time_to_drain(values: str) -> None:
    documents = template(values)
    pod = service_pod(documents)["spec"]
    (container,) = pod["containers"]
    routes = set(create_app(Settings()).openapi()["paths"])
    probes = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert set(probes.values()) <= routes
    assert probes["livenessProbe"] == "/health/live"  # a database that is away must not restart pods
    (settings,) = [each for each in of_kind(documents, "ConfigMap") if each["metadata"]["name"] == "shop"]
    grace = int(settings["data"]["SHELFWATCH_GRACE_SECONDS"])
    waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    readiness = container["readinessProbe"]
    assert waits >= readiness["periodSeconds"] * readiness["failureThreshold"] - 1
    assert waits + grace < pod["terminationGracePeriodSeconds"] < NODE_SECONDS
    assert container["resources"]["requests"]["cpu"] == "200m"
    assert "cpu" not in container["resources"]["limits"]


@pytest.mark.parametrize("values", SETS)
def test_no_pod_may_do_more_than_it_must(values: str) -> None:
    for name, pod in pods(template(values)):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
        assert "prometheus" in name or spec["automountServiceAccountToken"] is False, name
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
            assert "memory" in container["resources"]["limits"], name
            assert re.fullmatch(r".+(:[\w.-]*\d[\w.-]*|@sha256:\w{64})", container["image"]), container["image"]


@pytest.mark.parametrize("values", SETS)
def test_secrets_are_only_named(values: str) -> None:
    documents = template(values)
    assert not of_kind(documents, "Secret")
    for _, pod in pods(documents):
        for container in pod["spec"]["containers"]:
            for variable in container.get("env", []):
                if re.search("KEY|PASSWORD|URL$", variable["name"]) and variable["name"] != "SHELFWATCH_URL":
                    assert "value" not in variable, variable


@pytest.mark.parametrize("values", SETS)
def test_selectors_find_the_pods(values: str) -> None:
    documents = template(values)
    labels = [pod["metadata"]["labels"] for _, pod in pods(documents)]
    for document in documents:
        spec = document.get("spec", {})
        wanted = (
            spec.get("selector")
            if document["kind"] == "Service"
            else (spec.get("selector") or spec.get("podSelector") or {}).get("matchLabels")
        )
        if wanted and document["kind"] != "ServiceMonitor":
            matching = [each for each in labels if wanted.items() <= each.items()]
            assert len(matching) == 1, (document["kind"], document["metadata"]["name"])


@pytest.mark.parametrize("values", SETS)
def test_pods_that_run_have_a_network_policy(values: str) -> None:
    documents = template(values)
    policies = [policy["spec"]["podSelector"]["matchLabels"] for policy in of_kind(documents, "NetworkPolicy")]
    for document in of_kind(documents, "Deployment") + of_kind(documents, "StatefulSet"):
        labels = document["spec"]["template"]["metadata"]["labels"]
        assert any(policy.items() <= labels.items() for policy in policies), document["metadata"]["name"]


def test_without_a_database_one_pod_leaves_before_the_next_comes() -> None:
    (deployment, *_) = [d for d in of_kind(template("eks"), "Deployment") if d["metadata"]["name"] == "shop"]
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert deployment["spec"]["replicas"] == 1
    assert not of_kind(template("eks"), "HorizontalPodAutoscaler")


def test_with_a_database_pods_come_and_go_without_a_gap() -> None:
    documents = template("eks-postgres")
    (deployment, *_) = [d for d in of_kind(documents, "Deployment") if d["metadata"]["name"] == "shop"]
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert "replicas" not in deployment["spec"]  # the autoscaler's alone
    (scaler,) = of_kind(documents, "HorizontalPodAutoscaler")
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (1, 3)
    (metric,) = scaler["spec"]["metrics"]
    assert metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
    (budget,) = of_kind(documents, "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1  # `minAvailable: 1` would hold a node for ever at one replica
    (job,) = of_kind(documents, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["db", "upgrade"]
    keys = {constraint["topologyKey"] for constraint in service_pod(documents)["spec"]["topologySpreadConstraints"]}
    assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert {"key": "shelfwatch.io/spot", "operator": "Exists", "effect": "NoSchedule"} in service_pod(documents)[
        "spec"
    ]["tolerations"]
    (ingress,) = of_kind(documents, "Ingress")
    waits = int(re.search(r"delay\.timeout_seconds=(\d+)", json.dumps(ingress))[1])  # type: ignore[index]
    assert waits <= service_pod(documents)["spec"]["terminationGracePeriodSeconds"]


def test_changed_settings_make_new_pods() -> None:
    def mark(*options: str) -> str:
        return str(service_pod(template("local", *options))["metadata"]["annotations"]["checksum/settings"])

    assert mark() == mark()
    assert mark() != mark("--set-string", "settings.SHELFWATCH_LANES=3")


def test_prometheus_scrapes_pods_with_our_rules_and_grafana_has_our_dashboards(tmp_path: Path) -> None:
    documents = template("local")
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(documents, "ConfigMap")}
    files = maps["shop-prometheus"]
    config = yaml.safe_load(files["prometheus.yml"])
    (job,) = config["scrape_configs"]
    assert config["global"]["scrape_interval"] == "15s"
    assert [each["role"] for each in job["kubernetes_sd_configs"]] == ["pod"]
    assert "static_configs" not in job
    for rules in (ROOT / "infra" / "prometheus" / "rules").glob("*.yml"):
        assert yaml.safe_load(files[f"{rules.stem}.rules.yml"]) == yaml.safe_load(rules.read_text())
    shown = {name: text for data in maps.values() for name, text in data.items() if name.endswith(".json")}
    for board in (ROOT / "infra" / "grafana" / "dashboards").glob("*.json"):
        assert json.loads(shown[board.name]) == json.loads(board.read_text())
    if (promtool := shutil.which("promtool")) is not None:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        config = tmp_path / "prometheus.yml"
        # Debian builds Prometheus without Kubernetes; the rest of the file is read by the real tool.
        pods_part = re.search(r"    kubernetes_sd_configs:.*?(?=    relabel_configs)", config.read_text(), re.DOTALL)
        assert pods_part is not None
        config.write_text(
            config.read_text()
            .replace(pods_part[0], "")
            .replace("/etc/prometheus/", f"{tmp_path}/")
            .replace("/etc/prometheus-key/key", str(tmp_path / "key"))
        )
        (tmp_path / "key").write_text("x")
        done = subprocess.run([promtool, "check", "config", config], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("least", "most", "code"), [("", "", 0), ("0", "3", 1), ("500", "600", 1)])
def test_the_smoke_test_counts_on_the_real_service(
    run_service: Callable[..., Service], least: str, most: str, code: int
) -> None:
    key = "0123456789abcdef0123456789abcdef"
    digest = f"staff=sha256:{'0' * 64}"
    service = run_service(SHELFWATCH_API_KEYS=f"{digest},prometheus={key}")
    usual = yaml.safe_load((CHART / "values.yaml").read_text())["test"]
    done = subprocess.run(
        [sys.executable, CHART / "files" / "smoke.py"],
        env={
            **os.environ,
            "SHELFWATCH_URL": service.url,
            "SHELFWATCH_API_KEYS": digest,
            "SHELFWATCH_METRICS_KEY": key,
            "LEAST": least or str(usual["least"]),
            "MOST": most or str(usual["most"]),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
