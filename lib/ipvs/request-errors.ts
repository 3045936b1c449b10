/**
 * The errors for failed requests to IPVS.
 * @module
 */
import { describeInput, type InputError, wrongValue } from '../core/input-errors.js';
import type { OperationName, StatusName } from '../native/addon.js';
import { generalMeaning } from '../native/errno-messages.js';
import { layout } from '../native/layout.js';
import { type FailedResult, failedRequestError } from '../native/request-error.js';
import type { IpvsRequestFacts } from './errno-causes.js';
import { IPVS_ERRNO_MESSAGES } from './errno-messages.js';
import { tunnelTypes } from './names.js';
import type { RequestBuffer } from './request-buffer.js';
import { flagsOf } from './schedulers.js';
import { formatSyncDaemonLink } from './sync-daemon.js';
import { targetOf } from './targets.js';

/** Returns the error for the request at `index` of a buffer, which failed with `result`. */
export function requestError(
  { name: operation, request }: { readonly name: string; readonly request: OperationName },
  requests: RequestBuffer,
  index: number,
  result: FailedResult<StatusName>,
): Error {
  const target = targetOf(request, requests, index);
  const updateError = UPDATE_ERRORS[result.status];
  if (updateError !== undefined) {
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
      return typeof meaning === 'string' ? meaning : meaning(factsIn(requests, index));
    },
  });
}

function factsIn(requests: RequestBuffer, index: number): IpvsRequestFacts {
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

/**
 * Input errors of updates that depend on the settings that the object has: the addon finds them,
 * since it reads these settings.
 */
const UPDATE_ERRORS: Readonly<
  Partial<Record<string, (requests: RequestBuffer, index: number) => InputError>>
> = {
  foreignFlags(requests, index) {
    const { records } = requests;
    const owner = records.name(requests.base(index), layout.request.fields.flagsOwner);
    const flags = records.u32(requests.service(index), layout.service.fields.flags);
    return wrongValue(
      'changes.schedulerFlags',
      flagsOf(flags, owner),
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
    const changes = records.number(requests.base(index), layout.request.fields.changes);
    if ((changes & layout.changes.upperThreshold) === 0) {
      return wrongValue(
        'changes.lowerThreshold',
        records.number(base, fields.lowerThreshold),
        "is above the destination's upper threshold, or none is set: set upperThreshold with it",
      );
    }
    const upper = records.number(base, fields.upperThreshold);
    const fix = upper === 0 ? 'clear that too, with lowerThreshold: 0' : 'change that with it';
    return wrongValue(
      'changes.upperThreshold',
      upper,
      `is below the destination's lower threshold: ${fix}`,
    );
  },
};
