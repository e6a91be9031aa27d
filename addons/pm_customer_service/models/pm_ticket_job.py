from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from odoo.addons.pm_base.tools.labels import selection_labels
from odoo.addons.pm_base.tools.staff import staff_only

from .pm_appointment import OPEN
from .pm_ticket_photo import checked_picture

MAX_CARDS = 100
MAX_POOL = 50
HISTORY = 3
SHORTEST_VISIT = timedelta(minutes=5)


class PmTicketJob(models.Model):
    """What the technician's page asks the server for. Every call reads and acts as the technician, under the record rules."""

    _inherit = "pm.ticket"

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------

    @api.model
    @staff_only
    def jobs_board(self):
        """The jobs of the present user and those that he may take.

        :returns: dict ``mine`` and ``pool`` (cards), ``done_today`` (number), ``name``
        """
        uid = self.env.uid
        own_visit = Domain("user_id", "=", uid) & Domain("state", "in", OPEN)
        mine = self.search(
            Domain("state", "in", ("assigned", "in_progress"))
            & (Domain("user_id", "=", uid) | Domain("appointment_ids", "any", own_visit)),
            limit=MAX_CARDS,
        )
        pool = self.search(
            [
                ("state", "=", "new"),
                ("user_id", "=", False),
                ("team_id.dispatch_mode", "=", "pool"),
                ("team_id.member_ids", "in", uid),
            ],
            order="priority desc, id",
            limit=MAX_POOL,
        )
        midnight = fields.Datetime.context_timestamp(self, fields.Datetime.now()).replace(
            hour=0, minute=0, second=0, microsecond=0, tzinfo=None
        )
        offset = fields.Datetime.context_timestamp(self, fields.Datetime.now()).utcoffset()
        done = self.search_count([("handled_by_id", "=", uid), ("handled_at", ">=", midnight - offset)])
        cards = [ticket._job_card() for ticket in mine]
        cards.sort(key=lambda card: (card["visit"] or {}).get("start") or card["due"] or "9999")
        return {
            "mine": cards,
            "pool": [ticket._job_card() for ticket in pool],
            "done_today": done,
            "name": self.env.user.name,
        }

    def _own_visit(self):
        """The open visit of the present user to this ticket, the one under way first."""
        visits = self.appointment_ids.filtered(lambda visit: visit.user_id == self.env.user and visit.state in OPEN)
        return visits.sorted(lambda visit: (visit.state != "arrived", visit.start))[:1]

    def _job_card(self):
        self.ensure_one()
        visit = self._own_visit()
        labels = selection_labels(self, "state")
        return {
            "id": self.id,
            "number": self.number,
            "name": self.name,
            "type": self.type_id.name,
            "emergency": self.type_code == "emergency",
            "category": self.category_id.display_name or "",
            "place": " ".join(part for part in (self.unit_id.name, self.location) if part)
            or (self.env._("Common Parts") if self.is_common_part else ""),
            "property": self.property_id.name,
            "contact": self.contact_name or "",
            "phone": self.contact_phone or "",
            "priority": self.priority,
            "state": self.state,
            "state_label": labels[self.state],
            "due": fields.Datetime.to_string(self.next_due) or "",
            "overdue": self.deadline_state == "overdue",
            "visit": visit
            and {
                "id": visit.id,
                "state": visit.state,
                "start": fields.Datetime.to_string(visit.start),
                "stop": fields.Datetime.to_string(visit.stop),
            }
            or False,
        }

    @staff_only
    def job_detail(self):
        """One job with all that is needed on the spot.

        :returns: the card, and ``description``, ``photos``, ``files``, ``materials``, ``history``, ``signs``
        """
        self.ensure_one()
        self.check_access("read")
        files = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", False)], limit=20
        )
        before = self.env["pm.ticket"]
        if self.unit_id and self.category_id:
            # sudo: what was done at this place before helps whoever is sent, also where others did it
            before = self.sudo().search(
                [
                    ("unit_id", "=", self.unit_id.id),
                    ("category_id", "=", self.category_id.id),
                    ("id", "!=", self.id),
                    ("handled_at", "!=", False),
                ],
                order="id desc",
                limit=HISTORY,
            )
        return {
            **self._job_card(),
            "description": self.description or "",
            "solution": self.solution or "",
            "common_part": self.is_common_part,
            "signs": self._job_signs(),
            "handler": self.user_id == self.env.user,
            "handler_name": self.sudo().user_id.name or "",
            "minutes": self._get_visit_minutes(),
            "photos": [{"id": photo.id, "moment": photo.moment} for photo in self.photo_ids],
            "files": [
                {"id": file.id, "name": file.name, "image": file.mimetype.startswith("image/")} for file in files
            ],
            "materials": [
                {"id": line.id, "name": line.name, "quantity": line.quantity, "unit": line.unit or ""}
                for line in self.material_ids
            ],
            "history": [
                {
                    "number": ticket.number,
                    "name": ticket.name,
                    "solution": ticket.solution or ticket.explanation or "",
                    "date": format_datetime(
                        self.env, ticket.handled_at, tz=self.property_id.tz, dt_format="yyyy-MM-dd"
                    ),
                }
                for ticket in before
            ],
        }

    # ------------------------------------------------------------------
    # Acting
    # ------------------------------------------------------------------

    def _check_own_job(self):
        self.ensure_one()
        self.check_access("write")
        if self.env.user not in (self.user_id | self.appointment_ids.user_id):
            raise AccessError(self.env._("%(ticket)s is not a job of yours.", ticket=self.number))

    def job_grab(self, start=None):
        """Take the job out of the pool. :param str start: naive UTC, default: as soon as the technician is free"""
        self._grab(fields.Datetime.to_datetime(start) or None)
        return self.job_detail()

    def job_plan(self, start, minutes=None):
        """Agree a visit of one's own, or move the one agreed. :param str start: naive UTC"""
        self._check_own_job()
        moment = fields.Datetime.to_datetime(start)
        if not moment:
            raise UserError(self.env._("To agree a visit you must choose the time."))
        length = timedelta(minutes=int(minutes or self._get_visit_minutes()))
        visit = self._own_visit()
        if visit.state == "arrived":
            raise UserError(self.env._("You are there already: finish this visit first."))
        if visit:
            visit.write({"start": moment, "stop": moment + length})
        else:
            self._agree_visit(self.env.user, moment, minutes and int(minutes))
        return self.job_detail()

    def job_arrive(self):
        """The technician is there; without an agreed visit this is one at once."""
        self._check_own_job()
        visit = self._own_visit()
        if visit:
            visit.action_arrive()
        else:
            self._begin_visit()
        return self.job_detail()

    def _begin_visit(self):
        """Record a visit that begins now and ends before the technician's next one.

        :raises UserError: he is still somewhere else
        """
        now = fields.Datetime.now()
        visits = self.env["pm.appointment"].sudo()  # those in other properties keep a technician busy as well
        others = visits.search([("user_id", "=", self.env.uid), ("state", "in", OPEN), ("stop", ">", now)])
        here = others.filtered(lambda visit: visit.start <= now + SHORTEST_VISIT)[:1]
        if here:
            raise UserError(
                self.env._(
                    "According to the plan you are at %(ticket)s: finish or move that visit first.",
                    ticket=here.ticket_id.number,
                )
            )
        stop = now + timedelta(minutes=self._get_visit_minutes())
        visits.create(
            {
                "ticket_id": self.id,
                "user_id": self.env.uid,
                "start": now,
                "stop": min([stop, *others.mapped("start")]),
                "state": "arrived",
                "arrived_at": now,
            }
        )
        self._technician_arrived(now)

    def job_photo(self, moment, content):
        """Add a photo. :param str moment: before, after or other :param str content: base64, as the camera gives it"""
        self._check_own_job()
        if moment not in ("before", "after", "other"):
            moment = "other"
        self.env["pm.ticket.photo"].create(
            {"ticket_id": self.id, "appointment_id": self._own_visit().id, "moment": moment, "image": content}
        )
        return self.job_detail()

    def job_photo_delete(self, photo_id):
        """Take a photo away again, as long as the job is not finished."""
        self._check_own_job()
        self.photo_ids.filtered(lambda photo: photo.id == photo_id).unlink()
        return self.job_detail()

    def job_material(self, name, quantity, unit=None):
        """Note material used. :raises UserError: no name, no quantity above zero"""
        self._check_own_job()
        try:
            amount = float(quantity)
        except (TypeError, ValueError):
            amount = 0
        if not (name or "").strip() or not 0 < amount < 1e9:
            raise UserError(self.env._("To note material you must enter its name and a quantity above zero."))
        self.env["pm.ticket.material"].create(
            {
                "ticket_id": self.id,
                "appointment_id": self._own_visit().id,
                "name": name.strip()[:200],
                "quantity": amount,
                "unit": (unit or "").strip()[:30],
            }
        )
        return self.job_detail()

    def job_material_delete(self, material_id):
        """Take a line of material away again, as long as the job is not finished."""
        self._check_own_job()
        self.material_ids.filtered(lambda line: line.id == material_id).unlink()
        return self.job_detail()

    def job_finish(self, values):
        """Finish the visit, and the job where the technician is its handler.

        :param dict values: ``result`` (what was done), ``explained`` (the customer understood instead of a repair),
            ``signature`` (base64) and ``signed_by``, or ``no_signature_reason``
        :raises UserError: naming what is missing
        """
        self._check_own_job()
        result = (values.get("result") or "").strip()
        if not result:
            raise UserError(self.env._("To finish the job you must write what was done and with which result (S1-58)."))
        visit = self._own_visit()
        if visit.state == "planned":
            raise UserError(self.env._("To finish the job you must report your arrival first."))
        if visit and (values.get("signature") or values.get("no_signature_reason")):
            signature = values.get("signature")
            visit._sign(
                signature and checked_picture(self.env, signature, 2),
                values.get("signed_by"),
                values.get("no_signature_reason"),
            )
        if self.user_id != self.env.user:
            # Somebody else answers for the ticket: the visit is over, its result goes to the handler.
            self._require(
                visit.signed_at or visit.no_signature_reason or not self._job_signs(),
                self.env._("to finish a visit the customer must sign; without a signature write why."),
            )
            visit._transition("done", left_at=fields.Datetime.now())
            # sudo: the technician need not see the user to whom the note goes
            self.message_post(
                body=self.env._("Visit done: %(result)s", result=result),
                subtype_xmlid="mail.mt_note",
                partner_ids=self.sudo().user_id.partner_id.ids,
            )
            return self.jobs_board()
        explained = bool(values.get("explained"))
        self.write(
            {
                "outcome": "explained" if explained else "appointment" if visit else "solved_now",
                "explanation" if explained else "solution": result,
            }
        )
        self.action_handle()
        return self.jobs_board()

    def job_no_access(self, reason):
        """Nobody let the technician in. :param str reason: what happened, told to the customer"""
        self._check_own_job()
        visit = self._own_visit()
        self._require(visit, self.env._("there is no open visit of yours."))
        visit.action_no_access(reason)
        return self.jobs_board()
