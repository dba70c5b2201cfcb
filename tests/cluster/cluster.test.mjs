// Teller on a cluster of three nodes with one writer, behind haproxy: under a load of tickets, orders and payments the
// writer is killed, stopped, cut off from the others, taken out of service; a node comes back by a part of what it missed
// and by a copy of everything; all nodes are killed. Nothing acknowledged is lost or done twice, a plain no was none, the
// audit is clean on every node and their tables are the same. Where no cluster can run the test says so and is skipped,
// but for the long doses. CLUSTER_SHORT=1 kills the writer and nothing else.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { closeConnections, form, inParallel, Stack, tonce, until } from '../support/teller.mjs';
import { refusals } from '../fault/killing.mjs';
import { Buyer, checkPayments } from '../fault/payments.mjs';
import { checkTickets, Load } from '../fault/tickets.mjs';
import { checkTrades, FUNDS, Trader } from '../fault/traders.mjs';
import { ask, Cluster, obstacle } from './cluster.mjs';

const EACH = Number(process.env.CLUSTER_CLIENTS ?? 4); // clients of each kind
const MONEY = 100000;
const PASSWORD = 'correct horse battery';
const SERVICE = 20; // so many acknowledged changes one after the other are a service that is back
const PATIENCE_S = 60;
// A number in each of these tables that may be changed and changed back.
const SOME = [['account', 'balance', 'TRUE'], ['market', 'stops', 'TRUE'], ['ticket', 'amount', 'created_at < v_now']];

const reason = await obstacle();
const skip = reason !== null && `no cluster: ${reason}`;
const long = process.env.CLUSTER_SHORT === undefined;
if (skip && process.env.DOSE === 'full') throw new Error(skip);

let cluster, stack, load, config;
before(async () => {
  if (skip) return;
  const dir = path.join(process.env.RUN_DIR, 'stack');
  const passwords = { owner: randomBytes(12).toString('hex'), app: randomBytes(12).toString('hex') };
  await mkdir(dir, { recursive: true });
  for (const [who, password] of Object.entries(passwords)) await writeFile(path.join(dir, `${who}.password`), password, { mode: 0o600 });
  cluster = await Cluster.start(path.join(process.env.RUN_DIR, 'cluster'), passwords);
  stack = await Stack.start(dir, { DEMO: 'no', DATABASE_HOST: '127.0.0.1', DATABASE_PORT: '3306', DATABASE_READ_PORT: '3307', DATABASE_CA: cluster.certificate });
  await ask(stack, await cluster.writer());
  config = await readFile(stack.config, 'utf8');
  for (const node of cluster.nodes)
    await writeFile(configOf(node), config.replace(/^host = .*$/m, `host = ${node.address}`));
  await stack.ctl('limit', 'set', 'USD', 'full', '--single', 'none', '--daily', 'none', '--monthly', 'none');
  await stack.ctl('market', 'add', 'BTC', 'USD');
  await stack.ctl('market', 'resume', 'BTCUSD');
  load = await Mixed.make();
});
after(async () => {
  try {
    if (stack) assert.equal(await stack.bugs(), '');
  } finally {
    await stack?.stop();
    await cluster?.stop();
    closeConnections();
  }
});

const configOf = (node) => path.join(stack.dir, `${node.name}.conf`);
const rest = (ms) => new Promise((done) => setTimeout(done, ms));

/** Clients of all three kinds, who keep account over all blows. */
class Mixed {
  static async make() {
    const mixed = new Mixed();
    const partner = await stack.partner(), merchant = await stack.merchant();
    const each = (make) => inParallel(4, Array.from({ length: EACH }, () => make));
    mixed.tickets = await each(async () => new Load(await stack.customer({ funds: { USD: String(MONEY) } }), [partner], { definite: true }));
    mixed.traders = await each(async () => new Trader(await stack.customer({ funds: FUNDS }), { definite: true }));
    mixed.buyers = await each(async () => {
      const user = await stack.user({ password: PASSWORD, funds: { USD: String(MONEY) } });
      return new Buyer(merchant, await stack.signIn(user), user.login);
    });
    mixed.done = [];
    for (const client of [partner, merchant, ...mixed.tickets.map((one) => one.customer), ...mixed.traders.map((one) => one.client),
      ...mixed.buyers.map((one) => one.session)]) mixed.watch(client);
    return mixed;
  }

