// Bitcoin on a real node, reached through a proxy that does what networks do: deposits are credited once, with their last
// confirmation, and taken back where their block is gone; each withdrawal is paid once or comes back, whatever is lost, killed
// or reorganised on its way. At the end the ledger agrees with the chain to the satoshi.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Proxy } from '../support/proxy.mjs';
import { Stack, closeConnections } from '../support/teller.mjs';

const run = promisify(execFile);
const CONFIRMATIONS = 3; // of the rail
const FEE = 2000n; // satoshis, of the house
const MINER = 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk';
// Whom nobody here can spend for: P2PKH, P2SH, P2WPKH, P2WSH, P2TR.
const STRANGERS = ['mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r', '2NAUYAHhujozruyzpsFRP63mbrdaU5wnEpN', 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry', 'bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6'];
const OWN_MISTAKES = { not_address: 'bcrt1nonsense', wrong_checksum: 'mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8q', address_network: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' };

let stack, proxy, client, user, hot, crashFile;
const rpc = async (method, ...params) => {
  const headers = { 'content-type': 'application/json', authorization: `Basic ${Buffer.from(stack.env.BITCOIN_COOKIE).toString('base64')}` };
  const reply = await (await fetch(stack.env.BITCOIN_URL, { method: 'POST', headers, body: JSON.stringify({ id: 1, method, params }) })).json();
  assert.equal(reply.error ?? null, null, `${method}: ${JSON.stringify(reply.error)}`);
  return reply.result;
};
const mine = (count) => rpc('generatetoaddress', count, MINER);
const job = (name, ...args) => run(path.join(process.env.BUILD, name), args.length ? args : ['--once'], { env: { ...stack.env, TELLER_CONFIG: stack.config } });
const follow = () => job('teller-deposits');
/** Sends what is due and asks what is due: their times are brought forward. */
async function pay() {
  await stack.sql("UPDATE payout SET next_at = NOW(6) WHERE state IN ('approved', 'unknown', 'sent')");
  await stack.sql('UPDATE bitcoin_send SET told_at = NULL');
  return job('teller-pay');
}
const satoshis = (text) => BigInt(Math.round(Number(text) * 1e8));

before(async () => {
  const dir = path.join(process.env.RUN_DIR, 'bitcoin');
  crashFile = path.join(dir, 'crash');
  proxy = await Proxy.start('http://127.0.0.1:1');
  stack = await Stack.start(dir, { CHAINS: 'yes', DEMO: 'no', JOBS: 'no', WORKERS: '2', READ_WORKERS: '1', ORDER_WORKERS: '1', LOGIN_WORKERS: '1', EVENTS_WORKERS: '1',
    DATABASE_MEMORY: '64M', BITCOIN_THROUGH: proxy.url });
  stack.env.TELLER_CRASH_AT = crashFile;
  proxy.target = stack.env.BITCOIN_URL;
  await stack.ctl('limit', 'set', 'BTC', 'full', '--single', 'none', '--daily', 'none', '--monthly', 'none');
  client = await stack.customer({ funds: {} });
  user = client.user;
  hot = (await stack.ctl('signer', 'init')).find(({ rail }) => rail === 'bitcoin').hot_wallet;
  await follow();
});
after(async () => {
  closeConnections();
  await proxy.stop();
  try {
    assert.equal(await stack.bugs(), '');
    await stack.audit();
  } finally {
    await stack.stop();
  }
});

const deposits = async () => (await stack.sql(`SELECT state, amount, height IS NOT NULL FROM deposit WHERE user_id = (SELECT id FROM user WHERE login = '${user.login}') ORDER BY id`)).map((row) => row.join(' '));
/** The payout that send_simple has named. */
const payout = async (trx) => {
  const [[state, reference, confirmations]] = await stack.sql(`SELECT state, reference, confirmations FROM payout WHERE uuid = UNHEX('${trx.replaceAll('-', '')}')`);
  return { state, reference, confirmations: Number(confirmations) };
};
const send = async (address, amount) => (await client.ok('bitcoin/send_simple', { address, amount_int: amount })).trx;
/** Reconciles: no satoshi differs. */
async function reconciled() {
  const rows = await stack.ctl('rail', 'reconcile');
  const row = rows.find(({ rail }) => rail === 'Bitcoin');
  assert.equal(Number(row.difference), 0, JSON.stringify(row));
  return row;
}
/** Mines until payouts are confirmed, and sees that each is paid exactly once on the chain. */
async function settled(...trxs) {
  for (let i = 0; i < CONFIRMATIONS; i++) {
    await mine(1);
    await follow();
    await pay();
  }
  for (const trx of trxs) assert.equal((await payout(trx)).state, 'confirmed');
  await reconciled();
}
/** How often an address was paid an amount by the chain's blocks. */
async function paid(address, value) {
  let count = 0;
  for (let height = await rpc('getblockcount'); height > 120; height--) {
    const block = await rpc('getblock', await rpc('getblockhash', height), true, true);
    for (const { vout } of block.tx)
      for (const output of vout)
        if (satoshis(output.value) === BigInt(value) && output.scriptPubKey.hex === address) count++;
  }
  return count;
}
const scriptOf = { [STRANGERS[2]]: '0014751e76e8199196d454941c45d1b3a323f1433bd6', [STRANGERS[4]]: '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' };

test('a deposit is seen while it waits, counts up, is credited once, and by several copies', { timeout: 120000 }, async () => {
  const { addr } = await client.ok('bitcoin/address', { description: 'mine' });
  assert.equal((await client.ok('bitcoin/address')).addr, addr);
  const txid = await rpc('sendtoaddress', addr, '20');
  await follow();
  assert.deepEqual(await deposits(), ['pending 2000000000 0']);
  assert.deepEqual(await client.ok('bitcoin/tx_details', { hash: txid }).then(({ type, confirmations, status }) => [type, confirmations, status]), ['deposit', 0, 'pending']);
  await mine(CONFIRMATIONS - 1);
  await follow();
  assert.deepEqual(await deposits(), ['pending 2000000000 1']);
  await reconciled();
  await mine(1);
  await Promise.all([follow(), follow(), follow()]);
  assert.deepEqual(await deposits(), ['completed 2000000000 1']);
  const { received, own } = await client.ok('bitcoin/addr_details', { hash: addr });
  assert.deepEqual([received.value_int, own], ['2000000000', true]);
  await reconciled();
  // Below the least: withheld, credited to nobody.
  await rpc('sendtoaddress', addr, '0.00000900');
  await mine(CONFIRMATIONS);
  await follow();
  assert.deepEqual((await deposits()).slice(1), ['withhold 900 1']);
  await stack.ctl('credit', user.login, 'BTC', '20', '--note', 'of the fund account');
});

test('every kind of output in one transaction; addresses that are none, of another network, or ours', { timeout: 120000 }, async () => {
  for (const [token, address] of Object.entries(OWN_MISTAKES)) await client.refused(token, 'bitcoin/send_simple', { address, amount_int: 100000 });
  await client.refused('payout_own_address', 'bitcoin/send_simple', { address: hot, amount_int: 100000 });
  const { addr } = await client.ok('bitcoin/address');
  await client.refused('payout_own_address', 'bitcoin/send_simple', { address: addr, amount_int: 100000 });
  await client.refused('payout_low', 'bitcoin/send_simple', { address: STRANGERS[0], amount_int: 100 });
  const trxs = [];
  for (const [i, address] of STRANGERS.entries()) trxs.push(await send(address, 1000000 + i));
  await pay();
  const states = await Promise.all(trxs.map(payout));
  assert.deepEqual(new Set(states.map(({ state }) => state)), new Set(['sent']));
  assert.equal(new Set(states.map(({ reference }) => reference)).size, 1);
  assert.deepEqual(await rpc('getrawmempool'), [states[0].reference]);
  await settled(...trxs);
  assert.equal(await paid(scriptOf[STRANGERS[4]], 1000004), 1);
  assert.equal((await client.ok('bitcoin/tx_details', { hash: trxs[0] })).hash, states[0].reference);
});

test('the answer to a broadcast is lost, cut, late, or it never arrives; the node is away', { timeout: 180000 }, async () => {
  let amount = 2000000;
  for (const how of ['lost', 'cut', 'twice', 'dropped', 'slow']) {
    const trx = await send(STRANGERS[2], ++amount);
    proxy.plan('sendrawtransaction', how);
    await pay();
    await settled(trx);
    assert.equal(await paid(scriptOf[STRANGERS[2]], amount), 1, how);
  }
  proxy.away = true;
  const trx = await send(STRANGERS[2], ++amount);
  await pay();
  await follow();
  assert.ok(['sending', 'unknown'].includes((await payout(trx)).state));
  proxy.away = false;
  await pay();
  await settled(trx);
  assert.equal(await paid(scriptOf[STRANGERS[2]], amount), 1);
});

test('evicted, orphaned, and replaced by what pays more', { timeout: 180000 }, async () => {
  const evicted = await send(STRANGERS[2], 3000001);
  await pay();
  const { reference } = await payout(evicted);
  await rpc('evict', reference);
  assert.deepEqual(await rpc('getrawmempool'), []);
  await pay();
  assert.deepEqual(await rpc('getrawmempool'), [reference]);
  await mine(1);
  await follow();
  await pay();
  assert.equal((await payout(evicted)).state, 'sent');
  // The block is gone: the transaction is in none any more, and is given to the node again.
  await rpc('invalidateblock', await rpc('getbestblockhash'));
  await mine(1);
  await follow();
  await rpc('evict', reference);
  await pay();
  assert.deepEqual(await rpc('getrawmempool'), [reference]);
  await settled(evicted);
  // One that no block takes: another takes its place, with the same coins and outputs.
  const stuck = await send(STRANGERS[2], 3000002);
  await pay();
  const first = await payout(stuck);
  await rpc('evict', first.reference);
  proxy.plan('sendrawtransaction', 'dropped', 100);
  for (let i = 0; i < 6; i++) {
    await mine(1);
    await follow();
    await rpc('evict', first.reference);
  }
  proxy.plans = [];
  await pay();
  await pay();
  const second = await payout(stuck);
  assert.notEqual(second.reference, first.reference);
  assert.deepEqual(await rpc('getrawmempool'), [second.reference]);
  await settled(stuck);
  assert.equal(await paid(scriptOf[STRANGERS[2]], 3000002), 1);
});

test('a reorganisation takes a deposit back, and gives it again', { timeout: 120000 }, async () => {
  const { addr } = await client.ok('bitcoin/address');
  const before = (await deposits()).length;
  const txid = await rpc('sendtoaddress', addr, '1');
  const raw = await rpc('getrawtransaction', txid);
  const [block] = await mine(CONFIRMATIONS);
  await follow();
  assert.deepEqual((await deposits()).slice(before), ['completed 100000000 1']);
  await rpc('invalidateblock', block);
  await follow(); // the node is behind: nothing is taken back for that
  assert.deepEqual((await deposits()).slice(before), ['completed 100000000 1']);
  await rpc('evict', txid);
  await mine(CONFIRMATIONS + 1);
  await follow();
  assert.deepEqual((await deposits()).slice(before), ['cancelled 100000000 0']);
  await reconciled();
  await rpc('sendrawtransaction', raw);
  await mine(CONFIRMATIONS);
  await follow();
  assert.deepEqual((await deposits()).slice(before), ['completed 100000000 1']);
  await reconciled();
});

test('the signer is killed, and the jobs at each of their points', { timeout: 400000 }, async () => {
  const [signer] = await stack.processes('signer');
  const mute = await send(STRANGERS[2], 4000000);
  process.kill(signer, 'SIGSTOP');
  process.kill(signer, 'SIGKILL');
  await pay();
  await settled(mute);
  const exists = (file) => access(file).then(() => true, () => false);
  let amount = 4000000;
  const trxs = [];
  for (const [name, act] of [['teller-pay', pay], ['teller-deposits', follow]]) {
    for (let point = 1, more = true; more; point += Number(process.env.POINT_STEP ?? 7)) {
      trxs.push(await send(STRANGERS[2], ++amount));
      if (name === 'teller-deposits') await mine(1);
      await writeFile(crashFile, `${name} ${point}`);
      await act().catch(() => {});
      more = !await exists(crashFile);
    }
    await writeFile(crashFile, 'none 1');
  }
  await stack.sql('UPDATE rail_lease SET until = NOW(6)');
  await pay();
  await settled(...trxs);
  for (let i = 1; i <= trxs.length; i++) assert.equal(await paid(scriptOf[STRANGERS[2]], 4000000 + i), 1, `payout ${i}`);
});
