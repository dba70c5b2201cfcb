// A cluster of three nodes of MariaDB behind haproxy, with the files of tools/cluster as they are: each node in a
// network namespace of its own on one bridge. The whole lives in a network namespace of the test's (tests/run), so that
// nothing of this machine's network is touched and everything is gone with its processes.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, open, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { childrenOf, Sql, until } from '../support/teller.mjs';

const run = promisify(execFile);
const TREE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const FILES = path.join(TREE, 'tools/cluster');
const NODES = [['node1', '10.77.0.11', 'node3,node2,'], ['node2', '10.77.0.12', 'node3,node1,'], ['node3', '10.77.0.13', 'node2,node1,']];
const OURS = '10.77.0.1';
const SYNCED = '4';

/** Why no cluster can run here, or null. */
export async function obstacle() {
  if (process.getuid() !== 0) return 'only root may make network namespaces';
  for (const file of ['/usr/lib/galera/libgalera_smm.so', '/usr/bin/wsrep_sst_rsync', '/usr/bin/rsync', '/usr/sbin/haproxy'])
    if (await open(file).then((handle) => handle.close(), () => 'missing')) return `${file} is missing: tools/dev/install cluster`;
  if (Object.keys(os.networkInterfaces()).some((name) => name !== 'lo')) return 'not in a network namespace of its own: tests/run makes one';
  return null;
}

/** Starts a process that writes to a log. */
async function launch(log, program, args, options = {}) {
  const handle = await open(log, 'a');
  const child = spawn(program, args, { stdio: ['ignore', handle.fd, handle.fd], ...options });
  await handle.close();
  child.on('error', () => {});
  return child;
}

async function end(child, signal) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  child.kill('SIGCONT');
  await ended;
}

/** One node: its namespace, which is kept by a process that sleeps, and its server, which comes and goes. */
class Node {
  constructor(logs, [name, address, donors]) {
    Object.assign(this, { name, address, donors, log: path.join(logs, `${name}.log`) });
  }

  /** Makes its namespace, its directory below `home`, and its configuration. */
  async settle(home) {
    this.dir = path.join(home, this.name);
    this.data = path.join(this.dir, 'data');
    this.socket = path.join(this.dir, 'mariadb/mysqld.sock');
    this.holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
    const ours = await readlink('/proc/self/ns/net');
    await until(async () => await readlink(`/proc/${this.holder.pid}/ns/net`).catch(() => ours) !== ours, 5, 'a namespace');
    await run('ip', ['link', 'add', this.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(this.holder.pid)]);
    await run('ip', ['link', 'set', this.name, 'master', 'teller', 'up']);
    await this.inside('ip', 'link', 'set', 'lo', 'up');
    await this.inside('ip', 'addr', 'add', `${this.address}/24`, 'dev', 'eth0');
    await this.inside('ip', 'link', 'set', 'eth0', 'up');
    await mkdir(path.join(this.dir, 'mariadb/tmp'), { recursive: true });
    await mkdir(this.data);
    const shipped = (await readFile(path.join(FILES, 'galera.cnf'), 'utf8')).replace(/^wsrep_node_name = .*$/m, `wsrep_node_name = ${this.name}`)
      .replace(/^wsrep_node_address = .*$/m, `wsrep_node_address = ${this.address}`)
      .replace(/^wsrep_sst_donor = .*$/m, `wsrep_sst_donor = ${this.donors}`).replace('gcache.size=1G', 'gcache.size=32M');
    assert.match(shipped, new RegExp(`node_name = ${this.name}\n[^]*address = ${this.address}\n[^]*donor = ${this.donors}\n[^]*=32M`));
    this.config = path.join(this.dir, 'my.cnf');
    await writeFile(this.config, `${shipped}
user = mysql
datadir = ${this.data}
socket = ${this.socket}
pid_file = ${this.dir}/mysqld.pid
tmpdir = ${this.dir}/mariadb/tmp
port = 3306
default_time_zone = +00:00
transaction_isolation = READ-COMMITTED
sql_mode = STRICT_ALL_TABLES,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION
performance_schema = OFF
max_connections = 400
innodb_buffer_pool_size = 64M
innodb_log_file_size = 48M
ssl_ca = ${home}/tls/cert.pem
ssl_cert = ${home}/tls/cert.pem
ssl_key = ${home}/tls/key.pem

# Among the nodes there is nobody else here.
[sst]
ssl-mode = DISABLED
`);
    await run('chown', ['-R', 'mysql:mysql', this.dir]);
  }

  inside(program, ...args) {
    return run('nsenter', [`--net=/proc/${this.holder.pid}/ns/net`, program, ...args]);
  }

  /** Takes away all that it has. */
  async empty() {
    await rm(this.data, { recursive: true });
    await mkdir(this.data);
    await run('chown', ['mysql:mysql', this.data]);
  }

