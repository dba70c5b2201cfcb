// Under a load of creates, settles, updates, cancels and sweeps, workers, sweepers and the database
// are killed (-9) at random. Afterwards the books agree, and what was acknowledged is there, once.
// KILLS=N takes another number than 24.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { form, inParallel, Stack, tonce, until } from '../support/teller.mjs';
import { kill, killDatabase, killWorker, pick, refusals } from './killing.mjs';
import { checkTickets, Load } from './tickets.mjs';

const CLIENTS = 32;
const KILLS = Number(process.env.KILLS ?? 24);
const FUNDS = 10000;
const QUICK_SECONDS = 2;

let stack;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'fault'), { DEMO: 'no', JOBS: 'no' });
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

/** Keeps copies of the sweeper running, as cron would, and lets one of them be killed. */
class Sweepers {
  constructor(copies) {
    this.children = new Set();
    for (let i = 0; i < copies; i++) this.start();
  }

  start() {
    const child = spawn(stack.sweeper, ['--for', '600', '--batch', '5'], { env: { ...process.env, TELLER_CONFIG: stack.config }, stdio: 'ignore' });
    this.children.add(child);
    child.on('exit', () => {
      this.children.delete(child);
      if (!this.stopped) this.start();
    });
  }

  pids() {
    return [...this.children].map((child) => child.pid);
  }

  async stop() {
    this.stopped = true;
    for (const child of this.children) child.kill('SIGTERM');
    await until(() => this.children.size === 0, 30, 'the end of the sweepers');
  }
}

/** Kills one process of a kind. */
async function killOne(kind, sweepers) {
  if (kind === 'database') return killDatabase(stack);
  if (kind === 'worker') return killWorker(stack);
  const pid = pick(sweepers.pids());
  if (pid !== undefined) kill(pid);
  return pid !== undefined;
}

/** Kills at random, each kind of process its share, until KILLS are done. */
async function killAtRandom(sweepers) {
  const killed = { worker: 0, sweeper: 0, database: 0 };
  const plan = Array.from({ length: KILLS }, (_, i) => ['worker', 'sweeper', 'worker', 'database'][i % 4]);
  for (const kind of plan.sort(() => Math.random() - 0.5)) {
    // A pause of random length, so that the blow falls at any moment of the work.
    await new Promise((done) => setTimeout(done, 100 + Math.random() * 500));
    if (await killOne(kind, sweepers)) killed[kind]++;
  }
  return killed;
}

test(`${CLIENTS} clients, ${KILLS} kills: nothing acknowledged is lost, nothing happens twice`, { timeout: 600000 }, async (context) => {
  const quick = await stack.partner({ ttl: QUICK_SECONDS });
  const partners = [await stack.partner(), quick];
  const customers = await inParallel(4, Array.from({ length: CLIENTS }, () => () => stack.customer({ funds: { USD: String(FUNDS) } })));
  const loads = customers.map((customer) => new Load(customer, partners));
  const sweepers = new Sweepers(2);
  let going = true;
  const work = Promise.all(loads.map((load) => load.run(() => going)));
  const started = Date.now();
  let killed;
  try {
    killed = await killAtRandom(sweepers);
  } finally {
    going = false;
    await work.finally(() => sweepers.stop());
  }
  await until(() => stack.ready(), 60, 'a stack that is ready');
  assert.ok(Object.values(killed).every((count) => count > 0), JSON.stringify(killed));

  // What nobody settled in time is released now.
  await until(async () => {
    await stack.sweep();
    return (await stack.sql(`SELECT COUNT(*) FROM ticket WHERE status = 'open' AND partner_id = '${quick.id}'`))[0][0] === '0';
  }, 60, 'the release of every ticket that is due');
  const report = await stack.audit();

  const acknowledged = await checkTickets(stack, loads);
  const total = (name) => loads.reduce((sum, load) => sum + load[name], 0);
  context.diagnostic(`${JSON.stringify(killed)} in ${((Date.now() - started) / 1000).toFixed(1)} s; ${total('calls')} calls, `
    + `${acknowledged} tickets acknowledged, ${total('unknown')} creates without an answer, refusals `
    + `${JSON.stringify(refusals(loads))}; ${report.journals} journals, ${report.entries} entries`);
  assert.ok(acknowledged > 100, 'the load was none');
});

/** A signed request as bytes, to be sent more than once. */
function prepared(client, method, params) {
  const body = form(params);
  return () => stack.request('POST', `/api/1/generic/${method}`, { headers: client.headers(body), body });
}

for (const victim of ['workers', 'database']) {
  test(`a replay is refused after a kill -9 of ${victim === 'workers' ? 'all workers' : 'the database'}`, { timeout: 120000 }, async () => {
    const partner = await stack.partner();
    // A round counts only where the stack was back before tonces of that age are refused anyway.
    await until(async () => {
      const customer = await stack.customer({ funds: { USD: '100' } });
      const counted = await stack.key(customer.user.login, 'withdraw');
      const order = { partner: partner.id, amount: '1', currency: 'USD' };
      const stamp = tonce();
      const spare = tonce();
      const requests = [prepared(customer, 'ticket/create', { tonce: stamp, ...order }), prepared(counted, 'ticket/create', { nonce: 5, ...order }),
        prepared(customer, 'info', { tonce: tonce() })];
      for (const send of requests) assert.equal((await send()).json.result, 'success');
      const parts = victim === 'workers' ? ['main', 'read'] : ['mariadb'];
      const processes = async () => (await Promise.all(parts.map((part) => stack.processes(part)))).flat();
      const pids = await processes();
      pids.forEach(kill);
      await until(async () => {
        const now = await processes();
        return now.length === pids.length && !now.some((pid) => pids.includes(pid)) && stack.ready();
      }, 60, 'the return');
      for (const send of requests) {
        const reply = await send();
        assert.deepEqual([reply.status, reply.json.token], [403, 'login_error_invalid_nonce'], reply.text);
      }
      const inTime = (await customer.call('info', { tonce: spare })).status === 200;
      assert.equal((await counted.call('ticket/create', { nonce: 6, ...order })).json.result, 'success', 'the next nonce');
      assert.equal((await stack.balance(customer.user.login)).held, '3.00000');
      return inTime;
    }, 100, 'a return within the window of tonces');
  });
}
