// SPDX-License-Identifier: Apache-2.0
// Forms in a real browser: the focus is where something is wrong, two windows do not overwrite each other, two presses make one thing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { judge } from '../support/judge.mjs';
import { openBrowser, openWorld, until } from '../support/world.mjs';

const password = 'a long enough password', email = 'forms@calends.example';
let world, browser;

before(async () => {
	world = await openWorld();
	browser = await openBrowser();
	await world.account(email, 'Fay Forms', password);
});

after(async () => {
	await browser?.close();
	await world?.close();
});

async function signedIn(options) {
	const context = await browser.newContext(options), page = await context.newPage();
	await page.goto(world.url + '/sign-in');
	await page.fill('#email', email);
	await page.fill('#password', password);
	await page.click('main button[type=submit]');
	return { context, page };
}

const focusIsOn = (page, id) => page.waitForFunction((wanted) => document.activeElement.id === wanted, id);

for (const [width, colorScheme] of [[360, 'light'], [1280, 'dark']])
	test(`what is wrong is under the focus, and what changed elsewhere is told at ${width} pixels, ${colorScheme}`, async () => {
		const { context, page } = await signedIn({ colorScheme, viewport: { width, height: 800 } });
		await page.goto(world.url + '/calendars');
		await page.click('main a:text-is("New calendar")');
		await judge(page, 'new calendar');
		await page.fill('#name', ' ');
		await page.fill('#color', '#b02a54');
		await page.click('main button[type=submit]');
		await focusIsOn(page, 'name');
		assert.equal(await page.getAttribute('#name', 'aria-describedby'), 'name-error');
		assert.equal(await page.inputValue('#color'), '#b02a54');
		await judge(page, 'new calendar, refused');
		await page.fill('#name', `Choir ${width}`);
		await page.click('main button[type=submit]');
		await page.click(`main a:has-text("Choir ${width}")`);
		await page.click('main a:text-is("Edit")');
		const other = await context.newPage();
		for (const [window, name] of [[other, 'Theirs'], [page, 'Mine']]) {
			if (window === other) await other.goto(page.url());
			await window.fill('#name', name);
			await window.click('main button[type=submit]');
		}
		assert.match(await page.textContent('.stale'), /Name\s+Now: Theirs/);
		assert.equal(await page.inputValue('#name'), 'Mine');
		await focusIsOn(page, 'alert');
		await judge(page, 'a calendar that was changed elsewhere');
		await page.click('main button[type=submit]');
		assert.match(await page.textContent('main'), /Your changes are saved/);
		for (const [path, name] of colorScheme === 'dark' ? [] : [['/calendars/import?mode=test', 'import, test data'], ['/calendar?q=nothing', 'nothing found'], ['/connected-accounts', 'no apps'],
			['/audit?kind=client.deleted', 'nothing of a kind'], ['/usage?mode=test', 'usage, test data'], ['/logs?mode=test', 'logs, test data'], ['/plan', 'plan']]) {
			await page.goto(world.url + path);
			await judge(page, name);
		}
		await context.close();
	});

test('a key of test data says so on all its pages', async () => {
	await world.calends('key', 'create', email, '--name', 'Sandbox', '--kind', 'secret', '--mode', 'test');
	const { context, page } = await signedIn({ viewport: { width: 360, height: 800 } });
	await page.goto(world.url + '/keys');
	await page.click('tbody th a:has-text("Sandbox")');
	await judge(page, 'a test key');
	for (const link of ['/rotate', '/revoke']) {
		const at = page.url();
		await page.click(`main a[href$="${link}"]`);
		assert.ok(await page.isVisible('.strip'));
		await judge(page, `a test key${link}`);
		await page.goto(at);
	}
	await context.close();
});

for (const javaScriptEnabled of [true, false])
	test(`a form that makes something in test data says so as soon as that is chosen${javaScriptEnabled ? '' : ', without JavaScript too'}`, async () => {
		const { context, page } = await signedIn({ javaScriptEnabled });
		for (const path of ['/keys/new', '/apps/new', '/webhooks/new']) {
			await page.goto(world.url + path);
			assert.ok(!await page.isVisible('.strip'), path);
			await page.selectOption('#mode', 'test');
			assert.ok(await page.isVisible('.strip'), path);
			await page.goto(`${world.url}${path}?mode=test`);
			assert.equal(await page.inputValue('#mode'), 'test', path);
			if (path === '/keys/new') assert.ok(await page.isChecked('#kind-secret'), 'a key of an account is of live data');
			assert.ok(await page.isVisible('.strip'), path);
			if (javaScriptEnabled) await judge(page, `${path}, test data`);
		}
		await context.close();
	});

for (const javaScriptEnabled of [true, false])
	test(`two presses make one key, ${javaScriptEnabled ? 'and show it' : 'without JavaScript too'}`, async () => {
		const { context, page } = await signedIn({ javaScriptEnabled });
		const name = `Twice ${javaScriptEnabled}`;
		let asked = 0;
		await page.goto(world.url + '/keys/new');
		await page.fill('#name', name);
		let pressed;
		const twice = new Promise((done) => { pressed = done; });
		await page.route('**/keys', async (route) => { // what comes of the first press is shown after the second
			if (route.request().method() !== 'POST') return route.continue();
			const response = await route.fetch();
			asked++;
			await twice;
			await route.fulfill({ response }).catch(() => {}); // the second took its place
		});
		await page.dblclick('main button[type=submit]');
		await until(() => asked);
		pressed();
		await page.waitForSelector('#secret, .notice');
		if (javaScriptEnabled) assert.ok(await page.isVisible('#secret'));
		await page.goto(world.url + '/keys');
		assert.equal(await page.locator(`tbody th a:has-text("${name}")`).count(), 1);
		await context.close();
	});
