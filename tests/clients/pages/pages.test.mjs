// SPDX-License-Identifier: Apache-2.0
// Every page in a real browser: accessible (axe-core, WCAG 2.2 AA), nothing wider than the window, nothing that the
// Content-Security-Policy had to stop, light and dark, at 360 and 1280 pixels, and whole without JavaScript.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { judge } from '../support/judge.mjs';
import { openBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password';
const email = 'user@calends.example';
let world, browser, client, open;

before(async () => {
	world = await openWorld();
	browser = await openBrowser('--host-resolver-rules=MAP plain.example 127.0.0.1');
	await world.account('owner@platform.example', 'Platform Inc', password);
	await world.account(email, 'Una User', password);
	await world.calends('key', 'create', email, '--name', 'Thunderbird');
	const old = await world.calends('key', 'create', email, '--name', 'Old phone');
	await world.calends('key', 'revoke', old.id);
	await world.calends('key', 'create', email, '--name', 'Reports', '--kind', 'restricted', '--mode', 'test', '--scope', 'events:read');
	client = await world.calends('client', 'create', '--owner', 'owner@platform.example', '--name', 'Acme', '--redirect-uri', 'https://app.example/cb');
	open = await Promise.all(['https://app.example/cb', 'garden.example:/oauth', 'http://127.0.0.1:4711/cb'].map(registered));
});

// An app that registers itself.
async function registered(redirect) {
	const made = await fetch(`${world.url}/oauth/register`, { method: 'POST', headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ client_name: 'Garden Calendar', redirect_uris: [redirect] }) });
	assert.equal(made.status, 201);
	return authorize((await made.json()).client_id, redirect);
}

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

const authorize = (id = client.client_id, redirect = 'https://app.example/cb') => '/oauth/authorize?' + new URLSearchParams({
	client_id: id, redirect_uri: redirect, response_type: 'code', state: 'x',
	scope: 'calendars:read events:read events:write profile:read',
	code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
});

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
		for (const path of ['/', '/keys', '/keys/new', '/docs', '/docs/quickstart', '/docs/connect', '/docs/limits', '/docs/reference', '/docs/reference/events', '/docs/reference/createEvent', '/docs/reference/createEvent/try', '/docs/reference/listEvents/try', '/docs/errors', '/docs/errors/invalid_value', '/docs/search?q=token', '/status', '/connected-accounts', '/calendars', '/calendars?mode=test', '/calendars/new', '/account', '/account/download', '/security', '/security/passkeys/new', '/confirm?next=%2Fkeys', '/audit', '/audit?mode=test', '/audit?kind=client.deleted', '/logs', '/logs?mode=test', '/logs?request=x', '/usage', '/usage?mode=test&days=90', '/sign-in?again=1', '/nothing', '/styleguide', authorize(), ...open]) {
			await page.goto(world.url + path);
			await judge(page, path);
		}
		await page.goto(world.url + '/docs/reference/getCalendar/try');
		await page.click('button:text-is("Send")');
		await judge(page, 'tried');
		await page.goto(world.url + authorize());
		if (await page.locator('button[value=allow]').count()) { // the first time; then it is connected
			assert.ok(await page.evaluate(() => [...document.querySelectorAll('.decide button')].every((b) => b.getBoundingClientRect().bottom <= innerHeight)));
			await page.click('button[value=allow]');
			await page.waitForURL(/^(chrome-error|https):/, { waitUntil: 'commit' }); // there is no such app
		}
		await page.goto(world.url + authorize());
		await judge(page, 'consent once more');
		await page.goto(world.url + '/connected-accounts');
		await judge(page, 'an app');
		await page.click('tbody th a');
		await judge(page, 'a connected app');
		await page.goto(world.url + '/keys');
		await page.click('details.menu > summary');
		await judge(page, 'keys, a menu');
		await page.click('details[open] a[href$="/rotate"]');
		await judge(page, 'rotate');
		await page.goto(world.url + '/keys');
		await page.click('tbody th a');
		await judge(page, 'a key');
		await page.click('a[href$="/revoke"]');
		await judge(page, 'revoke');
		if (width < 960) {
			await page.click('button[popovertarget]');
			await judge(page, 'drawer');
		}
		for (const link of ['edit', 'delete']) {
			await page.goto(world.url + '/calendars');
			await page.click('details.menu > summary');
			await page.click(`details[open] a[href$="/${link}"]`);
			await judge(page, link);
		}
		await page.goto(world.url + '/keys/new');
		await page.fill('#name', 'A key');
		await page.click('button:text-is("Generate")');
		await judge(page, 'new key');
		assert.deepEqual(complaints, []);
		await context.close();
	});

