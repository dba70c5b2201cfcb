// Merchant checkout on the v1 face: creating orders and every way to do it wrong, reading, cancelling, refunding.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { closeConnections, form, inParallel, stack, tonce, unique } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';
const SHOP = 'https://shop.example';

let merchant, other;
before(async () => {
  merchant = await stack.merchant();
  other = await stack.merchant();
});
after(async () => {
  await stack.audit();
  closeConnections();
});

const request = (changes = {}) => ({ currency: 'USD', amount: '100', return_success: `${SHOP}/thanks`,
  return_failure: `${SHOP}/cancelled`, ...changes });
const create = (changes = {}, options = {}) => merchant.ok('merchant/order/create', request(changes), options);
const details = (transaction, who = merchant) => who.ok('merchant/order/details', { transaction });
/** An order with these parameters, as its merchant reads it back. */
const made = async (changes) => details((await create(changes)).transaction);
const refused = (token, changes, error = undefined) =>
  merchant.refused(token, 'merchant/order/create', request(changes), { error });

/** A signed-in buyer. */
async function buyer(funds = { USD: '1000' }) {
  const user = await stack.user({ password: PASSWORD, funds });
  return Object.assign(await stack.signIn(user), { user });
}
const pay = (session, transaction, body = {}, key = unique()) =>
  session.ok('POST', `/site/pay/${transaction}`, body, { 'Idempotency-Key': key });
const balance = async (who, currency = 'USD') => Number((await stack.balance(who.user.login, currency)).available);
const moved = (order) => [order.status, order.paid.value, order.refunded.value];

/** Moves an order's end into the past. */
const expire = (transaction) => stack.sql(`UPDATE checkout_order SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE id = UNHEX('${
  transaction.replaceAll('-', '')}')`);

const MEMBERS = ['transaction', 'payment_url', 'status', 'amount', 'paid', 'refunded', 'missing', 'description', 'return_success',
  'return_failure', 'ipn', 'data', 'data_base64', 'autosell', 'email', 'instant_only', 'multipay', 'created', 'expires',
  'completed', 'ended'];

