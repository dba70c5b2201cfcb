// The market page's calls: the markets, placing and cancelling orders, who may, and what each refusal says.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { closeConnections, stack, unique, until } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';
const MARKET = 'BTCNZD';
const ORDER = ['oid', 'market', 'type', 'status', 'amount', 'effective_amount', 'placed', 'price', 'stop', 'date'];
const MONEY = ['value', 'value_int', 'display', 'display_short', 'currency'];
const PATH = '/site/market/orders';

before(async () => {
  await stack.ctl('market', 'add', 'BTC', 'NZD', '--price-step', '0.01', '--amount-step', '0.0001', '--min', '0.01');
  await stack.ctl('market', 'resume', MARKET);
});
after(async () => {
  await stack.audit();
  closeConnections();
});

/** A signed-in trader. */
async function trader(funds = { BTC: '10', NZD: '5000' }) {
  const user = await stack.user({ password: PASSWORD, funds });
  return Object.assign(await stack.signIn(user), { user });
}

/** Public data are kept for the rest of a second. */
const shown = (path, holds) => until(async () => holds((await stack.request('GET', path)).json), 2, path);
const named = (key = unique()) => ({ 'Idempotency-Key': key });
const asked = (body) => ({ market: MARKET, type: 'bid', amount: '1', price: '50', ...body });
const place = (session, body = {}, key = unique()) => session.ok('POST', PATH, asked(body), named(key));
const cancel = (session, { oid }) => session.ok('POST', `${PATH}/${oid}/cancel`, {});
const orders = async (session) => (await session.ok('GET', PATH)).orders;
const wallet = async (session, currency) =>
  (await session.ok('GET', '/site/account')).wallets.find((row) => row.currency === currency);
/** Free and in orders, as text. */
const funds = async (session, currency) => {
  const { free, reserved, balance } = await wallet(session, currency);
  assert.equal(BigInt(free.value_int) + BigInt(reserved.value_int), BigInt(balance.value_int));
  return [free.value, reserved.value];
};

test('markets: public, with their steps, the last price and the fee of a newcomer', async () => {
  const reply = await stack.request('GET', '/site/markets');
  assert.equal(reply.status, 200);
  assert.match(reply.headers['cache-control'], /public/);
  const market = reply.json.markets.find((row) => row.market === MARKET);
  assert.deepEqual(Object.keys(market), ['market', 'item', 'currency', 'amount_step', 'price_step', 'min_amount', 'halted', 'last', 'fee_percent']);
  assert.deepEqual([market.item, market.currency, market.amount_step.value, market.price_step.value, market.min_amount.value, market.halted,
    market.last, market.fee_percent], ['BTC', 'NZD', '0.00010000', '0.01000', '0.01000000', false, null, '0.6']);
});

test('no more live orders than the configuration allows', async (t) => {
  const session = await trader();
  const one = await place(session);
  const counted = (more) => stack.sql(`UPDATE account SET live_orders = live_orders + ${more} WHERE live_orders <> 0 AND owner_id =
    (SELECT id FROM user WHERE login = '${session.user.login}')`);
  await counted(9999);
  t.after(() => counted(-9999));
  await session.refused(409, 'too_many_orders', 'POST', PATH, asked({}), { headers: named() });
  await cancel(session, one);
  await cancel(session, await place(session));
});

test('everything of a trader needs a session, every change the CSRF token', async () => {
  const none = { headers: { 'Content-Type': 'application/json', ...named() }, body: '{}' };
  for (const [method, path] of [['GET', PATH], ['POST', PATH], ['POST', `${PATH}/${randomUUID()}/cancel`], ['GET', '/site/market/idkey']]) {
    const reply = await stack.request(method, path, method === 'GET' ? {} : none);
    assert.deepEqual([reply.status, reply.json.error], [401, 'missing_ticket'], `${method} ${path}`);
  }
  const session = await trader();
  const order = await place(session);
  const wrong = { headers: { 'X-CSRF-Token': 'x', ...named() } };
  await session.refused(403, 'csrf', 'POST', PATH, asked({}), wrong);
  await session.refused(403, 'csrf', 'POST', `${PATH}/${order.oid}/cancel`, {}, wrong);
  assert.deepEqual((await orders(session)).map(({ oid }) => oid), [order.oid]);
  await cancel(session, order);
});

