// SPDX-License-Identifier: Apache-2.0
// A platform, a user and the user's browser, for client libraries: each brings its own idea of the requests between.
//
//     const connect = await openConnect();
//     const app = await connect.register('--type', 'confidential');     what `calends client create` says
//     const answer = await connect.allow(url);                          the user signs in and allows: the URL that the app hears
import { openBrowser, openCallback, openWorld } from './world.mjs';

const password = 'a long enough password';

export async function openConnect(...options) {
	const world = await openWorld(...options), callback = await openCallback(), browser = await openBrowser();
	await world.account('owner@platform.example', 'Platform Inc', password);
	await world.account('user@calends.example', 'Una User', password);
	return {
		world,
		uri: callback.uri,
		next: callback.next,

		register: (...args) => world.calends('client', 'create', '--owner', 'owner@platform.example', '--name', 'Library',
			'--redirect-uri', 'http://127.0.0.1/cb', ...args),

		// In a browser of its own, which follows every redirect; `heard` is where the app listens, if not at `uri`.
		async allow(url, heard = callback.next()) {
			const context = await browser.newContext();
			const page = await context.newPage();
			await page.goto(String(url));
			await page.fill('input[name=email]', 'user@calends.example');
			await page.fill('input[name=password]', password);
			await page.click('button[type=submit]');
			await page.click('button[name=decision][value=allow]');
			const answer = await heard;
			await context.close();
			return answer;
		},

		// What a token opens: the status of a call.
		opens: (token, path = '/v1/profile') => fetch(world.url + path, { headers: { authorization: `Bearer ${token}` } }).then((r) => r.status),

		async close() {
			await browser.close();
			await callback.close();
			await world.close();
		},
	};
}
