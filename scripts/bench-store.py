#!/usr/bin/env python3
"""What scripts/bench-store.sh does once all is built: bench-store.py AUDITLOG ASKER COUNT ROUNDS

Another database is another class beside Sqlite, with the same methods, in DATABASES.
"""

import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.parse
from datetime import datetime, timezone

AUDITLOG, ASKER, COUNT, ROUNDS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
FEW, LARGE, REPEATS = 100_000, 1_000_000, 100
ROOT = pathlib.Path(os.environ["AUDITLOG_BENCH_DIR"]).absolute()
HERE = ROOT / str(COUNT)
os.environ.update(AUDITLOG_CONFIG_DIR=str(ROOT / "config"), SQLITE_TMPDIR=str(ROOT))
MIGRATIONS = pathlib.Path("src/store/sqlite/migrations")

YEAR = "start_time=2025-01-01T00:00:00Z&end_time=2025-12-31T23:59:59.999Z"
WINDOW = "start_time=2025-03-10T08:15:00Z&end_time=2025-09-20T17:45:00Z"
ALONE = ("plugin_id=catalog", "event_id=task", "severity_level=high", "status=failed", "actor_type=service",
         "request_method=DELETE", "action_type=update", "query_type=by-ref")
COUNTED = {
    "no filter": YEAR,
    **{f"`{field.partition('=')[0]}`": f"{YEAR}&{field}" for field in ALONE},
    "`plugin_id`, `status`, `actor_type`": f"{YEAR}&plugin_id=catalog&status=failed&actor_type=user",
    "`severity_level`, `request_method`, `action_type`": f"{YEAR}&severity_level=high&request_method=POST&action_type=create",
    "a window": WINDOW,
    "a window, `plugin_id`": f"{WINDOW}&plugin_id=catalog",
    "a window, `event_id`, `severity_level`, `query_type`": f"{WINDOW}&event_id=entity-fetch&severity_level=low&query_type=by-ref",
}


def say(text):
    print(f"bench-store: {datetime.now():%T} {text}", file=sys.stderr, flush=True)


