// The payment page's calls, and the merchant's own on the site: paying, racing, expiry, cancelling, the way back to the shop.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { closeConnections, hotp, inParallel, stack, totp, unique } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';

let merchant;
before(async () => { merchant = await stack.merchant(); });
after(async () => {
  await stack.audit();
  closeConnections();
});

/** A signed-in buyer. */
async function buyer(funds = { USD: '1000' }) {
  const user = await stack.user({ password: PASSWORD, funds });
  return Object.assign(await stack.signIn(user), { user });
}

const named = (key = unique()) => ({ 'Idempotency-Key': key });
const pay = (session, transaction, body = {}, key = unique()) => session.ok('POST', `/site/pay/${transaction}`, body, named(key));
const refused = (session, transaction, status, error, body = {}, field = undefined) =>
  session.refused(status, error, 'POST', `/site/pay/${transaction}`, body, { headers: named(), field });
const view = async (transaction) => (await stack.request('GET', `/site/pay/${transaction}`)).json;
const cancel = (transaction, session = undefined) => (session ?? stack)[session ? 'call' : 'request']('POST', `/site/pay/${transaction}/cancel`,
  ...(session ? [{}] : [{ headers: { 'Content-Type': 'application/json' }, body: '{}' }]));
const details = (transaction) => merchant.ok('merchant/order/details', { transaction });
const balance = async (who, currency = 'USD') => Number((await stack.balance(who.user.login, currency)).available);
const expire = (transaction) => stack.sql(`UPDATE checkout_order SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id = UNHEX('${
  transaction.replaceAll('-', '')}')`);

const MEMBERS = ['transaction', 'merchant', 'description', 'status', 'amount', 'paid', 'refunded', 'missing', 'partial_allowed', 'multipay',
  'created', 'expires', 'now', 'redirect'];

test('view: by anybody who holds the id; what buyers need and nothing of the merchant\'s', async () => {
  const transaction = await merchant.order({ description: 'Two <b>books</b>', data: 'secret-of-the-shop', ipn: 'https://shop.example/secret' });
  const reply = await stack.request('GET', `/site/pay/${transaction}`);
  assert.equal(reply.status, 200);
  assert.deepEqual(Object.keys(reply.json), [...MEMBERS, 'qr_svg']);
  const order = reply.json;
  assert.deepEqual([order.transaction, order.merchant, order.description, order.status, order.amount.value, order.missing.value, order.redirect],
    [transaction, merchant.user.login, 'Two <b>books</b>', 'open', '100.00000', '100.00000', null]);
  assert.deepEqual([order.partial_allowed, order.multipay, order.expires - order.created], [true, false, 3600]);
  assert.ok(Math.abs(order.now - order.created) < 60 && order.qr_svg.startsWith('<svg'));
  assert.ok(!/secret|thanks|cancelled/.test(reply.text), reply.text);
  for (const [params, expected] of [[{ instant_only: 1 }, [false, false]], [{ multipay: 1 }, [false, true]]]) {
    const other = await view(await merchant.order(params));
    assert.deepEqual([other.partial_allowed, other.multipay], expected);
  }
});

test('no such order', async () => {
  const session = await buyer();
  for (const [id, status, error] of [[randomUUID(), 404, 'order_not_found'], ['x', 400, 'not_uuid']]) {
    const reply = await stack.request('GET', `/site/pay/${id}`);
    assert.deepEqual([reply.status, reply.json.error], [status, error]);
    await refused(session, id, status, error);
    assert.deepEqual([(await cancel(id)).status, (await cancel(id, session)).status], [status, status]);
  }
});

test('pay: needs a session, the CSRF token and an Idempotency-Key', async () => {
  const transaction = await merchant.order();
  const path = `/site/pay/${transaction}`;
  const none = await stack.request('POST', path, { headers: { 'Content-Type': 'application/json', ...named() }, body: '{}' });
  assert.deepEqual([none.status, none.json.error], [401, 'missing_ticket']);
  const session = await buyer();
  await session.refused(403, 'csrf', 'POST', path, {}, { headers: { 'X-CSRF-Token': 'x', ...named() } });
  await session.refused(400, 'missing_parameter', 'POST', path, {}, { field: 'Idempotency-Key' });
  await session.refused(400, 'too_long', 'POST', path, {}, { field: 'Idempotency-Key', headers: named('x'.repeat(65)) });
  assert.equal((await view(transaction)).status, 'open');
});

