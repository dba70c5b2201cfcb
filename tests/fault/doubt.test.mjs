// Commits whose answer is lost on the way: a proxy in front of the database lets the statement through and cuts the
// connection before its answer. The caller gets the answer all the same, or hears under which name to ask; what was
// asked for is done once.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { promisify } from 'node:util';
import { FastCgi } from '../support/fastcgi.mjs';
import { closeConnections, form, sign, stack, tonce, unique, until } from '../support/teller.mjs';

const BUILD = path.dirname(stack.tellerctl);
const TRIES = 5; // DB_TXN_TRIES
const COMMIT = /COMMIT(?!TED)/; // and not the isolation level
const PASSWORD = 'correct horse battery';

/** The proxy: `lose(pattern, times, away)` cuts the connection before the answer to a statement that matches, so
 *  often; after the last of them the server is away, where that is asked for, until `back()`. */
class Proxy {
  constructor(socket, server) {
    this.served = 0;
    this.lost = this.left = 0;
    this.clients = new Set();
    this.listener = net.createServer((client) => this.serve(client, server)).listen(socket);
  }

  serve(client, server) {
    client.on('error', () => {});
    if (this.away) {
      client.destroy();
      return;
    }
    const upstream = net.connect(server);
    let swallow = false;
    this.served++;
    this.clients.add(client);
    client.on('data', (data) => {
      swallow = this.left > 0 && this.pattern.test(data.toString('latin1'));
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!swallow) {
        client.write(data);
        return;
      }
      this.lost++;
      if (--this.left === 0) this.away = this.thenAway;
      client.destroy();
    });
    client.on('close', () => { this.clients.delete(client); upstream.destroy(); });
    upstream.on('error', () => {});
    upstream.on('close', () => client.destroy());
  }

  lose(pattern, times, thenAway = false) {
    Object.assign(this, { pattern, left: times, lost: 0, thenAway });
  }

  /** Ends all connections. */
  cut() {
    for (const client of this.clients) client.destroy();
  }

  back() {
    Object.assign(this, { away: false, left: 0 });
  }

  close() {
    for (const client of this.clients) client.destroy();
    this.listener.close();
  }
}

/** A worker of its own, and a connection to it. */
async function startWorker(name, file) {
  const socket = path.join(home, `${name}.sock`);
  const child = spawn(path.join(BUILD, 'support/hand_over'), [socket, '1', 'passed', path.join(BUILD, 'teller-worker'), '--config', file], { stdio: 'ignore' });
  try {
    const made = await until(async () => {
      const opened = new FastCgi({ path: socket });
      const text = await opened.request({ REQUEST_METHOD: 'GET', REQUEST_URI: '/health/ready', QUERY_STRING: '' }).catch(() => '');
      return text.startsWith('Status: 200') && opened;
    }, 20, 'the worker');
    return { pool: child, connection: made };
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  }
}

async function endWorker(worker) {
  worker.connection?.close();
  if (!worker.pool) return;
  const ended = new Promise((resolve) => { worker.pool.once('exit', resolve); });
  worker.pool.kill('SIGTERM');
  await ended;
}

let home, config, proxy, reader, pool, connection;
before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'teller-doubt-'));
  const socket = path.join(home, 'db.sock');
  proxy = new Proxy(socket, path.join(stack.dir, 'mariadb/mysqld.sock'));
  reader = new Proxy(0, path.join(stack.dir, 'mariadb/mysqld.sock'));
  await once(reader.listener, 'listening');
  config = path.join(home, 'teller.conf');
  await writeFile(config, (await readFile(stack.config, 'utf8')).replace(/^socket = .*mysqld.sock$/m, `socket = ${socket}\nread_host = 127.0.0.1\nread_port = ${reader.listener.address().port}`)
    .replace(/^matcher = .*$/m, 'matcher ='));
  ({ pool, connection } = await startWorker('worker', config));
});
afterEach(() => proxy.back());
after(async () => {
  try {
    await endWorker({ pool, connection });
    await stack.audit();
    assert.equal(await stack.bugs(), '');
  } finally {
    proxy?.close();
    reader?.close();
    closeConnections();
    await rm(home, { recursive: true });
  }
});

/** One request to the worker behind the proxy. */
async function ask(method, target, body, headers, through = connection) {
  const text = await through.request({ REQUEST_METHOD: method, REQUEST_URI: target, QUERY_STRING: '', REMOTE_ADDR: '127.0.0.1', HTTPS: 'on',
    REQUEST_ID: unique(), CONTENT_LENGTH: String(Buffer.byteLength(body)), ...headers }, body);
  const [, status, content] = /^Status: (\d+)[^]*?\r\n\r\n([^]*)$/.exec(text);
  return { status: Number(status), text: content, json: JSON.parse(content) };
}

