// SPDX-License-Identifier: Apache-2.0
// The client libraries that platforms use, each with its own idea of discovery, of client authentication and of errors: through the browser to a
// token that works, a refresh, and the end.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { register } from 'node:module';
import { after, before, test } from 'node:test';
import { Auth, customFetch } from '@auth/core';
import { OAuth2Client, generateCodeVerifier } from '@badgateway/oauth2-client';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { genericOAuth } from 'better-auth/plugins';
import * as openid from 'openid-client';
import OAuth2Strategy from 'passport-oauth2';
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';
import { openConnect } from '../support/connect.mjs';

const scope = 'profile:read events:read';
let connect, issuer;

before(async () => {
	connect = await openConnect();
	issuer = connect.world.url;
});

after(() => connect?.close());

test('@badgateway/oauth2-client: discovery, code with PKCE, refresh, introspection, revocation', async () => {
	const app = await connect.register('--type', 'confidential');
	const client = new OAuth2Client({ server: issuer, clientId: app.client_id, clientSecret: app.client_secret,
		discoveryEndpoint: '/.well-known/oauth-authorization-server' });
	const codeVerifier = await generateCodeVerifier();
	const url = await client.authorizationCode.getAuthorizeUri({ redirectUri: connect.uri, state: 'a state', codeVerifier, scope: scope.split(' ') });
	const answer = await connect.allow(url);
	const tokens = await client.authorizationCode.getTokenFromCodeRedirect(answer.href, { redirectUri: connect.uri, state: 'a state', codeVerifier });
	assert.equal(await connect.opens(tokens.accessToken), 200);
	assert.ok(tokens.expiresAt > Date.now() + 3_500_000);
	const next = await client.refreshToken(tokens);
	assert.notEqual(next.refreshToken, tokens.refreshToken);
	assert.equal((await client.introspect(next)).active, true);
	await client.revoke(next);
	assert.equal(await connect.opens(next.accessToken), 401);
	await assert.rejects(client.refreshToken(next), (e) => e.oauth2Code === 'invalid_grant');
});

