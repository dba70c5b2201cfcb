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
