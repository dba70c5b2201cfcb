// The live stream: what may be followed and by whom, each message as it is, and that nothing is lost,
// doubled or out of order, also where publishers are killed.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Events, Socket } from '../support/stream.mjs';
import { Stack, childrenOf, closeConnections, until } from '../support/teller.mjs';

const TRADE_BTC = 'dbf1dee9-4f2e-4a08-8cb7-748919a71b21';
const TICKER_USD = 'd5f06780-30a8-4a48-a2f8-7ed181b4a13f';
const DEPTH_USD = '24e67e0d-1cad-4cc0-9e7a-f8523ef460fe';
const LAG = '85174711-be64-4de1-b783-0628995d7914';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KILLS = 3;
const CONNECTIONS = 60; // per address
const MESSAGE_MAX = 4096; // bytes that a client may send at once
const MICROS = /^\d{16}$/;

let stack, program, alice, bob;
const open = []; // followers and publishers to be ended

before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'stream'), { DEMO: 'no', JOBS: 'no', WORKERS: '4', STREAM_CONNECTIONS: String(CONNECTIONS) });
  program = path.join(path.dirname(stack.tellerctl), 'teller-stream');
  for (const [currency, market] of [['USD', 'BTCUSD'], ['EUR', 'BTCEUR']]) {
    await stack.ctl('market', 'add', 'BTC', currency);
    await stack.ctl('market', 'resume', market);
  }
  alice = await stack.customer({ funds: { USD: '100000', BTC: '100' } });
  bob = await stack.customer({ funds: { USD: '100000', BTC: '100' } });
  await once_();
});
after(async () => {
  for (const one of open) one.close();
  if (stack) {
    await stack.audit();
    assert.equal(await stack.bugs(), '');
    await stack.stop();
  }
  closeConnections();
});

/** Tells everything there is, now. */
const once_ = (...args) => promisify(execFile)(program, ['--once', ...args], { env: { ...process.env, TELLER_CONFIG: stack.config } });

/** A publisher that keeps running; `kill` and `end` give what it logged. */
function publisher(...args) {
  const child = spawn(program, ['--for', '120', ...args], { env: { ...process.env, TELLER_CONFIG: stack.config },
    stdio: ['ignore', 'ignore', 'pipe'] });
  const one = { child, log: '' };
  child.stderr.setEncoding('utf8').on('data', (data) => { one.log += data; });
  const ended = once(child, 'exit');
  one.close = () => child.kill('SIGKILL');
  one.end = async (signal = 'SIGTERM') => {
    child.kill(signal);
    const [code, by] = await ended;
    assert.deepEqual([code, by], signal === 'SIGKILL' ? [null, signal] : [0, null], one.log);
    return one.log;
  };
  open.push(one);
  return one;
}

async function follow(query = '', { base = stack.base, kind = Socket, ...options } = {}) {
  const follower = await kind.open(base, query, options);
  open.push(follower);
  return follower;
}

const keyOf = async (client) => new URLSearchParams({ key: await client.ok('idkey') }).toString();

/** Places an order by the API; gives its oid. */
const place = (client, type, amount, price, market = 'BTCUSD') => client.ok('order/add',
  { type, amount, ...(price === undefined ? {} : { price }) }, { path: `/api/1/${market}/order/add` });

const cancel = (client, oid) => client.ok('order/cancel', { oid }, { path: '/api/1/BTCUSD/order/cancel' });

/** So many bids of a user, each at a price of its own from `first` smallest units on: two rows of the outbox each. */
async function placeMany(client, count, first) {
  for (let i = 1; i <= count; i++)
    await client.ok('order/add', { type: 'bid', amount_int: 1000000, price_int: first + i }, { path: '/api/1/BTCUSD/order/add' });
}

const left = async () => Number((await stack.sql('SELECT COUNT(*) FROM stream_event'))[0][0]);
const allTold = () => until(async () => await left() === 0, 60, 'an empty outbox');

/** The parts of a message's id. */
const idOf = (message) => message.id.split('-').map(Number);
const isAfter = (a, b) => idOf(a)[0] - idOf(b)[0] || idOf(a)[1] - idOf(b)[1];

