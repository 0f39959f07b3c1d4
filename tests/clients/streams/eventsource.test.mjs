// SPDX-License-Identifier: Apache-2.0
// Streams of events as people read them: with the `eventsource` package in Node, and with Chromium's own EventSource, which
// cannot send a key and so goes through its site's server, as the documentation says.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, test } from 'node:test';
import { EventSource } from 'eventsource';
import { openBrowser, openWorld } from '../support/world.mjs';

let world, browser, key;

before(async () => {
	world = await openWorld('--rate-limit', '0');
	browser = await openBrowser();
	await world.account('ann@calends.example', 'Ann', 'a long enough password');
	({ key } = await world.calends('key', 'create', 'ann@calends.example', '--kind', 'secret', '--name', 'x'));
});

after(async () => {
	await browser?.close();
	await world?.close();
});

async function api(method, path, body) {
	const reply = await fetch(world.url + path, {
		method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
	});
	assert.ok(reply.ok, `${method} ${path}: ${reply.status}`);
	return reply.json();
}

const made = () => api('POST', '/v1/events', { title: 'x', start_time: '2026-11-24T09:00:00Z', end_time: '2026-11-24T10:00:00Z' });

function open(token, headers = {}) {
	const source = new EventSource(`${world.url}/v1/events/stream`, {
		fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers, Authorization: `Bearer ${token}` } }),
	});
	const heard = [], waiting = [];
	for (const type of ['ready', 'change', 'resync', 'end', 'error']) {
		source.addEventListener(type, (event) => {
			const told = { type, id: event.lastEventId, code: event.code, data: event.data && JSON.parse(event.data) };
			if (waiting.length) waiting.shift()(told);
			else heard.push(told);
		});
	}
	return { source, next: () => (heard.length ? Promise.resolve(heard.shift()) : new Promise((done) => waiting.push(done))) };
}

test('the eventsource package hears changes, and a revoked key ends it for good', async () => {
	const own = await api('POST', '/v1/api_keys', { name: 'stream', kind: 'restricted', scopes: ['events:read'] });
	const stream = open(own.key);
	assert.equal((await stream.next()).type, 'ready');
	const event = await made();
	const told = await stream.next();
	assert.equal(told.type, 'change');
	assert.equal(told.data.event_id, event.id);
	assert.equal(told.id, told.data.sync_token);
	await api('DELETE', `/v1/api_keys/${own.id}`);
	assert.deepEqual((await stream.next()).data, { object: 'end', reason: 'credential_ended' });
	// It comes back by itself, is refused, and gives up.
	let error;
	do error = await stream.next(); while (error.code === undefined);
	assert.equal(error.code, 401);
	assert.equal(stream.source.readyState, EventSource.CLOSED);
});

// A site's own server, which holds the key. `cut` ends what is open, as a network would.
async function openSite() {
	const open = new Set();
	const server = createServer((incoming, answer) => {
		if (incoming.url !== '/stream') {
			answer.setHeader('Content-Type', 'text/html');
			answer.end('<!doctype html><title>site</title>');
			return;
		}
		const headers = { Authorization: `Bearer ${key}`, Accept: 'text/event-stream' };
		if (incoming.headers['last-event-id']) headers['Last-Event-ID'] = incoming.headers['last-event-id'];
		const call = request(`${world.url}/v1/events/stream`, { headers }, (reply) => {
			answer.writeHead(reply.statusCode, { 'Content-Type': reply.headers['content-type'] });
			reply.pipe(answer);
		});
		call.end();
		call.on('error', () => answer.destroy());
		answer.on('close', () => { call.destroy(); open.delete(answer); });
		open.add(answer);
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	return {
		url: `http://127.0.0.1:${server.address().port}/`,
		cut: () => open.forEach((answer) => answer.destroy()),
		close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
	};
}

test("Chromium's EventSource comes back by itself, and has missed nothing", async () => {
	const site = await openSite();
	const context = await browser.newContext();
	try {
		const page = await context.newPage();
		await page.goto(site.url);
		await page.evaluate(() => {
			window.heard = [];
			const source = new EventSource('/stream');
			for (const type of ['ready', 'change', 'resync']) {
				source.addEventListener(type, (event) => window.heard.push({ type, ...JSON.parse(event.data) }));
			}
		});
		const count = (type, n) => page.waitForFunction(([what, least]) => window.heard.filter((e) => e.type === what).length >= least, [type, n]);
		await count('ready', 1);
		const first = await made();
		await count('change', 1);
		site.cut();
		const missed = [await made(), await made()];
		await count('ready', 2);
		await count('change', 3);
		const ids = await page.evaluate(() => window.heard.filter((e) => e.type === 'change').map((e) => e.event_id));
		assert.deepEqual(ids, [first, ...missed].map((e) => e.id));
		assert.equal(await page.evaluate(() => window.heard.filter((e) => e.type === 'resync').length), 0);
	} finally {
		await context.close();
		await site.close();
	}
});
