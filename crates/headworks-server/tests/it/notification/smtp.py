"""A mail server for tests: aiosmtpd, telling what it gets as lines of JSON.

Arguments: certificate and key (PEM), then words: `auth` asks for user and password, `dies` closes
the connection in the middle of a message, `full` refuses recipients for now, `no-user` for ever.
"""

import json
import socket
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, *words = sys.argv[1:]


def tell(**what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if "full" in words:
            return "452 4.2.2 mailbox full"
        if "no-user" in words:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if "dies" in words:
            tell(died=True)
            server.transport.abort()
            return "421 4.3.0 gone"
        tell(
            sender=envelope.mail_from,
            to=envelope.rcpt_tos,
            data=envelope.content.decode("utf-8"),
            encrypted=session.ssl is not None,
            user=getattr(session, "auth_data", None) and session.auth_data.login.decode(),
        )
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    fits = data.login == b"headworks" and data.password == b"canary-mail-77"
    return AuthResult(success=fits, auth_data=data, handled=False)


class Server(Controller):
    def factory(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        return SMTP(
            self.handler,
            tls_context=context,
            require_starttls=True,
            auth_required="auth" in words,
            authenticator=authenticate,
            enable_SMTPUTF8=False,
        )


# The controller knocks at the port that it was given, so that it cannot be 0.
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = Server(Handler(), hostname="127.0.0.1", port=port)
server.start()
tell(port=port)
while True:
    time.sleep(60)
