"""Rows by the ten thousand, for `prepare`: copied in SQL from one that the ORM has made."""


def copy_rows(env, record, count, **changed):
    """Copy a record's row `count` times, with ids that follow its own.

    :param changed: SQL of the columns that differ; `part` is the number of the copy (from 1), `source` the row copied,
        and a percent sign is written twice
    """
    table = record._table
    env.flush_all()
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'", [table]
    )
    names = [name for (name,) in env.cr.fetchall()]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(changed.get(name, f'source."{name}"') for name in names)
    env.cr.execute(
        f"""INSERT INTO {table} (id, {columns}) SELECT source.id + part, {values}
              FROM {table} source, generate_series(1, {count}) part WHERE source.id = %s""",
        [record.id],
    )
    env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    env.invalidate_all()
