// Workers are told to end (SIGTERM) one after the other while clients keep calling: each finishes
// what it has in hand and leaves, its supervisor starts another, and no client notices.
// DRAINS=N takes another number than 24.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inParallel, Stack, until } from '../support/teller.mjs';

const CLIENTS = 32;
// Processes of each pool: create goes to main, info and currency to read, orders to order.
const POOLS = { main: 6, order: 3, read: 3 };
const AT_ONCE = 3;
const DRAINS = Number(process.env.DRAINS ?? 24);

let stack;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'drain'), { DEMO: 'no', JOBS: 'no', WORKERS: String(POOLS.main),
    ORDER_WORKERS: String(POOLS.order), READ_WORKERS: String(POOLS.read) });
  await stack.ctl('limit', 'set', 'USD', 'full', '--single', 'none', '--daily', 'none', '--monthly', 'none');
});
after(async () => {
  try {
    assert.equal(await stack.bugs(), '');
    await stack.audit();
  } finally {
    await stack.stop();
  }
});

/** What the workers say: how many began to drain, and with how many connections kept each one ended, last before exit 0. */
async function events() {
  const logs = await Promise.all(Object.keys(POOLS).map((pool) => readFile(path.join(stack.dir, `log/${pool}.log`), 'utf8')));
  const log = logs.join('');
  return { drains: [...log.matchAll(/event=drain /g)].length, ends: [...log.matchAll(/event=stop kept=(\d+)/g)].map(([, kept]) => kept) };
}

/** True once the process is gone and another one is in its place. */
async function replaced(pool, pid) {
  const now = await stack.processes(pool);
  return !now.includes(pid) && now.length === POOLS[pool];
}

test('SIGTERM under load: no answer is lost, each worker ends by itself', { timeout: 300000 }, async () => {
  const partner = await stack.partner();
  const customer = await stack.customer({ funds: { USD: '100000' } });
  let going = true;
  const counts = { create: 0, info: 0, currency: 0 };
  const calls = {
    create: () => customer.ticket(partner, '0.01'),
    info: () => customer.ok('info'),
    currency: async () => {
      const reply = await stack.request('GET', '/api/1/generic/currency?currency=USD');
      assert.deepEqual([reply.status, reply.json?.result], [200, 'success'], reply.text);
    },
  };
  const names = Object.keys(calls);
  const client = async (index) => {
    for (let i = index; going; i++) {
      const name = names[i % names.length];
      await calls[name]();
      counts[name]++;
    }
  };
  const load = Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index))).finally(() => { going = false; });
  load.catch(() => {});
  const { drains: before } = await events();
  const draining = new Set();
  await inParallel(AT_ONCE, Array.from({ length: DRAINS }, (_, index) => async () => {
    const pool = Object.keys(POOLS)[index % 3];
    if (!going) return;
    const pid = await until(async () => {
      const one = (await stack.processes(pool)).find((candidate) => !draining.has(candidate));
      draining.add(one);
      return one;
    }, 5, 'a worker');
    process.kill(pid, 'SIGTERM');
    await until(() => replaced(pool, pid), 30, `the end of worker ${pid}`);
    draining.delete(pid);
  }));
  going = false;
  await load;
  for (const name of names) assert.ok(counts[name] > DRAINS, `${counts[name]} calls of ${name}`);
  const { drains, ends } = await events();
  assert.equal(drains - before, DRAINS);
  assert.deepEqual(ends, Array(DRAINS).fill('0'), 'connections kept at the end');
  const { records } = await customer.ok('ticket/list', {});
  assert.equal(Number(records), counts.create, 'tickets, each acknowledged once');
});
