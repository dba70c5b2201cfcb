// Sessions: sign in, check, sign out; who may not, and how often wrong guesses are taken.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { closeConnections, hotp, inParallel, stack, unique, until } from '../support/teller.mjs';

const PATH = '/identity-service/session';
const PASSWORD = 'correct horse battery staple';

let user;
before(async () => { user = await stack.user({ password: PASSWORD }); });
after(closeConnections);

const signIn = (body, headers = { 'Content-Type': 'application/json' }) =>
  stack.request('POST', PATH, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
const check = (headers) => stack.request('GET', PATH, { headers });

function refused(reply, status, id, field = null, object = null) {
  assert.deepEqual([reply.status, reply.json?.error_id], [status, id], reply.text);
  assert.deepEqual(Object.keys(reply.json), ['error', 'error_data', 'error_id', 'error_object']);
  assert.equal(typeof reply.json.error, 'string');
  assert.deepEqual(reply.json.error_data, field === null ? null : [field]);
  assert.deepEqual(reply.json.error_object, object);
}

test('sign in by login and by e-mail; in any case of letters', async () => {
  for (const name of [{ username: user.login }, { email: user.email }, { username: user.email },
    { username: user.login.toUpperCase() }]) {
    const reply = await signIn({ ...name, password: PASSWORD });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.name, user.login);
  }
});

