// SPDX-License-Identifier: Apache-2.0
// The calendar's views as they are used by hand: drag to move, drag an edge to resize, press on days to create. What is shown
// changes as it changes. A month, an agenda and all views on phones stay as the server drew them, and are drawn anew by it; week
// and day become a grid (calendar_grid.js), which is fetched when the page has been painted; not where more
// happens than a grid could show.
const host = document.getElementById('calendar');
const { view, csrf } = host.dataset;
const query = new URLSearchParams(location.search);
const alertBox = document.getElementById('calendar-alert');
const page = { host, query, address, tell, move, busy: false, refresh };

// The query of another address about the same world.
function address(path, values) {
	const to = new URLSearchParams(values);
	if (query.get('mode') === 'test') to.set('mode', 'test');
	return `${path}?${to}`;
}

function tell(message) {
	alertBox.textContent = message;
	alertBox.hidden = !message;
}

// ---- moving ----

const dialog = document.getElementById('scope');

// Of a series: this one, those that follow, or all. Empty: none.
function askScope() {
	dialog.returnValue = '';
	dialog.showModal();
	return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue), { once: true }));
}

// To where `start` and `end` say, as the clock of the page has them; false: it stays where it was.
async function move({ id, etag, repeats, allDay, start, end }) {
	const scope = repeats ? await askScope() : 'this';
	if (!scope) return false;
	tell('');
	const body = new URLSearchParams({ csrf, scope, etag, all_day: allDay ? '1' : '', start, end });
	if (query.get('mode') === 'test') body.set('mode', 'test');
	const reply = await fetch(`/calendar/events/${encodeURIComponent(id)}/move`, { method: 'POST', body }).catch(() => null);
	if (!reply?.ok) {
		const told = reply && await reply.json().catch(() => null);
		tell(told?.message ?? alertBox.dataset.failed);
	}
	refresh();
	return Boolean(reply?.ok);
}

// ---- a month ----

const DAY_MS = 86400000;
const daysOf = (text) => Date.parse(`${text.slice(0, 10)}T00:00:00Z`) / DAY_MS;
const dayAfter = (text, days) => new Date((daysOf(text) + days) * DAY_MS).toISOString().slice(0, 10) + text.slice(10);
const cellAt = ({ clientX, clientY }) => document.elementsFromPoint(clientX, clientY).find((e) => e.matches('#calendar td[data-date]'));
const dateAt = (event) => cellAt(event)?.dataset.date;

// The days that a hand is over, from one to the other.
function mark(from, to) {
	const [first, last] = from <= to ? [from, to] : [to, from];
	for (const cell of host.querySelectorAll('td[data-date]'))
		cell.classList.toggle('over', Boolean(from && to) && first <= cell.dataset.date && cell.dataset.date <= last);
}

async function shift(link, start, end) {
	const { id, etag } = link.dataset;
	if (start === link.dataset.start && end === link.dataset.end) return;
	link.classList.add('moving');
	if (!await move({ id, etag, repeats: 'repeats' in link.dataset, allDay: start.length === 10, start, end })) link.classList.remove('moving');
}

// An event goes with the browser's own drag and drop, so it keeps its time and its length, and Escape ends it.
function dragEvents() {
	let dragged = null, from = null;
	host.addEventListener('dragstart', (event) => {
		const link = event.target.closest?.('a.entry');
		if (!link?.dataset.etag) return event.preventDefault();
		[dragged, from, page.busy] = [link, dateAt(event) ?? link.closest('td').dataset.date, true];
		event.dataTransfer.effectAllowed = 'move';
	});
	host.addEventListener('dragover', (event) => {
		const to = dragged && dateAt(event);
		if (!to) return;
		event.preventDefault();
		const days = daysOf(to) - daysOf(from);
		const { start, end } = dragged.dataset;
		mark(dayAfter(start, days).slice(0, 10), dayAfter(end, days - (/T/.test(end) ? 0 : 1)).slice(0, 10));
	});
	host.addEventListener('drop', (event) => {
		const to = dragged && dateAt(event);
		if (!to) return;
		event.preventDefault();
		const days = daysOf(to) - daysOf(from);
		shift(dragged, dayAfter(dragged.dataset.start, days), dayAfter(dragged.dataset.end, days));
	});
	host.addEventListener('dragend', () => { mark(); dragged = null; page.busy = false; });
}

