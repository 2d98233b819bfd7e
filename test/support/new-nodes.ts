/** Nodes as `create` wants them: each knows only itself, has no epoch, and is observed in the order given. */
import { present } from '../../src/lib/assert.ts';
import { parseAddress } from '../../src/lib/model/address.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import type { NodeOptions } from './topology-builder.ts';
import { topology } from './topology-builder.ts';

/** A node for each `host:port`; its name in the builder is that text. `odd` says what is not as it should be. */
export function newNodes(
  addresses: readonly string[],
  odd: Readonly<Record<string, Omit<NodeOptions, 'host' | 'port'>>> = {},
): Topology {
  return addresses
    .reduce((builder, text) => {
      const { host, port } = present(parseAddress(text), `${text} is an address`);
      return builder.primary(text, { lonely: true, epoch: 0, ...odd[text], host, port });
    }, topology())
    .build();
}
