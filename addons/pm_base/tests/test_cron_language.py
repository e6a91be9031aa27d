"""What a scheduled action writes stands on people's screens: it is in the language of the action's user."""

from unittest.mock import patch

from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestCronLanguage(TransactionCase):
    def language_of(self, xml_id):
        """The language in which the action behind a scheduled action runs."""
        seen = []
        cron = self.env.ref(xml_id)
        action = type(self.env["ir.actions.server"])
        with (
            patch.object(action, "run", lambda action: seen.append(action.env.lang)),
            patch.object(self.env.cr, "commit", lambda: None),
        ):
            cron._callback(cron.cron_name, cron.ir_actions_server_id.id)
        return seen

    def test_own_actions_speak_the_language_of_their_user(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env.user.lang = "zh_CN"
        self.assertEqual(self.language_of("pm_base.ir_cron_pm_import"), ["zh_CN"])

    def test_actions_of_other_modules_keep_what_odoo_gives_them(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env.user.lang = "zh_CN"
        self.assertEqual(self.language_of("mail.ir_cron_mail_scheduler_action"), [None])
