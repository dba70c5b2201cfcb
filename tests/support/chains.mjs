// Real nodes for tests: an EVM chain (anvil) and a Bitcoin regtest chain (bcoin), each a process of its own on a
// free port, with nothing on the disk but a scratch folder. Both are up in a second, and gone with end().
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './teller.mjs';

const SUPPORT = path.dirname(fileURLToPath(import.meta.url));
const API_KEY = 'regtest';

/** The program itself: npm's wrapper would leave it running where it is killed. */
function anvilProgram() {
  const { platform, arch } = process;
  const resolve = createRequire(import.meta.url).resolve;
  return path.join(path.dirname(resolve(`@foundry-rs/anvil-${platform}-${arch === 'x64' ? 'amd64' : arch}/package.json`)), 'bin/anvil');
}

/** Posts JSON; gives { status, body }. */
function post(url, value, headers = {}) {
  return new Promise((done, failed) => {
    const request = http.request(url, { method: 'POST', agent: false, headers: { 'content-type': 'application/json', ...headers } }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (data) => { text += data; }).on('error', failed).on('end', () => done({ status: reply.statusCode, body: JSON.parse(text) }));
    });
    request.on('error', failed).end(JSON.stringify(value));
  });
}

/** A node: rpc() gives the result, or throws the node's error with its code. */
class Node {
  constructor(child, home) {
    Object.assign(this, { child, home, said: '', ended: once(child, 'exit') });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { this.said += text; });
  }

  /** Waits for the line that names the port. */
  async ready(pattern) {
    const port = await until(() => {
      assert.equal(this.child.exitCode, null, this.said);
      return pattern.exec(this.said)?.[1];
    }, 20, 'a node').catch(async (error) => { await this.end('SIGKILL'); throw error; });
    this.url = `http://127.0.0.1:${port}/`;
    return this;
  }

  async rpc(method, ...params) {
    const { body } = await post(this.url, { jsonrpc: '2.0', id: 1, method, params }, this.headers);
    if (body.error) throw Object.assign(new Error(`${method}: ${body.error.message}`), { code: body.error.code });
    return body.result;
  }

  /** Asks it through lib/provider (node.c): the words that came back. */
  asked(...words) {
    const program = path.join(path.resolve(process.env.BUILD ?? path.join(SUPPORT, '../../build')), 'support/node');
    const authorization = this.headers ? `Authorization: ${this.headers.authorization}` : '-';
    return new Promise((done) => {
      execFile(program, [this.url, authorization, ...words.map(String)], { timeout: 30000, maxBuffer: 1 << 24 }, (error, stdout) => done(stdout.trim().split(/ +/)));
    });
  }

  async end(signal = 'SIGTERM') {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    await this.ended;
    await rm(this.home, { recursive: true, force: true });
  }
}

/** An EVM chain that mines each transaction at once; its accounts are those of "test ... junk", chain 31337. */
export async function startAnvil(...options) {
  const home = await mkdtemp(path.join(os.tmpdir(), 'teller-anvil-'));
  const child = spawn(anvilProgram(), ['--port', '0', ...options], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: home } });
  return new Node(child, home).ready(/Listening on 127\.0\.0\.1:(\d+)/);
}

/** A Bitcoin chain in regtest. Its sendrawtransaction refuses as Bitcoin Core does (bitcoin_node.cjs). */
export async function startBitcoin() {
  const home = await mkdtemp(path.join(os.tmpdir(), 'teller-bitcoin-'));
  const child = spawn(process.execPath, ['--max-old-space-size=256', path.join(SUPPORT, 'bitcoin_node.cjs'), API_KEY],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: home, NODE_BACKEND: 'js' } });
  const node = await new Node(child, home).ready(/^ready (\d+)$/m);
  node.headers = { authorization: `Basic ${Buffer.from(`x:${API_KEY}`).toString('base64')}` };
  return node;
}
