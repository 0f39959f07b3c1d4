// SPDX-License-Identifier: Apache-2.0
// A person's account from the sign-up to the end of it, in a browser: it begins on an app's way, goes on by the link of a letter and
// leads back to the app; the address is changed by another, a forgotten password is set anew, another language is chosen, and the
// account is deleted and taken back.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { judge, shoot } from '../support/judge.mjs';
import { openBrowser, openCallback, openWorld, until } from '../support/world.mjs';

const password = 'a long enough password';
let folder, world, browser, callback;

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'calends-mail-'));
	await chmod(folder, 0o777); // started by root, the server runs as another user
	world = await openWorld('--mail-folder', folder, '--mail-from', 'calendar@example.org', '--signup', 'open');
	browser = await openBrowser();
	callback = await openCallback();
	await world.account('owner@platform.example', 'Platform Inc', password);
});

after(async () => {
	await browser?.close();
	await callback?.close();
	await world?.close();
	await rm(folder, { recursive: true });
});

// The path of a link in the newest letter to somebody that has one.
async function linkOf(email, word) {
	return until(async () => {
		for (const name of (await readdir(folder)).filter((n) => n.endsWith('.eml')).sort().reverse()) {
			const text = (await readFile(join(folder, name), 'ascii')).replaceAll('=\r\n', '');
			const link = text.match(new RegExp(`/link/${word}/cml_\\w+`));
			if (link && text.includes(`To: <${email}>`)) return link[0];
		}
	}, { what: `a letter to ${email} with a link to ${word}` });
}

// Where an app sends somebody who has no account yet.
async function appOf(name) {
	const client = await world.calends('client', 'create', '--owner', 'owner@platform.example', '--name', name,
		'--redirect-uri', callback.uri.replace(/:\d+/, ''));
	return `${world.url}/oauth/authorize?` + new URLSearchParams({
		client_id: client.client_id, redirect_uri: callback.uri, response_type: 'code', state: 'x', scope: 'events:read',
		code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
	});
}

async function signIn(page, email, secret) {
	await page.goto(world.url + '/sign-in?again=1');
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', secret);
	await page.click('main button[type=submit]');
}

for (const [width, colorScheme, javaScriptEnabled] of [[360, 'light', false], [1280, 'dark', true]])
	test(`an account from its beginning to its end at ${width} pixels, ${colorScheme}`, async () => {
		let email = `una-${width}@example.org`;
		const context = await browser.newContext({ colorScheme, javaScriptEnabled, viewport: { width, height: 800 }, timezoneId: 'America/New_York' });
		const page = await context.newPage();
		const look = (name) => (javaScriptEnabled ? judge(page, name) : shoot(page, name));
		await page.goto(await appOf(`Planner ${width}`));
		await page.click('main a[href^="/sign-up?next="]');
		assert.equal(await page.locator('#password').count(), 0);
		await look('sign up');
		await page.locator('main form').evaluate((form) => form.setAttribute('novalidate', ''));
		await page.fill('#email', ' ');
		await page.click('main button[type=submit]');
		assert.match(await page.textContent('#email-error'), /Enter your/);
		assert.ok(await page.locator('#email').evaluate((e) => e === document.activeElement));
		await look('sign up, refused');
		await page.fill('#email', email);
		await page.click('main button[type=submit]');
		assert.match(await page.textContent('main'), new RegExp(`on its way to ${email}`));
		await look('sign up, sent');
		await page.goto(world.url + (await linkOf(email, 'sign-up')));
		if (javaScriptEnabled) assert.equal(await page.inputValue('#tz'), 'America/New_York');
		else assert.equal(await page.inputValue('#tz'), 'UTC');
		await look('link to sign up');
		await page.fill('#name', 'Una User');
		await page.fill('#password', password);
		await page.fill('#tz', 'Nowhere');
		await page.click('main button[type=submit]');
		assert.match(await page.textContent('#tz-error'), /not known/);
		assert.equal(await page.inputValue('#name'), 'Una User');
		await look('link to sign up, refused');
		await page.fill('#password', password);
		await page.fill('#tz', 'Europe/Berlin');
		await page.click('main button[type=submit]');
		await page.waitForSelector('button[value=allow]');
		const heard = callback.next();
		await page.click('button[value=allow]');
		assert.ok((await heard).searchParams.get('code'));

		await page.goto(world.url + '/account');
		assert.match(await page.textContent('#email + p'), /Confirmed/);
		await look('account, confirmed');
		await page.fill('#new-email', `other-${email}`);
		await page.click('main form[action="/account/email"] button');
		await page.goto(world.url + (await linkOf(`other-${email}`, 'email')));
		await look('link to another address');
		await page.click('main button:text-is("Use this address")');
		email = `other-${email}`;

		// Somebody else, or they themselves, who forgot: a letter tells them, and the page does not.
		await page.context().clearCookies();
		await page.goto(world.url + '/sign-up');
		await page.fill('#email', email);
		await page.click('main button[type=submit]');
		assert.match(await page.textContent('main'), new RegExp(`on its way to ${email}`));
		await signIn(page, email, password);
		await page.goto(world.url + '/account');

		await page.selectOption('#language', 'de');
		await page.click('main form[action="/account"] button');
		assert.equal(await page.getAttribute('html', 'lang'), 'de');
		await page.selectOption('#language', 'en');
		await page.click('main form[action="/account"] button');
		await page.fill('#new-email', email);
		await page.click('main form[action="/account/email"] button');
		assert.match(await page.textContent('#email-error'), /already/);
		await look('address refused');
		await page.goto(world.url + '/plan');
		await look('plan');

		await page.goto(world.url + '/sign-in?again=1');
		await page.click('a[href="/forgot-password"]');
		await look('forgot');
		await page.fill('#email', email);
		await page.click('main button[type=submit]');
		await look('forgot, sent');
		await page.goto(world.url + (await linkOf(email, 'reset')));
		await page.fill('#fresh', 'another long password');
		await page.fill('#fresh-again', 'another long one');
		await page.click('main button[type=submit]');
		assert.match(await page.textContent('#fresh-error'), /not the same/);
		await look('reset refused');
		await page.fill('#fresh', 'another long password');
		await page.fill('#fresh-again', 'another long password');
		await page.click('main button[type=submit]');
		assert.equal(new URL(page.url()).pathname, '/sign-in');

		await signIn(page, email, 'another long password');
		await page.goto(world.url + '/account');
		await page.click('main a[href="/account/download"]');
		await look('download my data');
		const [file] = await Promise.all([page.waitForEvent('download'), page.click('main button[type=submit]')]);
		assert.match(file.suggestedFilename(), /^calends-\d{4}-\d\d-\d\d\.zip$/);
		assert.equal((await readFile(await file.path())).subarray(0, 2).toString(), 'PK');
		assert.equal(new URL(page.url()).pathname, '/account/download');

		await page.goto(world.url + '/account/delete');
		await look('delete?');
		await page.click('main button.danger');
		await look('deleted');
		await signIn(page, email, 'another long password');
		await look('take it back?');
		await page.click('main button:text-is("Take it back")');
		await signIn(page, email, 'another long password');
		await page.goto(world.url + '/account');
		assert.equal(new URL(page.url()).pathname, '/account');
		await context.close();
	});
