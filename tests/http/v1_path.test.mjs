// The v1 face around its calls: path grammar, methods, envelope, ?raw, ?pretty, gzip, headers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { closeConnections, stack, unique } from '../support/teller.mjs';

const USD = '{"currency":"USD","name":"Dollar","symbol":"$","decimals":"5","display_decimals":"2",'
  + '"symbol_position":"before","virtual":"N","ticker_channel":"d5f06780-30a8-4a48-a2f8-7ed181b4a13f",'
  + '"depth_channel":"24e67e0d-1cad-4cc0-9e7a-f8523ef460fe","index":"2"}';
const ENVELOPE = `{"result":"success","return":${USD}}`;
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

let customer;
before(async () => { customer = await stack.customer(); });
after(closeConnections);

const get = (path, options) => stack.request('GET', path, options);

test('currency: exact reply, by GET and POST, with every spelling of the path', async () => {
  for (const path of ['/api/1/generic/currency', '/api/1/generic/public/currency', '/api/1/generic/private/currency',
    '/api/1/generic/currency/', '/api/1/generic/public/currency/']) {
    const reply = await get(`${path}?currency=USD`);
    assert.equal(reply.status, 200, path);
    assert.equal(reply.text, ENVELOPE);
    const posted = await stack.request('POST', path, { headers: FORM, body: 'currency=USD' });
    assert.equal(posted.text, ENVELOPE);
  }
});

test('currency: symbols beyond ASCII are escaped, positions and decimals are each currency\'s', async () => {
  const euro = await get('/api/1/generic/currency?currency=EUR');
  assert.ok(euro.text.includes('"symbol":"\\u20ac"'), euro.text);
  const wanted = { BTC: ['8', 'after', 'Y'], JPY: ['3', 'before', 'N'], SEK: ['3', 'after', 'N'], GBP: ['5', 'before', 'N'] };
  for (const [code, expected] of Object.entries(wanted)) {
    const { json } = await get(`/api/1/generic/currency?currency=${code}`);
    assert.deepEqual([json.return.decimals, json.return.symbol_position, json.return.virtual], expected, code);
  }
});

test('currency: missing, unknown, lower case', async () => {
  for (const [query, token, text] of [['', 'missing_parameter', 'Invalid parameter "currency" (is required)'],
    ['?currency=XXX', 'unknown_currency', 'Invalid parameter "currency" (is not a known currency)'],
    ['?currency=usd', 'unknown_currency', 'Invalid parameter "currency" (is not a known currency)']]) {
    const reply = await get(`/api/1/generic/currency${query}`);
    assert.equal(reply.status, 200);
    assert.equal(reply.text, `{"result":"error","error":${JSON.stringify(text)},"token":"${token}"}`);
  }
});

test('private calls work with every spelling of the path', async () => {
  for (const path of ['/api/1/generic/info', '/api/1/generic/private/info', '/api/1/generic/public/info',
    '/api/1/generic/info/', '/api/1/generic/private/info/'])
    assert.equal((await customer.ok('info', {}, { path })).Login, customer.user.login, path);
});

test('GET on a private call: 405 with Allow and the token invalid_request_method', async () => {
  for (const path of ['info', 'private/info', 'ticket/create', 'wallet/history']) {
    const reply = await get(`/api/1/generic/${path}`);
    assert.equal(reply.status, 405, path);
    assert.equal(reply.headers.allow, 'POST');
    assert.equal(reply.json.token, 'invalid_request_method');
    assert.equal(reply.json.result, 'error');
  }
  const other = await stack.request('DELETE', '/api/1/generic/currency');
  assert.equal(other.status, 405);
  assert.equal(other.headers.allow, 'GET, HEAD, POST');
});

test('paths that are none: 404 with an error envelope', async () => {
  for (const path of ['/api/1/generic/nothing', '/api/1/generic', '/api/1/', '/api/1/generic/public/private/info',
    '/api/1/generic/ticket', '/api/1/generic/ticket/create/more', '/api/1/generic/%2finfo',
    '/api/2/generic/info', `/api/1/${'x/'.repeat(200)}`]) {
    const reply = await get(path);
    assert.equal(reply.status, 404, `${path}: ${reply.status}`);
    if (path.startsWith('/api/1/')) assert.deepEqual([reply.json.result, reply.json.token], ['error', 'unknown_method'], path);
  }
});

test('percent-encoded letters in a path are the letters', async () => {
  assert.equal((await get('/api/1/generic/%63urrency?currency=USD')).text, ENVELOPE);
});

test('?raw: the bare value; errors keep their envelope; also on POST', async () => {
  assert.equal((await get('/api/1/generic/currency?raw&currency=USD')).text, USD);
  assert.equal((await get('/api/1/generic/currency?currency=USD&raw')).text, USD);
  const posted = await stack.request('POST', '/api/1/generic/currency?raw', { headers: FORM, body: 'currency=USD' });
  assert.equal(posted.text, USD);
  assert.equal((await get('/api/1/generic/currency?raw')).json.result, 'error');
  const info = await customer.call('info', {}, { path: '/api/1/generic/info?raw' });
  assert.equal(info.json.Login, customer.user.login);
});

