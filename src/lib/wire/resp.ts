/** RESP2, the protocol itself: commands to bytes, and bytes to replies as they come in. No sockets here. */
import { OpsError } from '../errors.ts';
import { ReplyError } from './reply-error.ts';

/** A reply with its strings as they came: bulk strings as bytes, status lines as text, errors as values. */
export type RespValue = string | number | null | Buffer | ReplyError | readonly RespValue[];

/** A reply that is not an error, its strings as text or as bytes. */
export type Reply = string | number | null | Buffer | readonly Reply[];

const CR = 0x0d;
const LF = 0x0a;
const DOLLAR = 0x24;
const STAR = 0x2a;

/** The commands one after the other, ready to be sent. Buffers go byte for byte, texts as UTF-8. */
export function encodeCommands(commands: readonly (readonly (string | Buffer)[])[]): Buffer {
  let size = 0;
  for (const argv of commands) {
    size += headLength(argv.length);
    for (const argument of argv) {
      const length = lengthOf(argument);
      size += headLength(length) + length + 2;
    }
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const argv of commands) {
    at = writeHead(bytes, at, STAR, argv.length);
    for (const argument of argv) {
      at = writeHead(bytes, at, DOLLAR, lengthOf(argument));
      at = writeArgument(bytes, at, argument);
      bytes[at++] = CR;
      bytes[at++] = LF;
    }
  }
  return bytes;
}

/** Below this a loop is quicker than a call out of the language: command names, numbers and most keys are short. */
const SHORT_MAX = 32;

function lengthOf(argument: string | Buffer): number {
  if (typeof argument !== 'string') return argument.length;
  if (argument.length > SHORT_MAX) return Buffer.byteLength(argument);
  for (let index = 0; index < argument.length; index++)
    if (argument.charCodeAt(index) > 0x7f) return Buffer.byteLength(argument);
  return argument.length;
}

/** Where it ends. */
function writeArgument(bytes: Buffer, at: number, argument: string | Buffer): number {
  if (typeof argument !== 'string') {
    if (argument.length > SHORT_MAX) bytes.set(argument, at);
    else for (let index = 0; index < argument.length; index++) bytes[at + index] = argument[index] as number;
    return at + argument.length;
  }
  if (argument.length > SHORT_MAX) return at + bytes.write(argument, at);
  for (let index = 0; index < argument.length; index++) {
    const code = argument.charCodeAt(index);
    if (code > 0x7f) return at + bytes.write(argument, at);
    bytes[at + index] = code;
  }
  return at + argument.length;
}

/** `$12\r\n`: sigil, digits, line end. */
function headLength(count: number): number {
  let digits = 1;
  for (let rest = count; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
  return digits + 3;
}

function writeHead(bytes: Buffer, from: number, sigil: number, count: number): number {
  const end = from + headLength(count);
  bytes[from] = sigil;
  let rest = count;
  for (let at = end - 3; at > from; at--) {
    bytes[at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  bytes[end - 2] = CR;
  bytes[end - 1] = LF;
  return end;
}

/** What stands in for a list whose elements follow. */
const LIST_BEGUN = Symbol('a list has begun');

/** A list of which some elements are there. */
interface Unfinished {
  readonly length: number;
  readonly values: RespValue[];
}

/**
 * Takes what a socket delivers, in pieces of any size, and gives out whole replies. Nothing is read twice: a list of a
 * million elements comes in hundreds of pieces.
 */
export class RespReader {
  #pieces: Buffer[] = [];
  #length = 0;
  /** So many bytes make it worth looking again: large values are put together once. */
  #needed = 1;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** The lists that the next value is in, the innermost last. */
  readonly #lists: Unfinished[] = [];

  /** The replies that are whole now, in order. Throws PROTOCOL where it is not RESP2. */
  read(piece: Buffer): readonly RespValue[] {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length < this.#needed) return [];
    this.#bytes = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces, this.#length);
    const replies: RespValue[] = [];
    let begin = 0;
    this.#needed = 1;
    for (this.#at = 0; this.#at < this.#bytes.length; begin = this.#at) {
      const value = this.#value();
      if (value === undefined) break;
      if (value !== LIST_BEGUN) this.#place(value, replies);
    }
    const rest = this.#bytes.subarray(begin);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    this.#needed = Math.max(this.#needed - begin, rest.length + 1);
    return replies;
  }

  /** Into the list that it is in, and that, when it is whole, into the next one; a value in no list is a reply. */
  #place(value: RespValue, replies: RespValue[]): void {
    let whole = value;
    for (;;) {
      const list = this.#lists.at(-1);
      if (list === undefined) {
        replies.push(whole);
        return;
      }
      list.values.push(whole);
      if (list.values.length < list.length) return;
      this.#lists.pop();
      whole = list.values;
    }
  }

  /** Undefined where it is not whole yet; `#needed` then says how many bytes it takes at least. */
  #value(): RespValue | typeof LIST_BEGUN | undefined {
    const end = this.#bytes.indexOf(LF, this.#at);
    if (end === -1) {
      this.#needed = this.#bytes.length + 1;
      return undefined;
    }
    const sigil = this.#bytes[this.#at];
    const from = this.#at + 1;
    this.#at = end + 1;
    switch (sigil) {
      case 0x2b:
        return this.#bytes.toString('latin1', from, end - 1);
      case 0x2d:
        return new ReplyError(this.#bytes.toString('utf8', from, end - 1));
      case 0x3a:
        return this.#integer(from, end - 1);
      case DOLLAR:
        return this.#bulk(this.#integer(from, end - 1));
      case STAR:
        return this.#list(this.#integer(from, end - 1));
      default:
        throw new OpsError('PROTOCOL', `A server sent something that is not RESP2 (byte ${sigil}).`);
    }
  }

  #integer(from: number, to: number): number {
    const isNegative = this.#bytes[from] === 0x2d;
    let value = 0;
    for (let at = isNegative ? from + 1 : from; at < to; at++)
      value = value * 10 + ((this.#bytes[at] as number) - 0x30);
    return isNegative ? -value : value;
  }

  #bulk(length: number): Buffer | null | undefined {
    if (length < 0) return null;
    const end = this.#at + length;
    if (end + 2 > this.#bytes.length) {
      this.#needed = end + 2;
      return undefined;
    }
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end + 2;
    return value;
  }

  #list(length: number): RespValue | typeof LIST_BEGUN {
    if (length < 0) return null;
    if (length === 0) return [];
    this.#lists.push({ length, values: [] });
    return LIST_BEGUN;
  }
}
