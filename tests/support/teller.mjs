// What the HTTP, race and fault tests share: the operator's tool, users with money, signed calls of
// the v1 face, sessions of the site, and the audit that ends every file that moves money.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BUILD = path.resolve(process.env.BUILD ?? path.join(TREE, 'build'));

/** Random letters and digits, for names that no other test uses. */
export const unique = () => randomBytes(6).toString('hex');

/** Asks `ready` again and again until it gives something true; fails after `seconds`. */
export async function until(ready, seconds = 20, what = 'a condition') {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await ready();
    if (value) return value;
    assert.ok(Date.now() < end, `${what}: not within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** Runs `jobs` functions of the list `work` at a time; gives their results in order. */
export async function inParallel(jobs, work) {
  const results = new Array(work.length);
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(jobs, work.length) }, async () => {
    while (next < work.length) {
      const index = next++;
      results[index] = await work[index](index);
    }
  }));
  return results;
}

/** Percent-encoded form data. Values may be strings, numbers or Buffers (any bytes). */
export function form(params) {
  const encode = (value) => (Buffer.isBuffer(value)
    ? [...value].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
    : encodeURIComponent(String(value)));
  return Object.entries(params).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encode(value)}`).join('&');
}

const agents = new Map();
function agentFor(base) {
  if (!agents.has(base)) agents.set(base, new http.Agent({ keepAlive: true, maxSockets: 128 }));
  return agents.get(base);
}

/** Closes every kept connection, so that a test process can end. */
export function closeConnections() {
  for (const agent of agents.values()) agent.destroy();
  agents.clear();
}

