// Partial updates. The kernel has none: SET_SERVICE and SET_DEST replace every setting. So an
// update reads the object, lays the changes over it, and writes it back whole. Pure.
#pragma once

#include <cstdint>

#include "ipvs/request.h"

namespace ipvs {

/// `current` with the named settings of `changes` in place of its own. Settings that belong to
/// another one follow it: scheduler flags are cleared with a change of scheduler, the rest of
/// persistence with its end; persistence that begins takes every value from `changes`, which
/// carries the defaults where the caller said nothing.
Service apply_changes(const Service& current, const Service& changes, uint32_t named);
/// Likewise; tunnel settings are cleared with a change to another forwarding method.
Destination apply_changes(const Destination& current, const Destination& changes, uint32_t named);

/// What is wrong with the result, or Status::kDone. `flags_owner` is the scheduler that the named
/// flags belong to, or empty.
Status check_changes(const Service& result, const Name<16>& flags_owner);
Status check_changes(const Destination& result, uint32_t named);

}  // namespace ipvs