test('the reply: members in order, a ticket, a cookie that scripts and other sites cannot use', async () => {
  const reply = await signIn({ username: user.login, password: PASSWORD });
  const { ticket, csrf } = reply.json;
  assert.equal(reply.text, `{"current_participant":null,"id":"urn:authenticateit:user:email:${user.email}","merged_user":null,`
    + `"modules":[],"name":"${user.login}","roles":["user"],"ticket":"${ticket}","csrf":"${csrf}"}`);
  assert.match(ticket, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.match(csrf, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(reply.headers['set-cookie'], [`session=${ticket}; Path=/; HttpOnly; SameSite=Strict`]);
  assert.equal(reply.headers['cache-control'], 'no-store');
});

test('over https the cookie is a __Host- one', async () => {
  const cookie = await new Promise((resolve, reject) => {
    const request = https.request(`${stack.tlsBase}${PATH}`, { method: 'POST', rejectUnauthorized: false,
      headers: { 'Content-Type': 'application/json' } }, (reply) => {
      reply.resume();
      resolve(reply.headers['set-cookie'][0]);
    });
    request.on('error', reject);
    request.end(JSON.stringify({ username: user.login, password: PASSWORD }));
  });
  assert.match(cookie, /^__Host-session=[0-9a-f-]{36}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
});

test('check: by ticket header the same answer; by cookie without the ticket, which scripts must not read', async () => {
  const session = await stack.signIn(user);
  const hidden = session.opened.text.replace(`"ticket":"${session.ticket}"`, '"ticket":null');
  for (const [headers, text] of [[{ authenticateit_identity_ticket: session.ticket }, session.opened.text],
    [{ authenticateit_identity_ticket: session.ticket, Cookie: session.cookie }, session.opened.text],
    [{ Cookie: session.cookie }, hidden], [{ Cookie: `a=b; ${session.cookie}; c=d` }, hidden]]) {
    const reply = await check(headers);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.text, text);
  }
});

test('check: no session, one that never was, none at all', async () => {
  refused(await check({}), 401, 'common-missing_ticket');
  refused(await check({ Cookie: 'session=' }), 401, 'common-missing_ticket');
  refused(await check({ authenticateit_identity_ticket: randomUUID() }), 401, 'common-expired_session');
  for (const junk of ['x', 'x'.repeat(5000), "' OR 1=1 --"])
    refused(await check({ authenticateit_identity_ticket: junk }), 401, 'common-expired_session');
});

test('sign out: the ticket is worth nothing, the cookie is cleared, other sessions go on', async () => {
  const [one, two] = [await stack.signIn(user), await stack.signIn(user)];
  const reply = await one.call('DELETE', PATH);
  assert.deepEqual([reply.status, reply.text], [200, '{}']);
  assert.match(reply.headers['set-cookie'][0], /^session=; .*Max-Age=0/);
  refused(await check({ Cookie: one.cookie }), 401, 'common-expired_session');
  refused(await check({ authenticateit_identity_ticket: one.ticket }), 401, 'common-expired_session');
  assert.equal((await check({ Cookie: two.cookie })).status, 200);
});

test('sign out: with the cookie only against the CSRF token, with the ticket header without', async () => {
  const session = await stack.signIn(user);
  for (const token of [undefined, '', 'x', (await stack.signIn(user)).csrf])
    refused(await stack.request('DELETE', PATH, { headers: { Cookie: session.cookie,
      ...(token === undefined ? {} : { 'X-CSRF-Token': token }) } }), 403, 'common-csrf');
  assert.equal((await check({ Cookie: session.cookie })).status, 200);
  assert.equal((await stack.request('DELETE', PATH, { headers: { authenticateit_identity_ticket: session.ticket } })).status, 200);
});

test('sign out: without a session', async () => {
  refused(await stack.request('DELETE', PATH), 401, 'common-missing_ticket');
});

test('a wrong password, an unknown user, a user without a password: the same refusal', async () => {
  const without = await stack.user();
  for (const [username, password] of [[user.login, 'wrong password'], [`nobody-${unique()}`, PASSWORD], [without.login, PASSWORD],
    [user.login, PASSWORD.toUpperCase()], [user.login, `${PASSWORD} `]])
    refused(await signIn({ username, password }), 401, 'common-incorrect_credentials');
});

test('missing and wrong input', async () => {
  refused(await signIn({ password: PASSWORD }), 400, 'common-missing_input', 'username');
  refused(await signIn({ username: user.login }), 400, 'common-missing_input', 'password');
  refused(await signIn({ username: user.login, password: '' }), 400, 'common-missing_input', 'password');
  refused(await signIn({ username: user.login, password: 'x'.repeat(257) }), 400, 'common-invalid_input', 'password');
  for (const timeout of [0, -1, 86401, 'x'])
    refused(await signIn({ username: user.login, password: PASSWORD, timeout }), 400, 'common-invalid_input', 'timeout');
});

test('broken input', async () => {
  refused(await signIn('{"username":'), 400, 'common-invalid_input');
  refused(await signIn('[]'), 400, 'common-invalid_input');
  refused(await signIn(`{"username":${'['.repeat(50)}${']'.repeat(50)}}`), 400, 'common-invalid_input');
  refused(await signIn(`username=${user.login}&password=x`, { 'Content-Type': 'application/x-www-form-urlencoded' }), 400,
    'common-unsupported_content_type');
  refused(await signIn(JSON.stringify({ username: user.login, password: 'x', filler: 'y'.repeat(8192) })), 413,
    'common-request_too_large');
  refused(await signIn('x'.repeat(2 << 20)), 413, 'common-request_too_large');
});

test('another method: 405 with Allow', async () => {
  const reply = await stack.request('PUT', PATH);
  refused(reply, 405, 'common-invalid_request_method');
  assert.equal(reply.headers.allow, 'GET, HEAD, POST, DELETE');
});

test('wrong guesses: after ten from one address not even the right password, and the time left is said', async () => {
  const victim = await stack.user({ password: PASSWORD });
  const waiting = (reply) => {
    const left = Number(reply.headers['retry-after']);
    refused(reply, 429, 'common-too_many_attempts', null, { retry_after: left, ways: ['otp'] });
    assert.ok(left > 0 && left <= 60, reply.text);
  };
  for (let i = 0; i < 10; i++) refused(await signIn({ username: victim.login, password: `guess ${i}` }), 401, 'common-incorrect_credentials');
  waiting(await signIn({ username: victim.login, password: PASSWORD }));
  waiting(await signIn({ username: victim.login.toUpperCase(), password: PASSWORD }));
  assert.equal((await signIn({ username: user.login, password: PASSWORD })).status, 200, 'others are not locked out');
  await stack.ctl('unlock', victim.login);
  assert.equal((await signIn({ username: victim.login, password: PASSWORD })).status, 200);

  const missing = `nobody-${unique()}`;
  for (let i = 0; i < 10; i++) refused(await signIn({ username: missing, password: `guess ${i}` }), 401, 'common-incorrect_credentials');
  waiting(await signIn({ username: missing, password: PASSWORD }));
});

test('wrong guesses: password and one-time password together are the second way in', async () => {
  const owner = await stack.user({ password: PASSWORD });
  const device = await (await stack.key(owner.login, 'get_info')).ok('hotp/gen');
  await stack.activateOtp(owner, hotp(device.key_base32, 0));
  for (let i = 0; i < 10; i++) refused(await signIn({ username: owner.login, password: `guess ${i}` }), 401, 'common-incorrect_credentials');
  const both = (password, counter) => signIn({ username: owner.login, password, otp: hotp(device.key_base32, counter) });
  for (const reply of [await signIn({ username: owner.login, password: PASSWORD }), await both('guess', 1), await both(PASSWORD, 0)])
    assert.deepEqual([reply.status, reply.json.error_id], [429, 'common-too_many_attempts']);
  assert.equal((await both(PASSWORD, 1)).status, 200);
});

test('tellerctl otp remove: the device is gone, and the account is entered without it', async () => {
  const owner = await stack.user({ password: PASSWORD });
  const device = await (await stack.key(owner.login, 'get_info')).ok('hotp/gen');
  await stack.activateOtp(owner, hotp(device.key_base32, 0));
  refused(await signIn({ username: owner.login, password: PASSWORD }), 400, 'common-otp_required', 'otp');
  await stack.ctl('otp', 'remove', owner.login);
  assert.equal((await signIn({ username: owner.login, password: PASSWORD })).status, 200);
  assert.equal((await stack.ctlResult(['otp', 'remove', owner.login])).code, 1);
});

test('wrong guesses: a success in between starts the count again', async () => {
  const other = await stack.user({ password: PASSWORD });
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 8; i++) refused(await signIn({ username: other.login, password: 'guess' }), 401, 'common-incorrect_credentials');
    assert.equal((await signIn({ username: other.login, password: PASSWORD })).status, 200);
  }
});

