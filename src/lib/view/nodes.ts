/** What `nodes` prints: every node with its state, also those that do not answer. */
import { standings } from '../check/standing.ts';
import { formatAddress } from '../model/address.ts';
import type { Flavor } from '../model/flavor.ts';
import { formatFlavor } from '../model/flavor.ts';
import type { NodeId, OpenSlot, Role } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import { countSlots, formatSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode } from '../model/topology.ts';
import { explainNodes } from './explain-node.ts';
import { clockMs, seedEntries, stateInWords } from './node-state.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';
import { formatDuration } from './units.ts';

export interface NodesOptions {
  /** Now, in Unix milliseconds; used where the asked node does not tell its own time. */
  readonly nowMs: number;
  /** Ids in full instead of their first eight digits. */
  readonly fullIds: boolean;
  /** Below the table, every field of every node in words. */
  readonly explain: boolean;
  readonly style: Style;
}

/** The JSON document of `nodes`. */
export interface NodesDocument {
  readonly version: 1;
  readonly nodes: readonly NodeRow[];
}

export interface NodeRow {
  readonly id: NodeId;
  readonly address: string;
  readonly hostname: string | null;
  readonly role: Role;
  readonly primaryId: NodeId | null;
  readonly primaryAddress: string | null;
  /** `ok`, or what is wrong in words. */
  readonly state: string;
  readonly reachable: boolean;
  /** As the node itself prints them; what another believes where it does not answer. */
  readonly flags: readonly string[];
  /** Between the asked node and this one. */
  readonly link: 'connected' | 'disconnected';
  readonly configEpoch: number;
  /** As in `0-5460,7000`. */
  readonly slots: string;
  readonly slotCount: number;
  readonly migrating: readonly OpenSlot[];
  readonly importing: readonly OpenSlot[];
  /** Unix milliseconds by the asked node's clock; 0 where there was none. */
  readonly pongReceivedMs: number;
  readonly flavor: Flavor | null;
}

export function renderNodesJson(topology: Topology): NodesDocument {
  const all = standings(topology);
  const seedEntry = seedEntries(topology);
  const nodes = topology.nodes.map((node): NodeRow => {
    const { entry } = node;
    const seen = seedEntry(node);
    const primary = entry.primaryId === null ? undefined : findNode(topology, entry.primaryId);
    return {
      id: node.id,
      address: formatAddress(node.address),
      hostname: entry.hostname || null,
      role: roleOf(entry),
      primaryId: entry.primaryId,
      primaryAddress: primary ? formatAddress(primary.address) : null,
      state: stateInWords(node, all.get(node.id)),
      reachable: node.reach.ok,
      flags: entry.flags,
      link: seen.link,
      configEpoch: entry.configEpoch,
      slots: formatSlots(entry.slots),
      slotCount: countSlots(entry.slots),
      migrating: entry.migrating,
      importing: entry.importing,
      pongReceivedMs: seen.pongReceivedMs,
      flavor: node.reach.ok ? node.reach.view.flavor : null,
    };
  });
  return { version: 1, nodes };
}

/** The text, without a line feed at its end. Columns that say nothing about any node are left out. */
export function renderNodes(topology: Topology, options: NodesOptions): string {
  const { style, explain } = options;
  const clock = clockMs(topology, options.nowMs);
  const rows = renderNodesJson(topology).nodes;
  const columns = COLUMNS.filter(({ optional, cell }) => !optional || rows.some((row) => cell(row, options, clock)));
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row, options, clock)));
  const explanations = explain ? explainNodes(topology, options.nowMs) : [];
  return [renderTable(columns, cells, style), ...explanations].join('\n\n');
}

interface NodeColumn extends Column {
  /** Left out where no node has anything in it. */
  readonly optional?: true;
  readonly cell: (row: NodeRow, options: NodesOptions, clockMs: number) => string;
}

const COLUMNS: readonly NodeColumn[] = [
  { head: 'id', isKey: true, cell: (row, { fullIds }) => (fullIds ? row.id : row.id.slice(0, 8)) },
  { head: 'address', isKey: true, cell: (row) => row.address },
  { head: 'hostname', optional: true, cell: (row) => row.hostname ?? '' },
  { head: 'role', cell: (row) => row.role },
  { head: 'of', optional: true, cell: (row) => row.primaryAddress ?? row.primaryId?.slice(0, 8) ?? '' },
  {
    head: 'state',
    isProse: true,
    cell: (row, { style }) => paint(style, row.state === 'ok' ? 'green' : 'red', row.state),
  },
  {
    head: 'link',
    cell: (row, { style }) => (row.link === 'connected' ? row.link : paint(style, 'red', row.link)),
  },
  { head: 'epoch', align: 'right', cell: (row) => `${row.configEpoch}` },
  { head: 'slots', align: 'right', cell: (row) => `${row.slotCount}` },
  { head: 'open slots', optional: true, cell: (row, { style }) => paint(style, 'yellow', openSlots(row)) },
  {
    head: 'last pong',
    align: 'right',
    cell: (row, _, clock) => (row.pongReceivedMs === 0 ? '-' : `${formatDuration(clock - row.pongReceivedMs)} ago`),
  },
  { head: 'version', cell: (row) => (row.flavor ? formatFlavor(row.flavor) : '-') },
];

function openSlots(row: NodeRow): string {
  return [
    ...row.migrating.map(({ slot, peer }) => `${slot} to ${peer.slice(0, 8)}`),
    ...row.importing.map(({ slot, peer }) => `${slot} from ${peer.slice(0, 8)}`),
  ].join(', ');
}
