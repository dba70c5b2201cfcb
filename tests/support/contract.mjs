// Contracts for a development node of Ethereum: compiled by solc, deployed by one of its own accounts.
//   usage: contract.mjs URL FILE.sol NAME ACCOUNT     deploys, and prints the address
// What was compiled stays in the build directory, under the hash of its source.
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SUPPORT = path.dirname(fileURLToPath(import.meta.url));
const BUILD = path.resolve(process.env.BUILD ?? path.join(SUPPORT, '../../build'));
const require = createRequire(import.meta.url);

/** Compiles Solidity; gives the contracts of the source by name: { abi, bytecode }. */
function compiled(source) {
  const solc = require('solc');
  const input = { language: 'Solidity', sources: { 'source.sol': { content: source } },
    settings: { evmVersion: 'paris', optimizer: { enabled: true, runs: 200 }, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } } };
  const read = (name) => ({ contents: readFileSync(path.join(SUPPORT, '../node_modules', name), 'utf8') });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const wrong = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  if (wrong.length > 0) throw new Error(wrong.map(({ formattedMessage }) => formattedMessage).join('\n'));
  return Object.fromEntries(Object.entries(output.contracts['source.sol']).map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]));
}

/** The contracts of a file of Solidity by name: { abi, bytecode }. */
export async function contracts(file) {
  const source = await readFile(file, 'utf8');
  const kept = path.join(BUILD, 'contracts', `${path.basename(file, '.sol')}-${createHash('sha256').update(source).digest('hex').slice(0, 16)}.json`);
  const text = await readFile(kept, 'utf8').catch(() => undefined);
  if (text !== undefined) return JSON.parse(text);
  const all = compiled(source);
  await mkdir(path.dirname(kept), { recursive: true });
  await writeFile(`${kept}.${process.pid}`, JSON.stringify(all));
  await rename(`${kept}.${process.pid}`, kept);
  return all;
}

/** Deploys bytecode (with what its constructor takes behind it) from an account that the node has the key of.
 * rpc: (method, ...params) => result. Gives the address. */
export async function deploy(rpc, from, bytecode) {
  const hash = await rpc('eth_sendTransaction', { from, data: bytecode });
  for (;;) {
    const receipt = await rpc('eth_getTransactionReceipt', hash);
    if (receipt?.status === '0x1') return receipt.contractAddress;
    if (receipt) throw new Error(`the contract was not made: ${JSON.stringify(receipt)}`);
    await new Promise((done) => { setTimeout(done, 20); });
  }
}

async function main([url, file, name, account]) {
  const rpc = async (method, ...params) => {
    const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    const { result, error } = await reply.json();
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  console.log(await deploy(rpc, account, (await contracts(file))[name].bytecode));
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
