// Small wrong changes, one at a time, in what moves or guards money: do the tests notice?
//   node tests/mutate/run.mjs [WORD...]     all of them, or those whose names or files hold one of the words
//   JOBS=N (2)                              so many copies of the tree at a time
// Each change of tests/mutate/changes.mjs is made in a copy of the tree, what must notice it is built and
// run, and at least one part of that must fail. The C tests run straight against a database of their own,
// new for each change: what a wrong program leaves behind is nobody else's. Prints each outcome and the
// score. Exit 1 where the score is below SCORE_LEAST or a change does not apply or build: then it guards
// nothing any more.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { changes, equivalent } from './changes.mjs';

const SCORE_LEAST = 0.95;
const TEST_MS = 120000;
const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const JOBS = Number(process.env.JOBS ?? 2);
const run = promisify(execFile);

/** A stack of which only the database is wanted. */
const SMALL = Object.fromEntries([...['WORKERS', 'READ_WORKERS', 'ORDER_WORKERS', 'LOGIN_WORKERS', 'EVENTS_WORKERS', 'PARTNER_WORKERS',
  'SHOP_WORKERS', 'NGINX_WORKERS'].map((name) => [name, '1']), ['DEMO', 'no'], ['JOBS', 'no'], ['MATCHERS', '1']]);

/** A copy of the tree with what was built, so that a change builds only what it touches. */
async function copyTree(dir) {
  const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard'], { cwd: TREE, maxBuffer: 1 << 24 });
  for (const name of stdout.trim().split('\n'))
    await cp(path.join(TREE, name), path.join(dir, name), { preserveTimestamps: true, verbatimSymlinks: true });
  // Names of earlier runs and of tests under way are not wanted.
  await cp(path.join(TREE, 'build'), path.join(dir, 'build'), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true,
    filter: (name) => !path.relative(path.join(TREE, 'build'), name).startsWith('test.') });
  await cp(path.join(TREE, 'tests/node_modules'), path.join(dir, 'tests/node_modules'), { recursive: true, verbatimSymlinks: true });
}

/** Replaces the one place of `from` in the file; gives what was there. */
async function apply(dir, { file, from, to }) {
  const name = path.join(dir, file);
  const before = await readFile(name, 'utf8');
  if (before.split(from).length !== 2) throw new Error(`${file} holds it ${before.split(from).length - 1} times: ${from}`);
  await writeFile(name, before.replace(from, () => to));
  return () => writeFile(name, before);
}

/** True where the command ends with 0. */
async function succeeds(dir, command, args, env = {}, options = {}) {
  const inherited = { ...process.env, BUILD: 'build', ...env };
  return run(command, args, { cwd: dir, env: inherited, maxBuffer: 1 << 26, ...options }).then(() => true, () => false);
}

/** Whether these suites fail against a new database with the procedures as they are now. */
async function databaseNotices(dir, suites, prepared) {
  const place = path.join(dir, 'stack');
  if (!await succeeds(dir, 'tests/support/stack', ['start', place], { ...SMALL, PREPARED: prepared })) throw new Error('no stack');
  try {
    const env = { TELLER_CONFIG: path.join(place, 'teller.conf') };
    return !await succeeds(dir, 'build/tellerctl', ['migrate'], env)
      || !await succeeds(dir, 'build/db-tests', suites, env, { timeout: TEST_MS, killSignal: 'SIGKILL' });
  } finally {
    await succeeds(dir, 'tests/support/stack', ['stop', place]);
    await rm(place, { recursive: true, force: true });
  }
}

/** What "PART NAME..." builds and runs, for example "db sale" or "http v1_ticket": whether it builds, and whether a test failed. */
async function notices(dir, words, prepared) {
  const [part, ...names] = words.split(' ');
  const direct = ['unit', 'db'].includes(part);
  if (!await succeeds(dir, 'make', ['--silent', ...(direct ? [`build/${part}-tests`] : ['build', 'build-tests'])])) return 'does not build';
  const failed = part === 'unit' ? !await succeeds(dir, 'build/unit-tests', names, {}, { timeout: TEST_MS, killSignal: 'SIGKILL' })
    : part === 'db' ? await databaseNotices(dir, names, prepared)
      : !await succeeds(dir, 'tests/run', [], { TESTS: part, FILES: names.join(' '), SUITES: names.join(' '), SLOTS: '1' });
  return failed ? `noticed by ${words}` : 'not noticed';
}

/** "noticed by PART", "not noticed", or why the change is none. */
async function judge(dir, change, prepared) {
  const undo = await apply(dir, change);
  try {
    for (const words of change.notice) {
      const outcome = await notices(dir, words, prepared);
      if (outcome !== 'not noticed') return outcome;
    }
    return 'not noticed';
  } finally {
    await undo();
  }
}

async function work(queue, outcomes, prepared) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'mutate-'));
  try {
    await copyTree(dir);
    for (let change = queue.shift(); change; change = queue.shift()) {
      const outcome = await judge(dir, change, prepared).catch((error) => error.message);
      outcomes.push(outcome);
      console.log(`${change.name}: ${outcome}`);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
const queue = changes.filter(({ name, file }) => wanted.length === 0 || wanted.some((word) => name.includes(word) || file.includes(word)));
const outcomes = [];
// Whoever ends it early gets what was tried, and nothing is left running.
const asked = queue.length;
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { queue.length = 0; });
if (!await succeeds(TREE, 'make', ['--silent', 'build', 'build-tests'])) throw new Error('the tree does not build');
const shared = await mkdtemp(path.join(await succeeds(TREE, 'tests/support/stack', ['memory']) ? '/dev/shm' : os.tmpdir(), 'mutate-'));
try {
  process.env.DATA_ROOT = shared;
  const prepared = path.join(shared, 'prepared');
  if (!await succeeds(TREE, 'tests/support/stack', ['prepare', prepared])) throw new Error('no database can be made');
  await Promise.all(Array.from({ length: JOBS }, () => work(queue, outcomes, prepared)));
} finally {
  await rm(shared, { recursive: true, force: true });
}
const noticed = outcomes.filter((outcome) => outcome.startsWith('noticed')).length;
const unusable = outcomes.filter((outcome) => !/^(not )?noticed/.test(outcome)).length;
for (const { name, reason } of equivalent) console.log(`${name}: changes nothing (${reason})`);
console.log(`noticed: ${noticed} of ${outcomes.length}, ${unusable} unusable, ${asked - outcomes.length} not tried`);
process.exitCode = unusable === 0 && outcomes.length > 0 && outcomes.length === asked && noticed / outcomes.length >= SCORE_LEAST ? 0 : 1;
