// SPDX-License-Identifier: Apache-2.0
// A real server on a private PostgreSQL, accounts and apps made by the command line, and a headless Chromium.
//
// CALENDS: the program (default build/dev/calends). CALENDS_TEMPLATE: a data folder whose database is migrated and stopped, of
// which each server gets a copy: a quarter of what it costs to make one. CHROMIUM: the browser (default /usr/bin/chromium-headless-shell).
import { execFile, spawn } from 'node:child_process';
import { createSocket as createUdp } from 'node:dgram';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { webcrypto } from 'node:crypto';
import { chromium } from 'playwright-core';

globalThis.crypto ??= webcrypto; // Node 18 has it behind a flag

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../..');
process.env.CALENDS_DEV_PASSWORD_KIB ??= '64'; // as in tests/support/world.py
const program = process.env.CALENDS ?? join(root, 'build/dev/calends');
const run = promisify(execFile);

// As tests/support/ports.py has it: below the ports that the system gives to outgoing connections; who takes one binds its number
// for UDP, too, for as long as the process lives. Test files are processes of their own, and run at once.
let next = process.pid * 16;

async function took(port) {
	const mine = createUdp('udp4').unref();
	const bound = (socket, bind) => new Promise((done) => {
		socket.once('error', () => done(false));
		bind(() => done(true));
	});
	const server = createTcp();
	if (await bound(mine, (done) => mine.bind({ port, address: '127.0.0.1', exclusive: true }, done))
		&& await bound(server, (done) => server.listen(port, '127.0.0.1', done))) {
		await new Promise((done) => server.close(done));
		return true;
	}
	mine.close();
	return false;
}

// The first of so many, side by side.
export async function freePort(count = 1) {
	const outgoing = Number((await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'ascii')).split(/\s/)[0]) - (process.env.CALENDS_PORTS ?? 0);
	for (;;) {
		const port = Math.max(outgoing - 10000, 1024) + (next % 10000);
		next += count;
		if ((await Promise.all(Array.from({ length: count }, (_, n) => took(port + n)))).every(Boolean)) return port;
	}
}

// What the probe gives, once it gives something. It costs what it takes, so that the bound is one for busy machines.
export async function until(probe, { what = String(probe), seconds = 60 } = {}) {
	for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
		const value = await probe();
		if (value) return value;
		await new Promise((done) => setTimeout(done, 50));
	}
	throw new Error(`${what}: not within ${seconds} s`);
}

// What follows is of one day of UTC: in the last minute of one this waits for the next.
export async function onOneDay() {
	const left = 86400000 - Date.now() % 86400000;
	if (left < 60000) await new Promise((done) => setTimeout(done, left + 100));
}

// As tests/support/world.py has it.
function collect(secrets, told) {
	const fields = ['key', 'secret', 'client_secret', 'token'];
	for (const [name, value] of Object.entries(told ?? {})) {
		if (fields.includes(name) && typeof value === 'string' && value.length >= 16) secrets.add(value);
		if (value && typeof value === 'object') collect(secrets, value);
	}
	return told;
}

// `options`: more of `calends serve`; those that depend on the port are functions of it. The next port is its own, too.
export async function openWorld(...options) {
	const folder = await mkdtemp(join(tmpdir(), 'calends-'));
	await chmod(folder, 0o711); // started by root, PostgreSQL runs as another user
	if (process.env.CALENDS_TEMPLATE) await run('cp', ['-a', process.env.CALENDS_TEMPLATE, join(folder, 'data')]);
	const port = await freePort(2);
	const url = `http://127.0.0.1:${port}`;
	const server = spawn(program, ['serve', '--data-dir', join(folder, 'data'), '--listen', `127.0.0.1:${port}`,
		'--api-keys-rate', '0', ...options.map((option) => (typeof option === 'function' ? option(port) : option))], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	let log = '';
	const whole = [], secrets = new Set();
	server.stderr.on('data', (text) => {
		whole.push(text);
		log = (log + text).slice(-20000);
	});
	const ended = new Promise((done) => server.on('exit', done));
	let ready = false;
	const world = {
		url,
		pid: server.pid,
		log: () => log,

		async calends(...args) {
			const { stdout } = await run(program, [...args, '--data-dir', join(folder, 'data'), '--json']);
			return collect(secrets, JSON.parse(stdout));
		},

		async account(email, name, password) {
			const child = spawn(program, ['account', 'create', email, '--name', name, '--password-stdin', '--data-dir',
				join(folder, 'data'), '--json'], { stdio: ['pipe', 'pipe', 'inherit'] });
			child.stdin.end(`${password}\n`);
			let out = '';
			for await (const text of child.stdout) out += text;
			return collect(secrets, JSON.parse(out));
		},

		// What a test was given besides. Most are known by their form: leaks.py.
		secret(text) {
			secrets.add(text);
			return text;
		},

		// Is a secret in the log or the database? Before the server ends.
		async searched(more = { secrets: [], log: '' }) {
			const child = spawn('python3', [join(root, 'tests/support/leaks.py'), join(folder, 'data/run')], { stdio: ['pipe', 'ignore', 'pipe'] });
			child.stdin.end(JSON.stringify({ secrets: [...secrets, ...more.secrets], log: Buffer.concat(whole) + more.log }));
			let told = '';
			for await (const text of child.stderr) told += text;
			if (told) throw new Error(told);
		},

		async close() {
			try {
				if (ready && server.exitCode === null) await world.searched();
			} finally {
				server.kill('SIGTERM');
				const late = setTimeout(() => server.kill('SIGKILL'), 60000);
				await ended;
				clearTimeout(late);
				await rm(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 }); // of one that was killed the database ends later
			}
		},
	};
	try {
		await until(async () => {
			if (server.exitCode !== null) throw new Error(`the server ended: ${log}`);
			return fetch(`${url}/readyz`).then((r) => r.ok, () => false);
		}, { what: 'the server is ready' });
		ready = true;
	} catch (e) {
		await world.close();
		throw new Error(`${e.message}\n${log}`);
	}
	return world;
}

