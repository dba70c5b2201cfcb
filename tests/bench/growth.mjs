// Measures every list and write on two stacks, one with much data and one with little, in turns, and prints how many
// times slower the large one is. Started by tests/bench/growth.
//   usage: node growth.mjs DIR BASE CONFIG DIR BASE CONFIG     the small stack, then the large one
import assert from 'node:assert/strict';
import { Client, closeConnections, Stack } from '../support/teller.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 30), PASSWORD = 'a password of the benchmark';
const WARM = 3; // calls that are not counted: caches, marks of long lists
const DEEP = 10000; // the page far back, where there are so many; else the last one
const WANTED = { write: 1.2, first: 1.5, deep: 3, rows: null }; // rows: the large one has more to give
const MOST_MS = { first: 5, deep: 20 };
const AUDIT_S = 180;
let key = 0;

/** What the calls need on one of the stacks. */
async function open(dir, base, config) {
  const stack = new Stack({ BASE: base, TELLER_CONFIG: config, RUN_DIR: dir });
  const blocks = Number(dir.split('/').at(-1));
  const keys = {};
  for (const [login, rights] of [['trader', 'get_info,trade'], ['merchant', 'get_info,merchant'], ['customer', 'get_info,withdraw'],
    ['partner', 'get_info,partner']])
    keys[login] = new Client(stack, await stack.ctl('key', 'add', login, '--face', 'v1', '--rights', rights));
  const user = await stack.user({ password: PASSWORD, funds: { USD: '100000' } });
  keys.taker = await stack.key(user.login, 'get_info,trade');
  const seller = await stack.user({ funds: { BTC: '1000' } });
  const asks = await stack.key(seller.login, 'get_info,trade');
  await asks.ok('BTCUSD/order/add', { type: 'ask', amount: '900', price: '900' }, { path: '/api/1/BTCUSD/order/add' });
  return { stack, blocks, ...keys, buyer: await stack.signIn(user) };
}

const market = (client, method, params) => client.ok(method, params, { path: `/api/1/BTCUSD/${method}` });

/** Writes: each gives what the next may need. */
const writes = {
  'ticket/create': async (on) => on.customer.ok('ticket/create', { partner: 'big', amount: '0.5', currency: 'USD' }),
  'ticket/settle': [async (on) => on.customer.ok('ticket/create', { partner: 'big', amount: '0.5', currency: 'USD' }),
    async (on, ticket) => on.partner.ok('ticket/settle', { ticket: ticket.ticket, key: ticket.key, description: 'Paid out' })],
  'merchant/order/create': async (on) => on.merchant.order({ amount: '1' }),
  pay: [async (on) => on.merchant.order({ amount: '1' }),
    async (on, order) => on.buyer.ok('POST', `/site/pay/${order}`, {}, { 'Idempotency-Key': `growth-${process.pid}-${key++}` })],
  'order/add that rests': async (on) => market(on.taker, 'order/add', { type: 'bid', amount: '0.01', price: '1' }),
  'order/cancel': [async (on) => market(on.taker, 'order/add', { type: 'bid', amount: '0.01', price: '1' }),
    async (on, oid) => market(on.taker, 'order/cancel', { oid })],
  'order/add that trades': async (on) => market(on.taker, 'order/add', { type: 'bid', amount: '0.01', price: '900' }),
};

/** Lists: who asks, for what, with how many rows from a number of blocks. */
const lists = [
  ['merchant', 'wallet/history', { currency: 'USD' }], ['trader', 'wallet/history', { currency: 'BTC' }],
  ['merchant', 'wallet/history', { currency: 'USD', type: 'earned' }], ['customer', 'ticket/list', {}], ['partner', 'ticket/list', {}],
  ['partner', 'ticket/list', { status: 'completed' }], ['merchant', 'merchant/order/list', {}], ['merchant', 'merchant/order/list', { status: 'cancelled' }],
  ['merchant', 'merchant/event/list', {}], ['merchant', 'merchant/event/list', { status: 'paid' }], ['merchant', 'merchant/event/list', { state: 'delivered' }],
  ['merchant', 'merchant/event/list', { channel: 'ipn' }], ['trader', 'orders', {}, 'all'], ['trader', 'trades', { since: 0 }, 'all'],
  ['trader', 'private/trades', { since: 0 }, 'market'], [null, 'trades', { since: 0 }, 'public'], ['merchant', 'info', {}, 'all'],
];

