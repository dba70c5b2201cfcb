// A user's robots: keys made, changed and ended on the site, what they may call, and the log of their calls.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk, Robot } from '../support/desk.mjs';
import { closeConnections, stack, until } from '../support/teller.mjs';

const PASSWORD = 'a password of the tests';

const desk = new Desk(stack);
let user, session, made;

before(async () => {
  user = await stack.user({ password: PASSWORD });
  session = await stack.signIn(user);
});
after(async () => {
  await stack.ctl('desk', 'set', 'setting', 'desk', '--set', 'log_calls=no', '--set', 'api_mode=all');
  assert.equal(await stack.bugs(), '');
  closeConnections();
});

const robotOf = ({ login, key }) => new Robot(stack, { login, secret: key });
const answer = async (key, method = 'test') => (await robotOf(key).json(method)).error_text;

test('a key is made, shown once, and calls what it may from where it may', async () => {
  const before = await session.ok('GET', '/site/robots');
  assert.deepEqual([before.open, before.logs_calls, before.methods.length, before.keys], [true, false, 16, []]);
  made = await session.ok('POST', '/site/robots', { methods: ['test', 'get_calc'], networks: ['127.0.0.1', '192.0.2.0/24'] });
  assert.match(made.login, /^[0-9A-Za-z]{32}$/);
  assert.match(made.key, /^[0-9A-Za-z]{32}$/);
  const reply = await robotOf(made).json('test');
  assert.deepEqual([reply.error, reply.data.user_id], [0, await desk.userId(user)]);
  assert.equal(await answer(made, 'create_bid'), 'Method not supported');
  const { keys } = await session.ok('GET', '/site/robots');
  assert.deepEqual(keys.map(({ login, key, methods, networks }) => [login, key, methods, networks]),
    [[made.login, undefined, ['test', 'get_calc'], ['127.0.0.1', '192.0.2.0/24']]]);
});

test('refused at its field', async () => {
  for (const [body, status, error, field] of [[{ methods: [] }, 400, 'invalid_parameter', 'methods'], [{ methods: ['everything'] }, 400, 'invalid_parameter', 'methods'],
    [{ methods: ['test'], networks: ['nowhere'] }, 400, 'invalid_parameter', 'networks'], [{}, 400, 'missing_parameter', 'methods']])
    await session.refused(status, error, 'POST', '/site/robots', body, { field });
  await stack.ctl('desk', 'set', 'setting', 'desk', '--set', 'user_methods=1');
  try {
    await session.refused(400, 'invalid_parameter', 'POST', '/site/robots', { methods: ['get_calc'] }, { field: 'methods' });
    assert.deepEqual((await session.ok('GET', '/site/robots')).methods, ['test']);
    await until(async () => await answer(made, 'get_calc') === 'Method not supported');
  } finally {
    await stack.ctl('desk', 'set', 'setting', 'desk', '--set', 'user_methods=65535');
  }
});

test('the three modes: all, off, selected', async () => {
  const mode = async (name, open, words) => {
    await stack.ctl('desk', 'set', 'setting', 'desk', '--set', `api_mode=${name}`);
    assert.equal((await session.ok('GET', '/site/robots')).open, open, name);
    await until(async () => await answer(made) === words, 20, name);
  };
  await mode('off', false, 'Api disabled');
  await mode('selected', false, 'Api disabled');
  await stack.ctl('desk', 'caller', user.login);
  await mode('selected', true, '');
  await stack.ctl('desk', 'caller', user.login, '--no');
  await mode('all', true, '');
});

test('calls are logged while that is switched on, without the key, for their owner alone', async () => {
  await stack.ctl('desk', 'set', 'setting', 'desk', '--set', 'log_calls=yes');
  await until(async () => {
    await robotOf(made).call('test', { partner_id: 7 });
    return (await session.ok('GET', '/site/robots/calls')).items.length > 0;
  });
  const [call] = (await session.ok('GET', `/site/robots/calls?login=${made.login}`)).items;
  assert.deepEqual([call.login, call.method, call.ip, call.params, call.result], [made.login, 'test', '127.0.0.1', 'partner_id=7', '0 ']);
  assert.match(call.headers, new RegExp(`API_LOGIN=${made.login}`));
  assert.ok(!JSON.stringify(call).includes(made.key));
  const other = await stack.signIn(await stack.user({ password: PASSWORD }));
  assert.deepEqual(await other.ok('GET', '/site/robots/calls'), { items: [], more: false });
  assert.deepEqual((await other.ok('GET', '/site/robots')).keys, []);
});

test('changed and ended, by its owner alone; both are on record', async () => {
  const other = await stack.signIn(await stack.user({ password: PASSWORD }));
  await other.refused(404, 'not_found', 'DELETE', `/site/robots/${made.login}`);
  await other.refused(404, 'not_found', 'POST', `/site/robots/${made.login}`, { methods: ['test'] });
  await session.ok('POST', `/site/robots/${made.login}`, { methods: ['test'], networks: ['192.0.2.7'] });
  await until(async () => await answer(made) === 'IP blocked');
  await session.ok('DELETE', `/site/robots/${made.login}`);
  await until(async () => await answer(made) === 'Api disabled');
  await session.refused(404, 'not_found', 'DELETE', `/site/robots/${made.login}`);
  assert.deepEqual((await stack.sql(`SELECT who FROM desk_change WHERE what = 'key' AND subject = '${made.login}'`)).flat(), [user.login, user.login, user.login]);
});

test('nobody has more keys than one may', async () => {
  await stack.sql(`INSERT INTO desk_key (login, secret_hash, user_id, methods) SELECT MD5(CONCAT('${made.login}', seq)), REPEAT('k', 32), ${await desk.userId(user)}, 1 FROM seq_1_to_20`);
  await session.refused(409, 'desk_keys', 'POST', '/site/robots', { methods: ['test'] });
});
