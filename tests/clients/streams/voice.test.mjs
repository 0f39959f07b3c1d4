// SPDX-License-Identifier: Apache-2.0
// Voice sessions of test mode as clients open them: the `ws` package in Node, and Chromium's own WebSocket, which can send a
// token among its protocols alone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { openBrowser, openWorld } from '../support/world.mjs';

let world, browser, key;

before(async () => {
	world = await openWorld('--rate-limit', '0');
	browser = await openBrowser();
	await world.account('ann@calends.example', 'Ann', 'a long enough password');
	({ key } = await world.calends('key', 'create', 'ann@calends.example', '--kind', 'secret', '--mode', 'test', '--name', 'x'));
});

after(async () => {
	await browser?.close();
	await world?.close();
});

const call = async (method, path) => {
	const reply = await fetch(world.url + path, { method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' } });
	assert.ok(reply.ok, `${method} ${path}: ${reply.status}`);
	return reply.json();
};

test('the ws package talks with the echo until its session is ended', async () => {
	const session = await call('POST', '/v1/voice/sessions');
	const socket = new WebSocket(session.realtime_url, ['calends.voice', `token.${session.session_token}`]);
	const [hello] = await once(socket, 'message');
	assert.equal(JSON.parse(hello).backend, 'echo');
	assert.equal(socket.protocol, 'calends.voice');
	for (const sent of ['grüße', Buffer.alloc(60000, 7)]) {
		socket.send(sent);
		const [back, binary] = await once(socket, 'message');
		assert.equal(binary, typeof sent !== 'string');
		assert.deepEqual(binary ? back : back.toString(), sent);
	}
	socket.ping('x');
	assert.equal((await once(socket, 'pong'))[0].toString(), 'x');
	const closed = once(socket, 'close');
	await call('DELETE', `/v1/voice/sessions/${session.id}`);
	const [code, reason] = await closed;
	assert.equal(code, 1008);
	assert.equal(reason.toString(), 'the session has ended');
});

test("Chromium's WebSocket opens a session", async () => {
	const site = createServer((request, answer) => answer.setHeader('Content-Type', 'text/html').end('<!doctype html><title>site</title>'));
	await new Promise((done) => site.listen(0, '127.0.0.1', done));
	const context = await browser.newContext();
	try {
		const session = await call('POST', '/v1/voice/sessions');
		const page = await context.newPage();
		await page.goto(`http://127.0.0.1:${site.address().port}/`);
		const heard = await page.evaluate(({ url, token }) => new Promise((done, failed) => {
			const socket = new WebSocket(url, ['calends.voice', `token.${token}`]);
			const all = [];
			socket.onerror = () => failed(new Error('refused'));
			socket.onmessage = ({ data }) => {
				all.push(data);
				if (all.length === 1) socket.send('hello');
				else socket.close(1000);
			};
			socket.onclose = ({ code, wasClean }) => done({ all, code, wasClean });
		}), { url: session.realtime_url, token: session.session_token });
		assert.match(heard.all[0], /No voice model listens here/);
		assert.equal(heard.all[1], 'hello');
		assert.deepEqual([heard.code, heard.wasClean], [1000, true]);
	} finally {
		await context.close();
		site.closeAllConnections();
		site.close();
	}
});
