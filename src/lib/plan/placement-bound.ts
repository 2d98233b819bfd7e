/**
 * How many primaries should each host have, and what is a lower bound for the cost of any placement? Both in one go: the
 * bound is what this choice would cost if no host and no zone stood in another's way.
 */
import type { PlacementCost } from './arrangement.ts';
import { compareCosts } from './arrangement.ts';

/** A host with the positions of its nodes in the operator's order; zones are numbered 0, 1, …. */
export interface PlacementHost {
  readonly positions: readonly number[];
  readonly zone: number;
}

export interface PrimaryChoice {
  /** The host of each primary. */
  readonly primaries: readonly number[];
  /** No placement costs less; a placement that costs this is the best there is. */
  readonly bound: PlacementCost;
}

/**
 * Take a host with n nodes, k of them primaries, among P shards.
 *
 * - It has n - k replicas. Only the seats in shards of other hosts' primaries keep them apart from their own; those
 *   that find none there are on their primary's host. That is at least {@link Mates.besidePrimary}.
 * - If it is not more, the others are dealt over the P - k shards of other hosts, with the fewest pairs where they are
 *   dealt evenly, and so are those few over the host's own k shards. That is {@link Mates.replicaPairs}.
 *
 * Both are convex in k (the pairs of x replicas dealt over y shards are jointly convex in x and y). The same holds for
 * zones, which are made of whole hosts, and for the squares of the spread. The least sum of such functions, compared
 * from left to right, over all k that add up to P is found by giving out one primary after the other where it costs
 * least. Where it costs the same, the node that comes first is chosen.
 */
export function choosePrimaries(hosts: readonly PlacementHost[], shardCount: number): PrimaryChoice {
  const nodeCount = hosts.reduce((sum, host) => sum + host.positions.length, 0);
  const shape = { shardCount, nodeCount };
  const onHost = hosts.map((host) => new Group(host.positions.length, shape));
  const zoneSizes: number[] = [];
  for (const host of hosts) zoneSizes[host.zone] = (zoneSizes[host.zone] ?? 0) + host.positions.length;
  const inZone = zoneSizes.map((size) => new Group(size, shape));
  const primaries: number[] = [];
  while (primaries.length < shardCount) {
    let best: Candidate | undefined;
    for (const [index, { positions, zone }] of hosts.entries()) {
      const [group, around] = [onHost[index], inZone[zone]];
      const position = positions[group?.primaries ?? 0];
      if (group === undefined || around === undefined || position === undefined) continue;
      const candidate = { index, group, around, position, step: costOf(group.step, around.step) };
      if (best === undefined || isBefore(candidate, best)) best = candidate;
    }
    if (best === undefined) break;
    best.group.addPrimary();
    best.around.addPrimary();
    primaries.push(best.index);
  }
  return { primaries, bound: costOf(sumOf(onHost), sumOf(inZone)) };
}

/** What the nodes of one host, or of one zone, cost at least; also by how much one primary more raises that. */
interface Mates {
  readonly besidePrimary: number;
  readonly replicaPairs: number;
  readonly square: number;
}

interface Candidate {
  readonly index: number;
  readonly group: Group;
  readonly around: Group;
  readonly position: number;
  readonly step: PlacementCost;
}

function isBefore(left: Candidate, right: Candidate): boolean {
  return (compareCosts(left.step, right.step) || left.position - right.position) < 0;
}

function costOf(host: Mates, zone: Mates): PlacementCost {
  return [host.besidePrimary, host.replicaPairs, zone.besidePrimary, zone.replicaPairs, zone.square, host.square];
}

function sumOf(groups: readonly Group[]): Mates {
  return {
    besidePrimary: groups.reduce((sum, { mates }) => sum + mates.besidePrimary, 0),
    replicaPairs: groups.reduce((sum, { mates }) => sum + mates.replicaPairs, 0),
    square: groups.reduce((sum, { mates }) => sum + mates.square, 0),
  };
}

interface Shape {
  readonly shardCount: number;
  readonly nodeCount: number;
}

/** The nodes of one host or of one zone. */
class Group {
  readonly #size: number;
  readonly #shape: Shape;
  primaries = 0;
  mates: Mates;
  /** What one primary more would add to `mates`. */
  step: Mates;

  constructor(size: number, shape: Shape) {
    this.#size = size;
    this.#shape = shape;
    this.mates = this.#matesWith(0);
    this.step = this.#nextStep();
  }

  addPrimary(): void {
    this.primaries++;
    this.mates = this.#matesWith(this.primaries);
    this.step = this.#nextStep();
  }

  #nextStep(): Mates {
    const next = this.#matesWith(this.primaries + 1);
    return {
      besidePrimary: next.besidePrimary - this.mates.besidePrimary,
      replicaPairs: next.replicaPairs - this.mates.replicaPairs,
      square: next.square - this.mates.square,
    };
  }

  #matesWith(primaries: number): Mates {
    const { shardCount, nodeCount } = this.#shape;
    const replicasPerShard = Math.floor(nodeCount / shardCount) - 1;
    const largerOwnShards = Math.max(0, (nodeCount % shardCount) - (shardCount - primaries));
    const otherSeats = nodeCount - shardCount - replicasPerShard * primaries - largerOwnShards;
    const replicas = this.#size - primaries;
    const besidePrimary = Math.max(0, replicas - otherSeats);
    const apart = pairsWhenDealt(replicas - besidePrimary, shardCount - primaries);
    return { besidePrimary, replicaPairs: apart + pairsWhenDealt(besidePrimary, primaries), square: primaries ** 2 };
  }
}

/** Pairs that share a shard when `count` nodes are dealt evenly over the shards. */
function pairsWhenDealt(count: number, shardCount: number): number {
  if (count <= 0) return 0;
  // Nobody can be dealt to no shards; this much keeps the function convex, so that the greedy choice stays right.
  if (shardCount <= 0) return count ** 2;
  const each = Math.floor(count / shardCount);
  const more = count % shardCount;
  return more * each + (shardCount * each * (each - 1)) / 2;
}
