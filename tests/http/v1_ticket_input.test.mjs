// Bad input of the ticket calls: each kind is refused in its own words, and moves nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeConnections, hotp, inParallel, stack, totp, until } from '../support/teller.mjs';

let customer, partner;
before(async () => {
  customer = await stack.customer({ funds: { USD: '1000', BTC: '2', JPY: '100000' } });
  partner = await stack.partner();
});
after(async () => {
  const { available, held } = await stack.balance(customer.user.login);
  assert.deepEqual([available, held], ['1000.00000', '0.00000'], 'a refused call moved money');
  await stack.audit();
  closeConnections();
});

const order = (changes = {}) => ({ partner: partner.id, amount: '1', currency: 'USD', ...changes });

/** A create call with these changes is refused like that. */
const refused = (token, changes, error, options = {}) =>
  customer.refused(token, 'ticket/create', order(changes), { error, ...options });

/** An open ticket of a customer of its own. */
async function opened() {
  const who = await stack.customer();
  const { ticket, key } = await who.ticket(partner);
  return { who, ticket, key };
}

test('unknown partner', async () => {
  for (const name of ['nobody', partner.id.toUpperCase(), `${partner.id} `, "x' OR 1=1 -- ", 'ä', 'x'.repeat(33), 'x'.repeat(4000)])
    await refused('unknown_partner', { partner: name }, 'Invalid parameter "partner" (is not a known partner)');
});

test('unknown currency', async () => {
  for (const currency of ['XYZ', 'usd', 'USDUSDUSD', 'U$D'])
    await refused('unknown_currency', { currency }, 'Invalid parameter "currency" (is not a known currency)');
});
test('disabled currency', async () => {
  const who = await stack.customer({ funds: { THB: '100' } });
  await stack.ctl('currency', 'disable', 'THB');
  try {
    await who.refused('disabled_currency', 'ticket/create', order({ currency: 'THB' }));
    assert.equal((await who.ok('info')).Wallets.THB.Balance.value, '100.00000', 'what is there stays visible');
  } finally {
    await stack.ctl('currency', 'enable', 'THB');
  }
  await who.ok('ticket/create', order({ currency: 'THB' }));
});

test('too many digits', async () => {
  for (const [currency, amount] of [['USD', '1.000001'], ['USD', '5.0E-6'], ['BTC', '0.000000001'], ['JPY', '1.0001']])
    await refused('amount_digits', { currency, amount }, 'Invalid parameter "amount" (has more decimals than the currency)');
});
test('too large', async () => {
  for (const changes of [{ amount: '9'.repeat(34) }, { amount: '9'.repeat(300) }, { amount: undefined, amount_int: '9'.repeat(39) },
    { amount: '18446744073709551616000000000000000000' }])
    await refused('amount_range', changes);
});
test('larger than anything, but storable: not enough funds', async () => {
  const who = await stack.customer({ level: 'full', funds: { BTC: '1' } });
  await who.refused('insufficient_funds', 'ticket/create', order({ currency: 'BTC', amount: '9'.repeat(30) }));
});
test('not a number', async () => {
  for (const amount of ['abc', '1e', '+1', ' 1', '1 ', '1,5', '.', '1.2.3', '0x10', '--1', '-', 'NaN', 'Infinity', '١'])
    await refused('amount_format', { amount }, 'Invalid parameter "amount" (should be a plain decimal number)');
});
test('an exact amount in any spelling that programs print', async () => {
  const who = await stack.customer({ funds: { USD: '100' } });
  for (const amount of ['0.500000000', '.5', '1.', '5.0E-5', '1.0E+1', '5e0', 0.1])
    await who.ok('ticket/create', order({ amount }));
  for (const amount_int of ['530000.0', '5.3e5'])
    await who.ok('ticket/create', order({ amount: undefined, amount_int }));
  assert.deepEqual(await stack.balance(who.user.login), { available: '72.29995', held: '27.70005' });
});
test('amount_int that is no whole number', async () => {
  for (const amount of ['1.5', 'abc', '1e-1', ' 1', '+1'])
    await refused('amount_format', { amount: undefined, amount_int: amount },
      'Invalid parameter "amount_int" (should be a plain decimal number)');
});
test('amount and amount_int that disagree', () => refused('amount_disagrees', { amount: '1', amount_int: '100001' }));

