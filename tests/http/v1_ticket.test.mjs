// Partner withdrawal tickets: every change of state, both sides, and who may not.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { closeConnections, form, inParallel, stack, tonce, until } from '../support/teller.mjs';

let partner, other;
before(async () => {
  partner = await stack.partner({ name: 'Bank', url: 'https://bank.example/pay' });
  other = await stack.partner();
});
after(async () => {
  await stack.audit();
  closeConnections();
});

const USD100 = '{"value":"100.00000","value_int":"10000000","display":"$100.00000","display_short":"$100.00","currency":"USD"}';

/** A customer with 1,000 dollars and an open ticket of 100. */
async function opened(through = partner, options = {}) {
  const customer = await stack.customer(options);
  const { ticket, key } = await customer.ticket(through);
  return { customer, ticket, key, id: { ticket, key } };
}

async function settled(through = partner) {
  const made = await opened(through);
  await through.ok('ticket/settle', { ...made.id, description: 'paid' });
  return made;
}

/** Opens a ticket that expires at once, and waits for that. */
async function expired() {
  const quick = await stack.partner({ ttl: 1 });
  const made = await opened(quick);
  await until(async () => (await quick.ok('ticket/info', made.id)).status === 'expired', 20, 'expiry');
  return { ...made, partner: quick };
}

const funds = async (who) => {
  const { available, held } = await stack.balance(who.user.login);
  return [Number(available), Number(held)];
};

/** The calls of a partner about one ticket that change something. */
const CHANGES = {
  settle: { description: 'd' }, update: { message: 'm' }, reject: { reason: 'r' }, refund: { reason: 'r' },
};

