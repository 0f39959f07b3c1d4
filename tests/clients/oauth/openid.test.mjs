// SPDX-License-Identifier: Apache-2.0
// OpenID Connect as a certified client library has it, in a real browser (Core §3.1, §5.3, §12; RP-Initiated Logout §2; RFC 9701).
// SHOTS: a folder for pictures of its pages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { judge } from '../support/judge.mjs';
import { openBrowser, openCallback, openWorld } from '../support/world.mjs';

const insecure = { [oauth.allowInsecureRequests]: true }; // plain http on loopback
const password = 'a long enough password';
let world, callback, browser, as, client, auth;

before(async () => {
	world = await openWorld();
	callback = await openCallback();
	browser = await openBrowser();
	await world.account('owner@platform.example', 'Platform Inc', password);
	await world.account('user@calends.example', 'Una User', password);
	const issuer = new URL(world.url);
	as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure)); // OpenID's name
	client = await world.calends('client', 'create', '--owner', 'owner@platform.example', '--name', 'Sign in', '--type', 'confidential',
		'--redirect-uri', 'http://127.0.0.1/cb', '--post-logout-redirect-uri', 'http://127.0.0.1/cb?bye');
	auth = oauth.ClientSecretBasic(client.client_secret);
});

after(async () => {
	await browser?.close();
	await callback?.close();
	await world?.close();
});

const shot = async (page, name) => process.env.SHOTS && page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });

async function signIn(page) {
	await page.fill('input[name=email]', 'user@calends.example');
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
}

async function walk(page, more = {}) {
	const verifier = oauth.generateRandomCodeVerifier(), state = oauth.generateRandomState(), nonce = oauth.generateRandomNonce();
	const url = new URL(as.authorization_endpoint);
	for (const [name, value] of Object.entries({ client_id: client.client_id, redirect_uri: callback.uri, response_type: 'code', scope: 'openid email profile',
		state, nonce, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more }))
		url.searchParams.set(name, value);
	const answer = callback.next();
	await page.goto(url.href);
	if (new URL(page.url()).pathname === '/sign-in') await signIn(page);
	if (new URL(page.url()).pathname === '/consent') {
		await judge(page, 'consent');
		await shot(page, 'consent-openid');
		await page.click('button[name=decision][value=allow]');
	}
	const params = oauth.validateAuthResponse(as, client, await answer, state);
	const response = await oauth.authorizationCodeGrantRequest(as, client, auth, params, callback.uri, verifier, insecure);
	const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true,
		...(more.max_age && { maxAge: Number(more.max_age) }) });
	await oauth.validateApplicationLevelSignature(as, response, insecure); // with the keys of jwks_uri
	return tokens;
}

test('a user signs in to an app, which asks who they are, refreshes, and signs them out', async () => {
	const page = await browser.newPage();
	const tokens = await walk(page, { max_age: '3600' });
	const claims = oauth.getValidatedIdTokenClaims(tokens);
	assert.deepEqual([claims.email, claims.name, claims.amr], ['user@calends.example', 'Una User', ['pwd']]);
	assert.match(claims.sub, /^usr_/);

	const told = await oauth.processUserInfoResponse(as, client, claims.sub, await oauth.userInfoRequest(as, client, tokens.access_token, insecure));
	assert.deepEqual(told, { sub: claims.sub, email: claims.email, email_verified: true, name: 'Una User', zoneinfo: claims.zoneinfo,
		connected_account_id: tokens.connected_account_id });

	const refreshed = await oauth.processRefreshTokenResponse(as, client,
		await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, insecure));
	assert.equal(oauth.getValidatedIdTokenClaims(refreshed).auth_time, claims.auth_time);

	// By a link that has no token: the user is asked, and stays where they like.
	const end = new URL(as.end_session_endpoint), back = callback.uri + '?bye';
	end.search = new URLSearchParams({ client_id: client.client_id, post_logout_redirect_uri: back, state: 's' });
	for (const [width, colorScheme] of [[360, 'light'], [1280, 'dark']]) {
		await page.setViewportSize({ width, height: 800 });
		await page.emulateMedia({ colorScheme });
		await page.goto(end.href);
		await judge(page, 'logout');
		await shot(page, `logout-${width}`);
	}
	await page.click('text=Stay signed in');
	await page.goto(world.url + '/account');
	assert.equal(new URL(page.url()).pathname, '/account');
	let left = callback.next();
	await page.goto(end.href);
	await page.click('main button:text-is("Sign out")'); // our policy lets the form lead back to the app
	assert.equal((await left).search, '?bye&state=s');
	await page.goto(end.href);
	await judge(page, 'logged out');
	await shot(page, 'logged-out');
	await page.goto(world.url + '/account');
	assert.equal(new URL(page.url()).pathname, '/sign-in');

	// With the token: at once.
	const again = await walk(page);
	end.search = new URLSearchParams({ id_token_hint: again.id_token, post_logout_redirect_uri: back, state: 't' });
	left = callback.next();
	await page.goto(end.href);
	assert.equal((await left).search, '?bye&state=t');
	await page.goto(world.url + '/account');
	assert.equal(new URL(page.url()).pathname, '/sign-in');
	await page.close();
});

test('an answer about a token can be had signed', async () => {
	const page = await browser.newPage();
	const tokens = await walk(page);
	const asks = { ...client, introspection_signed_response_alg: 'ES256' };
	const response = await oauth.introspectionRequest(as, asks, auth, tokens.access_token, { requestJwtResponse: true, ...insecure });
	const told = await oauth.processIntrospectionResponse(as, asks, response);
	await oauth.validateApplicationLevelSignature(as, response, insecure);
	assert.equal(told.active, true);
	await page.close();
});

test('prompt=none tells an app that nobody is there, and shows nothing', async () => {
	const context = await browser.newContext();
	const page = await context.newPage();
	await assert.rejects(walk(page, { prompt: 'none' }), (e) => e instanceof oauth.AuthorizationResponseError && e.error === 'login_required');
	await context.close();
});
