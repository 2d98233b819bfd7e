/** Bounds on how long the other side may be silent. */

export interface Deadline {
  readonly cancel: () => void;
  /** The time begins anew. */
  readonly refresh: () => void;
}

/**
 * Calls `expire` once the time is up, unless it is cancelled before. What has arrived by then counts as in time: a
 * process that was stopped itself (Ctrl-Z, a laptop that slept, a busy machine) finds its timers due before it has read
 * the answers that came meanwhile, so they are read first.
 */
export function startDeadline(timeoutMs: number, expire: (cause: Error) => void): Deadline {
  let reading: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    reading = setImmediate(() => expire(lateness(timeoutMs)));
  }, timeoutMs);
  return {
    cancel: () => {
      clearTimeout(timer);
      clearImmediate(reading);
    },
    refresh: () => {
      clearImmediate(reading);
      timer.refresh();
    },
  };
}

/** The result of `work`; rejects where it takes longer. */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let cancel = (): void => undefined;
  const deadline = new Promise<never>((_, reject) => {
    cancel = startDeadline(timeoutMs, reject).cancel;
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    cancel();
  }
}

/** What the operator reads where a node is silent. */
function lateness(timeoutMs: number): Error {
  return new Error(`no answer within ${Number((timeoutMs / 1000).toPrecision(2))} s`);
}
