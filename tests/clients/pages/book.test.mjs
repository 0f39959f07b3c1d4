// SPDX-License-Identifier: Apache-2.0
// Booking pages in a real browser: their owner makes one, guests book by it with and without JavaScript, and another site
// shows it in a frame. At 360 and 1280 pixels, light and dark.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { inTurn, judge } from '../support/judge.mjs';
import { enter, openBrowser, openWorld } from '../support/world.mjs';

const email = 'host@calends.example', password = 'a long enough password';
const sizes = [[360, 'light'], [1280, 'dark'], ...(process.env.SHOTS ? [[1280, 'light'], [360, 'dark']] : [])];
let world, browser, key;

before(async () => {
	world = await openWorld('--rate-limit', '0');
	browser = await openBrowser();
	await world.account(email, 'Hanna Host', password);
	key = (await world.calends('key', 'create', email, '--name', 'Site', '--kind', 'secret')).key;
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
async function openPage(fields = {}) {
	const calendar = (await api('POST', '/v1/calendars', { name: 'Work' })).id;
	return api('POST', '/v1/booking_pages', { slug: `page-${++pages}`, title: 'Introductory call', timezone: 'Europe/Berlin', is_public: true,
		description: 'Half an hour to get to know each other.\nWe call you.', durations: [{ minutes: 30 }, { minutes: 60 }], calendar_id: calendar,
		busy_calendar_ids: [calendar], questions: [{ question: 'Your company', required: true }, { question: 'What is it about?' }], ...fields });
}

// A page of a context whose complaints end the test.
async function visitor(options) {
	const context = await browser.newContext(options);
	const page = await context.newPage();
	const complaints = [];
	page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) complaints.push(m.text()); });
	page.on('pageerror', (e) => complaints.push(e.message));
	return { context, page, complaints };
}

async function fillIn(page, name = 'Ada Lovelace') {
	await page.fill('#name', name);
	await page.fill('#email', 'ada@example.org');
	await page.fill('#q0', 'ACME');
}

const bookings = async (page) => (await api('GET', `/v1/bookings?booking_page_id=${page.id}`)).data;

