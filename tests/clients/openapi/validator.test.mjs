// SPDX-License-Identifier: Apache-2.0
// A validator of others has nothing to say against the API's document, as a server hands it out (OpenAPI 3.1.0).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openWorld } from '../support/world.mjs';

let world, document;

before(async () => {
	world = await openWorld();
	document = await (await fetch(`${world.url}/openapi.json`)).json();
});

after(() => world?.close());

async function judge(text) {
	const validator = new Validator();
	const { valid, errors } = await validator.validate(structuredClone(text));
	if (valid) validator.resolveRefs(); // throws where a reference leads nowhere
	return { valid, errors, version: validator.version };
}

test('the document is valid, and each reference leads to something', async () => {
	const { valid, errors, version } = await judge(document);
	assert.ok(valid, JSON.stringify(errors, null, 1));
	assert.equal(version, '3.1');
});

test('the validator would notice', async () => {
	const operation = Object.values(Object.values(document.paths)[0])[0];
	const without = structuredClone(document);
	delete Object.values(Object.values(without.paths)[0])[0].responses;
	Object.values(Object.values(without.paths)[0])[0].parameters = [{ name: 'x' }];
	assert.ok(operation.responses);
	assert.equal((await judge(without)).valid, false);
});
