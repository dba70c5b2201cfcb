// How long pages of long lists take: the first, one in the middle and the last of an owner with many rows, made by
// SQL on a stack of its own. Prints a line for each list; exits 1 where a first page takes longer than 5 ms or another
// longer than 20 ms (the median, over HTTP).
//   usage: node tests/bench/lists.mjs DIR [ROWS]
import path from 'node:path';
import { closeConnections, Stack } from '../support/teller.mjs';

const [dir, rows = '1000000'] = process.argv.slice(2);
const ROWS = Number(rows), TIMES = 15, FIRST_MS = 5, OTHER_MS = 20;
const stack = await Stack.start(path.resolve(dir), { DEMO: 'no', JOBS: 'no' });
// A uuid of version 7 whose time rises with the number.
const id = (prefix) => `UNHEX(CONCAT(LPAD(HEX(1700000000000 + seq * 1000), 12, '0'), '7${prefix}', LPAD(HEX(seq), 16, '8')))`;
const at = "FROM_UNIXTIME(1700000000 + seq)";

/** One call and its milliseconds, over HTTP. */
async function took(client, method, params) {
  const started = process.hrtime.bigint();
  const reply = await client.call(method, params);
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  if (reply.json?.result !== 'success') throw new Error(`${method}: ${reply.status} ${reply.text.slice(0, 300)}`);
  return { ms, page: reply.json.return };
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
let slow = 0;
try {
  const customer = await stack.customer({ funds: { USD: '1' } });
  const partner = await stack.partner();
  const merchant = await stack.merchant();
  const [[user], [merchantUser], [partnerUser], [key]] = await stack.sql(`SELECT id FROM user WHERE login = '${customer.user.login}'
    UNION ALL SELECT id FROM user WHERE login = '${merchant.user.login}' UNION ALL SELECT id FROM user WHERE login = '${partner.user.login}'
    UNION ALL SELECT id FROM api_key WHERE public_key = UNHEX('${merchant.key.replaceAll('-', '')}')`);
  await stack.sql(`SET foreign_key_checks = 0, unique_checks = 0;
    INSERT INTO ticket (id, customer_id, partner_id, partner_user_id, currency_id, amount, status, key_hash, created_at, expires_at)
    SELECT ${id('001')}, ${user}, '${partner.id}', ${partnerUser}, (SELECT id FROM currency WHERE code = 'USD'), 100, 'completed', REPEAT('h', 32), ${at}, ${at} FROM seq_1_to_${ROWS};
    INSERT INTO checkout_order (id, merchant_id, api_key_id, request_key, currency_id, amount, status, description, wants_mail, autosell, instant_only, multipay, created_at)
    SELECT ${id('002')}, ${merchantUser}, ${key}, CONCAT('b:', seq), (SELECT id FROM currency WHERE code = 'USD'), 100, 'cancelled', 'Bench', FALSE, FALSE, FALSE, FALSE, ${at} FROM seq_1_to_${ROWS};
    INSERT INTO event (id, topic, kind, owner_id, seq, subject, payload, at)
    SELECT 1000000 + seq, 'checkout', 'cancelled', ${merchantUser}, seq, ${id('002')}, '{"currency": "USD", "amount": "100"}', ${at} FROM seq_1_to_${ROWS};
    INSERT INTO delivery (uuid, event_id, channel, format, owner_id, subject, api_key_id, state, since)
    SELECT ${id('003')}, 1000000 + seq, 'feed', 'ipn', ${merchantUser}, ${id('002')}, ${key}, 'none', ${at} FROM seq_1_to_${ROWS};
    ANALYZE TABLE ticket, checkout_order, event, delivery`);
  // Marks are made by those who read, 50 at a time.
  for (let i = 0; i < ROWS / 50000 + 2; i++) {
    await took(customer, 'ticket/list', {});
    await took(partner, 'ticket/list', {});
    await took(merchant, 'merchant/order/list', {});
    await took(merchant, 'merchant/event/list', {});
  }
  const size = 50, last = Math.ceil(ROWS / size);
  for (const [client, method, params] of [[customer, 'ticket/list', {}], [partner, 'ticket/list', {}], [customer, 'ticket/list', { status: 'open' }],
    [customer, 'ticket/list', { since: 1700000000 + ROWS - 1000 }], [merchant, 'merchant/order/list', {}], [merchant, 'merchant/order/list', { status: 'paid' }],
    [merchant, 'merchant/order/list', { since: 1700000000 + ROWS - 1000 }], [merchant, 'merchant/event/list', {}]]) {
    const line = [];
    const pages = Object.keys(params).length > 0 ? [1] : [1, last >> 1, last];
    for (const page of pages) {
      const times = [];
      for (let i = 0; i < TIMES; i++) times.push((await took(client, method, { ...params, page })).ms);
      const ms = median(times);
      if (ms > (page === 1 ? FIRST_MS : OTHER_MS)) slow++;
      line.push(`page ${page}: ${ms.toFixed(1)} ms`);
    }
    console.log(`${method} ${JSON.stringify(params)}`.padEnd(50), line.join('  '));
  }
  console.log(slow === 0 ? 'all in time' : `${slow} too slow`);
} finally {
  closeConnections();
  await stack.stop();
}
process.exit(slow === 0 ? 0 : 1);
