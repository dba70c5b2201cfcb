// Orders on the v1 face: placing, cancelling, listing, results, own trades, lag; what `info` and the history say of them. The markets
// are this file's: bitcoins against British pounds and Swiss francs, in smallest units, everybody at 0.6 %.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeConnections, inParallel, stack, tonce, until } from '../support/teller.mjs';

const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UNKNOWN = '01234567-89ab-4def-8123-456789abcdef';
const MONEY = ['value', 'value_int', 'display', 'display_short', 'currency'];
const TRADE = ['date', 'price', 'amount', 'price_int', 'amount_int', 'tid', 'price_currency', 'item', 'trade_type', 'primary', 'properties'];
const path = (method, market = 'BTCGBP') => ({ path: `/api/1/${market}/${method}` });
const ADD = path('order/add');

before(async () => {
  for (const [currency, ...rules] of [['GBP'], ['CHF', '--price-step', '0.01', '--amount-step', '0.001', '--min', '0.05']]) {
    await stack.ctlResult(['market', 'add', 'BTC', currency, ...rules]); // there from an earlier run
    await stack.ctl('market', 'resume', `BTC${currency}`);
  }
});
after(async () => {
  await stack.audit();
  closeConnections();
});

/** A new user with a key for everything and so much money; their open orders go once the test is over. */
async function trader(t, funds = { BTC: '10', GBP: '10000' }) {
  const client = await stack.customer({ funds });
  t.after(() => cancelAll(client));
  return client;
}

const add = (client, type, amount, price, more = {}, market = 'BTCGBP') =>
  client.ok('order/add', { type, amount, price, ...more }, path('order/add', market));
const cancel = (client, oid) => client.ok('order/cancel', { oid });
const orders = (client) => client.ok('orders');
const order = async (client, oid) => (await orders(client)).find((row) => row.oid === oid);
async function cancelAll(client) {
  for (const { oid } of await orders(client)) await cancel(client, oid);
}
/** Balance and reserved of a wallet, as text. */
async function wallet(client, currency) {
  const { Wallets } = await client.ok('info');
  return [Wallets[currency].Balance.value, Wallets[currency].Open_Orders.value];
}

test('add, orders, cancel: exact replies, with every spelling of the path', async (t) => {
  const client = await trader(t);
  const placed = await client.call('order/add', { type: 'bid', amount_int: '123456789', price_int: '10050000' }, path('private/order/add'));
  const oid = placed.json.return;
  assert.equal(placed.text, `{"result":"success","return":"${oid}"}`);
  assert.match(oid, UUID4);
  for (const spelling of ['orders', 'private/orders', 'public/orders']) {
    const { text, json } = await client.call('orders', {}, path(spelling, 'generic'));
    const [row] = json.return;
    assert.ok(text.startsWith(`{"result":"success","return":[{"oid":"${oid}","currency":"GBP","item":"BTC","type":"bid",`
      + '"amount":{"value":"1.23456789","value_int":"123456789","display":"1.23456789\\u00a0BTC","display_short":"1.23\\u00a0BTC","currency":"BTC"},'
      + '"effective_amount":{"value":"1.23456789","value_int":"123456789","display":"1.23456789\\u00a0BTC","display_short":"1.23\\u00a0BTC","currency":"BTC"},'
      + '"price":{"value":"100.50000","value_int":"10050000","display":"\\u00a3100.50000","display_short":"\\u00a3100.50","currency":"GBP"},'
      + '"status":"open","date":'), text);
    assert.ok(text.endsWith(`,"priority":"${row.priority}","actions":[]}]}`), text);
    assert.match(row.priority, /^\d{16}$/);
    assert.equal(row.date, Math.floor(Number(row.priority) / 1e6));
    assert.ok(Math.abs(Date.now() / 1000 - row.date) < 120);
  }
  assert.deepEqual(await wallet(client, 'GBP'), ['10000.00000', '124.07408']); // 124.074072945, rounded up
  const ended = await client.call('order/cancel', { oid }, path('private/order/cancel'));
  const { qid } = ended.json.return;
  assert.equal(ended.text, `{"result":"success","return":{"oid":"${oid}","qid":"${qid}"}}`);
  assert.match(qid, UUID4);
  assert.deepEqual(await orders(client), []);
  assert.deepEqual(await wallet(client, 'GBP'), ['10000.00000', '0.00000']);
});

