// Mail as a real SMTP server takes it and as another program reads it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

import { stack } from '../support/teller.mjs';

const PROGRAM = path.join(process.env.BUILD ?? 'build', 'support/send_mail');
let server, relay, taken, refuse;

/** Runs the program; gives the error's id, the relay's reply, the problem and the exit code. */
function send({ to = 'merchant@example.org', from = 'Teller <no-reply@example.org>', subject = 'Payment', id = 'event-1@example.org',
  text = 'Hello\n', by = relay, secure = [] } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, [by, from, to, subject, id, ...secure]);
    let out = '';
    child.stdout.on('data', (data) => { out += data; });
    child.on('error', reject);
    child.on('close', (code) => {
      const [error, reply, problem] = out.split('\n');
      resolve({ code, error, reply: Number(reply), problem });
    });
    child.stdin.end(text);
  });
}

/** An error that smtp-server sends as this reply. */
const reply = (responseCode, words) => Object.assign(new Error(words), { responseCode });

before(async () => {
  server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onRcptTo(address, session, done) {
      done(refuse?.recipient);
    },
    onData(stream, session, done) {
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        if (refuse?.hang) return;
        if (!refuse) taken.push({ envelope: session.envelope, raw: Buffer.concat(chunks) });
        done(refuse?.data);
      });
    },
  });
  server.on('error', () => {});
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  relay = `smtp://127.0.0.1:${server.server.address().port}`;
});
beforeEach(() => {
  taken = [];
  refuse = undefined;
});
after(() => new Promise((done) => { server.close(done); }));

test('a mail arrives as it was written', async () => {
  const subject = 'Zahlung über 5 € für „Bücher“, und noch eine ganze Menge mehr Text in dieser Zeile';
  const text = 'Grüße\n.\n..\nFrom here\n\n' + 'x'.repeat(3000) + '\n';
  assert.deepEqual(await send({ subject, text, from: 'Bücher <no-reply@example.org>' }),
    { code: 0, error: 'ok', reply: 250, problem: '' });
  const [{ envelope, raw }] = taken;
  assert.equal(envelope.mailFrom.address, 'no-reply@example.org');
  assert.deepEqual(envelope.rcptTo.map((one) => one.address), ['merchant@example.org']);
  const mail = await PostalMime.parse(raw);
  assert.deepEqual(mail.from, { address: 'no-reply@example.org', name: 'Bücher' });
  assert.deepEqual(mail.to, [{ address: 'merchant@example.org', name: '' }]);
  assert.equal(mail.subject, subject);
  assert.equal(mail.messageId, '<event-1@example.org>');
  assert.equal(mail.text.replaceAll('\r\n', '\n').trimEnd(), text.trimEnd());
  assert.ok(Math.abs(Date.parse(mail.date) - Date.now()) < 60000, mail.date);
  for (const line of raw.toString('latin1').split('\r\n')) assert.ok(line.length <= 76, line);
});

test('the same message has the same id on every try', async () => {
  await send({ id: 'constant@example.org' });
  await send({ id: 'constant@example.org' });
  const ids = await Promise.all(taken.map(async ({ raw }) => (await PostalMime.parse(raw)).messageId));
  assert.deepEqual(ids, ['<constant@example.org>', '<constant@example.org>']);
});

test('what the relay refuses is told with its reply', async () => {
  refuse = { recipient: reply(550, 'no such user') };
  assert.deepEqual(await send(), { code: 1, error: 'io', reply: 550, problem: 'RCPT failed: 550' });
  refuse = { recipient: reply(451, 'try again later') };
  assert.equal((await send()).reply, 451);
  refuse = { data: reply(552, 'too much') };
  const { code, error, reply: last, problem } = await send();
  assert.deepEqual([code, error, last], [1, 'io', 552]);
  assert.notEqual(problem, '');
  assert.deepEqual(taken, []);
});

test('a relay that hangs or is not there', async () => {
  refuse = { hang: true };
  const started = Date.now();
  const hung = await send();
  assert.deepEqual([hung.code, hung.error], [1, 'io']);
  assert.ok(Date.now() - started < 9000);
  const away = await send({ by: 'smtp://127.0.0.1:1' });
  assert.deepEqual([away.code, away.error, away.reply], [1, 'io', 0]);
  assert.notEqual(away.problem, '');
});

test('no header and no recipient can be smuggled in', async () => {
  const rows = [{ to: 'a@example.org\r\nBcc: b@example.org' }, { to: 'a@example.org,b@example.org' },
    { to: 'a@example.org>\r\nRCPT TO:<b@example.org' }, { subject: 'x\r\nBcc: b@example.org' }, { subject: 'x\nX-A: b' },
    { id: 'x@y>\r\nBcc: <b@example.org' }, { from: 'T\r\nBcc: b@example.org <a@example.org>' }];
  for (const row of rows) assert.equal((await send(row)).error, 'invalid_parameter', JSON.stringify(row));
  assert.deepEqual(taken, []);
  await send({ text: 'x\r\n.\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n' });
  assert.equal(taken.length, 1);
});

// --- TLS and authentication ------------------------------------------------------------------------

const USER = 'teller', PASSWORD = 'correct horse: battery staple';
const CA = path.join(stack.dir, 'tls/cert.pem');

