// SPDX-License-Identifier: Apache-2.0
// Files in a browser: a calendar is imported, exported, shared by a link and put in its place.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { judge, shoot } from '../support/judge.mjs';
import { openBrowser, openWorld } from '../support/world.mjs';

const password = 'a long enough password', email = 'una@calends.example';
let world, browser, folder;

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'calends-files-'));
	world = await openWorld();
	browser = await openBrowser();
	await world.account(email, 'Una User', password);
});

after(async () => {
	await browser?.close();
	await world?.close();
	await rm(folder, { recursive: true });
});

const event = (uid, title, ...lines) => ['BEGIN:VEVENT', `UID:${uid}`, 'DTSTAMP:20261101T080000Z', 'DTSTART:20261124T090000Z',
	'DTEND:20261124T100000Z', `SUMMARY:${title}`, ...lines, 'END:VEVENT'];
const file = (name, ...lines) => ({ name, mimeType: 'text/calendar',
	buffer: Buffer.from(['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//EN', ...lines.flat(), 'END:VCALENDAR', ''].join('\r\n')) });

async function signedIn(options) {
	const context = await browser.newContext(options);
	const page = await context.newPage();
	await page.goto(world.url + '/sign-in');
	await page.fill('input[name=email]', email);
	await page.fill('input[name=password]', password);
	await page.click('main button[type=submit]');
	return { context, page };
}

const figures = (page) => page.$$eval('.figures dd', (all) => all.map((e) => parseInt(e.textContent)));

for (const [width, colorScheme, javaScriptEnabled] of [[360, 'light', false], [360, 'dark', true], [1280, 'light', true]])
	test(`a file becomes a calendar at ${width} pixels, ${colorScheme}`, async () => {
		const { context, page } = await signedIn({ colorScheme, javaScriptEnabled, acceptDownloads: true, viewport: { width, height: 800 } });
		const look = (name) => (javaScriptEnabled ? judge(page, name) : shoot(page, name));
		const name = `Climbing ${width} ${colorScheme}`;
		await page.goto(world.url + '/calendars');
		await page.click('a[href="/calendars/import"]');
		await look('import');
		await page.setInputFiles('#file', { name: 'all.zip', mimeType: 'application/zip', buffer: Buffer.from('PK\x03\x04') });
		await page.click('main button[type=submit]');
		assert.match(await page.textContent('#file-error'), /ZIP archive/);
		assert.equal(await page.evaluate(() => document.activeElement.id).catch(() => 'file'), 'file');
		await look('import, refused');

		await page.setInputFiles('#file', file('x.ics', `X-WR-CALNAME:${name}`, event('a', 'Wall'), event('b', 'Rock', 'PRIORITY:much'),
			event('c', 'Never', 'RRULE:FREQ=SOMETIMES')));
		await page.selectOption('#calendar', 'new');
		await page.click('main button[type=submit]');
		assert.match(await page.textContent('h1'), /What was imported/);
		const [created, updated, same] = await figures(page);
		assert.ok(created >= 2 && !updated && !same);
		assert.ok((await page.$$('.table tbody tr')).length >= 1);
		await look('import, report');
		await page.click('.back a');
		assert.match(await page.textContent('h1'), new RegExp(name));
		await look('calendar, one');

		const [download] = await Promise.all([page.waitForEvent('download'), page.click('main a:text-is("Export")')]);
		assert.equal(download.suggestedFilename(), `${name}.ics`);
		assert.match(await readFile(await download.path(), 'utf8'), /SUMMARY:Wall/);

		await page.click('main button:text-is("Make a link")');
		const link = await page.textContent('#feed-url');
		assert.match(await fetch(link).then((r) => r.text()), /SUMMARY:Wall/);
		await look('calendar, with a link');
		await page.click('main a:text-is("Make a new link")');
		await look('new link?');
		await page.click('main button.danger');
		assert.equal((await fetch(link)).status, 404);
		await page.click('main a:text-is("End the link")');
		await look('end the link?');
		await page.click('main button.danger');
		assert.equal(await page.$('#feed-url'), null);

		await page.click('.back a');
		const place = () => page.$$eval('tbody th > a bdi', (all) => all.map((e) => e.textContent));
		const at = (await place()).indexOf(name);
		await page.click(`summary[aria-label="Actions for ${name}"]`);
		await look('calendars, a menu');
		const to = at > 0 ? 'up' : 'down';
		await page.click(`details.menu[open] button[value=${to}]`);
		assert.equal((await place()).indexOf(name), at + (to === 'up' ? -1 : 1));
		await look('calendars, moved');
		await context.close();
	});

