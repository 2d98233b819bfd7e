/** Does a server that we started serve already? Asked with inline commands, for which no client is needed. */
import { existsSync, readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import path from 'node:path';
import { connect as connectEncrypted } from 'node:tls';

/** One question to one server on this machine; a busy machine may take a while to schedule it. */
const PROBE_TIMEOUT_MS = 2000;

export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  /** PEM files, where the port speaks TLS. */
  readonly tls?: ProbeTls;
}

export interface ProbeTls {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface ProbeAnswer {
  /** `silent`: no connection, or no reply. `loading`: it is reading its data from disk. */
  readonly state: 'serving' | 'loading' | 'silent';
  /** The process that answered; null where it does not tell strangers. */
  readonly pid: number | null;
}

/** What is known before the first answer. */
export const SILENT: ProbeAnswer = { state: 'silent', pid: null };

/** Asks once. Never rejects: no answer is an answer. A server that wants a password counts as serving. */
export async function probe(target: ProbeTarget): Promise<ProbeAnswer> {
  // A server whose files are missing says so in its log and ends.
  if (target.tls && !(existsSync(target.tls.certFile) && existsSync(target.tls.keyFile))) return SILENT;
  // QUIT makes the server close the connection after its last reply: the whole answer is what came until then.
  const reply = await exchange(target, 'PING\r\nINFO server\r\nQUIT\r\n');
  const pid = /^process_id:(\d+)\r$/m.exec(reply)?.[1];
  return {
    state: !/^[+-]/.test(reply) ? 'silent' : reply.startsWith('-LOADING') ? 'loading' : 'serving',
    pid: pid === undefined ? null : Number(pid),
  };
}

function exchange(target: ProbeTarget, question: string): Promise<string> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = open(target);
    socket.setEncoding('utf8');
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy());
    socket.on('data', (text) => {
      reply += text;
    });
    // A refused connection is the usual answer of a server that starts: 'close' follows with nothing received.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve(reply));
    socket.write(question);
  });
}

function open({ host, port, tls }: ProbeTarget): Socket {
  if (tls === undefined) return connectPlain({ host: reachable(host), port });
  const [cert, key] = [readFileSync(tls.certFile), readFileSync(tls.keyFile)];
  // It shows its own certificate, and nothing secret is sent: who signed it does not matter here.
  return connectEncrypted({ host: reachable(host), port, cert, key, rejectUnauthorized: false });
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '*') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** How to speak to a server with these settings: TLS with the server's own certificate where it has a TLS port only. */
export function probeTls(settings: Readonly<Record<string, unknown>>, folder: string): ProbeTls | undefined {
  const { port, 'tls-cert-file': certFile, 'tls-key-file': keyFile } = settings;
  if (port !== '0' || typeof certFile !== 'string' || typeof keyFile !== 'string') return undefined;
  return { certFile: path.resolve(folder, certFile), keyFile: path.resolve(folder, keyFile) };
}
