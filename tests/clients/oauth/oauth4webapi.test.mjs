// SPDX-License-Identifier: Apache-2.0
// A certified client library and a real browser walk the Connect flow (OAuth 2.1 §4.1, RFC 8414, RFC 9207, RFC 7009).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openBrowser, openCallback, openWorld } from '../support/world.mjs';
import * as oauth from 'oauth4webapi';

const insecure = { [oauth.allowInsecureRequests]: true }; // plain http on loopback
const password = 'a long enough password';
let world, callback, browser, as;

before(async () => {
	world = await openWorld('--trusted-proxy', '127.0.0.1', '--client-cert-header'); // of RFC 9440: who ends TLS names a certificate
	callback = await openCallback();
	browser = await openBrowser();
	await world.account('owner@platform.example', 'Platform Inc', password);
	await world.account('user@calends.example', 'Una User', password);
	const issuer = new URL(world.url);
	as = await oauth.processDiscoveryResponse(issuer,
		await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }));
});

after(async () => {
	await browser?.close();
	await callback?.close();
	await world?.close();
});

const register = (...args) => world.calends('client', 'create', '--owner', 'owner@platform.example', '--redirect-uri',
	'http://127.0.0.1/cb', ...args);

async function ask(client, scope) {
	const verifier = oauth.generateRandomCodeVerifier();
	const state = oauth.generateRandomState();
	const url = new URL(as.authorization_endpoint);
	for (const [name, value] of Object.entries({
		client_id: client.client_id, redirect_uri: callback.uri, response_type: 'code', scope, state,
		code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
	}))
		url.searchParams.set(name, value);
	return { url: url.href, verifier, state };
}

async function signIn(page) {
	await page.fill('input[name=email]', 'user@calends.example');
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
}

// The whole walk in a browser of its own, up to the parameters that the client receives.
async function consent(client, scope, decision) {
	const context = await browser.newContext();
	const page = await context.newPage();
	const asked = await ask(client, scope);
	const answer = callback.next();
	await page.goto(asked.url);
	await signIn(page);
	const shown = await page.textContent('body');
	await page.click(`button[name=decision][value=${decision}]`);
	const url = await answer;
	await context.close();
	return { ...asked, answer: url, shown };
}

async function redeem(client, auth, walk) {
	const params = oauth.validateAuthResponse(as, client, walk.answer, walk.state);
	const response = await oauth.authorizationCodeGrantRequest(as, client, auth, params, callback.uri, walk.verifier,
		insecure);
	return oauth.processAuthorizationCodeResponse(as, client, response);
}

const profile = (token) => fetch(`${world.url}/v1/profile`, { headers: { authorization: `Bearer ${token}` } });

test('a public client gets a token through the browser, uses, refreshes and revokes it', async () => {
	const client = await register('--name', 'Walker', '--type', 'public');
	const walk = await consent(client, 'profile:read events:read', 'allow');
	assert.match(walk.shown, /Walker/);
	assert.match(walk.shown, /Platform Inc/);
	assert.match(walk.shown, /this computer/i);

	const tokens = await redeem(client, oauth.None(), walk);
	assert.equal(tokens.token_type, 'bearer');
	assert.equal(tokens.expires_in, 3600);
	assert.equal(tokens.livemode, true);
	assert.match(tokens.connected_account_id, /^cpa_[0-9A-Za-z]{22}$/);
	assert.deepEqual(tokens.scope.split(' ').sort(), ['events:read', 'profile:read']);
	assert.equal((await profile(tokens.access_token)).status, 200);

	const refreshed = await oauth.processRefreshTokenResponse(as, client,
		await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, insecure));
	assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
	assert.equal(refreshed.connected_account_id, tokens.connected_account_id);
	assert.equal((await profile(refreshed.access_token)).status, 200);

	await oauth.processRevocationResponse(
		await oauth.revocationRequest(as, client, oauth.None(), refreshed.refresh_token, insecure));
	for (const token of [tokens.access_token, refreshed.access_token]) {
		const refused = await profile(token);
		assert.equal(refused.status, 401);
		assert.match(refused.headers.get('www-authenticate'), /Bearer.*error="invalid_token"/);
	}
});

