// Makes the people of the benchmark and writes what its programs need to know:
//   customers, partners,
//   merchants, buyers,
//   traders, holders         keys to call with (see measure.h); buyers have sessions
//   merchants-one, partners-one, customers-one      64 keys of one merchant and of one partner, and the customers' with that one
//   partners-many, customers-many                   64 partners with a key each
//   withdrawers              of the viewer API, with dollars in FUND
//   robots, robots-lists     of the exchange desk: each with a direction, and with a currency that is given
//   state.json, state.php    the same for the peers, with the currencies and the way to the database
// 64 customers with a dollar wallet each, 16 partners with 4 keys each, 64 merchants, 64 buyers
// with dollars; and a market, 64 traders who place orders, 64 holders who have some, and the crowd whose
// orders fill the book.
//   usage: node people.mjs DIR        TELLER_CONFIG, TELLERCTL, BASE in the environment
import { execFileSync } from 'node:child_process';
import { createHash, createHmac, randomUUID } from 'node:crypto';
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
// Those whose accounts are credited by everybody at once, and as many as there are payers to compare with.
made['merchants-one'] = made.merchants.map(() => addKey('merchant-0', 'merchant', 'any'));
made['partners-one'] = made.customers.map(() => addKey('bench-0', 'get_info,partner', 'bench-0'));
made['customers-one'] = made.customers.map(({ key, secret }) => ({ key, secret, partner: 'bench-0' }));
made['partners-many'] = [];
for (let i = 0; i < CUSTOMERS; i++) {
    const id = `many-${i}`;
    addUser(id);
    tellerctl('partner', 'add', id, '--user', id, '--name', `Many ${i}`, '--url', 'https://partner.invalid/pay');
    made['partners-many'].push(addKey(id, 'get_info,partner', id));
}
// Those who withdraw by a gateway that nobody works at; their money goes to FUND first.
async function toFund({ key, secret }) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ type: 'OpenAPIV2', sub: key, nonce: `${Date.now()}000000` })}`;
    const reply = await fetch(`${process.env.BASE}/api/v3/viewer/transfer`, { method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}` },
        body: JSON.stringify({ symbol: 'USD', amount: '1000000', from: 'SPOT', to: 'FUND', guid: randomUUID() }) });
    if (!reply.ok) throw new Error(await reply.text());
}
tellerctl('rail', 'set', 'Bench', '--set', 'kind=off_chain');
tellerctl('rail', 'asset', 'Bench', 'USD', '--set', 'decimals=5');
made.withdrawers = [];
for (let i = 0; i < CUSTOMERS; i++) {
    addUser(`withdrawer-${i}`);
    fund(`withdrawer-${i}`);
    const key = tellerctl('key', 'add', `withdrawer-${i}`, '--face', 'wallet', '--rights', 'View Account Balance Information,Execute Withdrawals');
    await toFund(key);
    made.withdrawers.push({ ...key, partner: 'any' });
}
made['customers-many'] = made.customers.map(({ key, secret }, i) => ({ key, secret, partner: `many-${i}` }));
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
// The exchange desk: 1,000 directions between 33 systems, and 64 robots, so that no reserve is everybody's.
const SYSTEMS = 33;
const DIRECTIONS = 1000;
const ROBOTS = 64;
sql(`INSERT INTO desk_rate (name, kind, give, get, at) VALUES ('bench', 'fixed', '1', '0.5', NOW(6));
    INSERT INTO desk_system (code, name, currency_id, decimals, rail, account_get) SELECT CONCAT('BENCH', seq), CONCAT('Bank ', seq), 2, 2,
        CONCAT('bench.', seq), FALSE FROM seq_1_to_${SYSTEMS};
    INSERT INTO desk_direction (give_id, get_id, state, rate_id) SELECT g.id, h.id, 'on', r.id FROM desk_system AS g
        JOIN desk_system AS h ON h.id <> g.id JOIN desk_rate AS r ON r.name = 'bench' ORDER BY g.id, h.id LIMIT ${DIRECTIONS};
    INSERT INTO desk_key (login, secret_hash, methods) SELECT MD5(CONCAT('robot', seq)), UNHEX(SHA2(MD5(CONCAT('secret', seq)), 256)), 65535
        FROM seq_1_to_${ROBOTS}`);
