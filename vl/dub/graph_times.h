#pragma once

#include "vl/dub/record.h"
#include "vl/pipeline/graph.h"

namespace vl::dub {

/// The times of a graph's stages in a record: one span for all stages of a name, and their busy
/// time.
void keep_graph_times(const std::vector<pipeline::StageTimes>& times, JobRecord& record);

}  // namespace vl::dub