test('a confidential client authenticates by Basic and by the body', async () => {
	const client = await register('--name', 'Server side', '--type', 'confidential');
	const first = await redeem(client, oauth.ClientSecretBasic(client.client_secret),
		await consent(client, 'profile:read', 'allow'));
	assert.equal((await profile(first.access_token)).status, 200);
	const second = await redeem(client, oauth.ClientSecretPost(client.client_secret),
		await consent(client, 'profile:read', 'allow'));
	assert.equal(second.connected_account_id, first.connected_account_id);
	await assert.rejects(
		redeem(client, oauth.ClientSecretBasic('wrong'), await consent(client, 'profile:read', 'allow')),
		(e) => e instanceof oauth.WWWAuthenticateChallengeError && e.status === 401);
});

// RFC 7523 §2.2, with the library's own idea of the claims.
for (const alg of ['Ed25519', 'PS256'])
	test(`a confidential client authenticates by a key: ${alg}`, async () => {
		const pair = await oauth.generateKeyPair(alg);
		const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', pair.publicKey);
		const jwks = JSON.stringify({ keys: [{ kty, crv, x, y, n, e, kid: 'one', alg, use: 'sig' }] });
		const client = await register('--name', 'Keys', '--type', 'confidential', '--auth-method', 'private_key_jwt',
			'--jwks', jwks);
		assert.equal(client.client_secret, undefined);
		const auth = oauth.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' });
		const tokens = await redeem(client, auth, await consent(client, 'profile:read', 'allow'));
		assert.equal((await profile(tokens.access_token)).status, 200);
		const refreshed = await oauth.processRefreshTokenResponse(as, client,
			await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, insecure));
		await oauth.processRevocationResponse(
			await oauth.revocationRequest(as, client, auth, refreshed.refresh_token, insecure));
		assert.equal((await profile(refreshed.access_token)).status, 401);
	});

// RFC 9449, nonces and all, as the library does it: it asks again with the nonce that it was told.
test('a public client binds its tokens to a key', async () => {
	const client = await register('--name', 'Bound', '--type', 'public');
	const dpop = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
	const again = async (run) => {
		try {
			return await run();
		} catch (e) {
			if (!oauth.isDPoPNonceError(e)) throw e;
			return run();
		}
	};
	const walk = await consent(client, 'profile:read', 'allow');
	const params = oauth.validateAuthResponse(as, client, walk.answer, walk.state);
	const tokens = await again(async () => oauth.processAuthorizationCodeResponse(as, client,
		await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), params, callback.uri, walk.verifier,
			{ DPoP: dpop, ...insecure })));
	assert.equal(tokens.token_type, 'dpop');
	const call = (token) => again(() => oauth.protectedResourceRequest(token, 'GET', new URL(`${world.url}/v1/profile`),
		undefined, undefined, { DPoP: dpop, ...insecure }));
	assert.equal((await call(tokens.access_token)).status, 200);
	assert.equal((await profile(tokens.access_token)).status, 401);
	const refreshed = await again(async () => oauth.processRefreshTokenResponse(as, client,
		await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, { DPoP: dpop, ...insecure })));
	assert.equal(refreshed.refresh_token, tokens.refresh_token);
	assert.equal((await call(refreshed.access_token)).status, 200);
	const other = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
	await assert.rejects(again(() => oauth.protectedResourceRequest(refreshed.access_token, 'GET',
		new URL(`${world.url}/v1/profile`), undefined, undefined, { DPoP: other, ...insecure })),
		(e) => e instanceof oauth.WWWAuthenticateChallengeError && e.cause[0].parameters.error === 'invalid_token');
});

test('a user who denies sends the client away with access_denied', async () => {
	const client = await register('--name', 'Denied', '--type', 'public');
	const walk = await consent(client, 'events:write', 'deny');
	assert.throws(() => oauth.validateAuthResponse(as, client, walk.answer, walk.state),
		(e) => e instanceof oauth.AuthorizationResponseError && e.error === 'access_denied');
	assert.equal(walk.answer.searchParams.get('iss'), world.url);
});

