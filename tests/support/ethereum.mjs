// Ethereum beside a stack: a chain behind a proxy that does what networks do, listed assets, users with addresses.
import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { contracts, deploy } from './contract.mjs';
import { Proxy } from './proxy.mjs';
import { Stack, unique, until } from './teller.mjs';

const SUPPORT = path.dirname(fileURLToPath(import.meta.url));
const BUILD = path.resolve(process.env.BUILD ?? path.join(SUPPORT, '../../build'));
const SMALL = { DEMO: 'no', JOBS: 'no', WORKERS: '1', READ_WORKERS: '1', ORDER_WORKERS: '1', LOGIN_WORKERS: '1', EVENTS_WORKERS: '1', DATABASE_MEMORY: '64M' };
export const ETHER = 10n ** 18n, GWEI = 10n ** 9n;
/** Accounts of the node, of people outside. */
export const OUTSIDE = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC', MAKER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
export const hex = (number) => `0x${BigInt(number).toString(16)}`;

export class Ethereum {
  /** A stack with both chains, and Ethereum through the proxy. ETH is listed with 18 decimals and two confirmations. */
  static async start(knobs = {}) {
    const self = new Ethereum();
    self.home = await mkdtemp(path.join(os.tmpdir(), 'teller-eth-'));
    self.proxy = await Proxy.start('http://127.0.0.1:1');
    try {
      await self.begin(knobs);
    } catch (error) {
      await self.stop(); // else nothing would end
      throw error;
    }
    return self;
  }

  async begin(knobs) {
    this.stack = await Stack.start(path.join(this.home, 'run'), { ...SMALL, CHAINS: 'yes', BLOCK_SECONDS: '0', SIGNER_ETHER: '1000', SIGNER_ETHER_DAY: '100000', ETHEREUM_THROUGH: this.proxy.url, ...knobs });
    this.proxy.target = this.stack.env.ETHEREUM_URL;
    await this.list('ETH', 'Ether', 18, { decimals: 18 });
    for (const { rail, hot_wallet: address } of await this.stack.ctl('signer', 'init')) if (rail === 'ethereum') this.hot = address;
    await this.stack.sql("UPDATE rail SET confirmations = 2 WHERE name = 'Ethereum'");
  }

