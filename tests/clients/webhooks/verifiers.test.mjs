// SPDX-License-Identifier: Apache-2.0
// Deliveries of a real server, judged by the verifiers that platforms have: that of Standard Webhooks and that of Stripe.
// (The third, in Python, is in tests/support/receiver.py.)
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { openWorld, until } from '../support/world.mjs';

const stripe = new Stripe('none');
const got = [];
let world, receiver, key, endpoint;

async function call(method, path, body) {
	const reply = await fetch(world.url + path, {
		method,
		headers: { Authorization: `Bearer ${key}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
		body: body && JSON.stringify(body),
	});
	assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
	return reply.json();
}

async function delivered(type, count = 1) {
	const found = () => got.filter((d) => JSON.parse(d.body).type === type);
	await until(() => found().length >= count, { what: `${type} came` });
	return found().at(-1);
}

before(async () => {
	receiver = createServer((request, answer) => {
		let body = '';
		request.setEncoding('utf8').on('data', (text) => (body += text)).on('end', () => {
			got.push({ headers: request.headers, body });
			answer.end();
		});
	});
	await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
	world = await openWorld('--allow-private-hooks');
	await world.account('ann@example.org', 'Ann', 'correct horse battery');
	({ key } = await world.calends('key', 'create', 'ann@example.org', '--kind', 'secret', '--name', 'hooks'));
	endpoint = await call('POST', '/v1/webhook_endpoints', { url: `http://127.0.0.1:${receiver.address().port}/in`, events: ['event.*'] });
	await call('POST', '/v1/events', { title: 'Müller 🎉', start_time: '2026-12-01T09:00:00Z', end_time: '2026-12-01T10:00:00Z' });
});

after(async () => {
	await world?.close();
	receiver?.close();
});

test('the library of Standard Webhooks takes the secret as it is, and the delivery', async () => {
	const { headers, body } = await delivered('event.created');
	const event = new Webhook(endpoint.secret).verify(body, headers);
	assert.equal(event.data.object.title, 'Müller 🎉');
	assert.equal(event.id, headers['webhook-id']);
});

test("Stripe's verifier takes the other header with the same secret", async () => {
	const { headers, body } = await delivered('event.created');
	const event = stripe.webhooks.constructEvent(body, headers['calends-signature'], endpoint.secret);
	assert.equal(event.type, 'event.created');
});

// K20: with three libraries, a changed body, another secret, an old time, and both secrets after a rotation.
test('both refuse another body, another secret and an old time', async () => {
	const { headers, body } = await delivered('event.created');
	const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
	const standard = (secret, text, changed = {}) => () => new Webhook(secret).verify(text, { ...headers, ...changed });
	const stripes = (secret, text, header = headers['calends-signature']) => () => stripe.webhooks.constructEvent(text, header, secret);
	assert.throws(standard(endpoint.secret, body.replace('event.created', 'event.deleted')));
	assert.throws(standard(other, body));
	assert.throws(standard(endpoint.secret, body, { 'webhook-timestamp': String(headers['webhook-timestamp'] - 3600) }));
	assert.throws(stripes(endpoint.secret, body.replace('event.created', 'event.deleted')));
	assert.throws(stripes(other, body));
	assert.throws(stripes(endpoint.secret, body, headers['calends-signature'].replace(/t=\d+/, 't=1700000000')));
});

test('for a day after a rotation both secrets are taken by both', async () => {
	const { secret } = await call('POST', `/v1/webhook_endpoints/${endpoint.id}/rotate_secret`);
	await call('POST', `/v1/webhook_endpoints/${endpoint.id}/test`, { type: 'event.updated' });
	const { headers, body } = await delivered('event.updated');
	assert.notEqual(secret, endpoint.secret);
	for (const one of [secret, endpoint.secret]) {
		assert.equal(new Webhook(one).verify(body, headers).type, 'event.updated');
		assert.equal(stripe.webhooks.constructEvent(body, headers['calends-signature'], one).type, 'event.updated');
	}
});