// The request goes ahead of the user, who allows it.
async function push(client, auth, asked, params) {
	const pushed = await oauth.processPushedAuthorizationResponse(as, client,
		await oauth.pushedAuthorizationRequest(as, client, auth, params, insecure));
	const context = await browser.newContext();
	const page = await context.newPage();
	const answer = callback.next();
	await page.goto(`${as.authorization_endpoint}?${new URLSearchParams({ client_id: client.client_id,
		request_uri: pushed.request_uri })}`);
	await signIn(page);
	await page.click('button[name=decision][value=allow]');
	const tokens = await redeem(client, auth, { ...asked, answer: await answer });
	await context.close();
	return tokens;
}

test('a request is pushed, and its token is asked about', async () => { // RFC 9126, RFC 8707, RFC 7662
	const client = await register('--name', 'Pusher', '--type', 'confidential', '--par-only');
	const auth = oauth.ClientSecretBasic(client.client_secret);
	const asked = await ask(client, 'profile:read');
	const params = new URL(asked.url).searchParams;
	params.set('resource', `${world.url}/v1`);
	const tokens = await push(client, auth, asked, params);
	const told = await oauth.processIntrospectionResponse(as, client,
		await oauth.introspectionRequest(as, client, auth, tokens.access_token, insecure));
	assert.equal(told.active, true);
	assert.deepEqual(told.aud, [`${world.url}/v1`]);
	assert.equal((await profile(tokens.access_token)).status, 200);
});

test('a device gets its tokens when its user entered the code', async () => { // RFC 8628
	const client = await register('--name', 'Television', '--type', 'public', '--grant', 'refresh_token', '--grant',
		'urn:ietf:params:oauth:grant-type:device_code');
	const device = await oauth.processDeviceAuthorizationResponse(as, client,
		await oauth.deviceAuthorizationRequest(as, client, oauth.None(), { scope: 'profile:read' }, insecure));
	const poll = async () => oauth.processDeviceCodeResponse(as, client,
		await oauth.deviceCodeGrantRequest(as, client, oauth.None(), device.device_code, insecure));
	await assert.rejects(poll(), (e) => e instanceof oauth.ResponseBodyError && e.error === 'authorization_pending');
	await assert.rejects(poll(), (e) => e instanceof oauth.ResponseBodyError && e.error === 'slow_down');
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(device.verification_uri);
	await signIn(page);
	await page.fill('input[name=user_code]', device.user_code.toLowerCase());
	await page.click('main button[type=submit]');
	const shown = await page.textContent('body');
	assert.match(shown, /Television/);
	assert.ok(shown.includes(device.user_code));
	await page.click('button[name=decision][value=allow]');
	await page.getByText('Your device is connected').waitFor();
	await context.close();
	const tokens = await poll();
	assert.equal((await profile(tokens.access_token)).status, 200);
	await assert.rejects(poll(), (e) => e instanceof oauth.ResponseBodyError && e.error === 'invalid_grant');
});

test('an answer that the browser posts arrives', async () => { // OAuth 2.0 Form Post Response Mode
	const client = await register('--name', 'Poster', '--type', 'public');
	const asked = await ask(client, 'profile:read');
	const context = await browser.newContext();
	const page = await context.newPage();
	const posted = page.waitForRequest((request) => request.method() === 'POST' && request.url().startsWith(callback.uri));
	await page.goto(`${asked.url}&response_mode=form_post`);
	await signIn(page);
	await page.click('button[name=decision][value=allow]');
	const walk = { ...asked, answer: new URLSearchParams((await posted).postData()) };
	await context.close();
	assert.equal((await profile((await redeem(client, oauth.None(), walk)).access_token)).status, 200);
});

test('what protects a resource is found from the resource alone', async () => { // RFC 9728
	const resource = new URL(`${world.url}/v1`);
	const found = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource, insecure));
	assert.deepEqual(found.authorization_servers, [as.issuer]);
	assert.ok(found.scopes_supported.includes('events:read'));
});

const machine = ['--name', 'Machine', '--type', 'confidential', '--grant', 'client_credentials', '--machine-scope', 'profile:read events:read'];

test('an app gets a token for itself', async () => { // OAuth 2.1 §4.2
	const client = await register(...machine);
	const tokens = await oauth.processClientCredentialsResponse(as, client, await oauth.clientCredentialsGrantRequest(as, client,
		oauth.ClientSecretBasic(client.client_secret), { scope: 'profile:read' }, insecure));
	assert.equal(tokens.scope, 'profile:read');
	assert.equal((await profile(tokens.access_token)).status, 200);
});

