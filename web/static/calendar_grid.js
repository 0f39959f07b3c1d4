// SPDX-License-Identifier: Apache-2.0
// Week and day as a grid of hours, by Event Calendar. Its program, its stylesheet and the events are fetched together; until all
// are there the server's own drawing stays.
const SLICE = 96, SCROLLED_TO = '08:00:00'; // events in one frame, about: each frame lays out all of them anew

const TWO_LINES_MS = 45 * 60000, CLOCKS_AGREE_MS = 5 * 60000;

const two = (n) => String(n).padStart(2, '0');
const dayOf = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
const clockOf = (d) => `${two(d.getHours())}:${two(d.getMinutes())}`;
const wallOf = (d, allDay) => allDay ? dayOf(d) : `${dayOf(d)}T${clockOf(d)}:${two(d.getSeconds())}`;
// The library draws now by the clock of the browser: only where the page's is the same.
const clocksAgree = (now) => Math.abs(Date.now() - new Date(now)) < CLOCKS_AGREE_MS;
// As people read it: by the page's halves of the day, where it has such.
function tellerOf({ am, pm }) {
	if (!am) return { clock: clockOf, hour: clockOf };
	const half = (d) => d.getHours() < 12 ? am : pm, hour = (d) => d.getHours() % 12 || 12;
	return { clock: (d) => half(d).replace('{time}', `${hour(d)}:${two(d.getMinutes())}`), hour: (d) => half(d).replace('{time}', hour(d)) };
}
const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

const added = (tag, values) => new Promise((done, failed) => {
	const element = Object.assign(document.createElement(tag), values);
	element.onload = done;
	element.onerror = failed;
	document.head.append(element);
});

const shown = (e) => ({
	id: e.id, title: e.title ?? '', start: e.start, end: e.end, allDay: e.all_day, editable: !e.fixed,
	classNames: [e.more ? 'more' : e.hue, ...(e.cancelled ? ['cancelled'] : []), ...(e.tentative ? ['tentative'] : [])],
	extendedProps: { etag: e.etag, repeats: e.repeats, more: e.more, day: e.day },
});

// ---- more than there is room for ----

const LANE_PX = 72, LANES = [2, 8], BARS = 4; // beside each other: as wide as a short title; bars of whole days above each other

const dayAfter = (day) => new Date(Date.parse(`${day}T00:00:00Z`) + 86400000).toISOString().slice(0, 10);
function daysOf({ start, end }) {
	const days = [start.slice(0, 10)];
	for (let day = dayAfter(days[0]); (end.length === 10 ? end : end.slice(0, 19)) > (end.length === 10 ? day : `${day}T00:00:00`) && days.length < 400; day = dayAfter(day)) days.push(day);
	return days;
}

