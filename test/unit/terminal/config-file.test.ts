import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readContext } from '../../../src/lib/terminal/config-file.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'cluster-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function fileOf(text: string): string {
  const file = path.join(folder, `${count++}.yaml`);
  writeFileSync(file, text);
  return file;
}

describe('readContext', () => {
  it('reads every field', async () => {
    const file = fileOf(`
contexts:
  prod:
    seeds: [10.0.0.1:6379, 10.0.0.2:6379]
    user: ops
    password-env: PROD_REDIS_PASSWORD
    tls: true
    cacert: /etc/redis/ca.pem
    cert: /etc/redis/ops.pem
    key: /etc/redis/ops.key
    sni: redis.example
    nat-map: ["10.0.0.1=bastion"]
  other:
    seeds: []
`);
    expect(await readContext(file, 'prod')).toEqual({
      seeds: ['10.0.0.1:6379', '10.0.0.2:6379'],
      user: 'ops',
      'password-env': 'PROD_REDIS_PASSWORD',
      tls: true,
      cacert: '/etc/redis/ca.pem',
      cert: '/etc/redis/ops.pem',
      key: '/etc/redis/ops.key',
      sni: 'redis.example',
      'nat-map': ['10.0.0.1=bastion'],
    });
  });

  it('has no seeds where none are named', async () => {
    expect(await readContext(fileOf('contexts: {prod: {user: ops}}'), 'prod')).toEqual({ seeds: [], user: 'ops' });
  });

  it('names the contexts that there are', async () => {
    const file = fileOf('contexts: {prod: {}, staging: {}}');
    await expect(readContext(file, 'porduction')).rejects.toMatchObject({
      code: 'USAGE',
      message: `${file} has no context porduction.`,
      suggestions: ['It has: prod, staging.'],
    });
  });

  it.each([
    ['contexts: {prod: {password: x}}', 'context prod has an unknown field password'],
    ['contexts: {prod: {seeds: 10.0.0.1:6379}}', 'seeds of context prod is not a list'],
    ['contexts: {prod: {seeds: [1]}}', 'seeds of context prod is not a list'],
    ['contexts: {prod: {tls: "yes"}}', 'tls of context prod is not a boolean'],
    ['contexts: {prod: {user: 7}}', 'user of context prod is not a text'],
    ['contexts: {prod: {toString: 7}}', 'context prod has an unknown field toString'],
    ['contexts: [prod]', 'has no context prod'],
    ['', 'has no context prod'],
    ['contexts: {prod: [', 'is not valid YAML'],
  ])('refuses %s', async (text, reason) => {
    await expect(readContext(fileOf(text), 'prod')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(reason),
    });
  });

  it('has no context by the name of what every object has', async () => {
    for (const name of ['constructor', '__proto__'])
      await expect(readContext(fileOf('contexts: {}'), name)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('says where it looked', async () => {
    const file = path.join(folder, 'nowhere.yaml');
    await expect(readContext(file, 'prod')).rejects.toThrow(`There is no configuration file at ${file}`);
  });
});
