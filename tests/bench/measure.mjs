// Measures, in rounds, and prints the table. Started by tests/bench/run, which has brought up what is
// measured. In a round each row's contestants run one after the other, in an order that turns, so
// that whatever else the machine does hits all of them; ratios are taken within a round.
//   usage: node measure.mjs DIR     PORT, BASE, ONE_PORT, ONE_PID, SINK_PORT, SINK_HOSTS, BUILD, TELLERCTL, TELLER_CONFIG, ROUNDS,
//                                   SECONDS_EACH, ROWS in the environment
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { fillBook, fillHolders, fillStock } from './market.mjs';

const dir = process.argv[2];
const env = process.env;
const rounds = Number(env.ROUNDS ?? 5);
const seconds = Number(env.SECONDS_EACH ?? 3);
const MEMORY_LIMIT_KIB = 4096;
const MEMORY_REQUESTS = 100000;
const MEMORY_FIRST = 1000;
const BACKLOG = 8000; // notifications, to be delivered at once
const STOCK = 20000; // asks that the measured takers find, more than they can take
const INFORMATION_ROUNDS = 2; // of those against which nothing is required

const against = {
    hello: 'bare libfcgi hello',
    limit: 'limit program',
    post: 'bare libcurl multi',
    live: 'the worker without a database',
    mysqli: 'php-fpm, mysqli',
    pdo: 'php-fpm, PDO',
    node: 'node, fastify, mariadb',
    file: 'static file of the same size',
    peatio: 'Peatio, published',
    small: 'the same, from 1,000 open orders',
    spread: 'the same over 64',
};
const peatio = { add: 125, trade: 31 }; // a second, as its authors published
const unmeasured = ['peatio', 'small']; // small is what the row `add` measured
// Rows with a book are measured once it has so many open orders, the smallest first. By how much ours should be faster; null is for information.
const allRows = [
    { call: 'get', title: '`/health/live`, no database', ratios: { hello: 0.85 } },
    { call: 'info', title: 'signed `info`', ratios: { limit: 0.3, mysqli: 2.5, pdo: null, node: 1.5 } },
    { call: 'create', title: '`ticket/create`', ratios: { limit: 0.65, mysqli: 1.5, pdo: null, node: 1.1 } },
    { call: 'settle', title: '`ticket/settle`', ratios: { limit: 0.65, mysqli: 1.5, pdo: null, node: 1.1 } },
    { call: 'order', title: '`order/create`', ratios: { limit: 0.45, mysqli: 1.5, pdo: null, node: 1.1 } },
    { call: 'pay', title: '`pay`', ratios: { limit: 0.6 } },
    { call: 'pay_one', title: '`pay` to one merchant', ratios: { spread: 0.8 } },
    { call: 'settle_one', title: '`settle` by one partner', ratios: { spread: 0.8 } },
    { call: 'ipn', title: 'IPN deliveries, 64 hosts', ratios: { post: 0.08 } },
    { call: 'calc', title: '`get_calc`', ratios: { live: 0.5, mysqli: 2.5 } },
    { call: 'directions', title: '`get_directions` of one currency, of 1,000', ratios: { live: 0.5, mysqli: 2.5 } },
    { call: 'bid', title: '`create_bid`', ratios: { limit: 0.6 } },
    { call: 'withdraw', title: 'POST `/viewer/withdrawals`', ratios: { limit: 0.6 } },
    { call: 'feed', title: 'rate feed of 1,000 directions', ratios: { file: 0.7 } },
    { call: 'add', book: 1000, title: '`order/add` that rests', ratios: { limit: 0.6, peatio: 20 } },
    { call: 'cancel', book: 1000, title: '`order/cancel`', ratios: { limit: 0.6 } },
    { call: 'orders', book: 100000, title: 'signed `orders`, 50 open', ratios: { limit: null, mysqli: 2.5, pdo: null, node: null } },
    { call: 'trade', book: 100000, title: '`order/add` that trades', ratios: { limit: 0.55, peatio: 40 } },
    { call: 'ticker', book: 100000, title: '`ticker`, 100,000 open orders', ratios: { file: 0.7 } },
    { call: 'depth', book: 100000, title: '`depth`, 100,000 open orders', ratios: { file: 0.7 } },
    { call: 'flat', book: 1000000, title: '`order/add` that rests, from 1,000,000 open orders', ratios: { small: 1 / 1.3 } },
];
const wanted = (name) => !env.ROWS || env.ROWS.split(' ').includes(name);
const table = allRows.filter(({ call }) => wanted(call));
const books = [...new Set(table.map(({ book }) => book ?? 0))].sort((a, b) => a - b);
const paths = {
    info: 'generic/info',
    create: 'generic/ticket/create',
    settle: 'generic/ticket/settle',
    order: 'generic/merchant/order/create',
    orders: 'generic/orders',
    add: 'BTCUSD/order/add',
    trade: 'BTCUSD/order/add',
    cancel: 'BTCUSD/order/cancel',
    ticker: 'BTCUSD/ticker',
    depth: 'BTCUSD/depth',
};
const robotPaths = { calc: 'get_calc', directions: 'get_directions', bid: 'create_bid' };
// Whose keys a call is made with, what it makes (a file for each program that makes some), and what it uses up.
const callers = {
    info: 'customers', create: 'customers', settle: 'partners', order: 'merchants', pay: 'buyers',
    orders: 'holders', add: 'traders', trade: 'traders', cancel: 'traders',
    withdraw: 'withdrawers', calc: 'robots', directions: 'robots-lists', bid: 'robots',
};
const makes = { create: 'tickets', order: 'orders', add: 'placed' };
const uses = { settle: 'tickets', pay: 'orders', cancel: 'placed' };
// Rows about one account that all credit: what is made first, by whose keys, then used up by whose; with one merchant or partner
// and with 64.
const hot = {
    pay_one: { make: 'order', use: 'pay', by: { ours: ['merchants-one', 'buyers'], spread: ['merchants', 'buyers'] } },
    settle_one: { make: 'create', use: 'settle',
        by: { ours: ['customers-one', 'partners-one'], spread: ['customers-many', 'partners-many'] } },
};
const isPublic = (call) => ['get', 'ticker', 'depth', 'feed'].includes(call);
const acknowledged = new Map(); // how many, by call
const problems = [];

