/**
 * The meanings of errnos that hold for every operation. The kernel sends only the number.
 * @module
 */
import { getSystemErrorMap } from '../core/util.js';

/** The meaning of EPERM for operations on IPVS. */
export const IPVS_NEEDS_ADMIN =
  'CAP_NET_ADMIN in the initial user namespace is needed: run as root, give the process the ' +
  'capability, or start the container with --cap-add NET_ADMIN (a rootless container cannot ' +
  'control IPVS)';

/** Meanings of errnos that do not depend on the operation, by name. */
const GENERAL: Readonly<Record<string, string>> = {
  EPERM: IPVS_NEEDS_ADMIN,
  EAFNOSUPPORT:
    'the kernel does not support the address family; IPv6 may be switched off (ipv6.disable)',
  ENOMEM: 'the kernel has no memory for it',
  ENOBUFS: 'the kernel has no memory for the message',
  ENOPROTOOPT: 'the kernel is unloading IPVS',
  // Of a list: its module is going away.
  EPROTONOSUPPORT: 'the kernel is unloading IPVS',
  ETIMEDOUT:
    'the kernel did not answer in time: it may be loading a module, for which it runs modprobe',
  ENODATA: 'the kernel sent no reply',
  EBADMSG: "the kernel's response was malformed",
  EMSGSIZE: 'a message was larger than its buffer',
  EINTR: 'the table changed during every read',
};

/** Returns the meaning of an errno that holds for every operation. */
export function generalMeaning(code: string): string {
  return GENERAL[code] ?? systemMessage(code);
}

/** Returns the system's own message for an errno ('too many open files'). */
export function systemMessage(code: string): string {
  for (const [name, message] of getSystemErrorMap().values()) if (name === code) return message;
  return 'the kernel refuses it';
}
