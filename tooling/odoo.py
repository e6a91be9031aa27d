"""Odoo 19 Community: from the Debian package, or from PM_ODOO; its fonts; its configuration; running it."""

import os
import re
import secrets
import shutil
from pathlib import Path

from . import apt, home, oca, postgres, python
from .process import environment, run
from .ui import Failure, progress, say, tail

SUITE = "sid"  # the only Debian suite that carries odoo-19
PACKAGES = (
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
)
# Odoo's screens need Font Awesome 4.7, which newer suites have replaced.
ICONS, ICON_SUITES = "fonts-font-awesome", ("bookworm", "trixie")
FONT_PACKAGES = ("fonts-wqy-microhei", "fonts-arphic-uming")

_SKIPPED = [
    # The package holds add-ons twice, and three top-level names that could shadow others.
    *(f"--exclude=./usr/lib/python3/dist-packages/{name}" for name in ("addons", "doc", "setup")),
    # Translations other than Chinese: 850 MB.
    *(f"--exclude=*/{folder}/[!z]*.po" for folder in ("i18n", "i18n_extra")),
    *(f"--exclude=*/{folder}/zh_[!C]*.po" for folder in ("i18n", "i18n_extra")),
    "--exclude=./usr/share/doc/*/changelog*",
]

# Not in the Debian package (it is not free); only blurs the webcam's background. Without the file every page
# logs an error, and a browser test takes any error for a failure.
_STUB = Path("mail/static/lib/selfie_segmentation/selfie_segmentation.js")
_STUB_TEXT = (
    "window.SelfieSegmentation = window.SelfieSegmentation || "
    "class { setOptions() {} onResults() {} reset() {} async send() {} };\n"
)

_FONTS_CONF = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{fonts}</dir>
  <dir>{root}/usr/share/fonts</dir>
  <cachedir>{home}/fontcache</cachedir>