test('create: exact reply, under each spelling of the path', async () => {
  const site = (await stack.ctl('config')).find((row) => row.key === 'site.base_url').value;
  for (const path of ['generic/merchant/order/create', 'generic/private/merchant/order/create']) {
    const { text, json } = await merchant.call('', request(), { path: `/api/1/${path}` });
    const { transaction } = json.return;
    assert.match(transaction, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(text, `{"result":"success","return":{"transaction":"${transaction}","payment_url":"${
      `${site}/pay/`.replaceAll('/', '\\/')}${transaction}"}}`);
  }
});

test('details: every member, in order', async () => {
  const order = await made({ ipn: 'http://127.0.0.1:1/ipn?shop=1', data: '119', autosell: 1, email: 'true', description: 'Café' });
  assert.deepEqual(Object.keys(order), [...MEMBERS, 'payments', 'notifications']);
  assert.deepEqual([order.status, order.amount.value_int, order.paid.value_int, order.refunded.value_int, order.missing.value_int],
    ['open', '10000000', '0', '0', '10000000']);
  assert.deepEqual([order.description, order.return_success, order.return_failure, order.ipn],
    ['Café', `${SHOP}/thanks`, `${SHOP}/cancelled`, 'http://127.0.0.1:1/ipn?shop=1']);
  assert.deepEqual([order.data, order.data_base64, order.autosell, order.email, order.instant_only, order.multipay],
    ['119', 'MTE5', true, true, false, false]);
  assert.equal(order.expires - order.created, 3600);
  assert.deepEqual([order.completed, order.ended, order.payments, order.notifications], [null, null, [], []]);
});

test('create: what is optional may be missing or empty', async () => {
  const { transaction } = await merchant.ok('merchant/order/create', { currency: 'BTC', amount_int: '1', return_success: `${SHOP}/ok` });
  const order = await details(transaction);
  assert.deepEqual([order.description, order.return_failure, order.ipn, order.data, order.data_base64],
    [`Payment to ${merchant.user.login}`, null, null, null, null]);
  assert.deepEqual([order.autosell, order.email, order.instant_only, order.multipay], [false, false, false, false]);
  const empty = await made({ description: '', ipn: '', return_failure: '', data: '', autosell: '', multipay: '' });
  assert.deepEqual([empty.description, empty.return_failure, empty.ipn, empty.data, empty.data_base64],
    [`Payment to ${merchant.user.login}`, null, null, '', '']);
});

test('create: amounts as shops write them', async () => {
  for (const [changes, units] of [[{ amount: '12.50' }, '1250000'], [{ amount: '12.5' }, '1250000'], [{ amount: '12' }, '1200000'],
    [{ amount: undefined, amount_int: '1250000' }, '1250000'], [{ amount: '12.5', amount_int: '1250000' }, '1250000'],
    [{ currency: 'BTC', amount: '0.00000001' }, '1'], [{ currency: 'JPY', amount: '1' }, '1000'],
    [{ currency: 'EUR', amount: '00012.50000' }, '1250000']])
    assert.equal((await made(changes)).amount.value_int, units, JSON.stringify(changes));
});

test('create: booleans as shops write them', async () => {
  for (const name of ['autosell', 'email', 'instant_only', 'multipay'])
    for (const [value, expected] of [['1', true], ['0', false], ['true', true], ['false', false]])
      assert.equal((await made({ [name]: value }))[name], expected, `${name}=${value}`);
});

test('create: cancel_return is another name of return_failure, which goes first', async () => {
  assert.equal((await made({ return_failure: undefined, cancel_return: `${SHOP}/back` })).return_failure, `${SHOP}/back`);
  assert.equal((await made({ cancel_return: `${SHOP}/back` })).return_failure, `${SHOP}/cancelled`);
});

test('create: data comes back as it was, byte by byte', async () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  for (const data of [all, randomBytes(4096), Buffer.from([0]), Buffer.from('a:2:{i:0;s:4:"cart";i:1;s:2:"ä"}'), Buffer.from('17,key'),
    Buffer.from(' +%20&= '), Buffer.from('x'.repeat(4096))]) {
    const order = await made({ data });
    assert.ok(Buffer.from(order.data_base64, 'base64').equals(data), data.toString('hex').slice(0, 40));
    const isText = Buffer.from(data.toString('utf8')).equals(data) && !data.includes(0);
    assert.equal(order.data, isText ? data.toString('utf8') : null);
  }
});

test('create: expires', async () => {
  for (const seconds of [60, 7200, 2678400]) {
    const order = await made({ expires: seconds });
    assert.equal(order.expires - order.created, seconds);
  }
  assert.equal((await made({ multipay: 1 })).expires, null, 'what is paid again and again stays');
  const short = await made({ multipay: 1, expires: 60 });
  assert.equal(short.expires - short.created, 60);
});

test('create: return URLs that shops have', async () => {
  for (const url of ['http://shop.example', 'HTTPS://shop.example:8443/a?b=c&d=%20#e', 'http://192.0.2.1/x', 'http://[2001:db8::1]/',
    'http://localhost/x', 'http://me:word@shop.example/', `https://shop.example/${'x'.repeat(1979)}`]) {
    assert.equal((await made({ return_success: url })).return_success, url);
    assert.equal((await made({ return_failure: url })).return_failure, url);
  }
});

for (const name of ['return_success', 'return_failure', 'cancel_return', 'ipn']) {
  test(`create: bad ${name}`, async () => {
    const bad = ['shop.example', '/thanks', '//shop.example', 'ftp://shop.example/', 'javascript:alert(1)', 'data:text/html,x', 'http:',
      'http://', 'https:///x', 'http://?x', 'http://@evil.example', 'http:\\\\shop.example', ' http://shop.example', 'http://shop.example/a b',
      'http://shop.example/\r\nSet-Cookie: a=b', 'http://shop.example/\t', 'http://shop.example/\x7f', `http://shop.example/${'x'.repeat(1990)}`];
    bad.push('http://ü:p@shop.example/', 'http://ü.example:80@evil.example/');
    if (name === 'ipn') bad.push('http://user:password@shop.example/', 'http://shop.example:0/', 'http://shop.example:99999/', 'http://shop.example/#ä');
    for (const url of bad)
      await refused('not_url', { ...(name === 'cancel_return' ? { return_failure: undefined } : {}), [name]: url },
        `Invalid parameter "${name}" (should be an http or https URL)`);
    await refused('not_utf8', { [name]: Buffer.from([0x68, 0xff]) }, `Invalid parameter "${name}" (is not valid UTF-8)`);
    await refused('too_long', { [name]: `http://shop.example/${'x'.repeat(4096)}` }, `Invalid parameter "${name}" (is too long)`);
  });
}

