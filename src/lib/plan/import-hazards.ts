/** Why must a person consent to this import? */
import { listInWords, mebibytesInWords, nameOf } from '../check/words.ts';
import { countSlots, SLOT_COUNT } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { isReached, replicasOf } from '../model/topology.ts';
import type { ImportMeasures, ImportRequest } from './import.ts';
import type { Hazard, ImportKeys } from './plan.ts';
import { receiversOf } from './receivers.ts';

const LARGE_KEY_BYTES_MIN = 10 * 1024 * 1024;

/** At most one sentence of each kind, however many servers it is about. There must be at least one step. */
export function importHazards(
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
    return [`${nameOf(node)} would need ${mebibytesInWords(need)} of ${mebibytesInWords(Number(max))}`];
  });
  if (full.length === 0) return [];
  const message = `Memory does not suffice, so keys may be evicted or the import may stop: ${listInWords(full)}.`;
  return [{ name: 'memory', message }];
}

function largeKeys({ servers }: ImportMeasures): readonly Hazard[] {
  const large = servers
    .flatMap((server) => server.largeKeys)
    .filter(({ bytes }) => bytes >= LARGE_KEY_BYTES_MIN)
    .map(({ key, bytes }) => `${key} (${mebibytesInWords(bytes)})`);
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

/** A key that is moved to a primary without replica is then in one place only. */
function withoutReplica(topology: Topology, keys: number, { copy }: ImportRequest): readonly Hazard[] {
  const bare = receiversOf(topology).filter(({ id }) => !replicasOf(topology, id).some(isReached));
  if (copy || bare.length === 0 || keys === 0) return [];
  const who = bare.length > 2 ? `${bare.length} primaries that receive` : listInWords(bare.map(nameOf));
  const message = `${who} ${bare.length === 1 ? 'has' : 'have'} no replica: the keys that are moved there are in one place only.`;
  return [{ name: 'no-replica', message }];
}
