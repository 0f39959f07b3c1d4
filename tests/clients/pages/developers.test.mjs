// SPDX-License-Identifier: Apache-2.0
// The pages of developers in a real browser: logs, usage, apps and webhooks, each state of them, at 360 and 1280 pixels,
// light and dark; and the way from an app's registration to its retired secret without JavaScript.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { inTurn, judge } from '../support/judge.mjs';
import { onOneDay, openBrowser, openWorld, until } from '../support/world.mjs';

const password = 'a long enough password';
const email = 'dev@platform.example';
const long = 'x'.repeat(100);
let world, browser, receiver, key, app, failed;

async function api(path, body, method = body ? 'POST' : 'GET') {
	const answer = await fetch(world.url + path, { method, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
		body: body && JSON.stringify(body) });
	return { id: answer.headers.get('request-id'), json: await answer.json() };
}

before(async () => {
	await onOneDay(); // of which the figures are
	world = await openWorld('--request-log-ms', '100', '--usage-ms', '100', '--allow-private-hooks');
	browser = await openBrowser();
	receiver = createServer((request, response) => {
		request.resume();
		response.statusCode = request.url === '/broken' ? 500 : 200;
		response.end('{"received":true}');
	});
	await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
	const hooks = `http://127.0.0.1:${receiver.address().port}`;
	await world.account(email, 'Una Developer', password);
	await world.account('nobody@platform.example', 'Nora Empty', password);
	key = (await world.calends('key', 'create', email, '--name', 'Production server', '--kind', 'secret')).key;
	app = (await world.calends('client', 'create', '--owner', email, '--name', 'Acme', '--type', 'confidential', '--redirect-uri', 'https://app.example/cb')).client_id;
	await world.calends('client', 'create', '--owner', email, '--name', long, '--redirect-uri', `https://app.example/${long}`, '--mode', 'test');
	for (const url of [`${hooks}/calendar`, `${hooks}/broken`, `${hooks}/${long}`])
		await api('/v1/webhook_endpoints', { url, events: ['event.*'], description: 'Production' });
	for (let n = 0; n < 12; n++) await api('/v1/profile');
	await api('/v1/calendars');
	await api(`/v1/events/${long}`);
	failed = (await api('/v1/events?limit=many')).id;
	// The pages show what is there when they are asked for.
	await until(async () => (await api('/v1/usage')).json.data?.length);
});

after(async () => {
	receiver?.close();
	await browser?.close();
	await world?.close();
});

async function signIn(page, who = email) {
	await page.goto(world.url + '/sign-in');
	await page.fill('input[name=email]', who);
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
}

for (const [width, colorScheme, judge] of inTurn([[360, 'light'], [1280, 'dark'], [360, 'dark'], [1280, 'light']]))
	test(`pages of developers hold at ${width} pixels, ${colorScheme}`, async () => {
		const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
		const page = await context.newPage();
		const complaints = [];
		page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) complaints.push(m.text()); });
		page.on('pageerror', (e) => complaints.push(e.message));
		await signIn(page);
		await page.goto(world.url + '/webhooks');
		const endpoint = await page.getAttribute('tbody th a', 'href');
		await page.goto(world.url + endpoint);
		const delivery = await page.getAttribute('tbody th a', 'href');
		for (const path of ['/logs', '/logs?status=failed&route=GET+%2Fv1%2Fevents', '/logs?request=x', `/logs/${failed}`, '/usage', '/usage?days=7&mode=test',
			'/apps', '/apps/new', `/apps/${app}`, `/apps/${app}/edit`, `/apps/${app}/delete`,
			'/webhooks', '/webhooks/new', endpoint, `${endpoint}/edit`, `${endpoint}/rotate`, `${endpoint}/delete`, delivery]) {
			const name = path.replace(/(cli|wbk|whd|req)_\w+/g, '$1');
			if (!judge.sees(name)) continue;
			await page.goto(world.url + path);
			await judge(page, name);
		}
		await page.goto(world.url + '/logs');
		await page.click('details.menu summary >> nth=0');
		await judge(page, 'logs with a menu');
		await page.goto(world.url + '/apps/new');
		await page.fill('#name', 'Wrong');
		await page.fill('#redirect_uris', 'http://app.example/cb');
		await page.check('input[name=scope] >> nth=0');
		await page.click('button:text-is("Register")');
		await judge(page, 'an app with a wrong address');
		await page.fill('#redirect_uris', 'https://app.example/cb');
		await page.click('button:text-is("Register")');
		await judge(page, 'an app is registered');
		await page.goto(`${world.url}${endpoint}/rotate`);
		await page.click('main button');
		await judge(page, 'a secret of an endpoint');
		assert.deepEqual(complaints, []);

		await context.clearCookies();
		await signIn(page, 'nobody@platform.example');
		for (const path of ['/logs', '/usage', '/apps', '/webhooks', '/webhooks?mode=test']) {
			if (!judge.sees(`empty ${path}`)) continue;
			await page.goto(world.url + path);
			await judge(page, `empty ${path}`);
		}
		await context.close();
	});

