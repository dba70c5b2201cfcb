// Compares two records of replies (tests/support/record) by their shapes: method, path, status and content type, the
// keys of each object in their order, and of each value its kind: text, whole number, number with a point, true, false,
// null. Lists count by the kinds of items in them. Prints what only one of the two has; exits 1 where there is any.
//   usage: node tests/support/shapes.mjs A B
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
        // The recorder drops a member of errors that is like the one before it.
        members.push(take(/:/y) ? `${key}:${value()}` : key);
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
    const number = take(/-?(?:[0-9.eE+-]|<hex>)+/y);
    if (!number) throw new Error(`no value at ${at}`);
    return number.includes('.') ? 'decimal' : 'whole';
  };
  return value();
}

/** Bodies that are no JSON: pages, packed ones. */
function shapeOf(body) {
  try { return shape(body); } catch { return body === '' ? 'empty' : 'other'; }
}

async function shapes(directory) {
  const found = new Set();
  for (const file of (await readdir(directory)).filter((name) => name.endsWith('.replies')))
    for (const line of (await readFile(path.join(directory, file), 'utf8')).split('\n')) {
      const parts = /^(\S+) (\S+) (\d+) (\S+(?: charset=\S+)?) ?([^]*)$/.exec(line);
      if (!parts) continue;
      const [, method, target, status, type, body] = parts;
      const route = target.split('?')[0].replace(/<\w+>|[0-9a-z-]*9[0-9a-z-]*/g, '#');
      found.add([method, route, status, type, shapeOf(body)].join(' '));
    }
  return found;
}

const [a, b] = await Promise.all(process.argv.slice(2, 4).map(shapes));
const only = (these, others, sign) => [...these].filter((one) => !others.has(one)).sort().map((one) => `${sign} ${one}`);
const differences = [...only(a, b, '-'), ...only(b, a, '+')];
for (const line of differences) console.log(line);
console.log(`${a.size} and ${b.size} shapes, ${differences.length} of them in one only`);
process.exit(differences.length > 0 ? 1 : 0);
