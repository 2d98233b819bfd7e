/** What `call` prints: redis-cli's lines, `host:port: reply`, or every line of a long reply under its node's name. */
import { nameOf } from '../check/words.ts';
import type { NodeId, Role } from '../model/node.ts';
import { roleOf } from '../model/node.ts';
import type { NodeAnswer, ReplyValue } from '../model/node-answer.ts';
import type { MaskedCommand } from './masked-command.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';

/** The JSON document of `call`. */
export interface CallDocument {
  readonly version: 1;
  readonly outcome: 'planned' | 'done' | 'failed';
  /** Passwords are masked. */
  readonly command: readonly string[];
  readonly nodes: readonly NodeDocument[];
}

export interface NodeDocument {
  readonly id: NodeId;
  readonly address: string;
  readonly role: Role;
  /** Absent where nothing was asked. */
  readonly reply?: JsonReply;
  readonly error?: { readonly kind: 'error-reply' | 'unreachable'; readonly message: string };
}

/** Bytes that are no text stand as base64, so that none is lost. */
export type JsonReply =
  | string
  | number
  | null
  | { readonly base64: string }
  | { readonly error: string }
  | readonly JsonReply[];

/** `>>> Calling ECHO hello`. */
export function renderCalling({ words }: MaskedCommand): string {
  return `>>> Calling ${words.map((word) => printable(word)).join(' ')}`;
}

/** Which lines of a reply begin with the node. */
export type Labels = 'first-line' | 'every-line';

/**
 * The replies as redis-cli prints them to a pipe, without types and quotes; nil is empty, a list has a line for each of
 * its items. The first line begins with the node, or every line, so that grep and sort know whose it is. Bytes that are
 * no text, and control characters, stand as `\xNN`.
 */
export function renderAnswers(
  answers: readonly NodeAnswer[],
  command: MaskedCommand,
  style: Style,
  labels: Labels,
): string {
  return answers
    .flatMap((answer) => {
      const lines = answer.ok
        ? linesOf(answer.reply)
        : [paint(style, 'red', printable(command.maskedIn(failureText(answer))))];
      return lines.map((line, at) => (at === 0 || labels === 'every-line' ? `${nameOf(answer.node)}: ${line}` : line));
    })
    .join('\n');
}

export function renderCallJson(
  outcome: CallDocument['outcome'],
  answers: readonly NodeAnswer[],
  command: MaskedCommand,
): CallDocument {
  const nodes = answers.map((answer) => ({
    ...nodeDocument(answer.node),
    ...(answer.ok
      ? { reply: jsonOf(answer.reply) }
      : { error: { kind: answer.kind, message: command.maskedIn(answer.message) } }),
  }));
  return { version: 1, outcome, command: command.words, nodes };
}

/** The document of a dry run: who would be asked. */
export function renderCallPlanJson(nodes: readonly NodeAnswer['node'][], command: MaskedCommand): CallDocument {
  return { version: 1, outcome: 'planned', command: command.words, nodes: nodes.map(nodeDocument) };
}

function nodeDocument(node: NodeAnswer['node']): Pick<NodeDocument, 'id' | 'address' | 'role'> {
  return { id: node.id, address: nameOf(node), role: roleOf(node.entry) };
}

/** `Failed!` is what redis-cli says where there is no reply. */
function failureText({ kind, message }: Extract<NodeAnswer, { ok: false }>): string {
  return kind === 'unreachable' ? `Failed! ${message}` : message;
}

function linesOf(reply: ReplyValue): readonly string[] {
  if (Array.isArray(reply)) return reply.length === 0 ? [''] : reply.flatMap((item: ReplyValue) => linesOf(item));
  const lines = printable(textOf(reply as Exclude<ReplyValue, readonly ReplyValue[]>)).split('\n');
  return lines.length > 1 && lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function textOf(reply: Exclude<ReplyValue, readonly ReplyValue[]>): string {
  if (reply === null) return '';
  if (reply instanceof Uint8Array) return decoded(reply) ?? escaped(reply);
  return typeof reply === 'object' ? reply.error : `${reply}`;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Null where the bytes are no text. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : hex(byte))).join('');
}

/** Control characters are escaped, so that no value steers the terminal. Line feeds and tabs stay, and CR LF becomes LF. */
function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/\p{Cc}/gu, (char) => (char === '\n' || char === '\t' ? char : hex(char.charCodeAt(0))));
}

function hex(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}

function jsonOf(reply: ReplyValue): JsonReply {
  if (Array.isArray(reply)) return reply.map(jsonOf);
  if (reply instanceof Uint8Array) {
    return decoded(reply) ?? { base64: Buffer.from(reply).toString('base64') };
  }
  return reply as Exclude<JsonReply, readonly JsonReply[]>;
}
