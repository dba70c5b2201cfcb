// The worker's own documentation of its routes: valid OpenAPI 3.1, complete, and as it answers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { closeConnections, stack } from '../support/teller.mjs';

const run = promisify(execFile);
const WORKER = path.join(path.dirname(stack.tellerctl), 'teller-worker');
const EXAMPLE = '019a9d6e-0000-7000-8000-000000000000';

let document;
before(async () => { document = JSON.parse((await run(WORKER, ['--routes=openapi'])).stdout); });
after(closeConnections);

/** Every operation: [METHOD, path, operation]. */
const operations = () => Object.entries(document.paths).flatMap(([route, methods]) =>
  Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), route, operation]));

test('valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
  assert.match(document.openapi, /^3\.1\./);
  assert.equal((await new Validator().validate({ ...structuredClone(document), paths: { x: {} } })).valid, false, 'the validator looks');
});

test('each operation says what it does, who may call it and what it takes', () => {
  assert.ok(operations().length > 20);
  for (const [method, route, operation] of operations()) {
    const name = `${method} ${route}`;
    assert.match(operation.summary ?? '', /^[A-Z].+\.$/, name);
    assert.equal(operation.tags.length, 1, name);
    assert.ok(Array.isArray(operation.security), name);
    for (const use of operation.security)
      for (const scheme of Object.keys(use)) assert.ok(document.components.securitySchemes[scheme], `${name}: ${scheme}`);
    const captured = [...route.matchAll(/\{(\w+)\}/g)].map(([, one]) => one);
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    assert.deepEqual(inPath.map((parameter) => parameter.name), captured, name);
    for (const parameter of inPath) assert.equal(parameter.required, true, name);
  }
});

test('each operation is there: neither 404 for the path nor 405 for the method', async () => {
  for (const [method, route, operation] of operations()) {
    const reply = await stack.request(method, route.replaceAll(/\{\w+\}/g, EXAMPLE));
    const token = reply.json?.token ?? reply.json?.error_id ?? reply.json?.error;
    assert.ok(reply.status !== 405 && token !== 'unknown_method', `${method} ${route}: ${reply.status} ${reply.text}`);
    if (operation.security.length) assert.ok([401, 403].includes(reply.status), `${method} ${route}: ${reply.status} without a caller`);
  }
});

test('the table has the same routes', async () => {
  const { stdout } = await run(WORKER, ['--routes']);
  for (const [method, route, { summary }] of operations())
    assert.ok(stdout.split('\n').some((line) => line.includes(` ${route} `) && line.includes(method) && line.includes(summary)), `${method} ${route}`);
});

test('another form is refused', async () => {
  await assert.rejects(run(WORKER, ['--routes=html']), { code: 2 });
});
