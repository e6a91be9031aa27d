"""The commands of ./pm."""

import argparse
import errno
import os
import shutil
import signal
import subprocess
import sys

from . import home
from .ui import Failure, report, say

EPILOG = """\
Everything lands in .odoo/; `./pm reset --all` removes it. An interrupted command resumes when started again.

environment:
  PM_ODOO=FOLDER     use the Odoo 19 in FOLDER (it holds odoo/) instead of the Debian package
  PGHOST, PGUSER …   use that PostgreSQL instead of a private one
  PM_MODULES=a,b     ./pm test: install only these add-ons (and what they need) in the test database
  PM_PYTHON=PATH     the Python to make the environment with (3.10–3.13)
"""


def prepare(development=False, again=False):
    """Odoo, Python, PostgreSQL and the configuration; quick when they are there.

    :param bool again: try once more to fetch what could not be fetched before, and is not necessary
    """
    from . import oca, odoo, postgres, python

    home.prepare()
    with home.lock("setup"):
        odoo.install()
        python.runtime()
        if development:
            python.development()
        oca.install(again)
        postgres.start()
        odoo.configure()


def prepare_python():
    """Only the virtual environment with the development tools."""
    from . import python

    home.prepare()
    with home.lock("setup"):
        python.runtime()
        python.development()


def setup(_options):
    from . import database

    prepare(again=True)
    database.demo()
    say("ready: ./pm run serves it")


def run(options):
    from . import server

    return server.run(options.port, options.mail_port)


def test(options):
    from . import testing

    return testing.main(options.arguments)


def shell(options):
    from . import database, odoo

    prepare()
    database.demo()
    sys.stderr.flush()
    quiet = () if sys.stdin.isatty() else ("--log-level=warn",)
    command = odoo.command(
        "shell", "-d", database.DEMO, "--no-http", "--max-cron-threads=0", *quiet, *options.arguments
    )
    os.chdir(home.PROJECT)
    os.execve(str(command[0]), [str(word) for word in command], odoo.env())


def psql(options):
    from . import database, postgres

    home.prepare()
    prepare()
    program = postgres.psql_program()
    # psql takes the first free word for a database: name the demo only if the user named none.
    named = any(word in ("-d", "-l", "--list") or word.startswith("--dbname") for word in options.arguments)
    words = options.arguments if named else ["-d", database.DEMO, *options.arguments]
    os.execve(program, [program, *words], postgres.psql_environment())


def lint(options):
    from . import lint as tool

    return tool.main(options.fix)


def i18n(options):
    from . import translations

    return translations.main(options.check, options.modules)


def bench(options):
    from . import bench as tool

    return tool.main(options.name, options.n, options.work, options.runs)


def stop(_options):
    from . import postgres, server

    home.prepare()
    stopped = server.stop()
    if not postgres.external() and postgres.stop():
        stopped = True
    say("stopped" if stopped else "nothing was running")


def reset(options):
    from . import database, postgres, server

    home.prepare()
    server.stop()
    if options.all:
        if not postgres.external():
            postgres.remove()
        shutil.rmtree(home.HOME)
        say(".odoo/ is gone")
        return
    with home.lock("setup"):
        postgres.start()
        database.reset()
    shutil.rmtree(home.MAIL, ignore_errors=True)
    shutil.rmtree(home.SMS, ignore_errors=True)


def _whole_number(text, least, most, message):
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _port(text):
    return _whole_number(text, 1, 65535, "a port is a number from 1 to 65535")


def _amount(text):
    return _whole_number(text, 1, 10**9, "an amount is a number from 1")


def parser():
    top = argparse.ArgumentParser(
        prog="./pm",
        description="Property management on Odoo 19: set up, serve, test.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, function, text, **options):
        command = commands.add_parser(name, help=text, description=text, **options)
        command.set_defaults(function=function)
        return command

    command = add("run", run, "set up what is missing, then serve the demo on 127.0.0.1")
    command.add_argument("--port", type=_port, default=8069, help="port of the server (default 8069)")
    command.add_argument(
        "--mail-port", type=_port, default=8025, help="port of the page with caught mail (8025 or the next free)"
    )
    add("setup", setup, "everything but serving")
    command = add("test", test, "run the tests; arguments go to pytest", add_help=False)
    command.add_argument("arguments", nargs=argparse.REMAINDER)
    command = add("shell", shell, "Odoo shell on the demo database; a script on standard input runs", add_help=False)
    command.add_argument("arguments", nargs=argparse.REMAINDER)
    command = add("psql", psql, "psql on the demo database", add_help=False)
    command.add_argument("arguments", nargs=argparse.REMAINDER)
    command = add("lint", lint, "check style, XML, CSV, translations")
    command.add_argument("--fix", action="store_true", help="correct what ruff can correct")
    command = add("i18n", i18n, "export the terms of the own add-ons and bring their zh_CN.po up to date")
    command.add_argument(
        "--check", action="store_true", help="write nothing; fail when a term is missing or untranslated"
    )
    command.add_argument("modules", nargs="*", help="only these add-ons")
    command = add("bench", bench, "run a benchmark (see benchmarks/README.md)")
    command.add_argument("name", help="NAME of benchmarks/bench_NAME.py")
    command.add_argument("--n", type=_amount, help="amount of work (each benchmark has its default)")
    command.add_argument("--work", action="append", default=[], help="only this work of the file (may be repeated)")
    command.add_argument("--runs", type=_amount, help="runs of each case, for works of minutes (default: three)")
    add("stop", stop, "stop the server and the private PostgreSQL")
    command = add("reset", reset, "drop the demo and the test databases")
    command.add_argument("--all", action="store_true", help="remove .odoo/ as a whole")
    return top


def main(words):
    # Options of test, shell and psql belong to other programs: argparse must not look at them.
    if words and words[0] in ("test", "shell", "psql"):
        options = argparse.Namespace(
            function={"test": test, "shell": shell, "psql": psql}[words[0]], arguments=words[1:]
        )
    else:
        options = parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return options.function(options) or 0
    except Failure as failure:
        report(failure)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        report(home.no_space())
        return 1
    except subprocess.TimeoutExpired as error:
        report(Failure(f"{error.cmd[0]} did not answer for {error.timeout:.0f} s", "Start the same command again."))
        return 1
    except KeyboardInterrupt:
        print("\npm: interrupted; the same command resumes.", file=sys.stderr)
        return 130
