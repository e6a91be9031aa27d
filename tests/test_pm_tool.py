"""The program ./pm itself: what can be tried without setting anything up."""

import email.message
import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from smtplib import SMTP

import pytest

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tooling import (  # noqa: E402
    addons,
    apt,
    database,
    home,
    lint,
    oca,
    odoo,
    postgres,
    process,
    python,
    server,
    testing,
    ui,
)
from tooling.cli import parser  # noqa: E402


def pm(*arguments, **env):
    return subprocess.run(
        [PROJECT / "pm", *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, **env}, cwd=PROJECT
    )


# ---------------------------------------------------------------- start


def test_help_names_every_command():
    text = pm("--help").stdout
    for name in ("run", "setup", "test", "shell", "psql", "lint", "i18n", "bench", "stop", "reset"):
        assert re.search(rf"^\s+{name}\b", text, re.M), name


def test_a_wrong_python_gives_one_sentence_with_the_remedy(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    result = pm("--help", PM_PYTHON=str(old))
    assert result.returncode == 1
    assert "no Python 3.10" in result.stderr and "PM_PYTHON" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_pm_runs_on_the_oldest_python_it_promises():
    # What newer Pythons alone understand would be a syntax error there.
    import ast

    for path in (PROJECT / "tooling").glob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 10))


def test_a_taken_port_is_told_before_anything_is_set_up():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert server.free_port(port) is None
        message = str(server._port_taken(port))
    assert f"port {port} is taken" in message and f"--port {port + 1}" in message


def test_a_port_of_root_is_not_called_taken(monkeypatch):
    class Refused(socket.socket):
        def bind(self, address):
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "socket", Refused)
    with pytest.raises(ui.Failure, match="may be opened by root only"):
        server.free_port(80)


# ---------------------------------------------------------------- state on disk


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setattr(home, "HOME", tmp_path)
    monkeypatch.setattr(home, "STATE", tmp_path)
    return tmp_path


def test_a_stamp_is_there_whole_or_not_at_all(own_home):
    assert home.stamp("x") is None
    home.set_stamp("x", {"a": 1})
    assert home.stamp("x") == {"a": 1}
    (own_home / "x").write_text('{"a"')  # as a full disk might leave it
    assert home.stamp("x") is None


def test_too_little_space_is_told_before_the_work(own_home):
    with pytest.raises(ui.Failure, match="Free some space"):
        home.need_space(10**9, "A download")