/** Checks the wrapping of a message and gives its content. */
function content(message, type, channel, name) {
  const { at, ...told } = message;
  assert.deepEqual(Object.keys(told), ['op', 'channel', 'channel_name', 'origin', 'private', type, 'stamp', 'id']);
  assert.deepEqual([told.op, told.channel, told.channel_name, told.origin, told.private],
    ['private', channel, name, 'broadcast', type]);
  assert.match(told.stamp, MICROS);
  assert.match(told.id, /^\d+-(\d+|ticker|lag)$/);
  return told[type];
}

const money = (value, units, display, short, currency) => ({ value, value_int: units, display, display_short: short, currency });
const usd = (value) => money(value.toFixed(5), String(Math.round(value * 1e5)),
  `$${value.toLocaleString('en-US', { minimumFractionDigits: 5 })}`, `$${value.toLocaleString('en-US', { minimumFractionDigits: 2 })}`, 'USD');
const btc = (value, short = value.toFixed(2)) => money(value.toFixed(8), String(Math.round(value * 1e8)), `${value.toFixed(8)}\u00a0BTC`,
  `${short}\u00a0BTC`, 'BTC');

test('each message as it is: a limit order, a fill, the rest cancelled', async () => {
  const market = await follow();
  const [mine, other] = [await follow(await keyOf(alice)), await follow(await keyOf(bob))];
  const oid = await place(alice, 'ask', '2', '120.5');
  await once_();
  const { user: { id: aliceId } } = alice;

  const depth = content(await market.message((m) => m.private === 'depth'), 'depth', DEPTH_USD, 'depth.BTCUSD');
  const { now, ...level } = depth;
  assert.match(now, MICROS);
  assert.deepEqual(Object.keys(depth), ['price', 'type', 'type_str', 'volume', 'price_int', 'volume_int', 'item', 'currency', 'now',
    'total_volume_int']);
  assert.deepEqual(level, { price: '120.5', type: 1, type_str: 'ask', volume: '2', price_int: '12050000', volume_int: '200000000',
    item: 'BTC', currency: 'USD', total_volume_int: '200000000' });
  const order = content(await mine.message((m) => m.private === 'user_order'), 'user_order', aliceId, 'user');
  const { date, ...rest } = order;
  assert.ok(Math.abs(date - Date.now() / 1000) < 60);
  assert.deepEqual(Object.keys(order), ['oid', 'currency', 'item', 'type', 'amount', 'effective_amount', 'price', 'status', 'date']);
  assert.deepEqual(rest, { oid, currency: 'USD', item: 'BTC', type: 'ask', amount: btc(2), effective_amount: btc(2), price: usd(120.5),
    status: 'open' });

  const before_ = market.messages.length;
  const bid = await place(bob, 'bid', '0.5', '121');
  await once_();
  const trade = content(await market.message((m) => m.private === 'trade'), 'trade', TRADE_BTC, 'trade.BTC');
  const { tid, date: day, ...deal } = trade;
  assert.deepEqual(Object.keys(trade), ['type', 'date', 'amount', 'price', 'amount_int', 'price_int', 'item', 'price_currency', 'tid',
    'trade_type', 'primary', 'properties']);
  assert.equal(day, Math.floor(Number(tid) / 1e6));
  assert.deepEqual(deal, { type: 'trade', amount: 0.5, price: 120.5, amount_int: '50000000', price_int: '12050000', item: 'BTC',
    price_currency: 'USD', trade_type: 'bid', primary: 'Y', properties: 'limit' });
  const change = (await market.message((m) => m.private === 'depth' && m.depth.volume_int === '-50000000')).depth;
  assert.deepEqual([change.volume, change.type, change.total_volume_int], ['-0.5', 1, '150000000']);

  // The ticker of the stream is that of the HTTP call, and the item.
  const told = content(await until(() => market.of('ticker').findLast((m) => m.ticker.last !== null), 10, 'a ticker'), 'ticker',
    TICKER_USD, 'ticker.BTCUSD');
  const asked = (await stack.request('GET', '/api/1/BTCUSD/ticker')).json.return;
  assert.deepEqual(Object.keys(told), [...Object.keys(asked), 'item']);
  assert.deepEqual({ ...told, now: null }, { ...asked, now: null, item: 'BTC' });
  assert.ok(market.messages.slice(before_).every((m) => m.channel !== aliceId));

  // Own trades, wallets and orders: to each side its own, in order.
  await mine.message((m) => m.wallet?.op === 'fee');
  assert.deepEqual(content(mine.of('trade')[0], 'trade', aliceId, 'user'), trade);
  assert.deepEqual(content((await other.message((m) => m.private === 'trade')), 'trade', bob.user.id, 'user'), trade);
  const lines = mine.of('wallet').map((m) => content(m, 'wallet', aliceId, 'user'));
  assert.deepEqual(Object.keys(lines[0]), ['op', 'amount', 'info', 'ref', 'balance']);
  const history = [...await alice.ok('wallet/history', { currency: 'USD' }).then((page) => page.result.slice(0, 2)),
    ...await alice.ok('wallet/history', { currency: 'BTC' }).then((page) => page.result.slice(0, 1))];
  const asLine = (line) => ({ op: line.Type, amount: line.Value, info: line.Info, ref: oid, balance: line.Balance });
  const byWords = (a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b));
  assert.deepEqual([...lines].sort(byWords), [...history.map(asLine)].sort(byWords));
  assert.match(lines.find((line) => line.op === 'fee').info, /^BTC sold: \[tid:\d+\] 0\.50000000 BTC at \$120\.50000 \(0\.6% fee\)$/);
  const ended = content(await other.message((m) => m.private === 'user_order'), 'user_order', bob.user.id, 'user');
  assert.deepEqual(ended, { oid: bid, reason: 'completed_active' });
  const passive = (await mine.message((m) => m.user_order?.amount?.value === '1.50000000')).user_order;
  assert.deepEqual([passive.oid, passive.status], [oid, 'open']);

  await cancel(alice, oid);
  await once_();
  assert.deepEqual(content(await mine.message((m) => m.user_order?.reason !== undefined), 'user_order', aliceId, 'user'),
    { oid, reason: 'requested' });
  for (const follower of [market, mine, other]) follower.close();
});

