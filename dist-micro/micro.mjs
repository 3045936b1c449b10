import { createRequire } from "node:module";
import { constants, endianness } from "node:os";
import { getSystemErrorMap, inspect } from "node:util";
import { fileURLToPath } from "node:url";
// lib/errors.ts
/**
* The errors of this package: bad input, and refusals of the kernel.
* @module
*/
/** A refusal of the kernel, or a condition under which there is nobody to ask. */
var IpvsError = class extends Error {
	/** Tells it from other errors where `instanceof` cannot, as with two copies of the package. */
	name = "IpvsError";
	/** An errno by name ('EEXIST'), or one of {@link IpvsErrorCode}. */
	code;
	/** The errno as Node.js gives it, negative (-17): `util.getSystemErrorName(error.errno)` names it. 0 where no system call failed. */
	errno;
	/** The system call or IPVS command that failed ('IPVS_CMD_NEW_SERVICE'), or ''. */
	syscall;
	/** The method that was called ('addService'). */
	operation;
	/** What it was called on: a service ('tcp://10.96.0.1:443'), a destination ('10.0.0.1:80 of tcp://10.96.0.1:443'), or ''. */
	target;
	constructor(message, details) {
		super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
		this.code = details.code;
		this.errno = details.errno ?? 0;
		this.syscall = details.syscall ?? "";
		this.operation = details.operation ?? "";
		this.target = details.target ?? "";
	}
};
/** Each of the two knows some errnos that the other does not. */
const ERRNO_NAMES = new Map([...Object.entries(constants.errno).reverse().map(([name, number]) => [number, name]), ...[...getSystemErrorMap()].map(([number, [name]]) => [-number, name])]);
/** The name of a positive errno ('EEXIST'). */
function errnoName(errno) {
	return ERRNO_NAMES.get(errno) ?? `ERRNO_${errno}`;
}
function inputError(error, code) {
	return Object.assign(error, { code });
}
/** As short as it can be and still be recognised. */
function show(value) {
	const text = inspect(value, {
		depth: 0,
		compact: true,
		breakLength: Number.POSITIVE_INFINITY
	}).replace(/\s*\n\s*/g, " ");
	return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
/** A value of the wrong type: `property: 'value' is not RULE`. */
function wrongType(property, value, rule) {
	return inputError(/* @__PURE__ */ new TypeError(`${property}: ${show(value)} is not ${rule}`), "ERR_INVALID_ARG_TYPE");
}
/** A value of the right type that is not allowed, here or beside the others: `property: 'value' RULE`. */
function wrongValue(property, value, rule) {
	return inputError(/* @__PURE__ */ new TypeError(`${property}: ${show(value)} ${rule}`), "ERR_INVALID_ARG_VALUE");
}
/** A number outside its range: `property: value is not RULE`. */
function outOfRange(property, value, rule) {
	return inputError(/* @__PURE__ */ new RangeError(`${property}: ${show(value)} is not ${rule}`), "ERR_OUT_OF_RANGE");
}
// lib/check.ts
/**
* The checks that every input goes through. Each names the property, the value and the rule.
* @module
*/
/** An integer from `min` to `max`. */
function checkInteger(property, value, min, max, unit = "") {
	const rule = () => `an integer from ${min} to ${max}${unit === "" ? "" : ` ${unit}`}`;
	if (typeof value !== "number") throw wrongType(property, value, rule());
	if (!Number.isInteger(value) || value < min || value > max) throw outOfRange(property, value, rule());
	return value;
}
function checkBoolean(property, value) {
	if (typeof value !== "boolean") throw wrongType(property, value, "a boolean");
	return value;
}
/** An object whose own and inherited enumerable keys are all in `allowed`. */
function checkKeys(property, value, allowed) {
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType(property, value, "an object");
	for (const key in value) if (!allowed.has(key)) throw unknownKey(property, key, allowed);
	if ("then" in value) throw wrongType(property, value, "an object: await the promise first");
}
/** A key that can stand in a message as it is. */
const PLAIN_KEY = /^[\w$-]{1,40}$/;
function unknownKey(property, key, allowed) {
	const meant = nearest(key, [...allowed]);
	const hint = meant === void 0 ? `one of ${[...allowed].join(", ")}` : `did you mean ${meant}?`;
	return wrongValue(PLAIN_KEY.test(key) ? `${property}.${key}` : property, key, `is not a known property: ${hint}`);
}
/** A name out of a table; the error proposes the nearest. */
function checkName(property, value, names) {
	if (typeof value !== "string") throw wrongType(property, value, `one of ${names.join(", ")}`);
	if (names.includes(value)) return;
	const meant = nearest(value, names);
	const hint = meant === void 0 ? "" : `: did you mean ${meant}?`;
	throw wrongValue(property, value, `is not one of ${names.join(", ")}${hint}`);
}
const MAX_EDITS = 2;
/** The name at most two edits away, if there is one. */
function nearest(word, names) {
	let best;
	let bestDistance = 3;
	for (const name of names) {
		if (Math.abs(word.length - name.length) > MAX_EDITS) continue;
		const distance = editDistance(word.toLowerCase(), name.toLowerCase());
		if (distance < bestDistance) [best, bestDistance] = [name, distance];
	}
	return best;
}
/** Levenshtein's, with a swap of neighbours counted as one edit. */
function editDistance(a, b) {
	const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
	const at = (i, j) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		rows.push(row);
		for (let j = 1; j <= b.length; j++) {
			const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
			const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : changed;
			row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped));
		}
	}
	return at(a.length, b.length);
}
const DOT = 46;
const COLON = 58;
const ZERO = 48;
/** The octets as text, so that formatting an address makes no strings but the last. */
const OCTETS = Array.from({ length: 256 }, (_, octet) => String(octet));
/**
* Writes an address to the 16 bytes at `at`, which hold nothing of use if it is none. IPv4 has four decimal parts without
* leading zeros; IPv6 any form of RFC 4291 §2.2, without zone or prefix.
* @returns AF_INET, AF_INET6, or 0 if `text` is no address
*/
function parseAddress(text, bytes, at) {
	if (text.includes(":")) return parseIpv6(text, bytes, at) ? 10 : 0;
	if (!parseIpv4(text, 0, bytes, at)) return 0;
	bytes.fill(0, at + 4, at + 16);
	return 2;
}
function parseIpv4(text, from, bytes, at) {
	const end = text.length;
	let place = from;
	for (let part = 0; part < 4; part++) {
		if (part > 0 && text.charCodeAt(place++) !== DOT) return false;
		const start = place;
		let octet = 0;
		while (place < end && place < start + 3) {
			const digit = text.charCodeAt(place) - ZERO;
			if (digit < 0 || digit > 9) break;
			octet = octet * 10 + digit;
			place++;
		}
		const length = place - start;
		if (length === 0 || octet > 255 || length > 1 && text.charCodeAt(start) === ZERO) return false;
		bytes[at + part] = octet;
	}
	return place === end;
}
function hexDigit(code) {
	if (code >= 48 && code <= 57) return code - 48;
	const letter = code | 32;
	return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
function parseIpv6(text, bytes, at) {
	const groups = /* @__PURE__ */ new Uint8Array(16);
	const end = text.length;
	let length = 0;
	let gap = -1;
	let place = 0;
	if (text.startsWith("::")) {
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
/** The address at `at`: dotted, or as RFC 5952 wants it. */
function formatAddress(bytes, at, family) {
	return family === 10 ? formatIpv6(bytes, at) : formatIpv4(bytes, at);
}
function formatIpv4(bytes, at) {
	const octet = (index) => OCTETS[bytes[at + index] ?? 0];
	return `${octet(0)}.${octet(1)}.${octet(2)}.${octet(3)}`;
}
function formatIpv6(bytes, at) {
	const groups = [];
	for (let i = 0; i < 16; i += 2) groups.push((bytes[at + i] ?? 0) << 8 | (bytes[at + i + 1] ?? 0));
	if (groups[5] === 65535 && groups.slice(0, 5).every((group) => group === 0)) return `::ffff:${formatIpv4(bytes, at + 12)}`;
	let gap = -1;
	let gapLength = 1;
	for (let start = 0; start < 8; start++) {
		let length = 0;
		while (start + length < 8 && groups[start + length] === 0) length++;
		if (length > gapLength) [gap, gapLength] = [start, length];
	}
	const text = (from, to) => groups.slice(from, to).map((group) => group.toString(16)).join(":");
	return gap < 0 ? text(0, 8) : `${text(0, gap)}::${text(gap + gapLength, 8)}`;
}
const maskBytes = /* @__PURE__ */ new Uint8Array(16);
/** The number, in host byte order, of a dotted IPv4 mask; undefined if `text` is none. */
function parseMask(text) {
	if (parseAddress(text, maskBytes, 0) !== 2) return void 0;
	const [a = 0, b = 0, c = 0, d = 0] = maskBytes;
	return (a << 24 | b << 16 | c << 8 | d) >>> 0;
}
// lib/names.ts
/**
* The names of what the kernel numbers.
* @module
*/
/** Names and their numbers, both ways. */
var Names = class {
	names;
	#numbers;
	#byNumber;
	constructor(numbers) {
		this.names = Object.keys(numbers);
		this.#numbers = new Map(Object.entries(numbers));
		this.#byNumber = new Map(this.names.map((name) => [numbers[name], name]));
	}
	/** The number of a name. Throws TypeError on any other value. */
	number(property, name) {
		const number = typeof name === "string" ? this.#numbers.get(name) : void 0;
		if (number === void 0) checkName(property, name, this.names);
		return number ?? 0;
	}
	/** Likewise, but `unknown-N` is N too, up to `max`. */
	numberOrUnknown(property, name, max) {
		const known = typeof name === "string" ? this.#numbers.get(name) : void 0;
		if (known !== void 0) return known;
		const unknown = typeof name === "string" ? /^unknown-(0|[1-9]\d{0,9})$/.exec(name) : null;
		const number = Number(unknown?.[1]);
		return unknown !== null && number <= max ? number : this.number(property, name);
	}
	name(number) {
		return this.#byNumber.get(number) ?? `unknown-${number}`;
	}
};
const protocols = new Names({
	tcp: 6,
	udp: 17,
	sctp: 132
});
const forwardings = new Names({
	masquerade: 0,
	local: 1,
	tunnel: 2,
	direct: 3,
	bypass: 4
});
const tunnelTypes = new Names({
	ipip: 0,
	gue: 1,
	gre: 2
});
const tunnelChecksums = new Names({
	none: 0,
	checksum: 1,
	"remote-checksum": 2
});
/** Bit and owner of each scheduler flag. A later row of the same bit is the name for all other schedulers. */
const schedulerFlags = {
	"sh-fallback": {
		bit: 8,
		scheduler: "sh"
	},
	"sh-port": {
		bit: 16,
		scheduler: "sh"
	},
	"mh-fallback": {
		bit: 8,
		scheduler: "mh"
	},
	"mh-port": {
		bit: 16,
		scheduler: "mh"
	},
	"flag-1": { bit: 8 },
	"flag-2": { bit: 16 },
	"flag-3": { bit: 32 }
};
const schedulerFlagNames = Object.keys(schedulerFlags);
// lib/daemon.ts
/**
* Sync daemons: how a backup director learns the connections of a master.
* @module
*/
const KEYS$4 = /* @__PURE__ */ new Set([
	"role",
	"interface",
	"syncId",
	"maxLength",
	"group",
	"port",
	"ttl"
]);
/** IP_VS_STATE_MASTER and IP_VS_STATE_BACKUP. */
const roles = new Names({
	master: 1,
	backup: 2
});
/** What the kernel takes for the name of a link. */
const LINK_NAME = /^(?!\.{1,2}$)[^\s/:\0]{1,15}$/;
const RANGES = {
	syncId: [
		0,
		255,
		""
	],
	maxLength: [
		1,
		65507,
		"bytes"
	],
	port: [
		1,
		65535,
		""
	],
	ttl: [
		1,
		255,
		"hops"
	]
};
function base(request) {
	return request.base() + request.layout.request.fields.daemon.offset;
}
function writeRole(request, property, role) {
	const { fields } = request.layout.daemon;
	request.records.setNumber(base(request), fields.role, roles.number(property, role));
}
function writeDaemon(request, config) {
	const property = "daemon";
	checkKeys(property, config, KEYS$4);
	const values = config;
	const { records, layout } = request;
	const { fields } = layout.daemon;
	writeRole(request, `${property}.role`, values.role);
	const name = checkLinkName(`${property}.interface`, values.interface);
	records.setName(base(request), fields.interface, name);
	for (const key of [
		"syncId",
		"maxLength",
		"port",
		"ttl"
	]) {
		const value = values[key];
		if (value === void 0) continue;
		const [min, max, unit] = RANGES[key];
		records.setNumber(base(request), fields[key], checkInteger(`${property}.${key}`, value, min, max, unit));
	}
	if (values.group !== void 0) writeGroup(request, `${property}.group`, values.group);
}
function checkLinkName(property, value) {
	const rule = "the name of a link, of 1 to 15 characters";
	if (typeof value !== "string") throw wrongType(property, value, rule);
	if (!LINK_NAME.test(value) || /[^\x21-\x7e]/.test(value)) throw wrongValue(property, value, `is not ${rule}`);
	return value;
}
function writeGroup(request, property, value) {
	const rule = "a multicast address, from 224.0.0.0 to 239.255.255.255 or in ff00::/8";
	if (typeof value !== "string") throw wrongType(property, value, rule);
	const { records, layout } = request;
	const { fields } = layout.daemon;
	const at = base(request) + fields.group.offset;
	const family = parseAddress(value, records.bytes, at);
	const first = records.bytes[at] ?? 0;
	if (family === 0 || !(family === 10 ? first === 255 : first >= 224 && first < 240)) throw wrongValue(property, value, `is not ${rule}`);
	records.setNumber(base(request), fields.groupFamily, family);
}
// lib/reference.ts
/**
* How services and destinations are named.
* @module
*/
const families = new Names({
	ipv4: 2,
	ipv6: 10
});
/** The keys that name a service, and those that a returned one has besides. */
const SERVICE_IDENTITY = [
	"protocol",
	"address",
	"port",
	"fwmark",
	"family"
];
const DESTINATION_IDENTITY = [
	"address",
	"port",
	"family"
];
const MAX_PORT = 65535;
const MAX_MARK = 2 ** 32 - 1;
const MAX_PROTOCOL = 65535;
const ADDRESS_FORM = "an IPv4 or IPv6 address, without port, prefix or zone";
const SERVICE_FORM = "a service: 'tcp://ADDRESS:PORT', 'udp://[IPV6]:PORT', 'sctp://ADDRESS:PORT', 'fwmark://N' or 'fwmark6://N'";
const DESTINATION_FORM = "a destination: 'ADDRESS:PORT', '[IPV6]:PORT' or 'ADDRESS'";
/** What may stand in brackets; whether it is an address is seen later. Bounded, as is what a backtracking match may cost. */
const IPV6 = "[\\da-fA-F:.]{2,45}";
const PORT = "0|[1-9]\\d{0,4}";
const SERVICE_STRING = new RegExp(`^([a-z]{1,8}|unknown-\\d{1,5})://(?:\\[(${IPV6})\\]|([\\d.]{1,15})):(${PORT})$`);
const MARK_STRING = /^fwmark(6?):\/\/([1-9]\d{0,9})$/;
const HOST_PORT = new RegExp(`^(?:\\[(${IPV6})\\]|([\\d.]{1,15}))(?::(${PORT}))?$`);
function checkPort(property, value) {
	return checkInteger(property, value, 0, MAX_PORT);
}
function checkAddress(property, value) {
	if (typeof value !== "string") throw wrongType(property, value, ADDRESS_FORM);
}
function checkFamily(property, value, family, address) {
	if (value === void 0) return;
	if (families.number(`${property}.family`, value) === family) return;
	throw wrongValue(`${property}.family`, value, `is not the family of ${address}`);
}
/** Writes the key of a service from a reference: a string, or an object with no keys but the `allowed`. */
function writeServiceReference(request, property, reference, allowed) {
	if (typeof reference === "string") {
		writeServiceString(request, property, reference);
		return;
	}
	checkKeys(property, reference, allowed);
	const named = reference;
	if (named.fwmark !== void 0) {
		writeMark(request, property, named);
		return;
	}
	const { protocol, address, port, family } = named;
	if (protocol === void 0 && address === void 0) throw wrongValue(property, reference, "needs protocol, address and port, or fwmark");
	const number = protocols.numberOrUnknown(`${property}.protocol`, protocol, MAX_PROTOCOL);
	checkAddress(`${property}.address`, address);
	const written = setService(request, number, address, checkPort(`${property}.port`, port));
	if (written === 0) throw wrongValue(`${property}.address`, address, `is not ${ADDRESS_FORM}`);
	checkFamily(property, family, written, address);
}
function writeServiceString(request, property, text) {
	const mark = MARK_STRING.exec(text);
	if (mark !== null) {
		setMark(request, checkInteger(property, Number(mark[2]), 1, MAX_MARK), mark[1] === "6" ? 10 : 2);
		return;
	}
	const [, scheme = "", ipv6, ipv4, port] = SERVICE_STRING.exec(text) ?? [];
	const malformed = () => wrongValue(property, text, `is not ${SERVICE_FORM}`);
	if (scheme === "" || scheme.startsWith("fwmark")) throw malformed();
	const protocol = protocols.numberOrUnknown(property, scheme, MAX_PROTOCOL);
	const number = checkPort(property, Number(port));
	if (!isBracketed(setService(request, protocol, ipv6 ?? ipv4 ?? "", number), ipv6)) throw malformed();
}
/** Whether a family was found, and brackets stand around IPv6 and nothing else. */
function isBracketed(family, ipv6) {
	return family === (ipv6 === void 0 ? 2 : 10);
}
function setService(request, protocol, address, port) {
	const { records, layout } = request;
	const base = request.service();
	const { fields } = layout.service;
	const family = parseAddress(address, records.bytes, base + fields.address.offset);
	records.setNumber(base, fields.family, family);
	records.setNumber(base, fields.protocol, protocol);
	records.setNumber(base, fields.port, port);
	return family;
}
function writeMark(request, property, named) {
	for (const key of [
		"protocol",
		"address",
		"port"
	]) {
		const value = named[key];
		if (value === void 0) continue;
		throw wrongValue(`${property}.${key}`, value, "does not go with fwmark, which names the service alone");
	}
	const { fwmark, family } = named;
	setMark(request, checkInteger(`${property}.fwmark`, fwmark, 1, MAX_MARK), family === void 0 ? 2 : families.number(`${property}.family`, family));
}
function setMark(request, mark, family) {
	const base = request.service();
	const { fields } = request.layout.service;
	request.records.setNumber(base, fields.fwmark, mark);
	request.records.setNumber(base, fields.family, family);
}
/**
* Writes the key of a destination from a reference. The service's key must stand already: a port that is left out is its
* port.
*/
function writeDestinationReference(request, property, reference, allowed) {
	if (typeof reference === "string") {
		const [, ipv6, ipv4, port] = HOST_PORT.exec(reference) ?? [];
		const number = port === void 0 ? void 0 : checkPort(property, Number(port));
		const written = setDestination(request, ipv6 ?? ipv4 ?? reference, number);
		if (!(ipv4 === void 0 ? written === 10 : written === 2)) throw wrongValue(property, reference, `is not ${DESTINATION_FORM}`);
		return;
	}
	checkKeys(property, reference, allowed);
	const { address, port, family } = reference;
	checkAddress(`${property}.address`, address);
	const written = setDestination(request, address, port === void 0 ? void 0 : checkPort(`${property}.port`, port));
	if (written === 0) throw wrongValue(`${property}.address`, address, `is not ${ADDRESS_FORM}`);
	checkFamily(property, family, written, address);
}
function setDestination(request, address, port) {
	const { records, layout } = request;
	const base = request.destination();
	const { fields } = layout.destination;
	const family = parseAddress(address, records.bytes, base + fields.address.offset);
	records.setNumber(base, fields.family, family);
	const own = port ?? records.number(request.service(), layout.service.fields.port);
	records.setNumber(base, fields.port, own);
	return family;
}
// lib/stats.ts
/**
* Counters and rates.
* @module
*/
const KEYS$3 = /* @__PURE__ */ new Set(["bigint"]);
/** Whether counters are wanted as BigInts. */
function checkReadOptions(options) {
	if (options === void 0) return false;
	checkKeys("options", options, KEYS$3);
	const { bigint } = options;
	return bigint !== void 0 && checkBoolean("options.bigint", bigint);
}
const asNumber = (records, base, field) => records.number(base, field);
const asBigint = (records, base, field) => records.bigint(base, field);
// lib/tunnel.ts
/**
* How packets are wrapped on their way to a destination behind a tunnel.
* @module
*/
/** Which settings go with a type. `port: true` is mandatory. */
const ALLOWED = {
	ipip: {
		port: false,
		checksums: []
	},
	gue: {
		port: true,
		checksums: [
			"none",
			"checksum",
			"remote-checksum"
		]
	},
	gre: {
		port: false,
		checksums: ["none", "checksum"]
	}
};
const KEYS$2 = /* @__PURE__ */ new Set([
	"type",
	"port",
	"checksum"
]);
/** Writes the tunnel of the request's destination. */
function writeTunnel(request, property, value) {
	checkKeys(property, value, KEYS$2);
	const { type, port, checksum } = value;
	const { records, layout } = request;
	const base = request.destination();
	const { fields } = layout.destination;
	records.setNumber(base, fields.tunnelType, tunnelTypes.number(`${property}.type`, type));
	const allowed = ALLOWED[type];
	if (allowed?.port) records.setNumber(base, fields.tunnelPort, checkInteger(`${property}.port`, port, 1, 65535));
	else if (port !== void 0) throw wrongValue(`${property}.port`, port, `does not go with tunnel type ${type}`);
	if (checksum === void 0) return;
	const flag = tunnelChecksums.number(`${property}.checksum`, checksum);
	if (!allowed?.checksums.some((name) => name === checksum)) throw wrongValue(`${property}.checksum`, checksum, `does not go with tunnel type ${type}`);
	records.setNumber(base, fields.tunnelFlags, flag);
}
// lib/destination.ts
/**
* Destinations, the real servers behind a service: what they are made of, and their records.
* @module
*/
const MAX_INT = 2 ** 31 - 1;
const SETTINGS$1 = [
	"forwarding",
	"weight",
	"upperThreshold",
	"lowerThreshold",
	"tunnel"
];
/** What a returned destination has besides: harmless where it is passed back in. */
const STATE = [
	"activeConnections",
	"inactiveConnections",
	"persistentConnections",
	"stats"
];
const CONFIG_KEYS$1 = /* @__PURE__ */ new Set([
	...DESTINATION_IDENTITY,
	...SETTINGS$1,
	...STATE
]);
const CHANGE_KEYS$1 = new Set(SETTINGS$1);
/** A reference may be any object that this package returned. */
const DESTINATION_KEYS = /* @__PURE__ */ new Set([...CONFIG_KEYS$1, "change"]);
/** Writes the destination of an add or ensure, after its service's key: every setting, with defaults. */
function writeDestinationConfig(request, config) {
	const property = "destination";
	if (typeof config === "string") throw wrongType(property, config, "an object such as { address, port, weight }");
	writeDestinationReference(request, property, config, CONFIG_KEYS$1);
	checkUnicast(request, property);
	const { records, layout } = request;
	const base = request.destination();
	const { fields } = layout.destination;
	records.setNumber(base, fields.forwarding, forwardings.number(property, "direct"));
	records.setNumber(base, fields.weight, 1);
	writeSettings$1(request, property, config);
	checkForwarding(request, property);
	checkTunnel(request, property);
	checkThresholds(request, property);
}
/** Writes the changes of an update; the keys of service and destination stand already. */
function writeDestinationChanges(request, changes) {
	const property = "changes";
	checkKeys(property, changes, CHANGE_KEYS$1);
	const settings = changes;
	writeSettings$1(request, property, settings);
	if (settings.forwarding !== void 0) {
		checkForwarding(request, property);
		checkTunnel(request, property);
	}
	if (settings.upperThreshold !== void 0 && settings.lowerThreshold !== void 0) checkThresholds(request, property);
}
function writeSettings$1(request, property, settings) {
	const { records, layout } = request;
	const base = request.destination();
	const { fields } = layout.destination;
	let named = 0;
	if (settings.forwarding !== void 0) {
		const number = forwardings.number(`${property}.forwarding`, settings.forwarding);
		records.setNumber(base, fields.forwarding, number);
		named |= layout.changes.forwarding;
	}
	for (const key of [
		"weight",
		"upperThreshold",
		"lowerThreshold"
	]) {
		const value = settings[key];
		if (value === void 0) continue;
		records.setNumber(base, fields[key], checkInteger(`${property}.${key}`, value, 0, MAX_INT));
		named |= layout.changes[key];
	}
	const { tunnel } = settings;
	if (tunnel === null) named |= layout.changes.tunnelReset;
	else if (tunnel !== void 0) {
		writeTunnel(request, `${property}.tunnel`, tunnel);
		named |= layout.changes.tunnel;
	}
	records.setNumber(request.base(), layout.request.fields.changes, named);
}
/** What the service and the forwarding method leave room for. */
function checkForwarding(request, property) {
	const { records, layout } = request;
	const service = request.service();
	const base = request.destination();
	const number = records.number(base, layout.destination.fields.forwarding);
	const forwarding = forwardings.name(number);
	const families = [records.number(service, layout.service.fields.family), records.number(base, layout.destination.fields.family)];
	if (forwarding !== "tunnel" && families[0] !== families[1]) throw wrongValue(`${property}.forwarding`, forwarding, "cannot cross from one address family to the other: only 'tunnel' can");
	const mark = records.number(service, layout.service.fields.fwmark);
	const port = records.number(base, layout.destination.fields.port);
	const servicePort = records.number(service, layout.service.fields.port);
	if (forwarding === "masquerade" || mark !== 0 || port === servicePort) return;
	const why = `leaves the service's port ${servicePort}: only 'masquerade' translates ports`;
	if (property === "changes") throw wrongValue(`${property}.forwarding`, forwarding, `does not go with the destination's port ${port}, since it ${why}`);
	throw wrongValue(`${property}.port`, port, `does not go with forwarding '${forwarding}', which ${why}`);
}
/** A tunnel that was named goes with one forwarding only. */
function checkTunnel(request, property) {
	const { records, layout } = request;
	const base = request.destination();
	const { fields } = layout.destination;
	const named = records.number(request.base(), layout.request.fields.changes);
	const forwarding = forwardings.name(records.number(base, fields.forwarding));
	if ((named & layout.changes.tunnel) === 0 || forwarding === "tunnel") return;
	const type = tunnelTypes.name(records.number(base, fields.tunnelType));
	throw wrongValue(`${property}.tunnel`, { type }, `does not go with forwarding '${forwarding}'`);
}
function checkThresholds(request, property) {
	const { records, layout } = request;
	const base = request.destination();
	const { fields } = layout.destination;
	const upper = records.number(base, fields.upperThreshold);
	const lower = records.number(base, fields.lowerThreshold);
	if (lower > upper) throw wrongValue(`${property}.lowerThreshold`, lower, `is above the upper threshold of ${upper}`);
}
/** Addresses that can be no real server's. What depends on the host's own addresses, the kernel checks. */
function checkUnicast(request, property) {
	const { records, layout } = request;
	const { fields } = layout.destination;
	const at = request.destination() + fields.address.offset;
	const family = records.number(request.destination(), fields.family);
	if (isUnicast(records.bytes, at, family)) return;
	const text = formatAddress(records.bytes, at, family);
	throw wrongValue(`${property}.address`, text, "is not a unicast address, as a real server's must be");
}
function isUnicast(bytes, at, family) {
	const first = bytes[at] ?? 0;
	const filled = (from, to, byte) => {
		for (let i = at + from; i < at + to; i++) if (bytes[i] !== byte) return false;
		return true;
	};
	if (family === 10) {
		const mapped = filled(0, 10, 0) && filled(10, 12, 255);
		return first !== 255 && !mapped && !filled(0, 16, 0);
	}
	return !(first >= 224 && first < 240) && !filled(0, 4, 0) && !filled(0, 4, 255);
}
// lib/persistence.ts
/**
* Persistence: how long, and for which neighbourhood of clients, one destination serves the same client.
* @module
*/
const DEFAULT_TIMEOUT = 300;
/** ipvsadm's limit. The kernel counts in ticks of up to 1 ms, and 2^32 of them would wrap soon after. */
const MAX_TIMEOUT$1 = 2678400;
const MAX_ENGINE = 16;
const NAME = /^[\w.-]+$/;
const KEYS$1 = /* @__PURE__ */ new Set([
	"timeout",
	"netmask",
	"engine"
]);
/**
* Writes persistence, all but its flag, into the request's service; null is none.
* @returns the settings that were named, as bits of Changes
*/
function writePersistence(request, property, value) {
	const { records, layout } = request;
	const { changes } = layout;
	const base = request.service();
	const { fields } = layout.service;
	const family = records.number(base, fields.family);
	records.setNumber(base, fields.netmask, fullMask(family));
	if (value === null) return changes.persistence;
	checkKeys(property, value, KEYS$1);
	const { timeout, netmask, engine } = value;
	let named = changes.persistence;
	let seconds = DEFAULT_TIMEOUT;
	if (timeout !== void 0) {
		seconds = checkInteger(`${property}.timeout`, timeout, 1, MAX_TIMEOUT$1, "seconds");
		named |= changes.timeout;
	}
	records.setNumber(base, fields.timeout, seconds);
	if (netmask !== void 0) {
		records.setNumber(base, fields.netmask, checkNetmask(`${property}.netmask`, netmask, family));
		named |= changes.netmask;
	}
	if (engine !== void 0) {
		if (engine !== null) {
			const name = checkModuleName(`${property}.engine`, engine, MAX_ENGINE);
			records.setName(base, fields.engine, name);
		}
		named |= changes.engine;
	}
	return named;
}
/** One client is one client. The kernel wants it of services without persistence too. */
function fullMask(family) {
	return family === 2 ? 4294967295 : 128;
}
/** The number of a netmask as the record holds it: an IPv4 mask in host byte order, or an IPv6 prefix length. */
function checkNetmask(property, value, family) {
	if (family !== 2) return checkInteger(property, value, 1, 128, "bits");
	if (typeof value === "string") {
		const mask = parseMask(value);
		if (mask === void 0) throw wrongValue(property, value, "is not a dotted mask such as 255.255.255.0");
		return mask;
	}
	const bits = checkInteger(property, value, 0, 32, "bits");
	return bits === 0 ? 0 : 4294967295 << 32 - bits >>> 0;
}
/** The name of something that the kernel finds in a module of its own. */
function checkModuleName(property, value, max) {
	const rule = `a name of 1 to ${max} letters, digits, dots, dashes and underscores`;
	if (typeof value !== "string") throw wrongType(property, value, rule);
	if (value.length > max || !NAME.test(value)) throw wrongValue(property, value, `is not ${rule}`);
	return value;
}
// lib/service.ts
/** IP_VS_SVC_F_ONEPACKET. */
const ONE_PACKET = 4;
const DEFAULT_SCHEDULER = "wlc";
const MAX_SCHEDULER = 15;
const SETTINGS = [
	"scheduler",
	"schedulerFlags",
	"persistence",
	"onePacket"
];
const CONFIG_KEYS = /* @__PURE__ */ new Set([
	...SERVICE_IDENTITY,
	...SETTINGS,
	"stats"
]);
const CHANGE_KEYS = new Set(SETTINGS);
/** A reference may be any object that this package returned. */
const SERVICE_KEYS = /* @__PURE__ */ new Set([
	...CONFIG_KEYS,
	"destinations",
	"change"
]);
/** Writes the service of an add or ensure: every setting, with the defaults of those left out. */
function writeServiceConfig(request, config) {
	const property = "service";
	if (typeof config === "string") throw wrongType(property, config, "an object such as { protocol, address, port, scheduler }");
	writeServiceReference(request, property, config, CONFIG_KEYS);
	const { records, layout } = request;
	const base = request.service();
	const { fields } = layout.service;
	if (records.number(base, fields.fwmark) === 0) {
		const protocol = protocols.name(records.number(base, fields.protocol));
		protocols.number(`${property}.protocol`, protocol);
	}
	records.setName(base, fields.scheduler, DEFAULT_SCHEDULER);
	records.setNumber(base, fields.netmask, fullMask(records.number(base, fields.family)));
	writeSettings(request, property, config);
	checkFlagOwner(request, property);
	if ((records.number(base, fields.flags) & 1) === 0) checkPortWithoutPersistence(request, property);
}
/** Writes a service that the kernel refuses, but not before it has looked for the scheduler. */
function writeSchedulerProbe(request, scheduler) {
	writeServiceReference(request, "service", "unknown-65535://[::]:0", SERVICE_KEYS);
	const { records, layout } = request;
	records.setName(request.service(), layout.service.fields.scheduler, scheduler);
}
/** Writes the changes of an update; the service's key stands already. */
function writeServiceChanges(request, changes) {
	const property = "changes";
	checkKeys(property, changes, CHANGE_KEYS);
	const settings = changes;
	writeSettings(request, property, settings);
	if (settings.scheduler !== void 0) checkFlagOwner(request, property);
	if (settings.persistence === null) checkPortWithoutPersistence(request, property);
}
function writeSettings(request, property, settings) {
	const { records, layout } = request;
	const base = request.service();
	const { fields } = layout.service;
	let named = 0;
	let flags = 0;
	if (settings.scheduler !== void 0) {
		const name = checkModuleName(`${property}.scheduler`, settings.scheduler, MAX_SCHEDULER);
		records.setName(base, fields.scheduler, name);
		named |= layout.changes.scheduler;
	}
	if (settings.schedulerFlags !== void 0) {
		const { bits, owner } = checkSchedulerFlags(`${property}.schedulerFlags`, settings.schedulerFlags);
		records.setName(request.base(), layout.request.fields.flagsOwner, owner);
		flags |= bits;
		named |= layout.changes.schedulerFlags;
	}
	if (settings.onePacket !== void 0) {
		if (checkBoolean(`${property}.onePacket`, settings.onePacket)) {
			checkOnePacket(request, `${property}.onePacket`);
			flags |= ONE_PACKET;
		}
		named |= layout.changes.onePacket;
	}
	if (settings.persistence !== void 0) {
		named |= writePersistence(request, `${property}.persistence`, settings.persistence);
		if (settings.persistence !== null) flags |= 1;
	}
	records.setNumber(base, fields.flags, flags);
	records.setNumber(request.base(), layout.request.fields.changes, named);
}
/** The bits of flags, and the scheduler that they belong to, or ''. */
function checkSchedulerFlags(property, value) {
	if (!Array.isArray(value)) throw wrongType(property, value, "an array of scheduler flags");
	let bits = 0;
	let owner = "";
	for (const name of value) {
		checkName(property, name, schedulerFlagNames);
		const flag = schedulerFlags[name];
		bits |= flag.bit;
		if (flag.scheduler === void 0) continue;
		if (owner !== "" && owner !== flag.scheduler) throw wrongValue(property, value, `has flags of two schedulers, ${owner} and ${flag.scheduler}`);
		owner = flag.scheduler;
	}
	return {
		bits,
		owner
	};
}
function checkFlagOwner(request, property) {
	const { records, layout } = request;
	const owner = records.name(request.base(), layout.request.fields.flagsOwner);
	const scheduler = records.name(request.service(), layout.service.fields.scheduler);
	if (owner === "" || owner === scheduler) return;
	throw wrongValue(`${property}.schedulerFlags`, `${owner}-*`, `belongs to scheduler ${owner}, not to ${scheduler}`);
}
function checkOnePacket(request, property) {
	const { records, layout } = request;
	const protocol = protocols.name(records.number(request.service(), layout.service.fields.protocol));
	if (records.number(request.service(), layout.service.fields.fwmark) !== 0 || protocol === "udp") return;
	throw wrongValue(property, true, `is only for udp and firewall marks, not for ${protocol}`);
}
function checkPortWithoutPersistence(request, property) {
	const { records, layout } = request;
	const { fields } = layout.service;
	if (records.number(request.service(), fields.fwmark) !== 0 || records.number(request.service(), fields.port) !== 0) return;
	throw wrongValue(`${property}.persistence`, null, "does not go with port 0: a service for every port must be persistent");
}
// lib/timeouts.ts
/**
* How long idle connections live.
* @module
*/
const NAMES = [
	"tcp",
	"tcpFin",
	"udp"
];
const KEYS = new Set(NAMES);
/** ipvsadm's limit. */
const MAX_TIMEOUT = 2678400;
function writeTimeouts(request, changes) {
	const property = "timeouts";
	checkKeys(property, changes, KEYS);
	const values = changes;
	const { records, layout } = request;
	const base = request.base() + layout.request.fields.timeouts.offset;
	let named = 0;
	for (const name of NAMES) {
		if (values[name] === void 0) continue;
		const seconds = checkInteger(`${property}.${name}`, values[name], 1, MAX_TIMEOUT, "seconds");
		records.setNumber(base, layout.timeouts.fields[name], seconds);
		named++;
	}
	if (named === 0) throw wrongValue(property, changes, `names none of ${NAMES.join(", ")}`);
}
// lib/calls.ts
/**
* The operations, each as what it writes and what it reads. How a call travels, alone or in a batch, is the business of lib/queue.
* @module
*/
const nothing = () => void 0;
const ensured = (results, index) => results.outcome(index, "created") === 0 ? "updated" : "created";
function writeService(request, reference) {
	writeServiceReference(request, "service", reference, SERVICE_KEYS);
}
function writeBoth(request, service, destination) {
	writeService(request, service);
	writeDestinationReference(request, "destination", destination, DESTINATION_KEYS);
}
/** Options whose only key is `name`, a boolean: whether it is true. */
function isForgiving(options, name) {
	if (options === void 0) return false;
	checkKeys("options", options, /* @__PURE__ */ new Set([name]));
	const value = options[name];
	return value !== void 0 && checkBoolean(`options.${name}`, value);
}
/** A deletion. Where it is forgiving, `errnos` of what is not there are answered with false. */
var Deletion = class {
	operation;
	#writeTarget;
	#isForgiving;
	#errnos;
	answers = {};
	constructor(operation, errnos, writeTarget, isForgiving) {
		this.operation = operation;
		this.#errnos = errnos;
		this.#writeTarget = writeTarget;
		this.#isForgiving = isForgiving;
	}
	write(request) {
		this.#writeTarget(request);
		if (this.#isForgiving()) this.answers = Object.fromEntries(this.#errnos.map((errno) => [errno, false]));
	}
	read() {
		return true;
	}
};
/** A reading of what has counters: as numbers, or as BigInts where `options` ask for them. */
var Reading = class {
	operation;
	#options;
	#writeTarget;
	#read;
	#counter = asNumber;
	answers;
	constructor(operation, options, writeTarget, read, answers = {}) {
		this.operation = operation;
		this.#options = options;
		this.#writeTarget = writeTarget;
		this.#read = read;
		this.answers = answers;
	}
	write(request) {
		if (checkReadOptions(this.#options)) this.#counter = asBigint;
		this.#writeTarget(request);
	}
	read(results, index) {
		return this.#read(results, index, this.#counter);
	}
};
const calls = {
	addService: (config) => ({
		operation: "addService",
		write: (request) => writeServiceConfig(request, config),
		read: nothing
	}),
	updateService: (reference, changes) => ({
		operation: "updateService",
		write: (request) => {
			writeService(request, reference);
			writeServiceChanges(request, changes);
		},
		read: nothing
	}),
	ensureService: (config) => ({
		operation: "ensureService",
		write: (request) => writeServiceConfig(request, config),
		read: ensured
	}),
	deleteService: (reference, options) => new Deletion("deleteService", ["ESRCH"], (request) => writeService(request, reference), () => isForgiving(options, "ifExists")),
	getService: (reference, options) => new Reading("getService", options, (request) => writeService(request, reference), (results, index, read) => results.service(index, read), { ESRCH: void 0 }),
	listServices: (options) => new Reading("listServices", options, nothing, (results, index, read) => results.services(index, read)),
	addDestination: (service, config) => ({
		operation: "addDestination",
		write: (request) => {
			writeService(request, service);
			writeDestinationConfig(request, config);
		},
		read: nothing
	}),
	updateDestination: (service, destination, changes) => ({
		operation: "updateDestination",
		write: (request) => {
			writeBoth(request, service, destination);
			writeDestinationChanges(request, changes);
		},
		read: nothing
	}),
	ensureDestination: (service, config) => ({
		operation: "ensureDestination",
		write: (request) => {
			writeService(request, service);
			writeDestinationConfig(request, config);
		},
		read: ensured
	}),
	deleteDestination: (service, destination, options) => new Deletion("deleteDestination", ["ESRCH", "ENOENT"], (request) => writeBoth(request, service, destination), () => isForgiving(options, "ifExists")),
	getDestination: (service, destination, options) => new Reading("getDestination", options, (request) => writeBoth(request, service, destination), (results, index, read) => results.destination(index, read), { ENOENT: void 0 }),
	listDestinations: (service, options) => new Reading("listDestinations", options, (request) => writeService(request, service), (results, index, read) => results.destinations(index, read)),
	flush: () => ({
		operation: "flush",
		write: nothing,
		read: nothing
	}),
	getInfo: () => ({
		operation: "getInfo",
		write: nothing,
		read: (results, index) => {
			const version = results.outcome(index, "version");
			return {
				version: `${version >>> 16}.${version >>> 8 & 255}.${version & 255}`,
				connectionTableSize: results.outcome(index, "connectionTableSize")
			};
		}
	}),
	getTimeouts: () => ({
		operation: "getTimeouts",
		write: nothing,
		read: (results, index) => results.timeouts(index)
	}),
	setTimeouts: (changes) => ({
		operation: "setTimeouts",
		write: (request) => writeTimeouts(request, changes),
		read: nothing
	}),
	/** Of one service; without any, of all. A service that is undefined is none of these, but a mistake. */
	zero: (...services) => ({
		operation: "zero",
		write: (request) => {
			for (const service of services) writeService(request, service);
		},
		read: nothing
	}),
	listSyncDaemons: () => ({
		operation: "listSyncDaemons",
		write: nothing,
		read: (results, index) => results.daemons(index)
	}),
	startSyncDaemon: (config) => ({
		operation: "startSyncDaemon",
		write: (request) => writeDaemon(request, config),
		read: nothing
	}),
	stopSyncDaemon: (role, options) => new Deletion("stopSyncDaemon", ["ESRCH"], (request) => writeRole(request, "role", role), () => isForgiving(options, "ifRunning")),
	/**
	* Whether the kernel has a scheduler, or can load it. The service that this asks for can never come to be: the kernel looks for its
	* scheduler first, and then refuses the prefix length of 0.
	*/
	probeScheduler: (name) => ({
		operation: "addService",
		write: (request) => writeSchedulerProbe(request, name),
		read: () => true,
		answers: {
			EINVAL: true,
			ENOENT: false
		}
	})
};
// lib/records.ts
/**
* The packed records that cross to the addon, read and written by the layout that the addon publishes.
* @module
*/
const LITTLE = endianness() === "LE";
const TWO_TO_32 = 2 ** 32;
/** The capacity of a fresh buffer, in requests. */
const FIRST_CAPACITY = 16;
/** Bytes with the views to read and write them. */
var Records = class Records {
	bytes;
	#view;
	constructor(buffer) {
		this.bytes = new Uint8Array(buffer);
		this.#view = new DataView(buffer);
	}
	/** A larger copy. */
	enlarged(bytes) {
		const larger = new Records(new ArrayBuffer(bytes));
		larger.bytes.set(this.bytes);
		return larger;
	}
	/** The unsigned number in `field` of the record at `base`: exact to 2^53. */
	number(base, field) {
		const at = base + field.offset;
		switch (field.size) {
			case 2: return this.#view.getUint16(at, LITTLE);
			case 4: return this.#view.getUint32(at, LITTLE);
			default: {
				const high = this.#view.getUint32(at + (LITTLE ? 4 : 0), LITTLE);
				const low = this.#view.getUint32(at + (LITTLE ? 0 : 4), LITTLE);
				return high === 0 ? low : high * TWO_TO_32 + low;
			}
		}
	}
	/** The unsigned 64-bit number in `field`, exact. */
	bigint(base, field) {
		return this.#view.getBigUint64(base + field.offset, LITTLE);
	}
	setNumber(base, field, value) {
		const at = base + field.offset;
		if (field.size === 2) this.#view.setUint16(at, value, LITTLE);
		else this.#view.setUint32(at, value, LITTLE);
	}
	/** The NUL-terminated name in `field`, which is ASCII. */
	name(base, field) {
		const start = base + field.offset;
		let text = "";
		for (let at = start; at < start + field.size; at++) {
			const code = this.bytes[at] ?? 0;
			if (code === 0) break;
			text += String.fromCharCode(code);
		}
		return text;
	}
	/** Writes an ASCII name that is shorter than the field, and zeros behind it. */
	setName(base, field, text) {
		const start = base + field.offset;
		for (let i = 0; i < field.size; i++) this.bytes[start + i] = i < text.length ? text.charCodeAt(i) : 0;
	}
};
/** Requests on their way to the addon: begun, filled in by the modules of their objects, and committed. */
var Requests = class {
	layout;
	#size;
	#operation;
	#operations;
	#records;
	#capacity;
	#count = 0;
	constructor(layout, record, operations, capacity = FIRST_CAPACITY) {
		this.layout = layout;
		this.#size = record.size;
		this.#operation = record.fields.operation;
		this.#operations = operations;
		this.#capacity = capacity;
		this.#records = new Records(new ArrayBuffer(capacity * record.size));
	}
	get records() {
		return this.#records;
	}
	/** Committed requests. */
	get count() {
		return this.#count;
	}
	/** Where the request at `index` begins: by default, the one that is being written. */
	base(index = this.#count) {
		return index * this.#size;
	}
	/** Starts a request, all zeros but its operation. One that is never committed is overwritten by the next. */
	begin(operation) {
		if (this.#count === this.#capacity) this.#grow();
		const base = this.base();
		this.#records.bytes.fill(0, base, base + this.#size);
		this.#records.setNumber(base, this.#operation, this.#operations[operation]);
	}
	commit() {
		this.#count++;
	}
	/** The committed requests, or some of them. */
	bytes(part = {
		first: 0,
		count: this.#count
	}) {
		return this.#records.bytes.subarray(this.base(part.first), this.base(part.first + part.count));
	}
	/** Forgets all requests, but not the memory for them. */
	clear() {
		this.#count = 0;
	}
	#grow() {
		this.#capacity *= 2;
		this.#records = this.#records.enlarged(this.#capacity * this.#size);
	}
};
/** Requests to IPVS. */
var RequestBuffer = class extends Requests {
	constructor(layout, capacity) {
		super(layout, layout.request, layout.operations, capacity);
	}
	/** Where the service of the request at `index` begins: by default, of the one that is being written. */
	service(index = this.count) {
		return this.base(index) + this.layout.request.fields.service.offset;
	}
	destination(index = this.count) {
		return this.base(index) + this.layout.request.fields.destination.offset;
	}
};
// lib/native.ts
/**
* The addon: what it exports, and how it is found.
* @module
*/
let loaded;
/**
* Loads the addon: a build of this checkout, or the prebuild for this platform.
* @throws IpvsError ERR_IPVS_NO_ADDON where there is neither; its message says how to build one
*/
function loadNative() {
	if (loaded === void 0) {
		const require = createRequire(import.meta.url);
		const root = fileURLToPath(new URL("..", import.meta.url));
		const load = require("node-gyp-build");
		try {
			loaded = load(root);
		} catch (error) {
			throw new IpvsError(`the native addon of ipvs cannot be loaded for ${process.platform}-${process.arch}: where the package brings no prebuild and install scripts are blocked, build it by hand with "npm rebuild ipvs --ignore-scripts=false" (needs python3, make and a C++20 compiler)`, {
				code: "ERR_IPVS_NO_ADDON",
				operation: "open",
				cause: error
			});
		}
	}
	return loaded;
}
// lib/connections.ts
const FILTER_KEYS = [
	"service",
	"destination",
	"client",
	"protocol",
	"state"
];
[...FILTER_KEYS];
[...FILTER_KEYS];
new Names({
	tcp: 6,
	udp: 17,
	sctp: 132,
	ip: 0,
	icmp: 1,
	icmpv6: 58
});
const NO_SERVICE_FOR_DESTINATION = "there is no such service: add it first";
const SERVICE_VALUES = "the kernel does not accept the settings of the service";
const DESTINATION_VALUES = "the kernel does not accept the destination: its address must be unicast and not link-local; in a network namespace whose IPv4 was never used, bring the loopback link up first (ip link set lo up); and a destination of another address family excludes sync daemons";
const RANGE = "the weight is negative or the lower threshold above the upper";
function missingModule({ scheduler, engine }) {
	const kinds = [scheduler === "" ? "" : `scheduler '${scheduler}' (module ip_vs_${scheduler})`, engine === "" ? "" : `persistence engine '${engine}' (module ip_vs_pe_${engine})`].filter((kind) => kind !== "");
	if (scheduler !== "" && engine === "") return `scheduler '${scheduler}' is not available: the kernel has no module ip_vs_${scheduler}`;
	return `${kinds.length === 0 ? "its scheduler or persistence engine" : kinds.join(" or ")} is not available in the kernel`;
}
const SET_SERVICE = {
	EINVAL: SERVICE_VALUES,
	ENOENT: missingModule
};
const SET_DESTINATION = {
	EINVAL: DESTINATION_VALUES,
	ERANGE: RANGE,
	ESRCH: NO_SERVICE_FOR_DESTINATION
};
({ ...SET_SERVICE }), { ...SET_SERVICE }, { ...SET_SERVICE }, { ...SET_DESTINATION }, { ...SET_DESTINATION }, { ...SET_DESTINATION };
// lib/operations.ts
/**
* The operations of IPVS, as methods: once for every way to call them.
* @module
*/
/**
* The operations that are one request to the kernel each. With {@link Ipvs} they return promises, with {@link SyncIpvs} their values, and
* with {@link Batch} their places among its results.
*
* Every operation throws, or rejects with, a TypeError or RangeError (`code` ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE or
* ERR_OUT_OF_RANGE) on bad input, before anything is sent, and an {@link IpvsError} when the kernel refuses it: besides those that
* are listed with the operations EPERM, ENOMEM, ERR_IPVS_UNAVAILABLE, ERR_IPVS_OUTCOME_UNKNOWN and ERR_IPVS_CLOSED.
*/
var Operations = class {
	#carry;
	/**
	* Not for callers.
	* @internal
	*/
	constructor(carry) {
		this.#carry = carry;
	}
	/**
	* Adds a service, which must not exist. IPVS_CMD_NEW_SERVICE, `ipvsadm -A`.
	* @throws IpvsError EEXIST: there is one; ENOENT: the kernel has no such scheduler or persistence engine
	*/
	addService(config) {
		return this.#carry(calls.addService(config));
	}
	/**
	* Changes settings of a service, which must exist. What `changes` leaves out stays (unlike `ipvsadm -E`); scheduler flags are
	* cleared with a change of scheduler. IPVS_CMD_GET_SERVICE and IPVS_CMD_SET_SERVICE: a change that another program makes between
	* the two is lost.
	* @throws IpvsError ESRCH: there is none; ENOENT: the kernel has no such scheduler or persistence engine
	*/
	updateService(service, changes) {
		return this.#carry(calls.updateService(service, changes));
	}
	/**
	* Makes a service be as `config` says, whether it exists or not. What `config` leaves out becomes the default. Its destinations stay.
	* IPVS_CMD_SET_SERVICE, and IPVS_CMD_NEW_SERVICE if there is none.
	* @throws IpvsError ENOENT: the kernel has no such scheduler or persistence engine
	*/
	ensureService(config) {
		return this.#carry(calls.ensureService(config));
	}
	/**
	* Deletes a service and its destinations. Connections stay until they expire. IPVS_CMD_DEL_SERVICE, `ipvsadm -D`.
	* @returns true; false if there was none and `ifExists` is set
	* @throws IpvsError ESRCH: there is none
	*/
	deleteService(service, options) {
		return this.#carry(calls.deleteService(service, options));
	}
	getService(service, options) {
		return this.#carry(calls.getService(service, options));
	}
	listServices(options) {
		return this.#carry(calls.listServices(options));
	}
	/**
	* Adds a destination to a service; the service must have none of that address and port. IPVS_CMD_NEW_DEST, `ipvsadm -a`.
	* One that was deleted within the last two minutes comes back with its old counters.
	* @throws IpvsError EEXIST: there is one; ESRCH: there is no such service; EINVAL: the address is not a real server's
	*/
	addDestination(service, config) {
		return this.#carry(calls.addDestination(service, config));
	}
	/**
	* Changes settings of a destination, which must exist. What `changes` leaves out stays (unlike `ipvsadm -e`); the tunnel's are
	* cleared with a change to another forwarding. IPVS_CMD_GET_DEST and IPVS_CMD_SET_DEST: a change that another program makes
	* between the two is lost.
	* @throws IpvsError ENOENT: there is none; ESRCH: there is no such service
	*/
	updateDestination(service, destination, changes) {
		return this.#carry(calls.updateDestination(service, destination, changes));
	}
	/**
	* Makes a destination be as `config` says, whether it exists or not. What `config` leaves out becomes the default.
	* IPVS_CMD_SET_DEST, and IPVS_CMD_NEW_DEST if there is none.
	* @throws IpvsError ESRCH: there is no such service; EINVAL: the address is not a real server's
	*/
	ensureDestination(service, config) {
		return this.#carry(calls.ensureDestination(service, config));
	}
	/**
	* Deletes a destination. Its connections stay until they expire, but get no packets through; to let them end first, give it
	* weight 0. IPVS_CMD_DEL_DEST, `ipvsadm -d`.
	* @returns true; false if it, or its service, was not there and `ifExists` is set
	* @throws IpvsError ENOENT: there is none; ESRCH: there is no such service
	*/
	deleteDestination(service, destination, options) {
		return this.#carry(calls.deleteDestination(service, destination, options));
	}
	getDestination(service, destination, options) {
		return this.#carry(calls.getDestination(service, destination, options));
	}
	listDestinations(service, options) {
		return this.#carry(calls.listDestinations(service, options));
	}
	/** Deletes all services and destinations of the namespace. IPVS_CMD_FLUSH, `ipvsadm -C`. */
	flush() {
		return this.#carry(calls.flush());
	}
	/** The timeouts of connections, in seconds. IPVS_CMD_GET_CONFIG, `ipvsadm -L --timeout`. */
	getTimeouts() {
		return this.#carry(calls.getTimeouts());
	}
	/**
	* Changes timeouts of connections: all that are named or, if the kernel refuses one, none. Those left out stay.
	* IPVS_CMD_SET_CONFIG, `ipvsadm --set`.
	* @throws IpvsError EINVAL: more than the kernel can count
	*/
	setTimeouts(changes) {
		return this.#carry(calls.setTimeouts(changes));
	}
	/**
	* Sets the counters and rates of a service and its destinations to zero; without a service, all and the totals. Connection counts
	* stay. IPVS_CMD_ZERO, `ipvsadm -Z`.
	* @throws IpvsError ESRCH: there is no such service
	*/
	zero(...service) {
		return this.#carry(calls.zero(...service));
	}
	/** The sync daemons that run, at most one of each role. IPVS_CMD_GET_DAEMON, `ipvsadm -L --daemon`. */
	listSyncDaemons() {
		return this.#carry(calls.listSyncDaemons());
	}
	/**
	* Starts a sync daemon. IPVS_CMD_NEW_DAEMON, `ipvsadm --start-daemon`.
	* @throws IpvsError EEXIST: one of that role runs; ENODEV: there is no such link; ENETUNREACH: it has no route to the group;
	*   EINVAL: there are destinations of another address family than their service
	*/
	startSyncDaemon(config) {
		return this.#carry(calls.startSyncDaemon(config));
	}
	/**
	* Stops the sync daemon of a role. IPVS_CMD_DEL_DAEMON, `ipvsadm --stop-daemon`.
	* @returns true; false if none was running and `ifRunning` is set
	* @throws IpvsError ESRCH: none is running
	*/
	stopSyncDaemon(role, options) {
		return this.#carry(calls.stopSyncDaemon(role, options));
	}
};
// lib/queue/packed.ts
/**
* Calls, and the requests that they are written to.
* @module
*/
/** Requests of one buffer. It bounds how long the thread pool is busy with them, some milliseconds. */
const MAX_REQUESTS = 1024;
/** Whether a verdict is an answer of its call; with that. */
function answerOf(call, verdict) {
	const code = errnoName(verdict.errno);
	if (verdict.status !== "refused" || call.answers === void 0 || !(code in call.answers)) return;
	return { value: call.answers[code] };
}
/** Requests with the calls that they are of. */
var Packed = class {
	requests;
	calls = [];
	#writing = false;
	constructor(requests) {
		this.requests = requests;
	}
	get isFull() {
		return this.requests.count >= MAX_REQUESTS;
	}
	/** Whether a call is being written: a getter among its arguments may start another. */
	get isWriting() {
		return this.#writing;
	}
	/** Writes a call behind the others. Throws on bad input, and then nothing of it is left. */
	pack(call) {
		this.#writing = true;
		try {
			this.requests.begin(call.operation);
			call.write(this.requests);
			this.requests.commit();
			this.calls.push(call);
		} finally {
			this.#writing = false;
		}
	}
	/**
	* The value of the answer at `index`, which is `first` less than its place among the calls. Throws what went wrong.
	*/
	read(protocol, answers, index, first) {
		const call = this.calls[first + index];
		if (answers.succeeded(index)) return call.read(answers, index);
		const verdict = answers.verdict(index);
		const answer = answerOf(call, verdict);
		if (answer !== void 0) return answer.value;
		throw protocol.explain(call.operation, this.requests, first + index, verdict);
	}
};
// lib/batch.ts
/** Lets the functions of this module alone call the constructor. */
const KEY = Symbol("Batch");
/**
* Takes the operations of a batch: see {@link Ipvs.batch}. Each method checks its arguments at once, throws a TypeError or RangeError on bad
* input, and returns the operation's place among the results.
*/
var Batch = class extends Operations {
	/** Not for callers: {@link Ipvs.batch} makes it. */
	constructor(key, add) {
		if (key !== KEY) throw new TypeError("Illegal constructor: use ipvs.batch()");
		super(add);
	}
};
/** Collects what `build` adds. Throws what it throws. */
async function collect(protocol, build) {
	if (typeof build !== "function") throw wrongType("build", build, "a function");
	const stores = [];
	let last;
	let count = 0;
	let hasLeft = false;
	const add = (call) => {
		if (hasLeft || last?.isWriting === true) {
			const why = hasLeft ? "the batch has left already" : "another operation is being added";
			const { operation } = call;
			throw new IpvsError(`${operation}: ${why}`, {
				code: "ERR_IPVS_CLOSED",
				operation
			});
		}
		if (last === void 0 || last.isFull) {
			last = new Packed(protocol.requests(last === void 0 ? void 0 : MAX_REQUESTS));
			stores.push(last);
		}
		last.pack(call);
		return count++;
	};
	try {
		await build(new Batch(KEY, add));
	} finally {
		hasLeft = true;
	}
	return stores;
}
export { RequestBuffer, calls, collect, loadNative };