test('create: URLs as people write them get the names that machines know', async () => {
  for (const [url, stored] of [['http://bücher.example', 'http://xn--bcher-kva.example'], ['https://Bücher.Example:8443/Süß/?q=ä&r=%C3%A4', 'https://xn--bcher-kva.example:8443/S%C3%BC%C3%9F/?q=%C3%A4&r=%C3%A4'],
    ['http://straße.example/', 'http://xn--strae-oqa.example/'], ['http://例え。テスト/買う', 'http://xn--r8jz45g.xn--zckzah/%E8%B2%B7%E3%81%86'],
    ['http://магазин.рф/ipn', 'http://xn--80aairftm.xn--p1ai/ipn'], ['http://shop.example/ä', 'http://shop.example/%C3%A4'], ['http://shop.example/😀?', 'http://shop.example/%F0%9F%98%80?']])
    for (const name of ['ipn', 'return_success', 'return_failure']) assert.equal((await made({ [name]: url }))[name], stored, name);
  assert.equal((await made({ return_success: 'https://shop.example/#ä' })).return_success, 'https://shop.example/#%C3%A4');
  for (const url of ['http://bü cher.example/', 'http://ü@shop.example/', 'http://ü..example/', 'http://-ü.example/', 'http://ü\u200b\u2028.example/', 'http://a\u2100b.example/', `http://${'ü'.repeat(64)}.example/`])
    for (const name of ['ipn', 'return_success', 'return_failure'])
      await refused('not_host', { [name]: url }, `Invalid parameter "${name}" (names a host that is no domain name)`);
  await refused('too_long', { ipn: `http://shop.example/${'ä'.repeat(400)}` }, 'Invalid parameter "ipn" (is too long)');
});

test('create: return_success is required', async () => {
  await refused('missing_parameter', { return_success: undefined }, 'Invalid parameter "return_success" (is required)');
  await refused('empty', { return_success: '' }, 'Invalid parameter "return_success" (must not be empty)');
});

test('create: bad currency', async () => {
  await refused('missing_parameter', { currency: undefined }, 'Invalid parameter "currency" (is required)');
  await refused('empty', { currency: '' }, 'Invalid parameter "currency" (must not be empty)');
  for (const currency of ['XYZ', 'usd', "USD' OR 1=1"]) await refused('unknown_currency', { currency },
    'Invalid parameter "currency" (is not a known currency)');
});

test('create: a currency that is closed', async () => {
  await stack.ctl('currency', 'disable', 'NZD');
  try {
    const reply = await refused('disabled_currency', { currency: 'NZD' });
    assert.match(reply.error, /^Invalid parameter "currency"/);
  } finally {
    await stack.ctl('currency', 'enable', 'NZD');
  }
  await create({ currency: 'NZD' });
});

test('create: exact amounts and booleans as other programs spell them', async () => {
  for (const [amount, value] of [['.5', '0.50000'], ['1.', '1.00000'], ['1e2', '100.00000'], ['5.0E-5', '0.00005'], ['1.500000000', '1.50000']]) {
    assert.equal((await made({ amount })).amount.value, value, amount);
  }
  for (const [multipay, value] of [['TRUE', true], ['yes', true], ['on', true], ['False', false], ['0', false]]) {
    assert.equal((await made({ multipay })).multipay, value, multipay);
  }
});