test('pages of developers hold in German, whose words are longer', async () => {
	const context = await browser.newContext({ locale: 'de-DE', viewport: { width: 360, height: 800 } });
	const page = await context.newPage();
	await signIn(page);
	for (const [path, title] of [['/logs', 'Protokoll'], ['/usage', 'Nutzung'], ['/apps', 'Meine Apps'], ['/apps/new', 'App registrieren'],
		['/webhooks', 'Webhooks'], ['/webhooks/new', 'Neuer Endpunkt']]) {
		await page.goto(world.url + path);
		assert.equal(await page.textContent('h1'), title);
		await judge(page, `german ${path}`);
	}
	await context.close();
});

test('from registration to a retired secret without JavaScript', async () => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await signIn(page);
	await page.click('nav a:text-is("My apps")');
	await page.click('a:text-is("Register an app")');
	await page.fill('#name', 'No script');
	await page.fill('#redirect_uris', 'https://app.example/cb');
	await page.check('#s-events\\:read');
	await page.click('button:text-is("Register")');
	const first = await page.textContent('#secret');
	assert.match(first, /^cls_/);
	await page.click('text=I have stored it');
	await page.click('text=Make a second secret');
	assert.notEqual(await page.textContent('#secret'), first);
	await page.click('text=I have stored it');
	await page.click(`a[aria-label="Revoke ${first.slice(0, 10)}"]`);
	await page.click('text=Revoke the secret');
	assert.match(await page.textContent('[role=status]'), /refused from now on/);
	assert.equal(await page.locator('tr.gone').count(), 1);
	await context.close();
});

test('on a phone a key is two lines, and is revoked by its menu', async () => {
	const context = await browser.newContext({ viewport: { width: 360, height: 800 }, javaScriptEnabled: false });
	const page = await context.newPage();
	await signIn(page);
	await page.goto(world.url + '/keys');
	const row = page.locator('tbody tr', { hasText: 'Production server' });
	assert.ok((await row.boundingBox()).height <= 90, 'name, and below it all else');
	assert.equal(await row.locator('.actions-cell > .button').isVisible(), false);
	await row.locator('summary').click();
	await row.locator('li a:text-is("Revoke")').click();
	assert.equal(await page.textContent('h1'), 'Revoke this key?');
	await context.close();
});

test('charts stand on one line', async () => {
	const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	await signIn(page);
	await page.goto(world.url + '/usage');
	const feet = await page.locator('.chart-plot').evaluateAll((all) => all.map((e) => Math.round(e.getBoundingClientRect().bottom)));
	assert.equal(feet.length, 3);
	assert.equal(new Set(feet).size, 1);
	await page.close();
});

test('a chart says to a screen reader what it shows, and its table has the numbers', async () => {
	const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
	await signIn(page);
	await page.goto(world.url + '/usage');
	const chart = page.getByRole('img', { name: /Requests a day/ });
	assert.equal(await chart.count(), 1);
	const bars = await chart.locator('rect.part-0').evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().height));
	assert.equal(bars.length, 1, 'one day has requests');
	assert.ok(bars[0] > 50, `the bar is ${bars[0]} pixels high`);
	assert.ok(await page.getByRole('table', { name: 'By day' }).locator('tbody tr').count() > 0);
	await page.close();
});
