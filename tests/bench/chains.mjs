// Payouts sent a second beside a bare script with ethers, and how long a block with 500 deposits takes to be credited,
// on a chain and a stack of their own. Prints a line for each; exits 1 where ours are fewer than the script's, or
// the block takes longer than 2 s.
//   usage: node tests/bench/chains.mjs [PAYOUTS [TRANSFERS]]      ethers: where NODE_PATH or tests/node_modules has it
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ETHER, Ethereum, hex } from '../support/ethereum.mjs';
import { until } from '../support/teller.mjs';

const BUILD = path.resolve(process.env.BUILD ?? 'build');
const [payouts = 500, transfers = 500] = process.argv.slice(2).map(Number);
const CREDIT_S = 2, RATIO = 1;
const ethers = (() => { try { return createRequire(import.meta.url)('ethers'); } catch { return undefined; } })();
const TO = '0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199';
let failed = false;

/** What a script would do: one after the other, each signed here, the node asked for nothing that can be known. */
async function bare(url, count) {
  const { JsonRpcProvider, Wallet } = ethers;
  const provider = new JsonRpcProvider(url, 31337, { staticNetwork: true, batchMaxCount: 1 });
  const wallet = new Wallet('0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6', provider);
  let nonce = await provider.getTransactionCount(wallet.address);
  const started = process.hrtime.bigint();
  for (let i = 0; i < count; i++) {
    const { maxFeePerGas, maxPriorityFeePerGas } = i % 100 === 0 ? await provider.getFeeData() : bare.fees;
    bare.fees = { maxFeePerGas, maxPriorityFeePerGas };
    await wallet.sendTransaction({ to: TO, value: 1n, nonce: nonce++, maxFeePerGas, maxPriorityFeePerGas });
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  provider.destroy();
  return count / seconds;
}

async function ours(chain, user, count) {
  await new Promise((done, wrong) => {
    execFile(path.join(BUILD, 'support/ask_payout'), [user.login, 'Ethereum', 'ETH', '0.000001', TO, 'bench', 'fund', String(count)],
      { env: { ...chain.stack.env, TELLER_CONFIG: chain.stack.config }, maxBuffer: 1 << 24 }, (error, out) => (error ? wrong(new Error(out)) : done()));
  });
  const started = process.hrtime.bigint();
  const { code, log } = await chain.job('teller-pay');
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const [[sent]] = await chain.stack.sql('SELECT COUNT(*) FROM ethereum_send WHERE payout_id IS NOT NULL AND known');
  if (code !== 0 || Number(sent) < count) throw new Error(`${sent} of ${count} were sent: ${log.slice(-500)}`);
  return count / seconds;
}

async function credited(chain, user, count) {
  const job = spawn(path.join(BUILD, 'teller-deposits'), ['--for', '120'], { env: { ...chain.stack.env, TELLER_CONFIG: chain.stack.config }, stdio: 'ignore' });
  const done = async () => Number((await chain.stack.sql(`SELECT COUNT(*) FROM deposit WHERE user_id = ${user.id} AND state = 'completed'`))[0][0]);
  try {
    const before = await done(), senders = (await chain.rpc('eth_accounts')).slice(4);
    await chain.rpc('evm_setAutomine', false);
    await Promise.all(Array.from({ length: count }, (_, i) => chain.rpc('eth_sendTransaction', { from: senders[i % senders.length], to: user.address, value: hex(1000 + i), gas: '0x5208', nonce: hex(Math.floor(i / senders.length)) })));
    await chain.mine(1);
    await until(async () => Number((await chain.stack.sql(`SELECT COUNT(*) FROM deposit WHERE user_id = ${user.id} AND state = 'pending'`))[0][0]) === count, 60, 'the block');
    const started = process.hrtime.bigint();
    await chain.mine(1);
    await until(async () => await done() - before === count, 60, 'the credits');
    return Number(process.hrtime.bigint() - started) / 1e9;
  } finally {
    await chain.rpc('evm_setAutomine', true);
    job.kill('SIGTERM');
    await once(job, 'exit');
  }
}

const chain = await Ethereum.start();
try {
  await chain.follow();
  const user = await chain.user();
  await chain.pay(chain.hot, 500n * ETHER);
  await chain.pay(user.address, 100n * ETHER);
  await chain.mine(2);
  await chain.follow();
  const seconds = await credited(chain, await chain.user(), transfers);
  console.log(`a block of ${transfers} transfers: credited ${seconds.toFixed(2)} s after its last confirmation (at most ${CREDIT_S})`);
  failed ||= seconds > CREDIT_S;
  // Sent, not mined: what becomes of them is asked later, and the script never asks.
  await chain.rpc('evm_setAutomine', false);
  const rate = await ours(chain, user, payouts);
  await chain.mine(2);
  const script = ethers ? await bare(chain.stack.env.ETHEREUM_URL, payouts) : undefined;
  console.log(`payouts sent a second: ${rate.toFixed(0)}${script ? `, the bare script ${script.toFixed(0)}: ${(rate / script).toFixed(2)} (at least ${RATIO})` : '; ethers is not there to compare with'}`);
  failed ||= script !== undefined && rate < RATIO * script;
} finally {
  await chain.stop();
}
process.exitCode = failed ? 1 : 0;
