// A Bitcoin node in regtest, in memory: bcoin, made to behave as Bitcoin Core does where it does not.
//   usage: NODE_BACKEND=js node bitcoin_node.cjs API_KEY
// Prints "ready PORT" once it answers; SIGTERM ends it.
'use strict';
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

const [apiKey] = process.argv.slice(2);
const node = new bcoin.FullNode({
  network: 'regtest', memory: true, workers: false, listen: false, host: '127.0.0.1', httpHost: '127.0.0.1', httpPort: 0,
  apiKey, indexTx: true, persistentMempool: false, logFile: false, logConsole: false, logLevel: 'none',
});

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
  console.log(`ready ${node.http.http.address().port}`);
})();
