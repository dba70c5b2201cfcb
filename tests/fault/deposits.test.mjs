// Deposits on a real chain: coin and tokens, right ones and odd ones, while it is reorganised, the node goes away
// and the job is killed.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ETHER, Ethereum, OUTSIDE } from '../support/ethereum.mjs';

const STEP = process.env.DOSE === 'full' ? 1 : 4; // from one point at which the job is killed to the next

let chain;
before(async () => { chain = await Ethereum.start(); }, { timeout: 120000 });
after(() => chain?.stop());
afterEach(async () => {
  await chain.stack.audit();
  assert.equal(await chain.stack.bugs(), '');
});

const states = async (user) => (await chain.deposits(user)).map(({ state, confirms }) => `${state} ${confirms}`);

test('coins are credited with their last confirmation, to whose address it is; what we send ourselves is none', { timeout: 60000 }, async () => {
  await chain.follow(); // begins at the newest block
  const [user, other] = [await chain.user(), await chain.user()];
  assert.notEqual(user.address, other.address);
  await chain.pay(user.address, 3n * ETHER + 7n);
  const seen = await chain.follow();
  assert.deepEqual([seen.blocks, seen.seen, seen.credited], [1, 1, 0]);
  assert.deepEqual(await states(user), ['PENDING 1']);
  await chain.pay(other.address, ETHER);
  assert.equal((await chain.follow()).credited, 1);
  assert.deepEqual(await states(user), ['COMPLETED 2']);
  assert.equal(await chain.balance(user, 'ETH'), 3n * ETHER + 7n);
  assert.deepEqual(await states(other), ['PENDING 1']);
  // What people put into the hot wallet is the house's.
  await chain.pay(chain.hot, 50n * ETHER);
  await chain.mine(2);
  assert.equal((await chain.follow()).credited, 2);
  const [[house]] = await chain.stack.sql("SELECT balance FROM account AS a JOIN currency AS c ON c.id = a.currency_id WHERE owner_id = 1 AND purpose = 'fund' AND code = 'ETH'");
  assert.equal(BigInt(house), 50n * ETHER);
  assert.equal((await chain.follow()).blocks, 0);
});

test('tokens: what arrived counts, whatever the contract says', { timeout: 60000 }, async () => {
  const user = await chain.user();
  const rows = [['', 1000n], ['returns nothing', 1000n], ['takes a fee', 990n], ['takes a fee in silence', 990n], ['lies', 0n], ['returns false', 0n]];
  const tokens = [];
  for (const [how] of rows) tokens.push(await chain.token(how));
  const unlisted = { contract: (await chain.token()).contract };
  await chain.stack.sql(`DELETE FROM rail_asset WHERE contract = '${unlisted.contract}'`);
  for (const token of [...tokens, unlisted]) await chain.payToken(token, user.address, 1000n);
  await chain.payToken(tokens[0], user.address, 0n);
  await chain.mine(2);
  await chain.follow();
  for (const [i, [how, units]] of rows.entries()) assert.equal(await chain.balance(user, tokens[i].code), units, how);
  assert.equal((await chain.deposits(user)).length, 4);

  // Decimals: 24 on the chain are 18 here at most, what is below our unit is not credited; 0, 2 and more than 0 here.
  const fine = await chain.token('', { decimals: 24, here: 18 }), whole = await chain.token('', { decimals: 0, here: 2 });
  await chain.payToken(fine, user.address, 5n * 10n ** 24n + 1999999n);
  await chain.payToken(fine, user.address, 999999n);
  await chain.payToken(whole, user.address, 3n);
  await chain.mine(2);
  await chain.follow();
  assert.equal(await chain.balance(user, fine.code), 5n * ETHER + 1n);
  assert.equal(await chain.balance(user, whole.code), 300n);
  const withheld = (await chain.deposits(user)).filter(({ state }) => state === 'WITHHOLD');
  assert.deepEqual(withheld.map(({ note }) => note), ['Less than the smallest unit here']);
});

test('several payments in one block; too little waits for an operator', { timeout: 60000 }, async () => {
  const user = await chain.user(), token = await chain.token();
  await chain.stack.sql("UPDATE rail_asset AS a JOIN currency AS c ON c.id = a.currency_id SET min_deposit = 1000 WHERE c.code = 'ETH'");
  await chain.rpc('evm_setAutomine', false);
  for (const value of [5000n, 6000n, 999n]) await chain.pay(user.address, value, { wait: false });
  await chain.payToken(token, user.address, 20n, { wait: false });
  await chain.payToken(token, user.address, 30n, { wait: false });
  await chain.mine(2);
  await chain.rpc('evm_setAutomine', true);
  await chain.follow();
  assert.equal(await chain.balance(user, 'ETH'), 11000n);
  assert.equal(await chain.balance(user, token.code), 50n);
  const [{ number, note }] = (await chain.deposits(user)).filter(({ state }) => state === 'WITHHOLD');
  assert.equal(note, 'Less than the least deposit');
  await chain.stack.ctl('deposit', 'release', String(number));
  assert.equal((await chain.stack.ctlResult(['deposit', 'release', String(number)])).code, 1);
  assert.equal((await chain.follow()).credited, 1);
  assert.equal(await chain.balance(user, 'ETH'), 11999n);
  await chain.stack.sql("UPDATE rail_asset AS a JOIN currency AS c ON c.id = a.currency_id SET min_deposit = 0 WHERE c.code = 'ETH'");
});

