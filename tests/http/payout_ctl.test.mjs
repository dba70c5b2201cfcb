// Payouts as operators run them: `tellerctl payout` and `tellerctl rail`, a rail worked by hand with its sheet out and
// back in, and what is recorded of it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { closeConnections, stack, unique } from '../support/teller.mjs';

const run = promisify(execFile);
const FAILED = 1, USAGE = 2;
const RAIL = `Bank.${unique().replace(/[^a-zA-Z0-9]/g, '').slice(-12)}`;

let scratch, customer;
before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'teller-payout-'));
  customer = await stack.user({ funds: { USD: '1000' } });
  await stack.ctl('rail', 'set', RAIL, '--set', 'kind=off_chain');
  await stack.ctl('rail', 'asset', RAIL, 'USD', '--set', 'decimals=2', '--set', 'fee=1', '--set', 'min_withdrawal=5');
});
after(async () => {
  await rm(scratch, { recursive: true });
  await stack.audit();
  closeConnections();
});

const payout = (...args) => stack.ctl('payout', ...args);
async function refused(code, words, ...args) {
  const reply = await stack.ctlResult(args);
  assert.equal(reply.code, code, reply.complaint);
  assert.match(JSON.parse(reply.complaint).message, words);
}

/** Asks for a payout as a service does; gives its id. */
async function ask(total, address = 'DE02120300000000202051', login = customer.login) {
  const { stdout } = await run(path.join(path.dirname(stack.tellerctl), 'support/ask_payout'), [login, RAIL, 'USD', total, address],
    { env: { ...stack.env, TELLER_CONFIG: stack.config } });
  return stdout.trim();
}

async function operator() {
  const user = await stack.user();
  await stack.ctl('role', 'add', user.login, 'operator');
  return user.login;
}

const money = async () => (await stack.ctl('balance', customer.login)).find((row) => row.currency === 'USD');

test('a rail and its assets are set and shown, each change recorded', async () => {
  const rail = (await stack.ctl('rail', 'list')).find((row) => row.rail === RAIL);
  assert.deepEqual([rail.kind, rail.outside, rail.paused, rail.by_hand], ['off_chain', RAIL.toLowerCase(), false, true]);
  const [asset] = await stack.ctl('rail', 'assets', '--rail', RAIL);
  assert.deepEqual([asset.currency, asset.decimals, asset.fee.value, asset.withdrawals], ['USD', 2, '1.00000', true]);
  await stack.ctl('rail', 'asset', RAIL, 'USD', '--set', 'memo_needed=yes');
  await stack.ctl('rail', 'asset', RAIL, 'USD', '--set', 'memo_needed=no');
  const [[who, was, became]] = await stack.sql(`SELECT who, was, became FROM payout_change WHERE subject = '${RAIL}/USD' ORDER BY id DESC LIMIT 1`);
  assert.notEqual(who, '');
  assert.deepEqual([JSON.parse(was).memo_needed, JSON.parse(became).memo_needed], [1, 0]);
  await refused(USAGE, /NAME=VALUE/, 'rail', 'set', RAIL, '--set', 'kind');
  await refused(USAGE, /no such property/, 'rail', 'set', RAIL, '--set', 'colour=red');
  await refused(USAGE, /not valid/, 'rail', 'set', RAIL, '--set', 'kind=internal');
  await refused(USAGE, /fee: /, 'rail', 'asset', RAIL, 'USD', '--set', 'fee=x');
  await refused(USAGE, /yes or no/, 'rail', 'asset', RAIL, 'USD', '--set', 'deposits=maybe');
  await refused(USAGE, /does not go that way/, 'rail', 'asset', 'Nowhere', 'USD');
});