for (const [width, colorScheme, judge] of inTurn(sizes))
	test(`the owner makes, changes, pauses and deletes a page at ${width} pixels, ${colorScheme}`, async () => {
		const { context, page, complaints } = await visitor({ colorScheme, viewport: { width, height: 800 } });
		await page.goto(`${world.url}/sign-in?next=%2Fbooking-pages`);
		await page.fill('input[name=email]', email);
		await page.fill('input[name=password]', password);
		await page.click('main button[type=submit]');
		await page.waitForURL(/booking-pages/);
		await judge(page, 'booking-pages');
		await page.goto(`${world.url}/booking-pages?mode=test`);
		await judge(page, 'booking-pages-test');
		await page.goto(`${world.url}/booking-pages/new`);
		await judge(page, 'booking-page-new');
		await page.fill('#title', 'Coffee in town');
		await page.fill('#slug', `coffee-${width}-${colorScheme}`);
		await page.fill('#monday', 'mornings');
		await page.click('button:text-is("Make the page")');
		await page.waitForSelector('#monday-error');
		await judge(page, 'booking-page-new-refused');
		await page.fill('#monday', '9-12, 13-17');
		await page.fill('#questions', 'Your company *\nWhat is it about?');
		await page.click('button:text-is("Make the page")');
		await page.waitForURL(/done=booking-page-created/);
		await judge(page, 'booking-page-made');
		assert.match(await page.textContent('main'), /09:00\u2060–\u206012:00, 13:00\u2060–\u206017:00/);
		assert.match(await page.textContent('.code >> nth=1'), /<script async src="http.*\/embed\.js" data-page="coffee-/);
		await page.click('a:text-is("Edit")');
		await judge(page, 'booking-page-edit');
		await page.click('button:text-is("Save")');
		await page.waitForURL(/done=saved/);
		await page.click('a:text-is("Preview")');
		await judge(page, 'booking-page-preview');
		await page.goBack();
		await page.click('a:text-is("Pause")');
		await judge(page, 'booking-page-pause');
		await page.click('button:text-is("Pause the page")');
		await judge(page, 'booking-page-paused');
		await page.goto(`${world.url}/booking-pages`);
		await page.click('details.menu > summary');
		await judge(page, 'booking-pages-menu');
		await page.click('details[open] a:text-is("Delete")');
		await judge(page, 'booking-page-delete');
		await page.click('button:text-is("Delete the page")');
		await page.waitForURL(/done=booking-page-deleted/);
		assert.deepEqual(complaints, []);
		await context.close();
	});

for (const [width, colorScheme, judge] of inTurn(sizes))
	test(`a guest books at ${width} pixels, ${colorScheme}`, async () => {
		const shown = await openPage();
		const { context, page, complaints } = await visitor({ colorScheme, viewport: { width, height: 800 }, timezoneId: 'America/New_York' });
		await page.goto(`${world.url}/book/${shown.slug}`);
		await page.waitForURL(/tz=America%2FNew_York/);
		assert.match(await page.textContent('.book-zone'), /America\/New_York/, 'their own zone at once');
		await judge(page, 'book');
		await page.click('.book-turn a[aria-label="Later weeks"]');
		await judge(page, 'book-next-month');
		await page.goto(`${world.url}/book/${shown.slug}/zone?tz=America/New_York`);
		await judge(page, 'book-zone');
		await page.click('a:has-text("Europe/London")');
		assert.match(await page.textContent('.book-zone'), /Europe\/London/);
		await page.click('a:text-is("60 minutes")');
		assert.equal(await page.textContent('.choices [aria-current]'), '60 minutes');
		await page.locator('.times a').first().click();
		await judge(page, 'book-form');
		await fillIn(page, 'www.evil.example');
		await page.click('button:text-is("Book it")');
		await page.waitForSelector('#name-error');
		await judge(page, 'book-form-refused');
		assert.equal(await page.inputValue('#q0'), 'ACME');
		await page.fill('#name', 'Ada Lovelace');
		const start = await page.inputValue('input[name=start]');
		await api('POST', '/v1/bookings', { page: shown.slug, start, name: 'Faster', email: 'faster@example.org', duration_minutes: 60 });
		await page.click('button:text-is("Book it")');
		await page.waitForSelector('text=Somebody else was faster');
		await judge(page, 'book-form-taken');
		assert.equal(await page.inputValue('#name'), 'Ada Lovelace');
		assert.deepEqual(await context.cookies(), [], 'nothing is kept in the browser');
		await page.click('button:text-is("Book it")');
		await page.waitForURL(/\/booking\/cbk_/);
		assert.match(await page.textContent('[role=status]'), /is booked/);
		await judge(page, 'book-made');
		const made = (await bookings(shown)).find((b) => b.name === 'Ada Lovelace');
		assert.deepEqual([made.timezone, made.duration_minutes, made.answers[0].answer], ['Europe/London', 60, 'ACME']);
		await page.goto(`${world.url}/book/never-was`);
		await judge(page, 'book-gone');
		assert.deepEqual(complaints, []);
		await context.close();
	});

test('a guest books without JavaScript and by the keyboard', async () => {
	const shown = await openPage({ questions: [] });
	const { context, page } = await visitor({ javaScriptEnabled: false, viewport: { width: 360, height: 800 } });
	await page.goto(`${world.url}/book/${shown.slug}`);
	assert.match(await page.textContent('.book-zone'), /Europe\/Berlin/, 'the clock of the page');
	await page.click('text=Another time zone');
	await page.fill('#tz', 'Asia/Tokyo');
	await enter(page);
	assert.match(await page.textContent('.book-zone'), /Asia\/Tokyo/);
	await page.focus('.book-month td a >> nth=0');
	await enter(page);
	await page.focus('.times a >> nth=0');
	await enter(page);
	await page.focus('#name');
	for (const word of ['Ada', 'ada@example.org']) {
		await page.keyboard.type(word);
		await page.keyboard.press('Tab');
	}
	await page.focus('button:text-is("Book it")');
	await enter(page);
	await page.waitForURL(/\/booking\/cbk_/);
	assert.equal((await bookings(shown))[0].timezone, 'Asia/Tokyo');
	await context.close();
});

test('long words and many times stay within the window', async () => {
	const shown = await openPage({ title: 'W'.repeat(100), description: 'D'.repeat(2000), slot_step_minutes: 5, durations: [5, 10, 15, 20, 30, 45, 60, 90].map((minutes) => ({ minutes })),
		questions: [...Array(10)].map((_, n) => ({ question: `${n}`.padEnd(200, 'Q') })), minimum_notice_minutes: 0,
		working_hours: Object.fromEntries(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((d) => [d, [{ start: '00:00', end: '24:00' }]])) });
	const { context, page } = await visitor({ viewport: { width: 320, height: 800 } });
	await page.goto(`${world.url}/book/${shown.slug}`);
	await page.waitForSelector('.times a');
	await judge(page, 'book-long');
	await page.locator('.times a').first().click();
	await judge(page, 'book-form-long');
	await context.close();
});

// Another site: another name and port, and the one line that it has.
async function openSite(body) {
	const server = createServer((request, response) => response.setHeader('Content-Type', 'text/html').end(
		`<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Site</title><main><h1>Our site</h1>${body}</main>`));
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	return { url: `http://localhost:${server.address().port}/`, close: () => new Promise((done) => { server.closeAllConnections?.(); server.close(done); }) };
}

const line = (slug, more = '') => `<script async src="${world.url}/embed.js" data-page="${slug}"${more}></script>`;

for (const [width, colorScheme, judge] of inTurn([[360, 'light'], [1280, 'dark']]))
	test(`another site shows it in a frame at ${width} pixels, ${colorScheme}`, async () => {
		const shown = await openPage({ durations: [{ minutes: 30 }] });
		const site = await openSite(line(shown.slug, ' data-title="Meet Hanna"'));
		const { context, page, complaints } = await visitor({ colorScheme, viewport: { width, height: 800 }, timezoneId: 'Asia/Tokyo' });
		try {
			await page.goto(site.url);
			const element = page.locator('iframe');
			const frame = page.frameLocator('iframe');
			await frame.locator('.times a').first().waitFor();
			assert.equal(await element.getAttribute('title'), 'Meet Hanna');
			assert.match(await frame.locator('.book-zone').textContent(), /Asia\/Tokyo/);
			const fits = () => page.waitForFunction(() => {
				const shownFrame = document.querySelector('iframe');
				return shownFrame.style.height !== '640px' && document.documentElement.scrollWidth <= innerWidth && shownFrame.clientHeight > 300;
			});
			await fits();
			const inner = page.frames()[1];
			assert.ok(await inner.evaluate(() => document.documentElement.scrollHeight <= innerHeight + 1), 'all of it is seen');
			await judge(page, 'embed');
			await page.keyboard.press('Tab');
			assert.equal(await inner.evaluate(() => document.activeElement.className), 'skip', 'the keyboard comes in');
			await frame.locator('.times a').first().click();
			await frame.locator('#name').waitFor();
			await inner.waitForFunction(() => document.documentElement.scrollHeight <= innerHeight + 1);
			await judge(page, 'embed-form');
			await fillIn(inner, 'Ada Lovelace');
			await frame.locator('button:text-is("Book it")').click();
			await frame.locator('h1:text-is("Your appointment is booked")').waitFor();
			await judge(page, 'embed-booked');
			assert.equal((await bookings(shown)).length, 1);
			assert.deepEqual(await context.cookies(), [], 'no cookie, in no frame');
			const [opened] = await Promise.all([context.waitForEvent('page'), frame.locator('a:text-is("Move or cancel it")').click()]);
			await opened.waitForLoadState();
			assert.match(new URL(opened.url()).pathname, /^\/booking\/cbk_\w+$/);
			assert.deepEqual(complaints, []);
		} finally {
			await context.close();
			await site.close();
		}
	});

test('nothing but that page is shown in a frame, and nobody else is told or heard', async () => {
	const shown = await openPage();
	const site = await openSite(`${line(shown.slug)}<iframe id="other" title="x" src="${world.url}/book/${shown.slug}"></iframe><iframe id="sign-in" title="y" src="${world.url}/sign-in"></iframe>`);
	const { context, page, complaints } = await visitor({ viewport: { width: 1280, height: 800 } });
	try {
		await page.goto(site.url);
		await page.waitForFunction(() => document.querySelector('iframe:not([id])')?.style.height !== '640px');
		assert.equal(complaints.filter((c) => /frame-ancestors/.test(c)).length, 2, complaints.join('\n'));
		const height = await page.evaluate(() => document.querySelector('iframe:not([id])').style.height);
		await page.evaluate(() => { postMessage({ calendsHeight: 9000 }, '*'); return new Promise((done) => setTimeout(done, 0)); });
		assert.equal(await page.evaluate(() => document.querySelector('iframe:not([id])').style.height), height, 'from the site itself: not heard');
	} finally {
		await context.close();
		await site.close();
	}
});

test('a site that its owner did not name shows nothing of it, one that is named does', async () => {
	const site = await openSite(''), other = await openSite('');
	const shown = await openPage({ embed_origins: [new URL(site.url).origin] });
	const { context, page, complaints } = await visitor({ viewport: { width: 1280, height: 800 } });
	const show = async (at) => {
		await page.goto(at.url);
		await page.evaluate(([url, slug]) => new Promise((done) => {
			const script = Object.assign(document.createElement('script'), { src: `${url}/embed.js`, onload: done });
			script.dataset.page = slug;
			document.querySelector('main').append(script);
		}), [world.url, shown.slug]);
		await page.locator('iframe').waitFor();
	};
	try {
		await show(site);
		await page.frameLocator('iframe').locator('.times a').first().waitFor();
		assert.deepEqual(complaints, []);
		const refused = page.waitForEvent('console', (m) => /frame-ancestors/.test(m.text()));
		await show(other);
		await refused;
		assert.ok(!(await page.frames()[1]?.content().catch(() => ''))?.includes(shown.title));
	} finally {
		await context.close();
		await Promise.all([site.close(), other.close()]);
	}
});

test('a line that names no page, or one that is gone, breaks no site', async () => {
	const site = await openSite(line('never-was') + line('"></script>'.slice(0, 1)) + line('../x'));
	const { context, page } = await visitor({ viewport: { width: 1280, height: 800 } });
	try {
		await page.goto(site.url);
		await page.frameLocator('iframe').locator('text=There is nothing here').waitFor();
		assert.equal(await page.locator('iframe').count(), 1);
	} finally {
		await context.close();
		await site.close();
	}
});

for (const [width, colorScheme, judge] of inTurn(sizes))
	test(`who opens the link of a calendar sees it at ${width} pixels, ${colorScheme}`, async () => {
		const { feedToken, id } = (await api('POST', '/api/v1/hosted-calendars', { name: 'Choir' })).data;
		const hosted = (await api('GET', '/api/v1/hosted-calendars')).data.findIndex((c) => c.id === id);
		const calendar = (await api('GET', '/v1/calendars?limit=100')).data[hosted].id;
		const at = (days, hours) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 11) + `${hours}:00:00Z`;
		await api('POST', '/v1/events', { calendar_id: calendar, title: 'Rehearsal', location: 'Parish hall', start_time: at(1, '17'), end_time: at(1, '19') });
		await api('POST', '/v1/events', { calendar_id: calendar, title: 'Concert with a name that goes on and on, until it needs two lines', start_time: at(3, '18'), end_time: at(3, '20') });
		const { context, page, complaints } = await visitor({ colorScheme, viewport: { width, height: 800 }, timezoneId: 'Asia/Tokyo' });
		await page.goto(`${world.url}/feed/${feedToken}.ics`);
		await page.waitForURL(/[/]shared[/].*tz=Asia%2FTokyo/);
		assert.match(await page.textContent('main'), /Rehearsal/);
		assert.match(await page.textContent('.agenda'), /02:00|2:00/, 'on the clock of who looks');
		await judge(page, 'a calendar for others');
		await page.click('a[aria-label="Later"]');
		assert.match(await page.textContent('.agenda'), /Nothing in these days/);
		await page.selectOption('#tz', 'Europe/London');
		await page.click('main form button');
		await page.goto(`${world.url}/shared/${feedToken}?tz=Europe/London`);
		assert.match(await page.textContent('.agenda'), /17:00|5:00|18:00|6:00/);
		const [file] = await Promise.all([page.waitForEvent('download'), page.click('a[download]')]);
		assert.match(file.suggestedFilename(), /[.]ics$/);
		assert.deepEqual([complaints, await context.cookies()], [[], []]);
		await context.close();
		const plain = await visitor({ colorScheme, viewport: { width, height: 800 }, javaScriptEnabled: false });
		await plain.page.goto(`${world.url}/feed/${feedToken}.ics`);
		assert.match(await plain.page.textContent('main'), /Rehearsal/);
		await plain.context.close();
	});
