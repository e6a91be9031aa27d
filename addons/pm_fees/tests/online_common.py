"""Paying online in tests: the demo provider, transactions, and its answer as the browser or its server sends it."""

import json


class OnlinePayments:
    """Mix into a test case that knows ``company`` and ``property``; what speaks HTTP needs an `HttpCase` beside it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["payment.provider"].search(
            [("code", "=", "demo"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.provider.write({"state": "test", "is_published": True})

    @classmethod
    def online_transaction(cls, reference, **values):
        return cls.env["payment.transaction"].create(
            {
                "provider_id": cls.provider.id,
                "payment_method_id": cls.provider.payment_method_ids[:1].id,
                "reference": reference,
                "currency_id": cls.company.currency_id.id,
                "pm_property_id": cls.property.id,
                "operation": "online_direct",
                **values,
            }
        )

    @classmethod
    def confirm(cls, transaction, state="done"):
        """The provider's answer, and what the server does with it at once or by its job."""
        transaction._process("demo", {"reference": transaction.reference, "simulated_state": state})
        transaction._post_process()

    def jsonrpc(self, route, **params):
        response = self.url_open(
            route,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        )
        return response.json()

    def order_online(self, route, **params):
        """What the payment form of the portal sends; the amount is what a forged one would say."""
        return self.jsonrpc(
            route,
            **{
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids[:1].id,
                "token_id": None,
                "amount": 0.01,
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": "/my",
                "is_validation": False,
                **params,
            },
        )

    def webhook(self, transaction, state="done"):
        """The provider's message, over HTTP, as it may come at any time and any number of times."""
        return self.jsonrpc("/payment/demo/simulate_payment", reference=transaction.reference, simulated_state=state)
