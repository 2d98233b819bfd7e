/** `cluster create` over every way to reach nodes: addresses, bus ports, passwords, users, TLS. */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { writeCertificates } from '../support/certificates.ts';
import { home } from '../support/executables.ts';
import { expectServing, withoutChange } from '../support/node-states.ts';
import { cluster, type Nodes, withNodes } from '../support/transcript.ts';

const SECRET = 'pa55-w0rd';
const LOGIN = { password: SECRET, cli: ['-a', SECRET, '--no-auth-warning'] };

/**
 * What creating a cluster takes: looking (CLUSTER NODES and INFO, INFO, CLIENT INFO), making it, and for the way back
 * CLUSTER RESET with a look at DBSIZE right before.
 */
const RIGHTS = [
  '+info',
  '+client|info',
  '+dbsize',
  ...['nodes', 'info', 'set-config-epoch', 'addslotsrange', 'meet', 'replicate', 'reset'].map(
    (name) => `+cluster|${name}`,
  ),
].join(' ');

function typedWith(nodes: Nodes, word: (port: number) => string): string {
  return nodes.map(({ port }) => word(port)).join(' ');
}

describe.concurrent('cluster create reaches nodes', () => {
  it('whose bus ports are not port + 10000', () =>
    withNodes({ count: 6, customBusPorts: true }, async (nodes, typed) => {
      expect(await cluster(`create ${typed} --replicas 1 --yes`)).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }));

  it('by a host name', () =>
    withNodes({ count: 3 }, async (nodes) => {
      const typed = typedWith(nodes, (port) => `localhost:${port}`);
      expect(await cluster(`create ${typed} -4 --yes`)).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }));

  it.each([
    ['[::1]:p', (port: number) => `[::1]:${port}`],
    ['::1:p', (port: number) => `::1:${port}`],
  ])('over IPv6, typed as %s', (_, word) =>
    withNodes({ count: 6, hosts: ['::1'] }, async (nodes) => {
      expect(await cluster(`create ${typedWith(nodes, word)} --replicas 1 --yes`)).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }),
  );

  it.each([
    ['-a', `-a ${SECRET}`, {}],
    ['REDISCLI_AUTH', '', { REDISCLI_AUTH: SECRET }],
    ['--uri', `-u redis://:${SECRET}@127.0.0.1:1`, {}],
  ])('with a password by %s, which is printed nowhere', (_, flags, env) =>
    withNodes({ count: 6, password: SECRET }, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --replicas 1 --yes ${flags}`, { env });
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout + run.stderr).not.toContain(SECRET);
      await expectServing(nodes, LOGIN);
    }),
  );

  it('by a URI as seed of a cluster of one', () =>
    withNodes({ count: 1, password: SECRET }, async (nodes, typed) => {
      expect(await cluster(`create -u redis://:${SECRET}@${typed} --yes`)).toMatchObject({ code: 0 });
      await expectServing(nodes, LOGIN);
    }));

  it.each([
    ['a wrong password', '-a wr0ng-1', 'WRONGPASS'],
    ['a wrong user', '--user nobody -a wr0ng-1', 'WRONGPASS'],
    ['no password', '', 'NOAUTH'],
  ])('and with %s knows nothing: exit code 3', (_, flags, said) =>
    withNodes({ count: 3, password: SECRET }, async (nodes, typed) => {
      const run = await withoutChange(nodes, () => cluster(`create ${typed} --yes ${flags}`), LOGIN);
      expect(run).toMatchObject({ code: 3, stdout: '' });
      expect(run.stderr).toContain(said);
      expect(run.stderr).not.toContain('wr0ng-1');
    }),
  );

  it('that have no password, with one', () =>
    withNodes({ count: 3 }, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --yes`, { env: { REDISCLI_AUTH: SECRET } });
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout + run.stderr).not.toContain(SECRET);
      await expectServing(nodes);
    }));

  it('as a user with no rights but those it takes', () =>
    withNodes({ count: 6, aclUsers: [`ops on >${SECRET} ${RIGHTS}`] }, async (nodes, typed) => {
      const blind = await withoutChange(nodes, () => cluster(`create ${typed} --yes --user ops -a not-it`));
      expect(blind).toMatchObject({ code: 3 });
      const run = await cluster(`create ${typed} --replicas 1 --yes --user ops -a ${SECRET}`);
      expect(run).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }));

  it('as a user who may only look: refused with what is missing', () =>
    withNodes(
      { count: 3, aclUsers: [`ops on >${SECRET} +info +client|info +cluster|nodes +cluster|info`] },
      async (nodes, typed) => {
        const run = await withoutChange(nodes, () => cluster(`create ${typed} --yes --user ops -a ${SECRET}`));
        expect(run).toMatchObject({ code: 4 });
        expect(run.stderr).toContain('NOPERM');
        expect(run.stderr).toContain('Nothing was changed.');
      },
    ));
});

describe.concurrent('cluster create over TLS', () => {
  it.each([
    ['with --cacert', 'no', (ca: string) => `--tls --cacert ${ca}`],
    ['with a client certificate', 'yes', (ca: string, own: string) => `--tls --cacert ${ca} ${own}`],
    ['with --sni', 'no', (ca: string) => `--tls --cacert ${ca} --sni localhost`],
    ['--insecure', 'no', () => '--tls --insecure'],
  ] as const)('%s', (_, clients, flags) =>
    withNodes({ count: 6, tls: { clients } }, async (nodes, typed, { certificates }) => {
      const tls = present(certificates, 'they speak TLS');
      const own = `--cert ${tls.cert} --key ${tls.key}`;
      expect(await cluster(`create ${typed} --replicas 1 --yes ${flags(tls.ca, own)}`)).toMatchObject({ code: 0 });
      await expectServing(nodes, { tls, cli: ['--tls', '--cacert', tls.ca, ...own.split(' ')] });
    }),
  );

  it('that cannot be trusted, or that is missing: exit code 3', () =>
    withNodes({ count: 3, tls: { clients: 'yes' } }, async (nodes, typed, { certificates }) => {
      const tls = present(certificates, 'they speak TLS');
      const other = await writeCertificates(home);
      const own = `--cert ${tls.cert} --key ${tls.key}`;
      for (const flags of [`--tls --cacert ${other.ca} ${own}`, `--tls ${own}`, `--tls --cacert ${tls.ca}`, '']) {
        const run = await withoutChange(nodes, () => cluster(`create ${typed} --yes -t 2 ${flags}`), { tls });
        expect({ flags, ...run }).toMatchObject({ code: 3, stdout: '' });
      }
    }));
});