test('create: bad amount', async () => {
  await refused('missing_parameter', { amount: undefined }, 'Invalid parameter "amount" (is required)');
  await refused('missing_parameter', { amount: '' }, 'Invalid parameter "amount" (is required)');
  for (const [value, token] of [['0', 'amount_not_positive'], ['-1', 'amount_not_positive'], ['ten', 'amount_format'], ['1e', 'amount_format'],
    ['1,5', 'amount_format'], ['.', 'amount_format'], ['1e-6', 'amount_digits'], [' 1', 'amount_format'], ['+1', 'amount_format'],
    ['1.000001', 'amount_digits'], ['9'.repeat(40), 'amount_range']]) {
    const reply = await refused(token, { amount: value });
    assert.match(reply.error, /^Invalid parameter "amount"/, value);
  }
  for (const [value, token] of [['0', 'amount_not_positive'], ['-1', 'amount_not_positive'], ['1.5', 'amount_format'], ['0x10', 'amount_format'],
    ['9'.repeat(40), 'amount_range']]) {
    const reply = await refused(token, { amount: undefined, amount_int: value });
    assert.match(reply.error, /^Invalid parameter "amount_int"/, value);
  }
  await refused('amount_disagrees', { amount: '1', amount_int: '1' });
});

test('create: bad description', async () => {
  await refused('too_long', { description: 'ä'.repeat(256) }, 'Invalid parameter "description" (is too long)');
  await refused('not_utf8', { description: Buffer.from([0xe4]) }, 'Invalid parameter "description" (is not valid UTF-8)');
  assert.equal((await made({ description: 'ä'.repeat(255) })).description, 'ä'.repeat(255));
  assert.equal((await made({ description: "Robert'); DROP TABLE user; <b>\u{1f600}" })).description, "Robert'); DROP TABLE user; <b>\u{1f600}");
});

test('create: too much data', () => refused('too_long', { data: 'x'.repeat(4097) }, 'Invalid parameter "data" (is too long)'));

for (const name of ['autosell', 'email', 'instant_only', 'multipay'])
  test(`create: bad ${name}`, async () => {
    for (const value of ['2', 'maybe', '1.0', '-1'])
      await refused('invalid_parameter', { [name]: value }, `Invalid parameter "${name}" (is not valid)`);
  });

test('create: bad expires', async () => {
  for (const value of ['59', '0', '-60', '2678401', '99999999999999999999'])
    await refused('out_of_range', { expires: value }, 'Invalid parameter "expires" (should be seconds from now, 60 to 2678400)');
  for (const value of ['soon', '1.5', '60s']) await refused('invalid_parameter', { expires: value });
});

test('create: over the cap of the body', () =>
  merchant.refused('request_too_large', 'merchant/order/create', request({ data: 'x'.repeat(1 << 16) }), { status: 413 }));

test('create: unknown parameters are ignored', () => create({ foo: 'bar', transaction: randomUUID() }));

test('create: the same signed request twice makes one order', async () => {
  const body = form({ tonce: tonce(), ...request({ data: unique() }) });
  const send = () => stack.request('POST', '/api/1/generic/merchant/order/create', { headers: merchant.headers(body), body });
  assert.equal((await send()).json.result, 'success');
  const again = await send();
  assert.deepEqual([again.status, again.json.token], [403, 'login_error_invalid_nonce']);
});

