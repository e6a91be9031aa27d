"""Catches the demo's mail and SMS and shows them on a page. Runs in the virtual environment (aiosmtpd).

Every message becomes one .eml file; nothing leaves this machine. Prints one JSON line with its ports when it listens.
"""

import argparse
import email.policy
import html
import http.server
import json
import os
import re
import sys
import time
import urllib.parse
from email.parser import BytesParser
from pathlib import Path

from aiosmtpd.controller import Controller

STYLE = """
body{font:15px/1.5 system-ui,"WenQuanYi Micro Hei",sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
pre{white-space:pre-wrap;background:#f6f6f6;padding:1rem}iframe{width:100%;height:32rem;border:1px solid #ddd}
nav a{margin-right:1rem}.muted{color:#777}
"""


class Store:
    """Writes what arrives."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server, session, envelope):
        head = f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        name = f"{time.time_ns()}.eml"
        temporary = self.folder / f".{name}"
        temporary.write_bytes(head + envelope.content)
        os.replace(temporary, self.folder / name)
        return "250 kept"


class AnyPort(Controller):
    """A controller for port 0: knows the port it got before it tries to connect to itself."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def messages(folder):
    return sorted(Path(folder).glob("[0-9]*.eml"), reverse=True)


def parse(path):
    return BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())


def header(message, name):
    try:
        return str(message[name] or "")
    except Exception:  # a header may be any rubbish; show the rest
        return ""


def page(title, body):
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><nav><a href='/'>邮件 Mail</a><a href='/sms'>短信 SMS</a></nav>"
        f"<h1>{html.escape(title)}</h1>{body}</html>"
    )


def table(heads, rows):
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{cells}</table>"


def clock(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


class Page(http.server.BaseHTTPRequestHandler):
    mail_folder = sms_folder = Path()

    def do_GET(self):
        # A page of another site must not read the mail through a host name of its own that leads here.
        if self.headers.get("Host", "").partition(":")[0] not in ("127.0.0.1", "localhost"):
            return self.answer("no", 403)
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        match = re.fullmatch(r"/(\d+\.eml)(?:/(html|raw|\d+))?", path)
        if path == "/":
            return self.answer(self.mail_list())
        if path == "/sms":
            return self.answer(self.sms_list())
        if match and (self.mail_folder / match.group(1)).is_file():
            return self.mail(self.mail_folder / match.group(1), match.group(2))
        return self.answer(page("404", ""), 404)

    def mail_list(self):
        rows = []
        for file in messages(self.mail_folder)[:500]:
            message = parse(file)
            attachments = len(list(message.iter_attachments()))
            rows.append(
                (
                    clock(int(file.stem) / 1e9),
                    html.escape(header(message, "X-Envelope-To")),
                    f"<a href='/{file.name}'>{html.escape(header(message, 'Subject') or '—')}</a>",
                    attachments or "",
                )
            )
        note = "<p class=muted>没有发出任何邮件；这里是系统本应寄出的邮件。 Nothing was sent; this is what would have been.</p>"
        heads = ("时间 Time", "收件人 To", "主题 Subject", "附件 Attachments")
        return page(f"邮件 Mail ({len(rows)})", note + table(heads, rows))

    def sms_list(self):
        rows = []
        for file in sorted(self.sms_folder.glob("*.json"), key=lambda f: f.stat().st_mtime, reverse=True)[:500]:
            try:
                sms = json.loads(file.read_text())
            except (OSError, ValueError):
                continue
            rows.append([html.escape(str(sms.get(key, ""))) for key in ("time", "to", "text")])
        return page(f"短信 SMS ({len(rows)})", table(("时间 Time", "号码 To", "内容 Text"), rows))

    def mail(self, file, part):
        message = parse(file)
        if part == "raw":
            return self.answer(file.read_bytes(), kind="text/plain; charset=utf-8")
        rich, plain = message.get_body(("html",)), message.get_body(("plain",))
        if part == "html" and rich:
            return self.answer(rich.get_content(), script=False)
        attachments = list(message.iter_attachments())
        if part and part.isdigit() and int(part) < len(attachments):
            chosen = attachments[int(part)]
            return self.answer(chosen.get_payload(decode=True) or b"", kind=chosen.get_content_type(), attachment=True)
        heads = [
            (name, html.escape(header(message, name)))
            for name in ("From", "To", "Cc", "Reply-To", "Date")
            if message[name]
        ]
        files = [
            f"<a href='/{file.name}/{i}' download='{html.escape(a.get_filename() or 'file', quote=True)}'>"
            f"{html.escape(a.get_filename() or 'file')}</a>"
            for i, a in enumerate(attachments)
        ]
        if files:
            heads.append(("附件 Attachments", ", ".join(files)))
        body = f"<iframe sandbox src='/{file.name}/html'></iframe>" if rich else ""
        if plain and not rich:
            body = f"<pre>{html.escape(plain.get_content())}</pre>"
        raw = f"<p class=muted><a href='/{file.name}/raw'>raw</a></p>"
        return self.answer(page(header(message, "Subject") or "—", table(("", ""), heads) + body + raw))

    def answer(self, content, code=200, kind="text/html; charset=utf-8", script=True, attachment=False):
        data = content.encode(errors="replace") if isinstance(content, str) else content
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Content-Type-Options", "nosniff")
        # Nothing in a mail may run, or load anything from elsewhere.
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'"
        )
        if attachment:
            self.send_header("Content-Disposition", "attachment")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments):
        pass


def listen(port):
    """A web server on the port, or on the next free one."""
    for candidate in range(port, port + 50) if port else [0]:
        try:
            return http.server.ThreadingHTTPServer(("127.0.0.1", candidate), Page)
        except OSError:
            continue
    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mail", required=True)
    parser.add_argument("--sms", required=True)
    parser.add_argument("--page", type=int, default=0, help="port of the page (0: any)")
    options = parser.parse_args()
    Page.mail_folder, Page.sms_folder = Path(options.mail), Path(options.sms)
    Page.sms_folder.mkdir(parents=True, exist_ok=True)
    # The mail of a billing run with PDFs attached may be large.
    controller = AnyPort(Store(options.mail), hostname="127.0.0.1", port=0, data_size_limit=2**26, ready_timeout=30)
    controller.start()
    web = listen(options.page)
    print(json.dumps({"smtp": controller.port, "page": web.server_address[1]}), flush=True)
    web.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
