// voxlip bench run --stage NAME: times single stages (spec bench.md)

#include <ATen/Parallel.h>

#include "apps/voxlip/verb.h"
#include "build_info.h"
#include "vl/bench/stage_bench.h"
#include "vl/core/console.h"

namespace vl::app {

namespace {

using Json = nlohmann::ordered_json;

/// "210.4 ms", or NA.
std::string figure(const BenchRow& row, const char* column, const char* unit) {
  return std::holds_alternative<double>(row.get(column))
             ? fmt::format("{:.4g}{}", row.number(column), unit)
             : "NA";
}

std::vector<std::string> summary_lines(const bench::StageResult& result) {
  const BenchRow& row = result.row;
  std::vector<std::string> out = {fmt::format(
      "{} {:g} s {}: n {}, p50 {}, es_p90 {}, mean {}, RTF {}, peak {}  {}",
      std::get<std::string>(row.get("label")), row.number("clip_s"),
      std::get<std::string>(row.get("engine")), row.number("n"), figure(row, "p50_ms", " ms"),
      figure(row, "es_p90_ms", " ms"), figure(row, "mean_ms", " ms"), figure(row, "rtf", ""),
      figure(row, "host_hwm_mib", " MiB"), result.invalid.empty() ? "valid" : "INVALID")};
  for (const auto* remarks : {&result.invalid, &result.warnings})
    for (const bench::Remark& r : *remarks)
      out.push_back(fmt::format("  {}: {}", r.code, r.sentence));
  for (const std::string& line : result.remarks) out.push_back("  " + line);
  return out;
}

class BenchRun : public Verb {
 public:
  std::string name() const override { return "bench run"; }
  std::string summary() const override {
    return "Times single stages at several clip lengths and writes the rows as CSV.";
  }

  std::vector<OptionGroup> groups() override {
    OptionGroup g{"Bench", {}, false};
    bench::describe(options_, g.fields);
    return {g};
  }

  Json run(VerbContext& c) override {
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    if (options_.engines.empty()) options_.engines = {c.global.engine};
    bench::BenchSetting setting{.places = model_places(c.global),
                                .build = {VL_VERSION, VL_GIT, VL_TORCH_VERSION},
                                .seed = static_cast<uint64_t>(c.global.seed),
                                .overwrite = c.global.overwrite,
                                .half = c.global.precision == "bf16"};
    setting.check_cancelled = [cancel = c.cancel] { cancel.check(); };
    setting.on_row = [&c](const bench::StageResult& result) {
      if (c.global.quiet) return;
      for (const std::string& line : summary_lines(result)) c.console.line(line);
    };
    const bench::BenchOutcome outcome = bench::bench_stages(options_, setting);
    Json rows = Json::array();
    for (const BenchRow& row : outcome.rows) rows.push_back(row.to_json());
    return {{"rows", rows},
            {"env_hash", outcome.env_hash},
            {"gates", Json::array()},
            {"files", outcome.files}};
  }

 private:
  bench::BenchOptions options_;
};

}  // namespace

std::unique_ptr<Verb> make_bench_run() { return std::make_unique<BenchRun>(); }

}  // namespace vl::app
