// The user API of the desk around its calls and up to the calculator: wire shapes that real robots send, byte for
// byte, every gateway error in its order, two languages, keys, modes and addresses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk } from '../support/desk.mjs';
import { closeConnections, stack, until } from '../support/teller.mjs';

const BASE = '/api/userapi/v1';
const FORM = 'application/x-www-form-urlencoded';
const DISABLED = '{"error":1,"error_text":"Api disabled"}';
const UNSUPPORTED = '{"error":3,"error_text":"Method not supported"}';
const NO_DIRECTION = '{"error":"1","error_text":"direction not found","data":[]}';
const METHODS = ['test', 'get_direction_currencies', 'get_directions', 'get_direction', 'get_exchanges', 'get_calc', 'create_bid', 'cancel_bid',
  'pay_bid', 'success_bid', 'bid_info', 'get_partner_info', 'get_partner_links', 'get_partner_exchanges', 'get_partner_payouts', 'add_partner_payout'];
const bits = (...names) => names.reduce((set, name) => set | (1 << METHODS.indexOf(name)), 0);

const desk = new Desk(stack);
let robot, usd, eur, btc, plain, rich, hidden, site, frozen, phone, city;

before(async () => {
  robot = await desk.key();
  usd = await desk.system({ currency: 'USD', name: 'Dollars', logo: '/img/usd.svg', account_give: 1, account_rule: 'card' });
  eur = await desk.system({ currency: 'EUR', name: 'Euros "cash"', reserve: '123', account_get: 0 });
  btc = await desk.system({ currency: 'BTC', decimals: 8, name: 'Биткоин', logo: 'https://cdn.example.org/btc.png', reserve: '0.5' });
  plain = await desk.direction(usd, eur, { rate: { give: '1', get: '100' }, min_give: 0, max_give: await desk.units('USD', '1') });
  rich = await desk.direction(usd, btc, { rate: { get: '0.00003281383074281' }, min_give: await desk.units('USD', '10.5'),
    max_get: await desk.units('BTC', '0.25'), step: await desk.units('USD', '100'), reserve_cap: await desk.units('BTC', '0.3'),
    give_service: '1', give_service_fixed: await desk.units('USD', '1'), give_system: '2', get_system: '0.5' });
  hidden = await desk.direction(eur, usd, { rate: { get: '1.1' }, state: 'off' });
  site = await desk.direction(eur, btc, { rate: { get: '0.00003' }, access: 'site' });
  frozen = await desk.direction(btc, usd, { rate: { get: '60000' }, state: 'frozen' });
  await desk.text('direction', rich.id, 'timeline', '<b>At once</b>');
  await desk.text('direction', rich.id, 'timeline', 'Сразу', 'ru');
  await desk.text('direction', rich.id, 'frozen', 'never shown');
  await desk.text('direction', frozen.id, 'frozen', 'Back at 12:00');
  await desk.text('direction', hidden.id, 'hidden', 'Not before May');
  await desk.text('system', usd.id, 'give_label', 'Card number');
  await desk.text('system', btc.id, 'get_hint', 'bc1...');
  phone = await desk.field({ direction: rich, label: 'Phone', required: 1, rule: 'phone' });
  city = await desk.field({ system: usd, side: 'give', label: 'City', type: 'select', options: ['Paris', 'Rome'], in_calc: 1 });
  await until(async () => (await robot.json('get_direction', { direction_id: rich.id })).data.give_fields?.[`cfgive${city}`]);
});
after(async () => {
  await desk.hide(plain, rich, site, frozen);
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

const raw = (method, path, headers, body = null) => stack.request(method, BASE + path, { headers, body });

/** A multipart body as Postman and Python's requests send it. */
const multipart = (params, boundary = '------------------------d74496d66958873e') => [{ 'Content-Type': `multipart/form-data; boundary=${boundary}` },
  `${Object.entries(params).map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}--${boundary}--\r\n`];

const lower = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

test('test: each wire shape that robots use, byte for byte', async () => {
  const reply = (partner) => `{"error":0,"error_text":"","data":{"ip":"127.0.0.1","user_id":0,"locale":"en_US","partner_id":${partner}}}`;
  const none = reply(0);
  const [type, body] = multipart({ partner_id: '7' });
  for (const [what, answer, expected] of [
    ['GET without parameters', raw('GET', '/test', robot.headers()), none],
    ['GET, trailing slash and empty query, lower case', raw('GET', '/test/?', lower(robot.headers({ 'API-LANG': 'en_US' }))), none],
    ['POST without a body', raw('POST', '/test', robot.headers()), none],
    ['POST, JSON type, no body', raw('POST', '/test', robot.headers({ 'Content-Type': 'application/json' }), ''), none],
    ['POST, JSON is ignored', raw('POST', '/test', robot.headers({ 'Content-Type': 'application/json' }), '{"partner_id":7}'), none],
    ['POST, broken JSON is ignored', raw('POST', '/test', robot.headers({ 'Content-Type': 'application/json; charset=utf-8' }), '{'), none],
    ['POST, form', raw('POST', '/test', robot.headers({ 'Content-Type': FORM }), 'partner_id=7'), reply(7)],
    ['POST, form with a charset', raw('POST', '/test/', robot.headers({ 'Content-Type': `${FORM}; charset=utf-8` }), 'partner_id=7&status=new'), reply(7)],
    ['POST, multipart', raw('POST', '/test', robot.headers(type), body), reply(7)],
    ['the query is not read', raw('POST', '/test?partner_id=9', robot.headers({ 'Content-Type': FORM }), 'partner_id=7'), reply(7)],
    ['nor with GET', raw('GET', '/test?partner_id=9', robot.headers()), none],
  ]) {
    const got = await answer;
    assert.deepEqual([got.status, got.headers['content-type'], got.text], [200, 'application/json; charset=utf-8', expected], what);
  }
});

test("test: a user's key, in Russian", async () => {
  const user = await stack.user();
  const own = await desk.key({ user });
  assert.equal((await own.call('test', {}, { 'API-LANG': 'ru_RU' })).text,
    `{"error":0,"error_text":"","data":{"ip":"127.0.0.1","user_id":${await desk.userId(user)},"locale":"ru_RU","partner_id":0}}`);
});

test('strangers hear that the API is disabled, whatever they ask for', async () => {
  const { login, secret } = robot;
  for (const headers of [{}, { 'API-LOGIN': login }, { 'API-KEY': secret }, { 'API-LOGIN': login, 'API-KEY': login }, { 'API-LOGIN': secret, 'API-KEY': secret },
    { 'API-LOGIN': login, 'API-KEY': '' }, { 'API-LOGIN': login, 'API-KEY': `${secret}0` }, { 'API-LOGIN': "' OR 1 -- ".padEnd(32, 'x'), 'API-KEY': secret },
    { 'API-LOGIN': [login, login], 'API-KEY': secret }])
    for (const path of ['/test', '/none', '/get_directions/', ''])
      assert.deepEqual([(await raw('POST', path, headers)).status, (await raw('POST', path, headers)).text], [200, DISABLED], JSON.stringify(headers));
  assert.equal((await stack.request('POST', '/api/userapi/v2/test', { headers: robot.headers() })).text, DISABLED, 'another version');
  assert.equal((await stack.request('POST', '/api/other/v1/test', { headers: robot.headers() })).status, 404);
  assert.equal((await raw('POST', '/test', { 'API-LANG': 'ru_RU' })).text, '{"error":1,"error_text":"Api \\u043e\\u0442\\u043a\\u043b\\u044e\\u0447\\u0435\\u043d"}');
});

test('a method that there is not, or not for this key', async () => {
  for (const path of ['/get_status', '/', '/test/more', '/TEST', '//test'])
    assert.deepEqual([(await raw('POST', path, robot.headers())).status, (await raw('POST', path, robot.headers())).text], [200, UNSUPPORTED], path);
  for (const method of ['PUT', 'DELETE', 'PATCH'])
    assert.deepEqual([(await raw(method, '/test', robot.headers())).status, (await raw(method, '/test', robot.headers())).text], [200, UNSUPPORTED], method);
  const few = await desk.key({ methods: bits('test', 'get_calc') });
  assert.equal((await few.json('test')).error, 0);
  assert.equal((await few.call('get_directions')).text, UNSUPPORTED);
  assert.equal((await few.call('get_directions', {}, { 'API-LANG': 'ru_RU' })).json.error_text, 'Метод не поддерживается');
});

test('modes, banned users, addresses: refused in this order', async () => {
  const user = await stack.user();
  const id = await desk.userId(user);
  const far = await desk.key({ user, methods: bits('test'), networks: '192.0.2.1' });
  const near = await desk.key({ user, networks: '192.0.2.1,127.0.0.0/8' });
  const says = (client, text, method = 'test') => until(async () => (await client.call(method)).text.startsWith(text), 5, text);
  await says(near, '{"error":0');
  await says(far, '{"error":2,"error_text":"IP blocked"}');
  await says(far, '{"error":2,"error_text":"IP blocked"}', 'get_directions');
  await stack.sql(`UPDATE user SET enabled = FALSE WHERE id = ${id}`);
  await says(near, DISABLED);
  await says(far, DISABLED);
  await stack.sql(`UPDATE user SET enabled = TRUE WHERE id = ${id}`);
  try {
    await stack.sql("UPDATE desk_setting SET api_mode = 'selected'");
    await says(near, DISABLED);
    await says(robot, DISABLED);
    await stack.sql(`INSERT INTO desk_api_user VALUES (${id})`);
    await says(near, '{"error":0');
    await stack.sql("UPDATE desk_setting SET api_mode = 'off'");
    await says(near, DISABLED);
    await stack.sql(`UPDATE desk_setting SET api_mode = 'all', user_methods = ${bits('get_calc')}`);
    await says(near, UNSUPPORTED);
    await says(robot, '{"error":0');
  } finally {
    await stack.sql("UPDATE desk_setting SET api_mode = 'all', user_methods = 65535");
  }
  await says(near, '{"error":0');
  await stack.sql(`UPDATE desk_key SET revoked_at = NOW(6) WHERE id = ${near.id}`);
  await says(near, DISABLED);
});

test('what is wrong with a body is told as an error of the method', async () => {
  const wrong = '{"error":"3","error_text":"Error!","data":[]}';
  for (const body of ['direction_id=%', 'direction_id=1&direction_id=2', 'direction_id=%ff', `direction_id=${'1'.repeat(5000)}`])
    assert.equal((await raw('POST', '/get_calc', robot.headers({ 'Content-Type': FORM }), body)).text, wrong, body.slice(0, 40));
  assert.equal((await raw('POST', '/get_calc', robot.headers({ 'Content-Type': FORM, 'API-LANG': 'ru_RU' }), 'cd=%')).json.error_text, 'Ошибка!');
  const large = await raw('POST', '/get_calc', robot.headers({ 'Content-Type': FORM }), 'x'.repeat((1 << 20) + 10));
  assert.deepEqual([large.status, large.json.error], [200, 3], 'refused by the web server, in the words of the face');
});

const ours = (list, key = 'id') => list.filter((item) => [usd, eur, btc].some((system) => String(system.id) === item[key]));

test('get_direction_currencies: both lists, filtered', async () => {
  const { text, json } = await robot.call('get_direction_currencies');
  assert.ok(text.startsWith('{"error":0,"error_text":"","data":{"give":['), text);
  const logo = `${await base()}/img/usd.svg`;
  const [d, e, b] = [{ id: String(usd.id), title: 'Dollars', logo }, { id: String(eur.id), title: 'Euros "cash"', logo: '' },
    { id: String(btc.id), title: 'Биткоин', logo: 'https://cdn.example.org/btc.png' }];
  assert.deepEqual(ours(json.data.give), [d, b], 'what only the site may use is not among them');
  assert.deepEqual(ours(json.data.get), [e, b, d].sort((one, two) => json.data.get.findIndex(({ id }) => id === one.id) - json.data.get.findIndex(({ id }) => id === two.id)));
  assert.deepEqual((await robot.json('get_direction_currencies', { currency_id_give: usd.id })).data, { give: [d], get: [e, b] });
  assert.deepEqual((await robot.json('get_direction_currencies', { currency_id_get: usd.id })).data, { give: [b], get: [d] });
  assert.equal((await robot.call('get_direction_currencies', { currency_id_get: 999999 })).text, '{"error":0,"error_text":"","data":{"give":[],"get":[]}}');
});

/** What the site's own links begin with. */
async function base() {
  const { url } = (await robot.json('get_direction', { direction_id: plain.id })).data;
  return url.replace(/\/exchange-.*/, '');
}

test('get_directions: exact, by GET with a JSON type as well', async () => {
  const site_ = (await base()).replaceAll('/', '\\/');
  const expected = `{"error":0,"error_text":"","data":[{"direction_id":"${plain.id}","currency_give_id":"${usd.id}","currency_give_title":"Dollars",`
    + `"currency_give_logo":"${site_}\\/img\\/usd.svg","currency_get_id":"${eur.id}","currency_get_title":"Euros \\"cash\\"","currency_get_logo":""}]}`;
  assert.equal((await robot.call('get_directions', { currency_id_give: usd.id, currency_id_get: eur.id })).text, expected);
  const [type, body] = multipart({ currency_id_give: usd.id, currency_id_get: eur.id });
  assert.equal((await raw('POST', '/get_directions/?', robot.headers(type), body)).text, expected);
  const all = await raw('GET', '/get_directions', robot.headers({ 'Content-Type': 'application/json' }));
  assert.deepEqual(ours(all.json.data, 'currency_give_id').map(({ direction_id: id }) => Number(id)), [plain.id, rich.id, frozen.id]);
  assert.equal((await robot.call('get_directions', { currency_id_give: 999999 })).text, '{"error":0,"error_text":"","data":[]}');
});

test('get_direction: every byte, by id and by pair', async () => {
  const site_ = (await base()).replaceAll('/', '\\/');
  const field = `{"name":"cfgive${city}","type":"select","label":"City","req":0,"tooltip":"","options":{"0":"No selected","1":"Paris","2":"Rome"},"cd":1}`;
  const account = '{"name":"account1","type":"text","label":"Card number","req":1,"tooltip":"","cd":0}';
  const expected = `{"error":"0","error_text":"","data":{"id":"${plain.id}","url":"${site_}\\/exchange-${usd.code}_to_${eur.code}","currency_code_give":"USD",`
    + '"currency_code_get":"EUR","reserve":"123","course_give":"1","course_get":"100","sum_give":"1","sum_give_com":"1","sum_get":"100","sum_get_com":"100",'
    + '"com_give":"","com_get":"","min_give":"0","max_give":"1","min_get":"no","max_get":"no","info":{"timeline_text":"","frozen_text":"","before_button_text":""},'
    + `"give_fields":{"account1":${account},"cfgive${city}":${field}},"get_fields":[],"dir_fields":[]}}`;
  assert.equal((await robot.call('get_direction', { direction_id: plain.id })).text, expected);
  assert.equal((await robot.call('get_direction', { currency_id_give: usd.id, currency_id_get: eur.id })).text, expected);
});

test('get_direction: exact digits, texts, fields of the direction', async () => {
  const { data } = await robot.json('get_direction', { direction_id: rich.id });
  assert.deepEqual([data.course_give, data.course_get, data.reserve, data.min_give, data.max_give, data.max_get], ['1', '0.00003281383074281', '0.3', '10.5', 'no', '0.25']);
  assert.deepEqual(data.info, { timeline_text: '<b>At once</b>', frozen_text: '', before_button_text: '' });
  assert.deepEqual(data.get_fields, { account2: { name: 'account2', type: 'text', label: 'Биткоин', req: 1, tooltip: 'bc1...', cd: 0 } });
  assert.deepEqual(data.dir_fields, { [`cf${phone}`]: { name: `cf${phone}`, type: 'text', label: 'Phone', req: 1, tooltip: '', cd: 0 } });
  const russian = await robot.json('get_direction', { direction_id: rich.id }, { 'API-LANG': 'ru_RU' });
  assert.equal(russian.data.info.timeline_text, 'Сразу');
  assert.equal(russian.data.give_fields[`cfgive${city}`].options[0], 'Не выбрано');
  assert.equal((await robot.json('get_direction', { direction_id: frozen.id })).data.info.frozen_text, 'Back at 12:00');
});

test('get_direction: none, hidden, for the site alone, the first', async () => {
  assert.equal((await robot.call('get_direction', { direction_id: 999999 })).text, '{"error":"0","error_text":"","data":[]}');
  assert.equal((await robot.call('get_direction', { currency_id_give: 1 })).text, '{"error":"0","error_text":"","data":[]}');
  assert.equal((await robot.call('get_direction', { direction_id: hidden.id })).text, '{"error":"1","error_text":"Not before May","data":[]}');
  assert.equal((await robot.call('get_direction', { direction_id: site.id })).text, NO_DIRECTION);
  const all = await robot.json('get_directions');
  assert.equal((await robot.json('get_direction')).data.id, all.data[0].direction_id);
});

const calc = async (params) => (await robot.json('get_calc', { direction_id: rich.id, calc_action: 1, ...params })).data;

test('get_calc: every byte', async () => {
  assert.equal((await robot.call('get_calc', { direction_id: rich.id, calc_amount: 100, calc_action: 1, cd: 'city=SPB' })).text,
    '{"error":"0","error_text":"","data":{"currency_code_give":"USD","currency_code_get":"BTC","reserve":"0.3","course_give":"1","course_get":"0.00003281383074281",'
    + '"sum_give":"100","sum_give_com":"104.04","sum_get":"0.00328138","sum_get_com":"0.00326497",'
    + '"com_give":"Including add. service fee (2 USD) and payment system fees Dollars (2.04 USD)",'
    + '"com_get":"Including payment system fees \\u0411\\u0438\\u0442\\u043a\\u043e\\u0438\\u043d (0.00001641 BTC)",'
    + '"min_give":"10.5","max_give":"no","min_get":"no","max_get":"0.25","changed":"0"}}');
});

test('get_calc: from each figure, and back; limits never refuse; what was altered says so', async () => {
  const there = await calc({ calc_amount: '12345' });
  assert.deepEqual([there.sum_give, there.changed], ['12300', '1'], 'a step of 100');
  for (const [action, figure] of [[1, there.sum_give], [2, there.sum_get], [3, there.sum_give_com], [4, there.sum_get_com]]) {
    const back = await calc({ calc_amount: figure, calc_action: action });
    assert.deepEqual([back.sum_give, back.sum_give_com, back.changed], [there.sum_give, there.sum_give_com, '0'], `action ${action}`);
  }
  assert.equal((await calc({ calc_amount: '99999900' })).sum_give, '99999900', 'above every limit');
  assert.equal((await calc({ calc_amount: '100,00' })).sum_give, '100');
  assert.equal((await calc({ calc_amount: '1e3' })).sum_give, '1000');
  for (const none of ['', '0', 'abc', '-5', '1 000']) {
    const example = await robot.json('get_calc', { direction_id: plain.id, calc_amount: none, calc_action: 2 });
    assert.deepEqual([example.data.sum_give, example.data.sum_get, example.data.changed], ['1', '100', '0'], none);
  }
  for (const action of ['', '9', 'x', undefined])
    assert.equal((await calc({ calc_amount: '200', calc_action: action })).sum_give, '200', `action ${action}`);
});

test('get_calc: no direction, in both languages', async () => {
  for (const id of [999999, 'x', '', hidden.id === 0 ? '' : site.id])
    assert.equal((await robot.call('get_calc', { direction_id: id, calc_amount: 1, calc_action: 1 })).text, NO_DIRECTION, String(id));
  assert.equal((await robot.json('get_calc', { direction_id: 0 }, { 'API-LANG': 'ru_RU' })).error_text, 'направление не найдено');
  assert.equal((await robot.json('get_calc', { direction_id: hidden.id })).error_text, 'Not before May');
});

test('maintenance: a number for lists, a text for the others', async () => {
  try {
    await stack.sql('UPDATE desk_setting SET maintenance = TRUE');
    await until(async () => (await robot.call('get_directions')).text === '{"error":1,"error_text":"maintenance","data":[]}', 5, 'maintenance');
    await until(async () => (await robot.call('get_direction_currencies')).json.error === 1, 5);
    await until(async () => (await robot.call('get_calc', { direction_id: plain.id })).text === NO_DIRECTION, 5);
    assert.equal((await robot.json('test')).error, 0);
  } finally {
    await stack.sql('UPDATE desk_setting SET maintenance = FALSE');
  }
});