test('create: exact reply; the amount is held', async () => {
  const customer = await stack.customer();
  const { text, json } = await customer.call('ticket/create', { partner: partner.id, amount: '100', currency: 'USD' });
  const { ticket, key } = json.return;
  assert.equal(text, `{"result":"success","return":{"ticket":"${ticket}","key":"${key}",`
    + `"partner_url":"https:\\/\\/bank.example\\/pay?ticket=${ticket}","amount":${USD100}}}`);
  assert.match(key, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(await funds(customer), [900, 100]);
});

test('create: amount_int, both that agree, v1 spellings', async () => {
  const customer = await stack.customer({ funds: { USD: '10', BTC: '1', JPY: '500' } });
  const create = async (params) => (await customer.ok('ticket/create', { partner: partner.id, ...params })).amount.value;
  assert.equal(await create({ amount_int: '150000', currency: 'USD' }), '1.50000');
  assert.equal(await create({ amount: '1.5', amount_int: '150000', currency: 'USD' }), '1.50000');
  assert.equal(await create({ amount: '0.00001', currency: 'USD' }), '0.00001');
  assert.equal(await create({ amount: '0.00000001', currency: 'BTC' }), '0.00000001');
  assert.equal(await create({ amount: '0.001', currency: 'JPY' }), '0.001');
  assert.equal((await customer.ok('ticket/create', { partner: partner.id, amount: '1', currency: 'USD' },
    { path: '/api/1/generic/private/ticket/create' })).amount.value, '1.00000');
});

test('create: the partner\'s URL keeps its query; without a URL it is null', async () => {
  const customer = await stack.customer();
  const query = await stack.partner({ url: 'https://bank.example/pay?lang=de' });
  const made = await customer.ticket(query);
  assert.equal(made.partner_url, `https://bank.example/pay?lang=de&ticket=${made.ticket}`);
  const without = await stack.partner();
  const reply = await customer.call('ticket/create', { partner: without.id, amount: '1', currency: 'USD' });
  assert.ok(reply.text.includes('"partner_url":null,"amount":{'), reply.text);
});

test('the ticket key: stored as a hash, in no URL, in no log', async () => {
  const { customer, ticket, key, id } = await opened();
  await partner.ok('ticket/settle', { ...id, description: 'paid' });
  const [[hash]] = await stack.sql(`SELECT LOWER(HEX(key_hash)) FROM ticket WHERE id = UNHEX('${ticket.replaceAll('-', '')}')`);
  assert.equal(hash, createHash('sha256').update(key).digest('hex'));
  const grep = promisify(execFile)('grep', ['-rlF', '-e', key, `${stack.dir}/log`]);
  await assert.rejects(grep, { code: 1 });
  const { result } = await customer.ok('ticket/list');
  assert.ok(!JSON.stringify(result).includes(key));
});

test('info: every member, in order', async () => {
  const { customer, ticket, id } = await opened();
  const { text, json } = await partner.call('ticket/info', id);
  const info = json.return;
  assert.deepEqual(Object.keys(info), ['ticket', 'partner', 'status', 'amount', 'created', 'expires', 'settled',
    'description', 'reason', 'updates', 'user', 'verification', 'return_url']);
  assert.ok(text.startsWith(`{"result":"success","return":{"ticket":"${ticket}","partner":"${partner.id}","status":"open",`
    + `"amount":${USD100},"created":`), text);
  assert.ok(text.includes(`"user":{"login":"${customer.user.login}","email":"${customer.user.email}","id":"${customer.user.id}"},`
    + '"verification":{"verified":true,"level":"full","methods":["operator"],"dates":{"operator":'), text);
  assert.equal(info.expires - info.created, 3600);
  assert.deepEqual([info.settled, info.description, info.reason, info.updates], [null, null, null, []]);
  assert.ok(info.return_url.startsWith('https://') && info.return_url.includes(ticket), info.return_url);
});

test('info: a customer who was not verified', async () => {
  const { id } = await opened(partner, { level: 'none' });
  const { verification } = await partner.ok('ticket/info', id);
  assert.deepEqual(verification, { verified: false, level: 'none', methods: [], dates: {} });
});

test('settle: the partner is credited, the ticket has its description', async () => {
  const { customer, id } = await opened();
  const [before] = await funds(partner);
  const ticket = await partner.ok('ticket/settle', { ...id, description: 'To account *1234' });
  assert.deepEqual(Object.keys(ticket), ['ticket', 'partner', 'status', 'amount', 'created', 'expires', 'settled',
    'description', 'reason', 'updates']);
  assert.deepEqual([ticket.status, ticket.description], ['settled', 'To account *1234']);
  assert.ok(ticket.settled >= ticket.created && ticket.settled <= ticket.expires);
  assert.deepEqual(await funds(customer), [900, 0]);
  assert.equal((await funds(partner))[0] - before, 100);
});

test('settle twice: the same answer, one credit', async () => {
  const { id } = await opened();
  const [before] = await funds(partner);
  const first = await partner.ok('ticket/settle', { ...id, description: 'first' });
  assert.deepEqual(await partner.ok('ticket/settle', { ...id, description: 'first' }), first);
  assert.deepEqual(await partner.ok('ticket/settle', { ...id, description: 'second' }), first);
  assert.equal((await funds(partner))[0] - before, 100);
});

test('settle by 32 at once: one credit, the same answer for all', async () => {
  const { id } = await opened();
  const [before] = await funds(partner);
  const replies = await inParallel(32, Array.from({ length: 32 }, (_, i) => () =>
    partner.ok('ticket/settle', { ...id, description: `by ${i}` })));
  assert.equal(new Set(replies.map((reply) => reply.description)).size, 1);
  assert.equal((await funds(partner))[0] - before, 100);
});

test('settle the same with one tonce twice: refused, one credit', async () => {
  const { id } = await opened();
  const [before] = await funds(partner);
  const body = form({ tonce: tonce(), ...id, description: 'paid' });
  const send = () => stack.request('POST', '/api/1/generic/ticket/settle', { headers: partner.headers(body), body });
  assert.equal((await send()).json.return.status, 'settled');
  assert.equal((await send()).json.token, 'login_error_invalid_nonce');
  assert.equal((await funds(partner))[0] - before, 100);
});

test('update: messages with and without a status; the customer sees them', async () => {
  const { customer, ticket, id } = await settled();
  await partner.ok('ticket/update', { ...id, message: 'one' });
  await partner.ok('ticket/update', { ...id, message: 'two', status: 'processing' });
  await partner.ok('ticket/update', { ...id, message: 'three' });
  const done = await partner.ok('ticket/update', { ...id, message: 'four', status: 'completed' });
  const last = await partner.ok('ticket/update', { ...id, message: 'five' });
  assert.equal(done.status, 'completed');
  assert.deepEqual(last.updates.map((update) => [update.status, update.message]), [['settled', 'one'],
    ['processing', 'two'], ['processing', 'three'], ['completed', 'four'], ['completed', 'five']]);
  assert.deepEqual(Object.keys(last.updates[0]), ['date', 'status', 'message']);
  const { result } = await customer.ok('wallet/history', { currency: 'USD', type: 'withdraw' });
  assert.equal(result.filter((line) => line.Link[0] === ticket).length, 7);
});

test('update: straight from settled to each end', async () => {
  for (const status of ['completed', 'failed']) {
    const { id } = await settled();
    assert.equal((await partner.ok('ticket/update', { ...id, message: 'm', status })).status, status);
  }
});

test('update: no way back', async () => {
  const completed = await settled();
  await partner.ok('ticket/update', { ...completed.id, message: 'm', status: 'completed' });
  for (const status of ['processing', 'failed'])
    await partner.refused('ticket_completed', 'ticket/update', { ...completed.id, message: 'm', status });
  const failed = await settled();
  await partner.ok('ticket/update', { ...failed.id, message: 'm', status: 'failed' });
  for (const status of ['processing', 'completed'])
    await partner.refused('ticket_failed', 'ticket/update', { ...failed.id, message: 'm', status });
});

test('reject: the money goes back, with the reason', async () => {
  const { customer, id } = await opened();
  const ticket = await partner.ok('ticket/reject', { ...id, reason: 'no such account' });
  assert.deepEqual([ticket.status, ticket.reason, ticket.settled], ['rejected', 'no such account', null]);
  assert.deepEqual(await funds(customer), [1000, 0]);
});

test('refund: from the partner to the customer, whether settled, processing or failed', async () => {
  for (const status of [null, 'processing', 'failed']) {
    const { customer, id } = await settled();
    if (status) await partner.ok('ticket/update', { ...id, message: 'm', status });
    const [before] = await funds(partner);
    const ticket = await partner.ok('ticket/refund', { ...id, reason: 'came back' });
    assert.deepEqual([ticket.status, ticket.reason], ['refunded', 'came back']);
    assert.deepEqual(await funds(customer), [1000, 0]);
    assert.equal(before - (await funds(partner))[0], 100);
  }
});

test('refund: only what the partner still has', async () => {
  const poor = await stack.partner();
  const { customer, id } = await settled(poor);
  const spender = await stack.key(poor.user.login, 'withdraw');
  await spender.ok('ticket/create', { partner: partner.id, amount: '60', currency: 'USD' });
  await poor.refused('insufficient_funds', 'ticket/refund', { ...id, reason: 'r' });
  assert.equal((await poor.ok('ticket/info', id)).status, 'settled');
  assert.deepEqual(await funds(customer), [900, 0]);
});

test('cancel: the money is back at once; the ticket is as the customer sees it', async () => {
  const { customer, ticket } = await opened();
  const reply = await customer.ok('ticket/cancel', { ticket });
  assert.deepEqual(Object.keys(reply), ['ticket', 'partner', 'status', 'amount', 'created', 'expires', 'settled',
    'description', 'reason', 'updates']);
  assert.equal(reply.status, 'cancelled');
  assert.deepEqual(await funds(customer), [1000, 0]);
});

test('an open ticket: what needs a settled one is refused', async () => {
  const { customer, id } = await opened();
  await partner.refused('ticket_not_settled', 'ticket/update', { ...id, message: 'm' });
  await partner.refused('ticket_not_settled', 'ticket/refund', { ...id, reason: 'r' });
  assert.deepEqual(await funds(customer), [900, 100]);
});

test('a settled ticket: cancel and reject are refused', async () => {
  const { customer, ticket, id } = await settled();
  await customer.refused('ticket_settled', 'ticket/cancel', { ticket }, { error: 'Ticket is settled already' });
  await partner.refused('ticket_settled', 'ticket/reject', { ...id, reason: 'r' });
  await partner.ok('ticket/update', { ...id, message: 'm', status: 'processing' });
  await customer.refused('ticket_settled', 'ticket/cancel', { ticket });
});

test('a completed ticket: everything but more news is refused', async () => {
  const { customer, ticket, id } = await settled();
  await partner.ok('ticket/update', { ...id, message: 'm', status: 'completed' });
  await customer.refused('ticket_completed', 'ticket/cancel', { ticket });
  await partner.refused('ticket_completed', 'ticket/reject', { ...id, reason: 'r' });
  await partner.refused('ticket_completed', 'ticket/refund', { ...id, reason: 'r' });
});

for (const [state, close] of Object.entries({
  cancelled: ({ customer, ticket }) => customer.ok('ticket/cancel', { ticket }),
  rejected: ({ id }) => partner.ok('ticket/reject', { ...id, reason: 'no' }),
  refunded: async ({ id }) => {
    await partner.ok('ticket/settle', { ...id, description: 'paid' });
    await partner.ok('ticket/refund', { ...id, reason: 'back' });
  },
})) {
  test(`a ${state} ticket: nothing more happens to it`, async () => {
    const made = await opened();
    await close(made);
    const before = [await funds(made.customer), await funds(partner)];
    await made.customer.refused(`ticket_${state}`, 'ticket/cancel', { ticket: made.ticket });
    for (const [call, params] of Object.entries(CHANGES))
      await partner.refused(`ticket_${state}`, `ticket/${call}`, { ...made.id, ...params });
    assert.deepEqual([await funds(made.customer), await funds(partner)], before);
    assert.equal((await partner.ok('ticket/info', made.id)).status, state);
  });
}

test('an expired ticket: the money is back, nothing more happens to it', async () => {
  const made = await expired();
  await until(async () => (await funds(made.customer))[0] === 1000, 20, 'the sweeper');
  await made.customer.refused('ticket_expired', 'ticket/cancel', { ticket: made.ticket }, { error: 'Ticket is expired' });
  for (const [call, params] of Object.entries(CHANGES))
    await made.partner.refused('ticket_expired', `ticket/${call}`, { ...made.id, ...params });
  assert.deepEqual(await funds(made.customer), [1000, 0]);
});

test('a wrong key is refused everywhere and changes nothing', async () => {
  const { customer, ticket } = await opened();
  const wrong = { ticket, key: 'A'.repeat(43) };
  await partner.refused('ticket_wrong_key', 'ticket/info', wrong, { error: 'Ticket key is wrong' });
  for (const [call, params] of Object.entries(CHANGES))
    await partner.refused('ticket_wrong_key', `ticket/${call}`, { ...wrong, ...params });
  assert.deepEqual(await funds(customer), [900, 100]);
});

test('the key of another ticket is a wrong key', async () => {
  const [one, two] = [await opened(), await opened()];
  await partner.refused('ticket_wrong_key', 'ticket/settle', { ticket: one.ticket, key: two.key, description: 'd' });
});

test('wrong keys: ten, then none is looked at, not even the right one; each ticket for itself; a pause heals', async () => {
  const [one, two] = [await opened(), await opened()];
  for (let i = 0; i < 10; i++)
    await partner.refused('ticket_wrong_key', 'ticket/info', { ticket: one.ticket, key: `guess-${i}` });
  await partner.refused('too_many_attempts', 'ticket/info', { ticket: one.ticket, key: 'guess' }, { status: 429 });
  await partner.refused('too_many_attempts', 'ticket/info', one.id, { status: 429 });
  for (const [call, params] of Object.entries(CHANGES))
    await partner.refused('too_many_attempts', `ticket/${call}`, { ...one.id, ...params }, { status: 429 });
  assert.equal((await partner.ok('ticket/info', two.id)).status, 'open');
  await stack.sql(`UPDATE ticket SET wrong_key_at = wrong_key_at - INTERVAL 16 MINUTE WHERE id = UNHEX('${
    one.ticket.replaceAll('-', '')}')`);
  await partner.refused('ticket_wrong_key', 'ticket/info', { ticket: one.ticket, key: 'guess' });
  assert.equal((await partner.ok('ticket/info', one.id)).status, 'open');
});

test('wrong keys in parallel: the limit holds', async () => {
  const { ticket } = await opened();
  const replies = await inParallel(40, Array.from({ length: 40 }, (_, i) => () =>
    partner.call('ticket/info', { ticket, key: `guess-${i}` })));
  const looked = replies.filter((reply) => reply.json.token === 'ticket_wrong_key').length;
  assert.ok(looked >= 10, `${looked} looked at`);
  await partner.refused('too_many_attempts', 'ticket/info', { ticket, key: 'guess' }, { status: 429 });
});

test('another partner\'s ticket is not found', async () => {
  const { customer, id } = await opened();
  await other.refused('ticket_not_found', 'ticket/info', id, { error: 'Ticket not found' });
  for (const [call, params] of Object.entries(CHANGES))
    await other.refused('ticket_not_found', `ticket/${call}`, { ...id, ...params });
  assert.deepEqual(await funds(customer), [900, 100]);
});

test('another customer\'s ticket is not found; nor is the partner\'s to cancel, nor the customer\'s to settle', async () => {
  const { customer, ticket, id } = await opened();
  await (await stack.customer()).refused('ticket_not_found', 'ticket/cancel', { ticket });
  await (await stack.key(partner.user.login, 'withdraw')).refused('ticket_not_found', 'ticket/cancel', { ticket });
  await (await stack.key(customer.user.login, 'partner')).refused('ticket_not_found', 'ticket/settle', { ...id, description: 'd' });
});

test('a ticket that never was is not found', async () => {
  const customer = await stack.customer();
  await customer.refused('ticket_not_found', 'ticket/cancel', { ticket: randomUUID() });
  await partner.refused('ticket_not_found', 'ticket/info', { ticket: randomUUID(), key: 'k' });
});

test('list: both sides, newest first, filters, exact members', async () => {
  const through = await stack.partner();
  const customer = await stack.customer();
  const tickets = [];
  for (const amount of ['1', '2', '3', '4']) tickets.push(await customer.ticket(through, amount));
  await customer.ok('ticket/cancel', { ticket: tickets[0].ticket });
  await through.ok('ticket/settle', { ticket: tickets[1].ticket, key: tickets[1].key, description: 'd' });
  const newestFirst = tickets.map((made) => made.ticket).reverse();
  for (const side of [customer, through]) {
    const list = await side.ok('ticket/list');
    assert.deepEqual(Object.keys(list), ['records', 'result', 'current_page', 'max_page', 'max_results']);
    assert.deepEqual([list.records, list.current_page, list.max_page, list.max_results], ['4', 1, 1, 50]);
    assert.deepEqual(list.result.map((row) => row.ticket), newestFirst);
    assert.deepEqual(Object.keys(list.result[0]).slice(0, 5), ['ticket', 'partner', 'status', 'amount', 'created']);
    const filtered = async (params) => (await side.ok('ticket/list', params)).result.map((row) => row.ticket);
    assert.deepEqual(await filtered({ status: 'open' }), newestFirst.slice(0, 2));
    assert.deepEqual(await filtered({ status: 'cancelled' }), [tickets[0].ticket]);
    assert.deepEqual(await filtered({ status: 'settled' }), [tickets[1].ticket]);
    assert.deepEqual(await filtered({ status: 'failed' }), []);
    assert.deepEqual(await filtered({ since: Math.floor(Date.now() / 1000) - 600 }), newestFirst);
    assert.deepEqual(await filtered({ since: Math.floor(Date.now() / 1000) + 600 }), []);
    assert.deepEqual(await filtered({ page: 2 }), []);
    await side.refused('invalid_parameter', 'ticket/list', { status: 'lost' });
    await side.refused('out_of_range', 'ticket/list', { page: 0 });
    await side.refused('not_date', 'ticket/list', { since: 'yesterday' });
  }
  assert.equal((await (await stack.customer()).ok('ticket/list')).records, '0');
  assert.equal((await other.ok('ticket/list', { status: 'open' })).result.filter((row) => newestFirst.includes(row.ticket)).length, 0);
});

test('list: pages of 50', async () => {
  const customer = await stack.customer();
  await inParallel(8, Array.from({ length: 60 }, () => () => customer.ticket(partner, '1')));
  const [one, two] = [await customer.ok('ticket/list'), await customer.ok('ticket/list', { page: 2 })];
  assert.deepEqual([one.result.length, two.result.length, one.records, one.max_page], [50, 10, '60', 2]);
  assert.equal(new Set([...one.result, ...two.result].map((row) => row.ticket)).size, 60);
});

test('list: a ticket past its time counts as expired, and no more as open', async () => {
  const { customer, ticket } = await expired();
  assert.deepEqual((await customer.ok('ticket/list', { status: 'expired' })).result.map((row) => row.ticket), [ticket]);
  assert.deepEqual((await customer.ok('ticket/list', { status: 'open' })).result, []);
});

test('a partner may demand verified customers', async () => {
  const strict = await stack.partner({ verifiedOnly: true });
  const order = { partner: strict.id, amount: '1', currency: 'USD' };
  await (await stack.customer({ level: 'none' })).refused('partner_needs_verified', 'ticket/create', order);
  for (const level of ['basic', 'full']) await (await stack.customer({ level })).ok('ticket/create', order);
});

test('a partner cannot withdraw through itself', async () => {
  const client = await stack.key(partner.user.login, 'withdraw');
  await stack.ctl('credit', partner.user.login, 'USD', '10', '--note', 'n');
  await client.refused('partner_is_self', 'ticket/create', { partner: partner.id, amount: '1', currency: 'USD' });
});
