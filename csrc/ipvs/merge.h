// Merging partial updates. The kernel has none: SET_SERVICE and SET_DEST replace every setting. So
// an update reads the object, merges its changes, and writes the whole object back. Pure functions.
#pragma once

#include <cstdint>

#include "ipvs/request.h"

namespace ipvs {

/// Returns `current` with the settings of `changes` that `named` names (Changes). Settings that
/// depend on another one follow it: a change of scheduler clears the scheduler flags; the end of
/// persistence clears its settings; persistence that begins takes all of them from `changes`, which
/// has the defaults of those that the caller left out.
Service merge(const Service& current, const Service& changes, uint32_t named);
/// The same for a destination: a change to another forwarding method clears the tunnel settings.
Destination merge(const Destination& current, const Destination& changes, uint32_t named);

/// Checks a merged service. Returns Status::kDone, or kForeignFlags if its scheduler is not
/// `flags_owner`, the scheduler that the named flags belong to (empty for none).
Status check_merged(const Service& result, const Name<16>& flags_owner);
/// Checks a merged destination. Returns Status::kDone, kTunnelless or kThresholds.
Status check_merged(const Destination& result, uint32_t named);

}  // namespace ipvs
