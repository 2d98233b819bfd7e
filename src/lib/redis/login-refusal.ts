/** A server that does not let us in, or not do what we came for: which of the two it is, and what to type. */
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { formatAddress } from '../model/address.ts';
import { missingRightOf, type ReplyError } from '../wire/reply-error.ts';

const LOGIN_HINT = 'Give the user with --user and the password with --askpass or in REDISCLI_AUTH.';

/** LOGIN for a reply of the kind `login`. `loginHint` is what to type where the login itself was refused. */
export function loginRefusal(address: Address, reply: ReplyError, loginHint: string = LOGIN_HINT): OpsError {
  const where = formatAddress(address);
  const right = missingRightOf(reply);
  if (right === null)
    return new OpsError('LOGIN', `Node ${where} refused the login: ${reply.message}`, {
      suggestions: [loginHint],
      cause: reply,
    });
  const command = right.replace('|', ' ').toUpperCase();
  return new OpsError('LOGIN', `Node ${where} does not let this user run ${command}: ${reply.message}`, {
    suggestions: [`Give the right on every node, with ACL SETUSER USER +${right}: docs/acl.md has all that it takes.`],
    cause: reply,
  });
}