test('cancel: whatever market the path names; oid or order; once', async (t) => {
  const client = await trader(t);
  for (const [spelling, name] of [['BTCUSD/order/cancel', 'oid'], ['BTCEUR/private/order/cancel', 'oid'], ['NOTHING/order/cancel', 'oid'],
    ['generic/private/order/cancel', 'oid'], ['generic/order/cancel', 'order']]) {
    const oid = await add(client, 'ask', '0.5', '9999');
    assert.equal((await client.ok('order/cancel', { [name]: oid }, { path: `/api/1/${spelling}` })).oid, oid, spelling);
    await client.refused('order_not_found', 'order/cancel', { oid }, { error: 'Order not found' });
  }
});

test('cancel and result: broken, unknown and other people\'s orders', async (t) => {
  const [owner, other] = [await trader(t), await trader(t)];
  const oid = await add(owner, 'bid', '1', '1');
  for (const [method, name] of [['order/cancel', 'oid'], ['order/result', 'order']]) {
    await owner.refused('missing_parameter', method, {}, { error: `Invalid parameter "${name}" (is required)` });
    for (const wrong of ['x', `${oid}0`, oid.slice(1), 'zzzzzzzz-89ab-4def-8123-456789abcdef'])
      await owner.refused('not_uuid', method, { oid: wrong }, { error: 'Invalid parameter "oid" (should be a UUID)' });
    await owner.refused('not_uuid', method, { order: 'x' }, { error: 'Invalid parameter "order" (should be a UUID)' });
    await owner.refused('order_not_found', method, { oid: UNKNOWN }, { error: 'Order not found' });
    await other.refused('order_not_found', method, { oid }, { error: 'Order not found' });
  }
  assert.equal((await order(owner, oid)).status, 'open');
});

