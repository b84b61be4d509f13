"""Sending mail (src/mail) to a real SMTP server, and to some that behave badly, by tests/unit/smtp_tool.c. What has come is
read by Python's own parser of mail."""
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import harness

try:
    import mail_server
except ImportError as error:
    mail_server, why_not = None, f'the package python3-aiosmtpd is missing: {error}'

# base/error.h
FAILED, INVALID, NOT_FOUND, DENIED, BUSY, TIMEOUT, GONE, STOPPED = range(8)

ANN, BOB, EVE = 'ann@example.com', 'bob@example.com', 'eve@example.com'
MAIL = {'from': 'dpxdt@example.com', 'id': '<ready.17@example.com>', 'time_s': 1783036805, 'to': [ANN],
        'subject': 'demo: 7 - Ready for review', 'text': 'Look: http://example.com/7\n'}
LOGIN = ('ann', 'pass word/+\u00fc')


class MailTestCase(harness.TestCase):
    def setUp(self):
        super().setUp()
        if not mail_server:
            self.skipTest(why_not)

    def server(self, **options):
        if options.get('tls') and 'certificate' not in options:
            options['certificate'] = mail_server.certificate(self.folder)
        server = mail_server.MailServer(**options)
        self.addCleanup(server.close)
        return server

    def start(self, url, **changes):
        """smtp_tool, which has got its mail."""
        tool = subprocess.Popen([os.environ['SMTP_TOOL']], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.put_away, tool)
        mail = {key: value for key, value in {**MAIL, 'url': url, **changes}.items() if value is not None}
        tool.stdin.write(json.dumps(mail, default=str))
        tool.stdin.close()
        tool.stdin = None
        return tool

    def put_away(self, tool):
        tool.kill()
        tool.wait()
        tool.stdout.close()
        tool.stderr.close()

    def end(self, tool):
        out, err = tool.communicate(timeout=60)
        self.assertEqual((tool.returncode, err), (0, ''))
        return json.loads(out)

    def send(self, url, **changes):
        return self.end(self.start(url, **changes))

    def sent(self, server, **changes):
        """Sends a mail, which must arrive. -> it"""
        self.assertEqual(self.send(server.url, **changes), {'result': 'sent', 'code': None, 'message': None, 'refusals': []})
        return server.wait_for(1)[-1]

    def not_sent(self, server, result, code, words, refusals=(), **changes):
        outcome = self.send(server.url, **changes)
        self.assertEqual((outcome['result'], outcome['code'], outcome['refusals']), (result, code, list(refusals)),
                         outcome['message'])
        self.assertRegex(outcome['message'], words)
        self.assertEqual(server.mails, [])


def words_of(part):
    """The text of a part, its lines ending as they were written."""
    return part.get_payload(decode=True).decode().replace('\r\n', '\n')


