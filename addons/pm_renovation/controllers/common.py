"""What the pages of household and contractor share: attempts in a savepoint, uploads, PDF answers, online payment."""

import base64

from odoo import http
from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.exceptions import UserError, ValidationError
from odoo.http import request
from psycopg2.errors import ExclusionViolation

MAX_FILES = 10


def attempt(action, *args, **kwargs):
    """Run a step in a savepoint.

    :return: (result, "") or (None, message for the reader)
    """
    try:
        with request.env.cr.savepoint():
            result = action(*args, **kwargs)
            request.env.flush_all()
        return result, ""
    except (UserError, ValidationError) as error:
        return None, str(error.args[0] if error.args else error)
    except ExclusionViolation:
        return None, request.env._("This unit already has a renovation in these dates.")


def read_uploads(field="file"):
    """Return the files of a request as [(name, bytes)]; never more than a byte over the limit is read of each."""
    limit = request.env["pm.renovation"]._upload_mb() * 1024 * 1024
    uploads = [upload for upload in request.httprequest.files.getlist(field) if upload.filename]
    if len(uploads) > MAX_FILES:
        raise UserError(request.env._("At most %(limit)s files at once.", limit=MAX_FILES))
    return [(upload.filename, upload.stream.read(limit + 1)) for upload in uploads]


def photo_of(uploads):
    """The first upload as a picture for an image field, base64; empty when there is none."""
    for name, content in uploads[:1]:
        mimetype = request.env["pm.renovation"]._check_upload(name, content)
        if not mimetype.startswith("image/"):
            raise UserError(request.env._("%(name)s is no picture: choose a PNG or JPEG.", name=name))
        return base64.b64encode(content)
    return None


def pdf_response(content, name):
    """A PDF as the answer to a request."""
    return request.make_response(
        content,
        headers=[
            ("Content-Type", "application/pdf"),
            ("Content-Length", len(content)),
            ("Content-Disposition", http.content_disposition(name)),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ],
    )


def file_response(attachment):
    """A stored file as a download, never shown inline: what it is was judged when it came, not trusted for ever."""
    return request.make_response(
        attachment.raw,
        headers=[
            ("Content-Type", attachment.mimetype or "application/octet-stream"),
            ("Content-Disposition", http.content_disposition(attachment.name)),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "sandbox"),
            ("Cache-Control", "no-store"),
        ],
    )


class DepositPayment(PortalAccount):
    """Paying a deposit online; which deposit a visitor may pay is decided by the page that calls this."""

    def _deposit_page(self, deposit, landing, transaction_route, template, **values):
        """The payment form of one deposit.

        :param deposit: one ``pm.deposit`` in sudo, checked by the caller
        :param landing: address to come back to
        """
        __, error = attempt(deposit._check_payable_online)
        if error:
            return None, error
        common = self._get_common_page_view_values(
            {
                "partner": deposit.partner_id,
                "company": deposit.company_id,
                "total_amount": deposit.amount,
                "currency": deposit.currency_id,
                "amount_residual": deposit.amount,
                "landing_route": landing,
                "payment_reference": False,
                "transaction_route": transaction_route,
            }
        )
        page = {**common, **values, "deposit": deposit, "amount": deposit.amount, "reference_prefix": False}
        return request.render(template, page), ""

    def _deposit_transaction(self, deposit, landing, kwargs):
        """Make the transaction; what it costs and who pays is decided here, whatever the browser says."""
        self._validate_transaction_kwargs(kwargs)
        deposit._check_payable_online()
        logged_in = not request.env.user._is_public()
        kwargs.update(
            amount=deposit.amount,
            currency_id=deposit.currency_id.id,
            partner_id=(request.env.user.partner_id if logged_in else deposit.partner_id).id,
            reference_prefix=deposit.name,
            landing_route=landing,
            tokenization_requested=False,
        )
        # sudo: the provider's company is compared, nothing is shown
        provider = request.env["payment.provider"].sudo().browse(kwargs.get("provider_id") or ()).exists()
        if not provider or provider.company_id != deposit.company_id:
            raise ValidationError(request.env._("This payment provider cannot be used here."))
        transaction = self._create_transaction(
            custom_create_values={"pm_deposit_id": deposit.id, "pm_property_id": deposit.property_id.id}, **kwargs
        )
        return transaction._get_processing_values()
