"""The review site over real HTTP, with people who log in at a certified login service: what they can do there by forms alone, and
what others try to do to them. Every route is tried by somebody whose build it is not, and every form from where it may not come."""
import base64
import concurrent.futures
import contextlib
import http.client
import json
import re
import time
import urllib.parse

import harness
import logging_in
from serving import Client
from visiting import Page, SiteTestCase, Visitor, different, of_release, page_of, query, routes

DAY_MS = 24 * 60 * 60 * 1000
HIDDEN = '(hidden)'
# Where webhooks and pages are said to be, 192.52.193.0/24 is public, and none of its addresses answers (AMT, RFC 7450, 7.1).


class Life(SiteTestCase):
    """All that people do, without a script."""

    def test_who_logs_in_makes_a_build_and_owns_it(self):
        alice = self.visitor()
        self.assertEqual(alice.page('/').to_log_in(), '/login?next=%2F')
        self.assertEqual(alice.log_in('alice', '/new').place, '/new')
        self.assertIn('Alice@example.org'.lower(), alice.page('/whoami').text.lower())
        build = self.build_of(alice, 'Ünïcode shop')
        self.assertIn('Ünïcode shop', alice.page('/').text)
        page = alice.page(query('/build', id=build))
        self.assertIn('No releases yet', page.text)
        for tab in ('/settings', '/api_keys', '/admins', '/activity'):
            self.assertIn(query(tab, build_id=build), page.links())
            alice.page(query(tab, build_id=build))
        self.assertNotIn('Ünïcode shop', self.visitor('bob').page('/').text)

    def test_a_name_that_will_not_do_comes_back_with_what_is_wrong(self):
        alice = self.visitor('alice')
        before = self.dump()
        for name, problem in [('', 'name is empty'), ('x' * 256, 'name has 256 characters, more than 255'),
                              ('a\tb', 'name has control characters'), ('\u200b \u2060', 'name has nothing that can be seen')]:
            page = alice.send(alice.page('/new').to('/new'), name=name, public='yes', expected=422).page
            self.assertEqual(page.problems(), {'name-problem': problem})
            self.assertEqual(page.to('/new').fields['name'], name)
            self.assertEqual(page.to('/new').fields['public'], 'yes')
        self.assertEqual(self.dump(), before)

    def test_settings_are_kept_and_what_is_wrong_stands_beside_its_field(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        place = query('/settings', build_id=build)
        typed = {'name': 'Shop', 'email_alias': 'team@example.org', 'webhook_url': 'https://192.52.193.1/hook',
                 'status_prefix': 'https://192.52.193.2/statuses/', 'status_token': 'st4tus', 'public': 'yes', 'keep_releases': '20'}
        wrong = [('name', '', 'name-problem', 'a name is needed'),
                 ('name', 'x' * 256, 'name-problem', 'more than 255'),
                 ('email_alias', 'zzz', 'alias-problem', 'it has no @'),
                 ('webhook_url', 'http://127.0.0.1/', 'webhook-problem', 'private address'),
                 ('webhook_url', 'javascript:alert(1)', 'webhook-problem', 'no http or https'),
                 ('status_prefix', 'https://192.52.193.2/statuses', 'status-problem', 'must end with a /'),
                 ('status_prefix', 'file:///etc/', 'status-problem', 'no http or https'),
                 ('status_token', 'x' * 501, 'status-problem', 'more than 500'),
                 ('keep_releases', '0', 'keep-problem', 'from 1 to 1000000'),
                 ('keep_releases', '1e3', 'keep-problem', 'from 1 to 1000000')]
        before = self.dump()
        for field, value, where, problem in wrong:
            with self.subTest(field, value=value[:20]):
                page = alice.send(alice.page(place).to('/settings'), expected=422, **{**typed, field: value}).page
                self.assertEqual(list(page.problems()), [where])
                self.assertIn(problem, page.problems()[where])
                summary, = re.findall(r'role="alert"><p>(.*?)</ul>', page.source, re.DOTALL)
                self.assertIn('Nothing was saved.', summary)
                self.assertEqual(Page(summary).links(), ['#status_prefix' if field == 'status_token' else f'#{field}'])
                self.assertLess(page.source.index(summary), page.source.index('<form class="form"'))
                fields = page.to('/settings').fields
                for name, kept in {**typed, field: value}.items():
                    self.assertEqual(fields[name], '' if name == 'status_token' else kept)
        self.assertEqual(self.dump(), before)
        page = alice.send(alice.page(place).to('/settings'), name='', keep_releases='0', expected=422).page
        self.assertEqual([link for link in page.links() if link.startswith('#') and link != '#main'], ['#name', '#keep_releases'])
        self.assertEqual(set(page.problems()), {'name-problem', 'keep-problem'})
        answer = alice.send(alice.page(place).to('/settings'), without=('send_email',), **typed)
        self.assertIn('Saved.', alice.page(answer.place).text)
        page = alice.page(place)
        self.assertIn('How many of the newest releases are kept', page.text)
        self.assertNotIn('role="alert"', page.source)
        fields = page.to('/settings').fields
        self.assertEqual({name: fields.get(name) for name in [*typed, 'send_email']},
                         {**typed, 'status_token': '', 'send_email': None})
        self.assertEqual(self.sql('SELECT name, is_public, send_email, status_token, keep_releases FROM builds'),
                         [('Shop', 1, 0, 'st4tus', 20)])

    def test_the_activity_names_what_changed_in_the_settings_and_nothing_that_is_secret(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        place, told = query('/settings', build_id=build), []

        def save(expected, without=(), **fields):
            alice.send(alice.page(place).to('/settings'), without=without, **fields)
            messages = [message for message, in self.sql("SELECT message FROM audit WHERE kind = 'changed_settings' ORDER BY id")]
            self.assertEqual(messages[len(told):], [expected] if expected else [])
            told[:] = messages

        save(None)
        save('webhook https://192.52.193.1:8443/hook/a%20b', webhook_url='https://me:s3cret@192.52.193.1:8443/hook/a%20b?key=s3cret#s3cret')
        save(None)
        save('webhook https://192.52.193.1:8443/hook/a%20b', webhook_url='https://192.52.193.1:8443/hook/a%20b?key=another-s3cret')
        save('statuses at https://192.52.193.2/statuses/, token changed', status_prefix='https://me:s3cret@192.52.193.2/statuses/',
             status_token='s3cret')
        save('token changed', status_token='s3cret too')
        save('named Ünïcode, public, no mail, mail to team@example.org', ('send_email',), name='Ünïcode', public='yes',
             email_alias='team@example.org')
        save('keeps 1 release', keep_releases='1')
        save('keeps all releases', keep_releases='')
        save('private, mail, mail to all owners, no webhook, no statuses, no token', ('public',), send_email='yes', email_alias='',
             webhook_url='', status_prefix='')
        long = 'https://192.52.193.1/' + 'x' * 2000 + '/'
        alice.send(alice.page(place).to('/settings'), name='n' * 255, webhook_url=long, status_prefix=long, status_token='s3cret',
                   email_alias='a' * 60 + '@' + 'b' * 60 + '.example')
        longest, = self.sql("SELECT message FROM audit WHERE kind = 'changed_settings' ORDER BY id DESC LIMIT 1")[0]
        self.assertLess(len(longest), 2048)
        self.assertIn('token changed', longest)
        self.assertNotIn('s3cret', repr(self.sql('SELECT message FROM audit')))
        for secret, in self.sql('SELECT webhook_secret FROM builds'):
            self.assertNotIn(secret, alice.page(query('/activity', build_id=build)).text)

    def test_a_token_of_statuses_is_kept_for_its_own_address_only(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        save = lambda **fields: alice.send(alice.page(query('/settings', build_id=build)).to('/settings'), **fields)
        token = lambda: self.sql('SELECT status_token FROM builds')[0][0]
        save(status_prefix='https://192.52.193.2/a/', status_token='st4tus')
        save(name='other')
        self.assertEqual(token(), 'st4tus')
        save(status_prefix='https://192.52.193.3/a/')
        self.assertIsNone(token())

    def test_a_key_is_shown_once_and_works_until_it_is_revoked(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        place = query('/api_keys', build_id=build)
        page = alice.send(alice.page(place).to('/api_keys'), purpose='', expected=422).page
        self.assertEqual(page.problems(), {'purpose-problem': 'purpose is empty'})
        client = self.client_of(alice, build, 'CI of the shop')
        self.assertEqual(client.post('create_release', build_id=build, release_name='r')['release_number'], 1)
        page = alice.page(place)
        self.assertIn('CI of the shop', page.text)
        self.assertIn(client.key[0], page.source)
        self.assertNotIn(client.key[1], page.source)
        self.assertEqual(alice.send(page.to('/api_keys.revoke')).place, place)
        self.assertEqual(client.post('create_release', 403, build_id=build, release_name='r'),
                         {'error': 'API key must be active'})
        self.assertIn('revoked', alice.page(place).text)

    def test_owners_come_by_a_link_that_is_good_once(self):
        alice, bob, carol = (self.visitor(name) for name in ('alice', 'bob', 'carol'))
        build = self.build_of(alice)
        place = query('/admins', build_id=build)
        page = alice.send(alice.page(place).to('/admins'), email_address='zzz', expected=422).page
        self.assertIn('it has no @', page.problems()['email-problem'])
        self.assertEqual(page.to('/admins').fields['email_address'], 'zzz')
        answer = alice.send(alice.page(place).to('/admins'), email_address='Bob@Example.net', expected=200)
        link = answer.page.inside('pre')
        self.assertTrue(link.startswith(self.origin + '/invitation?token='), link)
        link = link.removeprefix(self.origin)
        self.assertNotIn(link, alice.page(place).text)
        self.assertIn('bob@example.net', alice.page(place).text)

        stranger = self.visitor()
        self.assertEqual(stranger.get(link, 303).place, query('/login', next=link))
        bob.page(query('/build', id=build), 404)
        self.assertEqual(bob.page(link).to('/invitation').method, 'POST')
        bob.page(query('/build', id=build), 404)  # a look at the link changes nothing
        bob_form, carol_form = bob.page(link).to('/invitation'), carol.page(link).to('/invitation')
        self.assertEqual(bob.send(bob_form).place, query('/build', id=build))
        bob.page(query('/build', id=build))
        self.assertIn('not valid any more', carol.send(carol_form, expected=404).page.text)
        carol.page(query('/build', id=build), 404)

        page = bob.page(place)
        self.assertEqual(len([1 for tag, _ in page.elements if tag == 'details']), 2)  # each asks once
        alice_id, = {user for user, in self.sql("SELECT id FROM users WHERE name = 'Alice Adams'")}
        remove = {form.fields['user_id']: form for form in page.forms if 'user_id' in form.fields}
        self.assertEqual(bob.send(remove.pop(alice_id)).place, place)
        alice.page(query('/build', id=build), 404)

        page, before = bob.page(place), self.dump()
        self.assertIn('The only owner cannot be removed', page.text)
        self.assertEqual([form.action for form in page.forms if form.action == '/admins.revoke'], [])
        (bob_id, form), = remove.items()
        self.assertIn('the last owner', bob.send(form, expected=400).page.text)
        self.assertEqual(self.dump(), before)
        bob.page(query('/build', id=build))

    def test_an_invitation_is_taken_back_replaced_and_too_old(self):
        alice, bob = self.visitor('alice'), self.visitor('bob')
        build = self.build_of(alice)
        place = query('/admins', build_id=build)
        invite = lambda: alice.send(alice.page(place).to('/admins'), email_address='bob@example.net',
                                    expected=200).page.inside('pre').removeprefix(self.origin)
        first, second = invite(), invite()
        bob.send(bob.page(first).to('/invitation'), expected=404)
        form, = [form for form in alice.page(place).forms if form.fields.get('email_address') == 'bob@example.net']
        alice.send(form)
        bob.send(bob.page(second).to('/invitation'), expected=404)
        third = invite()
        self.sql('UPDATE invitations SET expires = expires - ?', 15 * DAY_MS)
        self.assertNotIn('bob@example.net', alice.page(place).text)
        bob.send(bob.page(third).to('/invitation'), expected=404)
        bob.page(query('/build', id=build), 404)

    def test_a_release_is_reviewed_by_forms_alone(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        runs = {'/a': different(2, 1), '/b': different(1, 2), '/c': different(1, 3), '/d': {'run_failed': 'yes'},
                '/e': {'image': 7}, '/f': {'image': 8, 'ref_image': 8}}
        release = self.release(client, build, runs)
        counts = lambda: self.sql('SELECT status, n_failed, n_found, n_approved FROM releases')[0]
        self.assertEqual(counts(), ('reviewing', 1, 3, 0))
        place = page_of('/release', release)
        page = alice.page(place)
        start = [attributes['href'] for _, attributes in page.elements if attributes.get('id') == 'start']
        self.assertEqual(start, [page_of('/run', release, test='/a')])

        asks = alice.send(page.to('/release', 'good'), ('good', 'yes'), expected=200).page
        self.assertIn('3 differences are not approved. 1 page failed.', ' '.join(asks.text.split()))
        self.assertEqual(counts(), ('reviewing', 1, 3, 0))

        run = alice.page(start[0])
        self.assertEqual([attributes['alt'] for tag, attributes in run.elements if tag == 'img'],
                         ['Before: /a', 'Diff: /a', 'After: /a'])
        answer = alice.send(run.to('/run', ('verb', 'approve')), ('verb', 'approve'))
        self.assertEqual((answer.place, counts()), (page_of('/run', release, test='/b'), ('reviewing', 1, 2, 1)))
        back = alice.page(page_of('/run', release, test='/a'))
        self.assertIn('alice@example.org', back.text)
        answer = alice.send(back.to('/run', ('verb', 'reject')), ('verb', 'reject'))
        self.assertEqual((answer.place, counts()), (page_of('/run', release, test='/a'), ('reviewing', 1, 3, 0)))
        group = alice.page(page_of('/run', release, test='/c')).to('/run', ('verb', 'approve_group'))
        answer = alice.send(group, ('verb', 'approve_group'))
        self.assertEqual((answer.place, counts()), (page_of('/run', release, test='/a'), ('reviewing', 1, 1, 2)))
        answer = alice.send(alice.page(answer.place).to('/run'), ('verb', 'approve'))
        self.assertEqual((answer.place, counts()), (place, ('reviewing', 1, 0, 3)))

        screen = page_of('/run', release, test='/a')
        asks = alice.send(alice.page(screen).to('/release'), expected=200).page
        self.assertIn('1 page failed', asks.text)
        for sure in 'yes', '0 0 0':  # what was asked about something else
            alice.send(asks.to('/release', 'good'), ('good', 'yes'), sure=sure, expected=200)
        answer = alice.send([form for form in asks.forms if 'sure' in form.fields][0], ('good', 'yes'))
        self.assertEqual((answer.place, counts()), (place, ('good', 1, 0, 3)))
        self.assertNotIn('/release', [form.action for form in alice.page(screen).forms])
        alice.send(alice.page(place).to('/release', 'reviewing'), ('reviewing', 'yes'))
        alice.send(alice.page(place).to('/release', 'bad'), ('bad', 'yes'))
        self.assertEqual(counts(), ('bad', 1, 0, 3))

    def test_the_builds_tell_what_waits_for_a_review(self):
        alice = self.visitor('alice')
        quiet, build = self.build_of(alice, 'quiet'), self.build_of(alice, 'busy', public='yes')
        client = self.client_of(alice, build)

        def told(visitor=alice):
            return {build: ' '.join(text.split()) for build, text in
                    re.findall(r'<a class="card" href="/build\?id=(\d+)">.*?<span class="different">(.*?)</span>', visitor.page('/').source, re.DOTALL)}

        self.assertEqual(told(), {})
        self.release(client, build, {'/a': different()}, name='still coming', done=False)
        self.assertEqual(told(), {})
        release = self.release(client, build, {'/a': different(1, 1), '/b': different(1, 2), '/c': {'image': 7}})
        self.assertEqual(told(), {str(build): '1 release to review, 2 to look at'})
        self.release(client, build, {'/a': different(2, 3), '/b': {'run_failed': 'yes'}})
        self.assertEqual(told(), {str(build): '2 releases to review, 3 to look at'})
        for visitor in (self.visitor('bob'), self.visitor()):
            self.assertEqual(told(visitor), told())
        for name, n in (('/a', 2), ('/b', 1)):
            alice.send(alice.page(page_of('/run', release, test=name)).to('/run'), ('verb', 'approve'))
            self.assertEqual(told(), {str(build): f'2 releases to review, {n} to look at'})
        alice.send(alice.page(page_of('/release', release)).to('/release', 'good'), ('good', 'yes'))
        self.assertEqual(told(), {str(build): '1 release to review, 1 to look at'})
        self.sql("UPDATE releases SET n_found = 0 WHERE status = 'reviewing'")
        self.assertEqual(told(), {str(build): '1 release to review'})

    def test_what_was_done_is_told_with_who_did_it_and_from_where(self):
        alice, bob = self.visitor('alice'), self.visitor('bob')
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        release = self.release(client, build, {'/a': different(1, 1), '/b': different(2, 2)})
        alice.send(alice.page(query('/settings', build_id=build)).to('/settings'), name='shop')
        link = alice.send(alice.page(query('/admins', build_id=build)).to('/admins'), email_address='bob@example.net',
                          expected=200).page.inside('pre').removeprefix(self.origin)
        bob.send(bob.page(link).to('/invitation'))
        bob.send(bob.page(page_of('/run', release, test='/a')).to('/run'), ('verb', 'approve'))
        bob.send(bob.page(page_of('/run', release, test='/a')).to('/run'), ('verb', 'reject'))
        for button in ('bad', 'reviewing'):
            alice.send(alice.page(page_of('/release', release)).to('/release', button), (button, 'yes'))
        alice.send(alice.page(query('/api_keys', build_id=build)).to('/api_keys.revoke'))
        bob_id = self.sql("SELECT id FROM users WHERE email = 'bob@example.net'")[0][0]
        form, = [form for form in alice.page(query('/admins', build_id=build)).forms if form.fields.get('user_id') == bob_id]
        alice.send(form)
        a, b, key, by_key = 'alice@example.org', 'bob@example.net', client.key[0], f'tests (key {client.key[0][:8]}...)'
        text = ' '.join(alice.page(query('/activity', build_id=build)).text.split())
        expected = [(a, f'removed an owner {b}'), (a, f'revoked a key {key}'), (a, 'decided that r #1 is to be reviewed again'),
                    (a, 'decided that r #1 is bad'), (b, 'took back an approval r #1 /a'), (b, 'approved r #1 /a'),
                    (b, f'accepted an invitation {b}'), (a, f'invited {b}'),
                    (a, 'changed the settings named shop'), (by_key, 'began the release r #1'),
                    (a, f'made a key {key}'), (a, 'made the build demo')]
        told = re.findall(r'UTC (\S+(?: \(key \S+\))?) (.+?) 127\.0\.0\.1', text)
        self.assertEqual([(who.lower(), what) for who, what in told], expected)

    def test_a_release_without_pages_says_yet_as_long_as_some_may_come(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        told = lambda: re.findall(r'no pages(?: yet)?', alice.page(query('/build', id=build)).text)
        release = self.release(client, build, done=False)
        self.assertEqual(told(), ['no pages yet'])
        client.post('decide_release', **release, status='bad')
        self.assertEqual(told(), ['no pages'])

    def test_what_is_many_is_on_several_pages(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        release = self.release(client, build, {f'/{i:03}': {'run_failed': 'yes'} for i in range(205)}, done=False)
        owner = self.sql('SELECT user_id FROM build_owners')[0][0]
        for i in range(60):
            self.sql("INSERT INTO releases (build_id, name, number, status, created, modified) VALUES (?, ?, 1, 'good', 1, 1)",
                     build, f'old{i:03}')
        for i in range(130):
            self.sql("INSERT INTO audit (build_id, kind, message, created) VALUES (?, 'changed_settings', ?, 1)", build,
                     f'old{i:03}')
            self.sql('INSERT INTO builds (name, created, modified) VALUES (?, 1, 1)', f'old{i:03}')
            self.sql('INSERT INTO build_owners (build_id, user_id, created) SELECT MAX(id), ?, 1 FROM builds', owner)
        for place, most, n, mark in [('/', 100, 131, r'\bold\d\d\d\b|\bdemo\b'),
                                     (query('/build', id=build), 50, 61, r'\bold\d\d\d\b|\br +#1'),
                                     (query('/activity', build_id=build), 100, 133, r'UTC'),
                                     (page_of('/release', release, show='failed'), 150, 205, r'/\d\d\d\b')]:
            with self.subTest(place):
                found = []
                while place:
                    page = alice.page(place)
                    here = re.findall(mark, Page(page.source.split('<main')[1].split('</main')[0]).text)
                    self.assertLessEqual(len(here), most)
                    found += here
                    place = next((link for link in page.links() if re.search('[?&](before|after)=', link)), None)
                self.assertEqual(len(found), n)
        for before in ('0', '-1', 'x', '99999999999999999999', '1'):
            alice.page(query('/build', id=build, before=before))
            alice.page(query('/activity', build_id=build, before=before))
            alice.page(query('/', before=before))


class Errors(SiteTestCase):

    def assert_has_a_way_on(self, answer):
        page = answer.page
        self.assertTrue(answer.headers['Content-Type'].startswith('text/html'), answer)
        self.assertRegex(page.inside('title'), r'\w.* - dpxdt')
        self.assertTrue([link for link in page.links() if link != '#main'], page.source)
        self.assertTrue(page.inside('h1'))

    def test_a_page_that_is_not_there_is_a_page_and_under_api_it_is_json(self):
        for visitor in (self.visitor(), self.visitor('alice')):
            for path in ('/none', '/build/', '/static/none.js', '/static/..%2Fweb.c', '/%ff', '/%3Csvg%3E', '/API/x'):
                answer = visitor.ask('GET', path)
                self.assertIn(answer.status, (400, 404), path)
                self.assert_has_a_way_on(answer)
            for path in ('/api/none', '/api/', '/api/work_queue/x/y'):
                answer = visitor.get(path, 404)
                self.assertEqual(json.loads(answer.text), {'error': 'there is no such page'})

    def test_each_refusal_has_a_title_and_a_way_on(self):
        alice, bob = self.visitor('alice'), self.visitor('bob')
        build = self.build_of(alice, public='yes')
        release = self.release(self.client_of(alice, build), build, {'/a': different()})
        for visitor, status, path in [
                (alice, 404, '/build'), (alice, 404, '/build?id=x'), (alice, 404, '/build?id=99999999999999999999'),
                (alice, 404, query('/release', id=build, name='none', number=1)),
                (alice, 404, query('/release', id=build, name='r', number='4294967297')),
                (alice, 404, page_of('/run', release, test='none')), (alice, 404, page_of('/run', release)),
                (alice, 400, page_of('/image', release, test='/a')), (alice, 404, page_of('/log', release, test='/a', type='after')),
                (alice, 400, page_of('/config', release, test='/a', type='diff')),
                (alice, 403, '/api/work_queue'), (alice, 403, '/api/work_queue/capture'),
                (bob, 403, query('/settings', build_id=build)), (bob, 403, page_of('/log', release, test='/a', type='after')),
                (alice, 400, '/oauth2callback'), (self.visitor(), 400, '/oauth2callback?state=x&code=y'),
                (self.visitor(), 400, '/oauth2callback?error=access_denied')]:
            with self.subTest(path):
                self.assert_has_a_way_on(visitor.get(path, status))
        for path in ('/build', '/whoami', '/login', '/'):
            answer = alice.post(path, {'csrf': alice.csrf()})
            self.assertEqual((answer.status, answer.headers['Allow']), (405, 'GET'))
            self.assert_has_a_way_on(answer)
        answer = alice.ask('GET', '/admins.revoke')
        self.assertEqual(answer.status, 405)
        self.assert_has_a_way_on(answer)

    def test_a_superuser_sees_the_mail_of_a_release_and_nobody_else_does(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        self.release(self.client_of(alice, build), build, {'/a': different(), '/b': {'run_failed': 'yes'}})
        place = f'/email/ready_for_review/{build}/r/1'
        alice.get(place, 404)
        self.sql('UPDATE users SET is_superuser = 1')
        text = alice.page(place).text
        self.assertIn('/b', text)
        self.assertIn('1 failed, 1 to look at', text)
        alice.get(place + '1', 404)

    def test_nothing_that_is_asked_is_answered_with_500(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        release = self.release(self.client_of(alice, build), build, {'/a': different(), '/b': {'image': 3}})
        values = ['', '0', '-1', '9223372036854775808', 'x', '%00', '%ff', 'a%07b', '%C3%A9' * 3000, '%27 OR 1=1 --', '%25s%25n']
        fields = {'id': build, 'build_id': build, 'name': 'r', 'number': 1, 'test': '/a', 'type': 'after'}
        for method, path in routes('web/web.c'):
            if method != 'GET' or path in ('/login', '/oauth2callback', '/events', '/logout'):
                continue
            for name in [*fields, 'before', 'after', 'show', 'words', 'status', 'token', 'saved']:
                for value in values:
                    parts = {**{key: urllib.parse.quote(str(given)) for key, given in fields.items()}, name: value.replace(' ', '+')}
                    target = path.replace('<', '').replace('>', '') + '?' + '&'.join('='.join(part) for part in parts.items())
                    self.assertLess(alice.ask('GET', target).status, 500, target)
        self.assertIn(f'name={release["release_name"]}', page_of('/release', release))

    def test_head_answers_as_get_does_without_the_page(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        release = self.release(self.client_of(alice, build), build, {'/a': different(log='x', config='{}')})
        image = self.sql('SELECT image FROM runs')[0][0]
        for path in ['/', '/new', query('/build', id=build), query('/settings', build_id=build), page_of('/release', release),
                     page_of('/run', release, test='/a'), page_of('/log', release, test='/a', type='after'), '/whoami',
                     '/static/site.css', '/none', '/api/none', query('/api/download', build_id=build, sha1sum=image),
                     page_of('/events', release)]:
            with self.subTest(path):
                head = alice.ask('HEAD', path)
                self.assertEqual(head.body, b'')
                if not path.startswith('/events'):
                    answer = alice.ask('GET', path)
                    self.assertEqual((head.status, head.headers['Content-Type'], head.headers['Content-Length']),
                                     (answer.status, answer.headers['Content-Type'], str(len(answer.body))))

    def test_a_lost_session_leads_back_to_the_same_place(self):
        alice = self.visitor('alice')
        build = self.build_of(alice, 'ä & ö')
        release = self.release(self.client_of(alice, build), build, {'/a?b=1&c=é#d': different()})
        for place in ['/whoami', '/new', query('/build', id=build), query('/settings', build_id=build, saved='yes'),
                      page_of('/release', release, show='different', words='a&b'), page_of('/run', release, test='/a?b=1&c=é#d')]:
            alice.cookies.clear()
            login = alice.get(place, 303).place
            self.assertTrue(login.startswith('/login?next='), login)
            answer = alice.get(alice.go_to_service(alice.get(login, 303).place, 'alice'), 303)
            parts = lambda url: (urllib.parse.urlsplit(url).path, sorted(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)))
            self.assertEqual(parts(answer.place), parts(place))
            alice.page(answer.place)

    def test_a_form_of_a_lost_session_leads_back_to_its_page(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        release = self.release(self.client_of(alice, build), build, {'/a': different()})
        link = alice.send(alice.page(query('/admins', build_id=build)).to('/admins'), email_address='bob@example.net',
                          expected=200).page.inside('pre').removeprefix(self.origin)
        kept = dict(alice.cookies)
        for place, action in [('/new', '/new'), (query('/settings', build_id=build), '/settings'),
                              (query('/api_keys', build_id=build), '/api_keys.revoke'),
                              (page_of('/run', release, test='/a'), '/run'), (link, '/invitation'),
                              ('/whoami', '/logout')]:
            with self.subTest(action):
                alice.cookies.update(kept)
                form = alice.page(place).to(action)
                alice.cookies.clear()
                send = lambda referer: alice.post(action, form.fields, {'Referer': referer}).place
                login = send(self.origin + place)
                self.assertEqual(urllib.parse.parse_qs(urllib.parse.urlsplit(login).query), {'next': [place]})
                for stranger in ('https://evil.example/x', self.origin + '.evil.example/x', self.origin + '//evil.example/', None):
                    login = send(stranger)
                    to = urllib.parse.parse_qs(urllib.parse.urlsplit(login).query)['next'][0]
                    self.assertEqual(to, '/')
        login = self.visitor().post('/new', {}, {'Accept': 'application/json'})
        self.assertEqual((login.status, json.loads(login.text)), (401, {'error': 'You are not logged in any more.'}))



class Tenants(SiteTestCase):
    """What is somebody else's is as if it were not there: on each route, or this test fails."""

    MARK = 'ma5k3r'

    def theirs(self):
        """What the first tenant has, whose ids the second one has learnt."""
        alice = self.visitor('alice')
        self.sql("INSERT INTO builds (id, name, created, modified) VALUES (1234566, 'x', 1, 1)")  # ids that one sees in texts
        build = self.build_of(alice, self.MARK)
        client = self.client_of(alice, build, self.MARK)
        url = f'http://example.com/{self.MARK}'
        facts = {'url': url, 'log': self.MARK, 'config': f'{{"injectJs": "{self.MARK}"}}', 'diff_log': self.MARK}
        release = self.release(client, build, {
            '/a': {**different(1, 1, what=self.MARK, summary=self.MARK), **facts},
            f'/{self.MARK}': {**different(1, 2, summary=self.MARK), **facts}, '/new': {'image': 5, **facts}}, url=url)
        self.release(client, build, {'/a': facts}, name=f'r-{self.MARK}', done=False)
        alice.send(alice.page(query('/admins', build_id=build)).to('/admins'), email_address=f'{self.MARK}@example.com',
                   expected=200)
        alice.send(alice.page(query('/settings', build_id=build)).to('/settings'), name=self.MARK,
                   email_alias=f'{self.MARK}@example.com', webhook_url=url.replace('example.com', '192.52.193.1'))
        form = alice.page(page_of('/run', release, test='/a')).to('/run')
        alice.send(form, ('verb', 'approve_group'))
        user = self.sql("SELECT id FROM users WHERE name = 'Alice Adams'")[0][0]
        run = self.sql("SELECT image, log, config FROM runs WHERE name = '/a' AND image IS NOT NULL")[0]
        worker = Client(self.port, self.new_key())
        worker.post('work_queue/capture/add', task_id=self.MARK, payload=self.MARK)
        return {'build': build, 'release': f'r-{self.MARK}', 'run': f'/{self.MARK}', 'image': run[0], 'log': run[1],
                'config': run[2], 'key': client.key[0], 'user': user, 'email': f'{self.MARK}@example.com',
                'batch': form.fields['batch'], 'queue': 'capture', 'task': self.MARK}

    NOBODYS = {'build': 7654321, 'release': 'r-nowhere', 'run': '/nowhere', 'image': 'a' * 40, 'log': 'b' * 40,
               'config': 'c' * 40, 'key': 'd' * 32, 'user': 'oidc:' + 'e' * 40, 'email': 'nobody@example.com',
               'batch': 'f' * 32, 'queue': 'nowhere', 'task': 'nothing'}

    def questions(self, route, its, mine):
        """What is asked of a route with ids of somebody (its), and with those in one's own build (mine): fields of each."""
        page = {'id': its['build'], 'name': 'r', 'number': 1}
        own = {'id': mine['build'], 'name': 'r', 'number': 1}
        form, own_form = {'build_id': its['build']}, {'build_id': mine['build']}
        api = {**form, 'release_name': 'r', 'release_number': 1}
        own_api = {**own_form, 'release_name': 'r', 'release_number': 1}
        of_run = [{**page, 'test': '/a'}, {**page, 'test': '/a', 'type': 'after'}, {**page, 'test': '/a', 'type': 'before'},
                  {**own, 'test': its['run'], 'type': 'after'}, {**own, 'name': its['release'], 'test': '/a', 'type': 'after'}]
        shas = ('image', 'log', 'config')
        decided = [{**page, 'test': '/a', 'verb': verb, 'image': its['image'], 'batch': its['batch'], 'seen': 9 ** 15}
                   for verb in ('approve', 'reject', 'approve_group', 'undo', 'x')]
        decided += [{**own, 'test': '/a', 'verb': 'approve', 'image': its['image']},
                    {**own, 'test': '/a', 'verb': 'undo', 'batch': its['batch']},
                    {**own, 'test': its['run'], 'verb': 'approve'}]
        return {
            'GET /build': [{'id': its['build']}, {'id': its['build'], 'before': 99}],
            'GET /release': [page, {**page, 'show': 'different'}, {**own, 'name': its['release']},
                             {**own, 'show': 'different', 'after': its['run']}],
            'POST /release': [{**page, what: 'yes', 'sure': 'yes'} for what in ('good', 'bad', 'reviewing')] +
                             [{**own, 'name': its['release'], 'good': 'yes'}, page],
            'GET /events': [page, {**own, 'name': its['release']}],
            'GET /run': of_run, 'GET /image': of_run, 'GET /log': of_run, 'GET /config': of_run,
            'POST /run': decided, 'POST /image': decided, 'POST /log': decided, 'POST /config': decided,
            'GET /settings': [form], 'GET /api_keys': [form], 'GET /admins': [form], 'GET /activity': [form],
            'POST /settings': [form, {**form, 'name': 'x', 'public': 'yes'}],
            'POST /api_keys': [form, {**form, 'purpose': 'x'}],
            'POST /api_keys.revoke': [{**form, 'id': its['key']}, {**own_form, 'id': its['key']}],
            'POST /admins': [form, {**form, 'email_address': 'bob@example.net'}],
            'POST /admins.revoke': [{**form, 'user_id': its['user']}, {**form, 'email_address': its['email']},
                                    {**own_form, 'user_id': its['user']}, {**own_form, 'email_address': its['email']}],
            'GET /invitation': [{'token': its['batch']}], 'POST /invitation': [{'token': its['batch']}],
            'GET /email/ready_for_review/<build>/<name>/<number>': [{}],
            'GET /api/work_queue': [{}], 'GET /api/work_queue/<queue>': [{}, {'status': 'live'}],
            'POST /api/work_queue/<queue>': [{'task_id': its['task'], 'action': what} for what in ('retry', 'delete')],
            'POST /api/create_release': [{**form, 'release_name': 'r'}],
            'POST /api/find_run': [{**form, 'run_name': '/a'}, {**own_form, 'run_name': its['run']}],
            'POST /api/request_run': [{**api, 'run_name': '/a', 'url': 'http://192.52.193.1/'},
                                      {**own_api, 'release_name': its['release'], 'run_name': '/a', 'url': 'http://192.52.193.1/'}],
            'POST /api/upload': [form],
            'POST /api/report_run': [{**api, 'run_name': '/a', 'run_failed': 'yes'},
                                     {**own_api, 'release_name': its['release'], 'run_name': '/a'},
                                     *({**own_api, 'run_name': '/a', fact: its[what]} for what in shas
                                       for fact in ('image', 'ref_image', 'diff_image', 'log', 'config', 'thumbnail')),
                                     {**own_api, 'run_name': '/a', 'run_failed': 'yes', 'lease_id': 'x',
                                      'queue_name': its['queue'], 'task_id': its['task']}],
            'POST /api/runs_done': [api, {**own_api, 'release_name': its['release']}],
            'POST /api/release_status': [api, {**own_api, 'release_name': its['release']}],
            'POST /api/list_runs': [api, {**own_api, 'release_name': its['release']}],
            'POST /api/decide_release': [{**api, 'status': what} for what in ('good', 'bad')],
            'POST /api/decide_run': [{**api, 'run_name': '/a', 'decision': 'approve'},
                                     {**own_api, 'run_name': its['run'], 'decision': 'approve'}],
            'GET /api/download': [{**form, 'sha1sum': its[what]} for what in shas] +
                                 [{**own_form, 'sha1sum': its[what]} for what in shas],
            **{f'POST /api/work_queue/<queue>/{what}': [{'task_id': its['task'], 'payload': 'x', 'lease_id': 'x'}]
               for what in ('add', 'lease', 'heartbeat', 'finish', 'give_back')},
        }[route]

    # Of nobody in particular: there is nothing to ask for, and what they show is one's own.
    WITHOUT_IDS = {'GET /', 'GET /new', 'POST /new', 'GET /login', 'GET /oauth2callback', 'GET /logout', 'POST /logout',
                   'GET /whoami', 'GET /static/<file>', 'GET /healthz', 'GET /readyz', 'GET /metrics'}

    def ask(self, ask, route, fields, its):
        """-> what is told, without what was sent"""
        method, path = route.split()
        path = path.replace('<queue>', its['queue']).replace('<build>', str(its['build'])).replace('<name>', 'r').replace('<number>', '1')
        answer = ask(method, path, fields)
        told = f"{answer.status} {answer.headers['Content-Type']} {answer.place} {answer.text}"
        sent = [*map(str, fields.values()), its['queue'], str(its['build'])]
        for value in sorted((value for value in sent if len(value) > 5), key=len, reverse=True):
            quoted = urllib.parse.quote(value, safe='')
            for form in (urllib.parse.quote(quoted), quoted, value):
                told = told.replace(form, '(sent)')
        return told

    def ways(self, bob, key):
        """As whom the second tenant asks: with his session, and with his key."""
        client = Client(self.port, key)

        def by_session(method, path, fields):
            return bob.post(path, {**fields, 'csrf': self.csrf}) if method == 'POST' else bob.ask('GET', query(path, **fields))

        def by_key(method, path, fields):
            visitor = Visitor(self.port, self.origin)
            header = {'Authorization': 'Basic ' + base64.b64encode(':'.join(key).encode()).decode()}
            if path == '/api/upload':
                header['Content-Type'] = 'multipart/form-data; boundary=xyzzy'
                body = '--xyzzy\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n--xyzzy--\r\n'
                return visitor.ask('POST', query(path, **fields), body.encode(), header)
            return visitor.post(path, fields, header) if method == 'POST' else visitor.ask('GET', query(path, **fields), headers=header)

        return by_session, by_key

    def test_what_is_somebody_elses_is_as_if_it_were_not_there(self):
        theirs, bob = self.theirs(), self.visitor('bob')
        mine = {'build': self.build_of(bob, 'mine')}
        client = self.client_of(bob, mine['build'])
        self.release(client, mine['build'], {'/a': different(9, 9), '/b': {'image': 6}}, done=False)
        self.csrf = bob.csrf()
        all_routes = {f'{method} {path}' for method, path in routes('web/web.c') + routes('api/api.c')}
        before, n = self.dump(), 0
        for route in sorted(all_routes - self.WITHOUT_IDS):
            for ask in self.ways(bob, client.key):
                for known, unknown in zip(self.questions(route, theirs, mine), self.questions(route, self.NOBODYS, mine)):
                    with self.subTest(route, fields=known):
                        told = self.ask(ask, route, known, theirs)
                        self.assertNotIn(self.MARK, told)
                        expected = self.ask(ask, route, unknown, self.NOBODYS)
                        self.assertTrue(told[0] in '34' or route == 'GET /invitation', told)
                        # The API has always told these two apart by their text (docs/http-api.md).
                        self.assertEqual(told.replace('API key must have access', 'build must exist'), expected)
                        n += 1
        self.assertGreater(n, 2 * 50)
        self.assertEqual(self.dump(), before)
        for path in ('/', '/whoami', query('/build', id=mine['build']), query('/activity', build_id=mine['build'])):
            self.assertNotIn(self.MARK, bob.get(path).text)



class Strangers(SiteTestCase):
    """Who looks at a public build."""

    SECRETS = ('l0g-text', 'c0nfig-text', 'alice@example.org', 'Alice Adams', 'team@example.org', '192.52.193.1', 'invited@example.org',
               'purpose-of-key')

    def setUp(self):
        super().setUp()
        self.alice = self.visitor('alice')
        self.build = self.build_of(self.alice, 'open build', public='yes')
        self.client = self.client_of(self.alice, self.build, 'purpose-of-key')
        facts = {'log': 'l0g-text', 'config': '{"injectJs": "c0nfig-text"}', 'diff_log': 'l0g-text of diff', 'ref_log': 'l0g-text'}
        self.open_release = self.release(self.client, self.build, {'/a': {**different(), **facts}, '/b': {'image': 4}})
        self.alice.send(self.alice.page(query('/settings', build_id=self.build)).to('/settings'), public='yes',
                        email_alias='team@example.org', webhook_url='http://192.52.193.1/')
        self.alice.send(self.alice.page(query('/admins', build_id=self.build)).to('/admins'), expected=200,
                        email_address='invited@example.org')
        self.alice.send(self.alice.page(page_of('/run', self.open_release, test='/a')).to('/run'), ('verb', 'approve'))

    def anybody(self):
        return {'a stranger': self.visitor(), 'somebody else': self.visitor('bob')}.items()

    def test_a_public_build_shows_releases_runs_and_pictures_to_anybody(self):
        run, = self.sql("SELECT image, ref_image, diff_image FROM runs WHERE name = '/a'")
        for name, visitor in self.anybody():
            with self.subTest(name):
                self.assertIn(query('/build', id=self.build), visitor.page('/').links())
                self.assertIn(page_of('/release', self.open_release), visitor.page(query('/build', id=self.build)).links())
                visitor.page(page_of('/release', self.open_release))
                visitor.page(page_of('/release', self.open_release, show='new'))
                page = visitor.page(page_of('/run', self.open_release, test='/a'))
                self.assertIn('Approved', page.text)
                visitor.page(page_of('/image', self.open_release, test='/a', type='diff'))
                visitor.get(page_of('/events', self.open_release), headers={'Accept': 'application/json'})
                for sha1 in run:
                    answer = visitor.get(query('/api/download', build_id=self.build, sha1sum=sha1))
                    self.assertTrue(answer.body.startswith(harness.PNG_SIGNATURE))
                for path, answer in visitor.told:
                    if answer.status == 200 and path != '/whoami':
                        for secret in (*self.SECRETS, self.client.key[0]):
                            self.assertNotIn(secret, answer.text, path)
                        for link in Page(answer.text).links() + [form.action for form in Page(answer.text).forms]:
                            self.assertNotRegex(link, r'^/(settings|api_keys|admins|activity|log\?|config)')

    def test_a_public_build_shows_no_keys_settings_owners_activity_logs_and_configs(self):
        closed = [query(path, build_id=self.build) for path in ('/settings', '/api_keys', '/admins', '/activity')]
        closed += [page_of(f'/{what}', self.open_release, test='/a', type=which) for what in ('log', 'config')
                   for which in ('before', 'after', 'diff')]
        for name, visitor in self.anybody():
            for path in closed:
                with self.subTest(name, path=path):
                    answer = visitor.ask('GET', path)
                    self.assertEqual(answer.status, 303 if name == 'a stranger' else 403)
                    for secret in self.SECRETS:
                        self.assertNotIn(secret, answer.text)

    def test_a_log_is_no_picture_whatever_it_is_called(self):
        shas = [sha for row in self.sql('SELECT log, config, diff_log, ref_log FROM runs') for sha in row if sha]
        shas += [self.client.upload(self.build, name, content) for name, content in [
            ('x.png', b'l0g-text, said to be a PNG'), ('x.jpg', b'\xff\xd8l0g-text'), ('x.webp', b'RIFF1234WEBPl0g-text'),
            ('x.svg', b'<svg xmlns="http://www.w3.org/2000/svg"/>'), ('x.gif', b'GIF89a'), ('x.html', b'<b>'), ('none.png', b'')]]
        self.assertEqual(len(shas), 4 + 7)
        for name, visitor in self.anybody():
            for sha in shas:
                answer = visitor.get(query('/api/download', build_id=self.build, sha1sum=sha), 404)
                self.assertEqual(json.loads(answer.text), {'error': 'there is no such file'})
        self.alice.get(query('/api/download', build_id=self.build, sha1sum=shas[0]))

    def test_who_looks_at_a_public_build_changes_nothing(self):
        form = self.alice.page(page_of('/run', self.open_release, test='/a')).to('/run').fields
        own = {'id': self.build, 'name': 'r', 'number': 1}
        sent = [('/release', {**own, 'good': 'yes', 'sure': 'yes'}), ('/run', {**form, 'verb': 'reject'}),
                ('/run', {**form, 'verb': 'undo'}), ('/settings', {'build_id': self.build, 'name': 'x'}),
                ('/api_keys', {'build_id': self.build, 'purpose': 'x'}),
                ('/api_keys.revoke', {'build_id': self.build, 'id': self.client.key[0]}),
                ('/admins', {'build_id': self.build, 'email_address': 'bob@example.net'}),
                ('/admins.revoke', {'build_id': self.build, 'email_address': 'invited@example.org'})]
        visitors = self.anybody()
        before = self.dump()
        for name, visitor in visitors:
            fields = {'csrf': visitor.csrf()} if visitor.token else {}
            for path, more in sent:
                with self.subTest(name, path=path):
                    self.assertEqual(visitor.post(path, {**more, **fields}).status, 403 if fields else 303)
        self.assertEqual(self.dump(), before)


class Forms(SiteTestCase):
    """A form counts when one of our pages sent it, for the session that is logged in; and else changes nothing."""

    def setUp(self):
        super().setUp()
        self.alice = self.visitor('alice')
        self.make_superuser('alice@example.org')
        self.build = self.build_of(self.alice)
        self.client = self.client_of(self.alice, self.build)
        self.its = self.release(self.client, self.build, {'/a': different(1, 1), '/b': different(2, 2)})

    def forms(self):
        """For each route that takes forms, the fields of one that changes something."""
        alice, build = self.alice, self.build
        page = alice.page(query('/admins', build_id=build))
        link = alice.send(page.to('/admins'), email_address='bob@example.net', expected=200).page.inside('pre')
        task = Client(self.port, self.new_key()).post('work_queue/x/add', task_id='t', payload='')
        run = alice.page(page_of('/run', self.its, test='/a')).to('/run')
        own = {'id': build, 'name': 'r', 'number': 1}
        return {
            '/new': {'name': 'another'}, '/release': {**own, 'good': 'yes', 'sure': self.asked()},
            **{path: {**run.fields, 'verb': verb, 'csrf': '', 'type': 'after'}
               for path, verb in {'/run': 'approve', '/image': 'reject', '/log': 'approve', '/config': 'reject'}.items()}, '/settings': {'build_id': build, 'name': 'renamed'},
            '/api_keys': {'build_id': build, 'purpose': 'x'}, '/api_keys.revoke': {'build_id': build, 'id': self.client.key[0]},
            '/admins': {'build_id': build, 'email_address': 'carol@example.com'},
            '/admins.revoke': {'build_id': build, 'email_address': 'carol@example.com'},
            '/api/work_queue/<queue>': {'task_id': task['task_id'], 'action': 'delete'},
            '/invitation': {'token': link.partition('token=')[2]}, '/logout': {},
        }

    def test_a_form_from_elsewhere_changes_nothing(self):
        forms = self.forms()
        self.assertEqual({path for method, path in routes('web/web.c') if method == 'POST'}, set(forms))
        csrf, other = self.alice.csrf(), self.visitor('bob').csrf()
        again = self.visitor('alice').csrf()  # of another session of hers
        good = {'csrf': csrf}
        ways = [('no token', {'csrf': None}, {}), ('an empty token', {'csrf': ''}, {}), ("another user's token", {'csrf': other}, {}),
                ("another session's token", {'csrf': again}, {}), ('the session itself', {'csrf': self.alice.token}, {}),
                ('another site', good, {'Origin': 'https://evil.example'}),
                ('a site that begins like ours', good, {'Origin': self.origin + '.evil.example'}),
                ('our host, under https', good, {'Origin': self.origin.replace('http:', 'https:')}),
                ('an opaque origin', good, {'Origin': 'null'}), ('cross-site', good, {'Sec-Fetch-Site': 'cross-site'}),
                ('same-site', good, {'Sec-Fetch-Site': 'same-site'}),
                ('cross-site, without origin', good, {'Sec-Fetch-Site': 'cross-site', 'Origin': None}),
                ('no origin', good, {'Sec-Fetch-Site': None, 'Origin': None}),
                ('another site, in an older browser', good, {'Sec-Fetch-Site': None, 'Origin': 'https://evil.example'})]
        before = self.dump()
        for path, fields in forms.items():
            target = path.replace('<queue>', 'x')
            for way, token, headers in ways:
                with self.subTest(path, way=way):
                    sent = {name: value for name, value in {**fields, **token}.items() if value is not None}
                    answer = self.alice.post(target, sent, headers)
                    self.assertEqual(answer.status, 403, answer)
            with self.subTest(path, way='a token in the address'):
                self.assertEqual(self.alice.post(query(target, csrf=csrf), fields).status, 403)
        self.assertEqual(self.dump(), before)
        for path, fields in forms.items():  # or all of this would have shown nothing
            with self.subTest(path, way='as it should be'):
                answer = self.alice.post(path.replace('<queue>', 'x'), {**fields, **good})
                self.assertIn(answer.status, (200, 303), answer)
                self.assertNotIn('/login', answer.place or '')
                self.assertNotEqual(self.dump(), before)
                before = self.dump()

    def test_a_link_never_changes_anything(self):
        forms, csrf = self.forms(), self.alice.csrf()
        before = self.dump()
        for path, fields in forms.items():
            for method in ('GET', 'HEAD'):
                answer = self.alice.ask(method, query(path.replace('<queue>', 'x'), **{**fields, 'csrf': csrf}))
                self.assertIn(answer.status, (200, 303, 404, 405))
        for method in ('PUT', 'DELETE', 'PATCH', 'OPTIONS'):
            self.assertEqual(self.alice.ask(method, '/new', f'name=x&csrf={csrf}').status, 405)
        self.assertEqual(self.dump(), before)
        self.alice.page('/whoami')

    def test_scripts_of_ours_may_send_the_token_as_a_header(self):
        run = self.forms()['/run']
        headers = {'X-CSRF-Token': self.alice.csrf(), 'Accept': 'application/json'}
        answer = self.alice.post('/run', run, {**headers, 'X-CSRF-Token': 'x'})
        self.assertEqual((answer.status, list(json.loads(answer.text))), (403, ['error']))
        answer = self.alice.post('/run', run, headers)
        self.assertEqual((answer.status, json.loads(answer.text)['status']), (200, 'diff_approved'))


class Sessions(SiteTestCase):

    options = ('--trusted-proxies', '127.0.0.1')  # so that many log in, from many addresses

    def visitor(self, account=None):
        self.n_visitors = getattr(self, 'n_visitors', 0) + 1
        return super().visitor(account, **{'X-Forwarded-For': f'192.0.2.{self.n_visitors}'})

    def test_a_login_leads_to_a_path_of_ours_and_nowhere_else(self):
        build = self.build_of(self.visitor('alice'))
        for place in ('//evil.example/', '/\\evil.example', '\\\\evil.example', 'https://evil.example/', 'https:evil.example',
                      'javascript:alert(1)', '/\t/evil.example', '\t//evil.example', '/\n/evil.example', ' //evil.example',
                      'evil.example', '', '/' + 'x' * 3000, '/a\r\nSet-Cookie: x=y'):
            with self.subTest(place):
                # Nor does the service itself lead there, nor the login of who is logged in already.
                self.assertEqual(self.visitor().log_in('alice', place).place, '/')
            if place.startswith('//'):
                bob = self.visitor('bob')
                self.assertEqual(bob.log_in('bob', place).place, '/')
        for place in ('/whoami', query('/build', id=build), '/%09/evil.example', '/.//evil.example', '/a/https://b'):
            self.assertEqual(self.visitor().log_in('alice', place).place, place)

    def test_a_session_that_was_planted_is_not_the_one_after_the_login(self):
        for planted in ('x' * 43, '', 'a' * 4000):
            alice = self.visitor()
            alice.cookies['dpxdt'] = planted
            alice.log_in('alice')
            self.assertNotIn(alice.token, (planted, ''))
            victim = self.visitor()
            victim.cookies['dpxdt'] = planted
            victim.get('/whoami', 303)
        first = self.visitor('alice')
        old = first.token
        first.log_in('alice')
        self.assertNotEqual(first.token, old)
        first.cookies['dpxdt'] = old
        first.get('/whoami', 303)  # it ended when the new one began

    def test_a_logout_ends_the_session_on_the_server_and_only_that(self):
        alice, elsewhere = self.visitor('alice'), self.visitor('alice')
        token = alice.token
        self.assertEqual(alice.get('/logout', 303).place, '/whoami')  # a link is no logout
        answer = alice.send(alice.page('/whoami').to('/logout'))
        self.assertEqual(answer.place, '/')
        self.assertIsNone(alice.token)
        alice.cookies['dpxdt'] = token
        self.assertEqual(alice.get('/whoami', 303).place, '/login?next=%2Fwhoami')
        elsewhere.page('/whoami')

    def test_one_can_log_out_everywhere(self):
        alice, elsewhere, bob = self.visitor('alice'), self.visitor('alice'), self.visitor('bob')
        alice.send(alice.page('/whoami').to('/logout'), everywhere='yes')
        elsewhere.get('/whoami', 303)
        bob.page('/whoami')

    def test_a_session_ends_when_its_row_goes_and_when_it_is_old_or_idle(self):
        def is_in(change, *values):
            alice = self.visitor('alice')
            self.sql(change, *values)
            return alice.ask('GET', '/whoami').status == 200
        self.assertTrue(is_in('UPDATE sessions SET seen = seen - ?', 6 * DAY_MS))
        self.assertFalse(is_in('UPDATE sessions SET seen = seen - ?', 8 * DAY_MS))
        self.assertTrue(is_in('UPDATE sessions SET created = created - ?', 29 * DAY_MS))
        self.assertFalse(is_in('UPDATE sessions SET created = created - ?', 31 * DAY_MS))
        self.assertFalse(is_in('DELETE FROM sessions'))

    def test_a_session_that_is_used_stays(self):
        alice = self.visitor('alice')
        for _ in range(3):
            self.sql('UPDATE sessions SET seen = seen - ?', 5 * DAY_MS)
            alice.page('/whoami')
        self.sql('UPDATE sessions SET seen = seen - ?', 5 * DAY_MS)
        alice.page('/whoami')

    def test_what_gives_others_a_build_asks_who_one_is_when_that_was_long_ago(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        form = alice.page(query('/api_keys', build_id=build)).to('/api_keys')
        self.sql('UPDATE sessions SET created = created - ?', DAY_MS)
        before = self.dump()
        alice.page(query('/build', id=build))
        for path in ('/new', query('/api_keys', build_id=build), query('/admins', build_id=build), query('/activity', build_id=build)):
            self.assertEqual(alice.get(path, 303).place, query('/login', next=path))
        self.assertTrue(alice.send(form, purpose='x').place.startswith('/login'))
        self.assertEqual(self.dump(), before)
        alice.log_in('alice')
        alice.page(query('/api_keys', build_id=build))

    def test_a_cookie_is_no_use_to_who_reads_the_database(self):
        alice = self.visitor('alice')
        kept = repr(self.dump())
        self.assertNotIn(alice.token, kept)
        hashes = [row[0] for row in self.sql('SELECT token_sha256 FROM sessions')]
        for value in hashes:
            thief = self.visitor()
            thief.cookies['dpxdt'] = value
            thief.get('/whoami', 303)


class Returns(SiteTestCase):
    """Coming back from the login service, or pretending to."""

    def setUp(self):
        super().setUp()
        self.alice = self.visitor()
        self.service_url = self.alice.begin_login('/new')
        self.callback = self.alice.go_to_service(self.service_url, 'alice')

    def assert_not_let_in(self, visitor, callback, status, words):
        answer = visitor.get(callback, status)
        self.assertIn(words, answer.page.text)
        self.assertIsNone(visitor.token)
        self.assertEqual(self.sql('SELECT * FROM sessions'), [])

    def test_who_comes_back_without_the_cookie_is_not_let_in(self):
        del self.alice.cookies['dpxdt_login']
        self.assert_not_let_in(self.alice, self.callback, 400, 'another browser')

    def test_who_comes_back_with_the_login_of_another_browser_is_not_let_in(self):
        # Else somebody could be logged in as the attacker, and show him what he does.
        victim = self.visitor()
        self.assert_not_let_in(victim, self.callback, 400, 'another browser')
        victim.begin_login()
        self.assert_not_let_in(victim, self.callback, 403, 'no answer to the login that was begun')

    def test_a_state_that_was_used_is_good_no_more(self):
        self.assertEqual(self.alice.get(self.callback, 303).place, '/new')
        self.assertNotIn('dpxdt_login', self.alice.cookies)
        self.sql('DELETE FROM sessions')
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.callback).query))['state']
        other = self.visitor()
        other.cookies['dpxdt_login'] = state
        self.assert_not_let_in(other, self.callback, 403, 'used already')

    def test_a_code_that_was_used_is_good_no_more(self):
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.callback).query))['code']
        self.alice.get(self.callback, 303)
        self.sql('DELETE FROM sessions')
        other = self.visitor()
        path = urllib.parse.urlsplit(other.go_to_service(other.begin_login(), 'bob'))
        replayed = query(path.path, **{**dict(urllib.parse.parse_qsl(path.query)), 'code': code})
        self.assert_not_let_in(other, replayed, 403, 'begin again')

    def test_a_state_that_was_made_up_is_good_for_nothing(self):
        for state in ('x', 'a' * 43, "' OR 1=1 --", 'a' * 5000):
            visitor = self.visitor()
            visitor.cookies['dpxdt_login'] = urllib.parse.quote(state)
            self.assert_not_let_in(visitor, query('/oauth2callback', state=state, code='x'), 403, 'used already')

    def test_a_login_that_took_too_long_is_begun_anew(self):
        self.sql('UPDATE logins SET created = created - ?', 16 * 60 * 1000)
        self.assert_not_let_in(self.alice, self.callback, 403, 'took too long')

    def test_who_is_refused_by_the_service_is_told_why_in_text(self):
        place = self.alice.begin_login()
        parameters = logging_in.Browser().log_in(place, self.origin + '/oauth2callback', cancel=1)
        self.assert_not_let_in(self.alice, query('/oauth2callback', **parameters), 403, 'canceled')
        self.alice.begin_login()
        self.assert_not_let_in(self.alice, query(
            '/oauth2callback', state=self.alice.cookies['dpxdt_login'], iss=self.service.issuer, error='access_denied',
            error_description='<svg onload=alert(1)>'), 403, '<svg onload=alert(1)>')
        for account, words in (('unverified', 'must be verified'), ('unknown', 'did not tell your e-mail address')):
            callback = self.alice.go_to_service(self.alice.begin_login(), account)
            self.assert_not_let_in(self.alice, callback, 403, words)



HOSTILE = ['"><svg onload=alert(1)>', "' onmouseover=alert(1) x='", 'javascript:alert(1)', ' JaVaScRiPt:alert(1)//',
           '</script><script>alert(1)</script>', '{{ 7*7 }}${7*7}<%= 7*7 %>', '\u202e\u2066gnp.exe<b>\u200f', '--><img src=x onerror=alert(1)>',
           '&lt;b&gt;&#39;&quot;&nbsp', '</title></textarea></style></pre><h1>', 'data:text/html,<script>alert(1)</script>',
           '//evil.example/x', 'mailto:x@evil.example', 'vbscript:x', '\\\\evil.example', '#" onclick="x', '<' * 255, 'ø' * 255, "`'\"<>&"]
HARMLESS = [f'name{i}' for i in range(len(HOSTILE))]
EMAIL = "o'{{7*7}}&lt=`x@evil.example"


class Strange(SiteTestCase):
    """Whatever a stranger calls a thing, it is text."""

    options = ('--trusted-proxies', '127.0.0.1')  # callbacks are counted by address
    accounts = {**SiteTestCase.accounts,
                'hostile': {'email': EMAIL, 'email_verified': True, 'name': '"><svg onload=alert(1)>{{ 7*7 }}</script>'},
                'harmless': {'email': 'harmless@example.org', 'email_verified': True, 'name': 'Harmless'}}

    def populate(self, visitor, text, email):
        """A build in which everything is called so. -> paths of all pages that show it"""
        build = self.build_of(visitor, text)
        client = self.client_of(visitor, build, text)
        short = text[:250]
        region = {'x': 0, 'y': 0, 'width': 1, 'height': 1, 'what': text, 'kind': text, 'selector': text}
        facts = {'url': text, 'ref_url': text + '?', 'log': text, 'ref_log': text, 'diff_log': text,
                 'config': json.dumps({'injectJs': text, text: text, 'cookies': [{'name': text, 'value': 'x'}]})}
        runs = {short + ' a': {**different(1, 1, summary=text, regions=[region], bands=[{'kind': text}], n_regions=1), **facts},
                short + ' b': {**different(1, 2, summary=text), **facts}, short + ' c': {**facts, 'run_failed': 'yes'},
                short + ' d': {'image': 3, **facts}, short + ' e': {'image': 3, 'ref_image': 3}}
        release = self.release(client, build, runs, name=text, url=text)
        pending = self.release(client, build, {short: {'url': text}}, name=text, done=False)
        settings = {'name': text, 'email_alias': email, 'webhook_url': 'http://192.52.193.1/' + urllib.parse.quote(text),
                    'status_prefix': 'http://192.52.193.1/' + text.replace(' ', '') + '/', 'status_token': text}
        visitor.send(visitor.page(query('/settings', build_id=build)).to('/settings'), **settings)
        visitor.send(visitor.page(query('/admins', build_id=build)).to('/admins'), email_address=email, expected=200)
        visitor.send(visitor.page(page_of('/run', release, test=short + ' b')).to('/run'), ('verb', 'approve'))
        worker = Client(self.port, self.worker_key)
        queue = 'work_queue/' + urllib.parse.quote(text[:50].replace('/', '|'), safe='')
        worker.post(queue + '/add', task_id=short, payload=text, source=text)
        lease = worker.post(queue + '/lease', owner=text)['tasks'][0]
        worker.post(queue + '/heartbeat', task_id=short, lease_id=lease['lease_id'], message=text, index=1)
        of_build = [query(path, build_id=build) for path in ('/settings', '/api_keys', '/admins', '/activity')]
        of_runs = [page_of('/run', release, test=name) for name in runs]
        of_files = [page_of(f'/{kind}', release, test=short + ' a', type=which) for kind in ('log', 'config', 'image')
                    for which in ('before', 'after', 'diff')]
        lists = [page_of('/release', release, show=rank, words=words) for rank in ('failed', 'different', 'new')
                 for words in (None, short, 'nothing' + text)]
        errors = [page_of('/run', release, test=text + '?'), query('/release', id=build, name='x' + text, number=1),
                  page_of('/run', release, test=short + ' a', type=text), query('/none/' + urllib.parse.quote(text), a=text),
                  query('/api/' + queue, status=text), query('/invitation', token=text)]
        return ['/', '/whoami', query('/build', id=build), page_of('/release', release), page_of('/release', pending),
                page_of('/run', pending, test=short), *of_build, *of_runs, *of_files, *lists, *errors, '/api/' + queue,
                query('/api/' + queue, status='live')]

    def send_nonsense(self, visitor, text):
        """Forms whose fields will not do, and come back; and those that ask for what is not there."""
        build = self.build_of(visitor, text)
        form = lambda path: visitor.page(query(path, build_id=build)).to(path)
        bad = text + '\x07'
        yield visitor.send(visitor.page('/new').to('/new'), name=bad, expected=422)
        yield visitor.send(form('/settings'), name=bad, email_alias=bad, webhook_url=bad, status_prefix=bad, expected=422)
        yield visitor.send(form('/api_keys'), purpose=bad, expected=422)
        yield visitor.send(form('/admins'), email_address=bad, expected=422)
        fields = {'csrf': visitor.csrf(), 'build_id': build, 'id': text, 'user_id': text}
        yield visitor.post('/api_keys.revoke', fields)
        yield visitor.post('/admins.revoke', fields)
        yield visitor.post('/admins.revoke', {**fields, 'email_address': text})
        yield visitor.post('/release', {**fields, 'id': build, 'name': text, 'number': 1})
        yield visitor.post('/api/work_queue/x', {**fields, 'task_id': text, 'action': text})
        yield visitor.ask('GET', query('/oauth2callback', error=text, state=text), headers={'X-Forwarded-For': f'192.0.2.{build % 250}'})

    def shape(self, answer):
        return answer.status, [(tag, sorted(attributes)) for tag, attributes in answer.page.elements]

    def assert_no_address_is_theirs(self, answer):
        for address in answer.page.addresses():
            self.assertRegex(address, r'^(/$|/[^/\\]|#[a-z_-]+$|http://192\.0\.2\.1/)')

    def test_names_of_strangers_are_text_on_every_page(self):
        self.worker_key = self.new_key()
        people = {name: self.visitor(name) for name in ('hostile', 'harmless')}
        for email in (EMAIL, 'harmless@example.org'):
            self.make_superuser(email)
        n = 0
        for hostile, harmless in zip(HOSTILE, HARMLESS):
            self.sql('DELETE FROM build_owners')
            self.sql('DELETE FROM builds WHERE id NOT IN (SELECT build_id FROM audit)')
            self.sql('DELETE FROM tasks')
            with self.subTest(hostile):
                theirs = self.populate(people['hostile'], hostile, EMAIL)
                their_answers = [people['hostile'].ask('GET', path) for path in theirs[1:]]
                their_answers += self.send_nonsense(people['hostile'], hostile)
                ours = self.populate(people['harmless'], harmless, 'harmless@example.org')
                our_answers = [people['harmless'].ask('GET', path) for path in ours[1:]]
                our_answers += self.send_nonsense(people['harmless'], harmless)
                seen = 0
                for path, their, our in zip(theirs[1:] + ['a form'] * 99, their_answers, our_answers):
                    with self.subTest(hostile, path=path):
                        self.assertLess(their.status, 500)
                        self.assertEqual(self.shape(their), self.shape(our))
                        self.assert_no_address_is_theirs(their)
                        seen += hostile in their.page.text
                        n += 1
                self.assertGreater(seen, 10)
        self.assertGreater(n, 500)

    def test_only_addresses_of_the_web_are_links(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        for url, is_link in [('http://example.com/a?b=1&c=%20#d', True), ('https://example.com/', True), ('HTTPS://EXAMPLE.com/', True),
                             ('javascript:alert(1)', False), ('java\tscript:alert(1)', False), ('data:text/html,x', False),
                             ('mailto:a@example.com', False), ('//example.com/', False), ('/logout', False), ('logout', False),
                             ('file:///etc/passwd', False), ('http:evil', False), ('http:\\\\evil', False)]:
            with self.subTest(url):
                if '\t' in url:
                    client.post('create_release', 400, build_id=build, release_name='r', url=url)
                    continue
                release = self.release(client, build, {'/a': {**different(), 'url': url, 'ref_url': url + '?'}}, url=url)
                for path, shown in [(page_of('/release', release), [url]), (page_of('/run', release, test='/a'), [url, url + '?'])]:
                    page = alice.page(path)
                    for text in shown:
                        self.assertIn(text, page.text)
                        self.assertEqual(text in page.links(), is_link)
                    self.assertEqual([attributes['rel'] for tag, attributes in page.elements if attributes.get('href') in shown],
                                     ['noreferrer nofollow'] * len(shown) * is_link)

    def test_a_page_that_scripts_read_is_as_harmless(self):
        # What stage.js and review.js take from the page is JSON in an attribute, with addresses of ours.
        alice = self.visitor('alice')
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        for text in HOSTILE:
            runs = {text: different(1, 1, images={'ref': text}, summary=text, regions=[{'what': text, 'x': text}, text, [text], None],
                                    bands=text, width=text)}
            release = self.release(client, build, runs)
            page = alice.page(page_of('/run', release, test=text))
            stage, = [attributes['data-run'] for _, attributes in page.elements if 'data-run' in attributes]
            told = json.loads(stage)
            self.assertEqual((told['name'], told['status'], told['width'], told['bands']), (text, 'different', 0, []))
            for address in told['images'].values():
                self.assertRegex(address, r'^/api/download\?build_id=\d+&sha1sum=[0-9a-f]{40}$')


class Files(SiteTestCase):

    FILES = {'x.svg': b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'x.html': b'<script>alert(1)</script>',
             'gif.gif': b'GIF89a/*<script>*/=1;alert(1)', 'x.json': b'{"a": 1}', 'x.txt': b'text', 'none': b'<html>',
             'fake.png': b'<!doctype html><script>alert(1)</script>', 'x.xml': b'<?xml version="1.0"?><a/>', 'x.js': b'alert(1)',
             'x.pdf': b'%PDF-1.4', 'utf7': b'+ADw-script+AD4-', 'utf16.png': '<script>'.encode('utf-16')}
    PICTURES = {'polyglot.png': harness.PNG_SIGNATURE + b'<script>alert(1)</script>', 'polyglot.html': b'\xff\xd8\xff<script>alert(1)</script>',
                'x.webp': b'RIFF\x10\0\0\0WEBPVP8 <svg>', 'really.txt': harness.Picture(2, 2).png()}

    def test_nothing_that_was_uploaded_is_run_by_a_browser(self):
        alice = self.visitor('alice')
        for public in (None, 'yes'):
            build = self.build_of(alice, **{'public': public} if public else {})
            client = self.client_of(alice, build)
            for name, content in {**self.FILES, **self.PICTURES}.items():
                with self.subTest(name, public=public):
                    is_picture = name in self.PICTURES
                    sha1 = client.upload(build, name, content)
                    path = query('/api/download', build_id=build, sha1sum=sha1)
                    if name == 'x.json':  # it may be a config
                        alice.get(path, 404)
                        continue
                    visitors = [(alice, False)] + ([(self.visitor(), True)] if public and is_picture else [])
                    answers = [visitor.get(path) for visitor, _ in visitors]
                    status, headers, _ = client.ask('GET', path)
                    self.assertEqual(headers['Cache-Control'], 'private, immutable, max-age=31536000')
                    for answer in answers:
                        headers = answer.headers
                        self.assertEqual(answer.body, content)
                        self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
                        self.assertEqual(headers['Content-Security-Policy'], "sandbox; default-src 'none'")
                        self.assertEqual(headers['Cross-Origin-Resource-Policy'], 'same-origin')
                        self.assertEqual(headers['Cache-Control'].split(',')[0], 'public' if public and is_picture else 'private')
                        self.assertNotIn('Set-Cookie', headers)
                        if is_picture:
                            self.assertRegex(headers['Content-Type'], '^image/(png|jpeg|webp)$')
                        else:
                            self.assertRegex(headers['Content-Type'], '^(text/plain; charset=utf-8|application/json)$')
                            self.assertEqual(headers['Content-Disposition'], f'attachment; filename="{sha1}.txt"')
                    known = alice.get(path, 304, {'If-None-Match': f'"{sha1}"'})
                    self.assertEqual((known.body, known.headers['X-Content-Type-Options']), (b'', 'nosniff'))
                    part = alice.get(path, 206, {'Range': 'bytes=0-0'})
                    self.assertEqual((part.body, part.headers['Content-Security-Policy']),
                                     (content[:1], "sandbox; default-src 'none'"))

    def test_who_knows_a_hash_has_no_file_of_it(self):
        # Nor learns whether somebody else has: whether a browser knows it already is looked at behind all checks.
        alice, bob = self.visitor('alice'), self.visitor('bob')
        build, his = self.build_of(alice), self.build_of(bob)
        sha1 = self.client_of(alice, build).upload(build, 'x.png', harness.Picture(5, 5).png())
        for own in (build, his):
            answer = bob.ask('GET', query('/api/download', build_id=own, sha1sum=sha1), headers={'If-None-Match': f'"{sha1}"'})
            nothing = bob.ask('GET', query('/api/download', build_id=own, sha1sum='a' * 40), headers={'If-None-Match': '*'})
            self.assertEqual((answer.status, answer.body), (nothing.status, nothing.body))
            self.assertIn(answer.status, (401, 404))


class Headers(SiteTestCase):

    def assert_guarded(self, answer, https=False):
        policy = dict(part.strip().partition(' ')[::2] for part in answer.headers['Content-Security-Policy'].split(';'))
        self.assertEqual((policy['default-src'], policy['script-src'], policy['style-src'], policy['frame-ancestors'],
                          policy['base-uri'], policy['form-action']), ("'none'", "'self'", "'self'", "'none'", "'none'", "'self'"))
        self.assertNotIn('unsafe', answer.headers['Content-Security-Policy'])
        self.assertEqual(answer.headers['X-Content-Type-Options'], 'nosniff')
        self.assertEqual(answer.headers['Referrer-Policy'], 'same-origin')
        self.assertEqual(answer.headers['Cache-Control'], 'no-store')
        self.assertEqual(answer.headers['Strict-Transport-Security'], 'max-age=31536000' if https else None)
        if answer.headers['Content-Type'].startswith('text/html'):
            page = answer.page
            self.assertEqual([text for tag, text in page.texts if tag in ('script', 'style') and text.strip()], [])
            for tag, attributes in page.elements:
                self.assertFalse([name for name in attributes if name.startswith('on') or name == 'style'], tag)
                self.assertFalse(tag in ('iframe', 'object', 'embed', 'base'), tag)

    def test_each_page_says_what_browsers_may_do_with_it(self):
        alice = self.visitor('alice')
        self.make_superuser('alice@example.org')
        build = self.build_of(alice)
        release = self.release(self.client_of(alice, build), build, {'/a': different(log='x', config='{}'), '/b': {'run_failed': 'y'}})
        for _, path in routes('web/web.c'):
            for visitor in (alice, self.visitor()):
                target = query(path.replace('<queue>', 'x'), **of_release(release, test='/a', type='after', build_id=build))
                for answer in (visitor.ask('GET', target, headers={'Accept': 'application/json'} if path == '/events' else {}),
                               visitor.post(path, {})):
                    if not path.startswith('/static/') and answer.headers['Content-Type'] != 'application/json':
                        with self.subTest(path, status=answer.status):
                            self.assert_guarded(answer)
        self.assert_guarded(alice.get('/none', 404))
        self.assert_guarded(alice.get('/static/none', 404))
        for file in ('site.css', 'stage.css', 'site.js', 'review.js', 'stage.js', 'icon.svg'):
            answer = alice.get('/static/' + file)
            self.assertEqual(answer.headers['X-Content-Type-Options'], 'nosniff')
            self.assertIn("default-src 'none'", answer.headers['Content-Security-Policy'])

    def cookies_of(self, *args, login='--ignore-auth', **headers):
        """-> the lines that set cookies at a login, and what a page says of https"""
        server = self.server(*args, *([login] if login else []))
        visitor = Visitor(server.port, f'http://127.0.0.1:{server.port}', **headers)
        answer = visitor.get('/login', 303)
        page = visitor.get('/')
        told = answer.headers.get_all('Set-Cookie'), answer.headers['Strict-Transport-Security'], visitor
        self.assertEqual(page.headers['Strict-Transport-Security'], told[1])
        return told

    def test_what_is_for_https_is_said_under_https_only(self):
        https, http = {'X-Forwarded-Proto': 'https'}, {}
        for args, headers, is_https in [
                (['--trusted-proxies', '127.0.0.1'], https, True), (['--trusted-proxies', '::1, 127.0.0.0/8'], https, True),
                (['--trusted-proxies', '127.0.0.1'], http, False), ([], https, False), (['--trusted-proxies', '10.0.0.0/8'], https, False),
                (['--trusted-proxies', '127.0.0.1'], {'X-Forwarded-Proto': 'http'}, False),
                (['--public-url', 'https://dpxdt.example.com'], http, True), (['--public-url', 'http://dpxdt.example.com'], https, False)]:
            with self.subTest(args, headers=headers):
                lines, hsts, visitor = self.cookies_of(*args, **headers)
                session, = [line for line in lines if 'Max-Age=0' not in line]
                name, *attributes = re.split('; ', session)
                self.assertEqual(name.partition('=')[0], '__Host-dpxdt' if is_https else 'dpxdt')
                self.assertEqual(set(attributes), {'Path=/', 'HttpOnly', 'SameSite=Lax', 'Max-Age=2592000'} | ({'Secure'} if is_https else set()))
                self.assertEqual(hsts, 'max-age=31536000' if is_https else None)
                self.assert_guarded(visitor.get('/whoami'), is_https)

    def test_the_cookie_of_a_login_that_has_begun_is_of_this_host_alone(self):
        # Else another host of the domain plants its own login, and who comes back is logged in as somebody else.
        service = ['--oidc-issuer', self.service.issuer, '--oidc-client-id', 'dpxdt', '--public-url']
        for scheme, expected in [('http', r'dpxdt_login=\S+; Path=/; Max-Age=900; HttpOnly; SameSite=Lax'),
                                 ('https', r'__Host-dpxdt_login=\S+; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure')]:
            line, = self.cookies_of(*service, f'{scheme}://dpxdt.example.com', login=None)[0]
            self.assertRegex(line, f'^{expected}$')

    def test_forms_are_checked_against_the_address_that_people_see(self):
        server = self.server('--trusted-proxies', '127.0.0.1', '--ignore-auth')
        for proto in ('https', 'http'):
            alice = Visitor(server.port, f'{proto}://127.0.0.1:{server.port}', **{'X-Forwarded-Proto': proto})
            alice.get('/login', 303)
            alice.send(alice.page('/new').to('/new'), name='x')
            alice.origin = alice.origin.replace(proto, {'https': 'http', 'http': 'https'}[proto])
            alice.send(alice.page('/new').to('/new'), name='x', expected=403)


class Questions(SiteTestCase):

    def test_a_release_that_is_still_received_or_has_changed_is_not_good_without_a_question(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        its = self.release(client, build, {'/a': different(1, 1), '/b': different(2, 2)}, done=False)
        form = alice.page(page_of('/release', its)).to('/release', 'good')
        self.assertIn('still being requested', alice.send(form, ('good', 'yes'), expected=200).text)
        client.post('runs_done', **its)
        asks = alice.send(form, ('good', 'yes'), expected=200).page
        question, = [it for it in asks.forms if 'sure' in it.fields]
        client.post('decide_run', **its, run_name='/a', decision='approve')
        self.report(client, its, '/c', **different(3, 3))  # as many differences as before
        self.assertIn('2 differences', ' '.join(alice.send(question, ('good', 'yes'), expected=200).page.text.split()))
        self.assertEqual(self.sql('SELECT status FROM releases'), [('reviewing',)])


class Attempts(SiteTestCase):

    def test_a_release_that_is_like_its_last_attempt_says_so(self):
        alice = self.visitor('alice')
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        runs = {'/a': different(1, 1), '/b': different(2, 2)}
        shown = [alice.page(page_of('/release', self.release(client, build, it, name='again'))).text
                 for it in (runs, runs, {**runs, '/b': different(2, 3)}, {**runs, '/b': {'run_failed': 'y'}})]
        self.assertEqual([' '.join(text.split()).find('Identical to attempt 1') > 0 for text in shown], [False, True, False, False])


class Floods(SiteTestCase):

    AT_ONCE = 40

    def login_from(self, forwarded):
        headers = {'X-Forwarded-For': forwarded} if forwarded else {}
        return self.visitor(None, **headers).ask('GET', '/login')

    def test_who_logs_in_all_the_time_has_to_wait_and_nobody_else(self):
        self.it.stop()
        self.it = self.site('--trusted-proxies', '127.0.0.1')
        statuses = [self.login_from('192.0.2.1').status for _ in range(self.AT_ONCE + 20)]
        self.assertEqual(statuses[:self.AT_ONCE], [303] * self.AT_ONCE)
        self.assertIn(429, statuses)
        answer = harness.wait_until(lambda: (it := self.login_from('192.0.2.1')).status == 429 and it)
        self.assertIn('Too many logins', answer.page.text)
        for other in ('192.0.2.2', '2001:db8::1', None):
            self.assertEqual(self.login_from(other).status, 303)
        # What stands before the last proxy's word is of whoever asked it.
        self.assertIn(429, [self.login_from(f'198.51.100.{i}, 192.0.2.1').status for i in range(20)])
        harness.wait_until(lambda: self.login_from('192.0.2.1').status == 429)
        self.assertEqual(self.visitor(None, **{'X-Forwarded-For': '192.0.2.1'}).get('/').status, 200)

    def test_who_is_no_proxy_is_not_believed_where_he_comes_from(self):
        statuses = {self.login_from(f'192.0.2.{i}').status for i in range(self.AT_ONCE + 20)}
        self.assertEqual(statuses, {303, 429})

    def test_who_listens_everywhere_leaves_room_for_others(self):
        alice = self.visitor('alice')
        build = self.build_of(alice, public=True)
        path = page_of('/events', self.release(self.client_of(alice, build), build, {'/a': different()}))
        self.it.stop()
        self.it = self.site('--trusted-proxies', '127.0.0.1')
        with contextlib.ExitStack() as opened:
            def listen(forwarded):
                peer = opened.enter_context(contextlib.closing(http.client.HTTPConnection('127.0.0.1', self.it.port, timeout=30)))
                peer.request('GET', path, headers={'X-Forwarded-For': forwarded})
                return peer.getresponse()
            statuses = [listen('192.0.2.1').status for _ in range(105)]
            self.assertEqual((statuses[:100], set(statuses[100:])), ([200] * 100, {503}))
            answer = listen('192.0.2.2')
            self.assertEqual((answer.status, answer.headers['X-Accel-Buffering']), (200, 'no'))
        harness.wait_until(lambda: self.visitor(None, **{'X-Forwarded-For': '192.0.2.1'}).ask('GET', path, headers={'Accept': 'application/json'}).status == 200)

    def test_nobody_has_many_mails_sent_to_others(self):
        alice = self.visitor('alice')
        form = alice.page(query('/admins', build_id=self.build_of(alice))).to('/admins')
        statuses = [alice.post('/admins', {**form.fields, 'email_address': f'eve{i}@example.com'}).status for i in range(25)]
        self.assertEqual((statuses[:20], statuses[-1]), ([200] * 20, 429))
        self.assertLess(self.sql('SELECT COUNT(*) FROM invitations')[0][0], 25)

    def test_callbacks_that_are_made_up_are_counted(self):
        statuses = [self.visitor().ask('GET', '/oauth2callback?state=x&code=y').status for _ in range(self.AT_ONCE + 20)]
        self.assertEqual(set(statuses), {400, 429})


class Deciding(SiteTestCase):

    N = 20

    def setUp(self):
        super().setUp()
        self.alice = self.visitor('alice')
        self.build = self.build_of(self.alice)
        self.client = self.client_of(self.alice, self.build)
        self.bob = self.visitor('bob')
        link = self.alice.send(self.alice.page(query('/admins', build_id=self.build)).to('/admins'),
                               email_address='bob@example.net', expected=200).page.inside('pre')
        self.bob.send(self.bob.page(link.removeprefix(self.origin)).to('/invitation'))
        self.its = self.release(self.client, self.build, {'/a': different(1, 1), '/b': different(1, 2), '/c': different(2, 3)})

    def form(self, visitor, run='/a'):
        return visitor.page(page_of('/run', self.its, test=run)).to('/run')

    def say(self, visitor, form, verb, expected=200, **changes):
        """As the script does. -> what is answered"""
        answer = visitor.post('/run', {**form.fields, 'verb': verb, **changes}, {'Accept': 'application/json'})
        self.assertEqual(answer.status, expected, answer)
        return json.loads(answer.text)

    def at_once(self, sends):
        """Both do the same, many times. sends: functions of a visitor. -> all answers"""
        people = [self.alice, self.bob] * (self.N // 2)
        with concurrent.futures.ThreadPoolExecutor(self.N) as pool:
            return list(pool.map(lambda visitor: sends(visitor), people))

    def audited(self, kind):
        return self.sql('SELECT COUNT(*) FROM audit WHERE kind = ?', kind)[0][0]

    def statuses(self):
        return dict(self.sql('SELECT name, status FROM runs'))

    def counts(self):
        return self.sql('SELECT n_found, n_approved FROM releases WHERE id = (SELECT MIN(id) FROM releases)')[0]

    def test_what_two_people_approve_at_once_is_approved_once(self):
        forms = {visitor: self.form(visitor) for visitor in (self.alice, self.bob)}
        answers = self.at_once(lambda visitor: visitor.send(forms[visitor], ('verb', 'approve')))
        self.assertEqual(len(answers), self.N)
        self.assertEqual(self.sql('SELECT run_name FROM decisions'), [('/a',)])
        self.assertEqual((self.audited('run_approved'), self.counts()), (1, (2, 1)))
        self.at_once(lambda visitor: visitor.send(forms[visitor], ('verb', 'approve'), verb='reject'))
        self.assertEqual((self.sql('SELECT * FROM decisions'), self.audited('run_rejected'), self.counts()), ([], 1, (3, 0)))

    def test_what_two_people_say_of_a_release_at_once_is_said_once(self):
        forms = {visitor: visitor.page(page_of('/release', self.its)).to('/release', 'good') for visitor in (self.alice, self.bob)}
        self.at_once(lambda visitor: visitor.send(forms[visitor], ('good', 'yes'), sure=self.asked()))
        self.assertEqual((self.audited('release_good'), self.sql('SELECT status FROM releases')), (1, [('good',)]))

    def test_who_undoes_takes_back_his_own_approval_only(self):
        form = self.form(self.alice)
        self.alice.send(form, ('verb', 'approve'))
        for verb in 'reject', 'approve':
            self.bob.send(form_of_bob := self.form(self.bob), ('verb', form_of_bob.buttons[0][1]))
        self.say(self.alice, form, 'reject', 409, own='yes')
        self.assertEqual(self.counts(), (2, 1))
        self.say(self.bob, self.form(self.bob), 'reject', own='yes')
        self.assertEqual(self.counts(), (3, 0))

    def test_a_batch_that_is_sent_many_times_counts_once(self):
        forms = {visitor: self.form(visitor) for visitor in (self.alice, self.bob)}
        told = self.at_once(lambda visitor: self.say(visitor, forms[visitor], 'approve_group', batch='b' * 36))
        self.assertEqual({answer['n'] for answer in told}, {2})
        self.assertEqual((self.audited('run_approved'), self.counts()), (1, (1, 2)))
        self.assertEqual(self.sql('SELECT n_runs FROM batches'), [(2,)])
        told = self.at_once(lambda visitor: self.say(visitor, forms[visitor], 'undo', batch='b' * 36))
        self.assertEqual(sorted(answer['n'] for answer in told), [0] * (self.N - 1) + [2])
        self.assertEqual((self.audited('run_rejected'), self.counts()), (1, (3, 0)))

    def test_a_batch_is_undone_as_a_whole_and_nothing_else_is(self):
        form = self.form(self.alice)
        self.say(self.alice, self.form(self.alice, '/c'), 'approve')
        self.say(self.alice, form, 'approve_group')
        self.assertEqual(self.counts(), (0, 3))
        self.assertEqual(self.say(self.bob, self.form(self.bob), 'undo', batch=form.fields['batch'])['n'], 2)
        self.assertEqual(self.statuses(), {'/a': 'diff_found', '/b': 'diff_found', '/c': 'diff_approved'})
        self.assertEqual(self.say(self.alice, form, 'undo')['n'], 0)
        self.say(self.alice, form, 'undo', 404, batch='nothing')
        self.say(self.alice, form, 'undo', 400, batch='')
        self.say(self.alice, form, 'approve_group', 400, batch='x' * 65)

    def test_a_key_of_a_batch_that_somebody_else_chose_is_nobodys_business(self):
        self.say(self.alice, self.form(self.alice), 'approve_group', batch='same')
        carol = self.visitor('carol')
        build = self.build_of(carol)
        its = self.release(self.client_of(carol, build), build, {'/a': different(1, 1)})
        form = carol.page(page_of('/run', its, test='/a')).to('/run')
        self.assertEqual(self.say(carol, form, 'undo', 404, batch='same'), {'error': 'there is no batch same'})
        self.assertEqual(self.say(carol, form, 'approve_group', batch='same')['n'], 1)
        self.assertEqual(self.say(carol, form, 'undo', batch='same')['n'], 1)
        self.assertEqual(self.counts(), (1, 2))

    def test_what_changed_since_one_looked_is_not_decided_on(self):
        form = self.form(self.alice)
        self.report(self.client, self.its, '/a', **different(1, 9))
        before = self.dump()
        for verb in ('approve', 'reject', 'approve_group'):
            self.say(self.alice, form, verb, 409)
        self.assertIn('Look at them first', self.alice.send(form, ('verb', 'approve'), expected=409).page.text)
        for field in ('image', 'ref_image'):
            for value in ('', 'a' * 40, form.fields['image']):
                self.say(self.alice, self.form(self.alice), 'approve', 409, **{field: value})
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.say(self.alice, self.form(self.alice), 'approve')['status'], 'diff_approved')

    def test_a_group_that_grew_since_one_looked_is_approved_as_it_was(self):
        form = self.form(self.alice)
        harness.wait_until(lambda: time.time() * 1000 > int(form.fields['seen']) + 1)
        its = self.release(self.client, self.build, {'/other': different(1, 7)}, name='other')
        self.report(self.client, self.its, '/late', **different(1, 5))
        self.report(self.client, self.its, '/b', **different(1, 6))
        self.assertEqual(self.say(self.alice, form, 'approve_group')['n'], 1)
        self.assertEqual(self.statuses(), {'/a': 'diff_approved', '/b': 'diff_found', '/c': 'diff_found', '/late': 'diff_found',
                                           '/other': 'diff_found'})
        self.assertEqual([run for run, in self.sql('SELECT run_name FROM decisions')], ['/a'])

    def test_a_decision_holds_for_the_same_pictures_and_no_others(self):
        self.say(self.alice, self.form(self.alice), 'approve')
        again = self.release(self.client, self.build, {'/a': different(1, 1), '/b': different(1, 2)})
        other = self.release(self.client, self.build, {'/a': different(1, 8)})
        status = lambda release: [(run['run_name'], run['status']) for run in self.client.post('list_runs', **release)['runs']]
        self.assertEqual(status(again), [('/a', 'diff_approved'), ('/b', 'diff_found')])
        self.assertEqual(status(other), [('/a', 'diff_found')])

    def test_who_was_removed_decides_nothing(self):
        form, release = self.form(self.bob), self.bob.page(page_of('/release', self.its)).to('/release', 'good')
        bob_id = self.sql("SELECT id FROM users WHERE email = 'bob@example.net'")[0][0]
        remove, = [form for form in self.alice.page(query('/admins', build_id=self.build)).forms if form.fields.get('user_id') == bob_id]
        self.alice.send(remove)
        before = self.dump()
        self.bob.send(form, ('verb', 'approve'), expected=404)
        self.bob.send(release, ('good', 'yes'), sure='yes', expected=404)
        self.assertEqual(self.dump(), before)

    def test_a_decision_that_cannot_be_is_told_and_not_passed_over(self):
        form = self.form(self.alice)
        self.say(self.alice, form, 'x', 400)
        self.report(self.client, self.its, '/a', run_failed='yes')
        self.assertIn('cannot be approved', self.alice.send(form, ('verb', 'approve'), expected=400).page.text)
        page = self.alice.page(page_of('/release', self.its))
        good = page.to('/release', 'good')
        self.alice.send(page.to('/release', 'bad'), ('bad', 'yes'))
        self.assertIn('bad', self.alice.send(good, ('good', 'yes'), sure=self.asked(), expected=400).page.text)
        self.assertEqual(self.sql('SELECT status FROM releases'), [('bad',)])


class Secrets(SiteTestCase):
    """What is secret is in no line of the log, and on no page."""

    CONFIG = {'httpUserName': 'user', 'httpPassword': 's3cret-password', 'injectHeaders': {'.*': {'Authorization': 's3cret-header'}},
              'cookies': [{'name': 'session', 'value': 's3cret-cookie'}],
              'steps': [{'click': '#login'}, {'type': {'into': '#password', 'text': 's3cret-typed'}}]}
    # As no worker understands them, but somebody may have uploaded them.
    CONFIGS = [{'cookies': {'session': 's3cret-cookie'}}, {'cookies': 's3cret-cookie'}, {'cookies': ['s3cret-cookie']},
               {'injectHeaders': {'Authorization': 's3cret-header'}}, {'injectHeaders': ['s3cret-header']},
               {'httpPassword': ['s3cret-password']}, ['s3cret-cookie'], 's3cret-cookie', {'steps': [{'type': 's3cret-typed'}]},
               {'command_executor': 'http://me:s3cret-key@hub.example.com/wd/hub'}, {'other': {'apiToken': 's3cret-token', 'pwd': 's3cret-pwd'}},
               {'targetUrl': 'https://192.52.193.1/x?a=b&token=s3cret-query&c=d#access_token=s3cret-fragment'},
               {'injectHeaders': {'https://u:s3cret-key@h/': {'A': 'b'}}},
               {'desired_capabilities': {'browserstack.key': 's3cret-key'}}]

    def walk(self, visitor):
        """-> {path: answer} of all pages that one is led to from the first one"""
        todo, seen = ['/'], {}
        while todo:
            path = todo.pop()
            if path in seen or not path.startswith('/') or path.startswith(('/login', '/static')):
                continue
            seen[path] = visitor.get(path)
            page = seen[path].page if seen[path].headers['Content-Type'].startswith('text/html') else None
            todo += [address.partition('#')[0] or path for tag, attributes in (page.elements if page else [])
                     for name, address in attributes.items() if name in ('href', 'src')]
        return seen

    def test_secrets_are_in_no_log_and_on_no_page(self):
        alice = self.visitor()
        callback = alice.go_to_service(alice.begin_login(), 'alice')
        state = alice.cookies['dpxdt_login']
        alice.get(callback, 303)
        build = self.build_of(alice)
        client = self.client_of(alice, build)
        alice.send(alice.page(query('/settings', build_id=build)).to('/settings'), webhook_url='http://192.52.193.1/hook',
                   status_prefix='http://192.52.193.1/statuses/', status_token='s3cret-status')
        invitation = alice.send(alice.page(query('/admins', build_id=build)).to('/admins'), email_address='bob@example.net',
                                expected=200).page.inside('pre').partition('token=')[2]
        release = self.release(client, build, {'/a': {**different(), 'log': 'log', 'config': json.dumps(self.CONFIG)}, **{
            f'/{i}': {**different(i + 2, i), 'config': json.dumps(config)} for i, config in enumerate(self.CONFIGS)}})
        client.post('request_run', **release, run_name='/r', url='http://192.52.193.1/', config=json.dumps(self.CONFIG))
        webhook, = self.sql('SELECT webhook_secret FROM builds')[0]
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(callback).query))['code']
        secrets = {'key': client.key[1], 'session': alice.token, 'login service': logging_in.LoginService.SECRET, 'webhook': webhook,
                   'status': 's3cret-status', 'config': 's3cret-',
                   'invitation': invitation, 'state': state, 'code': code}
        bob = self.visitor('bob')
        bob.page(query('/invitation', token=invitation))
        told = self.walk(alice)
        kinds = {urllib.parse.urlsplit(path).path for path in told}
        self.assertTrue({'/build', '/release', '/run', '/log', '/config', '/settings', '/api_keys', '/admins', '/activity', '/whoami',
                         '/new', '/api/download'} <= kinds, kinds)
        self.assertEqual(sum(path.startswith('/config') for path in told), len(self.CONFIGS) + 2)
        shown = [path for path in told if path.startswith('/config') and 'test=%2Fa&' in path]
        self.assertEqual(told[shown[0]].text.count(HIDDEN), 4)
        for path, answer in told.items():
            for name, secret in secrets.items():
                if (name, path.partition('?')[0]) != ('webhook', '/settings'):  # owners need it to check what comes
                    self.assertNotIn(secret, answer.text, f'{name} on {path}')
        for config, in self.sql('SELECT config FROM runs WHERE config IS NOT NULL'):
            alice.get(query('/api/download', build_id=build, sha1sum=config), 404)
            self.assertIn('s3cret-', client.download(build, config).decode())
        self.go_wrong(alice, client, secrets)
        csrf = alice.csrf()
        self.assertEqual(self.it.stop(), 0)
        log = '\n'.join(line for line in self.it.lines if line)
        self.assertIn('path=/invitation', log)
        self.assertIn('path=/oauth2callback', log)
        for name, secret in {**secrets, 'csrf': csrf}.items():
            self.assertNotIn(secret, log, name)
            self.assertNotIn(urllib.parse.quote(secret, safe=''), log, name)

    def go_wrong(self, alice, client, secrets):
        """What is wrong is noted; what was sent with it is not."""
        for path in ('/new', '/api_keys.revoke', '/release', '/settings', '/logout'):
            alice.post(path, {'csrf': secrets['session'], 'name': secrets['config'], 'id': 1})
        self.visitor().get(query('/oauth2callback', state=secrets['state'], code=secrets['code']), 400)
        stranger = self.visitor()
        stranger.cookies['dpxdt_login'] = secrets['state']
        stranger.get(query('/oauth2callback', state=secrets['state'], code=secrets['code']), 403)
        self.visitor().get(query('/login', next='/invitation?token=' + secrets['invitation']), 303)
        Client(self.port, (client.key[0], client.key[1] + 'x')).post('create_release', 403, build_id=1, release_name='x')
        Client(self.port, ('x', client.key[1])).post('create_release', 403, build_id=1, release_name='x')


harness.main()
