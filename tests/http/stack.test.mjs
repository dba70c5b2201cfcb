// The private stack itself (tools/dev/stack): started twice at once, from a path with blanks, with the chains.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BUILD = path.resolve(process.env.BUILD ?? path.join(TREE, 'build'));
const SMALL = { DEMO: 'no', JOBS: 'no', WORKERS: '1', READ_WORKERS: '1', ORDER_WORKERS: '1', LOGIN_WORKERS: '1', EVENTS_WORKERS: '1', DATABASE_MEMORY: '64M' };

let home, ports;
before(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'teller stack '));
  const servers = await Promise.all([0, 0, 0, 0].map(async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }));
  ports = Object.fromEntries(['PORT', 'TLS_PORT', 'ETHEREUM_PORT', 'BITCOIN_PORT'].map((name, i) => [name, String(servers[i].address().port)]));
  for (const server of servers) server.close();
});
after(() => rm(home, { recursive: true }));

test('a stack in a path with blanks, started twice at once: one stack, and both say that it is ready', { timeout: 180000 }, async () => {
  // The whole tree is reached by a path with blanks, as where somebody keeps it in "My Documents".
  const tree = path.join(home, 'the tree');
  await symlink(TREE, tree);
  const dir = path.join(home, 'run here');
  const env = { ...process.env, ...SMALL, ...ports, BUILD };
  const stack = (verb) => run(path.join(tree, 'tools/dev/stack'), [verb, dir], { env });
  try {
    const [one, other] = await Promise.all([stack('start'), stack('start')]);
    const said = [one.stdout, other.stdout].sort((a, b) => a.indexOf('already') - b.indexOf('already'));
    assert.match(said[0], /^stack: ready in /m);
    assert.match(said[1], /^stack: runs already in /m);
    const reply = await fetch(`http://127.0.0.1:${ports.PORT}/health/ready`);
    assert.deepEqual([reply.status, await reply.text()], [200, 'ready\n']);
    const pids = (await stack('status')).stdout.match(/\d+$/gm);
    assert.equal(new Set(pids).size, pids.length);
  } finally {
    await stack('stop');
  }
  await assert.rejects(stack('status'), { code: 3 });
});

test('the chains beside a stack: nodes, token and signer, and the same chain after the next start', { timeout: 180000 }, async () => {
  const dir = path.join(home, 'chains');
  const env = { ...process.env, ...SMALL, ...ports, BUILD, CHAINS: 'yes', BLOCK_SECONDS: '0' };
  const stack = (verb) => run(path.join(TREE, 'tools/dev/stack'), [verb, dir], { env });
  const rpc = async (port, method, ...params) => {
    const headers = { 'content-type': 'application/json' };
    if (port === ports.BITCOIN_PORT) headers.authorization = `Basic ${(await readFile(path.join(dir, 'chains/bitcoin.cookie'))).toString('base64')}`;
    const { result, error } = await (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })).json();
    assert.equal(error ?? null, null, method);
    return result;
  };
  const tips = async () => [(await rpc(ports.ETHEREUM_PORT, 'eth_getBlockByNumber', 'latest', false)).hash, await rpc(ports.BITCOIN_PORT, 'getbestblockhash')];
  let seen;
  try {
    await stack('start');
    assert.match((await stack('status')).stdout, /^ethereum runs.*\nbitcoin runs.*\nsigner runs/);
    const decimals = await rpc(ports.ETHEREUM_PORT, 'eth_call', { to: '0x8464135c8F25Da09e49BC8782676a84730C318bC', data: '0x313ce567' }, 'latest');
    assert.equal(Number(decimals), 6);
    const config = path.join(dir, 'teller.conf');
    const found = async (file) => {
      const { stdout } = await run(path.join(BUILD, 'tellerctl'), ['--json', 'doctor', '--config', file], { env }).catch((error) => error);
      return Object.fromEntries(JSON.parse(stdout).map(({ check, ok }) => [check, ok]));
    };
    const NODES = ["Ethereum's node", "Bitcoin's node", 'signer'];
    let checks = await found(config);
    assert.deepEqual(NODES.map((name) => checks[name]), [true, true, true]);
    await writeFile(`${config}.wrong`, (await readFile(config, 'utf8')).replace('network = regtest', 'network = main').replace('chain_id = 31337', 'chain_id = 1')
      .replace('signer/socket', 'signer/nobody'), { mode: 0o600 });
    checks = await found(`${config}.wrong`);
    assert.deepEqual(NODES.map((name) => checks[name]), [false, false, false]);
    await rpc(ports.BITCOIN_PORT, 'sendtoaddress', 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk', '1.5');
    await rpc(ports.BITCOIN_PORT, 'generatetoaddress', 1, 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk');
    seen = await tips();
    assert.equal(await rpc(ports.BITCOIN_PORT, 'getblockcount'), 121);
  } finally {
    await stack('stop');
  }
  try {
    await stack('start');
    assert.deepEqual(await tips(), seen);
  } finally {
    await stack('stop');
  }
});

test('what nginx says when it cannot start is of now, not of a start before', { timeout: 120000 }, async () => {
  const dir = path.join(home, 'broken');
  await mkdir(path.join(dir, 'log'), { recursive: true });
  await mkdir(path.join(dir, 'tls'));
  await writeFile(path.join(dir, 'log/nginx-error.log'), '[emerg] of another day\n');
  await writeFile(path.join(dir, 'tls/cert.pem'), 'no certificate\n');
  const env = { ...process.env, ...SMALL, ...ports, BUILD };
  await assert.rejects(run(path.join(TREE, 'tools/dev/stack'), ['start', dir], { env }), ({ stderr }) => {
    assert.match(stderr, /nginx does not start: .*emerg.*cert\.pem/);
    assert.doesNotMatch(stderr, /another day/);
    return true;
  });
});
