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
	id: e.id, title: e.title, start: e.start, end: e.end, allDay: e.all_day, editable: !e.fixed,
	classNames: [e.hue, ...(e.cancelled ? ['cancelled'] : []), ...(e.tentative ? ['tentative'] : [])],
	extendedProps: { etag: e.etag, repeats: e.repeats },
});

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

function content({ event, timeText }, { address }) {
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
		editable: true, selectable: true, eventStartEditable: true, eventDurationEditable: true,
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
	for (const slice of slices(events)) {
		await frame();
		slice.forEach((e) => calendar.addEvent(shown(e)));
	}
	const as = new Map(events.map((e) => [e.id, JSON.stringify(e)]));
	return async () => {
		const now = await read(page), there = new Set(now.map((e) => e.id));
		for (const id of [...as.keys()].filter((known) => !there.has(known))) { calendar.removeEventById(id); as.delete(id); }
		for (const e of now) {
			const text = JSON.stringify(e);
			if (as.get(e.id) === text) continue;
			if (as.has(e.id)) calendar.updateEvent(shown(e));
			else calendar.addEvent(shown(e));
			as.set(e.id, text);
		}
	};
}
