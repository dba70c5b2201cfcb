// The exchange desk as operators run it: `tellerctl desk`, the job that keeps rates, and callbacks.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { closeConnections, stack, unique, until } from '../support/teller.mjs';

const run = promisify(execFile);
const FAILED = 1, USAGE = 2;
const mark = unique().replace(/[^a-z0-9]/gi, '').toUpperCase().slice(-8);
const GIVE = `G${mark}`, GET = `H${mark}`, RATE = `r${mark.toLowerCase()}`, PAIR = `${GIVE}/${GET}`;

let scratch, feed, price = '1.0823', asked = 0;
before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'teller-desk-'));
  feed = http.createServer((request, reply) => {
    asked++;
    reply.end(`<E xmlns="urn:x"><Cube><Cube currency='USD' rate='${price}'/></Cube></E>`);
  });
  await new Promise((done) => { feed.listen(0, '127.0.0.1', done); });
  await desk('set', 'rate', RATE, '--set', 'kind=fixed', '--set', 'get=0.5');
  await desk('set', 'system', GIVE, '--set', 'name=Give', '--set', 'currency=USD', '--set', 'decimals=2', '--set', `rail=in.${RATE}`);
  await desk('set', 'system', GET, '--set', 'name=Get', '--set', 'currency=EUR', '--set', 'decimals=2', '--set', `rail=out.${RATE}`);
  await desk('set', 'direction', PAIR, '--set', `rate=${RATE}`, '--set', 'labels=manual,verifying', '--set', 'state=on');
});
after(async () => {
  feed.close();
  await rm(scratch, { recursive: true });
  await stack.audit();
  closeConnections();
});

const desk = (...args) => stack.ctl('desk', ...args);
const shown = async (thing, key) => (await desk('list', thing, '--key', key))[0];
async function refused(code, words, ...args) {
  const reply = await stack.ctlResult(['desk', ...args]);
  assert.equal(reply.code, code, reply.complaint);
  assert.match(JSON.parse(reply.complaint).message, words);
}
const rates = () => run(path.join(path.dirname(stack.tellerctl), 'teller-rates'), ['--once'], { env: { ...stack.env, TELLER_CONFIG: stack.config } });

test('what is set is shown, and recorded with who, before and after', async () => {
  const direction = await shown('direction', PAIR);
  assert.deepEqual([direction.key, direction.labels, direction.state, direction.access], [PAIR, 'manual,verifying', 'on', 'all']);
  await desk('set', 'direction', PAIR, '--set', 'margin_percent=1.5', '--set', 'tiers=100:1 1000:0.5');
  const [[who, was, became]] = await stack.sql(`SELECT who, was, became FROM desk_change WHERE subject = '${PAIR}' ORDER BY id DESC LIMIT 1`);
  assert.notEqual(who, '');
  assert.equal(JSON.parse(was).margin_percent, '0');
  assert.equal(JSON.parse(became).margin_percent, '1.5');
  await refused(USAGE, /margin_percent: has more decimals|margin_percent: should/, 'set', 'direction', PAIR, '--set', 'margin_percent=a');
  await refused(USAGE, /nothing: is not valid/, 'set', 'direction', PAIR, '--set', 'nothing=1');
  await refused(FAILED, /not found/, 'list', 'direction', '--key', 'A/B');
  await refused(USAGE, /things are/, 'list', 'everything');
  await refused(USAGE, /NAME=VALUE/, 'set', 'direction', PAIR, '--set', 'margin_percent');
});

test('directions come from a CSV', async () => {
  const file = path.join(scratch, 'directions.csv');
  await writeFile(file, `direction,rate,state,min_give,labels\n${GET}/${GIVE},${RATE},off,5,"manual,verifying"\n\n${PAIR},,,"12.5",\n`);
  assert.deepEqual(await desk('import', file), { made: 1, changed: 1 });
  const [made, changed] = [await shown('direction', `${GET}/${GIVE}`), await shown('direction', PAIR)];
  assert.deepEqual([made.min_give, made.labels, made.state], ['5', 'manual,verifying', 'off']);
  assert.deepEqual([changed.min_give, changed.state], ['12.5', 'on']);
  await writeFile(file, `direction,min_give\n${PAIR},abc\n`);
  await refused(USAGE, /line 2, .*min_give/, 'import', file);
  await writeFile(file, 'rate\n');
  await refused(USAGE, /the first line names/, 'import', file);
});

test('a reserve is filled once by its reference, and emptied no further than it goes', async () => {
  const reference = `bank-${unique()}`;
  assert.equal((await desk('fill', GET, '100', '--reference', reference)).repeated, false);
  assert.equal((await desk('fill', GET, '100', '--reference', reference)).repeated, true);
  await refused(FAILED, /Not enough reserve/, 'empty', GET, '100.01', '--reference', `${reference}-2`);
  await desk('empty', GET, '40.5', '--reference', `${reference}-3`);
  const reserve = (await desk('reserves')).find((row) => row.system === GET);
  assert.deepEqual([reserve.available.value, reserve.outside.value], ['59.50000', '-59.50000']);
});

