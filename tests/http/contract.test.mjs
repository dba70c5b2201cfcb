// Every route against its own row: each field missing, empty, twice, of the wrong type, over its cap, with
// letters beyond ASCII and with NUL; nobody, no right, the wrong method, another's object. What is sent is made
// from the rows (teller-worker --routes=json), straight to a worker's socket.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Desk } from '../support/desk.mjs';
import { SCOPES, WalletKey } from '../support/wallet.mjs';
import { FastCgi } from '../support/fastcgi.mjs';
import { closeConnections, sign, stack, tonce, unique } from '../support/teller.mjs';

const WORKER = path.join(path.dirname(stack.tellerctl), 'teller-worker');
const ALL_RIGHTS = 'get_info,trade,deposit,withdraw,merchant,partner';
const CALLERS = { v1: 'api key', site: 'session', desk: 'robot', wallet: 'token' };
const BEYOND = ['é', '\u{1f600}', 'ﬀ\u0301', '\u202e'];

const { stdout } = await promisify(execFile)(WORKER, ['--routes=json'], { maxBuffer: 1 << 24 });
const rows = JSON.parse(stdout);
const operations = rows.flatMap((row) => row.methods.map((method) => ({ ...row, method, name: `${method} ${row.path}` })));

let connection, key, poor, robot, viewer, poorViewer, ticket, calls = 0;
before(async () => {
  const user = await stack.user({ password: 'correct horse', funds: { USD: '1000' } });
  [key, poor] = [await stack.key(user.login, ALL_RIGHTS), await stack.key(user.login, 'deposit')];
  robot = await new Desk(stack).key();
  [viewer, poorViewer] = [await WalletKey.make(user), await WalletKey.make(user, ['View Order Information'])];
  ({ ticket } = await stack.signIn(user));
  connection = new FastCgi(path.join(stack.dir, 'worker.sock'));
});
after(async () => {
  connection.close();
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

/** A value that the field's type takes. */
function good({ type, name, min, max, choices, item }) {
  if (name === 'market') return 'BTCUSD';
  switch (type) {
    case 'text': return 'x'.repeat(Math.max(1, min));
    case 'bytes': return 'x'.repeat(Math.max(1, min));
    case 'int': return String(name === 'wait' ? 0 : max ? Math.max(min, Math.min(max, 300)) : Math.max(min, 300));
    case 'bool': return '1';
    case 'uuid': return randomUUID();
    case 'date': case 'until': return '2026-01-01';
    case 'currency': return 'USD';
    case 'choice': return choices[0];
    case 'amount': case 'decimal': return '1';
    case 'list': return [item.type === 'object' ? {} : name === 'rights' ? 'get_info' : name === 'networks' ? '127.0.0.1' : good(item)];
    default: throw new Error(`what is a good ${type}?`);
  }
}

/** Values that the type refuses, with the code of the refusal; null where that depends. */
function bad(field) {
  const { type, min, max, currency } = field;
  const later = type === 'amount' && currency === undefined;
  const wrong = {
    int: [['x', 'invalid_parameter'], ['1.5', 'invalid_parameter'], ['9'.repeat(30), 'out_of_range'], [String(min - 1), 'out_of_range']],
    bool: [['maybe', 'invalid_parameter'], ['2', 'invalid_parameter']],
    uuid: [['x', 'not_uuid'], [`${randomUUID()}x`, 'not_uuid']],
    date: [['x', 'not_date'], ['2026-02-30', 'not_date']],
    until: [['x', 'not_date']],
    currency: [['XXX', 'unknown_currency'], ['usd', 'unknown_currency']],
    choice: [['none of them', 'invalid_parameter']],
    amount: later ? [['x', null], ['-1', null]] : [['x', 'amount_format'], ['0', 'amount_not_positive'], ['-1', 'amount_not_positive'],
      ['+1', 'amount_format'], ['1,5', 'amount_format'], ['0.0000000001', 'amount_digits'], ['9'.repeat(60), 'amount_range']],
    list: [['x', 'invalid_parameter']],
  }[type] ?? [];
  if (type === 'text') wrong.push(['a\0b', 'not_utf8'], [Buffer.from([0xff]), 'not_utf8'], ['x'.repeat(max + 1), 'too_long'],
    ['\u{1f600}'.repeat(max + 1), 'too_long']);
  if (type === 'bytes' && max > 0) wrong.push(['x'.repeat(max + 1), 'too_long']);
  if (type === 'int' && max > 0) wrong.push([String(max + 1), 'out_of_range']);
  if (!['text', 'bytes', 'list'].includes(type)) wrong.push(['a\0b', null], ...BEYOND.map((text) => [text, null]));
  return wrong;
}

/** Values at the very ends of what the type takes: whatever comes of them, nothing breaks. */
function edges({ type, min, max }) {
  switch (type) {
    case 'text': return ['x'.repeat(max), '\u{1f600}'.repeat(max)];
    case 'bytes': return max > 0 ? [Buffer.alloc(max, 0xff)] : [];
    case 'int': return [String(min), max > 0 ? String(max) : '9223372036854775807'];
    case 'date': case 'until': return ['9999-12-31', '1970-01-01', '1969-12-31', '0001-01-01', '253402300799'];
    case 'amount': case 'decimal': return ['9'.repeat(30), '9'.repeat(38), `0.${'0'.repeat(17)}1`];
    default: return [];
  }
}

const encode = (value) => (Buffer.isBuffer(value) ? [...value] : [...Buffer.from(value)])
  .map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const formPairs = (pairs) => pairs.flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => [`${name}[]`, one]) : [[name, value]]))
  .map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');

