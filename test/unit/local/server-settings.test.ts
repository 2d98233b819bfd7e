import { describe, expect, it } from 'vitest';
import { clusterSettings, formatSettings, isLoopback, quoteSetting } from '../../../src/lib/local/server-settings.ts';

describe('the configuration of a local server', () => {
  it('is one line for each value', () => {
    const text = formatSettings({ port: '7000', save: '', user: ['ops on >a', 'reader on >b'] });
    expect(text).toBe('port 7000\nsave ""\nuser ops on >a\nuser reader on >b\n');
  });

  it('cannot be given a second line inside a value', () => {
    expect(() => formatSettings({ port: '7000\nsave ""' })).toThrow('the setting port is one line');
  });

  it('quotes what the server would read as something else', () => {
    expect(quoteSetting('a "b" \\ c\n')).toBe('"a \\"b\\" \\\\ c\\n"');
  });

  it('has a save point: SIGTERM writes the data', () => {
    expect(clusterSettings({ host: '127.0.0.1', port: 7000 })).toMatchObject({ save: '3600 1' });
  });

  it('names a bus port only where it is another than port + 10000', () => {
    expect(clusterSettings({ host: '127.0.0.1', port: 7000 })).not.toHaveProperty('cluster-port');
    expect(clusterSettings({ host: '127.0.0.1', port: 7000, busPort: 8000 })).toMatchObject({ 'cluster-port': '8000' });
  });

  it.each([
    ['127.0.0.1', true],
    ['127.0.0.2', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['10.0.0.1', false],
    ['1270.example.org', false],
  ])('opens a server on %s without a password: %s', (host, isOpen) => {
    expect(isLoopback(host)).toBe(isOpen);
    expect('protected-mode' in clusterSettings({ host, port: 7000 })).toBe(isOpen);
  });

  it.each(['0.0.0.0', '::', 'localhost'])('does not announce %s, which no other node could connect to', (host) => {
    expect(clusterSettings({ host, port: 7000 })).not.toHaveProperty('cluster-announce-ip');
  });
});
