// The exchange page's calls: what is offered, the calculator, a bid by somebody who is not signed in, and what becomes of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk } from '../support/desk.mjs';
import { closeConnections, stack, unique, until } from '../support/teller.mjs';

const desk = new Desk(stack);
const ADDRESS = 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq';
let usd, btc, pair, api, city;

before(async () => {
  usd = await desk.system({ currency: 'USD', name: 'Dollars', pay_account: 'US 1234' });
  btc = await desk.system({ currency: 'BTC', decimals: 8, name: 'Bitcoin', reserve: '1', account_rule: 'bitcoin' });
  pair = await desk.direction(usd, btc, { rate: { give: '50000', get: '1' }, min_give: await desk.units('USD', '10'), give_system: '2' });
  api = await desk.direction(btc, usd, { rate: { get: '1' }, access: 'api' });
  city = await desk.field({ direction: pair, label: 'City', type: 'select', options: ['Paris', 'Rome'], required: 1 });
  await desk.text('direction', pair.id, 'instruction', '<b>Pay</b>');
  await until(async () => (await get('direction', { direction: pair.id })).json?.fields?.length === 1);
});
after(async () => {
  await desk.hide(pair, api);
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

const get = (path, query = {}) => stack.request('GET', `/site/desk/${path}?${new URLSearchParams(query)}`);
const post = (path, body) => stack.request('POST', `/site/desk/${path}`, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
const wish = (rest = {}) => ({ direction: pair.id, amount: '1000', account2: ADDRESS, [`cf${city}`]: '1', ...rest });

test('directions for the site, and one of them', async () => {
  const { json } = await get('directions');
  assert.deepEqual(json.directions.filter(({ id }) => [pair.id, api.id].includes(id)),
    [{ id: pair.id, give: { code: usd.code, name: 'Dollars', currency: 'USD' }, get: { code: btc.code, name: 'Bitcoin', currency: 'BTC' } }]);
  const one = (await get('direction', { direction: pair.id })).json;
  assert.deepEqual([one.min_give, one.max_give, one.reserve, one.account1, one.account2, one.frozen], ['10', null, '1', null, { label: 'Bitcoin', hint: '' }, false]);
  assert.deepEqual(one.fields, [{ name: `cf${city}`, type: 'select', label: 'City', hint: '', required: true, options: ['Paris', 'Rome'] }]);
  const none = await get('direction', { direction: api.id });
  assert.deepEqual([none.status, none.json.error, none.json.field], [404, 'desk_direction', 'direction']);
});

test('the calculator, from both sides', async () => {
  const sums = (await get('calc', { direction: pair.id, amount: '1000' })).json;
  assert.deepEqual([sums.give, sums.give_total, sums.get, sums.changed, sums.reserved], ['1000', '1020', '0.02', false, true]);
  assert.equal((await get('calc', { direction: pair.id, amount: '0.02', action: 2 })).json.give, '1000');
  assert.equal((await get('calc', { direction: pair.id, amount: '100000' })).json.reserved, false);
});

test('a bid: made, seen, paid or given up by whoever knows its hash', async () => {
  const made = await post('bids', wish());
  assert.equal(made.status, 200, made.text);
  const { hash } = made.json;
  const seen = (await get('bid', { hash })).json;
  assert.deepEqual([seen.status, seen.give.amount, seen.get.amount, seen.get.account, seen.may_pay, seen.may_cancel, seen.instruction, seen.pay_account],
    ['new', '1020', '0.02', ADDRESS, true, true, '<b>Pay</b>', 'US 1234']);
  assert.ok(seen.expires > seen.now);
  assert.equal((await post('bid/pay', { hash })).json.status, 'payed');
  const late = await post('bid/cancel', { hash });
  assert.deepEqual([late.status, late.json.error], [404, 'desk_bid']);
  const second = (await post('bids', wish())).json;
  assert.equal((await post('bid/cancel', { hash: second.hash })).json.status, 'cancel');
  for (const none of ['x', 'é', hash.replace(/./, '_'), 'A'.repeat(32)])
    assert.deepEqual([(await get('bid', { hash: none })).status, (await get('bid', { hash: none })).json.error], [404, 'desk_bid'], none);
});

test('from a balance: its owner pays, whoever else knows the hash does not', async () => {
  const PASSWORD = 'a password of the tests';
  const from = await desk.system({ currency: 'USD', name: 'Balance here', pay_in: 'balance' });
  const balance = await desk.direction(from, btc, { rate: { give: '50000', get: '1' } });
  const [owner, other] = await Promise.all([0, 1].map(async () => stack.signIn(await stack.user({ password: PASSWORD, funds: { USD: '1000' } }))));
  const { hash, may_pay: mayPay, from_balance: fromBalance } = await owner.ok('POST', '/site/desk/bids', { direction: balance.id, amount: '500', account2: ADDRESS });
  assert.deepEqual([mayPay, fromBalance], [true, true]);
  assert.equal((await get('bid', { hash })).json.may_pay, false);
  assert.equal((await post('bid/pay', { hash })).json.error, 'desk_bid');
  await other.refused(404, 'desk_bid', 'POST', '/site/desk/bid/pay', { hash });
  assert.equal((await owner.ok('POST', '/site/desk/bid/pay', { hash })).status, 'payed');
  const [{ balance: left }] = (await owner.ok('GET', '/site/account')).wallets.filter(({ currency }) => currency === 'USD');
  assert.equal(left.value, '500.00000');
  await desk.hide(balance);
});

test('by an order of ours: its payment page pays the bid, and either ends the other', async () => {
  const merchant = await stack.user();
  await stack.sql(`UPDATE desk_setting SET merchant_id = ${await desk.userId(merchant)}`);
  const till = await desk.system({ currency: 'USD', name: 'Order here', pay_in: 'checkout' });
  const order = await desk.direction(till, btc, { rate: { give: '50000', get: '1' } });
  const params = { direction: order.id, amount: '100', account2: ADDRESS };
  const bid = await until(async () => {
    const { json } = await post('bids', params);
    return json.hash && json;
  });
  assert.deepEqual([bid.may_pay, bid.may_cancel], [false, true]);
  assert.match(bid.pay_link, /^\/pay\/[0-9a-f-]{36}$/);
  const page = (one) => `/site${one.pay_link}`;
  const shown = (await stack.request('GET', page(bid))).json;
  assert.deepEqual([shown.status, shown.missing.value, shown.merchant, shown.partial_allowed, shown.description],
    ['open', '100.00000', merchant.login, false, `Exchange: ${till.code} to ${btc.code}`]);
  assert.equal((await post('bid/pay', { hash: bid.hash })).json.error, 'desk_action', 'its order alone pays it');

  const named = () => ({ 'Idempotency-Key': unique() });
  const buyer = await stack.signIn(await stack.user({ password: 'a password of the tests', funds: { USD: '150' } }));
  await buyer.ok('POST', page(bid), {}, named());
  const paid = (await get('bid', { hash: bid.hash })).json;
  assert.deepEqual([paid.status, paid.pay_link, paid.may_cancel], ['realpay', null, false]);
  await buyer.refused(409, 'order_paid', 'POST', page(bid), {}, { headers: named() });
  const [{ balance: left }] = (await buyer.ok('GET', '/site/account')).wallets.filter(({ currency }) => currency === 'USD');
  assert.equal(left.value, '50.00000');

  const second = (await post('bids', params)).json;
  assert.equal((await post('bid/cancel', { hash: second.hash })).json.status, 'cancel');
  await buyer.refused(409, 'order_cancelled', 'POST', page(second), {}, { headers: named() });
  const third = (await post('bids', params)).json;
  await buyer.ok('POST', `${page(third)}/cancel`, {});
  assert.equal((await get('bid', { hash: third.hash })).json.status, 'delete');

  const robot = await desk.key();
  const { data } = await robot.json('create_bid', { direction_id: order.id, calc_amount: '100', calc_action: 1, account2: ADDRESS });
  const { pay, ...actions } = data.api_actions;
  assert.deepEqual(actions, { type: 'link', cancel: 'api', pay_amount: '100', instruction: '' });
  assert.match(pay, /^https?:\/\/[^/]+\/pay\/[0-9a-f-]{36}$/);
  assert.equal((await robot.json('pay_bid', { id: data.id })).error_text, 'action disabled');
  assert.equal((await robot.json('cancel_bid', { id: data.id })).data, 'cancel');
  assert.equal((await robot.json('bid_info', { id: data.id })).data.api_actions.pay, 'disabled');
  await desk.hide(order);
});

test('a coin\'s address is shown as a code while the bid is to be paid', async () => {
  const coin = await desk.system({ currency: 'BTC', decimals: 8, name: 'Bitcoin', account_rule: 'bitcoin', account_give: 0, pay_account: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa' });
  await desk.reserve(usd, '1000');
  const sell = await desk.direction(coin, usd, { rate: { give: '1', get: '1000' } });
  const { hash } = await until(async () => {
    const { json } = await post('bids', { direction: sell.id, amount: '0.1', account2: 'me' });
    return json.hash && json;
  });
  const code = await until(async () => (await get('bid', { hash })).json.qr_svg, 5, 'what a worker remembers of systems');
  assert.match(code, /^<svg /);
  assert.equal((await post('bid/pay', { hash })).json.qr_svg, null);
  assert.equal((await post('bids', wish())).json.qr_svg, null, 'no coin');
  await desk.hide(sell);
});

test('what is wrong is told at its field', async () => {
  for (const [rest, field, words] of [[{ account2: 'x' }, 'account2', /is not such an account/], [{ amount: '9' }, 'amount', /is below the least, 10 USD/],
    [{ [`cf${city}`]: '0' }, `cf${city}`, /is not selected/]]) {
    const { status, json } = await post('bids', wish(rest));
    assert.deepEqual([status, json.error, json.field], [400, 'desk_fields', field]);
    assert.match(json.message, words);
  }
  assert.equal((await post('bids', wish({ direction: api.id }))).json.error, 'desk_direction_api');
});
