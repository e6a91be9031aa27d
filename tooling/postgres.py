"""PostgreSQL: a private cluster in .odoo/ that listens on a socket only, or the one that PG* variables name."""

import functools
import os
import pwd
import re
import shlex
import shutil
from pathlib import Path

from . import apt, home
from .process import environment, run
from .ui import Failure, progress, tail

_VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGSERVICE")
_MARK = "PM_PRIVATE_CLUSTER"  # set for our children, so that a pm within a pm does not take our own PG* for the user's
USER = "odoo"
PREFIX = "pm"  # of the databases in the private cluster

_SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0700
port = 5432
max_connections = 200
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
# A demo may lose its last half second in a power cut, never its consistency.
synchronous_commit = off
jit = off
"""


def external():
    """True if the user's PG* variables name a PostgreSQL."""
    return not os.environ.get(_MARK) and any(os.environ.get(name) for name in _VARIABLES)


def _base():
    """The cluster's folder: in .odoo/, unless its owner cannot get there (root's clone in a folder of mode 700)."""
    inside, outside = home.HOME / "pg", Path("/var/lib") / _unique_name()
    if os.getuid() != 0 or home.stamp("postgres") != str(outside) and _reachable(home.HOME):
        return inside
    return outside


def _unique_name():
    return f"pm-pg-{home.fingerprint(str(home.HOME))}"


@functools.lru_cache
def _reachable(folder):
    return _as_owner(["test", "-x", folder]).returncode == 0


def _socket_folder():
    """Where the socket is: its path has at most 107 bytes, however long the project's is."""
    base = _base()
    return base if len(os.fsencode(base)) <= 85 else Path("/var/tmp") / _unique_name()


def _program_root():
    """Where a server of our own is unpacked: beside the cluster, if its owner cannot get into .odoo/."""
    base = _base()
    return home.HOME / "pgroot" if base.parent == home.HOME else base / "pgroot"


def _owner():
    """Who runs the server: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure(
        "you are root, and there is neither a user postgres nor nobody to run PostgreSQL as",
        "Run ./pm as an ordinary user.",
    )


def _as_owner(command, **options):
    owner = _owner()
    prefix = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"] if owner else []
    options.setdefault("env", environment(LC_ALL="C.UTF-8"))
    return run([*prefix, *command], cwd="/", **options)


def _as_server(command, **options):
    """Run a program of the PostgreSQL server as its owner."""
    root = _program_root()
    libraries = apt.library_path(root) if root.is_dir() else None
    return _as_owner(command, env=environment(LC_ALL="C.UTF-8", LD_LIBRARY_PATH=libraries), **options)


def _binaries(version=None):
    """The newest PostgreSQL server here, or the one of that major version; None if there is none."""
    folders = [
        folder
        for root in (_program_root(), Path("/"))
        for folder in root.glob("usr/lib/postgresql/*/bin")
        if os.access(folder / "initdb", os.X_OK) and os.access(folder / "postgres", os.X_OK)
    ]
    if version:
        folders = [folder for folder in folders if folder.parent.name == version]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


def _cluster_version(base):
    result = _as_owner(["cat", base / "data/PG_VERSION"])
    return result.stdout.strip() if result.returncode == 0 else None


def _server_binaries():
    binaries = _binaries()
    if not binaries:
        title = "PostgreSQL (this machine has no server of its own)"
        apt.closure("pgroot", title, "postgresql", space=600, target=_program_root())
        binaries = _binaries()
    if not binaries:
        raise Failure(
            "the package postgresql holds no server any more", "Install PostgreSQL, or name one by PGHOST and PGUSER."
        )
    return binaries


def path():
    """Folders with psql and createdb."""
    binaries = None if external() else _binaries()
    return [str(binaries)] if binaries else []


def env():
    """What libpq of every child needs."""
    if external():
        return {}
    return {
        "PGHOST": _socket_folder(),
        "PGPORT": "5432",
        "PGUSER": USER,
        "PGPASSWORD": None,
        "PGSERVICE": None,
        _MARK: "1",
    }


def odoo_options():
    if external():
        names = {"db_host": "PGHOST", "db_port": "PGPORT", "db_user": "PGUSER", "db_sslmode": "PGSSLMODE"}
        return {option: os.environ[name] for option, name in names.items() if os.environ.get(name)}
    return {"db_host": _socket_folder(), "db_port": 5432, "db_user": USER}


def start():
    """Have a PostgreSQL that answers."""
    if external():
        _check_external()
        return
    base = _base()
    binaries = _server_binaries()
    version = _cluster_version(base) if home.stamp("postgres") else None
    if version and float(version) != float(binaries.parent.name):
        binaries = _binaries(version)
        if not binaries:
            raise Failure(
                f"the demo's cluster was made with PostgreSQL {version}, which is no longer here",
                "Install that version again, or start afresh: ./pm reset --all.",
            )
    if not version:
        _initialise(binaries, base)
    if _as_server([binaries / "pg_ctl", "-D", base / "data", "status"]).returncode == 0:
        return
    sockets = _socket_folder()
    _private_folder(sockets)
    log = home.LOGS / "postgres-start.log"
    with progress("starting PostgreSQL"):
        # Not in postgresql.conf: the project's folder may have been moved since.
        result = _as_server(
            [binaries / "pg_ctl", "-D", base / "data", "-o", f"-c unix_socket_directories={shlex.quote(str(sockets))}"]
            + ["-l", base / "server.log", "-w", "-t", "60", "start"],
            log=log,
            preexec_fn=os.setsid,  # lives on after this pm; its own session, so that Ctrl-C does not reach it
        )
    if result.returncode:
        cause = _as_owner(["tail", "-n", "8", base / "server.log"]).stdout
        if home.is_full(cause):
            raise home.no_space()
        raise Failure(
            "PostgreSQL does not start", "If nothing helps, start afresh: ./pm reset --all.", cause or tail(log)
        )


def _initialise(binaries, base):
    home.need_space(300, "The database cluster", base.parent)
    with progress("new PostgreSQL cluster"):
        shutil.rmtree(base / "data", ignore_errors=True)
        for name in ("core", "demo"):
            home.clear_stamp(name)
        for old in home.STATE.glob(f"tpl-{PREFIX}_*"):
            if old.suffix != ".lock":
                old.unlink()
        _private_folder(base)
        log = home.LOGS / "initdb.log"
        options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        result = _as_server([binaries / "initdb", "-D", base / "data", *options], log=log)
        if result.returncode:
            if home.is_full(log.read_text(errors="replace")):
                raise home.no_space()
            raise Failure("the PostgreSQL cluster could not be made", f"See {log}.", tail(log))
        _as_owner(["tee", "-a", base / "data/postgresql.conf"], input=_SETTINGS)
    home.set_stamp("postgres", str(base))


def _private_folder(folder):
    """Make a folder that only the server's owner may enter."""
    owner = _owner()
    uid, gid = (owner.pw_uid, owner.pw_gid) if owner else (os.getuid(), os.getgid())
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (uid, os.getuid()):
        raise Failure(f"{folder} belongs to somebody else", "Remove it, or move the project to another folder.")
    if folder.stat().st_uid != uid:
        os.chown(folder, uid, gid)
    folder.chmod(0o700)


