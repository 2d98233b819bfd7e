/**
 * Operating failures: what can go wrong although the program is right. Each code has one exit code
 * (`terminal/exit-codes.ts`) and means the same thing wherever it is thrown.
 */
export type OpsErrorCode =
  /** The command line, a configuration file or an input file cannot be understood. */
  | 'USAGE'
  /** No connection, or no answer in time: nothing is known. */
  | 'UNREACHABLE'
  /** The server refused the user name, the password or the certificate. */
  | 'LOGIN'
  /** The server answers, but is not in cluster mode. */
  | 'NOT_A_CLUSTER'
  /** Refused before anything was changed. */
  | 'REFUSED'
  /** A server refused a command, or a step's effect did not appear. */
  | 'FAILED'
  /** A bounded wait ended without what it waited for. */
  | 'TIMEOUT'
  /** Stopped part-way: what was done stays until the run is resumed or undone. */
  | 'PARTIAL'
  /** Stopped by the operator. */
  | 'INTERRUPTED'
  /** A server sent what this program cannot read. */
  | 'PROTOCOL';

export interface OpsErrorOptions {
  /** What to type or look at next, one clear instruction each. */
  readonly suggestions?: readonly string[];
  readonly cause?: unknown;
}

/** The one class of operating failure. The message names the node, the slot and the command; it never holds a secret. */
export class OpsError extends Error {
  override readonly name = 'OpsError';
  readonly code: OpsErrorCode;
  readonly suggestions: readonly string[];

  constructor(code: OpsErrorCode, message: string, options: OpsErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.suggestions = options.suggestions ?? [];
  }
}
