// SPDX-License-Identifier: Apache-2.0
// Nextcloud's Login Flow v2, as DAVx5 goes through it: begun by the program, answered in the browser, and then CalDAV is found
// with the key that the program fetched. Each state of the page is judged (axe-core); it works without JavaScript.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { judge as judged, shoot } from '../support/judge.mjs';
import { enter, openBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password', email = 'user@calends.example';
const agent = 'DAVx5/4.5-ose (2026/11/01; dav4jvm; okhttp/5.1.0) Android/16';
let world, browser;

before(async () => {
	world = await openWorld('--rate-limit', '0');
	browser = await openBrowser();
	await world.account(email, 'Una User', password);
});

after(async () => {
	await browser?.close();
	await world?.close();
});

const post = (url, body) => fetch(url, { method: 'POST', headers: { 'user-agent': agent }, body });

async function begun() {
	const reply = await post(world.url + '/index.php/login/v2');
	assert.equal(reply.status, 200);
	return reply.json();
}

const polled = (flow) => post(flow.poll.endpoint, new URLSearchParams({ token: flow.poll.token }));

// Where the home of calendars is, found from the server's name alone, each redirect followed with its method.
async function found({ server, loginName, appPassword }) {
	const headers = { depth: '0', 'content-type': 'application/xml',
		authorization: 'Basic ' + Buffer.from(`${loginName}:${appPassword}`).toString('base64') };
	const body = '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>';
	let url = new URL('remote.php/dav', server + '/'), reply;
	for (let hops = 0; hops < 5; hops++) {
		reply = await fetch(url, { method: 'PROPFIND', headers, body, redirect: 'manual' });
		if (reply.status < 300 || reply.status > 399) break;
		url = new URL(reply.headers.get('location'), url);
	}
	assert.equal(reply.status, 207);
	return (await reply.text()).match(/principals\/(usr_\w+)/)[1];
}

for (const [width, colorScheme, javaScriptEnabled] of [[360, 'light', true], [1280, 'dark', true], [1280, 'light', false]])
	test(`a device gets its key at ${width} pixels, ${colorScheme}${javaScriptEnabled ? '' : ', without JavaScript'}`, async () => {
		const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, javaScriptEnabled });
		const page = await context.newPage();
		const complaints = [];
		page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) complaints.push(m.text()); });
		page.on('pageerror', (e) => complaints.push(e.message));
		const judge = javaScriptEnabled ? judged : shoot; // axe-core is a script
		const name = `Phone of ${width}, ${colorScheme}`, flow = await begun();

		await page.goto(flow.login);
		await page.fill('input[name=email]', email);
		await page.fill('input[name=password]', password);
		await page.click('button[type=submit]');
		const text = await page.textContent('main');
		for (const shown of [agent, '127.0.0.1', email, 'Did you start this yourself'])
			assert.ok(text.includes(shown), shown);
		assert.equal(await page.inputValue('#name'), 'DAVx5');
		await judge(page, 'login flow');
		await page.fill('#name', ' ');
		await page.click('main button:not([formaction])');
		assert.equal(await page.getAttribute('#name', 'aria-invalid'), 'true');
		await judge(page, 'login flow, no name');
		assert.equal((await polled(flow)).status, 404);
		await page.fill('#name', name);
		await enter(page);
		await page.waitForSelector('h1:has-text("Go back to your device")');
		await judge(page, 'login flow, allowed');
		const key = await (await polled(flow)).json();
		assert.match(await found(key), /^usr_/);
		assert.equal((await polled(flow)).status, 404);
		await page.goto(world.url + '/keys');
		assert.ok((await page.textContent('main')).includes(name));

		const other = await begun();
		await page.goto(other.login);
		await page.click('main button[formaction]');
		await page.waitForSelector('h1:has-text("Nothing was set up")');
		await judge(page, 'login flow, denied');
		assert.equal((await polled(other)).status, 404);
		assert.deepEqual(complaints, []);
		await context.close();
	});