test('add: each wrong parameter is named, and nothing is held', async (t) => {
  const client = await trader(t);
  const wrong = async (params, token, error, options = {}) =>
    client.refused(token, 'order/add', { type: 'bid', amount: '1', price: '1', ...params }, { ...ADD, error, ...options });
  const invalid = (name, words) => `Invalid parameter "${name}" (${words})`;
  await wrong({ type: undefined }, 'missing_parameter', invalid('type', 'is required'));
  for (const type of ['buy', 'BID', '1']) await wrong({ type }, 'invalid_parameter', invalid('type', 'should be ask or bid'));
  await wrong({ amount: undefined }, 'missing_parameter', invalid('amount', 'is required'));
  for (const [name, unit] of [['amount', 'amount_int'], ['price', 'price_int'], ['stop', 'stop_int']]) {
    const digits = name === 'amount' ? '0.000000001' : '0.000001';
    const none = { amount: undefined, price: undefined, [name === 'amount' ? 'price' : 'amount']: '1' };
    await wrong({ ...none, [name]: '' }, 'missing_parameter', invalid(name, 'is required'));
    await wrong({ ...none, [unit]: '' }, 'missing_parameter', invalid(name, 'is required'));
    for (const value of ['x', '1e', '+1', ' 1', '1,5']) await wrong({ [name]: value }, 'amount_format', invalid(name, 'should be a plain decimal number'));
    await wrong({ [name]: digits }, 'amount_digits', invalid(name, 'has more decimals than the currency'));
    for (const value of ['0', '-1']) await wrong({ [name]: value }, 'amount_not_positive', invalid(name, 'should be greater than zero'));
    await wrong({ [name]: '1'.repeat(40) }, 'amount_range', invalid(name, 'is too large'));
    await wrong({ [unit]: '1.5', [name]: undefined }, 'amount_format', invalid(unit, 'should be a plain decimal number'));
    await wrong({ [unit]: '0', [name]: undefined }, 'amount_not_positive', invalid(unit, 'should be greater than zero'));
    await wrong({ [name]: '1', [unit]: '7' }, 'amount_disagrees', invalid(name, `${name} and ${unit} disagree`));
  }
  await wrong({ amount: '9'.repeat(30), price: '9'.repeat(30) }, 'amount_range', invalid('amount', 'is too large'));
  await wrong({ prefer_fiat_fee: 'maybe' }, 'invalid_parameter', invalid('prefer_fiat_fee', 'is not valid'));
  await wrong({ amount: '0.00999999' }, 'order_amount_low', 'Order amount is too low');
  const steps = path('order/add', 'BTCCHF');
  await wrong({ amount: '0.0501' }, 'amount_step', invalid('amount', 'amount is not a multiple of the market\'s step'), steps);
  await wrong({ price: '1.001' }, 'price_step', invalid('price', 'price is not a multiple of the market\'s step'), steps);
  await wrong({ stop: '1.001' }, 'price_step', invalid('stop', 'price is not a multiple of the market\'s step'), steps);
  await wrong({ amount: '0.049' }, 'order_amount_low', 'Order amount is too low', steps);
  for (const market of ['BTCXXX', 'GBPBTC', 'btcgbp', 'generic', 'BTC'])
    await client.refused('unknown_market', 'order/add', { type: 'bid', amount: '1' }, { ...path('order/add', market), status: 404 });
  assert.deepEqual(await orders(client), []);
  assert.deepEqual(await wallet(client, 'GBP'), ['10000.00000', '0.00000']);
});

