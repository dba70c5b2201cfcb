// The routes behind the pages: account, currencies, history, partners, tickets, keys, one-time passwords.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client, closeConnections, hotp, inParallel, stack, totp, unique, until } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';
const MONEY = ['value', 'value_int', 'display', 'display_short', 'currency'];

let partner;
before(async () => { partner = await stack.partner({ name: 'Bank', url: 'https://bank.example/pay' }); });
after(async () => {
  await stack.audit();
  closeConnections();
});

/** A signed-in customer. */
async function visitor(options = {}) {
  const user = await stack.user({ password: PASSWORD, funds: { USD: '1000' }, ...options });
  return Object.assign(await stack.signIn(user), { user });
}

const order = (changes = {}) => ({ partner: partner.id, amount: '100', currency: 'USD', accept_terms: true, ...changes });
const create = (session, changes = {}, key = unique()) => session.ok('POST', '/site/tickets', order(changes), { 'Idempotency-Key': key });
const refusedOrder = (session, status, error, changes, field) =>
  session.refused(status, error, 'POST', '/site/tickets', order(changes), { field, headers: { 'Idempotency-Key': unique() } });

const ROUTES = [
  ['GET', '/site/account'], ['GET', '/site/history?currency=USD'], ['GET', '/site/partners'], ['GET', '/site/tickets'],
  ['POST', '/site/tickets'], ['POST', `/site/tickets/${randomUUID()}/continue`], ['POST', `/site/tickets/${randomUUID()}/cancel`],
  ['GET', '/site/keys'], ['POST', '/site/keys'], ['POST', `/site/keys/${randomUUID()}`], ['DELETE', `/site/keys/${randomUUID()}`],
  ['POST', '/site/otp'], ['POST', '/site/otp/confirm'], ['DELETE', '/site/otp'],
];

for (const [method, path] of ROUTES) {
  const name = `${method} ${path.replace(/[0-9a-f-]{36}/, '{id}')}`;
  test(`${name}: without a session, with one that ended`, async () => {
    const headers = { 'Content-Type': 'application/json' };
    const body = method === 'GET' ? null : '{}';
    const none = await stack.request(method, path, { headers, body });
    assert.deepEqual([none.status, none.json.error, none.json.field], [401, 'missing_ticket', null], none.text);
    assert.deepEqual(Object.keys(none.json), ['error', 'message', 'field']);
    const ended = await stack.request(method, path, { headers: { ...headers, Cookie: `session=${randomUUID()}` }, body });
    assert.deepEqual([ended.status, ended.json.error], [401, 'expired_session']);
    const key = await stack.request(method, path, { headers: { ...headers, ...(await stack.customer()).headers(body ?? '') }, body });
    assert.equal(key.status, 401, 'an API key is no session');
  });
  if (method !== 'GET') {
    test(`${name}: without the CSRF token`, async () => {
      const session = await visitor();
      const other = await visitor();
      for (const token of ['', 'x', other.csrf, `${session.csrf}x`])
        await session.refused(403, 'csrf', method, path, {}, { headers: { 'X-CSRF-Token': token } });
    });
  }
}

test('another method: 405 with Allow; an unknown path: 404', async () => {
  const session = await visitor();
  const reply = await session.call('DELETE', '/site/account');
  assert.deepEqual([reply.status, reply.json.error, reply.headers.allow], [405, 'invalid_request_method', 'GET, HEAD']);
  await session.refused(404, 'unknown_method', 'GET', '/site/nothing');
});

test('broken bodies and bodies over the cap', async () => {
  const session = await visitor();
  const post = (body, type = 'application/json') => stack.request('POST', '/site/otp', { headers: { Cookie: session.cookie,
    'X-CSRF-Token': session.csrf, 'Content-Type': type }, body });
  for (const [body, type, status, error] of [['{', undefined, 400, 'malformed_request'], ['{"kind":"totp",}', undefined, 400, 'malformed_request'],
    [`{"kind":${'['.repeat(99)}${']'.repeat(99)}}`, undefined, 400, 'json_too_deep'], ['kind', 'text/plain', 400, 'unsupported_content_type'],
    [`{"kind":"${'x'.repeat(1 << 20)}"}`, undefined, 413, 'request_too_large'],
    [JSON.stringify(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`p${i}`, 1]))), undefined, 413, 'too_many_parameters']]) {
    const reply = await post(body, type);
    assert.deepEqual([reply.status, reply.json.error], [status, error], body.slice(0, 40));
  }
});

