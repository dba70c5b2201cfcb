// The process with the keys: what it signs, byte for byte; what it refuses; limits over restarts and kills.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { until } from '../support/teller.mjs';
import { Signer, bitcoinTx, hash160, hash256, pay, scriptOf, transferCall, unsigned1559, witnessDigest } from '../support/signer.mjs';

// Of the mnemonics "test ... junk" (development nodes) and "abandon ... about" (BIP-84's vectors).
const SEED_TEST = '9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185d564a3aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0';
const SEED_ABANDON = '5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4';
const ACCOUNT_0 = "m/44'/60'/0'/0/0", ACCOUNT_1 = "m/44'/60'/0'/0/1";
const ADDRESS_1 = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', ADDRESS_2 = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC';
const TOKEN = '0x8464135c8F25Da09e49BC8782676a84730C318bC';
const ETHER = 10n ** 18n;
const LIMITS = `
[limit.ether]
chain = ethereum
chain_id = 31337
decimals = 18
per_request = 5
per_day = 12
fee_per_request = 0.001
[limit.token]
chain = ethereum
chain_id = 31337
token = ${TOKEN}
decimals = 6
per_request = 100
per_day = 250
[limit.bitcoin]
chain = bitcoin
decimals = 8
per_request = 0.5
per_day = 1.0
fee_per_request = 0.0001
`;

const made = [];
after(() => Promise.all(made.map((signer) => signer.remove())));
async function signer(options = {}) {
  const self = await Signer.make({ limits: LIMITS, seed: SEED_TEST, ...options });
  made.push(self);
  return self;
}
const signLine = (fields, from = ACCOUNT_0, to = '-') => `sign ethereum ${from} ${unsigned1559({ to: ADDRESS_1, ...fields })} ${to}`;
const refusal = async (self, line) => /^error (\w+) \S.*$/.exec(await self.ask(line))?.[1];

/** Waits for a line of the signer's log: it comes by a pipe of its own. */
const said = (self, line) => until(() => line.test(self.log), 10, `${line} in ${self.log}`);

test('a seed is made once, and read only under its key', async () => {
  const self = await signer();
  assert.equal(self.run(['--check']).status, 0);
  const again = self.run(['--init']);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /seed: File exists/);
  const sealed = await readFile(self.seed, 'utf8');
  assert.ok(!sealed.includes(SEED_TEST.slice(0, 32)));
  await writeFile(self.key, `${'5b'.repeat(32)}\n`);
  let wrong = self.run(['--check']);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /was not sealed with this key/);
  await writeFile(self.key, 'zz\n');
  wrong = self.run(['--check']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /64 hexadecimal digits/);
  await writeFile(self.key, `${'5a'.repeat(32)}\n`);
  await writeFile(self.seed, `${sealed.slice(0, 20)}${sealed[20] === '0' ? '1' : '0'}${sealed.slice(21)}`);
  assert.equal(self.run(['--check']).status, 1);
  await rm(self.seed);
  assert.match(self.run(['--check']).stderr, /seed/);
  for (const input of ['', 'zz\n', `${'ab'.repeat(15)}\n`, `${'ab'.repeat(65)}\n`, 'abc\n']) {
    const bad = self.run(['--import'], input);
    assert.equal(bad.status, 2, input);
  }
  // Under another key the same seed; the old pair stays good until it is thrown away.
  const moved = await signer(), { key, seed } = moved;
  await writeFile(`${key}.new`, `${'5c'.repeat(32)}\n`, { mode: 0o600 });
  assert.equal(moved.run(['--reseal', `${key}.new`]).status, 2);
  assert.equal(moved.run(['--reseal', `${key}.none`, `${seed}.new`]).status, 2);
  assert.equal(moved.run(['--reseal', `${key}.new`, `${seed}.new`]).status, 0);
  assert.equal(moved.run(['--reseal', `${key}.new`, `${seed}.new`]).status, 1);
  assert.equal(moved.run(['--check']).status, 0);
  Object.assign(moved, { key: `${key}.new`, seed: `${seed}.new` });
  await moved.configure(LIMITS);
  await moved.start();
  assert.equal(await moved.ask(`address ${ACCOUNT_0}`), 'ok 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
  await moved.end();
  // A random one is another each time.
  const one = await signer({ seed: undefined }), other = await signer({ seed: undefined });
  await one.start();
  await other.start();
  assert.notEqual(await one.ask(`address ${ACCOUNT_0}`), await other.ask(`address ${ACCOUNT_0}`));
  await one.end();
  await other.end();
});

