// The same worker binary behind other servers: Apache with mod_fcgid, and whoever hands over a
// listening socket as descriptor 0, as a systemd socket unit does.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { access, chmod, chown, copyFile, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FastCgi } from '../support/fastcgi.mjs';
import { closeConnections, form, stack, tonce, until } from '../support/teller.mjs';

const run = promisify(execFile);
const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const WORKER = path.join(path.dirname(stack.tellerctl), 'teller-worker');
const PASSWORD = 'a password of the tests';
const MODULES = ['mpm_event', 'authz_core', 'fcgid', 'headers', 'ssl', 'socache_shmcb', 'http2', 'rewrite', 'filter', 'deflate', 'setenvif',
  'unique_id', 'mime'];

let home;
let customer;
let user;
before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'teller-'));
  customer = await stack.customer({ funds: { USD: '5' } });
  user = await stack.user({ password: PASSWORD });
});
after(async () => {
  await rm(home, { recursive: true, force: true });
  closeConnections();
});

/** A port that nobody listens on. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** Starts a program. `ended` gives its exit code and signal, `log()` what it said. */
function start(program, args, env = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (data) => { text += data; });
  child.stderr.on('data', (data) => { text += data; });
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve([error.message, null]));
    child.on('close', (code, signal) => resolve([code, signal]));
  });
  return { child, ended, log: () => text };
}

/**
 * Everything that Apache's workers need, in a place that its user may read: a server that is started
 * by root gives root up, and may not look into the stack then.
 */
