// SPDX-License-Identifier: Apache-2.0
// Every page and state of support/places.mjs in one browser: accessible (axe-core), nothing wider than the window from 320 to 1920
// pixels, with colours of the user's own too, whole on paper, whole from right to left, nothing that the policy had to stop.
//
//     SHOTS=folder node --test pages/sweep.test.mjs        keeps pictures of each at 360 and 1280 pixels, light and dark, from right to left, on paper
//     SHOTS_ONE=folder …                                   a small one of each, at the size at which it was judged: CALENDS_TESTS=whole tests/run keeps them in build/shots
//     ONLY=expression …                                    those whose name or route it matches; the walk to them is gone all the same
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axeFinds, overflowing, shoot, tooSmall } from '../support/judge.mjs';
import { made, not, places } from '../support/places.mjs';
import { openBrowser, openWorld } from '../support/world.mjs';

let folder, world, browser, receiver, things;

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'calends-mail-'));
	await chmod(folder, 0o777); // started by root, the server runs as another user
	receiver = createServer((request, response) => { request.resume(); response.end('{}'); });
	await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
	let demo;
	world = await openWorld('--rate-limit', '0', '--write-rate', '0', '--mail-folder', folder, '--mail-from', 'calendar@example.org', '--signup', 'open', '--request-log-ms', '100', '--usage-ms', '100',
		'--allow-private-hooks', '--public-url', (port) => `http://localhost:${port}`, '--demo', '--demo-listen', (port) => { demo = `127.0.0.1:${port + 1}`; return demo; });
	browser = await openBrowser();
	things = await made(world, folder, `http://127.0.0.1:${receiver.address().port}`);
	things.url = world.url.replace('127.0.0.1', 'localhost'); // an address has no passkeys
	things.version = (await fetch(`${world.url}/status`).then((r) => r.text())).match(/<span>Calends (.*?)<\/span>/)[1];
	things.demo = `http://${demo}/`;
});

after(async () => {
	receiver?.close();
	await browser?.close();
	await world?.close();
	await rm(folder, { recursive: true });
});

test('every page of docs/routes.md is in the table, or why it is not', async () => {
	const text = await readFile(new URL('../../../docs/routes.md', import.meta.url), 'utf8');
	const rows = ['Pages', 'Links of letters', 'Pages of the login flow', 'Bookings'].flatMap((title) =>
		[...text.split(`\n## ${title}\n`)[1].split('\n## ')[0].matchAll(/^\| GET \| `(.*?)`/gm)].map((m) => m[1]));
	const known = new Set([...places.map((p) => p.route), ...Object.keys(not)]);
	assert.ok(rows.length > 100);
	assert.deepEqual(rows.filter((route) => !known.has(route)), []);
	assert.deepEqual(Object.keys(not).filter((route) => !rows.includes(route) || places.some((p) => p.route === route)), []);
	assert.equal(new Set(places.map((p) => `${p.route} ${p.name}`)).size, places.length);
});

// In the page. On paper: what is still there of the frame, and what is not written in black.
function onPaper() {
	const there = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility({ visibilityProperty: true })).map((e) => e.outerHTML.slice(0, 60));
	const dark = (e) => (getComputedStyle(e).color.match(/[\d.]+/g) ?? []).slice(0, 3).every((part) => part < 90);
	return {
		frame: there('body.app > :is(nav, header), button, .button, .skip'),
		pale: [...document.querySelectorAll('main :is(h1, h2, p, td, th, dd, dt, li, label)')].filter((e) => e.checkVisibility() && !dark(e)).map((e) => e.outerHTML.slice(0, 60)),
		white: getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)',
	};
}

const nothing = { wide: [], page: 0, over: 0 };
const sizes = [[320, 'none'], [320, 'active'], [360, 'none'], [640, 'none'], [1280, 'active'], [1280, 'none'], [1920, 'none']];

