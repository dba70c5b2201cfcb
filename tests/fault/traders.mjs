// The load of a market: clients that place and cancel around one price, with an account of every answer.
import assert from 'node:assert/strict';
import { inParallel } from '../support/teller.mjs';
import { callUnderFire, chance, pick } from './killing.mjs';

export const FUNDS = { USD: '20000', BTC: '200' };
export const PRICE = 10000000; // units: 100 dollars
export const LEAST = 1000000; // units: 0.01 BTC

const between = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
const plain = (uuid) => uuid.replaceAll('-', '');

/** One client: places and cancels around one price, and keeps account of every answer. */
export class Trader {
  /** `definite`: a no of the database's is one, since no worker is killed (see callUnderFire). */
  constructor(client, { definite = false } = {}) {
    Object.assign(this, { client, definite, orders: new Map(), open: new Set(), lost: 0, found: 0, calls: 0, cancelled: 0, refusals: new Map() });
  }

  async call(method, params, options) {
    this.calls++;
    const [outcome, value] = await callUnderFire(this.client, method, params, { ...options, definite: this.definite });
    if (outcome === 'refused' || outcome === 'none') this.refusals.set(value, (this.refusals.get(value) ?? 0) + 1);
    return [outcome, value];
  }

  /** An order around the price; some at any price, some that wait for theirs, some beyond the client's means. */
  async place() {
    const order = { type: pick(['bid', 'ask']), amount_int: between(LEAST, chance(0.1) ? 2000 * LEAST : 50 * LEAST) };
    if (chance(0.95)) order.price_int = between(PRICE - PRICE / 100, PRICE + PRICE / 100);
    if (chance(0.05)) order.stop_int = between(PRICE - PRICE / 100, PRICE + PRICE / 100);
    if (chance(0.2)) order.prefer_fiat_fee = 1;
    const [outcome, oid] = await this.call('order/add', order, { path: '/api/1/BTCUSD/order/add' });
    assert.notEqual(outcome, 'refused', oid);
    if (outcome === 'done') this.note(oid, order);
    else if (outcome === 'unknown') await this.lookUp();
  }

  note(oid, { type, amount_int: amount }) {
    assert.ok(!this.orders.has(oid), `${oid} was acknowledged twice`);
    this.orders.set(oid, { type, amount: String(amount), maybe: false, cancelled: false });
    this.open.add(oid);
  }

  /** An answer was lost: whatever is open and nobody told of is that order. What is done already is counted at the end. */
  async lookUp() {
    this.lost++;
    const [outcome, list] = await this.call('orders', {});
    if (outcome !== 'done') return;
    for (const order of list) {
      if (this.orders.has(order.oid)) continue;
      this.found++;
      this.orders.set(order.oid, { type: order.type, maybe: false, cancelled: false });
      this.open.add(order.oid);
    }
  }

  async cancel() {
    const oid = pick([...this.open]);
    const order = this.orders.get(oid);
    const [outcome, token] = await this.call('order/cancel', { oid });
    if (outcome === 'done') {
      order.cancelled = true;
      this.cancelled++;
    } else if (outcome === 'none') {
      return;
    } else if (outcome === 'unknown') {
      // Either way it has ended once its result can be asked for and it is not among the open ones.
      order.maybe = true;
    } else {
      assert.equal(token, 'order_not_found');
    }
    this.open.delete(oid);
  }

  async run(going) {
    while (going()) await (this.open.size > 0 && chance(0.35) ? this.cancel() : this.place());
  }
}

