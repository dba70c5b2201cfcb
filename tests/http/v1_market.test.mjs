// The public market data: exact replies, paging, errors; and the web server's cache of a second. On a
// stack of its own: what the last trade of bitcoins was is for nobody else to change.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Stack, until } from '../support/teller.mjs';

const PAIR = 'BTCSGD'; // without a rate, so that no other market's trades show
let stack;
let buyer;
let seller;

/** Places an order: price and amount in smallest units, no price for a market order. */
const place = (pair, client, side, price, amount) => client.ok('order/add',
  { type: side, amount_int: amount, ...(price === undefined ? {} : { price_int: price }) }, { path: `/api/1/${pair}/order/add` });

before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'market'), { DEMO: 'no', JOBS: 'no', WORKERS: '4' });
  buyer = await stack.customer({ funds: { SGD: '100000', THB: '100000', CZK: '100000' } });
  seller = await stack.customer({ funds: { BTC: '100' } });
  for (const currency of ['SGD', 'THB', 'CZK']) {
    await stack.ctl('market', 'add', 'BTC', currency);
    await stack.ctl('market', 'resume', `BTC${currency}`);
  }
});
after(async () => {
  try {
    assert.equal(await stack.bugs(), '');
    await stack.audit();
  } finally {
    await stack.stop();
  }
});

const get = (path, headers = {}) => stack.request('GET', `/api/1/${path}`, { headers });

