// What nginx answers by itself, in the words of the face that was called: a caller that reads JSON gets JSON.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Stack, until } from '../support/teller.mjs';

const LARGE = 'y'.repeat(40000); // more than nginx takes of a line
const PATHS = { v1: '/api/1/generic/info', site: '/site/account', identity: '/identity-service/session' };
const KEYS = { v1: ['result', 'error', 'token'], site: ['error', 'message', 'field'], identity: ['error', 'error_data', 'error_id', 'error_object'] };

let stack;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'web-server'), { DEMO: 'no', JOBS: 'no', WORKERS: '2' });
});
after(() => stack.stop());

/** Whether an answer has come whole. */
function isWhole(text) {
  const [head, body] = text.split('\r\n\r\n');
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  return body !== undefined && length !== undefined && Buffer.byteLength(body) >= Number(length);
}

/** Sends bytes as they are; gives the status and the body of what comes back. nginx goes on reading for a while what a
 * refused request still sends: nobody waits for that. */
function send(bytes) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(new URL(stack.base).port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (data) => { text += data; if (isWhole(text)) socket.destroy(); });
    socket.on('error', () => {}); // nginx closes while a request that it refuses is still being sent
    socket.setTimeout(10000, () => { socket.destroy(); reject(new Error(`no end: ${text}`)); });
    socket.on('close', () => resolve({ status: Number(text.split(' ')[1]), head: text.split('\r\n\r\n')[0], body: text.slice(text.indexOf('\r\n\r\n') + 4) }));
    socket.write(bytes);
  });
}

const REFUSALS = {
  'a version that is none': [505, (target) => `GET ${target} HTTP/9.x\r\nHost: a\r\n\r\n`],
  'a verb that is none': [400, (target) => `b@d ${target} HTTP/1.1\r\nHost: a\r\n\r\n`],
  'a transfer coding that is none': [501, (target) => `POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n`],
  'no host': [400, (target) => `GET ${target} HTTP/1.1\r\n\r\n`],
  'a length that is none': [400, (target) => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n`],
  'a header line that is too long': [400, (target) => `GET ${target} HTTP/1.1\r\nHost: a\r\nX-Long: ${LARGE}\r\n\r\n`],
  'a path that nobody knows': [404, (target) => `GET ${target}/nothing/here HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`],
  'a verb that is never taken': [405, (target) => `TRACE ${target} HTTP/1.1\r\nHost: a\r\n\r\n`],
  'a body that is too large': [413, (target) => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\nConnection: close\r\n\r\n`],
  'a query that is too long': [414, (target) => `GET ${target}?${LARGE} HTTP/1.1\r\nHost: a\r\n\r\n`],
};

for (const [what, [status, request]] of Object.entries(REFUSALS))
  test(`${what}: ${status} in each face's shape`, async () => {
    for (const [face, target] of Object.entries(PATHS)) {
      const reply = await send(request(target));
      assert.equal(reply.status, status, `${face}: ${reply.head} ${reply.body}`);
      assert.match(reply.head, /^content-type: application\/json/im, face);
      assert.deepEqual(Object.keys(JSON.parse(reply.body)), KEYS[face], `${face}: ${reply.body}`);
    }
  });

test('a condition on a version: in the face\'s words where nginx looks at it, and no matter where a worker answers', async () => {
  const names = ['If-Match: "x"', 'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:01 GMT'];
  for (const name of names) {
    const ask = (method, target) => send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${name}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    for (const [method, target] of [['POST', PATHS.v1], ['GET', PATHS.site]]) assert.match((await ask(method, target)).body, /login_error|missing_ticket/, target);
    for (const target of ['/api/1/generic/currency?currency=USD', '/request-exportxml.xml']) {
      const reply = await ask('GET', target);
      if (name.startsWith('If-Match')) assert.equal(reply.status, 412, `${target} ${reply.head}`);
      if (reply.status !== 412) continue;
      assert.match(reply.head, /^content-type: application\/json/im, target);
      assert.deepEqual(Object.keys(JSON.parse(reply.body)), target.startsWith('/api/1/') ? KEYS.v1 : KEYS.site, reply.body);
    }
  }
});

test('a slash too many before the version is one answer, however often and with whatever verb', async () => {
  const answers = new Set();
  for (let i = 0; i < 20; i++)
    for (const target of ['/api//1/generic/currency?currency=USD', '//api/1/generic/currency?currency=EUR', `/api//1/generic/info?${i}`]) {
      const reply = await stack.request(i % 2 ? 'GET' : 'POST', target);
      assert.equal(typeof reply.json?.error, 'string', reply.text);
      answers.add(`${reply.status} ${reply.text}`);
    }
  assert.equal(answers.size, 1, [...answers].join('\n'));
});

test('without workers: 502 in each face\'s shape', async () => {
  for (const part of ['main', 'read', 'list', 'login'])
    process.kill(Number(await readFile(path.join(stack.dir, 'pid', part), 'utf8')), 'SIGTERM');
  await until(async () => (await stack.request('GET', '/health/live')).status === 502, 20, 'the end of the workers');
  for (const [face, target] of Object.entries(PATHS)) {
    const reply = await until(async () => {
      const one = await stack.request(face === 'v1' ? 'POST' : 'GET', target);
      return one.status === 502 && one;
    }, 20, `502 for ${target}`);
    assert.equal(reply.status, 502, `${face}: ${reply.text}`);
    assert.deepEqual(Object.keys(reply.json), KEYS[face], reply.text);
  }
  // What only reads may be sent again without a look, whatever its verb; a change may have been made.
  for (const [method, target, words] of [['GET', '/api/1/generic/currency', 'again'], ['POST', '/api/1/generic/info', 'again'],
    ['POST', '/identity-service/session', 'again'], ['POST', '/api/1/generic/ticket/create', 'look'], ['POST', '/site/tickets', 'look']])
    assert.match((await stack.request(method, target)).text, words === 'again' ? /please try again/ : /look before you repeat a change/, `${method} ${target}`);
});
