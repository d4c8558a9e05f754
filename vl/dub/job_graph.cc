#include "vl/dub/job_graph.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <map>

#include "vl/kernels/cpu_mode.h"

namespace vl::dub {

void prepare_graph(pipeline::Graph& graph, const JobEnvironment& env) {
  graph.on_thread_start([] { kernels::prepare_compute_thread(); });
  if (env.on_stage) graph.on_stage(env.on_stage);
}

void add_stage(pipeline::Graph& graph, const JobEnvironment& env, const std::string& name,
               std::vector<pipeline::Input*> inputs, pipeline::Graph::Body body) {
  graph.stage(name, std::move(inputs),
              [trace = env.trace, name, body = std::move(body)](pipeline::RunState& run) {
                const c10::InferenceMode inference;
                const ScopedSpan span(trace, name);
                body(run);
              });
}

void keep_graph_times(const std::vector<pipeline::StageTimes>& times, JobRecord& record) {
  for (const pipeline::StageTimes& t : times) {
    const auto known = std::find_if(record.waterfall.begin(), record.waterfall.end(),
                                    [&](auto& s) { return s.stage == t.stage; });
    if (known == record.waterfall.end()) {
      record.waterfall.push_back({.stage = t.stage,
                                  .start_ms = t.start_ms,
                                  .end_ms = t.end_ms,
                                  .busy_ms = t.busy_ms(),
                                  .wait_ms = t.wait_ms,
                                  .device = record.device});
    } else {
      known->start_ms = std::min(known->start_ms, t.start_ms);
      known->end_ms = std::max(known->end_ms, t.end_ms);
      known->busy_ms += t.busy_ms();
      known->wait_ms += t.wait_ms;
      ++known->calls;
    }
  }
  Timing& timing = record.timing;
  const std::map<std::string, std::optional<double>*> slots = {{"decode", &timing.decode},
                                                               {"rvc", &timing.rvc},
                                                               {"prompt", &timing.prompt},
                                                               {"vallex", &timing.vallex},
                                                               {"fastpitch", &timing.fastpitch},
                                                               {"fit", &timing.fit},
                                                               {"face", &timing.face},
                                                               {"lips", &timing.lips},
                                                               {"mix", &timing.mix},
                                                               {"encode", &timing.encode}};
  for (const StageSpan& s : record.waterfall)
    if (const auto it = slots.find(s.stage); it != slots.end()) *it->second = s.busy_ms;
}

}  // namespace vl::dub