test('account: every member', async () => {
  const session = await visitor({ level: 'basic', funds: { USD: '1000', BTC: '2' } });
  const account = await session.ok('GET', '/site/account');
  assert.deepEqual(Object.keys(account), ['login', 'email', 'id', 'level', 'verified', 'otp', 'wallets']);
  assert.deepEqual([account.login, account.email, account.id, account.level, account.verified],
    [session.user.login, session.user.email, session.user.id, 'basic', true]);
  assert.deepEqual(account.otp, { enabled: false, kind: null });
  assert.deepEqual(account.wallets.map((wallet) => wallet.currency), ['BTC', 'USD']);
  const [, usd] = account.wallets;
  assert.deepEqual(Object.keys(usd), ['currency', 'balance', 'held', 'reserved', 'free', 'daily_limit', 'daily_left', 'monthly_limit', 'monthly_left', 'single_limit']);
  for (const name of Object.keys(usd).slice(1)) assert.deepEqual(Object.keys(usd[name]), MONEY, name);
  await create(session, { amount: '40' });
  const [, after1] = (await session.ok('GET', '/site/account')).wallets;
  assert.deepEqual([after1.balance.value, after1.held.value, after1.daily_limit.value, after1.daily_left.value, after1.monthly_left.value],
    ['960.00000', '40.00000', '10000.00000', '9960.00000', '99960.00000']);
});

test('account: also by ticket header, without cookie', async () => {
  const session = await visitor();
  const reply = await stack.request('GET', '/site/account', { headers: { authenticateit_identity_ticket: session.ticket } });
  assert.equal(reply.json.login, session.user.login);
});

test('currencies: public, with decimals and signs', async () => {
  const reply = await stack.request('GET', '/site/currencies');
  assert.equal(reply.status, 200);
  const rows = reply.json.currencies;
  assert.equal(rows.length, 21);
  assert.deepEqual(rows.find((row) => row.currency === 'EUR'), { currency: 'EUR', name: 'Euro', symbol: '€', decimals: 5,
    display_decimals: 2, symbol_position: 'after', virtual: false });
  assert.equal(rows.find((row) => row.currency === 'BTC').virtual, true);
});

test('history: lines with links, filters, paging, wrong filters', async () => {
  const session = await visitor({ funds: { USD: '500' } });
  const { ticket } = await create(session, { amount: '5' });
  const history = await session.ok('GET', '/site/history?currency=USD');
  assert.deepEqual([history.records, history.current_page, history.max_page, history.max_results], [2, 1, 1, 50]);
  const [line, deposit] = history.result;
  assert.deepEqual(Object.keys(line), ['index', 'date', 'type', 'refund', 'order', 'value', 'balance', 'info', 'link']);
  assert.deepEqual([line.index, line.type, line.value.value, line.balance.value, line.info],
    [2, 'withdraw', '5.00000', '495.00000', 'Withdrawal through Bank']);
  assert.deepEqual(line.link, { class: 'Money_Ticket', id: ticket });
  assert.deepEqual([deposit.index, deposit.type, deposit.link], [1, 'deposit', null]);
  const count = async (query) => (await session.ok('GET', `/site/history?currency=USD&${query}`)).result.length;
  const today = new Date().toISOString().slice(0, 10);
  const tomorrow = new Date(Date.now() + 86400e3).toISOString().slice(0, 10);
  assert.equal(await count('type=deposit'), 1);
  assert.equal(await count('type=fee'), 0);
  assert.equal(await count(`date_end=${tomorrow}&date_start=2011-01-01`), 2);
  assert.equal(await count('date_end=2011-12-31'), 0);
  assert.equal(await count(`type=&date_start=&date_end=${today}&page=1`), 2, 'empty filters are none; the last day is included');
  for (const [query, error, field] of [['currency=XYZ', 'unknown_currency', 'currency'],
    ['currency=USD&type=x', 'invalid_parameter', 'type'], ['currency=USD&date_start=2026-13-01', 'not_date', 'date_start'],
    ['currency=USD&page=0', 'out_of_range', 'page'], ['currency=USD&page=1e9', 'invalid_parameter', 'page']])
    await session.refused(400, error, 'GET', `/site/history?${query}`, undefined, { field });
});