  /** Notes when each change was acknowledged. */
  watch(client) {
    const call = client.call.bind(client);
    client.call = async (...args) => {
      const reply = await call(...args);
      if (reply.status === 200 && args[0] !== 'orders') this.done.push(Date.now());
      return reply;
    };
  }

  get all() {
    return [...this.tickets, ...this.traders, ...this.buyers];
  }

  start() {
    this.going = true;
    this.work = Promise.all(this.all.map((one) => one.run(() => this.going)));
    this.work.catch(() => {});
  }

  async stop() {
    this.going = false;
    await this.work;
  }

  /** Waits for a service: so many changes acknowledged since then. */
  served(since, count = SERVICE) {
    return until(() => this.done.length > count && this.done.at(-count) > since, PATIENCE_S, 'the service');
  }

  /** The longest time without an acknowledged change, in seconds. */
  gap(from, to) {
    const times = [from, ...this.done.filter((at) => at > from && at < to), to];
    return Math.max(...times.slice(1).map((at, i) => at - times[i])) / 1000;
  }
}

/** Under load: the blow, and on until there is service again and `back` has mended what was struck. Says how long there
 *  was none, and compares everything. */
async function underLoad(context, blow, back = async () => {}) {
  const before = load.done.length;
  load.start();
  let gap, began;
  try {
    await load.served(Date.now());
    began = Date.now();
    const struck = await blow();
    await load.served(Date.now() + 500);
    const served = Date.now();
    gap = load.gap(began, served);
    await back(struck);
    await load.served(Date.now());
  } finally {
    await load.stop();
  }
  await cluster.synced();
  const [counts, report] = await compare();
  context.diagnostic(`${gap.toFixed(1)} s without service; ${load.done.length - before} changes acknowledged meanwhile; in all `
    + `${counts.join(', ')} tickets, payments and orders; refusals ${JSON.stringify(refusals(load.all))}; ${report.entries} entries`);
}

/** Writes every row of a table that is not new, and leaves it as it was. One compound statement: see lib/db/packet.h. */
const touch = (table, number, which) => `DELIMITER $$
BEGIN NOT ATOMIC
  DECLARE v_now DATETIME(6) DEFAULT NOW(6) - INTERVAL 10 SECOND;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK;
  START TRANSACTION;
  UPDATE ${table} SET ${number} = ${number} + 1 WHERE ${which};
  UPDATE ${table} SET ${number} = ${number} - 1 WHERE ${which};
  COMMIT;
END $$
DELIMITER ;
SELECT 1`;

/** What was told against what is there, on every node. */
async function compare() {
  await until(() => stack.ready(), PATIENCE_S, 'a stack that is ready');
  await ask(stack, await cluster.writer());
  await stack.ctl('market', 'halt', 'BTCUSD');
  try {
    return await compareStill();
  } finally {
    await stack.ctl('market', 'resume', 'BTCUSD');
  }
}

async function compareStill() {
  let report;
  const counts = [await checkTickets(stack, load.tickets), await checkPayments(stack, load.buyers, MONEY), await checkTrades(stack, load.traders)];
  for (const node of cluster.nodes) {
    const { code, out, complaint } = await stack.ctlResult(['audit', '--config', configOf(node)]);
    assert.equal(code, 0, `the audit of ${node.name}: ${out}${complaint}`);
    report = JSON.parse(out);
  }
  let differences;
  await until(async () => (differences = await cluster.differences()).length === 0, 20, 'the same on all nodes').catch(() => {});
  assert.deepEqual(differences, [], 'tables that differ from node to node');
  return [counts, report];
}

/** Starts a node again; `how` is what its log has to say about its way back. */
async function bringBack(node, how) {
  const at = (await node.said()).length;
  await node.start({ args: await donor(node) });
  await cluster.synced();
  assert.match(await node.said(at), how);
}

