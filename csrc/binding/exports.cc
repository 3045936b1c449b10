#include "binding/exports.h"

#include "binding/layout_tables.h"

namespace binding {

void Exports::finish() {
  hash_.add(ipvs_layout_hash());
  hash_.add(connections_layout_hash());
  hash_.add(links_layout_hash());
  object_.Set("interfaceHash", hash_.value());
}

}  // namespace binding