def _check_external():
    try:
        version = int(sql("postgres", "SHOW server_version_num"))
    except Failure as failure:
        raise Failure(
            "the PostgreSQL named by your PG* variables does not answer",
            "Check PGHOST, PGPORT, PGUSER and the password, or unset them to get a private one.",
            failure.detail,
        ) from failure
    if version < 130000:
        raise Failure("the PostgreSQL named by your PG* variables is older than 13", "Name a newer one.")
    if sql("postgres", "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user") != "t":
        raise Failure("your database user may not create databases", "ALTER ROLE … CREATEDB, or name another PGUSER.")


def psql_program():
    binaries = None if external() else _binaries(_cluster_version(_base()))
    program = str(binaries / "psql") if binaries else shutil.which("psql")
    if not program:
        root = apt.closure("pgclient", "psql (this machine has none)", "postgresql-client", space=200)
        program = next((str(p) for p in root.glob("usr/lib/postgresql/*/bin/psql")), None)
    return program


def psql_environment():
    roots = [root for root in (_program_root(), home.HOME / "pgclient") if root.is_dir()]
    libraries = os.pathsep.join(apt.library_path(root) for root in roots) or None
    return environment(LD_LIBRARY_PATH=libraries, **env())


def sql(database, statement):
    """Run one statement, return its first column's rows as text."""
    result = run(
        [psql_program(), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement], env=psql_environment()
    )
    if result.returncode:
        if home.is_full(result.stderr):
            raise home.no_space()
        raise Failure(f"the database refused: {statement.split(chr(10))[0][:80]}", detail=result.stderr)
    return result.stdout.strip()


def databases():
    return set(sql("postgres", "SELECT datname FROM pg_database").split())


def drop(name):
    """Drop a database with its file store."""
    _check_name(name)
    sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(home.DATA / "filestore" / name, ignore_errors=True)


def copy(source, target):
    """Copy a database that nobody is connected to, with its file store."""
    _check_name(source, target)
    home.need_space(150, f"The database {target}")
    sql("postgres", f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    home.link_tree(home.DATA / "filestore" / source, home.DATA / "filestore" / target)


def rename(source, target):
    """Put a finished database in the place of an old one."""
    _check_name(source, target)
    drop(target)
    sql("postgres", f'ALTER DATABASE "{source}" RENAME TO "{target}"')
    store = home.DATA / "filestore"
    if (store / source).is_dir():
        os.replace(store / source, store / target)


def _check_name(*names):
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
            raise ValueError(f"not a database name of ours: {name}")


def stop():
    """Stop the private cluster; True if it ran."""
    base = _base()
    version = _cluster_version(base)
    binaries = version and _binaries(version)
    if not binaries:
        return False
    return _as_server([binaries / "pg_ctl", "-D", base / "data", "-m", "fast", "-w", "stop"]).returncode == 0


def remove():
    """Stop the private cluster and remove it, wherever it lies."""
    stop()
    for folder in {_base(), _socket_folder()}:
        shutil.rmtree(folder, ignore_errors=True)


def backends_of(postmaster):
    """Process ids of a postmaster and its children (for the benchmark's CPU account)."""
    ids = [postmaster]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == postmaster:
            ids.append(int(stat.parent.name))
    return ids


def postmaster():
    text = _as_owner(["head", "-n", "1", _base() / "data/postmaster.pid"]).stdout.strip()
    return int(text) if text else None
