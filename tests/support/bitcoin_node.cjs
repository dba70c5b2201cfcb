// A Bitcoin node in regtest, in memory: bcoin, made to behave as Bitcoin Core does where it does not.
//   usage: NODE_BACKEND=js node bitcoin_node.cjs API_KEY [PORT] [BLOCKS] [SECONDS]
// PORT 0 is any. BLOCKS is a file that keeps the chain: each block is written behind the others as it comes, and
// read again at the next start; without it, or with "-", the chain is gone with the process. With SECONDS a block
// is mined as often. With BLOCKS there is somebody with money as well, who pays by `sendtoaddress ADDRESS AMOUNT`.
// Prints "ready PORT" once it answers; SIGTERM ends it.
'use strict';
const fs = require('node:fs');
const Module = require('node:module');

// The database on disk is never opened, and its native part not built.
const load = Module._load;
Module._load = function stub(name, ...rest) {
  return name === 'leveldown' ? () => {} : load.call(this, name, ...rest);
};

// Addresses as Bitcoin Core has them, and segwit from the first blocks on.
const { regtest } = require('bcoin/lib/protocol/networks');
Object.assign(regtest.addressPrefix, { pubkeyhash: 0x6f, scripthash: 0xc4, bech32: 'bcrt' });
Object.assign(regtest.keyPrefix, { privkey: 0xef, xpubkey: 0x043587cf, xprivkey: 0x04358394, xpubkey58: 'tpub', xprivkey58: 'tprv' });
for (const name of ['csv', 'segwit']) Object.assign(regtest.deployments[name], { window: 1, threshold: 1 });

const bcoin = require('bcoin');
bcoin.set('regtest');
const { RPCError } = require('bweb');

const [apiKey, port = '0', blocks = '-', seconds = '0'] = process.argv.slice(2);
const node = new bcoin.FullNode({
  network: 'regtest', memory: true, workers: false, listen: false, host: '127.0.0.1', httpHost: '127.0.0.1', httpPort: Number(port),
  apiKey, indexTx: true, indexAddress: true, persistentMempool: false, logFile: false, logConsole: false, logLevel: 'none',
});

const FINAL = 0xfffffffe; // a sequence below it may be replaced
const STEP = 1000; // satoshis per 1,000 bytes, that a replacement pays more than what it replaces

/** Its fee, by coins of the chain: those of the pool count as spent already. */
async function feeOf(tx) {
  let fee = -tx.getOutputValue();
  for (const { prevout } of tx.inputs) fee += (await node.chain.getCoin(prevout.hash, prevout.index))?.value ?? 0;
  return fee;
}

/** A transaction that pays more takes the place of those that spend the same (BIP-125), which bcoin does not know. */
async function replace(tx) {
  const old = [...new Set(tx.inputs.map(({ prevout }) => node.mempool.getSpent(prevout.hash, prevout.index)).filter(Boolean))];
  if (old.length === 0) return;
  if (!old.every((entry) => entry.tx.inputs.some((input) => input.sequence < FINAL))) throw new RPCError(-26, 'txn-mempool-conflict');
  const before = old.reduce((sum, entry) => sum + entry.fee, 0);
  if (await feeOf(tx) < before + (tx.getVirtualSize() * STEP) / 1000) throw new RPCError(-26, 'insufficient fee');
  for (const entry of old) node.mempool.evictEntry(entry);
}

/** `evict TXID`: what a full pool does. */
async function evict([txid]) {
  const entry = node.mempool.getEntry(Buffer.from(txid, 'hex').reverse().toString('hex'));
  if (entry) node.mempool.evictEntry(entry);
  return Boolean(entry);
}

// bcoin answers with the id whether it took a transaction or not; Core says why it did not.
async function sendRawTransaction(args) {
  const text = args[0];
  let tx;
  try {
    tx = bcoin.TX.fromRaw(Buffer.from(text, 'hex'));
  } catch (error) {
    throw new RPCError(-22, `TX decode failed: ${error.message}`);
  }
  if (tx.toRaw().toString('hex') !== text) throw new RPCError(-22, 'TX decode failed');
  if (node.mempool.hasEntry(tx.hash('hex'))) return tx.txid();
  for (let i = 0; i < tx.outputs.length; i++)
    if (await node.chain.getCoin(tx.hash('hex'), i)) throw new RPCError(-27, 'Transaction already in block chain');
  await replace(tx);
  let missing;
  try {
    missing = await node.mempool.addTX(tx);
  } catch (error) {
    if (error.type === 'VerifyError') throw new RPCError(-26, error.reason);
    throw error;
  }
  if (missing) throw new RPCError(-25, 'bad-txns-inputs-missingorspent');
  return tx.txid();
}

// --- the chain in a file --------------------------------------------------------------------------------

async function readBlocks() {
  for (const line of fs.existsSync(blocks) ? fs.readFileSync(blocks, 'utf8').split('\n').slice(0, -1) : [])
    await node.chain.add(bcoin.Block.fromRaw(Buffer.from(line, 'hex')));
}

function keepBlocks() {
  const file = fs.openSync(blocks, 'a', 0o600);
  const known = new Set();
  node.chain.on('connect', (entry, block) => {
    // One that comes back after a reorganisation is there already.
    if (known.has(block.rhash())) return;
    known.add(block.rhash());
    fs.writeSync(file, `${block.toRaw().toString('hex')}\n`);
  });
}

// --- somebody with money --------------------------------------------------------------------------------

const MATURE = 100, FUNDED = 120; // blocks until what was mined may be spent; blocks that are mined at first
const RATE = 5000; // satoshis per 1,000 bytes
const ring = bcoin.KeyRing.fromPrivate(Buffer.alloc(32, 0x2a));
ring.witness = true;

const mine = (count) => node.rpc.mineBlocks(count, ring.getAddress());

async function spendable() {
  const coins = await node.getCoinsByAddress(ring.getAddress());
  return coins.filter((coin) => coin.height >= 0 && !node.mempool.isSpent(coin.hash, coin.index)
    && (!coin.coinbase || node.chain.height + 1 - coin.height >= MATURE));
}

async function sendToAddress([address, amount]) {
  const tx = new bcoin.MTX();
  tx.addOutput({ address: bcoin.Address.fromString(address, 'regtest'), value: bcoin.Amount.fromBTC(String(amount)).toValue() });
  await tx.fund(await spendable(), { rate: RATE, changeAddress: ring.getAddress() });
  tx.sign(ring);
  return sendRawTransaction([tx.toTX().toRaw().toString('hex')]);
}

// --------------------------------------------------------------------------------------------------------

process.on('unhandledRejection', (error) => console.error(error));
process.on('SIGTERM', async () => {
  await node.close();
  process.exit(0);
});

(async () => {
  await node.ensure();
  await node.open();
  await node.connect();
  node.rpc.calls.sendrawtransaction = sendRawTransaction;
  node.rpc.calls.sendtoaddress = sendToAddress;
  node.rpc.calls.evict = evict;
  if (blocks !== '-') {
    await readBlocks();
    keepBlocks();
    if (node.chain.height < FUNDED) await mine(FUNDED - node.chain.height);
  }
  if (Number(seconds) > 0) setInterval(() => mine(1), Number(seconds) * 1000);
  console.log(`ready ${node.http.http.address().port}`);
})();
