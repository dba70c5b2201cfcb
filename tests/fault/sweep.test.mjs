// 10,000 due tickets, three copies of the sweeper: all released in under 20 s, each exactly once.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Sql, Stack } from '../support/teller.mjs';

const TICKETS = 10000;
const CUSTOMERS = 100;
const SECONDS = 20;
const COPIES = 3;

let stack;
before(async () => { stack = await Stack.start(path.join(process.env.RUN_DIR, 'sweep'), { DEMO: 'no', JOBS: 'no', WORKERS: '2' }); });
after(async () => {
  try {
    assert.equal(await stack.bugs(), '');
    await stack.audit();
  } finally {
    await stack.stop();
  }
});

/** Opens tickets of one dollar through the very procedure that the API calls, many in one transaction. */
async function openTickets(partner) {
  const sql = new Sql(stack);
  const each = TICKETS / CUSTOMERS;
  const currency = "(SELECT id FROM currency WHERE code = 'USD')";
  for (let i = 0; i < CUSTOMERS; i++) {
    const lines = ['START TRANSACTION',
      `INSERT INTO user (uuid, login, email, level) VALUES (UNHEX(MD5('sweep ${i}')), 'sweep-${i}', 'sweep-${i}@example.org', 'full')`,
      'SET @user = LAST_INSERT_ID()', `SET @currency = ${currency}`,
      `CALL ledger_credit(@user, @currency, ${each * 100000}, 'credit:sweep ${i}', 'Deposit')`];
    for (let j = 0; j < each; j++)
      lines.push(`CALL ticket_create(@user, 'r:${j}', '', UNHEX(MD5('sweep ${i} ${j}')), UNHEX(SHA2('${i} ${j}', 256)), '${partner.id}', `
        + '@currency, 100000, NULL, NULL)');
    await sql.run([...lines, 'COMMIT'].join(';'));
  }
  await sql.run("UPDATE ticket SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE status = 'open'");
  sql.close();
}

const one = async (statement) => Number((await stack.sql(statement))[0][0]);

test(`${TICKETS} due tickets, ${COPIES} sweepers: each released once, in under ${SECONDS} s`, { timeout: 300000 }, async (context) => {
  const partner = await stack.partner({ ttl: 86400 });
  await openTickets(partner);
  assert.equal(await one("SELECT COUNT(*) FROM ticket WHERE status = 'open' AND expires_at <= NOW(6)"), TICKETS);
  assert.equal(await one("SELECT SUM(balance) FROM account WHERE purpose = 'held'"), TICKETS * 100000);

  const started = Date.now();
  const copies = await Promise.all(Array.from({ length: COPIES }, () => stack.sweep()));
  const seconds = (Date.now() - started) / 1000;
  const released = copies.map((copy) => copy.released);
  context.diagnostic(`released ${released.join(' + ')} in ${seconds.toFixed(1)} s`);

  assert.equal(released.reduce((sum, count) => sum + count), TICKETS);
  assert.equal(await one("SELECT COUNT(*) FROM ticket WHERE status = 'expired'"), TICKETS);
  assert.equal(await one("SELECT COUNT(DISTINCT ref) FROM journal WHERE kind = 'ticket_expire'"), TICKETS);
  assert.equal(await one("SELECT COUNT(*) FROM journal WHERE kind = 'ticket_expire'"), TICKETS);
  assert.equal(await one("SELECT SUM(balance) FROM account WHERE purpose = 'held'"), 0);
  assert.ok(seconds < SECONDS, `it took ${seconds} s`);
  assert.equal((await stack.sweep()).released, 0);
});
