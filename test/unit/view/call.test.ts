import { describe, expect, it } from 'vitest';
import { present } from '../../../src/lib/assert.ts';
import type { NodeAnswer, ReplyValue } from '../../../src/lib/model/node-answer.ts';
import { type Labels, renderAnswers, renderCalling, renderCallJson } from '../../../src/lib/view/call.ts';
import { maskCommand } from '../../../src/lib/view/masked-command.ts';
import { PLAIN } from '../../../src/lib/view/style.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const node = present(topology().primary('a').build().nodes[0], 'it was built');
const PING = maskCommand(['PING']);

function answered(reply: ReplyValue): NodeAnswer {
  return { node, ok: true, reply };
}

function failed(kind: 'error-reply' | 'unreachable', message: string): NodeAnswer {
  return { node, ok: false, kind, message };
}

function lines(answer: NodeAnswer, command = PING, labels: Labels = 'every-line'): readonly string[] {
  return renderAnswers([answer], command, PLAIN, labels).split('\n');
}

const A = '10.0.0.1:7000';

describe('replies as text', () => {
  it.each<[string, ReplyValue, readonly string[]]>([
    ['a status', 'OK', ['OK']],
    ['a number', 42, ['42']],
    ['nil', null, ['']],
    ['an empty list', [], ['']],
    ['an empty string', Buffer.from(''), ['']],
    ['bytes that are text', Buffer.from('grüße'), ['grüße']],
    ['a text of several lines', Buffer.from('# Server\r\nversion:7\r\n'), ['# Server', 'version:7']],
    ['empty lines in the middle', Buffer.from('a\n\nb'), ['a', '', 'b']],
    [
      'lists in lists',
      [1, ['a', [null, { error: 'ERR bad' }]], Buffer.from('x\ny')],
      ['1', 'a', '', 'ERR bad', 'x', 'y'],
    ],
    ['bytes that are no text', Buffer.from([0x00, 0xff, 0x41, 0x0a]), ['\\x00\\xffA']],
    ['escape sequences', Buffer.from('\u001b[31mred\u0007\r\u009b'), ['\\x1b[31mred\\x07\\x0d\\x9b']],
    ['a tab', Buffer.from('a\tb'), ['a\tb']],
  ])('%s', (_, reply, expected) => {
    expect(lines(answered(reply))).toEqual(expected.map((line) => `${A}: ${line}`));
  });

  it('begin with the node once, as with redis-cli, where that is wanted', () => {
    const info = answered(Buffer.from('# Memory\r\nused_memory:7\r\n'));
    expect(lines(info, PING, 'first-line')).toEqual([`${A}: # Memory`, 'used_memory:7']);
    expect(lines(answered([1, ['a']]), PING, 'first-line')).toEqual([`${A}: 1`, 'a']);
  });

  it('an error is the text of the server, and no answer is Failed!', () => {
    expect(lines(failed('error-reply', 'ERR unknown'))).toEqual([`${A}: ERR unknown`]);
    expect(lines(failed('unreachable', 'no answer'))).toEqual([`${A}: Failed! no answer`]);
  });

  it('an error does not tell the password of the command', () => {
    const command = maskCommand(['CONFIG', 'SET', 'requirepass', 'hunter2']);
    const answer = failed('error-reply', "ERR no 'hunter2'");
    expect(renderCalling(command)).toBe('>>> Calling CONFIG SET requirepass ***');
    expect(lines(answer, command)).toEqual([`${A}: ERR no '***'`]);
    expect(JSON.stringify(renderCallJson('failed', [answer], command))).not.toContain('hunter2');
  });
});

describe('replies as JSON', () => {
  it('keep their types, and bytes that are no text are base64', () => {
    const reply = [1, null, 'OK', Buffer.from('grüße'), Buffer.from([0xff, 0x00]), [{ error: 'ERR bad' }]];
    expect(renderCallJson('done', [answered(reply)], PING)).toEqual({
      version: 1,
      outcome: 'done',
      command: ['PING'],
      nodes: [
        {
          id: nodeId('a'),
          address: A,
          role: 'primary',
          reply: [1, null, 'OK', 'grüße', { base64: '/wA=' }, [{ error: 'ERR bad' }]],
        },
      ],
    });
  });

  it('failures have a kind and a message in the place of the reply', () => {
    const { nodes } = renderCallJson('failed', [failed('unreachable', 'no answer')], PING);
    expect(nodes).toEqual([
      { id: nodeId('a'), address: A, role: 'primary', error: { kind: 'unreachable', message: 'no answer' } },
    ]);
  });
});
