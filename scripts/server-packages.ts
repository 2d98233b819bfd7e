/**
 * Unpacks a Debian package and the libraries it needs into a folder, with the machine's own apt-get and mirror, but
 * without root and without touching what is installed: apt-get is given a private root in which nothing is installed,
 * so it resolves every dependency, of another suite too.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** A repository as `apt-get update --print-uris` names it. */
interface Repository {
  readonly uri: string;
  readonly suite: string;
}

/**
 * Unpacks the first of `packages` that the suite has into `folder/root` and returns its name. `suite` null means the
 * machine's own. Libraries come from Debian's unstable suite where it is `experimental`, which has few of its own.
 * Rejects with what apt-get said.
 */
export async function unpackPackage(
  folder: string,
  suite: string | null,
  packages: readonly string[],
  progress: (line: string) => void,
): Promise<string> {
  const { codename, distribution } = await readOsRelease();
  const { uri } = chooseRepository(await machineRepositories(), codename);
  const apt = path.join(folder, 'apt');
  const suites = suite === 'experimental' ? ['sid', suite] : [suite ?? codename];
  await writePrivateRoot(apt, suites.map((each) => sourceLine(uri, each, distribution)).join(''));
  const configuration = ['-c', path.join(apt, 'apt.conf')];
  progress(`reading the package list of ${suite ?? codename}`);
  await run('apt-get', [...configuration, 'update']);
  const taken = await firstAvailable(configuration, packages);
  progress(`downloading ${taken}`);
  await run('apt-get', [
    ...configuration,
    'install',
    '--download-only',
    '--no-install-recommends',
    '-y',
    `${taken}/${suites.at(-1)}`,
  ]);
  await unpack(path.join(apt, 'cache/archives'), path.join(folder, 'root'), taken);
  await rm(apt, { recursive: true, force: true });
  return taken;
}

/** The dynamic loader below `folder/root`, relative to `folder`. The libraries lie beside it. */
export async function findLoader(folder: string): Promise<string> {
  const entries = await readdir(path.join(folder, 'root'), { recursive: true, withFileTypes: true });
  // Symbolic links are passed over: those of Debian 12 are absolute and would lead out of the folder.
  const loader = entries.find((entry) => entry.isFile() && /^ld(?:-linux.*|64)\.so\.\d$/.test(entry.name));
  if (!loader) throw new Error('the packages hold no dynamic loader');
  return path.relative(folder, path.join(loader.parentPath, loader.name));
}

/** What the program prints on stdout. Rejects with the program's first line of error. */
export async function run(program: string, argv: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, [...argv], { maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const line = /^E: .*$/m.exec(text)?.[0] ?? text.split('\n', 1)[0];
    throw new Error(line || `${path.basename(program)} could not be run`, { cause: error });
  }
}

/** `bookworm` of `debian`. Source: os-release(5). */
async function readOsRelease(): Promise<{ readonly codename: string; readonly distribution: string }> {
  const text = await readFile('/etc/os-release', 'utf8');
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(text)?.[1] ?? '';
  return { codename: field('VERSION_CODENAME'), distribution: field('ID') };
}

/** Both forms of apt's sources, read by apt-get itself. It needs no downloaded lists and no root. */
async function machineRepositories(): Promise<readonly Repository[]> {
  const text = await run('apt-get', ['update', '--print-uris']);
  return [...text.matchAll(/^'([^']+?)\/+dists\/([^']+)\/InRelease'/gm)].map(([, uri = '', suite = '']) => ({
    uri: decodeURI(uri),
    suite,
  }));
}

/** The distribution's own: other vendors name suites like it does, but they have no `-updates` beside them. */
function chooseRepository(repositories: readonly Repository[], codename: string): Repository {
  const own = repositories.filter(({ suite }) => suite === codename);
  const isUpdated = ({ uri }: Repository) =>
    repositories.some((other) => other.uri === uri && other.suite === `${codename}-updates`);
  const chosen = own.find(isUpdated) ?? own[0];
  if (!chosen) throw new Error(`apt-get knows no repository of ${codename || 'this system'}`);
  return chosen;
}

function sourceLine(uri: string, suite: string, distribution: string): string {
  const keyring = [
    `/usr/share/keyrings/${distribution}-archive-keyring.gpg`,
    `/usr/share/keyrings/${distribution}-archive-keyring.pgp`,
  ].find((file) => existsSync(file));
  return `deb ${keyring ? `[signed-by=${keyring}] ` : ''}${uri} ${suite} main${distribution === 'ubuntu' ? ' universe' : ''}\n`;
}

async function writePrivateRoot(apt: string, source: string): Promise<void> {
  await mkdir(path.join(apt, 'state/lists/partial'), { recursive: true });
  await mkdir(path.join(apt, 'cache/archives/partial'), { recursive: true });
  await writeFile(path.join(apt, 'status'), '');
  await writeFile(path.join(apt, 'sources.list'), source);
  const configuration = [
    `Dir::State "${apt}/state";`,
    `Dir::State::lists "${apt}/state/lists";`,
    `Dir::State::status "${apt}/status";`,
    `Dir::Cache "${apt}/cache";`,
    `Dir::Cache::archives "${apt}/cache/archives";`,
    `Dir::Etc::SourceList "${apt}/sources.list";`,
    'Dir::Etc::SourceParts "/dev/null";',
    // A frozen mirror is out of date by design; its signatures are checked all the same.
    'Acquire::Check-Valid-Until "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    // The user that apt-get changes to, where it runs as root, need not be able to enter this folder.
    'APT::Sandbox::User "root";',
    // The machine's own hooks clean the machine's own caches.
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    '#clear DPkg::Post-Invoke;',
    '',
  ].join('\n');
  await writeFile(path.join(apt, 'apt.conf'), configuration);
}

async function firstAvailable(configuration: readonly string[], packages: readonly string[]): Promise<string> {
  const known = await run('apt-cache', [...configuration, 'pkgnames']);
  const names = new Set(known.split('\n'));
  const taken = packages.find((name) => names.has(name));
  if (!taken) throw new Error(`the suite has no package ${packages.join(' or ')}`);
  return taken;
}

/** Libraries and the package itself; what else its dependencies bring (systemd, for one) the server does not need. */
async function unpack(archives: string, root: string, taken: string): Promise<void> {
  await mkdir(root, { recursive: true });
  const files = (await readdir(archives)).filter((file) => file.endsWith('.deb'));
  for (const file of files) {
    if (/^(?:lib|zlib1g)/.test(file) || file.startsWith(`${taken}_`))
      await run('dpkg-deb', ['--extract', path.join(archives, file), root]);
  }
}
