// SPDX-License-Identifier: Apache-2.0
// Every page and state that there is, in the order of one walk: { route (as docs/routes.md has it), name, go }. `go` is a path,
// or leads a browser there; things is what made() made. sweep.test.mjs holds the table to docs/routes.md.
import { createHmac } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './world.mjs';

export const password = 'a long enough password';
export const W = 'W'.repeat(100); // the longest name, without a blank to break at
const mail = `${'m'.repeat(64)}@${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(50)}.example`;
const host = `https://${'h'.repeat(60)}.${'i'.repeat(60)}.example`;
const pkce = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
const device = 'urn:ietf:params:oauth:grant-type:device_code';
const invitation = (to) => ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//x//x//EN', 'BEGIN:VEVENT', 'UID:invited', 'DTSTAMP:20261101T000000Z',
	'DTSTART:20261117T100000Z', 'DTEND:20261117T110000Z', 'SUMMARY:Invited', 'ORGANIZER;CN=Olga:mailto:olga@example.net',
	`ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${to}`, 'ATTENDEE;CN=Sam;PARTSTAT=ACCEPTED:mailto:sam@example.net', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');

// One account that has all there is, each of its names as long as it can be, and a stranger without anything.
export async function made(world, folder, receiver) {
	const { id } = await world.account(mail, W, password);
	await world.account('nora@calends.example', 'Nora Empty', password);
	await world.account('totp@calends.example', 'Tom Two', password);
	const key = await world.calends('key', 'create', mail, '--name', W);
	await world.calends('key', 'create', mail, '--name', W, '--kind', 'restricted', '--mode', 'test', '--scope', 'events:read calendars:read');
	await world.calends('key', 'revoke', (await world.calends('key', 'create', mail, '--name', 'Old phone')).id);
	const secret = (await world.calends('key', 'create', mail, '--name', 'Server', '--kind', 'secret')).key;
	const api = async (method, path, body, bearer = secret) => {
		const reply = await fetch(world.url + path, { method, headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
		if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
		return reply.json();
	};
	const calendar = await api('POST', '/v1/calendars', { name: W, color_hex: '#1f9d5c' });
	const event = (title, day, more = {}) => api('POST', '/v1/events', { title, start_time: `2026-11-${day}T09:00:00Z`, end_time: `2026-11-${day}T10:30:00Z`, timezone: 'UTC', ...more });
	const long = await event(W, 24, { location: W, description: `${W}\n${W}`, calendar_id: calendar.id });
	await event('👩‍👩‍👧‍👦🏳️‍🌈👍🏽 Party 🎉', 24);
	await event('Fair', 24, { start_time: '2026-11-23', end_time: '2026-11-28', all_day: true, timezone: null });
	for (let i = 0; i < 5; i++) await event(`Call ${i}`, 26);
	const series = await event('Standup', 25, { recurrence: { rule: 'FREQ=WEEKLY;COUNT=5' } });
	const put = await fetch(`${world.url}/dav/calendars/${id}/default/invited.ics`, { method: 'PUT', body: invitation(mail),
		headers: { authorization: 'Basic ' + Buffer.from(`${id}:${key.key}`).toString('base64'), 'content-type': 'text/calendar' } });
	if (put.status !== 201) throw new Error(`PUT: ${put.status} ${await put.text()}`);
	const { data } = await api('GET', '/v1/events?from=2026-11-17T00:00:00Z&to=2026-11-18T00:00:00Z');
	const page = await api('POST', '/v1/booking_pages', { slug: 'intro', title: W, description: W, timezone: 'UTC', durations: [{ minutes: 30 }, { minutes: 60 }],
		is_public: true, questions: [{ question: W, required: true }], busy_calendar_ids: [calendar.id], calendar_id: calendar.id });
	const { slots } = await api('GET', `/v1/public/booking_pages/intro/availability?from=${days(7)}&to=${days(30)}`);
	const booking = await api('POST', '/v1/bookings', { page: 'intro', start: slots[0].start, name: W, email: 'ada@example.org', note: W, answers: [{ question: W, answer: W }] });
	const app = await world.calends('client', 'create', '--owner', mail, '--name', W, '--type', 'confidential', '--redirect-uri', `${host}/${'p'.repeat(300)}`);
	const tv = await world.calends('client', 'create', '--owner', mail, '--name', 'Television', '--type', 'public', '--grant', device, '--scope', 'calendars:read');
	const hook = await api('POST', '/v1/webhook_endpoints', { url: `${receiver}/${'w'.repeat(100)}`, events: ['event.*'], description: W });
	await event('Told', 27);
	const failed = (await fetch(world.url + '/v1/events?limit=many', { headers: { authorization: `Bearer ${secret}` } })).headers.get('request-id');
	const form = (path, fields, more = {}) => fetch(world.url + path, { method: 'POST', body: new URLSearchParams(fields), headers: { 'user-agent': 'DAVx5/4.5-ose', ...more } }).then((r) => r.json());
	const open = await fetch(`${world.url}/oauth/register`, { method: 'POST', headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ client_name: 'Garden Calendar', redirect_uris: ['http://127.0.0.1:4711/cb'] }) }).then((r) => r.json());
	const authorize = (client_id, more = {}) => '/oauth/authorize?' + new URLSearchParams({ client_id, response_type: 'code', state: 'x', scope: 'calendars:read events:write events:read', ...pkce, ...more });
	return { id, key: key.id, mail, calendar: calendar.id, event: long.id, series: `${series.id}_20261202T090000Z`, invited: data[0].id, slug: 'intro', page: page.id, slot: slots[9].start,
		booking: new URL(booking.manage_url).pathname, app: app.client_id, hook: hook.id, failed, authorize: authorize(app.client_id),
		open: authorize(open.client_id, { redirect_uri: 'http://127.0.0.1:4711/cb' }), tv: (await form('/oauth/device', { client_id: tv.client_id, scope: 'calendars:read' })).user_code,
		flow: new URL((await form('/index.php/login/v2', {})).login).pathname, letter: (word) => letter(folder, word) };
}

