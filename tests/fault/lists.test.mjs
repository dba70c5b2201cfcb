// One caller's lists stall nobody: a worker has no more than half of its requests in hand with them, and a statement
// that takes too long is ended. The table is locked, as if reading it took for ever.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FastCgi } from '../support/fastcgi.mjs';
import { closeConnections, form, sign, Sql, stack, tonce, until } from '../support/teller.mjs';

const SLOTS = 8, LISTS = 4; // APP_SLOTS, LISTS_AT_ONCE
let home, pool, sql, connections = [];
const worker = () => ({ path: path.join(home, 'worker.sock') });

before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'teller-lists-'));
  pool = spawn(path.join(path.dirname(stack.tellerctl), 'support/hand_over'), [worker().path, '1', 'passed',
    path.join(path.dirname(stack.tellerctl), 'teller-worker'), '--config', stack.config, '--connections', String(SLOTS)], { stdio: 'ignore' });
  sql = new Sql(stack);
  await until(async () => {
    const made = new FastCgi(worker());
    const text = await made.request({ REQUEST_METHOD: 'GET', REQUEST_URI: '/health/ready', QUERY_STRING: '' }).catch(() => '');
    made.close();
    return text.startsWith('Status: 200');
  }, 20, 'the worker');
});
after(async () => {
  try {
    for (const connection of connections) connection.close();
    const ended = new Promise((resolve) => pool.once('exit', resolve));
    pool.kill('SIGTERM');
    await ended;
    assert.equal(await stack.bugs(), '');
  } finally {
    sql.close();
    closeConnections();
    await rm(home, { recursive: true });
  }
});

/** A signed call on a connection of its own; gives its status. */
async function call(client, method) {
  const body = form({ tonce: tonce() });
  const connection = new FastCgi(worker());
  connections.push(connection);
  const text = await connection.request({ REQUEST_METHOD: 'POST', REQUEST_URI: `/api/1/generic/${method}`, QUERY_STRING: '', REMOTE_ADDR: '127.0.0.1',
    HTTPS: 'on', CONTENT_LENGTH: String(body.length), CONTENT_TYPE: 'application/x-www-form-urlencoded', HTTP_REST_KEY: client.key,
    HTTP_REST_SIGN: sign(client.secret, body) }, body);
  return Number(/^Status: (\d+)/.exec(text)[1]);
}

test('half of a worker for one caller, and no statement for longer than its time', { timeout: 60000 }, async () => {
  const [greedy, other] = [await stack.merchant(), await stack.merchant()];
  assert.equal(await call(greedy, 'merchant/order/list'), 200);
  await sql.run('LOCK TABLES checkout_order WRITE');
  try {
    const started = Date.now();
    const lists = Array.from({ length: SLOTS - 1 }, () => call(greedy, 'merchant/order/list'));
    const seen = [];
    for (const list of lists) list.then((status) => seen.push(status));
    await until(() => seen.length === SLOTS - 1 - LISTS, 10, 'the lists beyond half of the worker');
    assert.deepEqual(seen, seen.map(() => 429));
    assert.equal(await call(other, 'info'), 200, 'others are served');
    assert.ok(Date.now() - started < 4000, 'before the first list has ended');
    assert.deepEqual((await Promise.all(lists)).filter((status) => status !== 429), [], 'each of the others is ended: 429 as well');
    assert.ok(Date.now() - started >= 4500, 'by its time, not before');
  } finally {
    await sql.run('UNLOCK TABLES');
  }
  assert.equal(await call(greedy, 'merchant/order/list'), 200);
});