test('no key, a key without the right, GET', async (t) => {
  const client = await trader(t);
  const looker = await stack.key(client.user.login, 'get_info');
  const dealer = await stack.key(client.user.login, 'trade');
  const none = await stack.key(client.user.login, 'deposit');
  const changes = [['order/add', 'BTCGBP'], ['order/cancel', 'BTCGBP'], ['order/cancel', 'generic']];
  const looks = [['orders', 'generic'], ['order/result', 'generic'], ['trades', 'generic'], ['private/trades', 'BTCGBP']];
  for (const [method, scope] of [...changes, ...looks]) {
    const target = `/api/1/${scope}/${method}`;
    const bare = await stack.request('POST', target, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=1' });
    assert.deepEqual([bare.status, bare.json.token], [403, 'login_error_missing_rest_key'], target);
    assert.equal((await stack.request('GET', target)).status, 405, target);
    await none.refused('missing_right', method, {}, { path: target, status: 403 });
  }
  for (const [method, scope] of changes) await looker.refused('missing_right', method, {}, { ...path(method, scope), status: 403 });
  for (const key of [looker, dealer]) {
    assert.deepEqual(await key.ok('orders'), []);
    assert.deepEqual(await key.ok('trades'), []);
  }
  const oid = await add(dealer, 'ask', '1', '9000');
  assert.equal((await looker.ok('order/result', { oid })).order_id, oid);
});

test('the same request again: its nonce is used up, and it places one order', async (t) => {
  const client = await trader(t);
  const again = { type: 'bid', amount: '1', price: '1', tonce: tonce() };
  await client.ok('order/add', again, ADD);
  await client.refused('login_error_invalid_nonce', 'order/add', again, { ...ADD, status: 403 });
  assert.equal((await orders(client)).length, 1);
});

test('a trade: fills, fees, results, own trades, info and both histories', async (t) => {
  const [seller, buyer] = [await trader(t, { BTC: '2' }), await trader(t, { GBP: '1000' })];
  for (const who of [seller, buyer]) assert.equal((await who.ok('info')).Monthly_Volume.value, '0.00000000');
  const first = await add(seller, 'ask', '0.5', '97.96898');
  const second = await add(seller, 'ask', '1', '98');
  const oid = await add(buyer, 'bid', '0.75', '100');

  // 0.5 * 97.96898 = 48.98449; 0.25 * 98 = 24.5; fees 0.0045 BTC, and 0.29390 (of 0.29390694) and 0.14700 GBP.
  assert.deepEqual(await wallet(buyer, 'GBP'), ['926.51551', '0.00000']);
  assert.deepEqual(await wallet(buyer, 'BTC'), ['0.74550000', '0.00000000']);
  assert.deepEqual(await wallet(seller, 'GBP'), ['73.04359', '0.00000']);
  assert.deepEqual(await wallet(seller, 'BTC'), ['1.25000000', '0.75000000']);
  const [rest] = await orders(seller);
  assert.deepEqual([rest.oid, rest.amount.value, rest.effective_amount.value, rest.status], [second, '0.75000000', '0.75000000', 'open']);
  for (const who of [seller, buyer]) assert.equal((await who.ok('info')).Monthly_Volume.value, '0.75000000');

  const result = await buyer.ok('order/result', { type: 'bid', oid }, path('private/order/result', 'generic'));
  assert.deepEqual(Object.keys(result), ['order_id', 'trades', 'total_amount', 'total_spent', 'avg_cost']);
  assert.deepEqual(Object.keys(result.trades[0]), ['trade_id', 'primary', 'currency', 'type', 'properties', 'item', 'amount', 'price', 'spent', 'date']);
  assert.deepEqual(result.trades.map((row) => [row.primary, row.currency, row.type, row.properties, row.item, row.amount.value, row.price.value, row.spent.value]),
    [['Y', 'GBP', 'bid', 'limit', 'BTC', '0.50000000', '97.96898', '48.98449'], ['Y', 'GBP', 'bid', 'limit', 'BTC', '0.25000000', '98.00000', '24.50000']]);
  assert.match(result.trades[0].date, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.deepEqual([result.order_id, result.total_amount.value, result.total_spent.value, result.avg_cost.value], [oid, '0.75000000', '73.48449', '97.97932']);
  for (const key of ['total_amount', 'total_spent', 'avg_cost']) assert.deepEqual(Object.keys(result[key]), MONEY);
  assert.equal((await seller.ok('order/result', { type: 'ask', order: second })).total_spent.value, '24.50000');
  await buyer.refused('order_not_found', 'order/result', { type: 'ask', oid }, { error: 'Order not found' });
  await buyer.refused('invalid_parameter', 'order/result', { type: 'sell', oid }, { error: 'Invalid parameter "type" (should be ask or bid)' });

  const [one, two] = result.trades.map((row) => row.trade_id);
  for (const who of [seller, buyer]) {
    const own = await who.ok('trades');
    assert.deepEqual(Object.keys(own[0]), TRADE);
    assert.deepEqual(own.map((row) => [row.tid, row.price, row.amount, row.price_int, row.amount_int, row.price_currency, row.item, row.trade_type, row.primary, row.properties]),
      [[one, '97.96898', '0.5', '9796898', '50000000', 'GBP', 'BTC', 'bid', 'Y', 'limit'], [two, '98', '0.25', '9800000', '25000000', 'GBP', 'BTC', 'bid', 'Y', 'limit']]);
    assert.deepEqual(await who.ok('trades', {}, path('private/trades')), own);
    assert.deepEqual(await who.ok('trades', {}, path('private/trades', 'generic')), own);
    assert.deepEqual(await who.ok('trades', {}, path('private/trades', 'BTCCHF')), []);
    assert.deepEqual((await who.ok('trades', { since: one })).map((row) => row.tid), [two]);
    await who.refused('out_of_range', 'trades', { since: '-1' });
    await who.refused('unknown_market', 'trades', {}, { ...path('private/trades', 'BTCXXX'), status: 404 });
  }
  // Without private/ it is everybody's.
  const { json } = await stack.request('GET', `/api/1/BTCGBP/trades?since=${BigInt(one) - 1n}`);
  assert.deepEqual(json.return.slice(0, 2).map((row) => row.tid), [one, two]);

  const history = async (who, currency, params = {}) => (await who.ok('wallet/history', { currency, ...params })).result;
  const bought = await history(buyer, 'BTC');
  const words = (verb, tid, amount, price) => `BTC ${verb}: [tid:${tid}] ${amount} BTC at \u00a3${price}`;
  assert.deepEqual(bought.map((row) => [row.Type, row.Value.value, row.Info]), [
    ['fee', '0.00150000', `${words('bought', two, '0.25000000', '98.00000')} (0.6% fee)`],
    ['in', '0.25000000', words('bought', two, '0.25000000', '98.00000')],
    ['fee', '0.00300000', `${words('bought', one, '0.50000000', '97.96898')} (0.6% fee)`],
    ['in', '0.50000000', words('bought', one, '0.50000000', '97.96898')]]);
  assert.deepEqual(Object.keys(bought[0]), ['Index', 'Date', 'Type', 'Value', 'Balance', 'Info', 'Link', 'Trade']);
  assert.deepEqual(bought[0].Link, [oid, 'Money_Trade', two]);
  assert.deepEqual(Object.keys(bought[0].Trade), ['oid', 'app', 'tid', 'Amount', 'Properties']);
  assert.deepEqual([bought[0].Trade.oid, bought[0].Trade.app, bought[0].Trade.tid, bought[0].Trade.Amount.value, bought[0].Trade.Properties],
    [oid, null, two, '0.25000000', 'limit']);
  const earned = await history(seller, 'GBP', { trade_id: one });
  assert.deepEqual(earned.map((row) => [row.Type, row.Value.value, row.Balance.value, row.Info, row.Link[0]]), [
    ['fee', '0.29390', '48.69059', `${words('sold', one, '0.50000000', '97.96898')} (0.6% fee)`, first],
    ['earned', '48.98449', '48.98449', words('sold', one, '0.50000000', '97.96898'), first]]);
  assert.deepEqual((await history(seller, 'BTC', { type: 'out' })).map((row) => row.Value.value), ['0.25000000', '0.50000000']);
  assert.deepEqual((await history(buyer, 'GBP', { type: 'spent' })).map((row) => row.Value.value), ['24.50000', '48.98449']);
  assert.deepEqual(await history(buyer, 'GBP', { trade_id: '17' }), []);
  await buyer.refused('invalid_parameter', 'wallet/history', { currency: 'GBP', trade_id: 'x' });
});

test('a fee in the currency, an order without a price, an own order in the way', async (t) => {
  const [seller, buyer] = [await trader(t, { BTC: '2' }), await trader(t, { GBP: '201.2', BTC: '1' })];
  await add(seller, 'ask', '1', '100');
  await add(buyer, 'bid', '1', '100', { prefer_fiat_fee: '1' });
  assert.deepEqual([await wallet(buyer, 'BTC'), await wallet(buyer, 'GBP')], [['2.00000000', '0.00000000'], ['100.60000', '0.00000']]);
  await add(seller, 'ask', '1', '200');
  const own = await add(buyer, 'ask', '1', '150');
  const oid = await add(buyer, 'bid', '1', undefined); // 100.6 / 200
  assert.deepEqual(await orders(buyer), []);
  const result = await buyer.ok('order/result', { oid });
  assert.deepEqual([result.total_amount.value, result.total_spent.value, result.trades[0].properties], ['0.50300000', '100.60000', 'market']);
  assert.deepEqual((await buyer.ok('order/result', { oid: own })), { order_id: own, trades: [],
    total_amount: { value: '0.00000000', value_int: '0', display: '0.00000000\u00a0BTC', display_short: '0.00\u00a0BTC', currency: 'BTC' },
    total_spent: { value: '0.00000', value_int: '0', display: '\u00a30.00000', display_short: '\u00a30.00', currency: 'GBP' },
    avg_cost: { value: '0.00000', value_int: '0', display: '\u00a30.00000', display_short: '\u00a30.00', currency: 'GBP' } });
  assert.equal((await buyer.ok('trades')).at(-1).properties, 'market');
});

test('without money an order waits unseen, and comes with the money; in part it shows that part', async (t) => {
  const client = await trader(t, { GBP: '5' });
  const levels = async () => (await stack.request('POST', '/api/1/BTCGBP/fulldepth')).json.return.bids.map((row) => [row.price, row.amount]);
  const part = await add(client, 'bid', '1', '10');
  const none = await add(client, 'bid', '1', '9');
  const shown = async (oid) => { const row = await order(client, oid); return [row.status, row.amount.value, row.effective_amount.value]; };
  assert.deepEqual(await shown(part), ['open', '1.00000000', '0.50000000']);
  assert.deepEqual(await shown(none), ['invalid', '1.00000000', '0.00000000']);
  assert.deepEqual(await levels(), [[10, 0.5]]);
  await stack.ctl('credit', client.user.login, 'GBP', '14', '--note', 'Deposit');
  await until(async () => (await shown(none))[0] === 'open', 10, 'the job');
  assert.deepEqual(await shown(part), ['open', '1.00000000', '1.00000000']);
  assert.deepEqual(await shown(none), ['open', '1.00000000', '1.00000000']);
  assert.deepEqual(await levels(), [[9, 1], [10, 1]]);
});

test('a stop order waits for its price; the lag is of those set off', async (t) => {
  const [seller, buyer] = [await trader(t), await trader(t)];
  await add(seller, 'ask', '0.01', '100');
  await add(buyer, 'bid', '0.01', '100'); // what the others in this file traded at is over
  const stop = await add(buyer, 'bid', '0.1', '130', { stop: '120' });
  const row = await order(buyer, stop);
  assert.deepEqual([row.status, row.stop.value, row.price.value, row.effective_amount.value], ['stop', '120.00000', '130.00000', '0.00000000']);
  assert.deepEqual(Object.keys(row), ['oid', 'currency', 'item', 'type', 'amount', 'effective_amount', 'price', 'stop', 'status', 'date', 'priority', 'actions']);
  await add(seller, 'ask', '0.1', '125');
  await add(seller, 'ask', '0.1', '119');
  await add(buyer, 'bid', '0.1', undefined, { stop_int: '12100000' });
  await add(seller, 'bid', '0.01', '1');
  await add(buyer, 'bid', '0.1', '119');
  assert.equal((await order(buyer, stop)).status, 'stop');
  await add(seller, 'ask', '0.01', '120');
  await add(buyer, 'bid', '0.01', '120'); // sets the first one off, which buys at 125 and sets the other off
  await until(async () => (await orders(buyer)).length === 0, 10, 'both stop orders');
  assert.deepEqual((await buyer.ok('order/result', { oid: stop })).trades.map((trade) => trade.price.value), ['125.00000']);
  await until(async () => {
    const { text } = await stack.request('POST', '/api/1/generic/public/order/lag');
    return text === '{"result":"success","return":{"lag":0,"lag_secs":0.000000,"lag_text":"0.000000 seconds","length":"0"}}';
  }, 10, 'an empty queue');
});

test('a halted market: nothing is placed, orders can be cancelled', async (t) => {
  const client = await trader(t);
  const oid = await add(client, 'bid', '1', '1');
  await stack.ctl('market', 'halt', 'BTCGBP');
  try {
    await client.refused('market_halted', 'order/add', { type: 'bid', amount: '1', price: '1' }, { ...ADD, error: 'Trading is halted' });
    await cancel(client, oid);
  } finally {
    await stack.ctl('market', 'resume', 'BTCGBP');
  }
});

test('eight clients at once: every bitcoin is sold once, every hold is given back', async (t) => {
  const clients = await inParallel(4, Array.from({ length: 8 }, () => () => trader(t, { BTC: '1', GBP: '1000' })));
  await inParallel(8, clients.map((client, index) => async () => {
    for (let round = 0; round < 12; round++) {
      const type = (round + index) % 2 === 0 ? 'bid' : 'ask';
      const oid = await add(client, type, '0.05', round % 4 === 3 ? undefined : String(100 + (round * 7 + index * 3) % 10));
      if (round % 3 === 0) await client.call('order/cancel', { oid }); // it may be done by then
    }
  }));
  await inParallel(8, clients.map((client) => () => cancelAll(client)));
  let bitcoins = 0;
  for (const client of clients) {
    const [balance, reserved] = await wallet(client, 'BTC');
    assert.equal(Number(reserved), 0);
    bitcoins += Number(balance);
    assert.equal((await wallet(client, 'GBP'))[1], '0.00000');
  }
  assert.ok(bitcoins < 8 && bitcoins > 7.9, `${bitcoins}: what is missing is fees`);
  await stack.audit();
});

test('two cancels at once: one succeeds', async (t) => {
  const client = await trader(t);
  const other = await stack.key(client.user.login, 'trade');
  for (let round = 0; round < 5; round++) {
    const oid = await add(client, 'bid', '1', '1');
    const replies = await Promise.all([client.call('order/cancel', { oid }), other.call('order/cancel', { oid })]);
    assert.deepEqual(replies.map((reply) => reply.json.result).sort(), ['error', 'success']);
  }
});

test('tellerctl: markets, fees, rates and trades taken back', async (t) => {
  const [seller, buyer] = [await trader(t), await trader(t)];
  const listed = (await stack.ctl('market', 'list')).find((row) => row.market === 'BTCCHF');
  assert.deepEqual([listed.item, listed.currency, listed.amount_step.value, listed.price_step.value, listed.min_amount.value, listed.halted],
    ['BTC', 'CHF', '0.00100000', '0.01000', '0.05000000', false]);
  const refused = async (code, id, ...args) => {
    const reply = await stack.ctlResult(args);
    assert.deepEqual([reply.code, JSON.parse(reply.complaint).error], [code, id], `${args.join(' ')}: ${reply.complaint}`);
  };
  await refused(1, 'market_exists', 'market', 'add', 'BTC', 'CHF');
  await refused(2, 'invalid_parameter', 'market', 'add', 'BTC', 'BTC');
  await refused(2, 'unknown_currency', 'market', 'add', 'XXX', 'CHF');
  await refused(2, 'amount_not_positive', 'market', 'add', 'CHF', 'GBP', '--min', '0');
  await refused(2, 'amount_digits', 'market', 'add', 'CHF', 'GBP', '--price-step', '0.000001');
  for (const verb of ['halt', 'resume']) await refused(1, 'unknown_market', 'market', verb, 'BTCXXX');
  await refused(2, 'out_of_range', 'market', 'fee', 'BTCCHF', '0', '100');
  await refused(2, 'amount_format', 'market', 'fee', 'BTCCHF', 'x', '0.5');
  await refused(2, 'amount_not_positive', 'market', 'rate', 'CHF', '0');
  await refused(2, 'out_of_range', 'market', 'rate', 'USD', '2');
  assert.deepEqual(await stack.ctl('market', 'rate', 'USD', '1'), { currency: 'USD', per_dollar: '1' });
  assert.deepEqual((await stack.ctl('market', 'fee', 'BTCCHF', '1', '0.3')).map((row) => [row.from_volume.value, row.percent, row.own]),
    [['0.00000000', '0.600', true], ['1.00000000', '0.300', true]]);

  await stack.ctl('credit', buyer.user.login, 'CHF', '1000', '--note', 'Deposit');
  await add(seller, 'ask', '1', '100', {}, 'BTCCHF');
  await add(buyer, 'bid', '1', '100', {}, 'BTCCHF');
  const [{ tid }] = await buyer.ok('trades');
  await refused(1, 'trade_not_found', 'market', 'void', String(BigInt(tid) + 100n), '--note', 'x');
  await refused(2, 'invalid_parameter', 'market', 'void', 'x', '--note', 'x');
  await refused(2, 'too_long', 'market', 'void', tid, '--note', 'x'.repeat(201));
  const sold = await add(buyer, 'ask', '10.9', '9999', {}, 'BTCCHF');
  await refused(1, 'insufficient_funds', 'market', 'void', tid, '--note', 'x');
  await cancel(buyer, sold);
  assert.deepEqual(await stack.ctl('market', 'void', tid, '--note', 'A slip'), { tid, note: 'A slip' });
  await refused(1, 'trade_voided', 'market', 'void', tid, '--note', 'x');
  assert.deepEqual([await wallet(buyer, 'BTC'), await wallet(buyer, 'CHF')], [['10.00000000', '0.00000000'], ['1000.00000', '0.00000']]);
  assert.deepEqual([await wallet(seller, 'BTC'), await wallet(seller, 'CHF')], [['10.00000000', '0.00000000'], ['0.00000', '0.00000']]);
  assert.deepEqual([await buyer.ok('trades'), await seller.ok('trades')], [[], []]);
  const [line] = (await buyer.ok('wallet/history', { currency: 'CHF' })).result;
  assert.deepEqual([line.Type, line.Value.value, line.Info], ['in', '100.00000', `Trade taken back: [tid:${tid}] A slip`]);
});

test('orders: ten thousand live ones are one list, indented or not', async (t) => {
  const client = await stack.customer({ funds: {} });
  const oid = await client.ok('order/add', { type: 'bid', amount: '1', price: '1' }, ADD);
  const columns = ['market_id', 'user_id', 'side', 'status', 'price', 'stop_price', 'amount', 'remaining', 'funded', 'hold',
    'fee_percent', 'fiat_fee', 'pay_account', 'gain_account', 'book_rank', 'created_at', 'ended_at'].map((name) => `o.${name}`).join(', ');
  const user = `(SELECT id FROM user WHERE login = '${client.user.login}')`;
  const copies = `user_id = ${user} AND oid <> UNHEX('${oid.replaceAll('-', '')}')`;
  t.after(() => stack.sql(`DELETE FROM market_order WHERE ${copies}`));
  await stack.sql(`INSERT INTO market_order (oid, ${columns.replaceAll('o.', '')}) SELECT UNHEX(MD5(CONCAT(o.oid, seq))), ${columns}
    FROM market_order AS o JOIN seq_1_to_9999 WHERE o.user_id = ${user}`);
  await stack.sql(`UPDATE account SET live_orders = live_orders + 9999 WHERE owner_id = ${user} AND live_orders > 0`);
  t.after(() => stack.sql(`UPDATE account SET live_orders = live_orders - 9999 WHERE owner_id = ${user} AND live_orders >= 9999`));
  await client.refused('too_many_orders', 'order/add', { type: 'bid', amount: '1', price: '1' },
    { ...ADD, error: 'Too many orders placed, please cancel some first' });
  for (const query of ['', '?pretty']) {
    const reply = await client.call('orders', {}, { path: `/api/1/generic/orders${query}` });
    assert.equal(reply.status, 200, reply.text.slice(0, 200));
    assert.equal(reply.json.return.length, 10000);
    assert.equal(reply.json.return[0].oid, oid);
  }
});
