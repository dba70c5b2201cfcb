// The operator's tool and the jobs, as programs: results, refusals, exit codes.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Client, closeConnections, inParallel, stack, unique, until } from '../support/teller.mjs';

const run = promisify(execFile);
const DONE = 0, FAILED = 1, USAGE = 2;

let scratch;
before(async () => { scratch = await mkdtemp(path.join(tmpdir(), 'teller-ctl-')); });
after(async () => {
  await rm(scratch, { recursive: true });
  await stack.audit();
  closeConnections();
});

/** Runs tellerctl for people: exit code, standard output, standard error. */
async function plain(...args) {
  const env = { ...process.env, TELLER_CONFIG: stack.config };
  try {
    const { stdout, stderr } = await run(stack.tellerctl, args, { env });
    return { code: DONE, stdout, stderr };
  } catch (error) {
    return error;
  }
}

/** Runs tellerctl, which must fail with this code and error id, in one line. */
async function refused(code, id, ...args) {
  const reply = await stack.ctlResult(args);
  assert.equal(reply.code, code, `${args.join(' ')}: ${reply.complaint}`);
  const error = JSON.parse(reply.complaint);
  assert.deepEqual(Object.keys(error), ['error', 'message']);
  assert.equal(error.error, id, reply.complaint);
  assert.equal(reply.out, '');
  return error.message;
}

/** A copy of the configuration in which some lines read differently. */
async function changedConfig(...replacements) {
  let text = await readFile(stack.config, 'utf8');
  for (const [from, to] of replacements) text = text.replace(from, to);
  const file = path.join(scratch, `${unique()}.conf`);
  await writeFile(file, text);
  return file;
}

test('help: all commands, and each command', async () => {
  const { stdout } = await plain('--help');
  const commands = stdout.split('\n').filter((line) => line.startsWith('  ')).map((line) => line.trim());
  for (const name of ['migrate', 'doctor', 'audit', 'config', 'user add', 'user show', 'key add', 'key list', 'key revoke', 'credit',
    'balance', 'partner add', 'currency list', 'limit set'])
    assert.ok(commands.some((line) => line.startsWith(name)), name);
  for (const line of commands) {
    const words = line.split(' ').filter((word) => /^[a-z]+$/.test(word));
    const help = await plain(...words, '--help');
    assert.equal(help.code, DONE, words.join(' '));
    assert.ok(help.stdout.includes(line), words.join(' '));
  }
});

test('wrong usage: exit 2 and one line that says what', async () => {
  for (const args of [[], ['nothing'], ['user'], ['user', 'nothing'], ['user', 'show'], ['user', 'show', 'a', 'b'], ['balance', '--nothing', 'x'],
    ['user', 'add', 'x'], ['user', 'add', 'x', '--email'], ['credit', 'a', 'USD'], ['--nothing'], ['key', 'add', 'x', '--face', 'v1'],
    ['user', 'add', 'x', '--email', 'a@b', '--email', 'c@d']]) {
    const { code, stderr } = await plain(...args);
    assert.equal(code, USAGE, args.join(' '));
    assert.match(stderr, /^tellerctl: [^\n]+\n$/, args.join(' '));
    await refused(USAGE, 'invalid_parameter', ...args);
  }
});

test('help in every way that is tried first: help, help GROUP, GROUP --help, --version', async () => {
  const all = await plain('--help');
  assert.deepEqual(await plain('help'), all);
  const group = await plain('user', '--help');
  assert.equal(group.code, DONE, group.stderr);
  assert.match(group.stdout, /^  user add /m);
  assert.match(group.stdout, /^  user show /m);
  assert.doesNotMatch(group.stdout, /^  key /m);
  assert.deepEqual(await plain('help', 'user'), group);
  assert.deepEqual(await plain('help', 'user', 'add'), await plain('user', 'add', '--help'));
  const { code, stdout } = await plain('--version');
  assert.deepEqual([code, /^tellerctl \d+\.\d+\n$/.test(stdout)], [DONE, true], stdout);
  assert.match(await refused(USAGE, 'invalid_parameter', 'user'), /^user is a group of commands/);
  assert.match(await refused(USAGE, 'invalid_parameter', 'user', 'nothing'), /no such command: user nothing/);
});

