// SPDX-License-Identifier: Apache-2.0
// The official client of the Model Context Protocol connects through the consent page, as an assistant does: it is
// refused, finds the authorization server by itself, sends its user there, and has an event made.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openBrowser, openCallback, openWorld } from '../support/world.mjs';

const password = 'a long enough password';
let world, callback, browser, registered;

before(async () => {
	world = await openWorld('--allow-private-hooks');
	callback = await openCallback();
	browser = await openBrowser();
	await world.account('owner@assistant.example', 'Assistant Inc', password);
	await world.account('user@calends.example', 'Una User', password);
	registered = await world.calends('client', 'create', '--owner', 'owner@assistant.example', '--name', 'Assistant',
		'--type', 'public', '--redirect-uri', 'http://127.0.0.1/cb');
});

after(async () => {
	await browser?.close();
	await callback?.close();
	await world?.close();
});

// What a host keeps for a server: who it is there, its tokens, and how it sends its user to a page.
class Provider {
	get redirectUrl() { return callback.uri; }
	get clientMetadata() {
		return { client_name: 'Assistant', redirect_uris: [callback.uri], token_endpoint_auth_method: 'none' };
	}
	clientInformation() { return { client_id: registered.client_id ?? registered.id }; }
	tokens() { return this.kept; }
	saveTokens(tokens) { this.kept = tokens; }
	saveCodeVerifier(verifier) { this.verifier = verifier; }
	codeVerifier() { return this.verifier; }
	state() { return 'a state of the assistant'; }
	redirectToAuthorization(url) { this.asked = url; }
}

async function agree(url) {
	const context = await browser.newContext();
	const page = await context.newPage();
	const answer = callback.next();
	await page.goto(url.href);
	await page.fill('input[name=email]', 'user@calends.example');
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
	const shown = await page.textContent('body');
	await page.click('button[name=decision][value=allow]');
	const { searchParams } = await answer;
	await context.close();
	return { shown, code: searchParams.get('code'), state: searchParams.get('state') };
}

const client = () => new Client({ name: 'calends-tests', version: '1.0.0' });
const transport = (authProvider) => new StreamableHTTPClientTransport(new URL(`${world.url}/mcp`), { authProvider });

// `granted`: less than what the client asks for by itself, which is all that the resource's metadata has.
async function connect(granted) {
	const provider = new Provider();
	const first = transport(provider);
	await assert.rejects(client().connect(first), UnauthorizedError);
	assert.equal(provider.asked.origin + provider.asked.pathname, `${world.url}/oauth/authorize`);
	assert.equal(provider.asked.searchParams.get('resource'), `${world.url}/mcp`);
	assert.equal(provider.asked.searchParams.get('code_challenge_method'), 'S256');
	assert.equal(provider.asked.searchParams.get('scope'), 'calendars:read events:read events:write');
	if (granted) provider.asked.searchParams.set('scope', granted);
	const agreed = await agree(provider.asked);
	assert.match(agreed.shown, /Assistant Inc/);
	assert.equal(agreed.state, 'a state of the assistant');
	await first.finishAuth(agreed.code);
	const connected = client();
	await connected.connect(transport(provider));
	return { provider, connected };
}

