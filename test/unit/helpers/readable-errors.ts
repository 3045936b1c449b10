/**
 * Errors that a person reads.
 * @module
 */
import { constants } from 'node:os';
import { expect } from 'vitest';

export type ErrnoName = keyof typeof constants.errno;

export const numberOf = (name: ErrnoName) => constants.errno[name];

/** Expects that a message has nothing that only a programmer can have left in it. */
export function expectReadable({ message }: Error): void {
  expect(message).not.toMatch(
    /undefined|null|NaN|\[object|\[Function|Unknown system error|''|\s$|\s:/,
  );
  expect(message).not.toContain('\n');
}