for (let i = 1; i <= SYSTEMS; i++) tellerctl('desk', 'fill', `BENCH${i}`, '1000000000', '--reference', `bench-${i}`);
const robots = sql('SELECT login, id FROM desk_key ORDER BY id')
    .map(([login, id], i) => [login, createHash('md5').update(`secret${i + 1}`).digest('hex'), id]);
const ways = sql('SELECT id, give_id FROM desk_direction ORDER BY id');
for (const [file, column] of [['robots', 0], ['robots-lists', 1]])
    writeFileSync(`${dir}/${file}`, robots.map(([login, secret, id], i) => `${login} ${secret} ${id} 0 0 ${ways[i * 15][column]}\n`).join(''));

const buyers = [];
for (let i = 0; i < BUYERS; i++) {
    addUser(`buyer-${i}`, '--password-stdin');
    fund(`buyer-${i}`);
    buyers.push(await signIn(`buyer-${i}`));
}
const userIds = sql("SELECT id FROM user WHERE login LIKE 'buyer-%' ORDER BY id");
writeFileSync(`${dir}/buyers`, buyers.map((ticket, i) => `${ticket} AAAA 0 0 ${userIds[i][0]} any\n`).join(''));

const rows = new Map(sql("SELECT LOWER(HEX(public_key)), id, version, user_id, rights FROM api_key WHERE face IN ('v1', 'wallet')")
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

// What a ticket's calls send, for the peers: the same statements as ours. {names} are filled in, values as hexadecimal text.
const COMPOUND = "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLWARNING RESIGNAL SQLSTATE '45001'; ";
const refuse = (word) => `SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${word}'; `;
const account = (owner, purpose, currency) => '(SELECT id FROM account AS ledger_account WHERE ledger_account.owner_id = '
    + `${owner} AND ledger_account.purpose = '${purpose}' AND ledger_account.currency_id = ${currency} AND ledger_account.rail = '')`;
const partnerOf = (column) => `(SELECT ${column} FROM partner AS p WHERE p.id = t.partner_id)`;
const changed = `IF ROW_COUNT() <> 1 THEN ${refuse('db_contended')}END IF; `;
const statements = {
    // the count, the rules, what the partner and the customer are
    offer: `${COMPOUND}START TRANSACTION; `
        + 'SELECT day, day_amount, month_amount FROM limit_count WHERE user_id = {user} AND scope = {scope} AND currency_id = {currency} '
        + 'AND by_value = 0 FOR UPDATE; '
        + "SELECT r.period, r.maximum, DATE(CONVERT_TZ(NOW(6), '+00:00', r.time_zone)) FROM limit_rule AS r WHERE r.scope = {scope} "
        + 'AND r.level = (SELECT level FROM user AS levelled_user WHERE levelled_user.id = {user}) AND r.currency_id = {currency} AND r.by_value = 0; '
        + 'SELECT p.user_id, p.name, p.url, p.verified_only, p.ttl_s, '
        + '(SELECT level FROM user AS levelled_user WHERE levelled_user.id = asks.user_id), '
        + '(SELECT otp_required FROM user AS guarded_user WHERE guarded_user.id = asks.user_id), '
        + '(SELECT enabled FROM currency AS ledger_currency WHERE ledger_currency.id = asks.currency_id), '
        + 'EXISTS (SELECT 1 FROM journal AS ledger_posted WHERE ledger_posted.user_id = asks.user_id '
        + 'AND ledger_posted.request_key = asks.request_key), '
        + `${account('asks.user_id', 'available', 'asks.currency_id')}, ${account('asks.user_id', 'held', 'asks.currency_id')}, `
        + '(SELECT balance - reserved FROM account AS ledger_free WHERE ledger_free.owner_id = asks.user_id '
        + "AND ledger_free.purpose = 'available' AND ledger_free.currency_id = asks.currency_id AND ledger_free.rail = ''), "
        + 'NOW(6), UNIX_TIMESTAMP(NOW(6)) DIV 1 '
        + 'FROM (SELECT {user} AS user_id, {currency} AS currency_id, {request_key} AS request_key) AS asks '
        + 'JOIN partner AS p ON p.id = {partner} AND p.enabled; END',
    open: 'INSERT INTO account (owner_id, currency_id, purpose, rail, may_overdraw) VALUES ({owner}, {currency}, {purpose}, '
        + "X'', 0) ON DUPLICATE KEY UPDATE id = id RETURNING id",
    create: `${COMPOUND}INSERT INTO ticket (id, customer_id, partner_id, partner_user_id, currency_id, amount, key_hash, created_at, `
        + 'expires_at) VALUES ({ticket}, {user}, {partner}, {partner_user}, {currency}, {units}, {key_hash}, {now}, '
        + 'CAST({now} AS DATETIME(6)) + INTERVAL {ttl} SECOND); {count}'
        + 'INSERT INTO limit_use (kind, ref, scope, currency_id, by_value, user_id, amount, day) '
        + 'VALUES ({kind}, {ticket}, {scope}, {currency}, 0, {user}, {units}, {today}); {journal}'
        + 'INSERT INTO hold (kind, ref, account_id, amount, from_id) VALUES ({kind}, {ticket}, {held}, {units}, {held}); {legs}COMMIT; END',
    count_first: `BEGIN DECLARE EXIT HANDLER FOR 1062 ${refuse('db_contended')}INSERT INTO limit_count (user_id, scope, currency_id, `
        + 'by_value, day, day_amount, month_amount) VALUES ({user}, {scope}, {currency}, 0, {today}, {units}, {units}); END; ',
    count_again: 'UPDATE limit_count SET day = {today}, day_amount = {day_used}, month_amount = {month_used} '
        + 'WHERE user_id = {user} AND scope = {scope} AND currency_id = {currency} AND by_value = 0; ',
    journal: `BEGIN DECLARE EXIT HANDLER FOR 1062 ${refuse('replayed')}INSERT INTO journal (kind, user_id, request_key, trace, ref) `
        + 'VALUES ({why}, {user}, {request_key}, {trace}, {ticket}); END; SET @ledger_journal = LAST_INSERT_ID(); '
        + "INSERT INTO stream_event (kind, journal_id) VALUES ('journal', @ledger_journal); ",
    balances: `BEGIN DECLARE EXIT HANDLER FOR 4025 ${refuse('insufficient_funds')}UPDATE account FORCE INDEX (PRIMARY) SET balance = CASE id`,
    balance: ' WHEN {account} THEN (@ledger_balance_{at} := balance + {units})',
    numbers: ' END, entries = CASE id',
    number: ' WHEN {account} THEN (@ledger_seq_{at} := entries + 1)',
    entries: ' END WHERE id IN ({accounts}); END; INSERT INTO entry (account_id, seq, journal_id, amount, balance, type, info) VALUES ',
    entry: '({account}, @ledger_seq_{at} - 0, @ledger_journal, {units}, @ledger_balance_{at} - (0), {type}, {info})',
    look: `${COMPOUND}START TRANSACTION; SELECT t.id, t.partner_id, ${partnerOf('p.name')}, ${partnerOf('p.url')}, `
        + "IF(t.status = 'open' AND t.expires_at <= NOW(6), 'expired', t.status), t.currency_id, t.amount, "
        + 'UNIX_TIMESTAMP(t.created_at) DIV 1, UNIX_TIMESTAMP(t.expires_at) DIV 1, UNIX_TIMESTAMP(t.settled_at) DIV 1, t.description, '
        + 't.reason, t.customer_id, (SELECT COUNT(*) FROM ticket_update AS n WHERE n.ticket_id = t.id), '
        + '(SELECT login FROM user AS named_user WHERE named_user.id = t.customer_id), t.partner_user_id, t.key_hash, t.wrong_keys, '
        + 'TIMESTAMPDIFF(SECOND, t.wrong_key_at, NOW(6)), '
        + `${account('t.customer_id', 'held', 't.currency_id')}, ${account('t.customer_id', 'available', 't.currency_id')}, `
        + `${account('t.partner_user_id', 'available', 't.currency_id')}, NOW(6), UNIX_TIMESTAMP(NOW(6)) DIV 1 `
        + 'FROM ticket AS t WHERE t.id = {ticket} FOR UPDATE; END',
    settle: `${COMPOUND}UPDATE ticket SET status = 'settled', settled_at = {now}, description = {description} WHERE id = {ticket} `
        + `AND status = {open}; ${changed}{journal}UPDATE hold SET state = {captured} WHERE kind = {kind} AND ref = {ticket} `
        + `AND state = 'open' AND account_id = {held} AND amount = {units}; ${changed}{legs}COMMIT; END`,
};

const state = {
    statements,
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