test('an assistant connects through the consent page and makes an event', async () => {
	const { provider, connected } = await connect();
	assert.match(provider.kept.access_token, /^cat_/);
	assert.equal(connected.getServerVersion().name, 'calends');
	const { tools } = await connected.listTools();
	assert.equal(tools.length, 8);
	const at = { start_time: '2026-11-24T09:00:00+01:00', end_time: '2026-11-24T10:00:00+01:00' };
	const call = (name, args) => connected.callTool({ name, arguments: args });

	const staged = await call('create_event', { title: 'Made by an assistant', stage: true, ...at });
	assert.ok(staged.structuredContent.staged);
	const made = await call('create_event', { title: 'Made by an assistant', commit: staged.structuredContent.staged, ...at });
	assert.ok(!made.isError, JSON.stringify(made));
	const found = await call('find_events', { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z' });
	assert.deepEqual(found.structuredContent.data.map((e) => e.title), ['Made by an assistant']);

	// The same event is there for everybody else; the assistant's token, asked for as one for /mcp, opens nothing else.
	const read = (secret) => fetch(`${world.url}/v1/events/${made.structuredContent.id}`, { headers: { authorization: `Bearer ${secret}` } });
	const { key } = await world.calends('key', 'create', 'user@calends.example', '--kind', 'secret', '--name', 'proof');
	assert.equal((await (await read(key)).json()).title, 'Made by an assistant');
	assert.equal((await read(provider.kept.access_token)).status, 401);

	const wrong = await call('read_event', { event: 'evt_0000000000000000000000' });
	assert.ok(wrong.isError);
	await connected.ping();
	await connected.close();
});

test('a token that ended is refreshed without the user', async () => {
	const { provider, connected } = await connect();
	const old = provider.kept;
	provider.kept = { ...old, access_token: old.access_token.slice(0, -6) + 'AAAAAA' };
	const listed = await connected.callTool({ name: 'list_calendars', arguments: {} });
	assert.ok(listed.structuredContent.data.length);
	assert.notEqual(provider.kept.refresh_token, old.refresh_token);
	await connected.close();
});

test('what was not granted is asked for when it is needed', async () => {
	const { provider, connected } = await connect('calendars:read');
	provider.asked = undefined;
	delete provider.kept.refresh_token; // with one, this client refreshes first, and gives up when that is no more
	await assert.rejects(connected.callTool({ name: 'find_events', arguments: {} }));
	assert.match(provider.asked.searchParams.get('scope'), /events:read/);
	await connected.close();
});

// ---- never registered ----

// A host that has never been here: it registers itself, as the SDK has it do, and keeps what it is told.
class Stranger extends Provider {
	constructor(metadata = {}) { super(); this.metadata = metadata; }
	get clientMetadata() { return { client_name: 'Strange Assistant', redirect_uris: [callback.uri], ...this.metadata }; }
	clientInformation() { return this.information; }
	saveClientInformation(information) { this.information = information; }
}

async function connectStranger(metadata) {
	const provider = new Stranger(metadata);
	const first = transport(provider);
	await assert.rejects(client().connect(first), UnauthorizedError);
	const agreed = await agree(provider.asked);
	assert.match(agreed.shown, /Anybody can give an app this name/);
	assert.match(agreed.shown, /an app on this computer/);
	await first.finishAuth(agreed.code);
	const connected = client();
	await connected.connect(transport(provider));
	return { provider, connected };
}

// What hosts are known to send: nothing but redirect URIs, a method with a secret, grants that they never use, every scope.
for (const [habit, metadata] of Object.entries({
	'says only where it listens': {},
	'asks for a secret': { token_endpoint_auth_method: 'client_secret_post' },
	'asks for the default method by name': { token_endpoint_auth_method: 'client_secret_basic', application_type: 'native' },
	'lists grants that it does not use': { token_endpoint_auth_method: 'none', response_types: ['code'],
		grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'] },
	'registers the scopes of the resource': { scope: 'calendars:read events:read events:write' },
	'registers offline_access beside': { scope: 'calendars:read events:read events:write offline_access' },
}))
	test(`an assistant that was never registered ${habit}, connects and calls a tool`, async () => {
		const { provider, connected } = await connectStranger(metadata);
		assert.match(provider.information.client_id, /^open_/);
		assert.equal(provider.information.client_secret, undefined);
		assert.equal(provider.information.token_endpoint_auth_method, 'none');
		assert.equal(provider.asked.searchParams.get('resource'), `${world.url}/mcp`);
		const listed = await connected.callTool({ name: 'list_calendars', arguments: {} });
		assert.ok(!listed.isError && listed.structuredContent.data.length);
		const old = provider.kept;
		assert.ok(old.refresh_token);
		provider.kept = { ...old, access_token: old.access_token.slice(0, -6) + 'AAAAAA' };
		await connected.callTool({ name: 'list_calendars', arguments: {} });
		assert.notEqual(provider.kept.refresh_token, old.refresh_token);
		await connected.close();
	});

test('several flows of one stranger are open at once', async () => {
	const providers = [new Stranger(), new Stranger(), new Stranger()];
	const transports = providers.map(transport);
	await Promise.all(transports.map((t) => assert.rejects(client().connect(t), UnauthorizedError)));
	assert.equal(new Set(providers.map((p) => p.information.client_id)).size, 1);
	for (const [i, provider] of providers.entries()) {
		await transports[i].finishAuth((await agree(provider.asked)).code);
		const connected = client();
		await connected.connect(transport(provider));
		await connected.ping();
		await connected.close();
	}
});

// ---- by a document ----

test('an assistant that has a document is known by its URL', async () => {
	const provider = new Stranger();
	provider.clientMetadataUrl = 'https://assistant.example/client.json';
	await assert.rejects(client().connect(transport(provider)), UnauthorizedError);
	assert.equal(provider.asked.searchParams.get('client_id'), provider.clientMetadataUrl);
	assert.equal(provider.information.client_id, provider.clientMetadataUrl); // nothing was registered
});

test('an assistant that has a document connects and calls a tool', async () => {
	const documents = createServer((request, response) => response.end(JSON.stringify({ client_id: url, client_name: 'Described Assistant',
		redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] })));
	await new Promise((done) => documents.listen(0, '127.0.0.1', done));
	const url = `http://127.0.0.1:${documents.address().port}/client.json`; // the SDK itself takes https alone: so it is told
	const provider = new Stranger();
	provider.information = { client_id: url };
	const first = transport(provider);
	await assert.rejects(client().connect(first), UnauthorizedError);
	const agreed = await agree(provider.asked);
	assert.match(agreed.shown, /Described Assistant/);
	assert.ok(agreed.shown.includes(`describes itself at ${url}`));
	await first.finishAuth(agreed.code);
	const connected = client();
	await connected.connect(transport(provider));
	assert.ok((await connected.callTool({ name: 'list_calendars', arguments: {} })).structuredContent.data.length);
	await connected.close();
	await new Promise((done) => { documents.closeAllConnections?.(); documents.close(done); });
});