/** That a node takes what it needs from another one than the writer, as the operator sees to after a takeover. */
async function donor(node) {
  const writer = await cluster.writer();
  return [`--wsrep-sst-donor=${cluster.others(node).find((other) => other !== writer).name},`];
}

const PART = /IST received/, WHOLE = /SST received/;

/** The same bytes, to be sent more than once. */
function prepared(client, method, params) {
  const body = form(params);
  return () => stack.request('POST', `/api/1/generic/${method}`, { headers: client.headers(body), body });
}

/** A signed read and changes that leave no journal, each done once, by keys whose floors are raised. */
async function askedOnce() {
  const merchant = await stack.merchant(), url = 'http://shop.example/ipn';
  const sends = [['info', {}], ['merchant/secret/rotate', {}], ['merchant/event/test', { url }], ['merchant/endpoint/pause', { endpoint: 'shop.example:80' }]]
    .map(([method, params], i) => prepared(merchant, method, { nonce: 1000 + i, ...params }));
  for (const send of sends) assert.equal((await send()).json.result, 'success');
  const [[id]] = await stack.sql(`SELECT id FROM api_key WHERE public_key = UNHEX('${merchant.key.replaceAll('-', '')}')`);
  await until(async () => (await stack.sql(`SELECT 1 FROM api_key_floor WHERE key_id = ${id} AND nonce >= 1003`)).length > 0, 20, 'the floor');
  return { sends, merchant };
}

/** What is sent once more is refused, once there is a service again: what meets a connection that breaks may be its own
 *  first sending. */
async function allRefused(sends) {
  for (const send of sends) {
    let reply;
    await until(async () => (reply = await send()).status !== 503, 20, 'an answer');
    assert.deepEqual([reply.status, reply.json.token], [403, 'login_error_invalid_nonce'], reply.text);
  }
}

async function refusedAgain({ sends, merchant }) {
  await allRefused(sends);
  await merchant.ok('info', { nonce: 1000 + sends.length });
}

test('the writer is killed, and comes back with what it has missed; what was signed before is not taken again', { skip, timeout: 300000 }, async (context) => {
  const asked = await askedOnce();
  await underLoad(context, async () => {
    const writer = await cluster.writer();
    await writer.kill();
    return writer;
  }, async (node) => {
    await refusedAgain(asked);
    await bringBack(node, PART);
    await rest(4000); // the proxy has seen it
    assert.notEqual((await cluster.writer()).name, node.name, 'nothing goes back by itself');
  });
});

test('a node comes back with a copy of everything: the one that writes does not notice', { skip: skip || !long, timeout: 300000 }, async (context) => {
  const writer = await cluster.writer();
  const [node] = cluster.others(writer);
  await node.stop();
  await node.empty();
  await underLoad(context, () => bringBack(node, WHOLE));
  assert.equal((await cluster.writer()).name, writer.name);
});

test('the writer stops for a while, and goes on', { skip: skip || !long, timeout: 300000 }, async (context) => {
  await underLoad(context, async () => {
    const writer = await cluster.writer();
    process.kill(writer.server.pid, 'SIGSTOP');
    return writer;
  }, async (node) => {
    process.kill(node.server.pid, 'SIGCONT');
    await cluster.synced();
  });
});

test('the writer is cut off from the other nodes, not from the proxy', { skip: skip || !long, timeout: 300000 }, async (context) => {
  await underLoad(context, async () => {
    const writer = await cluster.writer();
    await writer.cutOff(cluster.others(writer));
    return writer;
  }, async (node) => {
    await node.join(cluster.others(node));
    await cluster.synced();
  });
});

test('the writer is changed as planned', { skip: skip || !long, timeout: 300000 }, async (context) => {
  await underLoad(context, async () => {
    const writer = await cluster.writer();
    await cluster.command(`set server writer/${writer.name} state maint`);
    return writer;
  }, async (node) => {
    await cluster.command(`set server writer/${node.name} state ready`);
    await rest(4000);
    assert.notEqual((await cluster.writer()).name, node.name, 'nothing goes back by itself');
  });
});

