#include "vl/core/progress.h"

#include <algorithm>
#include <cmath>

#include "vl/core/names.h"
#include "vl/core/result.h"

namespace vl {

using nlohmann::ordered_json;

namespace {

constexpr double kMinGapMs = 105, kMaxGapMs = 900, kSilentMs = 10000, kMostPercent = 99.9;

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

}  // namespace

ProgressMode progress_mode(const std::string& name, const Console& console) {
  if (name == "auto") return console.terminal() ? ProgressMode::kBar : ProgressMode::kJsonl;
  if (name == "bar") return console.terminal() ? ProgressMode::kBar : ProgressMode::kNone;
  if (name == "jsonl") return ProgressMode::kJsonl;
  if (name == "none") return ProgressMode::kNone;
  fail(Code::kBadValue, "unknown progress mode \"{}\"{}", name,
       did_you_mean(name, {"auto", "bar", "jsonl", "none"}));
}

Progress::Progress(EventStream& events, Console& console, ProgressMode mode, std::string job,
                   Clock clock)
    : events_(events),
      console_(console),
      mode_(mode),
      job_(std::move(job)),
      clock_(std::move(clock)),
      start_(clock_()) {}

Progress::~Progress() {
  if (mode_ == ProgressMode::kBar) console_.end_status();
}

void Progress::plan(const std::vector<PlannedStage>& stages) {
  const std::lock_guard lock(mutex_);
  planned_ = true;
  for (const PlannedStage& s : stages) stages_[s.stage].weight += std::max(0.0, s.predicted_ms);
}

void Progress::stage_event(const std::string& stage, const char* state, const std::string& device) {
  if (mode_ == ProgressMode::kJsonl)
    events_.emit("stage", job_,
                 {{"stage", stage}, {"state", state}, {"device", text_or_null(device)}});
}

void Progress::start(const std::string& stage, const std::string& device) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  Stage& s = stages_[stage];
  if (!planned_) s.weight = 1;
  s.running = true;
  s.device = device;
  s.active_since = s.reported = clock_();
  current_ = stage;
  unit_.clear();
  done_ = total_ = 0;
  stage_event(stage, "start", device);
  show();
}

void Progress::close(const std::string& stage, const char* state) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  Stage& s = stages_[stage];
  if (!planned_) s.weight = 1;
  s.running = false;
  s.fraction = 1;
  stage_event(stage, state, s.device);
  show();
}

void Progress::end(const std::string& stage) { close(stage, "end"); }
void Progress::skipped(const std::string& stage) { close(stage, "skipped"); }
void Progress::cached(const std::string& stage) { close(stage, "cached"); }

void Progress::update(const std::string& stage, int64_t done, int64_t total,
                      const std::string& unit) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  Stage& s = stages_[stage];
  s.active_since = s.reported = clock_();
  if (total > 0)
    s.fraction = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  current_ = stage;
  unit_ = unit;
  done_ = done;
  total_ = total;
  show();
}

double Progress::percent() const {
  const std::lock_guard lock(mutex_);
  return percent_;
}

void Progress::update_percent() {
  double all = 0, ready = 0;
  for (const auto& [name, s] : stages_) all += s.weight, ready += s.weight * s.fraction;
  const double now = all > 0 ? 100 * ready / all : 0;
  percent_ = std::max(percent_, std::min(now, kMostPercent));
}

std::optional<double> Progress::eta_ms(double now) const {
  if (percent_ < 1) return std::nullopt;
  return (now - start_) * (100 - percent_) / percent_;
}

void Progress::show() {
  pending_ = true;
  update_percent();
  const double now = clock_();
  if (now - shown_at_ < kMinGapMs || mode_ == ProgressMode::kNone) return;
  pending_ = false;
  shown_at_ = now;
  if (mode_ == ProgressMode::kBar) return show_bar(now);
  const auto eta = eta_ms(now);
  events_.emit("progress", job_,
               {{"stage", text_or_null(current_)},
                {"percent", std::floor(percent_ * 10) / 10},
                {"done", total_ > 0 || done_ > 0 ? ordered_json(done_) : ordered_json(nullptr)},
                {"total", total_ > 0 ? ordered_json(total_) : ordered_json(nullptr)},
                {"unit", text_or_null(unit_)},
                {"eta_ms", eta ? ordered_json(round_ms(*eta)) : ordered_json(nullptr)}});
}

void Progress::show_bar(double now) {
  std::string out = fmt::format("{:<6} {:>2}%", current_, static_cast<int>(percent_));
  if (total_ > 0) out += fmt::format(" {}/{} {}", done_, total_, unit_);
  if (const auto eta = eta_ms(now)) out += fmt::format("  {:.2f} s left", *eta / 1000);
  console_.status(out);
}

void Progress::line(const ordered_json& fit) {
  const std::lock_guard lock(mutex_);
  if (mode_ == ProgressMode::kJsonl && !finished_) events_.emit("line", job_, {{"fit", fit}});
}

void Progress::warning(const Warning& warning) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  if (mode_ == ProgressMode::kJsonl)
    events_.emit("warning", job_, warning_json(warning));
  else
    console_.line(warning_line(warning, console_.color()));
}

void Progress::tick() {
  const std::lock_guard lock(mutex_);
  const double now = clock_();
  if (finished_ || current_.empty() || mode_ == ProgressMode::kNone) return;
  for (auto& [name, s] : stages_) {
    if (!s.running || now - s.reported < kSilentMs) continue;
    s.reported = now;
    const double silent = now - s.active_since;
    if (mode_ == ProgressMode::kJsonl)
      events_.emit("stalled", job_, {{"stage", name}, {"silent_ms", round_ms(silent)}});
    else
      console_.line(fmt::format("stalled: {} has been silent for {:.0f} s", name, silent / 1000));
  }
  if (pending_ || now - shown_at_ >= kMaxGapMs) show();
}

void Progress::finish(const char* event, const char* key, const ordered_json& value) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  finished_ = true;
  if (mode_ == ProgressMode::kJsonl) events_.emit(event, job_, {{key, value}});
  if (mode_ != ProgressMode::kBar) return;
  const bool ok = std::string_view(event) == "done";
  console_.end_status(ok ? fmt::format("done  100%  {:.2f} s", (clock_() - start_) / 1000) : "");
}

void Progress::done(const ordered_json& result) { finish("done", "result", result); }
void Progress::error(const ordered_json& error) { finish("error", "error", error); }

ProgressTicker::ProgressTicker(Progress& progress)
    : thread_([this, &progress] {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, std::chrono::milliseconds(100), [this] { return stop_; }))
          progress.tick();
      }) {}

ProgressTicker::~ProgressTicker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

}  // namespace vl
