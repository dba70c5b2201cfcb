// Nothing lost, nothing invented: payments while three retriers, workers and the database are killed at
// random. In the end every payment is acknowledged, no shop heard of one that was not made, and nothing
// was delivered more often than there are attempts on record. On a stack of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { inParallel, Stack, unique, until } from '../support/teller.mjs';

// Some hundreds in every run; IPN_FAULT_PAYMENTS=20000 is the long one (about half an hour).
const PAYMENTS = Number(process.env.IPN_FAULT_PAYMENTS ?? 300);
const DATABASE_KILLS = Math.max(2, PAYMENTS / 1000);
const KILLS = Math.max(5, PAYMENTS / 200); // of retriers and of workers, at least
const LIMIT_MS = Math.max(600, PAYMENTS / 4) * 1000;
const PASSWORD = 'a password of the tests';

/** A mail relay for one user: keeps what it is given, but for the first mail, which it puts off. */
const mails = [], putOff = [];
const openRelay = (key, cert) => new SMTPServer({ key, cert, logger: false,
  onAuth({ username, password }, session, done) {
    if (username === 'teller' && password === PASSWORD) done(null, { user: username });
    else done(new Error('who are you?'));
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', async () => {
      const mail = await PostalMime.parse(Buffer.concat(chunks));
      if (putOff.length === 0) {
        putOff.push({ ...mail, at: Date.now() });
        done(Object.assign(new Error('try later'), { responseCode: 451 }));
        return;
      }
      mails.push({ ...mail, at: Date.now(), recipients: session.envelope.rcptTo.map(({ address: to }) => to) });
      done();
    });
  } });

let dir, stack, relay;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'teller-ipn-'));
  stack = await Stack.start(dir, { JOBS: 'no', DEMO: 'no', WORKERS: '4', IPN_RETRY_SECONDS: '1' });
  const certificate = path.join(dir, 'tls/cert.pem'), passwordFile = path.join(dir, 'mail.password');
  relay = openRelay(await readFile(path.join(dir, 'tls/key.pem')), await readFile(certificate));
  await new Promise((done) => { relay.listen(0, '127.0.0.1', done); });
  await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
  const config = await readFile(stack.config, 'utf8');
  await writeFile(stack.config, config.replace(/^relay = .*$/m, `relay = smtp://127.0.0.1:${relay.server.address().port}\nuser = teller\n`
    + `password_file = ${passwordFile}`).replace(/^\[net\]$/m, `[net]\nca_file = ${certificate}`));
});
after(async () => {
  await stack?.stop();
  if (relay) await new Promise((done) => { relay.close(done); });
  await rm(dir, { recursive: true, force: true });
});

