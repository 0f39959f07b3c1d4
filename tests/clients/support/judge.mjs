// SPDX-License-Identifier: Apache-2.0
// What every page must be: accessible (axe-core, WCAG 2.2 AA), not wider than the window, with targets that a thumb finds.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { after } from 'node:test';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// With SHOTS a picture of it is kept in that folder, to be looked at; { one: true } keeps a small one where SHOTS_ONE says.
export async function shoot(page, name, { one } = {}) {
	const folder = one ? process.env.SHOTS_ONE : process.env.SHOTS;
	if (!folder) return;
	const { width } = page.viewportSize();
	const scheme = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
	const file = name.replace(/\/oauth\/authorize.*/, 'authorize').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'home';
	await page.screenshot({ path: join(folder, `${file}-${width}-${scheme}.${one ? 'jpg' : 'png'}`), fullPage: true, ...(one ? { type: 'jpeg', quality: 50 } : {}) });
}

// What axe-core finds wrong, a line each.
export async function axeFinds(page) {
	if (!await page.evaluate(() => window.axe)) await page.evaluate(axe);
	const violations = await page.evaluate(() => window.axe.run(document, {
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'],
	}).then((found) => found.violations));
	return violations.map((v) => `${v.id} ${v.nodes.map((n) => n.target.join(' '))}`);
}

export async function tooSmall(page) {
	const small = await page.evaluate(() => { // where a mouse points, the rows of the sidebar stand closer (WCAG 2.2, 2.5.8 wants 24)
		const least = (e) => e.closest('.side') && innerWidth > 960 && matchMedia('(pointer: fine)').matches ? 32 : 44;
		return [...document.querySelectorAll('button, .button, nav a, input:not([type=hidden], [type=radio], [type=checkbox], .unseen), select')]
			.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < least(e)).map((e) => e.outerHTML.slice(0, 80));
	});
	return small.map((e) => `too small for a thumb: ${e}`);
}

export async function judge(page, name) {
	await shoot(page, name);
	assert.deepEqual((await axeFinds(page)).map((f) => `${name}: ${f}`), []);
	await holds(page, name);
}

async function holds(page, name) {
	assert.deepEqual((await tooSmall(page)).map((f) => `${name}: ${f}`), []);
	const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.ok(wider <= 0, `${name} is ${wider} pixels wider than the window`);
}

// A walk of the same states in several combinations (of width and colours, say): each combination with a judge of its own as its last.
// axe-core takes most of a walk's time, so it sees each state in one combination, in turn, which has a share of states then; and
// all in all of them where CALENDS_TESTS=whole, or pictures are asked for. What else judge() asks is asked each time. `sees(name)`:
// is it the turn of that state? A page that is only opened to be judged need not be opened otherwise.
export function inTurn(combinations) {
	const whole = process.env.CALENDS_TESTS === 'whole' || Boolean(process.env.SHOTS);
	const states = new Map(), walked = new Set(), judged = new Set(); // a state has the number in whose turn it is
	after(() => {
		if (walked.size === combinations.length) assert.deepEqual([...states.keys()].filter((name) => !judged.has(name)), [], 'never seen by axe-core');
	});
	return combinations.map((combination, k) => {
		const sees = (name) => {
			walked.add(k);
			if (!states.has(name)) states.set(name, states.size);
			const turn = whole || states.get(name) % combinations.length === k;
			if (turn) judged.add(name);
			return turn;
		};
		const own = (page, name) => (sees(name) ? judge(page, name) : holds(page, name));
		return [...combination, Object.assign(own, { sees })];
	});
}

// In the page: what sticks out of the window, how far the page is wider, how many names run over the buttons beside them.
export function overflowing() {
	const right = document.documentElement.clientWidth;
	const sticksOut = (e) => e.getBoundingClientRect().right > right + 1 || e.getBoundingClientRect().left < -1;
	const runsOver = (row) => {
		const [text, side] = [row.querySelector('h2'), row.querySelector('.row-side')].map((e) => e?.getBoundingClientRect());
		return side && text.right > side.left + 1 && text.bottom > side.top && text.top < side.bottom;
	};
	// Heads that are there for readers alone; and what is cut where all can be scrolled to, or with an ellipsis.
	const hidden = (e) => { const head = e.closest('thead'); return head && getComputedStyle(head).position === 'absolute'; };
	const cut = (e) => {
		for (let a = e.parentElement; a !== document.body; a = a.parentElement) {
			const { overflowX, textOverflow } = getComputedStyle(a);
			if ((/auto|scroll/.test(overflowX) || (overflowX === 'hidden' && textOverflow === 'ellipsis')) && !sticksOut(a)) return true;
		}
		return false;
	};
	return {
		wide: [...document.querySelectorAll('body *')].filter((e) => sticksOut(e) && e.checkVisibility() && !e.closest('.skip, svg, .unseen') && !hidden(e) && !cut(e))
			.map((e) => e.outerHTML.slice(0, 60)),
		page: Math.max(0, document.documentElement.scrollWidth - right),
		over: [...document.querySelectorAll('.row')].filter(runsOver).length,
	};
}

// By the Tab key alone to the first of `selector` with this text: as far as hands would go, and what has the focus is seen.
export async function tabTo(page, selector, text = '') {
	for (let i = 0; i < 120; i++) {
		await page.keyboard.press('Tab');
		const there = await page.evaluate(([wanted, words]) => {
			const e = document.activeElement;
			return e.matches(wanted) && (e.textContent + (e.getAttribute('aria-label') ?? '')).includes(words) && (getComputedStyle(e).outlineStyle !== 'none' || 'unseen');
		}, [selector, text]);
		if (there) return assert.equal(there, true, `${selector} has the focus, and it is not seen`);
	}
	assert.fail(`Tab does not lead to ${selector} ${text}`);
}