// Of what overlaps in a day the first so many, by lanes that are free again; behind them stands one entry for all others.
// What is shown or not shown on one day is so on the next.
function fold(events, lanes, allDay) {
	const byDay = new Map(), seen = new Set(), hidden = new Set(), more = [];
	for (const e of events) for (const day of daysOf(e)) byDay.set(day, [...(byDay.get(day) ?? []), e]);
	for (const [day, list] of [...byDay].sort(([a], [b]) => a < b ? -1 : 1)) {
		const [first, last] = allDay ? [day, dayAfter(day)] : [`${day}T00:00:00`, `${dayAfter(day)}T00:00:00`];
		const parts = list.map((e) => ({ e, start: e.start > first ? e.start : first, end: e.end < last ? e.end : last }))
			.sort((a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : seen.has(b.e) - seen.has(a.e) || (a.end > b.end ? -1 : 1));
		let group = [], ends = [], until = '', rest = null;
		const settle = () => {
			const folds = ends.length > lanes;
			for (const { e, lane, start, end } of group) {
				if (!hidden.has(e) && !(folds && lane >= lanes - 1 && !seen.has(e))) { seen.add(e); continue; }
				hidden.add(e);
				if (!rest || start >= rest.end) more.push(rest = { id: `more:${start}`, day, start, end, all_day: allDay, more: 0, fixed: true });
				rest.more++;
				if (end > rest.end) rest.end = end;
			}
			[group, ends, until, rest] = [[], [], '', null];
		};
		for (const part of parts) {
			if (group.length && part.start >= until) settle();
			let lane = ends.findIndex((end) => end <= part.start);
			if (lane < 0) lane = ends.length;
			ends[lane] = part.end;
			group.push({ ...part, lane });
			if (part.end > until) until = part.end;
		}
		settle();
	}
	return [...events.filter((e) => !hidden.has(e)), ...more];
}

function folded(events, { host }) {
	const column = (host.clientWidth - 56) / (host.dataset.view === 'week' ? 7 : 1);
	const lanes = Math.min(LANES[1], Math.max(LANES[0], Math.floor(column / LANE_PX)));
	return [...fold(events.filter((e) => e.all_day), BARS, true), ...fold(events.filter((e) => !e.all_day), lanes, false)]
		.sort((a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : 0);
}

// What stands beside each other comes at once, or the first would move for the next. Bars of whole days have a row of their own.
function slices(events) {
	const all = [];
	for (const wholeDays of [true, false]) {
		let slice = [], until = '';
		for (const event of events.filter((e) => Boolean(e.all_day) === wholeDays)) {
			if (slice.length >= SLICE && event.start >= until) {
				all.push(slice);
				slice = [];
			}
			slice.push(event);
			if (event.end > until) until = event.end;
		}
		if (slice.length) all.push(slice);
	}
	const isAbove = ([{ start, all_day }]) => !all_day && start.slice(11) < SCROLLED_TO;
	return all.sort((a, b) => isAbove(a) - isAbove(b)); // what is seen first comes first
}

async function read({ host, query, address }) {
	const url = address('/calendar/feed', [['from', host.dataset.from], ['to', host.dataset.to], ...query.getAll('off').map((id) => ['off', id])]);
	const reply = await fetch(url, { headers: { Accept: 'application/json' } });
	if (reply.redirected) location.reload(); // signed out
	if (!reply.ok) throw new Error(reply.status);
	return (await reply.json()).events;
}

// To all of a week's day; of a day to its list.
function moreLink({ extendedProps: { more, day } }, { host, query, address }) {
	const link = document.createElement('a');
	link.href = address('/calendar', [['view', host.dataset.view === 'week' ? 'day' : 'agenda'], ['date', day], ...query.getAll('off').map((id) => ['off', id])]);
	link.className = 'entry-link';
	link.draggable = false;
	link.textContent = host.dataset.more.replace('{more}', more);
	return { domNodes: [link] };
}

function content({ event, timeText }, page) {
	if (event.extendedProps.more) return moreLink(event, page);
	const { address } = page;
	const link = document.createElement('a');
	link.href = address(`/calendar/events/${encodeURIComponent(event.id)}`, []);
	link.className = 'entry-link';
	link.draggable = false;
	const title = document.createElement('bdi');
	title.className = 'ec-event-title';
	title.textContent = event.title;
	link.append(title);
	if (timeText && !event.allDay) { // what is shorter has room for one line
		const time = document.createElement('span');
		time.className = 'ec-event-time';
		time.textContent = timeText;
		const brief = event.end - event.start < TWO_LINES_MS;
		link.append(brief ? ', ' : ' ', time);
		link.classList.toggle('brief', brief);
	}
	return { domNodes: [link] };
}

// The library calls its grid a table whose rows lack their cells. Days and events are told by their texts.
const attributes = ['role', 'aria-colindex', 'aria-rowindex', 'aria-colcount', 'aria-rowcount', 'aria-colspan', 'aria-rowspan'];
const notAsCalled = '[role=table], [role=row], [role=rowgroup], [role=cell], [role=columnheader], [role=rowheader], aside:not([role=none])';
function mendRoles(host) {
	for (const e of host.querySelectorAll(notAsCalled))
		if (e.tagName === 'ASIDE') e.setAttribute('role', 'none');
		else for (const name of attributes) e.removeAttribute(name);
}

function options(page) {
	const { host } = page, { date, today, view, firstDay } = host.dataset, tell = tellerOf(host.dataset);
	const weekday = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: 'short' });
	const create = (values) => location.assign(page.address('/calendar/new', values));
	const drag = (begins) => () => { if (begins) page.busy = true; else setTimeout(() => { page.busy = false; }, 50); };
	const moved = async (info) => {
		const { event } = info;
		const done = await page.move({ id: event.id, ...event.extendedProps, allDay: event.allDay, start: wallOf(event.start, event.allDay), end: wallOf(event.end ?? event.start, event.allDay) });
		if (!done) info.revert();
	};
	return {
		view: view === 'week' ? 'timeGridWeek' : 'timeGridDay', date, firstDay: Number(firstDay), locale: document.documentElement.lang, height: '100%',
		headerToolbar: { start: '', center: '', end: '' }, scrollTime: SCROLLED_TO, nowIndicator: clocksAgree(host.dataset.now), highlightedDates: [today], slotHeight: 28,
		editable: true, selectable: true, slotEventOverlap: false, eventStartEditable: true, eventDurationEditable: true,
		eventTimeFormat: (start, end) => end && start - end ? `${tell.clock(start)}–${tell.clock(end)}` : tell.clock(start),
		slotLabelFormat: tell.hour, allDayContent: document.getElementById('calendar-alert').dataset.allDay,
		dayHeaderFormat: (d) => `${weekday.format(d)} ${d.getDate()}`, eventContent: (info) => content(info, page),
		eventDragStart: drag(true), eventDragStop: drag(false), eventResizeStart: drag(true), eventResizeStop: drag(false),
		eventDrop: moved, eventResize: moved,
		dateClick: ({ date: at, allDay }) => {
			const end = new Date(+at + 3600000);
			create(allDay ? { date: dayOf(at), all_day: 1 } : { date: dayOf(at), start: clockOf(at), end: clockOf(end), end_date: dayOf(end) });
		},
		select: ({ start, end, allDay }) => create(allDay ? { date: dayOf(start), end_date: dayOf(new Date(+end - 1)), all_day: 1 }
			: { date: dayOf(start), start: clockOf(start), end_date: dayOf(end), end: clockOf(end) }),
	};
}