test('history: all currencies together, in the order of booking; what came back is a refund', async () => {
  const session = await visitor({ funds: { USD: '500', EUR: '20' } });
  const { ticket } = await create(session, { amount: '5' });
  await session.ok('POST', `/site/tickets/${ticket}/cancel`, {});
  const history = await session.ok('GET', '/site/history');
  assert.equal(history.records, 4);
  const lines = history.result.map(({ index, type, refund, order, value }) => [index, type, refund, order, value.currency]);
  assert.deepEqual(lines.slice(0, 2), [[3, 'deposit', true, null, 'USD'], [2, 'withdraw', false, null, 'USD']]);
  assert.deepEqual(lines.slice(2).map((line) => line.join()).sort(), ['1,deposit,false,,EUR', '1,deposit,false,,USD']);
  const { result } = await session.ok('GET', '/site/history?type=withdraw');
  assert.deepEqual(result.map(({ type }) => type), ['withdraw']);
});

test('partners: who may be chosen', async () => {
  const strict = await stack.partner({ verifiedOnly: true, ttl: 60 });
  const find = async (session, id) => (await session.ok('GET', '/site/partners')).partners.find((row) => row.id === id);
  const [unverified, verified] = [await visitor({ level: 'none' }), await visitor({ level: 'full' })];
  assert.deepEqual(await find(unverified, partner.id), { id: partner.id, name: 'Bank', url: 'https://bank.example/pay',
    verified_only: false, ttl_seconds: 3600, eligible: true });
  assert.deepEqual(await find(unverified, strict.id), { id: strict.id, name: strict.id, url: null, verified_only: true,
    ttl_seconds: 60, eligible: false });
  assert.equal((await find(verified, strict.id)).eligible, true);
});

test('tickets: create, and what the list says', async () => {
  const session = await visitor();
  const made = await create(session);
  assert.deepEqual(Object.keys(made), ['ticket', 'key', 'partner_url', 'amount', 'expires']);
  assert.equal(made.partner_url, `https://bank.example/pay?ticket=${made.ticket}`);
  assert.equal(made.amount.display_short, '$100.00');
  await partner.ok('ticket/settle', { ticket: made.ticket, key: made.key, description: 'paid' });
  await partner.ok('ticket/update', { ticket: made.ticket, key: made.key, message: 'soon', status: 'processing' });
  const list = await session.ok('GET', '/site/tickets');
  assert.deepEqual([list.records, list.current_page, list.max_page], [1, 1, 1]);
  const [ticket] = list.tickets;
  assert.deepEqual([ticket.ticket, ticket.partner, ticket.status, ticket.amount.value, ticket.description],
    [made.ticket, { id: partner.id, name: 'Bank' }, 'processing', '100.00000', 'paid']);
  assert.deepEqual(ticket.updates.map(({ status, message }) => [status, message]), [['processing', 'soon']]);
  for (const name of ['created', 'expires', 'settled']) assert.equal(typeof ticket[name], 'number', name);
  assert.equal(ticket.expires, made.expires);
  assert.ok(!('key' in ticket));
});

test('tickets: the list\'s filters and pages; nobody else\'s', async () => {
  const session = await visitor();
  await inParallel(8, Array.from({ length: 55 }, () => () => create(session, { amount: '1' })));
  const list = (query) => session.ok('GET', `/site/tickets?${query}`);
  assert.deepEqual([(await list('page=1')).tickets.length, (await list('page=2')).tickets.length, (await list('')).max_page], [50, 5, 2]);
  assert.equal((await list('status=settled')).records, 0);
  assert.equal((await list('status=open')).records, 55);
  assert.equal((await list(`since=${Math.floor(Date.now() / 1000) + 60}`)).records, 0);
  await session.refused(400, 'invalid_parameter', 'GET', '/site/tickets?status=x', undefined, { field: 'status' });
  await session.refused(400, 'out_of_range', 'GET', '/site/tickets?page=0', undefined, { field: 'page' });
  assert.equal((await (await visitor()).ok('GET', '/site/tickets')).records, 0);
});

