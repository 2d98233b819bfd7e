import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Target } from '../../../src/lib/terminal/connection.ts';
import { parseSeconds, readTarget } from '../../../src/lib/terminal/connection.ts';
import type { ConnectionFlags } from '../../../src/lib/terminal/flags.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'cluster-target-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(path.join(folder, 'cluster'));
writeFileSync(
  path.join(folder, 'cluster', 'config.yaml'),
  `
contexts:
  prod:
    seeds: [10.0.0.1:6379]
    user: from-file
    password-env: PROD_PASSWORD
    tls: true
    sni: file.example
    nat-map: ["10.0.0.1=bastion"]
`,
);

function target(flags: ConnectionFlags, environment: NodeJS.ProcessEnv = {}): Promise<Target> {
  return readTarget({
    flags,
    environment: { XDG_CONFIG_HOME: folder, ...environment },
    clientName: null,
    askPassword: async () => 'asked-for',
  });
}

describe('readTarget', () => {
  it('has defaults for everything', async () => {
    expect(await target({})).toEqual({
      options: {
        user: null,
        password: null,
        tls: null,
        timeoutMs: 5000,
        clientName: null,
        natMap: new Map(),
        family: 0,
      },
      seeds: [],
    });
  });

  it('takes 0 seconds, which is no limit for redis-cli, for as long as an operating system waits', async () => {
    expect((await target({ 'connect-timeout': '0' })).options.timeoutMs).toBe(120_000);
    await expect(target({ 'connect-timeout': '-1' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(target({ 'connect-timeout': '' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('takes what the context says', async () => {
    const { options, seeds } = await target({ context: 'prod' }, { PROD_PASSWORD: 'from-file' });
    expect(options).toMatchObject({ user: 'from-file', password: 'from-file', tls: { servername: 'file.example' } });
    expect(options.natMap).toEqual(new Map([['10.0.0.1', 'bastion']]));
    expect(seeds).toEqual(['10.0.0.1:6379']);
  });

  describe('the password: a prompt beats the flag, the URI, the environment and the file, in this order', () => {
    const everywhere: ConnectionFlags = {
      askpass: true,
      pass: 'from-flag',
      uri: 'redis://:from-uri@h:1',
      context: 'prod',
    };
    const environment = { REDISCLI_AUTH: 'from-environment', PROD_PASSWORD: 'from-file' };

    it.each([
      [everywhere, environment, 'asked-for'],
      [{ ...everywhere, askpass: false }, environment, 'from-flag'],
      [{ uri: 'redis://:from-uri@h:1', context: 'prod' }, environment, 'from-uri'],
      [{ context: 'prod' }, environment, 'from-environment'],
      [{ context: 'prod' }, { ...environment, VALKEYCLI_AUTH: 'as-valkey-cli' }, 'as-valkey-cli'],
      [{ context: 'prod' }, { PROD_PASSWORD: 'from-file' }, 'from-file'],
      [{ context: 'prod' }, {}, null],
    ])('%j with %j: %s', async (flags, given, password) => {
      expect((await target(flags, given)).options.password).toBe(password);
    });
  });

  it('lets the flag for the user beat the URI, and that the file', async () => {
    const uri = 'redis://from-uri@h:1';
    expect((await target({ user: 'from-flag', uri, context: 'prod' })).options.user).toBe('from-flag');
    expect((await target({ uri, context: 'prod' })).options.user).toBe('from-uri');
    expect((await target({ context: 'prod' })).options.user).toBe('from-file');
  });

  it('lets flags for TLS and NAT beat the file', async () => {
    const { options } = await target({ context: 'prod', sni: 'flag.example', 'nat-map': ['a=b'] });
    expect(options.tls).toMatchObject({ servername: 'flag.example' });
    expect(options.natMap).toEqual(new Map([['a', 'b']]));
  });

  it.each([
    ['redis://h', null, null, 'h:6379', false],
    ['redis://h:7000', null, null, 'h:7000', false],
    ['rediss://ops:secret@h:7000', 'ops', 'secret', 'h:7000', true],
    ['valkey://ops@h:7000', 'ops', null, 'h:7000', false],
    ['valkeys://:secret@h:7000', null, 'secret', 'h:7000', true],
    ['redis://:p%40ss%3Aw%2Frd@h:7000', null, 'p@ss:w/rd', 'h:7000', false],
    ['redis://[::1]:7000', null, null, '[::1]:7000', false],
  ])('reads %s', async (uri, user, password, seed, isTls) => {
    const { options, seeds } = await target({ uri });
    expect(options).toMatchObject({ user, password });
    expect(options.tls !== null).toBe(isTls);
    expect(seeds).toEqual([seed]);
  });

  it.each(['http://u:hunter2@h:1', 'hunter2', 'redis//:hunter2@h', 'redis://:hunter2@h:port'])(
    'repeats nothing of a URI that it cannot read: %s',
    async (uri) => {
      const failure = await target({ uri }).catch((cause: unknown) => cause);
      expect(failure).toMatchObject({ code: 'USAGE' });
      expect(String((failure as Error).message)).not.toContain('hunter2');
    },
  );

  it('repeats nothing of a password whose escapes are broken', async () => {
    const failure = await target({ uri: 'redis://:hunter2%@h:1' }).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ code: 'USAGE' });
    expect(String((failure as Error).message)).not.toContain('hunter2');
  });

  describe('with TLS', () => {
    it('verifies the chain, and names only where one is given', async () => {
      const { options } = await target({ tls: true });
      expect(options.tls).toMatchObject({ rejectUnauthorized: true });
      expect(options.tls?.checkServerIdentity?.('h', {} as never)).toBeUndefined();
      const named = (await target({ tls: true, sni: 'redis.example' })).options.tls;
      expect(named).toMatchObject({ rejectUnauthorized: true, servername: 'redis.example' });
      expect(named).not.toHaveProperty('checkServerIdentity');
    });

    it('verifies nothing when told so', async () => {
      expect((await target({ tls: true, insecure: true })).options.tls).toMatchObject({ rejectUnauthorized: false });
    });

    it('reads certificates, one by one or by the folder', async () => {
      const files = {
        ca: path.join(folder, 'ca.pem'),
        cert: path.join(folder, 'c.crt'),
        key: path.join(folder, 'key'),
      };
      for (const [name, file] of Object.entries(files)) writeFileSync(file, name);
      const { options } = await target({ tls: true, cacert: files.ca, cert: files.cert, key: files.key });
      expect(options.tls).toMatchObject({
        ca: [Buffer.from('ca')],
        cert: Buffer.from('cert'),
        key: Buffer.from('key'),
      });
      const { ca } = (await target({ tls: true, cacertdir: folder })).options.tls ?? {};
      expect(ca).toEqual(expect.arrayContaining([Buffer.from('ca'), Buffer.from('cert')]));
    });

    it('names a file that it cannot read', async () => {
      await expect(target({ tls: true, cacert: '/nowhere/ca.pem' })).rejects.toMatchObject({
        code: 'USAGE',
        message: 'The file /nowhere/ca.pem cannot be read.',
      });
      await expect(target({ tls: true, cacertdir: '/nowhere' })).rejects.toMatchObject({ code: 'USAGE' });
    });

    it('does not read certificates without TLS', async () => {
      expect((await target({ cacert: '/nowhere/ca.pem' })).options.tls).toBeNull();
    });
  });

  it('resolves names to the family that is asked for', async () => {
    expect((await target({ ipv4: true })).options.family).toBe(4);
    expect((await target({ ipv6: true })).options.family).toBe(6);
  });
});

describe('parseSeconds', () => {
  it('gives milliseconds, never less than asked for', () => {
    expect(parseSeconds('5', '--x')).toBe(5000);
    expect(parseSeconds('0.25', '--x')).toBe(250);
    expect(parseSeconds('0.0001', '--x')).toBe(1);
  });

  it.each(['0', '-1', 'soon', '-Infinity', 'NaN'])('refuses %s, naming the flag', (text) => {
    expect(() => parseSeconds(text, '--wait-timeout')).toThrow(
      `--wait-timeout takes seconds greater than 0, not "${text}"`,
    );
  });

  it('refuses what no timer can wait for: it would be due at once', () => {
    expect(parseSeconds('2000000', '--x')).toBeLessThan(2 ** 31);
    for (const text of ['2000001', '1e12', 'Infinity'])
      expect(() => parseSeconds(text, '--x')).toThrow(`--x takes 2000000 seconds at most, not "${text}"`);
  });

  it('refuses nothing at all', () => {
    expect(() => parseSeconds('', '--x')).toThrow('--x takes seconds');
    expect(() => parseSeconds('  ', '--x')).toThrow('--x takes seconds');
  });
});