function path(who, call) {
    if (who === 'hello') return '/bench/hello';
    if (call === 'get' || who === 'live') return '/health/live';
    if (call === 'pay') return '/site/pay';
    if (who === 'file') return `/bench/file/${call}`;
    if (call === 'feed') return '/request-exportxml.xml';
    if (call === 'withdraw') return '/api/v3/viewer/withdrawals';
    if (robotPaths[call]) return who === 'ours' ? `/api/userapi/v1/${robotPaths[call]}` : `/bench/desk/${robotPaths[call]}`;
    return who === 'ours' ? `/api/1/${paths[call]}` : `/bench/${who}/${paths[call].replace('generic/', '')}`;
}

// The arguments that the load generator and the limit program share.
function callArguments(who, call) {
    const args = ['--call', isPublic(call) || who === 'live' ? 'get' : call];
    if (callers[call] && who !== 'live') args.push('--keys', `${dir}/${callers[call]}`);
    if (makes[call]) args.push('--made', `${dir}/${makes[call]}-${who}`);
    if (uses[call]) args.push('--tickets', `${dir}/${uses[call]}-${who}`);
    return args;
}

// What the file holds: the answer as it is now.
function writeFile(call) {
    writeFileSync(`${dir}/file/${call}`, execFileSync('curl', ['-fsS', `${env.BASE}${path('ours', call)}`]));
}