/** JSON, also with a member twice, and with bytes that are no UTF-8. */
function jsonPairs(pairs) {
  const parts = pairs.map(([name, value]) => (Buffer.isBuffer(value)
    ? Buffer.concat([Buffer.from(`${JSON.stringify(name)}:"`), value, Buffer.from('"')])
    : Buffer.from(`${JSON.stringify(name)}:${JSON.stringify(value)}`)));
  return Buffer.concat([Buffer.from('{'), ...parts.flatMap((part, i) => (i > 0 ? [Buffer.from(','), part] : [part])), Buffer.from('}')]);
}

const isForm = (operation) => operation.caller === 'api key' || operation.face === 'v1' || operation.face === 'desk';
const hasBody = (operation) => operation.method === 'POST' || operation.method === 'PUT';

/** One call. `pairs` are its parameters in order, `captures` what stands in the path. */
async function call(operation, pairs, captures = {}, { as = operation.caller, method = operation.method, client = key, token = viewer, headers = {}, session = ticket } = {}) {
  const target = operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(captures[name] ?? (name === 'market' ? 'BTCUSD' : randomUUID())));
  const variables = { REQUEST_METHOD: method, REMOTE_ADDR: '127.0.0.1', HTTPS: 'on', REQUEST_ID: `contract-${++calls}`,
    ...(operation.needs_key ? { HTTP_IDEMPOTENCY_KEY: unique() } : {}), ...headers };
  let [query, body] = ['', ''];
  if (operation.caller === 'api key') body = formPairs([['tonce', String(tonce())], ...pairs]);
  else if (!hasBody(operation)) query = formPairs(pairs);
  else body = isForm(operation) ? formPairs(pairs) : jsonPairs(pairs);
  if (as === 'api key') Object.assign(variables, { HTTP_REST_KEY: client.key, HTTP_REST_SIGN: sign(client.secret, body) });
  if (as === 'robot') Object.assign(variables, { HTTP_API_LOGIN: robot.login, HTTP_API_KEY: robot.secret });
  if (as === 'token') variables.HTTP_AUTHORIZATION = `Bearer ${token.token()}`;
  if (as === 'session' || as === 'anybody') variables.HTTP_AUTHENTICATEIT_IDENTITY_TICKET = session;
  if (body.length > 0)
    variables.CONTENT_TYPE = isForm(operation) ? 'application/x-www-form-urlencoded' : 'application/json';
  const text = await connection.request({ ...variables, REQUEST_URI: target + (query ? `?${query}` : ''), QUERY_STRING: query,
    CONTENT_LENGTH: String(Buffer.byteLength(body)) }, body);
  const [, status, content] = /^Status: (\d+)[^]*?\r\n\r\n([^]*)$/.exec(text);
  let json;
  try { json = JSON.parse(content); } catch { json = undefined; }
  return { status: Number(status), text: content, json, code: json?.token ?? json?.error_id ?? json?.error };
}

