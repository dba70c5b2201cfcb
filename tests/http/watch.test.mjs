// What doctor and /health/deep watch, each shown by breaking it: jobs and what waits for them, sockets, clock,
// certificate, and secrets that the workers' user cannot read. A full disk is tests/fault/disk_full.test.mjs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Stack, until } from '../support/teller.mjs';

const run = promisify(execFile);
const JOBS = ['teller-sweep', 'teller-ipn', 'teller-stop-orders', 'teller-pay', 'teller-rates', 'teller-stream'];

let stack, home;
before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'teller-watch-'));
  await chmod(home, 0o755);
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'watch'), { DEMO: 'no', JOBS: 'no', WORKERS: '2' });
  await until(async () => (await stack.sql("SELECT 1 FROM job WHERE name = 'teller-match'")).length === 1, 20, 'the matcher');
});
after(async () => {
  await rm(home, { recursive: true });
  await stack.stop();
});

const job = (name) => run(path.join(path.dirname(stack.tellerctl), name), ['--once', '--config', stack.config]);

/** What doctor finds wrong: {check: found}. */
async function wrong(...args) {
  const { out, complaint } = await stack.ctlResult(['doctor', ...args]);
  assert.ok(out.startsWith('['), complaint);
  return Object.fromEntries(JSON.parse(out).filter((row) => !row.ok).map((row) => [row.check, row.found]));
}

/** The same of /health/deep: the names. */
async function deep() {
  const { status, text } = await stack.request('GET', '/health/deep');
  const names = text.split('\n').filter((line) => line.startsWith('WRONG: ')).map((line) => line.split(': ')[1]);
  assert.equal(status, names.length === 0 ? 200 : 503, text);
  return names;
}

/** A copy of the configuration in which some lines read differently. */
async function changedConfig(...replacements) {
  let text = await readFile(stack.config, 'utf8');
  for (const [from, to] of replacements) {
    assert.match(text, from);
    text = text.replace(from, to);
  }
  const file = path.join(home, `${Math.random()}.conf`);
  await writeFile(file, text);
  return file;
}

test('jobs that never ran, ran, and ran long ago', async () => {
  const names = Object.keys(await wrong());
  assert.deepEqual(names, JOBS);
  assert.deepEqual(await deep(), JOBS);
  await Promise.all(JOBS.map(job));
  assert.deepEqual(await wrong(), {});
  assert.deepEqual(await deep(), []);
  for (const name of [...JOBS, 'teller-match']) {
    const [[done]] = await stack.sql(`SELECT done_at FROM job WHERE name = '${name}'`);
    await stack.sql(`UPDATE job SET done_at = NOW(6) - INTERVAL 181 SECOND WHERE name = '${name}'`);
    assert.deepEqual(await deep(), [name]);
    await stack.sql(`UPDATE job SET done_at = '${done}' WHERE name = '${name}'`);
  }
  await stack.sql("UPDATE job SET done_at = NOW(6) - INTERVAL 181 SECOND WHERE name = 'teller-ipn'");
  assert.match((await wrong())['teller-ipn'], /^had done all that was due 18[1-5] s ago$/);
  await stack.sql("UPDATE job SET done_at = NOW(6) WHERE name = 'teller-ipn'");
  const { text } = await stack.request('GET', '/health/deep');
  assert.match(text, /^ok: ready: yes$/m);
  assert.match(text, /^ok: teller-sweep: had done all that was due \d+ s ago$/m);
});