/** A relay that knows one user; `use` gets its URL's host and port, what it took and who tried to sign in. */
async function withRelay(options, use) {
  const seen = { taken: [], signedIn: [] };
  const secret = new SMTPServer({
    key: await readFile(path.join(stack.dir, 'tls/key.pem')), cert: await readFile(CA), logger: false,
    onAuth(auth, session, done) {
      seen.signedIn.push({ user: auth.username, secure: session.secure });
      if (auth.username === USER && auth.password === PASSWORD) done(null, { user: auth.username });
      else done(reply(535, 'who are you?'));
    },
    onData(stream, session, done) {
      stream.resume();
      stream.on('end', () => {
        seen.taken.push({ user: session.user, secure: session.secure });
        done();
      });
    },
    ...options,
  });
  secret.on('error', () => {});
  await new Promise((done) => { secret.listen(0, '127.0.0.1', done); });
  try {
    await use(`127.0.0.1:${secret.server.address().port}`, seen);
  } finally {
    await new Promise((done) => { secret.close(done); });
  }
}
const right = [CA, USER, PASSWORD];

test('STARTTLS and smtps: the user signs in over TLS', async () => {
  for (const [scheme, options] of [['smtp', {}], ['smtps', { secure: true }]]) {
    await withRelay(options, async (host, seen) => {
      assert.equal((await send({ by: `${scheme}://${host}`, secure: right })).error, 'ok', scheme);
      assert.deepEqual(seen, { taken: [{ user: USER, secure: true }], signedIn: [{ user: USER, secure: true }] });
      const wrong = await send({ by: `${scheme}://${host}`, secure: [CA, USER, 'wrong'] });
      assert.deepEqual([wrong.error, wrong.reply], ['io', 535]);
      assert.notEqual(wrong.problem, '');
      assert.ok(!wrong.problem.includes('wrong'));
      assert.equal(seen.taken.length, 1);
    });
  }
});

test('TLS alone, without a user', async () => {
  await withRelay({ authOptional: true }, async (host, seen) => {
    assert.equal((await send({ by: `smtp://${host}`, secure: [CA] })).error, 'ok');
    assert.deepEqual(seen, { taken: [{ user: undefined, secure: true }], signedIn: [] });
  });
});

test('a relay without STARTTLS gets neither password nor mail where TLS is required', async () => {
  await withRelay({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true, authOptional: true }, async (host, seen) => {
    for (const secure of [[CA], right]) {
      const { code, error, problem } = await send({ by: `smtp://${host}`, secure });
      assert.deepEqual([code, error], [1, 'io']);
      assert.match(problem, /STARTTLS/);
    }
    assert.deepEqual(seen, { taken: [], signedIn: [] });
    assert.equal((await send({ by: `smtp://${host}` })).error, 'ok', 'where it is not required');
    assert.equal((await send({ by: `smtps://${host}`, secure: right })).error, 'io');
    assert.deepEqual(seen.signedIn, []);
  });
});

test('a certificate that is not believed', async () => {
  for (const [scheme, options] of [['smtp', {}], ['smtps', { secure: true }]]) {
    await withRelay(options, async (host, seen) => {
      const { error, problem } = await send({ by: `${scheme}://${host}`, secure: ['/etc/ssl/certs/ca-certificates.crt', USER, PASSWORD] });
      assert.equal(error, 'io');
      assert.match(problem, /certificate/);
      assert.deepEqual(seen, { taken: [], signedIn: [] });
    });
  }
});

test('doctor and retrier: the keys of [mail]', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'teller-mail-'));
  const passwordFile = path.join(dir, 'mail.password');
  const file = path.join(dir, 'teller.conf');
  const original = await readFile(stack.config, 'utf8');
  const configure = (...lines) => writeFile(file, original.replace(/^relay = .*$/m, lines.join('\n')).replace(/^\[net\]$/m, `[net]\nca_file = ${CA}`));
  const doctor = async () => {
    const { out } = await stack.ctlResult(['doctor', '--config', file]);
    return JSON.parse(out).find((row) => row.check === 'mail relay');
  };
  const retrier = () => new Promise((resolve) => {
    const child = spawn(path.join(path.dirname(stack.tellerctl), 'teller-ipn'), ['--config', file, '--once'], { stdio: 'ignore' });
    child.on('close', resolve);
  });
  try {
    await writeFile(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
    await withRelay({}, async (host, seen) => {
      const all = [`relay = smtp://${host}`, `user = ${USER}`, `password_file = ${passwordFile}`];
      await configure(...all);
      assert.deepEqual([(await doctor()).ok, seen.signedIn, seen.taken], [true, [{ user: USER, secure: true }], []]);
      await writeFile(passwordFile, 'wrong\n');
      assert.equal((await doctor()).ok, false);
      await configure(...all.slice(0, 2));
      assert.deepEqual([(await doctor()).ok, await retrier()], [false, 2], 'a user without a password');
      await configure(...all);
      await chmod(passwordFile, 0o644);
      assert.deepEqual([(await doctor()).ok, await retrier()], [false, 2], 'a password that others may read');
      await configure(`relay = http://${host}`);
      assert.deepEqual([(await doctor()).ok, await retrier()], [false, 2], 'a relay that is none');
      await configure('relay = ');
      assert.equal((await doctor()).ok, true);
    });
    await configure(`relay = ${relay}`, 'require_tls = yes');
    const { ok, found, mend } = await doctor();
    assert.deepEqual([ok, mend.includes('STARTTLS')], [false, true], found);
    await configure(`relay = ${relay}`);
    assert.equal((await doctor()).ok, true);
  } finally {
    await rm(dir, { recursive: true });
  }
});
