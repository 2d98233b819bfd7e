/**
 * Each state that an interrupted key-wise move may leave a slot in, as a table. None of them has a key with two
 * different values, so none costs anything to settle.
 */
import type { Scene } from './half-migrated.ts';

export interface HalfMigratedState {
  readonly name: string;
  readonly make: (scene: Scene) => Promise<void>;
  /** Who owns the slot once it is settled; `either` where the marks do not say where the slot was to go. */
  readonly end: 'source' | 'target' | 'either';
  /** Servers that find the end by themselves: Valkey 9.1 does, where Redis 7.0 keeps the mark. */
  readonly heals?: 'valkey';
  /** Only a search for keys finds it: nothing is open. Default true: open slots. */
  readonly isOpen?: boolean;
}

/** The five stages of a move. */
const STAGES: readonly HalfMigratedState[] = [
  {
    name: 'importing is set, migrating not yet',
    make: (scene) => scene.importing(scene.target, scene.source),
    end: 'source',
  },
  { name: 'both marks are set, no key is moved', make: (scene) => scene.open(), end: 'target' },
  {
    name: 'some keys are moved',
    make: async (scene) => {
      await scene.open();
      await scene.moveHalf(scene.target);
    },
    end: 'target',
  },
  {
    name: 'some keys are moved, and some of them are on both sides with the same value',
    make: async (scene) => {
      await scene.open();
      await scene.copy((await scene.namesAt(scene.source)).slice(0, 6), scene.target);
    },
    end: 'target',
  },
  {
    name: 'all keys are moved, the slot is not closed',
    make: async (scene) => {
      await scene.open();
      await scene.moveAll(scene.target);
    },
    end: 'target',
  },
  {
    name: 'all keys are on both sides with the same value',
    make: async (scene) => {
      await scene.open();
      await scene.copy(await scene.namesAt(scene.source), scene.target);
    },
    end: 'target',
  },
  {
    name: 'only the target is told that the slot is its own',
    make: async (scene) => {
      await scene.open();
      await scene.moveAll(scene.target);
      await scene.setOwner(scene.target, scene.target);
      await scene.untilOwnedBy(scene.target);
    },
    end: 'target',
    heals: 'valkey',
  },
  {
    name: 'only the source is told of the new owner',
    make: async (scene) => {
      await scene.open();
      await scene.moveAll(scene.target);
      await scene.setOwner(scene.source, scene.target);
    },
    end: 'target',
    heals: 'valkey',
  },
];

/** One side has lost its mark: it was restarted or replaced, or somebody typed SETSLOT STABLE there. */
const ONE_SIDED: readonly HalfMigratedState[] = [
  {
    name: 'importing without migrating, some keys moved',
    make: async (scene) => {
      await scene.open();
      await scene.moveHalf(scene.target);
      await scene.stable(scene.source);
    },
    end: 'source',
  },
  {
    name: 'importing without migrating, some keys on both sides with the same value',
    make: async (scene) => {
      await scene.open();
      await scene.copy((await scene.namesAt(scene.source)).slice(0, 6), scene.target);
      await scene.stable(scene.source);
    },
    end: 'source',
  },
  {
    name: 'importing without migrating, all keys moved',
    make: async (scene) => {
      await scene.open();
      await scene.moveAll(scene.target);
      await scene.stable(scene.source);
    },
    end: 'source',
  },
  {
    name: 'migrating without importing, no key moved',
    make: (scene) => scene.migrating(scene.source, scene.target),
    end: 'either',
  },
  {
    name: 'migrating without importing, some keys moved',
    make: async (scene) => {
      await scene.open();
      await scene.moveHalf(scene.target);
      await scene.stable(scene.target);
    },
    end: 'either',
  },
  {
    name: 'migrating without importing, all keys moved',
    make: async (scene) => {
      await scene.open();
      await scene.moveAll(scene.target);
      await scene.stable(scene.target);
    },
    end: 'either',
  },
];

/** More than one move of the same slot was begun. */
const SEVERAL: readonly HalfMigratedState[] = [
  {
    name: 'two nodes are importing, no key is moved',
    make: async (scene) => {
      await scene.importing(scene.third, scene.source);
      await scene.open();
    },
    end: 'target',
  },
  {
    name: 'two nodes are importing, and all three have keys',
    make: async (scene) => {
      await scene.open();
      await scene.moveHalf(scene.target);
      await scene.importing(scene.third, scene.source);
      await scene.moveHalf(scene.third);
    },
    end: 'target',
  },
  {
    name: 'two nodes are importing, nobody is migrating, and all three have keys',
    make: async (scene) => {
      await scene.open();
      await scene.moveHalf(scene.target);
      await scene.importing(scene.third, scene.source);
      await scene.moveHalf(scene.third);
      await scene.stable(scene.source);
    },
    end: 'source',
  },
  {
    name: 'migrating to one node, importing at another, which has keys',
    make: async (scene) => {
      await scene.importing(scene.third, scene.source);
      await scene.migrating(scene.source, scene.third);
      await scene.moveHalf(scene.third);
      await scene.migrating(scene.source, scene.target);
    },
    end: 'either',
  },
  {
    name: 'a node is importing from one that does not own the slot',
    make: (scene) => scene.importing(scene.target, scene.third),
    end: 'source',
  },
];

/** Keys at a node that does not own their slot, and nothing open. */
const STRAY: readonly HalfMigratedState[] = [
  {
    name: 'no marks, some keys at another node',
    make: async (scene) => {
      await scene.open();
      await scene.moveHalf(scene.target);
      await scene.stable(scene.source, scene.target);
    },
    end: 'source',
    isOpen: false,
  },
  {
    name: 'no marks, all keys at two other nodes',
    make: async (scene) => {
      await scene.importing(scene.third, scene.source);
      await scene.open();
      await scene.moveHalf(scene.third);
      await scene.moveAll(scene.target);
      await scene.stable(scene.source, scene.target, scene.third);
    },
    end: 'source',
    isOpen: false,
  },
];

export const HALF_MIGRATED: readonly HalfMigratedState[] = [...STAGES, ...ONE_SIDED, ...SEVERAL, ...STRAY];
