import { createRequire } from 'node:module';
import { constants, endianness, release } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getSystemErrorMap, inspect, types } from 'node:util';

// lib/core/errors.ts
var IpvsError = class extends Error {
  name = 'IpvsError';
  code;
  errno;
  syscall;
  operation;
  target;
  constructor(message, details) {
    super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
    this.code = details.code;
    this.errno = details.errno ?? 0;
    this.syscall = details.syscall ?? '';
    this.operation = details.operation ?? '';
    this.target = details.target ?? '';
    if (details.missing !== void 0) this.missing = details.missing;
  }
};
const ERRNO_NAMES = new Map([
  ...Object.entries(constants.errno)
    .reverse()
    .map(([name, number]) => [number, name]),
  ...[...getSystemErrorMap()].map(([number, [name]]) => [-number, name]),
]);
function errnoName(errno) {
  return ERRNO_NAMES.get(errno) ?? `ERRNO_${errno}`;
}
function messageOf$1(operation, target, reason) {
  return `${[operation, target].join(' ').trim()}: ${reason}`;
}
function operationError(reason, details) {
  const { operation, target = '' } = details;
  return new IpvsError(messageOf$1(operation, target, reason), details);
}
function reasonIn({ message, operation, target }) {
  const subject = messageOf$1(operation, target, '');
  return message.startsWith(subject) ? message.slice(subject.length) : message;
}
function isIpvsError(error) {
  try {
    return error instanceof IpvsError;
  } catch {
    return false;
  }
}
function amend(error, properties) {
  return Object.isFrozen(error) ? error : Object.assign(error, properties);
}
// lib/core/show.ts
const MAX_VALUE = 80;
const MAX_NAME = 200;
function cut(text, max = MAX_NAME) {
  return text.length <= max ? text : `${text.slice(0, max - 3)}...`;
}
function show(value) {
  return cut(inspectShortly(value).replace(/\s*\n\s*/g, ' '), MAX_VALUE);
}
const INSPECTION = {
  depth: 0,
  compact: true,
  breakLength: Number.POSITIVE_INFINITY,
  customInspect: false,
  getters: false,
  maxArrayLength: 10,
  maxStringLength: MAX_VALUE,
};
const MAX_BITS = 512;
function inspectShortly(value) {
  switch (typeof value) {
    case 'string':
      return inspect(value.slice(0, MAX_VALUE));
    case 'bigint':
      return BigInt.asIntN(MAX_BITS, value) === value
        ? `${value}n`
        : `a BigInt of more than ${MAX_BITS} bits`;
    case 'symbol':
      return `Symbol(${cut(value.description ?? '', MAX_VALUE)})`;
    default:
      try {
        return inspect(value, INSPECTION);
      } catch {
        return typeof value === 'function' ? 'a function' : 'an object';
      }
  }
}
// lib/core/input-errors.ts
const origins = new WeakMap();
let count = 0;
function inputErrorCount() {
  return count;
}
function isInputErrorSince(since, error) {
  return (originOf(error)?.number ?? 0) > since;
}
function isInputError(error) {
  return originOf(error) !== void 0;
}
function isOwnError(error) {
  return isIpvsError(error) || isInputError(error);
}
function originOf(error) {
  return origins.get(error);
}
function describeInput(error, operation, target) {
  amend(error, {
    operation,
    target,
    message: messageOf$1(operation, target, originOf(error)?.reason ?? error.message),
  });
}
function describePlace(error, index) {
  return amend(error, {
    index,
    message: `batch operation ${index}: ${error.message}`,
  });
}
function placeResult(reason, index) {
  if (isInputError(reason)) describePlace(reason, index);
  else if (isIpvsError(reason)) amend(reason, { index });
}
function wrongType(property, value, rule) {
  return inputError(
    new TypeError(`${property}: ${show(value)} is not ${rule}`),
    'ERR_INVALID_ARG_TYPE',
  );
}
function wrongValue(property, value, rule) {
  return inputError(new TypeError(`${property}: ${show(value)} ${rule}`), 'ERR_INVALID_ARG_VALUE');
}
function outOfRange(property, value, rule) {
  return inputError(
    new RangeError(`${property}: ${show(value)} is not ${rule}`),
    'ERR_OUT_OF_RANGE',
  );
}
function inputError(error, code) {
  origins.set(error, {
    reason: error.message,
    number: ++count,
  });
  return Object.assign(error, { code });
}
// lib/core/stack.ts
const entries = new Map();
function registerEntries(prototype, prefix = '') {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
    if (typeof value === 'function') registerEntry(`${prefix}${name}`, value);
}
function registerEntry(operation, entry) {
  entries.set(operation, [...(entries.get(operation) ?? []), entry]);
}
function beginAtCaller(error, operation) {
  if (!isOwnError(error) || kept.has(error)) return error;
  if ((entries.get(operation) ?? []).some((entry) => capture(error, entry) && hasFrames(error)))
    located.add(error);
  else capture(error, beginAtCaller);
  return error;
}
const located = new WeakSet();
const kept = new WeakSet();
function capture(target, entry) {
  try {
    if (Object.isFrozen(target)) return false;
    Error.captureStackTrace(target, entry);
    return true;
  } catch {
    return false;
  }
}
function isSettled(error) {
  return located.has(error) || kept.has(error);
}
function hasFrames(error) {
  return /\n\s+at /.test(stackOf(error) ?? '');
}
function stackOf(holder) {
  try {
    const { stack } = holder;
    return typeof stack === 'string' ? stack : void 0;
  } catch {
    return;
  }
}
function keepStack(error) {
  if (isOwnError(error)) kept.add(error);
  return error;
}
function isKept(error) {
  return kept.has(error);
}
function beginAtAwait(error, reaction) {
  if (isOwnError(error) && !isSettled(error)) capture(error, reaction);
  return error;
}
function withAwaitStack(promise) {
  return promise.then(void 0, function rethrow(error) {
    throw beginAtAwait(error, rethrow);
  });
}
function withAwaitStacks(promise) {
  return withAwaitStack(promise).then(function share(results) {
    let frames;
    for (const result of results) {
      if (result.status === 'fulfilled' || !isOwnError(result.reason)) continue;
      const { reason } = result;
      if (isSettled(reason)) continue;
      frames ??= framesAtAwait(share);
      replaceFrames(reason, frames);
      kept.add(reason);
    }
    return results;
  });
}
function framesAtAwait(reaction) {
  const holder = {};
  capture(holder, reaction);
  const stack = stackOf(holder) ?? '';
  const end = stack.indexOf('\n');
  return end < 0 ? '' : stack.slice(end);
}
function replaceFrames(error, frames) {
  if (Object.isFrozen(error)) return;
  try {
    error.stack = `${error.name}: ${error.message}${frames}`;
  } catch {}
}
// lib/core/arguments.ts
function checkCount(args, { most, hint = '' }) {
  if (args.length <= most) return;
  const rule = `is one too many: this operation takes ${most === 0 ? 'no argument' : `at most ${most} argument${most === 1 ? '' : 's'}`}${hint}`;
  throw wrongValue(`argument ${most + 1}`, args[most], rule);
}
function checkArguments(operation, args, most, check) {
  try {
    checkCount(args, { most });
    return check(...args);
  } catch (error) {
    if (isInputError(error)) describeInput(error, operation, '');
    throw beginAtCaller(error, operation);
  }
}
const PLAIN$1 = /^[!-~]{1,80}$/;
function describeArgument(value) {
  if (typeof value === 'string') return PLAIN$1.test(value) ? value : show(value);
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' && value !== null ? show(value) : '';
}
// lib/core/check-instance.ts
const PLAIN_KEY = /^[\w$-]{1,40}$/;
function pathOf$1(property, key) {
  return PLAIN_KEY.test(key) ? `${property}.${key}` : property;
}
function isRoot(prototype) {
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'propertyIsEnumerable')
  );
}
function checkInstance(property, value, allowed) {
  if ('then' in value) throw wrongType(property, value, 'an object: await the promise first');
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && isRoot(prototype)) return;
  if (ArrayBuffer.isView(value) || Object.keys(value).length === 0 || hasContents(value))
    throw wrongType(property, value, 'an object with properties of its own');
  for (const key of inheritedKeys(prototype, allowed)) {
    if (Object.hasOwn(value, key)) continue;
    throw wrongValue(pathOf$1(property, key), key, 'is inherited: only own properties are read');
  }
}
const inherited = new WeakMap();
function inheritedKeys(prototype, allowed) {
  if (prototype === null) return [];
  const known = inherited.get(prototype) ?? new WeakMap();
  let keys = known.get(allowed);
  if (keys === void 0) {
    keys = findInheritedKeys(prototype, allowed);
    inherited.set(prototype, known.set(allowed, keys));
  }
  return keys;
}
function findInheritedKeys(first, allowed) {
  const keys = [];
  let prototype = first;
  while (prototype !== null && !isRoot(prototype)) {
    const descriptors = Object.entries(Object.getOwnPropertyDescriptors(prototype));
    for (const [key, { enumerable }] of descriptors)
      if (allowed.has(key) || enumerable === true) keys.push(key);
    prototype = Object.getPrototypeOf(prototype);
  }
  return keys;
}
function hasContents(value) {
  return (
    types.isMap(value) ||
    types.isSet(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value)
  );
}
// lib/core/synonyms.ts
const VALUE_SYNONYMS = bySynonym({
  masquerade: 'm masq masqerade masquerading nat dnat vsnat',
  direct: 'g gate gateway gatewaying route routing droute dr dsr vsdr',
  tunnel: 'i ipip ipipencap tun tunl tunneling tunnelling vstun gue gre',
  local: 'localnode l',
  tcp: '6 t tcp4 tcp6 tcpservice http https',
  udp: '17 u udp4 udp6 udpservice dns',
  sctp: '132 sctpservice',
  ipv4: '2 4 v4 ip4 inet inet4 afinet',
  ipv6: '6 10 v6 ip6 inet6 afinet6',
  none: 'nocsum nochecksum',
  checksum: 'csum',
  'remote-checksum': 'remcsum remotecsum',
  rr: 'roundrobin',
  wrr: 'weightedroundrobin weightedrr',
  lc: 'leastconn leastconnection leastconnections',
  wlc: 'weightedleastconn weightedleastconnection weightedleastconnections',
  lblc: 'localitybasedleastconnection localitybasedleastconnections',
  sh: 'sourcehash sourcehashing srchash iphash',
  dh: 'destinationhash destinationhashing desthash',
  mh: 'maglev maglevhash maglevhashing',
  sed: 'shortestexpecteddelay',
  nq: 'neverqueue',
  fo: 'failover weightedfailover',
  ovf: 'overflow weightedoverflow',
  twos: 'poweroftwo poweroftwochoices',
  'sh-fallback': 'fallback',
  'sh-port': 'port',
  'mh-fallback': 'fallback',
  'mh-port': 'port',
});
const PROPERTY_SYNONYMS = bySynonym({
  address: 'server ip ipaddress host hostname addr vip rip realserver destination dest',
  protocol: 'proto transport',
  port: 'dport vport rport serverport serviceport',
  fwmark: 'mark fwm firewallmark',
  family: 'af addressfamily ipversion version',
  scheduler: 'sched schedname schedulername algorithm algo method lbmethod lbalgo strategy policy',
  schedulerFlags: 'flags schedflags',
  forwarding: 'fwd fwdmethod forward forwardmethod forwardingmethod method mode kind lbkind',
  persistence: 'persist persistent sticky affinity sessionaffinity',
  onePacket: 'ops onepacketscheduling',
  upperThreshold: 'uthresh upper uthreshold maxconn maxconnections',
  lowerThreshold: 'lthresh lower lthreshold minconn minconnections',
  weight: 'w',
  tunnel: 'tun encap encapsulation',
  type: 'tuntype tunneltype',
  checksum: 'csum tunflags tunnelflags tunnelchecksum',
  timeout: 'seconds persistencetimeout persisttimeout ttl',
  netmask: 'mask prefix granularity persistencegranularity',
  engine: 'pe pename persistenceengine',
  netns: 'namespace ns net netnamespace networknamespace',
  ifExists: 'force missingok ignoremissing ifpresent',
  interface: 'iface dev device ifname mcastinterface mcastifn',
  syncId: 'id',
  maxLength: 'maxlen syncmaxlen',
  group: 'mcastgroup multicast multicastgroup',
  prefixLength: 'prefix prefixlen cidr mask netmask',
});
const NESTED_PROPERTIES = {
  persistence: ['timeout', 'netmask', 'engine'],
  tunnel: ['type', 'checksum'],
};
const TUNNEL_PORTS = new Set(['tunport', 'tunnelport']);
const READ_ONLY = new Set([
  'stats',
  'activeConnections',
  'inactiveConnections',
  'persistentConnections',
  'inactivePersistence',
  'destinations',
  'change',
  'peer',
  'broadcast',
  'label',
  'preferredLifetime',
  'validLifetime',
]);
function bySynonym(table) {
  const names = Object.create(null);
  for (const [name, synonyms] of Object.entries(table))
    for (const word of synonyms.split(' ')) names[word] = [...(names[word] ?? []), name];
  return names;
}
function nearest(word, names, maxEdits = 2) {
  let best;
  let bestDistance = maxEdits + 1;
  for (const name of names) {
    if (Math.abs(word.length - name.length) > maxEdits) continue;
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}
function editDistance(a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i, j) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : changed;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped));
    }
  }
  return at(a.length, b.length);
}
// lib/core/hints.ts
const MAX_TEXT$1 = 80;
const MAX_LISTED = 20;
const plain = (text) =>
  text
    .slice(0, MAX_TEXT$1)
    .toLowerCase()
    .replace(/[^a-z\d]/g, '');