async function settle(port, tlsPort) {
  const at = (name) => path.join(home, name);
  const secrets = ['master.key', 'app.password'];
  const replaced = (text, ...pairs) => pairs.reduce((result, [from, to]) => result.replaceAll(from, to), text);
  await mkdir(at('tls'));
  await mkdir(at('run'));
  await mkdir(at('html'));
  await cp(path.join(TREE, 'nginx/html'), at('html'), { recursive: true });
  await copyFile(WORKER, at('teller-worker'));
  for (const name of secrets) await copyFile(path.join(stack.dir, name), at(name));
  for (const name of ['cert.pem', 'key.pem']) await copyFile(path.join(stack.dir, 'tls', name), at(`tls/${name}`));
  await writeFile(at('teller.conf'), (await readFile(stack.config, 'utf8')).replace(/^socket = .*$/m, `socket = ${at('mysqld.sock')}`)
    .replace(/^(key_file|password_file) = .*\/(.*)$/gm, `$1 = ${home}/$2`));
  const site = replaced(await readFile(path.join(TREE, 'nginx/apache/teller.conf'), 'utf8'), ['/etc/teller/teller.conf', at('teller.conf')],
    ['/etc/teller/tls', at('tls')], ['/usr/local/lib/teller/teller-worker', at('teller-worker')],
    ['/usr/local/share/teller/nginx/html', at('html')], ['*:80>', `127.0.0.1:${port}>`], ['*:443>', `127.0.0.1:${tlsPort}>`]);
  assert.doesNotMatch(site.replaceAll(/^\s*#.*$/gm, ''), /\/(etc|usr)\//);
  const root = process.getuid() === 0;
  await writeFile(at('apache.conf'), [
    `ServerRoot ${home}`, `DefaultRuntimeDir ${at('run')}`, `PidFile ${at('run/pid')}`, `Mutex file:${at('run')} default`,
    `ErrorLog ${at('error.log')}`, `Define APACHE_LOG_DIR ${home}`, 'ServerName localhost', `Listen 127.0.0.1:${port}`, `Listen 127.0.0.1:${tlsPort}`,
    ...MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`), 'TypesConfig /etc/mime.types',
    ...(root ? ['User www-data', 'Group www-data'] : []), `FcgidIPCDir ${at('run')}`, `FcgidProcessTableFile ${at('run/table')}`, site].join('\n'));
  await chmod(home, 0o755);
  if (root) {
    const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'www-data'])).stdout)));
    for (const name of [...secrets, 'teller.conf', 'run']) await chown(at(name), uid, gid);
    await run('chmod', ['-R', 'a+rX', at('html'), at('teller-worker')]);
  }
}

test('Apache with mod_fcgid', { timeout: 120000 }, async (t) => {
  const [port, tlsPort] = [await freePort(), await freePort()];
  await settle(port, tlsPort);
  const relay = net.createServer((near) => {
    const far = net.connect(path.join(stack.dir, 'mariadb/mysqld.sock'));
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
  }).listen({ path: path.join(home, 'mysqld.sock'), writableAll: true, readableAll: true });
  const apache = start('apache2', ['-f', path.join(home, 'apache.conf'), '-DFOREGROUND']);
  const errors = () => readFile(path.join(home, 'error.log'), 'utf8').catch(() => '');
  const call = (method, target, headers = {}, body = null) => new Promise((resolve, reject) => {
    const request = https.request({ host: '127.0.0.1', port: tlsPort, method, path: target, headers, rejectUnauthorized: false, agent: false }, async (reply) => {
      let text = '';
      for await (const chunk of reply.setEncoding('utf8')) text += chunk;
      let json;
      try { json = JSON.parse(text); } catch { json = undefined; }
      resolve({ status: reply.statusCode, headers: reply.headers, text, json });
    });
    request.on('error', reject);
    request.end(body);
  });
  try {
    await until(async () => {
      assert.equal(apache.child.exitCode, null, `${apache.log()}${await errors()}`);
      return call('GET', '/health/live').then((reply) => reply.status === 200, () => false);
    }, 30, 'Apache').catch(async (error) => { throw new Error(`${error.message}\n${apache.log()}${await errors()}`); });

    await t.test('health, reaching the database', async () => {
      const reply = await call('GET', '/health/ready');
      assert.equal(reply.status, 200, reply.text);
      assert.match(reply.headers['x-request-id'], /^\S{20,}$/);
      for (const name of ['strict-transport-security', 'content-security-policy', 'x-content-type-options']) assert.ok(reply.headers[name], name);
    });

    await t.test('a signed call, its replay, a wrong signature, a public call', async () => {
      const body = form({ tonce: tonce() });
      const reply = await call('POST', '/api/1/generic/private/info', customer.headers(body), body);
      assert.deepEqual([reply.status, reply.json?.return?.Login], [200, customer.user.login], reply.text);
      const again = await call('POST', '/api/1/generic/private/info', customer.headers(body), body);
      assert.deepEqual([again.status, again.json?.token], [403, 'login_error_invalid_nonce'], again.text);
      const wrong = await call('POST', '/api/1/generic/info', { ...customer.headers(body), 'Rest-Sign': 'AAAA' }, body);
      assert.deepEqual([wrong.status, wrong.json?.token], [403, 'login_error_invalid_rest_sign'], wrong.text);
      const open = await call('GET', '/api/1/generic/public/currency?currency=BTC');
      assert.equal(open.headers['x-accel-expires'], undefined, 'for nginx alone');
      assert.deepEqual([open.status, open.json?.return?.decimals], [200, '8'], open.text);
    });

    await t.test('sign-in, with cookie and with ticket header', async () => {
      const reply = await call('POST', '/identity-service/session', { 'Content-Type': 'application/json' },
        JSON.stringify({ username: user.login, password: PASSWORD }));
      assert.equal(reply.status, 200, reply.text);
      const [cookie] = reply.headers['set-cookie'];
      assert.match(cookie, /^__Host-session=[0-9a-f-]{36}; .*Secure$/);
      for (const headers of [{ Cookie: cookie.split(';')[0] }, { authenticateit_identity_ticket: reply.json.ticket }]) {
        const account = await call('GET', '/site/account', headers);
        assert.deepEqual([account.status, account.json?.login], [200, user.login], account.text);
      }
      assert.equal((await call('GET', '/site/account')).status, 401);
    });

    await t.test('pages, and plain http sent on to https', async () => {
      assert.match((await call('GET', '/account')).text, /<!doctype html>/i);
      const reply = await stack.request('GET', '/site/account', { base: `http://127.0.0.1:${port}` });
      assert.equal(reply.status, 308);
    });
    assert.doesNotMatch(await errors(), /level=bug/);
  } finally {
    apache.child.kill('SIGTERM');
    await apache.ended;
    relay.close();
  }
});

