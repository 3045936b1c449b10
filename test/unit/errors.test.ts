import { constants } from 'node:os';
import { getSystemErrorMap, getSystemErrorName, inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Errno } from '../../lib/core/errno.js';
import {
  errnoName,
  IpvsError,
  operationError,
  reasonIn,
  withOperation,
} from '../../lib/core/errors.js';
import {
  describeInput,
  describePlace,
  outOfRange,
  wrongType,
  wrongValue,
} from '../../lib/core/input-errors.js';
import { cut } from '../../lib/core/show.js';

describe('IpvsError', () => {
  test('carries all that it was made of', () => {
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

  test('has empty fields rather than none', () => {
    const error = new IpvsError('closed', { code: 'ERR_IPVS_CLOSED' });
    expect(error).toMatchObject({ errno: 0, syscall: '', operation: '', target: '' });
    expect('cause' in error).toBe(false);
    expect('missing' in error).toBe(false);
  });

  test('keeps its message, its stack and its cause in a structured clone, and nothing else', () => {
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

test('an operation that sends requests of others names itself in their errors', () => {
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
  const other = withOperation(error, 'snapshot');
  expect(other.message).toBe('snapshot tcp://10.0.0.1:80: there is no such service (ESRCH)');
  expect({ ...other }).toEqual({ ...error, operation: 'snapshot' });
  expect(other.cause).toBe(cause);
  expect(reasonIn(other)).toBe('there is no such service (ESRCH)');
});

test('the reason in an error whose message does not name the operation is the message', () => {
  const error = new IpvsError('no addon', { code: 'ERR_IPVS_NO_ADDON', operation: 'open' });
  expect(reasonIn(error)).toBe('no addon');
  expect(withOperation(error, 'diagnose').message).toBe('diagnose: no addon');
});

test('every name of an errno is one of the type', () => {
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

describe('what is said of the call of bad input', () => {
  test('comes before the property, and only once', () => {
    const error = wrongType('service.port', 'x', 'a number');
    describeInput(error, 'addService', 'tcp://10.0.0.1:80');
    describeInput(error, 'snapshot', '');
    expect(error).toMatchObject({
      operation: 'snapshot',
      target: '',
      message: "snapshot: service.port: 'x' is not a number",
    });
    describePlace(error, 5);
    expect(error).toMatchObject({
      index: 5,
      message: "batch operation 5: snapshot: service.port: 'x' is not a number",
    });
    expect(Object.keys(error).sort()).toEqual(['code', 'index', 'operation', 'target']);
  });

  test('a long name is cut', () => {
    expect(cut('x'.repeat(200))).toBe('x'.repeat(200));
    expect(cut('x'.repeat(201))).toBe(`${'x'.repeat(197)}...`);
  });
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
  test.each(ERRNOS)('%s', (name) => {
    // The kernel's number of each; EPROTO and its like have one on every platform of Node.js.
    expect(errnoName(constants.errno[name])).toBe(name);
  });

  test('agrees with Node.js on every errno that it knows', () => {
    // Below are those of libuv itself and of the resolver.
    const known = [...getSystemErrorMap()].filter(([errno]) => errno > -1000);
    expect(known.length).toBeGreaterThan(50);
    expect(known.map(([errno]) => errnoName(-errno))).toEqual(known.map(([, [name]]) => name));
  });

  test('one that has no name is still a code that a program can compare', () => {
    // ENOTSUPP of the kernel's inside, which must not come out, and yet does.
    expect(errnoName(524)).toMatch(/^\w+$/);
  });
});

describe('the value in a message', () => {
  const shown = (value: unknown) => {
    const { message } = wrongType('property', value, 'RULE');
    expect(message).toMatch(/^property: .* is not RULE$/);
    return message.slice('property: '.length, -' is not RULE'.length);
  };

  test.each([
    ['a string', 'text', "'text'"],
    ['a string with blanks', ' a  b ', "' a  b '"],
    ['a string with control characters', 'a\n\u001b\0', "'a\\n\\x1B\\x00'"],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['NaN', Number.NaN, 'NaN'],
    ['a BigInt', 5n, '5n'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object in an object', { a: { b: 1 } }, '{ a: [Object] }'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
    ['an instance', new (class Config {})(), 'Config {}'],
  ])('%s', (_, value, expected) => {
    expect(shown(value)).toBe(expected);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  test.each<[string, unknown]>([
    ['a long string', 'x'.repeat(1_000_000)],
    ['a long array', Array.from({ length: 1000 }, (_, index) => index)],
    ['a short array of many', [1, 2, 3, 4, 5, 6, 7, 8]],
    [
      'an object with many keys',
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])),
    ],
    ['a Buffer', Buffer.alloc(1000)],
    ['a map', new Map(Array.from({ length: 100 }, (_, index) => [index, index]))],
    ['an error', new Error('with a stack')],
    ['a long function', Object.defineProperty(() => 0, 'name', { value: 'f'.repeat(1000) })],
    ['an object in a circle', cyclic],
    ['a huge BigInt', 10n ** 500n],
    ['a BigInt that takes long to be written', 1n << 50_000_000n],
    ['a string of 20 MB', 'x'.repeat(20_000_000)],
    ['an object with a string of 20 MB', { a: 'x'.repeat(20_000_000) }],
    ['a long symbol', Symbol('s'.repeat(1_000_000))],
    ['a long key', { ['k'.repeat(1_000_000)]: 1 }],
  ])('%s is cut, and on one line', (_, value) => {
    expect(shown(value).length).toBeLessThanOrEqual(80);
    expect(shown(value)).not.toContain('\n');
  });

  test('no getter is called for it', () => {
    const object = {
      get secret() {
        throw new Error('asked');
      },
    };
    expect(shown(object)).toBe('{ secret: [Getter] }');
  });

  test('no code of the value runs for it', () => {
    const fail = (): never => expect.unreachable('asked');
    const custom = { [inspect.custom]: fail, toString: fail, toJSON: fail };
    expect(shown(custom)).toMatch(/^\{/);
    const tagged = {
      get [Symbol.toStringTag](): string {
        throw new Error('asked');
      },
    };
    expect(shown(tagged)).not.toBe('');
    expect(shown(new Proxy({ a: 1 }, { get: fail, ownKeys: fail }))).toBe('{ a: 1 }');
  });
});

test.each([
  [wrongType('a.b', 5, 'a string'), TypeError, 'ERR_INVALID_ARG_TYPE', 'a.b: 5 is not a string'],
  [wrongValue('a.b', 5, 'is odd'), TypeError, 'ERR_INVALID_ARG_VALUE', 'a.b: 5 is odd'],
  [outOfRange('a.b', 5, 'below 5'), RangeError, 'ERR_OUT_OF_RANGE', 'a.b: 5 is not below 5'],
])('%s', (error, kind, code, message) => {
  expect(error).toBeInstanceOf(kind);
  expect(error).not.toBeInstanceOf(IpvsError);
  expect(error).toMatchObject({ code, message });
});