test('a configuration that is not understood ends the start, with its line', async () => {
  const self = await signer();
  const section = '[limit.a]\nchain = ethereum\nchain_id = 1\ndecimals = 18\nper_request = 1\nper_day = 2\nfee_per_request = 1\n';
  const rows = [
    ['[sgner]\nseed_file = x\n', /config:7: unknown section/],
    ['seedfile = x\n', /config:6: unknown key/],
    ['seed_file = x\n', /config:6: .*twice/],
    ['[limit.a b]\nchain = bitcoin\n', /config:7: the name/],
    ['[limit.a]\nchain = litecoin\n', /config:7: chain should be/],
    ['[limit.a]\ntoken = 0x12\n', /config:7: token should be/],
    ['[limit.a]\ntoken = 0x70997970c51812dc3A010C7d01b50e0d17dc79C8\n', /config:7: token should be/],
    [section.replace('per_day = 2\n', ''), /\[limit\.a\]: per_request and per_day/],
    [section.replace('per_day = 2', 'per_day = 1e999'), /\[limit\.a\]: per_request and per_day/],
    [section.replace('per_request = 1', 'per_request = -1'), /\[limit\.a\]: per_request and per_day/],
    [section.replace('per_request = 1', 'per_request = 0.0000000000000000001'), /\[limit\.a\]: per_request and per_day/],
    [section.replace('fee_per_request = 1\n', ''), /fee_per_request has to be set/],
    [section.replace('chain_id = 1\n', ''), /chain_id has to be set/],
    [section.replace('decimals = 18\n', ''), /chain and decimals/],
    [section.replace('decimals = 18', 'decimals = 8'), /18 on ethereum/],
    [`${section}${section.replace('limit.a', 'limit.b')}`, /\[limit\.b\]: another limit is about the same/],
    [section.replace('chain = ethereum\nchain_id = 1', `chain = bitcoin\ntoken = ${TOKEN}`), /only ethereum has tokens/],
  ];
  for (const [text, expected] of rows) {
    await self.configure(text);
    const { status, stderr } = self.run(['--check']);
    assert.equal(status, 2, text);
    assert.match(stderr, expected);
  }
  await self.configure(section);
  assert.equal(self.run(['--check']).status, 0);
  assert.equal(self.run(['--chek']).status, 2);
  assert.match(self.run(['--help']).stdout, /^usage: teller-signer/);
  assert.match(self.run([], '').stderr, /not a listening socket/);
});

