// Records every HTTP reply that a test program gets, so that two versions of the worker can be compared: loaded
// before the tests by tests/support/record. A line is the method, path, status, content type and body of a reply as
// they were, in their order and spelling; only what is another one in each run has a placeholder: ids, keys, names
// that a test made up, ports, and times of these months. Each line is kept once, since how often a test asks
// depends on time.
import { appendFileSync, mkdirSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

const DIR = process.env.RECORD_DIR;
const script = process.argv.slice(1).find((name) => name.endsWith('.test.mjs'));
const seen = new Set();
const NEAR_S = 400 * 86400;
const UNITS = { 10: 1, 13: 1e3, 16: 1e6 }; // digits of a moment since 1970, and how many make a second

const isNear = (seconds) => Math.abs(seconds - Date.now() / 1000) < NEAR_S;
const mixed = (text) => /[0-9]/.test(text) && /[a-z]/i.test(text);

/** A text without what is another one in each run. */
const plain = (text) => text
  .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '<uuid>')
  .replace(/(?<![A-Za-z0-9/])(?:[A-Za-z0-9+_-]|\\\/){24,}={0,2}/g, (word) => (mixed(word) ? '<key>' : word))
  .replace(/(?<= d=\\?")[^"\\]*/g, '<drawing>')
  .replace(/[0-9a-f]{8,}/gi, (word) => (mixed(word) ? '<hex>' : word))
  .replace(/\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?/g, (word, time) => (isNear(Date.parse(word.slice(0, 10)) / 1000) ? `<day${time ? ' time' : ''}>` : word))
  .replace(/(?<![\d.])\d+(?![\d.])/g, (digits) => (UNITS[digits.length] && isNear(Number(digits) / UNITS[digits.length]) ? '<time>' : digits))
  .replace(/((?:127\.0\.0\.1|localhost)(?::|%3A))\d+/g, '$1<port>');

/** Counters of the database, by the names of the members that tell them. */
const COUNTERS = /("(?:tid|bid_id|id|number|user_id|cursor|next|seq|event)": ?"?)\d+(?="?[,}])/g;

const text = (reply, bytes) => (reply.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');

function record(method, target, reply, body) {
  const shown = plain(body.replace(COUNTERS, '$1<number>'));
  const line = [method, plain(target), reply.statusCode, reply.headers['content-type'] ?? '-', shown].join(' ').replace(/\s*\n\s*/g, ' ');
  if (seen.has(line)) return;
  seen.add(line);
  appendFileSync(path.join(DIR, `${path.basename(script)}.replies`), `${line}\n`);
}

function listen(module) {
  const ask = module.request;
  module.request = (...args) => {
    const request = ask(...args);
    request.on('response', (reply) => {
      const chunks = [];
      const push = reply.push;
      reply.push = (chunk, ...rest) => {
        if (chunk === null) record(request.method, request.path, reply, text(reply, Buffer.concat(chunks)));
        else chunks.push(Buffer.from(chunk));
        return push.call(reply, chunk, ...rest);
      };
    });
    return request;
  };
}

if (DIR && script) {
  mkdirSync(DIR, { recursive: true });
  listen(http);
  listen(https);
  syncBuiltinESMExports();
}