test('an order at any price, one without money, a stop: as they are', async () => {
  const mine = await follow(await keyOf(alice));
  const poor = await stack.customer({ funds: { USD: '100' } });
  const theirs = await follow(await keyOf(poor));
  const ask = await place(alice, 'ask', '1', '50');
  const waiting = await place(poor, 'bid', '10', '40');
  await place(poor, 'bid', '1');
  await once_();
  const order = (await theirs.message((m) => m.user_order?.oid === waiting)).user_order;
  assert.deepEqual([order.status, order.amount.value, order.effective_amount.value], ['open', '10.00000000', '2.50000000']);
  const invalid = (await theirs.message((m) => m.user_order?.status === 'invalid')).user_order;
  assert.deepEqual(Object.keys(invalid), ['oid', 'currency', 'item', 'type', 'amount', 'effective_amount', 'status', 'date']);

  const stop = await alice.ok('order/add', { type: 'bid', amount: '1', price: '140', stop: '130' }, { path: '/api/1/BTCUSD/order/add' });
  await once_();
  const waits = (await mine.message((m) => m.user_order?.oid === stop)).user_order;
  assert.deepEqual([waits.status, waits.stop], ['stop', usd(130)]);
  await cancel(alice, stop);
  await place(bob, 'bid', '1', '50');
  await once_();
  assert.deepEqual((await mine.message((m) => m.user_order?.oid === ask && m.user_order.reason !== undefined)).user_order,
    { oid: ask, reason: 'completed_passive' });
  await cancel(poor, waiting);
  await cancel(poor, invalid.oid);
  for (const follower of [mine, theirs]) follower.close();
});

test('a posting of any kind reaches the wallet of its owner', async () => {
  const mine = await follow(await keyOf(alice));
  await stack.ctl('credit', alice.user.login, 'EUR', '12.5', '--note', 'A gift');
  await once_();
  const line = content(await mine.message((m) => m.private === 'wallet'), 'wallet', alice.user.id, 'user');
  assert.deepEqual([line.op, line.info, line.ref, line.amount.value, line.balance.value], ['deposit', 'A gift', null, '12.50000', '12.50000']);
  mine.close();
});

test('the lag: while orders wait to be matched, and once when none does any more', async () => {
  const market = await follow('Channel=trade.lag');
  const stop = await alice.ok('order/add', { type: 'bid', amount: '1', price: '60', stop: '60' }, { path: '/api/1/BTCUSD/order/add' });
  await place(alice, 'ask', '1', '61');
  await place(bob, 'bid', '1', '61');
  const one = publisher();
  const lag = content(await market.message((m) => m.private === 'lag'), 'lag', LAG, 'trade.lag');
  assert.deepEqual(Object.keys(lag), ['qid', 'stamp', 'age']);
  assert.match(lag.qid, UUID);
  assert.match(lag.stamp, MICROS);
  assert.ok(lag.age > 0, 'an order that was set off waits');
  await cancel(alice, stop);
  await market.message((m) => m.lag?.age === 0);
  await one.end();
  market.close();
});