test('a feed is fetched, kept while it fails, and what jumps is not taken over', async () => {
  const url = `http://127.0.0.1:${feed.address().port}/daily.xml`, due = () => stack.sql(`UPDATE desk_feed SET due_at = NOW(6) WHERE name = '${RATE}'`);
  await desk('set', 'feed', RATE, '--set', 'format=ecb', '--set', `url=${url}`, '--set', 'every_s=3600');
  await desk('set', 'rate', `${RATE}.f`, '--set', 'kind=feed', '--set', `feed=${RATE}`, '--set', 'path=USD', '--set', 'max_jump=10');
  const found = async () => { await due(); await rates(); return shown('rate', `${RATE}.f`); };
  await until(async () => (await found()).get === '1.0823', 20, 'the rate');
  price = '1.1';
  await until(async () => (await found()).get === '1.1', 20, 'the next one');
  price = '2.2';
  await until(async () => (await found()).jumped_get === '2.2', 20, 'the jump');
  assert.equal((await shown('rate', `${RATE}.f`)).get, '1.1');
  await desk('set', 'rate', `${RATE}.f`, '--set', 'get=2.2');
  assert.deepEqual([(await shown('rate', `${RATE}.f`)).get, (await shown('rate', `${RATE}.f`)).jumped_get], ['2.2', null]);
  price = 'none';
  await until(async () => { await found(); return /no number above zero: USD/.test((await shown('feed', RATE)).problem); }, 20, 'the problem');
  await desk('set', 'feed', RATE, '--set', 'url=http://127.0.0.1:1/');
  await until(async () => { await found(); return /connect/.test((await shown('feed', RATE)).problem); }, 20, 'the failure');
  assert.equal((await shown('rate', `${RATE}.f`)).get, '2.2');
  assert.ok(asked >= 4);
});

test('a rate follows our book, the side that the desk would deal with', async (t) => {
  const trader = await stack.customer({ funds: { DKK: '10000', BTC: '10' } });
  await stack.ctlResult(['market', 'add', 'BTC', 'DKK']); // there from an earlier run
  await stack.ctl('market', 'resume', 'BTCDKK');
  t.after(async () => { for (const { oid } of await trader.ok('orders')) await trader.ok('order/cancel', { oid }); });
  for (const [type, price] of [['bid', '77.25'], ['ask', '80.5']])
    await trader.ok('order/add', { type, amount: '1', price }, { path: '/api/1/BTCDKK/order/add' });
  await desk('set', 'rate', `${RATE}.m`, '--set', 'kind=market', '--set', 'path=BTC/DKK');
  await desk('set', 'rate', `${RATE}.n`, '--set', 'kind=market', '--set', 'path=DKK/BTC');
  await rates();
  const [sold, bought] = [await shown('rate', `${RATE}.m`), await shown('rate', `${RATE}.n`)];
  assert.deepEqual([sold.give, sold.get, bought.give, bought.get], ['1', '77.25', '80.5', '1']);
});

test('keys of robots, and what is refused', async () => {
  const key = await desk('key', '--methods', 'test', '--methods', 'get_calc', '--networks', '192.0.2.0/24');
  assert.match(key.login, /^[A-Za-z0-9]{32}$/);
  assert.match(key.key, /^[A-Za-z0-9]{32}$/);
  assert.deepEqual(key.methods, ['test', 'get_calc']);
  assert.ok((await desk('keys')).some((row) => row.login === key.login && row.key === undefined));
  await desk('revoke', key.login);
  await refused(FAILED, /not found/, 'revoke', key.login);
  const records = await desk('changes', '--what', 'key', '--subject', key.login);
  const allowed = { methods: 'test,get_calc', networks: '192.0.2.0/24' };
  assert.deepEqual(records.map(({ what, subject, was, became }) => [what, subject, was, became]),
    [['key', key.login, allowed, null], ['key', key.login, null, allowed]]);
  assert.ok(records.every(({ who, at }) => who !== '' && at));
  assert.equal((await desk('changes', '--limit', '1')).length, 1);
  assert.deepEqual(await desk('changes', '--what', 'nothing'), []);
  await refused(USAGE, /limit/, 'changes', '--limit', '0');
  await refused(USAGE, /methods/, 'key', '--methods', 'everything');
  await refused(FAILED, /no bid exists/, 'bid', '999999999');
  await refused(FAILED, /no bid exists/, 'move', '999999999', 'success');
  await refused(USAGE, /paid: is not valid/, 'move', '1', 'paid');
  assert.deepEqual(await desk('payouts'), []);
  await refused(FAILED, /not found/, 'payout', '999999999', 'paid');
});
