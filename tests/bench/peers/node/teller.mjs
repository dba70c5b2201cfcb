// The peer on Node: the calls info, ticket/create, ticket/settle, merchant/order/create and orders as a careful Node programmer
// would write them, with fastify and the mariadb connector. Each answer is the same as ours.
//   usage: node teller.mjs STATE.json PORT PROCESSES CONNECTIONS
import cluster from 'node:cluster';
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import querystring from 'node:querystring';

import Fastify from 'fastify';
import mariadb from 'mariadb';

const [statePath, port, processes, connections] = process.argv.slice(2);
const state = JSON.parse(readFileSync(statePath, 'utf8'));
const rightNames = ['get_info', 'trade', 'deposit', 'withdraw', 'merchant', 'partner'];
const denied = 'Identification required to access private API';
const currencies = new Map(Object.values(state.currencies).map((currency) => [currency.id, currency]));
const currencyByCode = new Map([...currencies.values()].map((c) => [c.code, c]));
const keys = new Map(Object.entries(state.keys).map(
    ([name, key]) => [name, { ...key, secret: Buffer.from(key.secret, 'base64') }]));
const master = Buffer.from(state.master, 'hex');

class Refusal extends Error {
    constructor(token, status) {
        super(token);
        this.statusCode = status;
    }
}

// The key that signed this request; its nonce is left to the database.
function caller(request, params, right) {
    const key = keys.get((request.headers['rest-key'] ?? '').toLowerCase());
    if (key === undefined || !request.headers['user-agent']) throw new Refusal('login_error_invalid_rest_key', 403);
    const sign = Buffer.from((request.headers['rest-sign'] ?? '').replace(/\s+/g, ''), 'base64');
    const mac = createHmac('sha512', key.secret).update(request.body).digest();
    if (sign.length !== mac.length || !timingSafeEqual(sign, mac)) {
        throw new Refusal('login_error_invalid_rest_sign', 403);
    }
    if (!/^\d{1,19}$/.test(params.nonce ?? '')) throw new Refusal('login_error_invalid_nonce', 403);
    if ((key.rights & (1 << right)) === 0) throw new Refusal('missing_right', 403);
    return key;
}

// A refusal by the database ends the request, a deadlock is tried again.
async function attempt(work) {
    for (let tries = 1; ; tries++) {
        try {
            return await work();
        } catch (error) {
            const contended = /db_contended$/.test(error.sqlMessage ?? '');
            if (error.sqlState === '45000' && !contended) {
                const token = error.sqlMessage.replace(/^.*\) /, '');
                throw new Refusal(token, token.startsWith('login_error') ? 403 : 200);
            }
            if ((!contended && ![1213, 1205, 1020].includes(error.errno)) || tries === 5) throw error;
        }
    }
}

// Sends the statements in one packet and gives the rows of the last result set.
const call = (pool, sql) => attempt(async () => (await pool.query(sql)).filter(Array.isArray).at(-1));

// A change in two packets: `decide` gets the result sets of what `read` asks and gives what is written, and the answer.
function change(pool, front, read, decide) {
    return attempt(async () => {
        const connection = await pool.getConnection();
        try {
            const answers = await connection.query(front + read);
            front = ''; // the nonce is used up by now
            const [write, answer] = await decide(answers.filter(Array.isArray), connection);
            await connection.query(write);
            return answer;
        } catch (error) {
            await connection.query('ROLLBACK');
            throw error;
        } finally {
            await connection.release();
        }
    });
}

// One of the statements that people.mjs wrote down, filled in.
const fill = (name, values = {}) => state.statements[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const hexBytes = (bytes) => `X'${Buffer.from(bytes).toString('hex')}'`;

// Balances and entries of a posting; each leg is an account, its units, type and words.
function legs(list) {
    const sorted = [...list].sort((a, b) => a[0] - b[0]);
    const at = new Map(sorted.map(([account], i) => [account, i]));
    const text = (words) => (words === null ? 'NULL' : hexText(words));
    return fill('balances') + sorted.map(([account, units], i) => fill('balance', { at: i, units, account })).join('')
        + fill('numbers') + sorted.map(([account], i) => fill('number', { at: i, account })).join('')
        + fill('entries', { accounts: sorted.map(([account]) => account).join(', ') }) + list.map(([account, units, type, info]) =>
        fill('entry', { account, at: at.get(account), units, type: text(type), info: text(info) })).join(', ') + '; ';
}

async function need(connection, account, values) {
    return Number(account ?? (await connection.query(fill('open', values)))[0][0]);
}

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ',');