// With an icon of its own: one that the browser asks for when it has gone on to a page of ours is judged by our policy.
const BACK = '<!doctype html><link rel="icon" href="data:,"><title>Back in the app</title><p>Back in the app';

// Where an app on this computer listens for its answer.
export async function openCallback() {
	const waiting = [];
	const server = createServer((request, response) => {
		response.setHeader('Content-Type', 'text/html');
		response.end(BACK);
		if (/^[/](cb|.*[/]callback[/])/.test(request.url)) waiting.shift()?.(new URL(request.url, `http://${request.headers.host}`));
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	return {
		uri: `http://127.0.0.1:${server.address().port}/cb`,
		next: () => new Promise((done) => waiting.push(done)),
		close: () => new Promise((done) => { server.closeAllConnections?.(); server.close(done); }),
	};
}

// An app on https://*.example, whatever the host: /hop leads to another origin, and that to a third. Chromium finds it with
// the arguments that it gives; its certificate is its own.
export async function openApp() {
	const folder = await mkdtemp(join(tmpdir(), 'calends-app-'));
	const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
	await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
		'-subj', '/CN=app.example', '-keyout', key, '-out', cert]);
	const waiting = [];
	const server = createHttps({ key: await readFile(key), cert: await readFile(cert) }, (request, response) => {
		const url = new URL(request.url, `https://${request.headers.host}`);
		const hops = { '/hop': 'https://second.example/hop2', '/hop2': 'https://third.example/cb' };
		if (hops[url.pathname])
			return response.writeHead(302, { Location: hops[url.pathname] + url.search }).end();
		response.setHeader('Content-Type', 'text/html');
		response.end(BACK);
		if (url.pathname === '/cb') waiting.splice(0).forEach((heard) => heard(url));
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	await rm(folder, { recursive: true, force: true });
	return {
		browserArgs: [`--host-resolver-rules=MAP *.example 127.0.0.1:${server.address().port}`, '--ignore-certificate-errors'],
		heard: () => new Promise((done) => waiting.push(done)),
		close: () => new Promise((done) => { server.closeAllConnections?.(); server.close(done); }),
	};
}

// Chromium without windows, menus and a GPU process: the same engine for half the processor's time.
export const openBrowser = (...args) => launch(process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', args);

// The Chromium that users have.
export const openWholeBrowser = (...args) => launch(process.env.CHROMIUM ?? '/usr/bin/chromium', args);

// In British English, which has the manner of most: 24 hours and weeks from Monday.
async function launch(executablePath, args) {
	const browser = await chromium.launch({ executablePath, args: [...args, ...(process.getuid() === 0 ? ['--no-sandbox'] : [])] });
	const newContext = browser.newContext.bind(browser);
	browser.newContext = async (options) => {
		const context = await newContext({ locale: 'en-GB', ...options });
		context.setDefaultTimeout(60000); // of a busy machine
		context.on('page', (page) => leadsToWholePages(Object.getPrototypeOf(page.mainFrame())));
		return context;
	};
	return browser;
}

// A click comes back when the page that it leads to has begun, of which a test would then see a part, without its style. Playwright's
// own frames are taught to wait until it is there.
const taught = new Set();
function leadsToWholePages(frames) {
	if (taught.has(frames)) return;
	taught.add(frames);
	for (const act of ['click', 'press']) {
		const bare = frames[act];
		frames[act] = async function (...args) {
			await bare.apply(this, args);
			if (!this.isDetached()) await this.waitForLoadState();
		};
	}
}

// Enter on a link or in a form, by the keyboard alone: until the page that it leads to is there.
export async function enter(page) {
	const there = page.waitForNavigation();
	await page.keyboard.press('Enter');
	await there;
}
