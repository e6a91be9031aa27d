def pre_init_hook(env):
    """Create the PostgreSQL extensions the constraints and searches need.

    ``btree_gist`` lets an exclusion constraint compare ids and date ranges, ``pg_trgm`` indexes the
    counter's "part of a name or phone" search. Both ship with PostgreSQL and are trusted extensions:
    a plain database owner may create them.
    """
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
