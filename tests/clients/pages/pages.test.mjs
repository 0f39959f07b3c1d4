// SPDX-License-Identifier: Apache-2.0
// Every page in a real browser: accessible (axe-core, WCAG 2.2 AA), nothing wider than the window, nothing that the
// Content-Security-Policy had to stop, light and dark, at 360 and 1280 pixels, and whole without JavaScript.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { openBrowser, openWorld } from '../support/world.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const password = 'a long enough password';
const email = 'user@calends.example';
let world, browser, client;

before(async () => {
	world = await openWorld();
	browser = await openBrowser();
	await world.account('owner@platform.example', 'Platform Inc', password);
	await world.account(email, 'Una User', password);
	await world.calends('key', 'create', email, '--name', 'Thunderbird');
	const old = await world.calends('key', 'create', email, '--name', 'Old phone');
	await world.calends('key', 'revoke', old.id);
	await world.calends('key', 'create', email, '--name', 'Reports', '--kind', 'restricted', '--mode', 'test', '--scope', 'events:read');
	client = await world.calends('client', 'create', '--owner', 'owner@platform.example', '--name', 'Acme', '--redirect-uri', 'https://app.example/cb');
});

after(async () => {
	await browser?.close();
	await world?.close();
});

async function signIn(page, path = '/sign-in') {
	await page.goto(world.url + path);
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
}

const authorize = () => '/oauth/authorize?' + new URLSearchParams({
	client_id: client.client_id, redirect_uri: 'https://app.example/cb', response_type: 'code', state: 'x',
	scope: 'calendars:read events:read events:write profile:read',
	code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
});

async function judge(page, name) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => window.axe.run(document, {
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
	}));
	assert.deepEqual(violations.map((v) => `${name}: ${v.id} ${v.nodes.map((n) => n.target.join(' '))}`), []);
	const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.ok(wider <= 0, `${name} is ${wider} pixels wider than the window`);
	const small = await page.evaluate(() => [...document.querySelectorAll('button, .button, nav a, input:not([type=hidden], [type=radio], [type=checkbox], .unseen), select')]
		.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML.slice(0, 80)));
	assert.deepEqual(small, [], `${name}: targets are at least 44 pixels high`);
}

for (const [width, colorScheme] of [[360, 'light'], [1280, 'dark']])
	test(`pages hold at ${width} pixels, ${colorScheme}`, async () => {
		const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
		const page = await context.newPage();
		const complaints = [];
		page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) complaints.push(m.text()); });
		page.on('pageerror', (e) => complaints.push(e.message));

		await page.goto(world.url + '/sign-in');
		await judge(page, 'sign-in');
		await page.fill('input[name=email]', email);
		await page.fill('input[name=password]', 'wrong');
		await page.click('button[type=submit]');
		await judge(page, 'sign-in refused');
		await signIn(page);
		for (const path of ['/', '/keys', '/apps', '/calendars', '/calendars?mode=test', '/account', '/sign-in?again=1', '/nothing', authorize()]) {
			await page.goto(world.url + path);
			await judge(page, path);
		}
		for (const link of ['rotate', 'revoke']) {
			await page.goto(world.url + '/keys');
			await page.click(`a[href$="/${link}"]`);
			await judge(page, link);
		}
		for (const link of ['edit', 'delete']) {
			await page.goto(world.url + '/calendars');
			await page.click(`a[href$="/${link}"]`);
			await judge(page, link);
		}
		await page.goto(world.url + '/keys');
		await page.fill('#name', 'A key');
		await page.click('text=Create key');
		await judge(page, 'new key');
		assert.deepEqual(complaints, []);
		await context.close();
	});

test('all of it works without JavaScript', async () => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await signIn(page, '/keys'); // asks to sign in first, and leads back
	assert.equal(new URL(page.url()).pathname, '/keys');
	await page.fill('#name', 'No script');
	await page.click('label[for=kind-restricted]');
	await page.check('#s-profile\\:read');
	await page.click('text=Create key');
	assert.match(await page.inputValue('#secret'), /^rk_live_/);
	assert.equal(await page.locator('button.copy:visible').count(), 0);
	await page.click('text=I have stored it');
	await page.click('a[aria-label="Revoke No script"]');
	await page.click('text=Revoke the key');
	assert.match(await page.textContent('[role=status]'), /stopped working/);

	await page.goto(world.url + authorize());
	assert.match(await page.textContent('h1'), /Allow Acme/);
	assert.equal(await page.locator('.these').isVisible(), false);
	await page.click('label[for=cal-some]');
	assert.equal(await page.locator('.these').isVisible(), true);
	assert.equal(await page.locator('nav').count(), 0); // one question, one page
	await context.close();
});

test('a form can be filled in and sent with the keyboard alone', async () => {
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(world.url + '/sign-in');
	await page.keyboard.type(email); // the first field has the focus
	await page.keyboard.press('Tab');
	await page.keyboard.type(password);
	await page.keyboard.press('Enter');
	await page.waitForURL(world.url + '/');
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
	assert.ok(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none'));
	await context.close();
});

test('the copy button copies the key', async () => {
	const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
	const page = await context.newPage();
	await signIn(page);
	await page.goto(world.url + '/keys');
	await page.fill('#name', 'To copy');
	await page.click('text=Create key');
	await page.click('button[data-copy=secret]');
	await page.waitForSelector('button:has-text("Copied")');
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.inputValue('#secret'));
	await context.close();
});
