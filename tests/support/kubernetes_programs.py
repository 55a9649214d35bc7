"""Kubernetes' programs and Helm, built from their Go modules at pinned versions."""

from pathlib import Path

import pytest

from shopsync_testkit.backends import Unavailable
from shopsync_testkit.go_programs import GoProgram, built

KUBERNETES = "v1.34.4"
_PARTS = "v0.34.4"
# Kubernetes' go.mod replaces its own parts by folders, which does not hold for a module that needs it.
# fmt: off
_MODULES = (
    "api", "apiextensions-apiserver", "apimachinery", "apiserver", "cli-runtime", "client-go", "cloud-provider",
    "cluster-bootstrap", "code-generator", "component-base", "component-helpers", "controller-manager", "cri-api",
    "cri-client", "csi-translation-lib", "dynamic-resource-allocation", "endpointslice", "externaljwt", "kms",
    "kube-aggregator", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet", "metrics",
    "mount-utils", "pod-security-admission", "sample-apiserver", "sample-cli-plugin", "sample-controller",
)
# fmt: on
_COMPONENT = "k8s.io/component-base/version"


def _kubernetes(name: str) -> GoProgram:
    # A component takes part in what its version says; without these flags it would be version 0.0.0.
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    told = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor}
    flags = " ".join(f"-X {_COMPONENT}.{key}={value}" for key, value in told.items())
    return GoProgram(
        name,
        f"k8s.io/kubernetes/cmd/{name}",
        KUBERNETES,
        replaced=tuple((f"k8s.io/{module}", f"k8s.io/{module}@{_PARTS}") for module in _MODULES),
        flags=("-trimpath", f"-ldflags=-s -w {flags}"),
    )


ETCD = GoProgram(
    "etcd",
    "go.etcd.io/etcd/server/v3/etcdmain",
    "v3.6.16",
    main='package main\n\nimport (\n\t"os"\n\n\t"go.etcd.io/etcd/server/v3/etcdmain"\n)\n\n'
    "func main() { etcdmain.Main(os.Args) }\n",
)
HELM = GoProgram("helm", "helm.sh/helm/v3/cmd/helm", "v3.19.5")
API_SERVER = _kubernetes("kube-apiserver")
CONTROLLER_MANAGER = _kubernetes("kube-controller-manager")
SCHEDULER = _kubernetes("kube-scheduler")
KUBELET = _kubernetes("kubelet")


def program(wanted: GoProgram) -> Path:
    """The program; built now, in minutes, where it is not in the cache. Skips the test where that cannot be."""
    try:
        return built(wanted)
    except Unavailable as error:
        pytest.skip(str(error))