// The end of a bar goes from day to day, and never before its beginning.
function dragEdges() {
	let link = null, end = null;
	host.addEventListener('pointerdown', (event) => {
		if (!event.target.matches('.edge') || event.button) return;
		event.preventDefault(); // no drag of the link
		event.target.setPointerCapture(event.pointerId);
		link = event.target.closest('a.entry');
		[end, page.busy] = [link.dataset.end, true];
	});
	host.addEventListener('pointermove', (event) => {
		const over = link && dateAt(event);
		if (!over) return;
		const { start, end: was } = link.dataset, after = dayAfter(over, /T/.test(was) ? 0 : 1) + was.slice(10);
		if (after > start) end = after;
		mark(start.slice(0, 10), dayAfter(end, /T/.test(was) ? 0 : -1).slice(0, 10));
	});
	const done = (event) => {
		if (!link) return;
		if (event.type === 'pointerup') shift(link, link.dataset.start, end);
		mark();
		[link, page.busy] = [null, false];
	};
	host.addEventListener('pointerup', done);
	host.addEventListener('pointercancel', done);
	host.addEventListener('click', (event) => { if (event.target.matches('.edge')) event.preventDefault(); });
}

// A press on the free part of a day makes an event there, and a drag over days one of all of them.
function pressDays() {
	let from = null;
	host.addEventListener('pointerdown', (event) => {
		from = !event.button && event.target.closest('td[data-date]') && !event.target.closest('a') ? dateAt(event) : null;
	});
	host.addEventListener('pointermove', (event) => { if (from && event.buttons && event.pointerType === 'mouse' && dateAt(event) !== from) mark(from, dateAt(event)); });
	host.addEventListener('pointerup', (event) => {
		const to = from && dateAt(event);
		if (!to || (event.pointerType !== 'mouse' && to !== from)) return;
		const [date, last] = from <= to ? [from, to] : [to, from];
		location.assign(address('/calendar/new', date === last ? { date } : { date, end_date: last, all_day: 1 }));
	});
	host.addEventListener('pointercancel', () => { from = null; mark(); });
}

// ---- as it happens ----

// The server's own drawing of this address once more; the focus stays on what it is on.
async function redraw() {
	const reply = await fetch(location.href);
	if (reply.redirected && new URL(reply.url).pathname !== location.pathname) return location.reload();
	const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html').getElementById('calendar');
	if (page.busy) return refresh(); // taken into a hand while the answer came: what is dragged must stay there to end
	const focused = host.contains(document.activeElement) && document.activeElement.getAttribute('href');
	if (fresh) host.replaceChildren(...fresh.childNodes);
	if (focused) host.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

let waiting = 0, growing = false, anew = redraw;
function refresh() {
	clearTimeout(waiting);
	waiting = setTimeout(() => {
		if (page.busy || growing) refresh(); // not under somebody's hand
		else anew();
	}, 150);
}

let stream = null, heard = false;
function listen() {
	stream = new EventSource(address('/calendar/stream', []));
	for (const kind of ['change', 'resync', 'calendar_removed']) stream.addEventListener(kind, refresh);
	stream.addEventListener('ready', () => { if (heard) refresh(); heard = true; });
	stream.addEventListener('end', ({ data }) => { if (/credential/.test(data)) stream.close(); });
}

// When the server's drawing has been seen.
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

async function grow() {
	growing = true;
	try {
		await painted();
		const { grid } = await import(host.dataset.grid);
		anew = await grid(page);
	} finally {
		growing = false;
	}
	fit();
}

// A week has no room for a grid on a phone, and has it again when that is turned.
const narrow = matchMedia('(max-width: 44rem)');
function fit() {
	if (growing || view !== 'week' || narrow.matches !== Boolean(page.leave)) return;
	if (!narrow.matches) return grow();
	page.leave();
	page.leave = null;
	anew = redraw;
	redraw();
}

if (view === 'month') {
	dragEvents();
	dragEdges();
	pressDays();
} else if (host.dataset.grid) {
	narrow.addEventListener('change', fit);
	if (view === 'day' || !narrow.matches) grow();
}
listen();
addEventListener('pagehide', () => stream.close());
addEventListener('pageshow', ({ persisted }) => { if (persisted) { listen(); refresh(); } });