  /** Makes an empty database. */
  async create() {
    await run('mariadb-install-db', ['--no-defaults', `--datadir=${this.data}`, '--user=mysql', '--auth-root-socket-user=root',
      '--skip-name-resolve', '--skip-test-db', '--innodb-log-file-size=48M']);
  }

  /** Starts the server; where it was before, it says how far it was, as mariadb.service does. */
  async start({ first = false, args = [] } = {}) {
    const at = await this.position();
    this.server = await launch(this.log, 'nsenter', [`--net=/proc/${this.holder.pid}/ns/net`, 'mariadbd', `--defaults-file=${this.config}`,
      ...(first ? ['--wsrep-new-cluster'] : []), ...(at ? [`--wsrep_start_position=${at}`] : []), ...args]);
  }

  /** How far the node was: "UUID:SEQNO", or null. */
  async position() {
    const text = await readFile(path.join(this.data, 'grastate.dat'), 'utf8').catch(() => null);
    if (text === null) return null;
    const { stdout, stderr } = await this.inside('mariadbd', `--defaults-file=${this.config}`, '--wsrep-recover');
    return /Recovered position: (\S+:-?\d+)/.exec(stdout + stderr)?.[1] ?? null;
  }

  kill() {
    return end(this.server, 'SIGKILL');
  }

  stop() {
    return end(this.server, 'SIGTERM');
  }

  /** SQL as the node's administrator. */
  async sql(statement, { database = 'teller', seconds = 20 } = {}) {
    const { stdout } = await run('mariadb', ['--no-defaults', '--socket', this.socket, '--batch', '--skip-column-names', '--connect-timeout=2',
      ...(database ? [database] : []), '-e', statement], { maxBuffer: 1 << 26, timeout: seconds * 1000 });
    return stdout.trim() === '' ? [] : stdout.trim().split('\n').map((line) => line.split('\t'));
  }

  async status(name) {
    const rows = await this.sql(`SHOW GLOBAL STATUS LIKE '${name}'`, { database: null, seconds: 2 }).catch(() => []);
    return rows[0]?.[1];
  }

  /** Whether it takes part, in a cluster of so many. */
  async synced(size) {
    return await this.status('wsrep_local_state') === SYNCED && await this.status('wsrep_ready') === 'ON'
      && await this.status('wsrep_cluster_size') === String(size);
  }

  /** Cuts it off from the other nodes: the proxy still reaches it. */
  async cutOff(others) {
    for (const other of others) await this.inside('ip', 'route', 'add', 'blackhole', `${other.address}/32`);
  }

  async join(others) {
    for (const other of others) await this.inside('ip', 'route', 'del', 'blackhole', `${other.address}/32`);
  }

  /** What its log says from a place on; `length` gives the place. */
  async said(from = 0) {
    return (await readFile(this.log, 'utf8')).slice(from);
  }

  session() {
    return new Sql(this);
  }
}

/** The cluster and its proxy. */
export class Cluster {
  constructor(dir) {
    this.dir = dir;
    this.nodes = NODES.map((words) => new Node(path.join(dir, 'log'), words));
  }

  /** Starts it; `passwords` are those of the schema's owner and of the application. */
  static async start(dir, { owner, app }) {
    const cluster = new Cluster(dir);
    try {
      await cluster.settle();
      await cluster.nodes[0].create();
      await cluster.nodes[0].start({ first: true });
      await cluster.synced(cluster.nodes.slice(0, 1));
      await cluster.nodes[0].sql(`CREATE DATABASE teller CHARACTER SET utf8mb4;
        CREATE USER teller_owner@'%' IDENTIFIED BY '${owner}'; CREATE USER teller_app@'%' IDENTIFIED BY '${app}';
        CREATE USER node_check@'%' IDENTIFIED BY 'node';
        GRANT ALL ON teller.* TO teller_owner@'%' WITH GRANT OPTION`, { database: null });
      await cluster.nodes[1].start();
      await cluster.synced(cluster.nodes.slice(0, 2));
      await cluster.nodes[2].start();
      await cluster.synced();
      await cluster.startProxy();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async settle() {
    // The servers run as a user of their own, who has to come to their files.
    if (process.env.DATA_ROOT) await chmod(process.env.DATA_ROOT, 0o711);
    this.home = await mkdtemp(path.join(process.env.DATA_ROOT || os.tmpdir(), 'teller-cluster.'));
    await chmod(this.home, 0o711);
    await mkdir(path.join(this.dir, 'log'), { recursive: true });
    await mkdir(path.join(this.home, 'tls'));
    this.certificate = path.join(this.home, 'tls/cert.pem');
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
      '-addext', `subjectAltName=IP:127.0.0.1,${NODES.map(([, address]) => `IP:${address}`).join(',')}`,
      '-keyout', path.join(this.home, 'tls/key.pem'), '-out', this.certificate]);
    await run('chown', ['-R', 'mysql:mysql', path.join(this.home, 'tls')]);
    await run('ip', ['link', 'set', 'lo', 'up']);
    await run('ip', ['link', 'add', 'teller', 'type', 'bridge']);
    await run('ip', ['addr', 'add', `${OURS}/24`, 'dev', 'teller']);
    await run('ip', ['link', 'set', 'teller', 'up']);
    for (const node of this.nodes) await node.settle(this.home);
  }