test('what may be asked for: currencies, kinds, names, ids', async () => {
  const heard = async (query) => {
    const follower = await follow(query);
    const oids = [await place(alice, 'bid', '1', '10'), await place(alice, 'bid', '1', '10', 'BTCEUR')];
    await once_();
    await until(() => follower.messages.length > 0, 10, query);
    await new Promise((done) => setTimeout(done, 300));
    for (const oid of oids) await cancel(alice, oid);
    await once_();
    follower.close();
    return [...new Set(follower.messages.map((m) => m.channel_name))].sort();
  };
  assert.deepEqual(await heard(''), ['depth.BTCUSD', 'ticker.BTCUSD']);
  assert.deepEqual(await heard('Currency=EUR'), ['depth.BTCEUR', 'ticker.BTCEUR']);
  assert.deepEqual(await heard('Currency=USD,EUR&Channel=ticker'), ['ticker.BTCEUR', 'ticker.BTCUSD']);
  assert.deepEqual(await heard('Channel=depth.BTCUSD/ticker.BTCEUR/depth.BTCUSD'), ['depth.BTCUSD', 'ticker.BTCEUR']);
  assert.deepEqual(await heard(`Channel=${DEPTH_USD}`), ['depth.BTCUSD']);
  assert.deepEqual(await heard(`Channel=depth.BTCEUR&${await keyOf(alice)}`), ['depth.BTCEUR', 'user']);
  assert.deepEqual(await heard('Currency=usd&Channel=ticker'), ['ticker.BTCUSD']);
});

test('what is refused, in the words of the API', async () => {
  const refused = async (query, status, token, error) => {
    for (const headers of [{ Accept: 'text/event-stream' }, { Upgrade: 'websocket', Connection: 'Upgrade' }]) {
      const reply = await stack.request('GET', `/mtgox?${query}`, { headers });
      const said = headers.Upgrade && status === 200 ? 400 : status; // who shakes hands reads the status alone
      assert.deepEqual([reply.status, reply.json?.result, reply.json?.token], [said, 'error', token], `${query}: ${reply.text}`);
      if (error !== undefined) assert.equal(reply.json.error, error);
    }
  };
  await refused('Currency=XXX', 200, 'unknown_currency', 'Invalid parameter "Currency" (is not a known currency)');
  await refused('Currency=JPY', 200, 'unknown_currency'); // no market
  await refused('Currency=USD,', 200, 'unknown_currency');
  for (const channel of ['nothing', 'depth.BTCJPY', 'depth.', `user.${alice.user.id}`, alice.user.id, 'ticker.BTCUSD,ignored', 'ignored', '/'])
    await refused(`Channel=${channel}`, 200, 'invalid_parameter', 'Invalid parameter "Channel" (names no channel)');
  assert.equal((await stack.request('GET', '/mtgox')).json.token, 'invalid_parameter', 'neither websocket nor events');
  const post = await stack.request('POST', '/mtgox', { body: '' });
  assert.deepEqual([post.status, post.json.token, post.headers.allow], [405, 'invalid_request_method', 'GET, HEAD']);
  await assert.rejects(Socket.open(stack.base, 'Currency=XXX'), { status: 400, body: { result: 'error', token: 'unknown_currency',
    error: 'Invalid parameter "Currency" (is not a known currency)' } });
});

test('the idkey: 75 characters, of who asks, for a day', async () => {
  const key = await alice.ok('idkey');
  assert.match(key, /^[A-Za-z0-9+/]{75}$/);
  const raw = Buffer.from(key, 'base64');
  assert.equal(raw.length, 56);
  assert.equal(raw.subarray(0, 16).toString('hex'), alice.user.id.replaceAll('-', ''));
  assert.ok(Math.abs(Number(raw.readBigUInt64BE(16)) - (Date.now() / 1000 + 86400)) < 60);
  assert.equal((await alice.ok('idkey', {}, { path: '/api/1/generic/private/idkey' })).length, 75);
  const powerless = await stack.key(alice.user.login, 'trade');
  await powerless.refused('missing_right', 'idkey', {}, { status: 403 });
  assert.equal((await stack.request('POST', '/api/1/generic/idkey', { body: '' })).status, 403);
});

