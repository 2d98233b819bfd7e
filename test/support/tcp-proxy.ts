/**
 * A network with latency, on loopback: a proxy for each server, all in one process of their own, so that nobody who
 * measures slows them down. What is read from one side is written to the other `delayMs` later, in order.
 *
 *   client ──► proxy ── delayMs ──► server ──► proxy ── delayMs ──► client
 *
 * Connecting is not delayed: the system answers before the proxy sees it. A timer of Node's is late by up to a
 * millisecond; so while anything is due the process naps for a tenth of one and looks again.
 */
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { present } from '../../src/lib/assert.ts';
import { formatAddress, parseAddress } from '../../src/lib/model/address.ts';
import { killWithThisProcess } from './reaper.ts';

export interface TcpProxies {
  /** `host:port` of each server's proxy, in the order of the servers. */
  readonly addresses: readonly string[];
  /** Breaks every connection. */
  stop(): void;
}

const NAP_MS = 0.1;
const HOST = '127.0.0.1';
const CHILD_MARK = 'tcp-proxy-child';

/** One proxy for each `host:port`; resolves when all accept connections. */
export async function startTcpProxies(
  servers: readonly string[],
  { delayMs }: { readonly delayMs: number },
): Promise<TcpProxies> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const child = fork(import.meta.filename, [CHILD_MARK, `${delayMs}`, ...servers], { execArgv: ['--import', tsx] });
  killWithThisProcess(present(child.pid, 'Node itself can be run'));
  const addresses = await new Promise<readonly string[]>((resolve, reject) => {
    child.once('message', (message) => resolve(message as readonly string[]));
    child.once('exit', (code) => reject(new Error(`The proxies ended at their start with exit code ${code}.`)));
  });
  return { addresses, stop: () => child.kill('SIGKILL') };
}

/** Does things in the order they were given, each `delayMs` after it was given. */
class DelayLine {
  readonly #delayMs: number;
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #waiting: { readonly dueAtMs: number; readonly act: () => void }[] = [];
  #isAwake = false;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  later(act: () => void): void {
    this.#waiting.push({ dueAtMs: performance.now() + this.#delayMs, act });
    if (this.#isAwake) return;
    this.#isAwake = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const now = performance.now();
    const left = this.#waiting.findIndex(({ dueAtMs }) => dueAtMs > now);
    const due = this.#waiting.splice(0, left === -1 ? this.#waiting.length : left);
    for (const { act } of due) act();
    this.#isAwake = this.#waiting.length > 0;
    if (!this.#isAwake) return;
    Atomics.wait(this.#cell, 0, 0, NAP_MS);
    setImmediate(() => this.#turn());
  }
}

function serve(server: string, line: DelayLine): Promise<Server> {
  const { host, port } = present(parseAddress(server), 'a test server is named as host:port');
  const proxy = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host, port, allowHalfOpen: true, noDelay: true });
    pass(near, far, line);
    pass(far, near, line);
  });
  return new Promise((resolve, reject) => {
    proxy.once('error', reject);
    proxy.listen(0, HOST, () => resolve(proxy));
  });
}

function pass(from: Socket, to: Socket, line: DelayLine): void {
  from.on('data', (chunk) => line.later(() => to.write(chunk)));
  from.on('end', () => line.later(() => to.end()));
  from.on('close', () => line.later(() => to.destroy()));
  // 'close' follows, and breaks the other side.
  from.on('error', () => undefined);
}

async function runChild([delayMs, ...servers]: readonly string[]): Promise<void> {
  process.once('disconnect', () => process.exit());
  const line = new DelayLine(Number(delayMs));
  const proxies = await Promise.all(servers.map((server) => serve(server, line)));
  const ports = proxies.map((proxy) => (proxy.address() as AddressInfo).port);
  process.send?.(ports.map((port) => formatAddress({ host: HOST, port })));
}

if (process.argv[2] === CHILD_MARK) await runChild(process.argv.slice(3));