test('not enough funds', async () => {
  await refused('insufficient_funds', { amount: '1000.00001' }, 'Not enough funds');
  await refused('insufficient_funds', { currency: 'EUR' }, 'Not enough funds');
});
test('not enough funds: what is held is not there twice', async () => {
  const who = await stack.customer({ funds: { USD: '100' } });
  await who.ticket(partner, '60');
  await who.refused('insufficient_funds', 'ticket/create', order({ amount: '60' }));
});
test('20 at once on funds for 5: five get through', async () => {
  const who = await stack.customer({ funds: { USD: '50' } });
  const replies = await inParallel(20, Array.from({ length: 20 }, () => () => who.call('ticket/create', order({ amount: '10' }))));
  assert.equal(replies.filter((reply) => reply.json.result === 'success').length, 5);
  replies.filter((reply) => reply.json.result === 'error').forEach((reply) => assert.equal(reply.json.token, 'insufficient_funds'));
  assert.deepEqual(await stack.balance(who.user.login), { available: '0.00000', held: '50.00000' });
});

// Limits in currencies that no other test withdraws.
test('over the limit for a single withdrawal', async () => {
  await stack.ctl('limit', 'set', 'PLN', 'basic', '--single', '100', '--daily', '1000', '--monthly', '10000');
  const who = await stack.customer({ level: 'basic', funds: { PLN: '5000' } });
  await who.refused('over_single_limit', 'ticket/create', order({ currency: 'PLN', amount: '100.00001' }),
    { error: 'Amount is over the limit for a single withdrawal' });
  await who.ticket(partner, '100', 'PLN');
});
test('over the daily limit', async () => {
  await stack.ctl('limit', 'set', 'CZK', 'basic', '--single', '100', '--daily', '250', '--monthly', '10000');
  const who = await stack.customer({ level: 'basic', funds: { CZK: '5000' } });
  await who.ticket(partner, '100', 'CZK');
  await who.ticket(partner, '100', 'CZK');
  await who.refused('over_daily_limit', 'ticket/create', order({ currency: 'CZK', amount: '50.00001' }));
  await until(async () => (await who.ok('info')).Wallets.CZK.Max_Withdraw.value === '50.00000', 3, 'the limit, which shows within a second');
  await who.ticket(partner, '50', 'CZK');
});
test('over the monthly limit', async () => {
  await stack.ctl('limit', 'set', 'DKK', 'basic', '--single', '100', '--daily', 'none', '--monthly', '150');
  const who = await stack.customer({ level: 'basic', funds: { DKK: '5000' } });
  const { ticket } = await who.ticket(partner, '100', 'DKK');
  await who.refused('over_monthly_limit', 'ticket/create', order({ currency: 'DKK', amount: '50.00001' }));
  await who.ok('ticket/cancel', { ticket });
  await who.ticket(partner, '100', 'DKK');
});
test('limits hold under 20 at once', async () => {
  await stack.ctl('limit', 'set', 'NOK', 'basic', '--single', '100', '--daily', '300', '--monthly', 'none');
  const who = await stack.customer({ level: 'basic', funds: { NOK: '5000' } });
  const replies = await inParallel(20, Array.from({ length: 20 }, () => () =>
    who.call('ticket/create', order({ currency: 'NOK', amount: '100' }))));
  assert.equal(replies.filter((reply) => reply.json.result === 'success').length, 3);
});
test('limits are each level\'s', async () => {
  await stack.ctl('limit', 'set', 'SEK', 'none', '--single', '1', '--daily', '1', '--monthly', '1');
  const who = await stack.customer({ level: 'none', funds: { SEK: '50' } });
  await who.refused('over_single_limit', 'ticket/create', order({ currency: 'SEK', amount: '2' }));
  await (await stack.customer({ level: 'full', funds: { SEK: '50' } })).ticket(partner, '2', 'SEK');
});
test('no limit is no limit', async () => {
  await stack.ctl('limit', 'set', 'HKD', 'basic', '--single', 'none', '--daily', 'none', '--monthly', 'none');
  const who = await stack.customer({ level: 'basic', funds: { HKD: '99999999' } });
  // A worker holds the limits for a second.
  const wallet = await until(async () => {
    const { HKD } = (await who.ok('info')).Wallets;
    return HKD.Daily_Withdraw_Limit === null && HKD;
  }, 5, 'the new limits in info');
  assert.deepEqual([wallet.Monthly_Withdraw_Limit, wallet.Max_Withdraw], [null, null]);
  await who.ticket(partner, '99999999', 'HKD');
});

