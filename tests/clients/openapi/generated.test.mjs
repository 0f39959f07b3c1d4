// SPDX-License-Identifier: Apache-2.0
// What a platform's engineer does on the first day: types made from the API's document, a client over them, a program
// that the compiler accepts and that runs. What the types do not have is refused by the compiler.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { openWorld } from '../support/world.mjs';

const run = promisify(execFile);
const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const modules = resolve(here, '../node_modules');
let world, folder, key;

before(async () => {
	world = await openWorld();
	folder = await mkdtemp(join(tmpdir(), 'calends-generated-'));
	await symlink(modules, join(folder, 'node_modules'));
	await writeFile(join(folder, 'package.json'), '{"type":"module"}');
	await world.account('ann@example.org', 'Ann', 'a long enough password');
	({ key } = await world.calends('key', 'create', 'ann@example.org', '--name', 'first day', '--kind', 'secret', '--mode', 'test'));
	await run(join(modules, '.bin/openapi-typescript'), [`${world.url}/openapi.json`, '-o', join(folder, 'calends.d.ts')]);
});

after(async () => {
	await rm(folder, { recursive: true, force: true });
	await world?.close();
});

const compile = (files, ...more) => run(join(modules, '.bin/tsc'), ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext',
	'--target', 'es2022', '--skipLibCheck', ...more, ...files], { cwd: folder }).catch((e) => { throw new Error(e.stdout); });

const PROGRAM = `
import createClient from 'openapi-fetch';
import type { components, paths } from './calends.js';

export async function firstDay(baseUrl: string, key: string): Promise<string[]> {
	const api = createClient<paths>({ baseUrl, headers: { Authorization: \`Bearer \${key}\` } });
	const made = await api.POST('/v1/events', {
		params: { header: { 'Idempotency-Key': 'first-day' } },
		body: { title: 'First', start_time: '2026-11-24T09:00:00+01:00', end_time: '2026-11-24T10:00:00+01:00', timezone: 'Europe/Berlin' },
	});
	if (!made.data) throw new Error(made.error.error.message);
	const changed = await api.PATCH('/v1/events/{event}', { params: { path: { event: made.data.id } }, body: { title: 'Changed' } });
	if (!changed.data) throw new Error(changed.error.error.message);
	const titles: string[] = [changed.data.title ?? '', changed.data.recurrence?.rule ?? 'once'];
	let after: string | undefined;
	do {
		const page = await api.GET('/v1/events', {
			params: { query: { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z', limit: 1, ...(after ? { starting_after: after } : {}) } },
		});
		if (!page.data) throw new Error(page.error.error.message);
		page.data.data.forEach((event: components['schemas']['event']) => titles.push(event.title ?? ''));
		after = page.data.next_cursor ?? undefined;
	} while (after);
	const missing = await api.GET('/v1/events/{event}', { params: { path: { event: 'evt_0000000000000000000000' } } });
	titles.push(missing.error?.error.code ?? 'found');
	const gone = await api.DELETE('/v1/events/{event}', { params: { path: { event: made.data.id }, query: { mode: 'delete' } } });
	titles.push(String(gone.response.status));
	return titles;
}
`;

test('a client made from the document is compiled strictly, and works', async () => {
	await writeFile(join(folder, 'first_day.ts'), PROGRAM);
	await compile(['first_day.ts']);
	const { firstDay } = await import(join(folder, 'first_day.js'));
	const told = await firstDay(world.url, key);
	assert.deepEqual(told.slice(-2), ['resource_missing', '204']);
	assert.ok(told.includes('Changed'));
});

// All by one run of the compiler, which takes six seconds before it looks at the first.
test('what the API does not take, the compiler does not', async () => {
	const wrong = [["title: 'First'", "titel: 'First'"], ["'/v1/events/{event}'", "'/v1/event/{event}'"], ['limit: 1', "limit: 'one'"],
		["mode: 'delete'", "mode: 'shred'"], ["title: 'First', ", ''], ['event.title ??', 'event.name ??']];
	const files = ['right.ts', ...wrong.map((_, i) => `wrong${i}.ts`)];
	await writeFile(join(folder, files[0]), PROGRAM);
	for (const [i, [right, other]] of wrong.entries()) {
		assert.ok(PROGRAM.includes(right), right);
		await writeFile(join(folder, files[i + 1]), PROGRAM.replace(right, other));
	}
	const { message } = await compile(files, '--noEmit').then(() => assert.fail('all were taken'), (e) => e);
	assert.deepEqual([...new Set([...message.matchAll(/^(\w+\.ts)\(\d+,\d+\): error TS/gm)].map((m) => m[1]))].sort(), files.slice(1));
});