const days = (n) => new Date(Date.now() + n * 86400_000).toISOString();

// The link of the newest letter that has one of this kind.
async function letter(folder, word) {
	return until(async () => {
		for (const name of (await readdir(folder)).filter((n) => n.endsWith('.eml')).sort().reverse()) {
			const link = (await readFile(join(folder, name), 'ascii')).replaceAll('=\r\n', '').match(new RegExp(`/link/${word}/cml_\\w+`));
			if (link) return link[0];
		}
	}, { what: `a letter with a link to ${word}` });
}

// RFC 6238, as an app shows it; `steps` on from now.
function code(secret, steps = 0) {
	const bits = [...secret.replace(/\s/g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
	const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest();
	return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

const at = (path) => (page, t) => page.goto(t.url + (typeof path === 'function' ? path(t) : path));
const then = (path, ...steps) => async (page, t) => { await at(path)(page, t); for (const step of steps) await step(page, t); };
const click = (selector) => (page) => page.click(selector);
const fill = (selector, value) => (page, t) => page.fill(selector, typeof value === 'function' ? value(t) : value);
const follow = (selector) => async (page) => page.goto(new URL(await page.getAttribute(selector, 'href'), page.url()).href);
export const signIn = (email, path = '/sign-in?again=1') => then(path, fill('#email', email), fill('input[name=password]', password), click('form[action="/sign-in"] button[type=submit]'));
const row = (route, path = route, name = typeof path === 'string' ? path : route) => ({ route, name, go: at(path) });
const state = (route, name, go) => ({ route, name, go });

export const places = [
	// who is not signed in
	row('/'), row('/sign-in'), state('/sign-in', 'sign-in refused', then('/sign-in', fill('#email', 'nora@calends.example'), fill('input[name=password]', 'wrong'), click('form[action="/sign-in"] button[type=submit]'))),
	row('/sign-up'), row('/status'), row('/docs'), row('/docs/:page', '/docs/quickstart'), row('/docs/:page', '/docs/connect'), row('/docs/:page', '/docs/options'), row('/docs/errors'),
	row('/docs/errors/:code', '/docs/errors/invalid_value'), row('/docs/search', '/docs/search?q=token'), row('/docs/reference'), row('/docs/reference/:name', '/docs/reference/events'),
	row('/docs/reference/:name', '/docs/reference/createEvent'),
	row('/book/:slug', '/book/intro'), row('/book/:slug/zone', '/book/intro/zone'), row('/book/:slug/form', (t) => `/book/intro/form?start=${t.slot}`), state('/book/:slug/form', 'book refused',
		then((t) => `/book/intro/form?start=${t.slot}`, (page) => page.$eval('main form', (f) => { f.noValidate = true; }), click('main form button[type=submit]'))),
	row('/embed/:slug', '/embed/intro'), row('/embed/:slug/zone', '/embed/intro/zone'), row('/embed/:slug/form', (t) => `/embed/intro/form?start=${t.slot}`),
	row('/booking/:token', (t) => t.booking), row('/booking/:token/cancel', (t) => t.booking + '/cancel'), row('/booking/:token/move', (t) => t.booking + '/move'),
	row('/forgot-password'), state('/forgot-password', 'forgot, sent', then('/forgot-password', fill('#email', 'totp@calends.example'), click('main button[type=submit]'))),
	state('/link/reset/:token', 'link to reset', async (page, t) => at(await t.letter('reset'))(page, t)),
	state('/sign-up', 'sign-up, sent', then('/sign-up', fill('#email', 'young@calends.example'), click('main form button[type=submit]'))),
	state('/link/sign-up/:token', 'link to sign up', async (page, t) => at(await t.letter('sign-up'))(page, t)),
	state('/nothing', 'no such page', at('/nothing')),
	// the second factor
	state('/security/totp', 'authenticator app', then('/sign-in', signIn('totp@calends.example'), at('/security'), click('form[action="/security/totp/begin"] button'),
		async (page, t) => { t.secret = await page.textContent('#secret'); })),
	state('/security/totp', 'wrong code', then('/security/totp', fill('#code', '000000'), click('main form[action="/security/totp"] button'))),
	state('/security/totp', 'recovery codes', then('/security/totp', (page, t) => page.fill('#code', code(t.secret)), click('main form[action="/security/totp"] button'))),
	row('/security', '/security', 'security, with an app'), row('/security/recovery-codes'), row('/security/totp/end'),
	state('/sign-in/code', 'sign-in, the code', signIn('totp@calends.example')),
	// an account without anything
	state('/', 'overview, nothing', signIn('nora@calends.example')),
	...['/keys', '/logs', '/usage', '/apps', '/webhooks', '/connected-accounts', '/booking-pages', '/security'].map((path) => row(path, path, `nothing ${path}`)),
	row('/webhooks', '/webhooks?mode=test', 'nothing /webhooks, test'),
	// one that has all there is
	state('/', 'overview', (page, t) => signIn(t.mail)(page, t)),
	row('/calendar', '/calendar?date=2026-11-24'), row('/calendar', '/calendar?view=week&date=2026-11-24'), row('/calendar', '/calendar?view=day&date=2026-11-24'), row('/calendar', '/calendar?view=agenda&date=2026-11-24'),
	row('/calendar', '/calendar?q=nothing'), row('/calendar', '/calendar?date=2026-11-24&mode=test'),
	row('/calendar/new', '/calendar/new?date=2026-11-24'), state('/calendar/new', 'an event refused', then('/calendar/new?date=2026-11-24', fill('#title', 'x'), fill('#end_date', '2026-11-20'), click('main button[type=submit]'))),
	row('/calendar/events/:event', (t) => `/calendar/events/${t.event}`), row('/calendar/events/:event/edit', (t) => `/calendar/events/${t.event}/edit`),
	row('/calendar/events/:event/delete', (t) => `/calendar/events/${t.event}/delete`),
	state('/calendar/events/:event', 'one of a series', at((t) => `/calendar/events/${t.series}`)), state('/calendar/events/:event/edit', 'one of a series, edit', at((t) => `/calendar/events/${t.series}/edit`)),
	state('/calendar/events/:event/delete', 'one of a series, delete', at((t) => `/calendar/events/${t.series}/delete`)),
	state('/calendar/events/:event', 'invitation', at((t) => `/calendar/events/${t.invited}`)),
	row('/calendars'), row('/calendars', '/calendars?mode=test'), row('/calendars/new'), row('/calendars/import'), row('/calendars/:cal', (t) => `/calendars/${t.calendar}`), row('/calendars/:cal/edit', (t) => `/calendars/${t.calendar}/edit`),
	row('/calendars/:cal/delete', (t) => `/calendars/${t.calendar}/delete`), row('/calendars/:cal/feed', (t) => `/calendars/${t.calendar}/feed`),
	state('/calendars/:cal/feed/show', 'feed made', then((t) => `/calendars/${t.calendar}/feed`, click('main form button'))), row('/calendars/:cal/feed/end', (t) => `/calendars/${t.calendar}/feed/end`),
	row('/booking-pages'), row('/booking-pages/new'), ...['', '/edit', '/pause', '/delete', '/preview', '/preview/zone'].map((end) => row(`/booking-pages/:page${end}`, (t) => `/booking-pages/${t.page}${end}`)),
	row('/booking-pages/:page/preview/form', (t) => `/booking-pages/${t.page}/preview/form?start=${t.slot}`),
	row('/setup'), ...['thunderbird', 'iphone', 'mac', 'davx5', 'evolution', 'gnome', 'kde', 'vdirsyncer', 'outlook', 'home-assistant', 'oauth'].map((slug) => row('/setup/:program', `/setup/${slug}`)),
	...['davx5', 'vdirsyncer'].map((slug) => state('/setup/:program', `${slug}, ready`, then(`/setup/${slug}`, click('main form button[type=submit] >> nth=0')))),
	state('/setup/:program', 'iphone, code', then('/setup/iphone', click('button[value=link]'))),
	state('/link/device/:token', 'a device that sets itself up', then('/setup/iphone', click('button[value=link]'), async (page) => page.goto(await page.textContent('#link')))),
	row('/sandbox'), row('/keys'), state('/keys', 'keys, a menu', then('/keys', click('details.menu > summary >> nth=0'))), row('/keys/new'),
	state('/keys/new', 'keys, refused', then('/keys/new', fill('#name', W), click('label[for=kind-restricted]'), click('main button:text-is("Generate")'))),
	state('/keys/new', 'a new key', then('/keys/new', fill('#name', 'A key'), click('main button:text-is("Generate")'))),
	...['', '/rotate', '/revoke'].map((end) => row(`/keys/:key${end}`, (t) => `/keys/${t.key}${end}`)),
	state('/consent', 'consent', at((t) => t.authorize)), state('/consent', 'consent, an app of anybody', at((t) => t.open)),
	state('/consent', 'consent once more', then((t) => t.authorize, click('button[value=allow]'), (page) => page.waitForURL(/^(chrome-error|https):/, { waitUntil: 'commit' }), at((t) => t.authorize))),
	row('/connected-accounts'), state('/connected-accounts/:id', 'a connected app', then('/connected-accounts', follow('tbody th a'))),
	state('/connected-accounts/:id/remove', 'a connected app, remove', then('/connected-accounts', follow('a[href$="/remove"] >> nth=0'))),
	row('/device'), state('/device', 'device, a code', at((t) => `/device?user_code=${t.tv}`)), state('/index.php/login/v2/flow/:token', 'login flow', at((t) => t.flow)),
	row('/apps'), row('/apps/new'), ...['', '/edit', '/delete'].map((end) => row(`/apps/:app${end}`, (t) => `/apps/${t.app}${end}`)),
	state('/apps/:app/secrets/:secret/revoke', 'a secret, revoke', then((t) => `/apps/${t.app}`, click('form[action$="/secrets"] button'), at((t) => `/apps/${t.app}`), follow('a[href*="/secrets/"] >> nth=0'))),
	row('/webhooks'), row('/webhooks/new'), ...['', '/edit', '/rotate', '/delete'].map((end) => row(`/webhooks/:endpoint${end}`, (t) => `/webhooks/${t.hook}${end}`)),
	state('/webhooks/:endpoint/deliveries/:delivery', 'a delivery', async (page, t) => {
		await until(async () => (await page.goto(`${t.url}/webhooks/${t.hook}`), await page.locator('tbody th a').count()), { what: 'a delivery' });
		await follow('tbody th a >> nth=0')(page);
	}),
	state('/webhooks/:endpoint/rotate', 'a secret of an endpoint', then((t) => `/webhooks/${t.hook}/rotate`, click('main button'))),
	row('/logs'), row('/logs', '/logs?request=x'), state('/logs', 'logs, a menu', then('/logs', click('details.menu > summary >> nth=0'))), row('/logs/:request', (t) => `/logs/${t.failed}`),
	row('/usage'), row('/usage', '/usage?mode=test&days=90'), row('/audit'), row('/audit', '/audit?mode=test'), row('/audit', '/audit?kind=client.deleted'),
	row('/docs/reference/:name/try', '/docs/reference/listEvents/try'), state('/docs/reference/:name/try', 'tried', then('/docs/reference/getCalendar/try', click('main button:text-is("Send")'))),
	row('/account'), state('/account', 'account refused', then('/account', fill('#tz', 'Mars/Base'), click('main form[action="/account"] button'))), row('/account/download'), row('/plan'),
	row('/security/passkeys/new'), state('/security', 'security, with a passkey', then('/security/passkeys/new', fill('input[name=name]', W), click('.passkey button'), (page) => page.waitForURL(/done=passkey-added/))),
	state('/security/passkeys/:id/remove', 'a passkey, remove', then('/security', follow('a[href^="/security/passkeys/"][href$="/remove"]'))),
	row('/confirm', '/confirm?next=%2Fkeys'), row('/styleguide'), row('/oauth/logout'),
	state('/link/email/:token', 'link to an address', then('/account', fill('#new-email', 'new@calends.example'), click('main form[action="/account/email"] button'), async (page, t) => at(await t.letter('email'))(page, t))),
	row('/account/delete'), state('/account/delete', 'account deleted', then('/account/delete', click('main button.danger'))),
	state('/sign-in', 'take it back?', (page, t) => signIn(t.mail)(page, t)),
	state('demo', 'the demo platform', (page, t) => page.goto(t.demo)),
];

// What of docs/routes.md is no page to be looked at, and why.
export const not = {
	'/calendar/feed': 'JSON for the calendar\'s script', '/calendar/stream': 'a stream of events', '/calendars/:cal/export': 'a file', '/device/qr': 'a picture', '/account/picture/:tag': 'a picture', '/pictures/:user/:tag': 'a picture',
	'/apps/:app/logo/:tag': 'a picture', '/embed.js': 'a script', '/manifest.webmanifest': 'JSON', '/favicon.ico': 'a picture', '/openapi.json': 'JSON', '/robots.txt': 'text', '/static/:file': 'files',
	'/.well-known/user-agent-configuration.json': 'JSON', '/.well-known/autoconfig/mail/config-v1.1.xml': 'XML', '/.well-known/security.txt': 'text', '/.well-known/change-password': 'a redirect',
	'/link/confirm/:token': 'as that of an address; for accounts from before mail was sent: test_mailbox.py',
	'/booking/:token/appointment.ics': 'a file', '/booking/:token/booked': 'what a guest of /book sees once: book.test.mjs',
};
