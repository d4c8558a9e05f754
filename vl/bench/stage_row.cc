#include "vl/bench/stage_row.h"

#include <algorithm>

#include "vl/core/canonical.h"

namespace vl::bench {

namespace {

constexpr const char* kNoAxis = "-";

void set(BenchRow& row, const std::string& column, std::optional<double> value) {
  if (value) row.set(column, *value);
}

void set_work(BenchRow& row, const StageConfig& c) {
  const std::pair<const char*, std::string> words[] = {
      {"kind", "stage"},          {"scenario", "single"},     {"profile", c.profile.name},
      {"label", c.stage},         {"chain", kNoAxis},         {"preset", kNoAxis},
      {"gpu_policy", kNoAxis},    {"precision", c.precision}, {"engine", c.engine},
      {"graph", "off"},           {"overlap", kNoAxis},       {"chunk_s", kNoAxis},
      {"checkpointing", kNoAxis}, {"stage_cache", "off"},     {"weights", c.weights}};
  for (const auto& [column, word] : words) row.set(column, word);
  row.set("batch", c.batch);
  row.set("streams", int64_t{1});
  row.set("gpus", int64_t{0});
  row.set("clip_s", c.clip_s);
}

void set_latency(BenchRow& row, const std::vector<double>& latencies, uint64_t seed) {
  std::vector<double> sorted = latencies;
  std::sort(sorted.begin(), sorted.end());
  const Moments m = moments(latencies);
  row.set("mean_ms", m.mean);
  row.set("sd_ms", m.sd);
  row.set("cv", m.cv());
  row.set("min_ms", sorted.front());
  row.set("max_ms", sorted.back());
  const struct {
    Permille p;
    const char* column;
  } percentiles[] = {{500, "p50_ms"},
                     {900, "p90_ms"},
                     {950, "p95_ms"},
                     {990, "p99_ms"},
                     {999, "p999_ms"}},
    estimates[] = {{500, "es_p50_ms"}, {900, "es_p90_ms"}, {990, "es_p99_ms"}};
  for (const auto& [p, column] : percentiles) set(row, column, printable_percentile(sorted, p));
  for (const auto& [p, column] : estimates) set(row, column, early_stopping_estimate(sorted, p));
  const Confidence c = bootstrap(latencies, seed);
  row.set("ci_mean_lo_ms", c.mean.lo);
  row.set("ci_mean_hi_ms", c.mean.hi);
  row.set("ci_p50_lo_ms", c.p50.lo);
  row.set("ci_p50_hi_ms", c.p50.hi);
}

void set_speed(BenchRow& row, const StageConfig& c, const std::string& column) {
  const double clips = static_cast<double>(c.batch), mean_ms = row.number("mean_ms") / clips;
  row.set("clips_per_s", 1000 / mean_ms);
  row.set("in_flight", row.number("clips_per_s") * row.number("mean_ms") / 1000);
  row.set("rtf", mean_ms / 1000 / c.clip_s);
  row.set("x_realtime", c.clip_s * 1000 / mean_ms);
  if (column.empty()) return;
  const bool micro = column.size() > 3 && column.compare(column.size() - 3, 3, "_us") == 0;
  row.set(column, row.number("p50_ms") / clips * (micro ? 1000 : 1));
}

void set_host(BenchRow& row, const HostUse& h) {
  row.set("device", cpu_name());
  row.set("util_source", std::string("none"));
  row.set("host_hwm_mib", h.hwm_mib);
  row.set("cpu_pct", h.cpu_pct());
  row.set("minflt", h.minflt);
  row.set("majflt", h.majflt);
  row.set("nvcsw", h.nvcsw);
  row.set("nivcsw", h.nivcsw);
  if (h.stalled_s && h.wall_s > 0) row.set("psi_cpu_pct", 100 * *h.stalled_s / h.wall_s);
}

}  // namespace

nlohmann::json to_json(const StageConfig& c) {
  return {{"kind", "stage"},
          {"scenario", "single"},
          {"stage", c.stage},
          {"profile", c.profile.name},
          {"min_count", c.profile.count},
          {"min_duration_s", c.profile.duration_s},
          {"device", "cpu"},
          {"precision", c.precision},
          {"engine", c.engine},
          {"graph", "off"},
          {"chain", kNoAxis},
          {"preset", kNoAxis},
          {"gpu_policy", kNoAxis},
          {"overlap", kNoAxis},
          {"chunk_s", kNoAxis},
          {"checkpointing", kNoAxis},
          {"batch", c.batch},
          {"streams", 1},
          {"threads", c.threads},
          {"clip_s", c.clip_s},
          {"samples", c.samples},
          {"seed", c.seed},
          {"stage_cache", "off"},
          {"weights", c.weights},
          {"models", c.models},
          {"inputs", c.inputs_sha256},
          {"work", c.work}};
}

StageResult stage_row(const StageConfig& config, const RowFacts& facts, const EngineRun& run) {
  const std::string hash = canonical_hash(to_json(config));
  const RunFacts known{.latencies_ms = run.latencies_ms(),
                       .errors = run.errors,
                       .first_error = run.first_error(),
                       .duration_s = run.duration_s,
                       .warm = run.warm,
                       .dirty = !facts.build.empty() && facts.build.back() == '+'};
  StageResult out{
      .row = {}, .invalid = invalid_reasons(known, config.profile), .warnings = warnings(known)};
  BenchRow& row = out.row;
  row.set("run_id", facts.run_id);
  row.set("utc", facts.utc);
  row.set("config_hash", hash);
  row.set("env_hash", facts.env_hash);
  row.set("build", facts.build);
  set_work(row, config);
  row.set("n", static_cast<int64_t>(run.queries.size()));
  row.set("n_err", run.errors);
  row.set("warmup_n", run.warmup_n);
  row.set("duration_s", run.duration_s);
  row.set("valid", int64_t{out.invalid.empty() ? 1 : 0});
  row.set("invalid_reason", codes(out.invalid));
  row.set("warnings", codes(out.warnings));
  if (!known.latencies_ms.empty()) {
    set_latency(row, known.latencies_ms, std::stoull(hash, nullptr, 16));
    set_speed(row, config, facts.column);
  }
  set_host(row, run.host);
  return out;
}

}  // namespace vl::bench