test('one-time password: required once it is set up, each code once', async () => {
  const careful = await stack.user({ password: PASSWORD });
  const device = await (await stack.key(careful.login, 'get_info')).ok('hotp/gen');
  const session = await stack.signIn(careful);
  const confirm = (password) => ({ code: hotp(device.key_base32, 0), password });
  await session.refused(400, 'missing_parameter', 'POST', '/site/otp/confirm', confirm(undefined), { field: 'password' });
  await session.refused(400, 'invalid_parameter', 'POST', '/site/otp/confirm', confirm('another'), { field: 'password' });
  await session.ok('POST', '/site/otp/confirm', confirm(PASSWORD));
  const login = (otp) => signIn({ username: careful.login, password: PASSWORD, otp });
  refused(await login(undefined), 400, 'common-otp_required', 'otp');
  refused(await login('000'), 400, 'common-otp_invalid', 'otp');
  refused(await login(hotp(device.key_base32, 0)), 400, 'common-otp_invalid', 'otp');
  assert.equal((await login(hotp(device.key_base32, 1))).status, 200);
  refused(await login(hotp(device.key_base32, 1)), 400, 'common-otp_invalid', 'otp');
  refused(await signIn({ username: careful.login, password: 'wrong', otp: hotp(device.key_base32, 2) }), 401, 'common-incorrect_credentials');
});