test('placing: the order, what it holds, the list, the public book; cancelling gives it back', async () => {
  const session = await trader();
  const order = await place(session, { amount: '0.5', price: '40.2' });
  assert.deepEqual(Object.keys(order), ORDER);
  for (const name of ['amount', 'effective_amount', 'placed', 'price']) assert.deepEqual(Object.keys(order[name]), MONEY, name);
  assert.match(order.oid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([order.market, order.type, order.status, order.amount.value, order.effective_amount.value, order.placed.value,
    order.price.value, order.stop], [MARKET, 'bid', 'open', '0.50000000', '0.50000000', '0.50000000', '40.20000', null]);
  assert.ok(Math.abs(order.date - Date.now() / 1000) < 60);
  assert.deepEqual(await funds(session, 'NZD'), ['4979.90000', '20.10000']);
  const ask = await place(session, { type: 'ask', amount_int: '200000000', amount: undefined, price_int: '9000000', price: undefined });
  assert.deepEqual([ask.type, ask.amount.value, ask.price.value], ['ask', '2.00000000', '90.00000']);
  assert.deepEqual(await funds(session, 'BTC'), ['8.00000000', '2.00000000']);
  const listed = await session.ok('GET', PATH);
  assert.deepEqual(Object.keys(listed), ['orders', 'fees']);
  assert.deepEqual(listed.orders, [order, ask]);
  assert.equal(listed.fees[MARKET], '0.6');
  await shown(`/api/1/${MARKET}/fulldepth`, ({ return: { asks, bids } }) =>
    bids.some((row) => row.price_int === '4020000') && asks.some((row) => row.price_int === '9000000'));
  const cancelled = await cancel(session, order);
  assert.deepEqual([cancelled.oid, cancelled.status, cancelled.amount.value], [order.oid, 'cancelled', '0.50000000']);
  await session.refused(404, 'order_not_found', 'POST', `${PATH}/${order.oid}/cancel`, {});
  await cancel(session, ask);
  assert.deepEqual([await funds(session, 'NZD'), await funds(session, 'BTC'), await orders(session)],
    [['5000.00000', '0.00000'], ['10.00000000', '0.00000000'], []]);
});

test('two meet: what each is told, fees, and the market order', async () => {
  const [seller, buyer] = [await trader(), await trader()];
  await place(seller, { type: 'ask', amount: '1', price: '60' });
  const bought = await place(buyer, { type: 'bid', amount: '0.4', price: '61' });
  assert.deepEqual([bought.status, bought.amount.value, bought.placed.value], ['done', '0.00000000', '0.40000000']);
  assert.deepEqual([(await wallet(buyer, 'BTC')).balance.value, (await wallet(buyer, 'NZD')).balance.value], ['10.39760000', '4976.00000']);
  const [left] = await orders(seller);
  assert.deepEqual([left.status, left.amount.value, left.placed.value], ['open', '0.60000000', '1.00000000']);
  assert.deepEqual((await wallet(seller, 'NZD')).balance.value, '5023.85600');
  const swept = await place(buyer, { amount: '2', price: undefined, prefer_fiat_fee: true });
  assert.deepEqual([swept.status, swept.amount.value, swept.price], ['cancelled', '1.40000000', null]);
  assert.deepEqual([(await wallet(buyer, 'BTC')).balance.value, (await wallet(buyer, 'NZD')).balance.value], ['10.99760000', '4939.78400']);
  assert.deepEqual([await orders(seller), await orders(buyer)], [[], []]);
  await shown('/site/markets', ({ markets }) => markets.find((row) => row.market === MARKET).last?.value === '60.00000');
});

test('without the money an order waits, with a part of it a part is in the book; a stop waits for its price', async () => {
  const session = await trader({ NZD: '30' });
  const ask = await place(session, { type: 'ask', amount: '1', price: '99' });
  assert.deepEqual([ask.status, ask.effective_amount.value], ['invalid', '0.00000000']);
  const partly = await place(session, { amount: '3', price: '20' });
  assert.deepEqual([partly.status, partly.amount.value, partly.effective_amount.value], ['open', '3.00000000', '1.50000000']);
  const stop = await place(session, { amount: '1', price: '10', stop: '88.5' });
  assert.deepEqual([stop.status, stop.stop.value], ['stop', '88.50000']);
  for (const order of [ask, partly, stop]) await cancel(session, order);
  assert.deepEqual(await funds(session, 'NZD'), ['30.00000', '0.00000']);
});

test('the same key again: the same order once; for another order: a conflict', async () => {
  const session = await trader();
  const key = unique();
  const first = await place(session, {}, key);
  const replies = await Promise.all(Array.from({ length: 4 }, () => place(session, {}, key)));
  for (const reply of replies) assert.deepEqual(reply, first);
  assert.deepEqual(await funds(session, 'NZD'), ['4950.00000', '50.00000']);
  for (const other of [{ amount: '2' }, { price: '51' }, { price: undefined }, { type: 'ask' }, { stop: '70' }, { prefer_fiat_fee: true }])
    await session.refused(409, 'idempotency_conflict', 'POST', PATH, asked(other), { headers: named(key) });
  assert.equal((await orders(session)).length, 1);
  const stranger = await trader();
  const theirs = await place(stranger, {}, key);
  assert.notEqual(theirs.oid, first.oid, 'a key is the user\'s own');
  await cancel(session, first);
  assert.equal((await place(session, {}, key)).status, 'cancelled', 'a replay tells what became of it');
  await cancel(stranger, theirs);
});

test('a wrong order says which field', async () => {
  const session = await trader();
  const cases = [
    [{ market: undefined }, 400, 'missing_parameter', 'market'], [{ market: '' }, 400, 'empty', 'market'],
    [{ market: 'BTCXXX' }, 404, 'unknown_market', 'market'], [{ market: 'btcnzd' }, 404, 'unknown_market', 'market'],
    [{ market: 'x'.repeat(300) }, 400, 'too_long', 'market'],
    [{ type: undefined }, 400, 'missing_parameter', 'type'], [{ type: 'buy' }, 400, 'invalid_parameter', 'type'],
    [{ amount: undefined }, 400, 'missing_parameter', 'amount'], [{ amount: '1e' }, 400, 'amount_format', 'amount'],
    [{ amount: '0' }, 400, 'amount_not_positive', 'amount'], [{ amount: '-1' }, 400, 'amount_not_positive', 'amount'],
    [{ amount: '1.000000001' }, 400, 'amount_digits', 'amount'], [{ amount: '9'.repeat(40) }, 400, 'amount_range', 'amount'],
    [{ amount: '0.0099' }, 409, 'order_amount_low', 'amount'], [{ amount: '1.00005' }, 400, 'amount_step', 'amount'],
    [{ price: '0' }, 400, 'amount_not_positive', 'price'], [{ price: 'a' }, 400, 'amount_format', 'price'],
    [{ price: '' }, 400, 'missing_parameter', 'price'],
    [{ price: '50.001' }, 400, 'price_step', 'price'], [{ stop: '50.001' }, 400, 'price_step', 'stop'],
    [{ stop: '0' }, 400, 'amount_not_positive', 'stop'], [{ price: undefined, stop: '1.23456789' }, 400, 'amount_digits', 'stop'],
    [{ amount_int: '7' }, 400, 'amount_disagrees', 'amount'], [{ prefer_fiat_fee: 'perhaps' }, 400, 'invalid_parameter', 'prefer_fiat_fee'],
  ];
  for (const [body, status, error, field] of cases)
    await session.refused(status, error, 'POST', PATH, asked(body), { field, headers: named() });
  await session.refused(400, 'missing_parameter', 'POST', PATH, asked({}), { field: 'Idempotency-Key' });
  await session.refused(400, 'too_long', 'POST', PATH, asked({}), { field: 'Idempotency-Key', headers: named('x'.repeat(65)) });
  assert.deepEqual(await orders(session), []);
});

test('broken input', async () => {
  const session = await trader();
  for (const [body, status, error] of [['{', 400, 'malformed_request'], ['[]', 400, 'malformed_request'],
    [JSON.stringify(asked({ price: ['1'] })), 400, 'amount_format'], [JSON.stringify(asked({ amount: { value: '1' } })), 400, 'amount_format'],
    [`{"market":"${'x'.repeat(1 << 20)}"}`, 413, 'request_too_large']]) {
    const reply = await stack.request('POST', PATH, { headers: { Cookie: session.cookie, 'X-CSRF-Token': session.csrf, ...named(),
      'Content-Type': 'application/json' }, body });
    assert.deepEqual([reply.status, reply.json?.error], [status, error], body.slice(0, 60));
  }
});

test('an order of somebody else is not there', async () => {
  const [owner, stranger] = [await trader(), await trader()];
  const order = await place(owner);
  await stranger.refused(404, 'order_not_found', 'POST', `${PATH}/${order.oid}/cancel`, {});
  await stranger.refused(404, 'order_not_found', 'POST', `${PATH}/${randomUUID()}/cancel`, {});
  await stranger.refused(400, 'not_uuid', 'POST', `${PATH}/7/cancel`, {}, { field: 'oid' });
  assert.deepEqual([(await orders(owner)).length, await orders(stranger)], [1, []]);
  await cancel(owner, order);
});

test('a halted market takes no order and gives orders back', async () => {
  const session = await trader();
  const order = await place(session);
  await stack.ctl('market', 'halt', MARKET);
  try {
    await session.refused(409, 'market_halted', 'POST', PATH, asked({}), { headers: named() });
    await shown('/site/markets', ({ markets }) => markets.find((row) => row.market === MARKET).halted);
    assert.equal((await cancel(session, order)).status, 'cancelled');
  } finally {
    await stack.ctl('market', 'resume', MARKET);
  }
});

test('idkey: 75 characters that name the user and the end of the day', async () => {
  const session = await trader();
  const { idkey } = await session.ok('GET', '/site/market/idkey');
  assert.match(idkey, /^[A-Za-z0-9+/]{75}$/);
  const bytes = Buffer.from(idkey, 'base64');
  assert.equal(bytes.subarray(0, 16).toString('hex'), session.user.id.replaceAll('-', ''));
  assert.ok(Math.abs(Number(bytes.readBigInt64BE(16)) - Date.now() / 1000 - 86400) < 60);
});