/** Statements that give a row for each thing that is wrong. */
const WRONGS = {
  'an order whose trades are not what it lost': `SELECT HEX(o.oid), o.amount, o.remaining, COALESCE(SUM(t.amount), 0) FROM market_order AS o
    LEFT JOIN (SELECT bid_id AS id, amount FROM trade UNION ALL SELECT ask_id, amount FROM trade) AS t ON t.id = o.id
    GROUP BY o.id HAVING o.amount - o.remaining <> COALESCE(SUM(t.amount), 0)`,
  'an account that its entries do not make': `SELECT a.id, a.balance, SUM(e.amount) FROM account AS a JOIN entry AS e ON e.account_id = a.id
    GROUP BY a.id HAVING a.balance <> SUM(e.amount)`,
  'money that came or went': 'SELECT currency_id, SUM(balance) FROM account GROUP BY currency_id HAVING SUM(balance) <> 0',
  'a hold without a live order': 'SELECT HEX(oid), status, hold FROM market_order WHERE ended_at IS NOT NULL AND (hold <> 0 OR funded <> 0)',
  'a wallet that holds something else than its orders': `SELECT a.id, a.reserved, COALESCE(SUM(o.hold), 0) FROM account AS a
    LEFT JOIN market_order AS o ON o.pay_account = a.id AND o.ended_at IS NULL GROUP BY a.id HAVING a.reserved <> COALESCE(SUM(o.hold), 0)`,
  'a trade without its journal, or a journal without its trade': `SELECT j.id, t.tid FROM trade AS t JOIN journal AS j ON j.id = t.journal_id
    WHERE j.kind <> 'trade' UNION ALL SELECT j.id, NULL FROM journal AS j LEFT JOIN trade AS t ON t.journal_id = j.id
    WHERE j.kind = 'trade' AND t.tid IS NULL`,
  'a crossed book': `SELECT b.price, a.price FROM market_level AS b JOIN market_level AS a ON a.market_id = b.market_id AND a.side = 'ask'
    WHERE b.side = 'bid' AND a.price <= b.price`,
  'a level that its orders do not make': `SELECT l.side, l.price, l.amount, COALESCE(SUM(o.funded), 0) FROM market_level AS l
    LEFT JOIN market_order AS o ON o.market_id = l.market_id AND o.side = l.side AND o.status = 'open' AND o.price = l.price
    GROUP BY l.market_id, l.side, l.price HAVING l.amount <> COALESCE(SUM(o.funded), 0)`,
};

/** What a client was told against what is stored. Gives how many orders were acknowledged. */
function compare(trader, stored) {
  const login = trader.client.user.login;
  const own = [...stored.values()].filter((order) => order.login === login).length;
  assert.ok(own >= trader.orders.size && own <= trader.orders.size + trader.lost - trader.found,
    `${login}: ${trader.orders.size} known, ${trader.lost} answers lost, ${trader.found} of them found, ${own} there`);
  for (const [oid, order] of trader.orders) {
    const there = stored.get(plain(oid));
    assert.equal(there?.login, login, `order ${oid} is lost`);
    assert.equal(there.side, order.type, oid);
    if (order.amount !== undefined) assert.equal(there.amount, order.amount, oid);
    // A cancelled order stays cancelled; no other one ends so, but at any price or in the way of its owner.
    if (order.cancelled) assert.equal(there.status, 'cancelled', oid);
  }
  return trader.orders.size;
}

/** What the API tells of some of a client's orders is what is stored. */
async function askBack(trader, stored) {
  const open = await trader.client.ok('orders', {});
  const live = [...stored].filter(([, order]) => order.login === trader.client.user.login && order.ended === '0');
  assert.deepEqual(open.map(({ oid, amount, status }) => [plain(oid), amount.value_int, status]).sort(),
    live.map(([oid, { remaining, status }]) => [oid, remaining, status]).sort());
  for (const oid of [...trader.orders.keys()].slice(-5)) {
    const { total_amount: total } = await trader.client.ok('order/result', { type: trader.orders.get(oid).type, oid });
    const { amount, remaining } = stored.get(plain(oid));
    assert.equal(BigInt(total.value_int), BigInt(amount) - BigInt(remaining), oid);
  }
}

/** What the clients were told against what is stored, once the market is halted. Gives how many orders were
 *  acknowledged. */
export async function checkTrades(stack, traders) {
  const stored = new Map((await stack.sql(`SELECT LOWER(HEX(o.oid)), u.login, o.side, o.amount, o.remaining, o.status, o.ended_at IS NOT NULL
    FROM market_order AS o JOIN user AS u ON u.id = o.user_id`))
    .map(([oid, login, side, amount, remaining, status, ended]) => [oid, { login, side, amount, remaining, status, ended }]));
  for (const [words, statement] of Object.entries(WRONGS)) assert.deepEqual(await stack.sql(statement), [], words);
  const acknowledged = traders.reduce((sum, trader) => sum + compare(trader, stored), 0);
  await inParallel(4, traders.map((trader) => () => askBack(trader, stored)));
  return acknowledged;
}
