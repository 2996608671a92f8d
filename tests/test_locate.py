"""Models by name: from Hugging Face's cache, and from a hub that serves its protocol here."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conftest import GOLDEN
from gpt2.checkpoint.locate import OPENAI_REPOSITORIES, locate

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKENIZER = GOLDEN.parent.parent / "checkpoints" / "i-love-ai" / "tokenizer.json"
FILES = {
    "config.json": (GOLDEN / "one-head" / "config.json").read_bytes(),
    "model.safetensors": (GOLDEN / "one-head" / "model.safetensors").read_bytes(),
    "tokenizer.json": TOKENIZER.read_bytes(),
    "pytorch_model.bin": b"not needed",
    "README.md": b"not needed either",
}
INDEX = {
    "metadata": {},
    "weight_map": {"wte.weight": "b.safetensors", "wpe.weight": "a.safetensors"},
}
REPOSITORIES = {
    "somebody/tiny": FILES,
    "somebody/large": {
        "config.json": FILES["config.json"],
        "model.safetensors.index.json": json.dumps(INDEX).encode(),
        "a.safetensors": b"some",
        "b.safetensors": b"more",
        "c.safetensors": b"nobody asked for",
        "vocab.json": b"{}",
        "merges.txt": b"#version: 0.2",
    },
    "somebody/old": {name: FILES[name] for name in FILES if name != "model.safetensors"},
}


@pytest.mark.parametrize("name", ["gpt2", "124M", "1558M", "somebody/gpt2-of-theirs"])
def test_what_the_cache_has_needs_no_network(name, tmp_path, monkeypatch):
    repository = OPENAI_REPOSITORIES.get(name, name)
    folder = tmp_path / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    for file in ("config.json", "model.safetensors", "tokenizer.json"):
        (snapshot / file).write_bytes(FILES[file])
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert locate(name) == snapshot


def digest(body: bytes) -> str:
    return hashlib.sha1(body).hexdigest()


class Hub(BaseHTTPRequestHandler):
    """The few requests of Hugging Face's hub that fetching a repository takes."""

    fetched: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/api/models")
        repository = "/".join(path.split("/")[1:3])
        files = REPOSITORIES.get(repository, {})
        rest = path.removeprefix(f"/{repository}/").replace("/main", f"/{COMMIT}")
        name = rest.rpartition("/")[2]
        if files and rest == f"revision/{COMMIT}":
            siblings = [{"rfilename": name} for name in files]
            body = {"id": repository, "sha": COMMIT, "siblings": siblings}
            self.answer(json.dumps(body).encode(), "application/json")
        elif files and rest == f"tree/{COMMIT}":
            entries = [
                {"type": "file", "path": name, "size": len(body), "oid": digest(body)}
                for name, body in files.items()
            ]
            self.answer(json.dumps(entries).encode(), "application/json")
        elif rest.startswith(f"resolve/{COMMIT}/") and name in files:
            self.answer(files[name], "application/octet-stream")
            if self.command == "GET":
                type(self).fetched.append(name)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if files else "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{digest(body)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        pass


@pytest.fixture
def hub():
    Hub.fetched = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def locate_elsewhere(name: str, endpoint: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Locates a model in a process that has its own hub and its own cache."""
    script = "import sys; from gpt2.checkpoint.locate import locate; print(locate(sys.argv[1]))"
    return subprocess.run(
        [sys.executable, "-c", script, name],
        env=os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0"},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
def test_a_repository_is_fetched_once_and_only_what_is_needed(hub, tmp_path):
    first = locate_elsewhere("somebody/tiny", hub, tmp_path)
    assert first.returncode == 0, first.stderr
    folder = Path(first.stdout.strip())
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert sorted(Hub.fetched) == ["config.json", "model.safetensors", "tokenizer.json"]
    second = locate_elsewhere("somebody/tiny", hub, tmp_path)
    assert second.stdout == first.stdout
    assert len(Hub.fetched) == 3


@pytest.mark.slow
def test_shards_are_fetched_as_the_index_names_them(hub, tmp_path):
    run = locate_elsewhere("somebody/large", hub, tmp_path)
    assert run.returncode == 0, run.stderr
    folder = Path(run.stdout.strip())
    expected = sorted(REPOSITORIES["somebody/large"].keys() - {"c.safetensors"})
    assert sorted(Hub.fetched) == sorted(path.name for path in folder.iterdir()) == expected
    again = locate_elsewhere("somebody/large", hub, tmp_path)
    assert (again.stdout, len(Hub.fetched)) == (run.stdout, len(expected))


@pytest.mark.slow
def test_a_repository_with_weights_of_torch_only_is_told(hub, tmp_path):
    run = locate_elsewhere("somebody/old", hub, tmp_path)
    assert "UserError: 'somebody/old' has its weights in pytorch_model.bin" in run.stderr
    assert "somebody/old ./converted" in run.stderr
    assert "pytorch_model.bin" not in Hub.fetched


@pytest.mark.slow
def test_a_repository_that_does_not_exist_is_told_apart_from_no_network(hub, tmp_path):
    run = locate_elsewhere("somebody/nothing", hub, tmp_path)
    assert "UserError: Hugging Face has no public repository 'somebody/nothing'" in run.stderr
