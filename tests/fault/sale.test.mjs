// Payments by quote and with autosell while workers and the database are killed (-9): a client that got no answer sends the same
// again under its Idempotency-Key until it gets one. What the last answer says is what happened, once: payment, trades, sale.
// KILLS=N takes another number than 10.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inParallel, Stack, until } from '../support/teller.mjs';

const CLIENTS = 12;
const RETRY_MS = 20;
const KILLS = Number(process.env.KILLS ?? 10);
const PASSWORD = 'a password of the tests';

let stack;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'sale'), { DEMO: 'no', JOBS: 'no' });
  await stack.ctl('market', 'add', 'BTC', 'USD', '--amount-step', '0.001', '--min', '0.01');
  await stack.ctl('market', 'resume', 'BTCUSD');
});
after(async () => {
  try {
    assert.equal(await stack.bugs(), '');
    await stack.audit();
  } finally {
    await stack.stop();
  }
});

const pick = (list) => list[Math.floor(Math.random() * list.length)];

async function signedIn(funds) {
  const user = await stack.user({ password: PASSWORD, funds });
  return Object.assign(await stack.signIn(user), { user });
}

/** Calls until there is an answer that settles it; counts the calls that got none. */
class Patient {
  constructor() {
    this.lost = 0;
  }

  async call(session, target, body, key = randomUUID()) {
    for (;;) {
      const reply = await session.call('POST', target, body, { 'Idempotency-Key': key }).catch(() => null);
      if (reply && reply.status < 500) return reply;
      this.lost++;
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }
}

/** Kills one process of a kind, waits until another one is there. */
async function killOne(kind) {
  const pids = await stack.processes(kind);
  if (pids.length === 0) return;
  const pid = pick(pids);
  process.kill(pid, 'SIGKILL');
  await until(async () => !(await stack.processes(kind)).includes(pid) && stack.ready(), 60, `the return of ${kind}`);
}

test(`${CLIENTS} payers, ${KILLS} kills: each payment once, with its trades, or not at all`, { timeout: 600000 }, async (context) => {
  const shop = await stack.merchant();
  const trader = await signedIn({ BTC: '1000', USD: '100000' });
  const patient = new Patient();
  for (const [type, price] of [['ask', '100'], ['bid', '99']])
    assert.equal((await patient.call(trader, '/site/market/orders', { market: 'BTCUSD', type, amount: '500', price })).status, 200);
  const payers = await inParallel(4, Array.from({ length: CLIENTS }, () => () => signedIn({ USD: '10000' })));
  const paid = [];
  let going = true;

  const load = inParallel(CLIENTS, payers.map((payer) => async () => {
    while (going) {
      const made = await shop.call('merchant/order/create', { currency: 'BTC', amount: '0.05', autosell: 1,
        return_success: 'https://shop.example/' }).catch(() => null);
      if (made?.json?.result !== 'success') continue;
      const { transaction } = made.json.return;
      const quote = await patient.call(payer, `/site/pay/${transaction}/quote`, { currency: 'USD' });
      assert.equal(quote.status, 200, quote.text);
      const reply = await patient.call(payer, `/site/pay/${transaction}`, { quote: quote.json.quote });
      assert.equal(reply.status, 200, reply.text);
      paid.push({ payer, transaction, payment: reply.json.payment_id, taken: Number(reply.json.taken.value_int) });
    }
  }));
  for (let i = 0; i < KILLS; i++) {
    const sofar = paid.length;
    await until(() => paid.length > sofar + 5, 60, 'payments');
    await killOne(i % 3 === 2 ? 'mariadb' : 'main');
  }
  going = false;
  await load;

  assert.ok(patient.lost > 0, 'no call was lost: the kills met nothing');
  assert.equal(new Set(paid.map(({ payment }) => payment)).size, paid.length);
  await inParallel(8, paid.map(({ transaction, payment }) => async () => {
    const order = await shop.ok('merchant/order/details', { transaction });
    assert.deepEqual([order.status, order.payments.map((one) => [one.payment_id, one.autosell?.sold.value, one.autosell?.earned.value])],
      ['paid', [[payment, '0.05000000', '4.92030']]]); // 4.95 - 0.0297
  }));
  for (const payer of payers) {
    const mine = paid.filter((one) => one.payer === payer);
    const taken = mine.reduce((sum, one) => sum + one.taken, 0);
    assert.equal(Math.round(Number((await stack.balance(payer.user.login, 'USD')).available) * 1e5), 10000 * 1e5 - taken);
    assert.equal(Number((await stack.balance(payer.user.login, 'BTC')).available), 0);
  }
  const [[orders]] = await stack.sql('SELECT COUNT(*) FROM market_order');
  context.diagnostic(`${paid.length} payments, ${patient.lost} calls without an answer`);
  assert.equal(Number(orders), 2 + 2 * paid.length, 'one order of the payer and one of the merchant for each payment');
});
