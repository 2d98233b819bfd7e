import { describe, expect, it } from 'vitest';
import { flavorOf, parseInfo } from '../../../src/lib/wire/info.ts';

describe('parseInfo', () => {
  it('reads fields, passes over titles and empty lines, and keeps colons in values', () => {
    const text = '# Server\r\nredis_version:8.0.2\r\n\r\n# Clients\r\nlistener0:name=tcp,bind=127.0.0.1,port=7000\r\n';
    expect(parseInfo(text)).toEqual({ redis_version: '8.0.2', listener0: 'name=tcp,bind=127.0.0.1,port=7000' });
  });

  it('keeps empty values, and needs no line end at the end', () => {
    expect(parseInfo('config_file:\r\ncluster_state:ok')).toEqual({ config_file: '', cluster_state: 'ok' });
  });

  it('reads nothing as no fields', () => {
    expect(parseInfo('')).toEqual({});
  });

  it('refuses a line that is no field, and shows it', () => {
    expect(() => parseInfo('cluster_state:ok\r\nnonsense\r\n')).toThrow(
      expect.objectContaining({
        code: 'PROTOCOL',
        message: 'A server sent a line of INFO that is not "field:value": "nonsense".',
      }),
    );
  });
});

describe('flavorOf', () => {
  it.each([
    [{ redis_version: '7.0.15' }, { product: 'redis', version: '7.0.15' }],
    [
      { redis_version: '7.2.4', server_name: 'valkey', valkey_version: '9.1.2' },
      { product: 'valkey', version: '9.1.2' },
    ],
    [
      { redis_version: '7.2.4', server_name: 'valkey' },
      { product: 'valkey', version: '7.2.4' },
    ],
  ])('of %j', (info, flavor) => {
    expect(flavorOf(info)).toEqual(flavor);
  });

  it('refuses an INFO without a version', () => {
    expect(() => flavorOf({})).toThrow(expect.objectContaining({ code: 'PROTOCOL' }));
  });
});
