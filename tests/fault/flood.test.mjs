// A flood of anonymous clients for the largest public answer, with the limits of a real server: a caller with a key of
// their own hardly notices. The clients are a process of its own, at a lower priority: a real flood does not use the
// server's processors. FLOOD_SECONDS=N: how long each goes on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addPrices, removePrices } from '../support/book.mjs';
import { Stack } from '../support/teller.mjs';

const FLOOD = fileURLToPath(new URL('../support/flood.mjs', import.meta.url));
const CLIENTS = 64, PRICES = 8500;
const RISE = 3; // of a signed call's median
const TRIES = 3; // another program may be at work on this machine
const SECONDS = Number(process.env.FLOOD_SECONDS ?? 3);

let stack, caller;
before(async () => {
  stack = await Stack.start(path.join(process.env.RUN_DIR, 'flood'), { DEMO: 'no', JOBS: 'no', KEY_RATE: '500r/s', KEY_BURST: '500',
    ADDRESS_RATE: '100r/s', ADDRESS_BURST: '200' });
  await stack.ctl('market', 'add', 'BTC', 'USD');
  await stack.ctl('market', 'resume', 'BTCUSD');
  caller = await stack.customer();
  await addPrices(stack, PRICES);
});
after(async () => {
  try {
    await removePrices(stack);
    assert.equal(await stack.bugs(), '');
    await stack.audit();
  } finally {
    await stack.stop();
  }
});

/** The median of a signed call for so many seconds, ms. Slower than the key's limit, as an honest caller is. */
async function median(seconds) {
  const times = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
    const from = performance.now();
    await caller.ok('info');
    times.push(performance.now() - from);
    await new Promise((done) => { setTimeout(done, 5); });
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** One flood: the medians without and with it, and what the clients were answered, by status. */
async function flooded(from) {
  const alone = await median(SECONDS);
  const flood = spawn('nice', ['-n', '15', process.execPath, FLOOD, stack.base, String(CLIENTS), from], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  flood.stdout.setEncoding('utf8').on('data', (data) => { out += data; });
  const ended = once(flood, 'close');
  try {
    await once(flood.stdout, 'data');
    await median(1); // the burst that each address has
    const during = await median(SECONDS);
    flood.stdin.end();
    await ended;
    return { alone, during, statuses: JSON.parse(out) };
  } finally {
    flood.kill('SIGKILL');
  }
}

for (const from of ['one', 'each']) {
  test(`${CLIENTS} anonymous clients, ${from === 'one' ? 'all of one address' : 'each of its own'}: a signed call's median`, { timeout: 120000 }, async (t) => {
    await median(0.5);
    let rise;
    for (let tries = 0; tries < TRIES && !(rise < RISE); tries++) {
      const { alone, during, statuses } = await flooded(from);
      rise = during / alone;
      t.diagnostic(`median ${alone.toFixed(2)} ms, ${during.toFixed(2)} ms in the flood: ${rise.toFixed(2)} times; answers ${JSON.stringify(statuses)}`);
      assert.deepEqual(Object.keys(statuses).filter((status) => !['200', '403', '429'].includes(status)), []);
      assert.ok(statuses[200] > CLIENTS, 'the flood is one');
      if (from === 'one') assert.ok(statuses[429] > statuses[200], 'the address is limited');
    }
    assert.ok(rise < RISE, `${rise} times`);
  });
}
