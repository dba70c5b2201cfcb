// Every flow that moves money is killed once at each of its points: before and after each packet to the database, each commit,
// each message to another process (lib/base/failpoint.h). What the caller then asks again is answered, what was acknowledged is
// there, nothing happened twice, and the books agree. A flow that has no point any more fails.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { randomUUID } from 'node:crypto';
import { Stack, until } from '../support/teller.mjs';

const POINTS_LEAST = 2; // of a flow: before and after its only packet
const POINTS_MOST = 90;
const TRIES = 40;
const PASSWORD = 'a password of the tests';
const run = promisify(execFile);

let stack, crashFile, partner, customer, shop, trader, other, hook, hooked = 0;
before(async () => {
  const dir = path.join(process.env.RUN_DIR, 'points');
  crashFile = path.join(dir, 'crash');
  stack = await Stack.start(dir, { DEMO: 'no', JOBS: 'no', WORKERS: '2', READ_WORKERS: '2', ORDER_WORKERS: '2',
    IPN_RETRY_SECONDS: '1', TELLER_CRASH_AT: crashFile });
  stack.env.TELLER_CRASH_AT = crashFile;
  await stack.ctl('market', 'add', 'BTC', 'USD', '--amount-step', '0.001', '--min', '0.01');
  await stack.ctl('market', 'resume', 'BTCUSD');
  await stack.ctl('limit', 'set', 'USD', 'full', '--single', 'none', '--daily', 'none', '--monthly', 'none');
  hook = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => { hooked++; response.end('[OK]'); });
  });
  await new Promise((done) => { hook.listen(0, '127.0.0.1', done); });
  partner = await stack.partner();
  customer = await stack.customer({ funds: { USD: '100000' } });
  shop = await stack.merchant({ funds: { USD: '1000' }, password: PASSWORD });
  trader = await signedIn({ BTC: '1000', USD: '1000000' });
  other = await signedIn({ BTC: '1000', USD: '1000000' });
});
after(async () => {
  hook.close();
  try {
    assert.equal(await stack.bugs(), '');
    await stack.audit();
  } finally {
    await stack.stop();
  }
});

async function signedIn(funds) {
  const user = await stack.user({ password: PASSWORD, funds });
  return Object.assign(await stack.signIn(user), { user });
}

const exists = (file) => access(file).then(() => true, () => false);
const available = async (user, currency = 'USD') => Number((await stack.balance(user.login, currency)).available);

/** Asks until there is an answer; a process that died is back within a moment. */
async function patiently(ask) {
  for (let i = 0; i < TRIES; i++) {
    const reply = await ask().catch(() => null);
    if (reply !== null && reply.status < 500) return reply;
    await until(() => stack.ready(), 20, 'the stack');
  }
  return assert.fail('no answer');
}

/** A call of the v1 face: sent again as it was where there was no answer; then the token says that it was done before. */
async function call(client, method, params, options = {}) {
  const reply = await client.call(method, params, options).catch(() => null);
  return reply?.status === 200 && reply.json?.result === 'success' ? reply.json.return : null;
}

/** A change of the site's, by its key, until it is answered. */
async function change(session, target, body, key) {
  const reply = await patiently(() => session.call('POST', target, body, { 'Idempotency-Key': key }));
  assert.equal(reply.status, 200, `${target}: ${reply.text}`);
  return reply.json;
}

/** Runs a program of ours until it ends by itself. */
async function program(name, ...args) {
  for (let i = 0; i < TRIES; i++) {
    const code = await run(path.join(path.dirname(stack.tellerctl), name), args,
      { env: { ...stack.env, TELLER_CONFIG: stack.config } }).then(() => 0, (error) => error.signal ?? `${error.code}: ${error.stderr}`);
    if (code === 0) return;
    // Where a child of it was killed it ends with 1.
    assert.ok(code === 'SIGKILL' || !await exists(crashFile), `${name} ended with ${code}`);
  }
  assert.fail(`${name} does not end`);
}

async function payable(currency = 'USD', amount = '1', more = {}) {
  return shop.order({ currency, amount, ...more });
}

const paid = async (transaction) => (await shop.ok('merchant/order/details', { transaction })).status;

