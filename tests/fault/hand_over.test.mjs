// Workers on a socket that somebody else holds, as under systemd, restarted and reloaded under load: no
// request is lost, and none waits for longer than a restart takes. `stdin` is the hard case: each start
// makes the shared socket blocking for all the others. The stand-in is tests/support/hand_over.c; the
// units themselves are tried by systemd.test.mjs where systemd can run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FastCgi } from '../support/fastcgi.mjs';
import { childrenOf, stack, until } from '../support/teller.mjs';

const BUILD = path.dirname(stack.tellerctl);
const COPIES = 4, CLIENTS = 16, ROUNDS = 12;
const SLOWEST_MS = 5000; // a request that waits out a restart takes far less, one that is stuck 10 s and more

let home;
before(async () => { home = await mkdtemp(path.join(os.tmpdir(), 'teller-handed-')); });
after(() => rm(home, { recursive: true }));

/** Starts the stand-in with copies of a program; `pids()` gives theirs. */
function handOver(mode, program, ...args) {
  const socket = path.join(home, `${mode}.sock`);
  const child = spawn(path.join(BUILD, 'support/hand_over'), [socket, String(COPIES), mode, program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const self = { socket, child, log: '' };
  child.stderr.setEncoding('utf8').on('data', (data) => { self.log += data; });
  self.pids = () => childrenOf(child.pid);
  /** The processes, once all of them heed signals. */
  self.ready = () => until(async () => {
    const pids = await self.pids();
    const heeds = await Promise.all(pids.map(async (pid) => (BigInt(`0x${/SigCgt:\s*(\w+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]}`) & 1n) === 1n));
    return pids.length === COPIES && heeds.every(Boolean) && pids;
  }, 10, 'the workers');
  const ended = once(child, 'exit');
  self.end = async () => {
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], self.log);
  };
  return self;
}

/** Clients that open a connection for each request, until the function that comes back is called; it gives what they saw. */
function load(socket) {
  const seen = { answered: 0, failed: [], slowest: 0 };
  let going = true;
  const client = async () => {
    while (going) {
      const from = Date.now();
      try {
        const connection = new FastCgi({ path: socket });
        const text = await connection.request({ REQUEST_METHOD: 'GET', REQUEST_URI: '/health/live', QUERY_STRING: '', SERVER_PROTOCOL: 'HTTP/1.1' });
        connection.socket.destroy();
        assert.match(text, /\r\n\r\n"?ok/);
        seen.answered++;
      } catch (error) {
        seen.failed.push(error.message);
      }
      seen.slowest = Math.max(seen.slowest, Date.now() - from);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  return async () => {
    going = false;
    await Promise.all(clients);
    return seen;
  };
}

for (const mode of ['stdin', 'passed']) {
  test(`restarts on a socket handed over (${mode}): nothing is lost, and every worker ends when told`, { timeout: 120000 }, async () => {
    const pool = handOver(mode, path.join(BUILD, 'teller-worker'), '--config', stack.config);
    try {
      await pool.ready();
      const stop = load(pool.socket);
      for (let round = 0; round < ROUNDS; round++) {
        const [pid] = await pool.ready();
        process.kill(pid, 'SIGTERM');
        await until(async () => !(await pool.pids()).includes(pid), SLOWEST_MS / 1000, `the end of worker ${pid}`);
      }
      const { answered, failed, slowest } = await stop();
      assert.deepEqual(failed, []);
      assert.ok(answered > 200, `${answered} answers`);
      assert.ok(slowest < SLOWEST_MS, `the slowest took ${slowest} ms`);
    } finally {
      await pool.end();
    }
  });
}

test('SIGHUP: the same processes read the configuration again, and nothing is lost; a wrong one is not taken', { timeout: 120000 }, async () => {
  const config = path.join(home, 'teller.conf');
  await copyFile(stack.config, config);
  const pool = handOver('passed', path.join(BUILD, 'teller-worker'), '--config', config);
  const count = (word) => pool.log.split(word).length - 1;
  try {
    const pids = await pool.ready();
    const stop = load(pool.socket);
    for (const pid of pids) process.kill(pid, 'SIGHUP');
    await until(() => count('event=stop kept=0') === COPIES, 20, 'all reloaded');
    await pool.ready();
    const { answered, failed, slowest } = await stop();
    assert.deepEqual(failed, []);
    assert.ok(answered > 0 && slowest < SLOWEST_MS, `${answered} answers, the slowest took ${slowest} ms`);
    assert.deepEqual(await pool.pids(), pids);

    await appendFile(config, 'levl = info\n');
    for (const pid of pids) process.kill(pid, 'SIGHUP');
    await until(() => count('event=reload error=config') === COPIES, 20, 'a refusal by each');
    assert.match(pool.log, /unknown key \\?"levl\\?"/);
    assert.deepEqual((await load(pool.socket)()).failed, []);
    assert.deepEqual(await pool.pids(), pids);
  } finally {
    await pool.end();
  }
});

test('a misconfigured worker ends with 2 and is not started again', { timeout: 60000 }, async () => {
  const config = path.join(home, 'wrong.conf');
  await writeFile(config, `${await readFile(stack.config, 'utf8')}levl = info\n`);
  const pool = handOver('passed', path.join(BUILD, 'teller-worker'), '--config', config);
  const [code] = await once(pool.child, 'exit');
  assert.equal(code, 0, 'nothing is left to keep');
  assert.equal(pool.log.split('event=start error=config').length - 1, COPIES, pool.log);
});

test('a key of another database ends the start with 2; where the database is away, ready says it once it is there', { timeout: 60000 }, async () => {
  const wrong = path.join(home, 'other.conf'), key = path.join(home, 'other.key'), socket = path.join(home, 'mysqld.sock');
  await writeFile(key, `${'5a'.repeat(32)}\n`, { mode: 0o600 });
  const text = (await readFile(stack.config, 'utf8')).replace(/^key_file = .*$/m, `key_file = ${key}`);
  const [, there] = /^socket = (.*)$/m.exec(text);
  await writeFile(wrong, text);
  let pool = handOver('passed', path.join(BUILD, 'teller-worker'), '--config', wrong);
  await once(pool.child, 'exit');
  assert.equal(pool.log.split('event=start error=crypto').length - 1, COPIES, pool.log);
  assert.match(pool.log, /is not the key that this database was sealed with/);

  await writeFile(wrong, text.replace(there, socket));
  pool = handOver('passed', path.join(BUILD, 'teller-worker'), '--config', wrong);
  const ready = async () => {
    const connection = new FastCgi({ path: pool.socket });
    const reply = await connection.request({ REQUEST_METHOD: 'GET', REQUEST_URI: '/health/ready', QUERY_STRING: '', SERVER_PROTOCOL: 'HTTP/1.1' });
    connection.socket.destroy();
    return reply;
  };
  try {
    await pool.ready();
    assert.match(await ready(), /database is away/);
    await symlink(there, socket);
    await until(async () => /the master key is not the one of this database/.test(await ready()), 10, 'what is wrong');
  } finally {
    await pool.end();
  }
});