test('jobs that write to two nodes by turns; one that took over is no second one', async () => {
  const [[own]] = await stack.sql('SELECT node FROM writer');
  const other = (since, seen) => stack.sql(`REPLACE INTO writer VALUES ('another', NOW(6) - INTERVAL ${since} SECOND, NOW(6) - INTERVAL ${seen} SECOND)`);
  const began = (ago, seen) => stack.sql(`UPDATE writer SET since = NOW(6) - INTERVAL ${ago} SECOND, seen_at = NOW(6) - INTERVAL ${seen} SECOND WHERE node = '${own}'`);
  await began(300, 20);
  await other(15, 5); // it took over
  assert.deepEqual(await deep(), []);
  await other(25, 10);
  assert.deepEqual(await deep(), ['one writer']);
  assert.match((await wrong())['one writer'], new RegExp(`^(another, ${own}|${own}, another)$`));
  await other(300, 61);
  assert.deepEqual(await deep(), []);
  await began(300, 0);
  await stack.sql("DELETE FROM writer WHERE node = 'another'");
});

test('a table that no cluster could keep', async () => {
  for (const table of ['CREATE TABLE stray (a INT) ENGINE = InnoDB', 'CREATE TABLE stray (a INT PRIMARY KEY) ENGINE = MyISAM']) {
    await stack.sql(table);
    await stack.sql('GRANT SELECT ON stray TO teller_app@localhost');
    assert.deepEqual(await wrong(), { 'tables that a cluster can keep': 'stray' });
    await stack.sql('REVOKE SELECT ON stray FROM teller_app@localhost; DROP TABLE stray');
  }
});

test('what waits for a job longer than it may', async () => {
  const customer = await stack.customer(), partner = await stack.partner(), merchant = await stack.merchant();
  await customer.ticket(partner);
  const transaction = await merchant.order({ ipn: 'http://127.0.0.1:9/never' });
  await merchant.ok('merchant/order/cancel', { transaction });
  await merchant.order();
  assert.deepEqual(await deep(), []);
  const late = 'NOW(6) - INTERVAL 301 SECOND';
  for (const [check, change, undo] of [
    ['expired tickets', `UPDATE ticket SET expires_at = ${late}`, () => job('teller-sweep')],
    ['expired orders', `UPDATE checkout_order SET expires_at = ${late} WHERE status = 'open'`, () => job('teller-sweep')],
    ['notifications', `UPDATE delivery SET next_at = ${late} WHERE state = 'pending'`, () => job('teller-ipn')],
    ['news of the stream', `UPDATE stream_event SET at = ${late}`, () => job('teller-stream')],
    ['feeds of rates', `INSERT INTO desk_feed (name, format, url, due_at) VALUES ('late', 'ecb', 'http://127.0.0.1:1/', ${late})`,
      () => stack.sql('DELETE FROM desk_feed')],
    ['orders set off', `INSERT INTO market_wait VALUES (1, 1, 1, -1, ${late})`, () => stack.sql('DELETE FROM market_wait')],
  ]) {
    await stack.sql(change);
    const { text } = await stack.request('GET', '/health/deep');
    assert.match(text, new RegExp(`^WRONG: ${check}: the oldest has been due for 30[1-9] s`, 'm'), check);
    assert.deepEqual(await deep(), [check]);
    await undo();
    assert.deepEqual(await deep(), [], check);
  }
});

test('sockets that nobody listens on: the matcher, nchan; where none is used none is missed', async () => {
  const deaf = path.join(home, 'deaf.sock');
  const server = net.createServer().listen(deaf);
  await new Promise((resolve) => { server.once('listening', resolve); });
  await run('cp', ['-a', deaf, `${deaf}.left`]).catch(() => {});
  await new Promise((resolve) => { server.close(resolve); });
  const config = await changedConfig([/^matcher = .*$/m, `matcher = ${deaf}.left`], [/^(\[stream\]\n)socket = .*$/m, `$1socket = ${home}/nothing.sock`]);
  const findings = await wrong('--config', config);
  assert.deepEqual(Object.keys(findings), ["matcher's socket", "nchan's socket"]);
  assert.match(findings["nchan's socket"], /nothing\.sock No such file or directory$/);
  assert.match(findings["matcher's socket"], /deaf\.sock\.left (Connection refused|No such file or directory)$/);
  await stack.sql("UPDATE job SET done_at = '2000-01-01' WHERE name IN ('teller-stream', 'teller-match')");
  assert.deepEqual(await wrong('--config', await changedConfig([/^matcher = .*$/m, 'matcher ='], [/^(\[stream\]\n)socket = .*$/m, '$1socket ='])), {});
  await stack.sql("UPDATE job SET done_at = NOW(6) WHERE name IN ('teller-stream', 'teller-match')");
});

