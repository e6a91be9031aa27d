"""Serving the demo: Odoo and the mail sink, on 127.0.0.1 only."""

import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from . import addons, database, home, odoo, postgres, python
from .process import die_with_parent
from .ui import Failure, progress, say, tail

HOST = "127.0.0.1"


def free_port(port=0):
    """The port if it is free (0: any free one), else None.

    :raise Failure: the port is one of those that only root may open
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise Failure(
                f"port {port} may be opened by root only", "Choose one above 1023: ./pm run --port 8069."
            ) from error
        except OSError:
            return None
        return probe.getsockname()[1]


class Sink:
    """The mail sink as a process of its own."""

    def __init__(self, mail=home.MAIL, sms=home.SMS, page=0):
        self.mail, self.sms = mail, sms
        command = [
            python.VENV_PYTHON,
            Path(__file__).with_name("mailsink.py"),
            "--mail",
            mail,
            "--sms",
            sms,
            "--page",
            page,
        ]
        self._log = open(home.LOGS / "mailsink.log", "ab")
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=odoo.env(),
            preexec_fn=_child,
        )
        line = self.process.stdout.readline()
        if not line:
            raise Failure("the mail sink does not start", f"See {self._log.name}.", tail(Path(self._log.name)))
        ports = json.loads(line)
        self.port, self.page = ports["smtp"], f"http://{HOST}:{ports['page']}/"

    def stop(self):
        _end(self.process)
        self._log.close()


class Server:
    """Odoo on one database, its mail going to a sink."""

    def __init__(self, name, port, sink, log):
        self.url, self.log = f"http://{HOST}:{port}", log
        # Links in mails and documents lead to where this server listens.
        postgres.sql(name, f"UPDATE ir_config_parameter SET value = '{self.url}' WHERE key = 'web.base.url'")
        command = odoo.command(
            *("-d", name, f"--db-filter=^{name}$", f"--http-port={port}", "--smtp", HOST, f"--smtp-port={sink.port}")
        )
        self._stream = open(log, "ab")
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=self._stream,
            stderr=subprocess.STDOUT,
            env=odoo.env(PM_SMS_SINK=sink.sms),
            cwd=home.PROJECT,
            preexec_fn=_child,
        )

    def wait_until_ready(self, seconds=240):
        """Return when the login page is there (the first time its assets are compiled)."""
        deadline = time.monotonic() + seconds
        with progress(f"starting the server (log: {self.log})"):
            while time.monotonic() < deadline:
                if self.process.poll() is not None:
                    raise self.failure()
                try:
                    with urllib.request.urlopen(f"{self.url}/web/login", timeout=120) as answer:
                        if answer.status == 200:
                            return
                except urllib.error.HTTPError as error:
                    raise Failure(
                        f"the server answers with HTTP {error.code}",
                        f"See {self.log}.",
                        tail(self.log, needles=(" ERROR ",)),
                    ) from error
                except OSError:
                    time.sleep(0.3)
        raise Failure(f"the server did not answer within {seconds} s", f"See {self.log}.", tail(self.log))

    def failure(self):
        cause = tail(self.log, needles=(" ERROR ", " CRITICAL ", "Traceback", "Address already in use"))
        if "Address already in use" in cause:
            return _port_taken(int(self.url.rpartition(":")[2]))
        return Failure("the server has stopped", f"The whole log: {self.log}.", cause)

    def stop(self):
        _end(self.process)
        self._stream.close()


def _child():
    # Own process group: Ctrl-C reaches pm alone, which then ends its children in order.
    os.setpgrp()
    die_with_parent()


def _end(process):
    for send, patience in ((process.terminate, 15), (process.kill, 5)):
        if process.poll() is None:
            send()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)


def _port_taken(port):
    other = port + 1 if port < 65535 else 8070
    return Failure(f"port {port} is taken by another program", f"Choose another: ./pm run --port {other}.")


def _running():
    """The server that an earlier `./pm run` keeps up, if any."""
    state = home.stamp("server")
    if not state:
        return None
    try:
        command = Path(f"/proc/{state['pid']}/cmdline").read_bytes()
    except OSError:
        return None
    return state if b"tooling" in command and b"run" in command else None


def stop():
    """End the server of another `./pm run`; True if there was one."""
    state = _running()
    if not state:
        return False
    os.kill(state["pid"], signal.SIGTERM)
    for _ in range(100):
        if not Path(f"/proc/{state['pid']}").exists():
            break
        time.sleep(0.2)
    return True


def logins():
    """The demo's logins as the sample data names them: [(role, login, password, name)]."""
    path = addons.FOLDER / addons.SAMPLE / "logins.csv"
    try:
        with open(path, newline="", encoding="utf-8-sig") as stream:
            return [
                tuple(row.get(key) or "" for key in ("role", "login", "password", "name"))
                for row in csv.DictReader(stream)
            ]
    except OSError:
        return [("administrator", "admin", "admin", "")]


def _width(text):
    # Chinese characters are two columns wide.
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)


def _print_table(rows):
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths))
        print("  " + "  ".join(cells).rstrip())


def run(port, mail_port):
    from .cli import prepare

    home.prepare()
    running = _running()
    if running:
        raise Failure(f"the demo is already being served at {running['url']}", "Open it, or end it: ./pm stop.")
    # Before minutes of set-up, not after.
    if not free_port(port):
        raise _port_taken(port)
    prepare()
    database.demo()
    sink = Sink(page=mail_port)
    server = None
    try:
        log = home.LOGS / "server.log"
        log.unlink(missing_ok=True)
        server = Server(database.DEMO, port, sink, log)
        home.set_stamp("server", {"pid": os.getpid(), "url": server.url})
        server.wait_until_ready()
        print(f"\nOpen  {server.url}  in a browser on this machine.\n")
        _print_table([("ROLE", "LOGIN", "PASSWORD", "NAME"), *logins()])
        print(
            f"\nMail and SMS of the demo are caught: {sink.page}\nCtrl-C ends the server; the log is {log}.\n",
            flush=True,
        )
        while server.process.poll() is None:
            time.sleep(0.5)
        raise server.failure()
    except KeyboardInterrupt:
        say("ending the server")
        return 0
    finally:
        if server:
            server.stop()
        sink.stop()
        home.clear_stamp("server")
        sys.stdout.flush()