test('a negative amount is called one, not an unknown option', async () => {
  for (const args of [['credit', 'alice', 'USD', '-5'], ['credit', 'alice', 'USD', '-.5'], ['credit', 'alice', 'USD', '--', '-5']])
    assert.match(await refused(USAGE, 'invalid_parameter', ...args), /^-\.?5 is negative: amounts are above zero/);
  assert.match(await refused(USAGE, 'invalid_parameter', 'credit', 'alice', 'USD', '5', '-x'), /^unknown option -x/);
});

test('unlock: wrong passwords and codes are forgotten', async () => {
  const password = 'a password of the tests', { login } = await stack.user({ password });
  const signIn = async (word) => (await stack.request('POST', '/identity-service/session', { headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: login, password: word }) })).status;
  await until(async () => await signIn('wrong') === 429, 30, 'the end of patience');
  assert.equal(await signIn(password), 429);
  assert.deepEqual(await stack.ctl('unlock', login), { unlocked: login });
  assert.equal(await signIn(password), 200);
  await refused(FAILED, 'not_found', 'unlock', unique());
});

test('what is wrong is said as it is: every missing key, a file that cannot be read, a server that refuses', async () => {
  const empty = path.join(scratch, 'empty.conf');
  await writeFile(empty, '');
  assert.match(await refused(USAGE, 'config', 'config', '--config', empty), /"socket" in \[database\], "key_file" in \[security\], "base_url" in \[site\] must be set$/);
  const missing = await changedConfig([/key_file = .*/, 'key_file = /nonexistent/master.key']);
  assert.match(await refused(USAGE, 'config', 'key', 'add', 'alice', '--face', 'v1', '--rights', 'get_info', '--config', missing), /master\.key: cannot be read by user \d+: No such file/);
  const unread = JSON.parse((await stack.ctlResult(['doctor', '--config', missing])).out).find((row) => row.check === 'master key');
  assert.match(unread.found, /master\.key: cannot be read by user \d+: No such file/);
  const password = path.join(scratch, 'wrong.password');
  await writeFile(password, 'wrong\n', { mode: 0o600 });
  const denied = await changedConfig([/^password_file = .*/m, `password_file = ${password}`]);
  const ownerDenied = await changedConfig([/^owner_password_file = .*/m, `owner_password_file = ${password}`]);
  assert.match(await refused(FAILED, 'db_away', 'migrate', '--config', ownerDenied), /^1045 Access denied .*see user, password file and name in \[database\]$/);
  assert.match(await refused(FAILED, 'db_away', 'audit', '--config', denied), /^1045 Access denied .*see user, password file and name in \[database\]$/);
});

test('no configuration, a wrong one, a key that is none', async () => {
  await refused(USAGE, 'config', 'audit', '--config', path.join(scratch, 'missing'));
  const wrong = await changedConfig(['base_url', 'bas_url']);
  assert.match(await refused(USAGE, 'config', 'audit', '--config', wrong), /conf:\d+: unknown key "bas_url".*"base_url"/);
});

test('the database away: exit 1', async () => {
  const away = await changedConfig([/socket = .*/, 'socket = /nonexistent/mysqld.sock']);
  for (const command of [['audit'], ['balance', 'alice'], ['migrate']]) await refused(FAILED, 'db_away', ...command, '--config', away);
});

test('config: every value with its origin', async () => {
  const rows = await stack.ctl('config');
  assert.deepEqual(Object.keys(rows[0]), ['key', 'value', 'origin']);
  const of = (key) => rows.find((row) => row.key === key);
  assert.equal(of('site.base_url').origin, 'file');
  assert.equal(of('database.name').value, 'teller');
  assert.ok(rows.every((row) => ['file', 'default'].includes(row.origin)));
});

test('migrate: a second time does nothing', async () => {
  assert.deepEqual(await stack.ctl('migrate'), { applied: [] });
});