class WhatArrives(MailTestCase):
    def test_a_mail_of_text_alone_arrives(self):
        mail = self.sent(self.server())
        self.assertEqual((mail.mail_from, mail.rcpt_tos), ('dpxdt@example.com', [ANN]))
        self.assertEqual({key.lower(): value for key, value in mail.items() if key != 'Content-Type'}, {
            'date': 'Fri, 03 Jul 2026 00:00:05 +0000', 'from': 'dpxdt@example.com', 'to': ANN,
            'subject': 'demo: 7 - Ready for review', 'message-id': '<ready.17@example.com>',
            'auto-submitted': 'auto-generated', 'mime-version': '1.0'})
        self.assertEqual(mail.get_content_type(), 'multipart/alternative')
        part, = mail.iter_parts()
        self.assertEqual((part.get_content_type(), part['Content-Transfer-Encoding']), ('text/plain', 'quoted-printable'))
        self.assertEqual(words_of(part), MAIL['text'])

    def test_a_page_arrives_with_its_pictures(self):
        pictures = [harness.Picture(70, 50, (i, 0, 0, 255)).png() + os.urandom(100000) for i in range(2)]
        paths = [self.write(f'{i}.png', png) for i, png in enumerate(pictures)]
        html = '<p>Gr\u00fc\u00dfe \U0001f600</p><img src="cid:a.1@example.com"><img src="cid:b.1@example.com">'
        mail = self.sent(self.server(), html=html, unsubscribe='https://example.com/settings', images=[
            {'id': 'a.1@example.com', 'file': paths[0]}, {'id': 'b.1@example.com', 'file': paths[1]}])
        self.assertEqual(mail['List-Unsubscribe'], '<https://example.com/settings>')
        text, related = mail.iter_parts()
        self.assertEqual((text.get_content_type(), words_of(text)), ('text/plain', MAIL['text']))
        self.assertEqual((related.get_content_type(), related.get_param('type')), ('multipart/related', 'text/html'))
        page, *images = related.iter_parts()
        self.assertEqual((page.get_content_type(), page.get_content_charset()), ('text/html', 'utf-8'))
        self.assertEqual(words_of(page), html)
        self.assertEqual(mail.get_body(('html',)).get_content_type(), 'text/html')
        self.assertEqual([it['Content-ID'] for it in images], ['<a.1@example.com>', '<b.1@example.com>'])
        self.assertEqual([it.get_content() for it in images], pictures)
        self.assertEqual([(it.get_content_type(), it.get_content_disposition(), it.get_filename()) for it in images],
                         [('image/png', 'inline', 'a.1.png'), ('image/png', 'inline', 'b.1.png')])

    def test_a_page_arrives_without_pictures(self):
        mail = self.sent(self.server(), html='<p>x')
        self.assertEqual([it.get_content_type() for it in mail.iter_parts()], ['text/plain', 'text/html'])

    def test_an_empty_page_and_text_arrive(self):
        mail = self.sent(self.server(), html='', text='')
        self.assertEqual([words_of(it) for it in mail.iter_parts()], ['', ''])

    def test_subjects_and_names_in_all_languages_arrive(self):
        server = self.server()
        for i, words in enumerate(['Gr\u00fc\u00dfe', '\u65e5\u672c\u8a9e ' * 30, 'x' * 200, 'a "quoted" \\ word', 'a, b <c@d>',
                                   '=?utf-8?q?x?=', '\U0001f600' * 70]):
            with self.subTest(words):
                self.send(server.url, subject=words, from_name=words)
                mail = server.wait_for(i + 1)[i]
                self.assertEqual(mail['Subject'], words.strip())
                self.assertEqual(mail_server.sender_of(mail), (words.strip(), 'dpxdt@example.com'))
                self.assertTrue(mail.raw.isascii())
                lines = [line for line in mail.raw.split(b'\r\n') if b'boundary=' not in line]
                self.assertLessEqual(max(map(len, lines)), 78)

    def test_bodies_arrive_as_they_were(self):
        server = self.server()
        bodies = ['.\n', '..\n.\n.x\n', 'a\n.\nQUIT\n', 'x' * 100000 + '\n', 'end \nof \t\nlines\t\n', 'From me\n>From you\n',
                  '=20=\n=', '\n' * 100, '--\n-- \n', '\u00fc' * 5000, '.\n' * 100000, ''.join(map(chr, range(1, 128))) + 'x',
                  ''.join('.' + 'x' * i + '\n' for i in range(600))]
        for i, body in enumerate(bodies):
            with self.subTest(body[:20]):
                self.send(server.url, text=body, html=body)
                mail = server.wait_for(i + 1)[i]
                expected = body.replace('\r\n', '\n').replace('\r', '\n')
                self.assertEqual([words_of(it) for it in mail.iter_parts()], [expected, expected])
                self.assertLessEqual(max(map(len, mail.raw.split(b'\r\n'))), 86, 'which is the line with the boundary')
                self.assertNotIn(b'\n', mail.raw.replace(b'\r\n', b''))

    def test_all_recipients_are_told_of_all(self):
        server = self.server()
        mail = self.sent(server, to=[ANN, BOB, EVE])
        self.assertEqual((mail['To'], mail.rcpt_tos, len(server.mails)), (', '.join([ANN, BOB, EVE]), [ANN, BOB, EVE], 1))

    def test_no_word_can_begin_a_header(self):
        attack = 'x\r\nBcc: eve@example.com\r\n\r\nbody\u2028\u0085\n.\r\nRCPT TO:<eve@example.com>'
        mail = self.sent(self.server(), subject=attack, from_name=attack)
        self.assertEqual((mail['Bcc'], mail.rcpt_tos, len(list(mail.iter_parts()))), (None, [ANN], 1))
        self.assertEqual(mail['Subject'], 'x  Bcc: eve@example.com    body   .  RCPT TO:<eve@example.com>')

    def test_what_stands_for_itself_is_refused_with_a_line_end_in_it(self):
        server = self.server()
        picture = self.write('x.png', b'png')
        for change in [{'to': [ANN, 'a@b\r\nBcc: eve@example.com']}, {'to': ['a@b>\r\nRCPT TO:<eve@example.com']},
                       {'id': '<a@b>\r\nBcc: eve@example.com'}, {'unsubscribe': 'https://x\r\nBcc: eve@example.com'},
                       {'html': 'x', 'images': [{'id': 'a@b>\r\nX: y', 'file': picture}]}, {'to': []}]:
            with self.subTest(change):
                self.not_sent(server, 'refused', INVALID, r'\A[^\r\n]+\Z', **change)