function start(who, call, args, port = env.PORT) {
    const [program, where] = who === 'limit'
        ? ['limit', ['--config', env.TELLER_CONFIG]]
        : ['load', ['--port', port, '--path', path(who, call)]];
    const result = spawnSync(`${env.BUILD}/bench/${program}`, [...where, ...callArguments(who, call), ...args],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    if (uses[call]) rmSync(`${dir}/${uses[call]}-${who}`, { force: true });
    if (result.status !== 0) problems.push(`${who} ${call}: exit ${result.status} ${result.stdout.trim()}`);
    return result.stdout;
}

// One measurement; what it acknowledged is remembered for the count at the end.
// Cancelling goes on until nothing placed is left, which may be soon: it is measured from the first.
function measure(who, call, args = ['--seconds', String(seconds), ...(call === 'cancel' ? ['--warm', '0'] : [])], port = undefined) {
    if (call === 'ipn') return deliver(who);
    if (call in hot) return measureHot(who, hot[call]);
    if (call === 'flat') return measure(who, 'add', args, port);
    if (call === 'trade') fillStock(sql, STOCK);
    if (who === 'file') writeFile(call);
    const output = start(who, call, args, port);
    const result = output ? JSON.parse(output) : { per_second: 0, acknowledged: 0 };
    if (who !== 'live') acknowledged.set(call, (acknowledged.get(call) ?? 0) + result.acknowledged);
    return result;
}

// What is to be used up is made first, more than the time will take.
function measureHot(who, { make, use, by }) {
    const file = `${dir}/hot`;
    const [makers, users] = by[who].map((name) => `${dir}/${name}`);
    const load = (call, ...args) => {
        const { status, stdout } = spawnSync(`${env.BUILD}/bench/load`, ['--port', env.PORT, '--path', path('ours', call), '--call', call, ...args],
            { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
        if (status !== 0) problems.push(`${who} ${call}: exit ${status} ${stdout.trim()}`);
        const result = stdout ? JSON.parse(stdout) : { per_second: 0, acknowledged: 0 };
        acknowledged.set(call, (acknowledged.get(call) ?? 0) + result.acknowledged);
        return result;
    };
    load(make, '--keys', makers, '--made', file, '--seconds', String(2 * seconds));
    const result = load(use, '--keys', users, '--tickets', file, '--seconds', String(seconds));
    rmSync(file, { force: true });
    return result;
}

// --- deliveries ----------------------------------------------------------------------------------

// A backlog for all the shops in turn, like that of payments; what was there before is taken away.
function addBacklog() {
    sql("UPDATE delivery SET state = 'none', next_at = NULL WHERE state = 'pending'");
    sql(`BEGIN NOT ATOMIC
        DECLARE i INT DEFAULT 0;
        DECLARE v_host VARCHAR(40);
        START TRANSACTION;
        WHILE i < ${BACKLOG} DO
            SET v_host = CONCAT('127.0.2.', 1 + i % ${env.SINK_HOSTS}, ':${env.SINK_PORT}');
            SELECT u.id, MIN(k.id) INTO @merchant, @key FROM user AS u JOIN api_key AS k ON k.user_id = u.id AND k.face = 'v1'
                WHERE u.login = CONCAT('merchant-', i % ${env.SINK_HOSTS}) GROUP BY u.id;
            CALL notify_event(@merchant, uuid4(), uuid4(), 'test', 'USD', 100000, NULL, NULL, 'order 1', @key,
                CONCAT('http://', v_host, '/ipn'), v_host, FALSE);
            SET i = i + 1;
        END WHILE;
        COMMIT;
    END`, '//');
}

// The retrier is measured from its first attempt to its last record, as the database has them.
function deliver(who) {
    addBacklog();
    const [program, args] = who === 'post' ? ['bench/post', []] : ['teller-ipn', ['--once']];
    const { status, stdout, stderr } = spawnSync(`${env.BUILD}/${program}`, ['--config', env.TELLER_CONFIG, ...args], { encoding: 'utf8' });
    if (status !== 0) problems.push(`${who} ipn: exit ${status} ${stderr.trim()}`);
    if (who === 'post') {
        const result = stdout ? JSON.parse(stdout) : { per_second: 0, acknowledged: 0 };
        if (result.acknowledged !== BACKLOG) problems.push(`${result.acknowledged} posts, not ${BACKLOG}`);
        return result;
    }
    sql(`CREATE OR REPLACE TABLE bench_delivered AS SELECT a.latency_us, a.at, e.delivered_at FROM delivery AS e
        JOIN delivery_attempt AS a ON a.delivery_id = e.id WHERE e.state = 'delivered' AND e.id > (SELECT MAX(id) FROM delivery) - ${BACKLOG}`);
    const [count, us] = sql('SELECT COUNT(*), TIMESTAMPDIFF(MICROSECOND, MIN(at), MAX(delivered_at)) FROM bench_delivered').split('\t').map(Number);
    const p99 = sql(`SELECT latency_us FROM bench_delivered ORDER BY latency_us LIMIT 1 OFFSET ${Math.floor(count * 0.99)}`);
    sql('DROP TABLE bench_delivered');
    if (count !== BACKLOG) problems.push(`${count} delivered, not ${BACKLOG}`);
    return { per_second: count / us * 1e6, p99_us: Number(p99) };
}

// --- the same work -------------------------------------------------------------------------------

function sql(query, delimiter = ';') {
    const options = ['--no-defaults', `--delimiter=${delimiter}`, '--socket', `${dir}/mariadb/mysqld.sock`, '--batch', '--skip-column-names'];
    return execFileSync('mariadb', [...options, 'teller', '-e', query], { encoding: 'utf8' }).trim();
}

// The statements that one call sends, as the server's own log has them, with the values left out.
function statements(who, call) {
    const log = `${dir}/log/general-${who}-${call}.log`;
    sql(`SET GLOBAL general_log_file = '${log}'; SET GLOBAL general_log = ON`);
    const answer = who === 'limit'
        ? start(who, call, ['--connections', '1', '--count', '1', '--warm', '0'])
        : start(who, call, ['--show']);
    sql('SET GLOBAL general_log = OFF');
    acknowledged.set(call, (acknowledged.get(call) ?? 0) + 1);
    // What a process asks once and remembers is no part of a call, and may take the call's first statement along, of which the
    // matcher then has nothing to tell.
    const once = /^SELECT (told_0$|@@datadir$|[^;]* FROM (currency|trade_fee|market|limit_rule WHERE|trader_volume|api_key AS k)\b)/;
    const calls = readFileSync(log, 'utf8').split('\n')
        .flatMap((line) => /\bQuery\t(.*)$/.exec(line)?.[1].split(';') ?? []).map((text) => text.trim())
        .filter((text) => /^(CALL|SELECT) /.test(text) && !once.test(text))
        .map((text) => text.replace(/(_utf8mb4 )?X?'[^']*'|\b\d+\b/g, '?').replace(/\s+/g, ' '));
    return { answer, calls };
}

// A trader's first order opens the account of what it buys, which is no part of the others.
function openAccounts(call) {
    start('ours', call, ['--show']);
    acknowledged.set(call, (acknowledged.get(call) ?? 0) + 1);
}

// Everyone sends the same statements, and everyone but the limit gives the same answer as ours.
function checkSameWork(rows) {
    for (const { call } of rows.filter(({ call: name }) => ['calc', 'directions'].includes(name)))
        compareAnswers('mysqli', call, start('mysqli', call, ['--show']), start('ours', call, ['--show']));
    // A bid is made by the same function in both; beside it a worker reads what it remembers for less than a second.
    for (const { call, ratios } of rows.filter((row) => 'limit' in row.ratios && row.call !== 'bid')) {
        if (call === 'trade') fillStock(sql, 3);
        if (call === 'add' || call === 'trade') openAccounts(call);
        const ours = statements('ours', call);
        for (const who of Object.keys(ratios).filter((name) => !unmeasured.includes(name))) {
            const theirs = statements(who, call);
            if (theirs.calls.join() !== ours.calls.join()) {
                problems.push(`${who} ${call} sends ${theirs.calls.join('; ')} and not ${ours.calls.join('; ')}`);
            }
            if (who !== 'limit') compareAnswers(who, call, theirs.answer, ours.answer);
        }
    }
}

// Ids, keys and times differ by nature.
function compareAnswers(who, call, theirs, ours) {
    const plain = (text) => text
        .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uuid').replace(/"key":"[\w-]{43}"/, '"key":"key"')
        .replace(/"(created|expires|settled)":\d{10}/g, '"$1":0').replace(/"partner":"bench-\d+"/, '"partner":""');
    try {
        assert.deepEqual(JSON.parse(plain(theirs)), JSON.parse(plain(ours)));
    } catch (error) {
        problems.push(`${who} ${call} answers otherwise: ${error.message}`);
    }
}

// --- figures -------------------------------------------------------------------------------------

function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const thousands = (number) => Math.round(number).toLocaleString('en-US');
const milliseconds = (us) => (us / 1000).toFixed(1);

// Who is measured in a round.
function contestants(row, round) {
    const others = Object.keys(row.ratios).filter((who) => !unmeasured.includes(who)
        && (row.ratios[who] !== null || round < INFORMATION_ROUNDS));
    return ['ours', ...others];
}

function runRound(rows, round, results) {
    for (const row of rows) {
        const all = contestants(row, round);
        for (let i = 0; i < all.length; i++) {
            const who = all[(i + round) % all.length];
            const result = measure(who, row.call);
            (results[row.call][who] ??= []).push(result);
            console.error(`round ${round + 1}: ${row.call} ${who} ${thousands(result.per_second)}/s, `
                + `p99 ${milliseconds(result.p99_us)} ms`);
        }
    }
}

// What a row is compared with, a round each.
function opponent(row, who, results) {
    if (who === 'peatio') return results[row.call].ours.map(() => ({ per_second: peatio[row.call] }));
    return who === 'small' ? results.add.ours : results[row.call][who];
}

function printRow(row, who, results) {
    const ours = results[row.call].ours;
    const theirs = opponent(row, who, results);
    const ratios = theirs.map((result, i) => ours[i].per_second / result.per_second);
    const ratio = median(ratios);
    const required = row.ratios[who];
    const reached = required === null || (Number.isFinite(ratio) && ratio >= required);
    const verdict = required === null ? '' : reached ? 'ok' : 'NOT OK';
    const least = required === null ? '' : Number(required.toFixed(2));
    if (!reached) problems.push(`${row.title} against ${against[who]}: ${ratio.toFixed(2)}, not ${least}`);
    const figures = (list) => {
        const late = list.map((result) => result.p99_us).filter(Boolean);
        return `${thousands(median(list.map((result) => result.per_second)))}/s`
            + (late.length > 0 ? `, ${milliseconds(median(late))} ms` : '');
    };
    console.log(`| ${row.title} | ${figures(ours)} | ${against[who]}: ${figures(theirs)} `
        + `| ${ratio.toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}) | ${least} | ${verdict} |`);
}

// --- memory --------------------------------------------------------------------------------------

function privateKib(pid) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}

// A mix of calls through the port that reaches one worker alone.
function mix(count) {
    for (const [call, share] of [['get', 0.1], ['info', 0.6], ['create', 0.15], ['settle', 0.15]]) {
        measure('ours', call, ['--seconds', '120', '--warm', '0', '--count', String(Math.round(count * share))], env.ONE_PORT);
    }
}

function memory() {
    mix(MEMORY_FIRST);
    const first = privateKib(env.ONE_PID);
    mix(MEMORY_REQUESTS - MEMORY_FIRST);
    const last = privateKib(env.ONE_PID);
    return { last, growth: last - first };
}

function printMemory({ last, growth }) {
    const small = last <= MEMORY_LIMIT_KIB;
    const steady = growth <= 0;
    if (!small || !steady) problems.push(`a worker holds ${last} KiB and grew by ${growth} KiB`);
    console.log(`| private memory of a worker after ${thousands(MEMORY_REQUESTS)} requests | ${last} KiB | | | 4 MiB | ${small ? 'ok' : 'NOT OK'} |`);
    console.log(`| its growth after the first ${thousands(MEMORY_FIRST)} | ${growth} KiB | | | 0 | ${steady ? 'ok' : 'NOT OK'} |`);
}

// --- afterwards ----------------------------------------------------------------------------------

// Nothing was lost or made up: the audit is clean, and each acknowledged call is there once.
function checkMoney() {
    const audit = spawnSync(env.TELLERCTL, ['audit'], { encoding: 'utf8' });
    if (audit.status !== 0) problems.push(`audit: ${audit.stdout}${audit.stderr}`);
    const [made, settled] = sql("SELECT COUNT(*), COALESCE(SUM(status = 'settled'), 0) FROM ticket").split('\t').map(Number);
    const [orders, paid] = sql("SELECT COUNT(*), COALESCE(SUM(status = 'paid'), 0) FROM checkout_order").split('\t').map(Number);
    const [placed, cancelled] = sql("SELECT COUNT(*), COALESCE(SUM(status = 'cancelled'), 0) FROM market_order AS o "
        + "JOIN user AS u ON u.id = o.user_id AND u.login LIKE 'trader-%'").split('\t').map(Number);
    const trades = Number(sql('SELECT COUNT(*) FROM trade'));
    const bids = Number(sql('SELECT COUNT(*) FROM desk_bid'));
    const counts = {
        bid: bids, withdraw: Number(sql('SELECT COUNT(*) FROM payout')),
        create: made, settle: settled, order: orders, pay: paid, trade: trades, add: placed - trades, cancel: cancelled };
    for (const [call, count] of Object.entries(counts)) {
        const told = acknowledged.get(call) ?? 0;
        if (count !== told) problems.push(`${call}: ${count} in the database, ${told} acknowledged`);
    }
    for (const name of ['main', 'order', 'read', 'one']) {
        const log = `${dir}/log/${name}.log`;
        if (existsSync(log) && /level=bug/.test(readFileSync(log, 'utf8'))) problems.push(`${log} holds level=bug lines`);
    }
    console.error(`${thousands(made)} tickets made, ${thousands(settled)} settled; `
        + `${thousands(orders)} orders made, ${thousands(paid)} paid; ${thousands(placed)} orders placed, `
        + `${thousands(cancelled)} cancelled, ${thousands(trades)} traded; audit ${audit.status === 0 ? 'clean' : 'NOT CLEAN'}`);
}

const results = Object.fromEntries(table.map((row) => [row.call, {}]));
for (const book of books) {
    const rows = table.filter((row) => (row.book ?? 0) === book);
    if (rows.some((row) => row.call === 'orders')) fillHolders(sql);
    if (book > 0) {
        console.error(`the book is filled up to ${thousands(book)} open orders`);
        await fillBook(sql, book);
    }
    checkSameWork(rows);
    for (let round = 0; round < rounds; round++) runRound(rows, round, results);
}
const used = wanted('memory') ? memory() : undefined;
checkMoney();

console.log('| through nginx, 64 keep-alive clients | ours, p99 | against, p99 | ratio, median (spread) | required | |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const row of table) {
    for (const who of Object.keys(row.ratios)) printRow(row, who, results);
}
if (used) printMemory(used);
for (const problem of problems) console.error(`bench: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
