// The same worker binary behind other servers: Apache with mod_fcgid, with mod_proxy_fcgi and as on shared
// hosting, and whoever hands over a
// listening socket as descriptor 0, as a systemd socket unit does.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { access, chmod, chown, copyFile, cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
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
const BUILD = path.dirname(WORKER);
const PASSWORD = 'a password of the tests';
const MODULES = ['mpm_event', 'authz_core', 'headers', 'ssl', 'socache_shmcb', 'http2', 'rewrite', 'filter', 'deflate', 'setenvif',
  'unique_id', 'mime', 'authz_host', 'dir'];

let home;
let customer;
let user;
before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'teller-'));
  await chmod(home, 0o755);
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

/** The user that Apache gives root up for; null where it is not started by root. */
async function apacheUser() {
  if (process.getuid() !== 0) return null;
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'www-data'])).stdout)));
  return { uid, gid };
}

/** The database at another address, for those who may not look into the stack. */
async function relayDatabase(where) {
  const relay = net.createServer((near) => {
    const far = net.connect(path.join(stack.dir, 'mariadb/mysqld.sock'));
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
  }).listen(where);
  await new Promise((resolve) => { relay.once('listening', resolve); });
  return relay;
}

/**
 * Everything that Apache's workers need, in a place that its user may read: a server that is started
 * by root gives root up, and may not look into the stack then.
 */
async function settle(directory, database) {
  const at = (name) => path.join(directory, name);
  const secrets = ['master.key', 'app.password'];
  for (const name of ['tls', 'run', 'html', 'lib/teller']) await mkdir(at(name), { recursive: true });
  await cp(path.join(TREE, 'nginx/html'), at('html'), { recursive: true });
  await copyFile(WORKER, at('lib/teller/teller-worker'));
  for (const name of secrets) await copyFile(path.join(stack.dir, name), at(name));
  for (const name of ['cert.pem', 'key.pem']) await copyFile(path.join(stack.dir, 'tls', name), at(`tls/${name}`));
  await writeFile(at('teller.conf'), (await readFile(stack.config, 'utf8')).replace(/^(\[database\]\n)socket = .*$/m, `$1${database}`)
    .replace(/^(\[stream\]\n)socket = .*$/m, '$1socket =').replace(/^(key_file|password_file) = .*\/(.*)$/gm, `$1 = ${directory}/$2`));
  const { stdout } = await run(WORKER, ['--routes=apache']);
  await writeFile(at('errors.conf'), stdout);
  await chmod(directory, 0o755);
  const user = await apacheUser();
  if (user !== null) {
    for (const name of [...secrets, 'teller.conf', 'run']) await chown(at(name), user.uid, user.gid);
    await run('chmod', ['-R', 'a+rX', at('html'), at('lib')]);
  }
}