def done(name, work):
    """What `work` gives, which is done once."""
    path = HERE / "done" / name
    if not path.exists():
        say(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        result = work()
        path.with_suffix(".new").write_text(json.dumps(result), encoding="utf-8")
        path.with_suffix(".new").rename(path)
    return json.loads(path.read_text(encoding="utf-8"))


def seconds(*command):
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun


def remove(path):
    for file in path.parent.glob(path.name + "*"):
        file.unlink()


class Sqlite:
    name = "sqlite"
    shell_name = "sqlite3"
    importer = "`.import`"
    kind = "file"
    columns = "source, id, event_time, recorded_at, kind, actor_id, request_url, entity_ref, body"

    def __init__(self, folder):
        self.store, self.plain, self.first = (str(folder / f"sqlite.{what}") for what in ("store", "plain", "first"))
        self.rows = folder / "sqlite.rows"

    def version(self):
        return "SQLite's shell " + subprocess.check_output(["sqlite3", "--version"], text=True).split()[0]

    def ask(self, path, sql):
        return subprocess.run(["sqlite3", path], input=sql, check=True, text=True, stdout=subprocess.PIPE).stdout

    def load(self, log):
        remove(pathlib.Path(self.store))
        return seconds(AUDITLOG, "ingest", "-q", str(log), "--store", self.store)

    def schema(self, without=None):
        """The same table and indexes. The shell imports no null: what is empty is left out of an index instead."""
        sql = (MIGRATIONS / "0002_counts.sql").read_text(encoding="utf-8")
        parts = re.findall(r"^CREATE TABLE events \(.*?^\) STRICT;|^CREATE (?:UNIQUE )?INDEX [^;]*;", sql, re.DOTALL | re.MULTILINE)
        kept = [part for part in parts if without is None or without not in part]
        return re.sub(r"(\w+) IS NOT NULL", r"\1 <> ''", "\n".join(kept).replace(" REFERENCES sources (id)", ""))

    def load_plain(self, without=None):
        rows = f"sqlite3 -ascii {self.store} 'SELECT {self.columns} FROM events ORDER BY rowid'"
        source = f'"|{rows}"'
        # A file is easier to read, but there is no room for many rows.
        if COUNT <= LARGE:
            if not self.rows.exists():
                subprocess.run(f"{rows} > {self.rows}", check=True, shell=True)
            source = str(self.rows)
        self.drop(self.plain)
        self.ask(self.plain, self.schema(without))
        return seconds("sqlite3", self.plain, ".mode ascii", f".import {source} events")

    def load_first(self):
        """The first version's table. Its key is not needed to read it."""
        self.drop(self.first)
        sql = (MIGRATIONS / "0001_events.sql").read_text(encoding="utf-8")
        table = re.search(r"^CREATE TABLE events \(.*?^\) STRICT;", sql, re.DOTALL | re.MULTILINE)[0]
        table = re.sub(r",\s*UNIQUE \(id, source\)", "", table.replace(" REFERENCES sources (id)", ""))
        fields = re.findall(r"^    (\w+) +TEXT,", table, re.MULTILINE)
        taken = ", ".join(f"json_extract(body, '$.{field}')" for field in fields)
        index = re.search(r"CREATE INDEX[^;]*;", sql)[0]
        self.ask(self.first, f"{table} ATTACH '{self.store}' AS store; INSERT INTO events (source, id, event_time, recorded_at, "
                 f"{', '.join(fields)}, body) SELECT source, id, event_time, recorded_at, {taken}, body FROM store.events ORDER BY rowid; {index}")

    def repeat(self, path, sql, repeats):
        """What a text of SQL prints, which comes so many times in one session."""
        return self.ask(path, sql + "\n.output /dev/null\n" + (sql + "\n") * (repeats - 1))

    def equals(self, field, value):
        return f"{field} = '{value}'"

    def exists(self):
        return os.path.exists(self.store)

    def drop(self, path):
        remove(pathlib.Path(path))

    def sizes(self):
        named = self.ask(self.store, "SELECT name, sum(pgsize) FROM dbstat GROUP BY name;")
        return {name: int(size) for name, size in (line.split("|") for line in named.splitlines())}

    def size(self, path):
        return os.stat(path).st_size


class Postgres:
    name = "postgres"
    shell_name = "psql"
    importer = "`COPY`"
    kind = "tables"

    def __init__(self, folder):
        start_postgres()
        self.database = f"bench{folder.name}"
        self.rows = folder / "postgres.rows"
        self.store, self.plain, self.first = (self.url(schema) for schema in ("auditlog", "plain", "first"))

    def url(self, schema, database=None):
        where = urllib.parse.quote(str(ROOT / "postgres"), safe="")
        return (f"postgres:///{database or self.database}?host={where}&port=18598&user=postgres"
                f"&options=-csearch_path%3D{schema}")

    def version(self):
        return "PostgreSQL " + self.ask(self.url("public", "postgres"), "SHOW server_version").split()[0]

    def ask(self, path, sql):
        return psql(path, sql)

    def exists(self):
        return self.ask(self.url("public", "postgres"), f"SELECT 1 FROM pg_database WHERE datname = '{self.database}'") != ""

    def load(self, log):
        self.ask(self.url("public", "postgres"), f"DROP DATABASE IF EXISTS {self.database};\nCREATE DATABASE {self.database};")
        taken = seconds(AUDITLOG, "ingest", "-q", str(log), "--store", self.store)
        self.ask(self.store, "VACUUM ANALYZE")
        return taken

    def load_plain(self, without=None):
        """The same rows into the same table and indexes."""
        self.drop(self.plain)
        made = self.ask(self.store, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'auditlog' AND tablename = 'events'")
        indexes = [line.replace(" ON auditlog.", " ON plain.") for line in made.splitlines() if f" {without} " not in line]
        self.ask(self.store, "CREATE SCHEMA plain; CREATE TABLE plain.events (LIKE auditlog.events);\n" + ";\n".join(indexes))
        rows = f"psql -XAtq '{self.store}' -c 'COPY (SELECT * FROM auditlog.events ORDER BY ctid) TO STDOUT'"
        into = f"psql -Xq '{self.plain}' -c 'COPY plain.events FROM STDIN'"
        # A file is easier to read, but there is no room for many rows.
        if COUNT > LARGE:
            return seconds("sh", "-c", f"{rows} | {into}")
        if not self.rows.exists():
            subprocess.run(f"{rows} > {self.rows}", check=True, shell=True)
        return seconds("sh", "-c", f"{into} < {self.rows}")

    def drop(self, path):
        self.ask(self.store, f"DROP SCHEMA IF EXISTS {path.rsplit('%3D', 1)[1]} CASCADE")

    def load_first(self):
        """The first version's table as it would be here."""
        sql = (MIGRATIONS / "0001_events.sql").read_text(encoding="utf-8")
        table = re.search(r"^CREATE TABLE events \(.*?^\) STRICT;", sql, re.DOTALL | re.MULTILINE)[0]
        fields = re.findall(r"^    (\w+) +TEXT,", table, re.MULTILINE)
        columns = ", ".join(f'{field} text COLLATE "C"' for field in fields)
        taken = ", ".join(f"body::json->>'{field}'" for field in fields)
        self.drop(self.first)
        self.ask(self.store, f"CREATE SCHEMA first; CREATE TABLE first.events (source bigint, "
                 f"id text COLLATE \"C\", event_time bigint, recorded_at bigint, {columns}, body text); INSERT INTO first.events SELECT source, "
                 f"id, event_time, recorded_at, {taken}, body FROM auditlog.events ORDER BY ctid; "
                 "CREATE INDEX ON first.events (event_time, id, source);\nVACUUM ANALYZE first.events;")

    def equals(self, field, value):
        if field in ("actor_id", "request_url", "entity_ref"):
            return f"left({field}, 256) = '{value}' AND {field} = '{value}'"
        return f"{field} = '{value}'"

    def repeat(self, path, sql, repeats):
        return self.ask(path, sql + "\n\\o /dev/null\n" + (sql + "\n") * (repeats - 1))

    def sizes(self):
        named = self.ask(self.store, "SELECT relname, pg_table_size(oid) FROM pg_class WHERE relnamespace = 'auditlog'::regnamespace "
                         "AND relkind IN ('r', 'i')")
        return {name: int(size) for name, size in (line.split("|") for line in named.splitlines())}

    def size(self, path):
        schema = path.rsplit("%3D", 1)[1]
        return int(self.ask(path, "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' "
                            f"AND relnamespace = '{schema}'::regnamespace"))


def psql(url, sql):
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", url]
    return subprocess.run(command, input=sql, check=True, text=True, stdout=subprocess.PIPE).stdout


def start_postgres():
    """A server of our own, which ends with this program."""
    data = ROOT / "postgres/data"
    if hasattr(start_postgres, "server"):
        return
    programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    # It refuses to be root.
    who = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    if not data.exists():
        data.parent.mkdir(parents=True)
        if who:
            shutil.chown(data.parent, **who)
        subprocess.run([programs / "initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C.UTF-8", "-D", data],
                       check=True, stdout=subprocess.DEVNULL, cwd="/", **who)
    start_postgres.server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", data.parent, "-p", "18598", "-c", "listen_addresses=", "-c", "shared_buffers=1GB",
         "-c", "max_wal_size=4GB"], stderr=subprocess.DEVNULL, cwd="/", **who)
    atexit.register(lambda: (start_postgres.server.send_signal(signal.SIGINT), start_postgres.server.wait()))
    for _ in range(600):
        if subprocess.run([programs / "pg_isready", "-q", "-h", data.parent, "-p", "18598"], check=False).returncode == 0:
            return
        time.sleep(0.1)
    sys.exit("PostgreSQL does not start")


