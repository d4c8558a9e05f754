#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vl/dub/job.h"
#include "vl/dub/record.h"
#include "vl/pipeline/graph.h"

namespace vl::dub {

/// Stage threads compute with denormals flushed, and their starts and ends are told.
void prepare_graph(pipeline::Graph& graph, const JobEnvironment& env);

/// A stage that computes: in inference mode, with a span in the trace.
void add_stage(pipeline::Graph& graph, const JobEnvironment& env, const std::string& name,
               std::vector<pipeline::Input*> inputs, pipeline::Graph::Body body);

/// The times of a graph's stages in a record: one span for all stages of a name, and their busy
/// time.
void keep_graph_times(const std::vector<pipeline::StageTimes>& times, JobRecord& record);

}  // namespace vl::dub
