// SPDX-License-Identifier: Apache-2.0
// The calendar page, measured: the server's CPU for a month of 500 events, and in Chromium, through the DevTools protocol, a
// month of 1,000: its weight, first paint, when it can be used, layout shifts and long tasks. Of a release build:
//
//     CALENDS=build/release/calends node tests/bench/calendar.mjs
import { readFile } from 'node:fs/promises';
import { openBrowser, openWorld } from '../clients/support/world.mjs';

const password = 'a long enough password', email = 'user@calends.example';
const TICKS = 100; // of /proc, a second
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const world = await openWorld('--rate-limit', '0');
const browser = await openBrowser();

async function fill(key, month, count) {
	const events = Array.from({ length: count }, (_, i) => `BEGIN:VEVENT\r\nUID:${month}-${i}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:${month}${String(1 + (i % 28)).padStart(2, '0')}T${String(i % 24).padStart(2, '0')}0000Z\r\nDURATION:PT1H\r\nSUMMARY:Event number ${i}\r\nLOCATION:Room ${i}\r\nEND:VEVENT\r\n`);
	const made = await fetch(`${world.url}/v1/calendars`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ name: month }) });
	const reply = await fetch(`${world.url}/v1/calendars/${(await made.json()).id}/import`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'text/calendar' },
		body: `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//\r\n${events.join('')}END:VCALENDAR\r\n` });
	if (!reply.ok) throw new Error(await reply.text());
}

async function cpu() {
	const fields = (await readFile(`/proc/${world.pid}/stat`, 'ascii')).split(') ')[1].split(' ');
	return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

async function cpuOf(path, cookie, rounds = 200) {
	const before = await cpu();
	let octets = 0;
	for (let i = 0; i < rounds; i++) octets = (await (await fetch(world.url + path, { headers: { cookie } })).arrayBuffer()).byteLength;
	return `${((await cpu() - before) / rounds).toFixed(2)} ms of CPU, ${octets} octets`;
}

// In the page, before anything of it runs.
function watch() {
	window.seen = { shifts: 0, long: [], paint: 0, largest: 0, drawn: 0 };
	const observe = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
	observe('layout-shift', (e) => { if (!e.hadRecentInput) window.seen.shifts += e.value; });
	observe('longtask', (e) => window.seen.long.push(Math.round(e.duration)));
	observe('paint', (e) => { if (e.name === 'first-contentful-paint') window.seen.paint = e.startTime; });
	observe('largest-contentful-paint', (e) => { window.seen.largest = e.startTime; });
	const look = () => {
		if (document.querySelectorAll('.by-script .ec-event').length) window.seen.drawn ||= performance.now();
		else requestAnimationFrame(look);
	};
	addEventListener('DOMContentLoaded', look);
}

async function opened(context, path) {
	const page = await context.newPage();
	const client = await context.newCDPSession(page);
	let octets = 0;
	await client.send('Network.enable');
	await client.send('Network.setCacheDisabled', { cacheDisabled: true });
	client.on('Network.loadingFinished', ({ encodedDataLength }) => { octets += encodedDataLength; });
	await page.addInitScript(watch);
	await page.goto(world.url + path);
	await page.waitForFunction(() => window.seen.drawn);
	await page.waitForTimeout(1000);
	const seen = await page.evaluate(() => window.seen);
	await page.close();
	return { ...seen, octets };
}

try {
	await world.account(email, 'Una User', password);
	const { key } = await world.calends('key', 'create', email, '--name', 'x');
	await fill(key, '202701', 500);
	await fill(key, '202703', 1000);
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
	const page = await context.newPage();
	await page.goto(`${world.url}/sign-in`);
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('button[type=submit]');
	await page.close();
	const cookie = (await context.cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
	console.log('server, a month of 500:  ', await cpuOf('/calendar?date=2027-01-15', cookie));
	console.log('server, its feed:        ', await cpuOf('/calendar/feed?from=2026-12-28&to=2027-02-01', cookie));
	console.log('server, an empty month:  ', await cpuOf('/calendar?date=2029-01-15', cookie));
	for (const [name, path] of [['month', '/calendar?date=2027-03-15'], ['week', '/calendar?view=week&date=2027-03-15'], ['day', '/calendar?view=day&date=2027-03-15']]) {
		const runs = [];
		for (let i = 0; i < 7; i++) runs.push(await opened(context, path));
		const of = (what) => Math.round(median(runs.map(what)));
		console.log(`browser, ${name} of 1,000: ${of((r) => r.octets)} octets, first paint ${of((r) => r.paint)} ms, largest ${of((r) => r.largest)} ms, drawn ${of((r) => r.drawn)} ms, shifts ${median(runs.map((r) => r.shifts)).toFixed(3)}, long tasks ${JSON.stringify(runs.map((r) => r.long))}`);
	}
} finally {
	await browser.close();
	await world.close();
}
