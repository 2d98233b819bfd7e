/** Giving a new primary the functions that all primaries of a cluster have. */
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';

/**
 * FUNCTION DUMP, a look at the new node, FUNCTION RESTORE. Looked for right BEFORE: the new node may have got functions
 * of its own since the plan was made, and RESTORE would add to them.
 */
export async function copyFunctions(
  execution: Execution,
  step: Extract<Step, { readonly kind: 'copy-functions' }>,
): Promise<void> {
  const source = nodeOf(execution, step.source).address;
  const target = nodeOf(execution, step.node).address;
  const notice = (message: string): void => execution.emit({ event: 'notice', message });
  const payload = await ask(execution, source, argv.functionDump());
  notice(`>>> Send FUNCTION LIST to ${step.node.address} to verify there is no functions in it`);
  const list = await ask(execution, target, argv.functionList());
  if (!Array.isArray(list) || list.length > 0)
    throw new OpsError(
      'FAILED',
      `>>> New node already contains functions and can not be added to the cluster. Use FUNCTION FLUSH and try again.`,
      { suggestions: [`If nobody needs the functions of ${step.node.address}, send it FUNCTION FLUSH.`] },
    );
  if (!Buffer.isBuffer(payload))
    throw new OpsError(
      'PROTOCOL',
      `Node ${step.source.address} answered FUNCTION DUMP with something else than bytes.`,
    );
  notice(`>>> Send FUNCTION RESTORE to ${step.node.address}`);
  await ask(execution, target, argv.functionRestore(payload, 'APPEND'));
}

async function ask({ cluster }: Execution, address: Address, command: readonly (string | Buffer)[]): Promise<unknown> {
  const [reply] = await cluster.callMany(address, [command], { bytes: true });
  if (!(reply instanceof ReplyError)) return reply;
  const words = command.slice(0, 2).join(' ');
  throw new OpsError('FAILED', `Node ${address.host}:${address.port} refused ${words}: ${reply.message}`, {
    cause: reply,
  });
}
