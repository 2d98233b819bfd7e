/**
 * Ports for test servers, safe over test processes that run at the same time. A port is taken by a lock file that holds
 * its owner's identity and is good while the owner runs; the lock of a process that has ended is taken over.
 */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { present } from '../../src/lib/assert.ts';
import { portsInUse } from '../../src/lib/local/ports.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from '../../src/lib/local/process-identity.ts';
import { hasErrorCode } from '../../src/lib/local/system-error.ts';
import { BUS_PORT_OFFSET } from '../../src/lib/model/address.ts';

/** Client ports are 10000-19999, so bus ports are 20000-29999: apart, and both below Linux' ephemeral range (32768 on). */
const FIRST_PORT = 10_000;
const PORT_COUNT = 10_000;

const folder = path.join(tmpdir(), 'redis-cluster-ops-ports');

/**
 * Consecutive client ports. Each of them and its bus port (`port + 10000`) was free on every address, and no other test
 * process gets it before this one has ended.
 */
export async function reservePorts(count: number): Promise<readonly number[]> {
  const start = Math.floor(Math.random() * PORT_COUNT);
  for (let tried = 0; tried < PORT_COUNT; tried += count) {
    const offset = (start + tried) % PORT_COUNT;
    if (offset + count > PORT_COUNT) continue;
    const ports = Array.from({ length: count }, (_, index) => FIRST_PORT + offset + index);
    if (await takeAll(ports)) return ports;
  }
  throw new Error(`There are no ${count} consecutive free ports between ${FIRST_PORT} and ${FIRST_PORT + PORT_COUNT}.`);
}

async function takeAll(ports: readonly number[]): Promise<boolean> {
  const taken: number[] = [];
  for (const port of ports) {
    if (!takePort(port)) break;
    taken.push(port);
  }
  if (taken.length === ports.length) {
    const inUse = await portsInUse([...ports, ...ports.map((port) => port + BUS_PORT_OFFSET)]);
    if (inUse.length === 0) return true;
  }
  taken.forEach(releasePort);
  return false;
}

/** True where this process owns the lock of this port from now on. */
export function takePort(port: number): boolean {
  mkdirSync(folder, { recursive: true });
  return lock(port) || (removeStaleLock(port) && lock(port));
}

/** Gives the port back; only for ports of this process. */
export function releasePort(port: number): void {
  rmSync(lockFile(port), { force: true });
}

/** Where the lock of a port is. */
export function lockFile(port: number): string {
  return path.join(folder, `${port}.lock`);
}

/** Linking a finished file is atomic: a lock is never there without its owner's identity. */
function lock(port: number): boolean {
  const draft = path.join(folder, `${process.pid}.draft`);
  writeFileSync(draft, JSON.stringify(present(identifyProcess(process.pid), 'this process is running')));
  try {
    linkSync(draft, lockFile(port));
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

/**
 * Two processes may find the same stale lock, and the slower one must not remove the new lock of the faster one. So who
 * removes holds a marker, and looks at the lock again once it has the marker. A marker left by a crash costs one port.
 */
function removeStaleLock(port: number): boolean {
  const marker = `${lockFile(port)}.takeover`;
  try {
    mkdirSync(marker);
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    if (!isStale(port)) return false;
    rmSync(lockFile(port), { force: true });
    return true;
  } finally {
    rmSync(marker, { recursive: true });
  }
}

function isStale(port: number): boolean {
  try {
    return !isRunning(JSON.parse(readFileSync(lockFile(port), 'utf8')) as ProcessIdentity);
  } catch (error) {
    // Released in the meantime: nothing to remove, and it may be taken like any other.
    if (hasErrorCode(error, 'ENOENT')) return true;
    throw error;
  }
}
