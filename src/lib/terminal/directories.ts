/** Where files of this program live, after the XDG base directory specification. */
import { homedir } from 'node:os';
import path from 'node:path';

const NAME = 'cluster';

/** Journals and local clusters: `$XDG_STATE_HOME/cluster`, else `~/.local/state/cluster`. */
function stateDirectory(environment: NodeJS.ProcessEnv): string {
  return path.join(environment['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state'), NAME);
}

export function journalDirectory(environment: NodeJS.ProcessEnv): string {
  return path.join(stateDirectory(environment), 'runs');
}

/** Values that lost against another of the same key. */
export function asideDirectory(environment: NodeJS.ProcessEnv): string {
  return path.join(stateDirectory(environment), 'aside');
}

/** Where the servers work that a restoration starts. */
export function restoreDirectory(environment: NodeJS.ProcessEnv): string {
  return path.join(stateDirectory(environment), 'restore');
}

/** `$XDG_CONFIG_HOME/cluster/config.yaml`, else `~/.config/cluster/config.yaml`. */
export function configFile(environment: NodeJS.ProcessEnv): string {
  return path.join(environment['XDG_CONFIG_HOME'] || path.join(homedir(), '.config'), NAME, 'config.yaml');
}

/** The folder of the local cluster: as given, else one below the state directory. */
export function localDirectory(given: string | undefined, environment: NodeJS.ProcessEnv): string {
  return given === undefined ? path.join(stateDirectory(environment), 'local') : path.resolve(given);
}