test('doctor: sound', async () => {
  await until(async () => Number(await stack.sql('SELECT COUNT(*) FROM job')) === 8, 20, 'a first run of each job');
  const findings = await stack.ctl('doctor');
  assert.ok(findings.length > 10);
  for (const row of findings) assert.deepEqual([row.ok, row.mend], [true, null], row.check);
});

test('doctor: says what is wrong and how to mend it', async () => {
  const key = path.join(scratch, 'open.key');
  await copyFile(path.join(stack.dir, 'master.key'), key);
  await chmod(key, 0o644);
  const schema = path.join(scratch, 'schema');
  const directory = /directory = (.*)/.exec(await readFile(stack.config, 'utf8'))[1];
  await run('cp', ['-r', directory, schema]);
  await writeFile(path.join(schema, '9999_more.sql'), 'CREATE TABLE more (id INT PRIMARY KEY);');
  const config = await changedConfig([/key_file = .*/, `key_file = ${key}`], [/base_url = https/, 'base_url = http'],
    [/directory = .*/, `directory = ${schema}`]);
  const { code, out } = await stack.ctlResult(['doctor', '--config', config]);
  assert.equal(code, FAILED);
  const wrong = JSON.parse(out).filter((row) => !row.ok);
  assert.deepEqual(wrong.map((row) => row.check), ['base_url', 'key file', 'master key', 'schema', 'master key of this database']);
  assert.equal(wrong[1].mend, `chmod 600 ${key}`);
  assert.equal(wrong[3].mend, 'tellerctl migrate; where it is newer than the program, install the newer one');
});

test('doctor: an application user with too many rights, a database that may lose commits', async () => {
  const wrong = async () => {
    const { code, out } = await stack.ctlResult(['doctor']);
    return [code, JSON.parse(out).filter((row) => !row.ok).map((row) => row.check)];
  };
  const [[flush]] = await stack.sql('SELECT @@global.innodb_flush_log_at_trx_commit');
  try {
    await stack.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
    assert.deepEqual(await wrong(), [FAILED, ['durable commits']]);
  } finally {
    await stack.sql(`SET GLOBAL innodb_flush_log_at_trx_commit = ${flush}`);
  }
  for (const [grant, table, check] of [['DROP', 'ticket', 'no right to change tables'], ['UPDATE', 'entry', 'no right to change the ledger'],
    ['DELETE', 'journal', 'no right to change the ledger']]) {
    try {
      await stack.sql(`GRANT ${grant} ON teller.${table} TO teller_app@localhost`);
      assert.deepEqual(await wrong(), [FAILED, [check]]);
    } finally {
      await stack.sql(`REVOKE ${grant} ON teller.${table} FROM teller_app@localhost`);
    }
  }
  assert.deepEqual(await wrong(), [DONE, []]);
});

test('audit: counts, and exit 1 at a difference', async () => {
  const report = await stack.audit();
  assert.deepEqual(Object.keys(report), ['journals', 'entries', 'accounts', 'tickets', 'orders', 'trades', 'bids', 'deposits', 'payouts', 'transfers', 'next', 'differences', 'findings']);
  const customer = await stack.customer({ funds: { USD: '5' } });
  const account = `(SELECT id FROM user WHERE login = '${customer.user.login}')`;
  try {
    await stack.sql(`UPDATE account SET balance = balance + 1 WHERE owner_id = ${account}`);
    const { code, out } = await stack.ctlResult(['audit']);
    assert.equal(code, FAILED);
    const found = JSON.parse(out);
    assert.ok(found.differences >= 1 && found.findings.length === found.differences, out);
    assert.equal((await plain('audit')).code, FAILED);
  } finally {
    await stack.sql(`UPDATE account SET balance = balance - 1 WHERE owner_id = ${account}`);
  }
  await stack.audit();
});

test('audit --since: a journal, a day, a moment; and nothing else', async () => {
  const { next } = await stack.audit();
  for (const since of [String(next), '2020-01-01', '2020-01-01 12:00:00'])
    assert.equal((await stack.ctl('audit', '--since', since)).differences, 0);
  for (const since of ['', 'yesterday', '2020-13-01', '1e3'])
    await refused(USAGE, 'not_date', 'audit', '--since', since);
});