test('the private channel opens to its idkey alone', async () => {
  const master = Buffer.from((await readFile(path.join(stack.dir, 'master.key'), 'utf8')).trim(), 'hex');
  const make = (user, expiry, key = master) => {
    const claim = Buffer.alloc(24);
    claim.write(user.replaceAll('-', ''), 'hex');
    claim.writeBigUInt64BE(BigInt(Math.floor(expiry)), 16);
    return Buffer.concat([claim, createHmac('sha256', key).update('idkey').update(claim).digest()]).toString('base64').slice(0, 75);
  };
  const now = Date.now() / 1000;
  const refused = async (key, token) => {
    const query = new URLSearchParams({ key, Currency: 'USD' });
    const reply = await stack.request('GET', `/mtgox?${query}`, { headers: { Accept: 'text/event-stream' } });
    assert.deepEqual([reply.status, reply.json?.token], [403, token], key);
    await assert.rejects(Socket.open(stack.base, String(query)), { status: 403 });
  };
  const good = await alice.ok('idkey');
  assert.equal(make(alice.user.id, Number(Buffer.from(good, 'base64').readBigUInt64BE(16))), good, 'made as the worker makes it');
  await refused(make(alice.user.id, now - 1), 'expired_idkey');
  await refused(make(alice.user.id, now + 3600, Buffer.alloc(32)), 'invalid_idkey');
  const flipped = good[70] === 'A' ? 'B' : 'A';
  await refused(good.slice(0, 70) + flipped + good.slice(71), 'invalid_idkey');
  for (const broken of [good.slice(0, 74), `${good}=`, 'x', alice.user.id]) await refused(broken, 'invalid_idkey');

  // Bob's opens Bob's channel, whatever happens to Alice; and a plus that was not encoded is understood.
  const followers = [await follow(await keyOf(alice)), await follow(`key=${(await bob.ok('idkey')).replaceAll('/', '%2F')}`)];
  const oid = await place(alice, 'bid', '1', '20');
  const his = await place(bob, 'bid', '1', '21');
  await once_();
  await followers[0].message((m) => m.user_order?.oid === oid);
  await followers[1].message((m) => m.user_order?.oid === his);
  assert.ok(followers[0].messages.every((m) => m.channel === alice.user.id));
  assert.ok(followers[1].messages.every((m) => m.channel === bob.user.id));
  await cancel(alice, oid);
  await cancel(bob, his);
  await once_();
  for (const follower of followers) follower.close();
});

test('by server-sent events as well, and over TLS; Last-Event-ID goes on where it was', async () => {
  (await Events.open(process.env.TLS_BASE)).close();
  const events = await follow('Currency=USD', { kind: Events });
  assert.match(events.headers.get('content-type'), /^text\/event-stream/);
  const secure = await follow('Currency=USD', { base: stack.tlsBase,
    ca: await readFile(path.join(stack.dir, 'tls/cert.pem')) });
  const first = await place(alice, 'bid', '1', '11');
  await once_();
  await events.message((m) => m.private === 'depth');
  await secure.message((m) => m.private === 'depth');
  await events.message((m) => m.private === 'ticker');
  events.close();
  await cancel(alice, first);
  await once_();
  const again = await follow('Currency=USD', { kind: Events, since: 0,
    headers: { 'Last-Event-ID': events.ids.at(-1) } });
  const missed = await again.message((m) => m.private === 'depth');
  assert.equal(missed.depth.volume, '-1', 'what was told in between comes first');
  assert.ok(!again.messages.some((m) => events.messages.some(({ id }) => id === m.id)));
  again.close();
  secure.close();
});

test('any site may read the public channels; a socket that talks is not cut off', async () => {
  const reply = await fetch(`${stack.base}/mtgox`, { headers: { Accept: 'text/event-stream', Origin: 'https://bots.example' } });
  assert.equal(reply.headers.get('access-control-allow-origin'), '*');
  assert.equal(reply.headers.get('access-control-allow-credentials'), null);
  await reply.body.cancel();
  const market = await follow();
  for (const op of [{ op: 'mtgox.subscribe', type: 'ticker' }, { op: 'unsubscribe', channel: TRADE_BTC }, { op: 'call', id: '1', call: 'x' }])
    market.socket.send(JSON.stringify(op));
  const oid = await place(alice, 'bid', '1', '12');
  await once_();
  await market.message((m) => m.private === 'depth');
  await cancel(alice, oid);
  await once_();
  assert.equal(market.closed, undefined);
  market.close();
});