test('an app signs its request, and trades its token for one that may less', async () => { // RFC 9101, RFC 8693
	const pair = await oauth.generateKeyPair('ES256');
	const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
	const client = await register('--name', 'Signer', '--type', 'confidential', '--auth-method', 'private_key_jwt', '--signed-only', '--jwks',
		JSON.stringify({ keys: [{ kty, crv, x, y, kid: 'one', alg: 'ES256', use: 'sig' }] }), '--grant', 'authorization_code', '--grant',
		'urn:ietf:params:oauth:grant-type:token-exchange');
	const auth = oauth.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' });
	const asked = await ask(client, 'profile:read events:read');
	const request = await oauth.issueRequestObject(as, client, new URL(asked.url).searchParams, { key: pair.privateKey, kid: 'one' });
	const tokens = await push(client, auth, asked, { request });
	assert.equal((await profile(tokens.access_token)).status, 200);

	const type = 'urn:ietf:params:oauth:token-type:access_token';
	const traded = await oauth.processGenericTokenEndpointResponse(as, client, await oauth.genericTokenEndpointRequest(as, client, auth,
		'urn:ietf:params:oauth:grant-type:token-exchange', { subject_token: tokens.access_token, subject_token_type: type, scope: 'profile:read' },
		insecure));
	assert.deepEqual([traded.issued_token_type, traded.scope, traded.refresh_token], [type, 'profile:read', undefined]);
	assert.equal((await profile(traded.access_token)).status, 200);
});

test('an app registers itself', async () => { // RFC 7591: whoever, and with a token that its owner was given
	const said = { redirect_uris: [callback.uri], client_name: 'Newcomer' };
	const open = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as,
		{ ...said, token_endpoint_auth_method: 'none' }, insecure));
	assert.match(open.client_id, /^open_/);
	const tokens = await redeem(open, oauth.None(), await consent(open, 'profile:read', 'allow'));
	assert.equal((await profile(tokens.access_token)).status, 200);

	const { token } = await world.calends('client', 'invite', '--owner', 'owner@platform.example');
	const known = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, said,
		{ initialAccessToken: token, ...insecure }));
	const auth = oauth.ClientSecretBasic(world.secret(known.client_secret));
	const dead = await oauth.processIntrospectionResponse(as, known, await oauth.introspectionRequest(as, known, auth, tokens.access_token, insecure));
	assert.deepEqual(dead, { active: false });
});

test('an app shows a certificate, and its token is bound to it', async () => { // RFC 8705
	const pem = execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
		'-subj', '/CN=machine.example', '-keyout', '/dev/null'], { stdio: ['ignore', 'pipe', 'ignore'] });
	const certificate = new X509Certificate(pem), der = certificate.raw.toString('base64');
	const { kty, crv, x, y } = certificate.publicKey.export({ format: 'jwk' });
	const client = await register(...machine, '--auth-method', 'self_signed_tls_client_auth', '--cert-bound', '--jwks',
		JSON.stringify({ keys: [{ kty, crv, x, y, kid: 'one', x5c: [der] }] }));
	const shown = { [oauth.customFetch]: (url, options) => fetch(url, { ...options, headers: { ...options.headers, 'client-cert': `:${der}:` } }),
		...insecure };
	const ask = (options) => oauth.clientCredentialsGrantRequest(as, client, oauth.TlsClientAuth(), { scope: 'profile:read' }, options);
	const tokens = await oauth.processClientCredentialsResponse(as, client, await ask(shown));
	const call = (options) => oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(`${world.url}/v1/profile`), undefined, undefined, options);
	assert.equal((await call(shown)).status, 200);
	await assert.rejects(call(insecure), (e) => e instanceof oauth.WWWAuthenticateChallengeError && e.status === 401);
	await assert.rejects(ask(insecure).then((response) => oauth.processClientCredentialsResponse(as, client, response)));
});

test('a secret that is in the log or the database is found when the world ends', async () => {
	await world.searched();
	await assert.rejects(world.searched({ secrets: ['user@calends.example'], log: '' }), /in the database/);
	await assert.rejects(world.searched({ secrets: [], log: `a\n{"path":"/cat_${'0'.repeat(66)}"}` }), /in the log/);
});
