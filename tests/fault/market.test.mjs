// 32 clients trade at once while workers, matcher and database are killed (-9) at random. Afterwards every
// acknowledged order is there once, no fill is lost or doubled, and the books agree.
// MARKET_FAULT_SECONDS=N takes another time than 20 s.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inParallel, Stack, until } from '../support/teller.mjs';
import { chance, killDatabase, killMatcher, killWorker, pick, refusals } from './killing.mjs';
import { checkTrades, FUNDS, LEAST, PRICE, Trader } from './traders.mjs';

const CLIENTS = 32;
const SECONDS = Number(process.env.MARKET_FAULT_SECONDS ?? 20);

let stack;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'fault-market'), { DEMO: 'no' });
  await stack.ctl('market', 'add', 'BTC', 'USD');
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

const blows = { worker: (stack) => killWorker(stack, 'order'), matcher: killMatcher, database: killDatabase };

/** Kills workers, the matcher and the database at random until the time is over. */
async function killAtRandom(seconds) {
  const killed = { worker: 0, matcher: 0, database: 0 };
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    // A pause of random length, so that the blow falls at any moment of the work.
    await new Promise((done) => setTimeout(done, 200 + Math.random() * 800));
    const kind = chance(0.5) ? 'worker' : pick(['matcher', 'database']);
    if (await blows[kind](stack)) killed[kind]++;
  }
  // Each kind falls at least once, while there is load.
  for (const [kind, blow] of Object.entries(blows)) if (killed[kind] === 0 && await blow(stack)) killed[kind]++;
  return killed;
}

test(`${CLIENTS} clients trade for ${SECONDS} s under kills: no fill is lost or doubled`, { timeout: (SECONDS + 600) * 1000 }, async (context) => {
  const clients = await inParallel(4, Array.from({ length: CLIENTS }, () => () => stack.customer({ funds: FUNDS })));
  const traders = clients.map((client) => new Trader(client));
  let going = true;
  const work = Promise.all(traders.map((trader) => trader.run(() => going)));
  const started = Date.now();
  let killed;
  try {
    killed = await killAtRandom(SECONDS);
  } finally {
    going = false;
    await work;
  }
  const seconds = (Date.now() - started) / 1000;
  await until(() => stack.ready(), 60, 'a stack that is ready');
  assert.ok(Object.values(killed).every((count) => count > 0), JSON.stringify(killed));

  // Nothing is told of a book that still moves: the job's last round is waited for.
  await stack.ctl('market', 'halt', 'BTCUSD');
  const acknowledged = await checkTrades(stack, traders);
  const report = await stack.audit();

  const [[trades]] = await stack.sql('SELECT COUNT(*) FROM trade');
  const total = (name) => traders.reduce((sum, trader) => sum + trader[name], 0);
  context.diagnostic(`${JSON.stringify(killed)} in ${seconds.toFixed(1)} s; ${total('calls')} calls, ${acknowledged} orders known, `
    + `${total('lost')} answers lost, ${total('found')} of them found open; ${trades} trades, ${total('cancelled')} cancelled, refusals `
    + `${JSON.stringify(refusals(traders))}; ${report.journals} journals, ${report.entries} entries`);
  assert.ok(acknowledged > 100 && Number(trades) > 100, 'the load was none');
});

test('a matcher that hangs: the worker places the order by itself, once', async () => {
  await stack.ctl('market', 'resume', 'BTCUSD');
  const [seller, buyer] = [await stack.customer({ funds: { BTC: '10' } }), await stack.customer({ funds: { USD: '1000' } })];
  const place = (client, params) => client.ok('order/add', params, { path: '/api/1/BTCUSD/order/add' });
  const price = { price_int: 2 * PRICE };
  await place(seller, { type: 'ask', amount_int: LEAST, ...price });
  const matchers = await stack.processes('match');
  assert.ok(matchers.length > 0);
  const before = Number((await stack.sql('SELECT COUNT(*) FROM trade'))[0]);
  for (const pid of matchers) process.kill(pid, 'SIGSTOP');
  let oid;
  try {
    oid = await place(buyer, { type: 'bid', amount_int: LEAST, ...price });
  } finally {
    for (const pid of matchers) process.kill(pid, 'SIGCONT');
  }
  // Awake again, it tries the same order, and takes up the next ones.
  const next = await place(seller, { type: 'ask', amount_int: LEAST, ...price });
  await seller.ok('order/cancel', { oid: next });
  assert.deepEqual(await stack.sql(`SELECT o.status, COUNT(*) FROM market_order AS o JOIN user AS u ON u.id = o.user_id
    WHERE u.login = '${buyer.user.login}' GROUP BY o.status`), [['done', '1']]);
  assert.equal((await buyer.ok('order/result', { type: 'bid', oid })).trades.length, 1);
  assert.equal(Number((await stack.sql('SELECT COUNT(*) FROM trade'))[0]), before + 1);
});
