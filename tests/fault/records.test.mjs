// What reaches a worker's socket: replies that are read slowly, requests that arrive slowly, records that no web
// server sends, a database that takes connections and says nothing. One process serves all of it: whatever one
// connection does, the others are answered at once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { addPrices, removePrices } from '../support/book.mjs';
import { Desk } from '../support/desk.mjs';
import { FastCgi } from '../support/fastcgi.mjs';
import { stack, until } from '../support/teller.mjs';

const WORKER = path.join(path.dirname(stack.tellerctl), 'teller-worker');
const PRICES = 8500; // a reply of several times what a socket holds
const SLOTS = 8; // requests that a worker has in hand

let home, worker;
before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'teller-records-'));
  await addPrices(stack, PRICES);
  worker = await start('one', stack.config);
});
after(async () => {
  await removePrices(stack);
  await worker?.end();
  await rm(home, { recursive: true });
});

/** One worker on a socket of its own. */
async function start(name, config) {
  const socket = path.join(home, `${name}.sock`);
  const child = spawn('spawn-fcgi', ['-n', '-s', socket, '--', WORKER, '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const self = { socket, child, log: '' };
  child.stderr.setEncoding('utf8').on('data', (data) => { self.log += data; });
  self.end = async () => {
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], self.log);
    assert.doesNotMatch(self.log, /level=bug/);
  };
  await until(() => new Promise((resolve) => {
    const probe = net.connect({ path: socket }, () => { probe.destroy(); resolve(true); });
    probe.on('error', () => resolve(false));
  }), 10, 'the socket');
  return self;
}

const get = (uri) => ({ REQUEST_METHOD: 'GET', REQUEST_URI: uri, QUERY_STRING: '', SERVER_PROTOCOL: 'HTTP/1.1', REMOTE_ADDR: '127.0.0.1' });

/** Asks on a connection of its own; gives the answer and how long it took. */
async function ask(uri, socket = worker.socket) {
  const from = performance.now();
  const connection = new FastCgi({ path: socket });
  try {
    return { text: await connection.request(get(uri)), ms: performance.now() - from };
  } finally {
    connection.close();
  }
}

/** The longest of some calls, one after the other, each of which must be answered. */
async function slowest(calls, socket = worker.socket) {
  let most = 0;
  for (let i = 0; i < calls; i++) {
    const { text, ms } = await ask('/health/live', socket);
    assert.match(text, /^Status: 200/);
    most = Math.max(most, ms);
  }
  return most;
}

/** Well above what a call takes on a loaded machine, well below what stalling peers are waited for. */
const limit = (alone) => Math.max(1000, 20 * alone);

test('replies that are read slowly, requests that come slowly: others are answered meanwhile', { timeout: 60000 }, async () => {
  const FULL = '/api/1/BTCUSD/fulldepth';
  const whole = await ask(FULL);
  assert.ok(whole.text.length > 400000, `${whole.text.length} bytes`);
  const alone = await slowest(20);
  const slow = Array.from({ length: 3 * SLOTS }, () => {
    const connection = new FastCgi({ path: worker.socket });
    const answered = connection.request(get(FULL));
    connection.socket.pause();
    return { connection, answered };
  });
  const half = FastCgi.record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]));
  const stalled = Array.from({ length: SLOTS / 2 }, () => net.connect({ path: worker.socket }, function sent() { this.write(half.subarray(0, 12)); }));
  try {
    await slowest(2);
    const most = await slowest(50);
    assert.ok(most < limit(alone), `${most} ms, alone ${alone} ms`);
    for (const { connection } of slow) connection.socket.resume();
    const body = (text) => text.slice(text.indexOf('\r\n\r\n'));
    for (const { answered } of slow) assert.equal(body(await answered), body(whole.text), 'the reply, whole and unmixed');
    assert.match((await ask('/health/live')).text, /^Status: 200/);
  } finally {
    for (const { connection } of slow) connection.close();
    for (const socket of stalled) socket.destroy();
  }
});