def test_a_lock_dies_with_its_process(own_home):
    code = f"""
import sys; sys.path.insert(0, {str(PROJECT)!r})
from pathlib import Path
from tooling import home
home.STATE = Path({str(own_home)!r})
import os
with home.lock("x"):
    print("held", flush=True)
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30)
    with home.lock("x"):
        pass


def test_file_store_is_copied_by_links_and_stays_apart(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "12").mkdir(parents=True)
    (source / "12" / "f").write_text("x")
    home.link_tree(source, target)
    assert (target / "12" / "f").samefile(source / "12" / "f")
    (target / "12" / "f").unlink()
    assert (source / "12" / "f").exists()


# ---------------------------------------------------------------- apt


def test_a_line_of_print_uris_is_understood():
    line = "'http://mirror.example/x_1%3a2_all.deb' x_1%3a2_all.deb 123 SHA256:abc"
    assert apt.Suite._parse(line) == ("http://mirror.example/x_1%3a2_all.deb", "x_1:2_all.deb", 123, "SHA256:abc")


def test_the_packages_that_are_gone_are_named_and_no_others():
    said = "E: Unable to locate package odoo-99\nE: Package 'fonts-x' has no installation candidate\n"
    assert apt.missing(said) == ["fonts-x", "odoo-99"]
    assert apt.missing("E: Can't find a source to download version '1.2' of 'jq:amd64'") == ["jq"]
    assert apt.missing("E: Unmet dependencies.") == []


def test_a_damaged_package_is_removed_and_named(tmp_path):
    path = tmp_path / "x.deb"
    path.write_bytes(b"broken")
    with pytest.raises(ui.Failure, match="x.deb is damaged"):
        apt.verify([(path, "SHA256:" + "0" * 64)])
    assert not path.exists()


# ---------------------------------------------------------------- OCA add-ons


def test_own_add_ons_name_only_oca_add_ons_that_are_fetched():
    core = PROJECT / ".odoo/root/usr/lib/python3/dist-packages/odoo/addons"
    if not core.is_dir():
        pytest.skip("another Odoo is used")
    own = addons.all_manifests()
    for name, manifest in own.items():
        foreign = [need for need in manifest["depends"] if need not in own and not (core / need).is_dir()]
        assert set(foreign) <= set(oca.wanted()), name


def test_without_the_oca_add_ons_only_what_needs_them_is_left_out(monkeypatch):
    monkeypatch.setattr(oca, "modules", list)
    assert set(addons.all_manifests()) - set(addons.manifests()) == {"pm_fees_bank_oca", "pm_fees_report_oca"}
    monkeypatch.setattr(oca, "modules", lambda: [name for name in oca.wanted() if name != "account_financial_report"])
    assert set(addons.all_manifests()) - set(addons.manifests()) == {"pm_fees_report_oca"}


def test_oca_add_ons_that_cannot_be_fetched_are_told_and_not_asked_for_again_by_every_command(
    own_home, monkeypatch, capfd
):
    asked = []

    def pip_install(arguments, name, title, attempts):
        asked.append(attempts)
        raise ui.Failure("the Python packages could not be installed", "Check the network.")

    monkeypatch.setattr(python, "pip_install", pip_install)
    monkeypatch.setattr(oca, "FOLDER", own_home / "add-ons")
    monkeypatch.setattr(oca, "ADDONS", own_home / "add-ons/odoo/addons")
    oca.install()
    assert "going on without" in capfd.readouterr().err
    oca.install()
    assert asked == [1]
    oca.install(again=True)
    assert asked == [1, 1]
    # What an earlier version has brought stays.
    module = own_home / "add-ons/odoo/addons/date_range"
    module.mkdir(parents=True)
    (module / "__manifest__.py").write_text("{}")
    home.clear_stamp("oca")
    oca.install()
    assert "staying with those" in capfd.readouterr().err
    assert oca.modules() == ["date_range"]


# ---------------------------------------------------------------- Odoo, PostgreSQL


def test_pm_odoo_must_hold_odoo_19(tmp_path, monkeypatch):
    monkeypatch.setenv("PM_ODOO", str(tmp_path))
    with pytest.raises(ui.Failure, match="holds no odoo/release.py"):
        odoo.given()
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo/release.py").write_text("version_info = (18, 0, 0, 'final', 0, '')\n")
    with pytest.raises(ui.Failure, match="not Odoo 19"):
        odoo.given()
    (tmp_path / "odoo/release.py").write_text("version_info = (19, 0, 0, 'final', 0, '')\n")
    assert odoo.given() == tmp_path


def test_configuration_lets_nobody_in_from_outside():
    text = odoo.CONF.read_text() if odoo.CONF.exists() else pytest.skip("nothing set up here")
    assert "list_db = False" in text
    assert "http_interface = 127.0.0.1" in text
    assert "proxy_mode = False" in text
    secret = re.search(r"^admin_passwd = (.+)$", text, re.M).group(1)
    assert secret != "admin" and len(secret) >= 24
    assert odoo.CONF.stat().st_mode & 0o077 == 0


def test_the_servers_configuration_is_safe_as_it_stands():
    import configparser

    file = configparser.RawConfigParser()
    file.read(PROJECT / "odoo.conf")
    options = dict(file["options"])
    assert options["admin_passwd"] == ""  # Odoo lets nobody pass then; without the line it would be "admin"
    assert (options["list_db"], options["proxy_mode"]) == ("False", "False")
    assert options["http_interface"] == "127.0.0.1"
    assert options["dbfilter"].startswith("^") and options["dbfilter"].endswith("$")


def test_containers_are_reached_from_this_machine_only():
    text = (PROJECT / "compose.yaml").read_text()
    ports = re.findall(r'^\s+- "([^"]*:\d+)"$', text, re.M)
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)
    assert "PM_MASTER_PASSWORD:?" in text and "PM_DB_PASSWORD:?" in text


def test_the_users_pg_variables_name_his_own_server(monkeypatch):
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGSERVICE", "PM_PRIVATE_CLUSTER"):
        monkeypatch.delenv(name, raising=False)
    assert not postgres.external()
    monkeypatch.setenv("PGHOST", "db.example")
    assert postgres.external()
    assert postgres.odoo_options()["db_host"] == "db.example"
    # A pm within ./pm test must not take the private cluster for the user's.
    monkeypatch.setenv("PM_PRIVATE_CLUSTER", "1")
    assert not postgres.external()


def test_a_plain_users_cluster_stays_in_the_project_and_only_its_socket_moves(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(home, "HOME", tmp_path / ("long" * 25) / ".odoo")
    assert postgres._base() == home.HOME / "pg"
    assert postgres._program_root() == home.HOME / "pgroot"
    assert len(str(postgres._socket_folder())) < 60
    monkeypatch.setattr(home, "HOME", Path("/home/x/pm/.odoo"))
    assert postgres._socket_folder() == Path("/home/x/pm/.odoo/pg")


def test_roots_cluster_goes_where_its_owner_can_get_and_takes_its_programs_along(own_home, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(postgres, "_reachable", lambda folder: True)
    assert postgres._base() == own_home / "pg"
    monkeypatch.setattr(postgres, "_reachable", lambda folder: False)
    outside = postgres._base()
    assert outside.parent == Path("/var/lib")
    assert postgres._program_root() == outside / "pgroot"
    # It stays there when the folder is opened to others later, or the demo would be lost.
    home.set_stamp("postgres", str(outside))
    monkeypatch.setattr(postgres, "_reachable", lambda folder: True)
    assert postgres._base() == outside


def test_a_folder_of_somebody_else_is_never_taken_for_the_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "_owner", lambda: None)
    folder = tmp_path / "sockets"
    folder.mkdir(mode=0o755)
    postgres._private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(ui.Failure, match="belongs to somebody else"):
        postgres._private_folder(folder)


def test_a_path_that_odoo_cannot_work_with_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(home, "HOME", tmp_path / "a,b" / ".odoo")
    with pytest.raises(ui.Failure, match="character ','"):
        home.prepare()
    assert not (tmp_path / "a,b").exists()


def test_a_start_on_the_private_server_leaves_the_demo_of_another_server_alone():
    code = "from tooling import database as d; print(d.CORE_STAMP, d.DEMO_STAMP, d.TEMPLATE)"

    def names(**env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PM_PRIVATE"))}
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=PROJECT, env={**clean, **env}, capture_output=True, text=True, check=True
        )
        return result.stdout.split()

    private, other = names(), names(PGHOST="db.example")
    assert not set(private) & set(other)
    assert private == ["core", "demo", "pm_tpl"]
    # The stamps that a new private cluster forgets are those of tpl-pm_...
    assert not other[2].startswith(f"{postgres.PREFIX}_")


def test_a_program_that_fails_on_a_full_disk_is_told_as_that(own_home, monkeypatch):
    assert home.is_full("tar: x: Cannot write: No space left on device")
    assert not home.is_full("anything else")
    monkeypatch.setattr(home.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 4096})())
    assert home.is_full("a log that ends in the middle of a li")


def test_only_our_own_databases_are_ever_dropped():
    with pytest.raises(ValueError):
        postgres.drop('x"; drop database y; --')


def test_options_meant_for_another_odoo_do_not_reach_ours(monkeypatch):
    monkeypatch.setenv("ODOO_ADMIN_PASSWD", "admin")
    monkeypatch.setenv("PGDATABASE", "production")
    env = process.environment(A=1, B=None)
    assert "ODOO_ADMIN_PASSWD" not in env and "PGDATABASE" not in env
    assert env["A"] == "1" and "B" not in env


# ---------------------------------------------------------------- add-ons


@pytest.fixture
def some_addons(tmp_path, monkeypatch):
    for name, depends in {"pm_base": ["mail"], "pm_fees": ["pm_base"], "pm_demo": ["pm_fees"]}.items():
        folder = tmp_path / "addons" / name
        (folder / "tests").mkdir(parents=True)
        (folder / "__manifest__.py").write_text(repr({"name": name, "depends": depends}))
    monkeypatch.setattr(addons, "FOLDER", tmp_path / "addons")
    monkeypatch.setattr(home, "PROJECT", tmp_path)
    return tmp_path


def test_an_addon_brings_the_own_addons_it_needs(some_addons):
    assert addons.closure(["pm_fees"]) == ["pm_base", "pm_fees"]
    with pytest.raises(ui.Failure, match="no add-on pm_nothing"):
        addons.closure(["pm_nothing"])


def test_changed_sources_are_seen_and_changed_tests_are_not(some_addons):
    before = addons.source_hash("pm_base")
    (some_addons / "addons/pm_base/tests/test_x.py").write_text("x = 1")
    (some_addons / "addons/pm_base/README.md").write_text("x")
    assert addons.source_hash("pm_base") == before
    (some_addons / "addons/pm_base/models.py").write_text("x = 1")
    assert addons.source_hash("pm_base") != before


def test_sample_files_belong_to_the_sample_property(some_addons):
    base, sample = addons.source_hash("pm_base"), addons.source_hash("pm_demo")
    (some_addons / "data").mkdir()
    (some_addons / "data/units.csv").write_text("x")
    assert addons.source_hash("pm_base") == base
    assert addons.source_hash("pm_demo") != sample


# ---------------------------------------------------------------- ./pm test


def test_words_of_pytest_options_are_not_taken_for_paths(monkeypatch):
    monkeypatch.chdir(PROJECT)
    paths, others = testing.split(["-k", "tests", "tests/test_pm_tool.py::test_x", "-x"])
    assert paths == [f"{PROJECT}/tests/test_pm_tool.py::test_x"]
    assert others == ["-k", "tests", "-x"]
    with pytest.raises(ui.Failure, match="there is no tests/test_nothing.py"):
        testing.split(["tests/test_nothing.py"])


def test_journeys_run_against_a_server_and_the_rest_inside_odoo():
    inside, outside = testing.stages([])
    assert str(PROJECT / "tests") in inside
    assert outside == [str(PROJECT / "tests" / "demo")]
    one = str(PROJECT / "tests" / "demo" / "test_x.py")
    assert testing.stages([one]) == ([], [one])


def test_a_skipped_browser_test_fails_the_run(tmp_path):
    (tmp_path / "conftest.py").write_text((PROJECT / "conftest.py").read_text())
    (tmp_path / "test_x.py").write_text(
        "import pytest, unittest\n"
        "class HttpCase(unittest.TestCase): pass\n"
        "class TestPage(HttpCase):\n"
        "    def test_page(self): self.skipTest('no chromium')\n"
        "@pytest.mark.browser\n"
        "def test_marked(): pytest.skip('no chromium')\n"
        "def test_plain(): pytest.skip('for a reason')\n"
        "def test_good(): pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser\n")
    counts = tmp_path / "counts.json"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:odoo", "-p", "no:cacheprovider", str(tmp_path)],
        env={**os.environ, "PM_TEST_COUNTS": str(counts)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert json.loads(counts.read_text()) == {"passed": 1, "failed": 2, "skipped": 1}
    assert "may not be skipped" in result.stdout


@pytest.mark.parametrize("cores", [2, 1])
def test_stages_run_side_by_side_where_that_helps_and_all_are_counted(tmp_path, monkeypatch, capfd, cores):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    (tmp_path / "conftest.py").write_text((PROJECT / "conftest.py").read_text())
    for mine, other in (("first", "second"), ("second", "first")):
        (tmp_path / f"test_{mine}.py").write_text(
            "import pathlib, time\n"
            "def test_both_run():\n"
            f"    pathlib.Path({str(tmp_path / mine)!r}).touch()\n"
            "    end = time.monotonic() + 30\n"
            f"    while {cores > 1} and not pathlib.Path({str(tmp_path / other)!r}).exists():\n"
            "        assert time.monotonic() < end\n"
            f"    assert {mine!r} == 'first', 'second fails'\n"
        )

    def stage(paths, others, stack):
        if paths == ["broken"]:
            raise ui.Failure("no Chromium")
        return (["-p", "no:odoo", "-c", "/dev/null", f"--rootdir={tmp_path}", *paths], {}) if paths else None

    files = [[str(tmp_path / f"test_{name}.py")] for name in ("first", "second")]
    results = testing.run_stages([(stage, files[0]), (stage, files[1])], [])
    assert [code for code, _counts in results] == [0, 1]
    assert [counts for _code, counts in results] == [
        {"passed": 1, "failed": 0, "skipped": 0},
        {"passed": 0, "failed": 1, "skipped": 0},
    ]
    assert "second fails" in capfd.readouterr().out
    if cores == 1:
        left_out = testing.run_stages([(stage, ["broken"]), (stage, [])], [])
        assert left_out == [(1, {"failed": 1}), (testing.NOTHING_COLLECTED, {})]


def test_templates_of_different_addon_sets_do_not_mix(some_addons):
    names = {database.template_name(addons.closure(wanted)) for wanted in (["pm_base"], ["pm_fees"], ["pm_demo"])}
    assert len(names) == 3
    assert database.template_name(["pm_base", "pm_fees"]) == database.TEMPLATE


def test_the_commands_options_are_those_of_the_help():
    options = parser().parse_args(["run", "--port", "8123"])
    assert options.port == 8123
    bench = parser().parse_args(["bench", "dunning", "--n", "7", "--work", "run", "--work", "rerun", "--runs", "1"])
    assert (bench.n, bench.work, bench.runs) == (7, ["run", "rerun"], 1)


@pytest.mark.parametrize("word", ["0", "-1", "65536", "80x"])
def test_a_port_that_is_none_is_told_in_one_line(word):
    result = pm("run", "--port", word)
    assert result.returncode == 2
    assert "--port" in result.stderr.splitlines()[-1] and "Traceback" not in result.stderr


# ---------------------------------------------------------------- lint


def test_lint_sees_sql_put_together_from_strings(tmp_path):
    path = tmp_path / "x.py"
    path.write_text('cr.execute(f"SELECT {x}")\ncr.execute("SELECT %s", [x])\ncr.execute("a" + b)\nSQL("x %s", y)\n')
    assert [fault.split(":")[0] for fault in lint.check_sql(path)] == ["line 1", "line 3"]


def test_lint_wants_a_reason_for_sudo(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        """
def bare(self):
    return self.sudo().name