DATABASES = [Sqlite, Postgres]


def sql(database, params):
    """The question of a request, as a page and a count."""
    given = urllib.parse.parse_qs(params)
    micros = lambda name: int(datetime.fromisoformat(given.pop(name)[0].replace("Z", "+00:00")).timestamp() * 1000) * 1000
    where = f"event_time >= {micros('start_time')} AND event_time <= {micros('end_time')}"
    where += "".join(f" AND {database.equals(field, value)}" for field, (value,) in given.items())
    return (f"SELECT body FROM events WHERE {where} ORDER BY event_time DESC, id DESC, source DESC LIMIT 100; "
            f"SELECT count(*) FROM events WHERE {where};")


def ask(store, questions, repeats=REPEATS):
    """For each question the median in microseconds, and the total."""
    lines = "".join(f"{name}\t{params}\n" for name, params in questions.items())
    said = subprocess.run([ASKER, store, str(repeats)], input=lines, check=True, text=True, stdout=subprocess.PIPE).stdout
    return {name: (float(micros), int(total)) for name, micros, total in (line.split("\t") for line in said.splitlines())}


def timed(work):
    begun = time.monotonic()
    return work(), (time.monotonic() - begun) * 1e6


def mean(work):
    """What `work`, given a number of repeats in one process, gives, and the microseconds of each beyond the first."""
    once = timed(lambda: work(1))[1]
    # What is slow need not be repeated as often.
    repeats = max(3, min(REPEATS * 3, round(3e6 / once)))
    said, all_of_them = timed(lambda: work(1 + repeats))
    return said, (all_of_them - once) / repeats