test('otp: missing, wrong, reused, late and early (HOTP)', async () => {
  const who = await stack.customer({ password: 'correct horse' });
  const device = await who.ok('hotp/gen');
  const code = (counter) => hotp(device.key_base32, counter);
  const create = (otp) => order({ otp });
  await who.refused('otp_invalid', 'ticket/create', create(code(0)));
  await stack.activateOtp(who.user, code(0));
  await who.refused('otp_required', 'ticket/create', create(undefined), { error: 'Invalid parameter "otp" (a one-time password is required)' });
  await who.refused('otp_required', 'ticket/create', create(''));
  await who.refused('otp_invalid', 'ticket/create', create(code(0)));
  await who.refused('otp_invalid', 'ticket/create', create('abcdef'));
  await who.refused('otp_invalid', 'ticket/create', create(code(60)), { error: 'Invalid parameter "otp" (one-time password is wrong or was used already)' });
  await who.ok('ticket/create', create(code(4)));
  await who.refused('otp_invalid', 'ticket/create', create(code(3)));
  await who.ok('ticket/create', create(code(5)));
  assert.deepEqual(await stack.balance(who.user.login), { available: '998.00000', held: '2.00000' });
});
test('otp: not used up by a call that is refused', async () => {
  const who = await stack.customer({ password: 'correct horse' });
  const device = await who.ok('hotp/gen');
  await stack.activateOtp(who.user, hotp(device.key_base32, 0));
  const otp = hotp(device.key_base32, 1);
  await who.refused('insufficient_funds', 'ticket/create', order({ amount: '5000', otp }));
  await who.ok('ticket/create', order({ otp }));
});
test('otp: one code, 16 at once: one ticket', async () => {
  const who = await stack.customer({ password: 'correct horse' });
  const device = await who.ok('hotp/gen');
  await stack.activateOtp(who.user, hotp(device.key_base32, 0));
  const otp = hotp(device.key_base32, 1);
  const replies = await inParallel(16, Array.from({ length: 16 }, () => () => who.call('ticket/create', order({ otp }))));
  assert.equal(replies.filter((reply) => reply.json.result === 'success').length, 1);
  assert.deepEqual(await stack.balance(who.user.login), { available: '999.00000', held: '1.00000' });
});
test('otp: by time (TOTP), each step once', async () => {
  const user = await stack.user({ password: 'correct horse', funds: { USD: '100' } });
  const who = await stack.key(user.login, 'withdraw');
  const session = await stack.signIn(user);
  await until(() => Date.now() % 30000 < 20000, 15, 'a step that does not end soon');
  const device = await session.ok('POST', '/site/otp', { kind: 'totp' });
  await session.ok('POST', '/site/otp/confirm', { code: totp(device.key_base32, -1), password: 'correct horse' });
  await who.refused('otp_invalid', 'ticket/create', order({ otp: totp(device.key_base32, -1) }));
  await who.ok('ticket/create', order({ otp: totp(device.key_base32) }));
  await who.refused('otp_invalid', 'ticket/create', order({ otp: totp(device.key_base32) }));
  await who.refused('otp_invalid', 'ticket/create', order({ otp: totp(device.key_base32, 5) }));
});
test('otp: guesses are limited', async () => {
  const who = await stack.customer({ password: 'correct horse' });
  const device = await who.ok('hotp/gen');
  await stack.activateOtp(who.user, hotp(device.key_base32, 0));
  for (let i = 0; i < 10; i++) await who.refused('otp_invalid', 'ticket/create', order({ otp: '00000x' }));
  await who.refused('too_many_attempts', 'ticket/create', order({ otp: '00000x' }), { status: 429 });
  await who.refused('too_many_attempts', 'ticket/create', order({ otp: hotp(device.key_base32, 1) }), { status: 429 });
});
test('otp: wrong codes in parallel are counted before they are looked at: ten of forty', async () => {
  const who = await stack.customer({ password: 'correct horse' });
  const device = await who.ok('hotp/gen');
  await stack.activateOtp(who.user, hotp(device.key_base32, 0));
  const replies = await inParallel(40, Array.from({ length: 40 }, () => () => who.call('ticket/create', order({ otp: '00000x' }))));
  const looked = replies.filter(({ json }) => json.token === 'otp_invalid');
  assert.equal(looked.length, 10, JSON.stringify(replies.map(({ json }) => json.token)));
});
test('otp: a key alone cannot make a device guard the account', async () => {
  const who = await stack.customer();
  const device = await who.ok('hotp/gen');
  await who.refused('otp_invalid', 'ticket/create', order({ otp: hotp(device.key_base32, 0) }));
  await who.ok('ticket/create', order({}));
  assert.equal((await stack.ctl('user', 'show', who.user.login)).otp_required, false);
});
test('otp: too long', () => refused('too_long', { otp: '1'.repeat(17) }));

