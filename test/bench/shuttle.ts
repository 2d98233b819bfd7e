/**
 * The same slots, from the first node to the second and back, a way each time it is asked to. As the contenders take
 * turns and their order turns too, each goes both ways, and finds what the other has left.
 */
import type { SlotRange } from '../../src/lib/model/slot-set.ts';
import { formatSlots, hasSlot } from '../../src/lib/model/slot-set.ts';
import { clusterCli, type RunResult, redisCli } from '../support/executables.ts';
import type { ServerFlavor } from '../support/server-binaries.ts';
import { monotonicMs } from './clock.ts';
import type { FilledCluster, FilledNode } from './filled-cluster.ts';

export interface Way {
  /** Of the whole program, from its start to its end. */
  readonly durationMs: number;
  /** What the source itself counts as time spent in MIGRATE (INFO commandstats); 0 where it has done none. */
  readonly migrateMs: number;
  /** Began and ended, by `clock.ts`. */
  readonly fromMs: number;
  readonly toMs: number;
}

interface Party {
  readonly id: string;
  /** What the program is told. */
  readonly address: string;
}

/** Runs a program that moves the slots. */
export type Carry = (source: Party, target: Party, slots: SlotRange) => Promise<RunResult>;

const RUN_TIMEOUT_MS = 180_000;

export class Shuttle {
  readonly #cluster: FilledCluster;
  readonly #slots: SlotRange;
  readonly #addresses: readonly string[];
  #isAway = false;

  /** `addresses`: how the programs reach the nodes, where that is not how the harness does. */
  constructor(cluster: FilledCluster, slots: SlotRange, addresses?: readonly string[]) {
    this.#cluster = cluster;
    this.#slots = slots;
    this.#addresses = addresses ?? cluster.nodes.map(({ address }) => address);
  }

  /** Rejects where the program fails, or where not everything has arrived. */
  async go(carry: Carry): Promise<Way> {
    const [from, to] = this.#isAway ? [1, 0] : [0, 1];
    const source = this.#cluster.node(from);
    await source.ask('CONFIG', 'RESETSTAT');
    const fromMs = monotonicMs();
    const { durationMs } = succeeded(await carry(this.#party(from), this.#party(to), this.#slots));
    const toMs = monotonicMs();
    const migrateMs = await migrateTime(source);
    const owned = (await this.#cluster.settled())[to] ?? [];
    const [first, last] = this.#slots;
    if (!hasSlot(owned, first) || !hasSlot(owned, last))
      throw new Error(`Slots ${first}-${last} are not at ${this.#party(to).address}: it has ${formatSlots(owned)}.`);
    this.#isAway = !this.#isAway;
    return { durationMs, migrateMs, fromMs, toMs };
  }

  #party(index: number): Party {
    const { id, address } = this.#cluster.node(index);
    return { id, address: this.#addresses[index] ?? address };
  }
}

/** Our own program. */
export function ours(...more: readonly string[]): Carry {
  return (source, target, [first, last]) => {
    const slots = ['--ranges', `${first}-${last}`];
    const args = ['reshard', source.address, '--from', source.id, '--to', target.id, ...slots, '--yes', ...more];
    return clusterCli(args, { timeoutMs: RUN_TIMEOUT_MS });
  };
}

/** redis-cli, or valkey-cli of that flavor. It takes the lowest slots of the source, which are the same ones. */
export function theirs(flavor?: ServerFlavor, ...more: readonly string[]): Carry {
  return (source, target, [first, last]) => {
    const slots = ['--cluster-slots', `${last - first + 1}`];
    const parties = ['--cluster-from', source.id, '--cluster-to', target.id];
    const args = ['--cluster', 'reshard', source.address, ...parties, ...slots, '--cluster-yes', ...more];
    return redisCli(args, { timeoutMs: RUN_TIMEOUT_MS, ...(flavor === undefined ? {} : { flavor }) });
  };
}

export function succeeded(result: RunResult): RunResult {
  if (result.code === 0) return result;
  throw new Error(`A program that moves slots ended with exit code ${result.code}:\n${endOf(result)}`);
}

async function migrateTime(node: FilledNode): Promise<number> {
  const [, usec = '0'] = /cmdstat_migrate:calls=\d+,usec=(\d+)/.exec(await node.ask('INFO', 'commandstats')) ?? [];
  return Number(usec) / 1000;
}

function endOf({ stdout, stderr }: RunResult): string {
  return `${stdout}\n${stderr}`.slice(-2000);
}
