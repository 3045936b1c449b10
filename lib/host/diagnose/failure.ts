/**
 * The conclusions about a host from a failure to open a handle.
 * @module
 */
import { codeOf, errorMessage, IpvsError, reasonIn } from '../../core/errors.js';
import { absenceOf } from '../../native/kernel-modules.js';
import { isNetlinkForbidden } from '../../native/native-errors.js';
import { type Check, check } from './check.js';

/** @internal */
export const WITHOUT_IPVS = 'without IPVS it cannot be tried';
/** @internal */
export const WITHOUT_CAPABILITY = 'without the capability it cannot be tried';
const NO_CAPABILITY =
  'CAP_NET_ADMIN in the initial user namespace is missing: root has it, and so has a container ' +
  'that is started with it (docker run --cap-add NET_ADMIN), but not a rootless one';

const untried = (why: string) => ['ip_vs', 'capability'].map((name) => check(name, 'unknown', why));

/** Returns the checks that follow from an error of open() or getInfo(). @internal */
export function checkFailure(error: unknown): Check[] {
  const detail = error instanceof IpvsError ? detailOf(error) : errorMessage(error);
  const { code, syscall } = detailsOf(error);
  if (code === 'ERR_IPVS_UNSUPPORTED_PLATFORM') return [check('platform', 'missing', detail)];
  if (code === 'ERR_IPVS_NO_ADDON') {
    return [check('addon', 'missing', detail), ...untried('without the addon it cannot be tried')];
  }
  if (code === 'ERR_IPVS_UNAVAILABLE') {
    const { remedy } = absenceOf('ip_vs');
    return [
      check('ip_vs', 'missing', detail, remedy),
      check('capability', 'unknown', WITHOUT_IPVS),
    ];
  }
  if (syscall === 'open' || syscall === 'setns' || syscall === 'fcntl') {
    const why = 'the network namespace could not be entered';
    return [check('netns', 'missing', detail), ...untried(why)];
  }
  if (isNetlinkForbidden(syscall, code)) {
    return [check('netlink', 'missing', detail), ...untried('without netlink it cannot be tried')];
  }
  if (code === 'EPERM') {
    return [
      check('ip_vs', 'ok', 'the kernel has IPVS'),
      check('capability', 'missing', NO_CAPABILITY),
    ];
  }
  return [check('ip_vs', 'unknown', detail)];
}

/** Returns the message without the operation, since the caller called diagnose(). */
function detailOf(error: IpvsError): string {
  const reason = reasonIn(error);
  return error.target === '' ? reason : `${error.target}: ${reason}`;
}

function detailsOf(error: unknown): { readonly code: string; readonly syscall: string } {
  if (!(error instanceof Error)) return { code: '', syscall: '' };
  return {
    code: codeOf(error) ?? '',
    syscall: 'syscall' in error ? String(error.syscall) : '',
  };
}
