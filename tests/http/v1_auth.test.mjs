// Who is calling on the v1 face: keys, signatures, nonces, tonces, rights, addresses, revocation.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client, closeConnections, form, inParallel, sign, stack, tonce } from '../support/teller.mjs';

const TEXT = 'Identification required to access private API';
const PATH = '/api/1/generic/info';

let customer, partner;
before(async () => {
  customer = await stack.customer();
  partner = await stack.partner();
});
after(async () => {
  await stack.audit();
  closeConnections();
});

/** A signed call whose body and headers are changed behind the signature. */
async function send(client, { body = form({ tonce: tonce() }), headers = {} } = {}) {
  const all = { ...client.headers(body), ...headers };
  for (const name of Object.keys(all)) if (all[name] === null) delete all[name];
  return stack.request('POST', PATH, { headers: all, body });
}

function refused(reply, token) {
  assert.equal(reply.status, 403, reply.text);
  assert.equal(reply.json.token, token);
  assert.equal(reply.json.result, 'error');
  if (token !== 'login_error_address_not_allowed') assert.equal(reply.json.error, TEXT);
}

/** A key whose calls carry nonces. */
const fresh = () => stack.key(customer.user.login, 'get_info');
const accepted = async (client, nonce) => assert.equal((await client.ok('info', { nonce })).Login, customer.user.login, nonce);
const stale = async (client, nonce) => refused(await client.call('info', { nonce }), 'login_error_invalid_nonce');

test('no key, a wrong key, a key that is none', async () => {
  refused(await send(customer, { headers: { 'Rest-Key': null } }), 'login_error_missing_rest_key');
  refused(await send(customer, { headers: { 'Rest-Key': null, 'Rest-Sign': null } }), 'login_error_missing_rest_key');
  refused(await send(customer, { headers: { 'Rest-Key': randomUUID() } }), 'login_error_invalid_rest_key');
  refused(await send(customer, { headers: { 'Rest-Key': 'x' } }), 'login_error_invalid_rest_key');
  refused(await send(customer, { headers: { 'Rest-Key': customer.key.replaceAll('-', '') } }), 'login_error_invalid_rest_key');
});

test('the key in capitals is the same key', async () => {
  assert.equal((await send(customer, { headers: { 'Rest-Key': customer.key.toUpperCase() } })).status, 200);
});

test('no signature, a wrong one, one of another body, one with another secret', async () => {
  const invalid = 'login_error_invalid_rest_sign';
  const missing = await send(customer, { headers: { 'Rest-Sign': null } });
  assert.equal(missing.status, 403);
  assert.match(missing.json.token, /^login_error_(invalid_rest_sign|missing_rest_key)$/);
  refused(await send(customer, { headers: { 'Rest-Sign': 'AAAA' } }), invalid);
  refused(await send(customer, { headers: { 'Rest-Sign': '!' } }), invalid);
  refused(await send(customer, { headers: { 'Rest-Sign': sign(customer.secret, 'x=1') } }), invalid);
  const other = new Client(stack, { key: customer.key, secret: randomBytes(64).toString('base64') });
  refused(await send(other), invalid);
});

test('the signature covers the exact bytes of the body', async () => {
  const body = form({ tonce: tonce(), a: 'b c' });
  const spelled = body.replace('%20', '+');
  assert.notEqual(body, spelled);
  refused(await send(customer, { body, headers: { 'Rest-Sign': sign(customer.secret, spelled) } }),
    'login_error_invalid_rest_sign');
  assert.equal((await send(customer, { body })).status, 200);
});

test('white space inside the signature is skipped: a space after character 76 and one at the end', async () => {
  const body = form({ tonce: tonce() });
  const mac = sign(customer.secret, body);
  const folded = `${mac.slice(0, 76)} ${mac.slice(76)} `;
  assert.equal((await send(customer, { body, headers: { 'Rest-Sign': folded } })).status, 200);
});

test('neither nonce nor tonce', async () => {
  refused(await send(customer, { body: 'a=b' }), 'login_error_invalid_nonce');
  refused(await send(customer, { body: '' }), 'login_error_invalid_nonce');
});

test('nonce: rises, in any unit, fractions too, up to 2^63', async () => {
  const client = await fresh();
  for (const nonce of ['0', '1', '2', '1332899401.87', '1332899401.871', '1332899401871', '1364669160478556',
    '9223372036854775807', '9223372036854775808'])
    await accepted(client, nonce);
  for (const nonce of ['9223372036854775808', '9223372036854775809', '1', '99999999999999999999', '1e30'])
    await stale(client, nonce);
});