// Returns what reads the events anew and shows what became of them.
export async function grid(page) {
	const { host } = page, { library, librarySheet } = host.dataset;
	const [events] = await Promise.all([read(page), ...(window.EventCalendar ? [] : [added('script', { src: library }), added('link', { rel: 'stylesheet', href: librarySheet })])]);
	await frame();
	host.replaceChildren();
	host.classList.add('by-script');
	// What ends a drag is no click.
	const noClick = (event) => { if (page.busy) { event.preventDefault(); event.stopPropagation(); } };
	host.addEventListener('click', noClick, true);
	const calendar = window.EventCalendar.create(host, options(page));
	mendRoles(host);
	let asked = 0;
	const observer = new MutationObserver(() => { asked ||= requestAnimationFrame(() => { asked = 0; mendRoles(host); }); });
	observer.observe(host, { childList: true, subtree: true });
	page.leave = () => {
		observer.disconnect();
		host.removeEventListener('click', noClick, true);
		window.EventCalendar.destroy(calendar);
		host.classList.remove('by-script');
	};
	// In slices, so that whoever types or scrolls meanwhile is not kept waiting.
	const first = folded(events, page);
	for (const slice of slices(first)) {
		await frame();
		slice.forEach((e) => calendar.addEvent(shown(e)));
	}
	const as = new Map(first.map((e) => [e.id, JSON.stringify(e)]));
	let last = events;
	const show = () => {
		const now = folded(last, page), there = new Set(now.map((e) => e.id));
		for (const id of [...as.keys()].filter((known) => !there.has(known))) { calendar.removeEventById(id); as.delete(id); }
		for (const e of now) {
			const text = JSON.stringify(e);
			if (as.get(e.id) === text) continue;
			if (as.has(e.id)) calendar.updateEvent(shown(e));
			else calendar.addEvent(shown(e));
			as.set(e.id, text);
		}
	};
	const sized = () => { if (!page.busy) show(); };
	addEventListener('resize', sized);
	const { leave } = page;
	page.leave = () => { removeEventListener('resize', sized); leave(); };
	return async () => {
		last = await read(page);
		show();
	};
}
