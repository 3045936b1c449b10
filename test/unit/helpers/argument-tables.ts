/**
 * Values and checks that the tables of valid and of invalid arguments share.
 * @module
 */

import type { ChangeName } from '../../../lib/native/addon.js';
import { type Call, expectRefused, type InvalidArgument, layout } from './requests.js';

export const TCP = 'tcp://10.0.0.1:80';
export const TCP6 = 'tcp://[fd00::1]:80';
export const EVERY_PORT = 'tcp://10.0.0.1:0';
export const MARK = 'fwmark://7';
export const tcp = { protocol: 'tcp', address: '10.0.0.1', port: 80 };
export const udp = { ...tcp, protocol: 'udp' };
export const tcp6 = { ...tcp, address: 'fd00::1' };
export const mark = { fwmark: 7 };
export const server = { address: '192.168.0.1' };
export const tunnelled = (tunnel: unknown) => ({ forwarding: 'tunnel', tunnel });

/** The content of the error for an invalid argument. */
export type InvalidValue = Omit<InvalidArgument, 'call' | 'subject'>;

/** Bad settings; `property` is the path below the object that has the settings. */
export interface SettingRow extends InvalidValue {
  readonly title: string;
  readonly settings: object;
}

/** Expects that a call is refused and leaves no trace. */
export function expectRow(call: () => Call<unknown>, row: InvalidValue): void {
  const { kind, property, value, rule } = row;
  expectRefused({ call, kind, property, value, rule });
}

/** A row with the path below `object`. */
export const within = (object: string, row: InvalidValue): InvalidValue => ({
  ...row,
  property: `${object}.${row.property}`,
});

/** The settings as the bits of a request. */
export function bitsOf(names: readonly ChangeName[]): number {
  return names.reduce((bits, name) => bits | layout.changes[name], 0);
}