test('50 MB are refused on the page of the form, and before they are sent where there are scripts', async () => {
	const { context, page } = await signedIn({ javaScriptEnabled: false });
	await page.goto(world.url + '/calendars/import');
	const large = join(folder, 'large.ics'); // by its path: the browser reads it
	await writeFile(large, Buffer.alloc(50 << 20, 'x'));
	await page.setInputFiles('#file', large);
	await page.click('main button[type=submit]');
	assert.match(await page.textContent('#file-error'), /too large: at most 5 MB/);
	await shoot(page, 'import, too large');
	await context.close();

	const scripted = await signedIn();
	await scripted.page.goto(world.url + '/calendars/import');
	await scripted.page.setInputFiles('#file', large);
	assert.match(await scripted.page.$eval('#file', (e) => e.validationMessage), /larger than 5 MB/);
	await scripted.page.setInputFiles('#file', file('small.ics', event('z', 'Small')));
	assert.equal(await scripted.page.$eval('#file', (e) => e.validationMessage), '');
	await scripted.context.close();
});

for (const [width, colorScheme, javaScriptEnabled] of [[360, 'dark', false], [1280, 'light', true]])
	test(`a picture and a logo at ${width} pixels, ${colorScheme}`, async () => {
		const { context, page } = await signedIn({ colorScheme, javaScriptEnabled, viewport: { width, height: 800 } });
		const look = (name) => (javaScriptEnabled ? judge(page, name) : shoot(page, name));
		const seeds = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../data/fuzz_picture');
		const isDrawn = (selector) => page.$eval(selector, async (img) => { await img.decode(); return img.naturalWidth > 0; });
		await page.goto(world.url + '/account');
		await page.setInputFiles('#picture', { name: 'me.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') });
		await page.click('main button:text-is("Use this picture")');
		assert.match(await page.textContent('#picture-error'), /no PNG/);
		await look('picture, refused');
		await page.setInputFiles('#picture', join(seeds, 'turned'));
		await page.click('main button:text-is("Use this picture")');
		assert.ok(await isDrawn('.head .avatar img'));
		await look('picture');

		const app = await world.calends('client', 'create', '--owner', email, '--name', `Planner ${width}`, '--type', 'public',
			'--redirect-uri', 'http://127.0.0.1/cb');
		const consent = `${world.url}/oauth/authorize?response_type=code&client_id=${app.client_id}&scope=events:read&redirect_uri=` +
			`${encodeURIComponent('http://127.0.0.1/cb')}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state=x`;
		await page.goto(`${world.url}/apps/${app.client_id}`);
		await page.setInputFiles('#picture', join(seeds, 'webp'));
		await page.click('main button:text-is("Use this logo")');
		assert.ok(await isDrawn('.app-face img'));
		await look('app with a logo');
		await page.goto(consent);
		assert.equal(await page.$('.app-face img'), null);
		await world.calends('client', 'verify', app.client_id);
		await page.goto(consent);
		assert.ok(await isDrawn('.app-face img'));
		await look('consent with a logo');
		await page.goto(world.url + '/apps');
		await look('apps with a logo');
		await page.goto(world.url + '/account');
		await page.click('main button:text-is("Remove the picture")');
		assert.equal(await page.$('.head .avatar img'), null);
		await context.close();
	});
