// Due tickets, three copies of the sweeper: each released exactly once, at least 500 a second. `make soak` has
// DUE_TICKETS=10000.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inParallel, Sql, Stack } from '../support/teller.mjs';

const TICKETS = Number(process.env.DUE_TICKETS ?? 2000);
const CUSTOMERS = 100;
const SECONDS = TICKETS / 500;
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

/** Opens tickets of one dollar as customers do. */
async function openTickets(partner) {
  const each = TICKETS / CUSTOMERS;
  await inParallel(16, Array.from({ length: CUSTOMERS }, () => async () => {
    const customer = await stack.customer({ funds: { USD: String(each) } });
    for (let i = 0; i < each; i++) await customer.ticket(partner, '1');
  }));
  const sql = new Sql(stack);
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
