// What the signer signs is what real nodes mine: an Ethereum and a Bitcoin chain, from a seed to the block.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startAnvil, startBitcoin } from '../support/chains.mjs';
import { Signer, bitcoinTx, hash256, pay, rlp, scriptOf, transferCall, unsigned1559 } from '../support/signer.mjs';
import { until } from '../support/teller.mjs';

const SEED_TEST = '9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185d564a3aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0';
const LIMITS = '[limit.ether]\nchain = ethereum\nchain_id = 31337\ndecimals = 18\nper_request = 5\nper_day = 20\nfee_per_request = 0.01\n'
  + '[limit.token]\nchain = ethereum\nchain_id = 31337\ntoken = 0x8464135c8F25Da09e49BC8782676a84730C318bC\ndecimals = 6\nper_request = 100\nper_day = 250\n[limit.bitcoin]\nchain = bitcoin\ndecimals = 8\nper_request = 90\nper_day = 200\nfee_per_request = 0.001\n';
const ACCOUNT = "m/44'/60'/0'/0/0", OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const GWEI = 10n ** 9n;
const SENDER = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', TOKEN = '0x8464135c8F25Da09e49BC8782676a84730C318bC';
// A contract that tells of each transfer and moves nothing: Transfer(caller, to, amount), and returns true.
const TELLER_OF_TALES = `0x602435600052600435337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60206000a360016000526020${'6000f3'}`;
// And one that refuses everything.
const REFUSER = '0x60006000fd';

const running = [];
after(async () => {
  for (const end of running.reverse()) await end();
});
async function signer() {
  const self = await Signer.make({ limits: LIMITS, seed: SEED_TEST });
  running.push(() => self.remove());
  return self.start();
}

/** Asks the signer; gives what is behind "ok". */
async function ask(self, line) {
  const answer = await self.ask(line);
  assert.match(answer, /^ok /);
  return answer.slice(3).split(' ');
}

test('Ethereum: both kinds of transaction are mined under the hash that was known before', { timeout: 60000 }, async () => {
  const node = await startAnvil();
  running.push(() => node.end());
  const self = await signer();
  const balance = async () => BigInt(await node.rpc('eth_getBalance', OTHER, 'latest'));
  const before = await balance();
  const rows = [
    unsigned1559({ nonce: 0, to: OTHER, value: 3n * 10n ** 18n }),
    rlp([1, 2n * GWEI, 21000, OTHER, 12345n, '0x', 31337, 0, 0]).toString('hex'),
    unsigned1559({ nonce: 2, to: OTHER, value: 1n, maxFee: 400n * GWEI }),
  ];
  for (const unsigned of rows) {
    const [raw, hash] = await ask(self, `sign ethereum ${ACCOUNT} ${unsigned} -`);
    assert.equal(await node.rpc('eth_sendRawTransaction', `0x${raw}`), `0x${hash}`);
    const receipt = await until(() => node.rpc('eth_getTransactionReceipt', `0x${hash}`), 10, 'the receipt');
    assert.equal(receipt.status, '0x1');
    assert.equal(receipt.from, '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266');
    assert.equal(receipt.to, OTHER.toLowerCase());
  }
  assert.equal(await balance() - before, 3n * 10n ** 18n + 12345n + 1n);
  assert.equal(await node.rpc('eth_getTransactionCount', '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266', 'latest'), '0x3');
  // And made, not only signed, by the library.
  const [raw, hash] = await pay(self.socket, 'ethereum', ACCOUNT, '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', 31337, 3, OTHER, 777);
  assert.equal(await node.rpc('eth_sendRawTransaction', `0x${raw}`), `0x${hash}`);
  await until(() => node.rpc('eth_getTransactionReceipt', `0x${hash}`), 10, 'the receipt');
  assert.equal(await balance() - before, 3n * 10n ** 18n + 12345n + 1n + 777n);
  assert.deepEqual(await node.asked('ethereum', 'transfers', 4), [hash, SENDER.slice(2).toLowerCase(), OTHER.slice(2).toLowerCase(), '777']);
  assert.deepEqual(await node.asked('ethereum', 'transfers', 0), ['']);
  assert.deepEqual(await node.asked('ethereum', 'transfers', 5), ['error', 'not_found']);
  // A full block of them, more than a request's JSON may hold.
  await node.rpc('evm_setAutomine', false);
  const senders = await node.rpc('eth_accounts');
  await Promise.all(Array.from({ length: 600 }, (_, i) => node.rpc('eth_sendTransaction', { from: senders[1 + (i % 9)], to: SENDER, nonce: `0x${Math.floor(i / 9).toString(16)}`, value: `0x${(i + 1).toString(16)}`, gas: '0x5208' })));
  await node.rpc('evm_mine');
  const many = await node.asked('ethereum', 'transfers', 5);
  assert.equal(many.length, 4 * 600);
  assert.equal(many.filter((_, i) => i % 4 === 3).reduce((sum, word) => sum + Number(word), 0), 600 * 601 / 2);
  await self.end();
});

