// SPDX-License-Identifier: Apache-2.0
// tsdav (what Cal.com and other web apps use) against a real server: discovery, listing, sync, writing, free/busy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAVClient, DAVNamespaceShort, calendarMultiGet, calendarQuery, freeBusyQuery } from 'tsdav';
import { openWorld } from '../support/world.mjs';

let world, client;

before(async () => {
	world = await openWorld();
	await world.account('ts@example.org', 'Ts', 'correct horse battery');
	const { key } = await world.calends('key', 'create', 'ts@example.org', '--kind', 'account', '--name', 'tsdav');
	client = new DAVClient({
		serverUrl: world.url,
		credentials: { username: 'ts@example.org', password: key },
		authMethod: 'Basic',
		defaultAccountType: 'caldav',
	});
	await client.login();
});

after(() => world?.close());

const ics = (uid, start, end, ...lines) =>
	['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Calends//tests//EN', 'BEGIN:VEVENT', `UID:${uid}`,
		'DTSTAMP:20260101T000000Z', `DTSTART:${start}`, `DTEND:${end}`, ...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');

let numbers = 0;
async function newCalendar() {
	const url = new URL(`ts${++numbers}/`, client.account.homeUrl).href;
	await client.makeCalendar({ url, props: { displayname: `Made ${numbers}` } });
	const found = (await client.fetchCalendars()).find((c) => c.url === url);
	assert.ok(found, 'the new calendar is listed');
	return found;
}

const create = async (calendar, uid, ...rest) => {
	const answer = await client.createCalendarObject({ calendar, filename: `${uid}.ics`, iCalString: ics(uid, ...rest) });
	assert.equal(answer.status, 201);
	return new URL(`${uid}.ics`, calendar.url).href;
};

test('it discovers principal and home from the bare address', () => {
	assert.match(client.account.principalUrl, /\/dav\/principals\/usr_[0-9A-Za-z]{22}\/$/);
	assert.match(client.account.homeUrl, /\/dav\/calendars\/usr_[0-9A-Za-z]{22}\/$/);
});

test('it lists calendars with what it shows of them', async () => {
	const calendar = await newCalendar();
	assert.equal(calendar.displayName, `Made ${numbers}`);
	assert.deepEqual([...calendar.components].sort(), ['VEVENT', 'VJOURNAL', 'VTODO']);
	assert.ok(calendar.ctag !== undefined && calendar.syncToken.includes('/'));
	assert.ok(calendar.reports.includes('syncCollection'), String(calendar.reports));
});

test('it creates, changes and deletes an object', async () => {
	const calendar = await newCalendar();
	const url = await create(calendar, 'one', '20260302T120000Z', '20260302T130000Z', 'SUMMARY:Lunch');
	let [object] = await client.fetchCalendarObjects({ calendar });
	assert.equal(object.url, url);
	assert.match(object.data, /SUMMARY:Lunch/);

	object.data = object.data.replace('Lunch', 'Late lunch');
	assert.equal((await client.updateCalendarObject({ calendarObject: object })).status, 204);
	const stale = await client.updateCalendarObject({ calendarObject: object });
	assert.equal(stale.status, 412); // RFC 9110 §13.1.1
	[object] = await client.fetchCalendarObjects({ calendar });
	assert.match(object.data, /Late lunch/);

	assert.equal((await client.deleteCalendarObject({ calendarObject: object })).status, 204);
	assert.deepEqual(await client.fetchCalendarObjects({ calendar }), []);
});

test('it reads a range, and a series expanded by the server', async () => {
	const calendar = await newCalendar();
	await create(calendar, 'far', '20270302T120000Z', '20270302T130000Z');
	await create(calendar, 'series', '20260302T120000Z', '20260302T130000Z', 'RRULE:FREQ=DAILY;COUNT=4', 'EXDATE:20260303T120000Z');
	const timeRange = { start: '2026-03-01T00:00:00Z', end: '2026-03-10T00:00:00Z' };
	const plain = await client.fetchCalendarObjects({ calendar, timeRange });
	assert.equal(plain.length, 1);
	assert.match(plain[0].data, /RRULE/);
	const [expanded] = await client.fetchCalendarObjects({ calendar, timeRange, expand: true });
	assert.deepEqual(expanded.data.match(/DTSTART:\S+/g), ['DTSTART:20260302T120000Z', 'DTSTART:20260304T120000Z', 'DTSTART:20260305T120000Z']);
	assert.doesNotMatch(expanded.data, /RRULE/);
});

test('it synchronises by token: new, changed and deleted', async () => {
	const calendar = await newCalendar();
	await create(calendar, 'a', '20260302T120000Z', '20260302T130000Z');
	await create(calendar, 'b', '20260302T120000Z', '20260302T130000Z');
	const objects = await client.fetchCalendarObjects({ calendar });
	const [fresh] = (await client.fetchCalendars()).filter((c) => c.url === calendar.url);
	const local = { ...fresh, objects };

	const gone = objects.find((o) => o.url.endsWith('/a.ics'));
	assert.equal((await client.deleteCalendarObject({ calendarObject: gone })).status, 204);
	await create(calendar, 'c', '20260302T120000Z', '20260302T130000Z');
	const kept = objects.find((o) => o.url.endsWith('/b.ics'));
	await client.updateCalendarObject({ calendarObject: { ...kept, data: kept.data.replace('END:VEVENT', 'SUMMARY:Changed\r\nEND:VEVENT') } });

	const { created, updated, deleted } = (await client.smartCollectionSync({
		collection: { ...local, objectMultiGet: calendarMultiGet },
		method: 'webdav',
		account: client.account,
		detailedResult: true,
	})).objects;
	const names = (list) => list.map((o) => o.url.split('/').pop());
	assert.deepEqual(names(created), ['c.ics']);
	assert.deepEqual(names(updated), ['b.ics']);
	assert.deepEqual(names(deleted), ['a.ics']);
});

test('it notices a change by ctag', async () => {
	const calendar = await newCalendar();
	assert.equal((await client.isCollectionDirty({ collection: calendar })).isDirty, false);
	await create(calendar, 'a', '20260302T120000Z', '20260302T130000Z');
	assert.equal((await client.isCollectionDirty({ collection: calendar })).isDirty, true);
});

test('it fetches by multiget, and is told what is missing', async () => {
	const calendar = await newCalendar();
	const urls = [
		await create(calendar, 'a', '20260302T120000Z', '20260302T130000Z'),
		await create(calendar, 'b', '20260302T120000Z', '20260302T130000Z'),
	];
	const fetch = (objectUrls) => client.calendarMultiGet({
		url: calendar.url,
		props: { [`${DAVNamespaceShort.DAV}:getetag`]: {}, [`${DAVNamespaceShort.CALDAV}:calendar-data`]: {} },
		objectUrls: objectUrls.map((u) => new URL(u).pathname),
		depth: '1',
	});
	const answers = await fetch(urls);
	assert.deepEqual(answers.map((a) => a.ok && a.href), urls.map((u) => new URL(u).pathname));
	await assert.rejects(fetch([...urls, new URL('none.ics', calendar.url).href]), /404/);
});

test('it asks with filters of its own', async () => {
	const calendar = await newCalendar();
	await create(calendar, 'a', '20260302T120000Z', '20260302T130000Z', 'SUMMARY:Board meeting');
	await create(calendar, 'b', '20260302T120000Z', '20260302T130000Z', 'SUMMARY:Dinner');
	const answers = await calendarQuery({
		url: calendar.url,
		props: { [`${DAVNamespaceShort.DAV}:getetag`]: {} },
		filters: {
			'comp-filter': {
				_attributes: { name: 'VCALENDAR' },
				'comp-filter': {
					_attributes: { name: 'VEVENT' },
					'prop-filter': { _attributes: { name: 'SUMMARY' }, 'text-match': { _text: 'board' } },
				},
			},
		},
		depth: '1',
		headers: client.authHeaders,
	});
	assert.deepEqual(answers.map((a) => a.href.split('/').pop()), ['a.ics']);
});

test('it reads busy time', async () => {
	const calendar = await newCalendar();
	await create(calendar, 'a', '20260302T120000Z', '20260302T130000Z');
	const answer = await freeBusyQuery({
		url: calendar.url,
		timeRange: { start: '2026-03-01T00:00:00Z', end: '2026-03-10T00:00:00Z' },
		depth: '1',
		headers: client.authHeaders,
	});
	assert.match(JSON.stringify(answer), /20260302T120000Z/);
});
