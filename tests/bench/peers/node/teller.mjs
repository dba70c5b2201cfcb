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

// Sends the statements in one packet and gives the rows of the last result set. A refusal by a
// procedure, or a deadlock, ends it.
async function call(pool, sql) {
    for (let tries = 1; ; tries++) {
        try {
            return (await pool.query(sql)).filter(Array.isArray).at(-1);
        } catch (error) {
            if (error.sqlState === '45000') {
                const token = error.sqlMessage.replace(/^.*\) /, '');
                throw new Refusal(token, token.startsWith('login_error') ? 403 : 200);
            }
            if (![1213, 1205, 1020].includes(error.errno) || tries === 5) throw error;
        }
    }
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

async function info(pool, key, params) {
    const rows = await call(pool, useKey(key, params) + `CALL account_info(${key.user})`);
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
    const rows = await call(pool, useKey(key, params) +
        `CALL ticket_create(${key.user}, 'n${key.id}:${params.nonce}', '${trace}', X'${bytes.toString('hex')}', ` +
        `X'${keyHash}', ${hexText(partner)}, ${currency.id}, ${units}, NULL, NULL)`);
    const [url] = rows[0];
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
    const rows = await call(pool, useKey(key, params) +
        `CALL ticket_settle(${key.user}, 'n${key.id}:${params.nonce}', '${trace}', X'${ticket.replaceAll('-', '')}', ` +
        `X'${keyHash}', X'${randomBytes(16).toString('hex')}', ${hexText(description)})`);
    const [bytes, partner, , status, currency, amount, created, expires, settled, words, reason] = rows[0];
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
        `CALL checkout_create(${key.user}, 'n${key.id}:${params.nonce}', X'${bytes.toString('hex')}', ${key.id}, ${currency.id}, ` +
        `${units}, ${[description, success, failure, ipn, endpoint].map(hexText).join(', ')}, ` +
        `X'${Buffer.from(data).toString('hex')}', 0, 0, 0, 0, 3600)`);
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
