#include "vl/core/trace.h"

#include <algorithm>
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

double number_arg(const TraceSpan& span, const char* key) {
  const auto found = span.args.find(key);
  return found != span.args.end() && found->is_number() ? found->get<double>() : 0.0;
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

std::vector<StageSpan> Trace::waterfall() const {
  std::vector<StageSpan> out;
  for (const TraceSpan& span : spans()) {
    auto at = std::find_if(out.begin(), out.end(), [&](auto& s) { return s.stage == span.stage; });
    if (at == out.end())
      at = out.insert(out.end(), {.stage = span.stage, .start_ms = span.start_ms, .device = {}});
    const double wait = number_arg(span, "wait_ms");
    at->start_ms = std::min(at->start_ms, span.start_ms);
    at->end_ms = std::max(at->end_ms, span.end_ms);
    at->busy_ms += std::max(0.0, span.end_ms - span.start_ms - wait);
    at->wait_ms += wait;
    at->cold_ms += number_arg(span, "cold_ms");
    at->calls += 1;
    if (at->device.empty()) at->device = span.args.value("device", std::string());
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.start_ms < b.start_ms; });
  return out;
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