test('Ethereum: what the node says of blocks, accounts, tokens, and of transactions that it does not want', { timeout: 60000 }, async () => {
  const node = await startAnvil();
  running.push(() => node.end());
  const self = await signer();
  await node.rpc('anvil_setCode', TOKEN, TELLER_OF_TALES);
  const send = async (fields) => {
    const [raw, hash] = await ask(self, `sign ethereum ${ACCOUNT} ${unsigned1559(fields)} -`);
    return { raw, hash, answer: (await node.asked('ethereum', 'send', raw, hash))[0] };
  };
  const became = (hash) => until(async () => {
    const words = await node.asked('ethereum', 'receipt', hash);
    return words[0] !== 'error' && words;
  }, 10, 'the receipt');

  assert.deepEqual(await node.asked('ethereum', 'receipt', 'ab'.repeat(32)), ['error', 'not_found']);
  const paid = await send({ nonce: 0, to: TOKEN, gas: 100000, data: transferCall(OTHER, 1500000) });
  assert.equal(paid.answer, 'known');
  const [how, height, blockHash, fee] = await became(paid.hash);
  const block = await node.rpc('eth_getBlockByNumber', '0x1', false), receipt = await node.rpc('eth_getTransactionReceipt', `0x${paid.hash}`);
  assert.deepEqual([how, height, `0x${blockHash}`, BigInt(fee)], ['succeeded', '1', block.hash, BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice)]);
  assert.deepEqual(await node.asked('ethereum', 'payments', 0, 1, TOKEN, OTHER),
    ['1', '0', paid.hash, TOKEN.slice(2).toLowerCase(), SENDER.slice(2).toLowerCase(), OTHER.slice(2).toLowerCase(), '1500000']);
  assert.deepEqual(await node.asked('ethereum', 'payments', 0, 1, TOKEN, SENDER), ['']);
  assert.deepEqual(await node.asked('ethereum', 'payments', 0, 0, TOKEN, OTHER), ['']);
  const balance = BigInt(await node.rpc('eth_getBalance', SENDER, '0x1'));
  assert.deepEqual(await node.asked('ethereum', 'facts', SENDER, 1),
    ['31337', '1', '1', 'plain', String(GWEI), String(balance), block.hash.slice(2), block.parentHash.slice(2), String(BigInt(block.baseFeePerGas))]);
  assert.equal((await node.asked('ethereum', 'facts', TOKEN, 1))[3], 'code');
  assert.deepEqual(await node.asked('ethereum', 'facts', SENDER, 2), ['error', 'not_found']);
  const call = transferCall(OTHER, 1).slice(2);
  assert.deepEqual(await node.asked('ethereum', 'call', SENDER, TOKEN, call), ['1'.padStart(64, '0')]);
  assert.deepEqual(await node.asked('ethereum', 'call', SENDER, OTHER, call), ['']); // nobody is there
  assert.ok(Number((await node.asked('ethereum', 'estimate', SENDER, TOKEN, call))[0]) > 21000);
  await node.rpc('anvil_setCode', TOKEN, REFUSER);
  for (const what of ['call', 'estimate']) assert.deepEqual(await node.asked('ethereum', what, SENDER, TOKEN, call), ['error', 'invalid_parameter']);
  const failed = await send({ nonce: 1, to: TOKEN, gas: 100000, data: transferCall(OTHER, 1500000) });
  assert.equal((await became(failed.hash))[0], 'failed');

  // The same bytes again, an old nonce, one that waits and is replaced for more, for too little; no money; not enough gas.
  assert.deepEqual(await node.asked('ethereum', 'send', paid.raw, paid.hash), ['spent']);
  assert.equal((await send({ nonce: 0, to: OTHER, value: 1n })).answer, 'spent');
  await node.rpc('evm_setAutomine', false);
  const waiting = await send({ nonce: 2, to: OTHER, value: 1n });
  assert.equal(waiting.answer, 'known');
  assert.deepEqual(await node.asked('ethereum', 'send', waiting.raw, waiting.hash), ['known']);
  assert.equal((await send({ nonce: 2, to: OTHER, value: 2n })).answer, 'cheap');
  assert.equal((await send({ nonce: 2, to: OTHER, value: 2n, maxFee: 6n * GWEI, tip: 2n * GWEI })).answer, 'known');
  assert.equal((await node.asked('ethereum', 'facts', SENDER, 1))[2], '3'); // with what waits
  assert.equal((await send({ nonce: 3, to: OTHER, gas: 20000, value: 1n })).answer, 'refused');
  assert.deepEqual(await node.asked('ethereum', 'send', waiting.raw, paid.hash), ['cheap']); // replaced meanwhile
  await node.rpc('anvil_setBalance', SENDER, '0x1');
  assert.equal((await send({ nonce: 3, to: OTHER, value: 1n })).answer, 'funds');
  assert.deepEqual(await node.asked('ethereum', 'send', 'abcd', paid.hash), ['refused']);
  await self.end();
  await node.end();
  assert.deepEqual(await node.asked('ethereum', 'facts', SENDER, 1), ['error', 'no_answer']);
  assert.deepEqual(await node.asked('ethereum', 'send', paid.raw, paid.hash), ['unknown']);
});

