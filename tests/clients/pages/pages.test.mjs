// SPDX-License-Identifier: Apache-2.0
// What is done on pages in a real browser, with and without JavaScript, by the keyboard, and with what is wrong in a form. That each
// page and state holds is shown by sweep.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTurn, judge, tabTo } from '../support/judge.mjs';
import { enter, openBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password';
const email = 'user@calends.example';
let world, browser, client, device;

before(async () => {
	world = await openWorld();
	browser = await openBrowser('--host-resolver-rules=MAP plain.example 127.0.0.1');
	await world.account('owner@platform.example', 'Platform Inc', password);
	await world.account(email, 'Una User', password);
	device = await world.calends('key', 'create', email, '--name', 'Thunderbird');
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

// A browser gives the focus when it first draws the page, which may be after it is loaded.
const focusIsIn = (page, name) => page.waitForFunction((wanted) => document.activeElement.name === wanted, name);

const authorize = () => '/oauth/authorize?' + new URLSearchParams({
	client_id: client.client_id, redirect_uri: 'https://app.example/cb', response_type: 'code', state: 'x',
	scope: 'calendars:read events:read events:write profile:read',
	code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
});

test('what an app asks for stands above its answers, which are in sight', async () => {
	for (const [width, height] of [[360, 800], [1280, 800]]) {
		const context = await browser.newContext({ viewport: { width, height } });
		const page = await context.newPage();
		await signIn(page, authorize());
		assert.ok(await page.evaluate(() => [...document.querySelectorAll('.decide button')].every((b) => b.getBoundingClientRect().bottom <= innerHeight)));
		await context.close();
	}
});

test('on a phone the drawer holds', async () => {
	const context = await browser.newContext({ viewport: { width: 360, height: 800 } });
	const page = await context.newPage();
	await signIn(page);
	await page.click('button[popovertarget]');
	await judge(page, 'drawer');
	await context.close();
});

test('a visitor who is not signed in finds the documentation and what they search for, without JavaScript', async () => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(world.url + '/');
	await page.click('main a:text-is("Documentation")');
	assert.equal(new URL(page.url()).pathname, '/docs');
	await page.fill('#q', 'find a time');
	await enter(page);
	await page.click('.docs-found li:first-child a');
	assert.equal(new URL(page.url()).pathname + new URL(page.url()).hash, '/docs/quickstart#5-find-a-time-for-two');
	await page.click('[rel=next]');
	assert.equal(await page.textContent('h1'), 'Connect an app');
	assert.equal(await page.locator('.code button:visible').count(), 0);

	await page.fill('#q', 'createEvent');
	await enter(page);
	await page.click('.docs-operations a:text-is("Create event")');
	assert.equal(await page.locator('#example ~ fieldset code:visible').getAttribute('class'), 'language-sh');
	await page.click('label:text-is("Python")');
	assert.equal(await page.locator('#example ~ fieldset code:visible').getAttribute('class'), 'language-python');
	await page.keyboard.press('ArrowLeft'); // radios, so the keyboard chooses too
	assert.match(await page.textContent('#example ~ fieldset code:visible'), /await fetch\(/);
	await context.close();
});

test('the address of calendar programs, opened in a browser, says what it is for', async () => {
	const authorization = 'Basic ' + Buffer.from(`${email}:${device.key}`).toString('base64');
	const principal = await fetch(world.url + '/dav/', { method: 'PROPFIND', headers: { authorization, depth: '0', 'content-type': 'application/xml' },
		body: '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>' });
	const home = (await principal.text()).match(/\/dav\/principals\/[^<]+/)[0].replace('principals', 'calendars');
	for (const [width, colorScheme, judge] of inTurn([[360, 'dark'], [1280, 'light']])) {
		const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, extraHTTPHeaders: { authorization } });
		const page = await context.newPage();
		await page.goto(world.url + home);
		assert.equal(await page.textContent('#server'), world.url + '/dav/');
		assert.equal(await page.getAttribute('tbody a', 'href'), world.url + home + 'default/');
		await judge(page, 'the address of a home');
		await context.close();
	}
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(world.url + '/dav/'); // without a key
	assert.equal(new URL(page.url()).pathname, '/docs/caldav');
	await context.close();
});

test('the welcome page and the documentation hold for who is not signed in, and code is copied', async () => {
	for (const [width, colorScheme, judge] of inTurn([[360, 'dark'], [1280, 'light']])) {
		const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
		const page = await context.newPage();
		for (const path of ['/', '/status', '/docs/caldav', '/docs/webhooks', '/docs/self-hosting', '/docs/reference/updateApiKey', '/docs/events', '/docs/voice', '/docs/audit', '/docs/scopes', '/docs/options', '/docs/changelog']) {
			await page.goto(world.url + path);
			await judge(page, path);
		}
		await page.goto(world.url + '/docs/quickstart');
		await page.click('.code button >> nth=0');
		await page.waitForSelector('.code button:text-is("Copied"), .code button:text-is("Selected")');
		await page.goto(world.url + '/docs/reference/createEvent');
		await page.click('label:text-is("Node")');
		await page.goto(world.url + '/docs/reference/findSlots'); // the language stays chosen
		assert.equal(await page.locator('#example ~ fieldset code:visible').getAttribute('class'), 'language-js');
		await context.close();
	}
});

test('all of it works without JavaScript', async () => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await signIn(page, '/keys/new'); // asks to sign in first, and leads back
	assert.equal(new URL(page.url()).pathname, '/keys/new');
	await page.fill('#name', 'No script');
	await page.click('label[for=kind-restricted]');
	await page.check('#s-profile\\:read');
	await page.click('button:text-is("Generate")');
	assert.match(await page.textContent('#secret'), /^rk_live_/);
	assert.equal(await page.locator('button.copy:visible').count(), 0);
	await page.click('text=I have stored it');
	await page.click('summary[aria-label="More for No script"]'); // a menu without JavaScript
	await page.click('details[open] a:text-is("Details")');
	await page.fill('#name', 'No script at all');
	await page.click('button:text-is("Save")');
	await page.goto(world.url + '/keys');
	await page.click('a[aria-label="Revoke No script at all"]');
	await page.click('text=Revoke the key');
	assert.match(await page.textContent('[role=status]'), /stopped working/);

	await page.goto(world.url + '/docs/reference/createEvent');
	await page.click('text=Try it in test mode');
	await page.click('button:text-is("Send")');
	assert.match(await page.textContent('#answer-title'), /201 Created/);
	assert.match(await page.textContent('#answer .code:nth-of-type(2) code'), /^{\n  "id": "evt_/);

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
	await focusIsIn(page, 'email');
	await page.keyboard.type(email);
	await page.keyboard.press('Tab');
	await page.keyboard.type(password);
	await enter(page);
	await page.waitForURL(world.url + '/');
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
	assert.ok(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none'));
	await context.close();
});

test('by the keyboard alone a key is made, and the menu of a row is opened, walked through and closed', async () => {
	const context = await browser.newContext();
	const page = await context.newPage();
	await signIn(page, '/keys');
	await tabTo(page, 'a.button', 'Generate New Key');
	await enter(page);
	await page.waitForURL('**/keys/new');
	await tabTo(page, '#name');
	await page.keyboard.type('By keys');
	await tabTo(page, 'button', 'Generate');
	await enter(page);
	assert.match(await page.textContent('#secret'), /^cp_/);
	await tabTo(page, 'a.button', 'I have stored it');
	await enter(page);
	await page.waitForSelector('details.menu', { state: 'attached' }); // the page of the new key has the same address
	await tabTo(page, 'details.menu > summary', 'More for By keys');
	await page.keyboard.press('Enter');
	const links = page.locator('details.menu[open] a:visible');
	assert.ok(await links.count() > 1);
	for (let i = 0; i < await links.count(); i++) { // each in its turn
		await page.keyboard.press('Tab');
		assert.ok(await links.nth(i).evaluate((e) => e === document.activeElement && getComputedStyle(e).outlineStyle !== 'none'));
	}
	await page.keyboard.press('Escape');
	assert.equal(await page.locator('details.menu[open]').count(), 0);
	assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /By keys/, 'the focus is where it came from');
	await page.keyboard.press('Space');
	await page.keyboard.press('Tab');
	await enter(page);
	await page.waitForURL('**/keys/key_*');
	await context.close();
});

test('the copy button copies the key', async () => {
	const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
	const page = await context.newPage();
	await signIn(page);
	await page.goto(world.url + '/keys/new');
	await page.fill('#name', 'To copy');
	await page.click('button:text-is("Generate")');
	await page.click('button[data-copy=secret]');
	await page.waitForSelector('button:has-text("Copied")');
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.textContent('#secret'));
	await context.close();
});

// Border and background are the user's own there.
test('what is shown of a list is seen in forced colours, and no button touches what is beside it', async () => {
	const context = await browser.newContext({ forcedColors: 'active', viewport: { width: 1280, height: 800 } });
	const page = await context.newPage();
	await signIn(page, '/logs');
	const borders = await page.evaluate(() => [...document.querySelectorAll('.choices a')].map((a) => getComputedStyle(a).borderBottomStyle));
	assert.deepEqual(borders, ['solid', 'none', 'none']);
	const room = await page.evaluate(() => {
		const button = document.querySelector('.who button'), [box, above] = [button, document.querySelector('.who .avatar')].map((e) => e.getBoundingClientRect());
		return [parseFloat(getComputedStyle(button).paddingInlineStart) >= 8, box.top - above.bottom >= 2, box.left >= 8];
	});
	assert.deepEqual(room, [true, true, true], 'Sign out');
	await context.close();
});

test('the kind of key that is chosen is seen in forced colours', async () => {
	const context = await browser.newContext({ forcedColors: 'active' });
	const page = await context.newPage();
	await signIn(page, '/keys/new');
	const looks = () => page.evaluate(() => ['kind-account', 'kind-secret'].map((id) => {
		const style = getComputedStyle(document.querySelector(`label[for=${id}]`));
		return [style.outlineStyle, style.outlineWidth, style.borderWidth].join(' ');
	}));
	const [chosen, other] = await looks();
	assert.notEqual(chosen, other);
	await page.click('label[for=kind-secret]');
	const after = await looks();
	assert.equal(after[0], other);
	assert.notEqual(after[1], other);
	await context.close();
});

// Without https there is no clipboard to write to.
test('the key is seen whole, and copied without https too', async () => {
	const context = await browser.newContext({ viewport: { width: 320, height: 700 } });
	const page = await context.newPage();
	const plain = world.url.replace('127.0.0.1', 'plain.example');
	await page.goto(plain + '/sign-in?next=/keys/new');
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
	assert.equal(await page.evaluate(() => isSecureContext), false);
	await page.fill('#name', 'Plain');
	await page.click('button:text-is("Generate")');
	const key = await page.textContent('#secret');
	assert.match(key, /^cp_[0-9a-f]{64}$/);
	assert.ok(await page.evaluate(() => {
		const e = document.getElementById('secret');
		return e.scrollWidth <= e.clientWidth + 1 || getComputedStyle(e).display === 'inline';
	}));
	await page.click('#secret'); // one click selects all of it
	assert.equal(await page.evaluate(() => String(getSelection())), key);
	await page.click('button[data-copy=secret]');
	await page.waitForSelector('button:has-text("Copied")');
	await page.goto(plain + '/keys/new');
	await page.focus('#name');
	await page.keyboard.press('Control+V');
	assert.equal(await page.inputValue('#name'), key);
	await context.close();
});

test('the focus is in the field that was wrong', async () => {
	const context = await browser.newContext();
	const page = await context.newPage();
	await signIn(page, '/keys/new');
	await page.fill('#name', 'Restricted to nothing');
	await page.click('label[for=kind-restricted]');
	await page.click('button:text-is("Generate")');
	await focusIsIn(page, 'scope');
	assert.match(await page.textContent('#scope-error'), /Tick what/);
	assert.equal(await page.inputValue('#name'), 'Restricted to nothing');
	await context.close();
});

// The list of calendars is of the data that was chosen; Space and arrows are all that it needs.
for (const width of [360, 1280])
	test(`the calendars of a restricted key are chosen with the keyboard at ${width} pixels`, async () => {
		const context = await browser.newContext({ viewport: { width, height: 900 } });
		const page = await context.newPage();
		await signIn(page, '/keys/new');
		await page.fill('#name', `Keyboard ${width}`);
		assert.equal(await page.locator('#cal-all').isVisible(), false);
		await page.focus('#kind-account');
		for (let i = 0; i < 2; i++)
			await page.keyboard.press('ArrowDown');
		assert.equal(await page.isChecked('#kind-restricted'), true);
		await page.check('#s-calendars\\:read');
		await page.focus('#cal-all');
		assert.equal(await page.locator('.these').isVisible(), false);
		await page.keyboard.press('ArrowDown');
		assert.equal(await page.isChecked('#cal-some'), true);
		assert.ok(await page.locator('.of-live').count() > 0);
		assert.equal(await page.locator('.of-live').first().isVisible(), true);
		assert.equal(await page.locator('.of-test').first().isVisible(), false);
		await judge(page, 'calendars of a key');
		await page.selectOption('#mode', 'test');
		assert.equal(await page.locator('.of-live').first().isVisible(), false);
		assert.equal(await page.locator('.of-test').first().isVisible(), true);
		await page.selectOption('#mode', 'live');
		await page.click('button:text-is("Generate")'); // nothing is ticked: said beside the ticks, and the focus is there
		await focusIsIn(page, 'calendar');
		assert.match(await page.textContent('#calendar-error'), /Tick at least one calendar/);
		await judge(page, 'calendars of a key, refused');
		await page.keyboard.press('Space');
		await page.click('button:text-is("Generate")');
		assert.match(await page.textContent('#secret'), /^rk_live_/);
		await page.click('text=I have stored it');
		assert.match(await (await page.goto(world.url + await page.locator('tr', { hasText: `Keyboard ${width}` }).locator('th a').getAttribute('href'))).text(), /Only in/);
		await judge(page, 'keys, one of them limited');
		await context.close();
	});

// The ready answers of the consent page: each says what it gives, and ticks are there for who wants them; by the keyboard alone.
for (const [width, colorScheme, judge] of inTurn([[360, 'light'], [1280, 'dark']]))
	test(`ready answers of the consent page at ${width} pixels`, async () => {
		const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
		const page = await context.newPage();
		await signIn(page);
		await page.goto(world.url + authorize());
		const shown = () => page.locator('.preset .can li').filter({ visible: true }).count();
		const asked = await page.locator('input[name=scope]').count();
		assert.equal(await shown(), asked);
		assert.equal(await page.locator('.presets + .ticks').isVisible(), false);
		await judge(page, 'everything');
		await page.focus('#access-all');
		await page.keyboard.press('ArrowDown');
		assert.equal(await page.isChecked('#access-read'), true);
		assert.ok(await shown() < asked && await shown() > 0);
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('ArrowDown');
		assert.equal(await page.isChecked('#access-custom'), true);
		assert.equal(await page.locator('.presets + .ticks').isVisible(), true);
		await judge(page, 'ticks');
		await page.uncheck('#s-events\\:write');
		const back = page.waitForRequest((r) => r.url().startsWith('https://app.example/'));
		await page.click('button[value=allow]');
		assert.ok(new URL((await back).url()).searchParams.get('code'));
		await context.close();
	});
