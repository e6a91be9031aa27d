from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .pm_service_order import PmServiceOrder as Base

MANAGER = "pm_base.group_manager"


class PmServiceOrder(models.Model):
    """Orders beyond the price list: temporary services by cost sheet, and wishes beyond our scope.

    ========  ====================================================================================
    referred  the wish is beyond our scope: the project manager settles it with the customer (S1-91)
    ========  ====================================================================================

    He lets it go on (then usually by a cost sheet, S1-85) or declines it; either way what was settled is on record.
    """

    _inherit = "pm.service.order"
    _program_fields = frozenset({"scope_decision", "scope_decided_by_id", "scope_decided_at"})
    _transitions = Base._transitions | {
        ("draft", "referred"): "_guard_referred",
        ("referred", "draft"): (MANAGER, "_guard_scope_decided"),
        ("referred", "cancelled"): (MANAGER, "_guard_scope_decided"),
    }

    state = fields.Selection(
        selection_add=[("referred", "With the manager"), ("quoted",)], ondelete={"referred": "set default"}
    )
    is_temporary = fields.Boolean(
        string="Temporary Service",
        tracking=True,
        copy=False,
        help="Not on the price list, small construction works included: priced by a cost sheet (S1-85).",
    )
    estimate_ids = fields.One2many("pm.service.estimate", "order_id", string="Cost Sheets")
    scope_reason = fields.Char(string="Why Beyond Our Scope", copy=False, tracking=True)
    scope_decision = fields.Char(string="What Was Settled", readonly=True, copy=False)
    scope_decided_by_id = fields.Many2one("res.users", string="Settled By", readonly=True, copy=False)
    scope_decided_at = fields.Datetime(string="Settled On", readonly=True, copy=False)

    def _guard_referred(self):
        self._check_desk()
        self._require((self.scope_reason or "").strip(), self.env._("write why the wish is beyond our scope (S1-91)."))

    def _guard_scope_decided(self):
        self._require((self.scope_decision or "").strip(), self.env._("write what was settled with the customer."))

    def _guard_quoted(self):
        if self.is_temporary:
            self._require(
                self.estimate_ids.filtered(lambda sheet: sheet.state == "approved"),
                self.env._("a temporary service is priced by a cost sheet that the project manager approved (S1-88)."),
            )
        super()._guard_quoted()

    def action_refer(self):
        """Report the wish to the project manager (S1-91)."""
        self._transition("referred")
        for order in self.filtered("property_id.manager_id"):
            order.activity_schedule(
                "pm_customer_service.mail_activity_type_report",
                user_id=order.property_id.manager_id.id,
                summary=self.env._("Beyond our scope: settle with the customer"),
                note=order.scope_reason,
            )

    def action_decide_scope(self):
        """Ask the manager what was settled."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settle the Wish"),
            "res_model": "pm.service.decision",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    def _decide_scope(self, accept, words):
        """The project manager has settled the wish with the customer: it goes on, or it is declined.

        :param bool accept: whether we do it after all
        :param str words: what was settled
        """
        self.ensure_one()
        if not (words or "").strip():
            raise UserError(self.env._("Write what was settled with the customer."))
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Wishes beyond our scope are settled by the project manager (S1-91)."))
        self._require(self.state == "referred", self.env._("it is not with the manager."))
        # sudo: who decided is the program's; that it is the manager was checked
        self.sudo().write(
            {
                "scope_decision": words.strip()[:250],
                "scope_decided_by_id": self.env.uid,
                "scope_decided_at": fields.Datetime.now(),
                "is_temporary": self.is_temporary or accept,
            }
        )
        self.activity_feedback(["pm_customer_service.mail_activity_type_report"], feedback=words.strip())
        if accept:
            self._transition("draft")
        else:
            self._cancel(words)
