"""In place of the controller and the kubelet that would run them: Jobs that count as done soon after they are made."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from control_plane import Api

_EVERY_SECONDS = 0.2


@contextmanager
def jobs_done(api: Api, namespace: str, *, failing: str = "") -> Iterator[list[dict[str, Any]]]:
    """While it lasts, every Job of the namespace succeeds, one with this name fails. Yields those that were seen."""
    seen: list[dict[str, Any]] = []
    ended = threading.Event()
    worker = threading.Thread(target=_work, args=(api, namespace, failing, seen, ended), daemon=True)
    worker.start()
    try:
        yield seen
    finally:
        ended.set()
        worker.join(10)


def _work(api: Api, namespace: str, failing: str, seen: list[dict[str, Any]], ended: threading.Event) -> None:
    place = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    with api.client() as client:
        while not ended.is_set():
            for job in client.get(place).json().get("items", []):
                if not job["status"].get("conditions"):
                    seen.append(job)
                    _end(client, place, job["metadata"]["name"], failed=job["metadata"]["name"] == failing)
            time.sleep(_EVERY_SECONDS)


def _end(client: httpx.Client, place: str, name: str, *, failed: bool) -> None:
    """As the controller writes it: first what is being done, then that it is done."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    started: dict[str, Any] = {"startTime": now, "uncountedTerminatedPods": {}, "ready": 0, "terminating": 0}
    kinds = ("FailureTarget", "Failed") if failed else ("SuccessCriteriaMet", "Complete")
    conditions = [
        {"type": kind, "status": "True", "reason": "Told", "message": "told by the test", "lastTransitionTime": now}
        for kind in kinds
    ]
    _status(client, place, name, {**started, "conditions": conditions[:1]})
    done = {"failed": 1} if failed else {"succeeded": 1, "completionTime": now}
    _status(client, place, name, {**started, **done, "conditions": conditions})


def _status(client: httpx.Client, place: str, name: str, status: dict[str, Any]) -> None:
    answer = client.patch(
        f"{place}/{name}/status",
        json={"status": status},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    answer.raise_for_status()