class HowItIsSent(MailTestCase):
    def test_it_is_sent_with_a_login_behind_starttls(self):
        server = self.server(tls='starttls', login=LOGIN)
        self.sent(server, user=LOGIN[0], password=LOGIN[1], tls='required', ca_file=server.ca_file)
        self.assertEqual(server.logins, ['PLAIN'])

    def test_it_is_sent_with_a_login_and_tls_from_the_beginning(self):
        server = self.server(tls='implicit', login=LOGIN)
        self.sent(server, user=LOGIN[0], password=LOGIN[1], ca_file=server.ca_file)

    def test_it_is_sent_with_a_login_that_is_not_plain(self):
        server = self.server(login=LOGIN)
        server.options['auth_exclude_mechanism'] = ['PLAIN']
        self.sent(server, user=LOGIN[0], password=LOGIN[1])
        self.assertEqual(server.logins, ['LOGIN'])

    def test_it_is_sent_with_any_certificate_where_tls_is_opportunistic(self):
        self.sent(self.server(tls='starttls'), tls='opportunistic')

    def test_it_is_sent_without_tls_where_it_is_opportunistic_and_not_there(self):
        self.sent(self.server(), tls='opportunistic')

    def test_it_is_not_sent_without_tls_where_it_is_required(self):
        self.not_sent(self.server(), 'later', FAILED, r'^mail server localhost:\d+: .*STARTTLS', tls='required')

    def test_it_is_not_sent_without_tls_where_the_server_requires_it(self):
        self.not_sent(self.server(tls='starttls'), 'later', DENIED, r'the sender was refused: 530 ')

    def test_it_is_not_sent_with_a_certificate_that_nobody_trusts(self):
        for tls in ('starttls', 'implicit'):
            self.not_sent(self.server(tls=tls), 'later', FAILED, 'certificate', tls='required')

    def test_it_is_not_sent_with_a_certificate_of_another_host(self):
        other = mail_server.certificate(self.folder, 'example.com')
        for tls in ('starttls', 'implicit'):
            self.not_sent(self.server(tls=tls, certificate=other), 'later', FAILED, 'certificate|host name', tls='required',
                          ca_file=other)

    def test_it_is_not_sent_with_a_wrong_password(self):
        server = self.server(tls='starttls', login=LOGIN)
        self.not_sent(server, 'later', DENIED, r'the login was refused: 535 5\.7\.8 ', user='ann', password='wrong',
                      tls='required', ca_file=server.ca_file)
        self.assertEqual(server.logins, ['PLAIN'])

    def test_it_is_not_sent_without_a_login_where_the_server_wants_one(self):
        self.not_sent(self.server(login=LOGIN), 'later', DENIED, 'the sender was refused: 530 5.7.0 ')

    def test_it_is_not_sent_with_a_login_of_a_kind_that_we_have_not(self):
        server = self.script(b'250-x\r\n250 AUTH GSSAPI NTLM CRAM-MD5\r\n')
        self.not_sent(server, 'later', DENIED, 'ogin denied', user='ann', password='secret')

    def test_it_is_sent_without_a_login_where_there_is_none(self):
        server = self.script(b'250 x\r\n')
        self.assertEqual(self.send(server.url, user='ann', password='secret')['result'], 'sent')
        self.assertFalse([line for line in server.heard if line.startswith(b'AUTH')])

    def script(self, hello):
        server = Script(b'220 x\r\n', (b'EHLO', hello), (b'DATA', take_mail), (b'*', b'250 OK\r\n'))
        self.addCleanup(server.close)
        return server


