// Mail as a real SMTP server takes it and as another program reads it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const PROGRAM = path.join(process.env.BUILD ?? 'build', 'support/send_mail');
let server, relay, taken, refuse;

/** Runs the program; gives the error's id, the relay's reply, the problem and the exit code. */
function send({ to = 'merchant@example.org', from = 'Teller <no-reply@example.org>', subject = 'Payment', id = 'event-1@example.org',
  text = 'Hello\n', by = relay } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, [by, from, to, subject, id]);
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
