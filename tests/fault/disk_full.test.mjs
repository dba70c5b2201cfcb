// The database's disk is full. A server without room lets a write to a table of nonces wait a minute at a
// time: calls are refused at once instead, public data is still there, ready and doctor say what it is, and
// once there is room all goes on by itself. Where the disk cannot be seen, a nonce that gets no answer is
// given up, and the next ones are refused until the server has had time.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { closeConnections, Sql, Stack, stack, until } from '../support/teller.mjs';

const run = promisify(execFile);
const DISK_MIB = 480;    // the files of an empty database need 350
const FAST_MS = 2000;    // a refusal takes a millisecond; a loaded machine is given its time
const PATIENCE_MS = 5000; // DB_DEFERRED_MS

after(closeConnections);

/** A small file system of its own; null where nobody may mount one. */
async function mountDisk() {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'teller-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}M,mode=755`, 'teller-test', directory]);
    return directory;
  } catch {
    await rm(directory, { recursive: true });
    return null;
  }
}

async function unmountDisk(directory) {
  await until(() => run('umount', [directory]).then(() => true, () => false), 20, 'the end of what used it');
  await rm(directory, { recursive: true });
}

/** Takes all the room that is left. */
const fill = (disk) => run('dd', ['if=/dev/zero', `of=${disk}/fill`, 'bs=65536', 'oflag=append', 'conv=notrunc']).catch(() => {});

async function timed(call) {
  const from = Date.now();
  const reply = await call();
  return { ...reply, ms: Date.now() - from };
}

test('a full disk: calls are refused at once, ready and doctor say it, and room is enough to go on', { timeout: 180000 }, async (t) => {
  const disk = await mountDisk();
  if (disk === null) {
    t.skip('no file system can be mounted here');
    return;
  }
  const directory = await mkdtemp(path.join(os.tmpdir(), 'teller-full-'));
  const own = await Stack.start(directory, { DATA_ROOT: disk, PREPARED: '', DEMO: 'no', JOBS: 'no' }).catch(async (error) => {
    await unmountDisk(disk);
    throw error;
  });
  try {
    const password = 'a password of the tests';
    const customer = await own.customer({ password }), partner = await own.partner();
    const calls = {
      info: () => customer.call('info'),
      ticket: () => customer.call('ticket/create', { partner: partner.id, amount: '0.01', currency: 'USD' }),
      'sign-in': () => own.request('POST', '/identity-service/session', { headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ username: customer.user.login, password }) }),
    };
    for (const [name, call] of Object.entries(calls)) assert.equal((await call()).status, 200, name);

    await fill(disk);
    const said = await until(async () => {
      const reply = await own.request('GET', '/health/ready');
      return reply.status === 503 && reply.text;
    }, 5, 'ready to notice');
    assert.equal(said, "the database's disk is full\n");
    for (const [name, call] of Object.entries(calls)) await until(async () => (await call()).status === 503, 5, `${name} to be refused`);
    const before = await own.balance(customer.user.login);
    for (let round = 0; round < 60; round++) // more than the pages that the tables of nonces have left
      for (const [name, call] of Object.entries(calls)) {
        const { ms, status, text } = await timed(call);
        assert.deepEqual([status, /no room left/.test(text)], [503, true], `${name}: ${text}`);
        assert.ok(ms < FAST_MS, `${name} took ${ms} ms`);
      }
    assert.equal((await own.request('GET', '/health/live')).status, 200);
    const doctor = JSON.parse((await own.ctlResult(['doctor'])).out).find((row) => row.check === "database's disk");
    assert.equal(doctor.ok, false);
    assert.match(doctor.found, /^\d of \d+ MiB are free in /);
    assert.deepEqual([(await own.ctlResult(['credit', customer.user.login, 'USD', '1', '--note', 'n'])).code, await own.balance(customer.user.login)], [1, before]);

    await rm(path.join(disk, 'fill'));
    await until(() => own.ready(), 5, 'ready again');
    for (const [name, call] of Object.entries(calls)) {
      const { status, ms, text } = await timed(call);
      assert.equal(status, 200, `${name}: ${text}`);
      assert.ok(ms < FAST_MS, `${name} took ${ms} ms`);
    }
    await own.audit();
    assert.equal(await own.bugs(), '');
  } finally {
    await rm(path.join(disk, 'fill'), { force: true });
    await own.stop();
    await rm(directory, { recursive: true });
    await unmountDisk(disk);
  }
});

test('a nonce that waits in vain is given up; the next ones are refused at once, and public data is there', { timeout: 120000 }, async () => {
  const customer = await stack.customer();
  const [[table]] = await stack.sql(`SELECT CONCAT('api_key_tonce_', k.id MOD 32) FROM api_key AS k JOIN user AS u ON u.id = k.user_id WHERE u.login = '${customer.user.login}'`);
  await customer.ok('info');
  const sql = new Sql(stack);
  try {
    // What a full disk on another machine looks like: the table does not take the row, and says nothing.
    await sql.run(`LOCK TABLES ${table} WRITE`);
    const first = await timed(() => customer.call('info'));
    assert.equal(first.status, 503, first.text);
    assert.ok(first.ms < 2 * PATIENCE_MS + FAST_MS, `the first took ${first.ms} ms`);
    assert.equal((await stack.request('GET', '/api/1/BTCUSD/ticker')).status, 200);
  } finally {
    await sql.run('UNLOCK TABLES');
    sql.close();
  }
  await until(async () => (await customer.call('info')).status === 200, 2 * PATIENCE_MS / 1000, 'calls again');
});