class WhoRefuses(MailTestCase):
    def test_a_refusal_for_now_or_for_good_at_each_step(self):
        for step in ('MAIL', 'RCPT', 'DATA'):
            for answer, result, code in (('450 4.2.1 not now', 'later', BUSY), ('550 5.1.1 no', 'refused', DENIED)):
                with self.subTest(step, answer=answer):
                    refusals = [[ANN, answer, code == DENIED]] if step == 'RCPT' else []
                    self.not_sent(self.server(answers={step: answer}), result, code, f': {answer}$', refusals)

    def test_one_refused_recipient_does_not_keep_the_other_from_mail(self):
        for answer, is_final in (('550 5.1.1 no such user', True), ('450 4.2.0 greylisted', False)):
            for bad in (ANN, BOB):
                with self.subTest(answer, bad=bad):
                    server = self.server(answers={bad: answer})
                    outcome = self.send(server.url, to=[ANN, BOB])
                    self.assertEqual((outcome['result'], outcome['refusals']), ('sent', [[bad, answer, is_final]]))
                    self.assertEqual(server.wait_for(1)[0].rcpt_tos, [BOB if bad == ANN else ANN])

    def test_where_all_are_refused_one_for_now_makes_it_later(self):
        self.not_sent(self.server(answers={ANN: '550 no', BOB: '450 later'}), 'later', BUSY, 'no recipient .*: 450 later$',
                      [[ANN, '550 no', True], [BOB, '450 later', False]], to=[ANN, BOB])
        self.not_sent(self.server(answers={ANN: '550 no', BOB: '554 no'}), 'refused', DENIED, 'no recipient .*: 554 no$',
                      [[ANN, '550 no', True], [BOB, '554 no', True]], to=[ANN, BOB])

    def test_a_server_that_does_not_greet_is_asked_later(self):
        for greeting, code in ((b'421 4.3.2 busy\r\n', BUSY), (b'554 go away\r\n', DENIED)):
            server = Script(greeting, (b'*', b'221 bye\r\n'))
            self.addCleanup(server.close)
            self.not_sent(server, 'later', code, f'it takes no mail now: {greeting.decode().strip()}$')

    def test_the_password_is_not_told_though_the_server_tells_it(self):
        for words in (b'secret', b'c2VjcmV0', b'AGFubgBzZWNyZXQ='):
            server = Script(b'220 x\r\n', (b'EHLO', b'250-x\r\n250 AUTH PLAIN\r\n'), (b'AUTH', b'334 \r\n'),
                            (b'AGFub', b'535 bad words: ' + words + b'\r\n'), (b'*', b'221 bye\r\n'))
            self.addCleanup(server.close)
            self.not_sent(server, 'later', DENIED, r'the login was refused: 535 \(its words have the password in them\)$',
                          user='ann', password='secret')


class Script:
    """A server that says a greeting, and then to each line the answer of the first pair whose beginning it has (* is any):
    bytes, or a function that is called with the connection and its file, and may return bytes; None hangs up. .heard are the
    lines. With a certificate it has TLS from the beginning."""

    def __init__(self, greeting, *pairs, certificate=None):
        self.greeting, self.pairs, self.certificate, self.heard, self.mails = greeting, pairs, certificate, [], []
        self.ends = threading.Event()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'smtp{"s" if certificate else ""}://localhost:{self.listener.getsockname()[1]}'
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.ends.set()
        self.listener.close()
        self.thread.join(20)

    def serve(self):
        with contextlib.suppress(OSError):
            peer, _ = self.listener.accept()
            if self.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.certificate)
                peer = context.wrap_socket(peer, server_side=True)
            with peer, peer.makefile('rb') as file:
                peer.sendall(self.greeting)
                while line := file.readline():
                    self.heard.append(line)
                    answer = next(it for beginning, it in self.pairs if beginning == b'*' or line.startswith(beginning))
                    answer = answer(peer, file) if callable(answer) else answer
                    if answer is None:
                        return
                    peer.sendall(answer)


def read_mail(file, size=None):
    """Reads the mail to its end, or size bytes of it."""
    n = 0
    while (line := file.readline()) != b'.\r\n' and line:
        n += len(line)
        if size is not None and n >= size:
            return


def take_mail(peer, file):
    peer.sendall(b'354 go\r\n')
    read_mail(file)
    return b'250 OK\r\n'