test('user: add and show; login, e-mail and level are checked; nobody twice', async () => {
  const login = `op-${unique()}`;
  const added = await stack.ctl('user', 'add', login, '--email', `${login}@example.org`, '--verified', 'basic');
  assert.deepEqual([added.login, added.email, added.level, added.enabled], [login, `${login}@example.org`, 'basic', true]);
  const shown = await stack.ctl('user', 'show', `${login}@example.org`);
  assert.deepEqual([shown.id, shown.verification.map((row) => row.method)], [added.id, ['operator']]);
  await refused(FAILED, 'user_exists', 'user', 'add', login, '--email', 'other@example.org');
  await refused(FAILED, 'user_exists', 'user', 'add', `op-${unique()}`, '--email', `${login}@example.org`);
  await refused(USAGE, 'invalid_parameter', 'user', 'add', `op-${unique()}`, '--email', 'none');
  await refused(USAGE, 'invalid_parameter', 'user', 'add', 'with space', '--email', 'a@b.c');
  await refused(USAGE, 'invalid_parameter', 'user', 'add', `op-${unique()}`, '--email', `${unique()}@b.c`, '--verified', 'much');
  await refused(FAILED, 'not_found', 'user', 'show', `nobody-${unique()}`);
});

test('user: passwords come from standard input only, and have a length', async () => {
  for (const [password, code] of [['short', USAGE], ['x'.repeat(257), USAGE], ['x'.repeat(256), DONE], ['12345678', DONE]]) {
    const login = `op-${unique()}`;
    const reply = await stack.ctlResult(['user', 'add', login, '--email', `${login}@example.org`, '--password-stdin'], `${password}\n`);
    assert.equal(reply.code, code, `${password.length}: ${reply.complaint}`);
    if (code === DONE) await stack.signIn({ login, password });
  }
});

test('key: add, use, list, change, revoke', async () => {
  const user = await stack.user();
  const made = await stack.ctl('key', 'add', user.login, '--face', 'v1', '--rights', 'get_info,withdraw', '--ip', '127.0.0.1', '--ip', '10.0.0.0/8');
  assert.deepEqual(Object.keys(made).slice(0, 2), ['key', 'secret']);
  await new Client(stack, made).ok('info');
  const [row] = await stack.ctl('key', 'list', user.login);
  assert.deepEqual([row.key, row.rights, row.networks, row.revoked], [made.key, ['get_info', 'withdraw'], '127.0.0.1,10.0.0.0/8', false]);
  assert.equal(row.secret, undefined);
  await refused(FAILED, 'not_found', 'key', 'revoke', (await stack.user()).login, made.key);
  const changed = await stack.ctl('key', 'change', user.login, made.key, '--rights', 'trade');
  assert.deepEqual([changed.rights, changed.networks], [['trade'], '']);
  await refused(USAGE, 'invalid_parameter', 'key', 'change', user.login, made.key, '--rights', 'View Deposit History');
  await refused(FAILED, 'not_found', 'key', 'change', (await stack.user()).login, made.key, '--rights', 'trade');
  await stack.ctl('key', 'revoke', user.login, made.key);
  await refused(FAILED, 'not_found', 'key', 'change', user.login, made.key, '--rights', 'trade');
  assert.equal((await stack.ctl('key', 'list', user.login))[0].revoked, true);
  await refused(USAGE, 'invalid_parameter', 'key', 'add', user.login, '--face', 'v9', '--rights', 'get_info');
  await refused(USAGE, 'invalid_parameter', 'key', 'add', user.login, '--face', 'v1', '--rights', 'get_info,root');
  await refused(USAGE, 'invalid_parameter', 'key', 'add', user.login, '--face', 'v1', '--rights', 'get_info', '--ip', '10.0.0.0/99');
  await refused(USAGE, 'not_uuid', 'key', 'revoke', user.login, 'x');
});