def with_a_reason(self):
    # the name of a colleague is no secret
    return self.sudo().name

def reason_once(self):
    a = self.sudo().a  # sudo: the cashier has no right on journal items


    one, two, three = 1, 2, 3


    return a + self.sudo().b

def told(self):
    '''Works in sudo: the job sends for everybody.'''
    return self.sudo(), self.sudo(False)

def rights_taken_back(self):
    return self.sudo(False)
"""
    )
    assert [fault.split(":")[0] for fault in lint.check_sudo(path)] == ["line 3"]


def test_lint_sees_a_registry_and_a_machines_path(tmp_path):
    path = tmp_path / "x.md"
    path.write_text("see https://py" + "pi.org/x\nin /wo" + "rk/main\nin /srv/work/x\n")
    assert [fault.split(":")[0] for fault in lint.check_words(path)] == ["line 1", "line 2"]


def test_lint_sees_a_short_row_of_an_access_file(tmp_path, monkeypatch):
    monkeypatch.setattr(addons, "FOLDER", tmp_path)
    path = tmp_path / "ir.model.access.csv"
    path.write_text(
        "id,name,model_id:id,group_id:id,perm_read,perm_write,perm_create,perm_unlink\na,a,m,g,1,1,1\nb,b,m,,1,0,0,2\n"
    )
    faults = " ".join(lint.check_csv(path))
    assert "row 2 has 7 columns" in faults and "name a group" in faults and "0 or 1" in faults


# ---------------------------------------------------------------- mail sink


@pytest.fixture
def sink(tmp_path):
    if not (home.VENV / "bin" / "python").exists():
        pytest.skip("nothing set up here")
    sink = server.Sink(tmp_path / "mail", tmp_path / "sms")
    yield sink
    sink.stop()


def read(address, **headers):
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
        return answer.read().decode()


def test_mail_is_kept_and_shown_and_nothing_in_it_runs(sink):
    message = email.message.EmailMessage()
    message["From"], message["To"] = "a@demo.example", "业主 <b@demo.example>"
    message["Subject"] = "<script>alert(1)</script> 账单"
    message.set_content("十一月 <b>账单</b>")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="账单.pdf")
    with SMTP("127.0.0.1", sink.port) as smtp:
        smtp.send_message(message, to_addrs=["b@demo.example"])
    files = list(sink.mail.glob("*.eml"))
    assert len(files) == 1
    shown = read(sink.page)
    assert "账单" in shown and "b@demo.example" in shown and "<script>" not in shown
    one = read(f"{sink.page}{files[0].name}")
    assert "账单.pdf" in one and "&lt;b&gt;账单&lt;/b&gt;" in one
    assert read(f"{sink.page}{files[0].name}/0") == "x"


def test_sms_are_shown_and_the_page_answers_to_this_machine_only(sink):
    sink.sms.mkdir(exist_ok=True)
    (sink.sms / "1.json").write_text(
        json.dumps({"to": "13800000000", "text": "请缴费 <b>", "time": "2025-01-01 10:00"})
    )
    shown = read(f"{sink.page}sms")
    assert "13800000000" in shown and "请缴费 &lt;b&gt;" in shown
    with pytest.raises(urllib.error.HTTPError) as error:
        read(sink.page, Host="evil.example")
    assert error.value.code == 403