test('?pretty: the same value on several lines', async () => {
  const reply = await get('/api/1/generic/currency?currency=USD&pretty');
  assert.ok(reply.text.split('\n').length > 10);
  assert.deepEqual(reply.json, JSON.parse(ENVELOPE));
  const raw = await get('/api/1/generic/currency?currency=USD&pretty&raw');
  assert.ok(raw.text.includes('\n'));
  assert.deepEqual(raw.json, JSON.parse(USD));
  assert.ok((await get('/api/1/generic/currency?pretty')).text.includes('\n'), 'errors too');
});

test('HEAD: the headers of GET without a body', async () => {
  const reply = await stack.request('HEAD', '/api/1/generic/currency?currency=USD');
  assert.equal(reply.status, 200);
  assert.equal(reply.text, '');
  assert.equal(Number(reply.headers['content-length']), ENVELOPE.length);
});

test('gzip where the client takes it, none where it does not', async () => {
  const packed = await get('/api/1/generic/currency?currency=USD', { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(packed.bytes).toString(), ENVELOPE);
  const plain = await get('/api/1/generic/currency?currency=USD');
  assert.equal(plain.headers['content-encoding'], undefined);
  const body = await customer.call('info', {}, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(JSON.parse(gunzipSync(body.bytes)).return.Login, customer.user.login);
});

test('security headers on every kind of answer', async () => {
  for (const [method, path] of [['GET', '/api/1/generic/currency?currency=USD'], ['GET', '/api/1/generic/info'],
    ['GET', '/api/1/generic/nothing'], ['GET', '/identity-service/session'], ['GET', '/site/account'], ['GET', '/nothing'],
    ['GET', '/health/live']]) {
    const { headers } = await stack.request(method, path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['x-frame-options'], 'DENY', path);
    assert.equal(headers['referrer-policy'], 'no-referrer', path);
    assert.match(headers['content-security-policy'], /default-src 'none'/, path);
    assert.doesNotMatch(headers['content-security-policy'], /unsafe-inline/, path);
    assert.equal(headers['strict-transport-security'], undefined, 'not over plain HTTP');
    assert.ok(headers['x-request-id'], path);
  }
});

test('answers to private calls are not stored by caches', async () => {
  const reply = await customer.call('info');
  assert.equal(reply.headers['cache-control'], 'no-store');
  assert.match(reply.headers['content-type'], /^application\/json/);
});

test('each answer names its request once, and no two the same', async () => {
  const replies = [await get('/api/1/generic/currency?currency=USD'), await get('/api/1/generic/currency?currency=USD')];
  const ids = replies.map((reply) => {
    const names = reply.raw.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'x-request-id');
    assert.equal(names.length, 1);
    return reply.headers['x-request-id'];
  });
  assert.match(ids[0], /^[0-9a-f]{32}$/);
  assert.notEqual(ids[0], ids[1]);
});

test('unknown parameters are ignored, also signed ones', async () => {
  assert.equal((await get(`/api/1/generic/currency?currency=USD&${unique()}=1`)).text, ENVELOPE);
  assert.equal((await customer.ok('info', { [unique()]: 'x' })).Login, customer.user.login);
});

test('parameters of a signed call come from its body alone', async () => {
  await customer.refused('missing_parameter', 'wallet/history', {}, { path: '/api/1/generic/wallet/history?currency=USD' });
});

test('broken bodies', async () => {
  const post = (body, type = FORM['Content-Type']) => stack.request('POST', '/api/1/generic/currency',
    { headers: { 'Content-Type': type }, body });
  assert.equal((await post('currency=US%4')).json.token, 'malformed_request');
  assert.equal((await post('currency=%zz')).json.token, 'malformed_request');
  assert.equal((await post('{"currency":"USD"', 'application/json')).json.token, 'malformed_request');
  assert.equal((await post(`{"currency":${'['.repeat(100)}${']'.repeat(100)}}`, 'application/json')).json.token, 'json_too_deep');
  assert.equal((await post('<x/>', 'text/xml')).json.token, 'unsupported_content_type');
  assert.equal((await post('{"currency":"USD"}', 'application/json')).text, ENVELOPE);
  assert.equal((await post('currency=USD', 'application/x-www-form-urlencoded; charset=UTF-8')).text, ENVELOPE);
});

test('over the caps: parameters and bytes', async () => {
  const many = Array.from({ length: 100 }, (_, i) => `p${i}=1`).join('&');
  const reply = await stack.request('POST', '/api/1/generic/currency', { headers: FORM, body: many });
  assert.deepEqual([reply.status, reply.json.token], [413, 'too_many_parameters']);
  const large = await stack.request('POST', '/api/1/generic/currency', { headers: FORM, body: `x=${'y'.repeat(1 << 20)}` });
  assert.deepEqual([large.status, large.json.token], [413, 'request_too_large']);
});

test('HSTS over https', async () => {
  const { default: https } = await import('node:https');
  const headers = await new Promise((resolve, reject) => {
    https.get(`${stack.tlsBase}/api/1/generic/currency?currency=USD`, { rejectUnauthorized: false }, (reply) => {
      reply.resume();
      resolve(reply.headers);
    }).on('error', reject);
  });
  assert.match(headers['strict-transport-security'], /max-age=\d{7,}/);
});
