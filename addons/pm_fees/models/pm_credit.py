from odoo import api, models
from odoo.tools import SQL


class PmCharge(models.Model):
    """Credit: money of a payer that no charge has used yet, found by what brought it into the ledger.

    Prepayments, overpayments, what a reversed charge leaves behind and credit taken over from another payer are one
    thing here: open credit items of the receivable account whose household is known. Money without a unit (one
    transfer for several) serves every unit of its payer.
    """

    _inherit = "pm.charge"

    @api.model
    def _open_credit(self, properties, partner_ids, unit_ids=None):
        """Open credit by household.

        :param properties: pm.property records whose receivable accounts are looked at
        :param partner_ids: ids of payers
        :param unit_ids: ids of units; None = all. Credit without a unit is always found.
        :return: {(unit id or False, partner id): journal items, oldest first}, in sudo
        """
        self.env.flush_all()
        # sudo: accounts are looked up by the program, readers of credit need no right on them
        accounts = properties.sudo().receivable_account_id
        if not accounts or not partner_ids:
            return {}
        self.env.cr.execute(
            SQL(
                """
                SELECT origin.unit_id, item.partner_id, item.id
                  FROM account_move_line item
                 CROSS JOIN LATERAL (
                    SELECT line.unit_id
                      FROM pm_payment_line line
                      JOIN pm_payment payment ON payment.id = line.payment_id AND payment.state = 'posted'
                                             AND payment.property_id = ANY(%(properties)s)
                     WHERE line.move_line_id = item.id
                    %(more)s
                 ) origin
                 WHERE item.account_id = ANY(%(accounts)s) AND item.partner_id = ANY(%(partners)s)
                   AND item.parent_state = 'posted' AND (item.reconciled IS NULL OR item.reconciled = false)
                   AND item.amount_residual < 0
                   AND (%(every)s OR origin.unit_id IS NULL OR origin.unit_id = ANY(%(units)s))
                 ORDER BY item.date, item.id
                """,
                properties=list(properties.ids),
                accounts=list(accounts.ids),
                partners=list(partner_ids),
                every=unit_ids is None,
                units=list(unit_ids or []),
                more=self._credit_origins_sql(properties),
            )
        )
        found = {}
        for unit_id, partner_id, item_id in self.env.cr.fetchall():
            found.setdefault((unit_id or False, partner_id), []).append(item_id)
        # sudo: as above
        items = self.env["account.move.line"].sudo()
        return {key: items.browse(ids) for key, ids in found.items()}

    @api.model
    def _credit_origins_sql(self, properties):
        """Hook: further sources of credit, as ``UNION ALL SELECT unit_id …`` correlated with ``item``."""
        return SQL("")

    @api.model
    def _household_credit(self, unit, partner_id):
        """Credit items that serve one payer on one unit, oldest first, in sudo."""
        found = self._open_credit(unit.property_id, [partner_id], unit.ids)
        items = self.env["account.move.line"].sudo().union(*found.values())
        return items.sorted(lambda item: (item.date, item.id))

    @api.model
    def _payer_credit(self, properties, partner_ids):
        """What is kept for payers and not asked back, by property and unit.

        :return: {(pm.property, pm.unit or none of it): amount}, in sudo
        """
        # sudo: as in `_open_credit`
        units, found = self.env["pm.unit"].sudo(), {}
        for prop in properties.sudo():
            for (unit_id, _partner), items in self._usable_only(self._open_credit(prop, partner_ids)).items():
                key = prop, units.browse(unit_id or ())
                found[key] = prop.currency_id.round(found.get(key, 0.0) - sum(items.mapped("amount_residual")))
        return found

    @api.model
    def _usable_only(self, credit):
        """:param credit: as `_open_credit` returns it; without what is asked back, and without households left with none"""
        # sudo: as in `_open_credit`
        usable = self._usable_credit(self.env["account.move.line"].sudo().union(*credit.values()))
        return {key: items & usable for key, items in credit.items() if items & usable}

    def _apply_credit(self):
        """Pay the oldest open charges of these charges' households from their credit.

        Called in the transaction that posts a run's charges, so that a crash leaves neither one without the other.
        No money moves: it was receipted when it came.
        """
        # Read by SQL: a run asks this of every chunk, and hardly any household has credit.
        households = self.env.execute_query(
            SQL("SELECT DISTINCT unit_id, partner_id FROM pm_charge WHERE id = ANY(%s)", list(self.ids))
        )
        units, partners = ({row[index] for row in households} for index in (0, 1))
        credit = self._open_credit(self[:1].property_id, partners, units)
        if not credit:
            return
        nothing = self.env["account.move.line"].sudo()  # sudo: as in `_open_credit`
        usable = self._usable_credit(nothing.union(*credit.values()))
        plan, paid = [], set()
        wanted = {key for key in households if key in credit or (False, key[1]) in credit}
        for (unit_id, partner_id), charges in self._open_of_households(wanted).items():
            # Odoo itself settles the oldest first. Credit without a unit is offered to each household of its payer: what
            # the first one used, the next no longer finds.
            items = credit.get((unit_id, partner_id), nothing) | credit.get((False, partner_id), nothing)
            plan.append(charges.sudo().move_line_id | (items & usable))
            paid.add((partner_id, unit_id))
        nothing._reconcile_plan(plan)
        self._money_changed(paid)

    def _open_of_households(self, households):
        """{(unit id, partner id): open charges, oldest first}"""
        charges = self.search(
            [
                ("unit_id", "in", [unit for unit, _partner in households]),
                ("partner_id", "in", [partner for _unit, partner in households]),
                ("paid_state", "in", ("unpaid", "partial")),
            ],
            order="due_date, period_start, id",
        )
        return {
            key: group
            for key, group in charges.grouped(lambda charge: (charge.unit_id.id, charge.partner_id.id)).items()
            if key in households
        }


class PmBillingRun(models.Model):
    _inherit = "pm.billing.run"

    def _on_chunk_posted(self, charges):
        super()._on_chunk_posted(charges)
        if self.property_id.use_credit:
            charges._apply_credit()
