// SPDX-License-Identifier: Apache-2.0
// Every page, measured. Of two accounts: one with 100 keys and a month of 500 events, one with 500 keys, 200 apps,
// 200 connected apps, 100 calendars and a month of 5,000 events. Of a release build:
//
//     CALENDS=build/release/calends node tests/bench/pages.mjs [WORD…]          only pages whose address has such a word
//
// What counts is CPU: the server's and its database sessions' for each request, and of the browser's longest task (by its trace,
// DevTools protocol). Times of the clock (first and largest paint, until the page can be used) are the least of the rounds, and
// mean something on a quiet machine alone. A bar that is missed has a `!`; of those that no other work moves the program fails.
import { readdir, readFile } from 'node:fs/promises';
import { openBrowser, openWorld } from '../clients/support/world.mjs';

const password = 'a long enough password';
const ROUNDS = Number(process.env.ROUNDS ?? 3), REQUESTS = Number(process.env.REQUESTS ?? 40);
const BARS = { cpu: 5, paint: 150, usable: 500, task: 100, weight: 100_000, weightOfGrid: 250_000 };

const pages = ['/', '/calendar?date=2027-03-15', '/calendar?view=week&date=2027-03-15', '/calendar?view=day&date=2027-03-15',
	'/calendar?view=agenda&date=2027-03-01', '/calendar?q=number+17&date=2027-03-15', '/calendar/new?date=2027-03-15', '/calendar/events/:event', '/calendars',
	'/calendars/:calendar/edit', '/setup', '/setup/thunderbird', '/connected-accounts', '/keys', '/keys/new', '/keys/:key', '/apps', '/apps/new', '/apps/:app',
	'/webhooks', '/webhooks/new', '/logs', '/usage', '/sandbox', '/account', '/security', '/audit', '/plan', '/account/delete', '/oauth/authorize',
	'/docs', '/docs/quickstart', '/docs/errors', '/docs/reference', '/docs/search?q=webhook', '/status', '/no-such-page'];
const pagesOfStrangers = ['/', '/sign-in', '/forgot-password'];

const world = await openWorld('--rate-limit', '0', '--public-url', (port) => `http://127.0.0.1:${port}`);
const browser = await openBrowser();

// ---- two accounts ----

class Person {
	constructor(email, key) { Object.assign(this, { email, key, cookies: new Map() }); }