test('nonce: the same one, a lower one, the same in other words', async () => {
  const client = await fresh();
  await accepted(client, '100.5');
  for (const nonce of ['100.5', '100.50', '0100.5', '100.4999', '100', '99', '0'])
    await stale(client, nonce);
  await accepted(client, '100.50000000000001');
});

test('nonce: not a number', async () => {
  const client = await fresh();
  for (const nonce of ['', 'abc', '-1', '+5', '1.', '.5', '1.2.3', '1 2', '0x10', `1.${'1'.repeat(19)}`])
    await stale(client, nonce);
  await accepted(client, '5');
});

test('nonce: first or last in the body', async () => {
  const client = await fresh();
  assert.equal((await client.ok('wallet/history', { nonce: 1, currency: 'USD' })).current_page, 1);
  assert.equal((await client.ok('wallet/history', { currency: 'USD', nonce: 2 })).current_page, 1);
});

test('nonce: of 20 callers with the same one, one gets in', async () => {
  const client = await fresh();
  const replies = await inParallel(20, Array.from({ length: 20 }, () => () => client.call('info', { nonce: 7 })));
  assert.equal(replies.filter((reply) => reply.status === 200).length, 1);
  replies.filter((reply) => reply.status !== 200).forEach((reply) => refused(reply, 'login_error_invalid_nonce'));
});

test('nonce: counts per key', async () => {
  const [one, two] = [await fresh(), await fresh()];
  await accepted(one, '1000');
  await accepted(two, '1');
});

test('nonce: used up by a call that was refused for other reasons', async () => {
  const client = await fresh();
  await client.refused('missing_parameter', 'wallet/history', { nonce: 10 });
  await stale(client, '10');
  await accepted(client, '11');
});

test('a replayed write is refused and moves no money', async () => {
  const client = await stack.key(customer.user.login, 'withdraw');
  const body = form({ nonce: 1, partner: partner.id, amount: '1', currency: 'USD' });
  const send1 = () => stack.request('POST', '/api/1/generic/ticket/create', { headers: client.headers(body), body });
  const before = await stack.balance(customer.user.login);
  assert.equal((await send1()).json.result, 'success');
  refused(await send1(), 'login_error_invalid_nonce');
  const after = await stack.balance(customer.user.login);
  assert.equal(Number(before.available) - Number(after.available), 1);
});

test('tonce: once, in any order, at most 10 s off', async () => {
  const now = tonce();
  const call = (value) => customer.call('info', { tonce: value });
  assert.equal((await call(now)).status, 200);
  refused(await call(now), 'login_error_invalid_nonce');
  assert.equal((await call(now - 5000000n)).status, 200, 'earlier ones may come later');
  assert.equal((await call(now + 5000000n)).status, 200, 'a clock that is ahead');
  refused(await call(now - 5000000n), 'login_error_invalid_nonce');
  for (const off of [-30000000n, 30000000n]) refused(await call(now + off), 'login_error_invalid_nonce');
  for (const text of ['', '0', 'abc', '-5', `${now}.5`, '9'.repeat(30)]) refused(await call(text), 'login_error_invalid_nonce');
});

test('many callers at once: a worker has several of their calls in hand, and each gets its own answer', async () => {
  const callers = await inParallel(4, Array.from({ length: 12 }, (_, index) => () => stack.customer({ funds: { USD: `${index + 1}` } })));
  await inParallel(64, Array.from({ length: 600 }, (_, i) => async () => {
    const [caller, amount] = [callers[i % 12], `${i % 12 + 1}.00000`];
    if (i % 7 === 0) {
      refused(await send(caller, { body: form({ tonce: tonce() - 60_000_000n }) }), 'login_error_invalid_nonce');
    } else if (i % 5 === 0) {
      assert.equal((await caller.ok('wallet/history', { currency: 'USD' })).result[0].Balance.value, amount);
    } else if (i % 5 === 1) {
      await caller.refused('insufficient_funds', 'ticket/create', { partner: partner.id, amount: '1000', currency: 'USD' });
    } else {
      const info = await caller.ok('info');
      assert.deepEqual([info.Login, info.Wallets.USD.Balance.value], [caller.user.login, amount]);
    }
  }));
});

test('tonce: 50 calls in parallel on one key all get in', async () => {
  const replies = await inParallel(50, Array.from({ length: 50 }, () => () => customer.call('info')));
  replies.forEach((reply) => assert.equal(reply.status, 200, reply.text));
});