/** Base32 without padding to bytes. */
function fromBase32(text) {
  let bits = '';
  for (const letter of text) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

/** The HOTP code (RFC 4226) of a counter. */
export function hotp(keyBase32, counter) {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', fromBase32(keyBase32)).update(message).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, '0');
}

/** The TOTP code (RFC 6238) of now, or so many steps later. */
export const totp = (keyBase32, steps = 0) => hotp(keyBase32, Math.floor(Date.now() / 30000) + steps);

let lastTonce = 0n;
/** Microseconds since 1970, each once in this process. */
export function tonce() {
  const now = BigInt(Date.now()) * 1000n;
  lastTonce = now > lastTonce ? now : lastTonce + 1n;
  return lastTonce;
}

/** Signs the exact bytes of a body. */
export const sign = (secret, body) => createHmac('sha512', Buffer.from(secret, 'base64')).update(body).digest('base64');

/** One stack: where it answers and how it is operated. */
export class Stack {
  constructor(env) {
    Object.assign(this, { base: env.BASE, tlsBase: env.TLS_BASE, config: env.TELLER_CONFIG, dir: env.RUN_DIR });
    this.tellerctl = env.TELLERCTL ?? path.join(BUILD, 'tellerctl');
    this.sweeper = path.join(BUILD, 'teller-sweep');
    this.env = { ...process.env, ...env };
  }

  /** Starts a throw-away stack of its own. `knobs` are those of tools/dev/stack. */
  static async start(dir, knobs = {}) {
    const script = path.join(TREE, 'tests/support/stack');
    const { stdout } = await run(script, ['start', dir], { env: { ...process.env, BUILD, ...knobs }, maxBuffer: 1 << 24 });
    const env = {};
    for (const [, name, value] of stdout.matchAll(/^export (\w+)=(.*)$/gm)) env[name] = value.replaceAll('\\', '');
    const stack = new Stack(env);
    stack.script = script;
    return stack;
  }

  /** Ends a stack of one's own; its logs stay. */
  async stop() {
    closeConnections();
    await run(this.script, ['stop', this.dir], { env: this.env });
  }

  /** One HTTP request as it is, nothing added but what HTTP needs. Gives status, headers, body. */
  request(method, target, { headers = {}, body = null, base = this.base } = {}) {
    const url = new URL(base);
    return new Promise((resolve, reject) => {
      const request = http.request({ agent: agentFor(base), host: url.hostname, port: url.port, method, path: target,
        headers: { ...(body === null ? {} : { 'Content-Length': Buffer.byteLength(body) }), ...headers } }, async (reply) => {
        const chunks = [];
        try {
          for await (const chunk of reply) chunks.push(chunk);
        } catch (error) {
          reject(error);
          return;
        }
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString('utf8');
        let json;
        try { json = JSON.parse(text); } catch { json = undefined; }
        resolve({ status: reply.statusCode, headers: reply.headers, raw: reply.rawHeaders, bytes, text, json });
      });
      request.on('error', reject);
      request.end(body ?? undefined);
    });
  }

  /** Runs tellerctl and gives its exit code and what it printed. */
  ctlResult(args, input = '') {
    return new Promise((resolve, reject) => {
      const child = spawn(this.tellerctl, ['--json', ...args], { env: { ...this.env, TELLER_CONFIG: this.config } });
      let out = '', complaint = '';
      child.stdout.on('data', (data) => { out += data; });
      child.stderr.on('data', (data) => { complaint += data; });
      child.on('error', reject);
      child.stdin.on('error', () => {});
      child.on('close', (code) => resolve({ code, out, complaint }));
      child.stdin.end(input);
    });
  }

  /** Runs tellerctl, which must succeed; gives its JSON. */
  async ctl(...args) {
    const { code, out, complaint } = await this.ctlResult(args);
    assert.equal(code, 0, `tellerctl ${args.join(' ')}: ${complaint}${out}`);
    return JSON.parse(out);
  }

  /** SQL as the database's administrator: what no program of ours may do. */
  async sql(statement) {
    const { stdout } = await run('mariadb', ['--no-defaults', '--socket', path.join(this.dir, 'mariadb/mysqld.sock'),
      '--batch', '--skip-column-names', 'teller', '-e', statement], { maxBuffer: 1 << 26 });
    return stdout.trim() === '' ? [] : stdout.trim().split('\n').map((line) => line.split('\t'));
  }

  /** The books must agree. */
  async audit() {
    const { code, out, complaint } = await this.ctlResult(['audit']);
    assert.equal(code, 0, `audit: ${out}${complaint}`);
    return JSON.parse(out);
  }

  /** The processes of a part of the stack (main, login, mariadb ...), as its supervisor keeps them. */
  async processes(part) {
    return childrenOf(Number(await readFile(path.join(this.dir, 'pid', part), 'utf8')));
  }

  /** True once the stack answers and reaches its database. */
  async ready() {
    return (await this.request('GET', '/health/ready').catch(() => ({ status: 0 }))).status === 200;
  }

  /** The first lines of the logs that say "our own fault". */
  async bugs() {
    const { stdout } = await run('sh', ['-c', 'cat "$1"/log/*.log | grep -m 5 level=bug | cut -c 1-500', 'sh', this.dir]);
    return stdout;
  }

  /** Runs the sweeper; gives its log line's figures. */
  async sweep(...args) {
    const { stderr } = await run(this.sweeper, args.length ? args : ['--once'],
      { env: { ...this.env, TELLER_CONFIG: this.config } });
    const [, released, closed] = /event=swept released=(\d+) closed=(\d+)/.exec(stderr);
    return { released: Number(released), closed: Number(closed), log: stderr };
  }

  /** A new user. `funds` maps currencies to amounts. */
  async user({ level = 'full', funds = {}, password = undefined } = {}) {
    const login = `u-${unique()}`;
    const user = { login, email: `${login}@example.org`, password };
    const args = ['user', 'add', login, '--email', user.email, '--verified', level];
    const { code, complaint, out } = await this.ctlResult(password === undefined ? args : [...args, '--password-stdin'],
      `${password ?? ''}\n`);
    assert.equal(code, 0, complaint);
    user.id = JSON.parse(out).id;
    for (const [currency, amount] of Object.entries(funds))
      await this.ctl('credit', login, currency, amount, '--note', 'Deposit');
    return user;
  }

  /** A new API key of a user; `networks` are addresses it may be used from. */
  async key(login, rights, networks = []) {
    return new Client(this, await this.ctl('key', 'add', login, '--face', 'v1', '--rights', rights,
      ...networks.flatMap((network) => ['--ip', network])));
  }

  /** A new user with a key for the customer's calls. */
  async customer(options = {}) {
    const user = await this.user({ funds: { USD: '1000' }, ...options });
    const client = await this.key(user.login, 'get_info,trade,deposit,withdraw');
    return Object.assign(client, { user });
  }

  /** A new partner with a key for the partner's calls. */
  async partner({ ttl = 3600, url = undefined, verifiedOnly = false, name = undefined } = {}) {
    const user = await this.user();
    const id = `p-${unique()}`;
    await this.ctl('partner', 'add', id, '--user', user.login, '--ttl', String(ttl), ...(url ? ['--url', url] : []),
      ...(verifiedOnly ? ['--verified-only'] : []), ...(name ? ['--name', name] : []));
    const client = await this.key(user.login, 'get_info,partner');
    return Object.assign(client, { id, user });
  }

  /** A new merchant with a key for the merchant's calls. */
  async merchant(options = {}) {
    const user = await this.user(options);
    const client = await this.key(user.login, 'get_info,merchant');
    return Object.assign(client, { user });
  }

  /** What a user has: {available, held} as decimal text, "0" without a wallet. */
  async balance(login, currency = 'USD') {
    const wallet = (await this.ctl('balance', login)).find((row) => row.currency === currency);
    return { available: wallet?.available.value ?? '0', held: wallet?.held.value ?? '0' };
  }

  /** Signs in; the session calls the site as a browser would: cookie and CSRF token. */
  /** Makes the pending one-time password of a user with a password the active one, by its first code. */
  async activateOtp(user, code) {
    await (await this.signIn(user)).ok('POST', '/site/otp/confirm', { code, password: user.password });
  }

  async signIn(user, extra = {}) {
    const reply = await this.request('POST', '/identity-service/session', { headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: user.login, password: user.password, ...extra }) });
    assert.equal(reply.status, 200, reply.text);
    return new Session(this, reply);
  }
}

