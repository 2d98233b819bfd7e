/** Why a node could not be asked: from what the socket, the library or the server said to one sentence. */
import { ErrorReply } from 'redis';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { loginRefusal } from './login-refusal.ts';

/** What a failure means for whoever asked: UNREACHABLE, LOGIN, or what it says already. */
export function unreachable(address: Address, cause: unknown, loginHint?: string): OpsError {
  const where = formatAddress(address);
  if (cause instanceof OpsError) return cause;
  const reply =
    cause instanceof ReplyError ? cause : cause instanceof ErrorReply ? new ReplyError(cause.message) : null;
  if (reply?.kind === 'login') return loginRefusal(address, reply, loginHint);
  const reason = reasonOf(cause);
  const suggestions = ADVICE.filter(([pattern]) => pattern.test(reason)).map(([, advice]) => advice);
  return new OpsError('UNREACHABLE', `Could not connect to Redis at ${where}: ${reason}`, { suggestions, cause });
}

/** What an operator looks at first, by the reason. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^Connection refused$/, 'See that the server is up and listens there (port, bind), or name another node.'],
  [/^(Name or service|Temporary failure)/, 'See how the host is called, or type its IP address.'],
  [/^(no answer|Connection timed out|No route|Network is)/, 'See that the server is up and no firewall is between.'],
  [/^(no answer|Connection closed|Connection reset)/, 'A server with TLS takes --tls, and one without it takes none.'],
];

/** True where asking again may help. Not where this side has ended it because the server was late: that would take as long again. */
export function isEndedByServer(failure: unknown): boolean {
  if (!(failure instanceof OpsError && failure.cause instanceof Error)) return false;
  const { cause } = failure;
  const code = 'code' in cause ? cause.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE' || ENDED_BY_SERVER.has(cause.message);
}

/** What node-redis 6.3 and our own connections say then. */
const ENDED_BY_SERVER: ReadonlySet<string> = new Set(['Socket closed unexpectedly', 'Connection closed by the server']);

/** One phrase: what the operating system, the TLS library or the server said. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return REASONS[code] ?? CLOSED.get(cause.message) ?? (cause.message === '' ? cause.name : cause.message);
}

/** What node-redis 6.3 says when the other side has ended the connection: before a reply, or while one was waited for. */
const CLOSED: ReadonlyMap<string, string> = new Map(
  ['Socket closed unexpectedly', 'Disconnects client'].map(
    (text) => [text, 'Connection closed by the server'] as const,
  ),
);

/** In redis-cli's words, which operators know. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
};