function fixed(units, decimals) {
    const digits = units.padStart(decimals + 1, '0');
    return [digits.slice(0, -decimals), digits.slice(-decimals)];
}

function display(currency, [whole, fraction]) {
    const text = `${grouped(whole)}.${fraction}`;
    return currency.after ? `${text}\u00a0${currency.symbol}` : currency.symbol + text;
}

function money(currency, units) {
    const parts = fixed(units, currency.decimals);
    const divisor = 10n ** BigInt(currency.decimals - currency.display_decimals);
    const short = ((BigInt(units) + divisor / 2n) / divisor).toString();
    return {
        value: `${parts[0]}.${parts[1]}`,
        value_int: units,
        display: display(currency, parts),
        display_short: display(currency, fixed(short, currency.display_decimals)),
        currency: currency.code,
    };
}

function uuid(bytes) {
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const useKey = (key, params) => `CALL api_key_use_${key.id % 32}(${key.id}, ${key.version}, ${params.nonce}, NULL);`;
const hexText = (text) => `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`;

function wallet(currency, [single, daily, monthly], row) {
    const [balance, reserved, entries, day, dayAmount, monthAmount, today] = row;
    const usedToday = day === today ? dayAmount : 0;
    const usedThisMonth = day?.slice(0, 7) === today.slice(0, 7) ? monthAmount : 0;
    const limit = (units) => (units === null ? null : money(currency, units));
    const left = [[single, 0], [daily, usedToday], [monthly, usedThisMonth]].filter(([max]) => max !== null)
        .map(([max, used]) => Math.max(0, Number(max) - Number(used)));
    return {
        Balance: money(currency, balance),
        Operations: Number(entries),
        Daily_Withdraw_Limit: limit(daily),
        Monthly_Withdraw_Limit: limit(monthly),
        Max_Withdraw: left.length === 0 ? null : money(currency, String(Math.min(...left))),
        Open_Orders: money(currency, reserved),
    };
}

const volumes = new Map();

// What the user traded in 30 days: summed up again only when entries were booked or a day is over.
async function volume(pool, user, rows) {
    const state = rows.reduce((sum, row) => sum + Number(row[13] ?? 0), 0) + rows[0][17];
    if (volumes.get(user)?.state !== state) {
        const sums = await pool.query('SELECT SUM(volume) FROM trader_volume ' +
            `WHERE user_id = ${user} AND item_id = 1 AND day > UTC_DATE() - INTERVAL 30 DAY`);
        volumes.set(user, { state, units: sums[0][0] ?? '0' });
    }
    return volumes.get(user).units;
}

// What ledger_info asks for.
const ACCOUNTS = 'SELECT u.id, u.uuid, u.login, u.email, u.level, u.language, u.otp_required, ' +
    'u.created_at, u.last_login_at , a.currency_id, a.purpose, a.balance, a.reserved, ' +
    'a.entries, w.day, w.day_amount, w.month_amount, UTC_DATE() FROM (SELECT id, uuid, ' +
    'login, email, level, language, otp_required, created_at, last_login_at FROM user) AS u ' +
    'LEFT JOIN account AS a ON a.owner_id = u.id LEFT JOIN limit_count AS w ON w.user_id = ' +
    'u.id AND w.scope = \'withdrawal\' AND w.currency_id = a.currency_id AND w.by_value = ' +
    'FALSE WHERE u.id = ';

async function info(pool, key, params) {
    const rows = await call(pool, useKey(key, params) + ACCOUNTS + key.user);
    const [id, bytes, login, , level, language, , created, lastLogin] = rows[0];
    const wallets = {};
    for (const row of rows.filter((row) => row[10] === 'available').sort((a, b) => a[9] - b[9])) {
        const currency = currencies.get(row[9]);
        wallets[currency.code] = wallet(currency, state.limits[row[9]][level], row.slice(11));
    }
    return {
        Login: login,
        Index: String(id),
        Id: uuid(bytes),
        Rights: rightNames.filter((name, bit) => key.rights & (1 << bit)),
        Language: language,
        Created: created.slice(0, 19),
        Last_Login: lastLogin?.slice(0, 19) ?? null,
        Wallets: wallets,
        Monthly_Volume: money(currencies.get(1), await volume(pool, key.user, rows)),
        Trade_Fee: state.trade_fee,
    };
}

// A uuid of version 7.
function uuid7() {
    const bytes = randomBytes(16);
    bytes.writeUIntBE(Date.now(), 0, 6);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes;
}

async function create(pool, key, params, trace) {
    const currency = currencyByCode.get(params.currency);
    const { partner, amount_int: units } = params;
    if (currency === undefined || typeof partner !== 'string' || !/^[1-9]\d{0,17}$/.test(units ?? '')) {
        throw new Refusal('invalid_parameter', 200);
    }
    const bytes = uuid7();
    const ticketKey = createHmac('sha256', master).update('ticket-key').update(bytes).digest('base64url');
    const keyHash = createHash('sha256').update(ticketKey).digest('hex');
    const values = { user: key.user, currency: currency.id, units, ticket: hexBytes(bytes), scope: hexText('withdrawal'),
        kind: hexText('ticket'), partner: hexText(partner), why: hexText('ticket_create'),
        request_key: hexBytes(`n${key.id}:${params.nonce}`), trace: hexText(trace), key_hash: `X'${keyHash}'` };
    const url = await change(pool, useKey(key, params), fill('offer', values), async ([counts, rules, offers], connection) => {
        if (offers.length === 0) throw new Refusal('unknown_partner', 200);
        const [partnerUser, name, url, verifiedOnly, ttl, level, , enabled, posted, available, held, free, now] = offers[0];
        const today = rules[0][2];
        const [day, dayUsed, monthUsed] = counts[0] ?? [null, '0', '0'];
        const used = { single: 0n, day: day === today ? BigInt(dayUsed) : 0n,
            month: day?.slice(0, 7) === today.slice(0, 7) ? BigInt(monthUsed) : 0n };
        if (posted || !enabled || (verifiedOnly && level === 'none') || BigInt(free) < BigInt(units)) {
            throw new Refusal('insufficient_funds', 200);
        }
        if (rules.some(([period, maximum]) => maximum !== null && used[period] + BigInt(units) > BigInt(maximum))) {
            throw new Refusal('over_limit', 200);
        }
        const holding = await need(connection, held, { owner: key.user, currency: currency.id, purpose: hexText('held') });
        Object.assign(values, { partner_user: partnerUser, now: hexText(now), ttl, today: hexText(today), held: holding,
            day_used: used.day + BigInt(units), month_used: used.month + BigInt(units) });
        values.count = fill(day === null ? 'count_first' : 'count_again', values);
        values.journal = fill('journal', values);
        values.legs = legs([[Number(available), `-${units}`, 'withdraw', `Withdrawal through ${name}`], [holding, units, null, null]]);
        return [fill('create', values), url];
    });
    const id = uuid(bytes);
    return {
        ticket: id,
        key: ticketKey,
        partner_url: url === null ? null : `${url}${url.includes('?') ? '&' : '?'}ticket=${id}`,
        amount: money(currency, units),
    };
}

async function settle(pool, key, params, trace) {
    const { ticket, key: ticketKey, description } = params;
    if (!/^[0-9a-f-]{36}$/i.test(ticket ?? '') || typeof ticketKey !== 'string' ||
        !/^.{1,255}$/su.test(description ?? '')) {
        throw new Refusal('invalid_parameter', 200);
    }
    const keyHash = createHash('sha256').update(ticketKey).digest('hex');
    const values = { user: key.user, ticket: `X'${ticket.replaceAll('-', '')}'`, kind: hexText('ticket'), why: hexText('ticket_settle'),
        request_key: hexBytes(`n${key.id}:${params.nonce}`), trace: hexText(trace), description: hexText(description),
        open: hexText('open'), captured: hexText('captured') };
    const row = await change(pool, useKey(key, params), fill('look', values), async ([rows], connection) => {
        const row = rows[0];
        if (row === undefined) throw new Refusal('ticket_not_found', 200);
        const [login, partnerUser, hash, , , held, available, to, now, seconds] = row.slice(14);
        if (Number(partnerUser) !== key.user || !timingSafeEqual(hash, Buffer.from(keyHash, 'hex')) || row[4] !== 'open') {
            throw new Refusal('ticket_wrong_key', 200);
        }
        const account = await need(connection, to, { owner: key.user, currency: row[5], purpose: hexText('available') });
        Object.assign(values, { now: hexText(now), held, units: row[6] });
        values.journal = fill('journal', values);
        values.legs = legs([[Number(held), `-${row[6]}`, null, null], [account, row[6], 'deposit', `Ticket of ${login}: ${description}`],
            [Number(available), '0', 'withdraw', `${row[2]}: ${description}`]]);
        return [fill('settle', values), Object.assign([...row], { 4: 'settled', 9: seconds, 10: description })];
    });
    const [bytes, partner, , , status, currency, amount, created, expires, settled, words, reason] = row;
    return {
        ticket: uuid(bytes),
        partner,
        status,
        amount: money(currencies.get(currency), amount),
        created: Number(created),
        expires: Number(expires),
        settled: settled === null ? null : Number(settled),
        description: words,
        reason,
        updates: [],
    };
}

// A URL of the merchant's: http or https with a host.
const isUrl = (url) => typeof url === 'string' && url.length <= 2000 && /^https?:\/\/[^/\\?#@:][^\s\x7f]*$/i.test(url);

async function order(pool, key, params) {
    const currency = currencyByCode.get(params.currency);
    const { amount_int: units, return_success: success, return_failure: failure, ipn, description = '', data = '' } = params;
    if (currency === undefined || !/^[1-9]\d{0,17}$/.test(units ?? '') || ![success, failure, ipn].every(isUrl)) {
        throw new Refusal('invalid_parameter', 200);
    }
    const { hostname, port, protocol } = new URL(ipn);
    const endpoint = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
    const bytes = uuid7();
    await call(pool, useKey(key, params) +
        'INSERT INTO checkout_order (id, merchant_id, api_key_id, request_key, currency_id, amount, description, ' +
        'return_success, return_failure, ipn_url, ipn_endpoint, data, wants_mail, autosell, instant_only, multipay, ' +
        `created_at, expires_at) SELECT X'${bytes.toString('hex')}', ${key.user}, ${key.id}, 'n${key.id}:${params.nonce}', ` +
        `${currency.id}, ${units}, IF(LENGTH(${hexText(description)}) = 0, CONCAT('Payment to ', (SELECT login FROM user WHERE id = ${key.user})), ` +
        `${hexText(description)}), ${[success, failure, ipn, endpoint].map(hexText).join(', ')}, ` +
        `X'${Buffer.from(data).toString('hex')}', 0, 0, 0, 0, NOW(6), NOW(6) + INTERVAL 3600 SECOND ` +
        `FROM DUAL WHERE (SELECT enabled FROM currency WHERE id = ${currency.id})`);
    const id = uuid(bytes);
    return { transaction: id, payment_url: `${state.base_url}/pay/${id}` };
}

// At most 10,000 orders, the oldest first.
async function orders(pool, key, params) {
    const rows = await call(pool, useKey(key, params) +
        'SELECT oid, market_id, side, status, amount, remaining, funded, price, ' +
        'stop_price, created_at FROM market_order ' +
        `WHERE user_id = ${key.user} AND ended_at IS NULL ORDER BY id LIMIT 10000`);
    return rows.map(([oid, market, side, status, , remaining, funded, price, stop, created]) => {
        const [item, currency] = state.markets[market].map((id) => currencies.get(id));
        const seconds = Date.parse(`${created.slice(0, 19)}Z`) / 1000;
        return {
            oid: uuid(oid),
            currency: currency.code,
            item: item.code,
            type: side,
            amount: money(item, remaining),
            effective_amount: money(item, funded),
            ...(price !== null && { price: money(currency, price) }),
            ...(stop !== null && { stop: money(currency, stop) }),
            status,
            date: seconds,
            priority: seconds + created.slice(20),
            actions: [],
        };
    });
}

async function serve() {
    const pool = mariadb.createPool({
        socketPath: state.socket,
        user: state.user,
        password: state.password,
        database: state.database,
        connectionLimit: Number(connections),
        minimumIdle: Number(connections),
        multipleStatements: true,
        rowsAsArray: true,
        dateStrings: true,
        decimalAsNumber: false,
        bigIntAsNumber: true,
        checkDuplicate: false,
        resetAfterUse: false,
        minDelayValidation: 60000,
    });
    const app = Fastify({ logger: false, keepAliveTimeout: 0 });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    app.setErrorHandler((error, request, reply) => {
        const known = error instanceof Refusal;
        if (!known) console.error(error);
        reply.code(known ? error.statusCode : 500);
        return { result: 'error', error: denied, token: known ? error.message : 'internal' };
    });
    const route = (path, handler, right) => app.post(`/bench/node/${path}`, async (request) => {
        const params = querystring.parse(request.body.toString());
        const key = caller(request, params, right);
        return { result: 'success', return: await handler(pool, key, params, request.headers['x-request-id']) };
    });
    route('info', info, 0);
    route('ticket/create', create, 3);
    route('ticket/settle', settle, 5);
    route('merchant/order/create', order, 4);
    route('orders', orders, 0);
    await app.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
    console.log('ready');
}

if (cluster.isPrimary) {
    for (let i = 0; i < Number(processes); i++) cluster.fork();
    cluster.on('exit', (worker, code) => {
        console.error(`process ${worker.process.pid} ended with ${code}`);
        process.exitCode = 1;
    });
    process.on('SIGTERM', () => process.exit());
} else {
    await serve();
}
