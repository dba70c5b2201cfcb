// The worker's own documentation of its routes: valid OpenAPI 3.1, complete, and as it answers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
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

/** What the field tables say, by METHOD and path. */
async function tables() {
  const rows = JSON.parse((await run(WORKER, ['--routes=json'])).stdout);
  return rows.flatMap((row) => row.methods.map((method) => [`${method} ${row.path}`, row]));
}

const TYPES = { text: 'string', bytes: 'string', int: 'integer', bool: 'boolean', uuid: 'string', choice: 'string', amount: 'string', decimal: 'string', currency: 'string', object: 'object', list: 'array' };

test('types, bounds and choices are those of the field tables', async () => {
  const byName = new Map(operations().map(([method, route, operation]) => [`${method} ${route}`, operation]));
  let fields = 0, required = 0, longest = 0, choices = 0;
  for (const [name, row] of await tables()) {
    const operation = byName.get(name);
    const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
    for (const field of row.fields) {
      const parameter = operation.parameters.find((one) => one.name === field.name);
      const schema = body?.properties[field.name] ?? parameter?.schema;
      assert.ok(schema, `${name}: ${field.name}`);
      const named = parameter ? parameter.required : body.required?.includes(field.name) ?? false;
      assert.equal(named, field.required && field.type !== 'amount', `${name}: ${field.name} required`);
      if (TYPES[field.type]) assert.equal(schema.type, TYPES[field.type], `${name}: ${field.name}`);
      else assert.deepEqual(schema.type, ['integer', 'string'], `${name}: ${field.name}`);
      if (field.type === 'text') assert.equal(schema.maxLength, field.max, `${name}: ${field.name}`);
      if (field.type === 'int' && field.max) assert.equal(schema.maximum, field.max, `${name}: ${field.name}`);
      if (field.type === 'uuid') assert.equal(schema.format, 'uuid', `${name}: ${field.name}`);
      if (field.choices) assert.deepEqual(schema.enum, field.choices, `${name}: ${field.name}`);
      fields++;
      required += field.required;
      longest += schema.maxLength !== undefined;
      choices += schema.enum !== undefined;
    }
  }
  assert.ok(fields > 60 && required > 20 && longest > 15 && choices > 8, `${fields} ${required} ${longest} ${choices}`);
});

test('each operation says which changes are named by their caller', async () => {
  const byName = new Map(operations().map(([method, route, operation]) => [`${method} ${route}`, operation]));
  for (const [name, row] of await tables()) {
    const header = byName.get(name).parameters.find((one) => one.in === 'header' && one.name === 'Idempotency-Key');
    assert.equal(header?.required ?? false, row.needs_key, name);
  }
});

test('a validator takes and refuses by the schemas what the worker does', () => {
  const ajv = new Ajv({ strict: false, validateFormats: true });
  addFormats(ajv);
  const schema = (route, type) => ajv.compile(document.paths[route].post.requestBody.content[type].schema);
  for (const route of Object.keys(document.paths))
    for (const { requestBody } of Object.values(document.paths[route]))
      for (const { schema: one } of Object.values(requestBody?.content ?? {})) ajv.compile(one);
  const create = schema('/api/1/generic/merchant/order/create', 'application/x-www-form-urlencoded');
  const order = { currency: 'USD', return_success: 'https://shop.example/', amount: '1.50' };
  assert.equal(create(order), true, JSON.stringify(create.errors));
  assert.equal(create({ ...order, amount: undefined, amount_int: '150' }), true, 'smallest units alone');
  for (const [words, change] of Object.entries({
    'no currency': { currency: undefined }, 'no amount': { amount: undefined }, 'a sign': { amount: '-1' },
    'units with a point': { amount_int: '1.5' }, 'too soon': { expires: 59 }, 'no boolean': { email: 'perhaps' },
    'nothing to return to': { return_success: '' }, 'too long': { description: 'x'.repeat(5000) },
  })) assert.equal(create(JSON.parse(JSON.stringify({ ...order, ...change }))), false, words);
  const cancel = schema('/api/1/{market}/order/cancel', 'application/x-www-form-urlencoded');
  assert.deepEqual([{ oid: EXAMPLE }, { order: EXAMPLE }, {}, { oid: '1' }].map((one) => cancel(one)), [true, true, false, false], 'one of two names');
});

test('each operation is there: neither 404 for the path nor 405 for the method', async () => {
  for (const [method, route, operation] of operations()) {
    const reply = await stack.request(method, route.replaceAll(/\{\w+\}/g, EXAMPLE));
    const token = reply.json?.token ?? reply.json?.error_id ?? reply.json?.error;
    assert.ok(reply.status !== 405 && token !== 'unknown_method', `${method} ${route}: ${reply.status} ${reply.text}`);
    if (!operation.security.length) continue;
    // The desk says in its body what goes wrong, always with status 200.
    const refused = route.startsWith('/api/userapi/') ? reply.json?.error === 1 && reply.status === 200 : [401, 403].includes(reply.status);
    assert.ok(refused, `${method} ${route}: ${reply.status} ${reply.text} without a caller`);
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
