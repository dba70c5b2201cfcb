// Withdrawals, deposits and addresses of the viewer API, byte by byte where the contract shows bytes; and ccxt, as it is.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import ccxt from 'ccxt';
import { closeConnections, inParallel, stack, totp, unique } from '../support/teller.mjs';
import { WalletKey } from '../support/wallet.mjs';

// m/84'/1'/0' of "abandon ... about", and its first address in regtest.
const XPUB = 'tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M';
const TRON = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8';
const KEYS = ['id', 'customer_id', 'asset_symbol', 'amount', 'state', 'note', 'txid', 'completed_at', 'inserted_at', 'is_internal',
  'target_address', 'asset_uuid', 'recipient_id', 'fee', 'kind', 'memo', 'updated_at'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Gateways that are worked by hand: dollars on two, euros on one, which wants a memo. */
before(async () => {
  const set = (...values) => values.flatMap((value) => ['--set', value]);
  await stack.ctl('rail', 'set', 'Tron', ...set('kind=on_chain'));
  await stack.ctl('rail', 'set', 'EOS', ...set('kind=on_chain'));
  await stack.ctl('rail', 'set', 'Bank', ...set('kind=off_chain'));
  await stack.ctl('rail', 'asset', 'Tron', 'USD', ...set('decimals=6', 'min_withdrawal=2', 'fee=0.5'));
  await stack.ctl('rail', 'asset', 'Bank', 'USD', ...set('decimals=6', 'min_withdrawal=2'));
  await stack.ctl('rail', 'asset', 'EOS', 'EUR', ...set('decimals=6', 'min_withdrawal=1', 'fee=0.1', 'memo_needed=yes'));
  await stack.sql(`INSERT IGNORE INTO deposit_rail (rail, format, path, xpub) VALUES ('bitcoin', 'bitcoin_regtest', "m/84'/1'/0'", '${XPUB}')`);
});
after(async () => {
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

/** A customer with money in FUND. */
async function customer(funds = { USD: '1000', BTC: '2' }, options = {}) {
  const user = await stack.user({ funds, ...options });
  const client = await WalletKey.make(user);
  [[client.customer]] = await stack.sql(`SELECT id FROM user WHERE login = '${user.login}'`);
  for (const [symbol, amount] of Object.entries(funds))
    await client.ok('POST', '/transfer', { symbol, amount, from: 'SPOT', to: 'FUND', guid: randomUUID() });
  return client;
}

const order = (changes = {}) => ({ symbol: 'USD', target_address: TRON, amount: '100', gateway_name: 'Tron', guid: randomUUID(), ...changes });
const fund = async (client, symbol = 'USD') => {
  const { balance, locked_balance: locked } = await client.ok('GET', `/fund/accounts/${symbol}`);
  return [balance, locked];
};

test('asked for, shown, listed and taken back', async () => {
  const client = await customer();
  const guid = randomUUID();
  const reply = await client.call('POST', '/withdrawals', order({ guid, amount: '100.500000' }));
  const made = reply.json.data;
  assert.equal(reply.text, `{"code":0,"message":"","data":{"id":${made.id},"customer_id":"${client.customer}","asset_symbol":"USD","amount":"100","state":"PENDING",`
    + `"note":"","txid":"","completed_at":null,"inserted_at":"${made.inserted_at}","is_internal":false,"target_address":"${TRON}","asset_uuid":"${made.asset_uuid}",`
    + `"recipient_id":null,"fee":"0.5","kind":"on_chain","memo":"","updated_at":"${made.updated_at}"}}`);
  assert.deepEqual(Object.keys(made), KEYS);
  assert.match(made.inserted_at, TIME);
  assert.deepEqual(await fund(client), ['1000', '100.5']);
  assert.deepEqual(await client.ok('GET', '/accounts/USD'), { asset_symbol: 'USD', balance: '0', locked_balance: '0' });
  for (const name of [guid, made.id]) assert.deepEqual(await client.ok('GET', `/withdrawals/${name}`), made);
  const list = await client.call('GET', '/withdrawals');
  assert.equal(list.text, `{"code":0,"data":[${JSON.stringify(made)}],"page_token":""}`);
  const cancelled = await client.call('POST', `/withdrawals/${guid}/cancel`, {});
  assert.deepEqual([cancelled.status, cancelled.text], [200, '{"code":0,"message":"cancel request submitted","data":null}']);
  const after = await client.ok('GET', `/withdrawals/${guid}`);
  assert.deepEqual([after.state, after.txid], ['CANCELLED', '']);
  assert.match(after.completed_at, TIME);
  assert.deepEqual(await fund(client), ['1000', '0']);
  assert.equal((await client.call('POST', `/withdrawals/${guid}/cancel`)).text, cancelled.text, 'once more is no error');
});

test('what was sent is not taken back, and ends completed; what is declined or comes back has failed', async () => {
  const client = await customer();
  const [sent, declined, returned] = [await client.ok('POST', '/withdrawals', order()), await client.ok('POST', '/withdrawals', order()), await client.ok('POST', '/withdrawals', order())];
  await stack.ctl('payout', 'sent', String(sent.id), 'tron-txid-1');
  const cancel = await client.call('POST', `/withdrawals/${sent.id}/cancel`, {});
  assert.equal(cancel.text, '{"code":0,"message":"cancel request submitted","data":null}');
  const under = await client.ok('GET', `/withdrawals/${sent.id}`);
  assert.deepEqual([under.state, under.txid, under.completed_at], ['PENDING', '', null]);
  await stack.ctl('payout', 'resolve', String(sent.id), '--to', 'confirmed');
  const done = await client.ok('GET', `/withdrawals/${sent.id}`);
  assert.deepEqual([done.state, done.txid], ['COMPLETED', 'tron-txid-1']);
  assert.match(done.completed_at, TIME);
  await stack.ctl('payout', 'reject', String(declined.id), '--note', 'who is this');
  assert.deepEqual([(await client.ok('GET', `/withdrawals/${declined.id}`)).state, (await client.ok('GET', `/withdrawals/${declined.id}`)).note], ['FAILED', 'who is this']);
  await stack.ctl('payout', 'sent', String(returned.id), 'tron-txid-2');
  await stack.ctl('payout', 'resolve', String(returned.id), '--to', 'returned');
  assert.equal((await client.ok('GET', `/withdrawals/${returned.id}`)).state, 'FAILED');
  assert.deepEqual(await fund(client), ['900', '0']);
});

test('a guid names one withdrawal', async () => {
  const client = await customer();
  const one = order({ amount: '10' });
  const replies = await inParallel(16, Array.from({ length: 16 }, (_, i) => () => client.call('POST', '/withdrawals', { ...one, amount: i % 2 ? '10' : '10.000000000000' })));
  assert.equal(new Set(replies.map(({ text }) => text)).size, 1, replies.map(({ text }) => text).join('\n'));
  assert.equal(replies[0].status, 200, replies[0].text);
  assert.deepEqual(await fund(client), ['1000', '10']);
  for (const change of [{ amount: '11' }, { target_address: `${TRON.slice(0, -1)}9` }, { gateway_name: 'Bank' }, { memo: 'x' }])
    await client.refused(400, 40302, 'POST', '/withdrawals', { ...one, ...change }, 'Already requested');
  const other = await customer();
  assert.notEqual((await other.ok('POST', '/withdrawals', one)).id, replies[0].json.data.id, 'a guid is each user\'s own');
  const [first, second] = [await client.ok('POST', '/withdrawals', order({ guid: undefined, amount: '3' })), await client.ok('POST', '/withdrawals', order({ guid: undefined, amount: '3' }))];
  assert.notEqual(first.id, second.id, 'without one each call is its own');
  assert.equal((await client.ok('GET', `/withdrawals/${first.id}`)).id, first.id);
  await other.refused(404, 10013, 'GET', `/withdrawals/${first.id}`);
  await other.refused(404, 10013, 'POST', `/withdrawals/${first.id}/cancel`);
});

test('internal: by customer id and by e-mail, at once and without fee', async () => {
  const [from, to] = [await customer(), await customer({ BTC: '1' })];
  const one = await from.ok('POST', '/withdrawals', order({ gateway_name: undefined, target_address: to.customer, amount: '7.5' }));
  assert.deepEqual([one.state, one.amount, one.fee, one.is_internal, one.kind, one.recipient_id], ['COMPLETED', '7.5', '0', true, 'internal', to.customer]);
  assert.match(one.completed_at, TIME);
  const two = await from.ok('POST', '/withdrawals', order({ gateway_name: undefined, target_address: to.user.email, amount: '2.5' }));
  assert.equal(two.recipient_id, to.customer);
  assert.deepEqual([await fund(from), await fund(to)], [['990', '0'], ['10', '0']]);
  const refused = async (target, field = 'target_address') => assert.ok((await from.refused(400, 10007, 'POST', '/withdrawals', order({ gateway_name: undefined, target_address: target }))).message.includes(`"${field}"`));
  for (const target of [from.customer, '999999999', 'nobody@example.org', '1']) await refused(target);
  assert.deepEqual((await from.ok('GET', '/withdrawals?kind=internal')).map(({ id }) => id), [two.id, one.id]);
  assert.deepEqual(await from.ok('GET', '/withdrawals?kind=on_chain'), []);
  const got = await to.ok('GET', '/deposits?kind=internal');
  assert.deepEqual(got.map(({ id, amount, is_internal: inside, kind, state, txid }) => [id, amount, inside, kind, state, txid]),
    [[two.id, '2.5', true, 'internal', 'COMPLETED', ''], [one.id, '7.5', true, 'internal', 'COMPLETED', '']]);
  assert.ok(got.every((one) => !('customer_id' in one)));
});

test('what is refused names what is wrong', async () => {
  const client = await customer({ USD: '100', EUR: '100' });
  const refused = async (change, field) => {
    const { message } = await client.refused(400, 10007, 'POST', '/withdrawals', order(change));
    assert.ok(message.startsWith(`Parameter error: "${field}" `), message);
  };
  await refused({ symbol: undefined }, 'symbol');
  await refused({ symbol: 'XXX' }, 'symbol');
  await refused({ target_address: undefined }, 'target_address');
  await refused({ target_address: 'a b' }, 'target_address');
  await refused({ amount: undefined }, 'amount');
  for (const amount of ['0', '-1', 'x', '1.0000000001', '1.99', {}]) await refused({ amount }, 'amount');
  await refused({ gateway_name: 'Nowhere' }, 'gateway_name');
  await refused({ gateway_name: undefined }, 'gateway_name'); // two of them
  await refused({ guid: 'a b' }, 'guid');
  await refused({ guid: 'x'.repeat(65) }, 'guid');
  await refused({ symbol: 'EUR', gateway_name: undefined }, 'memo');
  await refused({ symbol: 'EUR', gateway_name: 'EOS', memo: 'x'.repeat(300) }, 'memo');
  await client.ok('POST', '/withdrawals', order({ symbol: 'EUR', gateway_name: undefined, memo: '4711', amount: 2 }));
  await client.refused(400, 10014, 'POST', '/withdrawals', order({ amount: '100.1' }), 'Insufficient funds');
  await stack.ctl('currency', 'disable', 'EUR');
  try {
    await client.refused(403, 40301, 'POST', '/withdrawals', order({ symbol: 'EUR', gateway_name: 'EOS', memo: 'x' }));
  } finally {
    await stack.ctl('currency', 'enable', 'EUR');
  }
  const small = await customer({ USD: '1000000' }, { level: 'none' });
  const over = await small.refused(403, 40301, 'POST', '/withdrawals', order({ amount: '5000' }));
  assert.match(over.message, /limit/);
  const looker = await WalletKey.make(client.user, ['View Withdrawal History']);
  await looker.ok('GET', '/withdrawals');
  await looker.refused(403, 10403, 'POST', '/withdrawals', order());
  const doer = await WalletKey.make(client.user, ['Execute Withdrawals']);
  await doer.refused(403, 10403, 'GET', '/withdrawals');
});

test('lists: pages, limit, kind and asset; a token is of one caller and one list', async () => {
  const client = await customer();
  const made = [];
  for (let i = 0; i < 5; i++) made.unshift((await client.ok('POST', '/withdrawals', order({ amount: '2' }))).id);
  const btc = (await client.ok('POST', '/withdrawals', order({ symbol: 'BTC', amount: '0.5', gateway_name: undefined, target_address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080' }))).id;
  const page = async (query) => {
    const { json } = await client.call('GET', `/withdrawals${query}`);
    return [json.data.map(({ id }) => id), json.page_token];
  };
  const [first, token] = await page('?limit=2');
  assert.deepEqual(first, [btc, made[0]]);
  assert.match(token, /^[\w-]{32}$/);
  const [second, next] = await page(`?limit=2&page_token=${token}`);
  assert.deepEqual(second, made.slice(1, 3));
  const [third, end] = await page(`?limit=2&page_token=${next}`);
  assert.deepEqual([third, end], [made.slice(3, 5), '']);
  assert.deepEqual(await page('?asset_symbol=BTC'), [[btc], '']);
  assert.deepEqual(await page('?asset_symbol=USD&kind=on_chain&limit=500'), [made, '']);
  const [, filtered] = await page('?asset_symbol=USD&limit=1');
  for (const query of [`?page_token=${filtered}`, `?asset_symbol=BTC&page_token=${filtered}`, `?page_token=${token.slice(0, -1)}A`,
    '?page_token=eyJvZmZzZXQiOjEwMCwia2luZCI6IlRSQU5TRkVSIn0=', '?page_token=x'])
    assert.match((await client.refused(400, 10007, 'GET', `/withdrawals${query}`)).message, /"page_token"/, query);
  const other = await customer();
  await other.refused(400, 10007, 'GET', `/withdrawals?limit=2&page_token=${token}`);
  for (const [query, field] of [['limit=0', 'limit'], ['limit=501', 'limit'], ['limit=x', 'limit'], ['kind=x', 'kind'], ['asset_symbol=XXX', 'asset_symbol']])
    assert.ok((await client.refused(400, 10007, 'GET', `/withdrawals?${query}`)).message.includes(`"${field}"`), query);
  await client.ok('POST', `/withdrawals/${btc}/cancel`); // nobody sends it here, and doctor would say so
});

test('assets with their gateways', async () => {
  const { json } = await stack.request('GET', '/api/v3/assets');
  const gateways = json.data.find(({ symbol }) => symbol === 'USD').binding_gateways;
  const tron = gateways.find(({ gateway_name: name }) => name === 'Tron');
  assert.deepEqual(Object.entries(tron).slice(1), [['gateway_name', 'Tron'], ['is_deposit_enabled', false], ['is_withdrawal_enabled', true],
    ['min_deposit_amount', '0'], ['min_withdrawal_amount', '2'], ['withdrawal_fee', '0.5'], ['withdrawal_scale', 5], ['scale', 5], ['is_memo_required', false]]);
  assert.match(tron.guid, /^[0-9a-f-]{36}$/);
  const [bitcoin] = json.data.find(({ symbol }) => symbol === 'BTC').binding_gateways;
  assert.deepEqual([bitcoin.gateway_name, bitcoin.is_deposit_enabled], ['Bitcoin', true], 'the chain has addresses here');
});

test('an address for deposits, and deposits as they confirm', async () => {
  const client = await customer({ BTC: '1' });
  const [address, ...others] = await client.ok('GET', '/assets/BTC/address');
  assert.deepEqual(others, []);
  assert.deepEqual(Object.keys(address), ['id', 'chain', 'value', 'memo']);
  assert.deepEqual([typeof address.id, address.chain, address.memo], ['number', 'Bitcoin', '']);
  assert.match(address.value, /^bcrt1q[0-9a-z]{38}$/);
  assert.deepEqual(await client.ok('GET', '/assets/BTC/address'), [address], 'the same again');
  assert.deepEqual(await client.ok('GET', '/assets/USD/address'), [], 'nothing is set up for it');
  await client.refused(404, 10013, 'GET', '/assets/XXX/address');
  const txids = [randomBytes(32), randomBytes(32)];
  for (const txid of txids)
    await stack.sql(`INSERT INTO deposit (uuid, rail, txid, output, path_index, user_id, currency_id, amount, chain_amount, needed, state)
      SELECT UNHEX(MD5('${txid.toString('hex')}')), 'bitcoin', UNHEX('${txid.toString('hex')}'), 0, ${address.id}, ${client.customer}, id, 150000000, 150000000, 3, 'pending' FROM currency WHERE code = 'BTC'`);
  const { json } = await client.call('GET', '/deposits?limit=1&asset_symbol=BTC');
  const [deposit] = json.data;
  assert.deepEqual(Object.keys(deposit), ['id', 'amount', 'confirms', 'txid', 'is_internal', 'inserted_at', 'updated_at', 'confirmed_at', 'kind', 'memo', 'state',
    'asset_symbol', 'target_account', 'target_address']);
  assert.deepEqual([deposit.amount, deposit.confirms, deposit.txid, deposit.confirmed_at, deposit.kind, deposit.state, deposit.target_account, deposit.target_address],
    ['1.5', 0, txids[1].toString('hex'), null, 'default', 'PENDING', 'FUND', address.value]);
  const rest = await client.call('GET', `/deposits?limit=1&asset_symbol=BTC&page_token=${json.page_token}`);
  assert.deepEqual([rest.json.data.map(({ txid }) => txid), rest.json.page_token], [[txids[0].toString('hex')], '']);
  assert.deepEqual(await client.ok('GET', '/deposits?kind=air_drop'), []);
  await client.refused(400, 10007, 'GET', '/deposits?kind=none');
  const other = await customer({ BTC: '1' });
  assert.deepEqual(await other.ok('GET', '/deposits'), []);
});

test('64 clients ask for withdrawals of one balance and take them back: money is conserved', async () => {
  const client = await customer({ USD: '100' });
  const guids = Array.from({ length: 64 }, () => randomUUID());
  const replies = await inParallel(64, guids.flatMap((guid) => [() => client.call('POST', '/withdrawals', order({ guid, amount: '9' })),
    () => client.call('POST', `/withdrawals/${guids[Math.floor(Math.random() * guids.length)]}/cancel`)]));
  replies.forEach(({ json }) => assert.ok([0, 10013, 10014].includes(json.code), JSON.stringify(json)));
  const list = await client.ok('GET', '/withdrawals?limit=500');
  const pending = list.filter(({ state }) => state === 'PENDING');
  assert.ok(list.every(({ state }) => ['PENDING', 'CANCELLED'].includes(state)));
  assert.deepEqual(await fund(client), ['100', String(pending.length * 9)]);
  await inParallel(16, pending.map(({ id }) => () => client.ok('POST', `/withdrawals/${id}/cancel`)));
  assert.deepEqual(await fund(client), ['100', '0']);
});

test('trusted addresses: put down on the site, and alone where their owner says so', async () => {
  const user = await stack.user({ funds: { USD: '100' }, password: 'correct horse' });
  const client = await WalletKey.make(user);
  const session = await stack.signIn(user);
  await session.ok('POST', '/site/wallet/transfer', { currency: 'USD', amount: '60', from: 'SPOT', to: 'FUND', guid: randomUUID() });
  const trusted = { currency: 'USD', gateway_name: 'Tron', target_address: TRON, label: 'Cold store' };
  const { id } = await session.ok('POST', '/site/wallet/trusted', trusted);
  assert.equal((await session.ok('POST', '/site/wallet/trusted', trusted)).id, id);
  await session.refused(409, 'trusted_label', 'POST', '/site/wallet/trusted', { ...trusted, target_address: 'Other' });
  await session.refused(400, 'unknown_rail', 'POST', '/site/wallet/trusted', { ...trusted, gateway_name: 'EOS', label: 'x' }, { field: 'gateway_name' });
  await session.ok('POST', '/site/wallet/trusted-only', { only: true });
  const page = await session.ok('GET', '/site/wallet');
  assert.deepEqual([page.trusted, page.trusted_only, page.otp], [[{ id, label: 'Cold store', gateway: 'Tron', address: TRON, memo: '' }], true, false]);
  await client.ok('POST', '/withdrawals', order({ amount: '5' }));
  await client.refused(403, 40301, 'POST', '/withdrawals', order({ target_address: 'Elsewhere', amount: '5' }));
  await client.refused(403, 40301, 'POST', '/withdrawals', order({ gateway_name: 'Bank', amount: '5' }));
  await client.ok('POST', '/withdrawals', order({ gateway_name: undefined, target_address: (await stack.user()).email, amount: '5' }));
  await session.ok('POST', '/site/wallet/trusted-only', { only: false });
  await session.ok('DELETE', `/site/wallet/trusted/${id}`);
  await session.refused(404, 'not_found', 'DELETE', `/site/wallet/trusted/${id}`);
  await client.ok('POST', '/withdrawals', order({ target_address: 'Elsewhere', amount: '5' }));
});

test('the site: withdrawals ask for the one-time password once', async () => {
  const user = await stack.user({ funds: { USD: '100' }, password: 'correct horse' });
  const session = await stack.signIn(user);
  await session.ok('POST', '/site/wallet/transfer', { currency: 'USD', amount: '60', from: 'SPOT', to: 'FUND', guid: randomUUID() });
  const device = await session.ok('POST', '/site/otp', { kind: 'totp' });
  await session.ok('POST', '/site/otp/confirm', { code: totp(device.key_base32, -1), password: user.password });
  const body = { currency: 'USD', amount: '10', target_address: TRON, gateway_name: 'Tron', guid: unique() };
  await session.refused(400, 'otp_required', 'POST', '/site/wallet/withdrawals', body, { field: 'otp' });
  await session.refused(400, 'otp_invalid', 'POST', '/site/wallet/withdrawals', { ...body, otp: '000000' }, { field: 'otp' });
  const otp = totp(device.key_base32);
  const asked = await session.ok('POST', '/site/wallet/withdrawals', { ...body, otp });
  assert.deepEqual([asked.state, asked.amount.value, asked.fee.value], ['approved', '9.50000', '0.50000']);
  assert.equal((await session.ok('POST', '/site/wallet/withdrawals', { ...body, otp })).id, asked.id, 'a double click');
  await session.refused(400, 'otp_invalid', 'POST', '/site/wallet/withdrawals', { ...body, guid: unique(), otp }, { field: 'otp' });
  await session.refused(400, 'insufficient_funds', 'POST', '/site/wallet/transfer', { currency: 'USD', amount: '60', from: 'FUND', to: 'SPOT', guid: unique() }).catch(() => {});
  const { withdrawals: [shown] } = await session.ok('GET', '/site/wallet/moves');
  assert.deepEqual([shown.id, shown.cancellable, shown.gateway, shown.address], [asked.id, true, 'Tron', TRON]);
  assert.equal((await session.ok('POST', `/site/wallet/withdrawals/${asked.id}/cancel`)).state, 'cancelled');
  const stranger = await stack.signIn(await stack.user({ password: 'correct horse' }));
  await stranger.refused(404, 'payout_not_found', 'POST', `/site/wallet/withdrawals/${asked.id}/cancel`);
});

// --- ccxt ------------------------------------------------------------------------------------------

/** The client as it comes from npm, but for where it calls. */
function client(key) {
  const exchange = new ccxt.bigone({ apiKey: key.key, secret: key.secret, enableRateLimit: false });
  exchange.urls.api = { public: `${stack.base}/api/v3`, private: `${stack.base}/api/v3/viewer`, contractPublic: `${stack.base}/api/contract/v2`,
    contractPrivate: `${stack.base}/api/contract/v2`, webExchange: `${stack.base}/api/` };
  return exchange;
}

test('ccxt: currencies, balances, address, deposits, withdraw, transfer, and what is refused', async () => {
  const key = await customer({ USD: '1000', BTC: '2' });
  const exchange = client(key);
  assert.ok(Math.abs(await exchange.fetchTime() - Date.now()) < 10000);
  const markets = await exchange.loadMarkets();
  assert.deepEqual(markets, {});
  const { networks } = exchange.currencies.USD;
  assert.deepEqual(Object.keys(networks).filter((name) => ['Bank', 'TRC20'].includes(name)).sort(), ['Bank', 'TRC20']);
  assert.equal(networks.TRC20.fee, 0.5);
  const balance = await exchange.fetchBalance({ type: 'funding' });
  assert.deepEqual([balance.USD.free, balance.BTC.total], [1000, 2]);
  assert.equal((await exchange.fetchBalance()).USD.total, 0);
  await exchange.transfer('USD', 200, 'funding', 'spot');
  assert.equal((await exchange.fetchBalance()).USD.free, 200);
  const address = await exchange.fetchDepositAddress('BTC', { network: 'BTC' });
  assert.match(address.address, /^bcrt1q/);
  assert.deepEqual(await exchange.fetchDeposits('BTC', undefined, 10), []);
  const guid = randomUUID();
  const made = await exchange.withdraw('USD', 100.5, TRON, undefined, { network: 'TRC20', guid });
  assert.deepEqual([made.amount, made.currency, made.status, made.type, made.addressTo], [100, 'USD', 'pending', 'withdrawal', TRON]);
  const [listed] = await exchange.fetchWithdrawals('USD', undefined, 10, { kind: 'on_chain' });
  assert.deepEqual([listed.id, listed.type, listed.status], [made.id, 'withdrawal', 'pending']);
  const raw = await exchange.request(`withdrawals/${guid}`, 'private', 'GET', {});
  assert.equal(String(raw.data.id), made.id);
  assert.equal((await exchange.request(`withdrawals/${guid}/cancel`, 'private', 'POST', {})).message, 'cancel request submitted');
  assert.equal((await exchange.request(`withdrawals/${guid}`, 'private', 'GET', {})).data.state, 'CANCELLED');
  await assert.rejects(exchange.withdraw('USD', 5000, TRON, undefined, { network: 'TRC20' }), ccxt.InsufficientFunds);
  await assert.rejects(exchange.withdraw('USD', 1, TRON, undefined, { network: 'TRC20' }), ccxt.BadRequest);
  await assert.rejects(exchange.request('withdrawals/none', 'private', 'GET', {}), ccxt.BadSymbol);
  const stranger = client({ key: randomUUID(), secret: 'x' });
  await assert.rejects(stranger.fetchBalance(), ccxt.AuthenticationError);
  const reader = client(await WalletKey.make(key.user, ['View Account Balance Information']));
  await assert.rejects(reader.withdraw('USD', 5, TRON, undefined, { network: 'TRC20' }), ccxt.PermissionDenied);
});
