// Expiry is a predicate, and of 64 clients who race on one ticket exactly one wins. RACES=N takes
// another number of tickets than 300.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inParallel, Sql, Stack, until } from '../support/teller.mjs';

const RACES = Number(process.env.RACES ?? 300);
const CLIENTS = 64;
const AMOUNT = 1;

let stack, partner;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'race'), { DEMO: 'no', JOBS: 'no' });
  partner = await stack.partner();
});
after(async () => {
  try {
    assert.equal(await stack.bugs(), '');
    await stack.audit();
  } finally {
    await stack.stop();
  }
});

test('expiry needs no sweeper: after its date a ticket is expired to everybody', async () => {
  const quick = await stack.partner({ ttl: 1 });
  const customer = await stack.customer({ funds: { USD: '100' } });
  const { ticket, key } = await customer.ticket(quick, '100');
  const id = { ticket, key };
  await until(async () => (await quick.ok('ticket/info', id)).status === 'expired', 20, 'expiry');
  assert.deepEqual(await stack.sql('SELECT status FROM ticket'), [['open']], 'no sweeper ran');
  await quick.refused('ticket_expired', 'ticket/settle', { ...id, description: 'd' });
  await quick.refused('ticket_expired', 'ticket/reject', { ...id, reason: 'r' });
  await quick.refused('ticket_expired', 'ticket/update', { ...id, message: 'm' });
  await quick.refused('ticket_expired', 'ticket/refund', { ...id, reason: 'r' });
  await customer.refused('ticket_expired', 'ticket/cancel', { ticket });
  assert.equal((await customer.ok('ticket/list', { status: 'expired' })).records, '1');
  assert.equal((await customer.ok('ticket/list', { status: 'open' })).records, '0');
  assert.deepEqual(await stack.balance(customer.user.login), { available: '0.00000', held: '100.00000' });
  assert.equal((await stack.sweep()).released, 1);
  assert.deepEqual(await stack.balance(customer.user.login), { available: '100.00000', held: '0.00000' });
  assert.equal((await stack.sweep()).released, 0);
});

/** In place, evenly. */
function shuffle(list) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** What the clients of one race do, in no order: 21 settle, 21 cancel, 21 reject, one lets it expire. */
function racers(customer, made, sql) {
  const id = { ticket: made.ticket, key: made.key };
  const bytes = `UNHEX('${made.ticket.replaceAll('-', '')}')`;
  const calls = {
    settled: () => partner.call('ticket/settle', { ...id, description: 'paid' }),
    cancelled: () => customer.call('ticket/cancel', { ticket: made.ticket }),
    rejected: () => partner.call('ticket/reject', { ...id, reason: 'no' }),
  };
  const list = Array.from({ length: CLIENTS - 1 }, (_, i) => Object.entries(calls)[i % 3]);
  // The date is moved into the past. Straight to the database is the shortest way: it starts somewhat
  // later to have its share of wins. A sweeper runs beside them all.
  list.push(['expired', async () => {
    for (let turns = Math.random() * 30; turns > 0; turns--) await new Promise(setImmediate);
    await sql.run(`UPDATE ticket SET expires_at = NOW(6) WHERE id = ${bytes} AND status = 'open'`);
    return null;
  }]);
  return shuffle(list);
}

/** Runs one race and checks that one kind of call won. Gives which. */
async function race(customer, sql) {
  const made = await customer.ticket(partner, String(AMOUNT));
  const results = await Promise.all(racers(customer, made, sql).map(async ([kind, call]) => [kind, await call()]));
  const { status } = await partner.ok('ticket/info', { ticket: made.ticket, key: made.key });
  const winners = results.filter(([, reply]) => reply?.json?.result === 'success');
  const kinds = new Set(winners.map(([kind]) => kind));
  for (const [kind, reply] of results)
    if (reply !== null && reply.json?.result !== 'success')
      assert.match(`${reply.status} ${reply.json?.token}`, /^200 ticket_(settled|cancelled|rejected|expired)$/, `${kind}: ${reply.text}`);
  if (status === 'expired') {
    assert.deepEqual([...kinds], [], made.ticket);
  } else {
    assert.deepEqual([...kinds], [status], made.ticket);
    if (status !== 'settled') assert.equal(winners.length, 1, `${made.ticket} was ${status} ${winners.length} times`);
    // Settling again is answered as the first time.
    else assert.equal(new Set(winners.map(([, reply]) => reply.text)).size, 1);
  }
  return status;
}

test(`${RACES} tickets, ${CLIENTS} clients on each: one wins`, { timeout: 900000 }, async (context) => {
  const customer = await stack.customer({ funds: { USD: String(RACES * AMOUNT) } });
  await stack.ctl('limit', 'set', 'USD', 'full', '--single', 'none', '--daily', 'none', '--monthly', 'none');
  const unpaid = await stack.balance(partner.user.login);
  const connections = Array.from({ length: 2 }, () => new Sql(stack));
  const wins = { settled: 0, cancelled: 0, rejected: 0, expired: 0 };
  const started = Date.now();
  let racing = true;
  const sweeping = (async () => { while (racing) await stack.sweep(); })();
  const results = await inParallel(connections.length, Array.from({ length: RACES }, (_, i) => () =>
    race(customer, connections[i % connections.length])));
  for (const status of results) wins[status]++;
  connections.forEach((sql) => sql.close());
  context.diagnostic(`${JSON.stringify(wins)} in ${((Date.now() - started) / 1000).toFixed(1)} s`);

  racing = false;
  await sweeping;
  await stack.sweep();
  assert.equal(results.length, RACES);
  for (const [kind, count] of Object.entries(wins)) assert.ok(count > 0, `${kind} never won`);
  const { available, held } = await stack.balance(customer.user.login);
  assert.deepEqual([Number(available), Number(held)], [(RACES - wins.settled) * AMOUNT, 0]);
  const paid = await stack.balance(partner.user.login);
  assert.equal(Number(paid.available) - Number(unpaid.available), wins.settled * AMOUNT);
  // Each ticket has two journals: its creation and its one end.
  assert.deepEqual(await stack.sql('SELECT HEX(ref), COUNT(*) FROM journal WHERE ref IS NOT NULL GROUP BY ref HAVING COUNT(*) <> 2'), []);
});
