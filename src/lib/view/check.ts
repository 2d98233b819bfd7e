/**
 * What `check` prints. The lines of redis-cli come first, to the letter and in its order (what they are about in
 * detail is indented below them); then what only this program looks for; then the verdict in one line.
 */
import { coveredSlots } from '../check/coverage.ts';
import type { Finding, Severity } from '../check/finding.ts';
import { messageWithRanges, openSlotsOf } from '../check/open-slots.ts';
import { isHealthy } from '../check/rules.ts';
import { countInWords } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId, Role } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { countSlots, eachSlot, formatSlots, SLOT_COUNT, unionSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, primariesOf } from '../model/topology.ts';
import { infoLines, nodeLines } from './classic.ts';
import { slotMap } from './slot-map.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

export interface CheckOptions {
  /** The asked node, as redis-cli prints it: `host:port`. */
  readonly seed: string;
  /** Whether the findings of `checkMultipleOwners` are among the findings; else nothing is said about them. */
  readonly multipleOwners: 'searched' | 'not-searched';
  /** The map of all slots above the verdict; `where-it-helps`: where slots are open or uncovered. */
  readonly map: 'always' | 'where-it-helps' | 'never';
  readonly style: Style;
}

/** Scripts, who read what goes into files and pipes, know no map. */
export function mapByDefault({ width }: Style): CheckOptions['map'] {
  return width === null ? 'never' : 'where-it-helps';
}

/** The text, without a line feed at its end. */
export function renderCheck(topology: Topology, findings: readonly Finding[], options: CheckOptions): string {
  const { seed, multipleOwners, map, style } = options;
  const of = (rule: string): readonly Finding[] => findings.filter((finding) => finding.rule === rule);
  return [
    ...infoLines(topology, style),
    title(style, `Performing Cluster Check (using node ${seed})`),
    ...nodeLines(topology),
    ...agreementLines(of('agreement'), style),
    ...openSlotLines(of('open-slots'), style),
    ...coverageLines(of('coverage'), style),
    ...(multipleOwners === 'searched' ? ownerLines(topology, of('multiple-owners'), style) : []),
    ...furtherLines(
      findings.filter((finding) => !CLASSIC_RULES.includes(finding.rule)),
      style,
    ),
    ...(map === 'never' ? [] : mapLines(topology, map === 'always', style)),
    verdict(topology, findings, style),
  ].join('\n');
}

/** The JSON document of `check`: the same facts as the text. */
export interface CheckDocument {
  readonly version: 1;
  readonly healthy: boolean;
  /** `host:port` of the asked node. */
  readonly seed: string;
  readonly findings: readonly Finding[];
  readonly nodes: readonly CheckedNode[];
  readonly slots: {
    /** How many of the 16384. */
    readonly covered: number;
    /** Slots that are half-way between two nodes. */
    readonly open: SlotSet;
  };
}

export interface CheckedNode {
  readonly id: NodeId;
  readonly address: string;
  readonly role: Role;
  readonly primaryId: NodeId | null;
  /** As in `0-5460,7000`. */
  readonly slots: string;
  readonly reachable: boolean;
}

export function renderCheckJson(topology: Topology, findings: readonly Finding[]): CheckDocument {
  return {
    version: 1,
    healthy: isHealthy(findings),
    seed: formatAddress(topology.seed),
    findings,
    nodes: topology.nodes.map((node) => ({
      id: node.id,
      address: formatAddress(node.address),
      role: roleOf(node.entry),
      primaryId: node.entry.primaryId,
      slots: formatSlots(node.entry.slots),
      reachable: node.reach.ok,
    })),
    slots: { covered: countSlots(coveredSlots(topology)), open: openSlotsOf(topology) },
  };
}

/** The rules that have a section of their own, as in redis-cli. */
const CLASSIC_RULES: readonly string[] = ['agreement', 'open-slots', 'coverage', 'multiple-owners'];

const MARKS = { error: '[ERR]', warning: '[WARNING]', note: '[NOTE]' } as const satisfies Record<Severity, string>;
const COLORS = { error: 'red', warning: 'yellow', note: 'cyan' } as const satisfies Record<Severity, string>;