def make_log(folder, count):
    log = folder / "log.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    if not log.exists():
        say(f"writing a log of {count:,} events")
        with open(folder / "log.new", "wb") as out:
            subprocess.run([sys.executable, "scripts/bench-trail.py", str(count)], check=True, stdout=out)
        (folder / "log.new").rename(log)
    return log


def loading(database, rounds):
    """Seconds of our loading and of the shell's, in turn."""
    ours, shells = [], []
    for _ in range(rounds):
        ours.append(database.load(make_log(HERE, COUNT)))
        if COUNT > LARGE:
            remove(HERE / "log.jsonl")
        shells.append(database.load_plain())
    return ours, shells


def counted(database, small):
    """Medians of both sizes, in turn."""
    of = {"many": {}, "few": {}}
    for _ in range(ROUNDS):
        for size, store in (("many", database.store), ("few", small.store)):
            for name, (micros, _) in ask(store, COUNTED).items():
                of[size].setdefault(name, []).append(micros)
    return {size: {name: statistics.median(all) for name, all in names.items()} for size, names in of.items()}


def indexed(database):
    """For the fields that have an index: a question of ours, one of the shell over the same file, and the total: medians of means,
    since the shell tells no single time."""
    questions = {}
    for field in ("actor_id", "request_url", "entity_ref"):
        frequent = database.ask(database.store, f"SELECT {field} FROM events WHERE {field} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1;")
        newest = database.ask(database.store, f"SELECT {field} FROM events WHERE {field} IS NOT NULL ORDER BY event_time DESC LIMIT 1;")
        for name, value in (("the most frequent", frequent), ("the newest event's", newest)):
            questions[f"{name} `{field}`"] = f"{YEAR}&{field}={urllib.parse.quote(value.strip())}"
    times = {name: ([], []) for name in questions}
    for _ in range(ROUNDS):
        for name, params in questions.items():
            answers, micros = mean(lambda repeats: ask(database.store, {name: params}, repeats))
            total = answers[name][1]
            said, shells = mean(lambda repeats: database.repeat(database.store, sql(database, params), repeats))
            if said.splitlines()[-1] != str(total):
                sys.exit(f"{name}: the shell counts {said.splitlines()[-1]}, we count {total}")
            times[name][0].append(micros)
            times[name][1].append(shells)
            times[name] = (*times[name][:2], total)
    return {name: (statistics.median(ours), statistics.median(shells), total) for name, (ours, shells, total) in times.items()}


