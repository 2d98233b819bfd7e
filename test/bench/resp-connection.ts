/** One plain connection to a server: commands in, single replies out, in their order, at the least cost there is. */
import { connect, type Socket } from 'node:net';
import { present } from '../../src/lib/assert.ts';
import { parseAddress } from '../../src/lib/model/address.ts';

/** A status or a bulk string; null for none; an error as a value. */
export type RespReply = string | null | Error;

interface Waiting {
  readonly resolve: (reply: RespReply) => void;
  readonly reject: (cause: Error) => void;
}

export class RespConnection {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #rest = '';

  constructor(address: string) {
    const { host, port } = present(parseAddress(address), 'a test server is named as host:port');
    this.#socket = connect({ host, port, noDelay: true }).setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#read(text));
    this.#socket.on('error', (cause) => this.#fail(cause));
    this.#socket.on('close', () => this.#fail(new Error(`${address} closed the connection.`)));
  }

  /** `asking`: as after an ASK redirection. Rejects where the connection breaks. Only ASCII words. */
  async ask(words: readonly string[], { asking = false } = {}): Promise<RespReply> {
    if (!asking) return this.#send(words);
    const [, reply] = await Promise.all([this.#send(['ASKING']), this.#send(words)]);
    return reply;
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(words: readonly string[]): Promise<RespReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      const text = words.map((word) => `$${word.length}\r\n${word}\r\n`).join('');
      this.#socket.write(`*${words.length}\r\n${text}`, 'latin1');
    });
  }

  #read(text: string): void {
    this.#rest += text;
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end === -1) return;
      const [kind, line] = [this.#rest[0], this.#rest.slice(1, end)];
      const length = kind === '$' ? Number(line) : -1;
      const next = length === -1 ? end + 2 : end + 4 + length;
      if (this.#rest.length < next) return;
      const bulk = length === -1 ? null : this.#rest.slice(end + 2, end + 2 + length);
      this.#rest = this.#rest.slice(next);
      const reply = kind === '$' ? bulk : kind === '-' ? new Error(line) : line;
      this.#waiting.shift()?.resolve(reply);
    }
  }

  #fail(cause: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(cause);
  }
}
