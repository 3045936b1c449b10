import { constants } from 'node:os';
import { getSystemErrorMap, getSystemErrorName, inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Errno } from '../../lib/core/errno.js';
import { errnoName, IpvsError, operationError, reasonIn } from '../../lib/core/errors.js';

describe('IpvsError', () => {
  test('has the properties that it was created with', () => {
    const cause = new Error('below');
    const error = new IpvsError('addService tcp://10.0.0.1:80: no', {
      code: 'EEXIST',
      errno: -17,
      syscall: 'IPVS_CMD_NEW_SERVICE',
      operation: 'addService',
      target: 'tcp://10.0.0.1:80',
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect({ ...error }).toEqual({
      name: 'IpvsError',
      code: 'EEXIST',
      errno: -17,
      syscall: 'IPVS_CMD_NEW_SERVICE',
      operation: 'addService',
      target: 'tcp://10.0.0.1:80',
    });
    expect(error.message).toBe('addService tcp://10.0.0.1:80: no');
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('IpvsError: addService tcp://10.0.0.1:80: no');
    expect(getSystemErrorName(error.errno)).toBe(error.code);
    expect(inspect(error)).toContain('tcp://10.0.0.1:80: no');
  });

  test('has empty properties by default', () => {
    const error = new IpvsError('closed', { code: 'ERR_IPVS_CLOSED' });
    expect(error).toMatchObject({ errno: 0, syscall: '', operation: '', target: '' });
    expect('cause' in error).toBe(false);
    expect('missing' in error).toBe(false);
  });

  test('keeps only message, stack and cause in a structured clone', () => {
    const cause = new Error('below');
    const error = new IpvsError('addService: no', { code: 'EEXIST', errno: -17, cause });
    const copy = structuredClone(error);
    expect(copy).toBeInstanceOf(Error);
    expect(copy).not.toBeInstanceOf(IpvsError);
    expect({ ...copy }).toEqual({});
    expect(copy).toMatchObject({ name: 'Error', message: 'addService: no', stack: error.stack });
    expect(copy.cause).toMatchObject({ message: 'below' });
    expect(structuredClone({ ...error, message: error.message })).toMatchObject({
      name: 'IpvsError',
      message: 'addService: no',
      code: 'EEXIST',
      errno: -17,
    });
  });
});

test('withOperation puts another operation into message and properties', () => {
  const cause = new Error('below');
  const error = operationError('there is no such service (ESRCH)', {
    code: 'ESRCH',
    errno: -3,
    syscall: 'IPVS_CMD_GET_DEST',
    operation: 'listDestinations',
    target: 'tcp://10.0.0.1:80',
    missing: 'service',
    cause,
  });
  expect(error.message).toBe(
    'listDestinations tcp://10.0.0.1:80: there is no such service (ESRCH)',
  );
  expect(error.cause).toBe(cause);
  expect(reasonIn(error)).toBe('there is no such service (ESRCH)');
});

test('reasonIn returns the whole message if it does not begin with the operation', () => {
  const error = new IpvsError('no addon', { code: 'ERR_IPVS_NO_ADDON', operation: 'open' });
  expect(reasonIn(error)).toBe('no addon');
});

test('the type Errno has the names of all errnos', () => {
  // The compiler checks that it is neither more nor less.
  const names: Readonly<Record<Exclude<Errno, `ERRNO_${number}`>, true>> = {
    EPERM: true,
    ENOENT: true,
    ESRCH: true,
    EINTR: true,
    EIO: true,
    ENXIO: true,
    E2BIG: true,
    ENOEXEC: true,
    EBADF: true,
    ECHILD: true,
    EAGAIN: true,
    ENOMEM: true,
    EACCES: true,
    EFAULT: true,
    ENOTBLK: true,
    EBUSY: true,
    EEXIST: true,
    EXDEV: true,
    ENODEV: true,
    ENOTDIR: true,
    EISDIR: true,
    EINVAL: true,
    ENFILE: true,
    EMFILE: true,
    ENOTTY: true,
    ETXTBSY: true,
    EFBIG: true,
    ENOSPC: true,
    ESPIPE: true,
    EROFS: true,
    EMLINK: true,
    EPIPE: true,
    EDOM: true,
    ERANGE: true,
    EDEADLK: true,
    ENAMETOOLONG: true,
    ENOLCK: true,
    ENOSYS: true,
    ENOTEMPTY: true,
    ELOOP: true,
    ENOMSG: true,
    EIDRM: true,
    ECHRNG: true,
    EL2NSYNC: true,
    EL3HLT: true,
    EL3RST: true,
    ELNRNG: true,
    EUNATCH: true,
    ENOCSI: true,
    EL2HLT: true,
    EBADE: true,
    EBADR: true,
    EXFULL: true,
    ENOANO: true,
    EBADRQC: true,
    EBADSLT: true,
    EBFONT: true,
    ENOSTR: true,
    ENODATA: true,
    ETIME: true,
    ENOSR: true,
    ENONET: true,
    ENOPKG: true,
    EREMOTE: true,
    ENOLINK: true,
    EADV: true,
    ESRMNT: true,
    ECOMM: true,
    EPROTO: true,
    EMULTIHOP: true,
    EDOTDOT: true,
    EBADMSG: true,
    EOVERFLOW: true,
    ENOTUNIQ: true,
    EBADFD: true,
    EREMCHG: true,
    ELIBACC: true,
    ELIBBAD: true,
    ELIBSCN: true,
    ELIBMAX: true,
    ELIBEXEC: true,
    EILSEQ: true,
    ERESTART: true,
    ESTRPIPE: true,
    EUSERS: true,
    ENOTSOCK: true,
    EDESTADDRREQ: true,
    EMSGSIZE: true,
    EPROTOTYPE: true,
    ENOPROTOOPT: true,
    EPROTONOSUPPORT: true,
    ESOCKTNOSUPPORT: true,
    EPFNOSUPPORT: true,
    EAFNOSUPPORT: true,
    EADDRINUSE: true,
    EADDRNOTAVAIL: true,
    ENETDOWN: true,
    ENETUNREACH: true,
    ENETRESET: true,
    ECONNABORTED: true,
    ECONNRESET: true,
    ENOBUFS: true,
    EISCONN: true,
    ENOTCONN: true,
    ESHUTDOWN: true,
    ETOOMANYREFS: true,
    ETIMEDOUT: true,
    ECONNREFUSED: true,
    EHOSTDOWN: true,
    EHOSTUNREACH: true,
    EALREADY: true,
    EINPROGRESS: true,
    ESTALE: true,
    EUCLEAN: true,
    ENOTNAM: true,
    ENAVAIL: true,
    EISNAM: true,
    EREMOTEIO: true,
    EDQUOT: true,
    ENOMEDIUM: true,
    EMEDIUMTYPE: true,
    ECANCELED: true,
    ENOKEY: true,
    EKEYEXPIRED: true,
    EKEYREVOKED: true,
    EKEYREJECTED: true,
    EOWNERDEAD: true,
    ENOTRECOVERABLE: true,
    ERFKILL: true,
    EHWPOISON: true,
    ENOTSUP: true,
  };
  for (let errno = 1; errno <= 133; errno++) {
    const name = errnoName(errno);
    expect(name in names || name === `ERRNO_${errno}`, name).toBe(true);
  }
});

/** Errnos of the kernel that this package may meet, by the name that errno(3) has for them. */
const ERRNOS = [
  'E2BIG',
  'EACCES',
  'EAFNOSUPPORT',
  'EAGAIN',
  'EBADF',
  'EBADMSG',
  'EBUSY',
  'EEXIST',
  'EFAULT',
  'EINTR',
  'EINVAL',
  'EIO',
  'EMFILE',
  'EMSGSIZE',
  'ENFILE',
  'ENOBUFS',
  'ENODATA',
  'ENODEV',
  'ENOENT',
  'ENOMEM',
  'ENOPROTOOPT',
  'ENOSPC',
  'ENOSYS',
  'EPERM',
  'EPROTO',
  'ERANGE',
  'ESRCH',
  'ETIMEDOUT',
] as const;

describe('errnoName', () => {
  test.each(ERRNOS)('returns %s', (name) => {
    // The kernel's number of each; EPROTO and its like have one on every platform of Node.js.
    expect(errnoName(constants.errno[name])).toBe(name);
  });

  test('agrees with Node.js on every errno of Node.js', () => {
    // Below are those of libuv itself and of the resolver.
    const known = [...getSystemErrorMap()].filter(([errno]) => errno > -1000);
    expect(known.length).toBeGreaterThan(50);
    expect(known.map(([errno]) => errnoName(-errno))).toEqual(known.map(([, [name]]) => name));
  });

  test('returns a code for an errno without a name', () => {
    // ENOTSUPP of the kernel's inside, which must not come out, and yet does.
    expect(errnoName(524)).toMatch(/^\w+$/);
  });
});