/** A public call past the cache that must succeed. */
async function ask(path) {
  const [target, query = ''] = path.split('?');
  const reply = await stack.request('POST', `/api/1/${PAIR}/${target}`, { body: query,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.json?.result, 'success', reply.text);
  return { text: reply.text, value: reply.json.return };
}

/** A money object of SGD as it is written. */
const sgd = (value, units, full, short) => `{"value":"${value}","value_int":"${units}","display":"${full}","display_short":"${short}","currency":"SGD"}`;
const NULLS = '"last_local":null,"last_orig":null,"last_all":null,"last":null,"buy":null,"sell":null';
const ZERO = '{"value":"0.00000000","value_int":"0","display":"0.00000000\\u00a0BTC","display_short":"0.00\\u00a0BTC","currency":"BTC"}';

/** The same text without its only moment. */
const timeless = (text) => text.replace(/"now":"\d{16}"/, '"now":""');

test('a market that nobody has traded in yet', async () => {
  assert.equal(timeless((await ask('ticker')).text),
    `{"result":"success","return":{"high":null,"low":null,"avg":null,"vwap":null,"vol":${ZERO},${NULLS},"now":""}}`);
  assert.equal((await ask('depth')).text,
    '{"result":"success","return":{"asks":[],"bids":[],"filter_min_price":null,"filter_max_price":null}}');
  assert.equal((await ask('fulldepth')).text, '{"result":"success","return":{"asks":[],"bids":[]}}');
  for (const path of ['trades', 'cancelledtrades', 'candles?interval=60'])
    assert.equal((await ask(path)).text, '{"result":"success","return":[]}', path);
});

test('ticker: members, order and digits', async () => {
  await place(PAIR, seller, 'ask', 10100000, 100000000);
  await place(PAIR, seller, 'ask', 11110001, 50000000);
  await place(PAIR, buyer, 'bid', 10000000, 40000000);
  await place(PAIR, buyer, 'bid', 8999999, 20000000);
  await place(PAIR, buyer, 'bid', 10100000, 25000000);
  await place(PAIR, seller, 'ask', undefined, 10000000);
  const last = sgd('100.00000', '10000000', 'SG$100.00000', 'SG$100.00');
  const best = `"buy":${last},"sell":${sgd('101.00000', '10100000', 'SG$101.00000', 'SG$101.00')}`;
  const { text, value } = await ask('ticker');
  assert.equal(timeless(text), `{"result":"success","return":{"high":${sgd('101.00000', '10100000', 'SG$101.00000', 'SG$101.00')},"low":${last},`
    + `"avg":${sgd('100.50000', '10050000', 'SG$100.50000', 'SG$100.50')},"vwap":${sgd('100.714285714', '10071429', 'SG$100.71429', 'SG$100.71')},`
    + '"vol":{"value":"0.35000000","value_int":"35000000","display":"0.35000000\\u00a0BTC","display_short":"0.35\\u00a0BTC","currency":"BTC"},'
    + `"last_local":${last},"last_orig":${last},"last_all":${last},"last":${last},${best},"now":""}}`);
  assert.ok(Math.abs(Number(value.now) / 1000 - Date.now()) < 5000, value.now);
  assert.equal(timeless((await ask('ticker_fast')).text),
    `{"result":"success","return":{"last_local":${last},"last":${last},"last_orig":${last},"last_all":${last},${best},"now":""}}`);
});

test('depth: both sides ascending, within 10 % of the best prices; the full depth has the rest', async () => {
  const near = '"asks":[{"price":101,"amount":0.75,"price_int":"10100000","amount_int":"75000000","stamp":""}';
  const far = ',{"price":111.10001,"amount":0.5,"price_int":"11110001","amount_int":"50000000","stamp":""}';
  const bid = '{"price":100,"amount":0.3,"price_int":"10000000","amount_int":"30000000","stamp":""}';
  const low = '{"price":89.99999,"amount":0.2,"price_int":"8999999","amount_int":"20000000","stamp":""},';
  const plain = (text) => text.replaceAll(/"stamp":"\d{16}"/g, '"stamp":""');
  const { text, value } = await ask('depth');
  assert.equal(plain(text), `{"result":"success","return":{${near}],"bids":[${bid}],`
    + `"filter_min_price":${sgd('90.00000', '9000000', 'SG$90.00000', 'SG$90.00')},`
    + `"filter_max_price":${sgd('111.10000', '11110000', 'SG$111.10000', 'SG$111.10')}}}`);
  assert.ok(Math.abs(Number(value.asks[0].stamp) / 1000 - Date.now()) < 60000);
  assert.equal((await ask('depth/fetch')).text, text);
  const full = await ask('fulldepth');
  assert.equal(plain(full.text), `{"result":"success","return":{${near}${far}],"bids":[${low}${bid}]}}`);
  assert.equal((await ask('depth/full')).text, full.text);
});

test('trades: members, order, numbers; since, primary', async () => {
  const { text, value } = await ask('trades');
  const [one, two] = value;
  const entry = (trade, price, amount, units, type, properties) => `{"date":${trade.date},"price":"${price}","amount":"${amount}",`
    + `"price_int":"${Number(price) * 1e5}","amount_int":"${units}","tid":"${trade.tid}","price_currency":"SGD","item":"BTC",`
    + `"trade_type":"${type}","primary":"Y","properties":"${properties}"}`;
  assert.equal(text, `{"result":"success","return":[${entry(one, '101', '0.25', '25000000', 'bid', 'limit')},`
    + `${entry(two, '100', '0.1', '10000000', 'ask', 'market')}]}`);
  for (const trade of value) {
    assert.match(trade.tid, /^\d{16}$/);
    assert.equal(trade.date, Math.floor(Number(trade.tid) / 1e6));
  }
  assert.ok(BigInt(one.tid) < BigInt(two.tid));
  assert.deepEqual((await ask('trades/fetch?since=0')).value, value);
  assert.deepEqual((await ask(`trades?since=${one.tid}`)).value, [two]);
  assert.deepEqual((await ask(`trades?since=${BigInt(one.tid) - 1n}`)).value, value, 'an id need not exist');
  assert.deepEqual((await ask(`trades?since=${two.tid}`)).value, []);
  assert.deepEqual((await ask('trades?since=')).value, value);
  assert.deepEqual((await ask('trades?primary=Y')).value, value);
  assert.deepEqual((await ask('trades?primary=N')).value, []);
});

test('candles sum the trades up', async () => {
  const trades = (await ask('trades')).value;
  for (const interval of [60, 300, 900, 3600, 14400, 86400]) {
    const { text, value } = await ask(`candles?interval=${interval}`);
    assert.match(text, /\[\{"date":\d+,"open":"[\d.]+","high":"[\d.]+","low":"[\d.]+","close":"[\d.]+","volume":"[\d.]+","trades":\d+\}/);
    assert.equal(value.reduce((sum, candle) => sum + candle.trades, 0), trades.length);
    assert.equal(value[0].date, trades[0].date - trades[0].date % interval);
    assert.equal(value[0].open, '101');
    assert.equal(value.at(-1).close, '100');
    const [last] = (await ask(`candles?interval=${interval}&since=${trades[1].date}`)).value;
    assert.deepEqual(last, value.at(-1));
    assert.deepEqual((await ask(`candles?interval=${interval}&since=${trades[1].date + interval}`)).value, []);
  }
});

test('quote: what a market order would cost or bring', async () => {
  assert.equal((await ask('order/quote?type=bid&amount=0.5')).text, '{"result":"success","return":{"amount":5050000}}');
  assert.deepEqual((await ask('order/quote?type=bid&amount_int=100000000')).value, { amount: 7575000 + 2777501 });
  assert.deepEqual((await ask('order/quote?type=ask&amount=0.4')).value, { amount: 3000000 + 899999 });
  const reply = await get(`${PAIR}/order/quote?type=ask&amount=100`);
  assert.deepEqual(reply.json, { result: 'error', error: 'Not enough orders in the market', token: 'no_liquidity' });
});

test('every spelling: GET and POST, public or not, raw', async () => {
  for (const path of ['ticker', 'ticker_fast', 'depth', 'depth/fetch', 'fulldepth', 'depth/full', 'trades', 'trades/fetch', 'cancelledtrades',
    'trades/cancelled', 'candles?interval=60', 'order/quote?type=bid&amount=0.1']) {
    const { text } = await ask(path);
    for (const scope of ['', 'public/']) {
      const reply = await get(`${PAIR}/${scope}${path}`);
      assert.equal(reply.status, 200);
      assert.equal(timeless(reply.text), timeless(text), path);
    }
    const raw = await get(`${PAIR}/${path}${path.includes('?') ? '&' : '?'}raw`);
    assert.equal(timeless(`{"result":"success","return":${raw.text}}`), timeless(text));
  }
});

test('unknown pairs and broken parameters', async () => {
  const refused = async (path, status, token, error = undefined) => {
    const reply = await get(path);
    assert.deepEqual([reply.status, reply.json?.result, reply.json?.token], [status, 'error', token], `${path}: ${reply.text}`);
    assert.equal(reply.headers['cache-control'], 'no-store');
    if (error !== undefined) assert.equal(reply.json.error, error);
  };
  for (const path of ['ticker', 'ticker_fast', 'depth', 'fulldepth', 'trades', 'cancelledtrades', 'candles?interval=60',
    'order/quote?type=bid&amount=1'])
    for (const pair of ['BTCXXX', 'SGDBTC', 'btcsgd', 'B'])
      await refused(`${pair}/${path}`, 404, 'unknown_market', 'This pair is not traded here');
  await refused(`${PAIR}/trades?since=-1`, 200, 'out_of_range');
  await refused(`${PAIR}/trades?since=abc`, 200, 'invalid_parameter');
  await refused(`${PAIR}/trades?since=99999999999999999999`, 200, 'out_of_range');
  await refused(`${PAIR}/trades?primary=X`, 200, 'invalid_parameter', 'Invalid parameter "primary" (should be Y or N)');
  await refused(`${PAIR}/candles`, 200, 'missing_parameter');
  await refused(`${PAIR}/candles?interval=61`, 200, 'invalid_parameter',
    'Invalid parameter "interval" (should be 60, 300, 900, 3600, 14400 or 86400)');
  await refused(`${PAIR}/candles?interval=60&since=x`, 200, 'invalid_parameter');
  await refused(`${PAIR}/order/quote?amount=1`, 200, 'missing_parameter');
  await refused(`${PAIR}/order/quote?type=buy&amount=1`, 200, 'invalid_parameter', 'Invalid parameter "type" (should be ask or bid)');
  await refused(`${PAIR}/order/quote?type=bid`, 200, 'missing_parameter');
  await refused(`${PAIR}/order/quote?type=bid&amount=0`, 200, 'amount_not_positive');
  await refused(`${PAIR}/order/quote?type=bid&amount=0.000000001`, 200, 'amount_digits');
  const reply = await stack.request('PUT', `/api/1/${PAIR}/ticker`, { body: '' });
  assert.deepEqual([reply.status, reply.json.token], [405, 'invalid_request_method']);
});

test('trades of other markets: converted where both currencies have a rate', async () => {
  for (const [currency, rate] of [['THB', '30'], ['CZK', '20']]) await stack.ctl('market', 'rate', currency, rate);
  const call = async (pair, path) => (await stack.request('POST', `/api/1/${pair}/${path}`, { body: '' })).json.return;
  const start = `trades?since=${BigInt(Date.now()) * 1000n}`;
  const trade = async (pair, price) => {
    await place(pair, buyer, 'bid', price, 1000000);
    await place(pair, seller, 'ask', price, 1000000);
  };
  await trade('BTCTHB', 300000000);
  await trade('BTCCZK', 200000100);
  const list = (await get(`BTCTHB/${start}`)).json.return;
  assert.deepEqual(list.map(({ price, price_int, price_currency, primary, properties }) => [price, price_int, price_currency, primary, properties]), [
    ['3000', '300000000', 'THB', 'Y', 'limit'], ['3000.0015', '300000150', 'THB', 'N', 'limit,mixed_currency']]);
  assert.deepEqual((await get(`BTCTHB/${start}&primary=Y`)).json.return, [list[0]]);
  assert.deepEqual((await get(`BTCTHB/${start}&primary=N`)).json.return, [list[1]]);
  const ticker = await call('BTCTHB', 'ticker');
  assert.deepEqual([ticker.last_local.value, ticker.last.value, ticker.last_all.value, ticker.last_orig.value, ticker.last_orig.currency],
    ['3000.00000', '3000.00000', '3000.00150', '2000.00100', 'CZK']);
  assert.equal((await call(PAIR, 'ticker')).last_orig.currency, 'SGD', 'without a rate of its own a market sees no other');
});

test('a trade that is taken back', async () => {
  const trades = (await ask('trades')).value;
  await stack.ctl('market', 'void', trades[0].tid, '--note', 'by mistake');
  assert.deepEqual((await ask('cancelledtrades')).value, [trades[0].tid]);
  assert.deepEqual((await ask('trades/cancelled')).value, [trades[0].tid]);
  assert.deepEqual((await ask('trades')).value, [trades[1]]);
  const ticker = (await ask('ticker')).value;
  assert.deepEqual([ticker.high.value, ticker.vol.value], ['100.00000', '0.10000000']);
  assert.deepEqual((await ask('candles?interval=86400')).value.map(({ open, high, trades: count }) => [open, high, count]), [['100', '100', 1]]);
});

// --- the cache -----------------------------------------------------------------------------------

/** Runs `work` so that it begins and ends within one second of the clock. */
async function inOneSecond(work) {
  for (;;) {
    await until(() => { const ms = Date.now() % 1000; return ms > 20 && ms < 500; });
    const second = Math.floor(Date.now() / 1000);
    const result = await work();
    if (Math.floor((Date.now() + 20) / 1000) === second) return result;
  }
}
/** The moment at which a ticker was made: two that were made apart differ in it. */
const made = async (path = 'ticker', headers = {}) => (await get(`${PAIR}/${path}`, headers)).text.match(/"now": ?"(\d+)"/)[1];

test('cache: one call of a second reaches a worker, whoever asks', async () => {
  const [first, ...others] = await inOneSecond(async () => {
    const one = await made();
    return [one, ...await Promise.all(Array.from({ length: 20 }, () => made())), await made('ticker?_=12345')];
  });
  for (const other of others) assert.equal(other, first);
  // Other replies are other entries: indented, bare, of another method or spelling.
  await inOneSecond(async () => {
    const plain = await get(`${PAIR}/ticker`);
    const pretty = await get(`${PAIR}/ticker?pretty`);
    const bare = await get(`${PAIR}/ticker?raw`);
    assert.ok(pretty.text.startsWith('{\n'));
    assert.ok(bare.text.startsWith('{"high"'));
    const head = await stack.request('HEAD', `/api/1/${PAIR}/ticker`);
    assert.equal(head.text, '');
    assert.equal((await get(`${PAIR}/ticker`)).text.length, plain.text.length);
  });
});

test('cache: of a crowd that comes while an entry is renewed, one gets through', async () => {
  for (;;) {
    const old = await made();
    const next = Math.floor(Number(old) / 1e6) + 1;
    await until(() => Date.now() > next * 1000 + 20);
    const seen = new Set(await Promise.all(Array.from({ length: 64 }, () => made())));
    if (Math.floor((Date.now() + 20) / 1000) > next) continue;
    seen.delete(old);
    assert.equal(seen.size, 1);
    break;
  }
});

test('cache: a POST and a call with an API key go past it', async () => {
  const client = await stack.key(buyer.user.login, 'get_info');
  await inOneSecond(async () => {
    const cached = await made();
    const mine = await made('ticker', { 'Rest-Key': client.key });
    assert.notEqual(mine, cached);
    assert.notEqual((await ask('ticker')).value.now, cached);
    assert.equal(await made(), cached, 'theirs was not kept');
  });
});

test('cache: an order is seen in the depth within a second', async () => {
  const shows = async () => (await get(`${PAIR}/depth`)).json.return.asks.some((level) => level.price_int === '10500000');
  assert.equal(await shows(), false);
  await place(PAIR, seller, 'ask', 10500000, 1000000);
  const placed = Date.now();
  await until(async () => {
    const second = Math.floor(Date.now() / 1000);
    const seen = await shows();
    assert.ok(seen || second === Math.floor(placed / 1000), 'in the second after it was placed it is there');
    return seen;
  }, 5, 'the order');
});

test('cache: nothing old after a pause', async () => {
  const old = await made();
  await until(() => Date.now() > Number(old) / 1000 + 2100);
  const asked = Date.now();
  assert.ok(Number(await made()) / 1000 >= asked - 20);
});

test('cache: errors are not kept', async () => {
  await inOneSecond(async () => {
    const { asks } = (await ask('fulldepth')).value;
    const amount = asks.reduce((sum, level) => sum + Number(level.amount_int), 1);
    const path = `${PAIR}/order/quote?type=bid&amount_int=${amount}`;
    const before = await get(path);
    assert.equal(before.json.token, 'no_liquidity', before.text);
    await place(PAIR, seller, 'ask', 12000000, 1000000);
    assert.equal((await get(path)).json.result, 'success');
  });
});

test('cache: ETag and If-None-Match, compressed or not', async () => {
  await inOneSecond(async () => {
    const plain = await get(`${PAIR}/depth`);
    const tag = plain.headers.etag;
    assert.match(tag, /^"[0-9a-f]{32}"$/);
    assert.equal(plain.headers['cache-control'], 'public, max-age=1, stale-while-revalidate=1');
    assert.equal(plain.headers['x-accel-expires'], undefined);
    const gzip = await get(`${PAIR}/depth`, { 'Accept-Encoding': 'gzip' });
    assert.equal(gzip.headers['content-encoding'], 'gzip');
    assert.equal(gzip.headers.etag, `W/${tag}`);
    for (const match of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      for (const headers of [{}, { 'Accept-Encoding': 'gzip' }]) {
        const reply = await get(`${PAIR}/depth`, { 'If-None-Match': match, ...headers });
        assert.deepEqual([reply.status, reply.text], [304, ''], match);
      }
    }
    assert.equal((await get(`${PAIR}/depth`, { 'If-None-Match': '"other"' })).status, 200);
  });
  // It names the body, not the second.
  const before = await get(`${PAIR}/depth`);
  await until(() => Date.now() % 1000 < 100 && Date.now() > Date.parse(before.headers.date) + 1000);
  assert.equal((await get(`${PAIR}/depth`, { 'If-None-Match': before.headers.etag })).status, 304);
});

test('cache: every public route is kept, and nothing else', async () => {
  const kept = ['/site/currencies', '/site/markets', '/api/1/generic/currency?currency=SGD', '/api/1/generic/public/currency?currency=SGD',
    '/api/1/generic/order/lag',
    ...['ticker', 'ticker_fast', 'depth', 'depth/fetch', 'fulldepth', 'depth/full', 'trades', 'trades/fetch', 'cancelledtrades',
      'trades/cancelled', 'candles?interval=60', 'order/quote?type=ask&amount=0.1'].flatMap((name) => [`/api/1/${PAIR}/${name}`,
      `/api/1/${PAIR}/public/${name}`])];
  const others = ['/health/ready', '/api/1/generic/info', '/site/account', `/api/1/${PAIR}/nothing`];
  const ids = await inOneSecond(async () => {
    for (const target of kept) await stack.request('GET', target);
    return Promise.all([...kept, ...others].map(async (target) => (await stack.request('GET', target)).headers['x-request-id']));
  });
  const lines = await until(async () => {
    const log = await readFile(path.join(stack.dir, 'log/access.log'), 'utf8');
    const found = ids.map((id) => log.split('\n').find((line) => line.includes(`request_id=${id} `)));
    return found.every((line) => line !== undefined) && found;
  }, 20, 'the lines of the log');
  lines.forEach((line, i) => assert.match(line, i < kept.length ? /cache=HIT$/ : /cache=-$/));
});
