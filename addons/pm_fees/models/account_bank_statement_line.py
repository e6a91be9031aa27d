import logging
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL, float_repr

from odoo.addons.pm_base.models.pm_program_fields import refuse_fields

from .account_move import LEDGER_STEP
from .payment_reference import find_references
from .pm_bank_proposal import BOOKED_AT_ONCE

_logger = logging.getLogger(__name__)

_BATCH = 500
_RANK = {"reference": 1, "account": 2, "name": 3, "remark": 4, "amount": 5}
_MAX_PROPOSALS = 5
_WALLETS = ("wechat", "alipay")


class AccountBankStatementLine(models.Model):
    """Bank lines that pay charges. Certain ones are booked by themselves, the rest is proposed with reasons.

    Certain: a valid payment reference that covers the amount; or a known payer account or a payer name that fits one
    debtor only, whose open total (of all units, of one unit, or of the oldest charges) is exactly the amount.
    Everything else stays on the suspense account until somebody decides.
    """

    _name = "account.bank.statement.line"
    _inherit = ["account.bank.statement.line", "pm.program.fields"]
    _program_fields = frozenset({"pm_match_reason", "pm_settled_payment_id"})

    _pm_transaction_unique = models.UniqueIndex(
        "(journal_id, pm_transaction_ref) WHERE pm_transaction_ref IS NOT NULL",
        "This bank transaction has already been loaded.",
    )

    pm_transaction_ref = fields.Char(
        "Bank Transaction No.", readonly=True, copy=False, help="Loading the same transaction twice changes nothing."
    )
    pm_match_state = fields.Selection(
        [
            ("todo", "To match"),
            ("proposed", "Proposed"),
            ("matched", "Matched"),
            ("unknown", "Unknown"),
            ("ignored", "Not for fees"),
        ],
        "Matching",
        default="todo",
        copy=False,
        index="btree_not_null",
    )
    pm_match_reason = fields.Char("Matched By", readonly=True, copy=False)
    pm_proposal_ids = fields.One2many("pm.bank.proposal", "statement_line_id", "Proposals")
    pm_payment_ids = fields.One2many("pm.payment", "statement_line_id", "Receipts", readonly=True)
    pm_settled_payment_id = fields.Many2one(
        "pm.payment",
        "Money of Receipt",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The transfer was receipted at the counter or in the portal before the bank showed it.",
    )

    def write(self, vals):
        """The number comes with the bank's file, which its loader reads as he is; afterwards it tells who was loaded."""
        if "pm_transaction_ref" in vals and not self.env.su:
            refuse_fields(self, {"pm_transaction_ref"})
        return super().write(vals)

    def _pm_note_match(self, state, reason, settled=None):
        """Write down how the line was matched; for the steps of matching, after their checks.

        :param settled: pm.payment whose waiting money it is
        """
        self.check_access("write")
        # sudo: _program_fields
        self.sudo().write(
            {
                "pm_match_state": state,
                "pm_match_reason": reason,
                "pm_settled_payment_id": settled.id if settled else False,
            }
        )

    # -- booking one line ---------------------------------------------------------------------------------------------

    def _pm_rewrite(self, counterparts):
        """Replace the suspense line by `counterparts`.

        :param list counterparts: values of journal items that add up to the suspense line
        :return: the new journal items in that order
        :raise UserError: the line is booked already
        """
        self.ensure_one()
        # Two people must not book one line: the second waits and finds it done.
        self.env.execute_query(SQL("SELECT id FROM account_bank_statement_line WHERE id = %s FOR UPDATE", self.id))
        self.invalidate_recordset(["is_reconciled"])
        suspense = self._pm_open_suspense(counterparts)
        before = self.move_id.line_ids
        self.move_id.with_context(skip_readonly_check=True, force_delete=True, tracking_disable=True).write(
            {
                "line_ids": [Command.delete(suspense.id), *(Command.create(vals) for vals in counterparts)],
            }
        )
        return (self.move_id.line_ids - before).sorted("id")

    def _pm_open_suspense(self, counterparts):
        """The suspense item of this line, which `counterparts` are to replace.

        :raise UserError: the line is booked already, or would not be booked whole
        """
        self.ensure_one()
        _liquidity, suspense, other = self._seek_for_lines()
        if self.is_reconciled or not suspense or other:
            raise UserError(self.env._("Bank line “%s” is already booked.", self.payment_ref or self.display_name))
        total = sum(vals["balance"] for vals in counterparts)
        if self.currency_id.compare_amounts(total, suspense.balance):
            raise UserError(
                self.env._("The whole bank line has to be booked: %s.", self.currency_id.format(self.amount))
            )
        return suspense

    def _pm_unbook(self):
        """Take the booking back: the money is on the suspense account again, and no automatic match is tried."""
        self.ensure_one()
        # sudo: whoever may void the payment may free its bank line
        self.sudo().with_context(pm_payment_void=LEDGER_STEP).action_undo_reconciliation()
        self._pm_note_match("unknown", False)
        self.pm_proposal_ids.filtered(lambda p: p.state in ("accepted", "superseded"))._decide("rejected")

    def _pm_book(self, prop, partner, allocation, reason=None):
        """Book this line as a payment of `partner`.

        :param list allocation: (charge, amount) pairs; what is over becomes credit of the payer
        :return: pm.payment
        """
        self.ensure_one()
        payment = self.env["pm.payment"]._register_payment(self._pm_payment_request(prop, partner, allocation))
        self._pm_note_match("matched", reason or self.env._("Accepted by %s", self.env.user.name))
        # sudo: what account a payer uses is remembered by the matching itself
        self.env["pm.payer.account"].sudo()._remember(self, partner)
        return payment

    def _pm_payment_request(self, prop, partner, allocation):
        """What `_register_payment` is asked for to book this line."""
        self.ensure_one()
        units = self.env["pm.charge"].union(*(charge for charge, _amount in allocation)).unit_id
        return {
            # The line can be booked again after an undo: the key counts the attempts.
            # sudo: also those that the user may not see
            "request_key": f"bank/{self.id}/{len(self.sudo().pm_payment_ids) + 1}",
            "direction": "in",
            "source": "bank",
            "property_id": prop.id,
            "partner_id": partner.id,
            "unit_id": units.id if len(units) == 1 else False,
            "method_id": self.env["pm.payment.method"]._get(self.company_id, "transfer").id,
            "amount": self.amount,
            "date": self.date,
            "statement_line_id": self.id,
            "allow_credit": True,
            "note": self.payment_ref,
            "lines": [{"charge_id": charge.id, "amount": amount} for charge, amount in allocation],
        }

    def _pm_settle(self, payment, money):
        """The money of a receipt has arrived: clear its waiting account, nothing is paid a second time.

        :param payment: pm.payment that was booked to a waiting account (transfer, online)
        :param money: its open journal item on that account
        """
        self.ensure_one()
        [item] = self._pm_rewrite(
            [
                {
                    "account_id": money.account_id.id,
                    "balance": -self.amount,
                    "partner_id": payment.partner_id.id,
                    "name": payment.receipt_name,
                }
            ]
        )
        (item | money).reconcile()
        self._pm_note_match("matched", self.env._("Money of receipt %s", payment.receipt_name), payment)
        return True

    def action_undo_reconciliation(self):
        # sudo: receipts of every property bar it, whoever may read them
        if self.env.context.get("pm_payment_void") is not LEDGER_STEP and self.sudo().pm_payment_ids.filtered(
            lambda p: p.state == "posted"
        ):
            raise UserError(self.env._("Charges were paid with this bank line: to undo it you must void its receipt."))
        return super().action_undo_reconciliation()

    def action_pm_undo(self):
        """Take a match back, with a reason."""
        self.ensure_one()
        if self.pm_settled_payment_id:
            return self._pm_unbook()
        payment = self.pm_payment_ids.filtered(lambda p: p.state == "posted")
        if not payment:
            raise UserError(self.env._("To undo a match, the bank line must be matched with charges."))
        return payment.action_reverse()

    def action_pm_match(self):
        """Match the selected lines now and say what came of it. Money that went out is never a payment of fees."""
        arrived = self.filtered(lambda line: line.amount > 0)
        arrived.filtered(lambda line: line.pm_match_state in ("unknown", "ignored", False)).pm_match_state = "todo"
        counts = arrived._pm_match()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if counts["matched"] else "info",
                "message": self.env._(
                    "%(matched)s matched, %(proposed)s to confirm, %(unknown)s unknown.",
                    matched=counts["matched"],
                    proposed=counts["proposed"],
                    unknown=counts["unknown"],
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_pm_ignore(self):
        """Not a payment of fees (interest, transfer between own accounts ...): leave it to the accountant."""
        self.filtered(lambda line: not line.is_reconciled).pm_match_state = "ignored"
        self.pm_proposal_ids.filtered(lambda p: p.state == "proposed").action_reject()

    # -- matching -----------------------------------------------------------------------------------------------------

    @api.model
    def _cron_pm_match(self):
        """Match what has arrived. Safe to run twice: a booked line is left alone, proposals have a key."""
        domain = [("pm_match_state", "in", ("todo", "proposed")), ("amount", ">", 0), ("is_reconciled", "=", False)]
        remaining = self.search_count(domain)
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        last = 0
        while lines := self.search([*domain, ("id", ">", last)], order="id", limit=_BATCH):
            lines._pm_match()
            last = lines[-1].id
            if not self.env["ir.cron"]._commit_progress(len(lines)):
                break

    def _pm_match(self):
        """Book the certain lines, propose for the others.

        :return: dict with the counts of matched, proposed and unknown lines
        :raise AccessError: the user is no accountant
        """
        self.check_access("write")
        self.env["pm.payment"]._check_may_register({"statement_line_id": True})
        counts = dict.fromkeys(("matched", "proposed", "unknown"), 0)
        # sudo: the bank account is the company's. Whose money it is depends on what is owed in every property, not on
        # whose accountant has loaded the file: what he may not see he would call unknown, or take for nobody else's.
        lines = self.sudo().filtered(
            lambda line: line.amount > 0 and not line.is_reconciled and line.pm_match_state in ("todo", "proposed")
        )
        for company, company_lines in lines.grouped("company_id").items():
            # Who owes just this amount is asked for what is left alone: all open charges have to be added up for it.
            left = company_lines._pm_match_round(company, counts)
            left._pm_match_round(company, counts, last=True)
        counts["unknown"] = len(lines) - counts["matched"] - counts["proposed"]
        return counts

    def _pm_match_round(self, company, counts, last=False):
        """Book the certain lines of one company.

        :param dict counts: what `_pm_match` returns; is added to
        :param last: compare with amounts too, and propose where nothing is certain
        :return: the lines of which nothing has been said yet
        """
        left, certain = self.browse(), {}
        debts = self._pm_debts(company, by_amount=last) if self else {}
        for line in self:
            candidates = line._pm_candidates(debts)
            # What this payer owes is known again only when his other line is booked.
            if certain and line._pm_concerns(candidates, {chosen["partner"] for chosen in certain.values()}):
                counts["matched"] += self._pm_book_certain(certain)
                certain = {}
                candidates = line._pm_candidates(debts)
            if settled := line._pm_find_settled(debts):
                counts["matched"] += line._pm_try(lambda line=line, settled=settled: line._pm_settle(*settled))
            elif chosen := line._pm_chosen(candidates):
                certain[line] = chosen
            elif last:
                counts["proposed"] += line._pm_try(lambda line=line, found=candidates: line._pm_propose_best(found))
            else:
                left += line
            if len(certain) >= BOOKED_AT_ONCE:
                counts["matched"] += self._pm_book_certain(certain)
                certain = {}
        counts["matched"] += self._pm_book_certain(certain)
        return left

    def _pm_try(self, step):
        """Do a step for this line; when it is refused, the line is left to a person.

        :return: what the step returns, or False
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return step()
        except UserError as error:
            _logger.info("Bank line %s left for a person: %s", self.id, error)
            self.pm_match_state = "unknown"
            return False

    @staticmethod
    def _pm_concerns(candidates, partners):
        """True if what one of these payers owes decides about the line of these candidates."""
        # Neighbours owe the same amount: that alone counts only where nothing better is known.
        sure = any(candidate["certain"] for candidate in candidates)
        return any(
            candidate["partner"] in partners for candidate in candidates if candidate["reason"] != "amount" or not sure
        )

    def _pm_debts(self, company, by_amount):
        """Everything the matching of these lines needs, in a handful of queries.

        :param by_amount: also who owes just the amount of a line, whoever he is
        """
        Charge, Partner = self.env["pm.charge"], self.env["res.partner"]
        texts = {line.id: f"{line.payment_ref or ''} {line.ref or ''} {line.transaction_type or ''}" for line in self}
        references = {line_id: find_references(text) for line_id, text in texts.items()}
        charge_ids = {number for found in references.values() for kind, number in found if kind == "charge"}
        named = self._pm_named_units(company, texts)
        unit_ids = {number for found in references.values() for kind, number in found if kind == "unit"}
        unit_ids.update(unit_id for found in named.values() for unit_id in found)
        # Banks write names with or without spaces.
        names = {
            name
            for line in self
            if line.partner_name
            for name in (line.partner_name.strip(), self._pm_clean(line.partner_name))
        }
        partners_by_name = defaultdict(lambda: Partner)
        for partner in Partner.search([("name", "in", list(names))]):
            partners_by_name[self._pm_clean(partner.name)] |= partner
        numbers = {self.env["pm.payer.account"]._number_of(line) for line in self} - {""}
        by_account = defaultdict(lambda: Partner)
        for known in self.env["pm.payer.account"].search(
            [("company_id", "=", company.id), ("account_number", "in", list(numbers))]
        ):
            by_account[known.account_number] |= known.partner_id
        owing = self._pm_owing(company) if by_amount else {}
        # Of these every open charge is known, of the others those alone that somebody has named.
        everyone = Partner.union(
            *partners_by_name.values(),
            *by_account.values(),
            *owing.values(),
            self._pm_payers_of_all(company, charge_ids, unit_ids),
        )
        charges = Charge.search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "posted"),
                ("residual", ">", 0),
                "|",
                "|",
                ("id", "in", list(charge_ids)),
                ("unit_id", "in", list(unit_ids)),
                ("partner_id", "in", everyone.ids),
            ],
            order="due_date, period_start, id",
        )
        by_partner = charges.filtered(lambda charge: charge.partner_id in everyone).grouped("partner_id")
        return {
            "waiting": self._pm_waiting(company),
            "references": references,
            "named": named,
            "by_name": partners_by_name,
            "by_account": by_account,
            "by_amount": owing,
            "by_partner": defaultdict(lambda: Charge, by_partner),
            "by_unit": defaultdict(lambda: Charge, {unit.id: own for unit, own in charges.grouped("unit_id").items()}),
            "by_id": {charge.id: charge for charge in charges},
        }

    def _pm_amounts(self):
        """What came in, as the database compares it with sums."""
        return tuple({float_repr(line.amount, line.currency_id.decimal_places) for line in self})

    def _pm_owing(self, company):
        """Who owes just the amount of one of these lines. Of so many that none can be told from another: nobody.

        :return: dict of res.partner by amount
        """
        self.env["pm.charge"].flush_model(["company_id", "state", "partner_id", "residual"])
        found = self.env.execute_query(
            SQL(
                """SELECT total, array_agg(partner_id ORDER BY partner_id)
                FROM (SELECT partner_id, sum(residual) AS total FROM pm_charge
                    WHERE company_id = %s AND state = 'posted' AND residual > 0
                    GROUP BY partner_id HAVING sum(residual) IN %s) debtor
                GROUP BY total HAVING count(*) <= %s""",
                company.id,
                self._pm_amounts(),
                _MAX_PROPOSALS,
            )
        )
        partners = self.env["res.partner"]
        return {company.currency_id.round(float(total)): partners.browse(ids) for total, ids in found}

    def _pm_payers_of_all(self, company, charge_ids, unit_ids):
        """Payers of these charges and units who owe, in all, just the amount of one of these lines."""
        Charge = self.env["pm.charge"]
        Charge.flush_model(["company_id", "state", "partner_id", "property_id", "unit_id", "residual"])
        found = self.env.execute_query(
            SQL(
                """SELECT DISTINCT partner_id FROM
                (SELECT partner_id FROM pm_charge WHERE company_id = %(company)s AND state = 'posted' AND residual > 0
                    AND partner_id IN (SELECT partner_id FROM pm_charge WHERE id = ANY(%(charges)s)
                        UNION SELECT partner_id FROM pm_charge WHERE unit_id = ANY(%(units)s)
                            AND state = 'posted' AND residual > 0)
                GROUP BY partner_id, property_id HAVING sum(residual) IN %(amounts)s) payer""",
                company=company.id,
                charges=list(charge_ids),
                units=list(unit_ids),
                amounts=self._pm_amounts(),
            )
        )
        return self.env["res.partner"].browse(partner_id for (partner_id,) in found)

    @staticmethod
    def _pm_clean(name):
        return "".join((name or "").split())

    def _pm_chosen(self, candidates):
        """The candidate on which this line is to be booked without asking; None if somebody has to decide."""
        self.ensure_one()
        certain = [candidate for candidate in candidates if candidate["certain"]]
        best = min((_RANK[candidate["reason"]] for candidate in certain), default=0)
        # An account that says one payer and a name that says another: a person has to look. A reference says it expressly.
        worst = _RANK["name"] if best == _RANK["account"] else best
        certain = [candidate for candidate in certain if _RANK[candidate["reason"]] <= worst]
        if len(certain) != 1:
            return None
        rejected = self.pm_proposal_ids.filtered(lambda p: p.state == "rejected" and p.key == certain[0]["key"])
        return None if rejected else certain[0]

    def _pm_propose_best(self, candidates):
        """Propose the likeliest candidates as they stand now; what was proposed before and is none any more is dropped.

        :return: True if there is something to confirm
        """
        likeliest = candidates[:_MAX_PROPOSALS]
        keys = {candidate["key"] for candidate in likeliest}
        # sudo: a proposal is written by the matching alone
        self.pm_proposal_ids.filtered(lambda p: p.state == "proposed" and p.key not in keys).sudo().unlink()
        self._pm_propose(likeliest)
        proposed = bool(self.pm_proposal_ids.filtered(lambda p: p.state == "proposed"))
        self.pm_match_state = "proposed" if proposed else "unknown"
        return proposed

    def _pm_book_chosen(self, chosen):
        """Book this line on a candidate that is certain."""
        self._pm_book(chosen["property"], chosen["partner"], chosen["allocation"], chosen["text"])
        self.pm_proposal_ids.filtered(lambda p: p.state == "proposed" and p.key != chosen["key"])._decide("superseded")
        self._pm_propose([chosen])._decide("accepted")
        return True

    def _pm_find_settled(self, debts):
        """The receipt whose money this line is: same amount, and the payer, the unit or the receipt number agree.

        Of several of one payer it is the oldest: he transfers the same every month. Of several payers' it is none.

        :return: (pm.payment, its open money item) or None
        """
        name = self._pm_clean(self.partner_name)
        text = f"{self.payment_ref or ''} {self.ref or ''}"
        units = {number for kind, number in debts["references"][self.id] if kind == "unit"}
        found = [
            (payment, money)
            for payment, money in debts["waiting"][self.currency_id.round(self.amount)]
            if not money.reconciled
            and money.account_id != self.journal_id.default_account_id
            and (
                name
                and name == self._pm_clean(payment.partner_id.name)
                # A reference says more than a name: another's of the same name is not meant.
                and (not units or units & self._pm_units_of(payment))
                or payment.receipt_name in text
                or (payment.note or "")
                and payment.source == "online"
                and payment.note in text
                or self.pm_transaction_ref
                and payment.method_id.code in _WALLETS
                and (payment.note or "").strip() == self.pm_transaction_ref
                or units & self._pm_units_of(payment)
            )
        ]
        if len({(payment.partner_id, payment.property_id, money.account_id) for payment, money in found}) != 1:
            return None
        return min(found, key=lambda pair: (pair[0].date, pair[0].id))

    @staticmethod
    def _pm_units_of(payment):
        """Ids of the units that a receipt is about."""
        return set((payment.line_ids.charge_id.unit_id | payment.unit_id).ids)

    def _pm_waiting(self, company):
        """Receipts whose money the bank has not shown yet, by amount."""
        methods = self.env["pm.payment.method"].search(
            [("company_id", "=", company.id), ("code", "in", ("transfer", "online", *_WALLETS))]
        )
        # What the counter took by a wallet waits on the account of the method's own journal for the merchant's bill.
        accounts = methods.filtered(
            lambda method: method.code in _WALLETS or method.account_id != method.journal_id.default_account_id
        ).account_id
        waiting = defaultdict(list)
        items = self.env["account.move.line"].search(
            [
                ("account_id", "in", accounts.ids),
                ("reconciled", "=", False),
                ("parent_state", "=", "posted"),
                ("balance", ">", 0),
            ]
        )
        payments = (
            self.env["pm.payment"]
            .search([("move_id", "in", items.move_id.ids), ("state", "=", "posted")])
            .grouped("move_id")
        )
        for item in items:
            if item.move_id in payments:
                waiting[company.currency_id.round(item.balance)].append((payments[item.move_id], item))
        return waiting

    def _pm_propose(self, candidates):
        """Record candidates once, as they stand now; what was rejected before stays rejected.

        :return: the proposals of these candidates
        """
        return self._pm_propose_all({self: candidates})

    def _pm_propose_all(self, candidates):
        """`_pm_propose` for many lines.

        :param dict candidates: list of candidates by line
        """
        known = {(p.statement_line_id.id, p.key): p for line in candidates for p in line.pm_proposal_ids}
        new = []
        for line, found in candidates.items():
            for candidate in found:
                values = line._pm_proposal_values(candidate)
                proposal = known.get((line.id, candidate["key"]))
                if proposal is None:
                    new.append(
                        {**values, "statement_line_id": line.id, "key": candidate["key"], "reason": candidate["reason"]}
                    )
                elif proposal.state == "proposed" and not proposal._says(candidate):
                    # sudo: a proposal is written by the matching alone
                    proposal.sudo().write({**values, "line_ids": [Command.clear(), *values["line_ids"]]})
        self.env["pm.bank.proposal"].sudo().create(new)  # sudo: as above
        keys = {(line, candidate["key"]) for line, found in candidates.items() for candidate in found}
        return self.browse(line.id for line in candidates).pm_proposal_ids.filtered(
            lambda p: (p.statement_line_id, p.key) in keys
        )

    def _pm_proposal_values(self, candidate):
        """What a proposal of this candidate says; what it is known by (line, key, reason) stays."""
        return {
            "rank": _RANK[candidate["reason"]],
            "reason_text": candidate["text"],
            "property_id": candidate["property"].id,
            "partner_id": candidate["partner"].id,
            "amount": self.currency_id.round(sum(amount for _charge, amount in candidate["allocation"])),
            "credit_amount": candidate["credit"],
            "line_ids": [
                Command.create({"charge_id": charge.id, "amount": amount}) for charge, amount in candidate["allocation"]
            ],
        }

    def _pm_candidates(self, debts):
        """Who may have paid this line, surest first."""
        candidates, seen = [], set()

        def add(reason, charges, text, exact_only):
            for (prop, partner), own in charges.grouped(lambda c: (c.property_id, c.partner_id)).items():
                if reason == "reference":
                    own = self._pm_all_if_exact(own, debts["by_partner"][partner])
                own = own.filtered(lambda c: c.currency_id.compare_amounts(c.residual, 0) > 0)
                if own and (prop.id, partner.id) not in seen:
                    seen.add((prop.id, partner.id))
                    candidates.append(self._pm_candidate(reason, prop, partner, own, text, exact_only))

        found = debts["references"][self.id]
        if found:
            charges = (
                self.env["pm.charge"]
                .union(
                    *(
                        debts["by_unit"][number]
                        if kind == "unit"
                        else debts["by_id"].get(number, self.env["pm.charge"])
                        for kind, number in found
                    )
                )
                .sorted(lambda c: (c.due_date, c.period_start, c.id))
            )
            add("reference", charges, self.env._("Payment reference with valid check digits"), False)
            if len(candidates) > 1:  # one transfer for several payers: nobody but a person can split it
                for candidate in candidates:
                    candidate["certain"] = False
        number = self.env["pm.payer.account"]._number_of(self)
        for partner in debts["by_account"][number] if number else ():
            add(
                "account",
                debts["by_partner"][partner],
                self.env._("%s has paid from this account before", partner.name),
                True,
            )
        name = self._pm_clean(self.partner_name)
        for partner in debts["by_name"][name] if name else ():
            add("name", debts["by_partner"][partner], self.env._("The payer's name is %s", partner.name), True)
        named = self.env["pm.charge"].union(*(debts["by_unit"][unit_id] for unit_id in debts["named"][self.id]))
        if named:
            units = "、".join(named.unit_id.mapped("display_name"))
            named = named.sorted(lambda c: (c.due_date, c.period_start, c.id))
            add("remark", named, self.env._("The remark names %s", units), True)
        for partner in debts["by_amount"].get(self.currency_id.round(self.amount), ()):
            add("amount", debts["by_partner"][partner], self.env._("%s owes exactly this amount", partner.name), True)
        for candidate in candidates:
            if candidate["reason"] in ("remark", "amount"):
                candidate["certain"] = False
        # Two people of one name: certain only when the amount fits one of them alone, which `len(certain) == 1` ensures.
        return sorted(candidates, key=lambda c: (_RANK[c["reason"]], not c["certain"]))

    def _pm_all_if_exact(self, charges, every):
        """A notice over several units is paid under the reference of one: with its whole amount all are meant."""
        every = every.filtered(lambda charge: charge.property_id == charges.property_id)
        total = sum(every.mapped("residual"))
        return every if every > charges and not self.currency_id.compare_amounts(total, self.amount) else charges

    def _pm_candidate(self, reason, prop, partner, charges, text, exact_only):
        """Spread the money over `charges`, oldest first, unless it equals what one unit owes."""
        currency = self.currency_id
        total = currency.round(sum(charges.mapped("residual")))
        exact = currency.compare_amounts(total, self.amount) == 0
        note = self.env._("pays everything owed") if exact else ""
        if not exact:
            for unit, own in charges.grouped("unit_id").items():
                if currency.compare_amounts(sum(own.mapped("residual")), self.amount) == 0:
                    charges, exact, note = own, True, self.env._("pays everything owed for %s", unit.display_name)
                    break
            else:
                running = 0.0
                for index, charge in enumerate(charges):
                    running += charge.residual
                    if currency.compare_amounts(running, self.amount) == 0:
                        exact, charges, note = True, charges[: index + 1], self.env._("pays the oldest charges")
                        break
        left, allocation = self.amount, []
        for charge in charges:
            part = min(left, charge.residual)
            if currency.compare_amounts(part, 0.0) > 0:
                allocation.append((charge, currency.round(part)))
                left = currency.round(left - part)
        if not exact:
            note = (
                self.env._("%s more than owed", currency.format(left))
                if left
                else self.env._("%s less than owed", currency.format(total - self.amount))
            )
        return {
            "reason": reason,
            "property": prop,
            "partner": partner,
            "allocation": allocation,
            "credit": left,
            "certain": exact or (not exact_only and not left),
            "text": self.env._("%(why)s: %(how)s", why=text, how=note),
            "key": f"{reason}/{partner.id}/{prop.id}",
        }
