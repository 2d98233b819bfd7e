/** Which ports could a server not have? Found out by listening on them for a moment. */
import { createServer } from 'node:net';
import { OpsError } from '../errors.ts';
import { hasErrorCode } from './system-error.ts';

/**
 * The ports that someone else listens on, in the order given. Without `host` on any address of this machine.
 * Throws OpsError where listening fails for another reason: not our address, or a port for the administrator only.
 */
export async function portsInUse(ports: readonly number[], host?: string): Promise<readonly number[]> {
  const inUse = await Promise.all(ports.map((port) => isInUse(port, host)));
  return ports.filter((_, index) => inUse[index]);
}

async function isInUse(port: number, host: string | undefined): Promise<boolean> {
  try {
    await listenBriefly(port, host);
    return false;
  } catch (error) {
    if (hasErrorCode(error, 'EADDRINUSE')) return true;
    const place = host === undefined ? `port ${port}` : `${host}, port ${port}`;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpsError('FAILED', `A server cannot listen on ${place}: ${reason}.`, { cause: error });
  }
}

function listenBriefly(port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, exclusive: true, ...(host === undefined ? {} : { host }) }, () => {
      server.close((error) => (error ? reject(error) : resolve()));
    });
  });
}
