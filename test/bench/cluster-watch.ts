/**
 * When does a cluster serve? The same observer for every program that makes one, and none of the programs' own: it asks
 * all nodes over connections of its own that were opened beforehand.
 *
 * So as not to load the servers that are being measured, it waits at one node, the LAGGARD. Only when that one serves
 * does it look at the others, a few at a time, and stops at the first that does not serve: the new laggard.
 */
import { createClient } from 'redis';
import { assert, present } from '../../src/lib/assert.ts';
import { mapBounded } from '../../src/lib/bounded.ts';
import { parseAddress } from '../../src/lib/model/address.ts';
import { hasFlag, type NodeEntry, roleOf } from '../../src/lib/model/node.ts';
import { formatSlots, isFull, unite } from '../../src/lib/model/slot-set.ts';
import { parseClusterNodes } from '../../src/lib/wire/cluster-nodes.ts';
import { parseInfo } from '../../src/lib/wire/info.ts';
import { eventually } from '../support/eventually.ts';

export interface Expected {
  readonly primaries: number;
  readonly replicas: number;
}

interface Watched {
  readonly address: string;
  ask(argv: readonly string[]): Promise<string>;
  close(): void;
}

const READY_TIMEOUT_MS = 120_000;
const CONCURRENT_NODES_MAX = 8;
const UNSTABLE_FLAGS = ['handshake', 'fail', 'fail?', 'noaddr'] as const;