class WhoBreaksOff(MailTestCase):
    def script(self, behind_data, certificate=None, **more):
        """A server whose answer to the mail is that of a function."""
        server = Script(b'220 x\r\n', (b'DATA', behind_data), *((k.encode(), v) for k, v in more.items()),
                        (b'*', b'250 OK\r\n'), certificate=certificate)
        self.addCleanup(server.close)
        return server

    def big(self):
        """More than a connection keeps on its way."""
        return [{'id': 'a@example.com', 'file': self.write('big.png', os.urandom(11 * 1024 * 1024))}]

    def test_where_nobody_listens_it_is_later(self):
        server = self.script(None)
        server.url = f'smtp://localhost:{harness.free_port()}'
        self.not_sent(server, 'later', NOT_FOUND, r'^mail server localhost:\d+: Failed to connect')

    def test_where_there_is_no_such_host_it_is_later(self):
        server = self.script(None)
        server.url = 'smtp://no-such-host.invalid:25'
        self.not_sent(server, 'later', NOT_FOUND, r'^mail server no-such-host.invalid:25: Could not resolve host', tls='none')

    def test_a_break_before_the_mail_makes_it_later(self):
        self.not_sent(self.script(None), 'later', FAILED, '^mail server')
        self.not_sent(self.script(b'', RCPT=None), 'later', FAILED, '^mail server')

    def test_a_break_amid_a_mail_whose_end_was_not_sent_makes_it_later(self):
        def hang_up(peer, file):
            peer.sendall(b'354 go\r\n')
            read_mail(file, 100000)
            reset(peer)
        own = mail_server.certificate(self.folder)
        for certificate in (None, own):
            self.not_sent(self.script(hang_up, certificate), 'later', FAILED, '^mail server', html='x', images=self.big(),
                          ca_file=own)

    def test_a_break_amid_a_mail_that_is_sent_as_far_as_we_see_makes_it_unknown(self):
        def hang_up(peer, file):
            peer.sendall(b'354 go\r\n')
            read_mail(file, 10)
            reset(peer)
        self.not_sent(self.script(hang_up), 'unknown', FAILED, 'all of the mail had been sent, so it may have arrived$')

    def test_a_break_behind_the_mail_makes_it_unknown(self):
        for html, images in ((None, None), ('x', self.big())):
            def hang_up(peer, file):
                peer.sendall(b'354 go\r\n')
                read_mail(file)
                # None: hang up
            self.not_sent(self.script(hang_up), 'unknown', FAILED, 'all of the mail had been sent, so it may have arrived$',
                          html=html, images=images)

    def test_a_break_behind_the_mail_makes_it_unknown_over_tls_too(self):
        server = self.server(tls='implicit', answers={'DATA': None})
        self.not_sent(server, 'unknown', FAILED, 'may have arrived$', ca_file=server.ca_file)

    def test_silence_behind_the_mail_makes_it_unknown(self):
        self.not_sent(self.server(answers={'DATA': mail_server.MailServer.HANG}), 'unknown', TIMEOUT, 'may have arrived$',
                      timeout_ms=1500)

    def test_silence_before_the_mail_makes_it_later(self):
        self.not_sent(self.server(answers={'RCPT': mail_server.MailServer.HANG}), 'later', TIMEOUT, '^mail server',
                      timeout_ms=1500)

    def test_who_reads_no_more_of_it_has_it_not(self):
        server = self.script(None)

        def stall(peer, file):
            peer.sendall(b'354 go\r\n')
            server.ends.wait(60)
        server.pairs = ((b'DATA', stall), (b'*', b'250 OK\r\n'))
        self.not_sent(server, 'later', TIMEOUT, '^mail server', html='x', images=self.big(), timeout_ms=1500)

    def test_silence_from_the_beginning_makes_it_later(self):
        server = self.script(None)
        server.greeting = b''
        self.not_sent(server, 'later', TIMEOUT, '^mail server', timeout_ms=1500)

    def test_who_has_taken_it_is_not_waited_for(self):
        def hang(peer, file):
            server.ends.wait(60)
        server = self.script(take_mail, QUIT=hang)
        begun = time.monotonic()
        self.assertEqual(self.send(server.url)['result'], 'sent')
        self.assertLess(time.monotonic() - begun, 30, 'libcurl alone would wait for minutes')


class WhenTheProgramIsToEnd(MailTestCase):
    def end_while(self, step):
        """Asks the program to end while a server hangs at a step."""
        asked = threading.Event()
        server = self.server()
        answer = server.answer

        async def noted(peer, *keys):
            if step in keys:
                asked.set()
                server.answers[step] = server.HANG
            return await answer(peer, *keys)
        server.answer = noted
        tool = self.start(server.url)
        self.assertTrue(asked.wait(60))
        tool.send_signal(signal.SIGTERM)
        return self.end(tool)

    def test_a_mail_that_was_not_sent_is_left(self):
        outcome = self.end_while('RCPT')
        self.assertEqual((outcome['result'], outcome['code']), ('later', STOPPED), outcome['message'])

    def test_the_answer_to_one_that_was_sent_is_waited_for_a_while(self):
        outcome = self.end_while('DATA')
        self.assertEqual((outcome['result'], outcome['code']), ('unknown', STOPPED), outcome['message'])
        self.assertRegex(outcome['message'], 'stopped; .* may have arrived$')


def reset(peer):
    """Hangs up without reading what is on its way."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')


if __name__ == '__main__':
    harness.main(parallel=4)
