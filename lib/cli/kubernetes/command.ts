/**
 * The row of `ipvs kubernetes`, and its options.
 * @module
 */
import { defineCommand } from '../command.js';

/** The options of `ipvs kubernetes`. Those that kube-proxy also has are named as there. */
export const options = {
  config: {
    summary: "read kube-proxy's KubeProxyConfiguration from this file; options prevail over it",
    value: 'FILE',
    completes: 'file',
  },
  kubeconfig: {
    summary:
      'the API server and credentials; by default $KUBECONFIG, ~/.kube/config, or those of the pod',
    value: 'FILE',
    completes: 'file',
  },
  hostnameOverride: {
    summary: 'the name of the Node object; by default $NODE_NAME, or the name of the host',
    value: 'NAME',
  },
  ipvsScheduler: { summary: "the scheduler of all services; by default 'rr'", value: 'NAME' },
  ipvsExcludeCidrs: {
    summary: 'networks whose IPVS services are left alone',
    value: 'CIDR,…',
  },
  ipvsStrictArp: { summary: 'answer ARP only for addresses of the link that is asked' },
  ipvsTcpTimeout: { summary: 'the timeout of idle TCP connections', value: 'DURATION' },
  ipvsTcpfinTimeout: { summary: 'the timeout of TCP connections after a FIN', value: 'DURATION' },
  ipvsUdpTimeout: { summary: 'the timeout of UDP flows', value: 'DURATION' },
  ipvsSyncPeriod: {
    summary: 'the time between two steps, which repair drift; by default 30s',
    value: 'DURATION',
  },
  nodeportAddresses: {
    summary: "networks whose addresses of the node have node ports, or 'primary'; by default all",
    value: 'CIDR,…',
  },
  clusterCidr: { summary: 'the networks of the pods', value: 'CIDR,…' },
  masqueradeAll: { summary: 'masquerade all traffic to cluster IPs' },
  iptablesMasqueradeBit: {
    summary: 'the bit of the firewall mark of packets to masquerade; by default 14',
    value: 'N',
  },
  healthzBindAddress: {
    summary: "where /healthz and /livez are; by default 0.0.0.0:10256; '' for nowhere",
    value: 'ADDRESS[:PORT]',
  },
  metricsBindAddress: {
    summary: "where /metrics is; by default 127.0.0.1:10249; '' for nowhere",
    value: 'ADDRESS[:PORT]',
  },
  drainTimeout: {
    summary: 'the longest that an endpoint drains; by default 15m',
    value: 'DURATION',
  },
  schedulerAnnotation: {
    summary: 'the annotation of Services that names their scheduler; by default none',
    value: 'NAME',
  },
  weightAnnotation: {
    summary: 'the annotation of EndpointSlices with the weight of endpoints; by default none',
    value: 'NAME',
  },
  dryRun: { summary: 'print what the first sync would change, change nothing, and end' },
  cleanup: { summary: 'delete the services, the link and the rules of the cluster, and end' },
} as const;

/** The row of `ipvs kubernetes`. */
export const kubernetes = defineCommand({
  name: 'kubernetes',
  summary: "serve Services on a node, as kube-proxy's IPVS mode does",
  description: [
    'Watches the Services and EndpointSlices of a cluster, and keeps IPVS, the addresses of ' +
      'kube-ipvs0, and a table of nftables as they want, until SIGTERM or SIGINT ends it. The ' +
      'node goes on as it is: start the command again at any time.',
    'It needs root with CAP_NET_ADMIN in the network namespace of the host, nft, and the package ' +
      '@kubernetes/client-node, which is an optional peer of ipvs. conntrack is used if it is ' +
      'there.',
    'Like kube-proxy, it owns the whole table: services by address that are not of the cluster ' +
      'are deleted, except those in --ipvs-exclude-cidrs. Do not run it beside kube-proxy. ' +
      'docs/from-kube-proxy.md says how to switch, and how to go back.',
  ],
  options,
  statuses: { 0: 'ended by SIGTERM or SIGINT, or done' },
  examples: [
    {
      command: 'ipvs kubernetes --kubeconfig node.conf --dry-run',
      summary: 'print what would change on this node',
    },
    {
      command: 'ipvs kubernetes --config /var/lib/kube-proxy/config.conf',
      summary: "take the place of kube-proxy, with kube-proxy's configuration",
    },
  ],
  load: () => import('./run.js'),
});
