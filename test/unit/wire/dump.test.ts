import { describe, expect, it } from 'vitest';
import { dumpVersion, emptyDump, isVersionRead, sealDump } from '../../../src/lib/wire/dump.ts';

/** DUMP of a key that holds "value", in Redis 7.0.15. */
const DUMP = Buffer.from('000576616c75650a0081f6c138c1aa9b6e', 'hex');

describe('a dump', () => {
  it('tells its format version', () => {
    expect(dumpVersion(DUMP)).toBe(10);
    expect(dumpVersion(DUMP.subarray(-10))).toBeNull();
  });

  it('has the checksum that a server reckons', () => {
    expect(sealDump(DUMP.subarray(0, -10), 10)).toEqual(DUMP);
  });

  it('may hold nothing, in any version', () => {
    expect(dumpVersion(emptyDump(80))).toBe(80);
    expect(emptyDump(80)).toHaveLength(11);
  });

  it('is refused for its version, or for what it holds', () => {
    expect(isVersionRead('ERR Bad data format')).toBe(true);
    expect(isVersionRead('ERR DUMP payload version or checksum are wrong')).toBe(false);
  });
});
