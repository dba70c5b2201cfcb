// Keys of the viewer API, and calls with their tokens.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { stack as shared } from './teller.mjs';

export const SCOPES = ['View Account Balance Information', 'View Order Information', 'Create Orders', 'View Trade Information',
  'View Deposit Address', 'View Deposit History', 'View Withdrawal History', 'Execute Withdrawals', 'Access Contract', 'Create Contract'];

let last = 0n;
/** Nanoseconds since 1970, each once in this process. */
export function nonce() {
  const now = BigInt(Date.now()) * 1000000n;
  last = now > last ? now : last + 1n;
  return last;
}

/** A JWT of a header and claims, as texts of JSON. `encode` makes their base64, and that of the signature. */
export function jwt(secret, header, claims, encode = (bytes) => Buffer.from(bytes).toString('base64url')) {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${encode(createHmac('sha256', secret).update(signed).digest())}`;
}

/** One key, and how to call with it. */
export class WalletKey {
  constructor(owner, { key, secret }) {
    Object.assign(this, { stack: owner, key, secret });
  }

  /** A new key of a user. */
  static async make(user, scopes = SCOPES, { networks = [], stack = shared } = {}) {
    const made = await stack.ctl('key', 'add', user.login, '--face', 'wallet', '--rights', scopes.join(','),
      ...networks.flatMap((network) => ['--ip', network]));
    return Object.assign(new WalletKey(stack, made), { user });
  }

  /** A token of now; `claims` are added to, or put in place of, those that there have to be. */
  token(claims = {}) {
    return jwt(this.secret, '{"alg":"HS256","typ":"JWT"}',
      JSON.stringify({ type: 'OpenAPIV2', sub: this.key, nonce: String(nonce()), ...claims }));
  }

  call(method, target, body = undefined, { token = this.token(), headers = {} } = {}) {
    return this.stack.request(method, target.startsWith('/api/') ? target : `/api/v3/viewer${target}`, {
      headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? null : JSON.stringify(body) });
  }

  /** A call that must succeed; gives its data. */
  async ok(method, target, body = undefined) {
    const reply = await this.call(method, target, body);
    assert.deepEqual([reply.status, reply.json?.code], [200, 0], `${method} ${target}: ${reply.status} ${reply.text}`);
    return reply.json.data;
  }

  /** A call that must be refused with this status, code and (where given) message. */
  async refused(status, code, method, target, body = undefined, message = undefined) {
    const reply = await this.call(method, target, body);
    assert.deepEqual([reply.status, reply.json?.code], [status, code], `${method} ${target}: ${reply.status} ${reply.text}`);
    assert.deepEqual(Object.keys(reply.json), ['code', 'message']);
    if (message !== undefined) assert.equal(reply.json.message, message);
    return reply.json;
  }
}
