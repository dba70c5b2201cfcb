// The whole drill: what a plain dump leaves behind is said and mended, and a backup of ours comes back
// whole, into a database whose default is another one. Each copy is audited and takes a signed call.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { appendFile, chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { FastCgi } from '../support/fastcgi.mjs';
import { closeConnections, form, sign, stack, tonce, until } from '../support/teller.mjs';

const run = promisify(execFile);
const BUILD = path.dirname(stack.tellerctl);
const COPY = 'teller_copy';

let home, config, customer, partner;
before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'teller-restore-'));
  config = path.join(home, 'copy.conf');
  await writeFile(config, (await readFile(stack.config, 'utf8')).replace(/^name = teller$/m, `name = ${COPY}`));
  customer = await stack.customer({ funds: { USD: '12.5' } });
  partner = await stack.partner();
  await customer.ticket(partner, '2.5');
  await emptyCopy();
  await done('migrate'); // rights stay where a database of that name is dropped
});
after(async () => {
  await stack.sql(`DROP DATABASE IF EXISTS ${COPY}`);
  await rm(home, { recursive: true });
  await stack.audit();
  closeConnections();
});

/** An empty database with a default that is not ours, as a hoster or CREATE DATABASE makes it. */
async function emptyCopy() {
  await stack.sql(`DROP DATABASE IF EXISTS ${COPY}; CREATE DATABASE ${COPY} CHARACTER SET latin1 COLLATE latin1_german1_ci;
    GRANT ALL ON ${COPY}.* TO teller_owner@localhost WITH GRANT OPTION`);
}

/** tellerctl on the copy. */
const ctl = (...args) => stack.ctlResult([...args, '--config', config]);
async function done(...args) {
  const { code, out, complaint } = await ctl(...args);
  assert.equal(code, 0, `${args.join(' ')}: ${complaint}${out}`);
  return JSON.parse(out);
}
async function refused(code, words, ...args) {
  const reply = await ctl(...args);
  assert.equal(reply.code, code, reply.complaint + reply.out);
  assert.match(reply.complaint, words);
}

/** What doctor finds wrong with the copy. */
async function wrong() {
  const { out } = await ctl('doctor');
  return JSON.parse(out).filter((row) => !row.ok).map((row) => [row.check, row.found]);
}

