/**
 * A plan in a file: written by --plan-out, and read by `apply`.
 *
 *   { "version": 2, "intention": …, "basis": …, "steps": […], "hazards": […], "request": {…}, "checksum": "…" }
 *
 * The checksum is of everything else, whatever the order of fields and the white space: what is applied is what was
 * reviewed, or nothing. No password is in it: those come from the flags of each command.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { OpsError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { PlanRequest } from '../plan/request.ts';
import { systemReason } from './failures.ts';

/** Of the file's shape: 1 had neither request nor checksum. */
const VERSION = 2;

export interface SavedPlan {
  readonly plan: Plan;
  readonly request: PlanRequest;
}

/** `plan` is a `Plan`, or another command's own. Throws USAGE where the file cannot be written. */
export function writePlan(file: string, plan: object, request: PlanRequest): void {
  const content = { ...plan, version: VERSION, request };
  try {
    writeFileSync(file, `${JSON.stringify({ ...content, checksum: checksumOf(content) }, null, 2)}\n`);
  } catch (cause) {
    throw new OpsError('USAGE', `The plan cannot be written to ${file}: ${systemReason(cause)}.`, {
      suggestions: ['Name a file in a folder that is there and yours: --plan-out FILE'],
      cause,
    });
  }
}

/** Throws USAGE where the file is no plan of this version, is not as it was written, or is for another command. */
export function readPlan(file: string): SavedPlan {
  const { checksum, request, ...plan } = readObject(file);
  const version = plan['version'];
  if (version !== VERSION)
    throw unusable(file, `its version is ${JSON.stringify(version)}, and this program reads ${VERSION}`, AGAIN);
  if (checksum !== checksumOf({ ...plan, request }))
    throw unusable(file, 'it was changed since it was written, as its checksum shows', AGAIN);
  const saved = { plan: { ...plan, version: 1 }, request } as unknown as SavedPlan;
  const instead = typedInstead(saved);
  if (instead !== null) throw unusable(file, instead.why, instead.what);
  return saved;
}

const AGAIN = 'Make it again with --plan-out: only what was planned and reviewed is applied.';

function readObject(file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'it is not JSON' : systemReason(cause);
    throw new OpsError('USAGE', `The plan ${file} cannot be read: ${reason}.`, {
      suggestions: ['A plan is written by --plan-out FILE, with --dry-run or without.'],
      cause,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unusable(file, 'it is not a JSON object', AGAIN);
}

function unusable(file: string, why: string, what: string): OpsError {
  return new OpsError('USAGE', `The file ${file} is not a plan that can be applied: ${why}.`, { suggestions: [what] });
}

/**
 * What comes from elsewhere is looked at by its own command, which also has the password of the source; and a run is closed
 * only by the command that goes on with it or takes it back.
 */
function typedInstead({ plan, request }: SavedPlan): { readonly why: string; readonly what: string } | null {
  if (request.kind === 'import') {
    const from = plan.steps.flatMap((step) => (step.kind === 'import-keys' ? [step.from] : []))[0] ?? 'HOST:PORT';
    return {
      why: 'an import looks at its source anew each time',
      what: `Type the command itself: cluster import HOST:PORT --from ${from}`,
    };
  }
  if (request.kind === 'restore')
    return {
      why: 'a restoration checks its backup anew each time',
      what: 'Type the command itself: cluster restore DIR HOST:PORT',
    };
  if (request.kind === 'resume' || request.kind === 'undo')
    return {
      why: `its run is closed by ${request.kind} only`,
      what: `Type the command itself: cluster ${request.kind} ${request.run ?? 'HOST:PORT'}`,
    };
  return null;
}

function checksumOf(content: object): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
