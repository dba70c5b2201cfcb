// Payouts on a real chain behind a network that drops, delays, doubles and cuts: each is paid exactly once, or its
// money is back; and what the ledger says of the chain is what is there, to the last unit.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ETHER, Ethereum, GWEI, hex } from '../support/ethereum.mjs';
import { unique } from '../support/teller.mjs';

const BUILD = path.resolve(process.env.BUILD ?? 'build');
const STEP = process.env.DOSE === 'full' ? 1 : 9; // from one point at which the job is killed to the next
const MANY = process.env.DOSE === 'full' ? 2000 : 30;
const SHOP = '0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199';

let chain, user, token;
before(async () => {
  chain = await Ethereum.start();
  await chain.follow();
  user = await chain.user();
  token = await chain.token('', { signed: true });
  await chain.pay(chain.hot, 100n * ETHER);
  await chain.payToken(token, chain.hot, 10n ** 9n);
  await chain.pay(user.address, 900n * ETHER);
  await chain.payToken(token, user.address, 10n ** 9n);
  await chain.mine(2);
  await chain.follow();
}, { timeout: 120000 });
after(() => chain?.stop());
afterEach(async () => {
  chain.proxy.plans = [];
  await chain.stack.audit();
  assert.equal(await chain.stack.bugs(), '');
});

/** Asks for payouts; gives their ids, or the error. */
function ask(code, address, total, count = 1) {
  return new Promise((done, failed) => {
    execFile(path.join(BUILD, 'support/ask_payout'), [user.login, 'Ethereum', code, String(total), address, unique(), 'fund', String(count)],
      { env: { ...chain.stack.env, TELLER_CONFIG: chain.stack.config }, maxBuffer: 1 << 24 }, (error, stdout, log) => {
        if (stdout.includes('error')) done(stdout.trim().split(' ').at(-1));
        else if (error) failed(new Error(log));
        else done(stdout.trim().split('\n').map(Number));
      });
  });
}

/** One run of the job, everything being due. */
async function pay(env = {}) {
  await chain.stack.sql('UPDATE payout SET next_at = NOW(6) WHERE ended_at IS NULL');
  return chain.job('teller-pay', ['--once'], env);
}

/** A payout: its state, and why. */
async function payout(id) {
  const [[state, why, reference]] = await chain.stack.sql(`SELECT state, why, reference FROM payout WHERE id = ${id}`);
  return { state, why, reference };
}

const open = async () => Number((await chain.stack.sql('SELECT COUNT(*) FROM payout WHERE ended_at IS NULL'))[0][0]);
const sends = async (where = 'TRUE') => Number((await chain.stack.sql(`SELECT COUNT(*) FROM ethereum_send WHERE ${where}`))[0][0]);
const balance = async (address) => BigInt(await chain.rpc('eth_getBalance', address, 'latest'));

/** Pays and mines until nothing is open, sweeps included. */
async function settle(rounds = 30) {
  for (let i = 0; i < rounds; i++) {
    const { code, log } = await pay();
    assert.equal(code, 0, log);
    await chain.mine(1);
    if (await open() === 0 && await sends("state = 'open'") === 0) break;
  }
  assert.equal(await open(), 0, JSON.stringify(await chain.stack.sql('SELECT id, state, why, attempt FROM payout WHERE ended_at IS NULL LIMIT 5')));
  await chain.follow();
}

async function reconciled() {
  const { code, out, complaint } = await chain.stack.ctlResult(['rail', 'reconcile']);
  assert.equal(code, 0, out + complaint);
  assert.ok(JSON.parse(out).length >= 2);
}

test('coin and token: what arrives is exact, and what it cost is booked', { timeout: 90000 }, async () => {
  const before = await balance(SHOP);
  const [coins] = await ask('ETH', SHOP.toLowerCase(), '1.000000000000000001');
  const [tokens] = await ask(token.code, SHOP, '12.345678');
  await settle();
  assert.deepEqual([(await payout(coins)).state, (await payout(tokens)).state], ['confirmed', 'confirmed']);
  assert.equal(await balance(SHOP) - before, ETHER + 1n);
  assert.equal(await chain.tokens(token, SHOP), 12345678n);
  const { reference } = await payout(tokens);
  const receipt = await chain.rpc('eth_getTransactionReceipt', reference);
  const [[fee]] = await chain.stack.sql(`SELECT fee FROM ethereum_send WHERE payout_id = ${tokens}`);
  assert.equal(BigInt(fee), BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice));
  // What the user had deposited was taken to the hot wallet, the token's gas paid by it.
  assert.ok(await sends("kind = 'sweep' AND state = 'done'") >= 2);
  assert.ok(await sends("kind = 'gas' AND state = 'done'") >= 1);
  assert.equal(await chain.tokens(token, user.address), 0n);
  await reconciled();
  // Its level is watched. A chain may have no type 2.
  const low = path.join(chain.home, 'low.conf');
  await writeFile(low, (await readFile(chain.stack.config, 'utf8')).replace(/^chain_id = .*$/m, '$&\nlow_balance = 1000000.5\nlegacy = yes'), { mode: 0o600 });
  const level = async (...args) => JSON.parse((await chain.stack.ctlResult([...args, 'doctor'])).out).find(({ check }) => check === 'Ethereum\'s hot wallet');
  assert.match((await level()).found, /^has \d+\.\d{18} ether$/);
  assert.deepEqual([await level(), await level('--config', low)].map(({ ok }) => ok), [true, false]);
  const [legacy] = await ask('ETH', SHOP, '0.25');
  assert.match((await chain.job('teller-pay', ['--once', '--config', low])).log, /event=hot_wallet_low/);
  await settle();
  const { state, reference: hash } = await payout(legacy);
  assert.deepEqual([state, (await chain.rpc('eth_getTransactionByHash', hash)).type], ['confirmed', '0x0']);
});