test('pay whole: the money, the reply, the way back, both histories', async () => {
  const shop = await stack.merchant();
  const transaction = await shop.order({ description: 'Book' });
  const session = await buyer();
  const paid = await pay(session, transaction);
  assert.deepEqual(Object.keys(paid), [...MEMBERS, 'payment_id', 'taken', 'kept']);
  assert.deepEqual([paid.status, paid.paid.value, paid.missing.value, paid.redirect], ['paid', '100.00000', '0.00000', 'https://shop.example/thanks']);
  assert.match(paid.payment_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal((await view(transaction)).redirect, 'https://shop.example/thanks');
  assert.deepEqual([await balance(session), await balance(shop)], [900, 100]);
  const order = await shop.ok('merchant/order/details', { transaction });
  assert.deepEqual([order.status, order.payments.length, order.payments[0].payment_id, order.payments[0].payer],
    ['paid', 1, paid.payment_id, session.user.login]);
  assert.ok(order.completed >= order.created);
  assert.deepEqual(order.notifications.map((event) => [event.status, event.channel]), [['paid', 'feed']]);
  const [spent] = (await session.ok('GET', '/site/history?currency=USD')).result;
  assert.deepEqual([spent.type, spent.value.value, spent.info, spent.link], ['spent', '100.00000', `Payment to ${shop.user.login}: Book`,
    { class: 'Money_Merchant_Order', id: transaction }]);
  const [earned] = (await shop.ok('wallet/history', { currency: 'USD' })).result;
  assert.deepEqual([earned.Type, earned.Value.value, earned.Info], ['earned', '100.00000', `Payment from ${session.user.login}: Book`]);
});

test('pay in parts: kept aside until it is whole', async () => {
  const shop = await stack.merchant();
  const transaction = await shop.order();
  const [one, two] = [await buyer(), await buyer()];
  const part = await pay(one, transaction, { amount: '99.99999' });
  assert.deepEqual([part.status, part.missing.value, part.redirect], ['partial', '0.00001', null]);
  assert.deepEqual([await balance(one), await balance(shop)], [900.00001, 0]);
  await refused(two, transaction, 409, 'order_overpaid', { amount: '0.00002' }, 'amount');
  const whole = await pay(two, transaction, { amount_int: 1 });
  assert.deepEqual([whole.status, whole.paid.value, whole.redirect], ['paid', '100.00000', 'https://shop.example/thanks']);
  assert.deepEqual([await balance(two), await balance(shop)], [999.99999, 100]);
  const order = await shop.ok('merchant/order/details', { transaction });
  assert.deepEqual(order.notifications.map((event) => event.status), ['paid', 'partial']);
});

test('pay: what cannot be paid', async () => {
  const session = await buyer({ USD: '100' });
  const transaction = await merchant.order();
  for (const [body, error, field] of [[{ amount: '0' }, 'amount_not_positive', 'amount'], [{ amount: '-1' }, 'amount_not_positive', 'amount'],
    [{ amount: 'x' }, 'amount_format', 'amount'], [{ amount: ['1'] }, 'amount_format', 'amount'], [{ amount: '1.000001' }, 'amount_digits', 'amount'],
    [{ amount_int: '1.5' }, 'amount_format', 'amount_int'], [{ amount: '1', amount_int: '1' }, 'amount_disagrees', 'amount']])
    await refused(session, transaction, 400, error, body, field);
  await refused(session, transaction, 409, 'order_overpaid', { amount: '100.00001' }, 'amount');
  await refused(session, await merchant.order({ instant_only: 1 }), 409, 'order_whole', { amount: '1' }, 'amount');
  await refused(session, await merchant.order({ multipay: 1 }), 409, 'order_whole', { amount: '1' }, 'amount');
  await refused(session, await merchant.order({ multipay: 1 }), 409, 'order_overpaid', { amount: '101' }, 'amount');
  await refused(session, await merchant.order({ amount: '100.00001' }), 409, 'insufficient_funds');
  await refused(session, await merchant.order({ currency: 'EUR' }), 409, 'insufficient_funds');
  assert.equal(await balance(session), 100);
  assert.equal((await view(transaction)).status, 'open');
});

test('pay: not one\'s own order', async () => {
  const user = await stack.user({ password: PASSWORD, funds: { USD: '1000' } });
  const shop = await stack.key(user.login, 'merchant');
  await refused(await stack.signIn(user), await shop.order(), 409, 'order_own');
});

test('pay: not what is paid, refunded or cancelled', async () => {
  const session = await buyer();
  const transaction = await merchant.order();
  await pay(session, transaction);
  await refused(session, transaction, 409, 'order_paid');
  await merchant.ok('merchant/order/refund', { transaction, amount: '1' });
  await refused(session, transaction, 409, 'order_refunded');
  const cancelled = await merchant.order();
  await merchant.ok('merchant/order/cancel', { transaction: cancelled });
  await refused(session, cancelled, 409, 'order_cancelled');
  assert.equal(await balance(session), 901);
});

test('past its time: closed for every reader and for paying, swept or not; what was paid comes back', async () => {
  const session = await buyer();
  const [open, partial] = [await merchant.order(), await merchant.order()];
  await pay(session, partial, { amount: '60' });
  await expire(open);
  await expire(partial);
  for (const transaction of [open, partial]) {
    const order = await view(transaction);
    assert.deepEqual([order.status, order.missing.value, order.redirect], ['closed', '0.00000', 'https://shop.example/cancelled']);
    assert.equal((await details(transaction)).status, 'closed');
    await refused(session, transaction, 409, 'order_closed');
    assert.deepEqual([(await cancel(transaction)).status, (await cancel(transaction)).json.error], [409, 'order_closed']);
  }
  await stack.sweep();
  assert.equal(await balance(session), 1000);
  for (const transaction of [open, partial]) {
    const order = await details(transaction);
    assert.deepEqual([order.status, order.notifications[0].status], ['closed', 'closed']);
    assert.ok(order.ended > 0);
  }
});

test('the sweeper: several at once close each order once', async () => {
  const session = await buyer();
  const orders = await inParallel(8, Array.from({ length: 60 }, (_, i) => async () => {
    const transaction = await merchant.order({ amount: '10' });
    if (i % 3 === 0) await pay(session, transaction, { amount: '1' });
    return transaction;
  }));
  assert.equal(await balance(session), 980);
  await inParallel(8, orders.map((transaction) => () => expire(transaction)));
  await inParallel(4, Array.from({ length: 4 }, () => () => stack.sweep('--once', '--batch', '7')));
  for (const transaction of orders) {
    const order = await details(transaction);
    assert.deepEqual([order.status, order.notifications.filter((event) => event.status === 'closed').length], ['closed', 1]);
  }
  assert.equal(await balance(session), 1000);
});

test('a multipay order: many payments, open all the while', async () => {
  const shop = await stack.merchant();
  const transaction = await shop.order({ multipay: 1, amount: '10' });
  const sessions = [await buyer(), await buyer()];
  for (const session of [...sessions, sessions[0]]) {
    const paid = await pay(session, transaction);
    assert.deepEqual([paid.status, paid.missing.value, paid.redirect], ['open', '10.00000', 'https://shop.example/thanks']);
  }
  assert.deepEqual([await balance(sessions[0]), await balance(sessions[1]), await balance(shop)], [980, 990, 30]);
  const left = await cancel(transaction);
  assert.deepEqual([left.status, left.json.status, left.json.redirect], [200, 'open', 'https://shop.example/cancelled'], 'a buyer only leaves');
  assert.equal((await shop.ok('merchant/order/cancel', { transaction })).status, 'cancelled');
  await refused(sessions[0], transaction, 409, 'order_cancelled');
  assert.equal(await balance(shop), 30);
});

test('the same Idempotency-Key pays once and gives the same payment, whatever happened since', async () => {
  const session = await buyer();
  const transaction = await merchant.order();
  const key = unique();
  const first = await pay(session, transaction, { amount: '10' }, key);
  assert.deepEqual({ ...await pay(session, transaction, { amount: '10' }, key), now: 0 }, { ...first, now: 0 });
  const whole = unique();
  const second = await pay(session, transaction, {}, whole);
  for (const again of await inParallel(10, Array.from({ length: 10 }, () => () => pay(session, transaction, {}, whole))))
    assert.equal(again.payment_id, second.payment_id);
  assert.equal((await pay(session, transaction, { amount: '10.0' }, key)).payment_id, first.payment_id);
  assert.equal(await balance(session), 900);
  await merchant.ok('merchant/order/refund', { transaction });
  const later = await pay(session, transaction, {}, whole);
  assert.deepEqual([later.payment_id, later.status], [second.payment_id, 'refunded']);
});

test('a double click: 10 at once under one new key pay once', async () => {
  const session = await buyer();
  for (const params of [{}, { multipay: 1 }]) {
    const transaction = await merchant.order(params);
    const key = unique();
    const replies = await inParallel(10, Array.from({ length: 10 }, () => () => pay(session, transaction, {}, key)));
    assert.equal(new Set(replies.map((reply) => reply.payment_id)).size, 1);
    assert.equal((await details(transaction)).payments.length, 1);
  }
  assert.equal(await balance(session), 800);
});

test('an Idempotency-Key that was used for something else', async () => {
  const session = await buyer();
  const [transaction, another] = [await merchant.order(), await merchant.order()];
  const key = unique();
  await pay(session, transaction, { amount: '10' }, key);
  for (const [order, body] of [[transaction, { amount: '11' }], [another, { amount: '10' }], [another, {}]])
    await session.refused(409, 'idempotency_conflict', 'POST', `/site/pay/${order}`, body, { headers: named(key) });
  const partner = await stack.partner();
  const used = unique();
  await session.ok('POST', '/site/tickets', { partner: partner.id, amount: '1', currency: 'USD', accept_terms: true }, named(used));
  await session.refused(409, 'idempotency_conflict', 'POST', `/site/pay/${another}`, {}, { headers: named(used) });
  assert.equal((await view(another)).status, 'open');
});

test('an Idempotency-Key stands for all of what was asked: another payment\'s refund, the rest, all of it', async () => {
  const user = await stack.user({ password: PASSWORD });
  const shop = await stack.key(user.login, 'merchant');
  const session = await stack.signIn(user);
  const [one, two] = [await buyer(), await buyer()];
  const transaction = await shop.order({ amount: '50', multipay: 1 });
  const [a, b] = [(await pay(one, transaction)).payment_id, (await pay(two, transaction)).payment_id];
  const path = `/site/merchant/orders/${transaction}/refund`;
  const conflict = (who, where, body, key) =>
    who.refused(409, 'idempotency_conflict', 'POST', where, body, { headers: named(key), field: 'Idempotency-Key' });

  const first = unique();
  await session.ok('POST', path, { payment_id: a, amount: '20' }, named(first));
  await conflict(session, path, { payment_id: b, amount: '20' }, first);
  await conflict(session, path, { amount: '20' }, first);
  await conflict(session, path, {}, first);
  await conflict(session, path, { payment_id: a, amount: '20', reason: 'another' }, first);
  await session.ok('POST', path, { payment_id: a, amount: '20.000' }, named(first));
  assert.deepEqual([await balance(one), await balance(two)], [970, 950]);

  const payer = await buyer();
  const parts = await shop.order({ amount: '50' });
  const rest = unique();
  await pay(payer, parts, { amount: '20' });
  await pay(payer, parts, {}, rest);
  await conflict(payer, `/site/pay/${parts}`, { amount: '30' }, rest);
  await pay(payer, parts, {}, rest);
  assert.equal(await balance(payer), 950);
});

test('64 payers race for one order: one completes it, nobody else pays', async () => {
  const transaction = await merchant.order({ amount: '7' });
  const payers = await inParallel(4, Array.from({ length: 64 }, () => () => buyer({ USD: '7' })));
  const replies = await inParallel(64, payers.map((payer) => () => payer.call('POST', `/site/pay/${transaction}`, {}, named())));
  const winners = replies.filter((reply) => reply.status === 200);
  assert.equal(winners.length, 1, JSON.stringify(replies.map((reply) => reply.json.error)));
  for (const reply of replies.filter((one) => one.status !== 200)) assert.deepEqual([reply.status, reply.json.error], [409, 'order_paid']);
  const balances = await inParallel(4, payers.map((payer) => () => balance(payer)));
  assert.deepEqual(balances.filter((left) => left === 0).length, 1);
  assert.deepEqual(balances.filter((left) => left === 7).length, 63);
  const order = await details(transaction);
  assert.deepEqual([order.status, order.payments.length, order.notifications.length], ['paid', 1, 1]);
});

test('64 payers race with parts: never more than the amount, one completes it', async () => {
  const transaction = await merchant.order({ amount: '100' });
  const payers = await inParallel(4, Array.from({ length: 16 }, () => () => buyer({ USD: '100' })));
  const replies = await inParallel(64, Array.from({ length: 64 }, (_, i) => () =>
    payers[i % 16].call('POST', `/site/pay/${transaction}`, { amount: '3' }, named())));
  assert.equal(replies.filter((reply) => reply.status === 200).length, 33);
  const errors = new Set(replies.filter((reply) => reply.status !== 200).map((reply) => reply.json.error));
  assert.deepEqual([...errors], ['order_overpaid']);
  const last = await pay(payers[0], transaction);
  assert.deepEqual([last.status, last.paid.value], ['paid', '100.00000']);
  const order = await details(transaction);
  assert.equal(order.payments.reduce((sum, payment) => sum + Number(payment.amount.value), 0), 100);
  assert.deepEqual(order.notifications.filter((event) => event.status === 'paid').length, 1);
});

test('paying, cancelling and the end race: one of them wins, the books agree', async () => {
  for (let round = 0; round < 10; round++) {
    const transaction = await merchant.order({ amount: '10' });
    const session = await buyer({ USD: '10' });
    if (round % 2 === 1) await pay(session, transaction, { amount: '4' });
    const [paid, cancelled, ended] = await Promise.all([
      session.call('POST', `/site/pay/${transaction}`, {}, named()),
      merchant.call('merchant/order/cancel', { transaction }),
      session.call('POST', `/site/pay/${transaction}/cancel`, {}),
    ]);
    const won = [paid.status === 200, cancelled.json.result === 'success', ended.status === 200];
    assert.equal(won.filter(Boolean).length, 1, JSON.stringify([paid.json, cancelled.json, ended.json]));
    assert.equal(await balance(session), won[0] ? 0 : 10);
  }
});

test('cancel by who is not signed in: while nothing is paid', async () => {
  const transaction = await merchant.order();
  const reply = await cancel(transaction);
  assert.deepEqual([reply.status, reply.json.status, reply.json.redirect], [200, 'cancelled', 'https://shop.example/cancelled']);
  assert.deepEqual(Object.keys(reply.json), MEMBERS);
  assert.deepEqual((await details(transaction)).notifications.map((event) => event.status), ['cancelled']);
  const again = await cancel(transaction);
  assert.deepEqual([again.status, again.json.error], [409, 'order_cancelled']);
});

test('cancel of what is paid in part: by its only payer', async () => {
  const transaction = await merchant.order();
  const [payer, other] = [await buyer(), await buyer()];
  await pay(payer, transaction, { amount: '10' });
  const nobody = await cancel(transaction);
  assert.deepEqual([nobody.status, nobody.json.error], [401, 'missing_ticket']);
  const stale = await stack.request('POST', `/site/pay/${transaction}/cancel`, { headers: { Cookie: `session=${randomUUID()}` } });
  assert.deepEqual([stale.status, stale.json.error], [401, 'missing_ticket']);
  await other.refused(409, 'order_other_payer', 'POST', `/site/pay/${transaction}/cancel`, {});
  await payer.refused(403, 'csrf', 'POST', `/site/pay/${transaction}/cancel`, {}, { headers: { 'X-CSRF-Token': 'x' } });
  assert.equal(await balance(payer), 990);
  const reply = await cancel(transaction, payer);
  assert.deepEqual([reply.status, reply.json.status, reply.json.refunded.value], [200, 'cancelled', '10.00000']);
  assert.equal(await balance(payer), 1000);
});

test('cancel of what two paid in part: by neither of them', async () => {
  const transaction = await merchant.order();
  const payers = [await buyer(), await buyer()];
  for (const payer of payers) await pay(payer, transaction, { amount: '10' });
  for (const payer of payers) await payer.refused(409, 'order_other_payer', 'POST', `/site/pay/${transaction}/cancel`, {});
});

test('cancel of what is paid: refused', async () => {
  const transaction = await merchant.order();
  const payer = await buyer();
  await pay(payer, transaction);
  await payer.refused(409, 'order_paid', 'POST', `/site/pay/${transaction}/cancel`, {});
  assert.equal((await cancel(transaction)).status, 409);
});

test('redirects: nowhere else than where the order says; nowhere where it says nothing', async () => {
  const session = await buyer();
  const transaction = await merchant.order({ return_failure: undefined });
  const evil = { redirect: 'https://evil.example', return_success: 'https://evil.example', return_failure: 'https://evil.example' };
  await session.refused(400, 'repeated_parameter', 'POST', `/site/pay/${transaction}/cancel?return_failure=https://evil.example`, evil,
    { field: 'return_failure' });
  const reply = await session.call('POST', `/site/pay/${transaction}/cancel?cancel_return=https://evil.example`, evil);
  assert.deepEqual([reply.json.status, reply.json.redirect], ['cancelled', null]);
  const paid = await pay(session, await merchant.order(), { ...evil });
  assert.equal(paid.redirect, 'https://shop.example/thanks');
});

/** Gives the user of a session a device; returns its key. */
async function withDevice(session, kind) {
  const { key_base32: key } = await session.ok('POST', '/site/otp', { kind });
  await session.ok('POST', '/site/otp/confirm', { code: kind === 'totp' ? totp(key, -1) : hotp(key, 0), password: PASSWORD });
  return key;
}

test('one-time password: asked for, each code once, and a repetition needs no other', async () => {
  const session = await buyer();
  const key = await withDevice(session, 'hotp');
  const [one, two] = [await merchant.order(), await merchant.order()];
  await refused(session, one, 400, 'otp_required', {}, 'otp');
  await refused(session, one, 400, 'otp_invalid', { otp: '000000' }, 'otp');
  await refused(session, one, 400, 'too_long', { otp: '0'.repeat(17) }, 'otp');
  const attempt = unique();
  const first = await pay(session, one, { otp: hotp(key, 1) }, attempt);
  assert.equal((await pay(session, one, { otp: hotp(key, 1) }, attempt)).payment_id, first.payment_id);
  assert.equal((await pay(session, one, {}, attempt)).payment_id, first.payment_id);
  await refused(session, two, 400, 'otp_invalid', { otp: hotp(key, 1) }, 'otp');
  await pay(session, two, { otp: hotp(key, 2) });
  assert.equal(await balance(session), 800);
});

test('one-time password: a code is used up by a payment, not by a refused one', async () => {
  const session = await buyer({ USD: '50' });
  const key = await withDevice(session, 'hotp');
  await refused(session, await merchant.order(), 409, 'insufficient_funds', { otp: hotp(key, 1) });
  await pay(session, await merchant.order({ amount: '50' }), { otp: hotp(key, 1) });
});

test('the merchant\'s orders on the site: own ones only, details, cancel, refund', async () => {
  const user = await stack.user({ password: PASSWORD });
  const shop = await stack.key(user.login, 'merchant');
  const session = await stack.signIn(user);
  assert.deepEqual(await session.ok('GET', '/site/merchant/orders'), { orders: [], current_page: 1, max_page: 1, records: 0 });
  const [one, two] = [await shop.order(), await shop.order({ data: '17' })];
  const list = await session.ok('GET', '/site/merchant/orders?status=open&since=&page=1');
  assert.deepEqual([list.records, list.orders.map((order) => order.transaction)], [2, [two, one]]);
  await session.refused(400, 'invalid_parameter', 'GET', '/site/merchant/orders?status=lost', undefined, { field: 'status' });
  assert.equal((await stack.request('GET', '/site/merchant/orders')).status, 401);
  const other = await buyer();
  assert.equal((await other.ok('GET', '/site/merchant/orders')).records, 0);
  const path = `/site/merchant/orders/${two}`;
  assert.deepEqual((await session.ok('GET', path)).data, '17');
  await other.refused(404, 'order_not_found', 'GET', path);
  await other.refused(404, 'order_not_found', 'POST', `${path}/cancel`, {});
  await other.refused(404, 'order_not_found', 'POST', `${path}/refund`, {}, { headers: named() });
  await session.refused(403, 'csrf', 'POST', `${path}/cancel`, {}, { headers: { 'X-CSRF-Token': '' } });
  await session.refused(403, 'csrf', 'POST', `${path}/refund`, {}, { headers: { 'X-CSRF-Token': '', ...named() } });
  assert.equal((await session.ok('POST', `/site/merchant/orders/${one}/cancel`, {})).status, 'cancelled');
  await pay(other, two);
  await session.refused(400, 'missing_parameter', 'POST', `${path}/refund`, {}, { field: 'Idempotency-Key' });
  const key = unique();
  const refund = (body) => session.ok('POST', `${path}/refund`, body, named(key));
  assert.equal((await refund({ amount: '60', reason: 'sorry' })).status, 'partly_refunded');
  assert.equal((await refund({ amount: '60', reason: 'sorry' })).refunded.value, '60.00000', 'a double click refunds once');
  await session.refused(409, 'idempotency_conflict', 'POST', `${path}/refund`, { amount: '10' }, { headers: named(key) });
  const rest = unique();
  for (let i = 0; i < 2; i++) assert.equal((await session.ok('POST', `${path}/refund`, {}, named(rest))).status, 'refunded');
  await session.refused(409, 'order_over_refunded', 'POST', `${path}/refund`, {}, { headers: named() });
  assert.equal(await balance(other), 1000);
});
