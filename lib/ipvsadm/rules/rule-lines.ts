/**
 * The lines of rules: the commands that make a service or a destination, as `ipvsadm -S` prints
 * them.
 * @module
 */
import type { NormalizedDestination, NormalizedService } from '../../ipvs/canonical.js';
import { isHostMask } from '../../ipvs/persistence.js';
import { MAX_ENDPOINT, type Names, NO_NAME, printEndpoint } from '../print-endpoint.js';
import { printMark, schedulerFlagsOf } from '../service-text.js';

/** The style of lines. */
export interface LineStyle {
  readonly names: Names;
  /** If true, thresholds are written too, which `ipvsadm -S` leaves out, and `ipvsadm -R` takes. */
  readonly thresholds: boolean;
  /** If true, copies the mistakes of ipvsadm 1.31: negative marks, names that are cut. */
  readonly compat: boolean;
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  tcp: '-t',
  udp: '-u',
  sctp: '--sctp-service',
};
const FORWARDINGS: Readonly<Record<string, string>> = {
  masquerade: '-m',
  direct: '-g',
  tunnel: '-i',
  local: '-g',
};
const CHECKSUMS: Readonly<Record<string, string>> = {
  none: '--tun-nocsum',
  checksum: '--tun-csum',
  'remote-checksum': '--tun-remcsum',
};

function printShortly(text: string, { compat }: LineStyle): string {
  return compat ? text.slice(0, MAX_ENDPOINT) : text;
}

/** Returns the options that name a service: `-t 10.0.0.1:80`, `-f 7 -6`. */
export function selectorOf(service: NormalizedService, style: LineStyle): string {
  const { fwmark, family, protocol, address, port } = service;
  if (fwmark !== undefined) {
    return `-f ${printMark(fwmark, style.compat)}${family === 'ipv6' ? ' -6' : ''}`;
  }
  const text = printEndpoint({ address: address ?? '', port }, protocol, style.names);
  return `${PROTOCOLS[protocol ?? ''] ?? '-t'} ${printShortly(text, style)}`;
}

/** Returns the line that adds a service. */
export function serviceLine(service: NormalizedService, style: LineStyle): string {
  const { scheduler, persistence, inactivePersistence, onePacket } = service;
  const flags = schedulerFlagsOf(service);
  const engine = (persistence ?? inactivePersistence)?.engine;
  const hasMask = persistence !== null && !isHostMask(persistence.netmask);
  return [
    `-A ${selectorOf(service, style)} -s ${scheduler}`,
    persistence === null ? '' : ` -p ${persistence.timeout}`,
    hasMask ? ` -M ${persistence.netmask}` : '',
    engine ? ` --pe ${engine}` : '',
    onePacket ? ' -o' : '',
    flags === undefined ? '' : ` -b ${flags}`,
  ].join('');
}

/** Returns the line that adds a destination. */
export function destinationLine(
  service: NormalizedService,
  selector: string,
  destination: NormalizedDestination,
  style: LineStyle,
): string {
  const { forwarding, weight, upperThreshold, lowerThreshold } = destination;
  const server = printShortly(printEndpoint(destination, service.protocol, style.names), style);
  const method = FORWARDINGS[forwarding] ?? NO_NAME;
  const hasThresholds = style.thresholds && (upperThreshold !== 0 || lowerThreshold !== 0);
  return [
    `-a ${selector} -r ${server} ${method} -w ${weight}`,
    forwarding === 'tunnel' ? tunnelOptions(destination) : '',
    hasThresholds ? ` -x ${upperThreshold} -y ${lowerThreshold}` : '',
  ].join('');
}

function tunnelOptions({ tunnel }: NormalizedDestination): string {
  const { type = 'ipip', port = 0, checksum = 'none' } = tunnel ?? {};
  const sum = CHECKSUMS[checksum] ?? '--tun-nocsum';
  if (type === 'gue') return ` --tun-type gue --tun-port ${port} ${sum}`;
  return type === 'gre' ? ` --tun-type gre ${sum}` : ` --tun-type ${type}`;
}