test('tonce: of 20 callers with the same one, one gets in', async () => {
  const same = tonce();
  const replies = await inParallel(20, Array.from({ length: 20 }, () => () => customer.call('info', { tonce: same })));
  assert.equal(replies.filter((reply) => reply.status === 200).length, 1);
});

test('tonce: two keys may use the same', async () => {
  const other = await fresh();
  const same = tonce();
  assert.equal((await customer.call('info', { tonce: same })).status, 200);
  assert.equal((await other.call('info', { tonce: same })).status, 200);
});

test('rights: each call wants its own', async () => {
  const login = customer.user.login;
  const calls = [
    ['get_info', 'info', {}],
    ['get_info', 'wallet/history', { currency: 'USD' }],
    ['get_info', 'hotp/gen', {}],
    ['withdraw', 'ticket/create', { partner: partner.id, amount: '1', currency: 'USD' }],
    ['withdraw', 'ticket/cancel', { ticket: randomUUID() }],
    ['partner', 'ticket/info', { ticket: randomUUID(), key: 'k' }],
    ['partner', 'ticket/settle', { ticket: randomUUID(), key: 'k', description: 'd' }],
    ['partner', 'ticket/update', { ticket: randomUUID(), key: 'k', message: 'm' }],
    ['partner', 'ticket/reject', { ticket: randomUUID(), key: 'k', reason: 'r' }],
    ['partner', 'ticket/refund', { ticket: randomUUID(), key: 'k', reason: 'r' }],
  ];
  const names = ['get_info', 'trade', 'deposit', 'withdraw', 'merchant', 'partner'];
  for (const [right, method, params] of calls) {
    const without = await stack.key(login, names.filter((name) => name !== right).join(','));
    await without.refused('missing_right', method, params, { status: 403 });
    const only = await stack.key(login, right);
    const reply = await only.call(method, params);
    assert.notEqual(reply.status, 403, `${method}: ${reply.text}`);
  }
});

test('rights: a ticket list takes either side\'s, and no other', async () => {
  for (const right of ['withdraw', 'partner'])
    assert.equal((await (await stack.key(customer.user.login, right)).ok('ticket/list')).current_page, 1);
  await (await stack.key(customer.user.login, 'get_info,trade,deposit,merchant')).refused('missing_right', 'ticket/list', {},
    { status: 403 });
});

test('info says the rights of the key', async () => {
  assert.deepEqual((await (await stack.key(customer.user.login, 'get_info,partner')).ok('info')).Rights, ['get_info', 'partner']);
});

test('addresses: a key works from its networks alone', async () => {
  const login = customer.user.login;
  for (const networks of [['127.0.0.0/8'], ['127.0.0.1'], ['10.0.0.0/8', '127.0.0.1/32']])
    assert.equal((await (await stack.key(login, 'get_info', networks)).call('info')).status, 200, networks.join());
  for (const networks of [['10.0.0.0/8'], ['127.0.0.2'], ['::1'], ['2001:db8::/32']])
    refused(await (await stack.key(login, 'get_info', networks)).call('info'), 'login_error_address_not_allowed');
});

test('addresses: a forwarded address is not believed', async () => {
  const client = await stack.key(customer.user.login, 'get_info', ['10.0.0.0/8']);
  refused(await client.call('info', {}, { headers: { 'X-Forwarded-For': '10.0.0.1', 'X-Real-IP': '10.0.0.1' } }),
    'login_error_address_not_allowed');
});

test('revocation takes effect at once, in every worker', async () => {
  const client = await fresh();
  await inParallel(16, Array.from({ length: 64 }, () => () => client.ok('info')));
  await stack.ctl('key', 'revoke', customer.user.login, client.key);
  const replies = await inParallel(16, Array.from({ length: 64 }, () => () => client.call('info')));
  replies.forEach((reply) => refused(reply, 'login_error_invalid_rest_key'));
});

test('a key of another face is none here', async () => {
  for (const [face, rights] of [['desk', 'get_info'], ['wallet', 'View Account Balance Information']]) {
    const client = new Client(stack, await stack.ctl('key', 'add', customer.user.login, '--face', face, '--rights', rights));
    refused(await client.call('info'), 'login_error_invalid_rest_key');
  }
});

test('signatures are checked before anything else is said', async () => {
  const reply = await stack.request('POST', '/api/1/generic/ticket/create', { headers: {
    'Content-Type': 'application/x-www-form-urlencoded' }, body: 'partner=x' });
  refused(reply, 'login_error_missing_rest_key');
});