/** The refusal is in the face's shape and no fault of ours; where `field` is given it names that. */
function check(name, operation, reply, code, field) {
  const what = `${name}: ${reply.status} ${reply.text}`;
  assert.ok(reply.status < 500, what);
  if (operation.face !== 'health') assert.notEqual(reply.json, undefined, what);
  if (operation.face === 'desk') assert.equal(reply.status, 200, what);
  if (code === undefined) return;
  if (operation.face === 'desk') {
    assert.equal(Number(reply.json.error), 3, what);
    if (reply.json.error_fields !== undefined) assert.ok(field in reply.json.error_fields, what);
    return;
  }
  if (operation.face === 'identity') {
    assert.ok(reply.json.error_id.startsWith('common-'), what);
    assert.deepEqual(reply.json.error_data, [field], what);
    return;
  }
  if (operation.face === 'wallet') {
    assert.deepEqual([reply.status, reply.json.code], [400, 10007], what);
    assert.ok(reply.json.message.startsWith(`Parameter error: "${field}" `), what);
    return;
  }
  assert.equal(reply.code, code, what);
  assert.ok(operation.face === 'v1' ? reply.json.error.includes(`"${field}"`) : reply.json.field === field, what);
}

const inParams = (operation) => operation.fields.filter((field) => field.place === 'params');
const capturesOf = (operation) => Object.fromEntries(operation.fields.filter((field) => field.place === 'path').map((field) => [field.name, good(field)]));

/** What a call needs that is right in all its fields; without those of a group that are not asked for. */
function needed(operation, beside) {
  const groups = new Set();
  return inParams(operation).filter((field) => {
    if (field === beside) return false;
    if (field.one_of && field.one_of !== beside?.one_of && !groups.has(field.one_of)) return groups.add(field.one_of);
    return field.required;
  }).map((field) => [field.name, good(field)]);
}

/** Calls that end what the others need, or wait on purpose: only asked for as nobody. */
const isAlone = (operation) => operation.name === 'DELETE /identity-service/session'
  // Its parameters are those of a body.
  || (operation.face === 'desk' && operation.method === 'GET');

/** Faults are found in the order of the rows: those before the field must be right, and it must be there. */
async function tryField(operation, field) {
  const name = `${operation.name} ${field.name}`;
  const others = needed(operation, field);
  const captures = capturesOf(operation);
  const later = field.type === 'amount' && field.currency === undefined;
  const first = inParams(operation).find((one) => one.one_of === field.one_of);
  const missing = await call(operation, others, captures);
  if (!later && (field.required || (field.one_of && field === first)))
    check(`${name} missing`, operation, missing, 'missing_parameter', field.name);
  else
    check(`${name} missing`, operation, missing);
  check(`${name} empty`, operation, await call(operation, [...others, [field.name, '']], captures),
    ...(field.required && !later && field.type !== 'list' ? [['text', 'bytes'].includes(field.type) && field.min === 0 ? undefined
      : field.type === 'amount' ? 'missing_parameter' : 'empty', field.name] : []));
  check(`${name} twice`, operation, await call(operation, [...others, [field.name, good(field)], [field.name, good(field)]].filter(([, value]) => !Array.isArray(value) || !isForm(operation)), captures),
    ...(field.type === 'list' && isForm(operation) ? [] : ['repeated_parameter', field.name]));
  for (const [value, code] of bad(field))
    check(`${name} = ${JSON.stringify(String(value)).slice(0, 40)}`, operation, await call(operation, [...others, [field.name, value]], captures),
      ...(code === null || (Buffer.isBuffer(value) && !isForm(operation) && hasBody(operation)) ? [] : [code, field.name]));
  for (const value of edges(field))
    check(`${name} at its end, ${String(value).slice(0, 20)}`, operation, await call(operation, [...others, [field.name, value]], captures));
  for (const text of BEYOND) check(`${name} = ${text}`, operation, await call(operation, [...others, [field.name, text]], captures));
  if (hasBody(operation) && !isForm(operation) && field.type !== 'list')
    check(`${name} = {}`, operation, await call(operation, [...others, [field.name, {}]], captures), ...(later ? [] : [
      field.type === 'amount' ? 'amount_format' : 'invalid_parameter', field.name]));
}

const guarded = operations.filter((operation) => ['api key', 'session', 'token'].includes(operation.caller));

test('there are routes of every face, with fields', () => {
  assert.deepEqual([...new Set(rows.map((row) => row.face))].sort(), ['desk', 'feed', 'health', 'identity', 'site', 'v1', 'wallet']);
  assert.ok(operations.filter((operation) => operation.fields.length > 0).length > 40);
});

for (const operation of operations)
  test(`${operation.name}: each field`, { skip: isAlone(operation) }, async () => {
    for (const field of inParams(operation)) await tryField(operation, field);
  });