	get cookie() { return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '); }

	async ask(path, form) {
		const reply = await fetch(new URL(path, world.url), { method: form ? 'POST' : 'GET', redirect: 'manual', body: form && new URLSearchParams(form),
			headers: { cookie: this.cookie, ...(form ? { Origin: world.url } : {}) } });
		for (const line of reply.headers.getSetCookie()) {
			const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
			this.cookies.set(name, value);
		}
		return { status: reply.status, location: reply.headers.get('location'), text: await reply.text() };
	}

	// A form of a page as a browser sends it: its hidden fields, what is chosen in it, and these.
	async send(path, action, values) {
		const page = await this.ask(path);
		const there = [...page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g), ...page.text.matchAll(/<input type="radio"[^>]* name="([^"]*)" value="([^"]*)" checked/g),
			...[...page.text.matchAll(/<select [^>]*name="([^"]*)"[^>]*>(.*?)<\/select>/gs)].map(([all, name, inner]) => [all, name, (inner.match(/value="([^"]*)" selected/) ?? inner.match(/value="([^"]*)"/))[1]])].map(([, name, value]) => [name, value.replaceAll('&amp;', '&')]);
		const own = new Set(values.map(([name]) => name));
		const reply = await this.ask(action ?? path, [...[...new Map(there)].filter(([name]) => !own.has(name)), ...values]);
		if (reply.status >= 400) throw new Error(`${path}: ${reply.status} ${reply.text.match(/role="alert"[^>]*>(.*?)</s)?.[1]}`);
		return reply;
	}

	async api(method, path, body, type = 'application/json') {
		const reply = await fetch(world.url + path, { method, headers: { Authorization: `Bearer ${this.key}`, 'Content-Type': type }, body: type === 'application/json' ? JSON.stringify(body) : body });
		if (!reply.ok) throw new Error(`${path}: ${await reply.text()}`);
		return reply.json();
	}
}

const REDIRECT = 'http://127.0.0.1/cb';

async function person(email, name, sizes) {
	await world.account(email, name, password);
	const { key } = await world.calends('key', 'create', email, '--name', 'first');
	const one = new Person(email, key);
	await one.send('/sign-in', null, [['email', email], ['password', password]]);
	for (let i = 1; i < sizes.keys; i++) await one.send('/keys/new', '/keys', [['name', `Key number ${i}`], ['kind', 'secret'], ['mode', 'live']]);
	for (let i = 1; i < sizes.calendars; i++) one.calendar = (await one.api('POST', '/v1/calendars', { name: `Calendar ${i}` })).id;
	for (let from = 0; from < sizes.events; from += 2500) {
		const count = Math.min(2500, sizes.events - from);
		const events = Array.from({ length: count }, (_, k) => from + k).map((i) => `BEGIN:VEVENT\r\nUID:event-${i}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:202703${String(1 + (i % 28)).padStart(2, '0')}T${String(i % 24).padStart(2, '0')}0000Z\r\nDURATION:PT1H\r\nSUMMARY:Event number ${i}\r\nLOCATION:Room ${i}\r\nEND:VEVENT\r\n`);
		await one.api('POST', `/v1/calendars/${one.calendar}/import`, `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//\r\n${events.join('')}END:VCALENDAR\r\n`, 'text/calendar');
	}
	one.event = (await one.api('GET', '/v1/events?limit=1')).data[0]?.id;
	for (let i = 0; i < sizes.apps; i++)
		await one.send('/apps/new', '/apps', [['name', `App number ${i}`], ['type', 'public'], ['mode', 'live'], ['redirect_uris', REDIRECT], ['scope', 'calendars:read'], ['scope', 'events:read']]);
	one.apps = [...new Set([...(await one.ask('/apps')).text.matchAll(/href="\/apps\/([^"/?]+)"/g)].map(([, id]) => id))].filter((id) => id !== 'new');
	one.app = one.apps[0];
	one.firstKey = (await one.ask('/keys')).text.match(/href="\/keys\/(key_[^"/?]+)"/)?.[1];
	return one;
}

const authorize = (client) => `/oauth/authorize?${new URLSearchParams({ response_type: 'code', client_id: client, redirect_uri: REDIRECT, scope: 'calendars:read events:read', state: 's',
	code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' })}`;

async function connect(one, clients) {
	for (const client of clients) {
		const path = authorize(client), asked = await one.ask(path);
		await one.send(asked.location ?? path, null, [['decision', 'allow']]);
	}
}

// ---- what a request costs ----

async function cpuOfProcess(pid) {
	let total = 0;
	for (const task of await readdir(`/proc/${pid}/task`).catch(() => []))
		total += Number((await readFile(`/proc/${pid}/task/${task}/schedstat`, 'ascii').catch(() => '0')).split(' ')[0]);
	return total / 1e6;
}

async function parents() {
	const all = new Map();
	for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
		const stat = await readFile(`/proc/${pid}/stat`, 'ascii').catch(() => null);
		if (stat) all.set(pid, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
	}
	return all;
}

async function descendants(pid) {
	const all = await parents(), found = [];
	for (let front = [String(pid)]; front.length; ) {
		front = [...all].filter(([, parent]) => front.includes(parent)).map(([child]) => child);
		found.push(...front);
	}
	return found;
}

async function cost(path, cookie) {
	const database = await descendants(world.pid);
	const all = async () => [await cpuOfProcess(world.pid), (await Promise.all(database.map(cpuOfProcess))).reduce((a, b) => a + b, 0)];
	const ask = async () => { const r = await fetch(world.url + path, { headers: { cookie } }); return [r, await r.arrayBuffer()]; };
	await ask();
	const before = await all();
	let octets = 0, status = 0;
	for (let i = 0; i < REQUESTS; i++) {
		const [reply, body] = await ask();
		[octets, status] = [body.byteLength, reply.status];
	}
	const after = await all();
	return { status, octets, server: (after[0] - before[0]) / REQUESTS, database: (after[1] - before[1]) / REQUESTS };
}

// ---- what a browser makes of it ----

// In the page, before anything of it runs.
function watch() {
	window.seen = { shifts: 0, moved: [], paint: 0, largest: 0, usable: 0 };
	const observe = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
	observe('layout-shift', (e) => {
		if (e.hadRecentInput) return;
		window.seen.shifts += e.value;
		window.seen.moved.push(...e.sources.map((s) => `${s.node?.nodeName} ${s.node?.className ?? s.node?.textContent} from ${s.previousRect.x},${s.previousRect.y} ${s.previousRect.width}x${s.previousRect.height} to ${s.currentRect.x},${s.currentRect.y} ${s.currentRect.width}x${s.currentRect.height}`));
	});
	observe('paint', (e) => { if (e.name === 'first-contentful-paint') window.seen.paint = e.startTime; });
	observe('largest-contentful-paint', (e) => { window.seen.largest = e.startTime; });
	const look = () => {
		const grid = document.querySelector('#calendar[data-grid]');
		if (!grid || grid.querySelector('.ec-event')) window.seen.usable ||= performance.now();
		else requestAnimationFrame(look);
	};
	addEventListener('DOMContentLoaded', look);
}

async function opened(context, path) {
	const page = await context.newPage(), client = await context.newCDPSession(page), trace = [];
	let octets = 0;
	await client.send('Network.enable');
	await client.send('Network.setCacheDisabled', { cacheDisabled: true });
	client.on('Network.loadingFinished', ({ encodedDataLength }) => { octets += encodedDataLength; });
	client.on('Tracing.dataCollected', ({ value }) => trace.push(...value));
	await page.addInitScript(watch);
	await client.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', 'devtools.timeline'] } });
	await page.goto(world.url + path);
	await page.waitForFunction(() => window.seen.usable && window.seen.paint);
	await page.waitForTimeout(1000);
	const ended = new Promise((done) => client.once('Tracing.tracingComplete', done));
	await client.send('Tracing.end');
	await ended;
	const threads = new Set(trace.filter((e) => e.name === 'Layout' || e.name === 'ParseHTML').map((e) => `${e.pid}/${e.tid}`));
	const tasks = trace.filter((e) => e.name === 'ThreadControllerImpl::RunTask' && threads.has(`${e.pid}/${e.tid}`)).map((e) => (e.tdur ?? 0) / 1000);
	const seen = await page.evaluate(() => ({ ...window.seen, grid: Boolean(document.querySelector('#calendar[data-grid]')) }));
	await page.close();
	return { ...seen, octets, task: Math.max(0, ...tasks) };
}

// ---- the table ----

const least = (runs, what) => Math.min(...runs.map((run) => run[what]));
const marked = (value, bar, digits = 0) => `${value.toFixed(digits)}${value > bar ? '!' : ''}`;
const columns = [['page', 42], ['server ms', 10], ['db ms', 7], ['html KB', 8], ['full: server', 13], ['db ms', 7], ['html KB', 8], ['sent KB', 8], ['FCP', 6], ['LCP', 6], ['usable', 7], ['CLS', 6], ['task ms', 8]];
const line = (cells) => cells.map((cell, i) => (i ? String(cell).padStart(columns[i][1]) : String(cell).padEnd(columns[i][1]))).join(' ');
const missed = [];

async function measure(path, modest, full, context) {
	const address = (one) => path.replace(':event', one?.event).replace(':calendar', one?.calendar).replace(':key', one?.firstKey).replace(':app', one?.app)
		.replace(/^\/oauth\/authorize$/, () => authorize(one.app));
	const ours = await cost(address(modest), modest?.cookie ?? ''), much = await cost(address(full), full?.cookie ?? '');
	const runs = [];
	for (let i = 0; i < ROUNDS; i++) runs.push(await opened(context, address(full)));
	const shifts = Math.max(...runs.map((run) => run.shifts)), octets = least(runs, 'octets'), task = least(runs, 'task');
	const weight = runs[0].grid ? BARS.weightOfGrid : BARS.weight;
	for (const [what, is] of [['server', ours.server > BARS.cpu], ['weight', octets > weight || much.octets > BARS.weight], ['shifts', shifts > 0], ['task', task > BARS.task]])
		if (is) missed.push(`${path}: ${what}${what === 'shifts' ? ` of ${runs.flatMap((run) => run.moved)[0]}` : ''}`);
	console.log(line([`${path}${ours.status === 200 ? '' : ` (${ours.status})`}`, marked(ours.server, BARS.cpu, 2), ours.database.toFixed(2), (ours.octets / 1000).toFixed(1), marked(much.server, Infinity, 2), much.database.toFixed(2),
		marked(much.octets / 1000, BARS.weight / 1000, 1), marked(octets / 1000, weight / 1000, 1), marked(least(runs, 'paint'), BARS.paint), least(runs, 'largest').toFixed(), marked(least(runs, 'usable'), BARS.usable),
		marked(shifts, 0, 3), marked(task, BARS.task)]));
}

async function contextOf(one) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
	if (one) await context.addCookies([...one.cookies].map(([name, value]) => ({ name, value, url: world.url })));
	return context;
}

try {
	const words = process.argv.slice(2), wanted = (path) => !words.length || words.some((word) => path.includes(word));
	const modest = await person('modest@calends.example', 'Una User', { keys: 100, calendars: 5, events: 500, apps: 5 });
	const full = await person('full@calends.example', 'Otto Owner', { keys: 500, calendars: 100, events: 5000, apps: 200 });
	const others = await person('others@calends.example', 'Platform Inc', { keys: 1, calendars: 1, events: 0, apps: 100 });
	await connect(modest, others.apps.slice(0, 5));
	await connect(full, [...others.apps, ...full.apps].slice(1, 200));
	console.log(line(columns.map(([name]) => name)));
	const context = await contextOf(full), stranger = await contextOf(null);
	for (const path of pages.filter(wanted)) await measure(path, modest, full, context);
	for (const path of pagesOfStrangers.filter(wanted)) await measure(path, null, null, stranger);
	console.log(missed.length ? `\nMissed:\n  ${missed.join('\n  ')}` : '\nAll within bars that no other work moves.');
	process.exitCode = missed.length ? 1 : 0;
} finally {
	await browser.close();
	await world.close();
}
