// A signer on a socket in a directory of its own, and what is needed to talk to it: a way to ask, and the
// formats of both chains, written here a second time, so that the signer's reading is compared with another.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './teller.mjs';

const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BUILD = path.resolve(process.env.BUILD ?? path.join(TREE, 'build'));
const PROGRAM = path.join(BUILD, 'teller-signer');

/** Makes a payment by the library (pay.c): what it printed, as words. */
export const pay = (socket, ...words) => new Promise((done) => {
  execFile(path.join(BUILD, 'support/pay'), [socket, ...words.map(String)], { timeout: 30000 }, (error, stdout) => done(stdout.trim().split(' ')));
});

/** A signer's files; `start` and `end` may be called again and again. */
export class Signer {
  /** `limits` is the text of the sections [limit.*]; `seed` hexadecimal, or nothing for a random one. */
  static async make({ limits = '', network = 'regtest', seed } = {}) {
    const self = new Signer();
    self.home = await mkdtemp(path.join(os.tmpdir(), 'teller-signer-'));
    for (const name of ['socket', 'seed', 'key', 'spent', 'config']) self[name] = path.join(self.home, name);
    await writeFile(self.key, `${'5a'.repeat(32)}\n`, { mode: 0o600 });
    await self.configure(limits, network);
    const made = self.run(seed ? ['--import'] : ['--init'], seed && `${seed}\n`);
    assert.equal(made.status, 0, made.stderr);
    return self;
  }

  configure(limits, network = 'regtest') {
    return writeFile(this.config, `[signer]\nseed_file = ${this.seed}\nkey_file = ${this.key}\nspent_file = ${this.spent}\nbitcoin_network = ${network}\n${limits}`);
  }

  /** Runs the program to its end: { status, stdout, stderr }. */
  run(args, input) {
    return spawnSync(PROGRAM, ['--config', this.config, ...args], { input, encoding: 'utf8', timeout: 20000 });
  }

  async start(environment = {}) {
    this.log = '';
    this.child = spawn('spawn-fcgi', ['-n', '-s', this.socket, '--', PROGRAM, '--config', this.config],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...environment } });
    this.child.stderr.setEncoding('utf8').on('data', (data) => { this.log += data; });
    this.ended = once(this.child, 'exit');
    await until(() => this.log.includes('event=start') || this.child.exitCode !== null, 20, 'the signer');
    return this;
  }

  async end(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.ended;
  }

  /** Asks one thing on a connection of its own; nothing where the signer hung up. */
  async ask(line) {
    const connection = await this.connect();
    try {
      connection.write(`${line}\n`);
      return await connection.answer();
    } finally {
      connection.end();
    }
  }

  async connect() {
    const socket = net.connect(this.socket);
    await once(socket, 'connect');
    let text = '', closed = false;
    let wake = () => {};
    socket.setEncoding('utf8').on('data', (data) => { text += data; wake(); });
    socket.on('close', () => { closed = true; wake(); }).on('error', () => {});
    return {
      write: (data) => socket.write(data),
      end: () => socket.destroy(),
      async answer() {
        for (;;) {
          const end = text.indexOf('\n');
          if (end >= 0) {
            const line = text.slice(0, end);
            text = text.slice(end + 1);
            return line;
          }
          if (closed) return undefined;
          await new Promise((done) => { wake = done; });
        }
      },
    };
  }

  async remove() {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) await this.end('SIGKILL');
    await rm(this.home, { recursive: true, force: true });
  }
}

// --- Ethereum -------------------------------------------------------------------------------------------

const number = (value) => {
  const hex = BigInt(value).toString(16);
  return BigInt(value) === 0n ? Buffer.alloc(0) : Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
};
const head = (kind, length) => {
  if (length <= 55) return Buffer.from([kind + length]);
  const bytes = number(length);
  return Buffer.concat([Buffer.from([kind + 55 + bytes.length]), bytes]);
};
export function rlp(item) {
  if (Array.isArray(item)) {
    const content = Buffer.concat(item.map(rlp));
    return Buffer.concat([head(0xc0, content.length), content]);
  }
  const data = Buffer.isBuffer(item) ? item : typeof item === 'string' ? Buffer.from(item.replace(/^0x/, ''), 'hex') : number(item);
  return data.length === 1 && data[0] < 0x80 ? data : Buffer.concat([head(0x80, data.length), data]);
}

/** What is signed of a transaction of type 2, in hexadecimal. */
export function unsigned1559({ chainId = 31337, nonce = 0, tip = 1000000000n, maxFee = 3000000000n, gas = 21000, to, value = 0n, data = '0x', accessList = [] }) {
  return Buffer.concat([Buffer.from([2]), rlp([chainId, nonce, tip, maxFee, gas, to, value, data, accessList])]).toString('hex');
}

/** The call transfer(to, units). */
export const transferCall = (to, units) => `0xa9059cbb${to.slice(2).toLowerCase().padStart(64, '0')}${BigInt(units).toString(16).padStart(64, '0')}`;

// --- Bitcoin --------------------------------------------------------------------------------------------

export const sha256 = (data) => createHash('sha256').update(data).digest();
export const hash256 = (data) => sha256(sha256(data));
export const hash160 = (data) => createHash('ripemd160').update(sha256(data)).digest();
export const le = (value, bytes) => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out.subarray(0, bytes);
};
const compact = (value) => (value < 0xfd ? le(value, 1) : Buffer.concat([Buffer.from([0xfd]), le(value, 2)]));
const script = (data) => Buffer.concat([compact(data.length), data]);

/** The script of a Bech32 address of version 0. */
export function scriptOf(address) {
  const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
  const digits = [...address.slice(address.lastIndexOf('1') + 1, -6)].map((c) => alphabet.indexOf(c));
  const bits = digits.slice(1).map((d) => d.toString(2).padStart(5, '0')).join('');
  const program = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  return Buffer.concat([Buffer.from([digits[0], program.length]), program]);
}

/** A transaction without witnesses. inputs: { id, index, script }, outputs: { value, script }. */
export function bitcoinTx({ inputs, outputs, version = 2, lockTime = 0 }) {
  return Buffer.concat([le(version, 4), compact(inputs.length),
    ...inputs.flatMap(({ id, index, script: code = Buffer.alloc(0) }) => [id, le(index, 4), script(code), le(0xfffffffd, 4)]),
    compact(outputs.length), ...outputs.flatMap((output) => [le(output.value, 8), script(output.script)]), le(lockTime, 4)]);
}

/** What BIP-143 has signed for an input that is P2WPKH, hashed once: the signature's own hash is the second. */
export function witnessDigest({ inputs, outputs, version = 2, lockTime = 0 }, at, value, keyHash) {
  const points = Buffer.concat(inputs.flatMap(({ id, index }) => [id, le(index, 4)]));
  const sequences = Buffer.concat(inputs.map(() => le(0xfffffffd, 4)));
  const paid = Buffer.concat(outputs.flatMap((output) => [le(output.value, 8), script(output.script)]));
  return sha256(Buffer.concat([le(version, 4), hash256(points), hash256(sequences), inputs[at].id, le(inputs[at].index, 4),
    script(Buffer.concat([Buffer.from('76a914', 'hex'), keyHash, Buffer.from('88ac', 'hex')])), le(value, 8), le(0xfffffffd, 4), hash256(paid), le(lockTime, 4), le(1, 4)]));
}