test('the proxy is reloaded: it begins with the first node, and no two are written to', { skip: skip || !long, timeout: 300000 }, async (context) => {
  const [first] = cluster.nodes;
  if ((await cluster.writer()) === first) await cluster.command(`set server writer/${first.name} state maint`);
  await until(async () => (await cluster.writer()) !== first, 20, 'another writer');
  await cluster.command(`set server writer/${first.name} state ready`);
  const before = await cluster.writer();
  await underLoad(context, async () => {
    await cluster.reload();
    const count = await before.status('wsrep_replicated');
    await load.served(Date.now());
    await rest(2000);
    assert.equal(await before.status('wsrep_replicated'), count, 'what was written to the node before');
  });
  assert.equal((await cluster.writer()).name, first.name);
});

test('another node writes the same rows: what is aborted from outside is done again, whole', { skip: skip || !long, timeout: 300000 }, async (context) => {
  const writer = await cluster.writer();
  const rivals = cluster.others(writer).map((node) => node.session());
  const aborts = async () => Number(await writer.status('wsrep_local_bf_aborts')) + Number(await writer.status('wsrep_local_cert_failures'));
  const before = await aborts();
  let going = true;
  await underLoad(context, async () => {
    const work = rivals.map(async (rival) => {
      while (going) {
        for (const row of SOME) await rival.run(touch(...row));
        await rest(20);
      }
    });
    await rest(6000);
    going = false;
    await Promise.all(work);
  }).finally(() => rivals.forEach((rival) => rival.close()));
  const aborted = await aborts() - before;
  context.diagnostic(`${aborted} transactions aborted`);
  assert.ok(aborted > 20, `only ${aborted} were aborted`);
});

test('the schema is changed under load: what that aborts is done again, whole', { skip: skip || !long, timeout: 300000 }, async (context) => {
  const writer = await cluster.writer();
  await underLoad(context, async () => {
    for (let i = 0; i < 12; i++) {
      const table = ['account', 'ticket', 'market_order', 'checkout_order'][i % 4];
      await writer.sql(`ALTER TABLE ${table} ADD COLUMN spare INT NULL; ALTER TABLE ${table} DROP COLUMN spare`);
    }
  });
});

for (const [what, begin] of [
  ['started again they find each other', () => Promise.all(cluster.nodes.map((node) => node.start()))],
  ['the one that was furthest begins anew', () => cluster.beginAnew()],
])
  test(`all nodes are killed: ${what}`, { skip: skip || !long, timeout: 300000 }, async (context) => {
    await underLoad(context, async () => {
      await Promise.all(cluster.nodes.map((node) => node.kill()));
      await begin();
    });
  });

/** What doctor finds wrong: {check: found}. */
async function wrong() {
  const { out, complaint } = await stack.ctlResult(['doctor']);
  assert.ok(out.startsWith('['), complaint);
  return Object.fromEntries(JSON.parse(out).filter((row) => !row.ok).map((row) => [row.check, row.found]));
}

