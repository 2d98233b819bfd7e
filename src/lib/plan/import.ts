/** Bringing the keys of a server, or of another cluster, into this one: what will be done, and what speaks against it. */
import type { Finding } from '../check/finding.ts';
import { countInWords, listInWords, nameOf } from '../check/words.ts';
import { type Flavor, formatFlavor } from '../model/flavor.ts';
import type { NodeId } from '../model/node.ts';
import { countSlots, SLOT_COUNT } from '../model/slot-set.ts';
import type { ReachedNode, Topology } from '../model/topology.ts';
import { isReached, primariesOf, replicasOf } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import { refuseUnhealthy } from './move-refusals.ts';
import type { Hazard, ImportKeys, Planned } from './plan.ts';

/** A server that gives, as it was found. */
export interface SourceServer {
  /** `host:port`. */
  readonly address: string;
  /** Of a source in cluster mode; null otherwise. */
  readonly id: NodeId | null;
  readonly flavor: Flavor;
  readonly isReplica: boolean;
  /** Logical databases that hold keys, with their number. */
  readonly databases: ReadonlyMap<number, number>;
  /** Names of the libraries of functions. */
  readonly functions: readonly string[];
  /** Of a sample, of memory; 0 where there is none. */
  readonly bytesPerKey: number;
  readonly largeKeys: readonly { readonly key: string; readonly bytes: number }[];
  /** The format version of its dumps; null where there is no key to see it by. */
  readonly dumpVersion: number | null;
  /** Tells which keys change: Redis 6.0 and later. */
  readonly tellsChanges: boolean;
}

export interface ImportMeasures {
  readonly servers: readonly SourceServer[];
  /** Primaries of the cluster that do not read dumps of the source's version. */
  readonly unableToRead: readonly NodeId[];
  /** Between here and the source. */
  readonly roundTripMs: number;
}

export interface ImportRequest {
  /** Null: none was named. */
  readonly database: number | null;
  readonly copy: boolean;
  readonly replace: boolean;
  readonly engine: 'auto' | 'relay' | 'migrate';
  /** Both sides are reached in the same way, so that the source may reach the cluster as this program does. */
  readonly isDirect: boolean;
}

/** Farther away than this, what goes through this program takes a detour. */
const ROUND_TRIP_MS_MAX = 5;
const LARGE_KEY_BYTES_MIN = 10 * 1024 * 1024;

/**
 * One step for each server that gives and has keys; no step where none has. Refused where the cluster is not healthy,
 * where it is not clear which database is meant, where the source cannot give, or where the cluster cannot read.
 */
export function planImport(topology: Topology, measures: ImportMeasures, request: ImportRequest): Planned {
  const database = request.database ?? 0;
  const refusals = [
    ...refuseUnhealthy(topology, 'importing'),
    ...refuseSelf(topology, measures),
    ...refuseDatabases(measures, request),
    ...refuseReplicas(measures, request),
    ...refuseUnreadable(topology, measures),
    ...refuseEngine(request),
  ];
  if (refusals.length > 0) return { ok: false, refusals };
  const targets = receiversOf(topology);
  const engine = engineFor(measures, request);
  const steps = measures.servers.flatMap((server): readonly ImportKeys[] => {
    const keys = server.databases.get(database) ?? 0;
    if (keys === 0) return [];
    return [
      {
        kind: 'import-keys',
        from: server.address,
        database,
        targets: targets.map((node) => ({ id: node.id, address: nameOf(node) })),
        copy: request.copy,
        replace: request.replace,
        engine,
        keys,
        bytes: Math.round(keys * server.bytesPerKey),
      },
    ];
  });
  const from = listInWords(measures.servers.map(({ address }) => address));
  const intention = `import ${request.copy ? 'a copy of ' : ''}database ${database} of ${from}`;
  const hazards = steps.length === 0 ? [] : hazardsOf(topology, measures, request, steps);
  return { ok: true, plan: { version: 1, intention, basis: basisOf(topology), steps, hazards } };
}

/** `relay` unless it is a detour that MIGRATE can spare. */
function engineFor({ roundTripMs }: ImportMeasures, { copy, engine, isDirect }: ImportRequest): ImportKeys['engine'] {
  if (engine !== 'auto') return engine;
  return !copy && isDirect && roundTripMs > ROUND_TRIP_MS_MAX ? 'migrate' : 'relay';
}

