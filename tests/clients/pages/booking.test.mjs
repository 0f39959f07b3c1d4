// SPDX-License-Identifier: Apache-2.0
// The link of a booking's confirmation in a real browser: seen, moved, cancelled, without JavaScript, at 390 and 1280 pixels.
// SHOTS: a folder for pictures of what was seen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTurn, judge } from '../support/judge.mjs';
import { enter, openBrowser, openWorld } from '../support/world.mjs';

let world, browser, key;

before(async () => {
	world = await openWorld('--rate-limit', '0');
	browser = await openBrowser();
	await world.account('host@example.org', 'Hanna Host', 'a long enough password');
	key = (await world.calends('key', 'create', 'host@example.org', '--name', 'Site', '--kind', 'secret')).key;
});

after(async () => {
	await browser?.close();
	await world?.close();
});

async function api(method, path, body) {
	const reply = await fetch(world.url + path, { method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
	assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
	return reply.json();
}

let pages = 0;
// The first slot of a page of its own, from a week ahead, booked by a guest.
async function book(fields = {}, guest = {}) {
	const page = await api('POST', '/v1/booking_pages', { slug: `page-${++pages}`, title: 'Introductory call', timezone: 'Europe/Berlin',
		description: 'Half an hour to get to know each other.\nWe call you.', durations: [{ minutes: 30 }], ...fields });
	const day = (n) => new Date(Date.now() + n * 86400_000).toISOString();
	const { slots } = await api('GET', `/v1/public/booking_pages/${page.slug}/availability?from=${day(7)}&to=${day(30)}`);
	return api('POST', '/v1/bookings', { page: page.slug, start: slots[0].start, name: 'Ada Lovelace', email: 'ada@example.org',
		note: 'Looking forward to it.', timezone: 'America/New_York', ...guest });
}

const shot = (page, name) => process.env.SHOTS && page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });

for (const [width, colorScheme, judge] of inTurn([[390, 'light'], [1280, 'dark'], [1280, 'light'], [360, 'dark']]))
	test(`a guest moves and cancels at ${width} pixels, ${colorScheme}`, async () => {
		const booking = await book();
		const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
		const page = await context.newPage();
		const complaints = [];
		page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) complaints.push(m.text()); });
		page.on('pageerror', (e) => complaints.push(e.message));
		const look = async (name) => {
			await judge(page, name);
			await shot(page, `${name}-${width}-${colorScheme}`);
		};

		await page.goto(booking.manage_url);
		assert.match(await page.textContent('h1'), /Introductory call/);
		assert.match(await page.textContent('main'), /America\/New_York/);
		await look('booking');
		await page.click('text=Move it');
		await look('move-empty-or-not');
		while (await page.locator('.times a').count() === 0) await page.click('text=Later');
		await look('move');
		const time = await page.locator('.times a').last().textContent();
		await page.locator('.times a').last().click();
		assert.match(await page.textContent('.appointment'), new RegExp(time));
		await look('move-to');
		await page.click('button:has-text("Move the appointment")');
		assert.match(await page.textContent('[role=status]'), /is moved/);
		assert.match(await page.textContent('.appointment'), new RegExp(time));
		await look('moved');
		await page.goto(booking.cancel_url);
		await page.fill('#reason', 'I found it out myself.');
		await look('cancel');
		await page.click('button:has-text("Cancel the appointment")');
		assert.match(await page.textContent('[role=status]'), /is cancelled/);
		await look('cancelled');
		assert.deepEqual(complaints, []);
		const told = await api('GET', `/v1/bookings/${booking.id}`);
		assert.deepEqual([told.status, told.cancelled_by, told.cancellation_reason], ['cancelled', 'guest', 'I found it out myself.']);
		await context.close();
	});

test('all of it works without JavaScript and by the keyboard', async () => {
	const booking = await book();
	const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } });
	const page = await context.newPage();
	await page.goto(booking.manage_url);
	await page.focus('text=Cancel it');
	await enter(page);
	await page.focus('button:has-text("Cancel the appointment")');
	await enter(page);
	await page.waitForURL(/done=booking-cancelled/);
	assert.equal((await api('GET', `/v1/bookings/${booking.id}`)).status, 'cancelled');
	await context.close();
});

test('long words and many times stay within the window', async () => {
	const booking = await book({ title: 'W'.repeat(100), description: 'D'.repeat(2000), slot_step_minutes: 5, minimum_notice_minutes: 0,
		working_hours: Object.fromEntries(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((d) => [d, [{ start: '00:00', end: '24:00' }]])) },
	{ name: 'N'.repeat(100), email: `${'m'.repeat(64)}@${'d'.repeat(60)}.example`, note: 'o'.repeat(2000) });
	const context = await browser.newContext({ viewport: { width: 360, height: 800 } });
	const page = await context.newPage();
	for (const end of ['', '/cancel', '/move', `/move?start=${booking.start}`]) {
		await page.goto(booking.manage_url + end);
		await judge(page, `long ${end}`);
	}
	await context.close();
});