function agreementLines(findings: readonly Finding[], style: Style): readonly string[] {
  return findings.length === 0
    ? [ok(style, 'All nodes agree about slots configuration.')]
    : [paint(style, 'red', "[ERR] Nodes don't agree about configuration!"), ...details(findings)];
}

/** Slot by slot for scripts, as redis-cli prints them; on a terminal, where thousands would fill the screen, as ranges. */
function openSlotLines(findings: readonly Finding[], style: Style): readonly string[] {
  const slots = unionSlots(...findings.map((finding) => finding.slots ?? []));
  const isForPeople = style.width !== null;
  const named = isForPeople ? formatSlots(slots) : [...eachSlot(slots)].join(',');
  return [
    title(style, 'Check for open slots...'),
    ...findings.map((finding) =>
      paint(style, 'red', `[WARNING] ${isForPeople ? messageWithRanges(finding) : finding.message}`),
    ),
    ...(slots.length === 0
      ? []
      : [paint(style, 'red', `[WARNING] The following slots are open: ${named}.`), ...suggestions(findings)]),
  ];
}

/** The empty line after the error is redis-cli's. */
function coverageLines(findings: readonly Finding[], style: Style): readonly string[] {
  return [
    title(style, 'Check slots coverage...'),
    ...(findings.length === 0
      ? [ok(style, `All ${SLOT_COUNT} slots covered.`)]
      : [paint(style, 'red', `[ERR] Not all ${SLOT_COUNT} slots are covered by nodes.`), ...details(findings), '']),
  ];
}

function ownerLines(topology: Topology, findings: readonly Finding[], style: Style): readonly string[] {
  const slots = findings.flatMap((finding) => [
    paint(style, 'red', `[WARNING] Slot ${formatSlots(finding.slots ?? [])} has ${finding.nodeIds.length} owners:`),
    ...finding.nodeIds.map((id) => `    ${formatAddress(findNode(topology, id)?.address ?? { host: id, port: 0 })}`),
  ]);
  return [
    title(style, 'Check for multiple slot owners...'),
    ...(findings.length === 0 ? [ok(style, 'No multiple owners found.')] : [...slots, ...suggestions(findings)]),
  ];
}

function furtherLines(findings: readonly Finding[], style: Style): readonly string[] {
  if (findings.length === 0) return [];
  return [
    title(style, 'Check nodes, replicas and hosts...'),
    ...findings.flatMap((finding, index) => [
      paint(style, COLORS[finding.severity], `${MARKS[finding.severity]} ${finding.message}`),
      // What several findings suggest is said once, below the last of them.
      ...(findings.findLastIndex(({ suggestion }) => suggestion === finding.suggestion) === index
        ? suggestions([finding])
        : []),
    ]),
  ];
}

function mapLines(topology: Topology, isAlways: boolean, style: Style): readonly string[] {
  const { lines, troubles, legend } = slotMap(topology, style);
  if (!isAlways && troubles.length === 0) return [];
  return ['', ...lines, ...legend, ...troubles, ''];
}

function verdict(topology: Topology, findings: readonly Finding[], style: Style): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const counts = (['error', 'warning', 'note'] as const)
    .filter((severity) => count(severity) > 0)
    .map((severity) => countInWords(count(severity), severity));
  if (!isHealthy(findings)) return paint(style, 'red', `Not healthy: ${counts.join(', ')}.`);
  const shards = primariesOf(topology).filter((node) => node.entry.slots.length > 0).length;
  const size = `${countInWords(topology.nodes.length, 'node')}, ${countInWords(shards, 'shard')}`;
  return paint(style, 'green', `Healthy: ${[size, ...counts].join(', ')}.`);
}

function title(style: Style, text: string): string {
  return paint(style, 'bold', `>>> ${text}`);
}

function ok(style: Style, text: string): string {
  return paint(style, 'green', `[OK] ${text}`);
}

/** What was found and what to do, indented below the line that scripts read. */
function details(findings: readonly Finding[]): readonly string[] {
  return [...findings.map((finding) => `    ${finding.message}`), ...suggestions(findings)];
}

/** Each once, however many findings give it. */
function suggestions(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.flatMap((finding) => finding.suggestion ?? []))].map((text) => `    ${text}`);
}