/** Starts Apache with a site; gives how to call it, and to end it. */
async function startApache(directory, modules, site, ports) {
  const at = (name) => path.join(directory, name);
  await writeFile(at('apache.conf'), [
    `ServerRoot ${directory}`, `DefaultRuntimeDir ${at('run')}`, `PidFile ${at('run/pid')}`, `Mutex file:${at('run')} default`,
    `ErrorLog ${at('error.log')}`, `Define APACHE_LOG_DIR ${directory}`, 'ServerName localhost', ...ports.map((port) => `Listen 127.0.0.1:${port}`),
    ...[...MODULES, ...modules].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`), 'TypesConfig /etc/mime.types',
    ...(await apacheUser() === null ? [] : ['User www-data', 'Group www-data']),
    ...(modules.includes('fcgid') ? [`FcgidIPCDir ${at('run')}`, `FcgidProcessTableFile ${at('run/table')}`] : []), site].join('\n'));
  const apache = start('apache2', ['-f', at('apache.conf'), '-DFOREGROUND']);
  const errors = () => readFile(at('error.log'), 'utf8').catch(() => '');
  const [port] = ports.slice(-1);
  const protocol = ports.length === 2 ? https : http;
  const call = (method, target, headers = {}, body = null) => new Promise((resolve, reject) => {
    const request = protocol.request({ host: '127.0.0.1', port, method, path: target, headers, rejectUnauthorized: false, agent: false }, async (reply) => {
      let text = '';
      for await (const chunk of reply.setEncoding('utf8')) text += chunk;
      let json;
      try { json = JSON.parse(text); } catch { json = undefined; }
      resolve({ status: reply.statusCode, headers: reply.headers, text, json });
    });
    request.on('error', reject);
    request.end(body);
  });
  await until(async () => {
    assert.equal(apache.child.exitCode, null, `${apache.log()}${await errors()}`);
    return call('GET', '/health/live').then((reply) => reply.status === 200, () => false);
  }, 30, 'Apache').catch(async (error) => {
    apache.child.kill('SIGTERM');
    throw new Error(`${error.message}\n${apache.log()}${await errors()}`);
  });
  return { call, errors, stop: async () => { apache.child.kill('SIGTERM'); await apache.ended; } };
}

/** The virtual host of nginx/apache, with its paths where `settle` put things. */
async function virtualHost(directory, module, [port, tlsPort]) {
  const at = (name) => path.join(directory, name);
  const replaced = (text, ...pairs) => pairs.reduce((result, [from, to]) => result.replaceAll(from, to), text);
  const read = (name) => readFile(path.join(TREE, 'nginx/apache', name), 'utf8');
  const pairs = [['/etc/teller/teller.conf', at('teller.conf')], ['/etc/teller/tls', at('tls')], ['/usr/local/lib/teller', at('lib/teller')],
    ['/usr/local/share/teller/nginx/html', at('html')], ['/usr/local/share/teller/apache/errors.conf', at('errors.conf')],
    ['/run/teller/', `${at('run')}/`], ['*:80>', `127.0.0.1:${port}>`], ['*:443>', `127.0.0.1:${tlsPort}>`]];
  // What is not a service of ours says what it is told: each module with a program of its own kind.
  const echo = module === 'fcgid' ? `SetHandler fcgid-script\nFcgidWrapper ${at('environment')} virtual`
    : `SetHandler "proxy:unix:${at('run/environment.sock')}|fcgi://teller-environment/"`;
  await copyFile(path.join(BUILD, 'support/environment'), at('environment'));
  await chmod(at('environment'), 0o755);
  const site = replaced((await read('teller.conf')).replace(/^.*#Include .*$/m, '').replace(/^ *Include .*fcgid\.conf$/m,
    `${await read(`${module}.conf`)}\n<Location /environment>\n${echo}\n</Location>`), ...pairs);
  assert.doesNotMatch(site.replaceAll(/^\s*#.*$/gm, ''), /\/(etc|usr)\//);
  return site;
}

/** Workers as a pool of Apache's user, for mod_proxy_fcgi. */
async function startPools(directory) {
  const user = await apacheUser();
  const pool = (name, ...program) => start('spawn-fcgi', ['-n', '-s', path.join(directory, 'run', name), ...(user === null ? [] : ['-u', 'www-data', '-g', 'www-data']),
    '--', ...program], { TELLER_CONFIG: path.join(directory, 'teller.conf') });
  const worker = path.join(directory, 'lib/teller/teller-worker');
  return [pool('worker.sock', worker, '--connections', '8'), pool('login.sock', worker), pool('environment.sock', path.join(directory, 'environment'))];
}

/** What holds behind whichever module. */
async function smoke(t, { call }) {
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
    assert.match(cookie, /session=[0-9a-f-]{36}; /);
    for (const headers of [{ Cookie: cookie.split(';')[0] }, { authenticateit_identity_ticket: reply.json.ticket }]) {
      const account = await call('GET', '/site/account', headers);
      assert.deepEqual([account.status, account.json?.login], [200, user.login], account.text);
    }
  });

  await t.test('pages, and what is no page', async () => {
    for (const page of ['/', '/account', '/pay/00000000-0000-4000-8000-000000000000', '/exchange', '/exchange-A_to_B', `/exchange/bid/${'a'.repeat(32)}`]) {
      const reply = await call('GET', page);
      assert.deepEqual([reply.status, /^text\/html/.test(reply.headers['content-type'])], [200, true], page);
      for (const name of ['content-security-policy', 'x-content-type-options']) assert.ok(reply.headers[name], name);
    }
    assert.equal((await call('GET', '/nothing')).status, 404);
    const feed = await call('GET', '/request-exportxml.xml');
    assert.deepEqual([feed.status, feed.headers['content-type']], [200, 'text/xml; charset=utf-8'], feed.text);
  });

  await t.test('the stream is refused with a reason', async () => {
    for (const headers of [{ Accept: 'text/event-stream' }, { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' }]) {
      const reply = await call('GET', '/mtgox?Currency=USD', headers);
      assert.ok(reply.status >= 400, `${reply.status} ${reply.text}`);
      assert.deepEqual([reply.json?.result, reply.json?.token], ['error', 'no_stream'], reply.text);
    }
  });
}

const LARGE = 'y'.repeat(1200000); // more than a body may have
for (const [module, modules] of [['fcgid', ['fcgid']], ['proxy', ['proxy', 'proxy_fcgi']]])
  test(`Apache with mod_${modules.at(-1)}`, { timeout: 120000 }, async (t) => {
    const directory = path.join(home, module);
    const ports = [await freePort(), await freePort()];
    await settle(directory, `socket = ${directory}/mysqld.sock`);
    const relay = await relayDatabase({ path: path.join(directory, 'mysqld.sock'), writableAll: true, readableAll: true });
    let pools = [], apache;
    try {
      const site = await virtualHost(directory, module, ports);
      if (module === 'proxy') pools = await startPools(directory);
      apache = await startApache(directory, modules, site, ports);
      const { call } = apache;
      await smoke(t, apache);

      await t.test('health, reaching the database; deep from this machine', async () => {
        const reply = await call('GET', '/health/ready');
        assert.equal(reply.status, 200, reply.text);
        assert.match(reply.headers['x-request-id'], /^\S{20,}$/);
        assert.ok(reply.headers['strict-transport-security']);
        assert.match((await call('GET', '/health/deep')).text, /^ok: ready: yes$/m);
      });

      await t.test('every header of ours reaches a program', async () => {
        const headers = { Authorization: 'Basic YTpi', 'API-LOGIN': 'a login', 'API-KEY': 'a key', authenticateit_terminal_device: 'a device',
          authenticateit_identity_ticket: 'a ticket', 'Rest-Key': 'k', 'Rest-Sign': 's', 'X-CSRF-Token': 't', 'Idempotency-Key': 'i', Proxy: 'http://evil.example' };
        const { json } = await call('GET', '/environment', headers);
        for (const [name, value] of Object.entries(headers))
          assert.equal(json[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`], name === 'Proxy' ? undefined : value, name);
        assert.equal(json.HTTPS, 'on');
      });

      await t.test('what Apache answers by itself is in the words of the face', async () => {
        for (const [face, keys, target] of [['v1', ['result', 'error', 'token'], '/api/1/generic/info'], ['site', ['error', 'message', 'field'], '/site/account'],
          ['identity', ['error', 'error_data', 'error_id', 'error_object'], '/identity-service/session']]) {
          for (const [status, reply] of [[413, await call('POST', target, { 'Content-Type': 'application/json' }, LARGE)],
            [414, await call('GET', `${target}?${LARGE.slice(0, 9000)}`)], [405, await call('TRACE', target)]]) {
            assert.equal(reply.status, status, `${face} ${reply.text}`);
            assert.match(reply.headers['content-type'], /^application\/json/, `${face} ${status} ${reply.text}`);
            // A request line that Apache does not take leaves no path to know the face by.
            assert.deepEqual(Object.keys(reply.json), status === 414 ? ['error', 'message', 'field'] : keys, reply.text);
          }
        }
        assert.match((await call('GET', '/nothing')).headers['content-type'], /^text\/html/);
        if (module !== 'proxy') return;
        const ended = pools.splice(0).map((pool) => { pool.child.kill('SIGTERM'); return pool.ended; });
        await Promise.all(ended);
        for (const [method, words] of [['GET', 'No answer from the service, please try again'], ['POST', 'No answer from the service, look before you repeat a change']]) {
          const reply = await call(method, '/api/1/generic/info');
          assert.deepEqual([reply.status, reply.json], [503, { result: 'error', error: words, token: 'no_answer' }], reply.text);
        }
      });
      assert.doesNotMatch(await apache.errors(), /level=bug/);
    } finally {
      await apache?.stop();
      for (const pool of pools) pool.child.kill('SIGTERM');
      await Promise.all(pools.map((pool) => pool.ended));
      relay.close();
    }
  });