const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
async function timed(call) {
  const started = process.hrtime.bigint();
  const value = await call();
  return { value, ms: Number(process.hrtime.bigint() - started) / 1e6 };
}

/** The medians of a call on both, in turns. `prepare`, where there is one, is not counted. */
async function compare(stacks, call, prepare = async () => undefined) {
  const times = stacks.map(() => []);
  for (let i = -WARM; i < ROUNDS; i++)
    for (const [which, on] of stacks.entries()) {
      const given = await prepare(on);
      const { ms } = await timed(() => call(on, given));
      if (i >= 0) times[which].push(ms);
    }
  return times.map(median);
}

let bad = 0;
function row(title, kind, [small, large]) {
  const ratio = large / small;
  const holds = WANTED[kind] === null || ((ratio <= WANTED[kind] || large - small < 0.3) && large <= (MOST_MS[kind] ?? Infinity));
  if (!holds) bad++;
  console.log(`| ${title} | ${small.toFixed(1)} ms | ${large.toFixed(1)} ms | ${ratio.toFixed(2)} | ${WANTED[kind] ?? ''} | ${WANTED[kind] === null ? '' : holds ? 'ok' : 'NOT OK'} |`);
}

function ask(on, who, method, params, kind) {
  if (kind === 'public') return on.stack.request('GET', `/api/1/BTCUSD/${method}?since=${params.since}`).then(({ status, json }) => {
    assert.equal(status, 200);
    return json.return;
  });
  return kind === 'market' ? market(on[who], method, params) : on[who].ok(method, params);
}

const wanted = (title) => (process.env.ROWS ?? '').split(' ').some((word) => title.includes(word));

async function measureLists(stacks) {
  for (const [who, method, params, kind] of lists) {
    const title = `\`${method}\`${Object.keys(params).length > 0 ? ` ${JSON.stringify(params).replaceAll('"', '')}` : ''} of the ${who ?? 'market'}`;
    if (!wanted(title)) continue;
    if (kind !== undefined) {
      row(title, method.endsWith('trades') ? 'rows' : 'first', await compare(stacks, (on) => ask(on, who, method, params, kind)));
      continue;
    }
    // Marks of long lists are made by those who read, 50 at a time.
    let pages = [1, 1];
    for (let i = 0; i < (Object.keys(params).length > 0 ? 1 : 25); i++)
      for (const [which, on] of stacks.entries()) pages[which] = (await ask(on, who, method, params)).max_page;
    pages = pages.map((page) => Math.min(page, DEEP));
    row(`${title}, page 1`, 'first', await compare(stacks, (on) => ask(on, who, method, { ...params, page: 1 })));
    row(`... page ${pages[1]} (${pages[0]})`, 'deep', await compare(stacks, (on) => ask(on, who, method, { ...params, page: pages[stacks.indexOf(on)] })));
  }
}

const stacks = [await open(...process.argv.slice(2, 5)), await open(...process.argv.slice(5, 8))];
try {
  const [[entries], [small]] = [await stacks[1].stack.sql('SELECT COUNT(*) FROM entry'), await stacks[0].stack.sql('SELECT COUNT(*) FROM entry')].map(([line]) => line);
  console.log(`| one caller at a time, medians of ${ROUNDS} | ${Number(small).toLocaleString('en')} entries | ${Number(entries).toLocaleString('en')} entries | ratio | required | |`);
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const [title, steps] of Object.entries(writes).filter(([name]) => wanted(name))) {
    const [prepare, call] = Array.isArray(steps) ? steps : [undefined, steps];
    row(`\`${title}\``, 'write', await compare(stacks, call, prepare));
  }
  await measureLists(stacks);
  if (process.env.AUDIT !== 'no') {
    const { ms } = await timed(() => stacks[1].stack.audit());
    const holds = ms < AUDIT_S * 1000;
    if (!holds) bad++;
    console.log(`| \`tellerctl audit\` | | ${(ms / 1000).toFixed(0)} s | | ${AUDIT_S} s | ${holds ? 'ok' : 'NOT OK'} |`);
  }
} finally {
  closeConnections();
}
if (bad > 0) console.log(`${bad} not reached`);
process.exit(bad === 0 ? 0 : 1);
