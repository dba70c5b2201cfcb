// The viewer API: who is calling, its envelope and errors, accounts, and transfers between them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { closeConnections, inParallel, stack, totp, unique } from '../support/teller.mjs';
import { SCOPES, WalletKey, jwt, nonce } from '../support/wallet.mjs';

const HEADER = '{"alg":"HS256","typ":"JWT"}';
const BALANCE = ['View Account Balance Information'];

let user, key;
before(async () => {
  user = await stack.user({ funds: { BTC: '2', USD: '1000' }, password: 'correct horse' });
  key = await WalletKey.make(user);
});
after(async () => {
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

const answer = async (status, text, options = {}, method = 'GET', target = '/accounts', body = undefined) => {
  const reply = await key.call(method, target, body, options);
  assert.deepEqual([reply.status, reply.text], [status, text]);
};
const UNAUTHORIZED = '{"code":40004,"message":"Unauthorized"}';
const INVALID = '{"code":40106,"message":"Invalid token"}';
const claims = (changes = {}) => JSON.stringify({ type: 'OpenAPIV2', sub: key.key, nonce: String(nonce()), ...changes });

// --- who is calling ---------------------------------------------------------------------------------

test('no token, one that is none, one of another secret, of an unknown key, of another scheme', async () => {
  const without = await stack.request('GET', '/viewer/accounts');
  assert.deepEqual([without.status, without.text], [401, UNAUTHORIZED]);
  await answer(401, UNAUTHORIZED, { token: 'x' });
  await answer(401, UNAUTHORIZED, { token: 'x.y.z' });
  await answer(401, UNAUTHORIZED, { token: jwt(`${key.secret}x`, HEADER, claims()) });
  await answer(401, UNAUTHORIZED, { token: jwt(Buffer.from(key.secret, 'base64'), HEADER, claims()) }); // the text is the secret
  await answer(401, UNAUTHORIZED, { token: jwt(key.secret, HEADER, claims({ sub: randomUUID() })) });
  await answer(401, UNAUTHORIZED, { token: jwt(key.secret, '{"alg":"none","typ":"JWT"}', claims()) });
  await answer(401, UNAUTHORIZED, { token: jwt(key.secret, '{"alg":"HS512","typ":"JWT"}', claims()) });
  await answer(401, UNAUTHORIZED, { token: jwt(key.secret, HEADER, claims({ type: 'Other' })) });
  await answer(401, UNAUTHORIZED, { token: `${key.token().split('.').slice(0, 2).join('.')}.` });
  const basic = await stack.request('GET', '/viewer/accounts', { headers: { Authorization: 'Basic eDp5' } });
  assert.deepEqual([basic.status, basic.json.code], [400, 40107]);
});

test('what clients write differently is one token', async () => {
  const base64 = (bytes) => Buffer.from(bytes).toString('base64');
  const padded = (bytes) => Buffer.from(bytes).toString('base64url').padEnd(Math.ceil(Buffer.byteLength(bytes) / 3) * 4, '=');
  const good = async (token) => assert.equal((await key.call('GET', '/accounts', undefined, { token })).status, 200, token);
  for (const encode of [undefined, base64, padded]) await good(jwt(key.secret, HEADER, claims({ x: 'ÿþ?>~' }), encode));
  await good(jwt(key.secret, '{"typ":"JWT","alg":"HS256"}', `{"nonce":${nonce()},"sub":"${key.key.toUpperCase()}","type":"OpenAPI"}`));
  await good(jwt(key.secret, '{"alg":"HS256"}', claims({ recv_window: '50' })));
  await good(jwt(key.secret, HEADER, claims({ recv_window: 5 })));
  await good(` ${key.token()}`);
  const spaced = await stack.request('GET', '/viewer/accounts', { headers: { authorization: ` Bearer ${key.token()}` } });
  assert.equal(spaced.status, 200, spaced.text);
});

test('a nonce is of now, within the window', async () => {
  const off = (seconds) => String(nonce() + BigInt(Math.round(seconds * 1e9)));
  for (const [seconds, window] of [[-31, undefined], [31, undefined], [-6, '5'], [6, 5], [-61, '600']])
    await answer(401, INVALID, { token: key.token({ nonce: off(seconds), recv_window: window }) });
  for (const [seconds, window] of [[-25, undefined], [25, undefined], [-45, '50'], [3, 5]])
    assert.equal((await key.call('GET', '/accounts', undefined, { token: key.token({ nonce: off(seconds), recv_window: window }) })).status, 200);
  for (const wrong of ['', 'x', '-1', '1.5', 0, null]) await answer(401, UNAUTHORIZED, { token: key.token({ nonce: wrong }) });
});

test('a token may read again, and change something once', async () => {
  const token = key.token();
  for (let i = 0; i < 3; i++) assert.equal((await key.call('GET', '/accounts', undefined, { token })).status, 200);
  const body = () => ({ symbol: 'USD', amount: '1', from: 'SPOT', to: 'FUND', guid: randomUUID() });
  const before = await key.ok('GET', '/fund/accounts/USD');
  await answer(200, '{"code":0,"data":null}', { token }, 'POST', '/transfer', body());
  await answer(401, INVALID, { token }, 'POST', '/transfer', body());
  const again = await inParallel(16, Array.from({ length: 16 }, () => () => key.call('POST', '/transfer', body(), { token })));
  again.forEach(({ text }) => assert.equal(text, INVALID));
  assert.equal(Number((await key.ok('GET', '/fund/accounts/USD')).balance), Number(before.balance) + 1);
  const raced = key.token();
  const replies = await inParallel(16, Array.from({ length: 16 }, () => () => key.call('POST', '/transfer', body(), { token: raced })));
  assert.equal(replies.filter(({ status }) => status === 200).length, 1);
});

test('scopes and addresses', async () => {
  const DENIED = '{"code":10403,"message":"Permission denied"}';
  const reader = await WalletKey.make(user, BALANCE);
  await reader.ok('GET', '/accounts');
  await reader.refused(400, 10007, 'POST', '/transfer', {});
  const other = await WalletKey.make(user, ['View Deposit History']);
  for (const [method, target] of [['GET', '/accounts'], ['GET', '/fund/accounts/BTC'], ['POST', '/transfer'], ['GET', '/transfer?guid=x']]) {
    const reply = await other.call(method, target, method === 'POST' ? {} : undefined);
    assert.deepEqual([reply.status, reply.text], [403, DENIED]);
  }
  const away = await WalletKey.make(user, BALANCE, { networks: ['192.0.2.0/24'] });
  assert.equal((await away.call('GET', '/accounts')).text, DENIED);
  const changed = await stack.ctl('key', 'change', user.login, away.key, '--rights', 'View Account Balance Information,View Deposit History', '--ip', '127.0.0.0/8');
  assert.deepEqual([changed.rights, changed.networks], [['View Account Balance Information', 'View Deposit History'], '127.0.0.0/8']);
  await away.ok('GET', '/accounts');
  await stack.ctl('key', 'revoke', user.login, away.key);
  assert.equal((await away.call('GET', '/accounts')).text, UNAUTHORIZED);
});

test('who may only look moves nothing', async () => {
  const looker = await stack.user({ funds: { USD: '5' } });
  const client = await WalletKey.make(looker);
  await stack.ctl('role', 'add', looker.login, 'viewer');
  await stack.ctl('role', 'remove', looker.login, 'user');
  assert.equal((await client.ok('GET', '/accounts'))[0].balance, '5');
  await client.refused(403, 10403, 'POST', '/transfer', { symbol: 'USD', amount: '1', from: 'SPOT', to: 'FUND', guid: 'x' });
});

test('a key of another face, and on another face', async () => {
  const v1 = await stack.key(user.login, 'get_info');
  const stranger = new WalletKey(stack, v1);
  assert.equal((await stranger.call('GET', '/accounts')).text, UNAUTHORIZED);
});

// --- keys -------------------------------------------------------------------------------------------

test('keys on the site: with a second factor alone, scopes by name, 20 addresses, secret shown once', async () => {
  const owner = await stack.user({ password: 'correct horse', funds: { BTC: '1' } });
  let session = await stack.signIn(owner);
  const wanted = { face: 'wallet', rights: ['View Account Balance Information', 'Execute Withdrawals'], networks: ['127.0.0.1'] };
  const refused = await session.refused(400, 'otp_required', 'POST', '/site/keys', wanted, { field: 'otp' });
  assert.match(refused.message, /set up a one-time password first/);
  const device = await session.ok('POST', '/site/otp', { kind: 'totp' });
  await session.ok('POST', '/site/otp/confirm', { code: totp(device.key_base32), password: owner.password });
  await session.refused(400, 'otp_required', 'POST', '/site/keys', wanted, { field: 'otp' });
  await session.refused(400, 'invalid_parameter', 'POST', '/site/keys', { ...wanted, rights: ['get_info'] }, { field: 'rights' });
  const networks = Array.from({ length: 21 }, (_, i) => `192.0.2.${i}`);
  await session.refused(400, 'invalid_parameter', 'POST', '/site/keys', { ...wanted, networks }, { field: 'networks' });
  const made = await session.ok('POST', '/site/keys', { ...wanted, networks: ['127.0.0.1', ...networks.slice(0, 19)], otp: totp(device.key_base32, 1) });
  assert.deepEqual(made.rights, wanted.rights);
  const client = new WalletKey(stack, made);
  assert.equal((await client.ok('GET', '/accounts'))[0].asset_symbol, 'BTC');
  const { keys: [listed] } = await session.ok('GET', '/site/keys');
  assert.deepEqual([listed.key, listed.rights, 'secret' in listed], [made.key, wanted.rights, false]);
  assert.equal((await stack.sql(`SELECT COUNT(*) FROM api_key WHERE LOCATE(FROM_BASE64('${made.secret}'), secret_sealed) > 0`))[0][0], '0');
  await session.refused(400, 'otp_required', 'POST', `/site/keys/${made.key}`, { rights: SCOPES }, { field: 'otp' });
  await session.ok('DELETE', `/site/keys/${made.key}`);
  assert.equal((await client.call('GET', '/accounts')).text, UNAUTHORIZED);
});

// --- envelope and errors ----------------------------------------------------------------------------

test('unknown paths, other methods, and what cannot be read', async () => {
  for (const target of ['/api/v3/viewer/nothing', '/api/v3', '/viewer/', '/api/contract/v2/nothing', '/viewer/accounts/USD/x']) {
    const reply = await stack.request('GET', target);
    assert.deepEqual([reply.status, reply.text], [404, '{"code":10013,"message":"Resource not found"}'], target);
  }
  assert.deepEqual([(await key.call('PUT', '/accounts', {})).status, (await key.call('PUT', '/accounts', {})).json.code], [405, 10007]);
  const post = (body, type) => stack.request('POST', '/viewer/transfer', { body,
    headers: { Authorization: `Bearer ${key.token()}`, ...(type ? { 'Content-Type': type } : {}) } });
  for (const [body, type, status, code] of [['{', 'application/json', 400, 10007], ['[]', 'application/json', 400, 10007],
    ['{"a":1,"a":2}', 'application/json', 400, 10007], ['symbol=USD', 'application/x-www-form-urlencoded', 400, 40107],
    [`{"x":"${'x'.repeat(1 << 20)}"}`, 'application/json', 413, 10007]]) {
    const reply = await post(body, type);
    assert.deepEqual([reply.status, reply.json?.code, Object.keys(reply.json)], [status, code, ['code', 'message']], reply.text);
  }
});

test('what everybody may see', async () => {
  for (const target of ['/api/v3/ping', '/api//v3/ping']) {
    const ping = await stack.request('GET', target);
    assert.match(ping.text, /^\{"code":0,"message":"","data":\{"Timestamp":\d{19}\}\}$/);
    assert.ok(Math.abs(Number(ping.json.data.Timestamp) / 1e6 - Date.now()) < 10000);
  }
  for (const target of ['/api/v3/assets', '/api//v3/assets']) {
    const reply = await stack.request('GET', target);
    const btc = reply.json.data.find(({ symbol }) => symbol === 'BTC');
    assert.deepEqual(Object.keys(btc), ['uuid', 'symbol', 'name', 'scale', 'is_fiat', 'is_transfer_enabled', 'transfer_scale', 'binding_gateways'], target);
    assert.deepEqual([btc.name, btc.scale, btc.is_fiat], ['Bitcoin', 8, false]);
    assert.equal(new Set(reply.json.data.map(({ uuid }) => uuid)).size, reply.json.data.length);
  }
  assert.equal((await stack.request('GET', '/api/v3/asset_pairs')).text, '{"code":0,"message":"","data":[]}');
  assert.equal((await stack.request('GET', '/api/contract/v2/symbols')).text, '[]');
});

// --- accounts and transfers -------------------------------------------------------------------------

test('accounts: SPOT and FUND, both paths, one alone, none', async () => {
  const owner = await stack.customer({ funds: { BTC: '1.5', USD: '100' } });
  const client = await WalletKey.make(owner.user);
  const text = async (target) => (await client.call('GET', target)).text;
  assert.equal(await text('/accounts'), '{"code":0,"message":"","data":[{"asset_symbol":"BTC","balance":"1.5","locked_balance":"0"},'
    + '{"asset_symbol":"USD","balance":"100","locked_balance":"0"}]}');
  await client.ok('POST', '/transfer', { symbol: 'USD', amount: '40.50000', from: 'SPOT', to: 'FUND', guid: randomUUID() });
  assert.equal(await text('/fund/accounts'), '{"code":0,"message":"","data":[{"asset_symbol":"BTC","balance":"0","locked_balance":"0"},'
    + '{"asset_symbol":"USD","balance":"40.5","locked_balance":"0"}]}');
  assert.equal(await text('/accounts/USD'), '{"code":0,"message":"","data":{"asset_symbol":"USD","balance":"59.5","locked_balance":"0"}}');
  assert.equal(await text('/fund/accounts/EUR'), '{"code":0,"message":"","data":{"asset_symbol":"EUR","balance":"0","locked_balance":"0"}}');
  const below = await stack.request('GET', '/viewer/fund/accounts/USD', { headers: { Authorization: `Bearer ${client.token()}` } });
  assert.equal(below.json.data.balance, '40.5');
  await client.refused(404, 10013, 'GET', '/accounts/XXX', undefined, 'Resource not found');
  const shown = (await stack.ctl('wallet', 'show', owner.user.login)).find(({ currency }) => currency === 'USD');
  assert.deepEqual([shown.fund.value, shown.fund_locked.value, shown.spot.value], ['40.50000', '0.00000', '59.50000']);
  // What a ticket holds, and what an order holds, is locked in SPOT; v1 shows SPOT alone.
  await owner.ticket(await stack.partner(), '10');
  assert.deepEqual(await client.ok('GET', '/accounts/USD'), { asset_symbol: 'USD', balance: '59.5', locked_balance: '10' });
  assert.equal((await owner.ok('info')).Wallets.USD.Balance.value, '49.50000');
  await client.refused(400, 10014, 'POST', '/transfer', { symbol: 'USD', amount: '49.50001', from: 'SPOT', to: 'FUND', guid: randomUUID() }, 'Insufficient funds');
});

test('a transfer is done once under its guid', async () => {
  const owner = await stack.customer({ funds: { BTC: '1' } });
  const client = await WalletKey.make(owner.user);
  const guid = randomUUID();
  const body = { symbol: 'BTC', amount: '0.4', from: 'SPOT', to: 'FUND', guid };
  const replies = await inParallel(16, Array.from({ length: 16 }, (_, i) => () => client.call('POST', '/transfer', { ...body, amount: `0.4${'0'.repeat(i)}` })));
  replies.forEach((reply) => assert.deepEqual([reply.status, reply.text], [200, '{"code":0,"data":null}']));
  assert.equal((await client.ok('GET', '/fund/accounts/BTC')).balance, '0.4');
  for (const change of [{ amount: '0.5' }, { symbol: 'USD' }, { from: 'FUND', to: 'SPOT' }])
    await client.refused(400, 40302, 'POST', '/transfer', { ...body, ...change }, 'Already requested');
  const shown = await client.ok('GET', `/transfer?guid=${guid}`);
  assert.deepEqual(Object.keys(shown), ['guid', 'symbol', 'amount', 'from', 'to', 'type', 'inserted_at']);
  assert.deepEqual([shown.guid, shown.symbol, shown.amount, shown.from, shown.to, shown.type], [guid, 'BTC', '0.4', 'SPOT', 'FUND', 'NORMAL']);
  assert.match(shown.inserted_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  await key.refused(404, 10013, 'GET', `/transfer?guid=${guid}`);
  await key.ok('POST', '/transfer', { ...body, amount: '0.1' }); // a guid is each user's own
  await client.ok('POST', '/transfer', { ...body, from: 'FUND', to: 'SPOT', guid: unique() });
  const history = await owner.ok('wallet/history', { currency: 'BTC' });
  assert.deepEqual(history.result.map(({ Type, Info, Value }) => [Type, Info, Value.value]), [['in', 'Transfer from FUND', '0.40000000'],
    ['out', 'Transfer to FUND', '0.40000000'], ['deposit', 'Deposit', '1.00000000']]);
});

test('transfers that are refused, each naming what is wrong', async () => {
  const body = { symbol: 'BTC', amount: '0.1', from: 'SPOT', to: 'FUND', guid: randomUUID() };
  const refused = (change, field) => key.refused(400, 10007, 'POST', '/transfer', { ...body, ...change })
    .then(({ message }) => assert.ok(message.startsWith(`Parameter error: "${field}" `), message));
  await refused({ symbol: undefined }, 'symbol');
  await refused({ symbol: 'XXX' }, 'symbol');
  await refused({ amount: undefined }, 'amount');
  await refused({ amount: '0.000000001' }, 'amount');
  await refused({ amount: '-1' }, 'amount');
  await refused({ amount: '0' }, 'amount');
  await refused({ amount: {} }, 'amount');
  await refused({ from: 'CONTRACT' }, 'from');
  await refused({ to: 'CONTRACT' }, 'to');
  await refused({ to: 'SPOT' }, 'to');
  await refused({ to: 'EARN' }, 'to');
  await refused({ guid: undefined }, 'guid');
  await refused({ guid: 'a b' }, 'guid');
  await refused({ guid: 'x'.repeat(65) }, 'guid');
  await refused({ type: 'MASTER_TO_SUB' }, 'type');
  await refused({ sub_account: 'x' }, 'sub_account');
  await key.ok('POST', '/transfer', { ...body, amount: 0.1, type: 'NORMAL', sub_account: '' });
  await key.refused(400, 10014, 'POST', '/transfer', { ...body, amount: '100', guid: randomUUID() }, 'Insufficient funds');
});

test('64 clients move the same money to and fro', async () => {
  const owner = await stack.user({ funds: { USD: '10' } });
  const client = await WalletKey.make(owner);
  const move = (i) => () => client.call('POST', '/transfer', { symbol: 'USD', amount: '7', guid: randomUUID(),
    ...(i % 2 ? { from: 'SPOT', to: 'FUND' } : { from: 'FUND', to: 'SPOT' }) });
  const replies = await inParallel(64, Array.from({ length: 128 }, (_, i) => move(i)));
  replies.forEach(({ json }) => assert.ok([0, 10014].includes(json.code), JSON.stringify(json)));
  const [spot, fund] = [await client.ok('GET', '/accounts/USD'), await client.ok('GET', '/fund/accounts/USD')];
  assert.equal(Number(spot.balance) + Number(fund.balance), 10);
  assert.ok(Number(spot.balance) >= 0 && Number(fund.balance) >= 0);
});
