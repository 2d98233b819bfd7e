/** How a test logs in to a node past the program, and what that means to the client library. */
import { readFileSync } from 'node:fs';
import type { Certificates } from './certificates.ts';

export interface NodeLogin {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: Certificates | null;
}

/** Options for `duplicate` of a client that is to connect there once, without trying again. */
export function clientOptions(
  { username, password, tls }: NodeLogin,
  place: { readonly host: string; readonly port: number; readonly connectTimeout?: number },
) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    socket: {
      ...place,
      reconnectStrategy: false as const,
      ...(tls
        ? { tls: true as const, ca: readFileSync(tls.ca), cert: readFileSync(tls.cert), key: readFileSync(tls.key) }
        : {}),
    },
  };
}