/** Kills one process of this stack that runs this program. */
async function killOne(program) {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    if (path.basename(line.split('\0')[0]) === program && line.includes(dir)) found.push(Number(pid));
  }
  if (found.length === 0) return false;
  try {
    process.kill(found[Math.floor(Math.random() * found.length)], 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
  return true;
}

/** Whether a process is far enough to end in order when it is told to. */
function catchesTerm({ pid }) {
  try {
    const [, mask] = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return (BigInt(`0x${mask}`) >> 14n & 1n) === 1n;
  } catch {
    return false; // it has just ended
  }
}

/** Copies of the retrier, each started again when it ends. */
function keepRetriers(copies) {
  const running = new Set(), bugs = [], ends = [];
  let over = false;
  const start = () => {
    const child = spawn(path.join(path.dirname(stack.tellerctl), 'teller-ipn'), ['--config', stack.config, '--for', '30'],
      { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.on('data', (data) => { log += data; });
    running.add(child);
    child.on('exit', (code, signal) => {
      running.delete(child);
      bugs.push(...log.split('\n').filter((line) => line.includes('level=bug')));
      if (over) ends.push(signal ?? code);
      else setTimeout(start, 100);
    });
  };
  for (let i = 0; i < copies; i++) start();
  return {
    bugs,
    kill() {
      const children = [...running];
      children[Math.floor(Math.random() * children.length)]?.kill('SIGKILL');
    },
    /** TERM: each finishes what it has in hand and says that all is well. */
    async stop() {
      over = true;
      await until(() => running.size === copies && [...running].every(catchesTerm), 10, 'all copies run');
      for (const child of running) child.kill('SIGTERM');
      await until(() => running.size === 0, 60, 'the retriers end');
      return ends;
    },
    /** Ends them whatever state they are in. */
    end() {
      over = true;
      for (const child of running) child.kill('SIGKILL');
    },
  };
}

const listen = (server) => new Promise((done) => { server.listen(0, '127.0.0.1', done); });
const address = (server) => `http://127.0.0.1:${server.address().port}`;

test(`${PAYMENTS} payments under kill -9 of retriers, workers and the database`, { timeout: LIMIT_MS }, async (context) => {
  const told = new Map(), acknowledged = new Map();
  let calls = 0;
  const shop = http.createServer(async (request, reply) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const fields = new URLSearchParams(Buffer.concat(chunks).toString());
    const aonce = fields.get('aonce');
    told.set(aonce, (told.get(aonce) ?? 0) + 1);
    if (++calls % 7 === 0) {
      reply.writeHead(500).end('later');
      return;
    }
    acknowledged.set(fields.get('id'), fields.get('payment_id'));
    reply.end('[OK]');
  });
  await listen(shop);

  const merchant = await stack.key((await stack.user()).login, 'merchant');
  const buyer = await stack.signIn(await stack.user({ password: PASSWORD, funds: { USD: '100000' } }));
  const retriers = keepRetriers(3);
  context.after(() => {
    retriers.end();
    shop.closeAllConnections();
    shop.close();
  });
  const kills = { retrier: 0, worker: 0, database: 0 };
  const enough = () => kills.retrier >= KILLS && kills.worker >= KILLS && kills.database >= DATABASE_KILLS;
  let paying = true;
  const chaos = (async () => {
    while (paying) {
      await new Promise((done) => { setTimeout(done, 150 + Math.random() * 300); });
      const dice = Math.random();
      if (dice < 0.5) {
        retriers.kill();
        kills.retrier++;
      } else if (dice < 0.85) {
        kills.worker += await killOne('teller-worker');
      } else if (kills.database < DATABASE_KILLS) {
        kills.database += await killOne('mariadbd');
      }
    }
  })();

  // Whoever gets no clear answer asks again, a payment under the same key.
  const again = (what, call, good) => until(async () => {
    const reply = await call().catch(() => undefined);
    return reply !== undefined && good(reply) && reply;
  }, 90, what);
  const paid = new Set();
  async function payOne() {
    const order = await again('an order', () => merchant.call('merchant/order/create', { currency: 'USD', amount: '1',
      return_success: 'https://shop.example/', return_failure: 'https://shop.example/', ipn: `${address(shop)}/ipn` }),
    (reply) => reply.json?.result === 'success');
    const { transaction } = order.json.return;
    const key = unique();
    await again('a payment', () => buyer.call('POST', `/site/pay/${transaction}`, {}, { 'Idempotency-Key': key }),
      (reply) => reply.status === 200);
    paid.add(transaction);
  }
  await inParallel(8, Array.from({ length: 8 }, () => async () => {
    while (paid.size < PAYMENTS || !enough()) await payOne();
  }));
  paying = false;
  await chaos;
  context.diagnostic(`killed: ${JSON.stringify(kills)}`);

  // The last kill may have been the database's.
  await until(() => stack.sql('DO 0').then(() => true, () => false), 30, 'the database is back');
  await until(async () => Number((await stack.sql("SELECT COUNT(*) FROM delivery WHERE state = 'pending'"))[0][0]) === 0, 150,
    'all is delivered');
  assert.deepEqual(await retriers.stop(), [0, 0, 0]);
  assert.deepEqual(retriers.bugs, []);

  assert.ok(paid.size >= PAYMENTS, `${paid.size} payments`);
  for (const transaction of paid) assert.ok(acknowledged.has(transaction), `${transaction} was not told`);
  const payments = new Set((await stack.sql('SELECT LOWER(HEX(id)) FROM checkout_payment')).map(([id]) => id));
  assert.equal(payments.size, paid.size);
  for (const payment of acknowledged.values())
    assert.ok(payments.has(payment.replaceAll('-', '')), `${payment} was never made`);
  const attempts = new Map((await stack.sql('SELECT e.id, e.attempts, COUNT(a.n) FROM delivery AS e JOIN delivery_attempt AS a '
    + 'ON a.delivery_id = e.id GROUP BY e.id')).map(([id, counted, rows]) => [id, [Number(counted), Number(rows)]]));
  assert.equal(attempts.size, paid.size);
  for (const [aonce, deliveries] of told) {
    const [counted, rows] = attempts.get(aonce);
    assert.equal(counted, rows);
    assert.ok(deliveries <= rows, `${aonce} was delivered ${deliveries} times in ${rows} attempts`);
  }
  await stack.audit();
});

test('a shop that hangs and one that refuses delay nobody', { timeout: 120000 }, async () => {
  const arrived = new Map();
  const good = http.createServer((request, reply) => {
    request.resume();
    arrived.set(request.url, Date.now());
    reply.end('[OK]');
  });
  const hanging = http.createServer((request) => request.resume());
  const closed = http.createServer();
  for (const server of [good, hanging, closed]) await listen(server);
  const refusing = address(closed);
  closed.close();
  const owner = async () => stack.key((await stack.user()).login, 'merchant');
  const bad = [await owner(), await owner(), await owner(), await owner()];
  const fine = [await owner(), await owner(), await owner()];
  const add = (merchants, i, url) => merchants[i % merchants.length].ok('merchant/event/test', { url });
  let retriers;
  try {
    for (let i = 0; i < 40; i++) {
      await add(bad, i, `${address(hanging)}/${i}`);
      await add(bad, i, `${refusing}/${i}`);
    }
    retriers = keepRetriers(1);
    const took = [];
    for (let i = 0; i < 51; i++) {
      const target = `/good/${i}`;
      await add(fine, i, `${address(good)}${target}`);
      const added = Date.now();
      await until(() => arrived.has(target), 10, target);
      if (i > 0) took.push(arrived.get(target) - added); // the first one waits for the retrier to start
    }
    assert.ok(Math.max(...took) < 1000, `the slowest took ${Math.max(...took)} ms`);
    hanging.closeAllConnections();
    assert.deepEqual(await retriers.stop(), [0]);
  } finally {
    retriers?.end();
    for (const server of [good, hanging]) {
      server.closeAllConnections();
      server.close();
    }
  }
});

test('mails to the merchant: put off once, then sent, one per payment', { timeout: 60000 }, async () => {
  const owner = await stack.user();
  const merchant = await stack.key(owner.login, 'merchant');
  const buyer = await stack.signIn(await stack.user({ password: PASSWORD, funds: { USD: '100' } }));
  const transaction = await merchant.order({ amount: '12.5', email: 1 });
  for (const amount of ['2.5', '10'])
    await buyer.ok('POST', `/site/pay/${transaction}`, { amount }, { 'Idempotency-Key': unique() });
  const retriers = keepRetriers(1);
  await until(() => mails.length === 2, 20, 'two mails');
  assert.deepEqual(await retriers.stop(), [0]);
  assert.deepEqual(mails.map(({ subject }) => subject), ['Part of a payment received: 2.50000 USD', 'Payment received: 12.50000 USD']);
  assert.ok(mails.every(({ recipients, text }) => recipients[0] === owner.email && text.includes(transaction)));
  assert.match(mails[0].text, /Still missing: 10\.00000 USD/);
  assert.equal(putOff[0].messageId, mails[0].messageId);
  assert.ok(mails[0].at - putOff[0].at >= 1000, 'retry_seconds later');
  const { result } = await merchant.ok('merchant/event/list', { channel: 'mail' });
  assert.deepEqual(result.map(({ state, attempts }) => [state, attempts]), [['delivered', 1], ['delivered', 2]]);
  const { tries, refused } = await merchant.ok('merchant/event/show', { event: result[1].event });
  assert.deepEqual(tries.map((attempt) => [attempt.result, attempt.status]), [['failed', 451], ['sent', 250]]);
  assert.equal(refused, null);
});

test('a template that cannot be used is said at the start, and nothing is sent', async () => {
  const templates = path.join(dir, 'mail'), config = path.join(dir, 'templates.conf');
  const original = await readFile(stack.config, 'utf8');
  const words = await readFile(path.join(original.match(/^templates = (.*)$/m)[1], 'paid.txt'), 'utf8');
  await mkdir(templates);
  await writeFile(path.join(templates, 'partial.txt'), words);
  await writeFile(path.join(templates, 'paid.txt'), words.replaceAll('{amount}', '{sum}'));
  await writeFile(config, original.replace(/^templates = .*$/m, `templates = ${templates}`));
  const child = spawn(path.join(path.dirname(stack.tellerctl), 'teller-ipn'), ['--config', config, '--once'],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data) => { said += data; });
  const [code] = await once(child, 'close');
  assert.equal(code, 2);
  assert.match(said, /paid\.txt: \{sum\} means nothing; there are .*\{amount\}/);
});