test('addresses and public keys, never a secret', async () => {
  const self = await signer();
  await self.start();
  assert.equal(await self.ask('ping'), 'ok');
  assert.equal(await self.ask(`address ${ACCOUNT_0}`), 'ok 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
  assert.equal(await self.ask("address m/44'/60'/0'/0/9"), 'ok 0xa0Ee7A142d267C1f36714E4a8F75612F20a79720');
  assert.match(await self.ask("xpub m/44'/60'/0'"), /^ok xpub[1-9A-HJ-NP-Za-km-z]{107}$/);
  assert.match(await self.ask("xpub m/84'/1'/0'"), /^ok tpub[1-9A-HJ-NP-Za-km-z]{107}$/);
  for (const request of ['m', 'm/', "m/44'/60'/0'", "m/44'/60'/0'/0", "m/44'/60'/0'/0/0/0", "m/44'/60'/0'/0'/0", "m/44'/60'/0'/0/0'", 'm/44/60/0/0/0',
    "m/49'/60'/0'/0/0", "m/45'/1'/0'/0/0", "m/84'/0'/0'/0/0", "m/84'/2'/0'/0/0", "m/84'/1'/0'/0/2147483648", 'x'])
    assert.equal(await refusal(self, `address ${request}`), 'invalid_parameter', request);
  for (const request of ["m/44'/60'", 'm', "m/44'/60'/0'/0", "m/84'/0'/0'", "m/44/60'/0'"])
    assert.equal(await refusal(self, `xpub ${request}`), 'invalid_parameter', request);
  assert.ok(!/prv/.test(self.log));
  assert.match(await readFile(`/proc/${self.child.pid}/limits`, 'utf8'), /Max core file size +0 +0 /);
  await self.end();

  const main = await signer({ seed: SEED_ABANDON, network: 'main' });
  await main.start();
  assert.equal(await main.ask("address m/44'/0'/0'/0/0"), 'ok 1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA');
  assert.equal(await main.ask("address m/49'/0'/0'/0/0"), 'ok 37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf');
  assert.equal(await main.ask("address m/84'/0'/0'/1/0"), 'ok bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el');
  assert.equal(await refusal(main, "address m/84'/1'/0'/0/0"), 'invalid_parameter');
  await main.end();
});

test('Ethereum, byte for byte', async () => {
  const self = await signer();
  await self.start();
  assert.equal(await self.ask(signLine({ nonce: 1, value: 123456789n })),
    'ok 02f870827a6901843b9aca0084b2d05e008252089470997970c51812dc3a010c7d01b50e0d17dc79c884075bcd1580c080a06cbe0280140d8d3f04b5586dcbd9492dbd7cfc38ef595b81404dd8479cf65e91a06bdfed586abd90c3a8c8ba640a3c46464d80bebf848aa8be6a45f1d8d615cba6 42859d739613d260689fc4e0d371dc6e2683dc1f41d7e017271d812a0c5d7aef');
  assert.equal(await self.ask(signLine({ nonce: 2, gas: 100000, to: TOKEN, data: transferCall(ADDRESS_2, 1500000) })),
    'ok 02f8b2827a6902843b9aca0084b2d05e00830186a0948464135c8f25da09e49bc8782676a84730c318bc80b844a9059cbb0000000000000000000000003c44cdddb6a900fa2b585dd299e03d12fa4293bc000000000000000000000000000000000000000000000000000000000016e360c080a0d349a6b95fe3a1e701bcde4455572c280d068abcbebcece1d0580b1e69350ac5a060e5069e5f69a90ba0b17e044e6eaccf70b1ad3f51f1dfb318a15f5a7b29a74b 951fae4b2ab8a5c8698aa262581ab3f4afd44a79db172655de04efd13738833f');
  await said(self, /event=signed request=uid-\d+-pid-\d+ limit=token from=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 nonce=2 to=0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC own=no units=1500000 fee=300000000000000/);
  await self.end();
});

test('what is not a payment within the limits is refused by name', async () => {
  const self = await signer();
  await self.start();
  const plain = unsigned1559({ to: ADDRESS_1, value: ETHER });
  const rows = [
    ['', 'malformed_request'],
    ['sign', 'malformed_request'],
    ['PING', 'malformed_request'],
    ['ping ', 'malformed_request'],
    [' ping', 'malformed_request'],
    ['ping ping', 'malformed_request'],
    ['ping\r', 'malformed_request'],
    ['ping\0', 'malformed_request'],
    ['address', 'malformed_request'],
    [`sign  ethereum ${ACCOUNT_0} ${plain} -`, 'malformed_request'],
    [`sign ethereum ${ACCOUNT_0} ${plain}`, 'malformed_request'],
    [`sign ethereum ${ACCOUNT_0} ${plain} - -`, 'malformed_request'],
    [`sign litecoin ${ACCOUNT_0} ${plain} -`, 'malformed_request'],
    [`sign ethereum m/84'/1'/0'/0/0 ${plain} -`, 'invalid_parameter'],
    [`sign ethereum ${ACCOUNT_0} ${plain} m`, 'invalid_parameter'],
    [`sign ethereum ${ACCOUNT_0} ${plain} ${ACCOUNT_0}`, 'invalid_parameter'], // is not where it goes
    [`sign ethereum ${ACCOUNT_0} 0x${plain} -`, 'transaction_form'],
    [`sign ethereum ${ACCOUNT_0} ${plain}0 -`, 'transaction_form'],
    [`sign ethereum ${ACCOUNT_0} ${plain}00 -`, 'transaction_form'],
    [`sign ethereum ${ACCOUNT_0} ${plain.slice(0, -2)} -`, 'transaction_form'],
    [`sign ethereum ${ACCOUNT_0} ${'00'.repeat(32)} -`, 'transaction_form'], // a bare hash
    [`sign ethereum ${ACCOUNT_0} ${'ab'.repeat(5000)} -`, 'transaction_form'],
    [signLine({ to: '0x' }), 'transaction_form'], // a new contract
    [signLine({ accessList: [[TOKEN, []]] }), 'transaction_form'],
    [signLine({ tip: 4000000000n }), 'transaction_form'],
    [signLine({ chainId: 1 }), 'unknown_currency'],
    [signLine({ to: ADDRESS_2, data: transferCall(ADDRESS_1, 1) }), 'unknown_currency'],
    [signLine({ to: TOKEN, data: '0x095ea7b3' + transferCall(ADDRESS_1, 1).slice(10) }), 'transaction_form'], // approve
    [signLine({ to: TOKEN, data: transferCall(ADDRESS_1, 1), value: 1n }), 'transaction_form'],
    [signLine({ to: TOKEN, data: '0x00' }), 'transaction_form'],
    [signLine({ to: TOKEN, data: transferCall(`0x${'0'.repeat(40)}`, 1) }), 'not_address'],
    [signLine({ to: TOKEN, data: transferCall(TOKEN, 1) }), 'not_address'],
    [signLine({ to: `0x${'0'.repeat(40)}`, value: 1n }), 'not_address'],
    [signLine({ value: 5n * ETHER + 1n }), 'over_single_limit'],
    [signLine({ value: 1n << 200n }), 'transaction_form'],
    [signLine({ to: TOKEN, data: transferCall(ADDRESS_1, 100000001) }), 'over_single_limit'],
    [signLine({ maxFee: 10n ** 12n }), 'fee_over_cap'],
    [signLine({ maxFee: 10n ** 37n, gas: 10 ** 9 }), 'fee_over_cap'],
    [signLine({ to: TOKEN, data: transferCall(ADDRESS_1, 1), maxFee: 10n ** 12n }), 'fee_over_cap'],
  ];
  for (const [line, expected] of rows) assert.equal(await refusal(self, line), expected, JSON.stringify(line).slice(0, 120));
  assert.equal(await readFile(self.spent, 'utf8'), '');

  // Several in a row, in pieces, on one connection; and one that never ends is hung up on alone.
  const connection = await self.connect(), endless = await self.connect();
  connection.write('ping\nad');
  connection.write(`dress ${ACCOUNT_1}\nnonsense\n`);
  endless.write('x'.repeat(5 << 20));
  assert.equal(await connection.answer(), 'ok');
  assert.equal(await connection.answer(), `ok ${ADDRESS_1}`);
  assert.match(await connection.answer(), /^error malformed_request /);
  assert.equal(await endless.answer(), undefined);
  assert.equal(await self.ask('ping'), 'ok');
  connection.end();
  assert.ok(!self.log.includes('level=bug'));
  await self.end();
});

test('a day has its limit, over restarts; what can be mined once counts once', async () => {
  const self = await signer();
  await self.start();
  const pay = (nonce, value, fields = {}) => self.ask(signLine({ nonce, value, ...fields }));
  const first = await pay(0, 5n * ETHER);
  assert.match(first, /^ok 02/);
  assert.equal(await pay(0, 5n * ETHER), first); // the same again: the same bytes, for nothing
  assert.match(await pay(1, 5n * ETHER), /^ok/);
  assert.match(await pay(2, 2n * ETHER), /^error over_daily_limit /); // fees are a part of it
  assert.match(await pay(1, 5n * ETHER, { tip: 2000000000n, maxFee: 6000000000n }), /^ok/); // a replacement costs its fee
  assert.match(await pay(1, 0n), /^ok/); // one that takes it back costs nothing, and gives nothing back
  assert.match(await pay(2, 2n * ETHER - ETHER / 10n), /^ok/);
  assert.match(await pay(3, ETHER / 10n), /^error over_daily_limit /);
  assert.deepEqual(await self.end(), [0, null]);

  await self.start();
  assert.match(await pay(3, ETHER / 10n), /^error over_daily_limit /);
  assert.equal(await pay(0, 5n * ETHER), first);
  // What stays with us costs its fee alone, and is shown to stay with us. Tokens have a limit of their own.
  assert.match(await self.ask(signLine({ nonce: 3, value: 5n * ETHER }, ACCOUNT_0, ACCOUNT_1)), /^ok/);
  assert.match(await self.ask(signLine({ nonce: 4, to: TOKEN, gas: 60000, data: transferCall(ADDRESS_1, 10n ** 12n) }, ACCOUNT_0, ACCOUNT_1)), /^ok/);
  for (const [nonce, units, expected] of [[5, 100, /^ok/], [6, 100, /^ok/], [7, 51, /^error over_daily_limit /], [7, 50, /^ok/]])
    assert.match(await self.ask(signLine({ nonce, to: TOKEN, gas: 60000, data: transferCall(ADDRESS_2, units * 1e6) })), expected);
  // Another account's nonce is another payment.
  assert.match(await self.ask(signLine({ nonce: 0, value: ETHER }, "m/44'/60'/0'/0/2")), /^error over_daily_limit /);
  assert.deepEqual(await self.end('SIGHUP'), [0, null]);
});

test('a kill leaves nothing half done', async () => {
  const self = await signer();
  const crash = path.join(self.home, 'crash');
  // Before the record, after it, and before the answer.
  const rows = [[1, false], [2, true], [3, true]];
  for (const [point, recorded] of rows) {
    const line = signLine({ nonce: point, value: ETHER }), before = await readFile(self.spent, 'utf8');
    await self.start({ TELLER_CRASH_AT: crash });
    await writeFile(crash, `teller-signer ${point}\n`);
    assert.equal(await self.ask(line), undefined);
    assert.deepEqual(await self.ended, [null, 'SIGKILL']);
    assert.equal(await readFile(self.spent, 'utf8') !== before, recorded, `point ${point}`);
    await self.start();
    const counted = await readFile(self.spent, 'utf8');
    assert.match(await self.ask(line), /^ok 02/);
    assert.equal(await readFile(self.spent, 'utf8') === counted, recorded, `point ${point}`);
    await self.end();
  }
  const whole = await readFile(self.spent, 'utf8');
  assert.equal(whole.trim().split('\n').length, 3);

  // A line that was cut off was never answered for: it goes. One that says something else is damage.
  await appendFile(self.spent, whole.slice(0, 50));
  assert.equal(self.run(['--check']).status, 0);
  assert.equal(await readFile(self.spent, 'utf8'), whole);
  for (const damage of [whole.replace(' ether ', ' ether  '), whole.replace(/^\d+/, 'x'), `\n${whole}`, whole.replace(/ \d+\n/, ' -1\n'), whole.replace(/ \d+\n/, ' 0\n'),
    `${whole}1 ${'0'.repeat(64)} ether 1\n`, `${whole}${'x'.repeat(300)}\n`, `${whole}\0\n`]) {
    await writeFile(self.spent, damage);
    const { status, stderr } = self.run(['--check']);
    assert.equal(status, 2, JSON.stringify(damage));
    assert.match(stderr, /spent:\d+: is damaged/);
  }
  await rm(self.spent);
  assert.equal(self.run(['--check']).status, 2); // no record is no new budget
  await writeFile(self.spent, whole);

  await self.start();
  const second = self.run(['--check']);
  assert.equal(second.status, 2);
  assert.match(second.stderr, /another signer uses it/);
  await self.end('SIGKILL');
});

test('a new day begins anew; a clock that goes back does not', async () => {
  const self = await signer();
  const day = Math.floor(Date.now() / 86400000), line = (when, units) => `${when} ${'ab'.repeat(32)} ether ${units}\n`;
  const rows = [[day - 1, /^ok/], [day, /^error over_daily_limit/], [day + 1, /^error over_daily_limit/]];
  for (const [when, expected] of rows) {
    await writeFile(self.spent, line(when, 12n * ETHER));
    await self.start();
    assert.match(await self.ask(signLine({ nonce: 1, value: 1n })), expected, `day ${when - day}`);
    await self.end();
  }
  // The first of a day takes the place of what was before.
  await writeFile(self.spent, line(day - 2, 1n) + line(day - 1, 2n));
  await self.start();
  assert.match(await self.ask(signLine({ nonce: 1, value: 1n })), /^ok/);
  assert.match(await readFile(self.spent, 'utf8'), /^\d+ [0-9a-f]{64} ether \d+\n$/);
  assert.equal((await readFile(self.spent, 'utf8')).split('\n').length, 2);
  await self.end();
});

test('a record that cannot be written means that nothing is signed', async () => {
  const self = await signer();
  await self.start();
  assert.match(await self.ask(signLine({ nonce: 1, value: 1n })), /^ok/);
  await self.end();
  await self.start();
  // As on a full disk: the process may write no file past this size.
  const { size } = await stat(self.spent), whole = await readFile(self.spent, 'utf8');
  assert.equal(spawnSync('prlimit', ['--pid', String(self.child.pid), `--fsize=${size + 10}`]).status, 0);
  assert.match(await self.ask(signLine({ nonce: 2, value: 1n })), /^error io /);
  assert.deepEqual(await self.ended, [1, null]);
  assert.equal((await stat(self.spent)).size, size + 10);
  await self.start();
  assert.equal(await readFile(self.spent, 'utf8'), whole);
  assert.match(await self.ask(signLine({ nonce: 2, value: 1n })), /^ok/);
  await self.end();
});

test('who asks takes nothing but what was asked for', async () => {
  const self = await signer();
  await self.start();
  const sender = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
  const ask = (socket, nonce = 1) => pay(socket, 'ethereum', ACCOUNT_0, sender, 31337, nonce, ADDRESS_1, 123456789);
  const [raw, hash] = await ask(self.socket);
  assert.match(raw, /^02f870/);
  assert.equal(hash, '42859d739613d260689fc4e0d371dc6e2683dc1f41d7e017271d812a0c5d7aef');
  assert.match((await pay(self.socket, 'xpub', "m/84'/1'/0'"))[0], /^tpub/);
  assert.deepEqual(await pay(self.socket, 'xpub', "m/84'/1'"), ['error', 'invalid_parameter']);
  // Another account's signature under this sender's name.
  assert.deepEqual(await pay(self.socket, 'ethereum', ACCOUNT_1, sender, 31337, 1, ADDRESS_1, 123456789), ['error', 'crypto']);
  await self.end();
  assert.deepEqual(await ask(self.socket), ['error', 'no_answer']);

  // One that lies, in its place.
  let answer;
  const liar = net.createServer((connection) => connection.on('error', () => {}).on('data', () => (answer === undefined ? connection.destroy() : connection.write(answer))));
  const socket = path.join(self.home, 'liar');
  await new Promise((done) => { liar.listen(socket, done); });
  try {
    const rows = [
      [`ok ${raw} ${hash}\n`, undefined],
      [`ok ${raw}\n`, undefined], // the hash is reckoned, not believed
      [`ok ${raw.slice(0, -2)} ${hash}\n`, 'crypto'],
      [`ok ${raw.slice(0, -2)}00 ${hash}\n`, 'crypto'],
      [`ok ${raw}0 ${hash}\n`, 'crypto'],
      ['ok zz\n', 'crypto'],
      ['ok \n', 'internal'],
      ['ok\n', 'internal'],
      ['\n', 'internal'],
      ['error\n', 'internal'],
      ['error over_daily_limit x\n', 'over_daily_limit'],
      ['error over_daily_limit\n', 'over_daily_limit'],
      [`error ${'x'.repeat(1000)}\n`, 'internal'],
      ['x'.repeat(2 << 20), 'no_answer'],
      [undefined, 'no_answer'],
    ];
    for (const [text, expected] of rows) {
      answer = text;
      assert.deepEqual(await ask(socket), expected === undefined ? [raw, hash] : ['error', expected], String(text).slice(0, 60));
    }
    answer = `ok ${raw} ${hash}\n`; // right, for another nonce
    assert.deepEqual(await ask(socket, 2), ['error', 'crypto']);
  } finally {
    await new Promise((done) => { liar.close(done); });
  }
});

// --- Bitcoin ---------------------------------------------------------------------------------------------

/** Coins of one key of ours, the transactions that they are from, and where money goes. */
async function bitcoin(self) {
  const paths = ["m/84'/1'/0'/0/0", "m/84'/1'/0'/0/1", "m/84'/1'/0'/1/0"];
  const scripts = [];
  for (const own of paths) scripts.push(scriptOf((await self.ask(`address ${own}`)).slice(3)));
  const source = (value, script, seed) => bitcoinTx({ inputs: [{ id: Buffer.alloc(32, seed), index: 0, script: Buffer.from([seed]) }], outputs: [{ value: 1000, script: scripts[2] }, { value, script }] });
  return { paths, scripts, source, stranger: Buffer.from(`0014${'77'.repeat(20)}`, 'hex') };
}

test('Bitcoin: what is signed is what leaves, less the change', async () => {
  const self = await signer({ seed: SEED_ABANDON });
  await self.start();
  assert.equal(await self.ask("address m/84'/1'/0'/0/0"), 'ok bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk');
  const { paths, scripts, source, stranger } = await bitcoin(self);
  const sources = [source(30000000, scripts[0], 1), source(40000000, scripts[1], 2)];
  const tx = {
    inputs: sources.map((raw) => ({ id: hash256(raw), index: 1 })),
    outputs: [{ value: 45000000, script: stranger }, { value: 24995000, script: scripts[2] }],
  };
  const line = (change = {}) => {
    const { unsigned = bitcoinTx(tx).toString('hex'), from = `${paths[0]},${paths[1]}`, before = sources.map((raw) => raw.toString('hex')).join(','), back = `1:${paths[2]}` } = change;
    return `sign bitcoin ${unsigned} ${from} ${before} ${back}`;
  };
  const answer = await self.ask(line());
  const [, raw, txid] = /^ok ([0-9a-f]+) ([0-9a-f]{64})$/.exec(answer);
  assert.equal(txid, Buffer.from(hash256(bitcoinTx(tx))).reverse().toString('hex'));
  // Both witnesses are signatures of the keys that the scripts name.
  const body = Buffer.from(raw, 'hex');
  let at = body.length - 4;
  const witnesses = [];
  for (let i = 1; i >= 0; i--) {
    const end = at, key = body.subarray(end - 33, end);
    for (const der of [70, 71, 72].map((len) => body.subarray(end - 34 - len, end - 34)))
      if (der[0] === 0x30 && der[1] === der.length - 3) witnesses[i] = { key, der };
    at = end - 34 - witnesses[i].der.length - 2;
    assert.deepEqual(hash160(witnesses[i].key), scripts[i].subarray(2));
  }
  witnesses.forEach(({ key, der }, i) => {
    const spki = Buffer.concat([Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex'), key]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const digest = witnessDigest(tx, i, i === 0 ? 30000000 : 40000000, scripts[i].subarray(2));
    assert.ok(verify('sha256', digest, publicKey, der.subarray(0, -1)), `input ${i}`);
    assert.equal(der.at(-1), 1);
  });
  await said(self, /event=signed request=\S+ limit=bitcoin txid=\w+ inputs=2 outputs=2 sent=45000000 own=24995000 fee=5000/);
  assert.equal(await self.ask(line()), answer);

  const hex = (change) => bitcoinTx({ ...tx, ...change }).toString('hex');
  const out = (value, script, rest = 24995000) => hex({ outputs: [{ value, script }, { value: rest, script: scripts[2] }] });
  const before = sources.map((one) => one.toString('hex'));
  const rows = [
    [{ unsigned: 'zz' }, 'transaction_form'],
    [{ unsigned: `${hex({})}00` }, 'transaction_form'],
    [{ unsigned: raw }, 'transaction_form'], // signed already
    [{ unsigned: hex({ inputs: [tx.inputs[0], tx.inputs[0]] }) }, 'transaction_form'],
    [{ from: paths[0] }, 'malformed_request'],
    [{ from: `${paths[0]},${paths[1]},${paths[2]}` }, 'malformed_request'],
    [{ from: `${paths[1]},${paths[0]}` }, 'invalid_parameter'], // the other's key
    [{ from: `${paths[0]},${ACCOUNT_0}` }, 'invalid_parameter'],
    [{ before: before[0] }, 'malformed_request'],
    [{ before: `${before[0]},${before[0]}` }, 'malformed_request'],
    [{ before: `${before[0]},${source(40000001, scripts[1], 2).toString('hex')}` }, 'malformed_request'], // a lie about its worth
    [{ before: `${before[0]},` }, 'transaction_form'],
    [{ back: `0:${paths[2]}` }, 'invalid_parameter'], // is a stranger's
    [{ back: `1:${paths[0]}` }, 'invalid_parameter'],
    [{ back: `2:${paths[2]}` }, 'malformed_request'],
    [{ back: `1:${paths[2]},1:${paths[2]}` }, 'malformed_request'],
    [{ back: paths[2] }, 'malformed_request'],
    [{ back: '-' }, 'over_single_limit'], // then all of it leaves
    [{ unsigned: out(45000000, Buffer.from('6a0548656c6c6f', 'hex')) }, 'not_address'],
    [{ unsigned: out(45000000, Buffer.from('52020000', 'hex')) }, 'not_address'],
    [{ unsigned: out(50000001, stranger, 19990000) }, 'over_single_limit'],
    [{ unsigned: out(44994999, stranger) }, 'fee_over_cap'],
    [{ unsigned: out(46000000, stranger) }, 'transaction_form'], // more than it has
  ];
  for (const [change, expected] of rows) assert.equal(await refusal(self, line(change)), expected, JSON.stringify(change).slice(0, 100));
  // A replacement of the same coins costs what it takes more, in whatever order they stand.
  assert.match(await self.ask(line({ unsigned: out(45000000, stranger, 24991000) })), /^ok/);
  const other = source(60000000, scripts[0], 3);
  const next = (sent) => self.ask(`sign bitcoin ${bitcoinTx({ inputs: [{ id: hash256(other), index: 1 }], outputs: [{ value: sent, script: stranger }, { value: 59999000 - sent, script: scripts[2] }] }).toString('hex')} ${paths[0]} ${other.toString('hex')} 1:${paths[2]}`);
  assert.match(await next(50000000), /^ok/);
  await self.end();
  await self.start();
  const third = source(20000000, scripts[0], 4);
  assert.match(await self.ask(`sign bitcoin ${bitcoinTx({ inputs: [{ id: hash256(third), index: 1 }], outputs: [{ value: 19999000, script: stranger }] }).toString('hex')} ${paths[0]} ${third.toString('hex')} -`), /^error over_daily_limit /);
  assert.ok(!self.log.includes('level=bug'));
  await self.end();
});