test('a session ends after its time of rest, and lasts as long as it is used', async () => {
  const session = await stack.signIn(user, { timeout: 4 });
  const end = Date.now() + 6000;
  while (Date.now() < end) assert.equal((await check({ Cookie: session.cookie })).status, 200, 'in use');
  const resting = await stack.signIn(user, { timeout: 1 });
  const key = `SHA2('${resting.ticket}', 256)`;
  await until(async () => (await stack.sql(`SELECT COUNT(*) FROM session WHERE token_hash = UNHEX(${key}) AND expires_at > NOW(6)`))[0][0] === '0',
    10, 'the end of the session');
  refused(await check({ Cookie: resting.cookie }), 401, 'common-expired_session');
});

test('the ticket is stored as a hash only', async () => {
  const session = await stack.signIn(user);
  const [[count]] = await stack.sql(`SELECT COUNT(*) FROM session WHERE token_hash = UNHEX(SHA2('${session.ticket}', 256))`);
  assert.equal(count, '1');
});

test('a disabled account: no sign in, and its sessions end', async () => {
  const gone = await stack.user({ password: PASSWORD });
  const client = await stack.key(gone.login, 'get_info');
  const session = await stack.signIn(gone);
  await client.ok('info');
  await stack.sql(`UPDATE user SET enabled = FALSE WHERE login = '${gone.login}'`);
  refused(await signIn({ username: gone.login, password: PASSWORD }), 403, 'common-user_disabled');
  refused(await check({ Cookie: session.cookie }), 403, 'common-user_disabled');
});

test('the password, the ticket and the token reach no log', async () => {
  const { execFile } = await import('node:child_process');
  const session = await stack.signIn(user);
  for (const secret of [PASSWORD, session.ticket, session.csrf])
    await new Promise((resolve) => {
      execFile('grep', ['-rlF', '-e', secret, `${stack.dir}/log`], (error) => {
        assert.equal(error?.code, 1);
        resolve();
      });
    });
});

test('24 sign-ins at once all get in', async () => {
  const replies = await inParallel(24, Array.from({ length: 24 }, () => () => signIn({ username: user.login, password: PASSWORD })));
  replies.forEach((reply) => assert.equal(reply.status, 200, reply.text));
  assert.equal(new Set(replies.map((reply) => reply.json.ticket)).size, 24);
});

test('roles: what a session and a key may do from the next request on', async () => {
  const customer = await stack.customer();
  const user = { ...customer.user, password: undefined };
  const { login } = user;
  await customer.ok('info');
  assert.equal((await stack.ctl('user', 'show', login)).roles, 'user');
  await stack.ctl('role', 'add', login, 'viewer');
  assert.equal((await stack.ctl('role', 'remove', login, 'user')).roles, 'viewer');
  const { Rights } = await customer.ok('info');
  assert.deepEqual(Rights, ['get_info']);
  assert.equal((await customer.call('ticket/cancel', { ticket: '019a9d6e-0000-7000-8000-000000000000' })).json.token, 'missing_right');
  await stack.ctl('role', 'remove', login, 'viewer');
  assert.equal((await customer.call('info')).json.token, 'missing_right');
  await stack.ctl('role', 'add', login, 'user');
  assert.deepEqual((await customer.ok('info')).Rights, ['get_info', 'trade', 'deposit', 'withdraw']);
  const { code, complaint } = await stack.ctlResult(['role', 'add', login, 'king']);
  assert.deepEqual([code, JSON.parse(complaint).error], [2, 'invalid_parameter']);
  const signed = await stack.user({ password: PASSWORD });
  await stack.ctl('role', 'add', signed.login, 'operator');
  const reply = await stack.request('POST', '/identity-service/session', { headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: signed.login, password: PASSWORD }) });
  assert.deepEqual(reply.json.roles, ['operator', 'user']);
});