</fontconfig>
"""

_LAUNCHER = """\
#!{python}
# A file of its own, not `python -m odoo`: with --workers the server starts sys.argv[0] again.
import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
"""

LAUNCHER = home.BIN / "odoo"
CONF = home.HOME / "odoo.conf"


def given():
    """The folder named by PM_ODOO, checked; None if Odoo comes from the package."""
    named = os.environ.get("PM_ODOO")
    if not named:
        return None
    folder = Path(named).expanduser().resolve()
    release = folder / "odoo" / "release.py"
    if not release.is_file():
        raise Failure(f"PM_ODOO={named} holds no odoo/release.py", "Name the folder that holds the folder odoo/.")
    version = re.search(r"version_info\s*=\s*\((\d+)\s*,\s*(\d+)", release.read_text())
    if not version or version.group(1) != "19":
        raise Failure(f"PM_ODOO={named} is not Odoo 19", "Name a folder with Odoo 19.0 Community.")
    return folder


def source():
    return given() or home.ROOT / "usr/lib/python3/dist-packages"


def identity():
    """What the databases were built with: changes when another Odoo comes."""
    return str(given()) if given() else home.stamp("odoo")


def addons_path():
    folders = [source() / "odoo" / "addons", source() / "addons", oca.ADDONS, home.PROJECT / "addons"]
    return [folder for folder in folders if folder.is_dir()]


def install():
    """Odoo and the fonts in .odoo/; quick when they are there."""
    if not given():
        _install_package()
    _install_fonts()
    home.write(home.HOME / "fonts.conf", _FONTS_CONF.format(fonts=home.FONTS, root=home.ROOT, home=home.HOME))


def _install_package():
    if home.stamp("odoo") and (source() / "odoo/release.py").is_file():
        return
    apt.need()
    home.need_space(2200, "Setting up Odoo with its databases")
    folder = apt.DEBS / "odoo"
    say("Odoo 19 Community (Debian package)")
    files = apt.Suite(SUITE).fetch(folder, "download", *PACKAGES)
    icon_suite = None if apt.codename() in ICON_SUITES else ICON_SUITES[-1]
    files += apt.Suite(icon_suite).fetch(folder, "download", ICONS)
    apt.verify(files)
    temporary = home.HOME / "root.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    with progress("unpacking Odoo"):
        for path, _digest in files:
            apt.unpack(path, temporary, *_SKIPPED)
    addons = temporary / "usr/lib/python3/dist-packages/odoo/addons"
    if not (addons / "base/__manifest__.py").is_file():
        raise Failure("the package odoo-19 holds no Odoo any more", f"Its layout has changed: {apt.PM_ODOO_HINT}")
    stub = addons / _STUB
    if not stub.exists():
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(_STUB_TEXT)
    shutil.rmtree(home.ROOT, ignore_errors=True)
    os.replace(temporary, home.ROOT)
    # What was installed, for those who compare two machines.
    home.set_stamp("odoo", {path.name: apt.sha256(path) for path, _digest in files})
    shutil.rmtree(folder, ignore_errors=True)


def _install_fonts():
    wanted = list(FONT_PACKAGES)
    if home.stamp("fonts") == wanted and home.FONTS.is_dir():
        return
    if not apt.available():
        say("no apt-get here: Chinese fonts are taken from this machine's own")
        home.FONTS.mkdir(exist_ok=True)
        return
    say("Chinese fonts for documents")
    files = apt.Suite().fetch(apt.DEBS / "fonts", "download", *wanted)
    apt.verify(files)
    temporary = home.HOME / "fonts.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    for path, _digest in files:
        apt.unpack(path, temporary)
    shutil.rmtree(home.FONTS, ignore_errors=True)
    os.replace(temporary / "usr/share/fonts", home.FONTS)
    shutil.rmtree(temporary)
    home.set_stamp("fonts", wanted)
    shutil.rmtree(apt.DEBS / "fonts", ignore_errors=True)


def font_folders():
    folders = (
        [home.FONTS, *sorted(Path("/usr/share/fonts/truetype").glob("*"))] if not home.stamp("fonts") else [home.FONTS]
    )
    return os.pathsep.join(str(folder) for folder in folders)


def configure():
    """Write the configuration of the demo and test servers. Nothing in it lets anyone in from outside."""
    secret = home.HOME / "admin_passwd"
    if not secret.exists():
        home.write(secret, secrets.token_urlsafe(24), mode=0o600)
    options = {
        "addons_path": ",".join(str(folder) for folder in addons_path()),
        "data_dir": home.DATA,
        "admin_passwd": secret.read_text(),
        "list_db": False,
        "http_interface": "127.0.0.1",
        "proxy_mode": False,
        "workers": 0,
        "without_demo": True,
        # Nothing that a test or a maintenance command does may reach a mail server: port 9 discards.
        "smtp_server": "127.0.0.1",
        "smtp_port": 9,
        "email_from": "pm@demo.example",
        **postgres.odoo_options(),
    }
    text = "[options]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
    if not CONF.exists() or CONF.read_text() != text:
        home.write(CONF, text, mode=0o600)
    launcher = _LAUNCHER.format(python=python.VENV_PYTHON)
    if not LAUNCHER.exists() or LAUNCHER.read_text() != launcher:
        home.write(LAUNCHER, launcher, mode=0o777)
    python.link(source())


def env(**extra):
    """The environment of every program that works with Odoo."""
    path = os.pathsep.join([str(home.VENV / "bin"), str(home.BIN), *postgres.path(), os.environ.get("PATH", "")])
    return environment(
        **{
            "PATH": path,
            "FONTCONFIG_FILE": home.HOME / "fonts.conf",
            "PM_FONT_DIR": font_folders(),
            "PYTHONUNBUFFERED": "1",
            **postgres.env(),
            **extra,
        }
    )


def command(*arguments):
    """The command line of Odoo with our configuration; a sub-command comes first, as Odoo wants it."""
    words = [str(argument) for argument in arguments]
    if words and not words[0].startswith("-"):
        # `odoo db -c … init`, but `odoo i18n export -c …`: Odoo's sub-commands do not agree where it belongs.
        position = 2 if words[0] == "i18n" else 1
        return [python.VENV_PYTHON, LAUNCHER, *words[:position], "-c", CONF, *words[position:]]
    return [python.VENV_PYTHON, LAUNCHER, "-c", CONF, *words]


def call(*arguments, log, what, remedy="", **options):
    """Run Odoo to its end; its log goes to `log`; a failure shows the cause."""
    result = run(command(*arguments), log=log, env=env(), cwd=home.PROJECT, **options)
    if result.returncode:
        cause = tail(log, needles=(" ERROR ", " CRITICAL ", "Traceback (most recent call last)", "error: "))
        if home.is_full(cause):
            raise home.no_space()
        raise Failure(what, remedy or f"The whole log: {log}.", cause)


def script(database, code, *, log, what):
    """Run Python code in an Odoo shell on a database (it must commit what it wants kept)."""
    call("shell", "-d", database, "--no-http", "--max-cron-threads=0", log=log, what=what, input=code.encode())
