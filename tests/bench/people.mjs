// Makes the people of the benchmark and writes what its programs need to know:
//   customers, partners,
//   merchants, buyers,
//   traders, holders         keys to call with (see measure.h); buyers have sessions
//   state.json, state.php    the same for the peers, with the currencies and the way to the database
// 64 customers with a dollar wallet each, 16 partners with 4 keys each, 64 merchants, 64 buyers
// with dollars; and a market, 64 traders who place orders, 64 holders who have some, and the crowd whose
// orders fill the book.
//   usage: node people.mjs DIR        TELLER_CONFIG, TELLERCTL, BASE in the environment
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const dir = process.argv[2];
const CUSTOMERS = 64;
const PARTNERS = 16;
const KEYS_PER_PARTNER = 4;
const MERCHANTS = 64;
const BUYERS = 64;
const TRADERS = 64;
const HOLDERS = 64;
const CROWD = 16;
const PASSWORD = 'a password of the benchmark';

function tellerctl(...args) {
    return JSON.parse(execFileSync(process.env.TELLERCTL, ['--json', ...args], {
        encoding: 'utf8', input: args.includes('--password-stdin') ? PASSWORD : undefined }));
}

function sql(query) {
    const options = ['--no-defaults', '--socket', `${dir}/mariadb/mysqld.sock`, '--batch', '--skip-column-names'];
    return execFileSync('mariadb', [...options, 'teller', '-e', query], { encoding: 'utf8' })
        .trim().split('\n').map((line) => line.split('\t'));
}

function addUser(login, ...options) {
    return tellerctl('user', 'add', login, '--email', `${login}@bench.invalid`, '--verified', 'full', ...options);
}

function fund(login, currency = 'USD') {
    tellerctl('credit', login, currency, '1000000', '--note', 'For the benchmark');
}

// The ticket of a new session.
async function signIn(login) {
    const reply = await fetch(`${process.env.BASE}/identity-service/session`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ username: login, password: PASSWORD, timeout: 3600 }) });
    if (!reply.ok) throw new Error(await reply.text());
    return (await reply.json()).ticket;
}

function addKey(login, rights, partner) {
    const { key, secret } = tellerctl('key', 'add', login, '--face', 'v1', '--rights', rights);
    return { key, secret, partner };
}

const made = { customers: [], partners: [], merchants: [], traders: [], holders: [] };
for (let i = 0; i < PARTNERS; i++) {
    const id = `bench-${i}`;
    addUser(id);
    tellerctl('partner', 'add', id, '--user', id, '--name', `Partner ${i}`, '--url', 'https://partner.invalid/pay');
}
for (let i = 0; i < PARTNERS * KEYS_PER_PARTNER; i++) {
    const id = `bench-${i % PARTNERS}`;
    made.partners.push(addKey(id, 'get_info,partner', id));
}
for (let i = 0; i < CUSTOMERS; i++) {
    const login = `customer-${i}`;
    addUser(login);
    fund(login);
    made.customers.push(addKey(login, 'get_info,withdraw', `bench-${i % PARTNERS}`));
}

for (let i = 0; i < MERCHANTS; i++) {
    addUser(`merchant-${i}`);
    made.merchants.push(addKey(`merchant-${i}`, 'merchant', 'any'));
}
tellerctl('market', 'add', 'BTC', 'USD');
tellerctl('market', 'resume', 'BTCUSD');
for (const [name, count] of [['trader', TRADERS], ['holder', HOLDERS], ['crowd', CROWD]]) {
    for (let i = 0; i < count; i++) {
        const login = `${name}-${i}`;
        addUser(login);
        fund(login);
        if (name === 'crowd') fund(login, 'BTC');
        if (name !== 'crowd') made[`${name}s`].push(addKey(login, 'get_info,trade', login));
    }
}
const buyers = [];
for (let i = 0; i < BUYERS; i++) {
    addUser(`buyer-${i}`, '--password-stdin');
    fund(`buyer-${i}`);
    buyers.push(await signIn(`buyer-${i}`));
}
const userIds = sql("SELECT id FROM user WHERE login LIKE 'buyer-%' ORDER BY id");
writeFileSync(`${dir}/buyers`, buyers.map((ticket, i) => `${ticket} AAAA 0 0 ${userIds[i][0]} any\n`).join(''));

const rows = new Map(sql("SELECT LOWER(HEX(public_key)), id, version, user_id, rights FROM api_key WHERE face = 'v1'")
    .map(([hex, ...rest]) => [hex, rest.map(Number)]));
const keys = {};
for (const [file, list] of Object.entries(made)) {
    const lines = list.map(({ key, secret, partner }) => {
        const [id, version, user, rights] = rows.get(key.replaceAll('-', ''));
        keys[key] = { id, version, user, rights, secret };
        return `${key} ${secret} ${id} ${version} ${user} ${partner}\n`;
    });
    writeFileSync(`${dir}/${file}`, lines.join(''));
}

const currencies = Object.fromEntries(
    sql('SELECT id, code, symbol, symbol_position, decimals, display_decimals FROM currency')
        .map(([id, code, symbol, position, decimals, shown]) => [id, {
            id: Number(id), code, symbol, after: position === 'after', decimals: Number(decimals), display_decimals: Number(shown),
        }]));
// Single, daily and monthly limit in smallest units or null, by currency and level.
function limits() {
    const all = {};
    const periods = ['single', 'day', 'month'];
    for (const [currency, level, period, units] of sql("SELECT currency_id, level, period, maximum FROM limit_rule WHERE scope = 'withdrawal'")) {
        ((all[currency] ??= {})[level] ??= [])[periods.indexOf(period)] = units === 'NULL' ? null : units;
    }
    return all;
}

const state = {
    socket: `${dir}/mariadb/mysqld.sock`,
    database: 'teller',
    user: 'teller_app',
    password: readFileSync(`${dir}/app.password`, 'utf8').trim(),
    base_url: /^base_url *= *(\S+)/m.exec(readFileSync(process.env.TELLER_CONFIG, 'utf8'))[1],
    master: readFileSync(`${dir}/master.key`, 'utf8').trim(),
    currencies,
    markets: Object.fromEntries(sql('SELECT id, item_id, currency_id FROM market').map(([id, ...pair]) => [id, pair.map(Number)])),
    limits: limits(),
    trade_fee: Number(sql('SELECT percent FROM trade_fee WHERE min_volume = 0')[0][0]),
    keys,
};

function php(value) {
    if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
    if (typeof value !== 'object' || value === null) return String(value);
    return `[${Object.entries(value).map(([key, member]) => `${php(key)} => ${php(member)}`).join(', ')}]`;
}

writeFileSync(`${dir}/state.json`, JSON.stringify(state), { mode: 0o600 });
writeFileSync(`${dir}/state.php`, `<?php return ${php(state)};\n`, { mode: 0o600 });