function receiversOf(topology: Topology): readonly ReachedNode[] {
  return primariesOf(topology)
    .filter(isReached)
    .filter(({ entry }) => entry.slots.length > 0)
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

function refusal(rule: string, message: string, suggestion: string, nodeIds: readonly NodeId[] = []): Finding {
  return { rule, severity: 'error', message, nodeIds, suggestion };
}

function refuseSelf(topology: Topology, { servers }: ImportMeasures): readonly Finding[] {
  const own = servers.find(({ id }) => topology.nodes.some((node) => node.id === id));
  if (own === undefined) return [];
  return [
    refusal('same-cluster', `${own.address} is a node of this very cluster.`, 'Name another server with --from.'),
  ];
}

function refuseDatabases({ servers }: ImportMeasures, { database }: ImportRequest): readonly Finding[] {
  if (database !== null) return [];
  const others = servers.flatMap(({ address, databases }) =>
    [...databases]
      .filter(([number, keys]) => number !== 0 && keys > 0)
      .map(([number, keys]) => `${number} of ${address} (${countInWords(keys, 'key')})`),
  );
  if (others.length === 0) return [];
  return [
    refusal(
      'databases',
      `Other databases than 0 hold keys too: ${listInWords(others)}. All come into database 0 of the cluster, so each is imported by itself.`,
      'Say which one is meant: --from-db 0, and again with the others.',
    ),
  ];
}

function refuseReplicas({ servers }: ImportMeasures, { copy }: ImportRequest): readonly Finding[] {
  if (copy) return [];
  return servers
    .filter(({ isReplica }) => isReplica)
    .map(({ address }) =>
      refusal(
        'source-is-replica',
        `${address} is a replica: keys cannot leave it.`,
        'Name its primary with --from, or add --copy.',
      ),
    );
}

function refuseUnreadable(topology: Topology, { servers, unableToRead }: ImportMeasures): readonly Finding[] {
  const unable = receiversOf(topology).filter(({ id }) => unableToRead.includes(id));
  const [first] = unable;
  const source = servers.find(({ dumpVersion }) => dumpVersion !== null);
  if (first === undefined || source === undefined) return [];
  return [
    refusal(
      'dump-version',
      `${listInWords(unable.map(nameOf))} (${formatFlavor(first.reach.view.flavor)}) cannot read what ${source.address} (${formatFlavor(source.flavor)}) dumps: its format version is ${source.dumpVersion}.`,
      `Update the cluster to a version that reads it.`,
      unable.map(({ id }) => id),
    ),
  ];
}

function refuseEngine({ copy, engine }: ImportRequest): readonly Finding[] {
  if (!copy || engine !== 'migrate') return [];
  return [
    refusal(
      'engine',
      'With --copy keys are read and written by this program: MIGRATE tells nothing of later changes.',
      'Leave --engine away.',
    ),
  ];
}

function hazardsOf(
  topology: Topology,
  measures: ImportMeasures,
  request: ImportRequest,
  steps: readonly ImportKeys[],
): readonly Hazard[] {
  const keys = steps.reduce((sum, step) => sum + step.keys, 0);
  const from = listInWords(steps.map((step) => step.from));
  return [
    ...(request.copy
      ? []
      : [
          {
            name: 'moves-keys',
            message: `Keys are MOVED: each is deleted at ${from} once the cluster has it. With --copy they stay.`,
          },
        ]),
    ...(request.replace
      ? [{ name: 'replace', message: 'Keys that the cluster has with another value are overwritten (--replace).' }]
      : []),
    ...unwatched(measures, request),
    ...memory(topology, steps),
    ...largeKeys(measures),
    ...functionsLeft(measures),
    ...withoutReplica(topology, keys, request),
  ];
}

function unwatched({ servers }: ImportMeasures, { copy }: ImportRequest): readonly Hazard[] {
  const mute = servers.filter(({ tellsChanges }) => !tellsChanges);
  if (!copy || mute.length === 0) return [];
  const who = listInWords(mute.map(({ address }) => address));
  const message = `${who} cannot tell which keys change (Redis 6.2 and later can): what is written meanwhile may be missing in the copy.`;
  return [{ name: 'unwatched', message }];
}

function memory(topology: Topology, steps: readonly ImportKeys[]): readonly Hazard[] {
  const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  const full = receiversOf(topology).flatMap((node) => {
    const { used_memory: used, maxmemory: max } = node.reach.view.info;
    const need = Number(used ?? 0) + (bytes * countSlots(node.entry.slots)) / SLOT_COUNT;
    if (Number(max ?? 0) === 0 || need <= Number(max)) return [];
    return [`${nameOf(node)} would need ${inMebibytes(need)} of ${inMebibytes(Number(max))}`];
  });
  if (full.length === 0) return [];
  const message = `Memory does not suffice, so keys may be evicted or the import may stop: ${listInWords(full)}.`;
  return [{ name: 'memory', message }];
}

function largeKeys({ servers }: ImportMeasures): readonly Hazard[] {
  const large = servers
    .flatMap((server) => server.largeKeys)
    .filter(({ bytes }) => bytes >= LARGE_KEY_BYTES_MIN)
    .map(({ key, bytes }) => `${key} (${inMebibytes(bytes)})`);
  if (large.length === 0) return [];
  const message = `The source and a primary serve nobody while one of these large keys is read and written: ${listInWords(large)}.`;
  return [{ name: 'large-keys', message }];
}

function functionsLeft({ servers }: ImportMeasures): readonly Hazard[] {
  const names = [...new Set(servers.flatMap(({ functions }) => functions))].sort();
  if (names.length === 0) return [];
  const message = `The source has functions, which are not imported: ${listInWords(names)}. Load them with FUNCTION LOAD on every primary.`;
  return [{ name: 'functions', message }];
}

/** What is moved is then in one place only. */
function withoutReplica(topology: Topology, keys: number, { copy }: ImportRequest): readonly Hazard[] {
  const bare = receiversOf(topology).filter(({ id }) => !replicasOf(topology, id).some(isReached));
  if (copy || bare.length === 0 || keys === 0) return [];
  const who = bare.length > 2 ? `${bare.length} primaries that receive` : listInWords(bare.map(nameOf));
  const message = `${who} ${bare.length === 1 ? 'has' : 'have'} no replica: the keys that are moved there are in one place only.`;
  return [{ name: 'no-replica', message }];
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