/** A signed call of the v1 face. */
function signed(client, method, params, through = connection) {
  const body = form(params);
  return ask('POST', `/api/1/generic/${method}`, body, { CONTENT_TYPE: 'application/x-www-form-urlencoded',
    HTTP_REST_KEY: client.key, HTTP_REST_SIGN: sign(client.secret, body) }, through);
}

/** A call of the site. */
const site = (ticket, method, target, params, key) => ask(method, target, params === undefined ? '' : JSON.stringify(params),
  { CONTENT_TYPE: 'application/json', HTTP_AUTHENTICATEIT_IDENTITY_TICKET: ticket, ...(key ? { HTTP_IDEMPOTENCY_KEY: key } : {}) });

async function signIn(user) {
  const reply = await stack.request('POST', '/identity-service/session', { headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: user.login, password: user.password }) });
  return reply.json.ticket;
}

test('one answer is lost: the transaction knows itself again', async () => {
  const user = await stack.user({ password: PASSWORD, funds: { USD: '10' } });
  const [ticket, partner] = [await signIn(user), await stack.partner()];
  proxy.lose(COMMIT, 1);
  const reply = await site(ticket, 'POST', '/site/tickets', { partner: partner.id, amount: '4', currency: 'USD', accept_terms: true }, unique());
  assert.equal(proxy.lost, 1);
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(await stack.balance(user.login), { available: '6.00000', held: '4.00000' });
});

test('the answers to all tries are lost: the request is found by its name, and answered', async () => {
  const merchant = await stack.merchant();
  const order = { amount: '5', currency: 'USD', return_success: 'https://shop.example/' };
  proxy.lose(/INSERT INTO checkout_order/, TRIES);
  const reply = await signed(merchant, 'merchant/order/create', { nonce: tonce(), ...order });
  assert.equal(proxy.lost, TRIES);
  assert.equal(reply.status, 200, reply.text);
  const { result } = await merchant.ok('merchant/order/list');
  assert.deepEqual(result.map((one) => one.transaction), [reply.json.return.transaction]);

  const user = await stack.user({ password: PASSWORD, funds: { USD: '10' } });
  const ticket = await signIn(user);
  proxy.lose(/INSERT INTO checkout_payment/, TRIES);
  const paid = await site(ticket, 'POST', `/site/pay/${reply.json.return.transaction}`, {}, unique());
  assert.equal(paid.status, 200, paid.text);
  assert.equal(paid.json.status, 'paid');
  assert.equal((await stack.balance(user.login)).available, '5.00000');
});

test('the database stays away: a 503 that names the request; asked for later it says what was done', async () => {
  const merchant = await stack.merchant();
  const nonce = tonce();
  proxy.lose(/INSERT INTO checkout_order/, TRIES, true);
  const order = await signed(merchant, 'merchant/order/create', { nonce, amount: '5', currency: 'USD', return_success: 'https://shop.example/' });
  assert.equal(order.status, 503, order.text);
  assert.equal(order.json.token, 'outcome_unknown');
  assert.match(order.json.error, new RegExp(`^It is not known .*request/${nonce}`));
  proxy.back();
  const found = await merchant.ok(`request/${nonce}`);
  assert.equal(found.operation, 'checkout_create');

  const user = await stack.user({ password: PASSWORD, funds: { USD: '10' } });
  const [ticket, key] = [await signIn(user), unique()];
  proxy.lose(/INSERT INTO checkout_payment/, 1, true);
  const target = `/site/pay/${found.reply.transaction}`;
  const lost = await site(ticket, 'POST', target, {}, key);
  assert.deepEqual([lost.status, lost.json.error], [503, 'outcome_unknown'], lost.text);
  assert.match(lost.json.message, new RegExp(`request/${key} `));
  proxy.back();
  const shown = await site(ticket, 'GET', `/site/request/${key}`);
  assert.equal(shown.json.operation, 'checkout_pay', shown.text);
  const again = await site(ticket, 'POST', target, {}, key);
  assert.deepEqual([again.status, again.json.payment_id], [200, shown.json.ref], again.text);
  assert.equal((await stack.balance(user.login)).available, '5.00000');
});

test('what never arrived is not done: the same key does it later', async () => {
  const merchant = await stack.merchant();
  const { json: { return: { transaction } } } = await merchant.call('merchant/order/create', { amount: '5', currency: 'USD', return_success: 'https://shop.example/' });
  const user = await stack.user({ password: PASSWORD, funds: { USD: '10' } });
  const [ticket, key] = [await signIn(user), unique()];
  // What the packet would take is not there while it is lost.
  const reserve = (what) => stack.sql(`UPDATE account SET reserved = ${what} WHERE purpose = 'available'
    AND owner_id = (SELECT id FROM user WHERE login = '${user.login}')`);
  await reserve('balance');
  proxy.lose(/INSERT INTO checkout_payment/, TRIES);
  const refused = await site(ticket, 'POST', `/site/pay/${transaction}`, {}, key);
  await reserve('0');
  assert.deepEqual([refused.status, refused.json.error], [503, 'outcome_unknown'], 'nothing found is no proof');
  assert.equal((await site(ticket, 'GET', `/site/request/${key}`)).status, 404);
  assert.equal((await site(ticket, 'POST', `/site/pay/${transaction}`, {}, key)).status, 200);
  assert.equal((await stack.balance(user.login)).available, '5.00000');
});

