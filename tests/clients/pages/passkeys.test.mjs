// SPDX-License-Identifier: Apache-2.0
// Passkeys in a real Chromium with a virtual authenticator (WebAuthn.addVirtualAuthenticator of the DevTools protocol).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password';
let world, browser, url;

before(async () => {
	world = await openWorld('--public-url', (port) => `http://localhost:${port}`);
	url = world.url.replace('127.0.0.1', 'localhost'); // an address has no passkeys
	browser = await openBrowser();
});

after(async () => {
	await browser?.close();
	await world?.close();
});

async function authenticator(context, page, options = {}) {
	const session = await context.newCDPSession(page);
	await session.send('WebAuthn.enable');
	const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options: {
		protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
		automaticPresenceSimulation: true, ...options } });
	return { session, authenticatorId };
}

async function signIn(page, email) {
	await page.goto(`${url}/sign-in`);
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('form[action="/sign-in"] button[type=submit]');
	await page.waitForURL(`${url}/`);
}

async function addPasskey(page, name) {
	await page.goto(`${url}/security/passkeys/new`);
	await page.fill('input[name=name]', name);
	await page.click('.passkey button');
	await page.waitForURL(/done=passkey-added/);
}

test('a passkey is made, signs in without a name, and its counter is looked at', async () => {
	await world.account('una@calends.example', 'Una', password);
	const context = await browser.newContext(), page = await context.newPage();
	const complaints = [];
	page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) complaints.push(m.text()); });
	const { session, authenticatorId } = await authenticator(context, page);
	await signIn(page, 'una@calends.example');
	await addPasskey(page, 'My laptop');
	assert.match(await page.textContent('main'), /My laptop/);

	await context.clearCookies();
	await page.goto(`${url}/sign-in?next=%2Fkeys`);
	await page.click('.passkey button');
	await page.waitForURL(`${url}/keys`);

	// a copy that was used less often
	const { credentials: [credential] } = await session.send('WebAuthn.getCredentials', { authenticatorId });
	await session.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credential.credentialId });
	await session.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: 0 } });
	await context.clearCookies();
	await page.goto(`${url}/sign-in`);
	await page.click('.passkey button');
	await page.waitForSelector('[role=alert]:visible');
	assert.match(await page.textContent('main'), /there may be a copy of it/);
	assert.deepEqual(complaints, []);
	await context.close();
});

test('a browser without a passkey says so, and the password remains', async () => {
	await world.account('none@calends.example', 'None', password);
	const context = await browser.newContext(), page = await context.newPage();
	await authenticator(context, page);
	await page.goto(`${url}/sign-in`);
	await page.click('.passkey button');
	await page.waitForSelector('.passkey .field-error:visible', { timeout: 60000 });
	await signIn(page, 'none@calends.example');
	await context.close();
});

test('without JavaScript the page says that passkeys need it', async () => {
	const context = await browser.newContext({ javaScriptEnabled: false }), page = await context.newPage();
	await page.goto(`${url}/sign-in`);
	assert.ok(await page.isVisible('text=Passkeys need JavaScript'));
	assert.ok(!(await page.isVisible('.passkey button')));
	await context.close();
});