/** A worker on the copy, for as long as `use` takes. */
async function withWorker(use) {
  const socket = path.join(home, 'worker.sock');
  const pool = spawn(path.join(BUILD, 'support/hand_over'), [socket, '1', 'passed', path.join(BUILD, 'teller-worker'), '--config', config],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  pool.stderr.on('data', (data) => { log += data; });
  const ended = new Promise((resolve) => { pool.once('exit', resolve); });
  try {
    await until(() => new Promise((resolve) => {
      const probe = net.connect(socket, () => { probe.destroy(); resolve(true); });
      probe.on('error', () => resolve(false));
    }), 10, 'the socket');
    await use(async (variables, body = '') => {
      const connection = new FastCgi(socket);
      try {
        return await connection.request({ REQUEST_METHOD: 'GET', QUERY_STRING: '', REMOTE_ADDR: '127.0.0.1', CONTENT_LENGTH: String(body.length), ...variables }, body);
      } finally {
        connection.close();
      }
    });
  } finally {
    pool.kill('SIGTERM');
    await ended;
  }
  return log;
}

const ready = async (call) => (await call({ REQUEST_URI: '/health/ready' })).split('\r\n\r\n')[1].trim();

/** The copy is sound: doctor, the audit, readiness, and a signed call that changes something. */
async function assertSound() {
  assert.deepEqual(await wrong(), []);
  assert.equal((await done('audit')).differences, 0);
  await withWorker(async (call) => {
    assert.equal(await ready(call), 'ready');
    const body = form({ tonce: tonce(), partner: partner.id, amount: '1', currency: 'USD' });
    const text = await call({ REQUEST_METHOD: 'POST', REQUEST_URI: '/api/1/generic/ticket/create', CONTENT_TYPE: 'application/x-www-form-urlencoded',
      HTTP_REST_KEY: customer.key, HTTP_REST_SIGN: sign(customer.secret, body) }, body);
    assert.match(text, /"result":"success"/);
  });
  const [wallet] = await done('balance', customer.user.login);
  assert.deepEqual([wallet.available.value, wallet.held.value], ['9.00000', '3.50000']);
  assert.equal((await done('audit')).differences, 0);
}

test('an empty database: doctor says that alone, and no error of ours', async () => {
  await emptyCopy();
  const { out, complaint } = await ctl('doctor');
  assert.equal(complaint, '');
  assert.deepEqual(JSON.parse(out).filter((row) => !row.ok).map((row) => [row.check, row.found]),
    [['schema', 'the database has no tables yet'], ['master key of this database', 'nothing was sealed yet']]);
});

for (const [options, fault] of [[['--routines'], /^(function|procedure) \w+ has another collation$/], [[], /^(function|procedure) \w+ is missing$/]])
  test(`a plain dump (${['mariadb-dump --single-transaction', ...options].join(' ')}): doctor, ready and migrate say it, migrate mends it`, async () => {
    await emptyCopy();
    const socket = ['--no-defaults', '--socket', path.join(stack.dir, 'mariadb/mysqld.sock')];
    const dump = path.join(home, 'plain.sql');
    await run('mariadb-dump', [...socket, '--single-transaction', ...options, `--result-file=${dump}`, 'teller']);
    await run('sh', ['-c', 'exec mariadb "$@" <"$0"', dump, ...socket, COPY]);
    const [[check, found], ...others] = await wrong();
    assert.deepEqual([check, others], ['schema', []]);
    assert.match(found, fault);
    await withWorker(async (call) => {
      assert.match(await ready(call), /^schema is not current: run tellerctl migrate$/);
    });
    const { applied } = await done('migrate');
    assert.ok(applied.includes('procedures/identity.sql') && applied.includes('entry_stays'), applied.join());
    assert.deepEqual(await done('migrate'), { applied: [] });
    await assertSound();
  });

test('a lost trigger is told and made again', async () => {
  await stack.sql(`DROP TRIGGER ${COPY}.entry_stays; DROP TRIGGER ${COPY}.user_enabled`);
  assert.deepEqual(await wrong(), [['schema', 'trigger user_enabled is missing']]);
  assert.deepEqual(await done('migrate'), { applied: ['user_enabled', 'entry_stays'] });
  assert.deepEqual(await wrong(), []);
  await assert.rejects(stack.sql(`DELETE FROM ${COPY}.entry`), /entries are never deleted/);
});

test('backup and restore: whole, audited, and in the configured owner\'s name', async () => {
  const backup = path.join(home, 'backup');
  // While the workers go on: what is taken is of one moment, or the audit of the copy would not agree.
  const tickets = { open: 0, going: true };
  const customers = Array.from({ length: 2 }, async () => {
    const busy = await stack.customer();
    while (tickets.going) {
      await busy.ticket(partner, '0.01');
      tickets.open++;
    }
  });
  await until(() => tickets.open > 5, 20, 'tickets');
  const made = await stack.ctl('backup', backup);
  const then = tickets.open;
  await until(() => tickets.open > then, 20, 'more tickets');
  tickets.going = false;
  await Promise.all(customers);
  assert.match(made.key, /^is not in the backup/);
  assert.deepEqual((await readdir(backup)).sort(), ['backup.json', 'database.sql']);
  for (const [name, mode] of [['', 0o700], ['backup.json', 0o600], ['database.sql', 0o600]])
    assert.equal((await stat(path.join(backup, name))).mode & 0o777, mode, name);
  const key = (await readFile(path.join(stack.dir, 'master.key'), 'utf8')).trim();
  for (const name of await readdir(backup)) assert.ok(!(await readFile(path.join(backup, name), 'utf8')).includes(key));

  await emptyCopy();
  // As a database on another server would have it, where nobody has the name of the old owner.
  const dump = path.join(backup, 'database.sql'), manifest = path.join(backup, 'backup.json');
  assert.match(await readFile(dump, 'utf8'), /DEFINER=`teller_owner`@`localhost`/);
  const report = await done('restore', backup);
  assert.deepEqual([report.differences, report.journals > 0, report.tickets > 0], [0, true, true]);
  assert.deepEqual(await stack.sql(`SELECT DISTINCT definer, database_collation FROM information_schema.triggers WHERE trigger_schema = '${COPY}' UNION
    SELECT definer, database_collation FROM information_schema.routines WHERE routine_schema = '${COPY}'`), [['teller_owner@localhost', 'utf8mb4_unicode_ci']]);
  await assertSound();
  await refused(2, /the database is not empty/, 'restore', backup);

  await emptyCopy();
  await rm(manifest);
  await refused(2, /no backup, or not all of one/, 'restore', backup);
  const again = path.join(home, 'with-key');
  await stack.ctl('backup', again, '--with-key');
  assert.equal((await readFile(path.join(again, 'master.key'), 'utf8')).trim(), key);
  assert.equal((await stat(path.join(again, 'master.key'))).mode & 0o777, 0o600);
  await appendFile(path.join(again, 'database.sql'), '-- more\n');
  await refused(2, /damaged/, 'restore', again);
  assert.deepEqual(await stack.sql(`SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '${COPY}'`), [['0']]);
});

test('a definer of another server is left out; a key of another database, a directory that is there, a program that fails', async () => {
  const backup = path.join(home, 'elsewhere'), dump = path.join(backup, 'database.sql');
  await stack.ctl('backup', backup);
  const other = path.join(home, 'other.key');
  await writeFile(other, '5a'.repeat(32), { mode: 0o600 });
  const plain = await readFile(config, 'utf8');
  try {
    await writeFile(config, plain.replace(/^key_file = .*$/m, `key_file = ${other}`));
    await refused(2, /other\.key: is not the key of this backup/, 'restore', backup);
  } finally {
    await writeFile(config, plain);
  }
  const foreign = (await readFile(dump, 'utf8')).replaceAll('DEFINER=`teller_owner`@`localhost`', 'DEFINER=`some``body`@`elsewhere`');
  await chmod(dump, 0o600);
  await writeFile(dump, foreign);
  const { stdout } = await run('sha256sum', [dump]);
  const manifest = path.join(backup, 'backup.json');
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(/"sha256": ?"\w+"/, `"sha256":"${stdout.slice(0, 64)}"`));
  assert.equal((await done('restore', backup)).differences, 0);
  assert.deepEqual(await wrong(), []);

  const { code, complaint } = await stack.ctlResult(['backup', backup]);
  assert.equal(code, 1);
  assert.match(complaint, /elsewhere: File exists/);
  const without = await run(stack.tellerctl, ['backup', path.join(home, 'none'), '--config', stack.config], { env: { PATH: '/nonexistent' } }).catch((error) => error);
  assert.match(without.stderr, /mariadb-dump is not there: install the package mariadb-client/);
  await assert.rejects(stat(path.join(home, 'none')), { code: 'ENOENT' });
});
