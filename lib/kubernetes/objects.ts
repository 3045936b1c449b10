/**
 * The objects of the Kubernetes API that are compiled: the properties that count, and no others.
 * Objects of `@kubernetes/client-node` and parsed JSON of the API server fit. A property that is
 * null, as the API server writes empty arrays, counts as left out.
 * @module
 */

/** A value that the API may leave out or write as null. */
type Maybe<Value> = Value | null | undefined;

/** The metadata of an object: `metav1.ObjectMeta`. */
export interface ObjectMeta {
  /** The namespace. */
  readonly namespace?: Maybe<string>;
  /** The name, which is unique in the namespace. */
  readonly name?: Maybe<string>;
  /** The labels. */
  readonly labels?: Maybe<Readonly<Record<string, string>>>;
  /** The annotations. */
  readonly annotations?: Maybe<Readonly<Record<string, string>>>;
  /** When the object was created: RFC 3339, or a Date. It decides between two claims. */
  readonly creationTimestamp?: Maybe<string | Date>;
}

/** The name of an object: an object itself, or its namespace and name. */
export interface ObjectReference {
  /** The metadata; only `namespace` and `name` count. */
  readonly metadata?: Maybe<Pick<ObjectMeta, 'namespace' | 'name'>>;
}

/** A port of a Service: `v1.ServicePort`. */
export interface ServicePortObject {
  /** The name, by which ports of EndpointSlices are found. Default ''. */
  readonly name?: Maybe<string>;
  /** TCP, UDP or SCTP. Default TCP. */
  readonly protocol?: Maybe<string>;
  /** The port of the virtual addresses. */
  readonly port: number;
  /** The port of the node's addresses. Default 0: none. */
  readonly nodePort?: Maybe<number>;
}

/** A Service of `v1`. */
export interface ServiceObject extends ObjectReference {
  /** The metadata. */
  readonly metadata?: Maybe<ObjectMeta>;
  /** The desired Service. */
  readonly spec?: Maybe<{
    readonly type?: Maybe<string>;
    readonly clusterIP?: Maybe<string>;
    readonly clusterIPs?: Maybe<readonly string[]>;
    readonly ports?: Maybe<readonly ServicePortObject[]>;
    readonly externalIPs?: Maybe<readonly string[]>;
    readonly externalTrafficPolicy?: Maybe<string>;
    readonly internalTrafficPolicy?: Maybe<string>;
    readonly loadBalancerSourceRanges?: Maybe<readonly string[]>;
    readonly healthCheckNodePort?: Maybe<number>;
    readonly sessionAffinity?: Maybe<string>;
    readonly sessionAffinityConfig?: Maybe<{
      readonly clientIP?: Maybe<{ readonly timeoutSeconds?: Maybe<number> }>;
    }>;
  }>;
  /** The addresses that a load balancer has assigned. */
  readonly status?: Maybe<{
    readonly loadBalancer?: Maybe<{
      readonly ingress?: Maybe<
        readonly { readonly ip?: Maybe<string>; readonly ipMode?: Maybe<string> }[]
      >;
    }>;
  }>;
}

/** A port of an EndpointSlice: `discovery.EndpointPort`. */
export interface EndpointPortObject {
  /** The name of the port of the Service. Default ''. */
  readonly name?: Maybe<string>;
  /** TCP, UDP or SCTP. Default TCP. */
  readonly protocol?: Maybe<string>;
  /** The port of the pods. Left out: the port is not used. */
  readonly port?: Maybe<number>;
}

/** An endpoint of an EndpointSlice: `discovery.Endpoint`. */
export interface EndpointObject {
  /** Its addresses, of which only the first counts, as for kube-proxy. */
  readonly addresses?: Maybe<readonly string[]>;
  /** The node it runs on. */
  readonly nodeName?: Maybe<string>;
  /** Its conditions. Default: ready and serving, not terminating. */
  readonly conditions?: Maybe<{
    readonly ready?: Maybe<boolean>;
    readonly serving?: Maybe<boolean>;
    readonly terminating?: Maybe<boolean>;
  }>;
  /** The zones and the nodes that should use it. */
  readonly hints?: Maybe<{
    readonly forZones?: Maybe<readonly { readonly name: string }[]>;
    readonly forNodes?: Maybe<readonly { readonly name: string }[]>;
  }>;
}

/** An EndpointSlice of `discovery.k8s.io/v1`. */
export interface EndpointSliceObject extends ObjectReference {
  /** The metadata. The label `kubernetes.io/service-name` names the Service. */
  readonly metadata?: Maybe<ObjectMeta>;
  /** IPv4, IPv6 or FQDN. The last one is not used. */
  readonly addressType: string;
  /** The ports, which all endpoints have. */
  readonly ports?: Maybe<readonly EndpointPortObject[]>;
  /** The endpoints. */
  readonly endpoints?: Maybe<readonly EndpointObject[]>;
}
