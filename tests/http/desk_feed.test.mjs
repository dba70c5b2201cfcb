// The rate feeds: exact files, against a schema each and by three parsers, and how they are kept.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DOMParser } from '@xmldom/xmldom';
import sax from 'sax';
import { Desk } from '../support/desk.mjs';
import { closeConnections, stack, until } from '../support/teller.mjs';

const run = promisify(execFile);
const SUPPORT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../support');
const OLD = '/request-exportxml.xml', NEW = '/request-exportnewxml.xml', TXT = '/request-exporttxt.txt', JSON_FEED = '/request-exportjson.json';

const desk = new Desk(stack);
let usd, btc, cash, directions;

before(async () => {
  usd = await desk.system({ currency: 'USD', name: 'Dollars' });
  btc = await desk.system({ currency: 'BTC', decimals: 8, name: 'Coins', reserve: '0.5' });
  cash = await desk.system({ currency: 'EUR', name: 'Cash', reserve: '1000' });
  const million = await desk.units('USD', '1000000');
  directions = [
    // Limited by the reserve: a million would bring more than the half coin that is there.
    await desk.direction(usd, btc, { rate: { get: '0.00003281383074281' }, min_give: await desk.units('USD', '10'), max_give: million, labels: 'manual,verifying' }),
    // Limited by its limits; with fees of both kinds on both sides, a step and a cap.
    await desk.direction(usd, cash, { rate: { get: '0.92' }, max_get: await desk.units('EUR', '500'), step: await desk.units('USD', '10'),
      reserve_cap: await desk.units('EUR', '750.5'), give_service: '1', give_service_fixed: await desk.units('USD', '1'), give_system: '2',
      get_system: '0.5', get_system_fixed: await desk.units('EUR', '0.25'), city: 'SPB' }),
    await desk.direction(btc, cash, { rate: { get: '60000.5' }, in_feed: 0 }),
    await desk.direction(cash, btc, { rate: { give: '60000.5', get: '1' } }),
    await desk.direction(btc, usd, { rate: { get: '60000.5' } }), // there are no dollars to be had
  ];
});
after(async () => {
  await desk.hide(...directions);
  assert.equal(await stack.bugs(), '');
  await stack.audit();
  closeConnections();
});

const get = (target, headers = {}) => stack.request('GET', target, { headers });

/** A feed, once it shows what `before` made. */
const settled = (target) => until(async () => {
  const reply = await get(target);
  return reply.status === 200 && (reply.text.includes(btc.code) || reply.text.includes(`"${btc.id}":{"to"`)) && reply;
});

/** Our own lines of a feed: other tests may have directions too. */
const ours = (text) => text.split('\n').filter((line) => [usd, btc, cash].some((system) => line.includes(system.code)));

function feed(program, args, input) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args);
    let out = '';
    child.stdout.on('data', (data) => { out += data; });
    child.stderr.on('data', (data) => { out += data; });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out }));
    child.stdin.end(input);
  });
}