test("a certificate that ends soon, one that is none, one that cannot be seen; the clock", async () => {
  const file = path.join(home, 'cert.pem');
  for (const [days, good] of [[13, false], [16, true], [365 * 40, true]]) { // the last one is GeneralizedTime
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(days), '-subj', '/CN=a',
      '-keyout', '/dev/null', '-out', file]);
    const { stdout } = await run('openssl', ['x509', '-enddate', '-noout', '-in', file]);
    const end = new Date(stdout.trim().slice('notAfter='.length)).toISOString().replace('T', ' ').slice(0, 19);
    const config = await changedConfig([/^certificate = .*$/m, `certificate = ${file}`]);
    const row = JSON.parse((await stack.ctlResult(['doctor', '--config', config])).out).find(({ check }) => check === 'certificate');
    assert.deepEqual([row.ok, row.found], [good, `${file} ends at ${end} UTC`]);
  }
  await writeFile(file, 'no certificate');
  assert.match((await wrong('--config', await changedConfig([/^certificate = .*$/m, `certificate = ${file}`]))).certificate, /holds no certificate$/);
  assert.deepEqual(await wrong('--config', await changedConfig([/^certificate = .*$/m, 'certificate = /nonexistent/cert.pem'])), {});
  try {
    await stack.sql("SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() + 60'");
    assert.match((await wrong()).clock, /^the database's is [56]\d{4} ms from ours$/);
  } finally {
    await stack.sql("SET GLOBAL init_connect = ''");
  }
  assert.deepEqual(await wrong(), {});
});

test('a key that root can read and the workers cannot', async (t) => {
  if (process.getuid() !== 0) {
    t.skip('only root can look as another user');
    return;
  }
  const key = path.join(home, 'master.key'), password = path.join(home, 'app.password');
  await copyFile(path.join(stack.dir, 'master.key'), key);
  await copyFile(path.join(stack.dir, 'app.password'), password);
  for (const file of [key, password]) await chmod(file, 0o600);
  const config = await changedConfig([/^key_file = .*$/m, `key_file = ${key}`], [/^password_file = .*$/m, `password_file = ${password}`]);
  const findings = await wrong('--config', config, '--as', 'nobody');
  assert.deepEqual(Object.keys(findings), ['key file, read by nobody', 'password file, read by nobody']);
  assert.match(findings['key file, read by nobody'], /master\.key: cannot be read by user \d+: Permission denied/);
  for (const file of [key, password]) await run('chown', ['nobody', file]);
  assert.deepEqual(await wrong('--config', config, '--as', 'nobody'), {});
  assert.deepEqual(Object.keys(await wrong('--as', 'somebody-who-is-none')), ["workers' user"]);
});

test('/health/deep is for this machine alone', async () => {
  const { hostname: host, port } = new URL(stack.base);
  const from = (localAddress, target = '/health/deep') => new Promise((resolve, reject) => {
    http.get({ host, port, path: target, localAddress, agent: false }, (reply) => { reply.resume(); resolve(reply.statusCode); }).on('error', reject);
  });
  assert.equal(await from('127.0.0.1'), 200);
  // An address that is not one of those in nginx/teller.conf.in, and other ways to write the path.
  for (const target of ['/health/deep', '/health/deep/', '/health//deep', '//health/deep', '/health/deep%2f', '/%68ealth/d%65ep', '/health/live/../deep', '/site/..%2fhealth/deep', '/health/deep?x=1'])
    assert.equal(await from('127.0.0.2', target), 403, target);
  assert.equal(await from('127.0.0.2', '/health/ready'), 200);
});
