// Bids by key: every byte of what robots read of them, each error of create_bid with its fields, what may be done from
// where, lists and their filters.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk } from '../support/desk.mjs';
import { closeConnections, inParallel, stack, unique, until } from '../support/teller.mjs';

const NO_BID = '{"error":"1","error_text":"no bid exists","data":""}';

const desk = new Desk(stack);
let robot, other, usd, btc, eur, hand, fields, off, site, phone, name, city, url;

before(async () => {
  [robot, other] = [await desk.key(), await desk.key()];
  usd = await desk.system({ currency: 'USD', name: 'Dollars', pay_account: 'US 1234' });
  btc = await desk.system({ currency: 'BTC', decimals: 8, name: 'Bitcoin', reserve: '10', account_rule: 'bitcoin' });
  eur = await desk.system({ currency: 'EUR', name: 'Euro', reserve: '5000', account_give: 1, account_rule: 'card', account_get: 0 });
  hand = await desk.direction(usd, btc, { rate: { give: '50000', get: '1' }, min_give: await desk.units('USD', '10'), max_get: await desk.units('BTC', '5'),
    give_service: '1', give_system: '2', get_system: '0.5' });
  fields = await desk.direction(eur, usd, { rate: { get: '1.1' } });
  off = await desk.direction(usd, eur, { rate: { get: '0.9' }, state: 'frozen' });
  site = await desk.direction(btc, eur, { rate: { get: '1' }, access: 'site' });
  name = await desk.field({ system: eur, side: 'give', label: 'Holder', required: 1 });
  phone = await desk.field({ direction: fields, label: 'Phone', rule: 'phone', required: 1 });
  city = await desk.field({ direction: fields, label: 'City', type: 'select', options: ['Paris', 'Rome'], required: 1 });
  await desk.text('direction', hand.id, 'instruction', '<p>Pay to <b>US 1234</b>.</p>');
  await desk.text('direction', hand.id, 'instruction', 'Оплатите', 'ru');
  url = await until(async () => (await robot.json('get_direction', { direction_id: hand.id })).data.url?.replace(/\/exchange-.*/, '/exchange/bid/'));
});
after(async () => {
  await desk.hide(hand, fields, off, site);
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

const ADDRESS = 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq';
const wish = (rest = {}) => ({ direction_id: hand.id, calc_amount: '1000', calc_action: 1, account2: ADDRESS, ...rest });
const create = async (rest, headers) => {
  const { error, data, error_text: text } = await robot.json('create_bid', wish(rest), headers);
  assert.equal(error, '0', text);
  return data;
};
const bidText = (bid, status, title, actions) => `{"url":"${(url + bid.hash).replaceAll('/', '\\/')}","id":"${bid.id}","hash":"${bid.hash}","status":"${status}","status_title":"${title}",`
  + '"psys_give":"Dollars","psys_get":"Bitcoin","currency_code_give":"USD","currency_code_get":"BTC","amount_give":"1010","amount_get":"0.0199",'
  + `"course_give":"50000","course_get":"1","api_actions":${actions}}`;
const OPEN = '{"type":"default","cancel":"api","pay":"api","pay_amount":"1010","instruction":"<p>Pay to <b>US 1234<\\/b>.<\\/p>"}';

test('create_bid and bid_info: every byte, by id and by hash', async () => {
  const reply = await robot.call('create_bid', wish({ status: 'new', unknown: 'ignored' }));
  const bid = reply.json.data;
  assert.match(bid.hash, /^[0-9A-Za-z]{32}$/);
  const expected = `{"error":"0","error_text":"","error_fields":[],"data":${bidText(bid, 'new', 'How to make payment', OPEN)}}`;
  assert.equal(reply.text, expected);
  assert.equal((await robot.call('bid_info', { id: bid.id })).text, expected);
  assert.equal((await robot.call('bid_info', { hash: bid.hash })).text, expected);
  assert.equal((await robot.call('bid_info', { id: bid.id, hash: 'x' })).text, expected, 'the id wins');
  const russian = await robot.json('bid_info', { id: bid.id }, { 'API-LANG': 'ru_RU' });
  assert.deepEqual([russian.data.status_title, russian.data.api_actions.instruction], ['Как оплатить', 'Оплатите']);
});

test('a bid by multipart, with the amount in each figure', async () => {
  const boundary = 'x--x';
  const body = Object.entries(wish()).map(([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`).join('') + `--${boundary}--\r\n`;
  const { json } = await stack.request('POST', '/api/userapi/v1/create_bid/', { headers: robot.headers({ 'Content-Type': `multipart/form-data; boundary=${boundary}` }), body });
  assert.equal(json.data.amount_give, '1010');
  for (const [action, amount] of [[2, '0.02'], [3, '1030.2'], [4, '0.0199'], [5, '1010']]) {
    const bid = await create({ calc_action: action, calc_amount: amount });
    assert.deepEqual([bid.amount_give, bid.amount_get], ['1010', '0.0199'], `action ${action}`);
  }
});

test('pay, cancel, success: what may be done, and doing it again is the same', async () => {
  const bid = await create();
  const paid = '{"error":"0","error_text":"","data":"payed"}';
  assert.equal((await robot.call('pay_bid', { hash: bid.hash })).text, paid);
  assert.equal((await robot.call('pay_bid', { id: bid.id })).text, paid);
  assert.equal((await robot.call('cancel_bid', { hash: bid.hash })).text, NO_BID, 'it is paid');
  const info = await robot.json('bid_info', { id: bid.id });
  assert.deepEqual(info.data.api_actions, { type: 'finished', cancel: 'disabled', pay: 'disabled', pay_amount: '1010', instruction: '' });
  assert.deepEqual([info.data.status, info.data.status_title], ['payed', 'Order is paid']);
  const done = '{"error":"0","error_text":"","data":"success"}';
  assert.equal((await robot.call('success_bid', { id: bid.id })).text, done);
  assert.equal((await robot.call('success_bid', { id: bid.id })).text, done);
  assert.equal((await robot.json('bid_info', { id: bid.id })).data.status_title, 'The order is completed');
  const second = await create();
  const gone = '{"error":"0","error_text":"","data":"cancel"}';
  assert.equal((await robot.call('cancel_bid', { hash: second.hash })).text, gone);
  assert.equal((await robot.call('cancel_bid', { hash: second.hash })).text, gone);
  assert.equal((await robot.call('pay_bid', { hash: second.hash })).text, NO_BID);
});

test("another key's bid, none, and no name of one", async () => {
  const bid = await create();
  for (const [client, params] of [[other, { id: bid.id }], [other, { hash: bid.hash }], [robot, { id: 999999999 }], [robot, { hash: 'x' }], [robot, {}], [robot, { id: 'x' }], [robot, { hash: 'é' }]]) {
    for (const method of ['pay_bid', 'cancel_bid', 'success_bid']) assert.equal((await client.call(method, params)).text, NO_BID, method);
    assert.equal((await client.call('bid_info', params)).text, '{"error":"1","error_text":"no bid exists","error_fields":[],"data":[]}');
  }
  assert.equal((await robot.json('pay_bid', {}, { 'API-LANG': 'ru_RU' })).error_text, 'заявка не существует');
  assert.equal((await robot.json('bid_info', { id: bid.id })).data.status, 'new');
});

test('create_bid: directions that cannot be used', async () => {
  const says = async (params, text) => assert.equal((await robot.call('create_bid', wish(params))).text,
    `{"error":"3","error_text":"${text}","error_fields":[],"data":[]}`);
  for (const id of [0, '', 'x', 999999]) await says({ direction_id: id }, 'Error! The direction do not exist');
  await says({ direction_id: off.id, account2: undefined }, 'Error! Exchange direction is disabled');
  await says({ direction_id: site.id, account2: undefined, calc_amount: 1 }, 'Error! Direction prohibited by settings API');
  assert.equal((await robot.json('create_bid', {}, { 'API-LANG': 'ru_RU' })).error_text, 'Ошибка! Направление не существует');
  // GET has no parameters, whatever stands in its query.
  const reply = await stack.request('GET', `/api/userapi/v1/create_bid?direction_id=${hand.id}&calc_amount=1000&calc_action=1&account2=${ADDRESS}`, { headers: robot.headers() });
  assert.equal(reply.json.error_text, 'Error! The direction do not exist');
});

test('create_bid: each wrong field is named, limits as clients read them', async () => {
  const limit = (field, which, value, code) => `<span class="js_amount" data-id="${field}" data-val="${value}">${which}.: ${value} ${code}</span>`;
  const wrong = async (params, errors, headers) => {
    const json = await robot.json('create_bid', wish(params), headers);
    assert.deepEqual([json.error, json.error_fields, json.data], ['3', errors, []]);
    return json.error_text;
  };
  assert.equal(await wrong({ calc_amount: '9.99' }, { sum1: limit('sum1', 'min', '10', 'USD') }), 'Error!');
  await wrong({ calc_action: 2, calc_amount: '6' }, { sum2: limit('sum2', 'max', '5', 'BTC') });
  await wrong({ account2: '' }, { account2: 'invalid account number' });
  await wrong({ account2: 'bc1nonsense' }, { account2: 'invalid account number' });
  assert.equal(await wrong({ calc_amount: '1', account2: undefined }, { account2: 'неверный номер счета', sum1: limit('sum1', 'min', '10', 'USD') },
    { 'API-LANG': 'ru_RU' }), 'Ошибка!');
  const text = (await robot.call('create_bid', wish({ calc_amount: '5' }))).text;
  assert.ok(text.includes('min.: 10 USD<\\/span>'), text);
  assert.match(text.replaceAll('\\', ''), /min\.: (\d+)/);
  for (const amount of ['0', '', 'abc', '-5'])
    assert.ok('sum1' in (await robot.json('create_bid', wish({ calc_amount: amount }))).error_fields, amount);
});

test('create_bid: accounts and further fields', async () => {
  const base = { direction_id: fields.id, calc_amount: '10', account2: 'me', account1: '4111111111111111', [`cfgive${name}`]: 'A. Person', [`cf${phone}`]: '+491701234567', [`cf${city}`]: 2 };
  await desk.reserve(usd, '100');
  const { error_fields: faults } = await robot.json('create_bid', wish({ ...base, account1: '4111111111111112', [`cfgive${name}`]: '', [`cf${phone}`]: 'call me', [`cf${city}`]: 0 }));
  assert.deepEqual(Object.keys(faults).sort(), ['account1', `cf${city}`, `cf${phone}`, `cfgive${name}`].sort());
  assert.equal(faults[`cf${city}`], 'value is not selected');
  assert.equal(faults.account1, 'invalid account number');
  const made = await until(async () => {
    const json = await robot.json('create_bid', wish({ ...base, cf999: 'unknown' }));
    return json.error === '0' && json.data;
  }, 5, 'the reserve');
  assert.deepEqual([made.amount_give, made.amount_get], ['10', '11']);
  await robot.json('cancel_bid', { id: made.id });
});

test('create_bid: the reserve is never oversold', async () => {
  const small = await desk.system({ currency: 'EUR', name: 'Small', reserve: '30', account_get: 0 });
  const pair = await desk.direction(usd, small, { rate: { get: '1' } });
  await until(async () => (await robot.json('get_direction', { direction_id: pair.id })).data.reserve === '30', 5);
  const replies = await inParallel(8, Array.from({ length: 12 }, () => () => robot.call('create_bid', { direction_id: pair.id, calc_amount: 10, calc_action: 1 })));
  const made = replies.filter(({ json }) => json.error === '0');
  assert.equal(made.length, 3);
  for (const { json } of replies.filter((reply) => !made.includes(reply)))
    assert.deepEqual([json.error, json.error_text], ['3', 'Error! Not enough reserve for the exchange']);
  await robot.json('cancel_bid', { id: made[0].json.data.id });
  assert.equal((await robot.json('create_bid', { direction_id: pair.id, calc_amount: 10, calc_action: 1 })).error, '0', 'what was freed can be had again');
  await desk.hide(pair);
});

test('api_id: the same request is the same bid, another one is refused', async () => {
  const api = unique();
  const bids = await inParallel(6, Array.from({ length: 6 }, () => () => create({ api_id: api })));
  assert.equal(new Set(bids.map(({ id }) => id)).size, 1);
  assert.equal((await robot.call('create_bid', wish({ api_id: api, calc_amount: '1001' }))).text,
    '{"error":"3","error_text":"api id not unique","error_fields":[],"data":[]}');
  assert.equal((await other.json('create_bid', wish({ api_id: api, calc_amount: '1001' }))).error, '0', "another key's names are its own");
  assert.deepEqual(Object.keys((await robot.json('create_bid', wish({ api_id: 'x'.repeat(101) }))).error_fields), ['api_id']);
});

test('get_exchanges: every byte, and statuses from the first one on', async () => {
  const api = unique();
  const bid = await create({ api_id: api });
  await robot.json('pay_bid', { id: bid.id });
  const { text, json } = await robot.call('get_exchanges', { api_id: api, status_history: 1 });
  const [item] = json.data.items;
  assert.match(item.date, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.equal(item.time, Date.parse(`${item.date.replace(' ', 'T')}Z`) / 1000);
  assert.ok(Math.abs(item.time - Date.now() / 1000) < 60);
  const times = item.statuses.map(({ time, date, status }) => `{"time":${time},"date":"${date}","status":"${status}"}`).join(',');
  assert.deepEqual(item.statuses.map(({ status }) => status), ['auto', 'new', 'payed']);
  assert.equal(text, `{"error":"0","error_text":"","data":{"items":[{"id":"${bid.id}","api_id":"${api}","time":${item.time},"date":"${item.date}",`
    + '"psys_give":"Dollars","psys_get":"Bitcoin","currency_code_give":"USD","currency_code_get":"BTC","course_give":"50000","course_get":"1",'
    + `"amount_give":"1010","amount_get":"0.0199","exchange_success":0,"user_hash":"","user_ip":"127.0.0.1","status":"payed","hash":"${bid.hash}","statuses":[${times}]}]}}`);
  await robot.json('success_bid', { id: bid.id });
  const [done] = (await robot.json('get_exchanges', { id: bid.id })).data.items;
  assert.deepEqual([done.exchange_success, done.status, done.statuses], [1, 'success', undefined], '1 is success');
});

test('get_exchanges: filters, pages, and none', async () => {
  const own = await desk.key();
  const empty = '{"error":"0","error_text":"","data":[]}';
  assert.equal((await own.call('get_exchanges')).text, empty);
  const made = [];
  for (let i = 0; i < 4; i++) made.push((await own.json('create_bid', wish({ api_id: `n${i}` }))).data);
  const ids = async (params) => ((await own.json('get_exchanges', params)).data.items ?? []).map(({ id }) => id);
  const all = made.map(({ id }) => id).reverse();
  assert.deepEqual(await ids({}), all);
  assert.deepEqual(await ids({ limit: 2 }), all.slice(0, 2));
  assert.deepEqual(await ids({ limit: 2, offset: 3 }), all.slice(3));
  assert.deepEqual(await ids({ id: `${made[0].id},${made[2].id}` }), [made[2].id, made[0].id]);
  assert.deepEqual(await ids({ hash: made[1].hash }), [made[1].id]);
  assert.deepEqual(await ids({ api_id: 'n3' }), [made[3].id]);
  assert.deepEqual(await ids({ ip: '127.0.0.1' }), all);
  for (const none of [{ ip: '192.0.2.1' }, { id: 'x' }, { api_id: 'none' }, { hash: '\u{1f600}', ip: 'é' }, { start_time: 4000000000 }, { end_time: 1000000000 }, { offset: 9 }])
    assert.equal((await own.call('get_exchanges', none)).text, empty, JSON.stringify(none));
  assert.deepEqual(await ids({ start_time: 1000000000, end_time: 4000000000, limit: 100000 }), all);
  await own.json('cancel_bid', { id: made[0].id });
  assert.equal((await ids({}))[0], made[0].id, 'the newest change is first');
  assert.equal((await robot.call('get_exchanges', { id: made[0].id })).text, empty, "another key's");
});

test("maintenance: the operator's words", async () => {
  const bid = await create();
  try {
    await stack.sql("UPDATE desk_setting SET maintenance = TRUE; INSERT INTO desk_text VALUES ('desk', 0, 'maintenance', 'en', 'Back at noon')");
    const text = '"error_text":"Back at noon"';
    await until(async () => (await robot.call('create_bid', wish())).text === `{"error":"2",${text},"error_fields":[],"data":[]}`, 5, 'create_bid');
    await until(async () => (await robot.call('bid_info', { id: bid.id })).text === `{"error":"2",${text},"error_fields":[],"data":[]}`, 5, 'bid_info');
    for (const method of ['pay_bid', 'cancel_bid', 'success_bid'])
      await until(async () => (await robot.call(method, { id: bid.id })).text === `{"error":"2",${text},"data":""}`, 5, method);
  } finally {
    await stack.sql("UPDATE desk_setting SET maintenance = FALSE; DELETE FROM desk_text WHERE of = 'desk'");
  }
  await until(async () => (await robot.json('cancel_bid', { id: bid.id })).error === '0', 5, 'open again');
});

test('the log of calls, where it is switched on: without secrets', async () => {
  const own = await desk.key();
  const rows = () => stack.sql(`SELECT method, ip, params, result, headers FROM desk_call WHERE login = '${own.login}' ORDER BY id`);
  try {
    await stack.sql('UPDATE desk_setting SET log_calls = TRUE');
    await until(async () => { await own.call('test', { partner_id: 5 }); return (await rows()).length > 0; }, 5, 'the log');
    const secrets = { Cookie: 'session=S-cookie', Authorization: 'Bearer S-bearer', 'Rest-Sign': 'S-sign', authenticateit_identity_ticket: 'S-ticket' };
    await own.call('bid_info', { id: 7 }, { ...secrets, 'X-Plain': 'seen' });
    const kept = await rows();
    assert.deepEqual(kept[0].slice(0, 4), ['test', '127.0.0.1', 'partner_id=5', '0 ']);
    assert.deepEqual(kept.at(-1).slice(0, 4), ['bid_info', '127.0.0.1', 'id=7', '1 no bid exists']);
    assert.ok(kept.at(-1)[4].includes('X_PLAIN=seen') && !kept.at(-1)[4].includes('S-'), kept.at(-1)[4]);
    assert.ok(kept[0][4].includes(`API_LOGIN=${own.login}`) && !JSON.stringify(kept).includes(own.secret));
  } finally {
    await stack.sql('UPDATE desk_setting SET log_calls = FALSE');
  }
});
