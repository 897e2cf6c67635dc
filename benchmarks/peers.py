"""Peers in environments of their own: found where they are, installed only when asked for, reported when absent."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.process_tree import Usage, measure

SCRIPTS = Path(__file__).resolve().parent / "peer_scripts"


@dataclass(frozen=True)
class Peer:
    """A peer: the packages it needs, and what must be importable where it is said to be there."""

    name: str
    packages: tuple[str, ...]
    modules: tuple[str, ...]
    bare: tuple[str, ...] = ()  # installed without what they ask for, which would bring gigabytes nobody imports


def _same(package: str) -> str:
    """A package in the version that is installed here, so that both sides use the same."""
    try:
        return f"{package}=={version(package)}"
    except PackageNotFoundError:
        return package


PEERS = {
    # datatrove has no UAX #29 words of its own; unicode-segmentation-rs finds them fastest of what was tried (PyICU and
    # regex come to half its speed and less, uniseg to less than a hundredth).
    "datatrove": Peer(
        "datatrove",
        (
            *("datatrove==0.10.1", "spacy", "regex", "uniseg", "numpy", "pyarrow", "tokenizers", "xxhash<4"),
            "unicode-segmentation-rs==1.0.0",
            # What its pipeline from archives on asks for; the extractor is that of ours. python-magic needs libmagic.
            *(_same("trafilatura"), "warcio==1.8.1", "faust-cchardet", "python-magic", "fasttext-numpy2-wheel"),
            *("fasteners", "tldextract", "pyahocorasick", "ftfy", "nltk"),
        ),
        (
            *("datatrove.pipeline.filters", "datatrove.pipeline.dedup.minhash", "spacy", "regex", "uniseg"),
            *("unicode_segmentation_rs", "pyarrow", "trafilatura", "warcio", "cchardet", "fasttext", "fasteners"),
        ),
    ),
    "datasketch": Peer(
        "datasketch", ("datasketch==2.0.0", "xxhash", "numpy", "pyarrow"), ("datasketch", "xxhash", "pyarrow")
    ),
    "fasttext": Peer("fasttext", ("fasttext==0.9.3", "numpy", "pyarrow"), ("fasttext", "pyarrow")),
    # The last that is written in C++, and the first in Rust.
    "fastwarc": Peer("fastwarc", ("fastwarc==0.16.0", "warcio==1.8.1"), ("fastwarc.warc", "warcio")),
    "fastwarc_rust": Peer("fastwarc_rust", ("fastwarc==2.0.1",), ("fastwarc.warc",)),
    "textdedup": Peer("textdedup", ("text-dedup==0.4.1",), ("text_dedup",)),  # needs Python 3.12
    "dolma": Peer("dolma", ("dolma==1.2.1", "numpy<2"), ("dolma",)),
    # What its heuristic filters on a CPU import.
    "curator": Peer(
        "curator",
        (
            *("loguru", "fsspec", "pandas<3", "pyarrow", "ray>=2.57", "omegaconf", "hydra-core", "absl-py"),
            *("comment_parser", "jieba==0.42.1", "mecab-python3", "transformers", "beautifulsoup4", "ftfy", "lxml"),
            "openai",
        ),
        ("nemo_curator.stages.text.filters.heuristic",),
        ("nemo-curator==1.4.0", "cosmos-xenna==0.2.0"),
    ),
}


class PeerMissing(Exception):
    """The peer is not installed anywhere."""


def find_python(name: str, build: Path) -> Path:
    """The Python of a peer's environment.

    Raises:
        PeerMissing: none of the places has all the modules; the message says what to do.
    """
    peer = PEERS[name]
    for folder in _places(name, build):
        python = folder / "bin" / "python"
        if python.exists() and _imports(python, peer):
            return python
    raise PeerMissing(f"{' '.join(peer.packages)} not installed; `--peers` installs it below {build.name}/venvs")


def install(build: Path) -> None:
    """Install every peer that is not there, by pip; what pip says goes to a file beside the environment."""
    for name, peer in PEERS.items():
        try:
            find_python(name, build)
            continue
        except PeerMissing:
            folder = build / "venvs" / name
        print(f"installing {' '.join(peer.packages)} ...", flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        log = folder.parent / f"{name}.log"
        with log.open("w") as said:
            if not (folder / "bin" / "python").exists():
                subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, stdout=said, stderr=said)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            # The pip that Python brings along knows not all names of extras, and searches versions for hours.
            done = subprocess.run([*pip, "--upgrade", "pip"], check=False, stdout=said, stderr=said)
            if done.returncode == 0:
                done = subprocess.run([*pip, *peer.packages], check=False, stdout=said, stderr=said)
            if peer.bare and done.returncode == 0:
                done = subprocess.run([*pip, "--no-deps", *peer.bare], check=False, stdout=said, stderr=said)
        if done.returncode != 0:
            print(f"{name} could not be installed; see {log}", flush=True)


def run_script(python: Path, script: str, *arguments: str) -> tuple[str, Usage]:
    """Run a peer's script; gives its output and what its process and all below it cost.

    Raises:
        RuntimeError: it failed; the message ends with what it said last.
    """
    command = [str(python), str(SCRIPTS / script), *arguments]
    said: list[subprocess.CompletedProcess[str]] = []
    quiet = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    usage = measure(
        lambda: said.append(subprocess.run(command, capture_output=True, text=True, check=False, env=quiet))
    )
    if said[0].returncode != 0:
        raise RuntimeError(f"{script} ended with {said[0].returncode}: {said[0].stderr[-1500:]}")
    return said[0].stdout, usage


def _places(name: str, build: Path) -> list[Path]:
    root = os.environ.get("BENCH_ROOT")
    built = [Path(root) / "venvs" / name] if root else []
    return [*built, build / "venvs" / name]


def _imports(python: Path, peer: Peer) -> bool:
    found = subprocess.run([str(python), "-c", f"import {', '.join(peer.modules)}"], check=False, capture_output=True)
    return found.returncode == 0