test('malformed records: the connection ends, the worker goes on', { timeout: 60000 }, async () => {
  const begin = FastCgi.record(1, Buffer.from([0, 1, 1, 0, 0, 0, 0, 0]));
  const params = (...bytes) => Buffer.concat([begin, FastCgi.record(4, Buffer.from(bytes)), FastCgi.record(4, Buffer.alloc(0)), FastCgi.record(5, Buffer.alloc(0))]);
  const changed = (at, value) => { const copy = Buffer.from(begin); copy[at] = value; return copy; };
  const malformed = {
    'a version': changed(0, 2), 'a type': changed(1, 77), 'management': changed(1, 9), 'no request': changed(3, 0),
    'a role': changed(9, 3), 'a length': changed(5, 200),
    '2 GB of a name': params(255, 255, 255, 255, 255, 255, 255, 255, 65), 'a value behind the end': params(1, 100, 65, 66),
    'half a length': params(128, 0), 'no name': params(0, 1, 65), 'a NUL': params(1, 1, 65, 0), 'another request': Buffer.concat([begin, Buffer.from([1, 4, 0, 9, 0, 0, 0, 0])]),
    'abort': Buffer.concat([begin, FastCgi.record(2, Buffer.alloc(0))]), 'a second beginning': Buffer.concat([begin, begin]),
    'parameters without end': Buffer.concat([begin, ...Array(40).fill(FastCgi.record(4, Buffer.alloc(65535)))]),
    'noise': Buffer.from('GET / HTTP/1.1\r\nHost: worker\r\n\r\n'),
  };
  const rss = async () => Number(/VmRSS:\s*(\d+)/.exec(await readFile(`/proc/${worker.child.pid}/status`, 'utf8'))[1]);
  await slowest(1);
  const before = await rss();
  for (const [name, bytes] of Object.entries(malformed)) {
    const socket = net.connect({ path: worker.socket });
    socket.on('error', () => {}); // closed while we still send
    const closed = new Promise((resolve) => { socket.on('close', resolve); });
    let answer = Buffer.alloc(0);
    socket.on('data', (data) => { answer = Buffer.concat([answer, data]); });
    socket.end(bytes);
    await closed;
    assert.equal(answer.length, 0, `${name}: ${answer}`);
    await slowest(1);
  }
  assert.equal(worker.log.split('event=record').length - 1 >= Object.keys(malformed).length, true, worker.log);
  assert.ok(await rss() < before + 4096, `${before} KiB before, ${await rss()} after`);
});

test('a request behind a request is not taken for one, on a kept connection neither', { timeout: 60000 }, async () => {
  const request = (body) => Buffer.concat([FastCgi.record(1, Buffer.from([0, 1, 1, 0, 0, 0, 0, 0])),
    FastCgi.stream(4, Buffer.concat([...Object.entries(get('/health/live'))].map(([name, value]) => Buffer.from([name.length, value.length, ...Buffer.from(name + value)])))),
    FastCgi.stream(5, Buffer.from(body))]);
  const socket = net.connect({ path: worker.socket });
  let text = '';
  socket.setEncoding('latin1').on('data', (data) => { text += data; }).on('error', () => {});
  const closed = new Promise((resolve) => { socket.on('close', resolve); });
  socket.write(Buffer.concat([request(''), request('')]));
  await closed;
  assert.equal(text.split('Status: ').length - 1, 1);
  await slowest(1);
});

test('a database that takes connections and says nothing: what needs none is answered meanwhile', { timeout: 60000 }, async () => {
  const taken = [];
  const silent = net.createServer((socket) => { taken.push(socket); }).listen(path.join(home, 'database.sock'));
  const config = path.join(home, 'silent.conf');
  const text = await readFile(stack.config, 'utf8');
  await writeFile(config, text.replace(/^(socket\s*=\s*)\S*mysqld\.sock$/m, `$1${path.join(home, 'database.sock')}`));
  const other = await start('silent', config);
  try {
    const alone = await slowest(20, other.socket);
    const waiting = Array.from({ length: SLOTS - 1 }, () => ask('/api/1/generic/currency?currency=USD', other.socket));
    await until(() => taken.length > 0, 10, 'a connection to the database');
    const most = await slowest(50, other.socket);
    assert.ok(most < limit(alone), `${most} ms, alone ${alone} ms`);
    for (const { text: answer } of await Promise.all(waiting)) assert.match(answer, /^Status: 5/);
    assert.match(other.log, /event=db_away/);
  } finally {
    await other.end();
    for (const socket of taken) socket.destroy();
    silent.close();
  }
});

test('a body that is still coming while the database says who is calling keeps its connection', async () => {
  const desk = new Desk(stack);
  const connection = new FastCgi({ path: worker.socket });
  const body = `partner_id=7&more=${'x'.repeat(60000)}`;
  try {
    for (let i = 0; i < 8; i++) {
      const robot = await desk.key(); // one that the worker has not seen
      const text = await connection.request({ ...get('/api/userapi/v1/test'), REQUEST_METHOD: 'POST', CONTENT_TYPE: 'application/x-www-form-urlencoded',
        CONTENT_LENGTH: String(body.length), HTTP_API_LOGIN: robot.login, HTTP_API_KEY: robot.secret }, body);
      assert.match(text, /"partner_id":7/);
    }
  } finally {
    connection.close();
  }
});
