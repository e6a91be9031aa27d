"""Rows by the ten thousand: copied in SQL from one that the ORM has made, for `prepare`; and copies of whole tables, for the floor."""

import contextlib
import tempfile


def copy_rows(env, record, count, **changed):
    """Copy a record's row `count` times, with ids that follow its own.

    :param changed: SQL of the columns that differ; `part` is the number of the copy (from 1), `source` the row copied,
        and a percent sign is written twice
    """
    clone_rows(env, record, f"generate_series(1, {count}) part", id="source.id + part", **changed)


def clone_rows(env, record, rows, **changed):
    """Copy a record's row once for each of other rows.

    :param str rows: SQL of these rows, as it stands in FROM
    :param changed: SQL of the columns that differ, `id` among them, from these rows and `source`, the row copied
    """
    table = record._table
    env.flush_all()
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'", [table]
    )
    names = ["id", *(name for (name,) in env.cr.fetchall())]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(changed.get(name, f'source."{name}"') for name in names)
    env.cr.execute(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} source, {rows} WHERE source.id = %s", [record.id]
    )
    env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    env.invalidate_all()


@contextlib.contextmanager
def unindexed(env, *tables):
    """Fill tables in the block without their indexes, except those that keep keys apart, and build them anew after it.

    Their foreign keys stay away: to check millions of rows takes longer than to make them, and no screen asks.
    """
    env.cr.execute(
        """SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)""",
        [list(tables)],
    )
    for table, name in env.cr.fetchall():
        env.cr.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    env.cr.execute(
        """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid::regclass::text = ANY(%s) AND NOT indisunique AND NOT indisexclusion""",
        [list(tables)],
    )
    indexes = env.cr.fetchall()
    for name, _definition in indexes:
        env.cr.execute(f"DROP INDEX {name}")
    yield
    env.cr.execute("SET LOCAL maintenance_work_mem = '512MB'")
    for _name, definition in indexes:
        env.cr.execute(definition)


def prepare_copies(env, tables, foreign_keys):
    """Empty copies of tables, for the floor: `floor_<table>` with the same indexes and, if asked, references."""
    for table in tables:
        env.cr.execute(
            f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)"
        )
        if foreign_keys:
            env.cr.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
                [table],
            )
            for (definition,) in env.cr.fetchall():
                env.cr.execute(f"ALTER TABLE floor_{table} ADD {definition}")


def fill_copies(env, tables, source=""):
    """COPY the rows of `<source><table>` into the copies."""
    for table in tables:
        with tempfile.TemporaryFile("w+") as rows:
            env.cr._obj.copy_expert(f"COPY {source}{table} TO STDOUT", rows)
            rows.seek(0)
            env.cr._obj.copy_expert(f"COPY floor_{table} FROM STDIN", rows)
    env.cr.commit()
