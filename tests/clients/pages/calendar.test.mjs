// SPDX-License-Identifier: Apache-2.0
// What people do with the calendar in a real browser: events made, read, moved, resized, changed and deleted, by the mouse, by the keyboard, by
// forms without JavaScript, and live.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, closeCalendar, drag, drawn, entry, event, inMonth, key, middle, openCalendar, signedIn, stored, until, world } from '../support/calendar.mjs';
import { judge, tabTo } from '../support/judge.mjs';
import { enter } from '../support/world.mjs';

before(openCalendar);
after(closeCalendar);

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
	const goes = async (to) => { await enter(page); await page.waitForURL(to); };
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

// A day in it.
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

test('what is drawn anew while an event is under a hand waits until it is let go', async () => {
	const { id } = await event('In hand', '2027-10-05T09:00:00Z', '2027-10-05T10:00:00Z');
	const page = await signedIn(), heard = page.waitForResponse('**/calendar/stream*');
	await page.goto(world.url + '/calendar?date=2027-10-05');
	await heard;
	let release, asked;
	const [answered, asking] = [new Promise((done) => { release = done; }), new Promise((done) => { asked = done; })];
	await page.route('**/calendar?date=*', async (route) => { asked(); await answered; await route.continue(); });
	await event('Made meanwhile', '2027-10-06T09:00:00Z', '2027-10-06T10:00:00Z');
	await asking;
	const from = await middle(inMonth(page, 'In hand')), to = await cellOf(page, '2027-10-20');
	const move = (part) => page.mouse.move(from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part);
	await move(0);
	await page.mouse.down();
	for (const part of [0.1, 0.2, 0.3]) await move(part);
	const [answer] = await Promise.all([page.waitForResponse('**/calendar?date=*'), release()]);
	await answer.finished();
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
	for (const part of [0.6, 0.9, 1]) await move(part);
	await page.mouse.up();
	await until(async () => (await stored(id)).start_time === '2027-10-20T09:00:00Z');
	await page.locator('td[data-date="2027-10-20"] >> text=In hand').waitFor();
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
	await enter(page);
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
