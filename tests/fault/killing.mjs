// What the fault tests share: chance, blows, and what is known after an answer that never came.
import assert from 'node:assert/strict';
import { until } from '../support/teller.mjs';

export const chance = (probability) => Math.random() < probability;
export const pick = (list) => list[Math.floor(Math.random() * list.length)];

export function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    assert.equal(error.code, 'ESRCH');
  }
}

/** Kills the database and waits until another one is there. */
export async function killDatabase(stack) {
  const pid = pick(await stack.processes('mariadb'));
  if (pid === undefined) return false;
  kill(pid);
  await until(async () => {
    const now = await stack.processes('mariadb');
    return now.length > 0 && !now.includes(pid) && stack.ready();
  }, 60, 'the return of the database');
  return true;
}

/** Kills one process of a part; true where there was one. */
async function killOne(stack, part) {
  const pid = pick(await stack.processes(part));
  if (pid !== undefined) kill(pid);
  return pid !== undefined;
}

export const killWorker = (stack, pool = 'main') => killOne(stack, pool);
export const killMatcher = (stack) => killOne(stack, 'match');

const NOS = ['db_away', 'db_contended'];

/** A call under fire: "done" with the value, "refused" with the token, or "unknown". Where no worker is killed
 *  (`definite`) also "none", with the token: the database could not be used, and nothing was done. Otherwise nginx may
 *  have asked a second worker after the first one was killed behind its commit. */
export async function callUnderFire(client, method, params, { definite = false, ...options } = {}) {
  const reply = await client.call(method, params, options).catch(() => null);
  if (reply?.status === 200 && reply.json?.result === 'success') return ['done', reply.json.return];
  if (reply?.status === 200 && reply.json?.result === 'error') return ['refused', reply.json.token];
  // 403 invalid_nonce follows where nginx sent the request to a second worker: done or not, as above.
  assert.ok(reply === null || [403, 500, 502, 503, 504].includes(reply.status), `${method}: ${reply?.status} ${reply?.text}`);
  if (reply?.status === 403) assert.equal(reply.json.token, 'login_error_invalid_nonce', reply.text);
  return definite && NOS.includes(reply?.json?.token) ? ['none', reply.json.token] : ['unknown'];
}

/** How often a load was refused, by the words. */
export function refusals(loads) {
  const counts = {};
  for (const load of loads) for (const [token, count] of load.refusals) counts[token] = (counts[token] ?? 0) + count;
  return counts;
}
