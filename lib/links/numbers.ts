/**
 * The kernel's numbers of links and addresses, as the addon publishes them.
 * @module
 */
import { layout } from '../native/layout.js';

/** @internal */
export const { addressFlags, addressScopes, linkFlags, linkStates } = layout;
/** A lifetime without an end. @internal */
export const FOREVER = layout.lifetimes.forever;
/** The longest kind of a link, in characters. @internal */
export const MAX_KIND = layout.linkLimits.kindLength;