test('Apache as on shared hosting: .htaccess, a wrapper, the database over TCP', { timeout: 120000 }, async (t) => {
  const directory = path.join(home, 'shared');
  const samples = path.join(TREE, 'nginx/apache/shared');
  const relay = await relayDatabase({ host: '127.0.0.1', port: 0 });
  const ports = [await freePort()];
  let apache;
  try {
    await settle(path.join(directory, 'teller'), `socket = none\nhost = 127.0.0.1\nport = ${relay.address().port}`);
    await cp(path.join(TREE, 'nginx/html'), path.join(directory, 'www'), { recursive: true });
    await copyFile(path.join(samples, 'htaccess'), path.join(directory, 'www/.htaccess'));
    await copyFile(path.join(samples, 'teller.fcgi'), path.join(directory, 'www/teller.fcgi'));
    await run('chmod', ['-R', 'a+rX', path.join(directory, 'www')]);
    await chmod(path.join(directory, 'www/teller.fcgi'), 0o755);
    const run_ = path.join(directory, 'teller');
    apache = await startApache(run_, ['fcgid', 'alias'], `DocumentRoot ${directory}/www\n<Directory ${directory}/www>\nAllowOverride All\nRequire all granted\n</Directory>`, ports);
    await smoke(t, apache);
    assert.equal((await apache.call('GET', '/health/ready')).status, 200);
    assert.equal((await apache.call('GET', '/health/deep')).status, 403);
    const programs = [...(await readFile(path.join(samples, 'crontab'), 'utf8')).matchAll(/ teller\/lib\/teller\/(teller-\S+) --for/g)].map(([, name]) => name);
    assert.deepEqual(programs, ['teller-sweep', 'teller-ipn', 'teller-stop-orders', 'teller-pay', 'teller-rates', 'teller-deposits']);
    for (const name of programs) await run(path.join(BUILD, name), ['--once'], { env: { ...process.env, TELLER_CONFIG: path.join(run_, 'teller.conf') } });
  } finally {
    await apache?.stop();
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
    for (const file of await readdir(path.join(docs, folder), { recursive: true })) {
      if ((await stat(path.join(docs, folder, file))).isDirectory()) continue;
      const text = await readFile(path.join(docs, folder, file), 'utf8');
      assert.doesNotMatch(text, /@[A-Z_]+@|\/usr\/local/, file);
      for (const [named] of text.matchAll(/\/opt\/teller\/[\w\/.-]*\w/g)) {
        await access(path.join(target, named));
        seen.add(path.basename(named));
      }
    }
  for (const name of ['teller-worker', 'teller-match', 'teller-sweep', 'tellerctl', 'html', 'headers.conf'])
    assert.ok(seen.has(name), name);
  // Where it survives a reboot: nginx does not start without it.
  assert.match(await readFile(path.join(docs, 'nginx/teller.conf'), 'utf8'), /^fastcgi_cache_path \/var\/lib\/nginx\/teller /m);
  const units = await readdir(path.join(docs, 'systemd'));
  for (const [, unit] of (await readFile(path.join(docs, 'systemd/teller.target'), 'utf8')).matchAll(/(teller-[a-z]+@?)\d*\.(socket|service|timer)/g))
    assert.ok(units.some((file) => file.startsWith(`${unit}.`)), unit);
});
