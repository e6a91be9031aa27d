from .loader import load


def post_init_hook(env):
    """Bring the sample property to life; see ``loader/``."""
    load(env)