for (const call of ['create', 'details', 'list', 'cancel', 'refund']) {
  test(`${call}: needs a key, the right merchant, and POST`, async () => {
    const path = `/api/1/generic/merchant/order/${call}`;
    const none = await stack.request('POST', path, { body: '', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
    assert.deepEqual([none.status, none.json.token], [403, 'login_error_missing_rest_key']);
    const customer = await stack.customer();
    await customer.refused('missing_right', `merchant/order/${call}`, request(), { status: 403 });
    assert.equal((await stack.request('GET', path)).status, 405);
  });
}

for (const call of ['details', 'cancel', 'refund']) {
  test(`${call}: which order`, async () => {
    const transaction = await merchant.order();
    const words = { error: 'Order not found' };
    await merchant.refused('missing_parameter', `merchant/order/${call}`, {}, { error: 'Invalid parameter "transaction" (is required)' });
    await merchant.refused('not_uuid', `merchant/order/${call}`, { transaction: 'x' }, { error: 'Invalid parameter "transaction" (should be a UUID)' });
    await merchant.refused('order_not_found', `merchant/order/${call}`, { transaction: randomUUID() }, words);
    await other.refused('order_not_found', `merchant/order/${call}`, { transaction }, words);
    assert.equal((await details(transaction)).status, 'open');
  });
}

test('list: newest first, filters, pages, nobody else\'s', async () => {
  const shop = await stack.merchant();
  const list = (params = {}) => shop.ok('merchant/order/list', params);
  const none = await list();
  assert.deepEqual(none, { records: '0', result: [], current_page: 1, max_page: 1, max_results: 50 });
  const ids = [];
  for (let i = 0; i < 53; i++) ids.unshift(await shop.order({ amount: '1' }));
  await shop.ok('merchant/order/cancel', { transaction: ids[0] });
  await expire(ids[1]);
  const first = await list();
  assert.deepEqual([first.records, first.current_page, first.max_page, first.max_results, first.result.length], ['53', 1, 2, 50, 50]);
  assert.deepEqual(Object.keys(first.result[0]), MEMBERS);
  const second = await list({ page: 2 });
  assert.deepEqual([...first.result, ...second.result].map((order) => order.transaction), ids);
  const only = async (params) => (await list(params)).result.map((order) => order.transaction);
  assert.deepEqual(await only({ status: 'cancelled' }), [ids[0]]);
  assert.deepEqual(await only({ status: 'closed' }), [ids[1]]);
  assert.equal((await list({ status: 'open' })).records, '51');
  assert.equal((await list({ since: Math.floor(Date.now() / 1000) + 60 })).records, '0');
  assert.equal((await list({ since: '2011-01-01', status: '', page: '' })).records, '53');
  for (const [params, token, name] of [[{ status: 'lost' }, 'invalid_parameter', 'status'], [{ since: 'then' }, 'not_date', 'since'],
    [{ page: 0 }, 'out_of_range', 'page'], [{ page: 'x' }, 'invalid_parameter', 'page']]) {
    const reply = await shop.refused(token, 'merchant/order/list', params);
    assert.ok(reply.error.startsWith(`Invalid parameter "${name}"`), reply.error);
  }
});

test('cancel: an open order; nothing more happens to it', async () => {
  const transaction = await merchant.order();
  const order = await merchant.ok('merchant/order/cancel', { transaction });
  assert.deepEqual(Object.keys(order), [...MEMBERS, 'payments', 'notifications']);
  assert.deepEqual([...moved(order), order.missing.value], ['cancelled', '0.00000', '0.00000', '0.00000']);
  assert.ok(order.ended >= order.created);
  assert.deepEqual(order.notifications.map((event) => event.status), ['cancelled']);
  await merchant.refused('order_cancelled', 'merchant/order/cancel', { transaction }, { error: 'Order is cancelled' });
  await merchant.refused('order_not_paid', 'merchant/order/refund', { transaction });
  const someone = await buyer();
  await someone.refused(409, 'order_cancelled', 'POST', `/site/pay/${transaction}`, {}, { headers: { 'Idempotency-Key': unique() } });
  assert.equal(await balance(someone), 1000);
});

test('cancel: what several buyers paid in part goes back to each', async () => {
  const transaction = await merchant.order();
  const [one, two] = [await buyer(), await buyer()];
  await pay(one, transaction, { amount: '30' });
  await pay(two, transaction, { amount: '40' });
  await pay(one, transaction, { amount: '5' });
  assert.deepEqual([await balance(one), await balance(two)], [965, 960]);
  const order = await merchant.ok('merchant/order/cancel', { transaction });
  assert.deepEqual(moved(order), ['cancelled', '75.00000', '75.00000']);
  assert.deepEqual(order.payments.map((payment) => [payment.payer, payment.amount.value, payment.refunded.value]),
    [[one.user.login, '30.00000', '30.00000'], [two.user.login, '40.00000', '40.00000'], [one.user.login, '5.00000', '5.00000']]);
  assert.deepEqual(order.notifications.map((event) => event.status), ['cancelled', 'partial', 'partial', 'partial']);
  assert.deepEqual([await balance(one), await balance(two)], [1000, 1000]);
});

test('cancel: not what is paid, nor what is past its time', async () => {
  const paid = await merchant.order();
  await pay(await buyer(), paid);
  await merchant.refused('order_paid', 'merchant/order/cancel', { transaction: paid }, { error: 'Order is paid already' });
  const late = await merchant.order();
  await expire(late);
  assert.equal((await details(late)).status, 'closed');
  await merchant.refused('order_closed', 'merchant/order/cancel', { transaction: late }, { error: 'Order is past its time' });
});

test('refund: in parts and whole; never more than was paid', async () => {
  const shop = await stack.merchant();
  const transaction = await shop.order();
  await shop.refused('order_not_paid', 'merchant/order/refund', { transaction }, { error: 'Order is not paid' });
  const someone = await buyer();
  await pay(someone, transaction, { amount: '40' });
  await shop.refused('order_not_paid', 'merchant/order/refund', { transaction });
  await pay(someone, transaction);
  assert.deepEqual([await balance(someone), await balance(shop)], [900, 100]);
  const refund = (params = {}) => shop.ok('merchant/order/refund', { transaction, ...params });
  const part = await refund({ amount: '70', reason: 'broken' });
  assert.deepEqual(moved(part), ['partly_refunded', '100.00000', '70.00000']);
  assert.deepEqual(part.payments.map((payment) => payment.refunded.value), ['10.00000', '60.00000'], 'the newest first');
  await shop.refused('order_over_refunded', 'merchant/order/refund', { transaction, amount: '30.00001' },
    { error: 'More than was paid cannot be refunded' });
  const rest = await refund();
  assert.deepEqual(moved(rest), ['refunded', '100.00000', '100.00000']);
  await shop.refused('order_over_refunded', 'merchant/order/refund', { transaction });
  await shop.refused('order_over_refunded', 'merchant/order/refund', { transaction, amount: '0.00001' });
  await shop.refused('order_refunded', 'merchant/order/cancel', { transaction }, { error: 'Order is refunded' });
  assert.deepEqual([await balance(someone), await balance(shop)], [1000, 0]);
  assert.deepEqual(rest.notifications.map((event) => event.status), ['refunded', 'refunded', 'paid', 'partial']);
  const { result } = await shop.ok('wallet/history', { currency: 'USD' });
  assert.deepEqual(result.map((line) => [line.Type, line.Value.value, line.Info, line.Link[0], line.Link[1]]).at(1),
    ['withdraw', '70.00000', 'Refund: broken', transaction, 'Money_Merchant_Order']);
});

test('refund: of one payment of several', async () => {
  const transaction = await merchant.order({ multipay: 1 });
  const [one, two] = [await buyer(), await buyer()];
  const first = await pay(one, transaction);
  await pay(two, transaction);
  const order = await merchant.ok('merchant/order/refund', { transaction, payment_id: first.payment_id });
  assert.deepEqual(moved(order), ['open', '200.00000', '100.00000']);
  assert.deepEqual(order.payments.map((payment) => payment.refunded.value), ['100.00000', '0.00000']);
  assert.deepEqual([await balance(one), await balance(two)], [1000, 900]);
  await merchant.refused('order_over_refunded', 'merchant/order/refund', { transaction, payment_id: first.payment_id });
  await merchant.refused('payment_not_found', 'merchant/order/refund', { transaction, payment_id: randomUUID() }, { error: 'Payment not found' });
  await merchant.refused('not_uuid', 'merchant/order/refund', { transaction, payment_id: 'x' });
});

test('refund: bad amount and reason', async () => {
  const transaction = await merchant.order();
  await pay(await buyer(), transaction);
  for (const [params, token, name] of [[{ amount: '0' }, 'amount_not_positive', 'amount'], [{ amount: 'x' }, 'amount_format', 'amount'],
    [{ amount_int: '1.5' }, 'amount_format', 'amount_int'], [{ amount: '1.000001' }, 'amount_digits', 'amount'],
    [{ reason: 'x'.repeat(256) }, 'too_long', 'reason'], [{ reason: Buffer.from([0xff]) }, 'not_utf8', 'reason']]) {
    const reply = await merchant.refused(token, 'merchant/order/refund', { transaction, ...params });
    assert.ok(reply.error.startsWith(`Invalid parameter "${name}"`), reply.error);
  }
  assert.equal((await details(transaction)).status, 'paid');
});

test('refund: only what the merchant still has', async () => {
  const poor = await stack.merchant();
  const transaction = await poor.order();
  const someone = await buyer();
  await pay(someone, transaction);
  const partner = await stack.partner();
  await (await stack.key(poor.user.login, 'withdraw')).ticket(partner, '60');
  await poor.refused('insufficient_funds', 'merchant/order/refund', { transaction });
  assert.equal((await details(transaction, poor)).status, 'paid');
  assert.equal(await balance(someone), 900);
});

test('refund: 20 at once of a tenth each give back the whole, and no more', async () => {
  const transaction = await merchant.order();
  const someone = await buyer();
  await pay(someone, transaction);
  const replies = await inParallel(20, Array.from({ length: 20 }, () => () =>
    merchant.call('merchant/order/refund', { transaction, amount: '10' })));
  assert.equal(replies.filter((reply) => reply.json.result === 'success').length, 10);
  assert.deepEqual([...new Set(replies.filter((reply) => reply.json.result !== 'success').map((reply) => reply.json.token))], ['order_over_refunded']);
  assert.equal((await details(transaction)).status, 'refunded');
  assert.equal(await balance(someone), 1000);
});

test('fees: percent and fixed, a default and a merchant\'s own, once per completed payment; the house keeps them', async () => {
  const shop = await stack.merchant();
  const fees = async () => Number((await stack.sql(`SELECT COALESCE(SUM(balance), 0) FROM account AS a JOIN currency AS c
    ON c.id = a.currency_id WHERE a.owner_id = 1 AND a.purpose = 'fee' AND c.code = 'SGD'`))[0][0]);
  const someone = await buyer({ SGD: '1000' });
  const bought = async (amount, ...parts) => {
    const before = [await balance(shop, 'SGD'), await fees()];
    const transaction = await shop.order({ currency: 'SGD', amount });
    for (const part of parts) await pay(someone, transaction, { amount: part });
    await pay(someone, transaction);
    return { transaction, earned: Number(((await balance(shop, 'SGD')) - before[0]).toFixed(5)), fee: (await fees()) - before[1] };
  };
  assert.deepEqual((await bought('10')).fee, 0, 'none set: none taken');
  await stack.ctl('merchant', 'fee', 'default', 'SGD', '--percent', '1', '--fixed', '0.1');
  const { earned, fee } = await bought('10');
  assert.deepEqual([earned, fee], [9.8, 20000]);
  assert.deepEqual([(await bought('10', '3', '3')).fee], [20000], 'once, however many paid');
  await stack.ctl('merchant', 'fee', shop.user.login, 'SGD', '--percent', '2.5', '--fixed', '0');
  assert.deepEqual([(await bought('10')).fee, (await bought('0.0001')).fee, (await bought('0.0002')).fee], [25000, 0, 1], 'half up');
  await stack.ctl('merchant', 'fee', shop.user.login, 'SGD', '--percent', '0', '--fixed', '5');
  const small = await bought('1');
  assert.deepEqual([small.earned, small.fee], [0, 100000], 'never more than the payment');
  const whole = await bought('10');
  const before = await fees();
  await shop.ok('merchant/order/refund', { transaction: whole.transaction });
  assert.equal(await fees(), before);
  await stack.ctl('merchant', 'fee', 'default', 'SGD', '--percent', '0', '--fixed', '0');
});

test('fees: what an operator may not set', async () => {
  for (const [args, code] of [[['nobody-here', 'USD', '--percent', '1', '--fixed', '0'], 1], [['default', 'XYZ', '--percent', '1', '--fixed', '0'], 2],
    [['default', 'USD', '--percent', '100', '--fixed', '0'], 2], [['default', 'USD', '--percent', '-1', '--fixed', '0'], 2],
    [['default', 'USD', '--percent', '0.0000001', '--fixed', '0'], 2], [['default', 'USD', '--percent', 'x', '--fixed', '0'], 2],
    [['default', 'USD', '--percent', '1', '--fixed', '-1'], 2], [['default', 'USD', '--percent', '1'], 2]]) {
    const result = await stack.ctlResult(['merchant', 'fee', ...args]);
    assert.equal(result.code, code, `${args.join(' ')}: ${result.complaint}`);
    assert.match(result.complaint, /\S/);
  }
});
