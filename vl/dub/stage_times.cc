#include "vl/dub/stage_times.h"

#include <algorithm>

#include "vl/core/error.h"

namespace vl::dub {

void StageTimes::check() const {
  if (env_.cancelled && env_.cancelled()) fail(Code::kCancelled, "cancelled in {}", verb_);
}

void StageTimes::part(const std::string& name, std::optional<double>& slot,
                      const std::function<void()>& body) {
  check();
  const double start = ms();
  auto span = std::find_if(open_.begin(), open_.end(), [&](auto& s) { return s.stage == name; });
  if (span == open_.end()) {
    open_.push_back({.stage = name, .start_ms = start, .calls = 0, .device = record_.device});
    span = open_.end() - 1;
    if (env_.on_stage) env_.on_stage(name, true);
  }
  {
    const ScopedSpan scope(env_.trace, name);
    body();
  }
  span->end_ms = ms();
  span->busy_ms += span->end_ms - start;
  ++span->calls;
  slot = span->busy_ms;
}

void StageTimes::whole(const std::string& name, std::optional<double>& slot,
                       const std::function<void()>& body) {
  part(name, slot, body);
  record_.waterfall.push_back(open_.back());
  open_.pop_back();
  if (env_.on_stage) env_.on_stage(name, false);
}

void StageTimes::finish() {
  for (const StageSpan& span : open_) {
    record_.waterfall.push_back(span);
    if (env_.on_stage) env_.on_stage(span.stage, false);
  }
  open_.clear();
}

}  // namespace vl::dub
