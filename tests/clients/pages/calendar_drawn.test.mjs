// SPDX-License-Identifier: Apache-2.0
// How the calendar is drawn in a real browser, by the server and by its script: with and without JavaScript, on phones, on paper, in a small
// window and full of events; accessible (axe-core), and nothing that the policy had to stop.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, browser, closeCalendar, drawn, entry, event, inMonth, key, openCalendar, signedIn, until, world } from '../support/calendar.mjs';
import { inTurn, judge } from '../support/judge.mjs';
import { onOneDay } from '../support/world.mjs';

before(openCalendar);
after(closeCalendar);

for (const [width, colorScheme, judge] of inTurn([[360, 'light'], [1280, 'dark'], [1280, 'light'], [360, 'dark']]))
	test(`the calendar holds at ${width} pixels, ${colorScheme}`, async () => {
		const { id } = (await api('GET', '/v1/events?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z')).data.find((e) => e.title === 'Planning');
		for (const javaScriptEnabled of [true, false]) {
			const page = await signedIn({ colorScheme, viewport: { width, height: 800 }, javaScriptEnabled });
			const looked = async (path) => {
				if (!judge.sees(path)) return;
				await page.goto(world.url + path);
				if (!javaScriptEnabled) return; // axe is a script, too
				if (width > 800 ? /view=(week|day)/.test(path) : /view=day/.test(path)) await drawn(page);
				await judge(page, path);
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
	await onOneDay();
	const day = new Date().toISOString().slice(0, 10);
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