  async stop() {
    await this.stack?.stop();
    await this.proxy.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  /** Asks the node itself, past the proxy. */
  async rpc(method, ...params) {
    const reply = await fetch(this.stack.env.ETHEREUM_URL, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    const { result, error } = await reply.json();
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  mine(count = 1) {
    return this.rpc('anvil_mine', count);
  }

  /** Lists a currency on the rail, made where it is new. `here` are its decimals with us. */
  async list(code, name, here, { decimals, contract = '', min = 0 } = {}) {
    await this.stack.sql(`INSERT IGNORE INTO currency (id, code, name, symbol, symbol_position, decimals, display_decimals, is_virtual, ticker_channel, depth_channel)
      SELECT MAX(id) + 1, '${code}', '${name}', '${code}', 'after', ${here}, 2, TRUE, UNHEX(MD5('t${code}')), UNHEX(MD5('d${code}')) FROM currency;
      INSERT INTO rail_asset (rail, currency_id, guid, contract, decimals, min_deposit, min_withdrawal, fee) SELECT 'Ethereum', id, UNHEX(MD5('${code}')), '${contract}', ${decimals}, ${min}, 1, 0 FROM currency WHERE code = '${code}'
        ON DUPLICATE KEY UPDATE contract = VALUES(contract), decimals = VALUES(decimals), min_deposit = VALUES(min_deposit), min_withdrawal = 1, fee = 0;
      INSERT INTO limit_rule (scope, level, currency_id, period, maximum) SELECT 'withdrawal', 'full', c.id, p.period, NULL FROM currency AS c, (SELECT 'single' AS period UNION SELECT 'day' UNION SELECT 'month') AS p WHERE c.code = '${code}'
        ON DUPLICATE KEY UPDATE maximum = NULL`);
    return code;
  }

  /** A token that does as it is told (Odd.sol), listed under a code of its own; signed: the signer may send it. */
  async token(how = '', { decimals = 6, here = decimals, signed = false } = {}) {
    const { Odd } = await contracts(path.join(SUPPORT, 'Odd.sol'));
    const word = (value) => BigInt(value).toString(16).padStart(64, '0');
    const text = Buffer.from(how).toString('hex').padEnd(64, '0');
    const contract = await deploy((...call) => this.rpc(...call), MAKER, `${Odd.bytecode}${word(decimals)}${word(64)}${word(how.length)}${text}`);
    const code = `T${unique().slice(0, 6).toUpperCase()}`;
    await this.list(code, 'Token', here, { decimals, contract });
    if (signed) {
      await appendFile(path.join(this.stack.dir, 'signer/signer.conf'),
        `\n[limit.${code.toLowerCase()}]\nchain = ethereum\nchain_id = 31337\ntoken = ${contract}\ndecimals = ${decimals}\nper_request = 1000000\nper_day = 100000000\n`);
      for (const pid of await this.stack.processes('signer')) process.kill(pid, 'SIGHUP');
    }
    return { code, contract };
  }

  /** Has an account of the node pay, and waits until it is in a block, where blocks come by themselves. */
  async pay(to, value, { from = OUTSIDE, data, wait = true } = {}) {
    const hash = await this.rpc('eth_sendTransaction', { from, to, value: hex(value), ...(data ? { data } : {}) });
    if (wait) await until(() => this.rpc('eth_getTransactionReceipt', hash), 10, 'the receipt');
    return hash;
  }

  /** The same in a token. */
  payToken(token, to, units, options = {}) {
    const word = (value) => BigInt(value).toString(16).padStart(64, '0');
    return this.pay(token.contract, 0, { from: MAKER, data: `0xa9059cbb${word(to)}${word(units)}`, ...options });
  }

  /** Tells a token how to be from now on. */
  async tell(token, how) {
    const selector = (await this.rpc('web3_sha3', `0x${Buffer.from('tell(string)').toString('hex')}`)).slice(0, 10);
    const word = (value) => value.toString(16).padStart(64, '0');
    await this.pay(token.contract, 0, { from: MAKER, data: `${selector}${word(32)}${word(how.length)}${Buffer.from(how).toString('hex').padEnd(64, '0')}` });
  }

  /** The units that an account has of a token. */
  async tokens(token, owner) {
    return BigInt(await this.rpc('eth_call', { to: token.contract, data: `0x70a08231${BigInt(owner).toString(16).padStart(64, '0')}` }, 'latest'));
  }

  /** A user with an address. */
  async user() {
    const user = await this.stack.user();
    user.id = Number((await this.stack.sql(`SELECT id FROM user WHERE login = '${user.login}'`))[0][0]);
    user.address = (await this.stack.ctl('deposit', 'address', user.login, 'ethereum')).address;
    return user;
  }

  /** Runs a job to its end: { code, signal, log, line }. */
  job(program, args = ['--once'], env = {}) {
    return new Promise((done) => {
      execFile(path.join(BUILD, program), args, { timeout: 60000, maxBuffer: 1 << 26, env: { ...this.stack.env, TELLER_CONFIG: this.stack.config, ...env } },
        (error, stdout, log) => done({ code: error?.code ?? 0, signal: error?.signal ?? null, log }));
    });
  }

  /** Follows the chain to its end; gives what the job's log line says. */
  async follow() {
    const { code, log } = await this.job('teller-deposits');
    if (code !== 0) throw new Error(log);
    return Object.fromEntries([...log.matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name, Number(value)]));
  }

  /** A user's deposits as operators see them, the oldest first: state and amount. */
  async deposits(user) {
    return (await this.stack.ctl('deposit', 'list', '--user', user.login)).reverse();
  }

  /** What a user has of a purpose, smallest units. */
  async balance(user, code, purpose = 'fund') {
    const [[units] = ['0']] = await this.stack.sql(`SELECT a.balance FROM account AS a JOIN currency AS c ON c.id = a.currency_id WHERE a.owner_id = (SELECT id FROM user WHERE login = '${user.login}') AND a.purpose = '${purpose}' AND c.code = '${code}'`);
    return BigInt(units);
  }
}
