// Teller without systemd: the supervisor that cron starts (tools/cron/teller-pools) and the lines of the crontab.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FastCgi } from '../support/fastcgi.mjs';
import { childrenOf, stack, until } from '../support/teller.mjs';

const run = promisify(execFile);
const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PREFIX = '/opt/teller';
const WORKERS = 8, POOLS = 7; // as env says; the pools are one for each kind of call, and the matcher's

let home, env, program, config;
const started = [];
before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'teller-pools-'));
  await run(path.join(TREE, 'tools/dev/install-tree'), [path.dirname(stack.tellerctl), home, PREFIX]);
  program = path.join(home, PREFIX, 'lib/teller/teller-pools');
  config = path.join(home, 'teller.conf');
  await copyFile(stack.config, config);
  env = { ...process.env, TELLER_CONFIG: config, TELLER_RUN: path.join(home, 'run'), TELLER_USER: os.userInfo().username, TELLER_NCHAN: '/nonexistent',
    WORKERS: '2', READ_WORKERS: '2', ORDER_WORKERS: '1', LIST_WORKERS: '1', LOGIN_WORKERS: '1', EVENTS_WORKERS: '1' };
});
after(async () => {
  await run(program, ['stop'], { env }).catch(() => {});
  await rm(home, { recursive: true });
});

/** What cron does each minute. */
function start() {
  const child = spawn(program, [], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const self = { child, log: '', ended: once(child, 'exit') };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (data) => { self.log += data; });
  started.push(self);
  return self;
}

async function ready() {
  const connection = new FastCgi({ path: path.join(home, 'run/read.sock') });
  try {
    const text = await connection.request({ REQUEST_METHOD: 'GET', REQUEST_URI: '/health/ready', QUERY_STRING: '', SERVER_PROTOCOL: 'HTTP/1.1' });
    return /\r\n\r\nready/.test(text);
  } catch {
    return false;
  } finally {
    connection.socket.destroy();
  }
}

/** The processes of the pools, by the name of the program. */
async function processes(name) {
  const { stdout } = await run('pgrep', ['-f', `${home}${PREFIX}/lib/teller/${name}`]).catch(() => ({ stdout: '' }));
  const found = [];
  for (const pid of stdout.trim().split('\n').filter(Boolean))
    if ((await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).startsWith(path.join(home, PREFIX, 'lib/teller', name))) found.push(Number(pid));
  return found.sort();
}

test('started each minute: one supervisor; what dies is there again, itself included; reload keeps the processes', { timeout: 120000 }, async () => {
  const first = start();
  await until(ready, 20, 'an answer').catch((error) => { throw new Error(`${error.message}\n${first.log}`); });
  const second = start();
  assert.deepEqual(await second.ended, [0, null]);
  assert.equal(second.log, '', 'cron has nothing to say');
  const workers = await until(async () => { const all = await processes('teller-worker'); return all.length === WORKERS && all; }, 20, 'all workers');
  assert.equal((await processes('teller-match')).length, 1);

  await run(program, ['reload'], { env });
  await until(() => first.log.split('event=stop kept=').length - 1 >= WORKERS && ready(), 20, 'the reload');
  assert.deepEqual(await processes('teller-worker'), workers);

  process.kill(workers[0], 'SIGKILL');
  await until(async () => { const now = await processes('teller-worker'); return now.length === WORKERS && !now.includes(workers[0]); }, 20, 'another worker');

  first.child.kill('SIGKILL');
  await first.ended;
  const third = start();
  await until(() => third.log.includes('runs in'), 30, 'the next supervisor').catch((error) => { throw new Error(`${error.message}\n${third.log}`); });
  await until(ready, 20, 'an answer');
  await until(async () => (await processes('teller-worker')).length === WORKERS, 20, 'as many workers, not twice as many');
  assert.match((await run(program, ['status'], { env })).stdout, new RegExp(`process ${third.child.pid}$`, 'm'));
  await run(program, ['stop'], { env });
  assert.deepEqual(await third.ended, [0, null]);
  assert.deepEqual([await processes('teller-worker'), await processes('teller-match')], [[], []]);
  await assert.rejects(run(program, ['status'], { env }), { code: 3 });
});

test('misconfigured: said once, and not tried in a spin', { timeout: 60000 }, async () => {
  const right = await readFile(config, 'utf8');
  await appendFile(config, 'levl = info\n');
  const one = start();
  await until(() => one.log.split('misconfigured').length - 1 >= POOLS, 20, 'a complaint of each pool');
  one.child.kill('SIGTERM');
  assert.deepEqual(await one.ended, [0, null]);
  assert.ok(one.log.split('misconfigured').length - 1 <= POOLS + 1, one.log);
  assert.match(one.log, /unknown key "levl"/);
  assert.notEqual(right, '');
});

test('the crontab: its programs are there, and the nightly audit says nothing where nothing differs', async () => {
  const text = await readFile(path.join(home, PREFIX, 'share/doc/teller/cron/teller'), 'utf8');
  const lines = text.split('\n').filter((line) => /^[\d*@]/.test(line));
  assert.deepEqual(lines.map((line) => path.basename(/\/opt\/teller\/\S*?(?=[ )])/.exec(line)[0])),
    ['teller-pools', 'teller-sweep', 'teller-ipn', 'teller-stop-orders', 'teller-pay', 'teller-rates', 'teller-deposits', 'teller-stream', 'tellerctl']);
  const [, command] = /^17 3 \* \* \* teller (.*)$/m.exec(text);
  const audit = async (file) => (await run('sh', ['-c', command.replaceAll(PREFIX, path.join(home, PREFIX))], { env: { ...env, TELLER_CONFIG: file } })).stdout;
  assert.equal(await audit(stack.config), '');
  assert.match(await audit('/nonexistent.conf'), /No such file/);
});
