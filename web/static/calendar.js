// SPDX-License-Identifier: Apache-2.0
// The calendar's views with Event Calendar: drag to move, drag an edge to resize, click to create. What is shown changes as
// it changes. Without this script the page is the server's; on phones month, week and agenda stay so, and are drawn anew by it.
const host = document.getElementById('calendar');
const { view, date, csrf, today } = host.dataset;
const query = new URLSearchParams(location.search);
const narrow = matchMedia('(max-width: 44rem)').matches;
const kinds = { month: 'dayGridMonth', week: 'timeGridWeek', day: 'timeGridDay' };
const alertBox = document.getElementById('calendar-alert');

const two = (n) => String(n).padStart(2, '0');
const dayOf = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
const clockOf = (d) => `${two(d.getHours())}:${two(d.getMinutes())}`;
const wallOf = (d, allDay) => allDay ? dayOf(d) : `${dayOf(d)}T${clockOf(d)}:${two(d.getSeconds())}`;

// The query of another address about the same world and calendars.
function address(path, values) {
	const to = new URLSearchParams(values);
	if (query.get('mode') === 'test') to.set('mode', 'test');
	return `${path}?${to}`;
}

function tell(message) {
	alertBox.textContent = message;
	alertBox.hidden = !message;
}

// ---- events ----

const shown = (e) => ({
	id: e.id, title: e.title, start: e.start, end: e.end, allDay: e.all_day, editable: !e.fixed,
	classNames: [e.hue, ...(e.cancelled ? ['cancelled'] : []), ...(e.tentative ? ['tentative'] : [])],
	extendedProps: { etag: e.etag, repeats: e.repeats },
});

async function load(range) {
	const url = address('/calendar/feed', [['from', dayOf(range.start)], ['to', dayOf(range.end)], ...query.getAll('off').map((id) => ['off', id])]);
	const reply = await fetch(url, { headers: { Accept: 'application/json' } });
	if (reply.redirected) location.reload(); // signed out
	if (!reply.ok) throw new Error(reply.status);
	const events = (await reply.json()).events.map(shown);
	return view === 'month' ? folded(events, range) : events;
}

const LANES = 3; // of a day in a month, as the server's own drawing has them
const DAY_MS = 86400000;
const midnight = (text) => Date.UTC(...text.slice(0, 10).split('-').map((n, i) => n - (i === 1)));

// Of a day that has more than a few, those that have room, and behind them how many others there are. The library measures
// each event that it may have to hide, which takes minutes where there are a thousand.
function folded(events, range) {
	const taken = new Map(), hidden = new Map(), first = midnight(dayOf(range.start)), after = midnight(dayOf(range.end));
	const days = ({ start, end, allDay }) => {
		const from = midnight(start), to = Math.max(from, midnight(end) - (allDay || /T00:00:00$/.test(end) ? DAY_MS : 0));
		return Array.from({ length: (to - from) / DAY_MS + 1 }, (_, i) => from + i * DAY_MS).filter((day) => day >= first && day < after);
	};
	const lasts = (e) => e.allDay || midnight(e.end) - midnight(e.start) > DAY_MS;
	const kept = [...events.filter(lasts), ...events.filter((e) => !lasts(e))].filter((e) => {
		const on = days(e), fits = on.every((day) => (taken.get(day) ?? 0) < LANES), count = fits ? taken : hidden;
		for (const day of on) count.set(day, (count.get(day) ?? 0) + 1);
		return fits;
	});
	for (const [day, count] of hidden) {
		const on = new Date(day).toISOString().slice(0, 10);
		kept.push({ id: `more-${on}`, title: alertBox.dataset.more.replace('{n}', count), start: `${on}T23:59:58`, end: `${on}T23:59:59`,
			allDay: false, editable: false, classNames: ['more-link'], extendedProps: { day: on } });
	}
	return kept;
}

// ---- moving ----

const dialog = document.getElementById('scope');

// Of a series: this one, those that follow, or all. Empty: none.
function askScope() {
	dialog.returnValue = '';
	dialog.showModal();
	return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue), { once: true }));
}

async function moved(info) {
	const { event } = info;
	const scope = event.extendedProps.repeats ? await askScope() : 'this';
	if (!scope) return info.revert();
	tell('');
	const end = event.end ?? event.start;
	const body = new URLSearchParams({
		csrf, scope, etag: event.extendedProps.etag, all_day: event.allDay ? '1' : '',
		start: wallOf(event.start, event.allDay), end: wallOf(end, event.allDay),
	});
	if (query.get('mode') === 'test') body.set('mode', 'test');
	const reply = await fetch(`/calendar/events/${encodeURIComponent(event.id)}/move`, { method: 'POST', body }).catch(() => null);
	if (!reply?.ok) {
		info.revert();
		const told = reply && await reply.json().catch(() => null);
		tell(told?.message ?? alertBox.dataset.failed);
	}
	refresh();
}

// ---- the views ----

let calendar = null, dragging = false;
const weekday = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: 'short' });

