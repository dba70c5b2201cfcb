// The web server's limits, on a stack with small ones: sign-ins per address, calls per API key. And a
// stack without sessions on plain HTTP.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Desk } from '../support/desk.mjs';
import { inParallel, Stack } from '../support/teller.mjs';

const BURST = 5;

let stack;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'limits'), { DEMO: 'no', JOBS: 'no', WORKERS: '2', ALLOW_HTTP: 'no',
    LOGIN_RATE: '1r/m', LOGIN_BURST: String(BURST), KEY_RATE: '1r/m', KEY_BURST: String(BURST),
    WALLET_RATE: '1r/m', WALLET_BURST: String(BURST) });
});
after(async () => {
  try {
    assert.equal(await stack.bugs(), '');
  } finally {
    await stack.stop();
  }
});

const signIn = () => stack.request('POST', '/identity-service/session', { headers: { 'Content-Type': 'application/json' },
  body: '{"username":"nobody","password":"x"}' });

test('without allow_http there is no sign-in over plain HTTP, and a cookie sent over it opens nothing', async () => {
  const refused = await signIn();
  assert.deepEqual([refused.status, refused.json.error_id], [403, 'common-https_needed'], refused.text);
  const reply = await stack.request('GET', '/site/account', { headers: { Cookie: 'session=8c5c2cc1-6f5e-4c0b-8a3c-5d7a3a1f9e11' } });
  assert.deepEqual([reply.status, reply.json.error], [401, 'missing_ticket']);
});

test('sign-ins: a burst, then 429 in the words of the face', async () => {
  const replies = await inParallel(4, Array.from({ length: 20 }, () => signIn));
  const refused = replies.filter((reply) => reply.status === 429);
  assert.equal(replies.length - refused.length, BURST, 'the first test took one');
  for (const { json } of refused) {
    assert.deepEqual(Object.keys(json), ['error', 'error_data', 'error_id', 'error_object']);
    assert.equal(json.error_id, 'common-too_many_requests');
  }
  const check = await stack.request('GET', '/identity-service/session');
  assert.equal(check.status, 401, 'checking a session is not limited');
});

/** A call from an address of this machine's own, with somebody's key and a signature that does not hold. */
function guess(key, localAddress) {
  const { hostname, port } = new URL(stack.base);
  return new Promise((resolve, reject) => {
    http.request({ hostname, port, localAddress, method: 'POST', path: '/api/1/generic/info',
      headers: { 'Rest-Key': key, 'Rest-Sign': 'x'.repeat(88), 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': 7 } },
    (reply) => reply.resume().on('end', () => resolve(reply.statusCode))).on('error', reject).end('nonce=1');
  });
}

test('a stranger who knows a key by name does not use up its owner\'s calls', async () => {
  const owner = await stack.customer();
  const statuses = await inParallel(4, Array.from({ length: 20 }, () => () => guess(owner.key, '127.0.0.9')));
  assert.equal(statuses.filter((status) => status === 429).length, 20 - BURST - 1, 'the stranger is limited');
  await owner.ok('info');
});

test('a stranger who knows a key by name does not hold its owner\'s lists, with requests that never end', async () => {
  const owner = await stack.customer();
  const { hostname, port } = new URL(stack.base);
  const sockets = Array.from({ length: 8 }, () => net.connect({ host: hostname, port, localAddress: '127.0.0.9' }));
  try {
    await Promise.all(sockets.map((socket) => new Promise((done, fail) => {
      socket.on('error', fail).on('connect', () => socket.write(`POST /api/1/generic/ticket/list HTTP/1.1\r\nHost: a\r\nRest-Key: ${owner.key}\r\n`
        + 'Rest-Sign: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nn', done));
    })));
    // The first of them is refused once they are too many: then all have been counted.
    await Promise.race(sockets.map((socket) => new Promise((done) => { socket.on('data', done); })));
    await owner.ok('ticket/list');
  } finally {
    sockets.forEach((socket) => socket.destroy());
  }
});

test('a key in other letters is not another key: all its spellings with capitals share one count', async () => {
  const owner = await stack.customer();
  const spellings = Array.from({ length: 20 }, (_, i) => [...owner.key].map((letter, at) => (at % 20 === i || at % 7 === 0 ? letter.toUpperCase() : letter)).join(''));
  const letters = spellings.filter((one) => one !== owner.key);
  const replies = await inParallel(4, letters.map((key) => () => Object.assign(Object.create(owner), { key }).call('info')));
  const refused = replies.filter((reply) => reply.status === 429);
  assert.equal(replies.length - refused.length, BURST + 1);
  assert.equal(replies.find((reply) => reply.status !== 429).json.result, 'success', 'the same key');
});

test('calls of one key: a burst, then 429; other keys go on', async () => {
  const [one, two] = [await stack.customer(), await stack.customer()];
  const replies = await inParallel(4, Array.from({ length: 20 }, () => () => one.call('info')));
  const refused = replies.filter((reply) => reply.status === 429);
  assert.equal(replies.length - refused.length, BURST + 1);
  refused.forEach(({ json }) => assert.deepEqual([json.result, json.token], ['error', 'too_many_requests']));
  await two.ok('info');
  for (let i = 0; i < 20; i++)
    assert.equal((await stack.request('GET', '/api/1/generic/currency?currency=USD')).status, 200, 'calls without a key are not counted');
});

test("a robot's calls: a burst, then an error of its API with status 200; other robots go on", async () => {
  const desk = new Desk(stack);
  const [one, two] = [await desk.key(), await desk.key()];
  const replies = await inParallel(4, Array.from({ length: 20 }, () => () => one.call('test')));
  assert.ok(replies.every(({ status }) => status === 200), JSON.stringify(replies.map(({ status }) => status)));
  const refused = replies.filter(({ json }) => json.error !== 0);
  assert.equal(replies.length - refused.length, BURST + 1);
  for (const { text } of refused) assert.equal(text, '{"error":1,"error_text":"too many requests, please slow down"}');
  assert.equal((await two.json('test')).error, 0);
});

test('the viewer API: a burst from one address, then 429 with its own code; others are not counted', async () => {
  const replies = await inParallel(4, Array.from({ length: 20 }, (_, i) => () => stack.request('GET', i % 2 ? '/api/v3/ping' : '/viewer/accounts')));
  const refused = replies.filter((reply) => reply.status === 429);
  assert.equal(replies.length - refused.length, BURST + 1);
  for (const { text } of refused) assert.equal(text, '{"code":10429,"message":"Too many requests"}');
  assert.equal((await stack.request('GET', '/api/1/generic/currency?currency=USD')).status, 200);
});