test('two different operators approve what a rule asks two for; one rejects', async () => {
  const { id: rule } = await stack.ctl('rail', 'rule', 'amount', '--set', `rail=${RAIL}`, '--set', 'currency=USD', '--set', 'amount=50', '--set', 'approvals=2');
  assert.ok((await stack.ctl('rail', 'rules')).some((row) => row.id === rule && row.amount.value === '50.00000' && row.approvals === 2));
  const [first, second, id, other] = [await operator(), await operator(), await ask('60'), await ask('60')];
  assert.equal((await payout('show', id)).state, 'moderating');
  await refused(FAILED, /operator/, 'payout', 'approve', id, '--as', customer.login);
  const once = await payout('approve', id, '--as', first, '--note', 'known');
  assert.deepEqual([once.state, once.approvals.map(({ login, note }) => `${login} ${note}`), once.approvals_needed], ['moderating', [`${first} known`], 2]);
  await refused(FAILED, /each once/, 'payout', 'approve', id, '--as', first);
  const twice = await payout('approve', id, '--as', second);
  assert.equal(twice.state, 'approved');
  assert.deepEqual(twice.approvals.map(({ login }) => login), [first, second]);
  assert.deepEqual(twice.history.map(({ state, by }) => `${state} ${by}`), ['requested customer', 'moderating job', 'approved operator']);
  const before_ = await money();
  assert.equal((await payout('reject', other, '--note', 'no')).state, 'rejected');
  assert.equal(BigInt((await money()).available.value_int) - BigInt(before_.available.value_int), 6000000n);
  await stack.ctl('rail', 'unrule', String(rule));
  await refused(FAILED, /not found/, 'rail', 'unrule', String(rule));
  await payout('reject', id, '--note', 'test is over');
});

test('by hand: paused, sent, confirmed, returned', async () => {
  const id = await ask('10');
  assert.equal((await stack.ctl('rail', 'pause', RAIL)).paused, true);
  await refused(FAILED, /paused/, 'payout', 'sent', id, 'bank-7');
  assert.equal((await payout('show', id)).state, 'approved');
  await stack.ctl('rail', 'resume', RAIL);
  assert.deepEqual([(await payout('sent', id, 'bank-7')).state, (await payout('show', id)).reference], ['sent', 'bank-7']);
  await refused(FAILED, /being sent/, 'payout', 'reject', id, '--note', 'late');
  assert.equal((await payout('resolve', id, '--to', 'confirmed')).state, 'confirmed');
  assert.equal((await payout('resolve', id, '--to', 'returned', '--note', 'account closed')).state, 'returned');
  await refused(FAILED, /ended/, 'payout', 'resolve', id, '--to', 'failed');
  await refused(FAILED, /not found/, 'payout', 'show', '999999999');
  await refused(USAGE, /to: /, 'payout', 'resolve', id, '--to', 'nowhere');
  const list = await payout('list', '--rail', RAIL, '--state', 'returned');
  assert.deepEqual(list.map((row) => String(row.id)), [id]);
});

test('a sheet goes out and comes back in, all of it or nothing, any number of times', async () => {
  const ids = [await ask('10', '=1+1'), await ask('11', 'a,"b"'), await ask('12')];
  const out = path.join(scratch, 'out.csv'), back = path.join(scratch, 'back.csv');
  assert.equal((await payout('export', RAIL, out)).payouts, 3);
  await refused(FAILED, /exists/, 'payout', 'export', RAIL, out);
  const sheet = await readFile(out, 'utf8');
  assert.ok(sheet.includes('"\'=1+1"') && sheet.includes('"a,""b"""'), sheet);
  const fill = (changes) => writeFile(back, sheet.split('\n').map((line, i) => (changes[i] ? changes[i](line) : line)).join('\n'));
  const say = (state, reference) => (line) => line.replace(/"","","",""$/, `"","${state}","${reference}",""`);
  const states = async () => Promise.all(ids.map(async (id) => (await payout('show', id)).state));

  await fill({ 1: say('confirmed', 'r1'), 2: (line) => say('confirmed', 'r2')(line).replace('"10.00000"', '"10.00001"') });
  await refused(USAGE, /line 3: is not what the payout says/, 'payout', 'import', back);
  await fill({ 1: say('confirmed', 'r1'), 2: say('gone', 'r2') });
  await refused(USAGE, /line 3, state/, 'payout', 'import', back);
  await fill({ 0: (line) => line.replace('address', 'where') });
  await refused(USAGE, /line 1, address/, 'payout', 'import', back);
  assert.deepEqual(await states(), ['sending', 'sending', 'sending']);

  await fill({ 1: say('confirmed', 'r1'), 2: say('failed', '') });
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await payout('import', back), { settled: 2, waiting: 1 });
    assert.deepEqual(await states(), ['confirmed', 'failed', 'sending']);
  }
  assert.equal((await payout('export', RAIL, path.join(scratch, 'next.csv'))).payouts, 1);
  await fill({ 3: say('confirmed', 'r3') });
  await payout('import', back);
  assert.deepEqual(await states(), ['confirmed', 'failed', 'confirmed']);
});
