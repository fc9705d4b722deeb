"""Make the virtual environment: `python3 packaging/bootstrap.py .venv`. Needs nothing but Python.

Looks for the system libraries that Qt loads first. As root on Debian or Ubuntu the missing ones
are installed; otherwise the command that installs them is printed and the set-up goes on, since
everything but the window works without them.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""What Qt's platform plugins load, and the Debian package that has it."""


def say(text: str) -> None:
    """Print one line where it is seen at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def missing_packages() -> list[str]:
    """The Debian packages whose libraries cannot be loaded here."""
    if not sys.platform.startswith("linux"):
        return []
    missing = []
    for library, package in QT_LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return missing


def run_apt(*arguments: str) -> bool:
    """Run apt-get without questions, waiting while another program holds its lock."""
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *arguments]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL).returncode == 0


def install_system_libraries() -> None:
    """Install what Qt misses where we may; print the command where we may not, or it failed."""
    packages = missing_packages()
    if not packages:
        return
    install = ["install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") and os.geteuid() == 0:
        say(f"Installing the libraries that the window needs: {', '.join(packages)}")
        if run_apt("update") and run_apt(*install):
            return
    say("The window needs system libraries that are not here. On Debian or Ubuntu:")
    say(f"    sudo apt-get {' '.join(install)}")


def make_environment(folder: Path) -> None:
    """Create the environment and install the app, its training part and its tests, pinned."""
    if not (folder / "bin" / "python").exists():
        say(f"Making the environment in {folder}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    say("Installing the pinned packages (a few minutes the first time)")
    subprocess.run(
        [
            *(str(folder / "bin" / "python"), "-m", "pip", "install"),
            *("--quiet", "--disable-pip-version-check"),
            *("--constraint", str(PROJECT / "constraints.txt")),
            *("--editable", f"{PROJECT}[train,dev]"),
        ],
        check=True,
    )
    fetch_people(folder)
    (folder / ".ready").touch()


def fetch_people(folder: Path) -> None:
    """Get the nets that find people and hands before any label; all else works without them."""
    program = str(folder / "bin" / "poseapp")
    say("Fetching the nets that find people and hands (36 MB, and 145 by npm where it is, once)")
    subprocess.run([program, "people", "--fetch"], stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    """Set everything up in the folder named on the command line."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python may run this file
        say(f"poseapp needs Python 3.11 or newer; python3 here is {sys.version.split()[0]}.")
        say("On Debian or Ubuntu: sudo apt-get install python3.11 python3.11-venv")
        return 1
    install_system_libraries()
    try:
        make_environment(Path(sys.argv[1] if len(sys.argv) > 1 else ".venv").absolute())
    except subprocess.CalledProcessError as why:
        say(f"The set-up stopped: {' '.join(map(str, why.cmd[:4]))} … ended with {why.returncode}.")
        say("What it printed above says why. Mend that and run make again; nothing is lost.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
