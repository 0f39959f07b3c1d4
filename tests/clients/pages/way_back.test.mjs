// SPDX-License-Identifier: Apache-2.0
// A real browser comes back to the app from every form of ours that can lead to one. Chromium holds a page's
// form-action against each redirect that follows its form, so an answer that was right for every HTTP client left the
// user where they were, and the app heard nothing. docs/adr/0018 says what was chosen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openApp, openBrowser, openCallback, openWholeBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password';
let world, app, callback, browser, people = 0;

before(async () => {
	world = await openWorld('--signup', 'open');
	app = await openApp();
	callback = await openCallback();
	// Both hold forms to the policy; the one that users have takes twice the processor's time.
	browser = await (process.env.CALENDS_TESTS === 'whole' ? openWholeBrowser : openBrowser)(...app.browserArgs);
	await world.account('owner@platform.example', 'Platform Inc', password);
});

after(async () => {
	await browser?.close();
	await callback?.close();
	await app?.close();
	await world?.close();
});

// Somebody new, so that no test finds the consent of another.
async function person() {
	const email = `person-${++people}@calends.example`;
	await world.account(email, 'Una User', password);
	return email;
}

async function register(name, redirect, { verified = false } = {}) {
	const client = await world.calends('client', 'create', '--owner', 'owner@platform.example', '--name', name,
		'--redirect-uri', redirect.replace(/^(http:..127.0.0.1):\d+/, '$1'));
	if (verified) await world.calends('client', 'verify', client.client_id);
	return (changes = {}) => `${world.url}/oauth/authorize?` + new URLSearchParams({
		client_id: client.client_id, redirect_uri: redirect, response_type: 'code', state: 'x', scope: 'events:read',
		code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256', ...changes,
	});
}

// A window of its own, with and without JavaScript. What the policy stopped is an error of the test.
async function inWindows(run) {
	for (const javaScriptEnabled of [true, false]) {
		const context = await browser.newContext({ javaScriptEnabled, ignoreHTTPSErrors: true });
		const page = await context.newPage();
		const stopped = [];
		page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) stopped.push(m.text()); });
		await run(page);
		assert.deepEqual(stopped, []);
		await context.close();
	}
}

async function signIn(page, email) {
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
}

const allow = (page) => page.click('button[value=allow]');

// What the app hears within a minute of the act (a machine may be busy).
async function hears(act, heard = app.heard()) {
	let late;
	const silence = new Promise((_, fail) => { late = setTimeout(() => fail(new Error('the app heard nothing')), 60000); });
	try {
		await act();
		const url = await Promise.race([heard, silence]);
		assert.equal(url.searchParams.get('state'), 'x');
		assert.equal(url.searchParams.get('iss'), world.url);
		return url.searchParams;
	} finally {
		clearTimeout(late);
	}
}

test('allow, deny and an answer that had to be mended lead back', async () => {
	const url = await register('Allowed', 'https://app.example/cb');
	await inWindows(async (page) => {
		const email = await person();
		await page.goto(url());
		await signIn(page, email);
		assert.ok((await hears(() => allow(page))).get('code'));
		await page.goto(url());
		assert.equal((await hears(() => page.click('button[value=deny]'))).get('error'), 'access_denied');
		await page.goto(url());
		await page.uncheck('input[name=scope]');
		await allow(page); // nothing ticked: the page once more
		assert.match(await page.textContent('[role=alert]'), /at least one/);
		await page.check('input[name=scope]');
		assert.ok((await hears(() => allow(page))).get('code'));
	});
});

test('a callback that hops across two origins is reached', async () => {
	const url = await register('Hopping', 'https://app.example/hop');
	await inWindows(async (page) => {
		await page.goto(url());
		await signIn(page, await person());
		assert.ok((await hears(() => allow(page))).get('code'));
		assert.equal(new URL(page.url()).host, 'third.example');
		await page.goto(url());
		assert.equal((await hears(() => page.click('button[value=deny]'))).get('error'), 'access_denied');
	});
});