test('doctor looks at every node', { skip: skip || !long, timeout: 300000 }, async () => {
  for (const node of cluster.nodes) await node.sql(`SET GLOBAL wsrep_sst_donor = '${(await donor(node))[0].split('=')[1]}'`);
  await until(async () => Object.keys(await wrong()).length === 0, 70, 'a first run of each job, a minute of one writer').catch(async () => assert.deepEqual(await wrong(), {}));
  const writer = await cluster.writer();
  const [other, third] = cluster.others(writer);
  const rows = (await stack.ctl('doctor')).map(({ check, found }) => `${check}: ${found}`);
  for (const node of cluster.nodes) assert.ok(rows.some((row) => row.startsWith(`node ${node.name}: wsrep_ready ON, primary, synced`)), rows.join('\n'));
  assert.ok(rows.includes("cluster's size: 3 nodes") && rows.includes(`one writer: ${writer.name}`), rows.join('\n'));
  for (const [set, back, check] of [
    ['innodb_flush_log_at_trx_commit = 2', 'innodb_flush_log_at_trx_commit = 1', `settings of node ${other.name}`],
    [`wsrep_sst_donor = '${writer.name},${third.name}'`, `wsrep_sst_donor = '${third.name},${writer.name},'`, `donor of node ${other.name}`],
    ['wsrep_desync = ON', 'wsrep_desync = OFF', `node ${other.name}`],
  ]) {
    await other.sql(`SET GLOBAL ${set}`);
    assert.deepEqual(Object.keys(await wrong()), [check]);
    await other.sql(`SET GLOBAL ${back}`);
    await until(async () => Object.keys(await wrong()).length === 0, 10, `${check} in order`);
  }
  await other.stop();
  await cluster.synced([writer, third]);
  assert.deepEqual(await wrong(), { "cluster's size": '2 nodes' });
  await other.start({ args: ['--innodb-autoinc-lock-mode=1', ...await donor(other)] });
  await cluster.synced();
  assert.match((await wrong())[`settings of node ${other.name}`], /lock_mode = 1$/);
  await other.stop();
  await other.start({ args: await donor(other) });
  await cluster.synced();
  // A proxy that deals connections out: the jobs' row of another node.
  await writer.sql("INSERT INTO writer VALUES ('another', NOW(6) - INTERVAL 30 SECOND, NOW(6))");
  assert.deepEqual(Object.keys(await wrong()), ['one writer']);
  await writer.sql("DELETE FROM writer WHERE node = 'another'");
});

test('public data is read from a node that does not write; where none is there, from the one that does', { skip: skip || !long, timeout: 120000 }, async () => {
  const writer = await cluster.writer();
  const selects = async (node) => Number(await node.status('Com_select'));
  const readers = cluster.others(writer);
  const ticker = async (market) => {
    const { status, text } = await stack.request('POST', '/api/1/BTCUSD/ticker');
    assert.equal(status, 200, `${market}: ${text}`);
  };
  await cluster.command(`set server readers/${writer.name} state maint`);
  const before = await Promise.all(readers.map(selects));
  for (let i = 0; i < 200; i++) await ticker('with readers');
  const after = await Promise.all(readers.map(selects));
  assert.ok(after.reduce((sum, count, i) => sum + count - before[i], 0) >= 200, `${before} selects before, ${after} after`);
  for (const node of cluster.nodes) await cluster.command(`set server readers/${node.name} state maint`);
  for (let i = 0; i < 20; i++) await ticker('without');
  for (const node of cluster.nodes) await cluster.command(`set server readers/${node.name} state ready`);
});

test('a new connection waits for what another node has answered; with sync_wait each read does', { skip: skip || !long, timeout: 120000 }, async () => {
  const writer = await cluster.writer();
  const [other] = cluster.others(writer);
  const user = await stack.user();
  const held = other.session();
  try {
    await held.run('FLUSH TABLES WITH READ LOCK'); // the node takes nothing in
    await stack.ctl('credit', user.login, 'USD', '5', '--note', 'seen at once');
    let done = false;
    const read = stack.ctlResult(['balance', user.login, '--config', configOf(other)]).then((result) => { done = true; return result; });
    await rest(1000);
    assert.equal(done, false, 'it did not wait');
    await held.run('UNLOCK TABLES');
    const { out, complaint } = await read;
    assert.match(out, /"5\.00000"/, complaint);
  } finally {
    held.close();
  }
});

test('nonces that are replicated: nothing signed is taken twice, at once after the writer is killed', { skip: skip || !long, timeout: 300000 }, async (context) => {
  await writeFile(stack.config, config.replace(/^\[database\]$/m, '[database]\nreplicate_nonces = yes'));
  await stack.ctl('migrate');
  const customer = await stack.customer(), counted = await stack.key(customer.user.login, 'get_info');
  let sends;
  await underLoad(context, async () => {
    sends = [prepared(customer, 'info', { tonce: tonce() }), prepared(counted, 'info', { nonce: 5 })];
    for (const send of sends) assert.equal((await send()).json.result, 'success');
    const writer = await cluster.writer();
    await writer.kill();
    return writer;
  }, async (node) => {
    await allRefused(sends);
    await bringBack(node, PART);
  });
});