test('a part of the path that is not what it should be', async () => {
  for (const operation of operations)
    for (const field of operation.fields.filter((one) => one.place === 'path'))
      for (const value of ['x', ...BEYOND])
        check(`${operation.name} {${field.name}} = ${value}`, operation, await call(operation, needed(operation), { ...capturesOf(operation), [field.name]: value }),
          ...(field.type === 'uuid' ? ['not_uuid', field.name] : []));
});

test("another's object is not found", async () => {
  for (const operation of operations.filter((one) => one.fields.some((field) => field.required && field.type === 'uuid'))) {
    const reply = await call(operation, needed(operation), capturesOf(operation));
    assert.match(String(reply.code), /not_found|ticket_wrong_key/, `${operation.name}: ${reply.status} ${reply.text}`);
  }
});

test('nobody is let in where a caller is asked for', async () => {
  for (const operation of guarded) {
    const reply = await call(operation, needed(operation), capturesOf(operation), { as: 'nobody' });
    assert.equal(reply.status, operation.face === 'v1' ? 403 : 401, `${operation.name}: ${reply.status} ${reply.text}`);
  }
  for (const operation of operations.filter((one) => one.caller === 'robot')) {
    const reply = await call(operation, needed(operation), {}, { as: 'nobody' });
    assert.deepEqual([reply.status, reply.text], [200, '{"error":1,"error_text":"Api disabled"}'], operation.name);
  }
});

test('a key without the right is refused', async () => {
  const DEPOSIT = 4;
  for (const operation of guarded.filter((one) => one.caller === 'api key' && (one.rights & DEPOSIT) === 0)) {
    const reply = await call(operation, needed(operation), capturesOf(operation), { client: poor });
    assert.deepEqual([reply.status, reply.code], [403, 'missing_right'], `${operation.name}: ${reply.status} ${reply.text}`);
  }
});

test('a token without the scope is refused', async () => {
  for (const operation of guarded.filter((one) => one.caller === 'token')) {
    const reply = await call(operation, needed(operation), capturesOf(operation), { token: poorViewer });
    assert.deepEqual([reply.status, reply.text], [403, '{"code":10403,"message":"Permission denied"}'], operation.name);
  }
});

test('a session is refused what no role of its user allows: with none, and with one that only looks', async () => {
  const LOOK = 1;
  for (const [roles, allowed] of [[[], 0], [['viewer'], LOOK], [['viewer', 'operator'], LOOK]]) {
    const user = await stack.user({ password: 'correct horse' });
    await stack.ctl('role', 'remove', user.login, 'user');
    for (const role of roles) await stack.ctl('role', 'add', user.login, role);
    const session = (await stack.signIn(user)).ticket;
    for (const operation of guarded.filter((one) => one.face === 'site' && one.caller === 'session')) {
      assert.ok(operation.rights > 0, `${operation.name} asks for no right`);
      const reply = await call(operation, needed(operation), capturesOf(operation), { session });
      const refused = (operation.rights & allowed) === 0;
      assert.equal(reply.status === 403 && reply.code === 'missing_right', refused, `${operation.name} as ${roles}: ${reply.status} ${reply.text}`);
    }
  }
});

test('another method is refused, and told which there are', async () => {
  for (const row of rows) {
    const served = operations.filter((operation) => operation.path === row.path).map((operation) => operation.method);
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'].filter((one) => !served.includes(one))) {
      const reply = await call({ ...row, method, name: row.path }, [], {}, { as: CALLERS[row.face] ?? 'nobody' });
      if (row.face === 'desk') assert.deepEqual([reply.status, reply.json.error], [200, 3], `${method} ${row.path}`);
      else assert.equal(reply.status, 405, `${method} ${row.path}: ${reply.status} ${reply.text}`);
    }
  }
});

test('Rest-Key and Rest-Sign twice, or with an underscore', async () => {
  const socket = new FastCgi(path.join(stack.dir, 'worker.sock'));
  const body = `tonce=${tonce()}`;
  const variables = { REQUEST_METHOD: 'POST', REQUEST_URI: '/api/1/generic/info', REMOTE_ADDR: '127.0.0.1', CONTENT_LENGTH: String(body.length),
    HTTP_REST_KEY: key.key, HTTP_REST_SIGN: sign(key.secret, body) };
  for (const [variable, header] of [['HTTP_REST_KEY', 'Rest-Key'], ['HTTP_REST_SIGN', 'Rest-Sign']]) {
    const text = await socket.request([...Object.entries(variables), [variable, variables[variable]]], body);
    assert.match(text, new RegExp(`Invalid parameter ..${header}.. .is given more than once`), text);
  }
  socket.close();
});
