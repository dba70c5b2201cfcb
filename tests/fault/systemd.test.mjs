// The installed tree under a real systemd: the units as they are, in a container (systemd-nspawn) whose /usr is
// this machine's, with the database of the test run. Workers are restarted and reloaded while clients call
// through nginx, and no request is lost; a misconfigured unit does not spin. Where there is no systemd-nspawn, or
// it may not run, the test says so and is skipped; hand_over.test.mjs stands in.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { childrenOf, closeConnections, form, stack, tonce, until } from '../support/teller.mjs';

const run = promisify(execFile);
const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PREFIX = '/opt/teller', DOC = `${PREFIX}/share/doc/teller`;
const TELLER = 990, WWW = 33; // user ids in the container
const CLIENTS = 8;
const SLOWEST_MS = 8000; // a restart waits for the connections that nginx keeps, 5 s; who is stuck waits 30 s
const BOOT_S = 60;

let home, container, nginx, init, base, said = '';
const at = (name) => path.join(home, name);

/** Runs a command in the container. */
const inside = async (...words) => (await run('nsenter', ['-t', String(init), '-a', ...words], { maxBuffer: 1 << 28 })).stdout;
const systemctl = (...words) => inside('systemctl', ...words);

/** Why systemd cannot run here, or null. */
async function obstacle() {
  if (process.getuid() !== 0) return 'only root may start a container';
  return run('systemd-nspawn', ['--quiet', '-D', '/', '--volatile=yes', '--register=no', '--keep-unit', 'true']).then(() => null,
    (error) => `systemd-nspawn cannot run here: ${error.stderr?.trim() || error.message}`);
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** The tree, its configuration and its secrets, for the container to mount. */
async function settle() {
  await run(path.join(TREE, 'tools/dev/install-tree'), [path.dirname(stack.tellerctl), at('target'), PREFIX]);
  for (const name of ['etc', 'run', 'nginx']) await mkdir(at(name));
  await cp(at(`target${DOC}/systemd`), at('units'), { recursive: true });
  await copyFile(at(`target${DOC}/nginx/nchan.conf`), at('etc/nchan.conf'));
  const config = (await readFile(stack.config, 'utf8')).replace(/^socket = .*mysqld.sock$/m, 'socket = /run/teller-db/mysqld.sock')
    .replace(/^((?:key|password|owner_password)_file) = .*\//gm, '$1 = /etc/teller/').replace(/^directory = .*$/m, `directory = ${PREFIX}/share/teller/schema`)
    .replace(/^matcher = .*$/m, 'matcher = /run/teller/match.sock').replace(/^socket = .*publish.sock$/m, 'socket = /run/teller-nchan/publish.sock');
  await writeFile(at('etc/teller.conf'), config);
  for (const name of ['master.key', 'app.password', 'owner.password']) {
    await copyFile(path.join(stack.dir, name), at(`etc/${name}`));
    await chown(at(`etc/${name}`), TELLER, TELLER);
  }
  await writeFile(at('users.conf'), `u teller ${TELLER} "Teller"\nu www-data ${WWW}\n`);
  await chmod(at('etc/teller.conf'), 0o644);
  await chmod(at('users.conf'), 0o644);
  for (const name of ['', 'etc', 'run', 'units']) await chmod(at(name), 0o755);
}

function boot() {
  const mounts = [`--bind-ro=${at(`target${PREFIX}`)}:${PREFIX}`, `--bind-ro=${at('etc')}:/etc/teller`, `--bind-ro=${at('units')}:/etc/systemd/system`,
    `--bind-ro=${at('users.conf')}:/etc/sysusers.d/teller.conf`, `--bind=${at('run')}:/run/teller`,
    `--bind=${path.join(stack.dir, 'mariadb/mysqld.sock')}:/run/teller-db/mysqld.sock`];
  container = spawn('systemd-nspawn', ['--quiet', '-D', '/', '--volatile=yes', '--register=no', '--keep-unit', ...mounts, '-b', 'systemd.firstboot=no',
    'systemd.unit=teller.target'], { stdio: ['ignore', 'pipe', 'pipe'] });
  container.ended = once(container, 'exit');
  for (const stream of [container.stdout, container.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
}

/** The installed site, on a port of its own and with the sockets of the container. */
async function startNginx() {
  const port = await freePort(), tlsPort = await freePort();
  base = `http://127.0.0.1:${port}`;
  const site = (await readFile(at(`target${DOC}/nginx/teller.conf`), 'utf8')).replace(/server \{\s*listen 80;[\s\S]*?\n\}/, '').replace(/^.*listen \[::\]:.*$/gm, '')
    .replace(/listen 443 ssl/, `listen 127.0.0.1:${port};\n    listen 127.0.0.1:${tlsPort} ssl`).replaceAll('/run/teller/', `${at('run')}/`)
    .replaceAll('/etc/teller/tls', path.join(stack.dir, 'tls')).replaceAll(PREFIX, at(`target${PREFIX}`)).replaceAll('/var/log/nginx', at('nginx'))
    .replaceAll('/var/lib/nginx', at('nginx')).replaceAll(/rate=\d+r\/s/g, 'rate=100000r/s').replaceAll(/burst=\d+/g, 'burst=100000');
  const temporary = ['client_body', 'fastcgi', 'proxy', 'scgi', 'uwsgi'].map((name) => `${name}_temp_path ${at(`nginx/${name}`)};`).join('\n');
  await writeFile(at('nginx.conf'), `user root;\ndaemon off;\nworker_processes 1;\npid ${at('nginx/pid')};\nerror_log ${at('nginx/error.log')};\n`
    + `events { worker_connections 1000; }\nhttp {\n${temporary}\ninclude /etc/nginx/mime.types;\n${site}\n}\n`);
  nginx = spawn('nginx', ['-e', at('nginx/error.log'), '-c', at('nginx.conf')], { stdio: 'ignore' });
  nginx.ended = once(nginx, 'exit');
}

let reason = null;
before(async () => {
  reason = await obstacle();
  if (reason !== null) return;
  home = await mkdtemp(path.join(os.tmpdir(), 'teller-systemd-'));
  await settle();
  boot();
  await until(async () => {
    assert.equal(container.exitCode, null, said);
    [init] = await childrenOf(container.pid);
    return init !== undefined && (await systemctl('is-active', 'teller.target').catch(() => '')).trim() === 'active';
  }, BOOT_S, 'teller.target').catch((error) => { throw new Error(`${error.message}\n${said.slice(-3000)}`); });
  await startNginx();
  await until(() => stack.request('GET', '/health/ready', { base }).then((reply) => reply.status === 200, () => false), 20, 'an answer');
}, { timeout: 120000 });

after(async () => {
  closeConnections();
  if (nginx) {
    nginx.kill('SIGTERM');
    await nginx.ended;
  }
  if (container && container.exitCode === null) {
    await run('kill', ['-s', 'RTMIN+4', String(init)]); // power off
    const late = setTimeout(() => container.kill('SIGKILL'), 20000);
    await container.ended;
    clearTimeout(late);
  }
  if (home) await rm(home, { recursive: true });
});

/** Clients that call, signed and not, until told to stop; gives what they saw. */
function load(customer) {
  const seen = { answered: 0, failed: [], slowest: 0 };
  let going = true;
  const client = async (index) => {
    for (let i = index; going; i++) {
      const from = Date.now();
      try {
        const body = form({ tonce: tonce() });
        const reply = i % 2 === 0 ? await stack.request('GET', '/health/ready', { base })
          : await stack.request('POST', '/api/1/generic/info', { base, body, headers: customer.headers(body) });
        if (reply.status === 200) seen.answered++;
        else seen.failed.push(`${reply.status} ${reply.text}`);
      } catch (error) {
        seen.failed.push(error.message);
      }
      seen.slowest = Math.max(seen.slowest, Date.now() - from);
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, index) => client(index));
  return async () => {
    going = false;
    await Promise.all(clients);
    return seen;
  };
}

const mainPid = async (unit) => (await systemctl('show', '--value', '-p', 'MainPID', unit)).trim();

test('every unit is active, and each worker heeds its socket', { timeout: 60000 }, async (t) => {
  if (reason !== null) return t.skip(reason);
  const failed = await systemctl('list-units', '--failed', '--plain', '--no-legend', 'teller*');
  assert.equal(failed, '', await inside('journalctl', '--no-pager', '-n', '30'));
  for (const unit of ['teller-main@1', 'teller-order@8', 'teller-read@4', 'teller-login@2', 'teller-events@4', 'teller-match', 'teller-ipn', 'teller-stream',
    'teller-stop-orders', 'teller-pay', 'teller-deposits', 'teller-rates', 'teller-nchan'])
    assert.equal((await systemctl('is-active', unit)).trim(), 'active', unit);
});

test('restarted and reloaded under load: nothing is lost', { timeout: 180000 }, async (t) => {
  if (reason !== null) return t.skip(reason);
  const customer = await stack.customer();
  const stop = load(customer);
  for (const unit of ['teller-read@1', 'teller-read@2', 'teller-main@1', 'teller-read@3', 'teller-read@4']) await systemctl('restart', unit);
  await systemctl('restart', 'teller-read@1', 'teller-read@2', 'teller-read@3', 'teller-read@4', 'teller-main@1', 'teller-match');
  const pid = await mainPid('teller-read@1');
  await systemctl('reload', 'teller-read@1', 'teller-read@2', 'teller-read@3', 'teller-read@4', 'teller-main@1', 'teller-match', 'teller-ipn');
  await until(async () => (await inside('journalctl', '--no-pager', '-u', 'teller-read@*')).split('event=reload result=ok').length - 1 === 4, 20, 'the reload of four workers');
  await until(async () => (await systemctl('is-active', 'teller-match', 'teller-ipn').catch(({ stdout }) => stdout)).trim() === 'active\nactive', 20, 'matcher and retrier');
  const { answered, failed, slowest } = await stop();
  t.diagnostic(`${answered} answered, the slowest in ${slowest} ms`);
  assert.deepEqual(failed, []);
  assert.ok(answered > 300, `${answered} answers`);
  assert.ok(slowest < SLOWEST_MS, `the slowest took ${slowest} ms`);
  assert.equal(await mainPid('teller-read@1'), pid, 'a reload keeps the process');
});

test('a misconfigured worker ends with 2 and its unit does not spin; a wrong configuration is not reloaded', { timeout: 60000 }, async (t) => {
  if (reason !== null) return t.skip(reason);
  const right = await readFile(at('etc/teller.conf'), 'utf8');
  try {
    await writeFile(at('etc/teller.conf'), `${right}levl = info\n`);
    const pid = await mainPid('teller-main@2');
    await systemctl('reload', 'teller-main@2');
    await until(async () => (await inside('journalctl', '--no-pager', '-u', 'teller-main@2')).includes('event=reload error=config'), 10, 'the refusal');
    assert.equal(await mainPid('teller-main@2'), pid);
    await systemctl('restart', 'teller-main@2').catch(() => {});
    await until(async () => (await systemctl('show', '--value', '-p', 'ActiveState', 'teller-main@2')).trim() === 'failed', 20, 'the end of the unit');
    assert.match(await systemctl('show', '-p', 'ExecMainStatus', '-p', 'NRestarts', 'teller-main@2'), /NRestarts=0[\s\S]*ExecMainStatus=2|ExecMainStatus=2[\s\S]*NRestarts=0/);
  } finally {
    await writeFile(at('etc/teller.conf'), right);
    await systemctl('restart', 'teller-main@2');
  }
});
