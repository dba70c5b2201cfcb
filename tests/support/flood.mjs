// Anonymous clients that ask as fast as they can for the largest answer there is, by every way past the web server's
// cache: usage: node flood.mjs BASE CLIENTS one|each. `one`: all from one address; `each`: each from its own. Ends when
// standard input does, and prints how many answers came, by status.
import { randomUUID } from 'node:crypto';
import http from 'node:http';

const [base, clients, from] = process.argv.slice(2);
const { hostname, port } = new URL(base);
const PATH = '/api/1/BTCUSD/fulldepth';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const WAYS = [
  () => ['GET', PATH, {}],
  () => ['GET', PATH, { 'Rest-Key': 'x' }],
  () => ['GET', PATH, { 'Rest-Key': randomUUID() }],
  () => ['GET', `${PATH}?${randomUUID()}=1&_=${Math.random()}`, {}],
  () => ['GET', `${PATH}?raw`, { 'Cache-Control': 'no-cache', Pragma: 'no-cache' }],
  () => ['POST', PATH, { ...FORM, 'Content-Length': 3 }, 'a=b'],
  () => ['POST', '/api/1/generic/info', { ...FORM, 'Content-Length': 7, 'Rest-Key': randomUUID(), 'Rest-Sign': 'x'.repeat(88) }, 'nonce=1'],
];

const statuses = {};
let going = true;

function ask(agent, localAddress, [method, path, headers, body]) {
  return new Promise((resolve) => {
    const request = http.request({ agent, hostname, port, method, path, headers, localAddress }, (reply) => {
      statuses[reply.statusCode] = (statuses[reply.statusCode] ?? 0) + 1;
      reply.on('data', () => {}).on('end', resolve).on('error', resolve);
    });
    request.on('error', (error) => { statuses[error.code] = (statuses[error.code] ?? 0) + 1; setTimeout(resolve, 10); });
    request.end(body);
  });
}

async function client(number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const localAddress = from === 'each' ? `127.0.1.${number + 1}` : '127.0.0.1';
  for (let i = number; going; i++) await ask(agent, localAddress, WAYS[i % WAYS.length]());
  agent.destroy();
}

process.stdin.resume().on('end', () => { going = false; });
const all = Array.from({ length: Number(clients) }, (_, number) => client(number));
process.stdout.write('\n'); // it has begun
await Promise.all(all);
console.log(JSON.stringify(statuses));
