import { describe, expect, it } from 'vitest';
import { dumpVersion, emptyPayload, isReadable, sealPayload } from '../../../src/lib/wire/dump-payload.ts';

/** DUMP of a key that holds "value", in Redis 7.0.15. */
const DUMP = Buffer.from('000576616c75650a0081f6c138c1aa9b6e', 'hex');

describe('a dump', () => {
  it('tells its version: of the value "for a day" in Redis 7.0.15 and Valkey 9.1.2', () => {
    expect(dumpVersion(Buffer.from('0009666f722061206461790a000a5282bd89da4171', 'hex'))).toBe(10);
    expect(dumpVersion(Buffer.from('0009666f722061206461795000c5784b2c17882685', 'hex'))).toBe(80);
  });

  it('has no version where it is too short to hold a value', () => {
    expect(dumpVersion(DUMP)).toBe(10);
    expect(() => dumpVersion(DUMP.subarray(-10))).toThrow('10 bytes, which is no value');
  });

  it('is sealed with the checksum that a server computes', () => {
    expect(sealPayload(DUMP.subarray(0, -10), 10)).toEqual(DUMP);
  });

  it('of no value has the version that is asked about, and a checksum', () => {
    expect(dumpVersion(emptyPayload(12))).toBe(12);
    expect(dumpVersion(emptyPayload(80))).toBe(80);
    expect(emptyPayload(80)).toHaveLength(11);
    expect(dumpVersion(emptyPayload(300))).toBe(300);
    expect(emptyPayload(10)).toHaveLength(11);
    expect(emptyPayload(10).subarray(-8)).not.toEqual(emptyPayload(11).subarray(-8));
  });

  it.each([
    ['ERR Bad data format', true],
    ['ERR DUMP payload version or checksum are wrong', false],
    ["NOPERM User ops has no permissions to run the 'restore' command", null],
  ])('is known to be readable by the reply %j: %s', (said, readable) => {
    expect(isReadable(said)).toBe(readable);
  });
});
