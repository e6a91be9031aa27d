def pre_init_hook(env):
    """Create the PostgreSQL extensions the constraints and searches need.

    ``btree_gist`` lets an exclusion constraint compare ids and date ranges, ``pg_trgm`` indexes the
    counter's "part of a name or phone" search. Both ship with PostgreSQL and are trusted extensions:
    a plain database owner may create them.
    """
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def post_init_hook(env):
    """Close the sign-up that Odoo leaves open to anybody: the portal's accounts are those that staff invite.

    Once, at installation: who opens it again in the settings has a reason.
    """
    env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2b")
