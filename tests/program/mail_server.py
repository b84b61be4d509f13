"""A real SMTP server (aiosmtpd) on a port of its own, which keeps what it is given:

    server = mail_server.MailServer(tls='starttls', certificate=mail_server.certificate(folder), login=('ann', 'secret'))
    ... a program that sends to server.url and trusts server.ca_file ...
    mail = server.wait_for(1)[0]     # an email.message.EmailMessage, parsed by Python
    server.close()
"""
import asyncio
import email
import email.header
import email.policy
import email.utils
import logging
import ssl
import subprocess
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


def certificate(folder, name='localhost'):
    """The path of a file with a key and a certificate for a host, which signed itself."""
    both = folder / f'{name}.pem'
    key, cert = folder / f'{name}.key', folder / f'{name}.crt'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj',
                    f'/CN={name}', '-addext', f'subjectAltName=DNS:{name}', '-days', '3', '-keyout', key, '-out', cert],
                   check=True, capture_output=True)
    both.write_text(key.read_text() + cert.read_text())
    return both


def sender_of(mail):
    """Who sent it: (name, address). The newer of Python's parsers keeps the spaces between encoded words in names (as of
    3.11)."""
    header = email.message_from_bytes(mail.raw)['From']
    name, address = email.utils.parseaddr(header.replace('\r\n', ''))
    return str(email.header.make_header(email.header.decode_header(name))), address


class MailServer:
    """tls: None, 'starttls' (without it no mail is taken) or 'implicit'; login: (user, password), without which no mail
    is taken. answers maps what is asked to what is answered instead of taking it: 'MAIL', 'RCPT', 'DATA' (behind the
    mail's end), or one recipient's address, to a text as '550 no'; None hangs up, and HANG never answers. It may be changed
    at any time.

    .mails are those that were taken, in order, with their envelope: .mail_from and .rcpt_tos; .raw are their bytes."""

    HANG = 'hang'

    def __init__(self, tls=None, certificate=None, login=None, answers=None):
        self.login, self.answers = login, dict(answers or {})
        self.mails, self.changed = [], threading.Condition()
        self.logins = []  # the mechanisms by which somebody came in, or tried to
        self.ca_file = certificate
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        self.options = {'hostname': 'localhost', 'auth_require_tls': False}
        if tls == 'starttls':
            self.options.update(tls_context=context, require_starttls=True, auth_require_tls=True)
        if login:
            self.options.update(authenticator=self.look_at_login, auth_required=True)
        self.loop = asyncio.new_event_loop()
        logging.getLogger('mail.log').setLevel(logging.CRITICAL)  # who hangs up amid TLS is no news here
        warnings.filterwarnings('ignore', message='Requiring AUTH while not requiring TLS')
        self.server = self.loop.run_until_complete(self.loop.create_server(
            lambda: SMTP(self, loop=self.loop, **self.options), '127.0.0.1', 0,
            ssl=context if tls == 'implicit' else None))
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f'smtp{"s" if tls == "implicit" else ""}://localhost:{self.port}'
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def close(self):
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def end(self):
        self.server.close()
        others = [it for it in asyncio.all_tasks() if it is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def wait_for(self, n, seconds=60):
        """Waits until n mails have come. -> all of them"""
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.mails) >= n, seconds)
            assert came, f'{len(self.mails)} mails came, not {n}'
            return list(self.mails)

    # What aiosmtpd calls, in its own thread.

    def look_at_login(self, server, session, envelope, mechanism, data):
        self.logins.append(mechanism)
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self.login, handled=False)

    async def answer(self, server, *keys):
        for key in keys:
            if key in self.answers:
                if self.answers[key] is None:
                    server.transport.abort()
                if self.answers[key] in (None, self.HANG):
                    await asyncio.Event().wait()
                return self.answers[key]
        return None

    async def handle_MAIL(self, server, session, envelope, address, options):
        refusal = await self.answer(server, 'MAIL')
        if refusal:
            return refusal
        envelope.mail_from = address
        return '250 OK'

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = await self.answer(server, address, 'RCPT')
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        refusal = await self.answer(server, 'DATA')
        if refusal:
            return refusal
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        mail.mail_from, mail.rcpt_tos, mail.raw = envelope.mail_from, envelope.rcpt_tos, envelope.original_content
        with self.changed:
            self.mails.append(mail)
            self.changed.notify_all()
        return '250 OK'
