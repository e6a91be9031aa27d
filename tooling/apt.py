"""Debian packages without installing them: resolved, fetched and verified by the machine's own apt, unpacked here.

apt keeps the machine's sources, proxies, credentials and trusted keys; lists and caches are ours, so nothing outside
.odoo/ is written and `apt-get update` need never have been run.
"""

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import unquote

from . import home
from .process import die_with_parent, environment, run
from .ui import Failure, mib, progress, say

APT = home.HOME / "apt"
DEBS = home.HOME / "debs"
HELPER = Path("/usr/lib/apt/apt-helper")
PM_ODOO_HINT = "or give an Odoo 19 that you have: PM_ODOO=<folder that holds odoo/> ./pm run."

_CONF = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
Dir::Cache "{apt}/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Debug::NoLocking "true";
"""


def _os_release():
    values = {}
    for line in Path("/etc/os-release").read_text().splitlines():
        key, _, value = line.partition("=")
        values[key] = value.strip('"')
    return values


def available():
    return bool(shutil.which("apt-get") and shutil.which("dpkg-deb") and HELPER.exists())


def need():
    if not available():
        raise Failure(
            "this machine has no apt-get, so the Debian packages cannot be fetched",
            "Use Debian 12 or newer, or give an Odoo 19 and a PostgreSQL of your own: "
            "PM_ODOO=<folder that holds odoo/> PGHOST=… ./pm run.",
        )


def _targets():
    """(URI, release) of every main component apt is configured with, even if `apt-get update` was never run."""
    listing = run(
        [
            "apt-get",
            "indextargets",
            "--no-release-info",
            "--format",
            "$(REPO_URI) $(RELEASE) $(COMPONENT)",
            "Created-By: Packages",
        ]
    )
    rows = (line.split() for line in listing.stdout.splitlines())
    return [
        (row[0], row[1]) for row in rows if len(row) == 3 and row[2] == "main" and "security" not in row[0] + row[1]
    ]


def codename():
    return _os_release().get("VERSION_CODENAME", "")


def mirror():
    """The Debian mirror of this machine, taken from its apt configuration."""
    rows = _targets()
    if not rows:
        raise Failure(
            "apt has no Debian source configured, so no mirror is known",
            f"Add your Debian mirror to /etc/apt/sources.list and start again, {PM_ODOO_HINT}",
        )
    own = codename()
    return next((uri for uri, release in rows if release == own), rows[0][0]).rstrip("/")


def missing(error):
    """The packages that apt-get does not find, from what it says."""
    patterns = (
        r"Unable to locate package (\S+)",
        r"Package '?([^\s']+)'? has no installation candidate",
        r"Can't find a source to download version '\S+' of '([^\s':]+)",
    )
    return sorted({name for pattern in patterns for name in re.findall(pattern, error)})


class Suite:
    """One set of package lists: the machine's own sources, or one named suite of its mirror."""

    def __init__(self, name=None):
        self.name = name
        self.lists = APT / f"lists-{name or 'own'}"

    @property
    def label(self):
        return f"Debian '{self.name}'" if self.name else "this machine's Debian"

    def command(self, *arguments):
        options = ["-c", APT / "apt.conf", "-o", f"Dir::State::lists={self.lists}"]
        if self.name:
            options += ["-o", f"Dir::Etc::sourcelist={APT / self.name}.list", "-o", "Dir::Etc::sourceparts=/dev/null"]
            options += ["-o", "APT::Default-Release="]
        return ["apt-get", *options, *arguments]

    def update(self):
        """Read the package index, once."""
        need()
        if home.stamp(self.lists.name) and any(self.lists.glob("*Packages*")):
            return
        for folder in (APT / "cache/archives/partial", self.lists / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        home.write(APT / "apt.conf", _CONF.format(apt=APT))
        if self.name:
            arch = run(["dpkg", "--print-architecture"]).stdout.strip()
            rings = [Path(f"/usr/share/keyrings/debian-archive-keyring.{end}") for end in ("gpg", "pgp")]
            signed = next((f" signed-by={ring}" for ring in rings if ring.exists()), "")
            home.write(APT / f"{self.name}.list", f"deb [arch={arch}{signed}] {mirror()} {self.name} main\n")
        home.need_space(200, "The package index")
        with progress(f"package index of {self.label} (mirror taken from apt's own configuration)"):
            for attempt in (1, 2):
                result = run(self.command("update", "-qq"))
                if result.returncode == 0:
                    break
                time.sleep(2 * attempt)
            else:
                raise Failure(
                    f"the package index of {self.label} could not be read from the mirror in apt's configuration",
                    f"Check the network, the proxy and /etc/apt/sources.list* (does `apt-get update` work?) and start again, {PM_ODOO_HINT}",
                    result.stderr,
                )
        home.set_stamp(self.lists.name, True)

    def refresh(self):
        home.clear_stamp(self.lists.name)
        self.update()

    def fetch(self, folder, action, *packages):
        """Fetch what `apt-get ACTION PACKAGES` would, checksummed, into folder; complete files are kept.

        Returns [(path, sha256 or "")].
        """
        self.update()
        folder.mkdir(parents=True, exist_ok=True)
        arguments = ("install", "-y", "--no-install-recommends") if action == "install" else ("download",)
        for fresh in (False, True):
            # The index may be older than the mirror: read it anew before giving up.
            if fresh:
                say("the mirror has moved on: reading its index anew")
                self.refresh()
            # Not in folder: apt leaves out what lies in the current directory already.
            listing = run(self.command(*arguments, "--print-uris", *packages), cwd=APT)
            if listing.returncode:
                error = listing.stderr
                if fresh:
                    gone = missing(error)
                    what = (
                        f"{', '.join(gone)}: gone from {self.label}"
                        if gone
                        else f"{' '.join(packages)}: cannot be resolved in {self.label}"
                    )
                    raise Failure(what, f"Look whether the package moved to another suite, {PM_ODOO_HINT}", error)
                continue
            files = [self._parse(line) for line in listing.stdout.splitlines() if line.startswith("'")]
            if action == "download" and len(files) < len(packages):
                raise Failure(
                    f"{self.label} named only {len(files)} of {len(packages)} packages", "Start again.", listing.stdout
                )
            wanted = [f for f in files if not self._complete(folder / f[1], f[2])]
            total = sum(f[2] for f in wanted)
            home.need_space(total // 1048576 + 50, "The download")
            if self._download(folder, wanted, total, last=fresh):
                return [(folder / name, digest) for _uri, name, _size, digest in files]

    @staticmethod
    def _parse(line):
        uri, name, size, *digest = line.split()
        return uri.strip("'"), unquote(name), int(size), digest[0] if digest else ""

    @staticmethod
    def _complete(path, size):
        return path.exists() and path.stat().st_size == size

    def _download(self, folder, files, total, last):
        if not files:
            return True
        done = [0]
        part = [folder / "none"]

        def state():
            now = done[0] + (part[0].stat().st_size if part[0].exists() else 0)
            return f"{mib(now)} of {mib(total)} ({100 * now // max(total, 1)} %)"

        with progress(f"fetching {len(files)} package(s), {mib(total)}", state):
            for uri, name, size, digest in files:
                part[0] = folder / f"{name}.part"
                for attempt in (1, 2, 3):
                    result = run([HELPER, "-c", APT / "apt.conf", "-qq", "download-file", uri, part[0], digest])
                    if result.returncode == 0 and self._complete(part[0], size):
                        break
                    part[0].unlink(missing_ok=True)
                    home.need_space(size // 1048576 + 20, "The download")
                    time.sleep(2 * attempt)
                else:
                    if not last:
                        return False
                    broken = "mismatch" in result.stdout + result.stderr
                    raise Failure(
                        f"{name} arrived damaged three times (its checksum does not match the signed index)"
                        if broken
                        else f"{name} could not be fetched from the mirror in apt's configuration",
                        "Check the network or proxy and start the same command again: what is complete is kept.",
                        result.stderr,
                    )
                os.replace(part[0], folder / name)
                done[0] += size
        return True


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def verify(files):
    """Compare fetched files with the hashes of the signed index; a damaged one is removed."""
    for path, expected in files:
        kind, _, value = expected.partition(":")
        if kind.upper() == "SHA256" and sha256(path) != value:
            path.unlink()
            raise Failure(
                f"{path.name} is damaged (its checksum does not match the signed index) and was removed",
                "Start the same command again to fetch it anew.",
            )


def unpack(path, target, *tar_options):
    """Unpack one .deb under target."""
    dpkg = subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        preexec_fn=die_with_parent,
    )
    tar = run(["tar", "-x", "--no-same-owner", "-C", target, *tar_options], stdin=dpkg.stdout)
    dpkg.stdout.close()
    error = dpkg.stderr.read().decode(errors="replace")
    if dpkg.wait() or tar.returncode:
        if home.is_full(tar.stderr):
            raise home.no_space()
        path.unlink(missing_ok=True)
        raise Failure(
            f"{path.name} is damaged and was removed",
            "Start the same command again to fetch it anew.",
            error + tar.stderr,
        )


def closure(name, title, *packages, space=500, target=None):
    """Packages plus whatever this machine lacks for them, unpacked under .odoo/NAME or the folder target."""
    target = target or home.HOME / name
    if home.stamp(name) == list(packages) and target.is_dir():
        return target
    say(title)
    home.need_space(space, title)
    files = Suite().fetch(DEBS / name, "install", *packages)
    verify(files)
    temporary = target.with_name(f"{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    temporary.chmod(0o755)  # whatever the umask: a server may run as another user
    with progress(f"unpacking {len(files)} package(s)"):
        for path, _digest in files:
            unpack(path, temporary)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(temporary, target)
    home.set_stamp(name, list(packages))
    shutil.rmtree(DEBS / name, ignore_errors=True)
    return target


def library_path(root):
    """LD_LIBRARY_PATH for programs of an unpacked closure."""
    patterns = ("usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/*-linux-gnu/pulseaudio")
    return os.pathsep.join(str(p) for pattern in patterns for p in sorted(Path(root).glob(pattern)))
