// SPDX-License-Identifier: Apache-2.0
// The calendar in a real browser: drawn by the server and by its script, moved, resized, made by a click, and live; with and
// without JavaScript, at 360 and 1280 pixels, light and dark, accessible (axe-core), and nothing that the policy had to stop.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { judge, tabTo } from '../support/judge.mjs';
import { openBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password';
const email = 'user@calends.example';
let world, browser, key;

before(async () => {
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
});

after(async () => {
	await browser?.close();
	await world?.close();
});

async function api(method, path, body) {
	const reply = await fetch(world.url + path, { method, headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
	assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.clone().text()}`);
	return reply.status === 204 ? null : reply.json();
}

const event = (title, start_time, end_time, more = {}) => api('POST', '/v1/events', { title, start_time, end_time, timezone: more.all_day ? null : 'UTC', ...more });
const stored = (id) => api('GET', `/v1/events/${id}`);

async function signedIn(options = {}) {
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

const drawn = (page) => page.waitForSelector('.by-script .ec-event', { state: 'attached' });
const entry = (page, title) => page.locator('.ec-event', { has: page.getByText(title, { exact: true }) }).first();

// A drag by hand: pressed, moved in steps, let go.
async function drag(page, from, to) {
	await page.mouse.move(from.x, from.y);
	await page.mouse.down();
	for (let i = 1; i <= 8; i++) await page.mouse.move(from.x + ((to.x - from.x) * i) / 8, from.y + ((to.y - from.y) * i) / 8);
	await page.mouse.up();
}

const middle = async (locator) => {
	await locator.scrollIntoViewIfNeeded();
	const box = await locator.boundingBox();
	return { x: box.x + box.width / 2, y: box.y + box.height / 2, box };
};

async function until(probe) {
	for (const end = Date.now() + 15000; Date.now() < end; ) {
		const value = await probe();
		if (value) return value;
		await new Promise((done) => setTimeout(done, 50));
	}
	throw new Error(`not within 15 s: ${probe}`);
}

for (const [width, colorScheme] of [[360, 'light'], [1280, 'dark'], [1280, 'light'], [360, 'dark']])
	test(`the calendar holds at ${width} pixels, ${colorScheme}`, async () => {
		const { id } = (await api('GET', '/v1/events?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z')).data.find((e) => e.title === 'Planning');
		for (const javaScriptEnabled of [true, false]) {
			const page = await signedIn({ colorScheme, viewport: { width, height: 800 }, javaScriptEnabled });
			const looked = async (path) => {
				await page.goto(world.url + path);
				if (!javaScriptEnabled) return; // axe is a script, too
				if (width > 800 ? /view=(week|day)/.test(path) : /view=day/.test(path)) await drawn(page);
				await judge(page, path.slice(1));
			};
			for (const view of ['date=2026-11-24', 'view=week&date=2026-11-24', 'view=day&date=2026-11-27', 'view=agenda&date=2026-11-24', 'q=call', 'q=nothing', 'date=2026-11-24&mode=test'])
				await looked(`/calendar?${view}`);
			for (const path of ['/calendar/new?date=2026-11-24', `/calendar/events/${id}`, `/calendar/events/${id}/edit`, `/calendar/events/${id}/delete`])
				await looked(path);
			assert.deepEqual(page.complaints, []);
			await page.context().close();
		}
	});

test('in America a week begins on Sunday and its hours are told by halves of the day', async () => {
	const page = await signedIn({ locale: 'en-US' });
	await page.goto(world.url + '/calendar?view=week&date=2026-11-24');
	await drawn(page);
	assert.match((await page.textContent('#calendar')).match(/(Sun|Mon|Tue) \d+/)[0], /Sun 22/);
	assert.match(await entry(page, 'Planning').textContent(), /9:00 AM–10:00 AM/);
	assert.deepEqual((await page.locator('.ec-sidebar time').allTextContents()).filter((t) => /^(9|1) [AP]M$/.test(t)), ['1 AM', '9 AM', '1 PM', '9 PM']);
	await judge(page, 'calendar week 12 hours');
	await page.context().close();
});

test('without JavaScript an event is made, changed and deleted', async () => {
	const page = await signedIn({ javaScriptEnabled: false });
	await page.goto(world.url + '/calendar?date=2027-01-12');
	await page.click('text=New event');
	await page.fill('#title', 'By hand');
	await page.click('button:text-is("Create event")');
	assert.match(await page.textContent('[role=status]'), /in your calendar/);
	await page.click('.month >> text=By hand');
	await page.click('a:text-is("Edit")');
	await page.fill('#title', 'By hand, changed');
	await page.check('#all_day');
	assert.equal(await page.locator('#start_time').isVisible(), false);
	await page.click('button:text-is("Save")');
	assert.match(await page.textContent('h1'), /By hand, changed/);
	await page.click('a:text-is("Delete")');
	await page.click('button:text-is("Delete the event")');
	assert.match(await page.textContent('[role=status]'), /deleted/);
	assert.equal(await page.locator('.month >> text=By hand').count(), 0);
	await page.context().close();
});

test('a series is made by fields, without JavaScript, too, of which those are shown that count, and told in words', async () => {
	for (const [width, colorScheme, javaScriptEnabled] of [[360, 'dark', false], [1280, 'light', true], ...(process.env.SHOTS ? [[360, 'light', true], [1280, 'dark', true]] : [])]) {
		const page = await signedIn({ javaScriptEnabled, colorScheme, viewport: { width, height: 800 } });
		const shown = async () => (await page.locator(':is(#every, #unit, #day-TU, #monthly, #ends, #until, #count, #rule):visible').evaluateAll((all) => all.map((e) => e.id))).join();
		await page.goto(world.url + '/calendar/new?date=2027-02-02');
		await page.fill('#title', 'Choir');
		assert.equal(await shown(), '');
		await page.selectOption('#repeat', 'custom');
		assert.equal(await shown(), 'rule');
		await page.selectOption('#repeat', 'monthly');
		assert.equal(await shown(), 'ends');
		await page.selectOption('#repeat', 'every');
		assert.equal(await shown(), 'every,unit,day-TU,ends');
		await page.selectOption('#unit', 'month');
		assert.equal(await shown(), 'every,unit,monthly,ends');
		if (javaScriptEnabled) await judge(page, 'monthly form');
		await page.selectOption('#unit', 'week');
		await page.fill('#every', '2');
		await page.check('#day-TH');
		await page.selectOption('#ends', 'after');
		assert.equal(await shown(), 'every,unit,day-TU,ends,count');
		await page.fill('#count', '5');
		await page.click('button:text-is("Create event")');
		assert.match(await page.textContent('#days-error'), /not ticked/);
		assert.equal(await page.evaluate(() => document.activeElement.name), 'days');
		await page.check('#day-TU');
		if (javaScriptEnabled) await judge(page, 'series form');
		await page.click('button:text-is("Create event")');
		await page.goto(await page.locator('a:has-text("Choir")').first().getAttribute('href').then((href) => world.url + href));
		assert.match(await page.textContent('dl.facts'), /Every 2 weeks on Tuesday and Thursday, 5 times/);
		if (javaScriptEnabled) await judge(page, 'series');
		await page.click('a:text-is("Delete")');
		await page.check('#scope-all');
		await page.click('button:text-is("Delete the event")');
		await page.context().close();
	}
});

test('by the keyboard alone an event is made, changed and deleted', async () => {
	const page = await signedIn();
	const press = async (key) => { await page.keyboard.press(key); };
	const goes = async (to) => { const there = page.waitForURL(to); await press('Enter'); await there; };
	await page.goto(world.url + '/calendar?date=2027-02-10');
	await tabTo(page, 'a.button', 'New event');
	await goes('**/calendar/new**');
	await page.waitForFunction(() => document.activeElement.id === 'title'); // the page puts it there
	await page.keyboard.type('By keys');
	await tabTo(page, '#all_day');
	await press('Space');
	await tabTo(page, 'button', 'Create event');
	await goes('**/calendar?**done=event-created**');
	await tabTo(page, '.month a.entry', 'By keys');
	await goes('**/calendar/events/*');
	await tabTo(page, 'a.button', 'Edit');
	await goes('**/edit**');
	await tabTo(page, '#title');
	await press('Control+A');
	await page.keyboard.type('By keys, changed');
	await tabTo(page, 'button', 'Save');
	await goes('**done=event-saved**');
	assert.match(await page.textContent('h1'), /By keys, changed/);
	await tabTo(page, 'a.button', 'Delete');
	await goes('**/delete**');
	await tabTo(page, 'button', 'Delete the event');
	await goes('**done=event-deleted**');
	assert.equal(await page.locator('.month >> text=By keys').count(), 0);
	assert.deepEqual(page.complaints, []);
	await page.context().close();
});

test('an event is dragged to another day, and its edge to another hour', async () => {
	const { id } = await event('Movable', '2026-12-08T09:00:00Z', '2026-12-08T10:00:00Z');
	const page = await signedIn();
	await page.goto(world.url + '/calendar?view=week&date=2026-12-08');
	await drawn(page);
	const from = await middle(entry(page, 'Movable'));
	await drag(page, from, { x: from.x + from.box.width, y: from.y });
	const anew = page.waitForResponse('**/calendar/feed*');
	await until(async () => (await stored(id)).start_time === '2026-12-09T09:00:00Z');
	assert.equal((await stored(id)).end_time, '2026-12-09T10:00:00Z');
	assert.equal(new URL(page.url()).pathname, '/calendar', 'a drag is no click');
	await anew;
	await page.waitForFunction(() => /09:00–10:00/.test(document.querySelector('.ec-event:not(.ec-preview, .ec-ghost)')?.textContent));
	const edge = await middle(entry(page, 'Movable').locator('.ec-resizer'));
	await drag(page, edge, { x: edge.x, y: edge.y + 56 });
	await until(async () => (await stored(id)).end_time === '2026-12-09T11:00:00Z');
	assert.deepEqual(page.complaints, []);
	await page.context().close();
});

// Of the server's own drawing of a month.
const inMonth = (page, title) => page.locator('.month .entry', { has: page.getByText(title, { exact: true }) }).first();
const cellOf = async (page, day) => middle(page.locator(`.month td[data-date="${day}"]`));

test('in a month an event is dragged to another day, and keeps its time and its length', async () => {
	const { id } = await event('Carried', '2027-06-08T09:00:00Z', '2027-06-08T10:30:00Z');
	const long = await event('Carried days', '2027-06-14', '2027-06-17', { all_day: true });
	const page = await signedIn();
	await page.goto(world.url + '/calendar?date=2027-06-08');
	await drag(page, await middle(inMonth(page, 'Carried')), await cellOf(page, '2027-06-24'));
	await until(async () => (await stored(id)).start_time === '2027-06-24T09:00:00Z');
	assert.equal((await stored(id)).end_time, '2027-06-24T10:30:00Z');
	await page.locator('td[data-date="2027-06-24"] >> text=Carried').waitFor();
	// A bar goes by the day that it is held at.
	const bar = await middle(inMonth(page, 'Carried days'));
	await drag(page, { x: bar.box.x + bar.box.width * 0.5, y: bar.y }, await cellOf(page, '2027-06-16'));
	await until(async () => (await stored(long.id)).start_time === '2027-06-15');
	assert.equal((await stored(long.id)).end_time, '2027-06-18');
	assert.equal(new URL(page.url()).pathname, '/calendar', 'a drag is no click');
	assert.deepEqual(page.complaints, []);
	await page.context().close();
});

test('in a month the edge of a bar is dragged to its last day, and never before its first', async () => {
	const { id } = await event('Stretched', '2027-07-06', '2027-07-08', { all_day: true });
	const page = await signedIn();
	await page.goto(world.url + '/calendar?date=2027-07-06');
	const edge = async () => middle(inMonth(page, 'Stretched').locator('.edge'));
	await drag(page, await edge(), await cellOf(page, '2027-07-09'));
	await until(async () => (await stored(id)).end_time === '2027-07-10');
	await page.waitForFunction(() => document.querySelector('.month .entry.span-4'));
	await drag(page, await edge(), await cellOf(page, '2027-07-01'));
	await drag(page, await edge(), await cellOf(page, '2027-07-06'));
	await until(async () => (await stored(id)).end_time === '2027-07-07');
	assert.equal((await stored(id)).start_time, '2027-07-06');
	assert.equal(new URL(page.url()).pathname, '/calendar');
	await page.context().close();
});

test('in a month a press on a day makes an event there, and a drag over days one of all of them', async () => {
	const page = await signedIn();
	await page.goto(world.url + '/calendar?date=2027-08-10&mode=test');
	const { x, y } = await page.locator('.month td[data-date="2027-08-10"]').boundingBox();
	await page.mouse.click(x + 8, y + 8); // beside its number there is room, however much it has
	await page.waitForURL('**/calendar/new?**');
	assert.match(page.url(), /date=2027-08-10&mode=test$/);
	await page.goBack();
	const free = async (day) => { const box = await page.locator(`.month td[data-date="${day}"]`).boundingBox(); return { x: box.x + 8, y: box.y + 8 }; };
	await drag(page, await free('2027-08-12'), await free('2027-08-10')); // backwards, too
	await page.waitForURL('**/calendar/new?**');
	assert.equal(await page.inputValue('#start_date'), '2027-08-10');
	assert.equal(await page.inputValue('#end_date'), '2027-08-12');
	assert.ok(await page.isChecked('#all_day'));
	await page.context().close();
});

test('the focus stays on its event when a month is drawn anew', async () => {
	await event('Held', '2027-09-07T09:00:00Z', '2027-09-07T10:00:00Z');
	const page = await signedIn();
	const heard = page.waitForResponse('**/calendar/stream*');
	await page.goto(world.url + '/calendar?date=2027-09-07');
	await heard;
	await inMonth(page, 'Held').focus();
	await event('Beside', '2027-09-08T09:00:00Z', '2027-09-08T10:00:00Z');
	await page.getByText('Beside').waitFor();
	assert.match(await page.evaluate(() => document.activeElement.textContent), /Held/);
	await page.context().close();
});

test('of a series it is asked which events a drag is about', async () => {
	const { id } = await event('Series', '2027-02-01T09:00:00Z', '2027-02-01T10:00:00Z', { recurrence: { rule: 'FREQ=DAILY;COUNT=5' } });
	const starts = async () => (await api('GET', '/v1/events?from=2027-02-01T00:00:00Z&to=2027-02-08T00:00:00Z')).data.map((e) => e.start_time.slice(8, 13));
	const page = await signedIn();
	for (const [button, left] of [['Cancel', '01T09 02T09 03T09 04T09 05T09'], ['This event alone', '01T09 02T10 03T09 04T09 05T09'], ['This and those that follow', '01T09 02T10 03T10 04T10 05T10']]) {
		await page.goto(world.url + '/calendar?view=week&date=2027-02-01');
		await drawn(page);
		const from = await middle(page.locator('.ec-event', { has: page.getByText('Series') }).nth(button.startsWith('This and') ? 2 : 1));
		await drag(page, from, { x: from.x, y: from.y + 56 });
		await page.click(`dialog button:text-is("${button}")`);
		await until(async () => (await starts()).join(' ') === left);
	}
	await api('DELETE', `/v1/events/${id}?mode=delete`);
	await page.context().close();
});

test('what was changed elsewhere meanwhile is not moved, and said', async () => {
	const { id } = await event('Contended', '2027-03-02T09:00:00Z', '2027-03-02T10:00:00Z');
	const page = await signedIn();
	await page.route('**/calendar/stream*', (route) => route.abort());
	await page.goto(world.url + '/calendar?view=week&date=2027-03-02');
	await drawn(page);
	await api('PATCH', `/v1/events/${id}`, { title: 'Contended by them' });
	const from = await middle(entry(page, 'Contended'));
	await drag(page, from, { x: from.x + from.box.width, y: from.y });
	await page.waitForSelector('#calendar-alert:visible');
	assert.match(await page.textContent('#calendar-alert'), /changed in the meantime/);
	await entry(page, 'Contended by them').waitFor();
	assert.equal((await stored(id)).start_time, '2027-03-02T09:00:00Z');
	await page.context().close();
});

test('a click on an hour makes an event there, and one on an event opens it', async () => {
	await event('Openable', '2027-04-06T09:00:00Z', '2027-04-06T10:00:00Z');
	const page = await signedIn();
	await page.goto(world.url + '/calendar?view=week&date=2027-04-06');
	await drawn(page);
	const at = await middle(entry(page, 'Openable'));
	await page.mouse.click(at.x, at.box.y + at.box.height + 15);
	await page.waitForURL('**/calendar/new?**');
	assert.equal(await page.inputValue('#start_date'), '2027-04-06');
	assert.equal(await page.inputValue('#start_time'), '10:00');
	assert.equal(await page.inputValue('#end_time'), '11:00');
	await page.goBack();
	await drawn(page);
	await page.getByRole('link', { name: /Openable/ }).focus(); // with the keyboard, as any link
	await page.keyboard.press('Enter');
	await page.waitForURL('**/calendar/events/evt_*');
	assert.match(await page.textContent('h1'), /Openable/);
	await page.context().close();
});

for (const [view, width] of [['month', 1280], ['week', 1280], ['agenda', 1280], ['month', 360]])
	test(`a change elsewhere is seen at once: ${view} at ${width} pixels`, async () => {
		const page = await signedIn({ viewport: { width, height: 800 } });
		const heard = page.waitForResponse('**/calendar/stream*');
		await page.goto(world.url + `/calendar?view=${view}&date=2027-05-04`);
		await heard;
		const made = await event(`Live ${view} ${width}`, '2027-05-04T09:00:00Z', '2027-05-04T10:00:00Z');
		if (width < 800) await page.waitForFunction(() => /1 event/.test(document.querySelector('[data-date="2027-05-04"]').textContent));
		else await page.getByText(`Live ${view} ${width}`).first().waitFor();
		await api('DELETE', `/v1/events/${made.id}?mode=delete`);
		if (width > 800) await page.getByText(`Live ${view} ${width}`).first().waitFor({ state: 'detached' });
		assert.deepEqual(page.complaints, []);
		await page.context().close();
	});

test('a day that has many events is folded, and a thousand of them are drawn at once', async () => {
	const event = (i) => `BEGIN:VEVENT\r\nUID:many-${i}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:202803${String(1 + (i % 28)).padStart(2, '0')}T${String(i % 24).padStart(2, '0')}0000Z\r\nDURATION:PT1H\r\nSUMMARY:Many ${i}\r\nEND:VEVENT\r\n`;
	const { id } = await api('POST', '/v1/calendars', { name: 'Many' });
	const reply = await fetch(`${world.url}/v1/calendars/${id}/import`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'text/calendar' },
		body: `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n${Array.from({ length: 1000 }, (_, i) => event(i)).join('')}END:VCALENDAR\r\n` });
	assert.equal(reply.status, 200);
	const page = await signedIn();
	await page.goto(world.url + '/calendar?date=2028-03-10');
	assert.equal(await page.locator('.month .entry').count(), 28 * 3, 'what is not seen is not drawn');
	await page.locator('.month .more').first().click();
	await page.waitForURL('**view=day&date=2028-03-01');
	await drawn(page);
	await until(async () => await page.locator('.ec-event').count() >= 36);
	await api('DELETE', `/v1/calendars/${id}`);
	await page.context().close();
});

test('the page weighs less than 250 KB, and its files are compressed', async () => {
	const page = await signedIn();
	let octets = 0;
	const client = await page.context().newCDPSession(page);
	await client.send('Network.enable');
	await client.send('Network.setCacheDisabled', { cacheDisabled: true });
	client.on('Network.loadingFinished', ({ encodedDataLength }) => { octets += encodedDataLength; });
	await page.goto(world.url + '/calendar?view=week&date=2026-11-24');
	await drawn(page);
	assert.ok(octets > 50000 && octets < 250000, `${octets} octets`);
	await page.context().close();
});

test('on a phone two rows stand above the days, and all else is in a sheet that opens without a script', async () => {
	for (const javaScriptEnabled of [false, true]) {
		const page = await signedIn({ viewport: { width: 360, height: 720 }, javaScriptEnabled, colorScheme: javaScriptEnabled ? 'dark' : 'light' });
		await page.goto(world.url + '/calendar?date=2026-11-24');
		const top = (selector) => page.locator(selector).first().boundingBox().then((box) => Math.round(box.y));
		assert.ok(await top('.steps') === await top('.bar-button') && await top('#calendar') - await top('.steps') < 70);
		assert.equal(await page.locator('#bar-more').isVisible(), false);
		await page.locator('.bar-button').focus();
		await page.keyboard.press('Enter');
		for (const control of ['#bar-more .tabs a >> nth=3', '#bar-more .modes-test', '#date', '#q']) assert.ok(await page.locator(control).isVisible(), control);
		if (javaScriptEnabled) await judge(page, 'calendar-sheet'); // axe waits for timers, which there are none of without scripts
		await page.fill('#q', 'Planning');
		await page.press('#q', 'Enter');
		await page.getByText('Planning', { exact: true }).first().waitFor();
		assert.deepEqual(page.complaints, []);
		await page.context().close();
	}
});

test('a month stands within the window whole, and says how many events of a day it has no room for', async () => {
	for (let i = 0; i < 4; i++) await event(`Full ${i}`, `2027-11-30T0${i + 1}:00:00Z`, `2027-11-30T0${i + 1}:30:00Z`);
	const page = await signedIn();
	for (const [date, height, seen, more] of [['2027-11-30', 1000, 3, '+1 more'], ['2027-11-30', 820, 3, '+1 more'], ['2027-11-30', 800, 2, '+2 more'], ['2027-11-30', 640, 1, '+3 more'],
		['2027-10-30', 800, 0, null], ['2027-05-01', 800, 0, null], ['2027-08-01', 1000, 0, null]]) { // November has five weeks, May and August six
		await page.setViewportSize({ width: 1280, height });
		await page.goto(`${world.url}/calendar?date=${date}`);
		const bottom = await page.locator('.month').evaluate((e) => e.getBoundingClientRect().bottom);
		assert.ok(bottom <= height, `${date} at ${height}: ${bottom}`);
		const cell = page.locator(`.month td[data-date="${date}"]`);
		assert.equal(await cell.locator('.entry:visible').count(), seen, `${date} at ${height}`);
		if (more) assert.equal((await cell.locator('.more').innerText()).trim(), more);
	}
	await page.context().close();
});

test('a week is a list on a phone, a grid when it is turned, and on paper has all of its hours', async () => {
	const page = await signedIn();
	await page.goto(world.url + '/calendar?view=week&date=2026-11-24');
	await drawn(page);
	await page.setViewportSize({ width: 390, height: 844 });
	await page.locator('#calendar .agenda').waitFor();
	assert.equal(await page.locator('.ec').count(), 0);
	await page.setViewportSize({ width: 844, height: 390 });
	await drawn(page);
	await page.emulateMedia({ media: 'print' });
	const [whole, grid] = await page.evaluate(() => [document.querySelector('.ec-body').scrollHeight, document.getElementById('calendar').getBoundingClientRect().height]);
	assert.ok(whole > 24 * 50 && grid >= whole, `${grid} of ${whole}`);
	assert.deepEqual(page.complaints, []);
	await page.context().close();
});

test('week and day tell what time it is, where the browser has the clock of the page, and short events in one line', async () => {
	const now = new Date(), day = now.toISOString().slice(0, 10);
	await event('A short word with one', `${day}T12:00:00Z`, `${day}T12:15:00Z`);
	for (const [timezoneId, lines] of [['UTC', 1], ['Asia/Tokyo', 0]]) {
		const page = await signedIn({ timezoneId });
		await page.goto(`${world.url}/calendar?view=day&date=${day}`);
		const brief = page.locator('.ec-event .brief', { hasText: 'A short word with one' });
		await brief.waitFor();
		assert.equal(await page.locator('.ec-now-indicator').count(), lines, timezoneId);
		assert.equal(await brief.innerText(), 'A short word with one, 12:00–12:15');
		const over = await brief.evaluate((e) => e.firstChild.getBoundingClientRect().bottom - e.closest('.ec-event').getBoundingClientRect().bottom);
		assert.ok(over <= 1, `its text is cut by ${over} pixels`);
		await page.context().close();
	}
});

test('nothing of an agenda moves when its days are laid out', async () => {
	for (let i = 0; i < 14; i++) await event(`Busy ${i}`, `2028-01-10T${String(i).padStart(2, '0')}:00:00Z`, `2028-01-10T${String(i).padStart(2, '0')}:30:00Z`);
	for (const day of ['12', '13']) await event(`Day ${day}`, `2028-01-${day}T09:00:00Z`, `2028-01-${day}T10:00:00Z`);
	for (const width of [1280, 360]) {
		const page = await signedIn({ viewport: { width, height: 800 } });
		await page.goto(world.url + '/calendar?view=agenda&date=2028-01-10');
		const shift = await page.evaluate(() => new Promise((done) => {
			let sum = 0;
			new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; }).observe({ type: 'layout-shift', buffered: true });
			requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(sum))));
		}));
		assert.equal(shift, 0, `at ${width}`);
		await page.context().close();
	}
});
