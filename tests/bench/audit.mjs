// How long the audit of a large ledger takes: trades, payments and tickets made by the limit program until there are
// so many entries, on a stack of its own; then `tellerctl audit`, and `audit --since` of the newest thousandth. Exits 1
// where the whole takes longer than 20 s or finds anything.
//   usage: node tests/bench/audit.mjs DIR [ENTRIES]
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { closeConnections, Stack } from '../support/teller.mjs';
import { fillStock } from './market.mjs';

const [where, entries = '1000000'] = process.argv.slice(2);
const WANTED = Number(entries), MOST_S = 20, AT_ONCE = 5000;
const TREE = path.resolve(import.meta.dirname, '../..');
const dir = path.resolve(where);
const stack = await Stack.start(dir, { DEMO: 'no', JOBS: 'no', DATABASE_MEMORY: process.env.DATABASE_MEMORY ?? '1G' });
const env = { ...process.env, BASE: stack.base, TELLER_CONFIG: stack.config, TELLERCTL: stack.tellerctl };
const build = path.dirname(stack.tellerctl);

function sql(query, delimiter = ';') {
  return execFileSync('mariadb', ['--no-defaults', `--delimiter=${delimiter}`, '--socket', `${dir}/mariadb/mysqld.sock`, '--batch', '--skip-column-names',
    'teller', '-e', query], { encoding: 'utf8' }).trim();
}

/** So many calls of one kind: what they make lies in a file, as what they use up does. */
function make(call, keys, options) {
  execFileSync(path.join(build, 'bench/limit'), ['--config', stack.config, '--call', call, '--keys', `${dir}/${keys}`, '--connections', '32', '--warm', '0',
    '--seconds', '600', '--count', String(AT_ONCE), ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** What the server's processors have done so far, in seconds. */
function worked() {
  const [pid] = readdirSync(`${dir}/mariadb`).filter((name) => name.endsWith('.pid')).map((name) => readFileSync(`${dir}/mariadb/${name}`, 'utf8').trim());
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Wall time of an audit in seconds, which must find nothing, and the server's processor time. */
function audit(...options) {
  const [started, before] = [process.hrtime.bigint(), worked()];
  const { status, stdout, stderr } = spawnSync(stack.tellerctl, ['audit', ...options], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`audit ${options.join(' ')}: ${stdout} ${stderr}`);
  return { wall: Number(process.hrtime.bigint() - started) / 1e9, cpu: worked() - before };
}

const told = ({ wall, cpu }) => `${wall.toFixed(1)} s, ${cpu.toFixed(1)} s of the server's processors`;

const count = () => Number(sql('SELECT COUNT(*) FROM entry'));
let slow = false;
try {
  execFileSync('node', [path.join(TREE, 'tests/bench/people.mjs'), dir], { env, stdio: 'inherit' });
  for (let there = count(); there < WANTED; there = count()) {
    for (const [maker, makers, user, users] of [['order', 'merchants', 'pay', 'buyers'], ['create', 'customers', 'settle', 'partners']]) {
      make(maker, makers, ['--made', `${dir}/made`]);
      make(user, users, ['--tickets', `${dir}/made`]);
      rmSync(`${dir}/made`);
    }
    fillStock(sql, 2 * AT_ONCE);
    make('trade', 'traders', []);
    console.log(`${count()} entries`);
  }
  sql('ANALYZE TABLE account, journal, entry, hold, trade, market_order, ticket, checkout_order, checkout_payment');
  const since = sql('SELECT MAX(id) - MAX(id) DIV 1000 FROM journal');
  const whole = audit();
  slow = whole.wall > MOST_S;
  console.log(`${count()} entries: ${told(whole)}; --since ${since}: ${told(audit('--since', since))}`);
} finally {
  closeConnections();
  await stack.stop();
}
process.exit(slow ? 1 : 0);
