// A desk for tests: payment systems, directions and reserves of names that no other test uses.
import { randomBytes } from 'node:crypto';
import { form, unique } from './teller.mjs';

/** 32 letters and digits: a login, or a secret. */
const word = () => randomBytes(16).toString('hex');

/** A robot with a key of the user API. */
export class Robot {
  constructor(stack, key) {
    Object.assign(this, { stack, ...key });
  }

  /** The headers of a call, `rest` beside. */
  headers(rest = {}) {
    return { 'API-LOGIN': this.login, 'API-KEY': this.secret, ...rest };
  }

  /** Calls a method as most robots do: a form by POST; gives the whole reply. */
  call(method, params = {}, headers = {}) {
    return this.stack.request('POST', `/api/userapi/v1/${method}`,
      { headers: this.headers({ 'Content-Type': 'application/x-www-form-urlencoded', ...headers }), body: form(params) });
  }

  /** The same; gives the JSON. */
  async json(method, params = {}, headers = {}) {
    const reply = await this.call(method, params, headers);
    if (reply.status !== 200 || reply.json === undefined) throw new Error(`${method}: ${reply.status} ${reply.text}`);
    return reply.json;
  }
}

const quote = (value) => (value === null || value === undefined ? 'NULL' : `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`);

/** The desk of a stack. */
export class Desk {
  constructor(stack) {
    this.stack = stack;
  }

  /** Inserts a row; gives its id. */
  async #insert(table, row) {
    const names = Object.keys(row);
    const [[id]] = await this.stack.sql(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => quote(row[name])).join(', ')}); SELECT LAST_INSERT_ID()`);
    return Number(id);
  }

  /** How many smallest units an amount of a currency is. */
  async units(currency, amount) {
    const [[decimals]] = await this.stack.sql(`SELECT decimals FROM currency WHERE code = ${quote(currency)}`);
    const [whole, part = ''] = String(amount).split('.');
    return BigInt(whole + part.padEnd(Number(decimals), '0')).toString();
  }

  /** A payment system. `rest` are columns of desk_system. */
  async system({ currency = 'USD', decimals = 2, code = `T${unique().toUpperCase()}`, name = `Test ${code}`, reserve, ...rest } = {}) {
    const [[currencyId]] = await this.stack.sql(`SELECT id FROM currency WHERE code = ${quote(currency)}`);
    const id = await this.#insert('desk_system', { code, name, currency_id: currencyId, decimals, rail: code.toLowerCase(), ...rest });
    const system = { id, code, name, currency, currencyId, rail: code.toLowerCase() };
    if (reserve !== undefined) await this.reserve(system, reserve);
    return system;
  }

  /** Fills the reserve of a system; below zero takes out of it. */
  async reserve(system, amount) {
    const negative = String(amount).startsWith('-');
    const units = `${negative ? '-' : ''}${await this.units(system.currency, String(amount).replace('-', ''))}`;
    const account = (purpose) => `(SELECT id FROM account WHERE owner_id = 1 AND purpose = '${purpose}' AND currency_id = ${system.currencyId} AND rail = '${system.rail}')`;
    const post = (purpose, change) => `UPDATE account SET balance = balance + ${change}, entries = entries + 1 WHERE id = ${account(purpose).replace('account WHERE', '(SELECT * FROM account) AS a WHERE')};
      INSERT INTO entry (account_id, seq, journal_id, amount, balance) SELECT id, entries, @journal, ${change}, balance FROM account WHERE id = ${account(purpose)};`;
    await this.stack.sql(`START TRANSACTION;
      INSERT IGNORE INTO account (owner_id, currency_id, purpose, rail, may_overdraw) VALUES (1, ${system.currencyId}, 'reserve', '${system.rail}', FALSE),
        (1, ${system.currencyId}, 'external', '${system.rail}', TRUE);
      INSERT INTO journal (kind, user_id, request_key) VALUES ('desk_fill', 1, 'test:${unique()}'); SET @journal = LAST_INSERT_ID();
      ${post('reserve', `(${units})`)} ${post('external', `(-(${units}))`)} COMMIT`);
  }

  /** A rate: so much of what is given is worth so much of what is got. */
  async rate({ give = '1', get, ...rest }) {
    return this.#insert('desk_rate', { name: unique(), kind: 'fixed', give, get, at: new Date(Date.now() - 60e3).toISOString().slice(0, 19).replace('T', ' '), ...rest });
  }

  /** A direction between two systems. `rest` are columns of desk_direction, amounts in smallest units. */
  async direction(give, get, { rate, ...rest }) {
    const rateId = await this.rate(rate);
    const id = await this.#insert('desk_direction', { give_id: give.id, get_id: get.id, state: 'on', rate_id: rateId, ...rest });
    return { id, give, get, rateId };
  }

  /** A field of a direction (cf), or of a side of a system (cfgive, cfget); gives its number. */
  async field({ direction, system, side, label = 'Field', options = [], ...rest }) {
    const id = await this.#insert('desk_field', { options: options.length, ...rest });
    if (direction) await this.#insert('desk_direction_field', { direction_id: direction.id, field_id: id });
    else await this.#insert('desk_system_field', { system_id: system.id, side, field_id: id });
    await this.text('field', id, 'label', label);
    for (const [i, words] of options.entries()) await this.text('field', id, `option${i + 1}`, words);
    return id;
  }

  /** Words about something: system, direction, field or desk. */
  async text(of, id, name, words, language = 'en') {
    await this.#insert('desk_text', { of, of_id: id, name, language, words });
  }

  /** The number of a user: rid of an affiliate, user_id of the API. */
  async userId(user) {
    return Number((await this.stack.sql(`SELECT id FROM user WHERE login = ${quote(user.login)}`))[0][0]);
  }

  /** A key: of a user or the system's own; of those methods, or all; for those networks, or any. */
  async key({ user, methods = 65535, networks = '' } = {}) {
    const [login, secret] = [word(), word()];
    const id = await this.#insert('desk_key', { login, user_id: user === undefined ? null : await this.userId(user), methods, networks,
      secret_hash: '' });
    await this.stack.sql(`UPDATE desk_key SET secret_hash = UNHEX(SHA2('${secret}', 256)) WHERE id = ${id}`);
    return new Robot(this.stack, { id, login, secret });
  }

  /** Ends what other tests should not see. */
  async hide(...directions) {
    await this.stack.sql(`UPDATE desk_direction SET state = 'off' WHERE id IN (${directions.map((one) => one.id).join(', ')})`);
  }
}
