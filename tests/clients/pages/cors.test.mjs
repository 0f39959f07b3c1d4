// SPDX-License-Identifier: Apache-2.0
// Pages of other origins in a real browser, which asks by itself (Fetch standard §3.2): what a key is for, and no more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openCallback, openWorld } from '../support/world.mjs';

const email = 'user@calends.example';
let world, browser, user, key, otherKey;
const pages = {};

before(async () => {
	world = await openWorld();
	browser = await openBrowser();
	user = await world.account(email, 'Una User', 'a long enough password');
	for (const name of ['listed', 'of another key', 'unknown']) {
		const server = await openCallback();
		const page = await browser.newPage();
		await page.goto(new URL('/', server.uri).href);
		pages[name] = { server, page, origin: new URL(server.uri).origin };
	}
	const make = (name, ...more) => world.calends('key', 'create', email, '--name', name, '--kind', 'restricted', '--scope',
		'calendars:read events:read events:write', ...more);
	key = (await make('Shop', '--allow-origin', pages.listed.origin)).key;
	otherKey = (await make('Other', '--allow-origin', pages['of another key'].origin)).key;
});

after(async () => {
	for (const { server } of Object.values(pages)) await server.close();
	await browser?.close();
	await world?.close();
});

// What the page can read of an answer; 'refused' where the browser gives it none.
function call(name, path, init = {}) {
	return pages[name].page.evaluate(async ([url, init]) => {
		try {
			const reply = await fetch(url, init);
			return { status: reply.status, text: await reply.text(), headers: Object.fromEntries(reply.headers) };
		} catch (e) {
			return e.name === 'TypeError' ? 'refused' : String(e);
		}
	}, [world.url + path, init]);
}

const bearer = (secret, more = {}) => ({ Authorization: `Bearer ${secret}`, ...more });
const event = (key) => ({
	method: 'POST', headers: bearer(key, { 'Content-Type': 'application/json', 'Idempotency-Key': 'from-a-page' }),
	body: JSON.stringify({ title: 'Coffee', start_time: '2026-12-01T10:00:00Z', end_time: '2026-12-01T11:00:00Z' }),
});

test('a page of a listed origin reads, and writes once for its Idempotency-Key', async () => {
	const list = await call('listed', '/v1/calendars', { headers: bearer(key) });
	assert.equal(list.status, 200);
	assert.ok(list.headers['request-id'] && list.headers['x-ratelimit-remaining'], 'what is exposed');
	const made = await call('listed', '/v1/events', event(key));
	assert.equal(made.status, 201, made.text);
	const again = await call('listed', '/v1/events', event(key));
	assert.equal(again.status, 201);
	assert.equal(again.headers['idempotent-replayed'], 'true');
	assert.equal(again.headers['calends-idempotent-replay'], 'true');
	assert.deepEqual(JSON.parse(again.text), JSON.parse(made.text));
	const { id } = JSON.parse(made.text);
	const changed = await call('listed', `/v1/events/${id}`, { method: 'PATCH', body: '{"title":"Tea"}',
		headers: bearer(key, { 'Content-Type': 'application/json', 'If-Match': made.headers.etag ?? '*' }) });
	assert.equal(changed.status, 200, changed.text);
});

test('a page of an origin that nobody named gets nothing', async () => {
	for (const [path, init] of [['/v1/calendars', { headers: bearer(key) }], ['/v1/events', event(key)], ['/v1/calendars', {}],
		['/dav/', { method: 'PROPFIND', headers: bearer(key) }]])
		assert.equal(await call('unknown', path, init), 'refused', path);
	assert.equal((await call('unknown', '/.well-known/oauth-authorization-server')).status, 200);
});

test('a key of another page is refused with a text that the page can read', async () => {
	const { origin } = pages['of another key'];
	const reply = await call('of another key', '/v1/calendars', { headers: bearer(key) });
	assert.equal(reply.status, 403);
	const { error } = JSON.parse(reply.text);
	assert.equal(error.code, 'origin_not_allowed');
	assert.ok(error.message.includes(origin) && error.message.includes('allowed_origins'), error.message);
	assert.equal((await call('of another key', '/v1/calendars', { headers: bearer(otherKey) })).status, 200);
});

test('a page speaks CalDAV', async () => {
	const home = `/dav/calendars/${user.id}/default/`;
	const put = await call('listed', `${home}page.ics`, { method: 'PUT', headers: bearer(key, { 'Content-Type': 'text/calendar', 'If-None-Match': '*' }),
		body: ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//page', 'BEGIN:VEVENT', 'UID:page', 'DTSTAMP:20260101T000000Z', 'DTSTART:20261201T100000Z',
			'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n') });
	assert.equal(put.status, 201, put.text);
	assert.ok(put.headers.etag);
	const found = await call('listed', home, { method: 'PROPFIND', headers: bearer(key, { Depth: '1' }) });
	assert.equal(found.status, 207);
	assert.ok(found.text.includes('page.ics') && found.headers.dav);
});