async function measured(page) {
	const found = [];
	const held = async (what) => { const now = await page.evaluate(overflowing); if (JSON.stringify(now) !== JSON.stringify(nothing)) found.push(`${what}: ${JSON.stringify(now)}`); };
	for (const [width, forcedColors] of sizes) {
		await page.emulateMedia({ forcedColors });
		await page.setViewportSize({ width, height: 800 });
		await held(`at ${width}, forced colours ${forcedColors}`);
	}
	return found;
}

// What a page of a language from right to left has more is this attribute: tests/http/test_messages.py.
async function mirrored(page, name) {
	const found = [];
	await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
	for (const width of [360, 1280]) {
		await page.setViewportSize({ width, height: 800 });
		const now = await page.evaluate(overflowing);
		if (JSON.stringify(now) !== JSON.stringify(nothing)) found.push(`from right to left at ${width}: ${JSON.stringify(now)}`);
		await shoot(page, `${name} rtl`);
	}
	const side = await page.evaluate(() => { const box = document.querySelector('body.app > .side')?.getBoundingClientRect(); return box ? innerWidth - box.right + (innerWidth - document.documentElement.clientWidth) * -1 : 0; });
	if (Math.abs(side) > 16) found.push(`from right to left the sidebar is not on the right: ${side}`);
	await page.evaluate(() => { document.documentElement.dir = ''; });
	return found;
}

async function printed(page, name) {
	await page.emulateMedia({ media: 'print', colorScheme: 'dark', forcedColors: 'none' });
	await page.setViewportSize({ width: 718, height: 1000 }); // A4 with margins
	const [paper, over] = [await page.evaluate(onPaper), await page.evaluate(overflowing)];
	await shoot(page, `${name} print`);
	await page.emulateMedia({ media: 'screen' });
	const whole = { frame: paper.frame, pale: paper.pale, white: paper.white, wide: over.wide, page: over.page };
	return JSON.stringify(whole) === JSON.stringify({ frame: [], pale: [], white: true, wide: [], page: 0 }) ? [] : [`on paper: ${JSON.stringify(whole)}`];
}

test('every page and state is accessible, fits each window, paper and direction', async () => {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' }); // colours are what they are at once
	const page = await context.newPage(), faults = [];
	const session = await context.newCDPSession(page);
	await session.send('WebAuthn.enable');
	await session.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
	page.on('console', (m) => { if (/Content Security Policy|Refused/.test(m.text())) faults.push(`${page.url()}: ${m.text()}`); });
	page.on('pageerror', (e) => faults.push(`${page.url()}: ${e.message}`));
	for (const [i, place] of places.entries()) {
		const name = place.name;
		const note = (found) => faults.push(...found.map((f) => `${name}: ${f}`));
		const lost = await place.go(page, things).then(() => null, (e) => `at ${page.url()}: ${e.message}`);
		if (lost) { note([lost]); continue; }
		if (process.env.ONLY && !new RegExp(process.env.ONLY).test(`${name} ${place.route}`)) continue;
		if (await page.locator('[data-grid]').count()) await page.waitForSelector('.by-script .ec-event', { state: 'attached' }).catch(() => {});
		const foot = await page.locator('#foot').count() && await page.locator('#foot > span').textContent();
		if (foot && foot !== `Calends ${things.version}`) note([`the foot says ${foot}`]);
		note(await measured(page));
		note(await mirrored(page, name));
		note(await printed(page, name));
		for (const [width, colorScheme] of process.env.SHOTS ? [[360, 'light'], [1280, 'light'], [360, 'dark'], [1280, 'dark']] : [i % 2 ? [360, 'light'] : [1280, 'dark']]) {
			await page.emulateMedia({ colorScheme, forcedColors: 'none' });
			await page.setViewportSize({ width, height: 800 });
			await shoot(page, name);
		}
		await shoot(page, name, { one: true });
		note([...await axeFinds(page), ...await tooSmall(page)]);
		await page.emulateMedia({ colorScheme: 'light' });
	}
	await context.close();
	assert.ok(!faults.length, faults.join('\n'));
});
