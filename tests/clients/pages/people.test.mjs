// SPDX-License-Identifier: Apache-2.0
// A person's account from the sign-up to the end of it, in a browser: the address is confirmed by the link of a letter, a
// forgotten password is set anew, another language is chosen, and the account is deleted and taken back.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { judge, shoot } from '../support/judge.mjs';
import { openBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password';
let folder, world, browser;

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'calends-mail-'));
	await chmod(folder, 0o777); // started by root, the server runs as another user
	world = await openWorld('--mail-folder', folder, '--mail-from', 'calendar@example.org', '--signup', 'open');
	browser = await openBrowser();
});

after(async () => {
	await browser?.close();
	await world?.close();
	await rm(folder, { recursive: true });
});

// The path of a link in the newest letter to somebody that has one.
async function linkOf(email, word) {
	for (let tries = 0; tries < 200; tries++) {
		for (const name of (await readdir(folder)).filter((n) => n.endsWith('.eml')).sort().reverse()) {
			const text = (await readFile(join(folder, name), 'ascii')).replaceAll('=\r\n', '');
			const link = text.match(new RegExp(`/link/${word}/cml_\\w+`));
			if (link && text.includes(`To: <${email}>`)) return link[0];
		}
		await new Promise((done) => setTimeout(done, 50));
	}
	throw new Error(`no letter to ${email} with a link to ${word}`);
}

async function signIn(page, email, secret) {
	await page.goto(world.url + '/sign-in?again=1');
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', secret);
	await page.click('main button[type=submit]');
}

for (const [width, colorScheme, javaScriptEnabled] of [[360, 'light', false], [1280, 'dark', true]])
	test(`an account from its beginning to its end at ${width} pixels, ${colorScheme}`, async () => {
		const email = `una-${width}@example.org`;
		const context = await browser.newContext({ colorScheme, javaScriptEnabled, viewport: { width, height: 800 } });
		const page = await context.newPage();
		const look = (name) => (javaScriptEnabled ? judge(page, name) : shoot(page, name));
		await page.goto(world.url + '/sign-up');
		await page.fill('#name', 'Una User');
		await page.fill('#email', email);
		await page.fill('#password', password);
		await page.click('main button[type=submit]');
		await page.goto(world.url + '/account');
		assert.match(await page.textContent('main'), /Not confirmed/);
		await look('account, not confirmed');
		await page.goto(world.url + (await linkOf(email, 'confirm')));
		await look('link to confirm');
		await page.click('main button:text-is("Confirm")');
		assert.match(await page.textContent('[role=status]'), /is confirmed/);
		await look('account, confirmed');

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
