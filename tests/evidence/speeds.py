"""How long a person waits: what every benchmark prints, as the page `docs/evidence/speeds`.

    python -m tests.evidence.speeds

Needs a machine that does nothing else, for some minutes. What trains for longer has a page of its
own (`tests.evidence.useful_net`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

from tests.evidence.pages import origin, publish
from tests.evidence.places import PAGES

BENCHES = {
    "window": "The window, from the wish to the painted picture",
    "media": "Frames out of films",
    "canvas": "Painting",
    "store": "Edits and reading, in an empty and in a full project",
    "jobs": "Work in the background",
    "select": "Choosing frames",
    "formats": "Import and export",
}
TIMED = re.compile(r"(?P<what>.+?): median (?P<median>[\d.]+) ms, p95 (?P<p95>[\d.]+) ms")


def printed(bench: str) -> list[str]:
    """The lines of one benchmark, run in a process of its own."""
    command = [sys.executable, "-m", f"tests.benchmarks.bench_{bench}"]
    offscreen = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, env=offscreen, capture_output=True, text=True, check=True)
    return [line.rstrip() for line in done.stdout.splitlines() if line.strip()]


def timed(lines: list[str]) -> list[dict[str, Any]]:
    """The lines that give a median and a 95th percentile, in milliseconds."""
    found = (TIMED.match(line) for line in lines)
    return [
        {"what": m["what"], "median_ms": float(m["median"]), "p95_ms": float(m["p95"])}
        for m in found
        if m is not None
    ]


def main() -> None:
    """Run all benchmarks and write the page and its twin."""
    lines = {}
    for bench in BENCHES:
        sys.stderr.write(f"bench_{bench}\n")
        lines[bench] = printed(bench)
    document = {
        **origin("speeds"),
        "timed": {bench: timed(own) for bench, own in lines.items()},
        "printed": lines,
    }
    page = [
        "# Speeds",
        "",
        "Two cores, no GPU, nothing else running; in the benchmarks' words.",
        "",
    ]
    for bench, title in BENCHES.items():
        page += [f"## {title}", "", *(f"- {line}" for line in lines[bench]), ""]
    page += [f"Made by `{document['command']}` at commit `{document['commit']}`.", ""]
    publish(PAGES / "speeds.json", document, "\n".join(page))


if __name__ == "__main__":
    main()
