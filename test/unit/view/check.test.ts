import { describe, expect, it } from 'vitest';
import { checkTopology } from '../../../src/lib/check/rules.ts';
import { renderCheck, renderCheckJson } from '../../../src/lib/view/check.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const bare = topology().primary('a', { slots: '0-16383' }).build();
const hurt = topology()
  .primary('a', { slots: '0-99', migrating: { 5: 'b', 6: 'b' } })
  .primary('b', { slots: '200-300', unreachable: 'Connection refused' })
  .build();

function render(
  cluster: typeof bare,
  color: boolean,
  map: 'always' | 'where-it-helps' | 'never' = 'never',
): readonly string[] {
  const style = { color, width: 100 };
  const options = { seed: '10.0.0.1:7000', multipleOwners: 'not-searched', map, style } as const;
  return renderCheck(cluster, checkTopology(cluster), options).split('\n');
}

describe('check', () => {
  it('prints the lines that scripts grep for, then its own, then the verdict', () => {
    expect(render(bare, false)).toEqual([
      '10.0.0.1:7000 (86f7e437...) -> 0 keys | 16384 slots | 0 slaves.',
      '[OK] 0 keys in 1 masters.',
      '0.00 keys per slot on average.',
      '>>> Performing Cluster Check (using node 10.0.0.1:7000)',
      `M: ${nodeId('a')} 10.0.0.1:7000`,
      '   slots:[0-16383] (16384 slots) master',
      '[OK] All nodes agree about slots configuration.',
      '>>> Check for open slots...',
      '>>> Check slots coverage...',
      '[OK] All 16384 slots covered.',
      '>>> Check nodes, replicas and hosts...',
      '[WARNING] This cluster has no replicas: when a primary fails, its slots are not served until it is back.',
      '    Add one: cluster add-node NEW-HOST:PORT 10.0.0.1:7000 --replica',
      'Healthy: 1 node, 1 shard, 1 warning.',
    ]);
  });

  it('colours by severity, and never where it was not asked to', () => {
    expect(render(hurt, false).join('')).not.toContain('\u001b');
    const colored = render(hurt, true);
    expect(colored).toContain('\u001b[31m[WARNING] The following slots are open: 5-6.\u001b[39m');
    expect(colored).toContain(
      '\u001b[33m[WARNING] Node 10.0.0.2:7000 could not be reached: Connection refused.\u001b[39m',
    );
    expect(colored.at(-1)).toBe('\u001b[31mNot healthy: 2 errors, 2 warnings.\u001b[39m');
  });

  it('gives the same facts as JSON', () => {
    const findings = checkTopology(hurt);
    expect(renderCheckJson(hurt, findings)).toEqual({
      version: 1,
      healthy: false,
      seed: '10.0.0.1:7000',
      findings,
      nodes: [
        { id: nodeId('a'), address: '10.0.0.1:7000', role: 'primary', primaryId: null, slots: '0-99', reachable: true },
        {
          id: nodeId('b'),
          address: '10.0.0.2:7000',
          role: 'primary',
          primaryId: null,
          slots: '200-300',
          reachable: false,
        },
      ],
      slots: { covered: 100, open: [[5, 6]] },
    });
  });

  it('has a map where it is wanted, or where it helps', () => {
    const mapped = (lines: readonly string[]): boolean => lines.some((line) => /^ {4}0 [A-Z!*]{64}$/.test(line));
    expect(mapped(render(bare, false, 'where-it-helps'))).toBe(false);
    expect(mapped(render(bare, false, 'always'))).toBe(true);
    expect(mapped(render(hurt, false, 'never'))).toBe(false);
    const helped = render(hurt, false, 'where-it-helps');
    expect(mapped(helped)).toBe(true);
    expect(helped).toContain('A 10.0.0.1:7000  B 10.0.0.2:7000');
    expect(helped).toContain('* open: slots 5-6');
    expect(helped.at(-1)).toMatch(/^Not healthy: /);
  });

  it('names open slots one by one for scripts, and as ranges on a terminal', () => {
    const style = { color: false, width: null };
    const options = { seed: '10.0.0.1:7000', multipleOwners: 'not-searched', map: 'never', style } as const;
    const piped = renderCheck(hurt, checkTopology(hurt), options).split('\n');
    expect(piped).toContain('[WARNING] Node 10.0.0.1:7000 has slots in migrating state 5,6.');
    expect(piped).toContain('[WARNING] The following slots are open: 5,6.');
    const shown = render(hurt, false);
    expect(shown).toContain('[WARNING] Node 10.0.0.1:7000 has slots in migrating state 5-6.');
    expect(shown).toContain('[WARNING] The following slots are open: 5-6.');
  });
});