test('tickets: the same Idempotency-Key gives the same ticket, whatever happened since', async () => {
  const session = await visitor();
  const key = unique();
  const first = await create(session, {}, key);
  assert.deepEqual(await create(session, {}, key), first);
  const replies = await inParallel(10, Array.from({ length: 10 }, () => () => create(session, {}, key)));
  replies.forEach((reply) => assert.deepEqual(reply, first));
  await session.ok('POST', `/site/tickets/${first.ticket}/cancel`, {});
  assert.equal((await create(session, {}, key)).ticket, first.ticket);
  assert.deepEqual(await stack.balance(session.user.login), { available: '1000.00000', held: '0.00000' });
});

test('tickets: 10 at once with a new Idempotency-Key open one ticket', async () => {
  const session = await visitor();
  const key = unique();
  const replies = await inParallel(10, Array.from({ length: 10 }, () => () => create(session, {}, key)));
  assert.equal(new Set(replies.map((reply) => reply.ticket)).size, 1);
  assert.deepEqual(await stack.balance(session.user.login), { available: '900.00000', held: '100.00000' });
});

test('tickets: an Idempotency-Key that was used for another order', async () => {
  const session = await visitor();
  const key = unique();
  await create(session, {}, key);
  for (const changes of [{ amount: '101' }, { currency: 'EUR' }, { partner: (await stack.partner()).id }])
    await session.refused(409, 'idempotency_conflict', 'POST', '/site/tickets', order(changes), { headers: { 'Idempotency-Key': key } });
  const other = await visitor();
  assert.notEqual((await create(other, {}, key)).ticket, undefined, 'keys are each user\'s own');
});

test('tickets: bad input, field by field', async () => {
  const session = await visitor({ level: 'none' });
  await session.refused(400, 'missing_parameter', 'POST', '/site/tickets', order(), { field: 'Idempotency-Key' });
  for (const [key, error] of [['x'.repeat(65), 'too_long'], ['t\u00e4st', 'invalid_parameter']])
    await session.refused(400, error, 'POST', '/site/tickets', order(), { field: 'Idempotency-Key', headers: { 'Idempotency-Key': key } });
  await refusedOrder(session, 400, 'missing_parameter', { partner: undefined }, 'partner');
  await refusedOrder(session, 400, 'unknown_partner', { partner: 'nobody' }, 'partner');
  await refusedOrder(session, 400, 'missing_parameter', { currency: undefined }, 'currency');
  await refusedOrder(session, 400, 'unknown_currency', { currency: 'XYZ' }, 'currency');
  await refusedOrder(session, 400, 'missing_parameter', { amount: undefined }, 'amount');
  await refusedOrder(session, 400, 'amount_not_positive', { amount: '0' }, 'amount');
  await refusedOrder(session, 400, 'amount_not_positive', { amount: '-5' }, 'amount');
  await refusedOrder(session, 400, 'amount_digits', { amount: '1.123456' }, 'amount');
  await refusedOrder(session, 400, 'amount_range', { amount: '9'.repeat(60) }, 'amount');
  await refusedOrder(session, 400, 'amount_format', { amount: 'ten' }, 'amount');
  await refusedOrder(session, 400, 'amount_format', { amount: ['1'] }, 'amount');
  await refusedOrder(session, 400, 'amount_disagrees', { amount_int: '1' }, 'amount');
  await refusedOrder(session, 400, 'terms_not_accepted', { accept_terms: false }, 'accept_terms');
  await refusedOrder(session, 400, 'terms_not_accepted', { accept_terms: undefined }, 'accept_terms');
  await refusedOrder(session, 409, 'insufficient_funds', { amount: '1000.00001' });
  await stack.ctl('credit', session.user.login, 'USD', '9000', '--note', 'more');
  await refusedOrder(session, 409, 'over_single_limit', { amount: '1000.00001' });
  await create(session, { amount: '900' });
  await refusedOrder(session, 409, 'over_daily_limit', { amount: '100.00001' });
  const strict = await stack.partner({ verifiedOnly: true });
  await refusedOrder(session, 409, 'partner_needs_verified', { partner: strict.id });
});