test('XML 1.0: every byte of our items', async () => {
  const reply = await settled(OLD);
  assert.equal(reply.headers['content-type'], 'text/xml; charset=utf-8');
  assert.ok(reply.text.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<rates>\n<item>'), reply.text);
  assert.ok(reply.text.endsWith('</item>\n</rates>\n'), reply.text);
  assert.deepEqual(ours(reply.text), [
    `<item><from>${usd.code}</from><to>${btc.code}</to><in>1</in><out>0.00003281383074281</out><amount>0.5</amount>`
      + '<minamount>10 USD</minamount><maxamount>15237.47 USD</maxamount><param>manual,verifying</param></item>',
    `<item><from>${usd.code}</from><to>${cash.code}</to><in>1</in><out>0.92</out><amount>750.5</amount>`
      + '<minamount>0 USD</minamount><maxamount>540 USD</maxamount><fromfee>1.02 USD</fromfee><fromfee>3.02 %</fromfee>'
      + '<tofee>0.25 EUR</tofee><tofee>0.5 %</tofee><city>SPB</city></item>',
    `<item><from>${cash.code}</from><to>${btc.code}</to><in>60000.5</in><out>1</out><amount>0.5</amount>`
      + '<minamount>0 EUR</minamount><maxamount>30000.25 EUR</maxamount></item>',
  ]);
});

test('the alias gives the same file, and no query changes it', async () => {
  const { text } = await settled(OLD);
  for (const target of ['/exportxml.xml', `${OLD}?lang=ru`, `${OLD}?hcron=1&vers=2`, `${OLD}/`, `${OLD}?`])
    assert.equal((await get(target)).text, text, target);
});

test('XML 1.1, text and JSON: every byte of our items', async () => {
  const xml = await settled(NEW);
  assert.equal(xml.headers['content-type'], 'text/xml; charset=utf-8');
  assert.deepEqual(ours(xml.text), [
    `<item><from>${usd.code}</from><to>${btc.code}</to><in>1</in><out>0.00003281383074281</out><amount>0.5</amount>`
      + '<frommin>10</frommin><frommax>15237.47</frommax><tomin>0.00032813</tomin><tomax>0.49999976</tomax><manual>true</manual><verifying>true</verifying></item>',
    `<item><from>${usd.code}</from><to>${cash.code}</to><in>1</in><out>0.92</out><amount>750.5</amount>`
      + '<frommin>0</frommin><frommax>540</frommax><tomin>0</tomin><tomax>496.8</tomax><fromfee type="abs">1.02</fromfee><fromfee type="%">3.02</fromfee>'
      + '<tofee type="abs">0.25</tofee><tofee type="%">0.5</tofee><city>SPB</city></item>',
    `<item><from>${cash.code}</from><to>${btc.code}</to><in>60000.5</in><out>1</out><amount>0.5</amount>`
      + '<frommin>0</frommin><frommax>30000.25</frommax><tomin>0</tomin><tomax>0.5</tomax></item>',
  ]);
  const txt = await settled(TXT);
  assert.equal(txt.headers['content-type'], 'text/plain; charset=utf-8');
  assert.deepEqual(ours(txt.text), [`${usd.code};${btc.code};1;0.00003281383074281;0.5;;`, `${usd.code};${cash.code};1;0.92;750.5;SPB;`,
    `${cash.code};${btc.code};60000.5;1;0.5;;`]);
  const json = await settled(JSON_FEED);
  assert.equal(json.headers['content-type'], 'application/json; charset=utf-8');
  const { version, currencies, exchange } = json.json;
  assert.equal(version, '1.3');
  assert.deepEqual([currencies.list[btc.id], currencies.amounts[btc.id]], [btc.code, 0.5]);
  assert.equal(exchange[btc.id], undefined);
  assert.ok(json.text.includes(`"${usd.id}":{"to":{"${btc.id}":{"xr":30474.954534807397429672705541,"amount":0.5,"min":10,"max":15237.47,"inFee":[],"outFee":[],`
    + `"options":["manual","verifying"],"cities":[]},"${cash.id}":{"xr":1.086956521739130434782608,"amount":750.5,"min":0,"max":540,"inFee":["1.02 USD","3.02 %"],`
    + `"outFee":["0.25 EUR","0.5 %"],"options":[],"cities":["SPB"]}}}`), json.text);
  assert.ok(json.text.includes(`"${cash.id}":{"to":{"${btc.id}":{"xr":60000.5,`), json.text);
});

test('both versions hold to a schema, which a broken file does not', async () => {
  for (const [target, schema] of [[OLD, 'rates-1.0.xsd'], [NEW, 'rates-1.1.xsd']]) {
    const { text } = await settled(target);
    const args = ['--noout', '--schema', path.join(SUPPORT, schema), '-'];
    const good = await feed('xmllint', args, text);
    assert.equal(good.code, 0, good.out);
    for (const broken of [text.replace('<in>1</in>', '<in>1e0</in>'), text.replace(/<amount>.*?<\/amount>/, ''), text.replace('</rates>', '')])
      assert.notEqual((await feed('xmllint', args, broken)).code, 0);
  }
});

/** The items of a file, by three parsers: a stream of events, a tree, and libxml2. */
const parsers = {
  sax: (text) => {
    const items = [], parser = sax.parser(true);
    let words = '';
    parser.onerror = (error) => { throw error; };
    parser.onopentag = ({ name }) => { if (name === 'item') items.push([]); words = ''; };
    parser.ontext = (part) => { words += part; };
    parser.onclosetag = (name) => { if (name !== 'item' && name !== 'rates') items.at(-1).push([name, words]); };
    parser.write(text).close();
    return items;
  },
  xmldom: (text) => {
    const fail = (words) => { throw new Error(words); };
    const document = new DOMParser({ errorHandler: { warning: fail, error: fail, fatalError: fail } }).parseFromString(text, 'text/xml');
    return [...Array.from(document.getElementsByTagName('item'))].map((item) => Array.from(item.childNodes).map((node) => [node.nodeName, node.textContent]));
  },
  libxml2: async (text) => {
    const { code, out } = await feed('xmllint', ['--format', '-'], text);
    assert.equal(code, 0, out);
    return out.split('<item>').slice(1).map((part) => [...part.matchAll(/<(\w+)[^>]*>([^<]*)<\/\1>/g)].map(([, name, words]) => [name, words]));
  },
};

test('three parsers read the same', async () => {
  for (const target of [OLD, NEW]) {
    const { text } = await settled(target);
    const read = await Promise.all(Object.values(parsers).map((parse) => parse(text)));
    const [first] = read;
    assert.ok(first.length >= 3 && first.every((item) => item[0][0] === 'from'), JSON.stringify(first));
    for (const other of read.slice(1)) assert.deepEqual(other, first);
  }
});

test('a client that splits amounts by their first word finds both in every item', async () => {
  const { text } = await settled(OLD);
  for (const item of parsers.sax(text))
    for (const name of ['minamount', 'maxamount']) {
      const [, words] = item.find(([one]) => one === name);
      assert.match(words.split(' ')[0], /^\d+(\.\d+)?$/);
    }
});

test('ETag and Last-Modified: 304 for each alone and for both, and a new one after a change', async () => {
  const dated = await until(async () => {
    const reply = await get(OLD);
    return reply.headers['last-modified'] !== undefined && reply;
  });
  const { etag, 'last-modified': modified } = dated.headers;
  assert.ok(Date.parse(modified) < Date.now());
  for (const headers of [{ 'If-None-Match': etag }, { 'If-Modified-Since': modified }, { 'If-None-Match': etag, 'If-Modified-Since': modified }])
    assert.equal((await get(OLD, headers)).status, 304, JSON.stringify(headers));
  await desk.reserve(btc, '0.25');
  const changed = await until(async () => {
    const reply = await get(OLD, { 'If-None-Match': etag, 'If-Modified-Since': modified });
    return reply.status === 200 && reply;
  }, 5, 'the new reserve');
  assert.ok(changed.text.includes('<amount>0.75</amount>'), changed.text);
  assert.notEqual(changed.headers.etag, etag);
  assert.equal((await get(OLD, { 'If-Modified-Since': modified })).status, 200);
  await desk.reserve(btc, '-0.25');
});

test('another method is refused, and another name is no feed', async () => {
  const reply = await stack.request('POST', OLD, { body: '' });
  assert.deepEqual([reply.status, reply.headers.allow, reply.text], [405, 'GET, HEAD', 'This method cannot be called with this HTTP verb\n']);
  assert.equal((await get('/request-exportother.xml')).status, 404);
  assert.equal((await stack.request('HEAD', OLD)).status, 200);
});

test('a frozen rate and a direction for some only are not told; nothing is in maintenance', async () => {
  const old = await desk.direction(cash, usd, { rate: { get: '1.08', max_age_s: 5 } });
  const site = await desk.direction(btc, usd.id === 0 ? usd : cash, { rate: { get: '1' }, state: 'off' }).catch(() => null);
  assert.equal(site, null, 'a pair has one direction');
  await desk.reserve(usd, '10');
  await until(async () => (await get(OLD)).text.includes(`<from>${btc.code}</from><to>${usd.code}</to>`), 5, 'the dollars');
  assert.ok(!(await get(OLD)).text.includes(`<from>${cash.code}</from><to>${usd.code}</to>`), 'its rate is a minute old');
  await desk.hide(old);
  try {
    await stack.sql('UPDATE desk_setting SET maintenance = TRUE');
    const gone = await until(async () => {
      const reply = await get(OLD);
      return !reply.text.includes('<rates>') && reply;
    }, 5, 'maintenance');
    assert.deepEqual([gone.status, gone.text], [200, '<?xml version="1.0" encoding="UTF-8"?>\n<error>Maintenance</error>\n']);
    assert.equal((await until(async () => { const reply = await get(TXT); return reply.text.length < 20 && reply; }, 5)).text, 'Maintenance\n');
  } finally {
    await stack.sql('UPDATE desk_setting SET maintenance = FALSE');
    await desk.reserve(usd, '-10');
  }
});