test('credit and balance', async () => {
  const user = await stack.user();
  assert.deepEqual(await stack.ctl('balance', user.login), []);
  await stack.ctl('credit', user.login, 'USD', '1234.5', '--note', 'Wire transfer');
  const [wallet] = await stack.ctl('credit', user.login, 'USD', '0.00001', '--note', 'More');
  assert.deepEqual(wallet.available, { currency: 'USD', value: '1234.50001', value_int: '123450001', display: '$1,234.50001' });
  assert.equal(wallet.held.value, '0.00000');
  assert.match((await plain('balance', user.login)).stdout, /USD\s+\$1,234\.50001\s+\$0\.00000/);
  const note = ['--note', 'n'];
  await refused(USAGE, 'unknown_currency', 'credit', user.login, 'XYZ', '1', ...note);
  await refused(USAGE, 'amount_digits', 'credit', user.login, 'USD', '1.123456', ...note);
  await refused(USAGE, 'amount_format', 'credit', user.login, 'USD', '1e', ...note);
  await refused(USAGE, 'amount_not_positive', 'credit', user.login, 'USD', '0', ...note);
  await refused(USAGE, 'too_long', 'credit', user.login, 'USD', '1', '--note', 'x'.repeat(256));
  await refused(FAILED, 'not_found', 'credit', `nobody-${unique()}`, 'USD', '1', ...note);
});

test('a reference makes a credit once; a debit and a reversal too', async () => {
  const user = await stack.user();
  const other = await stack.user();
  const reference = `wire-${unique()}`;
  const value = async () => (await stack.ctl('balance', user.login))[0].available.value;
  const slip = ['--note', 'n', '--reference', reference];
  for (let i = 0; i < 2; i++) await stack.ctl('credit', user.login, 'USD', '10', ...slip);
  assert.equal(await value(), '10.00000');
  await refused(FAILED, 'idempotency_conflict', 'credit', user.login, 'USD', '11', ...slip);
  await refused(FAILED, 'idempotency_conflict', 'credit', other.login, 'USD', '10', ...slip);
  for (let i = 0; i < 2; i++) await stack.ctl('debit', user.login, 'USD', '4', '--rail', 'bank', ...slip);
  assert.equal(await value(), '6.00000');
  await refused(FAILED, 'insufficient_funds', 'debit', user.login, 'USD', '7', '--note', 'n');
  await refused(FAILED, 'insufficient_funds', 'reverse', 'credit', reference, '--note', 'n');
  for (let i = 0; i < 2; i++) await stack.ctl('reverse', 'debit', reference, '--note', 'n');
  assert.equal(await value(), '10.00000');
  for (let i = 0; i < 2; i++) await stack.ctl('reverse', 'credit', reference, '--note', 'n');
  assert.equal(await value(), '0.00000');
  await refused(FAILED, 'not_found', 'reverse', 'credit', `none-${unique()}`, '--note', 'n');
});

test('currency: list, disable, enable', async () => {
  const of = async (code) => (await stack.ctl('currency', 'list')).find((row) => row.currency === code);
  assert.deepEqual(await of('CHF'), { currency: 'CHF', name: 'Swiss Franc', decimals: 5, enabled: true });
  await stack.ctl('currency', 'disable', 'CHF');
  assert.equal((await of('CHF')).enabled, false);
  await stack.ctl('currency', 'enable', 'CHF');
  assert.equal((await of('CHF')).enabled, true);
  await refused(USAGE, 'unknown_currency', 'currency', 'disable', 'chf');
});

test('limit: set and list; none is no limit', async () => {
  const rows = await stack.ctl('limit', 'set', 'SGD', 'basic', '--single', '1.5', '--daily', 'none', '--monthly', '3');
  const basic = rows.find((row) => row.level === 'basic');
  assert.deepEqual([basic.single.value, basic.daily, basic.monthly.value], ['1.50000', null, '3.00000']);
  assert.deepEqual(await stack.ctl('limit', 'list', 'SGD'), rows);
  await refused(USAGE, 'limits_contradict', 'limit', 'set', 'SGD', 'basic', '--single', '2', '--daily', '1', '--monthly', '3');
  assert.deepEqual(rows.map((row) => row.level), ['none', 'basic', 'full']);
  const all = ['--single', '1', '--daily', '1', '--monthly'];
  await refused(USAGE, 'invalid_parameter', 'limit', 'set', 'SGD', 'some', ...all, '1');
  await refused(USAGE, 'amount_format', 'limit', 'set', 'SGD', 'basic', ...all, 'much');
  await refused(USAGE, 'invalid_parameter', 'limit', 'set', 'SGD', 'basic', '--single', '1');
});