test('ticket: missing, not a uuid', async () => {
  for (const [token, ticket] of [['missing_parameter', undefined], ['empty', ''], ['not_uuid', 'x'], ['not_uuid', '0'.repeat(36)],
    ['not_uuid', `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(13)}`]])
    await customer.refused(token, 'ticket/cancel', { ticket });
});
test('key: missing, empty, too long', async () => {
  const { ticket } = await opened();
  for (const [token, key] of [['missing_parameter', undefined], ['empty', ''], ['too_long', 'x'.repeat(129)]])
    await partner.refused(token, 'ticket/settle', { ticket, key, description: 'd' });
});

for (const [call, name] of [['settle', 'description'], ['update', 'message'], ['reject', 'reason'], ['refund', 'reason']]) {
  const longest = '\u{1F4B6}'.repeat(255);
  const prepare = async () => {
    const made = await opened();
    if (call === 'update' || call === 'refund')
      await partner.ok('ticket/settle', { ticket: made.ticket, key: made.key, description: 'd' });
    return { ticket: made.ticket, key: made.key };
  };
  test(`${call}: ${name} missing, empty, too long, not UTF-8`, async () => {
    const id = await prepare();
    const wrong = (token, value, error) => partner.refused(token, `ticket/${call}`, { ...id, [name]: value }, { error });
    await wrong('missing_parameter', undefined, `Invalid parameter "${name}" (is required)`);
    await wrong('empty', '', `Invalid parameter "${name}" (must not be empty)`);
    await wrong('too_long', 'x'.repeat(256), `Invalid parameter "${name}" (is too long)`);
    await wrong('too_long', 'ä'.repeat(256));
    for (const bytes of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x61, 0x00, 0x62]])
      await wrong('not_utf8', Buffer.from(bytes));
    await partner.ok(`ticket/${call}`, { ...id, [name]: longest });
  });
}

test('update: unknown status', async () => {
  const { ticket, key } = await opened();
  await partner.ok('ticket/settle', { ticket, key, description: 'd' });
  for (const status of ['settled', 'open', 'refunded', 'COMPLETED', 'x'])
    await partner.refused('invalid_parameter', 'ticket/update', { ticket, key, message: 'm', status },
      { error: 'Invalid parameter "status" (should be processing, completed or failed)' });
});
test('broken body of a signed call', async () => {
  const body = 'tonce=%zz&partner=%4';
  const reply = await stack.request('POST', '/api/1/generic/ticket/create', { headers: customer.headers(body), body });
  assert.equal(reply.json.token, 'malformed_request');
});
test('a signed body over the cap', async () => {
  const reply = await customer.call('ticket/create', order({ filler: 'x'.repeat(1 << 20) }));
  assert.deepEqual([reply.status, reply.json.token], [413, 'request_too_large']);
});
test('a signed JSON body is as good as a form', async () => {
  const who = await stack.customer();
  const body = JSON.stringify({ tonce: String(BigInt(Date.now()) * 1000n), ...order() });
  const reply = await stack.request('POST', '/api/1/generic/ticket/create', { headers: { ...who.headers(body),
    'Content-Type': 'application/json' }, body });
  assert.equal(reply.json.result, 'success', reply.text);
});
test('words that look like SQL stay words', async () => {
  const { who, ticket, key } = await opened();
  const words = "'); DROP TABLE ticket; -- \\' \" %00 ? ?";
  assert.equal((await partner.ok('ticket/settle', { ticket, key, description: words })).description, words);
  assert.ok((await who.ok('wallet/history', { currency: 'USD' })).result[0].Info.endsWith(words));
});
