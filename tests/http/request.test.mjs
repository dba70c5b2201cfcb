// Looking up what became of a request by its name, for a caller whose reply was lost.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { closeConnections, stack, unique } from '../support/teller.mjs';

after(async () => {
  await stack.audit();
  closeConnections();
});

const PASSWORD = 'correct horse battery';
const named = (key) => ({ 'Idempotency-Key': key });

test('site: a ticket, a payment and an order by their Idempotency-Key; nobody else\'s', async () => {
  const session = await stack.signIn(await stack.user({ password: PASSWORD, funds: { USD: '1000' } }));
  const stranger = await stack.signIn(await stack.user({ password: PASSWORD }));
  const partner = await stack.partner();
  const [a, b] = [unique(), unique()];
  await session.refused(404, 'not_found', 'GET', `/site/request/${a}`);
  const ticket = await session.ok('POST', '/site/tickets', { partner: partner.id, amount: '1', currency: 'USD', accept_terms: true }, named(a));
  const found = await session.ok('GET', `/site/request/${a}`);
  assert.deepEqual([found.operation, found.ref, found.reply.ticket, found.reply.key], ['ticket_create', ticket.ticket, ticket.ticket, ticket.key]);
  await stranger.refused(404, 'not_found', 'GET', `/site/request/${a}`);
  await session.ok('POST', `/site/tickets/${ticket.ticket}/cancel`, {});
  assert.equal((await session.ok('GET', `/site/request/${a}`)).reply, null, 'the key of a ticket that is not open opens nothing');

  const merchant = await stack.merchant();
  const transaction = await merchant.order();
  const paid = await session.ok('POST', `/site/pay/${transaction}`, {}, named(b));
  const payment = await session.ok('GET', `/site/request/${b}`);
  assert.deepEqual([payment.operation, payment.ref, payment.reply], ['checkout_pay', paid.payment_id, null]);
  await session.refused(400, 'too_long', 'GET', `/site/request/${'x'.repeat(65)}`, undefined, { field: 'key' });
  assert.equal((await stack.request('GET', `/site/request/${a}`)).status, 401);
});

test('v1: a signed call by its nonce, of the same key alone', async () => {
  const customer = await stack.customer({ funds: { USD: '1000' } });
  const partner = await stack.partner();
  const other = await stack.key(customer.user.login, 'get_info');
  const nonce = `${Date.now()}000`;
  const ticket = (await customer.call('ticket/create', { nonce, partner: partner.id, amount: '1', currency: 'USD' })).json.return;
  const look = async (key, name) => (await key.call(`request/${name}`)).json;
  for (const spelling of [nonce, `0${nonce}.0`]) {
    const { return: found } = await look(customer, spelling);
    assert.deepEqual([found.operation, found.ref, found.reply], ['ticket_create', ticket.ticket, ticket]);
  }
  assert.equal((await look(other, nonce)).token, 'not_found');
  assert.equal((await look(customer, `${nonce}1`)).token, 'not_found');
  assert.equal((await look(customer, randomUUID())).token, 'invalid_parameter');
});

test('v1: what leaves no journal is done once by its nonce, also where the nonces were lost with their node', async () => {
  const merchant = await stack.merchant();
  const hotp = await stack.key(merchant.user.login, 'get_info');
  const url = `http://${unique()}.example/ipn`;
  const endpoint = `${new URL(url).host}:80`;
  const id = async (key) => Number((await stack.sql(`SELECT id FROM api_key WHERE public_key = UNHEX('${key.key.replaceAll('-', '')}')`))[0][0]);
  const forget = async (key) => stack.sql(`DELETE FROM api_key_nonce_${await id(key) % 32} WHERE key_id = ${await id(key)};
    DELETE FROM api_key_floor WHERE key_id = ${await id(key)}`);
  let nonce = Date.now() * 1000;
  for (const [key, method, params, operation] of [
    [merchant, 'merchant/event/test', { url }, 'event_test'],
    [merchant, 'merchant/secret/rotate', {}, 'secret_rotate'],
    [merchant, 'merchant/endpoint/pause', { endpoint }, 'endpoint_pause'],
    [merchant, 'merchant/endpoint/resume', { endpoint }, 'endpoint_resume'],
    [hotp, 'hotp/gen', {}, 'otp_device_add'],
  ]) {
    const sent = { nonce: ++nonce, ...params };
    const first = await key.ok(method, sent);
    assert.equal((await key.call(method, sent)).json.token, 'login_error_invalid_nonce', method);
    await forget(key);
    assert.equal((await key.call(method, sent)).json.token, 'replayed', method);
    const found = await key.ok(`request/${sent.nonce}`, { nonce: ++nonce });
    assert.equal(found.operation, operation);
    if (operation === 'secret_rotate' || operation === 'event_test') assert.deepEqual(found.reply, first);
    if (operation === 'otp_device_add') assert.deepEqual([found.ref, found.reply.key], [first.serial, first.key]);
  }
  // The one that rotated away, where something was signed before, and the new one: no more.
  const [[all, signing]] = await stack.sql(`SELECT COUNT(*), SUM(s.retires_at IS NULL) FROM webhook_secret AS s
    JOIN user AS u ON u.id = s.owner_id WHERE u.login = '${merchant.user.login}'`);
  assert.ok(Number(all) <= 2 && signing === '1', `${all} secrets, ${signing} of them without an end`);
});

test('v1: a nonce up to the floor of its key never counts as fresh', async () => {
  const customer = await stack.customer();
  const nonce = Date.now() * 1000;
  await customer.ok('info', { nonce });
  await stack.sweep();
  const [[id]] = await stack.sql(`SELECT id FROM api_key WHERE public_key = UNHEX('${customer.key.replaceAll('-', '')}')`);
  // The row was lost, or is as it was when this node wrote last.
  for (const loss of ['DELETE FROM', 'UPDATE']) {
    const table = `api_key_nonce_${Number(id) % 32}`;
    await stack.sql(`${loss} ${table}${loss === 'UPDATE' ? ' SET nonce = 5' : ''} WHERE key_id = ${id}`);
    assert.equal((await customer.call('info', { nonce })).json.token, 'login_error_invalid_nonce');
  }
  await customer.ok('info', { nonce: nonce + 1 });
});
