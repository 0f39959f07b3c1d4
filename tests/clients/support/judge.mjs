// SPDX-License-Identifier: Apache-2.0
// What every page must be: accessible (axe-core, WCAG 2.2 AA), not wider than the window, with targets that a thumb finds.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// With SHOTS a picture of it is kept in that folder, to be looked at.
export async function shoot(page, name) {
	if (!process.env.SHOTS) return;
	const { width } = page.viewportSize();
	const scheme = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
	const file = name.replace(/\/oauth\/authorize.*/, 'authorize').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'home';
	await page.screenshot({ path: join(process.env.SHOTS, `${file}-${width}-${scheme}.png`), fullPage: true });
}

export async function judge(page, name) {
	await shoot(page, name);
	await page.evaluate(axe);
	const violations = await page.evaluate(() => window.axe.run(document, {
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'],
	}).then((found) => found.violations));
	assert.deepEqual(violations.map((v) => `${name}: ${v.id} ${v.nodes.map((n) => n.target.join(' '))}`), []);
	const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.ok(wider <= 0, `${name} is ${wider} pixels wider than the window`);
	const small = await page.evaluate(() => [...document.querySelectorAll('button, .button, nav a, input:not([type=hidden], [type=radio], [type=checkbox], .unseen), select')]
		.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML.slice(0, 80)));
	assert.deepEqual(small, [], `${name}: targets are at least 44 pixels high`);
}