test('simple-oauth2: code with PKCE, expiry, refresh with fewer scopes, revocation; client credentials', async () => {
	const app = await connect.register('--type', 'confidential', '--grant', 'authorization_code', '--grant', 'refresh_token', '--grant', 'client_credentials',
		'--machine-scope', 'calendars:read');
	const config = { client: { id: app.client_id, secret: app.client_secret },
		auth: { tokenHost: issuer, tokenPath: '/oauth/token', revokePath: '/oauth/revoke', authorizePath: '/oauth/authorize' } };
	const client = new AuthorizationCode(config);
	const verifier = openid.randomPKCECodeVerifier();
	const url = client.authorizeURL({ redirect_uri: connect.uri, scope, state: 's',
		code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
	const answer = await connect.allow(url);
	let tokens = await client.getToken({ code: answer.searchParams.get('code'), redirect_uri: connect.uri, code_verifier: verifier });
	assert.equal(tokens.expired(), false);
	assert.equal(await connect.opens(tokens.token.access_token), 200);
	tokens = await tokens.refresh({ scope: 'profile:read' });
	assert.equal(tokens.token.scope, 'profile:read');
	assert.equal(await connect.opens(tokens.token.access_token, '/v1/events'), 403);
	await tokens.revokeAll();
	assert.equal(await connect.opens(tokens.token.access_token), 401);
	const machine = await new ClientCredentials({ client: config.client, auth: { tokenHost: issuer, tokenPath: '/oauth/token' } }).getToken({ scope: 'calendars:read' });
	assert.equal(await connect.opens(machine.token.access_token, '/v1/calendars'), 200);
	await assert.rejects(client.getToken({ code: 'x', redirect_uri: connect.uri, code_verifier: verifier }), (e) => e.data.payload.error === 'invalid_grant');
});

// As passport's middleware does it: an object of the strategy for each request.
test('passport-oauth2: a web application with sessions, state and PKCE of its own', async () => {
	const session = {};
	let told;
	const server = createServer((request, response) => {
		const url = new URL(request.url, 'http://127.0.0.1');
		Object.assign(request, { session, query: Object.fromEntries(url.searchParams) });
		const one = Object.create(strategy);
		one.redirect = (to) => response.writeHead(302, { Location: to }).end();
		one.success = (user, info) => { response.end('signed in'); told({ user, info }); };
		one.fail = one.error = (wrong) => { response.end('no'); told({ wrong }); };
		one.authenticate(request, { scope: scope.split(' ') });
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	const home = `http://127.0.0.1:${server.address().port}`;
	const app = await connect.register('--type', 'confidential');
	const strategy = new OAuth2Strategy({ authorizationURL: `${issuer}/oauth/authorize`, tokenURL: `${issuer}/oauth/token`, clientID: app.client_id,
		clientSecret: app.client_secret, callbackURL: `${home}/cb`, state: true, pkce: true },
	(accessToken, refreshToken, params, profile, done) => done(null, { accessToken, refreshToken, params }));
	try {
		const { user, wrong } = await connect.allow(`${home}/sign-in`, new Promise((done) => { told = done; }));
		assert.ifError(wrong);
		assert.equal(await connect.opens(user.accessToken), 200);
		assert.match(user.params.connected_account_id, /^cpa_/);
		const denied = new Promise((done) => { told = done; });
		await fetch(`${home}/cb?error=access_denied&error_description=no`);
		assert.ok((await denied).wrong);
	} finally {
		server.closeAllConnections();
		server.close();
	}
});

// Its modules name each other without .js, as bundlers take it.
test('@openid/appauth: an app on a desktop, public, from the issuer alone', async () => {
	register('data:text/javascript,' + encodeURIComponent(`export const resolve = (name, context, next) =>
		next(context.parentURL?.includes('/@openid/appauth/') && name.startsWith('.') ? name + '.js' : name, context)`));
	const { AuthorizationRequest } = await import('@openid/appauth/built/src/authorization_request.js');
	const { AuthorizationServiceConfiguration } = await import('@openid/appauth/built/src/authorization_service_configuration.js');
	const { NodeCrypto } = await import('@openid/appauth/built/src/node_support/crypto_utils.js');
	const { NodeRequestor } = await import('@openid/appauth/built/src/node_support/node_requestor.js');
	const { BaseTokenRequestHandler } = await import('@openid/appauth/built/src/token_request_handler.js');
	const { GRANT_TYPE_AUTHORIZATION_CODE, GRANT_TYPE_REFRESH_TOKEN, TokenRequest } = await import('@openid/appauth/built/src/token_request.js');
	const { RevokeTokenRequest } = await import('@openid/appauth/built/src/revoke_token_request.js');
	const app = await connect.register('--type', 'public');
	const requestor = new NodeRequestor();
	const configuration = await AuthorizationServiceConfiguration.fetchFromIssuer(issuer, requestor);
	const request = new AuthorizationRequest({ client_id: app.client_id, redirect_uri: connect.uri, scope,
		response_type: AuthorizationRequest.RESPONSE_TYPE_CODE, extras: { prompt: 'consent' } }, new NodeCrypto(), true);
	await request.setupCodeVerifier();
	const answer = await connect.allow(`${configuration.authorizationEndpoint}?` + new URLSearchParams({ redirect_uri: request.redirectUri, client_id: request.clientId,
		response_type: request.responseType, state: request.state, scope: request.scope, ...request.extras }));
	assert.equal(answer.searchParams.get('state'), request.state);
	const handler = new BaseTokenRequestHandler(requestor);
	const ask = (grant, more) => handler.performTokenRequest(configuration, new TokenRequest({ client_id: app.client_id, redirect_uri: connect.uri, grant_type: grant, ...more }));
	const tokens = await ask(GRANT_TYPE_AUTHORIZATION_CODE, { code: answer.searchParams.get('code'), extras: { code_verifier: request.internal.code_verifier } });
	assert.equal(tokens.isValid(), true);
	assert.equal(await connect.opens(tokens.accessToken), 200);
	const next = await ask(GRANT_TYPE_REFRESH_TOKEN, { refresh_token: tokens.refreshToken });
	assert.equal(await connect.opens(next.accessToken), 200);
	await handler.performRevokeTokenRequest(configuration, new RevokeTokenRequest({ token: next.refreshToken, client_id: app.client_id }));
	assert.equal(await connect.opens(next.accessToken), 401);
});

test('openid-client: discovery, code with PKCE and iss, userinfo, refresh, revocation', async () => {
	const app = await connect.register('--type', 'confidential', '--scope', `openid ${scope}`);
	const config = await openid.discovery(new URL(issuer), app.client_id, app.client_secret, undefined, { execute: [openid.allowInsecureRequests] });
	const verifier = openid.randomPKCECodeVerifier(), state = openid.randomState(), nonce = openid.randomNonce();
	const answer = await connect.allow(openid.buildAuthorizationUrl(config, { redirect_uri: connect.uri, scope: `openid ${scope}`, state, nonce,
		code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }));
	const tokens = await openid.authorizationCodeGrant(config, answer, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
	assert.equal(tokens.claims().iss, issuer);
	assert.equal(await connect.opens(tokens.access_token), 200);
	assert.equal((await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).sub, tokens.claims().sub);
	const next = await openid.refreshTokenGrant(config, tokens.refresh_token);
	await openid.tokenRevocation(config, next.refresh_token);
	assert.equal(await connect.opens(next.access_token), 401);
});

// A framework's handler as its web server calls it: one browser, whose cookies it keeps.
function frame(handler) {
	const jar = new Map();
	return async (url, body) => {
		const request = new Request(url, { method: body ? 'POST' : 'GET', redirect: 'manual', ...(body && { body }),
			headers: { cookie: [...jar].map((c) => c.join('=')).join('; '), origin: new URL(url).origin,
				...(typeof body === 'string' && { 'content-type': 'application/json' }) } });
		const response = await handler(request);
		for (const line of response.headers.getSetCookie()) {
			const [name, value] = line.split(';')[0].split(/=(.*)/s);
			jar.set(name, value);
		}
		return response;
	};
}

test("Auth.js: signs a user in by OpenID Connect", async () => {
	const app = await connect.register('--type', 'confidential', '--scope', 'openid profile email profile:read', '--redirect-uri', 'http://127.0.0.1/auth/callback/calends');
	const home = connect.uri.replace('/cb', '');
	let account;
	const ask = frame((request) => Auth(request, { secret: 'a secret of the application', trustHost: true, basePath: '/auth', logger: { error: (e) => { throw e; } },
		providers: [{ id: 'calends', name: 'Calends', type: 'oidc', issuer, clientId: app.client_id, clientSecret: app.client_secret,
			checks: ['pkce', 'state', 'nonce'], authorization: { params: { scope: 'openid profile email profile:read' } }, [customFetch]: fetch }],
		callbacks: { jwt: ({ token, account: one }) => { account = one ?? account; return token; } } }));
	const { csrfToken } = await (await ask(`${home}/auth/csrf`)).json();
	const led = await ask(`${home}/auth/signin/calends`, new URLSearchParams({ csrfToken, callbackUrl: home }));
	assert.equal(led.status, 302);
	const answer = await connect.allow(led.headers.get('location'), connect.next());
	const back = await ask(answer.href);
	assert.equal(back.status, 302);
	assert.doesNotMatch(back.headers.get('location'), /error/);
	assert.equal((await (await ask(`${home}/auth/session`)).json()).user.email, 'user@calends.example');
	assert.equal(await connect.opens(account.access_token), 200);
});

test("better-auth: its generic OAuth, from the discovery document", async () => {
	const app = await connect.register('--type', 'confidential', '--scope', 'openid profile email', '--redirect-uri', 'http://127.0.0.1/api/auth/callback/calends');
	const home = connect.uri.replace('/cb', ''), db = { user: [], session: [], account: [], verification: [] };
	const auth = betterAuth({ baseURL: home, secret: 'a secret of the application, long enough', database: memoryAdapter(db), telemetry: { enabled: false },
		plugins: [genericOAuth({ config: [{ providerId: 'calends', clientId: app.client_id, clientSecret: app.client_secret, pkce: true,
			discoveryUrl: `${issuer}/.well-known/openid-configuration`, scopes: ['openid', 'profile', 'email'] }] })] });
	const ask = frame(auth.handler);
	const led = await (await ask(`${home}/api/auth/sign-in/social`, JSON.stringify({ provider: 'calends', callbackURL: '/done', errorCallbackURL: '/failed' }))).json();
	const answer = await connect.allow(led.url, connect.next());
	const back = await ask(answer.href);
	assert.match(back.headers.get('location'), /\/done$/);
	assert.equal((await (await ask(`${home}/api/auth/get-session`)).json()).user.email, 'user@calends.example');
	assert.equal(db.account[0].providerId, 'calends');
});
