/**
 * Objects of the library in the language of ipvsadm: the commands that create them, and the lines that
 * `ipvsadm -Sn` prints for them.
 * @module
 */
import type { Destination, Service, Snapshot } from 'ipvs';
import { familyOf, isMark, joinPort, type ServiceName } from './model/objects.js';

const protocolOptions: Readonly<Record<string, string>> = {
  tcp: '-t',
  udp: '-u',
  sctp: '--sctp-service',
};
const forwardingOptions: Readonly<Record<string, string>> = {
  masquerade: '-m',
  direct: '-g',
  tunnel: '-i',
};
const checksumOptions: Readonly<Record<string, string>> = {
  none: '--tun-nocsum',
  checksum: '--tun-csum',
  'remote-checksum': '--tun-remcsum',
};

function optionOf(options: Readonly<Record<string, string>>, name: string): string {
  const option = options[name];
  if (option === undefined) throw new Error(`ipvsadm has no option for ${name}`);
  return option;
}

/** Formats an address like inet_ntop(): one whose value fits in 32 bits looks like IPv4. */
function printed(address: string): string {
  const groups = /^::([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address)?.slice(1);
  if (groups === undefined) return address;
  const [high = 0, low = 0] = groups.map((group) => Number.parseInt(group, 16));
  return `::${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
}

/** Returns the options that select a service in a command. */
export function selector(name: ServiceName): string {
  if (isMark(name)) return `-f ${name.fwmark}${familyOf(name) === 'ipv6' ? ' -6' : ''}`;
  return `${optionOf(protocolOptions, name.protocol)} ${joinPort(printed(name.address), name.port)}`;
}

/** Returns the options that select a service in a listing, where marks are signed. */
export function printedSelector(name: ServiceName): string {
  return selector(isMark(name) ? { ...name, fwmark: name.fwmark | 0 } : name);
}

function serviceOptions(service: Service, flags: readonly string[]): string {
  const { scheduler, persistence, onePacket, schedulerFlags } = service;
  const options = [`-s ${scheduler}`];
  if (persistence !== null) {
    const { timeout, netmask, engine } = persistence;
    options.push(`-p ${timeout}`);
    if (netmask !== '255.255.255.255' && netmask !== 128) options.push(`-M ${netmask}`);
    if (engine !== null) options.push(`--pe ${engine}`);
  }
  if (onePacket) options.push('-o');
  if (schedulerFlags.length > 0) options.push(`-b ${flags.join(',')}`);
  return options.join(' ');
}

/** The arguments of ipvsadm that make the service. */
export function addingService(service: Service): string {
  return `-A ${selector(service)} ${serviceOptions(service, service.schedulerFlags)}`;
}

/** Returns the line of `ipvsadm -Sn` for a service. For sh and mh it prints only their own flags. */
export function savedService(service: Service): string {
  const { scheduler, schedulerFlags } = service;
  const knows = (flag: string) => !['sh', 'mh'].includes(scheduler) || flag.startsWith(scheduler);
  const options = serviceOptions(service, schedulerFlags.filter(knows));
  return `-A ${printedSelector(service)} ${options}`;
}

function tunnelOptions({ tunnel }: Destination): string {
  if (tunnel === null) return '';
  const options = [` --tun-type ${tunnel.type}`];
  if ('port' in tunnel) options.push(`--tun-port ${tunnel.port}`);
  if ('checksum' in tunnel) options.push(optionOf(checksumOptions, tunnel.checksum));
  return options.join(' ');
}

/** Returns the arguments of ipvsadm that add a destination. It knows no 'local' and 'bypass'. */
export function addingDestination(service: ServiceName, destination: Destination): string {
  const { address, port, forwarding, weight, upperThreshold, lowerThreshold } = destination;
  const server = `-r ${joinPort(address, port)} ${optionOf(forwardingOptions, forwarding)}`;
  const limits = `-x ${upperThreshold} -y ${lowerThreshold}`;
  return `-a ${selector(service)} ${server} -w ${weight} ${limits}${tunnelOptions(destination)}`;
}

/** Returns the line of `ipvsadm -Sn` for a destination: without thresholds. */
export function savedDestination(service: ServiceName, destination: Destination): string {
  const { address, port, forwarding, weight } = destination;
  const options = { ...forwardingOptions, local: '-g', bypass: '(null)' };
  const server = `-r ${joinPort(printed(address), port)} ${optionOf(options, forwarding)}`;
  return `-a ${printedSelector(service)} ${server} -w ${weight}${tunnelOptions(destination)}`;
}

/** All lines that `ipvsadm -Sn` prints of the table, sorted. */
export function savedLines({ services }: Snapshot): string[] {
  return services
    .flatMap((each) => [
      savedService(each),
      ...each.destinations.map((destination) => savedDestination(each, destination)),
    ])
    .sort();
}
