// info, wallet/history, hotp/gen: exact replies, limits, filters, paging.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeConnections, hotp, inParallel, stack, until } from '../support/teller.mjs';

after(async () => {
  await stack.audit();
  closeConnections();
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DATE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
const money = (value, units, display, short, currency) => JSON.stringify({ value, value_int: units, display,
  display_short: short, currency });

/** The members of an object in the order in which they were sent. */
const keys = (object) => Object.keys(object);

test('info: every member, in the order of the wire', async () => {
  const customer = await stack.customer({ funds: { USD: '10000', BTC: '55829.58960346' } });
  const { text, json } = await customer.call('info');
  const info = json.return;
  assert.deepEqual(keys(info), ['Login', 'Index', 'Id', 'Rights', 'Language', 'Created', 'Last_Login', 'Wallets',
    'Monthly_Volume', 'Trade_Fee']);
  assert.ok(text.startsWith('{"result":"success","return":{"Login":"'), text);
  assert.ok(text.endsWith('"Trade_Fee":0.6}}'), text);
  assert.equal(info.Login, customer.user.login);
  assert.match(info.Index, /^\d+$/);
  assert.match(info.Id, UUID);
  assert.equal(info.Id, customer.user.id);
  assert.deepEqual(info.Rights, ['get_info', 'trade', 'deposit', 'withdraw']);
  assert.equal(info.Language, 'en_US');
  assert.match(info.Created, DATE);
  assert.equal(info.Last_Login, null, 'never signed in');
  assert.deepEqual(keys(info.Wallets), ['BTC', 'USD']);
  assert.ok(text.includes('"Monthly_Volume":' + money('0.00000000', '0', '0.00000000\\u00a0BTC', '0.00\\u00a0BTC', 'BTC')
    .replaceAll('\\\\', '\\')), text);
});

test('info: a wallet, exactly', async () => {
  const customer = await stack.customer({ level: 'full', funds: { USD: '10000' } });
  const { text } = await customer.call('info');
  const wallet = '"USD":{"Balance":{"value":"10000.00000","value_int":"1000000000","display":"$10,000.00000",'
    + '"display_short":"$10,000.00","currency":"USD"},"Operations":1,'
    + '"Daily_Withdraw_Limit":{"value":"100000.00000","value_int":"10000000000","display":"$100,000.00000",'
    + '"display_short":"$100,000.00","currency":"USD"},'
    + '"Monthly_Withdraw_Limit":{"value":"1000000.00000","value_int":"100000000000","display":"$1,000,000.00000",'
    + '"display_short":"$1,000,000.00","currency":"USD"},'
    + '"Max_Withdraw":{"value":"100000.00000","value_int":"10000000000","display":"$100,000.00000",'
    + '"display_short":"$100,000.00","currency":"USD"},'
    + '"Open_Orders":{"value":"0.00000","value_int":"0","display":"$0.00000","display_short":"$0.00","currency":"USD"}}';
  assert.ok(text.includes(wallet), text);
});

test('info: displays of BTC and EUR, and no monthly limit of BTC', async () => {
  const customer = await stack.customer({ funds: { BTC: '55829.58960346', EUR: '0.02604' } });
  const { text, json } = await customer.call('info');
  assert.ok(text.includes('"display":"55,829.58960346\\u00a0BTC","display_short":"55,829.59\\u00a0BTC"'), text);
  assert.ok(text.includes('"display":"0.02604\\u00a0\\u20ac","display_short":"0.03\\u00a0\\u20ac"'), text);
  assert.equal(json.return.Wallets.BTC.Monthly_Withdraw_Limit, null);
});

test('info: only the wallets that the user has', async () => {
  const customer = await stack.customer({ funds: {} });
  assert.deepEqual((await customer.ok('info')).Wallets, {});
});

test('info: limits by verification level, and what is left of them', async () => {
  const partner = await stack.partner();
  for (const [level, daily, monthly] of [['none', '1000.00000', '10000.00000'], ['basic', '10000.00000', '100000.00000'],
    ['full', '100000.00000', '1000000.00000']]) {
    const customer = await stack.customer({ level, funds: { EUR: '500' } });
    let wallet = (await customer.ok('info')).Wallets.EUR;
    assert.equal(wallet.Daily_Withdraw_Limit.value, daily);
    assert.equal(wallet.Monthly_Withdraw_Limit.value, monthly);
    assert.equal(wallet.Max_Withdraw.value, daily);
    const { ticket } = await customer.ticket(partner, '200', 'EUR');
    wallet = (await customer.ok('info')).Wallets.EUR;
    assert.equal(Number(wallet.Max_Withdraw.value), Number(daily) - 200);
    assert.equal(wallet.Balance.value, '300.00000');
    await customer.ok('ticket/cancel', { ticket });
    assert.equal((await customer.ok('info')).Wallets.EUR.Max_Withdraw.value, daily);
  }
});

test('info: Last_Login after signing in', async () => {
  const user = await stack.user({ password: 'a good password' });
  const client = await stack.key(user.login, 'get_info');
  await stack.signIn(user);
  assert.match((await client.ok('info')).Last_Login, DATE);
});

test('history: a ticket from beginning to end, newest first, exact members', async () => {
  const customer = await stack.customer({ funds: { USD: '1000' } });
  const partner = await stack.partner({ name: 'Bank of Tests' });
  const { ticket, key } = await customer.ticket(partner, '100');
  await partner.ok('ticket/settle', { ticket, key, description: 'To account *1234' });
  await partner.ok('ticket/update', { ticket, key, message: 'On its way', status: 'processing' });
  await partner.ok('ticket/update', { ticket, key, message: 'Still on its way' });
  const { text, json } = await customer.call('wallet/history', { currency: 'USD' });
  const history = json.return;
  assert.deepEqual(keys(history), ['records', 'result', 'current_page', 'max_page', 'max_results']);
  assert.ok(text.startsWith('{"result":"success","return":{"records":"5","result":[{"Index":"5","Date":'), text);
  assert.ok(text.endsWith(',"current_page":1,"max_page":1,"max_results":50}}'), text);
  assert.deepEqual(keys(history.result[0]), ['Index', 'Date', 'Type', 'Value', 'Balance', 'Info', 'Link']);
  assert.deepEqual(history.result.map((line) => [line.Index, line.Type, line.Value.value, line.Balance.value, line.Info]), [
    ['5', 'withdraw', '0.00000', '900.00000', 'Bank of Tests: Still on its way'],
    ['4', 'withdraw', '0.00000', '900.00000', 'Bank of Tests (processing): On its way'],
    ['3', 'withdraw', '0.00000', '900.00000', 'Bank of Tests: To account *1234'],
    ['2', 'withdraw', '100.00000', '900.00000', 'Withdrawal through Bank of Tests'],
    ['1', 'deposit', '1000.00000', '1000.00000', 'Deposit'],
  ]);
  for (const line of history.result) assert.equal(typeof line.Date, 'number');
  assert.deepEqual(history.result[0].Link, [ticket, 'Money_Ticket', ticket]);
  assert.deepEqual(history.result[4].Link, []);
  const [deposit] = (await partner.ok('wallet/history', { currency: 'USD' })).result;
  assert.deepEqual([deposit.Type, deposit.Value.value, deposit.Info],
    ['deposit', '100.00000', `Ticket of ${customer.user.login}: To account *1234`]);
});

test('history: what is given back shows as such', async () => {
  const customer = await stack.customer({ funds: { USD: '1000' } });
  const partner = await stack.partner({ name: 'Bank' });
  const quick = await stack.partner({ name: 'Quick', ttl: 1 });
  const one = await customer.ticket(partner, '1');
  await customer.ok('ticket/cancel', { ticket: one.ticket });
  const two = await customer.ticket(partner, '2');
  await partner.ok('ticket/reject', { ticket: two.ticket, key: two.key, reason: 'no such account' });
  const three = await customer.ticket(partner, '3');
  await partner.ok('ticket/settle', { ticket: three.ticket, key: three.key, description: 'paid' });
  await partner.ok('ticket/refund', { ticket: three.ticket, key: three.key, reason: 'came back' });
  await customer.ticket(quick, '4');
  await until(async () => {
    await stack.sweep();
    return (await stack.balance(customer.user.login)).available === '1000.00000';
  }, 20, 'the release of an expired ticket');
  const { result } = await customer.ok('wallet/history', { currency: 'USD', type: 'deposit' });
  assert.deepEqual(result.map((line) => [line.Value.value, line.Info]), [
    ['4.00000', 'Released: withdrawal through Quick expired'],
    ['3.00000', 'Refund from Bank: came back'],
    ['2.00000', 'Released: withdrawal through Bank was rejected: no such account'],
    ['1.00000', 'Released: withdrawal through Bank was cancelled'],
    ['1000.00000', 'Deposit'],
  ]);
});

test('history: text in any script survives', async () => {
  const customer = await stack.customer();
  const partner = await stack.partner();
  const words = 'Überweisung ✓ 銀行 "quoted" <b>\\back\\</b> \u{1F4B6}';
  const { ticket, key } = await customer.ticket(partner);
  await partner.ok('ticket/settle', { ticket, key, description: words });
  assert.ok((await customer.ok('wallet/history', { currency: 'USD' })).result[0].Info.endsWith(words));
});

test('history: filters by type and date', async () => {
  const customer = await stack.customer({ funds: { USD: '100' } });
  const partner = await stack.partner();
  await customer.ticket(partner, '1');
  const ask = async (filter) => (await customer.ok('wallet/history', { currency: 'USD', ...filter })).result.length;
  const now = Math.floor(Date.now() / 1000);
  const day = (offset) => new Date((now + offset * 86400) * 1000).toISOString().slice(0, 10);
  assert.equal(await ask({}), 2);
  for (const [type, count] of [['deposit', 1], ['withdraw', 1], ['fee', 0], ['in', 0], ['out', 0], ['spent', 0], ['earned', 0]])
    assert.equal(await ask({ type }), count, type);
  assert.equal(await ask({ date_start: now - 3600 }), 2);
  assert.equal(await ask({ date_start: now + 3600 }), 0);
  assert.equal(await ask({ date_end: now - 3600 }), 0);
  assert.equal(await ask({ date_start: day(-1), date_end: day(1) }), 2);
  assert.equal(await ask({ date_start: day(2) }), 0);
  assert.equal(await ask({ date_end: day(-2) }), 0);
  assert.equal(await ask({ date_start: `${day(-1)} 00:00:00`, date_end: `${day(1)} 23:59:59` }), 2);
  assert.equal(await ask({ type: '', date_start: '', page: '' }), 2, 'empty filters are none');
});

test('history: wrong filters', async () => {
  const customer = await stack.customer();
  const history = (params, token) => customer.refused(token, 'wallet/history', { currency: 'USD', ...params });
  await history({ type: 'loss' }, 'invalid_parameter');
  await history({ date_start: '2026-02-30' }, 'not_date');
  await history({ date_end: 'soon' }, 'not_date');
  await history({ page: '0' }, 'out_of_range');
  await history({ page: '-1' }, 'out_of_range');
  await history({ page: 'x' }, 'invalid_parameter');
  await customer.refused('missing_parameter', 'wallet/history');
  await customer.refused('unknown_currency', 'wallet/history', { currency: 'ABC' });
});

test('history: a currency without a wallet is empty', async () => {
  const customer = await stack.customer();
  const history = await customer.ok('wallet/history', { currency: 'JPY' });
  assert.deepEqual([history.records, history.result, history.current_page], ['0', [], 1]);
});

test('history: pages of 50', async () => {
  const customer = await stack.customer({ funds: { USD: '1000' } });
  const partner = await stack.partner();
  await inParallel(8, Array.from({ length: 60 }, () => async () => {
    const { ticket } = await customer.ticket(partner, '1');
    await customer.ok('ticket/cancel', { ticket });
  }));
  const pages = [];
  for (const page of [1, 2, 3, 4]) pages.push(await customer.ok('wallet/history', { currency: 'USD', page }));
  assert.deepEqual(pages.map((page) => page.result.length), [50, 50, 21, 0]);
  assert.deepEqual(pages.map((page) => [page.records, page.max_page]), Array(4).fill(['121', 3]));
  assert.deepEqual(pages.map((page) => page.current_page), [1, 2, 3, 4]);
  const indexes = pages.flatMap((page) => page.result.map((line) => Number(line.Index)));
  assert.deepEqual(indexes, Array.from({ length: 121 }, (_, i) => 121 - i));
});

test('history: nobody sees another\'s', async () => {
  const [one, two] = [await stack.customer({ funds: { USD: '7' } }), await stack.customer({ funds: { USD: '8' } })];
  assert.deepEqual((await one.ok('wallet/history', { currency: 'USD' })).result.map((line) => line.Value.value), ['7.00000']);
  assert.deepEqual((await two.ok('wallet/history', { currency: 'USD' })).result.map((line) => line.Value.value), ['8.00000']);
});

for (const method of ['hotp/gen', 'hotp_gen']) {
  test(`${method}: a new HOTP key, which protects withdrawals once its owner has turned it on`, async () => {
    const customer = await stack.customer({ password: 'correct horse' });
    const partner = await stack.partner();
    const device = await customer.ok(method);
    assert.deepEqual(keys(device), ['serial', 'name', 'key', 'key_base32']);
    assert.match(device.serial, UUID);
    assert.match(device.name, /^OTP#\d+$/);
    assert.match(device.key, /^[0-9a-f]{40}$/);
    assert.match(device.key_base32, /^[A-Z2-7]{32}$/);
    await customer.ticket(partner, '1');
    const order = { partner: partner.id, amount: '1', currency: 'USD' };
    await stack.activateOtp(customer.user, hotp(device.key_base32, 0));
    await customer.ok('ticket/create', { ...order, otp: hotp(device.key_base32, 1) });
    await customer.refused('otp_required', 'ticket/create', order);
    await customer.refused('otp_exists', method);
  });
}

test('info: the same for two keys of one user, another for another user', async () => {
  const user = await stack.user({ funds: { USD: '5' } });
  const clients = [await stack.key(user.login, 'get_info'), await stack.key(user.login, 'get_info')];
  const [first, second] = await Promise.all(clients.map((client) => client.ok('info')));
  assert.deepEqual(first, second);
  const other = await stack.customer({ funds: { USD: '5' } });
  assert.notEqual((await other.ok('info')).Id, first.Id);
});