test('Bitcoin: every kind of input that we sign, every kind of output that we pay', { timeout: 60000 }, async () => {
  const node = await startBitcoin();
  running.push(() => node.end());
  const self = await signer();
  const paths = ["m/84'/1'/0'/0/0", "m/44'/1'/0'/0/0", "m/49'/1'/0'/0/0", "m/84'/1'/0'/1/0"];
  const addresses = [];
  for (const own of paths) addresses.push((await ask(self, `address ${own}`))[0]);
  // Both programs read the same address from it.
  const scripts = [];
  for (const address of addresses) {
    const { isvalid, scriptPubKey } = await node.rpc('validateaddress', address);
    assert.ok(isvalid, address);
    scripts.push(Buffer.from(scriptPubKey, 'hex'));
  }
  assert.deepEqual(scripts[0], scriptOf(addresses[0]));

  const blocks = await node.rpc('generatetoaddress', 101, addresses[0]);
  const { tx: [coinbase] } = await node.rpc('getblock', blocks[0], true);
  const funding = Buffer.from(await node.rpc('getrawtransaction', coinbase), 'hex');
  // Sent and looked for through lib/provider: waiting, then in a block whose ids are reckoned from its bytes.
  const mined = async (raw, txid) => {
    assert.deepEqual(await node.asked('bitcoin', 'send', raw, txid), ['known']);
    const height = await node.rpc('getblockcount'), tip = await node.rpc('getblockhash', height);
    const [first] = (await node.rpc('getblock', tip, true)).tx.slice(-1);
    assert.match((await node.asked('bitcoin', 'facts', height)).join(' '), new RegExp(`^${height} ${tip} .*${first} \\| ${txid} \\| unknown$`));
    assert.deepEqual(await node.asked('bitcoin', 'raw', txid), [raw]);
    const [block] = await node.rpc('generatetoaddress', 1, addresses[0]);
    assert.match((await node.asked('bitcoin', 'facts', height + 1)).join(' '), new RegExp(`^${height + 1} ${block} [0-9a-f]{64} ${txid} \\| \\| unknown$`));
    assert.deepEqual(await node.asked('bitcoin', 'send', raw, txid), ['known']);
  };

  const strangers = ['76a914751e76e8199196d454941c45d1b3a323f1433bd688ac', 'a914bcfeb728b584253d5f3f70bcb780e9ef218a68f487', '0014751e76e8199196d454941c45d1b3a323f1433bd6',
    '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262', '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'].map((hex) => Buffer.from(hex, 'hex'));
  const coin = 10n ** 8n;
  const first = {
    inputs: [{ id: Buffer.from(coinbase, 'hex').reverse(), index: 0 }],
    outputs: [...strangers.map((script, i) => ({ value: coin + BigInt(i), script })), ...[1, 2, 3].map((i) => ({ value: 10n * coin, script: scripts[i] })),
      { value: 15n * coin - 20010n, script: scripts[3] }],
  };
  const [raw, txid] = await ask(self, `sign bitcoin ${bitcoinTx(first).toString('hex')} ${paths[0]} ${funding.toString('hex')} 5:${paths[1]},6:${paths[2]},7:${paths[3]},8:${paths[3]}`);
  await mined(raw, txid);

  // A legacy, a nested and a native input together; and all that is left goes to somebody else.
  const id = hash256(bitcoinTx(first));
  const second = { inputs: [5, 6, 7].map((index) => ({ id, index })), outputs: [{ value: 30n * coin - 30000n, script: strangers[4] }] };
  const [spending, spent] = await ask(self, `sign bitcoin ${bitcoinTx(second).toString('hex')} ${paths[1]},${paths[2]},${paths[3]} ${raw} -`);
  // One bit of a signature is another transaction, which no node takes.
  const broken = Buffer.from(spending, 'hex');
  broken[60] ^= 1;
  assert.deepEqual(await node.asked('bitcoin', 'send', broken.toString('hex'), spent), ['refused']);
  assert.deepEqual(await node.asked('bitcoin', 'send', `${spending}00`, spent), ['refused']);
  await mined(spending, spent);
  // Other bytes that spend the same coins.
  const [third, thirdId] = await ask(self, `sign bitcoin ${bitcoinTx({ ...second, outputs: [{ value: 30n * coin - 40000n, script: strangers[0] }] }).toString('hex')} ${paths[1]},${paths[2]},${paths[3]} ${raw} -`);
  assert.deepEqual(await node.asked('bitcoin', 'send', third, thirdId), ['spent']);
  assert.deepEqual(await node.asked('bitcoin', 'facts', 100000), ['error', 'not_found']);
  assert.deepEqual(await node.asked('bitcoin', 'raw', 'ab'.repeat(32)), ['error', 'not_found']);
  assert.equal((await node.rpc('gettxout', spent, 0)).value, 29.9997);

  // Coins chosen, built and sent by the library: two of 50 for 70, the rest comes back.
  const coins = [];
  for (const block of blocks.slice(1, 3)) {
    const { tx: [txid] } = await node.rpc('getblock', block, true);
    coins.push(`${paths[0]}:0:${await node.rpc('getrawtransaction', txid)}`);
  }
  const to = 'bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6';
  const [made, id3] = await pay(self.socket, 'bitcoin', 5000, 10000, to, 70n * coin, paths[3], addresses[3], ...coins);
  await mined(made, id3);
  assert.equal((await node.rpc('gettxout', id3, 0)).value, 70);
  const change = Math.round((await node.rpc('gettxout', id3, 1)).value * 1e8), { vsize } = await node.rpc('getrawtransaction', id3, true);
  const fee = 30e8 - change;
  assert.ok(fee >= 5 * vsize && fee <= 5 * (vsize + 8), `${fee} for ${vsize}`);
  assert.deepEqual(await pay(self.socket, 'bitcoin', 5000, 500, to, 70n * coin, paths[3], addresses[3], ...coins), ['error', 'fee_over_cap']);
  assert.deepEqual(await pay(self.socket, 'bitcoin', 5000, 10000, to, 100n * coin, paths[3], addresses[3], ...coins), ['error', 'insufficient_funds']);
  assert.deepEqual(await pay(self.socket, 'bitcoin', 5000, 10000, to, 95n * coin, paths[3], addresses[3], ...coins), ['error', 'over_single_limit']);
  await self.end();
});
