import { describe, expect, it } from 'vitest';
import { parseAddresses, parseSeeds } from '../../../src/lib/terminal/addresses.ts';

describe('parseAddresses', () => {
  it('reads every way to write an address', () => {
    expect(parseAddresses(['10.0.0.1:7000', '[::1]:7000', '::1:7000', 'db.example:6379@7379'])).toEqual([
      { host: '10.0.0.1', port: 7000 },
      { host: '::1', port: 7000 },
      { host: '::1', port: 7000 },
      { host: 'db.example', port: 6379, busPort: 7379 },
    ]);
  });

  it('names the first word that is none', () => {
    expect(() => parseAddresses(['a:1', 'nonsense', 'b:0'])).toThrow('Invalid address format: nonsense');
  });
});

describe('parseSeeds', () => {
  it("takes redis-cli's two words for one address", () => {
    expect(parseSeeds(['127.0.0.1', '7000'])).toEqual([{ host: '127.0.0.1', port: 7000 }]);
    expect(parseSeeds(['::1', '7000'])).toEqual([{ host: '::1', port: 7000 }]);
  });

  it('takes several addresses for several seeds', () => {
    expect(parseSeeds(['a:1', 'b:2'])).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ]);
  });

  it("complains in redis-cli's words where nothing was given", () => {
    expect(() => parseSeeds([])).toThrow('you need to pass either a valid address (ie. 120.0.0.1:7000)');
  });
});