test('a sign-in leads back at once where the consent is remembered', async () => {
	const url = await register('Remembered', 'https://app.example/hop', { verified: true });
	await inWindows(async (page) => {
		const email = await person();
		await page.goto(url());
		await signIn(page, email);
		await hears(() => allow(page));
		await page.goto(world.url);
		await page.click('text=Sign out');
		await page.goto(url());
		assert.ok((await hears(() => signIn(page, email))).get('code'));

		await page.goto(url({ prompt: 'login' })); // signed in, and once more
		assert.ok((await hears(() => signIn(page, email))).get('code'));

		await page.goto(url({ prompt: 'login' }));
		await page.fill('input[name=password]', 'wrong, the first time');
		await page.fill('input[name=email]', email);
		await page.click('button[type=submit]');
		assert.match(await page.textContent('[role=alert]'), /wrong/);
		assert.ok((await hears(() => signIn(page, email))).get('code'));
	});
});

test('an error that is told after the sign-in is told', async () => {
	const url = await register('Faulty', 'https://app.example/cb');
	const faults = [[{ scope: 'nonsense' }, 'invalid_scope'], [{ response_type: 'token' }, 'unsupported_response_type'],
		[{ code_challenge_method: 'plain' }, 'invalid_request']];
	await inWindows(async (page) => {
		for (const [changes, error] of faults) {
			await page.context().clearCookies();
			await page.goto(url(changes));
			const email = await person();
			assert.equal((await hears(() => signIn(page, email))).get('error'), error);
		}
	});
});

test('who makes an account first, or switches to another, comes back', async () => {
	const faulty = await register('For newcomers', 'https://app.example/hop');
	const url = await register('Switched', 'https://app.example/cb', { verified: true });
	await inWindows(async (page) => {
		await page.goto(faulty({ scope: 'nonsense' }));
		await page.click('text=Create an account');
		await page.fill('input[name=name]', 'Nora New');
		await page.fill('input[name=email]', `new-${++people}@calends.example`);
		await page.fill('input[name=password]', password);
		assert.equal((await hears(() => page.click('button[type=submit]'))).get('error'), 'invalid_scope');

		const [first, second] = [await person(), await person()];
		await page.context().clearCookies();
		await page.goto(url());
		await signIn(page, first);
		await hears(() => allow(page)); // remembered for the first
		await page.context().clearCookies();
		await page.goto(url());
		await signIn(page, second);
		await page.click('text=Switch account');
		assert.ok((await hears(() => signIn(page, first))).get('code'));
	});
});

test('an app on this computer is reached', async () => {
	const url = await register('Loopback', callback.uri);
	await inWindows(async (page) => {
		await page.goto(url());
		await signIn(page, await person());
		assert.ok((await hears(() => allow(page), callback.next())).get('code'));
		await page.context().clearCookies();
		await page.goto(url({ scope: 'nonsense' }));
		const email = await person();
		assert.equal((await hears(() => signIn(page, email), callback.next())).get('error'), 'invalid_scope');
	});
});

// No program here takes such an address: the browser tells where it would have gone, which it does not for what it stopped.
test('an app with a scheme of its own is reached', async () => {
	const url = await register('Own scheme', 'com.example.app:/cb');
	const heard = async (page) => {
		const devtools = await page.context().newCDPSession(page);
		await devtools.send('Network.enable');
		return new Promise((done) => devtools.on('Network.requestWillBeSent', ({ request }) => {
			if (request.url.startsWith('com.example.app:')) done(new URL(request.url));
		}));
	};
	await inWindows(async (page) => {
		const told = heard(page);
		await page.goto(url());
		await signIn(page, await person());
		await page.waitForSelector('button[value=allow]');
		assert.ok((await hears(() => allow(page), told)).get('code'));
	});
	await inWindows(async (page) => {
		const told = heard(page);
		await page.goto(url({ scope: 'nonsense' }));
		const email = await person();
		assert.equal((await hears(() => signIn(page, email), told)).get('error'), 'invalid_scope');
	});
});
