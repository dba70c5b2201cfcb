// What is kept for everybody: every route that the rows say is kept. A GET's body changes neither the answer nor
// what is kept, and arguments that no route reads make no entry.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { closeConnections, form, stack, unique } from '../support/teller.mjs';

const run = promisify(execFile);
const WORKER = path.join(path.dirname(stack.tellerctl), 'teller-worker');
const { stdout } = await run(WORKER, ['--routes=json'], { maxBuffer: 1 << 24 });
const kept = JSON.parse(stdout).filter((row) => row.kept && row.methods.includes('GET'));

// Of each parameter that a row requires, a value and one that gives another answer.
const VALUES = { currency: ['USD', 'EUR'], type: ['ask', 'bid'], amount: ['1', '2'], interval: ['60', 'x'] };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

before(async () => {
  const trader = await stack.customer({ funds: { USD: '1000' } });
  await trader.ok('order/add', { type: 'bid', amount: '5', price: '1' }, { path: '/api/1/BTCUSD/order/add' });
});
after(closeConnections);

/** The row's path with what it requires, and a form that says otherwise. */
function made(row) {
  const needed = row.fields.filter((field) => field.required).map((field) => field.name);
  for (const name of needed) assert.ok(VALUES[name], `${row.path}: which ${name}?`);
  const query = form(Object.fromEntries(needed.map((name) => [name, VALUES[name][0]])));
  return { needed, target: `${row.path.replace('{market}', 'BTCUSD')}?${query}`,
    other: form(Object.fromEntries(needed.map((name) => [name, VALUES[name][1]]))) };
}

/** How many entries of the cache have that word in their keys. */
async function entries(word) {
  const { stdout: files } = await run('sh', ['-c', 'grep -raslF "$1" "$2" | wc -l', 'sh', word, path.join(stack.dir, 'cache')]);
  return Number(files);
}

test('faces have routes whose answers are kept', () => {
  assert.deepEqual([...new Set(kept.map((row) => row.face))].sort(), ['feed', 'site', 'v1', 'wallet']);
  assert.ok(kept.length > 10, String(kept.length));
});

for (const row of kept) {
  test(`${row.path}: a GET's body is not read and makes no entry`, async () => {
    const { needed, target, other } = made(row);
    const word = unique();
    const own = `${target}&raw=${word}`;
    for (const headers of [FORM, { ...FORM, 'Content-Type': 'application/json' }])
      for (const body of [other || 'since=1', `${other}&${'x'.repeat(5000)}=1`]) {
        const filled = await stack.request('GET', own, { headers, body });
        if (filled.status === 200 && needed.length) {
          const plain = await stack.request('GET', target + `&raw=${unique()}`);
          assert.equal(filled.text, plain.text);
        }
        assert.equal(await entries(word), 0, 'kept, with a body');
      }
    const plain = await stack.request('GET', own);
    assert.equal(plain.status, 200, plain.text);
    assert.equal(await entries(word), 1, 'not kept, without a body');
  });

  // Feeds take nothing from the query.
  if (row.face !== 'feed') test(`${row.path}: a parameter given twice is refused, whatever is kept`, async () => {
    const { target } = made(row);
    for (const name of ['raw', ...row.fields.map((field) => field.name)]) {
      const value = VALUES[name]?.[0] ?? '1';
      const rest = new URLSearchParams(target.split('?')[1]);
      rest.delete(name);
      const once = `${target.split('?')[0]}?${[...rest].map(([key, one]) => `${key}=${one}`).concat(`${name}=${value}`).join('&')}`;
      await stack.request('GET', once);
      for (const twice of [`${once}&${name}=${value}`, `${once}&${name}`, `${once}&x=1&${name}=2&y`]) {
        const reply = await stack.request('GET', twice);
        const { token, error, message } = reply.json ?? {};
        assert.match(token ?? error ?? message ?? '', /^repeated_parameter$|is given more than once$/, `${twice}: ${reply.text}`);
      }
    }
  });

  test(`${row.path}: arguments that nobody reads make no entry`, async () => {
    const { target } = made(row);
    const word = unique();
    for (let i = 0; i < 20; i++) {
      const reply = await stack.request('GET', `${target}&raw=${word}&x${unique()}=${i}&_=${unique()}`);
      assert.equal(reply.status, 200, reply.text);
    }
    assert.equal(await entries(word), 1);
  });
}
