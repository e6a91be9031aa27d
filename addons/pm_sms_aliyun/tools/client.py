"""A small client of the gateway's HTTP interface (RPC style, version 2017-05-25, signed with ACS3-HMAC-SHA256).

Only what is needed here: send one SMS, ask what became of it, ask for a template. It tells three kinds of trouble apart,
because each wants something else: an answer that refuses (:class:`Refused`), a gateway that was never reached
(:class:`Unreachable`: nothing was sent), and silence after the request left (:class:`Unknown`: it may have been sent).
"""

import hashlib
import hmac
import json
import uuid
from datetime import datetime, timezone
from urllib.parse import quote, urlsplit

import requests

VERSION = "2017-05-25"
ALGORITHM = "ACS3-HMAC-SHA256"
# An answer of the gateway is short; more is not an answer of the gateway.
MAX_ANSWER = 1_000_000
_EMPTY = hashlib.sha256(b"").hexdigest()


class Refused(Exception):
    """The gateway answered that it does not do it.

    :ivar code: its error code, such as ``isv.MOBILE_NUMBER_ILLEGAL``
    """

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Unreachable(Exception):
    """No connection came about: nothing was sent."""


class Unknown(Exception):
    """The request left, but no answer came: it may or may not have been carried out."""


def _encode(text):
    return quote(str(text), safe="-_.~")


def sign(secret, method, query, headers):
    """Return (signed header names, signature) of a request to the path ``/`` without a body.

    :param str query: canonical query string: encoded, sorted by name
    :param dict headers: those to be signed, names in lower case
    """
    names = sorted(headers)
    canonical = "\n".join(
        [
            method,
            "/",
            query,
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(names),
            headers["x-acs-content-sha256"],
        ]
    )
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return ";".join(names), hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


class Client:
    """One account at the gateway.

    :param str key_id: AccessKey ID
    :param str key_secret: AccessKey secret
    :param str endpoint: ``https://`` address without a path
    :param float timeout: seconds to wait for the connection, and for the answer
    """

    def __init__(self, key_id, key_secret, endpoint, timeout):
        self.key_id, self.key_secret, self.timeout = key_id, key_secret, timeout
        parts = urlsplit(endpoint)
        self.endpoint, self.host = f"{parts.scheme}://{parts.netloc}/", parts.netloc
        self.session = requests.Session()
        # Whoever may set a proxy for the whole server may see its traffic; credentials in files of the user are not ours.
        self.session.auth = lambda request: request

    def call(self, action, **params):
        """Carry out an action and return its answer.

        :raises Refused: the answer's code is not OK
        :raises Unreachable: no connection
        :raises Unknown: no answer, or one that cannot be read
        """
        query = "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(params.items()))
        headers = {
            "host": self.host,
            "x-acs-action": action,
            "x-acs-version": VERSION,
            "x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-content-sha256": _EMPTY,
        }
        names, signature = sign(self.key_secret, "POST", query, headers)
        headers["Authorization"] = f"{ALGORITHM} Credential={self.key_id},SignedHeaders={names},Signature={signature}"
        try:
            response = self.session.post(
                f"{self.endpoint}?{query}", headers=headers, timeout=self.timeout, allow_redirects=False, stream=True
            )
            content = response.raw.read(MAX_ANSWER, decode_content=True)
        except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise Unreachable(str(error)) from error
        except requests.exceptions.SSLError as error:
            raise Unreachable(str(error)) from error
        except requests.exceptions.ConnectionError as error:
            # A refused or unresolved connection sent nothing; one that broke later may have.
            if _never_connected(error):
                raise Unreachable(str(error)) from error
            raise Unknown(str(error)) from error
        except Exception as error:  # a time-out while reading, a protocol error: the request was out
            raise Unknown(str(error)) from error
        try:
            answer = json.loads(content)
            code = answer["Code"]
        except (ValueError, KeyError, TypeError) as error:
            raise Unknown(f"HTTP {response.status_code}: no readable answer") from error
        if code != "OK":
            raise Refused(str(code), str(answer.get("Message") or ""))
        return answer


def _never_connected(error):
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