test('a visitor who is not signed in finds the documentation and what they search for, without JavaScript', async () => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(world.url + '/');
	await page.click('main a:text-is("Documentation")');
	assert.equal(new URL(page.url()).pathname, '/docs');
	await page.fill('#q', 'find a time');
	await page.keyboard.press('Enter');
	await page.click('.docs-found li:first-child a');
	assert.equal(new URL(page.url()).pathname + new URL(page.url()).hash, '/docs/quickstart#5-find-a-time-for-two');
	await page.click('[rel=next]');
	assert.equal(await page.textContent('h1'), 'Connect an app');
	assert.equal(await page.locator('.code button:visible').count(), 0);

	await page.fill('#q', 'createEvent');
	await page.keyboard.press('Enter');
	await page.click('.docs-operations a:text-is("Create event")');
	assert.equal(await page.locator('#example ~ fieldset code:visible').getAttribute('class'), 'language-sh');
	await page.click('label:text-is("Python")');
	assert.equal(await page.locator('#example ~ fieldset code:visible').getAttribute('class'), 'language-python');
	await page.keyboard.press('ArrowLeft'); // radios, so the keyboard chooses too
	assert.match(await page.textContent('#example ~ fieldset code:visible'), /await fetch\(/);
	await context.close();
});

test('the welcome page and the documentation hold for who is not signed in, and code is copied', async () => {
	for (const [width, colorScheme] of [[360, 'dark'], [1280, 'light']]) {
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
	await page.goto(world.url + '/keys/new');
	await page.fill('#name', 'To copy');
	await page.click('button:text-is("Generate")');
	await page.click('button[data-copy=secret]');
	await page.waitForSelector('button:has-text("Copied")');
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.textContent('#secret'));
	await context.close();
});

// In the page: what sticks out of the window, how far the page is wider, how many names run over the buttons beside them.
function overflowing() {
	const right = document.documentElement.clientWidth;
	const sticksOut = (e) => e.getBoundingClientRect().right > right + 1 || e.getBoundingClientRect().left < -1;
	const runsOver = (row) => {
		const [text, side] = [row.querySelector('h2'), row.querySelector('.row-side')].map((e) => e?.getBoundingClientRect());
		return side && text.right > side.left + 1 && text.bottom > side.top && text.top < side.bottom;
	};
	return {
		wide: [...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() && !e.closest('pre, .skip, svg, .tabs') && sticksOut(e))
			.map((e) => e.outerHTML.slice(0, 60)),
		page: Math.max(0, document.documentElement.scrollWidth - right),
		over: [...document.querySelectorAll('.row')].filter(runsOver).length,
	};
}

// The longest names that can be given, without a blank to break at, and an address as long as they come.
test('nothing is wider than the window, whatever names there are', async () => {
	const long = 'W'.repeat(100);
	const mail = `${'m'.repeat(64)}@${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(50)}.example`;
	await world.account(mail, long, password);
	await world.account('owner@long.example', 'O'.repeat(100), password);
	const app = await world.calends('client', 'create', '--owner', 'owner@long.example', '--name', 'A'.repeat(100),
		'--redirect-uri', `https://${'h'.repeat(60)}.${'i'.repeat(60)}.example/${'p'.repeat(300)}`);
	await world.calends('key', 'create', mail, '--name', long);
	await world.calends('key', 'create', mail, '--name', long, '--kind', 'restricted', '--mode', 'test', '--scope', 'events:read calendars:read');
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(world.url + '/sign-in');
	await page.fill('input[name=email]', mail);
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
	await page.goto(world.url + '/calendars/new');
	await page.fill('#name', long);
	await page.click('text=Create calendar');
	const url = '/oauth/authorize?' + new URLSearchParams({ client_id: app.client_id, response_type: 'code', scope: 'calendars:read events:write',
		code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' });
	await page.goto(world.url + url);
	await page.click('button[value=allow]');
	await page.waitForURL(/^(chrome-error|https):/, { waitUntil: 'commit' }); // there is no such app
	const links = [];
	for (const [list, part] of [['/keys', 'rotate'], ['/keys', 'revoke'], ['/calendars', 'edit'], ['/calendars', 'delete'], ['/connected-accounts', 'remove']]) {
		await page.goto(world.url + list);
		links.push(await page.getAttribute(`a[href*="/${part}"] >> nth=-1`, 'href'));
	}
	for (const path of ['/', '/keys', '/keys/new', '/connected-accounts', '/calendars', '/calendars/new', '/account', '/account/download', '/security', '/security/passkeys/new', '/confirm?next=%2Fkeys', '/audit', '/audit?mode=test', '/audit?kind=client.deleted', '/logs', '/logs?mode=test', '/logs?request=x', '/usage', '/usage?mode=test&days=90', '/sign-in?again=1', '/docs', '/nothing', url, ...links]) {
		await page.goto(world.url + path);
		for (const forcedColors of ['none', 'active']) {
			await page.emulateMedia({ forcedColors });
			for (const width of [320, 360, 640, 1280]) { // 640 and 320: the others at 200 %
				await page.setViewportSize({ width, height: 700 });
				assert.deepEqual(await page.evaluate(overflowing), { wide: [], page: 0, over: 0 }, `${path} at ${width}, forced colours: ${forcedColors}`);
			}
		}
	}
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
for (const [width, colorScheme] of [[360, 'light'], [1280, 'dark']])
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