test('a reorganisation takes a credit back, and the coins may come again', { timeout: 60000 }, async () => {
  const user = await chain.user(), poor = await chain.user();
  const hash = await chain.pay(user.address, 4n * ETHER);
  await chain.pay(poor.address, 2n * ETHER);
  await chain.mine(1);
  await chain.follow();
  assert.equal(await chain.balance(user, 'ETH'), 4n * ETHER);
  // The poor one has spent half of it.
  await chain.stack.sql(`SET @a = (SELECT a.id FROM account AS a JOIN currency AS c ON c.id = a.currency_id WHERE a.owner_id = ${poor.id} AND purpose = 'fund' AND code = 'ETH');
    SET @x = (SELECT a.id FROM account AS a JOIN currency AS c ON c.id = a.currency_id WHERE a.owner_id = 1 AND purpose = 'fund' AND code = 'ETH');
    INSERT INTO journal (kind, user_id, request_key) VALUES ('test', 1, 'spend'); SET @j = LAST_INSERT_ID();
    UPDATE account SET balance = balance - ${ETHER}, entries = entries + 1 WHERE id = @a; UPDATE account SET balance = balance + ${ETHER}, entries = entries + 1 WHERE id = @x;
    INSERT INTO entry (account_id, seq, journal_id, amount, balance) SELECT id, entries, @j, IF(id = @a, -1, 1) * ${ETHER}, balance FROM account WHERE id IN (@a, @x)`);
  const { from, to, value, gas, nonce, maxFeePerGas, maxPriorityFeePerGas } = await chain.rpc('eth_getTransactionByHash', hash);
  await chain.rpc('anvil_reorg', 3, []); // the same height, other blocks, without them
  const after = await chain.follow();
  assert.deepEqual([after.given_back, after.taken_back], [3, 2]);
  assert.deepEqual(await states(user), ['CANCELLED 0']);
  assert.equal(await chain.balance(user, 'ETH'), 0n);
  assert.equal(await chain.balance(poor, 'ETH', 'owed'), -ETHER);
  const doctor = await chain.stack.ctlResult(['doctor']);
  assert.match(doctor.out, /1 users owe what left its chain/);
  // The same transaction is mined again.
  assert.equal(await chain.rpc('eth_sendTransaction', { from, to, value, gas, nonce, maxFeePerGas, maxPriorityFeePerGas }), hash);
  await chain.mine(2);
  await chain.follow();
  assert.equal(await chain.balance(user, 'ETH'), 4n * ETHER);
  assert.match((await states(user)).join(), /^COMPLETED/);
  await chain.pay(poor.address, 3n * ETHER);
  await chain.mine(1);
  await chain.follow();
  assert.equal(await chain.balance(poor, 'ETH', 'owed'), 0n);
  assert.equal(await chain.balance(poor, 'ETH'), 2n * ETHER);
});

test('a node that is away, behind, slow or lies about its end loses nothing', { timeout: 60000 }, async () => {
  const user = await chain.user();
  for (const how of ['dropped', 'lost', 'cut', 'twice']) {
    await chain.pay(user.address, 10n);
    chain.proxy.plan('eth_getBlockByNumber', how, 2);
    chain.proxy.plan('eth_getTransactionReceipt', how, 1);
    await chain.follow();
    await chain.follow();
    await chain.follow();
  }
  chain.proxy.plans = [];
  chain.proxy.away = true;
  await chain.pay(user.address, 10n);
  await chain.mine(1);
  assert.equal((await chain.follow()).blocks, 0);
  chain.proxy.away = false;
  await chain.follow();
  assert.equal(await chain.balance(user, 'ETH'), 50n);
});

test('killed at each point, and several at once: each deposit is credited once', { timeout: 120000 }, async () => {
  const user = await chain.user(), crash = path.join(chain.home, 'crash');
  let paid = 0n, killed = 0;
  for (let point = 1; ; point += STEP) {
    await chain.pay(user.address, BigInt(point));
    await chain.mine(1);
    paid += BigInt(point);
    await writeFile(crash, `teller-deposits ${point}\n`);
    const { signal } = await chain.job('teller-deposits', ['--once'], { TELLER_CRASH_AT: crash });
    if (signal !== 'SIGKILL') break;
    killed++;
  }
  assert.ok(killed >= 2, `${killed} points`);
  await chain.rpc('evm_setAutomine', false);
  for (let i = 0; i < 30; i++) await chain.pay(user.address, 1000n, { wait: false, from: OUTSIDE });
  await chain.mine(2);
  await chain.rpc('evm_setAutomine', true);
  const runs = await Promise.all([1, 2, 3].map(() => chain.job('teller-deposits')));
  assert.deepEqual(runs.map(({ code }) => code), [0, 0, 0]);
  await chain.follow();
  assert.equal(await chain.balance(user, 'ETH'), paid + 30000n);
  assert.equal(BigInt(await chain.rpc('eth_getBalance', user.address, 'latest')), paid + 30000n);
});
