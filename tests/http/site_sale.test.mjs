// Where checkout and market meet: paying an order with other money by a quote, and autosell. Everybody trades at 0.6 %; what is
// bought with money pays its fee on top. The markets are this file's: bitcoins against Australian and Canadian dollars.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { closeConnections, hotp, inParallel, stack, unique } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';
const CURRENCIES = ['AUD', 'CAD'];
const traders = []; // sessions

let merchant;
let trader;
before(async () => {
  for (const currency of CURRENCIES)
    await stack.ctlResult(['market', 'add', 'BTC', currency, '--amount-step', '0.001', '--min', '0.01']);
  merchant = await stack.merchant();
  trader = await signedIn({ BTC: '100', AUD: '100000', CAD: '100000' });
});
beforeEach(async () => {
  for (const currency of CURRENCIES) await stack.ctl('market', 'resume', `BTC${currency}`);
  await clear();
});
after(async () => {
  await clear();
  await stack.audit();
  closeConnections();
});

/** Takes every order of our markets back. */
async function clear() {
  for (const session of traders)
    for (const { oid } of (await session.ok('GET', '/site/market/orders')).orders)
      await session.ok('POST', `/site/market/orders/${oid}/cancel`, {});
}

async function signedIn(funds) {
  const user = await stack.user({ password: PASSWORD, funds });
  const session = Object.assign(await stack.signIn(user), { user });
  traders.push(session);
  return session;
}

const named = (key = unique()) => ({ 'Idempotency-Key': key });
const place = (type, amount, price, market = 'BTCAUD', session = trader) =>
  session.ok('POST', '/site/market/orders', { market, type, amount, price }, named());
const bitcoins = (params = {}) => merchant.order({ currency: 'BTC', amount: '0.5', ...params });
const ask = (session, transaction, currency = 'AUD', more = {}) =>
  session.ok('POST', `/site/pay/${transaction}/quote`, { currency, ...more });
const pay = (session, transaction, body = {}, key = unique()) => session.ok('POST', `/site/pay/${transaction}`, body, named(key));
const payRefused = (session, transaction, status, error, body, field = undefined) =>
  session.refused(status, error, 'POST', `/site/pay/${transaction}`, body, { headers: named(), field });
const balance = async (who, currency) => (await stack.balance(who.user.login, currency)).available;
const details = (transaction, shop = merchant) => shop.ok('merchant/order/details', { transaction });
const ordersOf = async (who) => Number((await stack.sql(`SELECT COUNT(*) FROM market_order AS o
  JOIN user AS u ON u.id = o.user_id WHERE u.login = '${who.user.login}'`))[0][0]);
const expire = (quote) => stack.sql(`UPDATE checkout_quote SET expires_at = NOW(6) WHERE id = UNHEX('${quote.replaceAll('-', '')}')`);

/** 0.2 BTC for 100 each, 0.4 for 110: 0.5 cost 20 + 0.12 and 33 + 0.198. */
async function offer() {
  await place('ask', '0.4', '110');
  await place('ask', '0.2', '100');
}
const COST = '53.31800';

