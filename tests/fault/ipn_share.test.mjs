// One merchant's dead shops delay nobody else: a thousand and a half notifications of one merchant to as
// many endpoints that never answer, and meanwhile those of another merchant. On a stack of its own, with
// one retrier.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Sql, Stack, until } from '../support/teller.mjs';

const DEAD = 1500;    // endpoints, each with one notification
const PROBES = 20;    // notifications of the other merchant, to a new endpoint each
const MOST_MS = 2000; // until each is there; without shares a time-out for each few hundred dead ones

let dir, stack;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'teller-share-'));
  stack = await Stack.start(dir, { JOBS: 'no', DEMO: 'no', WORKERS: '2', IPN_RETRY_SECONDS: '1800' });
});
after(async () => {
  try {
    assert.equal(await stack.bugs(), '');
  } finally {
    await stack?.stop();
    await rm(dir, { recursive: true, force: true });
  }
});

/** A server of all loopback addresses: each of them is an endpoint. */
async function listen(answer) {
  const server = http.createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => answer(Buffer.concat(chunks).toString(), reply));
  });
  await new Promise((done, fail) => { server.on('error', fail).listen(0, '0.0.0.0', 4096, done); });
  const { port } = server.address();
  return { host: (net, i) => `127.${net}.${1 + Math.floor(i / 250)}.${1 + i % 250}:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((done) => { server.close(done); });
    } };
}

/** Adds notifications through the very procedure that a payment calls; of status test, as the audit would ask for the payments. */
async function tell(merchant, hosts) {
  const sql = new Sql(stack);
  await sql.run(['START TRANSACTION',
    `SET @merchant = (SELECT id FROM user WHERE login = '${merchant.user.login}'), @key = (SELECT id FROM api_key WHERE public_key = UNHEX('${merchant.key.replaceAll('-', '')}'))`,
    ...hosts.map((host) => `CALL notify_event(@merchant, uuid4(), uuid4(), 'test', 'USD', 100000, NULL, NULL, NULL, @key, 'http://${host}/ipn', '${host}', FALSE)`),
    'COMMIT'].join(';'));
  sql.close();
  const [[there]] = await stack.sql(`SELECT COUNT(*) FROM event AS e JOIN user AS u ON u.id = e.owner_id WHERE u.login = '${merchant.user.login}'`);
  assert.equal(Number(there), hosts.length);
}

test(`${DEAD} endpoints of one merchant that never answer do not delay another's`, { timeout: 240000 }, async (context) => {
  const [greedy, other] = [await stack.merchant(), await stack.merchant()];
  let hanging = 0;
  const dead = await listen(() => { hanging++; });
  const arrived = [];
  const shop = await listen((body, reply) => {
    arrived.push(performance.now());
    reply.end('[OK]');
  });
  await tell(greedy, Array.from({ length: DEAD }, (_, i) => dead.host(1, i)));
  const retrier = spawn(path.join(path.dirname(stack.tellerctl), 'teller-ipn'), ['--config', stack.config, '--for', '600'], { stdio: 'ignore' });
  context.after(() => retrier.kill());
  const ended = new Promise((done) => { retrier.on('exit', (code) => done(code)); });
  await until(() => hanging > 0, 30, 'the dead ones are called');
  const start = performance.now();
  await tell(other, Array.from({ length: PROBES }, (_, i) => shop.host(2, i)));
  await until(() => arrived.length >= PROBES, 200, "the other merchant's");
  const took = Math.round(arrived.at(-1) - start);
  context.diagnostic(`${PROBES} notifications of another merchant after ${took} ms, with ${hanging} of the dead in hand`);
  await stack.sql("UPDATE delivery SET state = 'none', next_at = NULL WHERE state = 'pending'");
  retrier.kill('SIGTERM');
  await dead.close();
  await shop.close();
  assert.equal(await ended, 0);
  assert.ok(took <= MOST_MS, `after ${took} ms`);
  assert.ok(hanging <= 64, `${hanging} deliveries of one merchant at once`);
});
