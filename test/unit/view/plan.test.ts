import { describe, expect, it } from 'vitest';
import { planCreate } from '../../../src/lib/plan/create.ts';
import type { PlanStyle } from '../../../src/lib/view/plan.ts';
import { renderPlan } from '../../../src/lib/view/plan.ts';
import { accepted } from '../../support/accepted.ts';
import { newNodes } from '../../support/new-nodes.ts';

const zones = new Map([
  ['10.0.0.1', 'a'],
  ['10.0.0.2', 'b'],
]);

function rendered(style: PlanStyle): readonly string[] {
  const cluster = newNodes(['10.0.0.1:7000', '10.0.0.2:7000']);
  return renderPlan(accepted(planCreate(cluster, { replicas: 1, zones })), cluster, style).split('\n');
}

describe('renderPlan', () => {
  it('has a column for zones where there are zones', () => {
    expect(rendered({ color: false, width: null, zones }).slice(3)).toEqual([
      'shard  role     node           host      zone  slots    count',
      '    0  primary  10.0.0.1:7000  10.0.0.1  a     0-16383  16384',
      '    0  replica  10.0.0.2:7000  10.0.0.2  b',
      '[WARNING] With 1 primary nobody is left to vote when it fails, so no replica takes over by itself.',
    ]);
  });

  it('has no colour unless asked for it', () => {
    const control = '\u001b[';
    expect(rendered({ color: false, width: null }).join('\n')).not.toContain(control);
    expect(rendered({ color: true, width: null })[0]).toBe(
      `${control}1m>>> Performing hash slots allocation on 2 nodes...${control}22m`,
    );
    expect(rendered({ color: true, width: null }).at(-1)).toContain(`${control}33m[WARNING]`);
  });
});
