// Small wrong changes, one at a time, in what moves or guards money: do the tests notice?
//   node tests/mutate/run.mjs [WORD...]     all of them, or those whose names hold one of the words
//   JOBS=N (2)                              so many copies of the tree at a time
// Each change of tests/mutate/changes.mjs is made in a copy of the tree, which is built; then the parts
// that it names are run, and at least one must fail. Prints each outcome and the score. Exit 1 where the
// score is below SCORE_LEAST or a change does not apply or build: then it guards nothing any more.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { changes, equivalent } from './changes.mjs';

const SCORE_LEAST = 0.95;
const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const JOBS = Number(process.env.JOBS ?? 2);
const run = promisify(execFile);

/** A copy of the tree with what was built, so that a change builds only what it touches. */
async function copyTree(dir) {
  const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard'], { cwd: TREE, maxBuffer: 1 << 24 });
  for (const name of [...stdout.trim().split('\n'), 'build', 'tests/node_modules'])
    await cp(path.join(TREE, name), path.join(dir, name), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
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
async function succeeds(dir, command, args, env = {}) {
  const inherited = { ...process.env, BUILD: 'build', ...env };
  return run(command, args, { cwd: dir, env: inherited, maxBuffer: 1 << 26 }).then(() => true, () => false);
}

/** Runs "PART NAME...", for example "db sale" or "http v1_ticket"; true where a test failed. */
async function notices(dir, words) {
  const [part, ...names] = words.split(' ');
  return !await succeeds(dir, 'tests/run', [], { TESTS: part, FILES: names.join(' '), SUITES: names.join(' '), SLOTS: '1' });
}

/** "noticed by PART", "not noticed", or why the change is none. */
async function judge(dir, change) {
  const undo = await apply(dir, change);
  try {
    if (!await succeeds(dir, 'make', ['--silent', 'build', 'build-tests'])) return 'does not build';
    for (const words of change.notice) if (await notices(dir, words)) return `noticed by ${words}`;
    return 'not noticed';
  } finally {
    await undo();
  }
}

async function work(queue, outcomes) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'mutate-'));
  try {
    await copyTree(dir);
    for (let change = queue.shift(); change; change = queue.shift()) {
      const outcome = await judge(dir, change).catch((error) => error.message);
      outcomes.push(outcome);
      console.log(`${change.name}: ${outcome}`);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
const queue = changes.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
const outcomes = [];
if (!await succeeds(TREE, 'make', ['--silent', 'build', 'build-tests'])) throw new Error('the tree does not build');
await Promise.all(Array.from({ length: JOBS }, () => work(queue, outcomes)));
const noticed = outcomes.filter((outcome) => outcome.startsWith('noticed')).length;
const unusable = outcomes.filter((outcome) => !/^(not )?noticed/.test(outcome)).length;
for (const { name, reason } of equivalent) console.log(`${name}: changes nothing (${reason})`);
console.log(`noticed: ${noticed} of ${outcomes.length}, ${unusable} unusable`);
process.exitCode = unusable === 0 && outcomes.length > 0 && noticed / outcomes.length >= SCORE_LEAST ? 0 : 1;
