// SPDX-License-Identifier: Apache-2.0
// What the files about the calendar's pages have in common: a world with a few events around 24 November 2026, a browser, and
// hands for both. A file of tests is a process of its own: what openCalendar opens is there once.
import assert from 'node:assert/strict';
import { openBrowser, openWorld } from './world.mjs';

export { until } from './world.mjs';

export const password = 'a long enough password';
export const email = 'user@calends.example';
export let world, browser, key;

export async function openCalendar() {
	world = await openWorld('--rate-limit', '0');
	browser = await openBrowser();
	await world.account(email, 'Una User', password);
	({ key } = await world.calends('key', 'create', email, '--name', 'x'));
	const work = await api('POST', '/v1/calendars', { name: 'Work', color_hex: '#1f9d5c' });
	await event('Conference', '2026-11-18', '2026-11-25', { all_day: true });
	await event('Planning', '2026-11-24T09:00:00Z', '2026-11-24T10:00:00Z', { location: 'Room 4', calendar_id: work.id });
	await event('Perhaps', '2026-11-25T11:00:00Z', '2026-11-25T12:00:00Z', { status: 'tentative' });
	await event('Off', '2026-11-26T11:00:00Z', '2026-11-26T12:00:00Z', { status: 'cancelled' });
	await event('Night', '2026-11-26T22:00:00Z', '2026-11-27T02:00:00Z');
	for (let i = 0; i < 6; i++) await event(`Call ${i}`, `2026-11-27T${String(8 + i).padStart(2, '0')}:00:00Z`, `2026-11-27T${String(9 + i).padStart(2, '0')}:00:00Z`);
}

export async function closeCalendar() {
	await browser?.close();
	await world?.close();
}

export async function api(method, path, body) {
	const reply = await fetch(world.url + path, { method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
	assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
	return reply.status === 204 ? null : reply.json();
}

export const event = (title, start_time, end_time, more = {}) => api('POST', '/v1/events', { title, start_time, end_time, timezone: more.all_day ? null : 'UTC', ...more });
export const stored = (id) => api('GET', `/v1/events/${id}`);

export async function signedIn(options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
	const page = await context.newPage();
	page.complaints = [];
	page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) page.complaints.push(m.text()); });
	page.on('pageerror', (e) => page.complaints.push(e.message));
	await page.goto(world.url + '/sign-in');
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
	return page;
}

export const drawn = (page) => page.waitForSelector('.by-script .ec-event', { state: 'attached' });
export const entry = (page, title) => page.locator('.ec-event', { has: page.getByText(title, { exact: true }) }).first();
export const inMonth = (page, title) => page.locator('.month .entry', { has: page.getByText(title, { exact: true }) }).first(); // of the server's own drawing

// A drag by hand: pressed, moved in steps, let go.
export async function drag(page, from, to) {
	await page.mouse.move(from.x, from.y);
	await page.mouse.down();
	for (let i = 1; i <= 8; i++) await page.mouse.move(from.x + ((to.x - from.x) * i) / 8, from.y + ((to.y - from.y) * i) / 8);
	await page.mouse.up();
}

export const middle = async (locator) => {
	await locator.scrollIntoViewIfNeeded();
	const box = await locator.boundingBox();
	return { x: box.x + box.width / 2, y: box.y + box.height / 2, box };
};