function meantName(said, names, maxEdits = 2) {
  const word = plain(said);
  const same = word === '' ? void 0 : names.find((name) => plain(name) === word);
  const synonym = VALUE_SYNONYMS[word]?.find((name) => names.includes(name));
  return same ?? synonym ?? nearest(said, names, maxEdits);
}
function nameHint(said, names) {
  if (typeof said !== 'string' && typeof said !== 'number') return '';
  if (/^unknown-\d+$/.test(String(said)))
    return ': only objects that were read from the kernel, with their stats, may have it';
  const meant = meantName(String(said), names);
  return meant === void 0 ? '' : `: did you mean ${meant}?`;
}
function propertyHint(key, allowed) {
  if (key === 'destinations' && allowed.has('scheduler'))
    return 'leave it out, and add the destinations with addDestination';
  const writable = [...allowed].filter((name) => !READ_ONLY.has(name));
  const word = plain(key.slice(0, MAX_TEXT$1).replace(/^.*[./]/, ''));
  const same = writable.find((name) => plain(name) === word);
  const meanings = [...(PROPERTY_SYNONYMS[word] ?? []), key];
  const synonym = meanings.find((name) => writable.includes(name));
  const nested = meanings.flatMap((name) => nestedProperty(name, word, writable)).at(0);
  const meant = same ?? synonym ?? nested ?? nearest(key, writable);
  if (meant !== void 0) return `did you mean ${meant}?`;
  return writable.length <= MAX_LISTED
    ? `one of ${writable.join(', ')}`
    : `none of the ${writable.length} known ones is similar`;
}
function nestedProperty(name, word, writable) {
  if (TUNNEL_PORTS.has(word) && writable.includes('tunnel')) return ['tunnel: { type, port }'];
  return Object.entries(NESTED_PROPERTIES)
    .filter(([holder, held]) => writable.includes(holder) && held.includes(name))
    .map(([holder]) => (holder === name ? holder : `${holder}: { ${name} }`));
}
function integerHint(value, min, max) {
  if (typeof value !== 'string' || !/^ *\d{1,15} *$/.test(value)) return '';
  const number = Number(value);
  return number < min || number > max ? '' : `: did you mean ${number}, a number?`;
}
function addressHint(text) {
  const said = text.slice(0, MAX_TEXT$1).trim();
  const [, bracketed, port] = /^\[([\da-f:.]+)\](?::(\d+))?$/i.exec(said) ?? [];
  if (bracketed !== void 0)
    return `: drop the brackets: '${bracketed}'${port === void 0 ? '' : `, and port: ${port}`}`;
  const [, dotted, behind] = /^([\d.]{7,15}):(\d+)$/.exec(said) ?? [];
  if (dotted !== void 0) return `: did you mean address: '${dotted}' and port: ${behind}?`;
  const [, network] = /^([\da-f:.]+)\/\d{1,3}$/i.exec(said) ?? [];
  if (network !== void 0) return `: drop the prefix: '${network}'`;
  return isHostName(said) ? NO_HOST_NAMES : '';
}
function networkHint(text) {
  const said = text.slice(0, MAX_TEXT$1).trim();
  const [, bracketed, prefix = '', behind = ''] =
    /^\[([\da-f:.]+)(\/\d{1,3})?\](\/\d{1,3})?$/i.exec(said) ?? [];
  return bracketed === void 0 ? '' : `: drop the brackets: '${bracketed}${prefix || behind}'`;
}
const NO_HOST_NAMES = ': host names are not resolved; use dns.promises.lookup()';
function isHostName(text) {
  return /^[a-z\d][\w.-]*$/i.test(text) && /[g-z]/i.test(text) && !text.startsWith('unknown-');
}
// lib/core/check.ts
function checkInteger(property, value, min, max, unit = '') {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
    return value;
  const rule = `${`an integer from ${min} to ${max} ${unit}`.trim()}${integerHint(value, min, max)}`;
  throw typeof value === 'number'
    ? outOfRange(property, value, rule)
    : wrongType(property, value, rule);
}
function checkBoolean(property, value) {
  if (typeof value !== 'boolean') throw wrongType(property, value, 'a boolean');
  return value;
}
const noHint = () => '';
function checkKeys(property, value, allowed, hintFor = noHint) {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongType(property, value, `an object${hintFor(property, value)}`);
  if (!isPlain(value)) checkInstance(property, value, allowed);
  for (const key in value)
    if (!allowed.has(key) && Object.hasOwn(value, key)) throw unknownKey(property, key, allowed);
}
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
function own(object, key) {
  return Object.hasOwn(object, key) ? object[key] : void 0;
}
function readObject(property, value, keys, hintFor) {
  checkKeys(property, value, keys, hintFor);
  return copyOwn(value, keys);
}
function readOptions(options, keys) {
  return options === void 0 ? copyOwn({}, keys) : readObject('options', options, keys);
}
function copyOwn(object, keys) {
  const copy = Object.create(null);
  for (const key of keys) copy[key] = own(object, key);
  return copy;
}
function readArray(property, value, rule, check) {
  if (!Array.isArray(value)) throw wrongType(property, value, rule);
  const items = [];
  const { length } = value;
  for (let index = 0; index < length; index++) items.push(check(value[index], index));
  return items;
}
function unknownKey(property, key, allowed) {
  const hint = propertyHint(key, allowed);
  return wrongValue(pathOf$1(property, key), key, `is not a known property: ${hint}`);
}
function checkName(property, value, names) {
  if (typeof value === 'string' && names.includes(value)) return;
  const rule = `one of ${names.join(', ')}${nameHint(value, names)}`;
  throw typeof value === 'string'
    ? wrongValue(property, value, `is not ${rule}`)
    : wrongType(property, value, rule);
}
// lib/core/iterable-weak-set.ts
var IterableWeakSet = class {
  #members = new Set();
  #references = new WeakMap();
  #collected = new FinalizationRegistry((reference) => this.#forget(reference));
  #onEmpty;
  constructor(onEmpty = () => void 0) {
    this.#onEmpty = onEmpty;
  }
  add(member) {
    if (this.#references.has(member)) return;
    const reference = new WeakRef(member);
    this.#references.set(member, reference);
    this.#members.add(reference);
    this.#collected.register(member, reference, member);
  }
  delete(member) {
    const reference = this.#references.get(member);
    if (reference === void 0) return;
    this.#references.delete(member);
    this.#collected.unregister(member);
    this.#forget(reference);
  }
  list() {
    return [...this.#members].flatMap((reference) => reference.deref() ?? []);
  }
  #forget(reference) {
    if (this.#members.delete(reference) && this.#members.size === 0) this.#onEmpty();
  }
};
// lib/core/signals.ts
function checkSignal(property, value) {
  if (value === void 0 || isSignal(value)) return value;
  throw wrongType(property, value, 'an AbortSignal');
}
const SIGNAL_METHODS = ['addEventListener', 'removeEventListener', 'throwIfAborted'];
function isSignal(value) {
  if (Object.prototype.toString.call(value) !== '[object AbortSignal]') return false;
  try {
    const signal = value;
    return (
      SIGNAL_METHODS.every((method) => typeof signal[method] === 'function') &&
      typeof signal.aborted === 'boolean'
    );
  } catch {
    return false;
  }
}
const abortables = new WeakMap();
const held = new WeakMap();
function reasonOf$1(signal) {
  return keepStack(signal.reason);
}
function throwIfAborted(signal) {
  if (signal?.aborted) throw reasonOf$1(signal);
}
function endOnAbort(signal, target) {
  const targets = abortables.get(signal) ?? listenTo(signal);
  targets.add(target);
  return () => targets.delete(target);
}
function callOnAbort(signal, abort) {
  const target = { abort };
  const targets = held.get(signal) ?? new Set();
  held.set(signal, targets.add(target));
  const forget = endOnAbort(signal, target);
  return () => {
    targets.delete(target);
    forget();
  };
}
function listenTo(signal) {
  const listener = () => {
    for (const target of targets.list()) target.abort(reasonOf$1(signal));
  };
  const targets = new IterableWeakSet(() => {
    signal.removeEventListener('abort', listener);
    abortables.delete(signal);
  });
  abortables.set(signal, targets);
  signal.addEventListener('abort', listener);
  return targets;
}
// lib/native/kernel-modules.ts
const vainRequests = new Map();
const ABSENCE_LIFETIME = 6e4;
function isKnownAbsent(name) {
  const time = vainRequests.get(name);
  return time !== void 0 && performance.now() - time < ABSENCE_LIFETIME && !isLoaded(name);
}
function rememberAbsent(name) {
  vainRequests.set(name, performance.now());
}
function forgetAbsent() {
  vainRequests.clear();
}
const fs = () => process.getBuiltinModule('node:fs');
function textOf(path) {
  try {
    return fs().readFileSync(path, 'latin1');
  } catch {
    return;
  }
}
function isLoaded(name) {
  try {
    return fs().existsSync(`/sys/module/${name.replaceAll('-', '_')}`);
  } catch {
    return false;
  }
}
let lists;
const LISTS_LIFETIME = 1e3;
function readLists() {
  if (lists === void 0 || performance.now() > lists.until) {
    const folder = `/lib/modules/${release()}`;
    lists = {
      onDisk: textOf(`${folder}/modules.dep`),
      builtIn: textOf(`${folder}/modules.builtin`),
      until: performance.now() + LISTS_LIFETIME,
    };
  }
  return lists;
}
function listsModule(list, name) {
  const pattern = name.replace(/[^\w-]/g, '\\$&').replace(/[-_]/g, '[-_]');
  return new RegExp(`(^|/)${pattern}\\.ko`, 'm').test(list);
}
function factsOf(name) {
  const { onDisk, builtIn } = readLists();
  return {
    loaded: isLoaded(name) || (builtIn !== void 0 && listsModule(builtIn, name)),
    onDisk: onDisk === void 0 ? void 0 : listsModule(onDisk, name),
    loader: textOf('/proc/sys/kernel/modprobe')?.trim(),
    forbidden: textOf('/proc/sys/kernel/modules_disabled')?.trim() === '1',
  };
}
function noLoading({ loaded, loader, forbidden }) {
  if (loaded) return void 0;
  if (forbidden) return 'kernel.modules_disabled forbids loading modules until the next boot';
  if (loader === '') return 'the kernel loads no modules on demand (kernel.modprobe is empty)';
}
function absenceOf(name, facts = factsOf(name)) {
  const { loaded, onDisk, forbidden } = facts;
  const none = {
    detail: `the kernel has no module ${name}`,
    remedy: null,
  };
  if (loaded)
    return {
      detail: `module ${name} is loaded, but provides nothing of that name`,
      remedy: null,
    };
  if (onDisk === false) return none;
  const why = noLoading(facts);
  const load = forbidden ? null : `modprobe ${name}`;
  if (why !== void 0)
    return {
      detail: `module ${name} is not loaded, and ${why}${load === null ? '' : `: load it with ${load}`}${onDisk === void 0 && load !== null ? ' on the host' : ''}`,
      remedy: onDisk ? load : null,
    };
  if (onDisk === void 0) return none;
  const [by, hint] = ORDINARY_LOADERS.has(facts.loader)
    ? ['', `see what modprobe ${name} says`]
    : [` by ${facts.loader} (kernel.modprobe)`, `load it with modprobe ${name}`];
  return {
    detail: `module ${name} is on disk, but the kernel could not load it${by}: ${hint}`,
    remedy: load,
  };
}
const ORDINARY_LOADERS = new Set(['/sbin/modprobe', '/usr/sbin/modprobe', '/bin/kmod', void 0]);
// lib/host/load-modules.ts
const OPTION_KEYS$1 = new Set(['timeout', 'signal']);
const MAX_TIMEOUT$2 = 2 ** 31 - 1;
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
function loadModules(...args) {
  return withAwaitStack(loadAll(args));
}
registerEntry('loadModules', loadModules);
async function loadAll(args) {
  const { wanted, timeout, signal } = checkArguments('loadModules', args, 2, (names, options) => ({
    wanted: checkNames$1(names),
    ...checkOptions(options),
  }));
  throwIfAborted(signal);
  const stop = new AbortController();
  const expiry = new Error('the time is over');
  const timer = timeout === void 0 ? void 0 : setTimeout(() => stop.abort(expiry), timeout);
  const forgetSignal = signal && callOnAbort(signal, (reason) => stop.abort(reason));
  const modules = [];
  try {
    for (const name of wanted) {
      const present = isLoaded(name);
      if (!present)
        await load$1(name, stop.signal).catch((error) => {
          throw error === expiry ? timeoutError(name, timeout, expiry) : error;
        });
      modules.push({
        name,
        status: present ? 'present' : 'loaded',
      });
    }
    return modules;
  } finally {
    clearTimeout(timer);
    forgetSignal?.();
  }
}
function checkNames$1(names) {
  const rule = 'an array of module names of 1 to 55 letters, digits, dashes and underscores';
  return readArray('names', names, rule, (name) => {
    if (typeof name !== 'string') throw wrongType('names', name, rule);
    if (!/^\w[\w-]{0,54}$/.test(name)) throw wrongValue('names', name, `is not in ${rule}`);
    return name;
  });
}
function checkOptions(options) {
  const { timeout, signal } = readOptions(options, OPTION_KEYS$1);
  return {
    timeout:
      timeout === void 0
        ? void 0
        : checkInteger('options.timeout', timeout, 1, MAX_TIMEOUT$2, 'milliseconds'),
    signal: checkSignal('options.signal', signal),
  };
}
function programFolders() {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return [...new Set([...path, ...SYSTEM_FOLDERS])];
}
const isDenied = (error) =>
  error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED';
function findModprobe(folders) {
  const { accessSync, constants, statSync } = process.getBuiltinModule('node:fs');
  let denied = false;
  for (const folder of folders) {
    const path = join(folder, 'modprobe');
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch (error) {
      denied ||= isDenied(error);
    }
  }
  return denied ? '/sbin/modprobe' : void 0;
}
async function load$1(name, stop) {
  stop.throwIfAborted();
  forgetAbsent();
  const folders = programFolders();
  const program = findModprobe(folders);
  if (program === void 0) throw moduleError(name, 'there is no program modprobe');
  const { execFile } = await import('node:child_process');
  stop.throwIfAborted();
  const env = {
    ...process.env,
    PATH: folders.join(delimiter),
  };
  let kill = () => {};
  try {
    await new Promise((resolve, reject) => {
      const child = execFile(program, ['--', name], { env }, (error, _, stderr) => {
        if (error === null) resolve();
        else reject(moduleError(name, whyFailed(stderr, error.code ?? error.signal), error));
      });
      kill = () => {
        child.kill('SIGKILL');
        child.stdout?.destroy();
        child.stderr?.destroy();
        child.unref();
        reject(stop.reason);
      };
      stop.addEventListener('abort', kill, { once: true });
    });
  } catch (error) {
    throw isDenied(error) ? deniedError(name, error) : error;
  } finally {
    stop.removeEventListener('abort', kill);
  }
}
const whyFailed = (stderr, status) =>
  stderr.trim() === '' ? `modprobe fails (${status})` : stderr.trim();
function moduleError(name, why, cause, code = 'ERR_IPVS_MODULE') {
  return new IpvsError(`loadModules ${name}: ${cut(why, 1e3)}`, {
    code,
    syscall: 'modprobe',
    operation: 'loadModules',
    target: name,
    cause,
  });
}
function timeoutError(name, timeout, cause) {
  return moduleError(
    name,
    `modprobe had not ended after ${timeout} ms, and was killed (ETIMEDOUT)`,
    cause,
    'ETIMEDOUT',
  );
}
function deniedError(name, cause) {
  return moduleError(
    name,
    'Node.js runs with --permission and may not start modprobe: add --allow-child-process',
    cause,
    'ERR_ACCESS_DENIED',
  );
}
// lib/core/name-table.ts
const UNKNOWN = /^unknown-(0|[1-9]\d{0,9})$/;
function unknownNumber(name, max) {
  const [, digits] = typeof name === 'string' ? (UNKNOWN.exec(name) ?? []) : [];
  return digits === void 0 || Number(digits) > max ? void 0 : Number(digits);
}
var NameTable = class {
  names;
  #numbers;
  #byNumber;
  constructor(numbers) {
    this.names = Object.keys(numbers);
    this.#numbers = new Map(Object.entries(numbers));
    const byNumber = [];
    for (const name of this.names) byNumber[numbers[name]] = name;
    this.#byNumber = byNumber;
  }
  number(property, name) {
    const number = typeof name === 'string' ? this.#numbers.get(name) : void 0;
    if (number === void 0) checkName(property, name, this.names);
    return number ?? 0;
  }
  numberOrUnknown(property, name, max) {
    const known = typeof name === 'string' ? this.#numbers.get(name) : void 0;
    if (known !== void 0) return known;
    return unknownNumber(name, max) ?? this.number(property, name);
  }
  name(number) {
    return this.#byNumber[number] ?? `unknown-${number}`;
  }
};
const families = new NameTable({
  ipv4: 2,
  ipv6: 10,
});
const DOT = 46;
const COLON = 58;
const ZERO = 48;
const OCTETS = Array.from({ length: 256 }, (_, octet) => String(octet));
const networks = new Int32Array(256).fill(-1);
const networkTexts = new Array(256).fill('');
function parseAddress(text, bytes, at) {
  if (parseIpv4(text, 0, bytes, at)) {
    for (let i = at + 4; i < at + 16; i++) bytes[i] = 0;
    return 2;
  }
  return text.includes(':') && parseIpv6(text, bytes, at) ? 10 : 0;
}
function parseIpv4(text, from, bytes, at) {
  const end = text.length;
  let place = from;
  for (let index = 0; index < 4; index++) {
    if (index > 0 && text.charCodeAt(place++) !== DOT) return false;
    const start = place;
    let octet = 0;
    while (place < end && place < start + 3) {
      const digit = text.charCodeAt(place) - ZERO;
      if (digit < 0 || digit > 9) break;
      octet = octet * 10 + digit;
      place++;
    }
    const length = place - start;
    if (length === 0 || octet > 255 || (length > 1 && text.charCodeAt(start) === ZERO))
      return false;
    bytes[at + index] = octet;
  }
  return place === end;
}
function hexDigit(code) {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
function parseIpv6(text, bytes, at) {
  const groups = new Uint8Array(16);
  const end = text.length;
  let length = 0;
  let gap = -1;
  let place = 0;
  if (text.startsWith('::')) {
    gap = 0;
    place = 2;
  }
  while (place < end) {
    const start = place;
    let group = 0;
    let digit = hexDigit(text.charCodeAt(place));
    while (digit >= 0 && place < start + 4) {
      group = group * 16 + digit;
      place++;
      digit = place < end ? hexDigit(text.charCodeAt(place)) : -1;
    }
    if (place < end && text.charCodeAt(place) === DOT) {
      if (length > 12 || !parseIpv4(text, start, groups, length)) return false;
      length += 4;
      break;
    }
    if (place === start || length > 14) return false;
    groups[length++] = group >> 8;
    groups[length++] = group & 255;
    if (place === end) break;
    if (text.charCodeAt(place++) !== COLON) return false;
    if (place === end) return false;
    if (text.charCodeAt(place) === COLON) {
      if (gap >= 0) return false;
      gap = length;
      place++;
    }
  }
  if (gap < 0 ? length !== 16 : length > 14) return false;
  if (gap >= 0) {
    groups.copyWithin(16 - (length - gap), gap, length);
    groups.fill(0, gap, 16 - (length - gap));
  }
  bytes.set(groups, at);
  return true;
}
function formatAddress$1(bytes, at, family) {
  return family === 10 ? formatIpv6(bytes, at) : formatIpv4(bytes, at);
}
function formatIpv4(bytes, at) {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  const network = (a << 16) | (b << 8) | c;
  const place = (a ^ b ^ c) & 255;
  if (networks[place] !== network) {
    networks[place] = network;
    networkTexts[place] = `${OCTETS[a]}.${OCTETS[b]}.${OCTETS[c]}.`;
  }
  return `${networkTexts[place]}${OCTETS[d]}`;
}
function formatIpv6(bytes, at) {
  const groups = [];
  for (let i = 0; i < 16; i += 2)
    groups.push(((bytes[at + i] ?? 0) << 8) | (bytes[at + i + 1] ?? 0));
  if (groups[5] === 65535 && groups.slice(0, 5).every((group) => group === 0))
    return `::ffff:${formatIpv4(bytes, at + 12)}`;
  let gap = -1;
  let gapLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > gapLength) [gap, gapLength] = [start, length];
  }
  const text = (from, to) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return gap < 0 ? text(0, 8) : `${text(0, gap)}::${text(gap + gapLength, 8)}`;
}
function describeAddress(bytes, at, family) {
  const length = family === 10 ? 16 : 4;
  const first = bytes[at] ?? 0;
  if (isFilled(bytes, at, length, 0)) return 'the unspecified address';
  if (family === 10) return first === 255 ? 'a multicast address' : 'unicast';
  if (first >= 224 && first < 240) return 'a multicast address';
  return isFilled(bytes, at, length, 255) ? 'the broadcast address' : 'unicast';
}
function isMapped(bytes, at) {
  return isFilled(bytes, at, 10, 0) && isFilled(bytes, at + 10, 2, 255);
}
function isFilled(bytes, at, length, byte) {
  for (let i = at; i < at + length; i++) if (bytes[i] !== byte) return false;
  return true;
}
function formatMask(mask) {
  const [a, b, c, d] = [mask >>> 24, (mask >>> 16) & 255, (mask >>> 8) & 255, mask & 255];
  return `${OCTETS[a]}.${OCTETS[b]}.${OCTETS[c]}.${OCTETS[d]}`;
}
const maskBytes = new Uint8Array(16);
function parseMask(text) {
  if (parseAddress(text, maskBytes, 0) !== 2) return void 0;
  const [a = 0, b = 0, c = 0, d = 0] = maskBytes;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
const layout = {
  request: {
    size: 148,
    fields: {
      operation: {
        offset: 0,
        size: 4,
      },
      changes: {
        offset: 4,
        size: 4,
      },
      flagsOwner: {
        offset: 8,
        size: 16,
      },
      service: {
        offset: 24,
        size: 76,
      },
      destination: {
        offset: 100,
        size: 44,
      },
      timeouts: {
        offset: 100,
        size: 12,
      },
      daemon: {
        offset: 100,
        size: 48,
      },
    },
  },
  service: {
    size: 76,
    fields: {
      address: {
        offset: 0,
        size: 16,
      },
      fwmark: {
        offset: 16,
        size: 4,
      },
      family: {
        offset: 20,
        size: 2,
      },
      protocol: {
        offset: 22,
        size: 2,
      },
      port: {
        offset: 24,
        size: 2,
      },
      flags: {
        offset: 28,
        size: 4,
      },
      timeout: {
        offset: 32,
        size: 4,
      },
      netmask: {
        offset: 36,
        size: 4,
      },
      scheduler: {
        offset: 40,
        size: 16,
      },
      engine: {
        offset: 56,
        size: 20,
      },
    },
  },
  destination: {
    size: 44,
    fields: {
      address: {
        offset: 0,
        size: 16,
      },
      family: {
        offset: 16,
        size: 2,
      },
      port: {
        offset: 18,
        size: 2,
      },
      forwarding: {
        offset: 20,
        size: 4,
      },
      weight: {
        offset: 24,
        size: 4,
      },
      upperThreshold: {
        offset: 28,
        size: 4,
      },
      lowerThreshold: {
        offset: 32,
        size: 4,
      },
      tunnelType: {
        offset: 36,
        size: 2,
      },
      tunnelPort: {
        offset: 38,
        size: 2,
      },
      tunnelFlags: {
        offset: 40,
        size: 2,
      },
    },
  },
  stats: {
    size: 80,
    fields: {
      connections: {
        offset: 0,
        size: 8,
      },
      inPackets: {
        offset: 8,
        size: 8,
      },
      outPackets: {
        offset: 16,
        size: 8,
      },
      inBytes: {
        offset: 24,
        size: 8,
      },
      outBytes: {
        offset: 32,
        size: 8,
      },
      connectionRate: {
        offset: 40,
        size: 8,
      },
      inPacketRate: {
        offset: 48,
        size: 8,
      },
      outPacketRate: {
        offset: 56,
        size: 8,
      },
      inByteRate: {
        offset: 64,
        size: 8,
      },
      outByteRate: {
        offset: 72,
        size: 8,
      },
    },
  },
  timeouts: {
    size: 12,
    fields: {
      tcp: {
        offset: 0,
        size: 4,
      },
      tcpFin: {
        offset: 4,
        size: 4,
      },
      udp: {
        offset: 8,
        size: 4,
      },
    },
  },
  daemon: {
    size: 48,
    fields: {
      group: {
        offset: 0,
        size: 16,
      },
      role: {
        offset: 16,
        size: 4,
      },
      syncId: {
        offset: 20,
        size: 4,
      },
      groupFamily: {
        offset: 24,
        size: 2,
      },
      port: {
        offset: 26,
        size: 2,
      },
      maxLength: {
        offset: 28,
        size: 2,
      },
      ttl: {
        offset: 30,
        size: 2,
      },
      interface: {
        offset: 32,
        size: 16,
      },
    },
  },
  serviceEntry: {
    size: 160,
    fields: {
      service: {
        offset: 80,
        size: 76,
      },
      stats: {
        offset: 0,
        size: 80,
      },
    },
  },
  destinationEntry: {
    size: 136,
    fields: {
      destination: {
        offset: 80,
        size: 44,
      },
      stats: {
        offset: 0,
        size: 80,
      },
      activeConnections: {
        offset: 124,
        size: 4,
      },
      inactiveConnections: {
        offset: 128,
        size: 4,
      },
      persistentConnections: {
        offset: 132,
        size: 4,
      },
    },
  },
  result: {
    size: 60,
    fields: {
      error: {
        offset: 0,
        size: 4,
      },
      status: {
        offset: 4,
        size: 4,
      },
      text: {
        offset: 8,
        size: 4,
      },
      created: {
        offset: 12,
        size: 4,
      },
      firstService: {
        offset: 16,
        size: 4,
      },
      services: {
        offset: 20,
        size: 4,
      },
      firstDestination: {
        offset: 24,
        size: 4,
      },
      destinations: {
        offset: 28,
        size: 4,
      },
      firstDaemon: {
        offset: 32,
        size: 4,
      },
      daemons: {
        offset: 36,
        size: 4,
      },
      timeouts: {
        offset: 40,
        size: 12,
      },
      version: {
        offset: 52,
        size: 4,
      },
      connectionTableSize: {
        offset: 56,
        size: 4,
      },
    },
  },
  connection: {
    size: 80,
    fields: {
      client: {
        offset: 0,
        size: 16,
      },
      virtualAddress: {
        offset: 16,
        size: 16,
      },
      destination: {
        offset: 32,
        size: 16,
      },
      expires: {
        offset: 48,
        size: 4,
      },
      state: {
        offset: 52,
        size: 4,
      },
      engine: {
        offset: 56,
        size: 4,
      },
      engineData: {
        offset: 60,
        size: 4,
      },
      family: {
        offset: 64,
        size: 2,
      },
      destinationFamily: {
        offset: 66,
        size: 2,
      },
      protocol: {
        offset: 68,
        size: 2,
      },
      clientPort: {
        offset: 70,
        size: 2,
      },
      virtualPort: {
        offset: 72,
        size: 2,
      },
      destinationPort: {
        offset: 74,
        size: 2,
      },
      flags: {
        offset: 76,
        size: 2,
      },
      origin: {
        offset: 78,
        size: 2,
      },
    },
  },
  connectionCount: {
    size: 88,
    fields: {
      group: {
        offset: 0,
        size: 80,
      },
      count: {
        offset: 80,
        size: 8,
      },
    },
  },
  connectionFilter: {
    size: 116,
    fields: {
      criteria: {
        offset: 0,
        size: 4,
      },
      clientPrefix: {
        offset: 4,
        size: 4,
      },
      serverPrefix: {
        offset: 8,
        size: 4,
      },
      service: {
        offset: 12,
        size: 28,
      },
      destination: {
        offset: 40,
        size: 20,
      },
      client: {
        offset: 60,
        size: 16,
      },
      server: {
        offset: 76,
        size: 16,
      },
      clientFamily: {
        offset: 92,
        size: 2,
      },
      serverFamily: {
        offset: 94,
        size: 2,
      },
      protocol: {
        offset: 96,
        size: 2,
      },
      state: {
        offset: 100,
        size: 16,
      },
    },
  },
  linkRequest: {
    size: 80,
    fields: {
      operation: {
        offset: 0,
        size: 4,
      },
      settings: {
        offset: 4,
        size: 4,
      },
      index: {
        offset: 8,
        size: 4,
      },
      name: {
        offset: 12,
        size: 16,
      },
      up: {
        offset: 28,
        size: 4,
      },
      mtu: {
        offset: 32,
        size: 4,
      },
      family: {
        offset: 36,
        size: 4,
      },
      kind: {
        offset: 40,
        size: 32,
      },
      firstAddress: {
        offset: 72,
        size: 4,
      },
      addresses: {
        offset: 76,
        size: 4,
      },
    },
  },
  link: {
    size: 100,
    fields: {
      index: {
        offset: 0,
        size: 4,
      },
      flags: {
        offset: 4,
        size: 4,
      },
      mtu: {
        offset: 8,
        size: 4,
      },
      state: {
        offset: 12,
        size: 4,
      },
      hardwareLength: {
        offset: 16,
        size: 4,
      },
      hardware: {
        offset: 20,
        size: 32,
      },
      name: {
        offset: 52,
        size: 16,
      },
      kind: {
        offset: 68,
        size: 32,
      },
    },
  },
  addressSettings: {
    size: 92,
    fields: {
      address: {
        offset: 0,
        size: 16,
      },
      peer: {
        offset: 16,
        size: 16,
      },
      broadcast: {
        offset: 60,
        size: 16,
      },
      flags: {
        offset: 40,
        size: 4,
      },
      given: {
        offset: 44,
        size: 4,
      },
      preferred: {
        offset: 52,
        size: 4,
      },
      valid: {
        offset: 56,
        size: 4,
      },
      link: {
        offset: 48,
        size: 4,
      },
      family: {
        offset: 32,
        size: 2,
      },
      prefixLength: {
        offset: 34,
        size: 2,
      },
      scope: {
        offset: 36,
        size: 2,
      },
      change: {
        offset: 38,
        size: 2,
      },
      label: {
        offset: 76,
        size: 16,
      },
    },
  },
  linkAddress: {
    size: 112,
    fields: {
      settings: {
        offset: 0,
        size: 92,
      },
      index: {
        offset: 92,
        size: 4,
      },
      link: {
        offset: 96,
        size: 16,
      },
    },
  },
  linkResult: {
    size: 44,
    fields: {
      error: {
        offset: 0,
        size: 4,
      },
      status: {
        offset: 4,
        size: 4,
      },
      text: {
        offset: 8,
        size: 4,
      },
      created: {
        offset: 12,
        size: 4,
      },
      changed: {
        offset: 16,
        size: 4,
      },
      firstLink: {
        offset: 20,
        size: 4,
      },
      links: {
        offset: 24,
        size: 4,
      },
      firstAddress: {
        offset: 28,
        size: 4,
      },
      addresses: {
        offset: 32,
        size: 4,
      },
      firstChange: {
        offset: 36,
        size: 4,
      },
      changes: {
        offset: 40,
        size: 4,
      },
    },
  },
  linkEvent: {
    size: 12,
    fields: {
      type: {
        offset: 0,
        size: 4,
      },
      deleted: {
        offset: 4,
        size: 4,
      },
      place: {
        offset: 8,
        size: 4,
      },
    },
  },
  operations: {
    addService: 0,
    updateService: 1,
    ensureService: 2,
    deleteService: 3,
    getService: 4,
    listServices: 5,
    addDestination: 6,
    updateDestination: 7,
    ensureDestination: 8,
    deleteDestination: 9,
    getDestination: 10,
    listDestinations: 11,
    flush: 12,
    getInfo: 13,
    getTimeouts: 14,
    setTimeouts: 15,
    zero: 16,
    listSyncDaemons: 17,
    startSyncDaemon: 18,
    stopSyncDaemon: 19,
  },
  statuses: {
    done: 1,
    refused: 2,
    lost: 3,
    notSent: 4,
    unavailable: 5,
    foreignFlags: 6,
    tunnelless: 7,
    thresholds: 8,
    skipped: 9,
  },
  changes: {
    scheduler: 1,
    schedulerFlags: 2,
    onePacket: 4,
    persistence: 8,
    timeout: 16,
    netmask: 32,
    engine: 64,
    forwarding: 256,
    weight: 512,
    upperThreshold: 1024,
    lowerThreshold: 2048,
    tunnel: 4096,
    tunnelReset: 8192,
  },
  families: {
    ipv4: 2,
    ipv6: 10,
  },
  protocols: {
    tcp: 6,
    udp: 17,
    sctp: 132,
  },
  serviceFlags: {
    persistent: 1,
    onePacket: 4,
    scheduler: 4294967288,
  },
  schedulerFlags: {
    'sh-fallback': 8,
    'sh-port': 16,
    'mh-fallback': 8,
    'mh-port': 16,
    'flag-1': 8,
    'flag-2': 16,
    'flag-3': 32,
  },
  forwardings: {
    masquerade: 0,
    local: 1,
    tunnel: 2,
    direct: 3,
    bypass: 4,
  },
  tunnelTypes: {
    ipip: 0,
    gue: 1,
    gre: 2,
  },
  tunnelChecksums: {
    none: 0,
    checksum: 1,
    'remote-checksum': 2,
  },
  daemonRoles: {
    master: 1,
    backup: 2,
  },
  limits: {
    forwarding: 7,
    schedulerLength: 15,
    engineLength: 16,
  },
  criteria: {
    service: 1,
    destination: 2,
    client: 4,
    protocol: 8,
    state: 16,
    server: 32,
  },
  countBy: {
    service: 1,
    destination: 2,
    state: 4,
    protocol: 8,
  },
  origins: {
    local: 1,
    sync: 2,
  },
  connectionFlags: { template: 1 },
  connectionProtocols: {
    tcp: 6,
    udp: 17,
    sctp: 132,
    ip: 0,
    icmp: 1,
    icmpv6: 58,
  },
  linkOperations: {
    listLinks: 0,
    getLink: 1,
    ensureDummy: 2,
    setLink: 3,
    deleteLink: 4,
    listAddresses: 5,
    addAddress: 6,
    ensureAddress: 7,
    replaceAddress: 8,
    deleteAddress: 9,
    planAddresses: 10,
  },
  linkStatuses: {
    done: 1,
    refused: 2,
    lost: 3,
    notSent: 4,
    otherKind: 5,
    otherSettings: 6,
    otherLink: 7,
  },
  linkSettings: {
    up: 1,
    mtu: 2,
    prune: 4,
  },
  addressGiven: {
    scope: 1,
    peer: 2,
    broadcast: 4,
    label: 8,
    lifetimes: 16,
    prefixRoute: 32,
    duplicateDetection: 64,
    listed: 128,
  },
  addressChanges: {
    add: 1,
    replace: 2,
    delete: 3,
    refuse: 4,
    present: 5,
  },
  linkEventTypes: {
    link: 0,
    address: 1,
    overrun: 2,
  },
  watchTypes: {
    link: 1,
    address: 2,
  },
  linkFlags: { up: 1 },
  linkStates: {
    unknown: 0,
    'not-present': 1,
    down: 2,
    'lower-layer-down': 3,
    testing: 4,
    dormant: 5,
    up: 6,
  },
  addressScopes: {
    global: 0,
    site: 200,
    link: 253,
    host: 254,
    nowhere: 255,
  },
  addressFlags: {
    secondary: 1,
    'no-dad': 2,
    optimistic: 4,
    'dad-failed': 8,
    'home-address': 16,
    deprecated: 32,
    tentative: 64,
    permanent: 128,
    'manage-temporary': 256,
    'no-prefix-route': 512,
    'multicast-auto-join': 1024,
    'stable-privacy': 2048,
  },
  linkLimits: { kindLength: 31 },
  lifetimes: { forever: 4294967295 },
};
// lib/ipvs/names.ts
const protocols = new NameTable(layout.protocols);
const forwardings = new NameTable(layout.forwardings);
const tunnelTypes = new NameTable(layout.tunnelTypes);
const tunnelChecksums = new NameTable(layout.tunnelChecksums);
// lib/ipvs/properties.ts
const SERVICE_KEY = ['protocol', 'address', 'port', 'fwmark', 'family'];
const SERVICE_SETTINGS = ['scheduler', 'schedulerFlags', 'persistence', 'onePacket'];
const SERVICE_STATE = ['inactivePersistence', 'stats', 'change'];
const DESTINATION_KEY = ['address', 'port', 'family'];
const DESTINATION_SETTINGS = ['forwarding', 'weight', 'upperThreshold', 'lowerThreshold', 'tunnel'];
const DESTINATION_STATE = [
  'activeConnections',
  'inactiveConnections',
  'persistentConnections',
  'stats',
  'change',
];
const SERVICE_PROPERTIES = new Set([
  ...SERVICE_KEY,
  ...SERVICE_SETTINGS,
  ...SERVICE_STATE,
  'destinations',
]);
const DESTINATION_PROPERTIES = new Set([
  ...DESTINATION_KEY,
  ...DESTINATION_SETTINGS,
  ...DESTINATION_STATE,
]);
// lib/ipvs/keys.ts
const MAX_PORT$1 = 65535;
const MAX_MARK = 2 ** 32 - 1;
const MAX_PROTOCOL$1 = 65535;
const serviceFields = layout.service.fields;
const destinationFields = layout.destination.fields;
function encodeServiceAddress(draft, protocol, address, port) {
  const { records, keys } = draft;
  const base = draft.service();
  const family = parseAddress(address, records.bytes, base + serviceFields.address.offset);
  records.setU16(base, serviceFields.family, family);
  records.setU16(base, serviceFields.protocol, protocol);
  records.setU16(base, serviceFields.port, port);
  keys.serviceFamily = family;
  keys.fwmark = 0;
  keys.protocol = protocol;
  keys.servicePort = port;
  return family;
}
function encodeFirewallMark(draft, fwmark, family) {
  const { records, keys } = draft;
  const base = draft.service();
  records.setU32(base, serviceFields.fwmark, fwmark);
  records.setU16(base, serviceFields.family, family);
  keys.serviceFamily = family;
  keys.fwmark = fwmark;
  keys.protocol = 0;
  keys.servicePort = 0;
}
function encodeDestinationAddress(draft, address, port) {
  const { records, keys } = draft;
  const base = draft.destination();
  const family = parseAddress(address, records.bytes, base + destinationFields.address.offset);
  const number = port ?? keys.servicePort;
  records.setU16(base, destinationFields.family, family);
  records.setU16(base, destinationFields.port, number);
  keys.destinationFamily = family;
  keys.destinationPort = number;
  return family;
}
function formatServiceAt(records, base) {
  const family = records.u16(base, serviceFields.family);
  const mark = records.u32(base, serviceFields.fwmark);
  if (mark !== 0) return `fwmark${family === 10 ? '6' : ''}://${mark}`;
  return `${protocols.name(records.u16(base, serviceFields.protocol))}://${joinPort(formatAddress$1(records.bytes, base + serviceFields.address.offset, family), records.u16(base, serviceFields.port))}`;
}
function formatDestinationAt(records, base) {
  const family = records.u16(base, destinationFields.family);
  return joinPort(
    formatAddress$1(records.bytes, base + destinationFields.address.offset, family),
    records.u16(base, destinationFields.port),
  );
}
function formatServiceKey(service) {
  if (service.fwmark !== void 0)
    return `fwmark${service.family === 'ipv6' ? '6' : ''}://${service.fwmark}`;
  const { protocol, address, port } = service;
  return `${protocol}://${joinPort(address, port)}`;
}
function formatDestinationKey({ address, port }) {
  return joinPort(address, port);
}
function joinPort(address, port) {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
// lib/ipvs/reference-hints.ts
const MAX_TEXT = 80;
const NO_PROTOCOL = ': it has no protocol';
const SCHEMES = {
  http: ['tcp', '80'],
  https: ['tcp', '443'],
  dns: ['udp', '53'],
  tcp4: ['tcp'],
  tcp6: ['tcp'],
  udp4: ['udp'],
  udp6: ['udp'],
  mark: ['fwmark'],
  fwm: ['fwmark'],
};
function partsOf(text) {
  const said = text
    .slice(0, MAX_TEXT)
    .trim()
    .toLowerCase()
    .replace(/(?<=[\da-f.:\]])\/\d{1,3}(?=(:\d{1,5})?\/*$)/, '')
    .replace(/\/+$/, '');
  const [, scheme, rest = ''] =
    /^(?:([a-z][a-z\d]*):(?:\/\/|(?!\d*$|[\da-f]*:)))?(.*)$/.exec(said) ?? [];
  const colons = rest.split(':').length - 1;
  const [, host = '', port] =
    /^\[([^\]]*)\](?::(\d+))?$/.exec(rest) ??
    (colons < 2 ? /^([^:]*)(?::(\d+))?$/.exec(rest) : [rest, rest]) ??
    [];
  return {
    scheme,
    host,
    port,
    join: (of) => (host.includes(':') ? `[${host}]${of}` : host + of),
  };
}
function serviceHint(text, isService) {
  const { scheme: said, host, port, join } = partsOf(text);
  const scheme = said ?? 'tcp';
  const mark = SCHEMES[scheme]?.[0] ?? scheme;
  if (mark === 'fwmark' || mark === 'fwmark6') return markHint(text, mark, host, isService);
  if (isHostName(host)) return said === void 0 ? NO_PROTOCOL : NO_HOST_NAMES;
  const [, front, last] = port === void 0 ? (/^([\da-f:.]+):(\d+)$/.exec(host) ?? []) : [];
  const bracketed = `${mark}://[${front}]:${last}`;
  if (front?.includes(':') && isService(bracketed)) return `: did you mean '${bracketed}'?`;
  const [protocol, usual] = SCHEMES[scheme] ?? [scheme];
  const behind = port ?? usual;
  const end = behind === void 0 ? '' : `:${behind}`;
  const meant = `${protocol}://${protocol.startsWith('fwmark') ? host : join(end)}`;
  if (meant !== text && isService(meant)) return `: did you mean '${meant}'?`;
  return behind === void 0 && isService(`${meant}:1`) ? ': it has no port' : '';
}
function markHint(text, scheme, host, isService) {
  const meant = `${scheme}://${/^(0x[\da-f]{1,8}|\d{1,10})$/.test(host) ? Number(host) : NaN}`;
  const proposal = meant !== text && isService(meant) ? `: did you mean '${meant}'?` : '';
  return /^[1-9]\d*$/.test(host) ? proposal : `: a mark is a decimal number, from 1 on${proposal}`;
}
function destinationHint(text, isDestination) {
  const { scheme = '', host, port, join } = partsOf(text);
  if (isHostName(host)) return NO_HOST_NAMES;
  const behind = port ?? SCHEMES[scheme]?.[1];
  const meant = join(behind === void 0 ? '' : `:${behind}`);
  return meant !== text && isDestination(meant) ? `: did you mean '${meant}'?` : '';
}
function serviceObjectHint(text) {
  const [, protocol, ipv6, ipv4, port] =
    /^(tcp|udp|sctp):\/\/(?:\[([\da-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(text) ?? [];
  const [, family, mark] = /^fwmark(6?):\/\/(\d{1,10})$/.exec(text) ?? [];
  if (protocol !== void 0)
    return `: write { protocol: '${protocol}', address: '${ipv6 ?? ipv4}', port: ${port} }`;
  if (mark !== void 0)
    return `: write { fwmark: ${mark}${family === '' ? '' : ", family: 'ipv6'"} }`;
  return ' such as { protocol, address, port, scheduler }';
}
function destinationObjectHint(text) {
  const [, ipv6, ipv4, port] =
    /^(?:\[([\da-f:.]{2,45})\]|([\d.]{7,15}))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const address = ipv6 ?? ipv4;
  if (address === void 0) return ' such as { address, port, weight }';
  return `: write { address: '${address}'${port === void 0 ? '' : `, port: ${port}`} }`;
}
// lib/ipvs/reference-text.ts
const SERVICE_RULE =
  "a service: 'tcp://ADDRESS:PORT', 'udp://[IPV6]:PORT', 'sctp://ADDRESS:PORT', 'fwmark://N' or 'fwmark6://N'";
const DESTINATION_RULE = "a destination: 'ADDRESS:PORT', '[IPV6]:PORT' or 'ADDRESS'";
const IPV6 = '[\\da-fA-F:.]{2,45}';
const PORT = '0|[1-9]\\d{0,4}';
const SERVICE_TEXT = new RegExp(
  `^([a-z]{1,8}|unknown-\\d{1,5})://(?:\\[(${IPV6})\\]|([\\d.]{1,15})):(${PORT})$`,
);
const MARK_TEXT = /^fwmark(6?):\/\/([1-9]\d{0,9})$/;
const HOST_PORT = new RegExp(`^(?:\\[(${IPV6})\\]|([\\d.]{1,15}))(?::(${PORT}))?$`);
function encodeServiceText(draft, property, text) {
  const mark = MARK_TEXT.exec(text);
  if (mark !== null) {
    const number = Number(mark[2]);
    if (number > MAX_MARK) checkInteger(`${property} mark`, number, 1, MAX_MARK);
    encodeFirewallMark(draft, number, mark[1] === '6' ? 10 : 2);
    return;
  }
  const [, scheme = '', ipv6, ipv4, port] = SERVICE_TEXT.exec(text) ?? [];
  if (scheme === '' || scheme.startsWith('fwmark')) throw notService(property, text);
  const protocol = protocols.numberOrUnknown(property, scheme, MAX_PROTOCOL$1);
  const number = checkPortText(property, port);
  if (!isBracketed(encodeServiceAddress(draft, protocol, ipv6 ?? ipv4 ?? '', number), ipv6))
    throw notService(property, text);
}
function encodeDestinationText(draft, property, text) {
  const [, ipv6, ipv4, port] = HOST_PORT.exec(text) ?? [];
  const number = port === void 0 ? void 0 : checkPortText(property, port);
  if (
    encodeDestinationAddress(draft, ipv6 ?? ipv4 ?? text, number) !== (ipv4 === void 0 ? 10 : 2)
  ) {
    const hint = destinationHint(text, isDestinationText);
    throw wrongValue(property, text, `is not ${DESTINATION_RULE}${hint}`);
  }
  return port !== void 0;
}
function isServiceText(text) {
  const [, scheme, ipv6, ipv4] = SERVICE_TEXT.exec(text) ?? [];
  if (scheme === void 0) return MARK_TEXT.test(text);
  return protocols.names.some((name) => name === scheme) && isHost(ipv6, ipv4);
}
function isDestinationText(text) {
  const [, ipv6, ipv4] = HOST_PORT.exec(text) ?? [];
  return isHost(ipv6, ipv4);
}
function isHost(ipv6, ipv4) {
  return isBracketed(parseAddress(ipv6 ?? ipv4 ?? '', new Uint8Array(16), 0), ipv6);
}
function isBracketed(family, ipv6) {
  return family === (ipv6 === void 0 ? 2 : 10);
}
function checkPortText(property, text) {
  const port = Number(text);
  return port <= 65535 ? port : checkInteger(`${property} port`, port, 0, MAX_PORT$1);
}
function notService(property, text) {
  return wrongValue(property, text, `is not ${SERVICE_RULE}${serviceHint(text, isServiceText)}`);
}
// lib/ipvs/settings.ts
function sourceOf(stats) {
  return typeof stats === 'object' && stats !== null ? 'kernel' : 'config';
}
function checkSettings(property, value, allowed) {
  checkKeys(property, value, allowed, listHint);
  if (isPlain(value) && !isPolluted()) return value;
  return copyOwn(value, allowed);
}
const LISTED = new Set(['service', 'destination']);
function listHint(property, value) {
  return Array.isArray(value) && LISTED.has(property)
    ? ': it is an array; pass its members one by one'
    : '';
}
const EMPTY = {};
function isPolluted() {
  const { protocol, address, port, fwmark, family } = EMPTY;
  const { scheduler, schedulerFlags, persistence, onePacket, inactivePersistence } = EMPTY;
  const { forwarding, weight, upperThreshold, lowerThreshold, tunnel } = EMPTY;
  const { stats } = EMPTY;
  return (
    (protocol ??
      address ??
      port ??
      fwmark ??
      family ??
      scheduler ??
      schedulerFlags ??
      persistence ??
      onePacket ??
      inactivePersistence ??
      forwarding ??
      weight ??
      upperThreshold ??
      lowerThreshold ??
      tunnel ??
      stats) !== void 0
  );
}
function pathsIn(property, keys) {
  return Object.fromEntries(keys.map((key) => [key, `${property}.${key}`]));
}
// lib/ipvs/reference.ts
const KEY_PROPERTIES = new Set(SERVICE_KEY);
const ADDRESS_RULE = 'an IPv4 or IPv6 address without port, prefix or zone';
const paths = new Map();
function keyPathsIn(property) {
  let found = paths.get(property);
  if (found === void 0) {
    found = pathsIn(property, SERVICE_KEY);
    paths.set(property, found);
  }
  return found;
}
function encodeServiceReference(draft, property, reference) {
  if (typeof reference === 'string') {
    encodeServiceText(draft, property, reference);
    return;
  }
  checkReference(property, reference, "'tcp://10.96.0.1:443'");
  encodeServiceKey(
    draft,
    property,
    checkKeyed(draft, property, reference, SERVICE_PROPERTIES, encodeServiceKey),
  );
}
function encodeServiceOfDestination(draft, reference, destination) {
  try {
    encodeServiceReference(draft, 'service', reference);
  } catch (error) {
    if (!namesService(destination)) throw error;
    throw wrongValue(
      'service',
      reference,
      'is no service, and the argument behind it is one: the service comes first',
    );
  }
}
function namesService(value) {
  if (typeof value === 'string') return isServiceText(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, 'protocol') || Object.hasOwn(value, 'fwmark');
}
function encodeServiceKey(draft, property, key) {
  const { protocol, address, port, fwmark, family } = key;
  const names = keyPathsIn(property);
  if (fwmark !== void 0) {
    checkAbsent(names.protocol, protocol);
    checkAbsent(names.address, address);
    checkAbsent(names.port, port);
    encodeFirewallMark(
      draft,
      checkInteger(names.fwmark, fwmark, 1, MAX_MARK),
      family === void 0 ? 2 : families.number(names.family, family),
    );
    return;
  }
  if (protocol === void 0 && address === void 0)
    throw wrongValue(property, key, 'needs protocol, address and port, or fwmark');
  const number = protocols.numberOrUnknown(names.protocol, protocol, MAX_PROTOCOL$1);
  checkAddress(names.address, address);
  const encoded = encodeServiceAddress(
    draft,
    number,
    address,
    checkInteger(names.port, port, 0, MAX_PORT$1),
  );
  if (encoded === 0) throw notAddress(names.address, address);
  checkFamily(names.family, family, encoded, address);
}
function encodeDestinationReference(draft, property, reference) {
  if (typeof reference === 'string') return encodeDestinationText(draft, property, reference);
  checkReference(property, reference, "'10.0.0.1:80'");
  return encodeDestinationKey(
    draft,
    property,
    checkKeyed(draft, property, reference, DESTINATION_PROPERTIES, encodeDestinationKey),
  );
}
function encodeDestinationKey(draft, property, { address, port, family }) {
  const names = keyPathsIn(property);
  checkAddress(names.address, address);
  const encoded = encodeDestinationAddress(
    draft,
    address,
    port === void 0 ? void 0 : checkInteger(names.port, port, 0, MAX_PORT$1),
  );
  if (encoded === 0) throw notAddress(names.address, address);
  checkFamily(names.family, family, encoded, address);
  return port !== void 0;
}
function checkKeyed(draft, property, value, allowed, encodeKey) {
  try {
    return checkSettings(property, value, allowed);
  } catch (error) {
    if (typeof value === 'object' && value !== null)
      try {
        encodeKey(draft, property, copyOwn(value, KEY_PROPERTIES));
      } catch {}
    throw error;
  }
}
function checkReference(property, reference, example) {
  if (typeof reference === 'object' && reference !== null) return;
  throw wrongType(property, reference, `a reference: a string such as ${example}, or an object`);
}
function checkAddress(property, value) {
  if (typeof value !== 'string') throw wrongType(property, value, ADDRESS_RULE);
}
function notAddress(property, text) {
  return wrongValue(property, text, `is not ${ADDRESS_RULE}${addressHint(text)}`);
}
function checkFamily(property, value, family, address) {
  if (value === void 0 || families.number(property, value) === family) return;
  throw wrongValue(property, value, `is not the family of ${address}`);
}
function checkAbsent(property, value) {
  if (value === void 0) return;
  throw wrongValue(property, value, 'does not go with fwmark, which names the service alone');
}
// lib/ipvs/stats.ts
const { fields: fields$15 } = layout.stats;
const KEYS$13 = new Set(['bigint']);
function checkReadOptions(options) {
  const { bigint } = readOptions(options, KEYS$13);
  return bigint !== void 0 && checkBoolean('options.bigint', bigint);
}
const asNumber = (records, base, field) => records.u64(base, field);
const asBigint = (records, base, field) => records.bigint(base, field);
function decodeStats(records, base, decode) {
  return {
    connections: decode(records, base, fields$15.connections),
    inPackets: decode(records, base, fields$15.inPackets),
    outPackets: decode(records, base, fields$15.outPackets),
    inBytes: decode(records, base, fields$15.inBytes),
    outBytes: decode(records, base, fields$15.outBytes),
    connectionRate: decode(records, base, fields$15.connectionRate),
    inPacketRate: decode(records, base, fields$15.inPacketRate),
    outPacketRate: decode(records, base, fields$15.outPacketRate),
    inByteRate: decode(records, base, fields$15.inByteRate),
    outByteRate: decode(records, base, fields$15.outByteRate),
  };
}
// lib/ipvs/tunnel.ts
const { fields: fields$14 } = layout.destination;
const RULES = {
  ipip: {
    port: false,
    checksums: [],
  },
  gue: {
    port: true,
    checksums: ['none', 'checksum', 'remote-checksum'],
  },
  gre: {
    port: false,
    checksums: ['none', 'checksum'],
  },
};
const MAX_TYPE = 255;
const MAX_PORT = 65535;
const MAX_CHECKSUM = 65535;
const KEYS$12 = new Set(['type', 'port', 'checksum']);
function encodeTunnel(draft, path, value, source) {
  const tunnel = readObject(path, value, KEYS$12, tunnelHint);
  const { records } = draft;
  const base = draft.destination();
  const checked =
    source === 'kernel' ? checkKernelTunnel(path, tunnel) : checkTunnel$1(path, tunnel);
  records.setU16(base, fields$14.tunnelType, checked.type);
  records.setU16(base, fields$14.tunnelPort, checked.port);
  records.setU16(base, fields$14.tunnelFlags, checked.checksum);
  return checked.type;
}
function tunnelHint(_path, value) {
  if (typeof value !== 'string') return '';
  const type = tunnelTypes.names.find((name) => name === plain(value));
  if (type === void 0) return '';
  return `: did you mean { type: '${type}'${RULES[type].port ? ', port' : ''} }?`;
}
function checkKernelTunnel(path, tunnel) {
  const { type, port = 0, checksum = 'none' } = tunnel;
  return {
    type: tunnelTypes.numberOrUnknown(`${path}.type`, type, MAX_TYPE),
    port: checkInteger(`${path}.port`, port, 0, MAX_PORT),
    checksum: tunnelChecksums.numberOrUnknown(`${path}.checksum`, checksum, MAX_CHECKSUM),
  };
}
function checkTunnel$1(path, { type, port, checksum }) {
  checkName(`${path}.type`, type, tunnelTypes.names);
  const rules = RULES[type];
  if (port !== void 0 && !rules.port)
    throw wrongValue(`${path}.port`, port, `does not go with tunnel type ${type}`);
  const checkedPort = rules.port ? checkInteger(`${path}.port`, port, 1, MAX_PORT) : 0;
  const number = tunnelTypes.number(path, type);
  if (checksum === void 0)
    return {
      type: number,
      port: checkedPort,
      checksum: 0,
    };
  checkName(`${path}.checksum`, checksum, tunnelChecksums.names);
  if (!rules.checksums.includes(checksum))
    throw wrongValue(`${path}.checksum`, checksum, `does not go with tunnel type ${type}`);
  return {
    type: number,
    port: checkedPort,
    checksum: tunnelChecksums.number(path, checksum),
  };
}
function decodeTunnel(records, base, isUsed) {
  const number = records.u16(base, fields$14.tunnelType);
  const port = records.u16(base, fields$14.tunnelPort);
  const flags = records.u16(base, fields$14.tunnelFlags);
  if (!isUsed && (number | port | flags) === 0) return null;
  const type = tunnelTypes.name(number);
  if (type === 'gue')
    return {
      type,
      port,
      checksum: tunnelChecksums.name(flags),
    };
  const given = port === 0 ? void 0 : { port };
  if (type === 'gre')
    return {
      type,
      ...given,
      checksum: tunnelChecksums.name(flags),
    };
  const checksum = flags === 0 ? void 0 : { checksum: tunnelChecksums.name(flags) };
  return {
    type,
    ...given,
    ...checksum,
  };
}
// lib/ipvs/destination-codec.ts
const { fields: fields$13 } = layout.destination;
const { changes: CHANGES$3 } = layout;
const DIRECT = layout.forwardings.direct;
const TUNNEL = layout.forwardings.tunnel;
const MASQUERADE = layout.forwardings.masquerade;
const CONFIG_KEYS$1 = new Set([...DESTINATION_KEY, ...DESTINATION_SETTINGS, ...DESTINATION_STATE]);
const CHANGE_KEYS$1 = new Set(DESTINATION_SETTINGS);
const PATHS$2 = {
  destination: pathsIn('destination', [...DESTINATION_SETTINGS, 'address', 'port']),
  changes: pathsIn('changes', DESTINATION_SETTINGS),
};
function encodeDestinationConfig(request, config) {
  if (typeof config === 'string')
    throw wrongType('destination', config, `an object${destinationObjectHint(config)}`);
  const settings = checkKeyed(request, 'destination', config, CONFIG_KEYS$1, encodeDestinationKey);
  encodeDestinationKey(request, 'destination', settings);
  checkUnicast(request);
  encodeSettings$2(request, settings, sourceOf(settings.stats));
}
function encodeDestinationChanges(request, changes) {
  encodeSettings$2(request, checkSettings('changes', changes, CHANGE_KEYS$1), 'changes');
}
const numberSetting = (name, initial) => ({
  field: fields$13[name],
  change: CHANGES$3[name],
  initial,
});
const WEIGHT = numberSetting('weight', 1);
const UPPER_THRESHOLD = numberSetting('upperThreshold', 0);
const LOWER_THRESHOLD = numberSetting('lowerThreshold', 0);
function encodeSettings$2(request, settings, source) {
  const { records, keys } = request;
  const base = request.destination();
  const isUpdate = source === 'changes';
  const paths = isUpdate ? PATHS$2.changes : PATHS$2.destination;
  const { forwarding, weight, upperThreshold, lowerThreshold, tunnel } = settings;
  let changes = 0;
  let method = isUpdate ? void 0 : DIRECT;
  if (forwarding !== void 0) {
    method =
      source === 'kernel'
        ? forwardings.numberOrUnknown(paths.forwarding, forwarding, layout.limits.forwarding)
        : forwardings.number(paths.forwarding, forwarding);
    changes |= CHANGES$3.forwarding;
  }
  if (method !== void 0) records.setU32(base, fields$13.forwarding, method);
  checkNumber(paths.weight, weight, source);
  changes |= encodeNumber(records, base, WEIGHT, weight, source);
  checkNumber(paths.upperThreshold, upperThreshold, source);
  changes |= encodeNumber(records, base, UPPER_THRESHOLD, upperThreshold, source);
  checkNumber(paths.lowerThreshold, lowerThreshold, source);
  changes |= encodeNumber(records, base, LOWER_THRESHOLD, lowerThreshold, source);
  if (tunnel === null) changes |= CHANGES$3.tunnelReset;
  else if (tunnel !== void 0) {
    const type = encodeTunnel(request, paths.tunnel, tunnel, source);
    if (source !== 'kernel' && method !== void 0) checkTunnel(paths.tunnel, type, method);
    changes |= CHANGES$3.tunnel;
  }
  records.setU32(request.base(), layout.request.fields.changes, changes);
  if (method !== void 0) {
    checkFamilies(paths.forwarding, method, keys);
    if (source !== 'kernel') checkPort(method, keys, isUpdate);
  }
  if (!isUpdate || (upperThreshold !== void 0 && lowerThreshold !== void 0))
    checkThresholds(paths.lowerThreshold, upperThreshold ?? 0, lowerThreshold ?? 0);
}
const MAX_INT$1 = 2 ** 31 - 1;
const MAX_U32$1 = 2 ** 32 - 1;
function checkNumber(path, value, source) {
  if (value !== void 0) checkInteger(path, value, 0, source === 'kernel' ? MAX_U32$1 : MAX_INT$1);
}
function encodeNumber(records, base, { field, change, initial }, value, source) {
  if (value !== void 0) records.setU32(base, field, value);
  else if (source !== 'changes') records.setU32(base, field, initial);
  return value === void 0 ? 0 : change;
}
function checkFamilies(path, method, keys) {
  if (method === TUNNEL || keys.serviceFamily === keys.destinationFamily) return;
  throw wrongValue(
    path,
    forwardings.name(method),
    "cannot cross from one address family to the other: only 'tunnel' can",
  );
}
function checkPort(method, keys, isUpdate) {
  const { fwmark, servicePort, destinationPort: port } = keys;
  if (method === MASQUERADE || fwmark !== 0 || port === servicePort) return;
  const forwarding = forwardings.name(method);
  const why = `leaves the service's port ${servicePort}: only 'masquerade' translates ports`;
  if (isUpdate) {
    const rule = `does not go with the destination's port ${port}, since it ${why}`;
    throw wrongValue(PATHS$2.changes.forwarding, forwarding, rule);
  }
  const rule = `does not go with forwarding '${forwarding}', which ${why}`;
  throw wrongValue(PATHS$2.destination.port, port, rule);
}
function checkTunnel(path, type, method) {
  if (method === TUNNEL) return;
  const rule = `does not go with forwarding '${forwardings.name(method)}': set that to 'tunnel'`;
  throw wrongValue(path, { type: tunnelTypes.name(type) }, rule);
}
function checkThresholds(path, upper, lower) {
  if (lower <= upper) return;
  throw wrongValue(
    path,
    lower,
    `is above the upper threshold of ${upper}${upper === 0 ? ', which is none: set both, or lowerThreshold: 0 to have neither' : ''}`,
  );
}
function checkUnicast(request) {
  const { bytes } = request.records;
  const { destinationFamily: family } = request.keys;
  const at = request.destination() + fields$13.address.offset;
  const isIpv4InIpv6 = family === 10 && isMapped(bytes, at);
  if (!isIpv4InIpv6 && describeAddress(bytes, at, family) === 'unicast') return;
  const hint = isIpv4InIpv6 ? `: write ${formatAddress$1(bytes, at + 12, 2)}` : '';
  throw wrongValue(
    PATHS$2.destination.address,
    formatAddress$1(bytes, at, family),
    `is not a unicast address, as a real server's must be${hint}`,
  );
}
function decodeDestinationEntry(records, base, decode) {
  const entry = layout.destinationEntry.fields;
  const stats = decodeStats(records, base + entry.stats.offset, decode);
  return decodeDestination(records, base + entry.destination.offset, stats, base);
}
function decodeDestination(records, base, stats, entry) {
  const family = records.u16(base, fields$13.family);
  const forwarding = forwardings.name(records.u32(base, fields$13.forwarding));
  const counts = layout.destinationEntry.fields;
  return {
    address: formatAddress$1(records.bytes, base + fields$13.address.offset, family),
    port: records.u16(base, fields$13.port),
    family: family === 10 ? 'ipv6' : 'ipv4',
    forwarding,
    weight: records.u32(base, fields$13.weight),
    upperThreshold: records.u32(base, fields$13.upperThreshold),
    lowerThreshold: records.u32(base, fields$13.lowerThreshold),
    tunnel: decodeTunnel(records, base, forwarding === 'tunnel'),
    activeConnections: entry === void 0 ? 0 : records.u32(entry, counts.activeConnections),
    inactiveConnections: entry === void 0 ? 0 : records.u32(entry, counts.inactiveConnections),
    persistentConnections: entry === void 0 ? 0 : records.u32(entry, counts.persistentConnections),
    stats,
  };
}
// lib/native/records.ts
const [LOW, HIGH] = endianness() === 'LE' ? [0, 1] : [1, 0];
const TWO_TO_32 = 2 ** 32;
var Records = class Records {
  bytes;
  #u16;
  #u32;
  constructor(buffer) {
    this.bytes = new Uint8Array(buffer);
    this.#u16 = new Uint16Array(buffer);
    this.#u32 = new Uint32Array(buffer);
  }
  enlarged(bytes) {
    const larger = new Records(new ArrayBuffer(bytes));
    larger.bytes.set(this.bytes);
    return larger;
  }
  number(base, field) {
    if (field.size === 4) return this.u32(base, field);
    return field.size === 2 ? this.u16(base, field) : this.u64(base, field);
  }
  u16(base, { offset }) {
    return this.#u16[(base + offset) >> 1] ?? 0;
  }
  u32(base, { offset }) {
    return this.#u32[(base + offset) >> 2] ?? 0;
  }
  u64(base, { offset }) {
    const at = (base + offset) >> 2;
    const low = this.#u32[at + LOW] ?? 0;
    const high = this.#u32[at + HIGH] ?? 0;
    return high === 0 ? low : high * TWO_TO_32 + low;
  }
  bigint(base, { offset }) {
    const at = (base + offset) >> 2;
    return (BigInt(this.#u32[at + HIGH] ?? 0) << 32n) | BigInt(this.#u32[at + LOW] ?? 0);
  }
  setU16(base, { offset }, value) {
    this.#u16[(base + offset) >> 1] = value;
  }
  setU32(base, { offset }, value) {
    this.#u32[(base + offset) >> 2] = value;
  }
  setNumber(base, field, value) {
    if (field.size === 2) this.setU16(base, field, value);
    else this.setU32(base, field, value);
  }
  name(base, field) {
    const start = base + field.offset;
    let text = '';
    for (let at = start; at < start + field.size; at++) {
      const code = this.bytes[at] ?? 0;
      if (code === 0) break;
      text += String.fromCharCode(code);
    }
    return text;
  }
  nameBytes(base, { offset, size }) {
    const bytes = this.bytes.subarray(base + offset, base + offset + size);
    const end = bytes.indexOf(0);
    return end < 0 ? bytes : bytes.subarray(0, end);
  }
  setNameBytes(base, { offset, size }, name) {
    const start = base + offset;
    this.bytes.fill(0, start, start + size);
    this.bytes.set(name, start);
  }
  setName(base, field, text) {
    const start = base + field.offset;
    for (let i = 0; i < field.size; i++)
      this.bytes[start + i] = i < text.length ? text.charCodeAt(i) : 0;
  }
};
const NO_RECORDS = new Records(new ArrayBuffer(0));
const recordsOf = (buffer) => (buffer === void 0 ? NO_RECORDS : new Records(buffer));
// lib/native/encoded-requests.ts
const FIRST_CAPACITY = 16;
var EncodedRequests = class {
  #size;
  #operation;
  #operations;
  #records;
  #capacity;
  #count = 0;
  constructor(record, operations, capacity = FIRST_CAPACITY) {
    this.#size = record.size;
    this.#operation = record.fields.operation;
    this.#operations = operations;
    this.#capacity = capacity;
    this.#records = new Records(new ArrayBuffer(capacity * record.size));
  }
  get records() {
    return this.#records;
  }
  get count() {
    return this.#count;
  }
  base(index = this.#count) {
    return index * this.#size;
  }
  begin(operation) {
    if (this.#count === this.#capacity) this.#grow();
    const base = this.base();
    this.#records.bytes.fill(0, base, base + this.#size);
    const number = this.#operations[operation];
    this.#records.setU32(base, this.#operation, number);
  }
  commit() {
    this.#count++;
  }
  bytes(
    chunk = {
      first: 0,
      count: this.#count,
    },
  ) {
    const { first, count } = chunk;
    return this.#records.bytes.subarray(this.base(first), this.base(first + count));
  }
  clear() {
    this.#count = 0;
  }
  #grow() {
    this.#capacity *= 2;
    this.#records = this.#records.enlarged(this.#capacity * this.#size);
  }
};
// lib/ipvs/request-buffer.ts
const { fields: fields$12 } = layout.request;
function draftIn(records, service, destination) {
  return {
    records,
    keys: noKeys(),
    service: () => service,
    destination: () => destination,
  };
}
const noKeys = () => ({
  serviceFamily: 0,
  fwmark: 0,
  protocol: 0,
  servicePort: 0,
  destinationFamily: 0,
  destinationPort: 0,
});
const MAX_MEMORY = 262144;
var RequestBuffer = class extends EncodedRequests {
  keys = noKeys();
  #memory;
  constructor(capacity) {
    super(layout.request, layout.operations, capacity);
  }
  get memory() {
    return this.#memory;
  }
  set memory(memory) {
    if (memory !== void 0 && memory.byteLength <= MAX_MEMORY) this.#memory = memory;
  }
  service(index = this.count) {
    return this.base(index) + fields$12.service.offset;
  }
  destination(index = this.count) {
    return this.base(index) + fields$12.destination.offset;
  }
};
// lib/ipvs/module-name.ts
const NAME = /^[\w.-]+$/;
function checkModuleName(property, value, max, hintFor = () => '') {
  if (typeof value === 'string' && value.length <= max && NAME.test(value)) return value;
  const rule = `a name of 1 to ${max} letters, digits, dots, dashes and underscores`;
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  throw wrongValue(property, value, `is not ${rule}${hintFor(value)}`);
}
// lib/ipvs/persistence.ts
const { fields: fields$11 } = layout.service;
const { changes: CHANGES$2 } = layout;
const DEFAULT_TIMEOUT = 300;
const MAX_TIMEOUT$1 = 2678400;
const MAX_U32 = 2 ** 32 - 1;
const KEYS$11 = new Set(['timeout', 'netmask', 'engine']);
const ENGINE_PROTOCOLS = { sip: 'udp' };
function encodePersistence(request, path, value, source) {
  const { records, keys } = request;
  const base = request.service();
  let changes = CHANGES$2.persistence;
  if (value === null) {
    records.setU32(base, fields$11.netmask, hostMask(keys.serviceFamily));
    return changes;
  }
  const { timeout, netmask, engine } = readObject(path, value, KEYS$11, persistenceHint);
  let seconds = DEFAULT_TIMEOUT;
  if (timeout !== void 0) {
    const [min, max] = source === 'kernel' ? [0, MAX_U32] : [1, MAX_TIMEOUT$1];
    seconds = checkInteger(`${path}.timeout`, timeout, min, max, 'seconds');
    changes |= CHANGES$2.timeout;
  }
  records.setU32(base, fields$11.timeout, seconds);
  let mask = hostMask(keys.serviceFamily);
  if (netmask !== void 0) {
    mask = checkNetmask(`${path}.netmask`, netmask, keys.serviceFamily);
    changes |= CHANGES$2.netmask;
  }
  records.setU32(base, fields$11.netmask, mask);
  if (engine !== void 0) {
    if (engine !== null) {
      const name = checkModuleName(`${path}.engine`, engine, layout.limits.engineLength);
      if (source !== 'kernel') checkEngineProtocol(`${path}.engine`, name, keys);
      records.setName(base, fields$11.engine, name);
    }
    changes |= CHANGES$2.engine;
  }
  return changes;
}
function persistenceHint(_path, value) {
  if (value === true) return ': did you mean {}?';
  if (value === false) return ': did you mean null?';
  if (typeof value !== 'number' && typeof value !== 'string') return '';
  const seconds = Number(value);
  return Number.isInteger(seconds) && seconds > 0 ? `: did you mean { timeout: ${seconds} }?` : '';
}
function checkEngineProtocol(path, engine, { fwmark, protocol }) {
  if (fwmark !== 0 || !Object.hasOwn(ENGINE_PROTOCOLS, engine)) return;
  const name = protocols.name(protocol);
  const needed = ENGINE_PROTOCOLS[engine];
  if (name === needed) return;
  throw wrongValue(
    path,
    engine,
    `is only for ${needed} and firewall marks: the kernel would drop every packet of ${name}`,
  );
}
function checkNetmask(path, value, family) {
  if (family !== 2) return checkInteger(path, value, 1, 128, 'bits');
  if (typeof value === 'string') {
    const mask = parseMask(value);
    if (mask !== void 0) return mask;
    throw wrongValue(path, value, 'is not a dotted mask such as 255.255.255.0');
  }
  const bits = checkInteger(path, value, 0, 32, 'bits');
  return bits === 0 ? 0 : (4294967295 << (32 - bits)) >>> 0;
}
function hostMask(family) {
  return family === 2 ? 4294967295 : 128;
}
function decodePersistence(records, base) {
  const engine = records.name(base, fields$11.engine);
  const netmask = records.u32(base, fields$11.netmask);
  return {
    timeout: records.u32(base, fields$11.timeout),
    netmask: records.u16(base, fields$11.family) === 2 ? formatMask(netmask) : netmask,
    engine: engine === '' ? null : engine,
  };
}
function hasPersistenceSettings(records, base) {
  return (
    records.u32(base, fields$11.timeout) !== 0 ||
    records.u32(base, fields$11.netmask) !== hostMask(records.u16(base, fields$11.family)) ||
    records.bytes[base + fields$11.engine.offset] !== 0
  );
}
// lib/ipvs/schedulers.ts
const schedulers = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'mh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'twos',
  'none',
];
const bits$1 = layout.schedulerFlags;
const schedulerFlags = {
  'sh-fallback': {
    bit: bits$1['sh-fallback'],
    owner: 'sh',
  },
  'sh-port': {
    bit: bits$1['sh-port'],
    owner: 'sh',
  },
  'mh-fallback': {
    bit: bits$1['mh-fallback'],
    owner: 'mh',
  },
  'mh-port': {
    bit: bits$1['mh-port'],
    owner: 'mh',
  },
  'flag-1': { bit: bits$1['flag-1'] },
  'flag-2': { bit: bits$1['flag-2'] },
  'flag-3': { bit: bits$1['flag-3'] },
};
const schedulerFlagNames = Object.keys(schedulerFlags);
const FLAG_MASK = layout.serviceFlags.scheduler;
const MAX_FLAGS = 2 ** 32 - 1;
function isFlagName(value) {
  return schedulerFlagNames.some((name) => name === value);
}
function checkScheduler$1(property, value) {
  const max = layout.limits.schedulerLength;
  return checkModuleName(property, value, max, schedulerHint);
}
function schedulerHint(name) {
  const meant = schedulers.some((known) => known === name)
    ? void 0
    : meantName(name, schedulers, 1);
  return meant === void 0 ? '' : `: did you mean '${meant}'?`;
}
function checkSchedulerFlags(property, value, source, scheduler) {
  const flags = readArray(property, value, 'an array of scheduler flags', (name) => {
    const number = source === 'kernel' ? unknownNumber(name, MAX_FLAGS) : void 0;
    if (number !== void 0) return { bit: number & FLAG_MASK };
    if (!isFlagName(name)) checkName(property, name, flagNamesOf(scheduler));
    return schedulerFlags[name];
  });
  let bits = 0;
  let owner = '';
  for (const flag of flags) {
    bits |= flag.bit;
    if (flag.owner === void 0) continue;
    if (owner !== '' && owner !== flag.owner)
      throw wrongValue(property, value, `has flags of two schedulers, ${owner} and ${flag.owner}`);
    owner = flag.owner;
  }
  return {
    bits,
    owner,
  };
}
function flagNamesOf(scheduler) {
  if (typeof scheduler !== 'string') return schedulerFlagNames;
  return schedulerFlagNames.filter((name) => {
    const { owner = scheduler } = schedulerFlags[name];
    return owner === scheduler;
  });
}
function checkFlagOwner(property, { bits, owner }, scheduler) {
  if (owner === '' || owner === scheduler) return;
  const rule = `belongs to scheduler ${owner}, not to ${scheduler}`;
  throw wrongValue(property, flagsOf$1(bits, owner), rule);
}
function flagsOf$1(bits, owner) {
  const owned = decodeSchedulerFlags(bits, owner).filter((name) => name.startsWith(`${owner}-`));
  const [first] = owned;
  return owned.length === 1 && first !== void 0 ? first : owned;
}
function decodeSchedulerFlags(serviceFlags, scheduler) {
  const names = [];
  let rest = serviceFlags & FLAG_MASK;
  if (rest === 0) return names;
  for (const name of schedulerFlagNames) {
    const { bit, owner = scheduler } = schedulerFlags[name];
    if ((rest & bit) === 0 || owner !== scheduler) continue;
    names.push(name);
    rest &= ~bit;
  }
  for (let bit = 1; rest !== 0; bit = (bit << 1) >>> 0) {
    if ((rest & bit) === 0) continue;
    names.push(`unknown-${bit}`);
    rest &= ~bit;
  }
  return names;
}
// lib/ipvs/service-codec.ts
const { fields: fields$10 } = layout.service;
const { fields: requestFields$2 } = layout.request;
const { changes: CHANGES$1, serviceFlags: FLAGS } = layout;
const DEFAULT_SCHEDULER = 'wlc';
const CONFIG_KEYS = new Set([...SERVICE_KEY, ...SERVICE_SETTINGS, ...SERVICE_STATE]);
const CHANGE_KEYS = new Set(SERVICE_SETTINGS);
const PATHS$1 = {
  service: pathsIn('service', [...SERVICE_SETTINGS, 'protocol', 'address', 'inactivePersistence']),
  changes: pathsIn('changes', SERVICE_SETTINGS),
};
function encodeServiceConfig(request, config) {
  if (typeof config === 'string')
    throw wrongType('service', config, `an object${serviceObjectHint(config)}`);
  const settings = checkKeyed(request, 'service', config, CONFIG_KEYS, encodeServiceKey);
  encodeServiceKey(request, 'service', settings);
  const source = sourceOf(settings.stats);
  if (source === 'config') checkServiceKey(request);
  encodeSettings$1(request, settings, source);
}
function encodeServiceChanges(request, changes) {
  encodeSettings$1(request, checkSettings('changes', changes, CHANGE_KEYS), 'changes');
}
function encodeSchedulerProbe(request, scheduler) {
  encodeServiceReference(request, 'service', 'unknown-65535://[::]:0');
  request.records.setName(request.service(), fields$10.scheduler, scheduler);
}
function checkServiceKey(request) {
  const { records, keys } = request;
  if (keys.fwmark !== 0) return;
  protocols.number(PATHS$1.service.protocol, protocols.name(keys.protocol));
  const at = request.service() + fields$10.address.offset;
  const kind = describeAddress(records.bytes, at, keys.serviceFamily);
  if (kind === 'unicast') return;
  const address = formatAddress$1(records.bytes, at, keys.serviceFamily);
  const rule = `is ${kind}: no packet would ever match the service`;
  throw wrongValue(PATHS$1.service.address, address, rule);
}
function encodeSettings$1(request, settings, source) {
  const { records, keys } = request;
  const base = request.service();
  const isUpdate = source === 'changes';
  const paths = isUpdate ? PATHS$1.changes : PATHS$1.service;
  const { scheduler, schedulerFlags, persistence, onePacket } = settings;
  let changes = 0;
  let flags = 0;
  let schedulerName = isUpdate ? void 0 : DEFAULT_SCHEDULER;
  if (scheduler !== void 0) {
    schedulerName = checkScheduler$1(paths.scheduler, scheduler);
    changes |= CHANGES$1.scheduler;
  }
  if (schedulerName !== void 0) records.setName(base, fields$10.scheduler, schedulerName);
  if (schedulerFlags !== void 0) {
    const checked = checkSchedulerFlags(paths.schedulerFlags, schedulerFlags, source, scheduler);
    if (schedulerName !== void 0) checkFlagOwner(paths.schedulerFlags, checked, schedulerName);
    records.setName(request.base(), requestFields$2.flagsOwner, checked.owner);
    flags |= checked.bits;
    changes |= CHANGES$1.schedulerFlags;
  }
  if (onePacket !== void 0) {
    if (checkBoolean(paths.onePacket, onePacket)) {
      if (source !== 'kernel') checkOnePacket(paths.onePacket, keys);
      flags |= FLAGS.onePacket;
    }
    changes |= CHANGES$1.onePacket;
  }
  if (persistence !== void 0)
    changes |= encodePersistence(request, paths.persistence, persistence, source);
  if (persistence !== void 0 && persistence !== null) flags |= FLAGS.persistent;
  else if (persistence === null || !isUpdate) {
    if (source !== 'kernel') checkPortWithoutPersistence(paths.persistence, keys);
    if (!isUpdate) encodeInactivePersistence(request, settings.inactivePersistence);
  }
  records.setU32(base, fields$10.flags, flags);
  records.setU32(request.base(), requestFields$2.changes, changes);
}
function checkOnePacket(path, { fwmark, protocol }) {
  const name = protocols.name(protocol);
  if (fwmark !== 0 || name === 'udp') return;
  throw wrongValue(path, true, `is only for udp and firewall marks, not for ${name}`);
}
function checkPortWithoutPersistence(path, { fwmark, servicePort }) {
  if (fwmark !== 0 || servicePort !== 0) return;
  throw wrongValue(
    path,
    null,
    'does not go with port 0: a service for every port must be persistent',
  );
}
function encodeInactivePersistence(request, value) {
  encodePersistence(request, PATHS$1.service.inactivePersistence, value ?? null, 'kernel');
}
function decodeServiceEntry(records, base, decode) {
  const { service, stats } = layout.serviceEntry.fields;
  const counters = decodeStats(records, base + stats.offset, decode);
  return decodeService$1(records, base + service.offset, counters);
}
function decodeService$1(records, base, stats) {
  const family = records.u16(base, fields$10.family);
  const flags = records.u32(base, fields$10.flags);
  const scheduler = records.name(base, fields$10.scheduler);
  const fwmark = records.u32(base, fields$10.fwmark);
  const isPersistent = (flags & FLAGS.persistent) !== 0;
  const state = {
    family: family === 10 ? 'ipv6' : 'ipv4',
    scheduler,
    schedulerFlags: decodeSchedulerFlags(flags, scheduler),
    persistence: isPersistent ? decodePersistence(records, base) : null,
    ...(!isPersistent && hasPersistenceSettings(records, base)
      ? { inactivePersistence: decodePersistence(records, base) }
      : void 0),
    onePacket: (flags & FLAGS.onePacket) !== 0,
    stats,
  };
  if (fwmark !== 0)
    return {
      fwmark,
      ...state,
    };
  return {
    protocol: protocols.name(records.u16(base, fields$10.protocol)),
    address: formatAddress$1(records.bytes, base + fields$10.address.offset, family),
    port: records.u16(base, fields$10.port),
    ...state,
  };
}
// lib/core/link-name.ts
const MAX_BYTES = 15;
const ESCAPE = /\\x([\da-fA-F]{2})/g;
const PLAIN = /^[!-[\]-~]*$/;
const LONE_SURROGATE = /\p{Cs}/u;
const INVISIBLE$1 = /[\p{C}\p{Z}]|\\(?=x[\da-fA-F]{2})/gu;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
});
const escaped = (bytes) =>
  Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
function decodeName(bytes) {
  const text = String.fromCharCode(...bytes);
  if (PLAIN.test(text)) return text;
  try {
    return decoder.decode(bytes).replace(INVISIBLE$1, (text) => escaped(encoder.encode(text)));
  } catch {
    return text.replace(/[^!-~]|\\(?=x[\da-fA-F]{2})/g, (each) => escaped([each.charCodeAt(0)]));
  }
}
function encodeName(text) {
  if (PLAIN.test(text)) return encoder.encode(text);
  const bytes = [];
  let place = 0;
  for (const match of text.matchAll(ESCAPE)) {
    bytes.push(...encoder.encode(text.slice(place, match.index)));
    bytes.push(Number.parseInt(match[1] ?? '', 16));
    place = match.index + match[0].length;
  }
  bytes.push(...encoder.encode(text.slice(place)));
  return Uint8Array.from(bytes);
}
const isRefused = (byte) =>
  (byte >= 9 && byte <= 13) || byte === 32 || byte === 160 || byte === 47 || byte === 58;
const PERCENT = 37;
function newLinkNameBytes(property, name) {
  return nameBytes(
    property,
    name,
    "blanks, '/', ':' and '%'",
    (byte) => isRefused(byte) || byte === PERCENT,
  );
}
function linkNameBytes(property, name) {
  return nameBytes(property, name, "blanks, '/' and ':'", isRefused);
}
function nameBytes(property, name, excluded, isExcluded) {
  const rule = `the name of a link: 1 to ${MAX_BYTES} bytes without ${excluded}`;
  const bytes = bytesOf(property, name, rule);
  if (name === '.' || name === '..' || bytes.some(isExcluded))
    throw wrongValue(property, name, `is not ${rule}`);
  return bytes;
}
function labelBytes(property, label) {
  return bytesOf(property, label, `a label: 1 to ${MAX_BYTES} bytes`);
}
function bytesOf(property, text, rule) {
  if (typeof text !== 'string') throw wrongType(property, text, rule);
  const bytes = encodeName(text);
  if (
    !(bytes.length > 0 && bytes.length <= MAX_BYTES) ||
    bytes.includes(0) ||
    LONE_SURROGATE.test(text)
  )
    throw wrongValue(property, text, `is not ${rule}`);
  return bytes;
}
// lib/ipvs/sync-daemon.ts
const { fields: fields$9 } = layout.daemon;
const { offset } = layout.request.fields.daemon;
const roles = new NameTable(layout.daemonRoles);
const NUMBERS = [
  {
    name: 'syncId',
    min: 0,
    max: 255,
    unit: '',
  },
  {
    name: 'maxLength',
    min: 1,
    max: 65507,
    unit: 'bytes',
  },
  {
    name: 'port',
    min: 1,
    max: 65535,
    unit: '',
  },
  {
    name: 'ttl',
    min: 1,
    max: 255,
    unit: 'hops',
  },
];
const KEYS$10 = new Set(['role', 'interface', 'group', ...NUMBERS.map(({ name }) => name)]);
const GROUP_RULE = 'a multicast address, from 224.0.0.0 to 239.255.255.255 or in ff00::/8';
function encodeSyncDaemon(request, config) {
  const settings = readConfig(request, config);
  const { records } = request;
  const base = request.base() + offset;
  encodeSyncDaemonRole(request, 'daemon.role', settings.role);
  const name = linkNameBytes('daemon.interface', settings.interface);
  records.setNameBytes(base, fields$9.interface, name);
  for (const { name, min, max, unit } of NUMBERS) {
    const value = settings[name];
    if (value === void 0) continue;
    const number = checkInteger(`daemon.${name}`, value, min, max, unit);
    records.setNumber(base, fields$9[name], number);
  }
  if (settings.group !== void 0) encodeGroup(records, base, settings.group);
}
function encodeSyncDaemonRole(request, property, role) {
  const base = request.base() + offset;
  request.records.setU32(base, fields$9.role, roles.number(property, role));
}
function readConfig(request, config) {
  try {
    return readObject('daemon', config, KEYS$10);
  } catch (error) {
    if (typeof config === 'object' && config !== null)
      try {
        encodeSyncDaemonRole(request, 'daemon.role', own(config, 'role'));
      } catch {}
    throw error;
  }
}
function encodeGroup(records, base, value) {
  if (typeof value !== 'string') throw wrongType('daemon.group', value, GROUP_RULE);
  const bytes = new Uint8Array(fields$9.group.size);
  const family = parseAddress(value, bytes, 0);
  if (family === 0 || describeAddress(bytes, 0, family) !== 'a multicast address')
    throw wrongValue('daemon.group', value, `is not ${GROUP_RULE}`);
  records.bytes.set(bytes, base + fields$9.group.offset);
  records.setU16(base, fields$9.groupFamily, family);
}
function decodeSyncDaemon(records, base) {
  const family = records.u16(base, fields$9.groupFamily);
  return {
    role: records.u32(base, fields$9.role) === layout.daemonRoles.master ? 'master' : 'backup',
    interface: decodeName(records.nameBytes(base, fields$9.interface)),
    syncId: records.number(base, fields$9.syncId),
    maxLength: records.number(base, fields$9.maxLength),
    group: formatAddress$1(records.bytes, base + fields$9.group.offset, family === 0 ? 2 : family),
    port: records.number(base, fields$9.port),
    ttl: records.number(base, fields$9.ttl),
  };
}
function formatSyncDaemon(requests, index) {
  const role = requests.records.u32(requests.base(index) + offset, fields$9.role);
  return role === 0 ? '' : `${roles.name(role)} daemon`;
}
function formatSyncDaemonLink(requests, index) {
  const base = requests.base(index) + offset;
  return decodeName(requests.records.nameBytes(base, fields$9.interface));
}
// lib/ipvs/targets.ts
const SERVICE_FAMILY = layout.service.fields.family;
const DESTINATION_FAMILY = layout.destination.fields.family;
const SUBJECTS$1 = {
  addService: 'service',
  updateService: 'service',
  ensureService: 'service',
  deleteService: 'service',
  getService: 'service',
  listServices: null,
  addDestination: 'destination',
  updateDestination: 'destination',
  ensureDestination: 'destination',
  deleteDestination: 'destination',
  getDestination: 'destination',
  listDestinations: 'service',
  flush: null,
  getInfo: null,
  getTimeouts: null,
  setTimeouts: null,
  zero: 'service',
  listSyncDaemons: null,
  startSyncDaemon: 'syncDaemon',
  stopSyncDaemon: 'syncDaemon',
};
function targetOf$1(operation, requests, index) {
  const { records } = requests;
  const subject = SUBJECTS$1[operation];
  if (subject === null) return '';
  if (subject === 'syncDaemon') return formatSyncDaemon(requests, index);
  const serviceBase = requests.service(index);
  if (records.number(serviceBase, SERVICE_FAMILY) === 0) return '';
  const service = formatServiceAt(records, serviceBase);
  const base = requests.destination(index);
  return subject === 'destination' && records.number(base, DESTINATION_FAMILY) !== 0
    ? `${formatDestinationAt(records, base)} of ${service}`
    : service;
}
function inputTarget$1(operation, requests, [first, second]) {
  switch (SUBJECTS$1[operation]) {
    case 'service':
      return serviceTarget(requests, first);
    case 'destination':
      return fullDestinationTarget(requests, first, second);
    case 'syncDaemon':
      return formatSyncDaemon(requests, requests.count) || describeArgument(first);
    default:
      return '';
  }
}
function serviceTarget(draft, argument) {
  const { records } = draft;
  const base = draft.service();
  return records.number(base, SERVICE_FAMILY) !== 0
    ? formatServiceAt(records, base)
    : describeArgument(argument);
}
function destinationTarget(draft, argument) {
  const { records } = draft;
  const base = draft.destination();
  return records.number(base, DESTINATION_FAMILY) !== 0
    ? formatDestinationAt(records, base)
    : describeArgument(argument);
}
function fullDestinationTarget(draft, service, destination) {
  return [destinationTarget(draft, destination), serviceTarget(draft, service)]
    .filter((part) => part !== '')
    .join(' of ');
}
// lib/ipvs/canonical.ts
const NO_STATS = {
  connections: 0,
  inPackets: 0,
  outPackets: 0,
  inBytes: 0,
  outBytes: 0,
  connectionRate: 0,
  inPacketRate: 0,
  outPacketRate: 0,
  inByteRate: 0,
  outByteRate: 0,
};
function convert(operation, targetIn, body) {
  const buffer = new RequestBuffer(1);
  try {
    return body(buffer);
  } catch (error) {
    if (isInputError(error)) describeInput(error, operation, targetIn(buffer));
    throw beginAtCaller(error, operation);
  }
}
function formatAddress(address) {
  return convert(
    'formatAddress',
    () => describeArgument(address),
    ({ records: { bytes } }) => {
      if (typeof address !== 'string') throw wrongType('address', address, ADDRESS_RULE);
      const family = parseAddress(address, bytes, 0);
      if (family === 0) throw notAddress('address', address);
      return formatAddress$1(bytes, 0, family);
    },
  );
}
registerEntry('formatAddress', formatAddress);
function parseServiceReference(reference) {
  return serviceKey('parseServiceReference', reference);
}
registerEntry('parseServiceReference', parseServiceReference);
function serviceKey(operation, reference) {
  return convert(
    operation,
    (buffer) => serviceTarget(buffer, reference),
    (buffer) => {
      encodeServiceReference(buffer, 'service', reference);
      const service = decodeService$1(buffer.records, buffer.service(), NO_STATS);
      if (service.fwmark !== void 0)
        return {
          fwmark: service.fwmark,
          family: service.family,
        };
      const { protocol, address, port } = service;
      return {
        protocol,
        address,
        port,
      };
    },
  );
}
function formatServiceReference(service) {
  return formatServiceKey(serviceKey('formatServiceReference', service));
}
registerEntry('formatServiceReference', formatServiceReference);
function parseDestinationReference(reference) {
  return destinationKey('parseDestinationReference', reference);
}
registerEntry('parseDestinationReference', parseDestinationReference);
function destinationKey(operation, reference) {
  return convert(
    operation,
    (buffer) => destinationTarget(buffer, reference),
    (buffer) => {
      const hasPort = encodeDestinationReference(buffer, 'destination', reference);
      const at = buffer.destination();
      const { address, port } = decodeDestination(buffer.records, at, NO_STATS);
      return hasPort
        ? {
            address,
            port,
          }
        : { address };
    },
  );
}
function formatDestinationReference(destination) {
  const { address, port } = destinationKey('formatDestinationReference', destination);
  return port === void 0
    ? address
    : formatDestinationKey({
        address,
        port,
      });
}
registerEntry('formatDestinationReference', formatDestinationReference);
function normalizeService(config) {
  return convert(
    'normalizeService',
    (buffer) => serviceTarget(buffer, config),
    (buffer) => {
      encodeServiceConfig(buffer, config);
      const at = buffer.service();
      const { stats, ...service } = decodeService$1(buffer.records, at, NO_STATS);
      return service;
    },
  );
}
registerEntry('normalizeService', normalizeService);
function normalizeDestination(service, config) {
  return convert(
    'normalizeDestination',
    (buffer) => fullDestinationTarget(buffer, service, config),
    (buffer) => {
      encodeServiceOfDestination(buffer, service, config);
      encodeDestinationConfig(buffer, config);
      const at = buffer.destination();
      const {
        activeConnections,
        inactiveConnections,
        persistentConnections,
        stats,
        ...destination
      } = decodeDestination(buffer.records, at, NO_STATS);
      return destination;
    },
  );
}
registerEntry('normalizeDestination', normalizeDestination);
// lib/connections/types.ts
const connectionProtocols = new NameTable(layout.connectionProtocols);
const STATES = {
  NONE: true,
  ESTABLISHED: true,
  SYN_SENT: true,
  SYN_RECV: true,
  FIN_WAIT: true,
  TIME_WAIT: true,
  CLOSE: true,
  CLOSE_WAIT: true,
  LAST_ACK: true,
  LISTEN: true,
  SYNACK: true,
  UDP: true,
  INIT1: true,
  INIT: true,
  'C-SENT': true,
  'C-REPLIED': true,
  'C-WAIT': true,
  COOKIE: true,
  'C-ECHOED': true,
  'S-SENT': true,
  'S-RECEIVED': true,
  'S-ACK-SENT': true,
  REJECTED: true,
  CLOSED: true,
  ASSURED: true,
  'ERR!': true,
  'BUG!': true,
  '?': true,
};
const NAMED_STATES = Object.keys(STATES)
  .filter(isConnectionState)
  .filter((state) => /^[A-Z]/.test(state) && !state.endsWith('!'));
function isConnectionState(value) {
  return typeof value === 'string' && Object.hasOwn(STATES, value);
}
// lib/connections/decode.ts
const { size: size$2, fields: fields$8 } = layout.connection;
function decodeChunk(native) {
  const records = new Records(native.connections);
  return {
    count: native.connections.byteLength / size$2,
    last: native.done,
    read: (index) => decodeConnection(records, index * size$2, native.texts),
  };
}
function decodeConnection(records, base, texts) {
  const { bytes } = records;
  const protocol = connectionProtocols.name(records.number(base, fields$8.protocol));
  const family = records.number(base, fields$8.family);
  const destinationFamily = records.number(base, fields$8.destinationFamily);
  const template = (records.number(base, fields$8.flags) & layout.connectionFlags.template) !== 0;
  return {
    protocol,
    family: family === 10 ? 'ipv6' : 'ipv4',
    client: {
      address: formatAddress$1(bytes, base + fields$8.client.offset, family),
      port: records.number(base, fields$8.clientPort),
    },
    virtual: {
      address: formatAddress$1(bytes, base + fields$8.virtualAddress.offset, family),
      port: records.number(base, fields$8.virtualPort),
    },
    destination: {
      address: formatAddress$1(bytes, base + fields$8.destination.offset, destinationFamily),
      port: records.number(base, fields$8.destinationPort),
    },
    state: textAt(texts, records.number(base, fields$8.state)) ?? '',
    expires: records.number(base, fields$8.expires),
    template,
    fwmark: template && protocol === 'ip' ? decodeMark(bytes, base) : null,
    engine: textAt(texts, records.number(base, fields$8.engine)),
    engineData: textAt(texts, records.number(base, fields$8.engineData)),
    origin: decodeOrigin(records.number(base, fields$8.origin)),
  };
}
function textAt(texts, number) {
  return number === 0 ? null : (texts[number - 1] ?? null);
}
function decodeMark(bytes, base) {
  const start = base + fields$8.virtualAddress.offset;
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(start, start + 4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
function decodeOrigin(number) {
  if (number === layout.origins.local) return 'local';
  return number === layout.origins.sync ? 'sync' : null;
}
// lib/queue/operation.ts
function call(operation, ...args) {
  return {
    operation,
    args,
  };
}
function named(operation, name) {
  const { decoder } = operation;
  return {
    ...operation,
    name,
    ...(decoder !== void 0 && {
      decoder: (...args) => ({
        ...decoder(...args),
        name,
      }),
    }),
  };
}
const FORGIVING_KEYS = {
  ifExists: new Set(['ifExists']),
  ifRunning: new Set(['ifRunning']),
};
function isForgiving(options, name) {
  const value = readOptions(options, FORGIVING_KEYS[name])[name];
  return value !== void 0 && checkBoolean(`options.${name}`, value);
}
const noValue = () => void 0;
const yes = () => true;
const arityOf = ({ length }) => length - 1;
function definitions() {
  return {
    withoutValue: (name, encode) => ({
      name,
      request: name,
      arity: arityOf(encode),
      encode,
      decode: noValue,
    }),
    withValue: (name, encode, decode, errnoValues) => ({
      name,
      request: name,
      arity: arityOf(encode),
      encode,
      decode,
      ...(errnoValues !== void 0 && { errnoValues }),
    }),
    forgivable: (name, errnos, option, encode) => {
      const strict = {
        name,
        request: name,
        decode: yes,
      };
      const errnoValues = Object.fromEntries(errnos.map((errno) => [errno, false]));
      const forgiving = {
        ...strict,
        errnoValues,
      };
      const arity = arityOf(encode);
      return {
        ...strict,
        arity,
        encode,
        decoder: (...args) => (isForgiving(args[arity - 1], option) ? forgiving : strict),
      };
    },
  };
}
// lib/ipvs/timeouts.ts
const { fields: fields$7 } = layout.timeouts;
const NAMES$1 = ['tcp', 'tcpFin', 'udp'];
const KEYS$9 = new Set(NAMES$1);
const MAX_TIMEOUT = 2678400;
function encodeTimeouts(request, changes) {
  const timeouts = readObject('timeouts', changes, KEYS$9);
  const base = request.base() + layout.request.fields.timeouts.offset;
  let isEmpty = true;
  for (const name of NAMES$1) {
    const value = timeouts[name];
    if (value === void 0) continue;
    const seconds = checkInteger(`timeouts.${name}`, value, 1, MAX_TIMEOUT, 'seconds');
    request.records.setU32(base, fields$7[name], seconds);
    isEmpty = false;
  }
  if (isEmpty) throw wrongValue('timeouts', changes, `names none of ${NAMES$1.join(', ')}`);
}
function decodeTimeouts(records, base) {
  return {
    tcp: records.u32(base, fields$7.tcp),
    tcpFin: records.u32(base, fields$7.tcpFin),
    udp: records.u32(base, fields$7.udp),
  };
}
// lib/ipvs/operations.ts
const {
  withoutValue: withoutValue$1,
  withValue: withValue$1,
  forgivable: forgivable$1,
} = definitions();
const ensured$1 = (response, index) =>
  response.number(index, 'created') === 0 ? 'updated' : 'created';
function encodeService(request, reference) {
  encodeServiceReference(request, 'service', reference);
}
function encodeBoth(request, service, destination) {
  encodeServiceOfDestination(request, service, destination);
  encodeDestinationReference(request, 'destination', destination);
}
function update(name, errnos, encode) {
  const forgiving = forgivable$1(name, errnos, 'ifExists', encode);
  const silent = {
    name,
    request: name,
    decode: () => void 0,
  };
  return {
    ...forgiving,
    decoder: (...args) =>
      args[forgiving.arity - 1] === void 0 ? silent : forgiving.decoder(...args),
  };
}
function queryCounters(name, encode, decode, errnoValues = {}) {
  const queryWith = (counter) =>
    withValue$1(name, encode, (response, index) => decode(response, index, counter), errnoValues);
  const numbers = queryWith(asNumber);
  const bigints = queryWith(asBigint);
  return {
    ...numbers,
    decoder: (...args) => (checkReadOptions(args[numbers.arity - 1]) ? bigints : numbers),
  };
}
const operations = {
  addService: withoutValue$1('addService', (request, config) =>
    encodeServiceConfig(request, config),
  ),
  updateService: update('updateService', ['ESRCH'], (request, service, changes, _options) => {
    encodeService(request, service);
    encodeServiceChanges(request, changes);
  }),
  ensureService: withValue$1(
    'ensureService',
    (request, config) => encodeServiceConfig(request, config),
    ensured$1,
  ),
  deleteService: forgivable$1(
    'deleteService',
    ['ESRCH'],
    'ifExists',
    (request, service, _options) => encodeService(request, service),
  ),
  getService: queryCounters(
    'getService',
    (request, service, _options) => encodeService(request, service),
    (response, index, counter) => response.service(index, counter),
    { ESRCH: void 0 },
  ),
  listServices: queryCounters(
    'listServices',
    (_request, _options) => void 0,
    (response, index, counter) => response.services(index, counter),
  ),
  addDestination: withoutValue$1('addDestination', (request, service, config) => {
    encodeServiceOfDestination(request, service, config);
    encodeDestinationConfig(request, config);
  }),
  updateDestination: update(
    'updateDestination',
    ['ESRCH', 'ENOENT'],
    (request, service, destination, changes, _options) => {
      encodeBoth(request, service, destination);
      encodeDestinationChanges(request, changes);
    },
  ),
  ensureDestination: withValue$1(
    'ensureDestination',
    (request, service, config) => {
      encodeServiceOfDestination(request, service, config);
      encodeDestinationConfig(request, config);
    },
    ensured$1,
  ),
  deleteDestination: forgivable$1(
    'deleteDestination',
    ['ESRCH', 'ENOENT'],
    'ifExists',
    (request, service, destination, _options) => encodeBoth(request, service, destination),
  ),
  getDestination: queryCounters(
    'getDestination',
    (request, service, destination, _options) => encodeBoth(request, service, destination),
    (response, index, counter) => response.destination(index, counter),
    {
      ENOENT: void 0,
      ESRCH: void 0,
    },
  ),
  listDestinations: queryCounters(
    'listDestinations',
    (request, service, _options) => encodeService(request, service),
    (response, index, counter) => response.destinations(index, counter),
  ),
  flush: {
    ...withoutValue$1('flush', (_request) => void 0),
    arityHint: ', and deletes every service; deleteService deletes one',
  },
  getInfo: withValue$1(
    'getInfo',
    (_request) => void 0,
    (response, index) => {
      const version = response.number(index, 'version');
      return {
        version: `${version >>> 16}.${(version >>> 8) & 255}.${version & 255}`,
        connectionTableSize: response.number(index, 'connectionTableSize'),
      };
    },
  ),
  getTimeouts: withValue$1(
    'getTimeouts',
    (_request) => void 0,
    (response, index) => response.timeouts(index),
  ),
  setTimeouts: withoutValue$1('setTimeouts', (request, changes) =>
    encodeTimeouts(request, changes),
  ),
  zero: {
    ...withoutValue$1('zero', (request, ...services) => {
      if (services.length > 0) encodeService(request, services[0]);
    }),
    arity: 1,
  },
  listSyncDaemons: withValue$1(
    'listSyncDaemons',
    (_request) => void 0,
    (response, index) => response.daemons(index),
  ),
  startSyncDaemon: withoutValue$1('startSyncDaemon', (request, config) =>
    encodeSyncDaemon(request, config),
  ),
  stopSyncDaemon: forgivable$1(
    'stopSyncDaemon',
    ['ESRCH'],
    'ifRunning',
    (request, role, _options) => encodeSyncDaemonRole(request, 'role', role),
  ),
  probeScheduler: withValue$1(
    'addService',
    (request, name) => encodeSchedulerProbe(request, name),
    () => true,
    {
      EINVAL: true,
      ENOENT: false,
    },
  ),
};
// lib/connections/service-facts.ts
const NO_FACTS = {
  claimedPorts: new Uint8Array(0),
  destinations: new Uint8Array(0),
};
async function learnFacts(operation, { facts, query }, run) {
  if (query === void 0) return facts;
  const { service, fact } = query;
  if (fact === 'claimedPorts') {
    const services = await run(call(named(operations.listServices, operation), void 0));
    return {
      ...facts,
      claimedPorts: encodeClaimedPorts(operation, service, services),
    };
  }
  const destinations = await run(
    call(named(operations.listDestinations, operation), service, void 0),
  );
  return {
    ...facts,
    destinations: encodeDestinations(destinations),
  };
}
function encodeClaimedPorts(operation, service, services) {
  const ports = services.flatMap((each) => {
    if (each.fwmark !== void 0) return [];
    const { protocol, address, port } = each;
    return formatServiceKey({
      protocol,
      address,
      port: 0,
    }) === service
      ? [port]
      : [];
  });
  if (!ports.includes(0)) throw missingService(operation, service);
  const others = ports.filter((port) => port !== 0);
  return new Uint8Array(Uint16Array.from(others).buffer);
}
function missingService(operation, service) {
  return new IpvsError(`${operation} ${service}: there is no such service (ESRCH)`, {
    code: 'ESRCH',
    errno: -constants.errno.ESRCH,
    syscall: 'IPVS_CMD_GET_SERVICE',
    operation,
    target: service,
    missing: 'service',
  });
}
function encodeDestinations(destinations) {
  const { size } = layout.connectionFilter.fields.destination;
  const { address, family, port } = layout.destination.fields;
  const records = new Records(new ArrayBuffer(destinations.length * size));
  for (const [index, destination] of destinations.entries()) {
    const base = index * size;
    const number = parseAddress(destination.address, records.bytes, base + address.offset);
    records.setNumber(base, family, number);
    records.setNumber(base, port, destination.port);
  }
  return records.bytes;
}
// lib/connections/filter.ts
const FILTER_KEYS = ['service', 'destination', 'server', 'client', 'protocol', 'state'];
const MAX_PROTOCOL = 65535;
const { fields: fields$6, size: size$1 } = layout.connectionFilter;
function encodeFilter(filter) {
  const records = new Records(new ArrayBuffer(size$1));
  const draft = draftIn(records, fields$6.service.offset, fields$6.destination.offset);
  let criteria = 0;
  let facts = NO_FACTS;
  let query;
  if (filter.service !== void 0) {
    encodeServiceReference(draft, 'options.service', filter.service);
    criteria |= layout.criteria.service;
    query = factsQueryOf(draft);
  }
  if (filter.destination !== void 0) {
    const property = 'options.destination';
    if (
      !encodeDestinationReference(draft, property, filter.destination) &&
      filter.service === void 0
    )
      throw wrongValue(
        property,
        filter.destination,
        'needs a port, or a service beside it whose port it has; see also server',
      );
    criteria |= layout.criteria.destination;
    if (query?.fact === 'destinations') {
      const { offset } = fields$6.destination;
      const destinations = records.bytes.slice(offset, offset + fields$6.destination.size);
      facts = {
        ...NO_FACTS,
        destinations,
      };
      query = void 0;
    }
  }
  for (const side of ['client', 'server']) {
    if (filter[side] === void 0) continue;
    encodeNetwork(records, side, filter[side]);
    criteria |= layout.criteria[side];
  }
  if (filter.protocol !== void 0) {
    const number = connectionProtocols.numberOrUnknown(
      'options.protocol',
      filter.protocol,
      MAX_PROTOCOL,
    );
    records.setNumber(0, fields$6.protocol, number);
    criteria |= layout.criteria.protocol;
  }
  if (filter.state !== void 0) {
    records.setName(0, fields$6.state, checkState('options.state', filter.state));
    criteria |= layout.criteria.state;
  }
  records.setNumber(0, fields$6.criteria, criteria);
  return {
    record: records.bytes,
    facts,
    query,
  };
}
function factsQueryOf({ records, keys }) {
  const service = formatServiceAt(records, fields$6.service.offset);
  if (keys.fwmark !== 0)
    return {
      service,
      fact: 'destinations',
    };
  return keys.servicePort === 0
    ? {
        service,
        fact: 'claimedPorts',
      }
    : void 0;
}
function encodeNetwork(records, side, value) {
  const property = `options.${side}`;
  const rule = "an address or a network such as '10.0.0.0/8'";
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  const [, address = '', bits] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(value) ?? [];
  const family = parseAddress(address, records.bytes, fields$6[side].offset);
  if (family === 0) throw wrongValue(property, value, `is not ${rule}${networkHint(value)}`);
  const max = family === 2 ? 32 : 128;
  const prefix = bits === void 0 ? max : checkInteger(`${property} prefix`, Number(bits), 0, max);
  records.setNumber(0, fields$6[`${side}Family`], family);
  records.setNumber(0, fields$6[`${side}Prefix`], prefix);
}
function checkState(property, value) {
  if (!isConnectionState(value)) checkName(property, value, NAMED_STATES);
  return value;
}
// lib/connections/count.ts
const KEYS$8 = new Set([...FILTER_KEYS, 'by']);
const COLUMNS = ['service', 'destination', 'state', 'protocol'];
function checkCountOptions(options) {
  const { by, ...filter } = readOptions(options, KEYS$8);
  return {
    filter: encodeFilter(filter),
    by: checkColumns('options.by', by),
  };
}
function checkColumns(property, value) {
  if (value === void 0) return new Set();
  const rule = `an array of ${COLUMNS.join(', ')}`;
  const columns = readArray(property, value, rule, (column) => {
    const known = COLUMNS.find((each) => each === column);
    if (known === void 0) throw wrongValue(property, value, `is not ${rule}`);
    return known;
  });
  return new Set(columns);
}
function countMask(by) {
  let mask = 0;
  for (const column of by) mask |= layout.countBy[column];
  return mask;
}
function decodeCounts(native, by) {
  const records = new Records(native.counts);
  const { size, fields } = layout.connectionCount;
  const counts = [];
  for (let base = 0; base < native.counts.byteLength; base += size) {
    const group = base + fields.group.offset;
    const connection = decodeConnection(records, group, native.texts);
    const { protocol, destination, state } = connection;
    counts.push({
      count: records.number(base, fields.count),
      ...(by.has('service') ? { service: decodeService(records, group, connection) } : {}),
      ...(by.has('destination') ? { destination } : {}),
      ...(by.has('state') ? { state } : {}),
      ...(by.has('protocol') ? { protocol } : {}),
    });
  }
  return counts.length === 0 && by.size === 0 ? [{ count: 0 }] : counts;
}
function decodeService(records, base, { fwmark, family, virtual }) {
  if (fwmark !== null)
    return {
      fwmark,
      family,
    };
  const number = records.number(base, layout.connection.fields.protocol);
  return {
    protocol: protocols.name(number),
    ...virtual,
  };
}
// lib/native/errno-meanings.ts
const IPVS_NEEDS_ADMIN =
  'CAP_NET_ADMIN in the initial user namespace is needed: run as root, grant the capability, or start the container privileged (a rootless container cannot control IPVS)';
const GENERAL = {
  EPERM: IPVS_NEEDS_ADMIN,
  EAFNOSUPPORT:
    'the kernel does not support the address family; IPv6 may be switched off (ipv6.disable)',
  ENOMEM: 'the kernel has no memory for it',
  ENOBUFS: 'the kernel has no memory for the message',
  ENOPROTOOPT: 'the kernel is unloading IPVS',
  ETIMEDOUT:
    'the kernel did not answer in time: it may be loading a module, for which it runs modprobe',
  ENODATA: 'the kernel sent no reply',
  EBADMSG: "the kernel's response was malformed",
  EMSGSIZE: 'a message was larger than its buffer',
  EINTR: 'the table changed during every read',
};
function generalMeaning(code) {
  return GENERAL[code] ?? systemMessage(code);
}
function systemMessage(code) {
  for (const [name, message] of getSystemErrorMap().values()) if (name === code) return message;
  return 'the kernel refuses it';
}
// lib/native/native-errors.ts
const NO_NETLINK$1 =
  'netlink sockets are not allowed here: a seccomp filter of the container or the service (RestrictAddressFamilies=), or a security module, refuses them';
const NETLINK = {
  EPERM: NO_NETLINK$1,
  EACCES: NO_NETLINK$1,
  EAFNOSUPPORT: NO_NETLINK$1,
  ENOSYS: NO_NETLINK$1,
  EPROTONOSUPPORT:
    'there is no generic netlink here: the kernel was built without it, or an emulator or sandbox stands in for the kernel',
};
const OPENING = {
  socket: NETLINK,
  bind: NETLINK,
  CTRL_CMD_GETFAMILY: NETLINK,
  IPVS_CMD_GET_INFO: { EPERM: IPVS_NEEDS_ADMIN },
  open: {
    ENOENT: 'there is no such network namespace',
    EACCES: 'the network namespace may not be opened',
  },
  fcntl: { EBADF: 'there is no such open descriptor' },
  pthread_create: {
    EAGAIN: 'no thread can be started: there is too little memory, or too many run',
  },
  setns: {
    EINVAL: 'it is not a network namespace',
    EPERM: 'CAP_SYS_ADMIN is needed to enter another network namespace',
  },
};
const UNAVAILABLE =
  'the kernel has no IPVS: load its module on the host (modprobe ip_vs), or use a kernel with CONFIG_IP_VS';
function unavailableReason(facts = factsOf('ip_vs')) {
  const why = noLoading(facts);
  if (why === void 0)
    return !facts.loaded && facts.onDisk === true ? absenceOf('ip_vs', facts).detail : UNAVAILABLE;
  return `module ip_vs is not loaded, and ${why}${facts.forbidden ? '' : ': load it on the host (modprobe ip_vs)'}`;
}
function isNativeError(error) {
  return error instanceof Error && 'errno' in error && 'syscall' in error && 'text' in error;
}
function isMemoryError(error) {
  return error instanceof Error && error.message === 'std::bad_alloc';
}
function translate(error, { operation, target, isFile, hint = '' }) {
  const { syscall } = error;
  const code = errnoName(error.errno);
  const isIpvsFile = isFile && syscall === 'open';
  const isAbsent = code === 'ENOENT' && (isIpvsFile || syscall === 'CTRL_CMD_GETFAMILY');
  const meaning = isIpvsFile
    ? systemMessage(code)
    : (OPENING[syscall]?.[code] ?? generalMeaning(code));
  return operationError(
    isAbsent ? unavailableReason() : `${meaning}${hint} (${syscall}: ${code})`,
    {
      code: isAbsent ? 'ERR_IPVS_UNAVAILABLE' : code,
      errno: -error.errno,
      syscall,
      operation,
      target,
      cause: error,
    },
  );
}
function memoryError(cause, operation, target) {
  return operationError('the process has no memory for it (ENOMEM)', {
    code: 'ENOMEM',
    errno: -constants.errno.ENOMEM,
    operation,
    target,
    cause,
  });
}
function namespaceHint(netns) {
  if (!/^[\w.-]{1,80}$/.test(netns)) return '';
  return `: netns is a path, such as '/run/netns/${netns}' for a namespace of ip netns`;
}
function openingError(error, netns) {
  const target = cut(netns);
  if (isMemoryError(error)) return memoryError(error, 'open', target);
  if (!isNativeError(error)) return error instanceof Error ? error : new Error(String(error));
  return translate(error, {
    operation: 'open',
    target,
    isFile: false,
    hint:
      ['open', 'setns'].includes(error.syscall) && errnoName(error.errno) !== 'EPERM'
        ? namespaceHint(netns)
        : '',
  });
}
function nativeCallError(error, operation) {
  if (isMemoryError(error)) return memoryError(error, operation, '');
  if (!isNativeError(error)) return error;
  return translate(error, {
    operation,
    target: '',
    isFile: true,
  });
}
function exchangeError(error, operation) {
  if (isNativeError(error))
    return translate(error, {
      operation,
      target: '',
      isFile: false,
    });
  return operationError(
    `its batch failed (${error instanceof Error ? error.message : String(error)}): it may have taken effect`,
    {
      code: 'ERR_IPVS_OUTCOME_UNKNOWN',
      operation,
      cause: error,
    },
  );
}
function fileError(operation, path, errno) {
  const code = errnoName(errno);
  return new IpvsError(`${operation}: ${path}: ${systemMessage(code)} (${code})`, {
    code,
    errno: -errno,
    syscall: 'open',
    operation,
    target: path,
  });
}
// lib/native/missing-files.ts
const TOTALS_FILE = '/proc/thread-self/net/ip_vs_stats';
const NET_FILE = '/proc/thread-self/net/dev';
const WITNESSES = [NET_FILE, '/proc/sys/kernel/ostype', TOTALS_FILE];
const INVISIBLE = {
  'no proc': 'no proc file system is mounted on /proc',
  'no sys': 'there is no /proc/sys: /proc is mounted with subset=pid, or something lies over it',
  hidden:
    'something is mounted over them, or the network namespace belongs to another user namespace, and this kernel hides them',
};
const isReadable = (content) => typeof content === 'string' && content !== '';
function reasonForParameters(witnesses) {
  const [net, sys, totals] = witnesses;
  if (!isReadable(net)) return 'no proc';
  if (!isReadable(sys)) return 'no sys';
  return isReadable(totals) ? 'hidden' : 'unloaded';
}
function missingFilesError(operation, subject, target, reason) {
  const details = {
    errno: -constants.errno.ENOENT,
    syscall: 'open',
    operation,
    target,
  };
  if (reason === 'unloaded')
    return new IpvsError(`${operation}: ${unavailableReason()}`, {
      code: 'ERR_IPVS_UNAVAILABLE',
      ...details,
    });
  return new IpvsError(`${operation}: ${subject} not visible here: ${INVISIBLE[reason]} (ENOENT)`, {
    code: 'ENOENT',
    ...details,
  });
}
function missingTableError(operation, path, net) {
  const reason = isReadable(net) ? 'unloaded' : 'no proc';
  return missingFilesError(operation, `${path} is`, path, reason);
}
// lib/connections/reader.ts
const CHUNK_SIZE = 2048;
var ConnectionReader = class {
  #access;
  #operation;
  #filter;
  #origin;
  #cursor;
  constructor(access, operation, filter, origin) {
    this.#access = access;
    this.#operation = operation;
    this.#filter = filter;
    this.#origin = origin;
  }
  async next() {
    return decodeChunk(await this.#read((cursor) => cursor.next(CHUNK_SIZE)));
  }
  async count(by) {
    return decodeCounts(await this.#read((cursor) => cursor.count(countMask(by))), by);
  }
  close() {
    this.#cursor?.close();
  }
  #read(read) {
    return this.#access.runTask(async (run) => {
      this.#cursor ??= await this.#open(run);
      try {
        return await read(this.#cursor);
      } catch (error) {
        throw await this.#translate(error);
      }
    });
  }
  async #open(run) {
    const { Cursor, handle } = this.#access;
    const { claimedPorts, destinations } = await learnFacts(this.#operation, this.#filter, run);
    return new Cursor(handle, this.#filter.record, this.#origin, claimedPorts, destinations);
  }
  async #translate(error) {
    const translated = nativeCallError(error, this.#operation);
    if (!(translated instanceof IpvsError && translated.code === 'ERR_IPVS_UNAVAILABLE'))
      return translated;
    const path = `/proc/thread-self/net/ip_vs_conn${this.#origin ? '_sync' : ''}`;
    const [net] = await this.#access.handle.readFiles([NET_FILE]);
    return missingTableError(this.#operation, path, net);
  }
};
// lib/core/iterator.ts
const awaited = new Set();
const DONE = {
  value: void 0,
  done: true,
};
var CancellableIterator = class {
  #pending = [];
  #ended = false;
  #failure;
  #released;
  #abortable = { abort: (reason) => this.fail(reason) };
  #forgetSignal;
  get ended() {
    return this.#ended;
  }
  observe(signal) {
    if (signal?.aborted) this.fail(reasonOf$1(signal));
    else this.#forgetSignal = signal && endOnAbort(signal, this.#abortable);
  }
  serve() {
    while (this.#pending.length > 0) {
      const value = this.#take();
      if (value === void 0) break;
      this.#pending.shift()?.resolve({
        value,
        done: false,
      });
    }
    if (this.#pending.length > 0) this.refill();
    else awaited.delete(this);
  }
  fail(error) {
    if (this.#ended) return;
    const pending = this.#pending.splice(0);
    if (pending.length === 0) this.#failure = { error };
    this.end();
    for (const { reject } of pending) reject(error);
  }
  end() {
    if (this.#ended) return;
    this.#ended = true;
    awaited.delete(this);
    this.#forgetSignal?.();
    this.#released = this.release() ?? void 0;
    for (const { resolve } of this.#pending.splice(0)) resolve(DONE);
  }
  #take() {
    if (this.#ended) return void 0;
    try {
      return this.take();
    } catch (error) {
      this.fail(error);
      return;
    }
  }
  [Symbol.asyncIterator]() {
    return this;
  }
  next() {
    if (this.#pending.length === 0) {
      const value = this.#take();
      if (value !== void 0)
        return Promise.resolve({
          value,
          done: false,
        });
    }
    if (this.#failure !== void 0) {
      const { error } = this.#failure;
      this.#failure = void 0;
      return withAwaitStack(Promise.reject(error));
    }
    if (this.#ended) return Promise.resolve(DONE);
    return withAwaitStack(
      new Promise((resolve, reject) => {
        this.#pending.push({
          resolve,
          reject,
        });
        awaited.add(this);
        if (this.#pending.length === 1) this.refill();
      }),
    );
  }
  async return() {
    this.#failure = void 0;
    this.end();
    await this.#released;
    return DONE;
  }
  async throw(error) {
    await this.return();
    throw error;
  }
  async [Symbol.asyncDispose]() {
    await this.return();
  }
};
// lib/connections/stream.ts
const KEYS$7 = new Set([...FILTER_KEYS, 'origin', 'signal']);
function checkStreamOptions(options) {
  const { origin, signal, ...filter } = readOptions(options, KEYS$7);
  return {
    filter: encodeFilter(filter),
    origin: origin !== void 0 && checkBoolean('options.origin', origin),
    signal: checkSignal('options.signal', signal),
  };
}
var ConnectionStream = class extends CancellableIterator {
  #source;
  #signal;
  #hasBegun = false;
  #chunk;
  #index = 0;
  #ahead;
  constructor(source, signal) {
    super();
    this.#source = source;
    this.#signal = signal;
  }
  take() {
    const chunk = this.#chunk;
    if (chunk === void 0) return void 0;
    if (this.#index < chunk.count) return chunk.read(this.#index++);
    if (chunk.last) this.end();
  }
  refill() {
    this.#read();
  }
  async #read() {
    try {
      this.#begin();
      if (this.ended) return;
      this.#ahead ??= this.#source.next();
      const chunk = await this.#ahead;
      if (this.ended) return;
      this.#chunk = chunk;
      this.#index = 0;
      this.#ahead = chunk.last ? void 0 : this.#source.next();
      this.#ahead?.catch(() => void 0);
    } catch (error) {
      this.fail(error);
    }
    this.serve();
  }
  #begin() {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.observe(this.#signal);
  }
  async release() {
    this.#chunk = void 0;
    if (this.#ahead !== void 0) await this.#ahead.catch(() => void 0);
    if (this.#hasBegun) this.#source.close();
  }
};
// lib/queue/results.ts
const NO_VALUE = Object.freeze({
  status: 'fulfilled',
  value: void 0,
});
function resultOf(value) {
  return value === void 0
    ? NO_VALUE
    : {
        status: 'fulfilled',
        value,
      };
}
function fulfilledValue(result) {
  if (result?.status === 'fulfilled') return result.value;
  throw result?.reason;
}
// lib/queue/routine.ts
function* routineOf(make, args, subject = () => '') {
  try {
    checkCount(args, { most: make.length });
    return yield* make(...args);
  } catch (error) {
    if (isInputError(error)) describeInput(error, '', error.target || subject(...args));
    throw error;
  }
}
function* send(calls) {
  return yield { calls };
}
function* readFiles(paths) {
  return yield { paths };
}
function* writeFiles(files) {
  return yield { files };
}
async function runRoutine(begun, routine, files, run) {
  let step = begun;
  while (step.done !== true) {
    const wanted = step.value;
    let result;
    if ('calls' in wanted) result = await Promise.allSettled(wanted.calls.map(run));
    else if ('paths' in wanted) result = await files.readFiles(wanted.paths);
    else result = await files.writeFiles(wanted.files);
    step = routine.next(result);
  }
  return step.value;
}
function runRoutineSync(routine, files, runAll) {
  let step = routine.next();
  while (step.done !== true) {
    const wanted = step.value;
    let result;
    if ('calls' in wanted) result = runAll(wanted.calls);
    else if ('paths' in wanted) result = files.readFilesSync(wanted.paths);
    else result = files.writeFilesSync(wanted.files);
    step = routine.next(result);
  }
  return step.value;
}
// lib/host/info.ts
const ESTIMATION_FILES = [
  '/proc/sys/net/ipv4/vs/run_estimation',
  '/proc/sys/net/ipv4/vs/est_cpulist',
];
function isEstimating(running, processors) {
  if (typeof running !== 'string') return null;
  return Number(running) !== 0 && !(typeof processors === 'string' && processors.trim() === '');
}
function* readInfo() {
  const [version] = yield* send([call(operations.getInfo)]);
  const [running, processors] = yield* readFiles(ESTIMATION_FILES);
  return {
    ...fulfilledValue(version),
    estimation: isEstimating(running, processors),
  };
}
// lib/host/status.ts
const STATUS_FILE = '/proc/thread-self/net/ip_vs_status';
function parseStatus(text) {
  const lines = {};
  for (const line of text.split('\n')) {
    const [, title, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (title !== void 0 && value !== void 0) lines[title] = value;
  }
  const number = (title) => Number.parseInt(lines[title] ?? '0', 10);
  return {
    connections: number('Conns'),
    connectionBuckets: number('Conn buckets'),
    services: number('Services'),
    serviceBuckets: number('Service buckets'),
    lines,
  };
}
function* readStatus() {
  const [text = 0, totals] = yield* readFiles([STATUS_FILE, TOTALS_FILE]);
  if (typeof text === 'string') return parseStatus(text);
  if (text === constants.errno.ENOENT) {
    if (typeof totals === 'string') return void 0;
    const [net] = yield* readFiles([NET_FILE]);
    throw missingTableError('getStatus', STATUS_FILE, net);
  }
  throw fileError('getStatus', STATUS_FILE, text);
}
// lib/host/totals.ts
const ROWS = [
  ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'],
  ['connectionRate', 'inPacketRate', 'outPacketRate', 'inByteRate', 'outByteRate'],
];
function parseTotals(text, convert) {
  const rows = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length === 5 && words.every((word) => /^[\dA-F]+$/i.test(word)));
  if (rows.length !== ROWS.length) return void 0;
  const stats = {};
  ROWS.forEach((names, row) => {
    names.forEach((name, column) => {
      stats[name] = convert(BigInt(`0x${rows[row]?.[column]}`));
    });
  });
  return stats;
}
function* readTotals(options) {
  const bigint = checkReadOptions(options);
  const [text = 0] = yield* readFiles([TOTALS_FILE]);
  if (text === constants.errno.ENOENT) {
    const [net] = yield* readFiles([NET_FILE]);
    throw missingTableError('getStats', TOTALS_FILE, net);
  }
  if (typeof text === 'number') throw fileError('getStats', TOTALS_FILE, text);
  const stats = bigint ? parseTotals(text, BigInt) : parseTotals(text, Number);
  if (stats !== void 0) return stats;
  throw new IpvsError(`getStats: ${TOTALS_FILE} is not what it was on known kernels`, {
    code: 'EBADMSG',
    operation: 'getStats',
  });
}
// lib/ipvs/methods.ts
var Methods = class {
  #run;
  constructor(run) {
    this.#run = run;
  }
  addService(...args) {
    return this.#run(operations.addService, args);
  }
  updateService(...args) {
    return this.#run(operations.updateService, args);
  }
  ensureService(...args) {
    return this.#run(operations.ensureService, args);
  }
  deleteService(...args) {
    return this.#run(operations.deleteService, args);
  }
  getService(...args) {
    return this.#run(operations.getService, args);
  }
  listServices(...args) {
    return this.#run(operations.listServices, args);
  }
  addDestination(...args) {
    return this.#run(operations.addDestination, args);
  }
  updateDestination(...args) {
    return this.#run(operations.updateDestination, args);
  }
  ensureDestination(...args) {
    return this.#run(operations.ensureDestination, args);
  }
  deleteDestination(...args) {
    return this.#run(operations.deleteDestination, args);
  }
  getDestination(...args) {
    return this.#run(operations.getDestination, args);
  }
  listDestinations(...args) {
    return this.#run(operations.listDestinations, args);
  }
  flush(...args) {
    return this.#run(operations.flush, args);
  }
  getTimeouts(...args) {
    return this.#run(operations.getTimeouts, args);
  }
  setTimeouts(...args) {
    return this.#run(operations.setTimeouts, args);
  }
  zero(...args) {
    return this.#run(operations.zero, args);
  }
  listSyncDaemons(...args) {
    return this.#run(operations.listSyncDaemons, args);
  }
  startSyncDaemon(...args) {
    return this.#run(operations.startSyncDaemon, args);
  }
  stopSyncDaemon(...args) {
    return this.#run(operations.stopSyncDaemon, args);
  }
};
registerEntries(Methods.prototype);
// lib/ipvs/snapshot.ts
const FIRST_CHUNK$1 = 32;
const MAX_CHUNK = 256;
const DESTINATIONS_PER_CHUNK = 1280;
const readSnapshot = (options) => readTable('snapshot', options);
function* readTable(name, options) {
  const counters = { bigint: checkReadOptions(options) };
  const listServices = named(operations.listServices, name);
  const listDestinations = named(operations.listDestinations, name);
  const [list] = yield* send([call(listServices, counters)]);
  const services = fulfilledValue(list);
  const found = [];
  for (let first = 0, size = FIRST_CHUNK$1; first < services.length; ) {
    const chunk = services.slice(first, first + size);
    const lists = yield* send(chunk.map((service) => call(listDestinations, service, counters)));
    let read = 0;
    for (const [index, service] of chunk.entries()) {
      const result = lists[index];
      if (result?.status === 'rejected' && isGone(result.reason)) continue;
      const destinations = fulfilledValue(result);
      read += destinations.length;
      found.push(Object.assign(service, { destinations }));
    }
    first += chunk.length;
    const next = Math.round((chunk.length * DESTINATIONS_PER_CHUNK) / Math.max(read, 1));
    size = Math.min(Math.max(next, 1), MAX_CHUNK);
  }
  return { services: found };
}
function isGone(error) {
  return error instanceof IpvsError && error.code === 'ESRCH';
}
// lib/handle-methods.ts
var HandleMethods = class extends Methods {
  #runRoutine;
  constructor(run, runRoutine) {
    super(run);
    this.#runRoutine = runRoutine;
  }
  getInfo(...args) {
    return this.#runRoutine('getInfo', routineOf(readInfo, args));
  }
  snapshot(...args) {
    return this.#runRoutine('snapshot', routineOf(readSnapshot, args));
  }
  getStats(...args) {
    return this.#runRoutine('getStats', routineOf(readTotals, args));
  }
  getStatus(...args) {
    return this.#runRoutine('getStatus', routineOf(readStatus, args));
  }
};
registerEntries(HandleMethods.prototype);
// lib/native/netns.ts
const OPTION_KEYS = new Set(['netns']);
const KEYS$6 = new Set(['pid', 'fd']);
const MAX = 2 ** 31 - 1;
const OWN_NAMESPACE = {
  target: '',
  label: '',
};
function shellWord(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
function commandPrefix({ target }) {
  if (target === '') return '';
  if (typeof target === 'number') return void 0;
  const { existsSync, realpathSync } = process.getBuiltinModule('node:fs');
  try {
    const path = join(realpathSync(dirname(target)), basename(target));
    return existsSync(path) ? `nsenter --net=${shellWord(path)} ` : void 0;
  } catch {
    return;
  }
}
function checkOpenOptions(options) {
  const { netns } = readOptions(options, OPTION_KEYS);
  if (netns === void 0) return OWN_NAMESPACE;
  const rule = 'the path of a network namespace, { pid } or { fd }';
  if (typeof netns === 'string') {
    if (netns === '' || netns.includes('\0'))
      throw wrongValue('options.netns', netns, `is not ${rule}`);
    return {
      target: netns,
      label: netns,
    };
  }
  if (typeof netns !== 'object' || netns === null) throw wrongType('options.netns', netns, rule);
  if (!(Object.hasOwn(netns, 'pid') || Object.hasOwn(netns, 'fd')))
    throw wrongType('options.netns', netns, rule);
  const { pid, fd } = readObject('options.netns', netns, KEYS$6);
  if (pid !== void 0 && fd !== void 0)
    throw wrongValue('options.netns', netns, `is not ${rule}, but both`);
  if (fd !== void 0) {
    const number = checkInteger('options.netns.fd', fd, 0, MAX);
    return {
      target: number,
      label: `descriptor ${number}`,
    };
  }
  const path = `/proc/${checkInteger('options.netns.pid', pid, 1, MAX)}/ns/net`;
  return {
    target: path,
    label: path,
  };
}
// lib/host/diagnose-check.ts
const check = (name, status, detail, remedy = null) => ({
  name,
  status,
  detail,
  remedy,
});
const messageOf = (error) => (error instanceof Error ? error.message : String(error));
// lib/host/diagnose-failure.ts
const NETLINK_CALLS = new Set(['socket', 'bind', 'CTRL_CMD_GETFAMILY']);
const NO_NETLINK = new Set(['EPERM', 'EACCES', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ENOSYS']);
const WITHOUT_IPVS = 'without IPVS it cannot be tried';
const NO_CAPABILITY =
  'CAP_NET_ADMIN in the initial user namespace is missing: root has it, and so has a container that is started with it (docker run --cap-add NET_ADMIN), but not a rootless one';
const untried = (why) => ['ip_vs', 'capability'].map((name) => check(name, 'unknown', why));
function checkFailure(error) {
  const detail = error instanceof IpvsError ? detailOf(error) : messageOf(error);
  const { code, syscall } = detailsOf(error);
  if (code === 'ERR_IPVS_UNSUPPORTED_PLATFORM') return [check('platform', 'missing', detail)];
  if (code === 'ERR_IPVS_NO_ADDON')
    return [check('addon', 'missing', detail), ...untried('without the addon it cannot be tried')];
  if (code === 'ERR_IPVS_UNAVAILABLE') {
    const { remedy } = absenceOf('ip_vs');
    return [
      check('ip_vs', 'missing', detail, remedy),
      check('capability', 'unknown', WITHOUT_IPVS),
    ];
  }
  if (syscall === 'open' || syscall === 'setns' || syscall === 'fcntl')
    return [
      check('netns', 'missing', detail),
      ...untried('the network namespace could not be entered'),
    ];
  if (NETLINK_CALLS.has(syscall) && NO_NETLINK.has(code))
    return [check('netlink', 'missing', detail), ...untried('without netlink it cannot be tried')];
  if (code === 'EPERM')
    return [
      check('ip_vs', 'ok', 'the kernel has IPVS'),
      check('capability', 'missing', NO_CAPABILITY),
    ];
  return [check('ip_vs', 'unknown', detail)];
}
function detailOf(error) {
  const reason = reasonIn(error);
  return error.target === '' ? reason : `${error.target}: ${reason}`;
}
function detailsOf(error) {
  if (!(error instanceof Error))
    return {
      code: '',
      syscall: '',
    };
  return {
    code: 'code' in error ? String(error.code) : '',
    syscall: 'syscall' in error ? String(error.syscall) : '',
  };
}
// lib/host/diagnose-modules.ts
async function checkScheduler(scheduler, probe) {
  const name = schedulerName(scheduler);
  const module = `ip_vs_${scheduler}`;
  const missing = () => {
    const { detail, remedy } = absenceOf(module);
    return check(name, 'missing', detail, remedy);
  };
  if (isKnownAbsent(module)) return missing();
  try {
    if (await probe(scheduler)) return check(name, 'ok', 'available');
    if (factsOf(module).loader !== '') rememberAbsent(module);
    return missing();
  } catch (error) {
    if (isLoaded(module)) return check(name, 'ok', 'the module is loaded');
    return check(name, 'unknown', messageOf(error));
  }
}
const schedulerName = (scheduler) => `scheduler ${scheduler}`;
function checkDummy() {
  const name = 'dummy';
  const facts = factsOf('dummy');
  if (facts.loaded) return check(name, 'ok', 'the module is loaded, or built into the kernel');
  const { detail, remedy } = absenceOf('dummy', facts);
  if (facts.onDisk === false) return check(name, 'missing', 'the kernel has no dummy links');
  if (facts.loader === '' || facts.forbidden)
    return check(name, 'missing', detail, remedy === null ? null : `${remedy} numdummies=0`);
  return facts.onDisk
    ? check(name, 'ok', 'the kernel loads the module on demand')
    : check(name, 'unknown', 'the modules of the kernel are not visible here');
}
// lib/host/diagnose-remedies.ts
const WRITABLE = '/proc/sys/net/ipv4/ip_forward';
function isReadOnly() {
  const { accessSync, constants } = process.getBuiltinModule('node:fs');
  try {
    accessSync(WRITABLE, constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS';
  }
}
function sysctlRemedyIn(netns) {
  const prefix = commandPrefix(netns);
  const readOnly = isReadOnly();
  return (settings, global) => {
    if (readOnly)
      return {
        remedy: null,
        why: '/proc/sys is read-only here: set it where the container is started',
      };
    if (global && prefix !== '')
      return {
        remedy: null,
        why: 'it is set in the initial network namespace',
      };
    return { remedy: prefix === void 0 ? null : `${prefix}sysctl -w ${settings.join(' ')}` };
  };
}
// lib/host/diagnose-sysctls.ts
const VS = '/proc/sys/net/ipv4/vs';
const EVERYWHERE$1 = `${VS}/drop_entry`;
const NETFILTER = '/proc/sys/net/netfilter';
const ok = (detail) => ({
  status: 'ok',
  detail,
});
const warning = (detail, ...settings) => ({
  status: 'warning',
  detail,
  settings,
});
const ABSENT = 'this kernel has no such parameter';
const shouldBeOn = ({ name, parameter, on, off, absent = ABSENT }) => ({
  name,
  paths: [`/proc/sys/${parameter.replaceAll('.', '/')}`],
  absent,
  assess: ([value = 0]) => (value > 0 ? ok(on) : warning(off, `${parameter}=1`)),
});
function assessReuse([value]) {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major > 5 || (major === 5 && minor >= 9) || value === 0)
    return ok(`conn_reuse_mode ${value} on Linux ${release()}`);
  return warning(
    'before Linux 5.9, a client that uses a port again waits a second for its connection',
    'net.ipv4.vs.conn_reuse_mode=0',
  );
}
function assessEstimation(_, contents) {
  const [running, processors] = ESTIMATION_FILES.map((path) => contents.get(path));
  if (isEstimating(running, processors) !== false) return ok('counters and rates are refreshed');
  const settings = [
    Number(running) === 0 ? ['run_estimation=1'] : [],
    typeof processors === 'string' && processors.trim() === '' ? ['est_cpulist=all'] : [],
  ].flat();
  return warning(
    'counters and rates stand still: the kernel does not refresh them',
    ...settings.map((setting) => `net.ipv4.vs.${setting}`),
  );
}
const FULL = 0.8;
function assessConntrack([count = 0, max = 0]) {
  if (max === 0) return ok(`${count} tracked connections, without a limit`);
  const detail = `${count} of ${max} tracked connections`;
  if (count < max * FULL) return ok(detail);
  return warning(detail, `net.netfilter.nf_conntrack_max=${max * 2}`);
}
const CHECKS = [
  shouldBeOn({
    name: 'ip_forward',
    parameter: 'net.ipv4.ip_forward',
    on: 'IPv4 is forwarded',
    off: 'IPv4 is not forwarded: masquerading reaches servers on this host only',
  }),
  shouldBeOn({
    name: 'ipv6 forwarding',
    parameter: 'net.ipv6.conf.all.forwarding',
    on: 'IPv6 is forwarded',
    off: 'IPv6 is not forwarded: masquerading reaches servers on this host only',
    absent: 'the kernel has no IPv6, or it is switched off',
  }),
  shouldBeOn({
    name: 'conntrack',
    parameter: 'net.ipv4.vs.conntrack',
    on: 'netfilter tracks the connections of IPVS',
    off: 'netfilter does not track the connections of IPVS: its rules for source NAT do not see them',
    absent: `${ABSENT}: it was built without CONFIG_IP_VS_NFCT`,
  }),
  {
    name: 'conn_reuse_mode',
    paths: [`${VS}/conn_reuse_mode`],
    absent: ABSENT,
    assess: assessReuse,
  },
  shouldBeOn({
    name: 'expire_nodest_conn',
    parameter: 'net.ipv4.vs.expire_nodest_conn',
    on: 'connections to a deleted destination end at once',
    off: 'connections to a deleted destination hang until their clients give up',
  }),
  {
    name: 'estimation',
    paths: ESTIMATION_FILES.slice(0, 1),
    absent: ABSENT,
    assess: assessEstimation,
  },
  shouldBeOn({
    name: 'bridge-nf-call-iptables',
    parameter: 'net.bridge.bridge-nf-call-iptables',
    on: 'bridged packets pass netfilter',
    off: 'bridged packets bypass netfilter: connections between neighbours on a bridge of this host are not balanced',
    absent:
      'br_netfilter is not loaded, which matters only where clients and servers share a bridge of this host',
  }),
  {
    name: 'conntrack size',
    paths: [`${NETFILTER}/nf_conntrack_count`, `${NETFILTER}/nf_conntrack_max`],
    absent: 'nf_conntrack is not loaded, or not visible in this network namespace',
    global: true,
    assess: assessConntrack,
  },
];
const PATHS = [
  ...new Set([
    ...CHECKS.flatMap(({ paths }) => paths),
    ...ESTIMATION_FILES,
    EVERYWHERE$1,
    ...WITNESSES,
  ]),
];
function whyMissing(path, absent, contents) {
  const reason = reasonForParameters(WITNESSES.map((witness) => contents.get(witness)));
  if (
    (!path.startsWith(VS) || typeof contents.get(EVERYWHERE$1) === 'string') &&
    (reason === 'unloaded' || reason === 'hidden')
  )
    return absent;
  return reason === 'unloaded'
    ? 'IPVS is not loaded'
    : `the parameter is not visible here: ${INVISIBLE[reason]}`;
}
function checkParameter({ name, paths, absent, global = false, assess }, contents, sysctlRemedy) {
  const texts = paths.map((path) => contents.get(path) ?? 0);
  const unreadable = texts.findIndex((text) => typeof text === 'number');
  if (unreadable >= 0) {
    const code = errnoName(Number(texts[unreadable]));
    const path = paths[unreadable] ?? '';
    const why =
      code === 'ENOENT' ? whyMissing(path, absent, contents) : `${path} cannot be read (${code})`;
    return check(name, 'unknown', why);
  }
  const values = texts.map((text) => (/^\s*-?\d+\s*$/.test(String(text)) ? Number(text) : NaN));
  if (values.some(Number.isNaN))
    return check(name, 'unknown', `${paths.join(', ')}: this is not what a kernel shows`);
  const { status, detail, settings } = assess(values, contents);
  if (settings === void 0) return check(name, status, detail);
  const { remedy, why } = sysctlRemedy(settings, global);
  return check(name, status, why === void 0 ? detail : `${detail}; ${why}`, remedy);
}
async function checkParameters(readFiles, sysctlRemedy) {
  try {
    const texts = await readFiles(PATHS);
    const contents = new Map(PATHS.map((path, index) => [path, texts[index] ?? 0]));
    return CHECKS.map((each) => checkParameter(each, contents, sysctlRemedy));
  } catch (error) {
    return CHECKS.map(({ name }) => check(name, 'unknown', messageOf(error)));
  }
}
// lib/host/diagnose.ts
const SCHEDULERS = schedulers.filter((name) => name !== 'none');
const KEYS$5 = new Set(['schedulers']);
const HOST_KEYS = new Set(['netns', 'schedulers']);
function checkDiagnoseOptions(options) {
  return checkSchedulers(readOptions(options, KEYS$5).schedulers);
}
function checkHostOptions(options) {
  const { netns, schedulers } = readOptions(options, HOST_KEYS);
  return {
    netns: checkOpenOptions({ netns }),
    schedulers: checkSchedulers(schedulers),
  };
}
function checkSchedulers(schedulers) {
  if (schedulers === void 0) return void 0;
  const names = readArray(
    'options.schedulers',
    schedulers,
    "an array of schedulers such as ['wrr']",
    (name, index) => checkScheduler$1(`options.schedulers[${index}]`, name),
  );
  return [...new Set(names)];
}
async function diagnoseThrough(version, readFiles, probe, netns, schedulers = SCHEDULERS) {
  return [
    check('ip_vs', 'ok', `IPVS ${version}`),
    check('capability', 'ok', 'CAP_NET_ADMIN in the initial user namespace'),
    ...(await Promise.all(schedulers.map((scheduler) => checkScheduler(scheduler, probe)))),
    checkDummy(),
    ...(await checkParameters(readFiles, sysctlRemedyIn(netns))),
  ];
}
async function diagnoseWithout(error, netns, schedulers = []) {
  const isOwn = netns.target === '';
  return [
    ...checkFailure(error),
    ...schedulers.map((name) => check(schedulerName(name), 'unknown', WITHOUT_IPVS)),
    checkDummy(),
    ...(isOwn ? await checkParameters(readHostFiles, sysctlRemedyIn(netns)) : []),
  ];
}
const readHostFiles = async (paths) => {
  const { readFile } = await import('node:fs/promises');
  return Promise.all(
    paths.map((path) =>
      readFile(path, 'latin1').catch((error) => -(error.errno ?? -constants.errno.EIO)),
    ),
  );
};
// lib/host/sysctl-kinds.ts
const MAX_INT = 2 ** 31 - 1;
const MAX_SECONDS = Math.floor(MAX_INT / 1e3);
const boolean = {
  check: checkBoolean,
  format: (value) => (value ? '1' : '0'),
  parse: (text) => Number(text) !== 0,
};
const integer = (min, max, unit = '') => ({
  check: (property, value) => checkInteger(property, value, min, max, unit),
  format: String,
  parse: Number,
});
const isAutomatic = (mode) => mode === 1 || mode === 2;
const defenceMode = {
  ...integer(0, 3),
  equals: (current, wanted) => current === wanted || (isAutomatic(current) && isAutomatic(wanted)),
};
const powerOfTwo = {
  ...integer(1, 64),
  check: (property, value) => {
    const number = checkInteger(property, value, 1, 64);
    if ((number & (number - 1)) === 0) return number;
    throw wrongValue(property, value, 'is not a power of two');
  },
};
const CPU_RANGE = '(\\d{1,5}|N)(-(\\d{1,5}|N)(:\\d{1,5}/\\d{1,5})?)?';
const CPU_LIST = new RegExp(`^(all|${CPU_RANGE}(,${CPU_RANGE})*)?$`);
// lib/host/sysctl-parameters.ts
const PARAMETERS = {
  amDroprate: ['am_droprate', integer(0, MAX_INT)],
  amemthresh: ['amemthresh', integer(0, MAX_INT, 'pages')],
  backupOnly: ['backup_only', boolean],
  cacheBypass: ['cache_bypass', boolean],
  connLfactor: ['conn_lfactor', integer(-8, 8)],
  connMax: ['conn_max', integer(0, 2 ** 30)],
  connReuseMode: ['conn_reuse_mode', integer(0, 3)],
  conntrack: ['conntrack', boolean],
  debugLevel: ['debug_level', integer(0, MAX_INT)],
  dropEntry: ['drop_entry', defenceMode],
  dropPacket: ['drop_packet', defenceMode],
  estCpulist: [
    'est_cpulist',
    {
      check: (property, value) => {
        const rule = "a list of processors such as '0-3,5', or '' for none";
        if (typeof value !== 'string') throw wrongType(property, value, rule);
        if (!CPU_LIST.test(value)) throw wrongValue(property, value, `is not ${rule}`);
        return value;
      },
      format: (value) => `${value}\n`,
      parse: (text) => text,
    },
  ],
  estNice: ['est_nice', integer(-20, 19)],
  expireNodestConn: ['expire_nodest_conn', boolean],
  expireQuiescentTemplate: ['expire_quiescent_template', boolean],
  ignoreTunneled: ['ignore_tunneled', boolean],
  lblcExpiration: ['lblc_expiration', integer(0, MAX_SECONDS, 'seconds')],
  lblcrExpiration: ['lblcr_expiration', integer(0, MAX_SECONDS, 'seconds')],
  natIcmpSend: ['nat_icmp_send', boolean],
  pmtuDisc: ['pmtu_disc', boolean],
  runEstimation: ['run_estimation', boolean],
  scheduleIcmp: ['schedule_icmp', boolean],
  secureTcp: ['secure_tcp', defenceMode],
  sloppySctp: ['sloppy_sctp', boolean],
  sloppyTcp: ['sloppy_tcp', boolean],
  snatReroute: ['snat_reroute', boolean],
  svcLfactor: ['svc_lfactor', integer(-8, 8)],
  syncPersistMode: ['sync_persist_mode', integer(0, 1)],
  syncPorts: ['sync_ports', powerOfTwo],
  syncQlenMax: ['sync_qlen_max', integer(0, MAX_INT)],
  syncRefreshPeriod: ['sync_refresh_period', integer(0, MAX_SECONDS, 'seconds')],
  syncRetries: ['sync_retries', integer(0, 3)],
  syncSockSize: ['sync_sock_size', integer(0, MAX_INT, 'bytes')],
  syncThreshold: [
    'sync_threshold',
    {
      check: (property, value) => {
        const rule = 'two integers [threshold, period], the first below the second or the second 0';
        const [threshold, period] = readArray(property, value, rule, (item, index) => {
          if (index > 1) throw wrongType(property, value, rule);
          return checkInteger(`${property}[${index}]`, item, 0, MAX_INT);
        });
        if (threshold === void 0 || period === void 0) throw wrongType(property, value, rule);
        if (period !== 0 && threshold >= period)
          throw wrongValue(property, value, `is not ${rule}`);
        return [threshold, period];
      },
      format: (value) => value.join(' '),
      parse: (text) => {
        const [threshold = NaN, period = NaN] = text.split(/\s+/).map(Number);
        return [threshold, period];
      },
    },
  ],
  syncVersion: ['sync_version', integer(0, 1)],
};
// lib/host/sysctls.ts
const FOLDER = '/proc/sys/net/ipv4/vs';
const EVERYWHERE = `${FOLDER}/drop_entry`;
const { ENOENT } = constants.errno;
const NAMES = Object.keys(PARAMETERS);
const KEYS$4 = new Set(NAMES);
const pathOf = (name) => `${FOLDER}/${PARAMETERS[name][0]}`;
function parse(name, text) {
  return PARAMETERS[name][1].parse(text.trim());
}
function settingOf(name, value) {
  const kind = PARAMETERS[name][1];
  const { equals = isSame } = kind;
  const setting = {
    name,
    path: pathOf(name),
  };
  try {
    const valid = kind.check(`sysctls.${name}`, value);
    const matches = (current) => equals(parse(name, current), valid);
    return {
      ...setting,
      text: kind.format(valid),
      error: void 0,
      matches,
    };
  } catch (error) {
    if (isInputError(error)) Object.assign(error, { target: name });
    if (!isValueError(error)) throw error;
    const matches = (current) => isSame(parse(name, current), value);
    return {
      ...setting,
      text: void 0,
      error,
      matches,
    };
  }
}
const isValueError = (error) =>
  error instanceof Error && 'code' in error && error.code !== 'ERR_INVALID_ARG_TYPE';
function isSame(a, b) {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((each, index) => Object.is(each, b[index]));
}
var SysctlOperations = class {
  #runRoutine;
  constructor(runRoutine) {
    this.#runRoutine = runRoutine;
  }
  get(...args) {
    return this.#runRoutine('sysctls.get', routineOf(readParameters, args));
  }
  set(...args) {
    return this.#runRoutine('sysctls.set', routineOf(writeParameters, args, unknownIn));
  }
};
registerEntries(SysctlOperations.prototype, 'sysctls.');
var SysctlAccess = class extends SysctlOperations {};
var SyncSysctlAccess = class extends SysctlOperations {};
function* readParameters() {
  const texts = yield* readFiles(NAMES.map(pathOf));
  if (!texts.some(isText)) throw yield* noParameters(texts);
  const values = {};
  NAMES.forEach((name, index) => {
    const text = texts[index];
    if (isText(text)) values[name] = parse(name, text);
  });
  return values;
}
const isText = (text) => typeof text === 'string';
function* noParameters(errnos) {
  const index = errnos.findIndex((errno) => errno !== ENOENT);
  const name = NAMES[index];
  if (name === void 0) return yield* missingParameters('sysctls.get');
  return refusalError('get', name, Number(errnos[index]));
}
function* missingParameters(operation) {
  const reason = reasonForParameters(yield* readFiles(WITNESSES));
  return missingFilesError(operation, 'the parameters of IPVS are', FOLDER, reason);
}
function unknownIn(changes) {
  if (typeof changes !== 'object' || changes === null || types.isProxy(changes)) return '';
  const key = Object.keys(changes).find((each) => !NAMES.some((name) => name === each));
  return key === void 0 ? '' : describeArgument(key);
}
function* writeParameters(changes) {
  const settings = checkChanges(changes);
  const paths = settings.map(({ path }) => path);
  const texts = yield* readFiles([EVERYWHERE, ...paths]);
  const needed = settings.flatMap((setting, index) => {
    const before = texts[index + 1];
    return typeof before === 'string' && setting.matches(before)
      ? []
      : [
          {
            ...setting,
            before,
          },
        ];
  });
  for (const { error } of needed) if (error !== void 0) throw error;
  for (const { name, before } of needed) {
    if (typeof before !== 'number') continue;
    if (before === ENOENT && !texts.some(isText)) throw yield* missingParameters('sysctls.set');
    throw refusalError('set', name, before);
  }
  if (needed.length > 0) yield* writeAll(needed);
}
function checkChanges(changes) {
  const values = readObject('sysctls', changes, KEYS$4);
  const names = NAMES.filter((name) => values[name] !== void 0);
  if (names.length === 0) throw wrongValue('sysctls', changes, 'names no parameter');
  return names.map((name) => settingOf(name, values[name]));
}
function* writeAll(changes) {
  const errnos = yield* writeFiles(
    changes.map(({ path, text = '' }) => ({
      path,
      text,
    })),
  );
  const index = errnos.findIndex((errno) => errno !== 0);
  const failed = changes[index];
  if (failed === void 0) return;
  const stuck = [];
  for (const { name, path, before } of changes.slice(0, index).reverse()) {
    const [errno] = yield* writeFiles([
      {
        path,
        text: `${before}`,
      },
    ]);
    if (errno !== 0) stuck.push(name);
  }
  throw refusalError('set', failed.name, errnos[index] ?? 0, stuck);
}
const REASONS = {
  ENOENT: 'this kernel has no such parameter',
  EINVAL: 'the kernel does not accept the value',
  EACCES: 'it may not be changed here',
  EPERM: 'it may not be changed here',
  EROFS: '/proc/sys is read-only here, as in an unprivileged container',
};
function refusalError(method, name, errno, stuck = []) {
  const code = errnoName(errno);
  const rest = stuck.length === 0 ? '' : `; ${stuck.join(', ')} could not be restored`;
  const target = pathOf(name);
  return new IpvsError(
    `sysctls.${method} ${name} (${target}): ${method === 'get' ? 'it cannot be read' : (REASONS[code] ?? 'it cannot be written')} (${code})${rest}`,
    {
      code,
      errno: -errno,
      syscall: method === 'get' ? 'read' : 'write',
      operation: `sysctls.${method}`,
      target,
    },
  );
}
// lib/queue/slicer.ts
const SLICE = 2;
function runToEnd(work) {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}
function* settling(work, resolve, reject) {
  try {
    resolve(yield* work);
  } catch (error) {
    reject(error);
  }
}
function* unlessStale(work, isStale) {
  while (!isStale()) {
    const step = work.next();
    if (step.done === true) return step.value;
    yield;
  }
}
var Slicer = class {
  #works = [];
  #runSlice = () => this.#run();
  add(work) {
    this.#works.push(work);
    if (this.#works.length === 1) this.#run();
  }
  run(work, isStale = () => false) {
    return new Promise((resolve, reject) => {
      this.add(settling(unlessStale(work, isStale), resolve, reject));
    });
  }
  #run() {
    const end = performance.now() + SLICE;
    for (let work = this.#works[0]; work !== void 0; )
      if (work.next().done === true) {
        this.#works.shift();
        work = this.#works[0];
      } else if (performance.now() >= end) {
        setImmediate(this.#runSlice);
        return;
      }
  }
};
// lib/queue/incremental.ts
var Incremental = class {
  #decode;
  constructor(decode) {
    this.#decode = decode;
  }
  [Symbol.iterator]() {
    return this.#decode();
  }
};
function complete(value) {
  return value instanceof Incremental ? runToEnd(value[Symbol.iterator]()) : value;
}
function listOf(first, count, decode) {
  if (count <= 256) {
    const items = [];
    for (let place = first; place < first + count; place++) items.push(decode(place));
    return items;
  }
  return new Incremental(function* () {
    const items = [];
    for (let place = first; place < first + count; place++) {
      items.push(decode(place));
      if (items.length % 256 === 0) yield;
    }
    return items;
  });
}
// lib/queue/encoded-batch.ts
const MAX_REQUESTS = 1024;
var EncodedBatch = class {
  requests;
  #client;
  #decoders = [];
  #isEncoding = false;
  constructor(client, capacity) {
    this.#client = client;
    this.requests = client.requests(capacity);
  }
  get count() {
    return this.#decoders.length;
  }
  get hasRoom() {
    return !this.#isEncoding && this.#decoders.length < 1024;
  }
  get isEncoding() {
    return this.#isEncoding;
  }
  add(operation, args) {
    const { requests } = this;
    this.#isEncoding = true;
    const mark = inputErrorCount();
    try {
      requests.begin(operation.request);
      operation.encode(requests, ...args);
      const decoder = operation.decoder === void 0 ? operation : operation.decoder(...args);
      if (args.length > operation.arity)
        checkCount(args, {
          most: operation.arity,
          hint: operation.arityHint,
        });
      requests.commit();
      this.#decoders.push(decoder);
    } catch (error) {
      if (!isInputErrorSince(mark, error)) throw keepStack(error);
      const { name, request } = operation;
      describeInput(error, name, this.#client.target(request, requests, args));
      throw beginAtCaller(error, name);
    } finally {
      this.#isEncoding = false;
    }
  }
  decode(response, index, place) {
    const decoder = this.#decoderAt(index);
    if (response.succeeded(place)) return decoder.decode(response, place);
    const errno = errnoWithValue(decoder, response, place);
    if (errno !== void 0) return decoder.errnoValues?.[errno];
    throw this.#client.requestError(decoder, this.requests, index, response.result(place));
  }
  hasFailed(response, index, place) {
    if (response.succeeded(place)) return false;
    return errnoWithValue(this.#decoderAt(index), response, place) === void 0;
  }
  skippedError(index, failure) {
    const result = {
      status: 'skipped',
      errno: 0,
      text: '',
      creating: false,
      failure,
    };
    return this.#client.requestError(this.#decoderAt(index), this.requests, index, result);
  }
  *results(received, first, count, take, postpone) {
    for (let place = 0; place < count; place++) {
      let result;
      try {
        if (received.status === 'rejected') {
          const { name } = this.#decoderAt(first + place);
          throw this.#client.exchangeError(received.reason, name);
        }
        let value = this.decode(received.value, first + place, place);
        if (value instanceof Incremental) value = postpone?.(value) ?? (yield* value);
        result = resultOf(value);
      } catch (reason) {
        result = {
          status: 'rejected',
          reason,
        };
      }
      take(result);
      if (place % 256 === 255) yield;
    }
  }
  #decoderAt(index) {
    return this.#decoders[index];
  }
  release() {
    if (!this.#isEncoding) this.#client.release(this.requests);
  }
};
function errnoWithValue({ errnoValues }, response, place) {
  if (errnoValues === void 0) return void 0;
  const errno = response.refusedWith(place);
  return errno !== void 0 && errno in errnoValues ? errno : void 0;
}
// lib/queue/batch-chunks.ts
const FIRST_CHUNK = 128;
const MIN_CHUNK = 16;
const SHORT = 1.5;
const LONG = 3;
function nextSize(size, elapsed) {
  if (elapsed < SHORT) return Math.min(size * 2, MAX_REQUESTS);
  return elapsed > LONG ? Math.max(size >> 1, MIN_CHUNK) : size;
}
async function runBatch(queue, batches, { stopOnError, signal }) {
  const results = [];
  const take = (result) => {
    if (result.status === 'rejected') placeResult(result.reason, results.length);
    results.push(result);
  };
  let size = FIRST_CHUNK;
  let isStopped = false;
  let decodeLast = () => {};
  for (const batch of batches)
    for (let first = 0; first < batch.count && !isStopped && signal?.aborted !== true; ) {
      const range = {
        first,
        count: Math.min(size, batch.count - first),
        stopOnError,
      };
      const exchange = queue.exchange(batch, range);
      queueMicrotask(decodeLast);
      const received = await exchange;
      const sent = stopOnError
        ? sentOf(batch, range, received)
        : {
            ...range,
            hasFailed: false,
          };
      decodeLast = () => queue.slicer.add(batch.results(received, sent.first, sent.count, take));
      isStopped = sent.hasFailed;
      first += sent.count;
      if (received.status === 'fulfilled') size = nextSize(size, received.value.elapsed);
    }
  decodeLast();
  await queue.slicer.run(rejectRest(batches, results, isStopped ? void 0 : signal));
  for (const batch of batches) batch.release();
  return results;
}
function sentOf(batch, { first, count }, received) {
  if (received.status === 'rejected')
    return {
      first,
      count,
      hasFailed: true,
    };
  const response = received.value;
  let place = 0;
  while (place < count && response.succeeded(place)) place++;
  if (place === count)
    return {
      first,
      count,
      hasFailed: false,
    };
  return {
    first,
    count: place + 1,
    hasFailed: batch.hasFailed(response, first + place, place),
  };
}
function* rejectRest(batches, results, signal) {
  const index = results.findIndex(({ status }) => status === 'rejected');
  const failed = results[index];
  const failure = {
    index,
    cause: failed?.status === 'rejected' ? failed.reason : void 0,
  };
  let start = 0;
  for (const batch of batches) {
    for (let each = Math.max(results.length - start, 0); each < batch.count; each++) {
      let reason;
      if (signal !== void 0) reason = reasonOf$1(signal);
      else {
        reason = batch.skippedError(each, failure);
        placeResult(reason, results.length);
      }
      results.push({
        status: 'rejected',
        reason,
      });
      if (each % 256 === 255) yield;
    }
    start += batch.count;
  }
}
// lib/ipvs/batch.ts
const KEY$2 = Symbol('Batch');
var Batch = class extends Methods {
  constructor(key, add) {
    if (key !== KEY$2) throw new TypeError('Illegal constructor: use ipvs.batch()');
    super(add);
  }
};
var Builder = class {
  #client;
  #build;
  #batches = [];
  #count = 0;
  #isClosed = false;
  constructor(client, build) {
    this.#client = client;
    this.#build = build;
  }
  run() {
    try {
      return this.#build(new Batch(KEY$2, this.#add));
    } catch (error) {
      throw keepStack(error);
    }
  }
  #add = (operation, args) => {
    let last = this.#batches.at(-1);
    if (this.#isClosed || last?.isEncoding === true) throw this.#closedError(operation.name);
    if (last?.hasRoom !== true) {
      last = new EncodedBatch(this.#client, last && 1024);
      this.#batches.push(last);
    }
    try {
      last.add(operation, args);
    } catch (error) {
      if (isInputError(error) && !isKept(error))
        beginAtCaller(describePlace(error, this.#count), operation.name);
      throw error;
    }
    return this.#count++;
  };
  #closedError(operation) {
    const why = this.#isClosed ? 'the batch was sent already' : 'another operation is being added';
    const details = {
      code: 'ERR_IPVS_CLOSED',
      operation,
    };
    return beginAtCaller(new IpvsError(`${operation}: ${why}`, details), operation);
  }
  discard() {
    this.#isClosed = true;
    for (const batch of this.#batches.splice(0)) batch.release();
  }
  finish(value, isStray) {
    if (this.#count === 0 && (isResult(value) || isStray)) {
      this.discard();
      throw wrongValue('build', this.#build, UNUSED);
    }
    this.#isClosed = true;
    return this.#batches.splice(0).filter((batch) => {
      if (batch.count === 0) batch.release();
      return batch.count > 0;
    });
  }
};
async function sendBatch(queue, client, build, options) {
  queue.checkOpen('batch');
  const before = queue.calls;
  const builder = new Builder(client, build);
  queue.begin();
  try {
    let value = builder.run();
    let isStray = false;
    if (isPromise(value)) {
      isStray = build.length === 0 && queue.calls !== before;
      value = await untilEnded(value, builder, queue, options.signal);
    }
    return await runBatch(queue, builder.finish(value, isStray), options);
  } catch (error) {
    builder.discard();
    throw error;
  } finally {
    queue.end();
  }
}
function untilEnded(promise, builder, queue, signal) {
  return new Promise((resolve, reject) => {
    let isEnded = false;
    const cancels = [];
    const settle = (action) => {
      if (isEnded) return;
      isEnded = true;
      for (const cancel of cancels) cancel();
      queue.begin();
      action();
    };
    const end = (reason) =>
      settle(() => {
        builder.discard();
        reject(reason);
      });
    queue.end();
    if (signal !== void 0) cancels.push(callOnAbort(signal, end));
    if (signal?.aborted) end(reasonOf$1(signal));
    if (!isEnded) cancels.push(queue.onClose('batch', end));
    Promise.resolve(promise).then(
      (value) => settle(() => resolve(value)),
      (error) => end(keepStack(error)),
    );
  });
}
const UNUSED =
  'adds nothing to the batch: call the operations of its argument, as in batch((b) => { b.addService(service); })';
function isResult(value) {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
function isPromise(value) {
  return typeof value === 'object' && value !== null && 'then' in value;
}
function checkBatch(build, options) {
  if (typeof build !== 'function') throw wrongType('build', build, 'a function');
  return [build, checkBatchOptions(options)];
}
const KEYS$3 = new Set(['stopOnError', 'signal']);
function checkBatchOptions(options) {
  const { stopOnError, signal } = readOptions(options, KEYS$3);
  return {
    stopOnError: stopOnError !== void 0 && checkBoolean('options.stopOnError', stopOnError),
    signal: checkSignal('options.signal', signal),
  };
}
// lib/queue/buffer-pool.ts
var BufferPool = class {
  #free = [];
  #limit;
  constructor(limit) {
    this.#limit = limit;
  }
  take(create) {
    return this.#free.pop() ?? create();
  }
  give(buffer) {
    buffer.clear();
    if (this.#free.length < this.#limit) this.#free.push(buffer);
  }
};
// lib/native/request-error.ts
function failedRequestError(request) {
  const { operation, target, syscall, result, isQuery } = request;
  const code = errnoName(result.errno);
  const fail = (why, as, missing) =>
    operationError(why, {
      code: as,
      errno: 0 - result.errno,
      syscall,
      operation,
      target,
      missing,
      cause: result.failure?.cause,
    });
  const kernelText = result.text === '' ? '' : `; the kernel says: ${result.text}`;
  switch (result.status) {
    case 'unavailable':
      return fail(unavailableReason(), 'ERR_IPVS_UNAVAILABLE');
    case 'lost':
      if (isQuery) return fail(`${request.generalMeaning(code)} (${code})${kernelText}`, code);
      return fail(
        `the kernel's response was lost (${code}): it may have taken effect${kernelText}`,
        'ERR_IPVS_OUTCOME_UNKNOWN',
      );
    case 'skipped':
      return fail(
        `it was not sent, because batch operation ${result.failure?.index ?? 0} failed`,
        'ERR_IPVS_SKIPPED',
      );
    case 'notSent':
      return fail(`it was not sent: ${request.generalMeaning(code)} (${code})${kernelText}`, code);
    default:
      return fail(`${request.meaning(code)} (${code})${kernelText}`, code, request.missing?.[code]);
  }
}
// lib/ipvs/errno-causes.ts
function destinationCauses({ families: [service, destination] }) {
  return `the kernel does not accept the destination: ${destination === 10 ? 'its address must be unicast and not link-local' : 'its address must be unicast; in a network namespace whose IPv4 was never used, bring the loopback link up first (ip link set lo up)'}${service === destination ? '' : '; and a destination of another address family excludes sync daemons'}`;
}
function missingModule({ scheduler, isDefault, engine }) {
  const wanted = [
    {
      what: `scheduler '${scheduler}'`,
      name: scheduler,
      module: `ip_vs_${scheduler}`,
    },
    {
      what: `persistence engine '${engine}' (module ip_vs_pe_${engine})`,
      name: engine,
      module: `ip_vs_pe_${engine}`,
    },
  ].filter(({ name }) => name !== '');
  const unloaded = wanted.filter(({ module }) => !isLoaded(module));
  const suspects = unloaded.length === 0 ? wanted : unloaded;
  const [first, second] = isDefault ? suspects.slice(-1) : suspects;
  if (first === void 0) return 'its scheduler or persistence engine is not available in the kernel';
  if (second === void 0) {
    const hint = first.name === scheduler ? schedulerHint(scheduler) : '';
    return `${first.what} is not available: ${absenceOf(first.module).detail}${hint}`;
  }
  const what = `${first.what} (module ${first.module}) or ${second.what}`;
  const why = noLoading(factsOf(first.module)) ?? whyNotLoaded([first.module, second.module]);
  return `${what} is not available in the kernel${why === '' ? '' : `: ${why}`}`;
}
function whyNotLoaded(modules) {
  const facts = modules.map((module) => [module, factsOf(module)]);
  return facts.some(([, { loaded, onDisk }]) => !loaded && onDisk === true)
    ? facts.map((each) => absenceOf(...each).detail).join('; ')
    : '';
}
// lib/ipvs/errno-messages.ts
const NO_SERVICE = 'there is no such service';
const NO_DESTINATION = 'the service has no such destination';
const SERVICE_KEEPS_CHANGING = 'another program keeps adding and deleting the service';
const DESTINATION_KEEPS_CHANGING = 'another program keeps adding and deleting the destination';
const MISSING_SERVICE = { ESRCH: 'service' };
const MISSING_EITHER = {
  ESRCH: 'service',
  ENOENT: 'destination',
};
const SET_SERVICE = {
  EINVAL: 'the kernel does not accept the settings of the service',
  ENOENT: missingModule,
};
const SET_DESTINATION = {
  EINVAL: destinationCauses,
  ERANGE: 'the weight is negative or the lower threshold above the upper',
  ESRCH: `${NO_SERVICE}: add it first`,
};
const IPVS_ERRNO_MESSAGES = {
  addService: {
    kernelCommand: 'IPVS_CMD_NEW_SERVICE',
    meanings: {
      ...SET_SERVICE,
      EEXIST: 'the service exists already: use updateService or ensureService',
    },
  },
  updateService: {
    kernelCommand: 'IPVS_CMD_SET_SERVICE',
    meanings: {
      ...SET_SERVICE,
      ESRCH: `${NO_SERVICE}: use addService or ensureService`,
    },
    missing: MISSING_SERVICE,
  },
  ensureService: {
    kernelCommand: 'IPVS_CMD_SET_SERVICE',
    creation: 'IPVS_CMD_NEW_SERVICE',
    meanings: {
      ...SET_SERVICE,
      EEXIST: SERVICE_KEEPS_CHANGING,
      ESRCH: SERVICE_KEEPS_CHANGING,
    },
  },
  deleteService: {
    kernelCommand: 'IPVS_CMD_DEL_SERVICE',
    meanings: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
  },
  getService: {
    kernelCommand: 'IPVS_CMD_GET_SERVICE',
    meanings: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
    isQuery: true,
  },
  listServices: {
    kernelCommand: 'IPVS_CMD_GET_SERVICE',
    meanings: {},
    isQuery: true,
  },
  addDestination: {
    kernelCommand: 'IPVS_CMD_NEW_DEST',
    meanings: {
      ...SET_DESTINATION,
      EEXIST: 'the destination exists already: use updateDestination or ensureDestination',
    },
    missing: MISSING_SERVICE,
  },
  updateDestination: {
    kernelCommand: 'IPVS_CMD_SET_DEST',
    meanings: {
      ...SET_DESTINATION,
      ENOENT: `${NO_DESTINATION}: use addDestination or ensureDestination`,
    },
    missing: MISSING_EITHER,
  },
  ensureDestination: {
    kernelCommand: 'IPVS_CMD_SET_DEST',
    creation: 'IPVS_CMD_NEW_DEST',
    meanings: {
      ...SET_DESTINATION,
      EEXIST: DESTINATION_KEEPS_CHANGING,
      ENOENT: DESTINATION_KEEPS_CHANGING,
    },
    missing: MISSING_SERVICE,
  },
  deleteDestination: {
    kernelCommand: 'IPVS_CMD_DEL_DEST',
    meanings: {
      ESRCH: NO_SERVICE,
      ENOENT: NO_DESTINATION,
    },
    missing: MISSING_EITHER,
  },
  getDestination: {
    kernelCommand: 'IPVS_CMD_GET_DEST',
    meanings: {
      ESRCH: NO_SERVICE,
      ENOENT: NO_DESTINATION,
    },
    missing: MISSING_EITHER,
    isQuery: true,
  },
  listDestinations: {
    kernelCommand: 'IPVS_CMD_GET_DEST',
    meanings: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
    isQuery: true,
  },
  flush: {
    kernelCommand: 'IPVS_CMD_FLUSH',
    meanings: {},
  },
  getInfo: {
    kernelCommand: 'IPVS_CMD_GET_INFO',
    meanings: {},
    isQuery: true,
  },
  getTimeouts: {
    kernelCommand: 'IPVS_CMD_GET_CONFIG',
    meanings: {},
    isQuery: true,
  },
  setTimeouts: {
    kernelCommand: 'IPVS_CMD_SET_CONFIG',
    meanings: {
      EINVAL:
        'a timeout is more than this kernel can count: 2147483 seconds where it ticks 1000 times a second',
    },
  },
  zero: {
    kernelCommand: 'IPVS_CMD_ZERO',
    meanings: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
  },
  listSyncDaemons: {
    kernelCommand: 'IPVS_CMD_GET_DAEMON',
    meanings: {},
    isQuery: true,
  },
  startSyncDaemon: {
    kernelCommand: 'IPVS_CMD_NEW_DAEMON',
    meanings: {
      EEXIST: 'a daemon of that role is running already: stop it first',
      ENODEV: ({ link }) => `there is no link ${link} in the network namespace`,
      ENETUNREACH: ({ link }) =>
        `there is no route to the multicast group: link ${link} must be up and have an address`,
      EADDRNOTAVAIL: ({ link }) => `link ${link} has no address to send from`,
      EINVAL:
        'the kernel does not accept the daemon; a destination of another address family than its service excludes sync daemons',
    },
  },
  stopSyncDaemon: {
    kernelCommand: 'IPVS_CMD_DEL_DAEMON',
    meanings: { ESRCH: 'no daemon of that role is running' },
  },
};
// lib/ipvs/request-errors.ts
function requestError({ name: operation, request }, requests, index, result) {
  const target = targetOf$1(request, requests, index);
  const updateError = UPDATE_ERRORS[result.status];
  if (updateError !== void 0) {
    const error = updateError(requests, index);
    describeInput(error, operation, target);
    return error;
  }
  const {
    kernelCommand,
    creation = kernelCommand,
    meanings,
    missing,
    isQuery = false,
  } = IPVS_ERRNO_MESSAGES[request];
  return failedRequestError({
    operation,
    target,
    syscall: result.creating ? creation : kernelCommand,
    result,
    isQuery,
    missing,
    generalMeaning,
    meaning: (code) => {
      const meaning = meanings[code] ?? generalMeaning(code);
      return typeof meaning === 'string' ? meaning : meaning(factsIn$1(requests, index));
    },
  });
}
function factsIn$1(requests, index) {
  const { records } = requests;
  const service = requests.service(index);
  const { fields } = layout.service;
  const changes = records.number(requests.base(index), layout.request.fields.changes);
  return {
    scheduler: records.name(service, fields.scheduler),
    isDefault: (changes & layout.changes.scheduler) === 0,
    engine: records.name(service, fields.engine),
    link: formatSyncDaemonLink(requests, index),
    families: [
      records.number(service, fields.family),
      records.number(requests.destination(index), layout.destination.fields.family),
    ],
  };
}
const UPDATE_ERRORS = {
  foreignFlags(requests, index) {
    const { records } = requests;
    const owner = records.name(requests.base(index), layout.request.fields.flagsOwner);
    return wrongValue(
      'changes.schedulerFlags',
      flagsOf$1(records.u32(requests.service(index), layout.service.fields.flags), owner),
      `belongs to scheduler ${owner}, which the service does not have`,
    );
  },
  tunnelless(requests, index) {
    const { tunnelType } = layout.destination.fields;
    const type = requests.records.number(requests.destination(index), tunnelType);
    return wrongValue(
      'changes.tunnel',
      tunnelTypes.name(type),
      "does not go with the destination's forwarding, which is not 'tunnel'",
    );
  },
  thresholds(requests, index) {
    const { records } = requests;
    const base = requests.destination(index);
    const { fields } = layout.destination;
    if (
      (records.number(requests.base(index), layout.request.fields.changes) &
        layout.changes.upperThreshold) ===
      0
    )
      return wrongValue(
        'changes.lowerThreshold',
        records.number(base, fields.lowerThreshold),
        "is above the destination's upper threshold, or none is set: set upperThreshold with it",
      );
    const upper = records.number(base, fields.upperThreshold);
    return wrongValue(
      'changes.upperThreshold',
      upper,
      `is below the destination's lower threshold: ${upper === 0 ? 'clear that too, with lowerThreshold: 0' : 'change that with it'}`,
    );
  },
};
// lib/native/response.ts
const PENDING = 0;
var ExchangeResponse = class {
  elapsed;
  results;
  #isEmpty;
  #record;
  #statuses;
  #texts;
  constructor(native, record, statuses) {
    this.results = recordsOf(native.results);
    this.#isEmpty = native.results === void 0;
    this.#record = record;
    this.#statuses = statuses;
    this.#texts = native.texts ?? [];
    this.elapsed = native.elapsed;
  }
  number(index, field) {
    if (this.#isEmpty) return 0;
    return this.results.number(index * this.#record.size, this.#record.fields[field]);
  }
  succeeded(index) {
    return this.#isEmpty || this.number(index, 'status') === this.#statuses.done;
  }
  refusedWith(index) {
    return !this.#isEmpty && this.number(index, 'status') === this.#statuses.refused
      ? errnoName(this.number(index, 'error'))
      : void 0;
  }
  result(index) {
    const text = this.number(index, 'text');
    return {
      status: this.#nameOf(this.number(index, 'status')),
      errno: this.number(index, 'error'),
      text: text === 0 ? '' : (this.#texts[text - 1] ?? ''),
      creating: this.number(index, 'created') !== 0,
    };
  }
  #nameOf(number) {
    const known = number === PENDING ? this.#statuses.lost : number;
    const found = Object.entries(this.#statuses).find(([, each]) => each === known);
    if (found === void 0) throw new Error(`the addon returned the unknown status ${number}`);
    return found[0];
  }
};
// lib/ipvs/response.ts
var IpvsResponse = class extends ExchangeResponse {
  #services;
  #destinations;
  #daemons;
  constructor(native) {
    super(native, layout.result, layout.statuses);
    this.#services = recordsOf(native.services);
    this.#destinations = recordsOf(native.destinations);
    this.#daemons = recordsOf(native.daemons);
  }
  service(index, decode) {
    return this.#service(this.number(index, 'firstService'), decode);
  }
  services(index, decode) {
    return listOf(this.number(index, 'firstService'), this.number(index, 'services'), (place) =>
      this.#service(place, decode),
    );
  }
  destination(index, decode) {
    return this.#destination(this.number(index, 'firstDestination'), decode);
  }
  destinations(index, decode) {
    return listOf(
      this.number(index, 'firstDestination'),
      this.number(index, 'destinations'),
      (place) => this.#destination(place, decode),
    );
  }
  daemons(index) {
    const first = this.number(index, 'firstDaemon');
    const { size } = layout.daemon;
    return listOf(first, this.number(index, 'daemons'), (place) =>
      decodeSyncDaemon(this.#daemons, place * size),
    );
  }
  timeouts(index) {
    const { size, fields } = layout.result;
    return decodeTimeouts(this.results, index * size + fields.timeouts.offset);
  }
  #service(place, decode) {
    return decodeServiceEntry(this.#services, place * layout.serviceEntry.size, decode);
  }
  #destination(place, decode) {
    const base = place * layout.destinationEntry.size;
    return decodeDestinationEntry(this.#destinations, base, decode);
  }
};
// lib/ipvs/client.ts
const pool$1 = new BufferPool(16);
function ipvsClient(handle, close = () => handle.close()) {
  return {
    files: handle,
    requests: (capacity) => pool$1.take(() => new RequestBuffer(capacity)),
    release: (requests) => pool$1.give(requests),
    send: async (requests, range) => {
      const isWhole = range.count === requests.count;
      const memory = isWhole ? requests.memory : void 0;
      const native = await handle.run(requests.bytes(range), range.stopOnError, memory);
      if (isWhole) requests.memory = native.destinations;
      return new IpvsResponse(native);
    },
    sendSync: (requests) => {
      const native = handle.runSync(requests.bytes(), requests.memory);
      requests.memory = native.destinations;
      return new IpvsResponse(native);
    },
    requestError,
    exchangeError,
    routineError: nativeCallError,
    target: inputTarget$1,
    close,
  };
}
// lib/ipvs/sample-changes.ts
function changeBetween(before, now, elapsed) {
  const isRestarted =
    now.connections < before.connections ||
    now.inPackets < before.inPackets ||
    now.outPackets < before.outPackets ||
    now.inBytes < before.inBytes ||
    now.outBytes < before.outBytes;
  const delta = {
    connections: now.connections - (isRestarted ? 0 : before.connections),
    inPackets: now.inPackets - (isRestarted ? 0 : before.inPackets),
    outPackets: now.outPackets - (isRestarted ? 0 : before.outPackets),
    inBytes: now.inBytes - (isRestarted ? 0 : before.inBytes),
    outBytes: now.outBytes - (isRestarted ? 0 : before.outBytes),
  };
  const perSecond = (increase) => (elapsed > 0 ? increase / elapsed : 0);
  return {
    delta,
    rate: {
      connections: perSecond(delta.connections),
      inPackets: perSecond(delta.inPackets),
      outPackets: perSecond(delta.outPackets),
      inBytes: perSecond(delta.inBytes),
      outBytes: perSecond(delta.outBytes),
    },
  };
}
var PreviousItems = class {
  #items;
  #isSame;
  #keyOf;
  #found;
  #next = 0;
  #places;
  constructor(items, isSame, keyOf) {
    this.#items = items;
    this.#isSame = isSame;
    this.#keyOf = keyOf;
    this.#found = new Uint8Array(items.length);
  }
  next(sought) {
    const item = this.#items[this.#next];
    return item !== void 0 && this.#isSame(item, sought) ? this.#take(this.#next) : void 0;
  }
  *search(sought) {
    if (this.#items.length === 0) return void 0;
    this.#places ??= yield* this.#mapPlaces();
    const place = this.#places.get(this.#keyOf(sought));
    return place === void 0 ? void 0 : this.#take(place);
  }
  rest() {
    return this.#items.filter((_, place) => this.#found[place] === 0);
  }
  #take(place) {
    this.#found[place] = 1;
    this.#next = place + 1;
    return this.#items[place];
  }
  *#mapPlaces() {
    const places = new Map();
    for (const [place, item] of this.#items.entries()) {
      places.set(this.#keyOf(item), place);
      if (places.size % 256 === 0) yield;
    }
    return places;
  }
};
const isSameService = (a, b) =>
  a.address === b.address &&
  a.port === b.port &&
  a.protocol === b.protocol &&
  a.fwmark === b.fwmark &&
  a.family === b.family;
const isSameDestination = (a, b) => a.address === b.address && a.port === b.port;
const NONE = [];
function* compare(services, before, time, elapsed) {
  let compared = 0;
  const previous = new PreviousItems(before, isSameService, formatServiceKey);
  const watched = [];
  for (const service of services) {
    const then = previous.next(service) ?? (yield* previous.search(service));
    const previousDestinations = new PreviousItems(
      then?.destinations ?? NONE,
      isSameDestination,
      formatDestinationKey,
    );
    const destinations = [];
    for (const destination of service.destinations) {
      const known =
        previousDestinations.next(destination) ?? (yield* previousDestinations.search(destination));
      const change = known ? changeBetween(known.stats, destination.stats, elapsed) : null;
      destinations.push({
        ...destination,
        change,
      });
      if (++compared % 256 === 0) yield;
    }
    const change = then ? changeBetween(then.stats, service.stats, elapsed) : null;
    watched.push({
      ...service,
      change,
      destinations,
    });
    if (++compared % 256 === 0) yield;
  }
  return {
    time,
    elapsed,
    services: watched,
    gone: previous.rest().map(formatServiceKey),
  };
}
// lib/ipvs/watch.ts
const KEYS$2 = new Set(['interval', 'signal']);
const DEFAULT_INTERVAL = 1e3;
const MAX_INTERVAL = 2 ** 31 - 1;
function checkWatchOptions(options) {
  const { interval = DEFAULT_INTERVAL, signal } = readOptions(options, KEYS$2);
  return {
    interval: checkInteger('options.interval', interval, 1, MAX_INTERVAL, 'milliseconds'),
    signal: checkSignal('options.signal', signal),
  };
}
var TableWatcher = class extends CancellableIterator {
  #source;
  #onEnd;
  #hasBegun = false;
  #sample;
  #previous = [];
  #slicer = new Slicer();
  #sampledAt;
  #dueAt = 0;
  #timer;
  #keepsAlive = false;
  #isReading = false;
  #isClosing = false;
  constructor(source, onEnd) {
    super();
    this.#source = source;
    this.#onEnd = onEnd;
  }
  ref() {
    this.#keepsAlive = true;
    this.#timer?.ref();
    return this;
  }
  unref() {
    this.#keepsAlive = false;
    this.#timer?.unref();
    return this;
  }
  close() {
    this.#isClosing = true;
    if (!this.#isReading) this.end();
  }
  take() {
    const sample = this.#sample;
    this.#sample = void 0;
    return sample;
  }
  refill() {
    try {
      this.#begin();
      if (!this.ended) this.#schedule();
    } catch (error) {
      this.fail(error);
    }
  }
  #begin() {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.observe(this.#source.signal);
  }
  #schedule() {
    const now = performance.now();
    const due = Math.max(this.#dueAt, now);
    this.#dueAt = due + this.#source.interval;
    if (due === now) {
      this.#read();
      return;
    }
    this.#timer = setTimeout(() => void this.#read(), due - now);
    if (!this.#keepsAlive) this.#timer.unref();
  }
  async #read() {
    this.#isReading = true;
    try {
      const { services } = await this.#source.snapshot();
      if (this.ended) return;
      const now = performance.now();
      const elapsed = this.#sampledAt === void 0 ? 0 : (now - this.#sampledAt) / 1e3;
      const steps = compare(services, this.#previous, new Date(), elapsed);
      this.#sample = await this.#slicer.run(steps, () => this.ended);
      if (this.ended) return;
      this.#previous = services;
      this.#sampledAt = now;
    } catch (error) {
      this.fail(error);
    }
    this.#isReading = false;
    this.serve();
    if (this.#isClosing) this.end();
  }
  release() {
    clearTimeout(this.#timer);
    this.#previous = [];
    this.#onEnd();
  }
};
// lib/package-root.ts
function packageRoot() {
  try {
    return fileURLToPath(new URL('..', import.meta.url));
  } catch {
    return;
  }
}
// lib/native/load-errors.ts
function loadError(cause, root) {
  return noAddon(reasonOf(cause, root), cause);
}
const versionError = () => noAddon(OTHER_VERSION);
function noAddon(reason, cause) {
  return new IpvsError(`the native addon of ipvs cannot be loaded: ${reason}`, {
    code: 'ERR_IPVS_NO_ADDON',
    operation: 'open',
    cause,
  });
}
const OTHER_VERSION =
  'it is of another version of ipvs: build it again with "npm rebuild ipvs --ignore-scripts=false"';
const MISSING = `there is none for ${process.platform}-${process.arch}: where the package brings no prebuild and install scripts are blocked, build it by hand with "npm rebuild ipvs --ignore-scripts=false" (needs python3, make and a C++20 compiler; npm 12 wants "npm install-scripts approve ipvs" before)`;
const BUNDLED =
  "ipvs was bundled, or moved out of its package, where the addon is: mark ipvs as external (esbuild --external:ipvs; external: ['ipvs'] of rollup, rolldown and vite; externals of webpack), and install it where the bundle runs";
function isInPackage(root) {
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return name === 'ipvs';
  } catch {
    return false;
  }
}
function reasonOf(error, root) {
  if (root === void 0) return BUNDLED;
  const { code, resource } = Object(error);
  if (code === 'ERR_DLOPEN_DISABLED')
    return process.permission === void 0
      ? 'Node.js runs with --no-addons: remove that option'
      : 'Node.js runs with --permission, which forbids addons: add --allow-addons';
  const unreadable = process.permission?.has('fs.read', root) === false;
  if (code === 'ERR_ACCESS_DENIED' || unreadable) {
    const file = typeof resource === 'string' && resource !== '' ? resource : root;
    const addons = process.execArgv.includes('--allow-addons') ? '' : ' and --allow-addons';
    return `${`Node.js runs with --permission and may not read ${file}`}: add --allow-fs-read=${file}${addons}`;
  }
  if (code === 'ERR_DLOPEN_FAILED')
    return `${error instanceof Error ? error.message : String(error)}; built for this system it may load: "npm rebuild ipvs --ignore-scripts=false"`;
  return isInPackage(root) ? MISSING : BUNDLED;
}
// lib/native/load.ts
let loaded;
function loadNative() {
  loaded ??= checkVersion(load());
  return loaded;
}
function load() {
  const root = packageRoot();
  try {
    if (root === void 0) throw new TypeError('a CommonJS bundle has no import.meta.url');
    return createRequire(import.meta.url)('node-gyp-build')(root);
  } catch (error) {
    throw loadError(error, root);
  }
}
function checkVersion(native) {
  if (native.layoutHash !== 1534054191) throw versionError();
  return native;
}
// lib/native/open.ts
async function openHandle(netns, ipvs) {
  if (process.platform !== 'linux')
    throw operationError(`IPVS is part of Linux, and this is ${process.platform}`, {
      code: 'ERR_IPVS_UNSUPPORTED_PLATFORM',
      operation: 'open',
    });
  const native = loadNative();
  try {
    const handle = new native.Handle();
    await handle.open(netns.target, ipvs);
    return {
      native,
      handle,
    };
  } catch (error) {
    throw openingError(error, netns.label);
  }
}
// lib/queue/shared-promise.ts
const SHARED_BY = 256;
const REACTIONS = Array.from({ length: SHARED_BY }, (_, place) => {
  function react(results) {
    const result = results[place];
    if (result?.status === 'fulfilled') return result.value;
    throw beginAtAwait(result?.reason, react);
  }
  return react;
});
var SharedPromise = class {
  #count = 0;
  #results = [];
  #resolve = () => void 0;
  #promise = new Promise((resolve) => {
    this.#resolve = resolve;
  });
  get isFull() {
    return this.#count === SHARED_BY;
  }
  next() {
    return this.#promise.then(REACTIONS[this.#count++]);
  }
  settle(result) {
    const isLast = this.#results.push(result) === this.#count;
    if (isLast) this.#resolve(this.#results);
    return isLast;
  }
};
var CallPromises = class {
  #shared = [];
  reserve() {
    if (this.#shared.at(-1)?.isFull ?? true) this.#shared.push(new SharedPromise());
  }
  next() {
    return this.#shared.at(-1)?.next() ?? Promise.reject(new Error('reserve() comes first'));
  }
  settle = (result) => {
    if (this.#shared[0]?.settle(result) === true) this.#shared.shift();
  };
};
// lib/queue/queue.ts
function closedError(operation) {
  const details = {
    code: 'ERR_IPVS_CLOSED',
    operation,
  };
  return beginAtCaller(new IpvsError(`${operation}: the handle is closed`, details), operation);
}
var Exchange = class {
  batch;
  #range;
  resolve = () => void 0;
  received = new Promise((resolve) => {
    this.resolve = resolve;
  });
  constructor(batch, range) {
    this.batch = batch;
    this.#range = range;
  }
  get range() {
    return (
      this.#range ?? {
        first: 0,
        count: this.batch.count,
        stopOnError: false,
      }
    );
  }
};
var Queue = class {
  slicer = new Slicer();
  #client;
  #queued = [];
  #open;
  #inFlight;
  #pending = 0;
  #calls = 0;
  #onClose = new Set();
  #closed;
  #drained = () => void 0;
  constructor(client) {
    this.#client = client;
  }
  get calls() {
    return this.#calls;
  }
  checkOpen(operation) {
    if (this.#closed !== void 0) throw closedError(operation);
  }
  run(operation, args = []) {
    if (this.#closed !== void 0) return Promise.reject(closedError(operation.name));
    return this.#join(operation, args);
  }
  #join(operation, args) {
    this.#calls++;
    const { batch, promises } =
      this.#open?.batch.hasRoom === true ? this.#open : this.#openExchange();
    try {
      promises.reserve();
      batch.add(operation, args);
      return promises.next();
    } catch (error) {
      return Promise.reject(error);
    }
  }
  #openExchange() {
    const batch = new EncodedBatch(this.#client, this.#open && 1024);
    const promises = new CallPromises();
    const exchange = new Exchange(batch);
    this.begin();
    exchange.received.then((received) => this.slicer.add(this.#settle(batch, promises, received)));
    this.#enqueue(exchange);
    this.#open = {
      batch,
      promises,
    };
    return this.#open;
  }
  #enqueue(exchange) {
    if (this.#queued.push(exchange) === 1 && this.#inFlight === void 0)
      queueMicrotask(() => this.#sendNext());
  }
  *#settle(batch, promises, received) {
    const lists = [];
    const postpone = (value) =>
      new Promise((resolve, reject) => lists.push(settling(value, resolve, reject)));
    yield* batch.results(received, 0, batch.count, promises.settle, postpone);
    for (const list of lists) yield* list;
    batch.release();
    this.end();
  }
  runSync(operation, args = []) {
    this.checkOpen(operation.name);
    const batch = new EncodedBatch(this.#client);
    try {
      batch.add(operation, args);
      const response = this.#sendSync(batch, operation.name);
      return complete(batch.decode(response, 0, 0));
    } catch (error) {
      throw beginAtCaller(error, operation.name);
    } finally {
      batch.release();
    }
  }
  #sendSync(batch, operation) {
    try {
      return this.#client.sendSync(batch.requests);
    } catch (error) {
      throw this.#client.exchangeError(error, operation);
    }
  }
  runRoutine(operation, routine, before) {
    return withAwaitStack(this.#runRoutine(operation, routine, before));
  }
  async #runRoutine(operation, routine, before) {
    this.checkOpen(operation);
    const begun = this.#begin(operation, routine);
    const isCalling = begun.done !== true && 'calls' in begun.value;
    const task = async () => {
      if (before !== void 0) await before;
      return runRoutine(begun, routine, this.#client.files, this.#runCall);
    };
    return isCalling ? this.task(operation, task) : this.taskInOrder(operation, task);
  }
  #begin(operation, routine) {
    try {
      return routine.next();
    } catch (error) {
      throw beginAtCaller(this.#routineError(error, operation), operation);
    }
  }
  #routineError(error, operation) {
    if (isInputError(error)) describeInput(error, operation, error.target ?? '');
    return this.#client.routineError(error, operation);
  }
  #runCall = ({ operation, args }) => this.#join(operation, args);
  runRoutineSync(operation, routine) {
    this.checkOpen(operation);
    try {
      return runRoutineSync(routine, this.#client.files, (calls) =>
        this.#runAllSync(operation, calls),
      );
    } catch (error) {
      throw beginAtCaller(this.#routineError(error, operation), operation);
    }
  }
  #runAllSync(operation, calls) {
    const batch = new EncodedBatch(this.#client);
    try {
      for (const { operation, args } of calls) batch.add(operation, args);
      const received = {
        status: 'fulfilled',
        value: this.#sendSync(batch, operation),
      };
      const results = [];
      runToEnd(batch.results(received, 0, calls.length, (result) => results.push(result)));
      return results;
    } finally {
      batch.release();
    }
  }
  async task(operation, task) {
    this.checkOpen(operation);
    this.begin();
    try {
      return await task(this.#runCall);
    } catch (error) {
      throw this.#routineError(error, operation);
    } finally {
      this.end();
    }
  }
  taskInOrder(operation, task) {
    const last = (this.#queued.at(-1) ?? this.#inFlight)?.received;
    return this.task(operation, async (run) => {
      if (last !== void 0) await last;
      return task(run);
    });
  }
  exchange(batch, range) {
    const exchange = new Exchange(batch, range);
    this.#open = void 0;
    this.#calls++;
    this.#enqueue(exchange);
    return exchange.received;
  }
  #sendNext() {
    while (this.#inFlight === void 0) {
      const exchange = this.#queued.shift();
      if (exchange === void 0) return;
      if (exchange.batch === this.#open?.batch) this.#open = void 0;
      if (exchange.range.count === 0)
        exchange.resolve({
          status: 'rejected',
          reason: void 0,
        });
      else {
        this.#inFlight = exchange;
        this.#send(exchange);
      }
    }
  }
  async #send(exchange) {
    let received;
    try {
      received = {
        status: 'fulfilled',
        value: await this.#client.send(exchange.batch.requests, exchange.range),
      };
    } catch (reason) {
      received = {
        status: 'rejected',
        reason,
      };
    }
    this.#inFlight = void 0;
    exchange.resolve(received);
    this.#sendNext();
  }
  begin() {
    this.#pending++;
  }
  end() {
    this.#pending--;
    if (this.#pending === 0 && this.#closed !== void 0) this.#drained();
  }
  onClose(operation, end) {
    const endClosed = () => end(closedError(operation));
    if (this.#closed === void 0) this.#onClose.add(endClosed);
    else endClosed();
    return () => this.#onClose.delete(endClosed);
  }
  close() {
    this.#closed ??= new Promise((resolve) => {
      this.#drained = () => setImmediate(resolve);
      for (const end of [...this.#onClose]) end();
      if (this.#pending === 0) this.#drained();
    }).then(() => this.#client.close());
    return this.#closed;
  }
};
// lib/links/address-flags.ts
const bits = layout.addressFlags;
const flagNames = new NameTable(bits);
const flagBits = flagNames.names.map((name) => bits[name]);
const NO_DAD = bits['no-dad'];
const NO_PREFIX_ROUTE = bits['no-prefix-route'];
const SETTABLE =
  NO_DAD |
  NO_PREFIX_ROUTE |
  bits['home-address'] |
  bits['manage-temporary'] |
  bits['multicast-auto-join'];
function flagsOf(set) {
  return flagNames.names.filter((_, place) => (set & (flagBits[place] ?? 0)) !== 0);
}
const defaultFlags = (family) => (family === 10 ? NO_DAD | NO_PREFIX_ROUTE : 0);
function checkFlags(property, family, settings) {
  const { flags, prefixRoute, duplicateDetection } = settings;
  let set = flags === void 0 ? defaultFlags(family) : checkNames(`${property}.flags`, flags);
  const apply = (name, value, negation) => {
    if (value === void 0) return;
    const wanted = checkBoolean(`${property}.${name}`, value);
    if (flags !== void 0 && wanted === ((set & negation) !== 0))
      throw wrongValue(`${property}.${name}`, value, `contradicts ${property}.flags`);
    set = wanted ? set & ~negation : set | negation;
  };
  apply('prefixRoute', prefixRoute, NO_PREFIX_ROUTE);
  if (family === 2 && duplicateDetection !== void 0) {
    if (checkBoolean(`${property}.duplicateDetection`, duplicateDetection))
      throw wrongValue(`${property}.duplicateDetection`, true, 'is for IPv6 only');
  } else apply('duplicateDetection', duplicateDetection, NO_DAD);
  return set;
}
function checkNames(property, flags) {
  return (
    readArray(property, flags, 'an array of flags', (flag, place) =>
      flagNames.number(`${property}[${place}]`, flag),
    ).reduce((all, each) => all | each, 0) & SETTABLE
  );
}
// lib/links/address-scope.ts
const scopes = new NameTable(layout.addressScopes);
const LOOPBACK = 127;
function defaultIpv4Scope(bytes, at) {
  return bytes[at] === LOOPBACK ? layout.addressScopes.host : layout.addressScopes.global;
}
function ipv6Scope(bytes, at) {
  const range = bytes[at] === 254 ? (bytes[at + 1] ?? 0) & 192 : 0;
  if (range === 128) return layout.addressScopes.link;
  if (range === 192) return layout.addressScopes.site;
  return isFilled(bytes, at, 15, 0) && bytes[at + 15] === 1
    ? layout.addressScopes.host
    : layout.addressScopes.global;
}
// lib/links/encode-address.ts
const { fields: fields$5 } = layout.addressSettings;
const bitsOf = (family) => (family === 10 ? 128 : 32);
function encodeAddressText(records, base, property, text) {
  const slash = text.indexOf('/');
  const family = encodeIp(records, base, property, slash < 0 ? text : text.slice(0, slash), text);
  const bits = bitsOf(family);
  let length = bits;
  if (slash >= 0) {
    const digits = text.slice(slash + 1);
    length = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : bits + 1;
    if (length > bits) throw wrongValue(property, text, `has no prefix length from 0 to ${bits}`);
  }
  records.setNumber(base, fields$5.prefixLength, length);
  records.setNumber(base, fields$5.flags, defaultFlags(family));
  return family;
}
function encodeIp(records, base, property, address, shown) {
  const start = base + fields$5.address.offset;
  const family = parseAddress(address, records.bytes, start);
  if (family === 0) throw wrongValue(property, shown, `is not an IP address${networkHint(shown)}`);
  records.setNumber(base, fields$5.family, family);
  if (family === 2) records.setNumber(base, fields$5.scope, defaultIpv4Scope(records.bytes, start));
  return family;
}
// lib/links/encode-settings.ts
const KEYS$1 = new Set([
  'address',
  'prefixLength',
  'scope',
  'prefixRoute',
  'duplicateDetection',
  'link',
  'index',
  'family',
  'peer',
  'broadcast',
  'flags',
  'label',
  'preferredLifetime',
  'validLifetime',
]);
const { fields: fields$4 } = layout.addressSettings;
const bit$1 = layout.addressGiven;
const { forever } = layout.lifetimes;
function readAddressSettings(property, config) {
  if (typeof config !== 'object')
    throw wrongType(property, config, "an address such as '10.96.0.1/32', or an object");
  return readObject(property, config, KEYS$1);
}
function encodeAddressSettings(records, base, property, settings) {
  const place = {
    records,
    base,
    property,
  };
  const { address, prefixLength, flags, prefixRoute, duplicateDetection } = settings;
  if (typeof address !== 'string') throw wrongType(`${property}.address`, address, 'an IP address');
  const family = encodeIp(records, base, `${property}.address`, address, address);
  if (
    settings.family !== void 0 &&
    families.number(`${property}.family`, settings.family) !== family
  )
    throw wrongValue(`${property}.family`, settings.family, `is not the family of ${address}`);
  const bits = bitsOf(family);
  const length =
    prefixLength === void 0
      ? bits
      : checkInteger(`${property}.prefixLength`, prefixLength, 0, bits, 'bits');
  records.setNumber(base, fields$4.prefixLength, length);
  records.setNumber(base, fields$4.flags, checkFlags(property, family, settings));
  const given =
    (flags === void 0 ? 0 : bit$1.listed | bit$1.prefixRoute | bit$1.duplicateDetection) |
    (prefixRoute === void 0 ? 0 : bit$1.prefixRoute) |
    (duplicateDetection === void 0 ? 0 : bit$1.duplicateDetection) |
    encodeScope(place, family, settings.scope) |
    encodePeer(place, family, settings.peer) |
    encodeBroadcast(place, family, settings.broadcast) |
    encodeLabel(place, family, settings.label) |
    encodeLifetimes(place, settings);
  records.setNumber(base, fields$4.given, given);
  return family;
}
function encodeScope({ records, base, property }, family, scope) {
  if (scope === void 0) return 0;
  const number = scopes.numberOrUnknown(`${property}.scope`, scope, 255);
  if (family === 10) {
    const inherent = ipv6Scope(records.bytes, base + fields$4.address.offset);
    if (number !== inherent)
      throw wrongValue(
        `${property}.scope`,
        scope,
        `is not that of the address, whose bits tell '${scopes.name(inherent)}'`,
      );
  }
  records.setNumber(base, fields$4.scope, number);
  return bit$1.scope;
}
function encodePeer(place, family, peer) {
  const { records, base } = place;
  const property = `${place.property}.peer`;
  if (peer === void 0) return 0;
  if (peer === null) return bit$1.peer;
  if (typeof peer !== 'string') throw wrongType(property, peer, 'an IP address, or null');
  const start = base + fields$4.peer.offset;
  const peerFamily = parseAddress(peer, records.bytes, start);
  if (peerFamily === 0)
    throw wrongValue(property, peer, `is not an IP address${networkHint(peer)}`);
  if (peerFamily !== family) throw wrongValue(property, peer, 'is not of the same family');
  const own = records.bytes.subarray(base + fields$4.address.offset);
  const bytes = records.bytes.subarray(start, start + 16);
  if (bytes.every((byte, at) => byte === own[at])) bytes.fill(0);
  return bit$1.peer;
}
function encodeBroadcast(place, family, broadcast) {
  const { records, base } = place;
  const property = `${place.property}.broadcast`;
  if (broadcast === void 0) return 0;
  if (broadcast === null) return bit$1.broadcast;
  if (typeof broadcast !== 'string')
    throw wrongType(property, broadcast, 'an IPv4 address, or null');
  if (family === 10) throw wrongValue(property, broadcast, 'is for IPv4 only');
  if (parseAddress(broadcast, records.bytes, base + fields$4.broadcast.offset) !== 2)
    throw wrongValue(property, broadcast, 'is not an IPv4 address');
  return bit$1.broadcast;
}
function encodeLabel({ records, base, property }, family, label) {
  if (label === void 0 || label === null) return 0;
  const bytes = labelBytes(`${property}.label`, label);
  if (family === 10) throw wrongValue(`${property}.label`, label, 'is for IPv4 only');
  records.setNameBytes(base, fields$4.label, bytes);
  return bit$1.label;
}
function encodeLifetimes({ records, base, property }, settings) {
  const { preferredLifetime, validLifetime, flags } = settings;
  if (preferredLifetime === void 0 && validLifetime === void 0) return 0;
  const seconds = (name, value, min, byDefault) => {
    if (value === void 0) return byDefault;
    if (value === null) return forever;
    return checkInteger(`${property}.${name}`, value, min, forever - 1, 'seconds');
  };
  const valid = seconds('validLifetime', validLifetime, flags === void 0 ? 1 : 0, forever);
  const preferred = seconds('preferredLifetime', preferredLifetime, 0, valid);
  if (preferred > valid)
    throw wrongValue(
      `${property}.preferredLifetime`,
      preferredLifetime,
      'is longer than validLifetime',
    );
  records.setNumber(base, fields$4.preferred, preferred);
  records.setNumber(base, fields$4.valid, valid);
  return bit$1.lifetimes;
}
// lib/links/link-index.ts
const MAX_INDEX = 2 ** 31 - 1;
const checkLinkIndex = (property, index) => checkInteger(property, index, 1, MAX_INDEX);
// lib/links/listed-link.ts
const ANY_LINK = 'leave out link and index to use it with another link';
const canonicalName = (name) => decodeName(encodeName(name));
function checkListedLink(property, settings, link) {
  const { link: name, index } = settings;
  if (name !== void 0 && typeof name !== 'string')
    throw wrongType(`${property}.link`, name, 'the name of a link');
  const checked = index === void 0 ? 0 : checkLinkIndex(`${property}.index`, index);
  if (checked === 0 && name === void 0) return void 0;
  if (typeof link === 'string') {
    if (name === link || name === canonicalName(link)) return void 0;
    if (checked !== 0)
      return {
        index: checked,
        name,
      };
    throw otherLink(`${property}.link`, name, `is not the link '${canonicalName(link)}'`);
  }
  if (checked === link) return void 0;
  if (checked === 0) throw otherLink(`${property}.link`, name, `is not the link ${link}`);
  const called = name === void 0 ? '' : `('${name}') `;
  throw otherLink(`${property}.index`, index, `${called}is not the link ${link}`);
}
const otherLink = (property, value, rule) => wrongValue(property, value, `${rule}: ${ANY_LINK}`);
// lib/links/request-buffer.ts
const { fields: requestFields$1 } = layout.linkRequest;
const { size: settingsSize, fields: settingsFields$2 } = layout.addressSettings;
const FIRST_ADDRESSES = 16;
var LinkRequestBuffer = class extends EncodedRequests {
  #native;
  #addresses = new Records(new ArrayBuffer(FIRST_ADDRESSES * settingsSize));
  #capacity = FIRST_ADDRESSES;
  #committed = 0;
  #encoded = 0;
  #listedOn = new Map();
  constructor(native) {
    super(layout.linkRequest, layout.linkOperations);
    this.#native = native;
  }
  begin(operation) {
    super.begin(operation);
    this.#encoded = this.#committed;
    this.#setNumber('firstAddress', this.#encoded);
  }
  commit() {
    super.commit();
    this.#committed = this.#encoded;
  }
  clear() {
    super.clear();
    this.#committed = 0;
    if (this.#listedOn.size > 0) this.#listedOn.clear();
  }
  addAddress(property, config, link, required = 0) {
    const base = this.#nextAddress();
    if (this.#listedOn.size > 0) this.#listedOn.delete(this.#encoded);
    const family =
      typeof config === 'string'
        ? encodeAddressText(this.#addresses, base, property, config)
        : this.#encodeSettings(base, property, config, link);
    if (required !== 0 && family !== required)
      throw wrongValue(property, config, 'is not of the family in options.family');
    this.#addCount(1);
  }
  #encodeSettings(base, property, config, link) {
    const settings = readAddressSettings(property, config);
    const family = encodeAddressSettings(this.#addresses, base, property, settings);
    const listed = checkListedLink(property, settings, link);
    if (listed !== void 0) {
      this.#addresses.setNumber(base, settingsFields$2.link, listed.index);
      this.#listedOn.set(this.#encoded, listed.name);
    }
    return family;
  }
  addAddresses(property, configs, link, required) {
    const first = this.#encoded;
    const end = first + configs.length;
    this.#reserve(end);
    for (let place = 0; place < configs.length; place++) {
      const { bytes } = this.#addresses;
      const rest = bytes.subarray(this.#encoded * settingsSize, end * settingsSize);
      const count = this.#native.encodeAddresses(configs, place, required, rest);
      this.#addCount(count);
      place += count;
      if (place === configs.length) break;
      try {
        this.addAddress(`${property}[${place}]`, configs[place], link, required);
      } catch (error) {
        throw isInputError(error) ? Object.assign(error, { index: place }) : error;
      }
    }
    this.#checkContradictions(property, configs, first);
  }
  #checkContradictions(property, configs, first) {
    const { bytes } = this.#addresses;
    const encoded = bytes.subarray(first * settingsSize, this.#encoded * settingsSize);
    const found = this.#native.findContradiction(encoded);
    if (found === void 0) return;
    const [earlier, later] = found;
    const lengthOf = (place) =>
      this.#addresses.number((first + place) * settingsSize, settingsFields$2.prefixLength);
    const rule = `contradicts ${property}[${earlier}], the same address with ${lengthOf(earlier) === lengthOf(later) ? 'other settings' : 'another prefix length, which a link has once'}`;
    const error = wrongValue(`${property}[${later}]`, configs[later], rule);
    throw Object.assign(error, { index: later });
  }
  copyAddresses(records, base, count) {
    this.#reserve(this.#encoded + count);
    const source = records.bytes.subarray(base, base + count * settingsSize);
    this.#addresses.bytes.set(source, this.#encoded * settingsSize);
    this.#addCount(count);
  }
  firstAddress(index) {
    const first = this.records.number(this.base(index), requestFields$1.firstAddress);
    return {
      records: this.#addresses,
      base: first * settingsSize,
    };
  }
  listedOn(index, place) {
    const { records, base } = this.firstAddress(index);
    const number = records.number(base + place * settingsSize, settingsFields$2.link);
    const name = this.#listedOn.get(base / settingsSize + place);
    return name === void 0 ? `link ${number}` : `${name} (link ${number})`;
  }
  addressBytes() {
    return this.#addresses.bytes.subarray(0, this.#committed * settingsSize);
  }
  #nextAddress() {
    this.#reserve(this.#encoded + 1);
    const base = this.#encoded * settingsSize;
    this.#addresses.bytes.fill(0, base, base + settingsSize);
    return base;
  }
  #reserve(count) {
    if (count <= this.#capacity) return;
    this.#capacity = Math.max(count, this.#capacity * 2);
    this.#addresses = this.#addresses.enlarged(this.#capacity * settingsSize);
  }
  #addCount(count) {
    this.#encoded += count;
    const first = this.records.number(this.base(), requestFields$1.firstAddress);
    this.#setNumber('addresses', this.#encoded - first);
  }
  #setNumber(field, value) {
    this.records.setNumber(this.base(), requestFields$1[field], value);
  }
};
// lib/links/address.ts
const { fields: settingsFields$1 } = layout.addressSettings;
const { fields: addressFields } = layout.linkAddress;
function formatLinkAddress(records, base) {
  const family = records.number(base, settingsFields$1.family);
  return `${formatAddress$1(records.bytes, base + settingsFields$1.address.offset, family)}/${records.number(base, settingsFields$1.prefixLength)}`;
}
function decodeLinkAddress(records, base) {
  return {
    link: decodeName(records.nameBytes(base, addressFields.link)),
    index: records.number(base, addressFields.index),
    ...decodeSettings(records, base + addressFields.settings.offset),
  };
}
function decodeSettings(records, base) {
  const { bytes } = records;
  const family = records.number(base, settingsFields$1.family);
  const text = (field) => formatAddress$1(bytes, base + settingsFields$1[field].offset, family);
  const optional = (field) =>
    isFilled(bytes, base + settingsFields$1[field].offset, 16, 0) ? null : text(field);
  const lifetime = (field) => {
    const seconds = records.number(base, settingsFields$1[field]);
    return seconds === layout.lifetimes.forever ? null : seconds;
  };
  const label = decodeName(records.nameBytes(base, settingsFields$1.label));
  return {
    family: family === 10 ? 'ipv6' : 'ipv4',
    address: text('address'),
    prefixLength: records.number(base, settingsFields$1.prefixLength),
    peer: optional('peer'),
    broadcast: optional('broadcast'),
    scope: scopes.name(records.number(base, settingsFields$1.scope)),
    flags: flagsOf(records.number(base, settingsFields$1.flags)),
    label: label === '' ? null : label,
    preferredLifetime: lifetime('preferred'),
    validLifetime: lifetime('valid'),
  };
}
// lib/links/errno-messages.ts
const LINKS_NEED_ADMIN =
  'CAP_NET_ADMIN in the user namespace that owns the network namespace is needed';
const NO_LINK = 'there is no such link';
const SET_LINK = {
  ENODEV: NO_LINK,
  EINVAL: ({ setsMtu }) => (setsMtu ? 'the kernel does not accept the MTU for this link' : void 0),
};
const SET_ADDRESS = {
  ENODEV: NO_LINK,
  EACCES: 'IPv6 is switched off on the link (sysctl net.ipv6.conf.LINK.disable_ipv6)',
  EADDRNOTAVAIL: 'the kernel does not accept the address: IPv6 must be unicast and not ::1',
  EINVAL: addressNeeds,
  ENOBUFS: ({ isIpv6 }) =>
    isIpv6
      ? 'the kernel has no memory for the address, or for its routes'
      : 'IPv4 needs a link whose MTU is at least 68 bytes; or the kernel has no memory for the address',
  ENOTSUP: ({ isIpv6 }) =>
    isIpv6 ? 'the kernel has no IPv6: load its module on the host (modprobe ipv6)' : void 0,
};
function addressNeeds({ isIpv6, prefixLength, flags }) {
  const needs = [
    isIpv6
      ? 'IPv6 needs a link whose MTU is at least 1280 bytes'
      : 'IPv4 needs the scope of the other addresses that the link has in the same network',
  ];
  if (isIpv6 && flags.includes('manage-temporary') && prefixLength !== 64)
    needs.push("'manage-temporary' a prefix length of 64");
  if (flags.includes('multicast-auto-join'))
    needs.push("'multicast-auto-join' a multicast address");
  return `the kernel does not accept the address: ${needs.join(', and ')}`;
}
const LINK_ERRNO_MESSAGES = {
  listLinks: {
    kernelCommand: 'RTM_GETLINK',
    meanings: {},
    isQuery: true,
  },
  getLink: {
    kernelCommand: 'RTM_GETLINK',
    meanings: { ENODEV: NO_LINK },
    isQuery: true,
  },
  ensureDummy: {
    kernelCommand: 'RTM_SETLINK',
    creation: 'RTM_NEWLINK',
    meanings: {
      ...SET_LINK,
      EEXIST: 'another program keeps adding and deleting the link',
      ENOTSUP:
        'the kernel has no dummy links: load the module on the host (modprobe dummy), or use a kernel with CONFIG_DUMMY',
    },
  },
  setLink: {
    kernelCommand: 'RTM_SETLINK',
    meanings: SET_LINK,
  },
  deleteLink: {
    kernelCommand: 'RTM_DELLINK',
    meanings: {
      ENODEV: NO_LINK,
      ENOTSUP: 'a link of this kind cannot be deleted',
    },
  },
  listAddresses: {
    kernelCommand: 'RTM_GETADDR',
    meanings: { ENODEV: NO_LINK },
    isQuery: true,
  },
  addAddress: {
    kernelCommand: 'RTM_NEWADDR',
    meanings: {
      ...SET_ADDRESS,
      EEXIST: 'the link has the address already: use ensureAddress',
    },
  },
  ensureAddress: {
    kernelCommand: 'RTM_NEWADDR',
    meanings: {
      ...SET_ADDRESS,
      EEXIST: 'another program keeps adding and deleting the address',
    },
  },
  deleteAddress: {
    kernelCommand: 'RTM_DELADDR',
    meanings: {
      ENODEV: NO_LINK,
      EADDRNOTAVAIL: 'the link has no such address with this prefix length',
      ENXIO: 'the link has no IPv6 addresses: IPv6 needs an MTU of at least 1280 bytes',
    },
  },
  replaceAddress: {
    kernelCommand: 'RTM_NEWADDR',
    meanings: SET_ADDRESS,
  },
  planAddresses: {
    kernelCommand: 'RTM_GETADDR',
    meanings: { ENODEV: NO_LINK },
    isQuery: true,
  },
};
// lib/links/link-reference.ts
const { fields: fields$3 } = layout.linkRequest;
function encodeLinkName(request, property, name) {
  request.records.setNameBytes(request.base(), fields$3.name, newLinkNameBytes(property, name));
}
function encodeLinkReference(request, property, reference) {
  if (typeof reference === 'string') {
    encodeLinkName(request, property, reference);
    return reference;
  }
  const isObject = typeof reference === 'object' && reference !== null;
  const index = isObject ? own(reference, 'index') : reference;
  if (typeof index !== 'number')
    throw wrongType(
      property,
      reference,
      'a link: its name, its index, or an object with its index',
    );
  const checked = checkLinkIndex(isObject ? `${property}.index` : property, index);
  request.records.setNumber(request.base(), fields$3.index, checked);
  return checked;
}
function formatLinkReference(request, at) {
  const base = request.base(at);
  const name = decodeName(request.records.nameBytes(base, fields$3.name));
  const index = request.records.number(base, fields$3.index);
  return name !== '' || index === 0 ? name : `link ${index}`;
}
// lib/links/targets.ts
const { fields: fields$2 } = layout.linkRequest;
const SUBJECTS = {
  listLinks: null,
  getLink: 'link',
  ensureDummy: 'link',
  setLink: 'link',
  deleteLink: 'link',
  listAddresses: 'link',
  addAddress: 'address',
  ensureAddress: 'address',
  deleteAddress: 'address',
  replaceAddress: 'address',
  planAddresses: 'link',
};
function inputTarget(operation, requests, [first, second]) {
  const subject = SUBJECTS[operation];
  if (subject === null) return '';
  const index = requests.count;
  const link = formatLinkReference(requests, index) || describeArgument(first);
  if (subject === 'link') return link;
  const isEncoded = requests.records.number(requests.base(index), fields$2.addresses) > 0;
  const { records, base } = requests.firstAddress(index);
  return [isEncoded ? formatLinkAddress(records, base) : describeArgument(second), link]
    .filter((part) => part !== '')
    .join(' of ');
}
function targetOf(operation, requests, index) {
  const link = formatLinkReference(requests, index);
  if (SUBJECTS[operation] !== 'address') return link;
  const { records, base } = requests.firstAddress(index);
  return `${formatLinkAddress(records, base)} of ${link}`;
}
// lib/links/request-errors.ts
const { fields: requestFields } = layout.linkRequest;
const { fields: settingsFields } = layout.addressSettings;
function linkRequestError({ name: operation, request }, requests, index, result) {
  const {
    kernelCommand,
    creation = kernelCommand,
    meanings,
    isQuery = false,
  } = LINK_ERRNO_MESSAGES[request];
  const ownReason = reasonOfLibrary(requests, index, result);
  return failedRequestError({
    operation,
    target: targetOf(request, requests, index),
    syscall: result.creating ? creation : kernelCommand,
    result:
      ownReason === void 0
        ? result
        : {
            ...result,
            text: '',
          },
    isQuery,
    generalMeaning: (code) => (code === 'EPERM' ? LINKS_NEED_ADMIN : generalMeaning(code)),
    meaning: (code) => {
      if (ownReason !== void 0) return ownReason;
      const meaning = code === 'EPERM' ? LINKS_NEED_ADMIN : meanings[code];
      return (
        (typeof meaning === 'function' ? meaning(factsIn(requests, index)) : meaning) ??
        generalMeaning(code)
      );
    },
  });
}
function reasonOfLibrary(requests, index, { status, text, present }) {
  switch (status) {
    case 'otherKind':
      return `there is a link of this name, but it is ${text === '' ? 'no dummy' : `of kind ${text}`}: it is left as it is`;
    case 'otherSettings':
      return otherSettings(requests, index, present);
    case 'otherLink': {
      const why = `the address was listed on ${requests.listedOn(index, Number(text))}, not on ${formatLinkReference(requests, index)}: ${ANY_LINK}`;
      return text === '' ? why : `wanted[${text}]: ${why}`;
    }
    default:
      return;
  }
}
const FIXED = [
  {
    setting: 'scope',
    of: ({ scope }) => scope,
  },
  {
    setting: 'broadcast',
    of: ({ broadcast }) => broadcast,
  },
  {
    setting: 'label',
    of: ({ label }) => label,
  },
  {
    setting: 'prefixRoute',
    of: ({ flags }) => !flags.includes('no-prefix-route'),
  },
];
function otherSettings(requests, index, present) {
  const { records, base } = requests.firstAddress(index);
  const wanted = decodeSettings(records, base);
  if (present === void 0) return 'the link has the address with other settings';
  if (present.family === 'ipv6') {
    const { address, prefixLength } = present;
    return `the link has the address with prefix length ${prefixLength} instead of ${wanted.prefixLength}, and the kernel makes no other ${address}: ask for ${address}/${prefixLength}`;
  }
  const given = records.number(base, settingsFields.given);
  return `the link has the address with ${FIXED.flatMap(({ setting, of }) => {
    if (!((given & layout.addressGiven[setting]) !== 0) || of(present) === of(wanted)) return [];
    return [`${setting} ${show(of(present))} instead of ${show(of(wanted))}`];
  }).join(' and ')}, and the kernel does not change that: delete the address first`;
}
function factsIn(requests, index) {
  const at = requests.base(index);
  const settings = requests.records.number(at, requestFields.settings);
  const hasAddress = requests.records.number(at, requestFields.addresses) > 0;
  const { records, base } = requests.firstAddress(index);
  const ofAddress = (field) => (hasAddress ? records.number(base, settingsFields[field]) : 0);
  return {
    setsMtu: (settings & layout.linkSettings.mtu) !== 0,
    isIpv6: ofAddress('family') === 10,
    prefixLength: ofAddress('prefixLength'),
    flags: flagsOf(ofAddress('flags')),
  };
}
// lib/links/link.ts
const states = new NameTable(layout.linkStates);
function decodeLink(records, base) {
  const { fields } = layout.link;
  const kind = records.name(base, fields.kind);
  const start = base + fields.hardware.offset;
  const hardware = records.bytes.subarray(
    start,
    start + records.number(base, fields.hardwareLength),
  );
  return {
    index: records.number(base, fields.index),
    name: decodeName(records.nameBytes(base, fields.name)),
    kind: kind === '' ? null : kind,
    up: (records.number(base, fields.flags) & layout.linkFlags.up) !== 0,
    state: states.name(records.number(base, fields.state)),
    mtu: records.number(base, fields.mtu),
    hardwareAddress: hardware.length === 0 ? null : Array.from(hardware, hexOctet).join(':'),
  };
}
const hexOctet = (octet) => octet.toString(16).padStart(2, '0');
// lib/links/plan.ts
const { size, fields: fields$1 } = layout.addressSettings;
const kinds = layout.addressChanges;
var AddressPlan = class {
  link;
  records;
  changes;
  constructor(link, records, first, count) {
    this.link = link;
    this.records = records;
    const changes = [];
    for (let base = first * size; base < (first + count) * size; base += size)
      if (this.#number(base) !== kinds.present) changes.push(base);
    this.changes = changes;
  }
  kindOf(change) {
    const number = this.#number(change);
    if (number === kinds.add) return 'add';
    return number === kinds.delete ? 'delete' : 'replace';
  }
  sizeOf(change) {
    return this.#number(change) === kinds.refuse ? 2 : 1;
  }
  addressOf(change) {
    return formatLinkAddress(this.records, change);
  }
  #number(base) {
    return this.records.number(base, fields$1.change);
  }
};
// lib/links/response.ts
var LinkResponse = class extends ExchangeResponse {
  #links;
  #addresses;
  #changes;
  constructor(native) {
    super(native, layout.linkResult, layout.linkStatuses);
    this.#links = recordsOf(native.links);
    this.#addresses = recordsOf(native.addresses);
    this.#changes = recordsOf(native.changes);
  }
  result(index) {
    const result = super.result(index);
    if (result.status !== 'otherSettings') return result;
    return {
      ...result,
      present: this.#address(this.number(index, 'firstAddress')),
    };
  }
  link(index) {
    return this.#link(this.number(index, 'firstLink'));
  }
  links(index) {
    return listOf(this.number(index, 'firstLink'), this.number(index, 'links'), (place) =>
      this.#link(place),
    );
  }
  addresses(index) {
    return listOf(this.number(index, 'firstAddress'), this.number(index, 'addresses'), (place) =>
      this.#address(place),
    );
  }
  plan(index) {
    const first = this.number(index, 'firstChange');
    const count = this.number(index, 'changes');
    return new AddressPlan(this.link(index).index, this.#changes, first, count);
  }
  #link(place) {
    return decodeLink(this.#links, place * layout.link.size);
  }
  #address(place) {
    return decodeLinkAddress(this.#addresses, place * layout.linkAddress.size);
  }
};
// lib/links/client.ts
const pool = new BufferPool(2);
function linkClient(native, handle, close) {
  return {
    files: handle,
    requests: () => pool.take(() => new LinkRequestBuffer(native)),
    release: (requests) => pool.give(requests),
    send: async (requests, range) =>
      new LinkResponse(await handle.runLinks(requests.bytes(range), requests.addressBytes())),
    sendSync: (requests) =>
      new LinkResponse(handle.runLinksSync(requests.bytes(), requests.addressBytes())),
    requestError: linkRequestError,
    exchangeError,
    routineError: nativeCallError,
    target: inputTarget,
    close,
  };
}
// lib/links/swapped-arguments.ts
function isAddress(value) {
  if (typeof value === 'string') {
    const [address = ''] = value.split('/', 1);
    return parseAddress(address, new Uint8Array(16), 0) !== 0;
  }
  if (typeof value !== 'object' || value === null) return false;
  return own(value, 'address') !== void 0 && own(value, 'index') === void 0;
}
function isLink(value) {
  if (typeof value === 'string') return /^[^\s/:]{1,15}$/.test(value) && !/^[\d.]+$/.test(value);
  if (typeof value === 'number') return true;
  return typeof value === 'object' && value !== null && own(value, 'index') !== void 0;
}
function swappedArgumentsError(error, link, addresses) {
  const isList = Array.isArray(link);
  if (!isInputError(error) || !(isList || isAddress(link)) || !isLink(addresses)) return error;
  return wrongValue('link', link, `is ${isList ? 'an array' : 'an address'}: the link comes first`);
}
// lib/links/operations.ts
const { withoutValue, withValue, forgivable } = definitions();
const { fields } = layout.linkRequest;
const bit = layout.linkSettings;
const LIST_LINK_KEYS = new Set(['kind']);
const LIST_ADDRESS_KEYS = new Set(['family']);
const SETTING_KEYS = new Set(['up', 'mtu']);
const RESERVED = ['all', 'default'];
const MAX_MTU = 2 ** 31 - 1;
const MAX_KIND = layout.linkLimits.kindLength;
function ensured(response, index) {
  if (response.number(index, 'created') !== 0) return 'created';
  return response.number(index, 'changed') === 0 ? 'unchanged' : 'updated';
}
function encodeSettings(request, property, { up, mtu }) {
  const { records } = request;
  const base = request.base();
  let given = 0;
  if (up !== void 0) {
    records.setNumber(base, fields.up, checkBoolean(`${property}.up`, up) ? 1 : 0);
    given |= bit.up;
  }
  if (mtu !== void 0) {
    records.setNumber(base, fields.mtu, checkInteger(`${property}.mtu`, mtu, 0, MAX_MTU, 'bytes'));
    given |= bit.mtu;
  }
  records.setNumber(base, fields.settings, given);
}
function encodeFamily(request, family) {
  if (family === void 0) return 0;
  const number = families.number('options.family', family);
  request.records.setNumber(request.base(), fields.family, number);
  return number;
}
function encodeKind(request, kind) {
  if (kind === void 0) return;
  const rule = `a kind of link such as 'dummy', of at most ${MAX_KIND} characters`;
  if (typeof kind !== 'string') throw wrongType('options.kind', kind, rule);
  if (!/^[!-~]+$/.test(kind) || kind.length > MAX_KIND)
    throw wrongValue('options.kind', kind, `is not ${rule}`);
  request.records.setName(request.base(), fields.kind, kind);
}
function encodeLinkAndAddress(request, link, address) {
  try {
    request.addAddress('address', address, encodeLinkReference(request, 'link', link));
  } catch (error) {
    throw swappedArgumentsError(error, link, address);
  }
}
const plannedChange = (name) =>
  withoutValue(name, (request, plan, change, link) => {
    if (link !== void 0) encodeLinkName(request, 'link', link);
    request.records.setNumber(request.base(), fields.index, plan.link);
    request.copyAddresses(plan.records, change, plan.sizeOf(change));
  });
const linkOperations = {
  listLinks: withValue(
    'listLinks',
    (request, options) => encodeKind(request, readOptions(options, LIST_LINK_KEYS).kind),
    (response, index) => response.links(index),
  ),
  getLink: withValue(
    'getLink',
    (request, link) => {
      encodeLinkReference(request, 'link', link);
    },
    (response, index) => response.link(index),
    { ENODEV: void 0 },
  ),
  ensureDummy: withValue(
    'ensureDummy',
    (request, name, options) => {
      encodeLinkName(request, 'name', name);
      if (RESERVED.includes(name))
        throw wrongValue('name', name, 'is reserved by the kernel, and can be no name of a link');
      const { up = true, mtu } = readOptions(options, SETTING_KEYS);
      encodeSettings(request, 'options', {
        up,
        mtu,
      });
    },
    ensured,
  ),
  setLink: withoutValue('setLink', (request, link, changes) => {
    encodeLinkReference(request, 'link', link);
    encodeSettings(request, 'changes', readObject('changes', changes, SETTING_KEYS));
  }),
  deleteLink: forgivable('deleteLink', ['ENODEV'], 'ifExists', (request, link, _options) => {
    encodeLinkReference(request, 'link', link);
  }),
  listAddresses: withValue(
    'listAddresses',
    (request, link, options) => {
      if (link !== void 0) encodeLinkReference(request, 'link', link);
      encodeFamily(request, readOptions(options, LIST_ADDRESS_KEYS).family);
    },
    (response, index) => response.addresses(index),
  ),
  addAddress: withoutValue('addAddress', encodeLinkAndAddress),
  ensureAddress: withValue('ensureAddress', encodeLinkAndAddress, ensured),
  deleteAddress: forgivable(
    'deleteAddress',
    ['EADDRNOTAVAIL', 'ENODEV', 'ENXIO'],
    'ifExists',
    (request, link, address, _options) => encodeLinkAndAddress(request, link, address),
  ),
  planAddresses: named(
    withValue(
      'planAddresses',
      (request, link, wanted, prune, family) => {
        const called = encodeLinkReference(request, 'link', link);
        const required = encodeFamily(request, family);
        if (prune) request.records.setNumber(request.base(), fields.settings, bit.prune);
        request.addAddresses('wanted', wanted, called, required);
      },
      (response, index) => response.plan(index),
    ),
    'reconcileAddresses',
  ),
  addPlanned: plannedChange('addAddress'),
  replacePlanned: named(plannedChange('replaceAddress'), 'reconcileAddresses'),
  deletePlanned: plannedChange('deleteAddress'),
};
// lib/links/reconcile-error.ts
var ReconcileError = class extends IpvsError {
  errors;
  done;
  constructor(message, errors, done) {
    const [first] = errors;
    super(message, {
      code: first?.code ?? 'ERR_IPVS_OUTCOME_UNKNOWN',
      errno: first?.errno,
      syscall: first?.syscall,
      operation: 'reconcileAddresses',
      target: first?.target,
      cause: first,
    });
    this.errors = errors;
    this.done = done;
  }
};
// lib/links/reconcile.ts
const KEYS = new Set(['prune', 'family', 'signal']);
const CHUNK = 64;
const CHANGES = {
  add: {
    operation: linkOperations.addPlanned,
    list: 'added',
  },
  replace: {
    operation: linkOperations.replacePlanned,
    list: 'updated',
  },
  delete: {
    operation: linkOperations.deletePlanned,
    list: 'removed',
  },
};
function* reconcile(link, wanted, options) {
  const addresses = readWanted(link, wanted);
  const { prune, family, signal: unchecked } = readOptions(options, KEYS);
  const prunes = prune !== void 0 && checkBoolean('options.prune', prune);
  const signal = checkSignal('options.signal', unchecked);
  throwIfAborted(signal);
  const [planned] = yield* send([
    call(linkOperations.planAddresses, link, addresses, prunes, family),
  ]);
  const plan = fulfilledValue(planned);
  const name = typeof link === 'string' ? link : void 0;
  const done = {
    added: [],
    removed: [],
    updated: [],
  };
  const errors = [];
  for (let first = 0; first < plan.changes.length; first += CHUNK) {
    throwIfAborted(signal);
    const chunk = plan.changes.slice(first, first + CHUNK);
    const results = yield* send(
      chunk.map((change) => call(CHANGES[plan.kindOf(change)].operation, plan, change, name)),
    );
    for (const [index, change] of chunk.entries()) {
      const result = results[index];
      if (result?.status === 'fulfilled')
        done[CHANGES[plan.kindOf(change)].list].push(plan.addressOf(change));
      else {
        if (!(result?.reason instanceof IpvsError)) throw result?.reason;
        errors.push(result.reason);
      }
    }
  }
  const [first] = errors;
  if (first === void 0) return done;
  throw new ReconcileError(
    `reconcileAddresses ${describeArgument(name ?? `link ${plan.link}`)}: ${howMany(errors.length, plan.changes.length)} not made: ${first.message}`,
    errors,
    done,
  );
}
function readWanted(link, wanted) {
  try {
    return readArray('wanted', wanted, 'an array of addresses', (address) => address);
  } catch (error) {
    throw swappedArgumentsError(error, link, wanted);
  }
}
function howMany(failed, all) {
  if (all === 1) return 'the change was';
  return `${failed} of ${all} changes ${failed === 1 ? 'was' : 'were'}`;
}
// lib/links/methods.ts
var LinkMethods = class {
  #run;
  #runRoutine;
  constructor(run, runRoutine) {
    this.#run = run;
    this.#runRoutine = runRoutine;
  }
  listLinks(...args) {
    return this.#run(linkOperations.listLinks, args);
  }
  getLink(...args) {
    return this.#run(linkOperations.getLink, args);
  }
  ensureDummy(...args) {
    return this.#run(linkOperations.ensureDummy, args);
  }
  setLink(...args) {
    return this.#run(linkOperations.setLink, args);
  }
  deleteLink(...args) {
    return this.#run(linkOperations.deleteLink, args);
  }
  listAddresses(...args) {
    return this.#run(linkOperations.listAddresses, args);
  }
  addAddress(...args) {
    return this.#run(linkOperations.addAddress, args);
  }
  ensureAddress(...args) {
    return this.#run(linkOperations.ensureAddress, args);
  }
  deleteAddress(...args) {
    return this.#run(linkOperations.deleteAddress, args);
  }
  reconcileAddresses(...args) {
    return this.#runRoutine('reconcileAddresses', routineOf(reconcile, args, describeArgument));
  }
};
registerEntries(LinkMethods.prototype);
// lib/links/watcher.ts
const keepers = new Set();
var LinkWatcher = class LinkWatcher extends CancellableIterator {
  #native;
  #onEnd;
  #events = [];
  #place = 0;
  constructor(open, signal, onEnd) {
    super();
    this.#onEnd = onEnd;
    this.#native = open(LinkWatcher.#notifier(this));
    this.observe(signal);
  }
  static #notifier(self) {
    const reference = new WeakRef(self);
    return () => reference.deref()?.serve();
  }
  ref() {
    if (this.ended) return this;
    this.#native.ref();
    keepers.add(this);
    return this;
  }
  unref() {
    if (!this.ended) this.#native.unref();
    keepers.delete(this);
    return this;
  }
  take() {
    try {
      while (this.#place === this.#events.length) if (!this.#takeNative()) return void 0;
      return this.#events[this.#place++];
    } catch (error) {
      throw nativeCallError(error, 'watch');
    }
  }
  refill() {}
  #takeNative() {
    const native = this.#native.take();
    this.#events = decodeEvents(native);
    this.#place = 0;
    return native.more || this.#events.length > 0;
  }
  release() {
    keepers.delete(this);
    this.#native.close();
    this.#events = [];
    this.#onEnd(this);
  }
};
function decodeEvents(native) {
  const { size, fields } = layout.linkEvent;
  const { link, address } = layout.linkEventTypes;
  const events = new Records(native.events);
  const links = new Records(native.links);
  const addresses = new Records(native.addresses);
  return Array.from({ length: events.bytes.length / size }, (_, index) => {
    const base = index * size;
    const place = events.number(base, fields.place);
    const action = events.number(base, fields.deleted) === 0 ? 'changed' : 'deleted';
    switch (events.number(base, fields.type)) {
      case link:
        return {
          type: 'link',
          action,
          link: decodeLink(links, place * layout.link.size),
        };
      case address: {
        const at = place * layout.linkAddress.size;
        const { link: _, ...found } = decodeLinkAddress(addresses, at);
        return {
          type: 'address',
          action,
          address: found,
        };
      }
      default:
        return { type: 'overrun' };
    }
  });
}
// lib/links/links.ts
const WATCH_KEYS = new Set(['types', 'signal']);
const WATCH_TYPES = ['link', 'address'];
const KEY$1 = Symbol('Links');
var SyncLinks = class extends LinkMethods {
  constructor(key, queue) {
    if (key !== KEY$1) throw new TypeError('Illegal constructor: use links.sync');
    super(
      (operation, args) => queue.runSync(operation, args),
      (operation, routine) => queue.runRoutineSync(operation, routine),
    );
  }
};
var Links = class Links extends LinkMethods {
  sync;
  #native;
  #handle;
  #queue;
  #watchers = new IterableWeakSet();
  constructor(key, native, handle, closeHandle) {
    if (key !== KEY$1) throw new TypeError('Illegal constructor: use ipvs.links or Links.open()');
    const queue = new Queue(linkClient(native, handle, closeHandle));
    super(
      (operation, args) => queue.run(operation, args),
      (operation, routine) => queue.runRoutine(operation, routine),
    );
    this.#native = native;
    this.#handle = handle;
    this.#queue = queue;
    this.sync = new SyncLinks(KEY$1, queue);
  }
  static open(...args) {
    return withAwaitStack(Links.#open(args));
  }
  static async #open(args) {
    const { native, handle } = await openHandle(
      checkArguments('open', args, 1, checkOpenOptions),
      false,
    );
    return new Links(KEY$1, native, handle, () => handle.close());
  }
  close() {
    for (const watcher of this.#watchers.list()) watcher.return();
    return this.#queue.close();
  }
  [Symbol.asyncDispose]() {
    return this.close();
  }
  watch(...args) {
    const { types, signal } = checkArguments('watch', args, 1, checkWatch);
    this.#queue.checkOpen('watch');
    const { Watcher } = this.#native;
    const mask = types.reduce((sum, type) => sum | layout.watchTypes[type], 0);
    try {
      const watcher = new LinkWatcher(
        (notify) => new Watcher(this.#handle, mask, notify),
        signal,
        (ended) => this.#watchers.delete(ended),
      );
      if (!signal?.aborted) this.#watchers.add(watcher);
      return watcher;
    } catch (error) {
      throw beginAtCaller(nativeCallError(error, 'watch'), 'watch');
    }
  }
};
registerEntries(Links.prototype);
registerEntry('open', Links.open);
function linksOf(native, handle) {
  return new Links(KEY$1, native, handle, () => void 0);
}
function checkWatch(options) {
  const { types = WATCH_TYPES, signal } = readOptions(options, WATCH_KEYS);
  const rule = "an array of 'link' and 'address'";
  const wrong = () => wrongValue('options.types', types, `is not ${rule}`);
  const wanted = readArray('options.types', types, rule, (type) => {
    const known = WATCH_TYPES.find((each) => each === type);
    if (known === void 0) throw wrong();
    return known;
  });
  if (wanted.length === 0) throw wrong();
  return {
    types: wanted,
    signal: checkSignal('options.signal', signal),
  };
}
// lib/ipvs.ts
let diagnoseHost;
const KEY = Symbol('Ipvs');
var SyncIpvs = class extends HandleMethods {
  sysctls;
  constructor(key, queue) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.sync');
    const runRoutine = (operation, routine) => queue.runRoutineSync(operation, routine);
    super((operation, args) => queue.runSync(operation, args), runRoutine);
    this.sysctls = new SyncSysctlAccess(runRoutine);
  }
};
var Ipvs = class Ipvs extends HandleMethods {
  sysctls;
  links;
  sync;
  #native;
  #handle;
  #netns;
  #client;
  #queue;
  #watchers = new IterableWeakSet();
  constructor(key, native, handle, netns) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use Ipvs.open()');
    const links = linksOf(native, handle);
    const client = ipvsClient(handle, async () => {
      await links.close();
      handle.close();
    });
    const queue = new Queue(client);
    super(
      (operation, args) => queue.run(operation, args),
      (operation, routine) => queue.runRoutine(operation, routine),
    );
    this.#native = native;
    this.#handle = handle;
    this.#netns = netns;
    this.#client = client;
    this.#queue = queue;
    this.links = links;
    this.sync = new SyncIpvs(KEY, queue);
    let last = Promise.resolve();
    this.sysctls = new SysctlAccess((operation, routine) => {
      const done = queue.runRoutine(operation, routine, last);
      last = done.catch(() => void 0);
      return withAwaitStack(done);
    });
  }
  static open(...args) {
    return withAwaitStack(Ipvs.#open(args));
  }
  static async #open(args) {
    return Ipvs.#openOn(checkArguments('open', args, 1, checkOpenOptions));
  }
  static async #openOn(netns) {
    const { native, handle } = await openHandle(netns, true);
    return new Ipvs(KEY, native, handle, netns);
  }
  static {
    diagnoseHost = async (netns, schedulers) => {
      let ipvs;
      try {
        ipvs = await Ipvs.#openOn(netns);
      } catch (error) {
        return diagnoseWithout(error, netns, schedulers);
      }
      try {
        return await ipvs.#diagnose(schedulers);
      } finally {
        await ipvs.close();
      }
    };
  }
  close() {
    const queue = this.#queue;
    this.links.close();
    for (const watcher of this.#watchers.list()) watcher.close();
    return queue.close();
  }
  [Symbol.asyncDispose]() {
    return this.close();
  }
  batch(...args) {
    return withAwaitStacks(this.#batch(args));
  }
  async #batch(args) {
    const [build, options] = checkArguments('batch', args, 2, checkBatch);
    try {
      return await sendBatch(this.#queue, this.#client, build, options);
    } catch (error) {
      if (isInputError(error) && error.operation === void 0) describeInput(error, 'batch', '');
      throw error;
    }
  }
  connections(...args) {
    const { filter, origin, signal } = checkArguments('connections', args, 1, checkStreamOptions);
    this.#queue.checkOpen('connections');
    return new ConnectionStream(this.#readerOf('connections', filter, origin), signal);
  }
  countConnections(...args) {
    return withAwaitStack(this.#count(args));
  }
  async #count(args) {
    const { filter, by } = checkArguments('countConnections', args, 1, checkCountOptions);
    const reader = this.#readerOf('countConnections', filter, false);
    try {
      return await reader.count(by);
    } finally {
      reader.close();
    }
  }
  #readerOf(operation, filter, origin) {
    return new ConnectionReader(
      {
        Cursor: this.#native.Cursor,
        handle: this.#handle,
        runTask: (task) => this.#queue.taskInOrder(operation, task),
      },
      operation,
      filter,
      origin,
    );
  }
  diagnose(...args) {
    return withAwaitStack(this.#checkAndDiagnose(args));
  }
  async #checkAndDiagnose(args) {
    return this.#diagnose(checkArguments('diagnose', args, 1, checkDiagnoseOptions));
  }
  #diagnose(schedulers) {
    return this.#queue.taskInOrder('diagnose', async (run) => {
      let version;
      try {
        ({ version } = await run(call(operations.getInfo)));
      } catch (error) {
        return diagnoseWithout(error, this.#netns, schedulers);
      }
      const readFiles = (paths) => this.#handle.readFiles(paths);
      const probe = (name) => run(call(operations.probeScheduler, name));
      return diagnoseThrough(version, readFiles, probe, this.#netns, schedulers);
    });
  }
  watch(...args) {
    const checked = checkArguments('watch', args, 1, checkWatchOptions);
    this.#queue.checkOpen('watch');
    const snapshot = () => this.#queue.runRoutine('watch', readTable('watch'));
    const watcher = new TableWatcher(
      {
        ...checked,
        snapshot,
      },
      () => this.#watchers.delete(watcher),
    );
    this.#watchers.add(watcher);
    return watcher;
  }
};
registerEntries(Ipvs.prototype);
registerEntry('open', Ipvs.open);
function diagnose(...args) {
  return withAwaitStack(openAndDiagnose(args));
}
async function openAndDiagnose(args) {
  const { netns, schedulers } = checkArguments('diagnose', args, 1, checkHostOptions);
  return diagnoseHost(netns, schedulers);
}
registerEntry('diagnose', diagnose);

export {
  diagnose,
  formatAddress,
  formatDestinationReference,
  formatServiceReference,
  Ipvs,
  IpvsError,
  isInputError,
  Links,
  loadModules,
  normalizeDestination,
  normalizeService,
  parseDestinationReference,
  parseServiceReference,
  ReconcileError,
};
