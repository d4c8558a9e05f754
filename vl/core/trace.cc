#include "vl/core/trace.h"

#include <atomic>

namespace vl {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

int thread_number() {
  static std::atomic<int> next{1};
  thread_local const int mine = next++;
  return mine;
}

}  // namespace

ordered_json span_json(const StageSpan& s) {
  return {{"stage", s.stage},
          {"start_ms", round_ms(s.start_ms)},
          {"end_ms", round_ms(s.end_ms)},
          {"busy_ms", round_ms(s.busy_ms)},
          {"wait_ms", round_ms(s.wait_ms)},
          {"calls", s.calls},
          {"cold_ms", round_ms(s.cold_ms)},
          {"device", s.device.empty() ? ordered_json(nullptr) : ordered_json(s.device)}};
}

Trace::Trace(Clock clock) : clock_(std::move(clock)), start_(clock_()) {}

void Trace::add(TraceSpan span) {
  span.thread = thread_number();
  const std::lock_guard lock(mutex_);
  spans_.push_back(std::move(span));
}

std::vector<TraceSpan> Trace::spans() const {
  const std::lock_guard lock(mutex_);
  return spans_;
}

ordered_json Trace::to_json() const {
  ordered_json out = ordered_json::array();
  for (const TraceSpan& s : spans())
    out.push_back({{"stage", s.stage},
                   {"name", s.name},
                   {"start_ms", round_ms(s.start_ms)},
                   {"end_ms", round_ms(s.end_ms)},
                   {"thread", s.thread},
                   {"args", s.args}});
  return out;
}

ordered_json Trace::to_chrome() const {
  ordered_json events = ordered_json::array();
  for (const TraceSpan& s : spans())
    events.push_back({{"name", s.name.empty() ? s.stage : s.name},
                      {"cat", s.stage},
                      {"ph", "X"},
                      {"ts", round_ms(s.start_ms * 1000)},
                      {"dur", round_ms((s.end_ms - s.start_ms) * 1000)},
                      {"pid", 1},
                      {"tid", s.thread},
                      {"args", s.args}});
  return {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}};
}

ScopedSpan::ScopedSpan(Trace* trace, std::string stage, std::string name) : trace_(trace) {
  if (trace_ == nullptr) return;
  span_.stage = std::move(stage);
  span_.name = std::move(name);
  span_.start_ms = trace_->now();
}

ScopedSpan::~ScopedSpan() {
  if (trace_ == nullptr) return;
  span_.end_ms = trace_->now();
  trace_->add(std::move(span_));
}

void ScopedSpan::arg(const std::string& key, json value) {
  if (trace_ != nullptr) span_.args[key] = std::move(value);
}

}  // namespace vl
