/** How to reach and log in to the nodes of a cluster. */
import type { ConnectionOptions } from 'node:tls';

export interface ConnectOptions {
  /** Null: the default user. */
  readonly user: string | null;
  readonly password: string | null;
  /** Null: no TLS. */
  readonly tls: ConnectionOptions | null;
  /** How long a connection may take to be made, and a node to answer a question. */
  readonly timeoutMs: number;
  /** What CLIENT LIST shows for our connections. */
  readonly clientName: string | null;
  readonly natMap: NatMap;
  /** 0 for either, else 4 or 6: which addresses a host name may stand for. */
  readonly family: 0 | 4 | 6;
  /** The login that MIGRATE sends to the target. Default: this session's own. */
  readonly targetLogin?: Login;
  /** What to type where the login is refused. Default: the flags of the session. */
  readonly loginHint?: string;
}

export interface Login {
  /** Null: the default user. */
  readonly user: string | null;
  /** Null: no login. */
  readonly password: string | null;
}

/** Announced `host` or `host:port` to the one that can be reached from here. */
export type NatMap = ReadonlyMap<string, string>;
