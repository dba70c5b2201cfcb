// Records the shape of every HTTP reply that a test program gets, so that two versions of the worker can be
// compared: loaded before the tests by tests/support/record. A line is the method, path, status, content
// type and body of a reply; what differs from run to run (ids, numbers, names that a test made up) is
// replaced by what kind of thing it is, the order of members and the way numbers are written stay. Each
// line is kept once, since how often a test asks depends on time.
import { appendFileSync, mkdirSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

const DIR = process.env.RECORD_DIR;
const script = process.argv.slice(1).find((name) => name.endsWith('.test.mjs'));
const seen = new Set();

/** A text without what differs from run to run. */
const plain = (text) => text
  .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '<uuid>')
  .replace(/[A-Za-z0-9+_-]{24,}={0,2}/g, '<key>')
  .replace(/[0-9a-f]*[0-9][0-9a-f]{7,}/gi, '<hex>')
  .replace(/[0-9]+(\.[0-9]+)?/g, (number, rest) => (rest === undefined ? '9' : `9.${'9'.repeat(rest.length - 1)}`));

/** The text of JSON piece by piece, so that numbers and escapes stay as they were written. */
function shape(text) {
  return text.replace(/"((?:[^"\\]|\\.)*)"|-?[0-9][0-9.eE+-]*/g, (piece) => plain(piece));
}

/** Neighbours in a list that look the same count once. */
function once(text) {
  let before;
  do {
    before = text;
    text = text.replace(/(\{[^{}[\]]*\}|"[^"]*"|\[[^{}[\]]*\])(,\1)+/g, '$1');
  } while (text !== before);
  return text;
}

function record(method, target, reply, body) {
  const line = [method, plain(target), reply.statusCode, reply.headers['content-type'] ?? '-', once(shape(body))].join(' ').replace(/\s*\n\s*/g, ' ');
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
        if (chunk === null) record(request.method, request.path, reply, Buffer.concat(chunks).toString('utf8'));
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
