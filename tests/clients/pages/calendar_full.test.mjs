// SPDX-License-Identifier: Apache-2.0
// Where more happens at once than a day has room for: what is shown can be read, and all else is one entry that leads to it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, closeCalendar, drag, drawn, entry, event, middle, openCalendar, signedIn, stored, until, world } from '../support/calendar.mjs';
import { judge } from '../support/judge.mjs';

const DAY = '2027-03-16';
const at = (hour, minutes = 0) => `${DAY}T${String(hour).padStart(2, '0')}:${String(minutes).padStart(2, '0')}:00Z`;
let made;

before(async () => {
	await openCalendar();
	made = [];
	for (let i = 0; i < 12; i++) made.push(await event(`Standup of team ${i + 1}`, at(9), at(10)));
	await event('Afterwards', at(10), at(11));
	await event('Lunch', at(12), at(13));
	for (let i = 0; i < 7; i++) await event(`Holiday ${i + 1}`, DAY, '2027-03-17', { all_day: true });
});
after(closeCalendar);

const boxes = (page) => page.locator('.ec-body .ec-event').evaluateAll((all) => all.map((e) => {
	const { x, y, width, height } = e.getBoundingClientRect();
	return { x, y, width, height, text: e.innerText, more: e.classList.contains('more') };
}));
const overlap = (a, b) => a.x + 2 < b.x + b.width && b.x + 2 < a.x + a.width && a.y + 2 < b.y + b.height && b.y + 2 < a.y + a.height;

async function read(page, least) {
	const all = await boxes(page);
	for (const box of all) assert.ok(box.width >= least, `${box.text}: ${box.width} pixels wide`);
	for (const [i, a] of all.entries()) for (const b of all.slice(i + 1)) assert.ok(!overlap(a, b), `${a.text} lies on ${b.text}`);
	return all;
}

for (const [view, width, beside, least] of [['week', 1280, 1, 60], ['week', 1920, 2, 60], ['day', 1280, 7, 72], ['day', 360, 2, 72]])
	test(`a ${view} at ${width} pixels shows ${beside} beside each other, and one entry for all others`, async () => {
		const page = await signedIn({ viewport: { width, height: 900 }, colorScheme: width === 360 ? 'dark' : 'light' });
		await page.goto(`${world.url}/calendar?view=${view}&date=${DAY}`);
		await drawn(page);
		await page.waitForSelector('.ec-body .more');
		const all = await read(page, least), nine = all.filter(({ text }) => /Standup/.test(text));
		assert.equal(nine.length, beside, JSON.stringify(all));
		const [more] = all.filter((e) => e.more);
		assert.equal(more.text.trim(), `+${12 - beside} more`);
		assert.ok(['Afterwards', 'Lunch'].every((title) => all.some(({ text }) => text.includes(title))), 'what is alone is shown whole');
		await judge(page, `full ${view} ${width}`, view);
		await page.click('.ec-body .more a');
		await page.waitForURL((url) => url.searchParams.get('view') === (view === 'week' ? 'day' : 'agenda') && url.searchParams.get('date') === DAY);
		assert.deepEqual(page.complaints, []);
		await page.context().close();
	});

test('bars of whole days leave the hours their room', async () => {
	const page = await signedIn();
	await page.goto(`${world.url}/calendar?view=day&date=${DAY}`);
	await page.waitForSelector('.ec-all-day .more');
	assert.equal(await page.locator('.ec-all-day .ec-event:not(.more)').count(), 3);
	assert.equal((await page.textContent('.ec-all-day .more')).trim(), '+4 more');
	const [bars, first] = await page.evaluate(() => [document.querySelector('.ec-all-day').getBoundingClientRect().bottom, document.querySelector('.ec-body .ec-event').getBoundingClientRect().top]);
	assert.ok(first > bars, `the first event, at 9, begins at ${first}, behind the bars until ${bars}`);
	await page.context().close();
});

test('what is told of others is so after a change, and after the window is another', async () => {
	const page = await signedIn({ viewport: { width: 1280, height: 900 } });
	await page.goto(`${world.url}/calendar?view=day&date=${DAY}`);
	await page.waitForSelector('.ec-body .more');
	await api('DELETE', `/v1/events/${made[11].id}?mode=delete`);
	assert.ok(await until(async () => (await page.textContent('.ec-body .more')).trim() === '+4 more'));
	await page.setViewportSize({ width: 480, height: 900 });
	assert.ok(await until(async () => /^\+[5-9] more/.test((await page.textContent('.ec-body .more')).trim())));
	await read(page, 70);
	await page.context().close();
});

test('an event of a full hour is dragged out of it', async () => {
	const page = await signedIn({ viewport: { width: 1280, height: 900 } });
	await page.goto(`${world.url}/calendar?view=day&date=${DAY}`);
	await page.waitForSelector('.ec-body .more');
	const shown = await entry(page, 'Standup of team 1');
	const from = await middle(shown), hour = (await shown.boundingBox()).height;
	await drag(page, from, { x: from.x, y: from.y + hour * 6 });
	assert.ok(await until(async () => (await stored(made[0].id)).start_time === at(15)), (await stored(made[0].id)).start_time);
	await page.context().close();
});

test('without JavaScript each is a line that can be read, or the day is a link away', async () => {
	for (const [view, width] of [['week', 1280], ['day', 1280], ['day', 360], ['week', 360]]) {
		const page = await signedIn({ javaScriptEnabled: false, viewport: { width, height: 900 } });
		await page.goto(`${world.url}/calendar?view=${view}&date=${DAY}`);
		const widths = await page.locator('.agenda .entry').evaluateAll((all) => all.map((e) => e.getBoundingClientRect().width));
		assert.ok(widths.length >= 3 && Math.min(...widths) > 100, `${view} ${width}: ${widths}`);
		if (view === 'day') assert.equal(await page.locator('.entry:has-text("Standup")').count(), 11);
		else assert.ok(await page.locator('.entry:has-text("Standup")').count() === 11 || await page.locator('.more').count() === 1);
		if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/full-plain-${view}-${width}.png`, fullPage: true });
		await page.context().close();
	}
});

test('an event goes to another calendar by its form, with JavaScript and without', async () => {
	const calendars = (await api('GET', '/v1/calendars')).data, work = calendars.find((c) => c.name === 'Work').id, first = calendars.find((c) => c.is_default).id;
	const { id } = await event('Goes over', '2027-03-18T09:00:00Z', '2027-03-18T10:00:00Z');
	for (const [javaScriptEnabled, width, to] of [[false, 360, work], [true, 1280, first]]) {
		const page = await signedIn({ javaScriptEnabled, viewport: { width, height: 900 }, colorScheme: width === 360 ? 'dark' : 'light' });
		await page.goto(`${world.url}/calendar/events/${id}/edit`);
		if (javaScriptEnabled) await judge(page, 'event form with calendars');
		else if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/event-form-${width}.png` });
		await page.selectOption('#calendar', to);
		await page.click('button:text-is("Save")');
		assert.match(await page.textContent('main'), to === work ? /Work/ : /Calendar/);
		assert.equal((await stored(id)).calendar_id, to);
		await page.context().close();
	}
});