for (const family of ['unix', 'tcp']) {
  test(`a listening ${family} socket as descriptor 0; SIGTERM ends the worker with exit 0`, { timeout: 60000 }, async () => {
    const port = await freePort();
    const file = path.join(home, 'worker.sock');
    const worker = start('spawn-fcgi', ['-n', ...(family === 'unix' ? ['-s', file] : ['-a', '127.0.0.1', '-p', String(port)]), '--', WORKER],
      { TELLER_CONFIG: stack.config });
    const target = family === 'unix' ? { path: file } : { host: '127.0.0.1', port };
    await until(() => new Promise((resolve) => {
      assert.equal(worker.child.exitCode, null, worker.log());
      const probe = net.connect(target, () => { probe.destroy(); resolve(true); });
      probe.on('error', () => resolve(false));
    }), 20, 'the socket');
    const connection = new FastCgi(target);
    const get = (uri) => connection.request({ REQUEST_METHOD: 'GET', REQUEST_URI: uri, QUERY_STRING: '', SERVER_PROTOCOL: 'HTTP/1.1' });
    assert.match(await get('/health/live'), /^(Status: 200|Content-Type)/);
    assert.match(await get('/health/ready'), /\r\n\r\n/);
    const body = form({ tonce: tonce() });
    const headers = customer.headers(body);
    assert.match(await connection.request({ REQUEST_METHOD: 'POST', REQUEST_URI: '/api/1/generic/info', QUERY_STRING: '', CONTENT_LENGTH: String(body.length),
      CONTENT_TYPE: headers['Content-Type'], HTTP_REST_KEY: headers['Rest-Key'], HTTP_REST_SIGN: headers['Rest-Sign'], REMOTE_ADDR: '127.0.0.1' }, body),
    new RegExp(`"Login":"${customer.user.login}"`));
    worker.child.kill('SIGTERM');
    await until(() => worker.log().includes('event=drain'), 10, 'the drain');
    assert.match(await get('/health/live'), /\r\n\r\n/, 'a kept connection is served while it drains');
    connection.socket.end();
    assert.deepEqual(await worker.ended, [0, null], worker.log());
    assert.match(worker.log(), /event=stop kept=0/);
  });
}

test('without a socket the worker says what is missing', async () => {
  const worker = start(WORKER, []);
  assert.deepEqual(await worker.ended, [2, null]);
  assert.match(worker.log(), /descriptor 0 is not a listening socket/);
});

test('a number of sessions that cannot be is refused', async () => {
  for (const sessions of ['0', '9', '11', 'x', '']) {
    const worker = start(WORKER, ['--connections', sessions]);
    assert.deepEqual(await worker.ended, [2, null]);
    assert.match(worker.log(), /--connections=.* is not 1 to 8/);
  }
});

test('what is installed names what is installed, and no word is left to be filled in', async () => {
  const [target, prefix] = [path.join(home, 'target'), '/opt/teller'];
  await run(path.join(TREE, 'tools/dev/install-tree'), [path.dirname(WORKER), target, prefix]);
  const docs = path.join(target, prefix, 'share/doc/teller');
  const seen = new Set();
  for (const folder of ['apache', 'cron', 'nginx', 'systemd'])
    for (const file of await readdir(path.join(docs, folder))) {
      const text = await readFile(path.join(docs, folder, file), 'utf8');
      assert.doesNotMatch(text, /@[A-Z_]+@|\/usr\/local/, file);
      for (const [named] of text.matchAll(/\/opt\/teller\/[\w\/.-]*\w/g)) {
        await access(path.join(target, named));
        seen.add(path.basename(named));
      }
    }
  for (const name of ['teller-worker', 'teller-match', 'teller-sweep', 'tellerctl', 'html', 'headers.conf'])
    assert.ok(seen.has(name), name);
  const units = await readdir(path.join(docs, 'systemd'));
  for (const [, unit] of (await readFile(path.join(docs, 'systemd/teller.target'), 'utf8')).matchAll(/(teller-[a-z]+@?)\d*\.(socket|service|timer)/g))
    assert.ok(units.some((file) => file.startsWith(`${unit}.`)), unit);
});