test('tickets: continue gives the key of the open ticket again; cancel gives the money back', async () => {
  const session = await visitor();
  const made = await create(session);
  assert.deepEqual(await session.ok('POST', `/site/tickets/${made.ticket}/continue`, {}), made);
  const cancelled = await session.ok('POST', `/site/tickets/${made.ticket}/cancel`, {});
  assert.deepEqual([cancelled.ticket, cancelled.status, cancelled.updates], [made.ticket, 'cancelled', []]);
  assert.deepEqual(await stack.balance(session.user.login), { available: '1000.00000', held: '0.00000' });
  for (const call of ['continue', 'cancel'])
    await session.refused(409, 'ticket_cancelled', 'POST', `/site/tickets/${made.ticket}/${call}`, {});
});

test('tickets: continue and cancel of a settled and of an expired ticket', async () => {
  const session = await visitor();
  const quick = await stack.partner({ ttl: 1 });
  const expiring = await create(session, { partner: quick.id });
  const made = await create(session);
  await partner.ok('ticket/settle', { ticket: made.ticket, key: made.key, description: 'd' });
  for (const call of ['continue', 'cancel'])
    await session.refused(409, 'ticket_settled', 'POST', `/site/tickets/${made.ticket}/${call}`, {});
  await until(async () => (await session.ok('GET', '/site/tickets?status=expired')).records === 1, 20, 'expiry');
  for (const call of ['continue', 'cancel'])
    await session.refused(409, 'ticket_expired', 'POST', `/site/tickets/${expiring.ticket}/${call}`, {});
});

test('tickets: another\'s are not found', async () => {
  const [session, other] = [await visitor(), await visitor()];
  const made = await create(session);
  for (const call of ['continue', 'cancel']) {
    await other.refused(404, 'ticket_not_found', 'POST', `/site/tickets/${made.ticket}/${call}`, {});
    await other.refused(404, 'ticket_not_found', 'POST', `/site/tickets/${randomUUID()}/${call}`, {});
    await other.refused(400, 'not_uuid', 'POST', `/site/tickets/x/${call}`, {}, { field: 'ticket' });
  }
});

test('keys: make, use, list, change, revoke', async () => {
  const session = await visitor();
  const made = await session.ok('POST', '/site/keys', { face: 'v1', rights: ['get_info', 'withdraw'], networks: ['127.0.0.0/8'] });
  assert.deepEqual([made.face, made.rights, made.networks, made.revoked, made.last_used],
    ['v1', ['get_info', 'withdraw'], ['127.0.0.0/8'], false, null]);
  const client = new Client(stack, made);
  assert.equal((await client.ok('info')).Login, session.user.login);
  const list = async () => (await session.ok('GET', '/site/keys')).keys;
  const [row] = await list();
  assert.deepEqual(Object.keys(row), ['id', 'key', 'face', 'rights', 'networks', 'created', 'last_used', 'revoked']);
  assert.equal(row.key, made.key);
  assert.equal(typeof row.last_used, 'number');
  await session.ok('POST', `/site/keys/${made.key}`, { rights: ['withdraw'], networks: [] });
  await client.refused('missing_right', 'info', {}, { status: 403 });
  assert.deepEqual((await list())[0].rights, ['withdraw']);
  await session.ok('POST', `/site/keys/${made.key}`, { rights: ['get_info'], networks: ['10.0.0.0/8'] });
  await client.refused('login_error_address_not_allowed', 'info', {}, { status: 403 });
  await session.ok('POST', `/site/keys/${made.key}`, { rights: ['get_info'] });
  await client.ok('info');
  await session.ok('DELETE', `/site/keys/${made.key}`);
  await client.refused('login_error_invalid_rest_key', 'info', {}, { status: 403 });
  assert.equal((await list())[0].revoked, true);
  await session.refused(404, 'not_found', 'POST', `/site/keys/${made.key}`, { rights: ['get_info'] });
});

