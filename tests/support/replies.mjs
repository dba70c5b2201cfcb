// Compares records of replies (tests/support/record): method, path, status, content type and body, to the letter. What
// differs between two records of the same tree, because a test races or draws lots, is compared by its shape: the keys
// of each object in their order, and of each value its kind. Prints what only one side has; exits 1 where there is any.
//   usage: node tests/support/replies.mjs A AGAIN B     A and AGAIN are of one tree
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The shape of JSON text, read piece by piece: JSON.parse would lose the order of some keys and how numbers are written. */
function shape(text) {
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found?.[0];
  };
  const value = () => {
    if (take(/\{/y)) {
      const members = [];
      while (!take(/\}/y)) {
        const key = take(/"(?:[^"\\]|\\.)*"/y);
        if (!key) throw new Error(`no key at ${at}`);
        if (!take(/:/y)) throw new Error(`no value at ${at}`);
        members.push(`${key}:${value()}`);
        take(/,/y);
        if (at >= text.length) throw new Error('no end');
      }
      return `{${members.join()}}`;
    }
    if (take(/\[/y)) {
      const items = new Set();
      while (!take(/\]/y)) {
        items.add(value());
        take(/,/y);
        if (at >= text.length) throw new Error('no end');
      }
      return `[${[...items].sort().join('|')}]`;
    }
    if (take(/"(?:[^"\\]|\\.)*"/y)) return 'text';
    const word = take(/true|false|null/y);
    if (word) return word;
    const number = take(/-?[0-9.eE+-]+|<[a-z ]+>/y);
    if (!number) throw new Error(`no value at ${at}`);
    return number.includes('.') ? 'decimal' : 'whole';
  };
  return value();
}

/** Bodies that are no JSON: pages, packed ones. */
function shapeOf(body) {
  try { return shape(body); } catch { return body === '' ? 'empty' : 'other'; }
}

/** A line without its values. */
function shapeOfLine(line) {
  const [, method, target, status, type, body] = /^(\S+) (\S+) (\d+) (\S+(?: charset=\S+)?) ?([^]*)$/.exec(line);
  return [method, target.split('?')[0], status, type, shapeOf(body)].join(' ');
}

async function lines(directory) {
  const found = new Set();
  for (const file of (await readdir(directory)).filter((name) => name.endsWith('.replies')))
    for (const line of (await readFile(path.join(directory, file), 'utf8')).split('\n'))
      if (line !== '') found.add(line);
  return found;
}

const [a, again, b] = await Promise.all(process.argv.slice(2, 5).map(lines));
const only = (these, others) => [...these].filter((one) => !others.has(one));
const loose = new Set([...only(a, again), ...only(again, a)].map(shapeOfLine));
const firm = (list, sign) => list.filter((one) => !loose.has(shapeOfLine(one))).sort().map((one) => `${sign} ${one}`);
const differences = [...firm(only(only(a, b), new Set(only(a, again))), '-'), ...firm(only(only(b, a), again), '+')];
for (const line of differences) console.log(line);
console.log(`${a.size} and ${b.size} replies, ${differences.length} in one only, ${loose.size} shapes that differ by themselves`);
process.exit(differences.length > 0 ? 1 : 0);