test('nobody else publishes: not through the public server, and its socket is out of reach', async () => {
  const follower = await follow();
  for (const target of ['/publish?channel=ticker.BTCUSD', '/stream-channels?channels=ticker.BTCUSD', '/mtgox/publish?channel=trade.BTC'])
    for (const method of ['POST', 'PUT', 'GET', 'DELETE']) {
      const reply = await stack.request(method, target, { headers: { Accept: 'text/event-stream' }, body: method === 'GET' ? null : '{}' });
      assert.ok([404, 405].includes(reply.status), `${method} ${target}: ${reply.status}`);
    }
  const { mode } = await stat(path.join(stack.dir, 'nchan'));
  assert.equal(mode & 0o077, 0, 'the directory of the sockets is closed to others');
  assert.deepEqual(follower.messages, []);
  follower.close();
});

test('order and number under load, and soon after the commit', async () => {
  const followers = [await follow(), await follow('', { kind: Events })];
  const mine = await follow(await keyOf(alice));
  const one = publisher();
  await placeMany(alice, 500, 1000000);
  await allTold();
  for (const follower of followers)
    await until(() => follower.of('depth').length >= 500, 10, 'all changes');
  await until(() => mine.of('user_order').length >= 500, 10, 'all orders');
  for (const follower of followers) {
    const depth = follower.of('depth');
    assert.deepEqual(depth.map((m) => m.depth.price_int), Array.from({ length: 500 }, (_, i) => String(1000001 + i)));
    assert.equal([...depth].sort(isAfter).every((m, i) => m === depth[i]), true, 'ids rise');
    const late = depth.map((m) => m.at - Number(m.stamp) / 1000).sort((a, b) => a - b);
    assert.ok(late[250] < 200, `half of them came after ${late[250]} ms`);
  }
  assert.equal(new Set(mine.of('user_order').map((m) => m.user_order.oid)).size, 500);
  assert.equal(mine.of('user_order').length, 500);
  const tickers = followers[0].of('ticker').map((m) => Number(m.stamp));
  assert.ok(tickers.length >= 1 && tickers.every((at, i) => i === 0 || at - tickers[i - 1] >= 200000), 'at most a few a second');
  await one.end();
  for (const follower of [...followers, mine]) follower.close();
});

test('killed in the middle of 2,000 events: each at least once, in order, doubled around the kill alone', async () => {
  const market = await follow();
  const mine = await follow(await keyOf(alice));
  await placeMany(alice, 1000, 2000000);
  let repeated = 0;
  for (let kills = 0; kills < KILLS; kills++) {
    const told = once(market.socket, 'message');
    const one = publisher('--batch', '300');
    await told;
    await one.end('SIGKILL');
    assert.ok(await left() > 0, 'killed before it was done');
  }
  await once_(); // waits for the end of the killed one's lease
  assert.equal(await left(), 0);
  await until(() => new Set(market.of('depth').map((m) => m.id)).size >= 1000, 10, 'all changes');
  await until(() => new Set(mine.of('user_order').map((m) => m.id)).size >= 1000, 10, 'all orders');
  for (const list of [market.of('depth'), mine.of('user_order')]) {
    const first = list.filter((m, i) => list.findIndex(({ id }) => id === m.id) === i);
    assert.equal(first.length, 1000);
    assert.ok([...first].sort(isAfter).every((m, i) => m === first[i]), 'in order');
    // Who begins again does so at most a batch earlier, and goes on in order from there.
    let back = 0;
    list.forEach((m, i) => { if (i > 0 && isAfter(m, list[i - 1]) <= 0) back++; });
    assert.ok(back <= KILLS, `${back} steps back`);
    for (const m of list.filter((one, i) => list.findIndex(({ id }) => id === one.id) !== i)) {
      repeated++;
      const { at, ...told } = m;
      const { at: earlier, ...before_ } = list.find(({ id }) => id === m.id);
      assert.deepEqual(told, before_, 'the same id, the same message');
    }
  }
  assert.ok(repeated <= KILLS * 300 * 2, `${repeated} repeated`);
  for (const follower of [market, mine]) follower.close();
});

