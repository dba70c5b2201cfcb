// Makes the people of the benchmark and writes what its programs need to know:
//   customers, partners      keys to call with (see measure.h)
//   state.json, state.php    the same for the peers, with the currencies and the way to the database
// 64 customers with a dollar wallet each, and 16 partners with 4 keys each.
//   usage: node people.mjs DIR        TELLER_CONFIG, TELLERCTL in the environment
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const dir = process.argv[2];
const CUSTOMERS = 64;
const PARTNERS = 16;
const KEYS_PER_PARTNER = 4;

function tellerctl(...args) {
    return JSON.parse(execFileSync(process.env.TELLERCTL, ['--json', ...args], { encoding: 'utf8' }));
}

function sql(query) {
    const options = ['--no-defaults', '--socket', `${dir}/mariadb/mysqld.sock`, '--batch', '--skip-column-names'];
    return execFileSync('mariadb', [...options, 'teller', '-e', query], { encoding: 'utf8' })
        .trim().split('\n').map((line) => line.split('\t'));
}

function addUser(login) {
    tellerctl('user', 'add', login, '--email', `${login}@bench.invalid`, '--verified', 'full');
}

function addKey(login, rights, partner) {
    const { key, secret } = tellerctl('key', 'add', login, '--face', 'v1', '--rights', rights);
    return { key, secret, partner };
}

const made = { customers: [], partners: [] };
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
    tellerctl('credit', login, 'USD', '1000000', '--note', 'For the benchmark');
    made.customers.push(addKey(login, 'get_info,withdraw', `bench-${i % PARTNERS}`));
}

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
const state = {
    socket: `${dir}/mariadb/mysqld.sock`,
    database: 'teller',
    user: 'teller_app',
    password: readFileSync(`${dir}/app.password`, 'utf8').trim(),
    master: readFileSync(`${dir}/master.key`, 'utf8').trim(),
    currencies,
    trade_fee: Number(sql('SELECT percent FROM trade_fee WHERE min_volume = 0')[0][0]),
    keys,
};

function php(value) {
    if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
    if (typeof value !== 'object') return String(value);
    return `[${Object.entries(value).map(([key, member]) => `${php(key)} => ${php(member)}`).join(', ')}]`;
}

writeFileSync(`${dir}/state.json`, JSON.stringify(state), { mode: 0o600 });
writeFileSync(`${dir}/state.php`, `<?php return ${php(state)};\n`, { mode: 0o600 });
