// Affiliates by their own key: every byte of what robots read, a reward of the facts' example, a payout of the whole
// balance, and each refusal.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk } from '../support/desk.mjs';
import { closeConnections, stack, unique, until } from '../support/teller.mjs';

const desk = new Desk(stack);
let affiliate, robot, partner, customer, usd, btc, pair, poor, bid;

before(async () => {
  const user = await stack.user();
  affiliate = await desk.userId(user);
  [partner, customer, robot] = [await desk.key({ user }), await desk.key(), await desk.key()];
  usd = await desk.system({ currency: 'USD', name: 'Dollars', payout_on: 1, payout_percent: '2.5', reserve: '100' });
  btc = await desk.system({ currency: 'BTC', decimals: 8, name: 'Bitcoin', reserve: '1', account_get: 0 });
  poor = await desk.system({ currency: 'USD', name: 'Empty', payout_on: 1 });
  // The example of the facts: profit of 3 %, half of it for the affiliate.
  pair = await desk.direction(usd, btc, { rate: { give: '50000', get: '1' }, profit_percent: '3' });
  await until(async () => (await robot.json('get_direction', { direction_id: pair.id })).data.id);
});
after(async () => {
  await desk.hide(pair);
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

const info = () => partner.json('get_partner_info');

test('a key of the system is nobody, in all five calls', async () => {
  for (const method of ['get_partner_info', 'get_partner_links', 'get_partner_exchanges', 'get_partner_payouts'])
    assert.equal((await robot.call(method)).text, '{"error":"1","error_text":"no partner id","data":[]}', method);
  assert.equal((await robot.call('add_partner_payout', { method_id: usd.id, account: 'x' })).text, '{"error":1,"error_text":"no partner id","data":[]}');
  assert.equal((await robot.json('get_partner_info', {}, { 'API-LANG': 'ru_RU' })).error_text, 'нет id партнера');
});

test('before anything was earned: nothing, and lists that are []', async () => {
  assert.equal((await partner.call('get_partner_info')).text,
    `{"error":"0","error_text":"","data":{"partner_id":"${affiliate}","balance":"0","min_payout":"0","items":[]}}`);
  for (const method of ['get_partner_links', 'get_partner_exchanges', 'get_partner_payouts'])
    assert.equal((await partner.call(method)).text, '{"error":"0","error_text":"","data":[]}', method);
  assert.equal((await partner.call('add_partner_payout', { method_id: usd.id, account: 'me' })).text,
    '{"error":1,"error_text":"Error! There is not enough money on your balance","data":[]}');
});

test('get_partner_links: visits, filtered', async () => {
  await stack.sql(`INSERT INTO desk_visit (partner_id, at, browser, ip, referrer, user_hash, query) VALUES
    (${affiliate}, '2026-01-01 00:00:00', 'Old', '192.0.2.1', '', 'h1', ''), (${affiliate}, '2026-02-01 12:00:00', 'Firefox', '192.0.2.2', 'https://example.org/', 'h2', 'rid=1')`);
  const { text, json } = await partner.call('get_partner_links', { limit: 1 });
  const [{ id }] = json.data.items;
  const item = `{"id":"${id}","time":1769947200,"date":"2026-02-01 12:00:00","browser":"Firefox","ip":"192.0.2.2","referrer":"https:\\/\\/example.org\\/","user_hash":"h2","query_string":"rid=1"}`;
  assert.equal(text, `{"error":"0","error_text":"","data":{"items":[${item}]}}`);
  assert.deepEqual((await partner.json('get_partner_links', { end_time: 1769947199 })).data.items.map(({ browser }) => browser), ['Old']);
  assert.deepEqual((await partner.json('get_partner_links', { ip: '192.0.2.2' })).data.items.map(({ browser }) => browser), ['Firefox']);
});

test('a reward: credited once, at success, and told of the bid', async () => {
  await stack.sql(`UPDATE desk_partner SET percent = 50 WHERE user_id = ${affiliate}`);
  bid = (await customer.json('create_bid', { direction_id: pair.id, calc_amount: 50, calc_action: 1, partner_id: affiliate, api_id: unique() })).data;
  const before = (await partner.json('get_partner_exchanges', { id: bid.id })).data.items[0];
  assert.deepEqual([before.accrued, before.partner_reward, before.exchange_success, before.api_id], [0, '0', 0, undefined]);
  for (let i = 0; i < 2; i++) await customer.json('success_bid', { id: bid.id });
  const { text, json } = await partner.call('get_partner_exchanges', { status_history: 1 });
  const [item] = json.data.items;
  const times = item.statuses.map(({ time, date, status }) => `{"time":${time},"date":"${date}","status":"${status}"}`).join(',');
  assert.equal(text, `{"error":"0","error_text":"","data":{"items":[{"id":"${bid.id}","time":${item.time},"date":"${item.date}","psys_give":"Dollars","psys_get":"Bitcoin",`
    + '"currency_code_give":"USD","currency_code_get":"BTC","course_give":"50000","course_get":"1","amount_give":"50","amount_get":"0.001","exchange_success":1,'
    + `"accrued":1,"partner_reward":"0.75","user_hash":"","user_ip":"127.0.0.1","status":"success","hash":"${bid.hash}","statuses":[${times}]}]}}`);
  assert.deepEqual(item.statuses.map(({ status }) => status), ['auto', 'new', 'success']);
});

test('a bid that names its affiliate is a visit of theirs, once', async () => {
  const made = { direction_id: pair.id, calc_amount: 60, calc_action: 1, partner_id: affiliate, api_id: unique() };
  for (let i = 0; i < 2; i++) assert.equal((await customer.json('create_bid', made, { 'User-Agent': 'Robot/3' })).error, '0');
  const { items } = (await partner.json('get_partner_links')).data;
  assert.deepEqual(items.filter(({ browser }) => browser === 'Robot/3').map(({ ip, referrer, user_hash: hash, query_string: query }) => [ip, referrer, hash, query]),
    [['127.0.0.1', '', '', `partner_id=${affiliate}`]]);
});

test('get_partner_info: what the balance would bring, where the reserve covers it', async () => {
  const { text, json } = await partner.call('get_partner_info');
  const items = json.data.items.filter(({ id }) => [String(usd.id), String(poor.id)].includes(id));
  assert.deepEqual(items, [{ id: String(usd.id), title: 'Dollars', comission: '2.5%', amount: '0.73' }]);
  assert.ok(text.startsWith(`{"error":"0","error_text":"","data":{"partner_id":"${affiliate}","balance":"0.75","min_payout":"0","items":[{"id":"`), text);
});

test('add_partner_payout: refusals, then the whole balance', async () => {
  const refused = async (params, text) => assert.equal((await partner.call('add_partner_payout', params)).text, `{"error":1,"error_text":"${text}","data":[]}`);
  for (const method of [0, '', 999999, btc.id]) await refused({ method_id: method, account: 'me' }, 'Error! Selected currency can not be ordered payment');
  await refused({ method_id: usd.id, account: '' }, 'Error! Invalid wallet account');
  await refused({ method_id: poor.id, account: 'me' }, 'Error! You are unable to make a selected currency transaction');
  const { text, json } = await partner.call('add_partner_payout', { method_id: usd.id, account: 'me@bank' });
  assert.match(text, /^\{"error":"0","error_text":"","data":\{"payout_id":"\d+"\}\}$/);
  const list = await partner.call('get_partner_payouts');
  const [{ time, date }] = list.json.data.items;
  assert.equal(list.text, `{"error":"0","error_text":"","data":{"items":[{"id":"${json.data.payout_id}","time":${time},"date":"${date}","method_id":${usd.id},"account":"me@bank",`
    + '"pay_amount":"0.73","pay_currency_code":"USD","original_amount":"0.75","original_currency_code":"USD","status":"0"}]}}');
  assert.equal((await info()).data.balance, '0');
  await refused({ method_id: usd.id, account: 'me' }, 'Error! There is not enough money on your balance');
  assert.equal((await partner.call('get_partner_payouts', { id: 999999 })).text, '{"error":"0","error_text":"","data":[]}');
});

test('without a programme', async () => {
  try {
    await stack.sql('UPDATE desk_setting SET affiliates = FALSE');
    assert.equal((await partner.call('get_partner_info')).text, '{"error":"1","error_text":"no active partner program","data":[]}');
    assert.equal((await partner.json('add_partner_payout', { method_id: usd.id, account: 'x' })).error_text, 'no active partner program');
  } finally {
    await stack.sql('UPDATE desk_setting SET affiliates = TRUE');
  }
});
