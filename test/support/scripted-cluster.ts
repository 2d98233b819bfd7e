/**
 * A port that speaks a protocol by script: each command that is sent must be the next one of the script, to the node
 * that it names, and gets the reply that stands there. So a script is a transcript of the wire.
 */
import type { Address } from '../../src/lib/model/address.ts';
import type { Argument, Cluster, Reply } from '../../src/lib/redis/cluster.ts';
import { ReplyError } from '../../src/lib/wire/reply-error.ts';

export interface Exchange {
  /** `7001> CLUSTER NODES`: port and command. */
  readonly sent: string;
  readonly reply: Reply | ReplyError;
  /** Happens when the command arrives. */
  readonly meanwhile?: () => void;
  /** How often it may be sent again before the script goes on. Default 1. */
  readonly times?: number;
}

export interface ScriptedCluster extends Cluster {
  /** What was not sent. */
  rest(): readonly string[];
}

export function error(text: string): ReplyError {
  return new ReplyError(text);
}

export function scriptedCluster(script: readonly Exchange[]): ScriptedCluster {
  const exchanges = script.flatMap((exchange) => Array.from({ length: exchange.times ?? 1 }, () => exchange));
  // Not `shift()`, which copies the rest of a long script each time.
  let done = 0;
  const unforeseen = (): never => {
    throw new Error('the script has commands only');
  };
  const answer = (address: Address, argv: readonly Argument[]): Reply | ReplyError => {
    const sent = `${address.port}> ${argv.join(' ')}`;
    const next = exchanges[done];
    done += 1;
    if (next === undefined || next.sent !== sent)
      throw new Error(
        `the script has ${next === undefined ? 'ended' : `"${next.sent}"`}, but this was sent: "${sent}"`,
      );
    next.meanwhile?.();
    return next.reply;
  };
  return {
    rest: () => exchanges.slice(done).map(({ sent }) => sent),
    callMany: async (address, commands) => commands.map((argv) => answer(address, argv)),
    call: unforeseen,
    migrate: unforeseen,
    openSnapshot: unforeseen,
    observe: unforeseen,
    observeEach: unforeseen,
    probePort: unforeseen,
    close: () => undefined,
  };
}