test('partner: add refuses one that is there, set changes what is named, and what is refused', async () => {
  const user = await stack.user();
  const id = `p-${unique()}`;
  const add = (...args) => ['partner', 'add', id, '--user', user.login, ...args];
  const set = (...args) => ['partner', 'set', id, ...args];
  let is = { id, user: user.login, name: 'Ä', url: 'https://a.example/', verified_only: true, ttl_seconds: 60 };
  for (const [args, error] of [[['--ttl', '0'], 'out_of_range'], [['--ttl', '99999999'], 'out_of_range'], [['--ttl', 'x'], 'out_of_range'],
    [['--name', ''], 'empty'], ...['javascript:alert(1)', 'ftp://a.example/', 'https:', 'https://a b/'].map((url) => [['--url', url], 'not_url'])])
    await refused(USAGE, error, ...add(...args));
  assert.match(await refused(USAGE, 'too_long', ...add('--name', 'ä'.repeat(65))), /^name \(1 to 64 characters\): is too long$/);
  await refused(USAGE, 'unknown_partner', ...set('--ttl', '5'));

  assert.deepEqual(await stack.ctl(...add('--url', is.url, '--name', is.name, '--verified-only', '--ttl', '60')), is);
  await refused(FAILED, 'partner_exists', ...add());
  for (const [args, change] of [[['--ttl', '90'], { ttl_seconds: 90 }], [['--name', 'ä'.repeat(64)], { name: 'ä'.repeat(64) }],
    [['--everybody'], { verified_only: false }], [['--verified-only', '--url', ''], { verified_only: true, url: null }],
    [['--url', 'http://b.example/?x=1'], { url: 'http://b.example/?x=1' }], [['--ttl', '90'], {}]])
    assert.deepEqual(await stack.ctl(...set(...args)), is = { ...is, ...change });
  for (const [args, error] of [[[], 'missing_parameter'], [['--verified-only', '--everybody'], 'invalid_parameter'], [['--ttl', '0'], 'out_of_range'],
    [['--name', ''], 'empty'], [['--name', 'x'.repeat(65)], 'too_long'], [['--url', 'ftp://a.example/'], 'not_url']])
    await refused(USAGE, error, ...set(...args));
  assert.deepEqual(await stack.ctl(...set('--ttl', '90')), is);

  const other = await stack.user(), plainId = `p-${unique()}`;
  await refused(FAILED, 'user_exists', 'partner', 'add', plainId, '--user', user.login);
  assert.deepEqual(await stack.ctl('partner', 'add', plainId, '--user', other.login),
    { id: plainId, user: other.login, name: plainId, url: null, verified_only: false, ttl_seconds: 86400 });
  assert.match(await refused(USAGE, 'invalid_parameter', 'partner', 'add', 'with space', '--user', other.login), /^id \(1 to 32 of/);
  await refused(FAILED, 'not_found', 'partner', 'add', `p-${unique()}`, '--user', `nobody-${unique()}`);
});

test('a key of another database: worker and ipn do not start; with the database away they do', async () => {
  const key = path.join(scratch, 'other.key');
  await writeFile(key, `${'5a'.repeat(32)}\n`, { mode: 0o600 });
  const other = await changedConfig([/key_file = .*/, `key_file = ${key}`]);
  const away = await changedConfig([/key_file = .*/, `key_file = ${key}`], [/^socket = .*mysqld.sock$/m, 'socket = /nonexistent/mysqld.sock']);
  const builds = path.dirname(stack.tellerctl);
  const result = (program, ...args) => run(path.join(builds, program), args).then(() => ({ code: DONE }), (error) => error);
  for (const [program, ...args] of [['teller-worker', '--check'], ['teller-ipn', '--once']]) {
    const { code, stderr } = await result(program, ...args, '--config', other);
    assert.equal(code, USAGE, program);
    assert.match(stderr, /other\.key: is not the key that this database was sealed with/, program);
    assert.equal((await result(program, ...args, '--config', away)).code, DONE, program);
  }
});

for (const name of ['teller-sweep', 'teller-ipn', 'teller-stop-orders', 'teller-stream', 'teller-pay', 'teller-rates', 'teller-deposits']) {
  const program = path.join(path.dirname(stack.tellerctl), name);
  const env = { ...process.env, TELLER_CONFIG: stack.config };

  test(`${name}: usage and configuration: exit 2`, async () => {
    const result = (...args) => run(program, args, { env }).then(({ stdout }) => ({ code: DONE, stdout }), (error) => error);
    for (const args of [['--for'], ['--for', '0'], ['--for', 'x'], ['--for', '86401'], ['--once', '--for', '5'], ['--batch', '0'], ['x'],
      ['--nothing']]) {
      const { code, stderr } = await result(...args);
      assert.equal(code, USAGE, args.join(' '));
      assert.ok(stderr.includes(`usage: ${name} `), stderr);
    }
    for (const file of [path.join(scratch, 'missing'), await changedConfig([/level = .*/, 'level = loud'])]) {
      const { code, stderr } = await result('--once', '--config', file);
      assert.equal(code, USAGE, file);
      assert.ok(stderr.startsWith(`${name}: `), stderr);
    }
    const help = await result('--help');
    assert.deepEqual([help.code, help.stdout.startsWith(`usage: ${name} `)], [DONE, true]);
    assert.equal((await result('--once')).code, DONE);
  });

  test(`${name}: SIGTERM ends --for with exit 0`, async () => {
    const child = spawn(program, ['--for', '60'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.on('data', (data) => { log += data; });
    const ended = new Promise((resolve) => { child.on('exit', (code, signal) => resolve([code, signal])); });
    await until(async () => {
      const [, caught] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'));
      return BigInt(`0x${caught}`) & (1n << 14n);
    }, 10, 'the handler of SIGTERM');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], log);
  });
}

test('teller-match: usage, configuration, and no socket to listen at: exit 2', async () => {
  const program = path.join(path.dirname(stack.tellerctl), 'teller-match');
  const env = { ...process.env, TELLER_CONFIG: stack.config };
  const result = (...args) => run(program, args, { env }).then(({ stdout }) => ({ code: DONE, stdout }), (error) => error);
  const help = await result('--help');
  assert.deepEqual([help.code, help.stdout.startsWith('usage: teller-match ')], [DONE, true]);
  for (const [args, words] of [[['--for', '0'], 'usage: teller-match '], [['x'], 'usage: teller-match '],
    [['--config', path.join(scratch, 'missing')], 'teller-match: '], [[], 'teller-match: descriptor 0 is not a listening socket']]) {
    const { code, stderr } = await result(...args);
    assert.equal(code, USAGE, args.join(' '));
    assert.ok(stderr.includes(words), stderr);
  }
});

test('sweep: the database away: exit 1', async () => {
  const config = await changedConfig([/socket = .*/, 'socket = /nonexistent/mysqld.sock']);
  await assert.rejects(stack.sweep('--once', '--config', config), { code: FAILED });
});

test('sweep: releases each due ticket once, with several copies at work', async () => {
  const quick = await stack.partner({ ttl: 1 });
  const customer = await stack.customer({ funds: { USD: '100' } });
  await inParallel(8, Array.from({ length: 40 }, () => () => customer.ticket(quick, '1')));
  await until(async () => {
    await Promise.all([stack.sweep('--once', '--batch', '3'), stack.sweep('--once', '--batch', '7'), stack.sweep()]);
    return (await stack.balance(customer.user.login)).available === '100.00000';
  }, 20, 'the release');
  const { records } = await customer.ok('wallet/history', { currency: 'USD', type: 'deposit' });
  assert.equal(records, '41');
});

test('sweep: clears away tonces, sessions and guesses past their time', async () => {
  const user = await stack.user({ password: 'a password of the tests' });
  const session = await stack.signIn(user);
  await stack.sql(`UPDATE session SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE token_hash = UNHEX(SHA2('${session.ticket}', 256))`);
  await stack.sql("INSERT INTO attempt (kind, subject, failures, ends_at) VALUES ('login', 'test', 3, NOW(6) - INTERVAL 1 SECOND)");
  // One of two minutes ago, and one of nine seconds ago, which could be sent again now.
  const key = await stack.key(user.login, 'get_info');
  const [old, fresh] = [120, 9].map((seconds) => String((Date.now() - seconds * 1000) * 1000));
  const tonces = `api_key_tonce_${(await stack.sql(`SELECT id & 31 FROM api_key WHERE user_id = (SELECT id FROM user WHERE login = '${user.login}')`))[0][0]}`;
  await stack.sql(`INSERT INTO ${tonces} (tonce, key_id) SELECT ${old}, id FROM api_key WHERE user_id = (SELECT id FROM user WHERE login = '${user.login}')`);
  const call = () => key.call('info', { tonce: fresh });
  const first = (await call()).json.result;
  await stack.sweep();
  assert.deepEqual([first, (await call()).json.token], ['success', 'login_error_invalid_nonce']);
  assert.deepEqual(await stack.sql(`SELECT tonce FROM ${tonces} WHERE tonce IN (${old}, ${fresh})`), [[fresh]]);
  assert.deepEqual(await stack.sql(`SELECT COUNT(*) FROM session WHERE token_hash = UNHEX(SHA2('${session.ticket}', 256))`), [['0']]);
  assert.deepEqual(await stack.sql("SELECT COUNT(*) FROM attempt WHERE subject = 'test'"), [['0']]);
});

test('close: what is older than a moment, once; what is closed is proven when asked', async () => {
  const at = (minutes) => new Date(Date.now() - minutes * 60000).toISOString().slice(0, 19).replace('T', ' ');
  assert.deepEqual(await stack.ctl('close'), [], 'no month is over');
  await refused(USAGE, 'not_date', 'close', '--until', 'yesterday');
  assert.match(await refused(USAGE, 'invalid_parameter', 'close', '--until', at(5)), /less than 10 minutes ago/);
  const until = at(11);
  const [made] = await stack.ctl('close', '--until', until);
  assert.deepEqual([made.close, made.ends], [1, until]);
  assert.match(made.hash, /^[0-9a-f]{64}$/);
  await refused(USAGE, 'invalid_parameter', 'close', '--until', until);
  const report = await stack.ctl('audit', '--closed');
  assert.deepEqual([report.since, report.closes, report.closed, report.differences], [made.journal + 1, 1, made.hash, 0]);
  assert.equal((await stack.ctl('audit', '--all')).since, undefined);
});

test('archive: nothing that ended less than 90 days ago, whatever is asked for', async () => {
  const { orders, tries } = await stack.ctl('archive');
  assert.deepEqual([orders, tries], [0, 0]);
  await refused(USAGE, 'invalid_parameter', 'archive', '--older', '89');
  await refused(USAGE, 'invalid_parameter', 'archive', '--for', '0');
  await stack.ctl('archive', '--older', '100', '--for', '5');
});

test('the demo data: loading it again adds nothing', async () => {
  const load = path.join(/directory = (.*)/.exec(await readFile(stack.config, 'utf8'))[1], 'demo/load');
  const before = [await stack.ctl('balance', 'bob'), await stack.ctl('key', 'list', 'alice')];
  const { stdout } = await run(load, [], { env: { ...process.env, TELLER_CONFIG: stack.config, TELLERCTL: stack.tellerctl } });
  assert.ok(!stdout.includes('secret'));
  assert.deepEqual([await stack.ctl('balance', 'bob'), await stack.ctl('key', 'list', 'alice')], before);
});