def first(database):
    """For each counted field alone: the median of ours, and the first version's page and count."""
    questions = {name: params for name, params in COUNTED.items() if name.strip("`") in {field.partition("=")[0] for field in ALONE}}
    found = {}
    for name, params in questions.items():
        ours, theirs = [], []
        for _ in range(min(ROUNDS, 3)):
            (micros, total), = ask(database.store, {name: params}).values()
            said, shells = timed(lambda: database.ask(database.first, sql(database, params)))
            if said.splitlines()[-1] != str(total):
                sys.exit(f"{name}: the first version counts {said.splitlines()[-1]}, we count {total}")
            ours.append(micros)
            theirs.append(shells)
        found[name] = (statistics.median(ours), statistics.median(theirs))
    return found


def serving(database):
    """Requests a second of nginx, of ours, and of ours where they differ, in turn; and the most memory that the server has used, in bytes."""
    folder = ROOT / "serving"
    (folder / "www").mkdir(parents=True, exist_ok=True)
    token = subprocess.check_output([AUDITLOG, "token", "generate", "-q"], text=True).strip()
    os.close(os.open(folder / "token", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    (folder / "token").write_text(token + "\n", encoding="utf-8")
    server = subprocess.Popen([AUDITLOG, "serve", "-q", "--store", database.store, "--accept-token-file", str(folder / "token"),
                               "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().strip() + "/api/audit-log/v1/audit-event?limit=100&"
    bearer = f"Authorization: Bearer {token}"
    (folder / "www/page").write_bytes(subprocess.check_output(["curl", "-sSf", "-H", bearer, url + YEAR]))
    (folder / "nginx.conf").write_text(f"""daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        events {{ worker_connections 256; }}
        http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/json;
          server {{ listen 127.0.0.1:18599; root {folder}/www; }} }}""", encoding="utf-8")
    # Each begins at another event.
    (folder / "differing.lua").write_text(
        """function request() return wrk.format("GET", wrk.path .. "&offset=" .. math.random(0, 400)) end""", encoding="utf-8")
    nginx = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")])
    time.sleep(1)

    def rate(*command, length=10 if ROUNDS > 1 else 3):
        said = subprocess.check_output(["wrk", "-t2", "-c32", f"-d{length}", *command], text=True)
        if "Non-2xx" in said:
            sys.exit(said)
        return float(re.search(r"Requests/sec: +([\d.]+)", said)[1])

    try:
        theirs, ours, differing = [], [], []
        for _ in range(ROUNDS):
            theirs.append(rate("http://127.0.0.1:18599/page"))
            ours.append(rate("-H", bearer, url + YEAR))
            differing.append(rate("-H", bearer, "-s", str(folder / "differing.lua"), url + YEAR))
        # Memory, whatever is asked.
        for params in COUNTED.values():
            rate("-H", bearer, url.replace("limit=100", "limit=1000") + params, length=2 if ROUNDS > 1 else 1)
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
    finally:
        for child in (server, nginx):
            child.send_signal(signal.SIGTERM)
            child.wait()
    rates = (statistics.median(all) for all in (theirs, ours, differing))
    return *rates, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024


def costs(database):
    """Seconds of the shell's import with all indexes, and without each."""
    names = [name for name in database.sizes() if name.startswith("events_by_") and name != "events_by_id"]
    return {name or "all": database.load_plain(name) for name in (None, *names)}


def ms(micros):
    return f"{micros / 1000:,.2f} ms"


def told(database, results):
    """The section of a database, as Markdown."""
    (ours, shells), by_size, by_index, against, (theirs, served, differing, memory), sizes = results
    median = statistics.median
    lines = [f"## {type(database).__name__}: storing", "",
             f"`auditlog ingest` of {COUNT:,} events beside {database.importer} of the same rows into the same table with the same "
             f"indexes; median of {len(ours)}.", "",
             "| | time | events a second |", "|---|---|---|",
             f"| `auditlog ingest` | {median(ours):.1f} s | {COUNT / median(ours):,.0f} |",
             f"| {database.importer} | {median(shells):.1f} s | {COUNT / median(shells):,.0f} |", "",
             f"Ratio: **{median(ours) / median(shells):.2f}** (to hold: at most 2). Size: {sizes[0] / 1e6:,.0f} MB beside "
             f"{sizes[1] / 1e6:,.0f} MB, **{sizes[0] / sizes[1]:.2f}** times (to hold: at most 1.2).", "",
             f"## {type(database).__name__}: the newest 100 and their total", "",
             f"Medians in one process, from {COUNT:,} and from {FEW:,} events of the same year in turn (to hold: at most 2 times).", "",
             "| filter | many | few | ratio |", "|---|---|---|---|"]
    for name, many in by_size["many"].items():
        few = by_size["few"][name]
        lines.append(f"| {name} | {ms(many)} | {ms(few)} | {many / few:.2f} |")
    lines += ["", f"Beside the same page and `count(*)` in a session of {database.shell_name} over the same {database.kind} (to hold: at most 1.1 times).", "",
              "| filter | events | ours | shell | ratio |", "|---|---|---|---|---|"]
    for name, (mine, shell, total) in by_index.items():
        lines.append(f"| {name} | {total:,} | {ms(mine)} | {ms(shell)} | {mine / shell:.2f} |")
    lines += ["", "Beside page and `count(*)` over the first version's table, which has an index by time alone (to hold: at least 20 "
              "times as fast).", "", "| filter | ours | first version | times as fast |", "|---|---|---|---|"]
    for name, (mine, old) in against.items():
        lines.append(f"| {name} | {ms(mine)} | {ms(old)} | {old / mine:,.0f} |")
    lines += ["", f"## {type(database).__name__}: serving", "",
              "A page of 100 to 32 clients, beside nginx with the same body in a file. Who asks for one page at the same time gets "
              "one answer.", "",
              "| | requests a second |", "|---|---|", f"| `auditlog serve` | {served:,.0f} |", f"| `auditlog serve`, each request for another page | {differing:,.0f} |",
              f"| nginx | {theirs:,.0f} |", "",
              f"Ratio: **{served / theirs:.2f}** (to hold: at least 0.2). The server's memory, pages of 1000 with each filter included: "
              f"**{memory / 1e6:.0f} MB** (to hold: at most 200).", ""]
    return lines


def main():
    rounds = min(ROUNDS, 3) if COUNT <= LARGE else 1
    sections = []
    for kind in DATABASES:
        database, small, name = kind(HERE), kind(ROOT / str(FEW)), kind.name
        results = [done(f"{name}-loading", lambda: loading(database, rounds))]
        size = done(f"{name}-size", lambda: (database.size(database.store), database.size(database.plain)))
        # Room is short.
        database.drop(database.plain)
        remove(database.rows)
        if not small.exists():
            small.load(make_log(ROOT / str(FEW), FEW))
        results.append(done(f"{name}-counted", lambda: counted(database, small)))
        results.append(done(f"{name}-indexed", lambda: indexed(database)))
        done(f"{name}-first-table", database.load_first)
        results.append(done(f"{name}-first", lambda: first(database)))
        database.drop(database.first)
        results.append(done(f"{name}-serving", lambda: serving(database)))
        sections += told(database, [*results, size])
        parts = done(f"{name}-parts", database.sizes)
        say(f"bytes an event: { {part: round(size / COUNT, 1) for part, size in parts.items()} }")
        if COUNT <= LARGE and ROUNDS > 1:
            costs_of = done(f"{name}-costs", lambda: costs(database))
            say(f"the shell's seconds without each: {costs_of}")
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(encoding="utf-8"))[1]) / 1048576
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], text=True).strip()
    print(f"# A store of {COUNT:,} events\n")
    print(f"The last run of `scripts/bench-store.sh`: {datetime.now(timezone.utc):%F}, commit {commit}, {os.cpu_count()} cores,")
    print(f"{memory:.0f} GiB of memory, {', '.join(kind(HERE).version() for kind in DATABASES)}. A year of events of some 900 bytes, of about 380 kinds.\n")
    print("\n".join(sections).rstrip())


main()