test('two publishers at once, one of them leaving: each message exactly once', async () => {
  const market = await follow();
  const publishers = [publisher('--batch', '10'), publisher('--batch', '10')];
  await placeMany(alice, 200, 3000000);
  await until(() => market.of('depth').length >= 50, 20, 'the first messages');
  const placing = placeMany(alice, 300, 4000000);
  await publishers[0].end();
  await placing;
  await allTold();
  await until(() => market.of('depth').length >= 500, 10, 'all changes');
  const prices = market.of('depth').map((m) => Number(m.depth.price_int));
  assert.deepEqual(prices, [...Array.from({ length: 200 }, (_, i) => 3000001 + i), ...Array.from({ length: 300 }, (_, i) => 4000001 + i)]);
  const logs = [publishers[0].log, await publishers[1].end()];
  const told = logs.map((log) => Number(/messages=(\d+)/.exec(log)[1]));
  assert.ok(told[0] + told[1] > 0, logs.join());
  market.close();
});

test('lines of one wallet come in the order of its history, whoever wrote them first', async () => {
  const mine = await follow(await keyOf(bob));
  const one = publisher();
  const { result: [newest] } = await bob.ok('wallet/history', { currency: 'BTC' });
  await Promise.all(Array.from({ length: 60 }, (_, i) => stack.ctl('credit', bob.user.login, 'BTC', '1', '--note', String(i))));
  await until(() => mine.of('wallet').length >= 60, 20, 'all lines');
  const start = BigInt(newest.Balance.value_int);
  assert.deepEqual(mine.of('wallet').map((m) => BigInt(m.wallet.balance.value_int)),
    Array.from({ length: 60 }, (_, i) => start + 100000000n * BigInt(i + 1)));
  await one.end();
  mine.close();
});

/** A frame of a client: opcode, whether it is the last of its message, and a length that may be longer than what is sent. */
function frame(opcode, content, { last = true, length = content.length } = {}) {
  const size = length < 126 ? Buffer.from([0x80 | length]) : length < 65536 ? Buffer.from([0xfe, length >> 8, length & 255]) : Buffer.alloc(9, 0xff);
  if (length >= 65536) size.writeBigUInt64BE(BigInt(length), 1);
  return Buffer.concat([Buffer.from([(last ? 0x80 : 0) | opcode]), size, Buffer.from([0, 0, 0, 0]), content]); // a mask of zeros changes nothing
}

/** Memory of nchan and of what stands in front of it, KiB. */
async function carriers() {
  let total = 0;
  for (const part of ['nchan', 'relay'])
    for (const parent of [Number(await readFile(path.join(stack.dir, 'pid', part), 'utf8')), ...await stack.processes(part)])
      for (const pid of [parent, ...await childrenOf(parent)])
        total += Number(/VmRSS:\s*(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1] ?? 0);
  return total;
}

test('what clients send: over 4 KB ends the connection before it is kept, less changes nothing', async () => {
  const others = await follow();
  const before_ = await carriers();
  const big = Buffer.alloc(100 << 20, 0x20);
  const ended = {
    '5 KB': [1009, (socket) => socket.send('x'.repeat(5 << 10))],
    '5 KB of bytes': [1009, (socket) => socket.send(Buffer.alloc(5 << 10))],
    '100 MB': [1009, (socket) => socket.send(big)],
    '100 MB, announced': [1009, (socket) => socket._socket.write(frame(2, Buffer.alloc(100), { length: 100 << 20 }))],
    '2^53 bytes, announced': [1009, (socket) => socket._socket.write(frame(1, Buffer.alloc(0), { length: 2 ** 53 }))],
    'fragments': [1009, (socket) => { for (let i = 0; i < 100; i++) socket.send('x'.repeat(100), { fin: false }); }],
    'a large ping': [1002, (socket) => socket._socket.write(frame(9, Buffer.alloc(200)))],
    'no mask': [1002, (socket) => socket._socket.write(Buffer.from([0x81, 1, 65]))],
    'a continuation of nothing': [1002, (socket) => socket._socket.write(frame(0, Buffer.alloc(1)))],
  };
  for (const [name, [code, send]] of Object.entries(ended)) {
    const follower = await follow();
    follower.socket.on('error', () => {}); // what is still being sent when the connection ends
    send(follower.socket);
    await until(() => follower.closed !== undefined, 10, `the end after ${name}`);
    assert.equal(follower.closed, code, name);
  }
  const grown = await carriers() - before_;
  assert.ok(grown < 8192, `${grown} KiB more`);

  const talker = await follow();
  let pongs = 0;
  talker.socket.on('pong', () => { pongs++; });
  for (let i = 0; i < 50; i++) {
    talker.socket.send('x'.repeat(MESSAGE_MAX));
    talker.socket.send('{"op":"mtgox.subscribe","type":"lag"}');
    talker.socket.send('half', { fin: false });
    talker.socket.ping('x');
    talker.socket.send('', { fin: true });
  }
  const oid = await place(alice, 'bid', '1', '12');
  await once_();
  for (const follower of [others, talker]) await follower.message((m) => m.depth?.price === '12');
  await until(() => pongs === 50, 10, 'the answers to pings');
  await cancel(alice, oid);
  await once_();
  talker.close();
  await until(() => talker.closed !== undefined, 10, 'the end');
  assert.equal(talker.closed, 1005, 'the usual end');
  others.close();
});