  /** haproxy with the shipped file, but for what lies elsewhere here. */
  async startProxy() {
    const check = path.join(this.dir, 'node-check.cnf'), config = path.join(this.dir, 'haproxy.cfg');
    this.admin = path.join(this.dir, 'admin.sock');
    await writeFile(check, '[client]\nuser = node_check\npassword = node\nskip-ssl\n', { mode: 0o600 });
    await writeFile(path.join(this.dir, 'node-check'), (await readFile(path.join(FILES, 'node-check'), 'utf8'))
      .replaceAll('/etc/teller/node-check.cnf', check), { mode: 0o755 });
    await writeFile(config, (await readFile(path.join(FILES, 'haproxy.cfg'), 'utf8'))
      .replace('/run/haproxy/admin.sock', this.admin).replace('/usr/local/lib/teller/node-check', path.join(this.dir, 'node-check'))
      .replace(/^global$/m, `global\n    pidfile ${this.dir}/haproxy.pid`));
    this.proxy = await launch(path.join(this.dir, 'log/haproxy.log'), 'haproxy', ['-W', '-db', '-f', config]);
    await until(async () => (await this.writer()) !== null, 20, 'the proxy');
  }

  /** One command to haproxy. */
  async command(words) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.admin);
      let text = '';
      socket.on('error', reject);
      socket.on('data', (data) => { text += data; });
      socket.on('close', () => resolve(text));
      socket.write(`${words}\n`);
    });
  }

  /** Has haproxy begin anew with its file, as `systemctl reload haproxy` does. */
  async reload() {
    const workers = await childrenOf(this.proxy.pid);
    this.proxy.kill('SIGUSR2');
    await until(async () => {
      const now = await childrenOf(this.proxy.pid);
      return now.length > 0 && !now.some((pid) => workers.includes(pid));
    }, 20, 'the end of the old process');
  }

  /** The node that writes, or null: the one of the proxy's that serves, as its table has it. */
  async writer() {
    const text = await this.command('show table writer').catch(() => '');
    const name = /server_key=(\w+)/.exec(text)?.[1];
    const up = (await this.command('show stat').catch(() => '')).split('\n').filter((line) => /^writer,node/.test(line))
      .filter((line) => line.split(',')[17] === 'UP').map((line) => line.split(',')[1]);
    if (name && up.includes(name)) return this.nodes.find((node) => node.name === name);
    return up.length > 0 ? this.nodes.find((node) => node.name === up[0]) : null;
  }

  /** Waits until these nodes, and no other, are one cluster. */
  async synced(nodes = this.nodes, seconds = 60) {
    for (const node of nodes)
      await until(async () => {
        assert.equal(node.server.exitCode ?? node.server.signalCode, null, `${node.name} has ended: ${(await node.said()).slice(-3000)}`);
        return node.synced(nodes.length);
      }, seconds, `${node.name} in a cluster of ${nodes.length}`);
  }

  /** After all nodes are gone: the one that was furthest is the first of a new cluster, and the others join it. */
  async beginAnew() {
    const at = await Promise.all(this.nodes.map((node) => node.position()));
    const seqno = (position) => BigInt(position.split(':')[1]);
    const first = this.nodes[at.reduce((best, position, i) => (seqno(position) > seqno(at[best]) ? i : best), 0)];
    const state = path.join(first.data, 'grastate.dat');
    await writeFile(state, (await readFile(state, 'utf8')).replace('safe_to_bootstrap: 0', 'safe_to_bootstrap: 1'));
    await first.start({ first: true });
    await this.synced([first]);
    for (const node of this.others(first)) await node.start();
    await this.synced();
  }

  others(node) {
    return this.nodes.filter((other) => other !== node);
  }

  /** Tables that are not the same on all nodes, once nothing is under way any more. */
  async differences() {
    const names = (await this.nodes[0].sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'teller' AND engine = 'InnoDB'"))
      .map(([name]) => `\`${name}\``).join(', ');
    const [first, ...others] = await Promise.all(this.nodes.map(async (node) => new Map(await node.sql(`CHECKSUM TABLE ${names}`))));
    return [...first].filter(([name, sum]) => others.some((sums) => sums.get(name) !== sum)).map(([name]) => name);
  }

  async stop() {
    await end(this.proxy, 'SIGTERM');
    await Promise.all(this.nodes.map((node) => node.kill()));
    for (const node of this.nodes) await end(node.holder, 'SIGKILL');
    if (this.home) await rm(this.home, { recursive: true, force: true });
  }
}

/** Makes the stack's `sql` ask this node. */
export async function ask(stack, node) {
  const socket = path.join(stack.dir, 'mariadb/mysqld.sock');
  await mkdir(path.dirname(socket), { recursive: true });
  await rm(socket, { force: true });
  await symlink(node.socket, socket);
}