test('what cannot be paid is refused by name, or comes back', { timeout: 90000 }, async () => {
  const rows = [['0x0000000000000000000000000000000000000000', 'payout_address'], [token.contract, 'payout_address'], [user.address, 'payout_own_address'],
    [chain.hot, 'payout_own_address'], ['0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1198', 'payout_address'], ['8626f6940e2eb28930efb4cef49b2d1f2c9c1199', 'payout_address'], ['vitalik.eth', 'payout_address']];
  for (const [address, error] of rows) assert.match(await ask('ETH', address, '1'), new RegExp(error), address);
  const had = await chain.balance(user, 'ETH');
  const odd = {};
  for (const how of ['returns nothing', 'returns false', 'refuses', 'takes a fee', 'lies']) {
    odd[how] = await chain.token('', { signed: true });
    await chain.payToken(odd[how], chain.hot, 1000n);
    await chain.payToken(odd[how], user.address, 1000n);
    await chain.mine(2);
    await chain.follow();
    await settle();
    await chain.tell(odd[how], how);
  }
  const unlisted = await chain.token(''); // a contract as a customer's address
  const asked = { contract: (await ask('ETH', (await plain(unlisted)).contract, '1'))[0] };
  for (const how of Object.keys(odd)) [asked[how]] = await ask(odd[how].code, SHOP, '0.0005');
  await settle();
  const became = {};
  for (const [how, id] of Object.entries(asked)) became[how] = await payout(id);
  assert.deepEqual(Object.fromEntries(Object.entries(became).map(([how, { state }]) => [how, state])),
    { contract: 'failed', 'returns nothing': 'confirmed', 'returns false': 'failed', refuses: 'failed', 'takes a fee': 'confirmed', lies: 'returned' });
  assert.match(became.contract.why, /is a contract's/);
  assert.match(became['returns false'].why, /refuses the transfer/);
  assert.equal(await chain.balance(user, 'ETH'), had);
  const [again] = await ask(odd['takes a fee'].code, SHOP, '0.0001');
  await chain.stack.sql(`UPDATE rail_asset SET decimals = 7 WHERE contract = '${odd.refuses.contract}'`);
  const [other] = await ask(odd.refuses.code, SHOP, '0.0001');
  await settle();
  assert.match((await payout(again)).why, /keeps a part/);
  assert.match((await payout(other)).why, /other decimals/);
  await chain.stack.sql(`UPDATE rail_asset SET decimals = 6 WHERE contract = '${odd.refuses.contract}'`);
});

/** Unlists a token: its contract is then a stranger's. */
async function plain(unlisted) {
  await chain.stack.sql(`DELETE FROM rail_asset WHERE contract = '${unlisted.contract}'`);
  return unlisted;
}

test('an answer that is lost, doubled, cut, or a call that never came', { timeout: 90000 }, async () => {
  const before = await balance(SHOP);
  let sum = 0n;
  for (const [i, how] of ['lost', 'dropped', 'twice', 'cut', 'slow'].entries()) {
    chain.proxy.plan('eth_sendRawTransaction', how, 1);
    await ask('ETH', SHOP, `0.00${i + 1}`);
    sum += BigInt(i + 1) * (ETHER / 1000n);
    assert.equal((await pay()).code, 0);
  }
  for (const method of ['eth_getTransactionCount', 'eth_getTransactionReceipt', 'eth_estimateGas', 'eth_getBalance']) {
    for (const how of ['dropped', 'lost', 'cut']) chain.proxy.plan(method, how, 1);
  }
  await ask('ETH', SHOP, '0.1', 3);
  await settle();
  assert.equal(await balance(SHOP) - before, sum + 3n * ETHER / 10n);
});

test('dropped with later nonces waiting; gas that spikes; a reorganisation: the same nonce, once', { timeout: 90000 }, async () => {
  const before = await balance(SHOP);
  await chain.rpc('evm_setAutomine', false);
  const ids = await ask('ETH', SHOP, '0.01', 4);
  await pay();
  const [first] = await chain.stack.sql(`SELECT LOWER(HEX(t.hash)) FROM ethereum_send AS s JOIN ethereum_tx AS t ON t.send_id = s.id WHERE s.payout_id = ${ids[0]}`);
  assert.equal(await chain.rpc('anvil_dropTransaction', `0x${first[0]}`), `0x${first[0]}`);
  await pay();
  await chain.mine(1);
  assert.equal(await balance(SHOP) - before, ETHER / 25n);
  await pay();

  // All of it is taken back by the chain before it is confirmed, and sent again: the same bytes.
  await chain.rpc('anvil_reorg', 1, []);
  assert.equal(await balance(SHOP), before);
  await pay();
  await chain.mine(1);
  assert.equal(await balance(SHOP) - before, ETHER / 25n);

  // The next block asks for more than was offered.
  const [late] = await ask('ETH', SHOP, '0.02');
  await pay();
  await chain.rpc('anvil_setNextBlockBaseFeePerGas', hex(80n * GWEI));
  await chain.mine(1);
  await pay();
  await chain.mine(1);
  const versions = await chain.stack.sql(`SELECT versions FROM ethereum_send WHERE payout_id = ${late}`);
  await chain.rpc('evm_setAutomine', true);
  await settle();
  assert.ok(Number(versions[0][0]) >= 2);
  assert.equal(await balance(SHOP) - before, 6n * ETHER / 100n);
  // Dearer than the cap: it waits.
  await chain.rpc('anvil_setNextBlockBaseFeePerGas', hex(1000n * GWEI));
  await chain.mine(1);
  const [waits] = await ask('ETH', SHOP, '0.03');
  await pay();
  assert.match((await payout(waits)).why, /cap/);
  await chain.rpc('anvil_setNextBlockBaseFeePerGas', hex(GWEI));
  await settle();
  assert.equal((await payout(waits)).state, 'confirmed');
});

test('the node away, the signer killed: nothing is lost, and nothing is paid twice', { timeout: 90000 }, async () => {
  const before = await balance(SHOP);
  await ask('ETH', SHOP, '0.001', 3);
  chain.proxy.away = true;
  assert.equal((await pay()).code, 0);
  chain.proxy.away = false;
  for (const pid of await chain.stack.processes('signer')) process.kill(pid, 'SIGKILL');
  await pay();
  await settle();
  assert.equal(await balance(SHOP) - before, 3n * ETHER / 1000n);
});

test('killed at each point: each is paid once', { timeout: 180000 }, async () => {
  const before = await balance(SHOP), crash = path.join(chain.home, 'crash');
  let paid = 0n, killed = 0;
  for (let point = 1; point < 400; point += STEP) {
    await chain.stack.sql('UPDATE rail_lease SET until = NOW(6)'); // of the one that was killed
    await ask('ETH', SHOP, `0.000${String(point).padStart(3, '0')}`);
    paid += BigInt(point) * (ETHER / 1000000n);
    await writeFile(crash, `teller-pay ${point}\n`);
    const { signal } = await pay({ TELLER_CRASH_AT: crash });
    await chain.mine(1);
    if (signal !== 'SIGKILL') break;
    killed++;
  }
  assert.ok(killed >= 3, `${killed} points`);
  await chain.stack.sql('UPDATE rail_lease SET until = NOW(6)');
  await settle();
  assert.equal(await balance(SHOP) - before, paid);
});

test(`${MANY} payouts, several jobs at once: in order of nonce, none doubled, none lost`, { timeout: 1800000 }, async () => {
  const before = await balance(SHOP), nonce = Number(await chain.rpc('eth_getTransactionCount', chain.hot, 'latest'));
  const ids = await ask('ETH', SHOP, '0.0001', MANY);
  chain.proxy.plan('eth_sendRawTransaction', 'lost', 3);
  chain.proxy.plan('eth_sendRawTransaction', 'dropped', 3);
  await Promise.all([pay(), pay(), pay()]);
  await settle(200);
  assert.equal(await balance(SHOP) - before, BigInt(MANY) * ETHER / 10000n);
  const rows = await chain.stack.sql(`SELECT payout_id, nonce FROM ethereum_send WHERE payout_id BETWEEN ${ids[0]} AND ${ids.at(-1)} ORDER BY nonce`);
  assert.deepEqual(rows.map(([id]) => Number(id)), ids);
  assert.equal(Number(await chain.rpc('eth_getTransactionCount', chain.hot, 'latest')), nonce + MANY);
  await reconciled();
});
