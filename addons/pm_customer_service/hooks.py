import secrets


def post_init_hook(env):
    """Give every installation its own seed, so that nobody can foresee which repairs are followed up."""
    params = env["ir.config_parameter"].sudo()  # at installation there is no user yet
    if not params.get_param("pm_customer_service.sample_seed"):
        params.set_param("pm_customer_service.sample_seed", secrets.token_hex(8))