// A link, as the server's own drawing has it, so that keys, the middle button and screen readers do as everywhere.
function content({ event, timeText }) {
	const link = document.createElement('a');
	const { day } = event.extendedProps; // of how many there are besides
	link.href = day ? address('/calendar', [['view', 'day'], ['date', day], ...query.getAll('off').map((id) => ['off', id])])
		: address(`/calendar/events/${encodeURIComponent(event.id)}`, []);
	link.className = 'entry-link';
	link.draggable = false;
	if (timeText && !day && !event.allDay && (view !== 'month' || dayOf(event.start) === dayOf(new Date(event.end - 1)))) {
		const time = document.createElement('span');
		time.className = 'ec-event-time';
		time.textContent = timeText;
		link.append(time, ' ');
	}
	const title = document.createElement('bdi');
	title.className = 'ec-event-title';
	title.textContent = event.title;
	link.append(title);
	return { domNodes: [link] };
}

// The library calls its grid a table whose rows lack their cells. Days and events are told by their texts.
const grid = ['role', 'aria-colindex', 'aria-rowindex', 'aria-colcount', 'aria-rowcount', 'aria-colspan', 'aria-rowspan'];
const notAsCalled = '[role=table], [role=row], [role=rowgroup], [role=cell], [role=columnheader], [role=rowheader], aside:not([role=none])';
function mendRoles() {
	for (const e of host.querySelectorAll(notAsCalled))
		if (e.tagName === 'ASIDE') e.setAttribute('role', 'none');
		else for (const name of grid) e.removeAttribute(name);
}

const drag = (begins) => () => { if (begins) dragging = true; else setTimeout(() => { dragging = false; }, 50); };
// What ends a drag is no click.
host.addEventListener('click', (event) => { if (dragging) { event.preventDefault(); event.stopPropagation(); } }, true);

function mount() {
	const height = view === 'month' ? `${host.offsetHeight}px` : null;
	if (height) host.style.minHeight = height; // what is below stays where it is
	host.replaceChildren();
	host.classList.add('by-script');
	calendar = EventCalendar.create(host, {
		view: kinds[view], date, firstDay: 1, locale: document.documentElement.lang, height: height ?? '100%',
		headerToolbar: { start: '', center: '', end: '' }, scrollTime: '08:00:00',
		highlightedDates: [today], slotHeight: 28, eventSources: [{ events: load }],
		editable: true, selectable: true, eventStartEditable: true, eventDurationEditable: true,
		eventTimeFormat: (start, end) => end && start - end && view !== 'month' ? `${clockOf(start)}–${clockOf(end)}` : clockOf(start),
		slotLabelFormat: clockOf, allDayContent: alertBox.dataset.allDay,
		dayHeaderFormat: (d) => view === 'month' ? weekday.format(d) : `${weekday.format(d)} ${d.getDate()}`,
		eventContent: content, eventDragStart: drag(true), eventDragStop: drag(false), eventResizeStart: drag(true), eventResizeStop: drag(false),
		eventDrop: moved, eventResize: moved,
		dateClick: ({ date: at, allDay }) => location.assign(address('/calendar/new', allDay ? { date: dayOf(at), ...(view === 'month' ? {} : { all_day: 1 }) }
			: { date: dayOf(at), start: clockOf(at), end: clockOf(new Date(+at + 3600000)), end_date: dayOf(new Date(+at + 3600000)) })),
		select: ({ start, end, allDay }) => location.assign(address('/calendar/new', allDay
			? { date: dayOf(start), end_date: dayOf(new Date(+end - 1)), all_day: 1 }
			: { date: dayOf(start), start: clockOf(start), end_date: dayOf(end), end: clockOf(end) })),
	});
	mendRoles();
	let asked = 0;
	new MutationObserver(() => { asked ||= requestAnimationFrame(() => { asked = 0; mendRoles(); }); }).observe(host, { childList: true, subtree: true });
}

// The server's own drawing of this address once more.
async function redraw() {
	const reply = await fetch(location.href);
	if (reply.redirected && new URL(reply.url).pathname !== location.pathname) return location.reload();
	const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html').getElementById('calendar');
	if (fresh) host.replaceChildren(...fresh.childNodes);
}

let waiting = 0;
function refresh() {
	clearTimeout(waiting);
	waiting = setTimeout(() => {
		if (dragging) refresh(); // not under somebody's hand
		else if (calendar) calendar.refetchEvents();
		else redraw();
	}, 150);
}

// ---- as it happens ----

let stream = null, heard = false;
function listen() {
	stream = new EventSource(address('/calendar/stream', []));
	for (const kind of ['change', 'resync', 'calendar_removed']) stream.addEventListener(kind, refresh);
	stream.addEventListener('ready', () => { if (heard) refresh(); heard = true; });
	stream.addEventListener('end', ({ data }) => { if (/credential/.test(data)) stream.close(); });
}

if (kinds[view] && !(narrow && view !== 'day')) mount();
listen();
addEventListener('pagehide', () => stream.close());
addEventListener('pageshow', ({ persisted }) => { if (persisted) { listen(); refresh(); } });