// A flow: the name under which its process counts, what is made ready, what is killed, and what must hold then. `made` is what
// `prepare` gave, `done` what `act` gave; acting ends with an answer or, where the face has no keys, may end without one.
const flows = [
  { name: 'a ticket is created', flow: '/api/1/generic/ticket/create',
    prepare: () => available(customer.user),
    act: () => call(customer, 'ticket/create', { partner: partner.id, amount: '1', currency: 'USD' }),
    check: async (had, done) => {
      const has = await available(customer.user);
      assert.ok(done === null ? has === had || has === had - 1 : has === had - 1, `had ${had}, has ${has}`);
    } },
  { name: 'a ticket is settled', flow: '/api/1/generic/ticket/settle',
    prepare: async () => ({ ticket: await customer.ticket(partner, '1'), had: await available(partner.user) }),
    act: async ({ ticket }) => {
      const settle = () => partner.call('ticket/settle', { ticket: ticket.ticket, key: ticket.key, description: 'paid' });
      await settle().catch(() => null);
      return patiently(settle);
    },
    check: async ({ had }) => assert.equal(await available(partner.user), had + 1) },
  { name: 'a ticket is cancelled', flow: '/api/1/generic/ticket/cancel',
    prepare: async () => ({ had: await available(customer.user), ticket: await customer.ticket(partner, '1') }),
    act: async ({ ticket }) => {
      const cancel = () => customer.call('ticket/cancel', { ticket: ticket.ticket });
      await cancel().catch(() => null);
      return patiently(cancel);
    },
    check: async ({ had }) => assert.equal(await available(customer.user), had) },
  { name: 'a ticket expires', flow: 'teller-sweep',
    prepare: async () => {
      const had = await available(customer.user);
      const { ticket } = await customer.ticket(partner, '1');
      await stack.sql(`UPDATE ticket SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id = UNHEX('${ticket.replaceAll('-', '')}')`);
      return had;
    },
    act: () => program('teller-sweep', '--once'),
    check: async (had) => assert.equal(await available(customer.user), had) },
  { name: 'an order is made', flow: '/api/1/generic/merchant/order/create',
    prepare: () => null,
    act: () => call(shop, 'merchant/order/create', { currency: 'USD', amount: '1', return_success: 'https://shop.example/' }),
    check: async (made, done) => { if (done !== null) assert.equal(await paid(done.transaction), 'open'); } },
  { name: 'an order is paid', flow: '/site/pay/{id}',
    prepare: async () => ({ transaction: await payable(), had: await available(shop.user), key: randomUUID() }),
    act: ({ transaction, key }) => change(other, `/site/pay/${transaction}`, {}, key),
    check: async ({ transaction, had }) => {
      assert.equal(await paid(transaction), 'paid');
      assert.ok(await available(shop.user) > had);
    } },
  { name: 'an order is paid by a quote, and sold', flow: '/site/pay/{id}',
    prepare: async () => {
      for (const [type, price] of [['ask', '100'], ['bid', '99']])
        await trader.ok('POST', '/site/market/orders', { market: 'BTCUSD', type, amount: '1', price }, { 'Idempotency-Key': randomUUID() });
      const transaction = await payable('BTC', '0.05', { autosell: 1 });
      const { quote } = await other.ok('POST', `/site/pay/${transaction}/quote`, { currency: 'USD' });
      return { transaction, quote, key: randomUUID() };
    },
    act: ({ transaction, quote, key }) => change(other, `/site/pay/${transaction}`, { quote }, key),
    check: async ({ transaction }) => assert.equal(await paid(transaction), 'paid') },
  { name: 'a payment is given back', flow: '/site/merchant/orders/{transaction}/refund',
    prepare: async () => {
      const session = shop.session ??= await stack.signIn(shop.user);
      const transaction = await payable();
      await change(other, `/site/pay/${transaction}`, {}, randomUUID());
      return { session, transaction, key: randomUUID(), had: await available(other.user) };
    },
    act: ({ session, transaction, key }) => change(session, `/site/merchant/orders/${transaction}/refund`, {}, key),
    check: async ({ had }) => assert.equal(await available(other.user), had + 1) },
  { name: 'an order is placed', flow: '/api/1/{market}/order/add',
    prepare: async () => ({ key: randomUUID() }),
    act: ({ key }) => change(trader, '/site/market/orders', { market: 'BTCUSD', type: 'bid', amount: '0.01', price: '1' }, key),
    check: (made, done) => assert.ok(done.oid), site: '/site/market/orders' },
  { name: 'a batch is matched', flow: 'teller-match',
    prepare: async () => ({ key: randomUUID(), had: await available(trader.user, 'BTC') }),
    act: ({ key }) => change(trader, '/site/market/orders', { market: 'BTCUSD', type: 'ask', amount: '0.01', price: '5000' }, key),
    check: async (made, done) => assert.ok(done.oid) },
  { name: 'an order is taken back', flow: '/site/market/orders/{oid}/cancel',
    prepare: async () => (await change(trader, '/site/market/orders', { market: 'BTCUSD', type: 'bid', amount: '0.01', price: '1' }, randomUUID())).oid,
    act: async (oid) => {
      const cancel = () => trader.call('POST', `/site/market/orders/${oid}/cancel`, {});
      await cancel().catch(() => null);
      return patiently(cancel);
    },
    check: async (oid) => assert.ok(!(await trader.ok('GET', '/site/market/orders')).orders.some((order) => order.oid === oid)) },
  // It goes on looking for more: the first points hold its claim, the delivery and the record of it.
  { name: 'a notification is delivered', flow: 'teller-ipn', most: 24,
    prepare: async () => {
      const transaction = await payable('USD', '1', { ipn: `http://127.0.0.1:${hook.address().port}/` });
      const heard = hooked;
      await change(other, `/site/pay/${transaction}`, {}, randomUUID());
      return heard;
    },
    act: async (heard) => {
      await until(async () => {
        await program('teller-ipn', '--once');
        // The lease of a retrier that died runs on: here it is over.
        await stack.sql("UPDATE delivery SET next_at = NOW(6) WHERE state = 'pending' AND next_at > NOW(6)");
        return hooked > heard;
      }, 60, 'the delivery');
    },
    check: (heard) => assert.ok(hooked > heard) },
];

for (const { name, flow, site, most = Infinity, prepare, act, check } of flows)
  test(`${name}: killed at each point`, { timeout: 300000 }, async (context) => {
    let point = 0;
    for (let killed = true; killed && point < most; ) {
      point++;
      assert.ok(point <= POINTS_MOST, 'no end of points');
      const made = await prepare();
      await writeFile(crashFile, `${site ?? flow} ${point}`);
      const done = await act(made);
      killed = !await exists(crashFile);
      await writeFile(crashFile, '');
      await until(() => stack.ready(), 20, 'the stack');
      await check(made, done);
    }
    await stack.audit();
    context.diagnostic(`${point - 1} points`);
    assert.ok(point - 1 >= POINTS_LEAST, `only ${point - 1} points: is ${site ?? flow} still its name?`);
  });
