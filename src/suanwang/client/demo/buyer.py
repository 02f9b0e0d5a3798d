"""The demo's buyer: hands in job files, watches them, fetches results, over the public API."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from suanwang.client.demo.errors import DemoFailed

HTTP_SECONDS = 60.0
CHUNK_BYTES = 1 << 20
FINAL = frozenset({"SETTLED", "REJECTED", "EXPIRED", "CANCELLED", "FAILED", "LOST"})
Spec = dict[str, Any]
Record = dict[str, Any]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


class Buyer:
    """One organisation's view of the grid."""

    def __init__(self, url: str, key: str, *, lang: str) -> None:
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": lang}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=HTTP_SECONDS)

    def _call(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401
        answer = self._http.request(method, path, **arguments)
        if answer.is_error:
            raise DemoFailed(what=f"{method} {path}", why=answer.text)
        return answer

    def get(self, path: str) -> Record:
        """GET one record."""
        found: Record = self._call("GET", path).json()
        return found

    def all(self, path: str) -> list[Record]:
        """GET every item of a list, page by page."""
        items: list[Record] = []
        cursor = ""
        while True:
            page = self.get(f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            items += page["items"]
            if not page["next_cursor"]:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    def submit(self, specs: Sequence[Spec]) -> list[Record]:
        """Bring the local inputs to the grid, then hand the jobs in, quotes accepted."""
        body = {"specs": [self._with_blobs(spec) for spec in specs], "accept": True}
        key = {"Idempotency-Key": secrets.token_hex(16)}
        made: list[Record] = self._call("POST", "/v1/jobs", json=body, headers=key).json()["items"]
        return made

    def _with_blobs(self, spec: Spec) -> Spec:
        """Return the job file with each local input named by its content."""
        inputs = []
        for each in spec.get("inputs", []):
            path = Path(each["from"])
            if "://" not in each["from"] and path.is_file():
                sha256 = file_sha256(path)
                self._call("PUT", f"/v1/blobs/{sha256}", content=_pieces(path))
                facts = {"from": f"blob:{sha256}", "sha256": sha256, "bytes": path.stat().st_size}
                inputs.append({**each, **facts})
            else:
                inputs.append(each)
        return {**spec, "inputs": inputs}

    def fetch(self, job: Record, folder: Path) -> list[Record]:
        """Bring a job's outputs home and check each against its SHA-256."""
        brought = []
        for output in self.all(f"/v1/jobs/{job['id']}/outputs"):
            if output["kind"] != "blob":
                continue
            path = folder / output["name"]
            path.parent.mkdir(parents=True, exist_ok=True)
            with (
                self._http.stream("GET", f"/v1/jobs/{job['id']}/outputs/{output['name']}") as body,
                path.open("wb") as file,
            ):
                for chunk in body.iter_bytes(CHUNK_BYTES):
                    file.write(chunk)
            if file_sha256(path) != output["sha256"]:
                raise DemoFailed(what=str(path), why=f"expected SHA-256 {output['sha256']}")
            brought.append(
                {"path": str(path), "bytes": output["bytes"], "sha256": output["sha256"]}
            )
        return brought


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
