// SPDX-License-Identifier: Apache-2.0
// What a newcomer does in the first five minutes, by a real browser and a real Thunderbird, with the time of each step: server/run on
// a fresh folder, sign in, a key for Thunderbird, its first synchronisation, an app connected, a booking page made and a slot booked.
//
//     node tests/clients/walk.mjs                       where Thunderbird is not installed, its step asks for the calendars as it does
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort, openWholeBrowser } from './support/world.mjs';

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const run = promisify(execFile);
const FIVE_MINUTES_S = 300;

const steps = [];
async function step(what, work) {
	const before = performance.now(), told = await work();
	const seconds = (performance.now() - before) / 1000;
	steps.push(seconds);
	console.log(`${seconds.toFixed(1).padStart(7)} s  ${what}${told ? `: ${told}` : ''}`);
	return told;
}

const folder = await mkdtemp(join(tmpdir(), 'calends-walk-'));
await chmod(folder, 0o711); // started by root, PostgreSQL runs as another user
const [port, platformPort] = [await freePort(), await freePort()];
const url = `http://127.0.0.1:${port}`;
let banner = '', server, browser;

// What the banner says after a word.
const said = (word) => banner.match(new RegExp(`${word}\\s+(.*?)(?:   .*)?$`, 'm'))?.[1].trim();

async function untilServed() {
	server = spawn(join(root, 'server/run'), ['--data-dir', join(folder, 'data'), '--listen', `127.0.0.1:${port}`, '--demo-listen', `127.0.0.1:${platformPort}`], { stdio: ['ignore', 'pipe', 'pipe'] });
	for (const out of [server.stdout, server.stderr]) out.on('data', (text) => { banner += text; });
	while (!await fetch(`${url}/readyz`).then((r) => r.ok, () => false)) {
		if (server.exitCode !== null) throw new Error(banner);
		await new Promise((done) => setTimeout(done, 100));
	}
	while (!said('Password')) await new Promise((done) => setTimeout(done, 50));
}

async function signIn(page) {
	await page.goto(url);
	await page.click('a[href^="/sign-in"]');
	await page.fill('input[name=email]', said('Sign in'));
	await page.fill('input[name=password]', said('Password'));
	await page.click('button[type=submit]');
	await page.waitForSelector('nav.side', { state: 'attached' });
}

async function keyForThunderbird(page) {
	await page.goto(`${url}/setup`);
	await page.click('a[href="/setup/thunderbird"]');
	await page.fill('#name', 'Thunderbird');
	await page.click('button:has-text("Make a key for this device")');
	return (await page.textContent('#secret')).trim();
}

async function synchronised(key) {
	const env = { ...process.env, URL: url, EMAIL: said('Sign in'), KEY: key };
	if (await run('which', ['thunderbird']).then(() => true, () => false)) {
		const { stdout } = await run('/usr/bin/python3', [join(root, 'tests/clients/walk_thunderbird.py')], { env });
		const { calendars, events } = JSON.parse(stdout);
		return `${calendars.length} calendar${calendars.length === 1 ? '' : 's'}, ${events.length} events`;
	}
	const auth = `Basic ${Buffer.from(`${env.EMAIL}:${key}`).toString('base64')}`;
	const home = await fetch(`${url}/.well-known/caldav`, { method: 'PROPFIND', headers: { Authorization: auth, Depth: '0' } });
	if (home.status !== 207) throw new Error(`discovery: ${home.status}`);
	return 'found, without Thunderbird';
}

async function connected(page) {
	await page.goto(`http://127.0.0.1:${platformPort}/`);
	await page.click('form[action="/connect"] button[type=submit]');
	await page.click('button[name=decision][value=allow]');
	await page.waitForURL(`http://127.0.0.1:${platformPort}/**`);
	await page.waitForSelector('form[action="/disconnect"]');
}

async function bookable(page) {
	await page.goto(`${url}/booking-pages`);
	await page.click('a[href^="/booking-pages/new"]');
	await page.fill('#title', 'Introductory call');
	await page.fill('#slug', 'intro-call');
	await page.check('#is_public');
	await page.click('main form button[type=submit]');
	await page.waitForURL((at) => /^[/]booking-pages[/](?!new)/.test(at.pathname));
}

// Whoever books has no account.
async function booked() {
	const context = await browser.newContext({ viewport: { width: 390, height: 800 } }), page = await context.newPage();
	await page.goto(`${url}/book/intro-call`);
	await page.locator('a[href*="/form?"]').first().click();
	await page.fill('#name', 'Gina Guest');
	await page.fill('#email', 'gina@example.org');
	await page.click('button:has-text("Book it")');
	await page.waitForURL('**/booking/**');
	await context.close();
}

try {
	await step('server/run on a fresh folder, until it answers', untilServed);
	browser = await openWholeBrowser();
	const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
	page.setDefaultTimeout(20000);
	let key;
	await step('signed in with what the banner says', () => signIn(page));
	await step('a key for Thunderbird, in one step', async () => { key = await keyForThunderbird(page); });
	await step('Thunderbird has found the calendars and synchronised', () => synchronised(key));
	await step('an app is connected by the consent page', () => connected(page));
	await step('a booking page is public', () => bookable(page));
	await step('a guest has booked a slot', booked);
	const all = steps.reduce((a, b) => a + b, 0);
	console.log(`${all.toFixed(1).padStart(7)} s  in all`);
	process.exitCode = all < FIVE_MINUTES_S ? 0 : 1;
} finally {
	await browser?.close();
	if (server && server.exitCode === null) {
		const ended = new Promise((done) => server.on('exit', done));
		server.kill('SIGTERM');
		await ended;
	}
	await rm(folder, { recursive: true, force: true });
}
