/**
 * The two client ports of each node, as CLUSTER SHARDS tells them: a list of shards, each with the field `nodes`, a
 * list of nodes, each a flat list of fields and values. Seen in Redis 7.0.15 and Valkey 9.1.2:
 *
 *   id …  port 7000  tls-port 7100  ip 10.0.0.1  endpoint 10.0.0.1  role master …     either port only where it is open
 */
import type { Reply } from './resp.ts';

export interface NodePorts {
  readonly host: string;
  /** Null where it is closed, or not known to the node that was asked. */
  readonly plain: number | null;
  readonly tls: number | null;
}

/** All nodes of all shards; none where the reply is something else, as from servers before 7.0, which lack the command. */
export function parseShardPorts(reply: Reply): readonly NodePorts[] {
  return listIn(reply).flatMap((shard) =>
    listIn(fieldsOf(shard).get('nodes') ?? null).map((node) => {
      const fields = fieldsOf(node);
      return { host: String(fields.get('ip') ?? ''), plain: portIn(fields, 'port'), tls: portIn(fields, 'tls-port') };
    }),
  );
}

function listIn(value: Reply): readonly Reply[] {
  return Array.isArray(value) ? (value as readonly Reply[]) : [];
}

function fieldsOf(flat: Reply): ReadonlyMap<string, Reply> {
  const parts = listIn(flat);
  return new Map(
    parts.flatMap((part, index) => (index % 2 === 0 ? [[String(part), parts[index + 1] ?? null] as const] : [])),
  );
}

function portIn(fields: ReadonlyMap<string, Reply>, name: string): number | null {
  const port = fields.get(name);
  return typeof port === 'number' && port > 0 ? port : null;
}
