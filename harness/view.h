// A run as one HTML page that works offline: a lane a machine, what flies between them, crashes and faults
// as bands, leaders' terms, the life of each message, what was violated. Drawn on a canvas; what would be
// too dense is drawn as density.
#pragma once

#include <string>

#include "harness/run_record.h"

namespace quern::harness {

std::string view_page(const RunRecord& record);

// The page's parts, for view.cc.
extern const char* const view_head;    // up to the data
extern const char* const view_script;  // what draws it

}  // namespace quern::harness
