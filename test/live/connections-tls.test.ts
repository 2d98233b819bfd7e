/**
 * Every command over TLS: servers without any plain port that want a certificate of their clients, moves of keys between
 * such servers included; servers that have both kinds of ports; and who is let in and who is not.
 */
import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { type Certificates, writeCertificates } from '../support/certificates.ts';
import { COMMAND_LINES, wordsOf } from '../support/command-lines.ts';
import { tour } from '../support/connection-tour.ts';
import { reachServers } from '../support/connection-ways.ts';
import { clusterCli, home } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';

for (const flavor of ['default', 'valkey-9.1'] as const)
  tour({
    name: 'TLS only, with client certificates',
    flavor,
    reach: () =>
      reachServers({ flavor, tls: { clients: 'yes' } }, ({ members }) => {
        const tls = present(members.certificates, 'they speak TLS');
        return {
          flags: () => ['--tls', ...trusting(tls), ...showing(tls), '--sni', 'localhost'],
          sourceFlags: ['--from-tls'],
          login: { tls },
        };
      }),
  });

for (const flavor of ['default', 'valkey-9.1'] as const)
  tour({
    name: 'TLS between the nodes, and plain ports for clients',
    flavor,
    reach: () => reachServers({ flavor, tls: { plainPorts: true } }, () => ({})),
  });

describe('who may connect over TLS', () => {
  let formed: FormedCluster;
  let tls: Certificates;
  let other: Certificates;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3, tls: { clients: 'yes' } });
    tls = present(formed.certificates, 'they speak TLS');
    other = await writeCertificates(mkdtempSync(path.join(home, 'other-authority-')));
  });
  afterAll(() => formed?.stop());

  it.each(COMMAND_LINES)('%s: exit code 3 for a server of another authority', async (line) => {
    const run = await clusterCli(wordsOf(line, formed.seed, ['--tls', ...trusting(other), ...showing(tls)]));
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toContain(`Could not connect to Redis at ${formed.seed}: `);
  });

  it.each([
    ['another name than --sni', () => ['--tls', ...trusting(tls), ...showing(tls), '--sni', 'elsewhere']],
    ['no authority', () => ['--tls', ...showing(tls)]],
    ['no client certificate', () => ['--tls', ...trusting(tls)]],
    ['a client certificate of another authority', () => ['--tls', ...trusting(tls), ...showing(other)]],
    ['no TLS', () => ['-t', '1']],
  ])('check: exit code 3 for %s', async (_, flags) => {
    expect(await clusterCli(wordsOf('check SEED', formed.seed, flags()))).toMatchObject({ code: 3, stdout: '' });
  });

  it('check: --insecure asks for no authority', async () => {
    expect(
      await clusterCli(wordsOf('check SEED', formed.seed, ['--tls', '--insecure', ...showing(tls)])),
    ).toMatchObject({
      code: 0,
    });
  });

  it('a file that is not there: exit code 2, and its name', async () => {
    const run = await clusterCli(wordsOf('check SEED', formed.seed, ['--tls', '--cacert', '/nowhere/ca.pem']));
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain('/nowhere/ca.pem');
  });
});

function trusting({ ca }: Certificates): readonly string[] {
  return ['--cacert', ca];
}

function showing({ cert, key }: Certificates): readonly string[] {
  return ['--cert', cert, '--key', key];
}
