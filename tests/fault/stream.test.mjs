// A backlog that is more than nchan's memory holds: teller-stream waits for room and goes on, in order, with nothing
// left out.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Socket } from '../support/stream.mjs';
import { closeConnections, Stack } from '../support/teller.mjs';

const USERS = 60, LINES = 150; // what each of them is told; nchan keeps 200 messages of a channel
const BACKLOG = Number(process.env.STREAM_BACKLOG ?? USERS * LINES);

let stack, follower;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'stream-full'), { DEMO: 'no', JOBS: 'no', NCHAN_MEMORY: '8m', NCHAN_KEPT: '2s' });
});
after(async () => {
  follower?.close();
  if (stack) {
    assert.equal(await stack.bugs(), '');
    await stack.stop();
  }
  closeConnections();
});

test('a backlog larger than the memory of the stream is told to its end', { timeout: 300000 }, async () => {
  const reader = await stack.customer({ funds: { USD: '1' } });
  follower = await Socket.open(stack.base, new URLSearchParams({ key: await reader.ok('idkey') }).toString());
  // Journals of one entry each, with a long line, that wait to be told: of many users in turn, and of the reader.
  await stack.sql(`SET foreign_key_checks = 0;
    INSERT INTO user (id, uuid, login, email) SELECT 5000 + seq, UNHEX(MD5(seq)), CONCAT('many', seq), CONCAT('many', seq, '@example.org') FROM seq_1_to_${USERS};
    INSERT INTO account (id, owner_id, currency_id, purpose) SELECT 5000 + seq, 5000 + seq, 2, 'available' FROM seq_1_to_${USERS};
    DELETE FROM stream_event;
    INSERT INTO journal (id, kind, user_id, request_key) SELECT 5000 + seq, 'credit', 1, CONCAT('many:', seq) FROM seq_1_to_${BACKLOG};
    INSERT INTO entry (account_id, seq, journal_id, amount, balance, type, info)
    SELECT a.id, (n.seq + ${USERS - 1}) DIV ${USERS} + IF(a.id < 5000, 1, 0), 5000 + n.seq, 0, 0, 'deposit', REPEAT('x', 400)
    FROM seq_1_to_${BACKLOG} AS n JOIN account AS a ON a.id = IF(n.seq MOD ${USERS} = 0,
      (SELECT id FROM account WHERE owner_id = (SELECT id FROM user WHERE login = '${reader.user.login}')), 5000 + n.seq MOD ${USERS});
    INSERT INTO stream_event (kind, journal_id) SELECT 'journal', 5000 + seq FROM seq_1_to_${BACKLOG}`);
  const { stderr } = await promisify(execFile)(path.join(path.dirname(stack.tellerctl), 'teller-stream'), ['--once'],
    { env: { ...process.env, TELLER_CONFIG: stack.config } });
  assert.match(stderr, /event=nchan_full/, 'the memory was too large for this test');
  assert.deepEqual(await stack.sql('SELECT COUNT(*) FROM stream_event'), [['0']]);
  // What was told twice has the same id; each comes, in order.
  const last = BACKLOG / USERS;
  await follower.message((message) => message.wallet !== undefined && follower.of('wallet').length >= last);
  const ids = follower.of('wallet').map(({ id }) => id);
  const first = ids.filter((id, i) => ids.indexOf(id) === i);
  assert.equal(first.length, last);
  assert.deepEqual(first, [...first].sort((a, b) => parseInt(a, 10) - parseInt(b, 10)));
});