test('keys: the secret is sealed in the database and shown once', async () => {
  const session = await visitor();
  const made = await session.ok('POST', '/site/keys', { face: 'v1', rights: ['get_info'] });
  assert.equal(Buffer.from(made.secret, 'base64').length, 64);
  assert.ok(!JSON.stringify(await session.ok('GET', '/site/keys')).includes(made.secret));
  const [[sealed]] = await stack.sql(`SELECT HEX(secret_sealed) FROM api_key WHERE public_key = UNHEX('${made.key.replaceAll('-', '')}')`);
  assert.ok(!sealed.includes(Buffer.from(made.secret, 'base64').toString('hex').toUpperCase().slice(0, 32)));
});

test('keys: bad input', async () => {
  const session = await visitor();
  const refused = (body, error, field) => session.refused(400, error, 'POST', '/site/keys', body, { field });
  await refused({ rights: ['get_info'] }, 'missing_parameter', 'face');
  await refused({ face: 'v9', rights: ['get_info'] }, 'invalid_parameter', 'face');
  await refused({ face: 'v1' }, 'missing_parameter', 'rights');
  await refused({ face: 'v1', rights: [] }, 'invalid_parameter', 'rights');
  await refused({ face: 'v1', rights: ['root'] }, 'invalid_parameter', 'rights');
  await refused({ face: 'v1', rights: 'get_info' }, 'invalid_parameter', 'rights');
  await refused({ face: 'v1', rights: ['get_info,withdraw'] }, 'invalid_parameter', 'rights');
  for (const network of ['10.0.0.0/33', '256.1.1.1', 'x', '::1/129', '10.0.0.1,10.0.0.2', ''])
    await refused({ face: 'v1', rights: ['get_info'], networks: [network] }, 'invalid_parameter', 'networks');
  const reply = await session.call('POST', '/site/keys', { face: 'v1', rights: ['get_info'],
    networks: Array.from({ length: 200 }, (_, i) => `10.0.0.${i}`) });
  assert.deepEqual([reply.status, reply.json.field], [400, 'networks']);
  assert.equal((await session.ok('GET', '/site/keys')).keys.length, 0);
});

test('keys: another\'s are not found', async () => {
  const [session, other] = [await visitor(), await visitor()];
  const { key } = await session.ok('POST', '/site/keys', { face: 'v1', rights: ['get_info'] });
  await other.refused(404, 'not_found', 'POST', `/site/keys/${key}`, { rights: ['withdraw'] });
  await other.refused(404, 'not_found', 'DELETE', `/site/keys/${key}`);
  await other.refused(404, 'not_found', 'DELETE', `/site/keys/${randomUUID()}`);
  await other.refused(400, 'not_uuid', 'DELETE', '/site/keys/x');
  assert.equal((await session.ok('GET', '/site/keys')).keys[0].revoked, false);
});

test('otp: set up by time, required for tickets and keys, removed', async () => {
  const session = await visitor();
  await until(() => Date.now() % 30000 < 20000, 15, 'a step that does not end soon');
  const device = await session.ok('POST', '/site/otp', { kind: 'totp' });
  assert.deepEqual(Object.keys(device), ['serial', 'name', 'key_base32', 'uri', 'qr_svg']);
  assert.match(device.uri, new RegExp(`^otpauth://totp/Teller:${session.user.login}\\?secret=${device.key_base32}&issuer=Teller`));
  assert.match(device.qr_svg, /^<svg [^>]*>.*<\/svg>\s*$/s);
  assert.doesNotMatch(device.qr_svg, /script|style=/);
  assert.deepEqual((await session.ok('GET', '/site/account')).otp, { enabled: false, kind: null }, 'pending');
  await session.refused(400, 'otp_invalid', 'POST', '/site/otp/confirm', { code: 'abcdef', password: PASSWORD }, { field: 'code' });
  assert.deepEqual(await session.ok('POST', '/site/otp/confirm', { code: totp(device.key_base32, -1), password: PASSWORD }), { enabled: true });
  assert.deepEqual((await session.ok('GET', '/site/account')).otp, { enabled: true, kind: 'totp' });
  await session.refused(409, 'otp_exists', 'POST', '/site/otp', { kind: 'hotp' });
  await session.refused(400, 'otp_required', 'POST', '/site/keys', { face: 'v1', rights: ['get_info'] }, { field: 'otp' });
  await refusedOrder(session, 400, 'otp_required', {}, 'otp');
  await refusedOrder(session, 400, 'otp_invalid', { otp: totp(device.key_base32, -1) }, 'otp');
  const key = unique();
  const otp = totp(device.key_base32);
  const made = await create(session, { otp }, key);
  assert.deepEqual(await create(session, { otp }, key), made, 'the same request again, though its code is used up');
  await refusedOrder(session, 400, 'otp_invalid', { otp }, 'otp');
  await session.refused(400, 'otp_invalid', 'DELETE', '/site/otp', { code: otp });
  assert.deepEqual(await session.ok('DELETE', '/site/otp', { code: totp(device.key_base32, 1) }), { enabled: false });
  await create(session);
});