test('the database goes away after the commit, while the answer is put together: that is no plain no', async () => {
  const payments = /FROM checkout_payment AS p LEFT JOIN/; // read after the change, once more where the connection is lost
  const merchant = await stack.merchant();
  const order = { amount: '5', currency: 'USD', return_success: 'https://shop.example/' };
  const { transaction } = await merchant.ok('merchant/order/create', order);
  proxy.lose(payments, 2, true);
  const cancelled = await signed(merchant, 'merchant/order/cancel', { nonce: tonce(), transaction });
  assert.deepEqual([cancelled.status, cancelled.json.token], [503, 'outcome_unknown'], cancelled.text);
  proxy.back();
  assert.equal((await merchant.ok('merchant/order/details', { transaction })).status, 'cancelled');

  const user = await stack.user({ password: PASSWORD, funds: { USD: '10' } });
  const paid = await merchant.ok('merchant/order/create', order);
  assert.equal((await site(await signIn(user), 'POST', `/site/pay/${paid.transaction}`, {}, unique())).status, 200);
  proxy.lose(payments, 2);
  const refunded = await signed(merchant, 'merchant/order/refund', { nonce: tonce(), transaction: paid.transaction, amount: '2' });
  assert.equal(refunded.json.return?.refunded.value, '2.00000', refunded.text);
  assert.equal((await stack.balance(user.login)).available, '7.00000');
});

test('a job goes on: each ticket is released once', async () => {
  const customer = await stack.customer({ funds: { USD: '10' } });
  const partner = await stack.partner({ ttl: 86400 });
  for (let i = 0; i < 3; i++) await customer.ticket(partner, '1');
  await stack.sql(`UPDATE ticket SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE status = 'open' AND customer_id = (SELECT id FROM user WHERE login = '${customer.user.login}')`);
  proxy.lose(COMMIT, TRIES + 2);
  const { stderr } = await promisify(execFile)(stack.sweeper, ['--once', '--config', config]);
  assert.match(stderr, /event=swept .*result=ok/);
  assert.deepEqual(await stack.balance(customer.user.login), { available: '10.00000', held: '0.00000' });
});

test('public data is read where it may be; where that goes away, from the database itself', async () => {
  const currency = () => ask('POST', '/api/1/generic/currency', 'currency=USD', { CONTENT_TYPE: 'application/x-www-form-urlencoded' });
  const [ours, before] = [proxy.served, reader.served];
  assert.equal((await currency()).status, 200);
  assert.ok(reader.served > before, 'not asked');
  assert.equal((await signed(await stack.merchant(), 'info', { nonce: tonce() })).status, 200);
  reader.lose(/./, 1, true);
  assert.equal((await currency()).status, 200);
  assert.equal(reader.lost, 1);
  assert.equal((await currency()).status, 200);
  reader.back();
  const again = reader.served;
  assert.equal((await currency()).status, 200);
  assert.ok(reader.served > again, 'not asked again');
  assert.ok(proxy.served >= ours);
});

test('an answer over TLS is lost: the same', async () => {
  const away = new Proxy(0, path.join(stack.dir, 'mariadb/mysqld.sock'));
  await once(away.listener, 'listening');
  const file = path.join(home, 'tls.conf');
  await writeFile(file, (await readFile(stack.config, 'utf8')).replace(/^\[database\]$/m,
    `[database]\nhost = 127.0.0.1\nport = ${away.listener.address().port}\nca_file = ${path.join(stack.dir, 'mariadb/cert.pem')}`));
  let worker;
  try {
    worker = await startWorker('tls', file);
    const merchant = await stack.merchant();
    assert.equal((await signed(merchant, 'info', { nonce: tonce() }, worker.connection)).status, 200);
    away.lose(/[^]/, 1);
    const reply = await signed(merchant, 'info', { nonce: tonce() }, worker.connection);
    assert.deepEqual([away.lost, reply.status], [1, 200], reply.text);

    // Nor is what was sent before taken for this request's own, where the connection has ended meanwhile.
    const nonce = tonce();
    assert.equal((await signed(merchant, 'info', { nonce }, worker.connection)).status, 200);
    away.cut();
    await until(() => away.clients.size === 0, 5, 'the end of the connections');
    const again = await signed(merchant, 'info', { nonce }, worker.connection);
    assert.deepEqual([again.status, again.json.token], [403, 'login_error_invalid_nonce'], again.text);
  } finally {
    if (worker) await endWorker(worker);
    away.close();
  }
});
