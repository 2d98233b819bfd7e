/** Ctrl-C: the first asks the work to stop in a known state, the second ends the process at once. */
import { setMaxListeners } from 'node:events';
import { OpsError } from '../errors.ts';
import { EXIT } from './exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let controller: AbortController | null = null;

/** `say` tells the operator what was understood. Asked again, it gives the same signal: one process has one operator. */
export function interruption(say: (text: string) => void): AbortSignal {
  controller ??= listen(say);
  return controller.signal;
}

function listen(say: (text: string) => void): AbortController {
  const controller = new AbortController();
  // Many waits may listen at a time; what they leave behind is looked at elsewhere.
  setMaxListeners(0, controller.signal);
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      say(
        'Stopped at once. What was begun is left as it is.\n  See `cluster history`. Slots that were moving: `cluster resume` goes on, `cluster undo` goes back.',
      );
      process.exit(EXIT.interrupted);
    }
    say('Stopping in good order. Press Ctrl-C again to stop at once.');
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return controller;
}

/** For a wait that nothing else would end: throws INTERRUPTED at the next Ctrl-C, also where nobody listens to it otherwise. */
export async function unlessInterrupted<Result>(work: Promise<Result>): Promise<Result> {
  let onSignal = (): void => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    onSignal = () => reject(new OpsError('INTERRUPTED', 'Interrupted by the operator.'));
  });
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
