// SPDX-License-Identifier: Apache-2.0
// What tests stand on: who clicks, or presses Enter, comes back when the page that follows is whole, however slow it is (support/world.mjs).
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { enter, openBrowser } from '../support/world.mjs';

const SLOW_MS = 300;
const slowly = () => new Promise((done) => setTimeout(done, SLOW_MS));
let browser, server, url;

// The answer to a form begins late, its end comes later, and its style last.
before(async () => {
	server = createServer(async (request, response) => {
		response.setHeader('Content-Type', request.url === '/style.css' ? 'text/css' : 'text/html');
		if (request.url === '/style.css') {
			await slowly();
			await slowly();
			return response.end('h1 { width: 77px }');
		}
		if (request.url === '/') return response.end('<!doctype html><title>Before</title><h1>Before</h1><form action="/after"><input id="name"><button>Go</button></form>');
		await slowly();
		response.write('<!doctype html><link rel="stylesheet" href="/style.css"><title>After</title><h1>After</h1>');
		await slowly();
		return response.end('<p>the end</p>');
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	url = `http://127.0.0.1:${server.address().port}/`;
	browser = await openBrowser();
});

after(async () => {
	await browser?.close();
	server?.closeAllConnections();
	server?.close();
});

const acts = {
	'page.click': (page) => page.click('button'),
	'locator.click': (page) => page.locator('button').click(),
	'page.press': (page) => page.press('#name', 'Enter'),
	'enter()': async (page) => { await page.focus('#name'); await enter(page); },
};

for (const [name, act] of Object.entries(acts))
	test(`${name} leads to a whole page`, async () => {
		for (const javaScriptEnabled of [true, false]) {
			const context = await browser.newContext({ javaScriptEnabled });
			const page = await context.newPage();
			await page.goto(url);
			await act(page);
			assert.deepEqual(await page.evaluate(() => [document.title, document.querySelectorAll('p').length, document.querySelector('h1').offsetWidth]), ['After', 1, 77]);
			await context.close();
		}
	});