test('otp: by counter; a second set-up takes the place of a pending one', async () => {
  const session = await visitor();
  const first = await session.ok('POST', '/site/otp', { kind: 'hotp' });
  const second = await session.ok('POST', '/site/otp', { kind: 'hotp' });
  assert.notEqual(first.key_base32, second.key_base32);
  await session.refused(400, 'otp_invalid', 'POST', '/site/otp/confirm', { code: hotp(first.key_base32, 0), password: PASSWORD });
  await session.ok('POST', '/site/otp/confirm', { code: hotp(second.key_base32, 0), password: PASSWORD });
  const made = await session.ok('POST', '/site/keys', { face: 'v1', rights: ['get_info'], otp: hotp(second.key_base32, 1) });
  assert.ok(made.secret);
  await session.refused(400, 'otp_invalid', 'POST', '/site/keys', { face: 'v1', rights: ['get_info'], otp: hotp(second.key_base32, 1) });
});

test('otp: required to change a key, each code once; not to revoke one', async () => {
  const session = await visitor();
  const { key } = await session.ok('POST', '/site/keys', { face: 'v1', rights: ['get_info'] });
  const device = await session.ok('POST', '/site/otp', { kind: 'hotp' });
  const target = `/site/keys/${key}`;
  const more = (counter) => ({ rights: ['withdraw'], ...(counter === undefined ? {} : { otp: hotp(device.key_base32, counter) }) });
  const rights = async () => (await session.ok('GET', '/site/keys')).keys[0].rights;
  await session.ok('POST', '/site/otp/confirm', { code: hotp(device.key_base32, 0), password: PASSWORD });
  await session.refused(400, 'otp_required', 'POST', target, more(), { field: 'otp' });
  await session.refused(400, 'otp_required', 'POST', target, { ...more(), otp: '' }, { field: 'otp' });
  await session.refused(400, 'otp_invalid', 'POST', target, more(0), { field: 'otp' });
  await session.refused(400, 'invalid_parameter', 'POST', target, { ...more(1), rights: ['root'] }, { field: 'rights' });
  await session.refused(400, 'invalid_parameter', 'POST', target, { ...more(1), networks: ['x'] }, { field: 'networks' });
  assert.deepEqual(await rights(), ['get_info']);
  await session.ok('POST', target, more(1));
  assert.deepEqual(await rights(), ['withdraw'], 'wrong input used no code up');
  await session.refused(400, 'otp_invalid', 'POST', target, more(1), { field: 'otp' });
  await session.ok('DELETE', target);
});

test('otp: wrong input, nothing pending, nothing to remove', async () => {
  const session = await visitor();
  await session.refused(400, 'missing_parameter', 'POST', '/site/otp', {}, { field: 'kind' });
  await session.refused(400, 'invalid_parameter', 'POST', '/site/otp', { kind: 'sms' }, { field: 'kind' });
  await session.refused(400, 'missing_parameter', 'POST', '/site/otp/confirm', {}, { field: 'code' });
  await session.refused(409, 'otp_none_pending', 'POST', '/site/otp/confirm', { code: '123456', password: PASSWORD });
  await session.refused(404, 'not_found', 'DELETE', '/site/otp', { code: '123456' });
});
