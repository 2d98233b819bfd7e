/** Lines, and then bytes, from one socket: at the reader's pace, so that what is not read waits in the network. */
import type { Socket } from 'node:net';

/** A line of the replication protocol is an error message or a few numbers. */
const LINE_LENGTH_MAX = 64 * 1024;
const LINE_FEED = 10;

export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffered: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The next line without its end; null where the connection ended before it did. Throws what the socket throws. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#buffered.indexOf(LINE_FEED);
      if (end !== -1) {
        const line = this.#buffered.subarray(0, end).toString('latin1');
        this.#buffered = this.#buffered.subarray(end + 1);
        return line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      const next = this.#buffered.length > LINE_LENGTH_MAX ? null : await this.#receive();
      if (next === null) return null;
      this.#buffered = Buffer.concat([this.#buffered, next]);
    }
  }

  /** The next bytes, as many as there are; null at the end of the connection. */
  async bytes(): Promise<Buffer | null> {
    if (this.#buffered.length === 0) return this.#receive();
    const held = this.#buffered;
    this.#buffered = Buffer.alloc(0);
    return held;
  }

  async #receive(): Promise<Buffer | null> {
    const { value, done } = await this.#chunks.next();
    return done === true ? null : value;
  }
}