test('connections that follow, per address: a number, then 429', async () => {
  const followers = [];
  let refusal;
  while (!refusal && followers.length <= CONNECTIONS)
    await follow('Channel=trade.lag').then((one) => followers.push(one), (error) => { refusal = error; });
  assert.equal(refusal?.status, 429, `${followers.length} connections`);
  for (const follower of followers) follower.close();
  await until(() => follow('Channel=trade.lag').then((one) => { one.close(); return true; }, () => false), 10, 'room again');
});

test('the relay: wrong usage is told; restarted, the stream is there again', async () => {
  const relay = path.join(path.dirname(stack.tellerctl), 'teller-relay');
  for (const args of [[], ['--to'], ['--to', ''], ['--to', 'x'.repeat(200)], ['--to', '/x', 'y']])
    await assert.rejects(promisify(execFile)(relay, args), (error) => error.code === 2 && /usage: teller-relay/.test(error.stderr));
  const market = await follow();
  const [pid] = await stack.processes('relay');
  process.kill(pid, 'SIGTERM');
  await until(() => market.closed !== undefined, 10, 'the end of the connection');
  const again = await until(() => follow().catch(() => null), 10, 'another connection');
  again.close();
});

test('the carrier killed: who follows again hears what is new', async () => {
  const market = await follow();
  const [nginx] = await childrenOf(Number(await readFile(path.join(stack.dir, 'pid/nchan'), 'utf8')));
  const [worker] = await childrenOf(nginx);
  process.kill(worker, 'SIGKILL');
  await until(() => market.closed !== undefined, 10, 'the end of the connection');
  const again = await until(() => follow().catch(() => null), 10, 'another connection');
  const oid = await place(alice, 'bid', '1', '13');
  await once_();
  await again.message((m) => m.depth?.price === '13');
  process.kill(nginx, 'SIGKILL');
  const last = await until(async () => (await childrenOf(Number(await readFile(path.join(stack.dir, 'pid/nchan'), 'utf8'))))[0] !== nginx
    && follow().catch(() => null), 20, 'another carrier');
  await cancel(alice, oid);
  await once_();
  await last.message((m) => m.depth?.price === '13' && m.depth.volume === '-1');
  for (const follower of [again, last]) follower.close();
});

test('away: what happens meanwhile is told once it is back, but nothing that is an hour old', async () => {
  const market = await follow();
  const first = await place(alice, 'bid', '1', '14');
  await stack.sql('UPDATE stream_event SET at = NOW(6) - INTERVAL 3601 SECOND');
  const second = await place(alice, 'bid', '1', '15');
  const { stderr } = await once_();
  assert.match(stderr, /event=streamed messages=\d+ stale=2 result=ok/);
  await market.message((m) => m.depth?.price === '15');
  assert.ok(!market.of('depth').some((m) => m.depth.price === '14'));
  assert.equal(await left(), 0);

  await cancel(alice, first);
  await stack.sql('UPDATE stream_event SET at = NOW(6) - INTERVAL 3601 SECOND');
  await cancel(alice, second);
  const waiting = await left();
  await stack.sweep();
  assert.equal(await left(), waiting - 2, 'the sweeper clears what nobody publishes');
  await once_();
  market.close();
});