/** A connection of the database's administrator that stays open: one statement after the other. */
export class Sql {
  constructor(owner) {
    this.child = spawn('mariadb', ['--no-defaults', '--socket', path.join(owner.dir, 'mariadb/mysqld.sock'), '--batch',
      '--skip-column-names', '--unbuffered', '--force', 'teller'], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.waiting = [];
    this.text = '';
    this.child.stdout.setEncoding('utf8').on('data', (data) => {
      this.text += data;
      for (let end; (end = this.text.indexOf(MARK)) >= 0; this.text = this.text.slice(end + MARK.length))
        this.waiting.shift()(this.text.slice(0, end));
    });
  }

  /** Runs statements; gives what they print. */
  run(statements) {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.child.stdin.write(`${statements}; SELECT 'no more of this';\n`);
    });
  }

  close() {
    this.child.stdin.end();
  }
}
const MARK = 'no more of this\n';

/** Processes that a process started. */
export async function childrenOf(pid) {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.trim() === '' ? [] : text.trim().split(/\s+/).map(Number);
}

/** The stack of the whole test run. */
export const stack = new Stack(process.env);

/** One API key and how to call with it. */
export class Client {
  constructor(owner, { key, secret }) {
    Object.assign(this, { stack: owner, key, secret });
  }

  /** Headers for a body. */
  headers(body) {
    return { 'Rest-Key': this.key, 'Rest-Sign': sign(this.secret, body), 'User-Agent': 'tests',
      'Content-Type': 'application/x-www-form-urlencoded' };
  }

  /** A signed call with a tonce (or the nonce that `params` bring). */
  call(method, params = {}, { path: target = `/api/1/generic/${method}`, headers = {} } = {}) {
    const stamp = 'nonce' in params || 'tonce' in params ? {} : { tonce: tonce() };
    const body = form({ ...stamp, ...params });
    return this.stack.request('POST', target, { headers: { ...this.headers(body), ...headers }, body });
  }

  /** A call that must succeed; gives what it returns. */
  async ok(method, params = {}, options = {}) {
    const reply = await this.call(method, params, options);
    assert.equal(reply.status, 200, `${method}: ${reply.text}`);
    assert.equal(reply.json?.result, 'success', `${method}: ${reply.text}`);
    return reply.json.return;
  }

  /** A call that must be refused with this token (and text). */
  async refused(token, method, params = {}, { status = 200, error = undefined, ...options } = {}) {
    const reply = await this.call(method, params, options);
    assert.deepEqual([reply.status, reply.json?.result, reply.json?.token], [status, 'error', token],
      `${method}: ${reply.status} ${reply.text}`);
    if (error !== undefined) assert.equal(reply.json.error, error);
    return reply.json;
  }

  /** Makes an order; gives its transaction id. */
  async order(params = {}) {
    return (await this.ok('merchant/order/create', { currency: 'USD', amount: '100',
      return_success: 'https://shop.example/thanks', return_failure: 'https://shop.example/cancelled', ...params })).transaction;
  }

  /** Opens a ticket through a partner. */
  ticket(partner, amount = '100', currency = 'USD') {
    return this.ok('ticket/create', { partner: partner.id, amount, currency });
  }
}

/** A session of the site. */
export class Session {
  constructor(owner, reply) {
    this.stack = owner;
    this.ticket = reply.json.ticket;
    this.csrf = reply.json.csrf;
    this.opened = reply;
    this.cookie = reply.headers['set-cookie'][0].split(';')[0];
  }

  /** A call with cookie and CSRF token; `body` becomes JSON. */
  call(method, target, body = undefined, headers = {}) {
    return this.stack.request(method, target, { headers: { Cookie: this.cookie, 'X-CSRF-Token': this.csrf,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? null : JSON.stringify(body) });
  }

  /** A call that must succeed; gives its JSON. */
  async ok(method, target, body = undefined, headers = {}) {
    const reply = await this.call(method, target, body, headers);
    assert.equal(reply.status, 200, `${method} ${target}: ${reply.status} ${reply.text}`);
    return reply.json;
  }

  /** A call that must be refused with this status, code and (where given) field. */
  async refused(status, error, method, target, body = undefined, { field = undefined, headers = {} } = {}) {
    const reply = await this.call(method, target, body, headers);
    assert.deepEqual([reply.status, reply.json?.error], [status, error], `${method} ${target}: ${reply.status} ${reply.text}`);
    if (field !== undefined) assert.equal(reply.json.field, field, reply.text);
    return reply.json;
  }
}
