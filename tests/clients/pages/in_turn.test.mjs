// SPDX-License-Identifier: Apache-2.0
// inTurn() of support/judge.mjs: no state is without axe-core, and no combination without a state.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTurn } from '../support/judge.mjs';

const wide = [[360, 'light'], [1280, 'dark'], [360, 'dark'], [1280, 'light']];
const states = Array.from({ length: 10 }, (_, i) => `state ${i}`);
const walked = () => inTurn(wide).map(([width, colours, judge]) => [width, colours, states.filter(judge.sees)]);

test('each state has its turn in one combination, and each combination has states', { skip: Boolean(process.env.SHOTS) }, () => {
	const before = process.env.CALENDS_TESTS;
	delete process.env.CALENDS_TESTS;
	const turns = walked();
	assert.deepEqual(turns.map(([width, colours]) => [width, colours]), wide);
	assert.deepEqual(turns.flatMap(([, , seen]) => seen).sort(), [...states].sort());
	assert.ok(turns.every(([, , seen]) => seen.length >= 2), JSON.stringify(turns));
	process.env.CALENDS_TESTS = 'whole';
	assert.ok(walked().every(([, , seen]) => seen.length === states.length));
	if (before === undefined) delete process.env.CALENDS_TESTS;
	else process.env.CALENDS_TESTS = before;
});
