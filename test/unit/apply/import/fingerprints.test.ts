import { describe, expect, it } from 'vitest';
import { Fingerprints } from '../../../../src/lib/apply/import/fingerprints.ts';

describe('Fingerprints', () => {
  it('knows what was added, and nothing else, over many keys that are alike', () => {
    const prints = new Fingerprints();
    const count = 200_000;
    for (let index = 0; index < count; index++) prints.add(Buffer.from(`key:${index}`));
    let [missing, mistaken] = [0, 0];
    for (let index = 0; index < count; index++) {
      if (!prints.has(Buffer.from(`key:${index}`))) missing += 1;
      if (prints.has(Buffer.from(`kez:${index}`))) mistaken += 1;
    }
    expect({ missing, mistaken }).toEqual({ missing: 0, mistaken: 0 });
  });

  it('tells keys of zeros apart by their length', () => {
    const prints = new Fingerprints();
    prints.add(Buffer.alloc(3));
    expect([1, 2, 3, 4].filter((length) => prints.has(Buffer.alloc(length)))).toEqual([3]);
  });
});
