/** Bringing the keys of a server, or of another cluster, into this one: what will be done, and what speaks against it. */
import type { Finding } from '../check/finding.ts';
import { countInWords, listInWords, nameOf } from '../check/words.ts';
import { formatFlavor } from '../model/flavor.ts';
import type { NodeId } from '../model/node.ts';
import type { SourceServer } from '../model/source-server.ts';
import type { Topology } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import { importHazards } from './import-hazards.ts';
import { refuseUnhealthy } from './move-refusals.ts';
import { refTo } from './node-ref.ts';
import type { ImportKeys, Planned } from './plan.ts';
import { receiversOf } from './receivers.ts';

export interface ImportMeasures {
  readonly servers: readonly SourceServer[];
  /** Primaries of the cluster that do not read dumps of the source's version. */
  readonly unableToRead: readonly NodeId[];
  /** Between here and the source. */
  readonly roundTripMs: number;
}

export interface ImportRequest {
  /** Null where the operator named none. */
  readonly database: number | null;
  readonly copy: boolean;
  readonly replace: boolean;
  readonly engine: 'auto' | 'relay' | 'migrate';
  /** Both sides are reached in the same way, so that the source may reach the cluster as this program does. */
  readonly isDirect: boolean;
}

/** A source farther away than this should send keys itself, rather than through this program. */
const ROUND_TRIP_MS_MAX = 5;

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
        targets: targets.map(refTo),
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
  const hazards = steps.length === 0 ? [] : importHazards(topology, measures, request, steps);
  return { ok: true, plan: { version: 1, intention, basis: basisOf(topology), steps, hazards } };
}

/** `auto` is `migrate` where keys are moved from a source that is far away and can reach the cluster itself, else `relay`. */
function engineFor({ roundTripMs }: ImportMeasures, { copy, engine, isDirect }: ImportRequest): ImportKeys['engine'] {
  if (engine !== 'auto') return engine;
  return !copy && isDirect && roundTripMs > ROUND_TRIP_MS_MAX ? 'migrate' : 'relay';
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