test('with dollars for bitcoins: the quote, what is taken, what everybody is told', async () => {
  await offer();
  const shop = await stack.merchant();
  const transaction = await shop.order({ currency: 'BTC', amount: '0.5', description: 'Book', ipn: 'http://127.0.0.1:1/' });
  const session = await signedIn({ AUD: '60' });
  const quote = await ask(session, transaction);
  assert.deepEqual(Object.keys(quote), ['quote', 'amount', 'cost', 'expires', 'now']);
  assert.deepEqual([quote.amount.value, quote.amount.currency, quote.cost.value, quote.cost.currency],
    ['0.50000000', 'BTC', '53.58459', 'AUD'], 'half a percent more than it costs now');
  assert.ok(quote.expires - quote.now >= 59 && quote.expires - quote.now <= 60, JSON.stringify(quote));
  assert.match(quote.quote, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  const paid = await pay(session, transaction, { quote: quote.quote });
  assert.deepEqual([paid.status, paid.paid.value, paid.taken.value, paid.taken.currency, paid.kept.value],
    ['paid', '0.50000000', COST, 'AUD', '0.00000000']);
  assert.equal(paid.redirect, 'https://shop.example/thanks');
  assert.deepEqual([await balance(session, 'AUD'), await balance(session, 'BTC'), await balance(shop, 'BTC')],
    ['6.68200', '0.00000000', '0.50000000']);
  const order = await details(transaction, shop);
  assert.deepEqual([order.status, order.payments[0].amount.value, order.payments[0].amount.currency, order.payments[0].autosell],
    ['paid', '0.50000000', 'BTC', null]);
  const event = await shop.ok('merchant/event/show', { event: order.notifications[0].event });
  assert.match(JSON.stringify(event), /BTC/);
  assert.doesNotMatch(JSON.stringify(event), /AUD/);
  const [spent] = (await session.ok('GET', '/site/history?currency=BTC')).result;
  assert.deepEqual([spent.type, spent.value.value, spent.info], ['spent', '0.50000000', `Payment to ${shop.user.login}: Book`]);
});

// 19.88 for 0.2 BTC at 100; 30.12 more from 30.30182 at 90: 0.53668689 BTC in all, 0.537 by the step, which bring 50.02802.
test('with bitcoins for dollars: enough is sold, what is over stays', async () => {
  await place('bid', '1', '90');
  await place('bid', '0.2', '100');
  const transaction = await merchant.order({ currency: 'AUD', amount: '50' });
  const session = await signedIn({ BTC: '1' });
  const quote = await ask(session, transaction, 'BTC');
  assert.deepEqual([quote.cost.value, quote.amount.value], ['0.53968500', '50.00000']);
  const paid = await pay(session, transaction, { quote: quote.quote });
  assert.deepEqual([paid.taken.value, paid.kept.value, paid.kept.currency], ['0.53700000', '0.02802', 'AUD']);
  assert.deepEqual([await balance(session, 'BTC'), await balance(session, 'AUD')], ['0.46300000', '0.02802']);
});

// The same bitcoins bought at 10 Canadian dollars: 5.37 + 0.03222.
test('with other dollars for dollars: through two markets', async () => {
  await place('bid', '1', '90');
  await place('bid', '0.2', '100');
  await place('ask', '1', '10', 'BTCCAD');
  const transaction = await merchant.order({ currency: 'AUD', amount: '50' });
  const session = await signedIn({ CAD: '6' });
  const paid = await pay(session, transaction, { quote: (await ask(session, transaction, 'CAD')).quote });
  assert.deepEqual([paid.taken.value, paid.taken.currency, paid.kept.value], ['5.40222', 'CAD', '0.02802']);
  assert.deepEqual([await balance(session, 'CAD'), await balance(session, 'BTC')], ['0.59778', '0.00000000']);
});

test('a part of an order, the rest from the balance', async () => {
  await offer();
  const session = await signedIn({ AUD: '60', BTC: '0.3' });
  const transaction = await bitcoins();
  const quote = await ask(session, transaction, 'AUD', { amount: '0.2' });
  const part = await pay(session, transaction, { quote: quote.quote, amount: '0.5' });
  assert.deepEqual([part.status, part.paid.value, part.taken.value], ['partial', '0.20000000', '20.12000'], 'the quote says how much');
  const whole = await pay(session, transaction);
  assert.deepEqual([whole.status, whole.taken, whole.kept], ['paid', null, null]);
});

test('wallets: what is in them and the market can change', async () => {
  const session = await signedIn({ AUD: '60', CAD: '5', BTC: '1', RUB: '7', USD: '1' });
  await place('ask', '0.25', '500', 'BTCAUD', session);
  const wallets = async (params) => (await session.ok('GET', `/site/pay/${await merchant.order(params)}/wallets`)).wallets
    .filter(({ currency }) => currency !== 'USD').map(({ currency, free }) => `${currency} ${free.value}`);
  assert.deepEqual(await wallets({ currency: 'AUD' }), ['BTC 0.75000000', 'CAD 5.00000'], 'what an order holds is not free');
  assert.deepEqual(await wallets({ currency: 'BTC' }), ['AUD 60.00000', 'CAD 5.00000']);
  assert.deepEqual(await wallets({ currency: 'RUB' }), []);
  await stack.ctl('market', 'halt', 'BTCCAD');
  assert.deepEqual(await wallets({ currency: 'BTC' }), ['AUD 60.00000']);
  assert.equal((await stack.request('GET', `/site/pay/${await bitcoins()}/wallets`)).status, 401);
  await session.refused(404, 'order_not_found', 'GET', `/site/pay/${randomUUID()}/wallets`);
});

test('what is not quoted', async () => {
  const session = await signedIn({ AUD: '60' });
  const transaction = await bitcoins();
  const path = `/site/pay/${transaction}/quote`;
  const refused = (status, error, body, field = undefined, target = path) =>
    session.refused(status, error, 'POST', target, body, { field });
  assert.equal((await stack.request('POST', path, { headers: { 'Content-Type': 'application/json' }, body: '{"currency":"AUD"}' })).status, 401);
  await session.refused(403, 'csrf', 'POST', path, { currency: 'AUD' }, { headers: { 'X-CSRF-Token': 'x' } });
  await refused(400, 'missing_parameter', {}, 'currency');
  await refused(400, 'unknown_currency', { currency: 'XXX' }, 'currency');
  await refused(404, 'unknown_market', { currency: 'BTC' }, 'currency');
  await refused(404, 'unknown_market', { currency: 'RUB' }, 'currency');
  await refused(409, 'no_liquidity', { currency: 'AUD' });
  await place('ask', '0.499', '100');
  await refused(409, 'no_liquidity', { currency: 'AUD' });
  await refused(409, 'order_amount_low', { currency: 'AUD', amount: '0.009' });
  await refused(409, 'order_overpaid', { currency: 'AUD', amount: '0.50000001' }, 'amount');
  await refused(400, 'amount_not_positive', { currency: 'AUD', amount: '0' }, 'amount');
  await refused(400, 'amount_digits', { currency: 'AUD', amount: '0.000000001' }, 'amount');
  const whole = await bitcoins({ instant_only: 1 });
  await refused(409, 'order_whole', { currency: 'AUD', amount: '0.1' }, 'amount', `/site/pay/${whole}/quote`);
  await refused(404, 'order_not_found', { currency: 'AUD' }, undefined, `/site/pay/${randomUUID()}/quote`);
  await refused(400, 'not_uuid', { currency: 'AUD' }, 'id', '/site/pay/x/quote');
  for (const currency of CURRENCIES) await stack.ctl('market', 'halt', `BTC${currency}`);
  await refused(409, 'market_halted', { currency: 'AUD' });
  await merchant.ok('merchant/order/cancel', { transaction });
  await refused(409, 'order_cancelled', { currency: 'AUD' });
  const own = await stack.user({ password: PASSWORD });
  const shop = await stack.key(own.login, 'merchant');
  await (await stack.signIn(own)).refused(409, 'order_own', 'POST', `/site/pay/${await shop.order({ currency: 'BTC' })}/quote`,
    { currency: 'AUD' });
});

test('what refuses a payment by quote leaves everything as it was', async () => {
  await offer();
  const session = await signedIn({ AUD: '53.58458' });
  const transaction = await bitcoins();
  const { quote } = await ask(session, transaction);
  const refused = async (status, error, { body = { quote }, field = undefined, order = transaction, who = session } = {}) => {
    await payRefused(who, order, status, error, body, field);
    assert.deepEqual([await ordersOf(session), await balance(session, 'AUD')], [0, '53.58458']);
  };
  await refused(409, 'insufficient_funds');
  await refused(400, 'not_uuid', { body: { quote: 'x' }, field: 'quote' });
  await refused(404, 'quote_not_found', { body: { quote: randomUUID() } });
  await refused(404, 'quote_not_found', { order: await bitcoins() });
  await refused(404, 'quote_not_found', { who: await signedIn({ AUD: '100' }) });
  await stack.ctl('market', 'halt', 'BTCAUD');
  await refused(409, 'market_halted');
  await stack.ctl('market', 'resume', 'BTCAUD');
  await clear();
  await refused(409, 'quote_exceeded');
  await place('ask', '0.5', '106.6');
  await stack.ctl('credit', session.user.login, 'AUD', '0.00001', '--note', 'Deposit');
  // 53.3 + 0.3198 is more than 53.58459.
  await payRefused(session, transaction, 409, 'quote_exceeded', { quote });
  await expire(quote);
  await payRefused(session, transaction, 409, 'quote_expired', { quote });
  assert.deepEqual([await ordersOf(session), await balance(session, 'AUD')], [0, '53.58459']);
  await place('ask', '0.1', '100');
  const again = await ask(session, transaction); // 10 + 0.06, 42.64 + 0.25584
  const paid = await pay(session, transaction, { quote: again.quote });
  assert.equal(paid.taken.value, '52.95584');
});

test('a one-time password is the last step: without it nothing was traded, and the quote is still good', async () => {
  await offer();
  const session = await signedIn({ AUD: '60' });
  const { key_base32: device } = await session.ok('POST', '/site/otp', { kind: 'hotp' });
  await session.ok('POST', '/site/otp/confirm', { code: hotp(device, 0), password: PASSWORD });
  const transaction = await bitcoins();
  const { quote } = await ask(session, transaction);
  await payRefused(session, transaction, 400, 'otp_required', { quote }, 'otp');
  await payRefused(session, transaction, 400, 'otp_invalid', { quote, otp: '000000' }, 'otp');
  assert.equal(await ordersOf(session), 0);
  const key = unique();
  const paid = await pay(session, transaction, { quote, otp: hotp(device, 1) }, key);
  assert.equal(paid.taken.value, COST);
  assert.equal((await pay(session, transaction, { quote, otp: hotp(device, 1) }, key)).payment_id, paid.payment_id);
});

test('the same Idempotency-Key pays once and tells the same, ten at once too', async () => {
  await offer();
  const session = await signedIn({ AUD: '60' });
  const transaction = await bitcoins({ amount: '0.1', multipay: 1 });
  const { quote } = await ask(session, transaction);
  const key = unique();
  const replies = await inParallel(10, Array.from({ length: 10 }, () => () => pay(session, transaction, { quote }, key)));
  assert.deepEqual([...new Set(replies.map(({ payment_id, taken, kept }) => `${payment_id} ${taken.value} ${kept.value}`))].length, 1);
  assert.deepEqual([replies[0].taken.value, await balance(session, 'AUD')], ['10.06000', '49.94000']);
  const other = await ask(session, transaction);
  for (const body of [{ quote: other.quote }, {}])
    await session.refused(409, 'idempotency_conflict', 'POST', `/site/pay/${transaction}`, body, { headers: named(key) });
  await payRefused(session, transaction, 404, 'quote_not_found', { quote });
  assert.deepEqual([(await details(transaction)).payments.length, await ordersOf(session)], [1, 1]);
});

test('16 payers with quotes race for one order: one pays, nobody else trades', async () => {
  await place('ask', '10', '100');
  const transaction = await bitcoins({ amount: '0.1' });
  const payers = await inParallel(4, Array.from({ length: 16 }, () => () => signedIn({ AUD: '20' })));
  const quotes = await inParallel(8, payers.map((payer) => () => ask(payer, transaction)));
  const replies = await inParallel(16, payers.map((payer, i) => () =>
    payer.call('POST', `/site/pay/${transaction}`, { quote: quotes[i].quote }, named())));
  const lost = replies.filter(({ status }) => status !== 200);
  assert.deepEqual([lost.length, ...new Set(lost.map(({ status, json }) => `${status} ${json.error}`))], [15, '409 order_paid']);
  const counts = await inParallel(4, payers.map((payer) => () => ordersOf(payer)));
  assert.equal(counts.reduce((sum, count) => sum + count), 1);
  assert.equal((await details(transaction)).payments.length, 1);
});

test('payments by quote, orders and cancels at once: the books agree', async () => {
  const payers = await inParallel(4, Array.from({ length: 8 }, () => () => signedIn({ AUD: '500' })));
  await place('ask', '5', '100');
  const results = await inParallel(12, Array.from({ length: 96 }, (_, i) => async () => {
    if (i % 3 === 0) {
      const { oid } = await place(i % 2 ? 'bid' : 'ask', '0.05', i % 2 ? '99' : '101');
      if (i % 4 === 0) await trader.call('POST', `/site/market/orders/${oid}/cancel`, {});
      return null;
    }
    const payer = payers[i % 8];
    const transaction = await bitcoins({ amount: '0.02', autosell: i % 2 });
    const { quote } = await ask(payer, transaction);
    return payer.call('POST', `/site/pay/${transaction}`, { quote }, named());
  }));
  for (const reply of results.filter(Boolean)) assert.equal(reply.status, 200, reply.text);
});

/** A shop that pays 1 % and sells its bitcoins for Australian dollars, down to so many percent below the market. */
async function sellingShop(below = 100) {
  const user = await stack.user({ password: PASSWORD });
  const shop = Object.assign(await stack.key(user.login, 'get_info,merchant'), { user });
  await stack.ctl('merchant', 'fee', user.login, 'BTC', '--percent', '1', '--fixed', '0');
  assert.deepEqual(await stack.ctl('merchant', 'autosell', user.login, 'AUD', '--below', String(below)),
    { merchant: user.login, currency: 'AUD', below_percent: below });
  return shop;
}

/** What was traded for Australian dollars happened an hour earlier. */
const anHourPasses = (hours = 1) => stack.sql(`SET @market = (SELECT m.id FROM market AS m JOIN currency AS c ON c.id = m.currency_id
    WHERE c.code = 'AUD'); UPDATE market_candle SET at = at - ${hours * 3600} WHERE market_id = @market ORDER BY at;
  UPDATE trade SET tid = tid - ${hours}*3600000000 WHERE market_id = @market ORDER BY tid;
  UPDATE market SET last_tid = GREATEST(last_tid - ${hours}*3600000000, 0) WHERE id = @market`);

/** What autosell made of an order's payments. */
const sales = async (shop, transaction) => (await details(transaction, shop)).payments.map(({ autosell }) =>
  autosell && `${autosell.sold.value} ${autosell.sold.currency} for ${autosell.earned.value} ${autosell.earned.currency}`);

test('autosell: what was earned, less the fee, at once', async () => {
  const session = await signedIn({ BTC: '10' });
  const shop = await sellingShop();
  const order = (params = {}) => shop.order({ currency: 'BTC', amount: '0.5', autosell: 1, ...params });
  const sold = async (transaction) => [await sales(shop, transaction), await balance(shop, 'BTC'), await balance(shop, 'AUD')];

  const empty = await order();
  assert.equal((await pay(session, empty)).status, 'paid');
  assert.deepEqual(await sold(empty), [[null], '0.49500000', '0'], 'an empty book: the coins stay');

  await place('bid', '0.2', '100');
  const thin = await order();
  await pay(session, thin);
  assert.deepEqual(await sold(thin), [['0.20000000 BTC for 19.88000 AUD'], '0.79000000', '19.88000'], 'a thin one: so do the rest');

  await place('bid', '1', '90');
  await stack.ctl('market', 'halt', 'BTCAUD');
  const halted = await order();
  await pay(session, halted);
  assert.deepEqual(await sold(halted), [[null], '1.28500000', '19.88000']);
  await stack.ctl('market', 'resume', 'BTCAUD');

  const little = await order({ amount: '0.01' });
  await pay(session, little);
  assert.deepEqual(await sold(little), [[null], '1.29490000', '19.88000'], 'below the least amount');

  const full = await order(); // 44.55 - 0.2673
  await pay(session, full);
  assert.deepEqual(await sold(full), [['0.49500000 BTC for 44.28270 AUD'], '1.29490000', '64.16270']);

  const parts = await order({ amount: '0.1' });
  await pay(session, parts, { amount: '0.04' });
  assert.deepEqual((await sales(shop, parts)), [null]);
  await pay(session, parts, { amount: '0.06' }); // 0.099 at 90: 8.91 - 0.05346
  assert.deepEqual(await sales(shop, parts), [null, '0.09900000 BTC for 8.85654 AUD']);

  const plain = await order({ autosell: 0 });
  await pay(session, plain);
  assert.deepEqual(await sales(shop, plain), [null]);
});

test('autosell: each payment of a multipay order; ten at once under one key sell once', async () => {
  await place('bid', '1', '100');
  const session = await signedIn({ BTC: '10' });
  const shop = await sellingShop();
  const transaction = await shop.order({ currency: 'BTC', amount: '0.1', autosell: 1, multipay: 1 });
  const key = unique();
  const replies = await inParallel(10, Array.from({ length: 10 }, () => () => pay(session, transaction, {}, key)));
  assert.equal(new Set(replies.map(({ payment_id }) => payment_id)).size, 1);
  await pay(session, transaction);
  const each = '0.09900000 BTC for 9.84060 AUD';
  assert.deepEqual(await sales(shop, transaction), [each, each]);
});

test('autosell: of what a quote paid', async () => {
  await offer();
  const shop = await sellingShop();
  const transaction = await shop.order({ currency: 'BTC', amount: '0.5', autosell: 1 });
  await place('bid', '0.5', '95');
  const session = await signedIn({ AUD: '60' });
  const paid = await pay(session, transaction, { quote: (await ask(session, transaction)).quote });
  assert.equal(paid.taken.value, COST);
  assert.deepEqual(await sales(shop, transaction), ['0.49500000 BTC for 46.74285 AUD']); // 47.025 - 0.28215
});

test('autosell: a bid at next to nothing does not take the coins; they are kept and said', async () => {
  const session = await signedIn({ BTC: '10' });
  const accomplice = await signedIn({ AUD: '100', BTC: '1' });
  const shop = await sellingShop(10);
  const page = await stack.signIn(shop.user);
  const kept = async (transaction) => (await details(transaction, shop)).payments[0].autosell_kept;
  const sell = async () => {
    const transaction = await shop.order({ currency: 'BTC', amount: '0.5', autosell: 1 });
    await pay(session, transaction);
    return transaction;
  };
  const trade = async (price, seller = session) => {
    await anHourPasses();
    await place('ask', '0.01', price, 'BTCAUD', seller);
    await place('bid', '0.01', price, 'BTCAUD', trader);
  };

  await anHourPasses(31 * 24);
  await place('bid', '0.01', '0.00001', 'BTCAUD', accomplice);
  await place('ask', '0.01', '0.00001', 'BTCAUD', trader);
  await place('bid', '5', '0.00001', 'BTCAUD', accomplice);
  const unknown = await sell();
  assert.deepEqual(await kept(unknown), { amount: (await kept(unknown)).amount, reason: 'no_reference', reference: null, floor: null });
  assert.equal((await kept(unknown)).amount.value, '0.49500000');
  await clear();

  for (let hour = 0; hour < 3; hour++) await trade('100');
  await anHourPasses();
  await place('bid', '0.01', '0.00001', 'BTCAUD', accomplice);
  await place('ask', '0.01', '0.00001', 'BTCAUD', trader);
  await place('bid', '5', '0.00001', 'BTCAUD', accomplice);
  const cheap = await sell();
  assert.deepEqual([await sales(shop, cheap), (await kept(cheap)).reason, (await kept(cheap)).floor.value,
    (await kept(cheap)).reference.value], [[null], 'price', '90.00000', '100.00000']);
  await place('bid', '0.2', '90', 'BTCAUD', trader);
  const part = await sell();
  assert.deepEqual([await sales(shop, part), (await kept(part)).amount.value], [['0.20000000 BTC for 17.89200 AUD'], '0.29500000']);

  const history = (await page.ok('GET', '/site/history?currency=BTC')).result;
  assert.deepEqual(history.map(({ type, value, info }) => `${type} ${value.value} ${info}`).filter((line) => /autosell/.test(line)),
    ['earned 0.00000000 Kept by autosell: 0.29500000 BTC, buyers offered less than 90.00000 AUD',
      'earned 0.00000000 Kept by autosell: 0.49500000 BTC, buyers offered less than 90.00000 AUD',
      'earned 0.00000000 Kept by autosell: 0.49500000 BTC, nothing says what a fair price is']);
  const choice = await page.ok('GET', '/site/merchant/autosell');
  assert.deepEqual([choice.currency, choice.below_percent], ['AUD', 10]);
  assert.deepEqual(choice.kept.map(({ transaction, reason, amount }) => [transaction, reason, amount.value]),
    [[part, 'price', '0.29500000'], [cheap, 'price', '0.49500000'], [unknown, 'no_reference', '0.49500000']]);
  assert.deepEqual((await session.ok('GET', '/site/merchant/autosell')), { currency: null, below_percent: 10, kept: [] },
    'another\'s choice is their own');
  const set = (body) => page.ok('POST', '/site/merchant/autosell', body);
  for (const [below_percent, error] of [['101', 'out_of_range'], ['-1', 'out_of_range'], ['1.5', 'invalid_parameter']])
    await page.refused(400, error, 'POST', '/site/merchant/autosell', { below_percent }, { field: 'below_percent' });
  await page.refused(400, 'missing_parameter', 'POST', '/site/merchant/autosell', {}, { field: 'below_percent' });
  assert.deepEqual(Object.values(await set({ below_percent: 11 })).slice(0, 2), [null, 11]);
  await set({ currency: 'AUD', below_percent: 100 });
  assert.deepEqual(await sales(shop, await sell()), ['0.49500000 BTC for 0.00000 AUD'], 'at any price, where the merchant says so');
});

test('tellerctl merchant autosell: the choice, taken back, refused', async () => {
  const user = await stack.user();
  const choice = async () => stack.sql(`SELECT c.code FROM merchant_autosell AS a JOIN currency AS c ON c.id = a.currency_id
    JOIN user AS u ON u.id = a.merchant_id WHERE u.login = '${user.login}'`);
  await stack.ctl('merchant', 'autosell', user.login, 'CAD');
  await stack.ctl('merchant', 'autosell', user.login, 'AUD');
  assert.deepEqual(await choice(), [['AUD']]);
  await stack.ctl('merchant', 'autosell', user.login, 'AUD', '--below', '25');
  assert.deepEqual(await stack.ctl('merchant', 'autosell', user.login, 'off'),
    { merchant: user.login, currency: null, below_percent: 25 }, 'what is not said stays');
  for (const below of ['101', '-1', 'ten', ''])
    assert.equal((await stack.ctlResult(['merchant', 'autosell', user.login, 'AUD', '--below', below])).code, 2, below);
  assert.deepEqual(await choice(), []);
  assert.equal((await stack.ctlResult(['merchant', 'autosell', user.login, 'XXX'])).code, 2);
  assert.equal((await stack.ctlResult(['merchant', 'autosell', 'nobody-at-all', 'AUD'])).code, 1);
  assert.equal((await stack.ctlResult(['merchant', 'autosell', user.login])).code, 2);
});

test('the sweeper deletes quotes that expired an hour ago', async () => {
  await offer();
  const session = await signedIn({ AUD: '60' });
  const transaction = await bitcoins();
  const quotes = [await ask(session, transaction), await ask(session, transaction)];
  await stack.sql(`UPDATE checkout_quote SET expires_at = NOW(6) - INTERVAL 3601 SECOND WHERE id = UNHEX('${
    quotes[0].quote.replaceAll('-', '')}')`);
  await stack.sweep();
  await payRefused(session, transaction, 404, 'quote_not_found', { quote: quotes[0].quote });
  assert.equal((await pay(session, transaction, { quote: quotes[1].quote })).status, 'paid');
});
