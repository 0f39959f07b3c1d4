// SPDX-License-Identifier: Apache-2.0
// A device without a browser (RFC 8628): what it shows is scanned, its user signs in, reads what asks and answers. Each state of
// the page is judged (axe-core) at 360 and 1280 pixels, light and dark; it works without JavaScript.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import jsqr from 'jsqr';
import { judge as judged, shoot } from '../support/judge.mjs';
import { openBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password', email = 'user@calends.example';
const SIDE = 240; // pixels of the picture
const grant = 'urn:ietf:params:oauth:grant-type:device_code';
let world, browser, client;

before(async () => {
	world = await openWorld('--rate-limit', '0');
	browser = await openBrowser();
	await world.account(email, 'Una User', password);
	client = await world.calends('client', 'create', '--owner', email, '--name', 'Television', '--type', 'public', '--grant', grant,
		'--grant', 'refresh_token', '--scope', 'calendars:read events:read');
});

after(async () => {
	await browser?.close();
	await world?.close();
});

const post = (path, form) => fetch(world.url + path, { method: 'POST', headers: { 'user-agent': 'Television/2.1 (Living room)' },
	body: new URLSearchParams({ client_id: client.client_id, ...form }) });

async function started() {
	const reply = await post('/oauth/device', { scope: 'calendars:read events:read' });
	assert.equal(reply.status, 200);
	return reply.json();
}

const asked = (device) => post('/oauth/token', { grant_type: grant, device_code: device.device_code }).then((r) => r.json());

// What a camera would see of the picture: drawn by the browser, read by a library for scanners.
async function scanned(page, device) {
	const path = `/device/qr?user_code=${device.user_code}`;
	const dark = await page.evaluate(async ([src, side]) => {
		const image = new Image();
		await new Promise((done, failed) => Object.assign(image, { onload: done, onerror: failed, src }));
		const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side });
		const context = canvas.getContext('2d');
		context.drawImage(image, 0, 0, side, side);
		return Array.from(context.getImageData(0, 0, side, side).data).filter((_, i) => i % 4 === 0).map((red) => +(red < 128)).join('');
	}, [path, SIDE]);
	const pixels = Uint8ClampedArray.from([...dark].flatMap((d) => (d === '1' ? [0, 0, 0, 255] : [255, 255, 255, 255])));
	return jsqr(pixels, SIDE, SIDE)?.data;
}

async function signedIn(page, path) {
	await page.goto(world.url + path);
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
}

for (const [width, colorScheme, javaScriptEnabled] of [[360, 'light', true], [1280, 'dark', true], [1280, 'light', false]])
	test(`a device is connected at ${width} pixels, ${colorScheme}${javaScriptEnabled ? '' : ', without JavaScript'}`, async () => {
		const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, javaScriptEnabled });
		const page = await context.newPage();
		const complaints = [];
		page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) complaints.push(m.text()); });
		page.on('pageerror', (e) => complaints.push(e.message));
		const judge = javaScriptEnabled ? judged : shoot; // axe-core is a script
		const device = await started();

		await signedIn(page, new URL(device.verification_uri_complete).pathname + new URL(device.verification_uri_complete).search);
		assert.equal(await page.inputValue('#user_code'), device.user_code); // the code survives the sign-in
		await judge(page, 'device');
		await page.fill('#user_code', 'BBBB-BBBB');
		await page.click('main button[type=submit]');
		assert.equal(await page.getAttribute('#user_code', 'aria-invalid'), 'true');
		await judge(page, 'device, wrong code');
		await page.fill('#user_code', device.user_code.toLowerCase().replace('-', ' '));
		await page.click('main button[type=submit]');
		const text = await page.textContent('main');
		for (const shown of ['Television', device.user_code, '127.0.0.1', 'Television/2.1 (Living room)', 'Did you start this'])
			assert.ok(text.includes(shown), shown);
		await judge(page, 'device, consent');
		await page.click('button[value=allow]');
		assert.match(await page.textContent('h1'), /connected/);
		await judge(page, 'device, allowed');
		assert.ok((await asked(device)).access_token);

		const other = await started();
		await page.goto(other.verification_uri_complete);
		await page.click('main button[type=submit]');
		await page.click('button[value=deny]');
		assert.match(await page.textContent('h1'), /Nothing was connected/);
		await judge(page, 'device, denied');
		assert.equal((await asked(other)).error, 'access_denied');
		assert.deepEqual(complaints, []);
		await context.close();
	});

test('the picture is read as the address of the page with its code', async () => {
	const page = await browser.newPage();
	await page.goto(world.url + '/sign-in');
	for (let i = 0; i < 5; i++) {
		const device = await started();
		assert.equal(await scanned(page, device), device.verification_uri_complete);
	}
	await page.close();
});
