#include "vl/bench/stage_bench.h"

#include <filesystem>
#include <map>
#include <memory>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "vl/bench/cases.h"
#include "vl/core/allocator.h"
#include "vl/core/canonical.h"
#include "vl/core/date.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/log.h"
#include "vl/dub/fullsize_pack.h"
#include "vl/dub/record.h"
#include "vl/kernels/cpu_mode.h"

namespace vl::bench {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr int64_t kSamples = 8;
const std::string kReference = "ref", kInt8 = "w8a16";
constexpr double kLongClip = 30;  // from here warm-up is limited by queries instead of time
constexpr int64_t kLongWarmUp = 20;

/// What everything of an invocation is collected in.
struct Collected {
  BenchOutcome outcome;
  std::string queries;
  json configs = json::object();
};

/// The models of one engine and the case made from them; several are interleaved in one run, and
/// then the peak memory of their rows is that of all.
struct LoadedEngine {
  std::unique_ptr<dub::ModelSet> models;
  PreparedCase prepared;
};

std::string weights_word(const dub::ModelSet& models, bool chosen) {
  if (!models.untrained().empty()) return "random";
  return chosen ? "public" : "pack";
}

nn::Precision precision_of(const std::string& engine, bool half) {
  if (engine == kInt8) return nn::Precision::kInt8;
  return half && engine != kReference ? nn::Precision::kBfloat16 : nn::Precision::kFloat32;
}

/// How far the logits of an engine are from those of one that computes in float32.
std::string quality(const at::Tensor& got, const at::Tensor& want, const std::string& engine) {
  const at::Tensor p = want.to(at::kDouble).log_softmax(-1),
                   q = got.to(at::kDouble).log_softmax(-1);
  const double kl = (p.exp() * (p - q)).sum(-1).mean().item<double>();
  const double same = want.argmax(-1).eq(got.argmax(-1)).to(at::kDouble).mean().item<double>();
  return fmt::format(
      "against {} over {} forced steps: top-1 agreement {:.1f} %, mean KL {:.2e} nats, largest "
      "difference of a logit {:.2e}",
      engine, want.size(0), 100 * same, kl, (got - want).abs().max().item<double>());
}

std::string query_lines(const std::string& run_id, const EngineRun& run) {
  std::string out;
  for (size_t i = 0; i < run.queries.size(); ++i) {
    const QueryRecord& q = run.queries[i];
    const nlohmann::ordered_json line = {
        {"run_id", run_id},           {"query", i},
        {"sample", q.sample},         {"start_ms", q.start_ms},
        {"latency_ms", q.latency_ms}, {"error", q.error.empty() ? json(nullptr) : json(q.error)}};
    out += line.dump() + "\n";
  }
  return out;
}

std::vector<std::string> remarks(const std::map<std::string, LoadedEngine>& loaded,
                                 const std::string& engine, bool half, double p50_ms) {
  const c10::InferenceMode inference;
  const PreparedCase& own = loaded.at(engine).prepared;
  std::vector<std::string> out;
  if (own.remarks && p50_ms > 0) out = own.remarks(p50_ms);
  if (!own.logits || precision_of(engine, half) == nn::Precision::kFloat32) return out;
  for (const auto& [name, other] : loaded)
    if (precision_of(name, half) == nn::Precision::kFloat32) {
      out.push_back(quality(own.logits(), other.prepared.logits(), name));
      break;
    }
  return out;
}

/// One stage at one size.
struct Work {
  const StageCase& stage;
  double clip_s;
  int64_t batch;
};

void run_case(const Work& work, const BenchOptions& options, const BenchSetting& setting,
              const std::string& job, const std::string& env_hash, Collected& all) {
  const auto& [stage, clip_s, batch] = work;
  release_freed_memory();
  log::info("{} {} s: loading", stage.name, clip_s);
  std::map<std::string, LoadedEngine> loaded;
  for (const std::string& engine : options.engines) {
    dub::ModelPlaces places = setting.places;
    places.reference = engine == kReference;
    places.precision = precision_of(engine, setting.half);
    LoadedEngine& e = loaded[engine];
    e.models = std::make_unique<dub::ModelSet>(places);
    e.prepared = stage.prepare({*e.models, clip_s, kSamples, batch});
  }
  const dub::ModelSet& models = *loaded.begin()->second.models;
  const PreparedCase& prepared = loaded.begin()->second.prepared;
  const LoadedEngine* current = nullptr;
  const RunPlan plan{.profile = find_profile(options.profile),
                     .engines = options.engines,
                     .samples = prepared.samples,
                     .seed = setting.seed,
                     .warmup_limit_s = clip_s >= kLongClip ? 0.0 : 60.0,
                     .warmup_limit_n = clip_s >= kLongClip ? kLongWarmUp : 0};
  const RunHooks hooks{.query =
                           [&current](int64_t sample) {
                             const c10::InferenceMode inference;
                             current->prepared.query(sample);
                           },
                       .set_engine = [&](const std::string& name) { current = &loaded.at(name); },
                       .check_cancelled = setting.check_cancelled};
  log::info("{} {} s: running {}", stage.name, clip_s, fmt::join(plan.engines, " "));
  const std::string utc = utc_now();
  StageConfig config{.stage = stage.name,
                     .engine = {},
                     .weights = {},
                     .profile = plan.profile,
                     .clip_s = clip_s,
                     .samples = prepared.samples,
                     .threads = at::get_num_threads(),
                     .batch = batch,
                     .seed = setting.seed,
                     .inputs_sha256 = prepared.inputs_sha256,
                     .work = prepared.config};
  config.weights = weights_word(models, !setting.places.chosen.empty());
  for (const dub::ModelRecord& m : models.used()) config.models[m.role] = m.sha256;
  for (const EngineRun& run : run_single(plan, hooks)) {
    config.engine = run.engine;
    config.precision =
        precision_of(run.engine, setting.half) == nn::Precision::kBfloat16 ? "bf16" : "fp32";
    const std::string id = fmt::format("{}_{}", job, all.outcome.rows.size());
    StageResult result =
        stage_row(config, {id, utc, env_hash, setting.build.git, stage.column}, run);
    result.remarks = remarks(loaded, run.engine, setting.half, result.row.number("p50_ms"));
    all.outcome.rows.push_back(result.row);
    all.configs[canonical_hash(to_json(config))] = to_json(config);
    all.queries += query_lines(id, run);
    setting.on_row(result);
  }
}

}  // namespace

void describe(BenchOptions& o, Fields& f) {
  f.add("stage", &o.stage, "stages to measure alone");
  f.add("clips", &o.clips, "lengths in seconds").range(0.1, 3600);
  std::vector<std::string> names;
  for (const Profile& p : profiles()) names.push_back(p.name);
  f.add("batch", &o.batch, "clips computed together, for stages that can").range(1, 4096);
  f.add("profile", &o.profile, "least number of queries and seconds").one_of(names);
  f.add("engines", &o.engines, "engines to measure; several are interleaved query by query")
      .one_of({kReference, "fused", kInt8});
  f.add("out", &o.out, "folder for rows.csv, queries.jsonl, config.json and env.json").alias({"o"});
}

void validate(const BenchOptions& o) {
  if (o.stage.empty()) {
    std::vector<std::string> names;
    for (const StageCase& c : stage_cases()) names.push_back(c.name);
    throw Error(Code::kMissingArgument, "--stage is missing: bench run measures single stages", {},
                {fmt::format("--stage {}", fmt::join(names, ","))});
  }
  const bool one = std::all_of(o.batch.begin(), o.batch.end(), [](int64_t n) { return n == 1; });
  for (const std::string& name : o.stage)
    if (!find_case(name).batched && !one)
      fail(Code::kBadValue,
           "--batch is for stages that compute several clips together; {} does not", name);
  if (o.clips.empty()) throw Error(Code::kMissingArgument, "--clips names no length");
  if (o.batch.empty()) throw Error(Code::kMissingArgument, "--batch names no number");
  if (o.engines.empty()) throw Error(Code::kMissingArgument, "--engines names no engine");
  if (o.out.empty()) throw Error(Code::kMissingArgument, "--out is missing");
}

BenchOutcome bench_stages(const BenchOptions& options, const BenchSetting& setting) {
  validate(options);
  const fs::path folder = options.out;
  fs::create_directories(folder);
  const auto path = [&](const char* name) { return (folder / name).string(); };
  const std::string rows = path("rows.csv"), queries = path("queries.jsonl"),
                    configs = path("config.json"), env = path("env.json");
  Collected all;
  all.outcome.files = {rows, queries, configs, env};
  for (const std::string& file : all.outcome.files) check_output(file, setting.overwrite);
  BenchSetting resolved = setting;
  if (resolved.places.pack.empty()) resolved.places.pack = dub::kFullsize;
  const json facts = environment(setting.build);
  all.outcome.env_hash = environment_hash(facts);
  const std::string job = dub::new_job_id("bench");
  kernels::prepare_compute_thread();
  for (const std::string& name : options.stage)
    for (const double clip_s : options.clips)
      for (const int64_t batch : options.batch)
        run_case({find_case(name), clip_s, batch}, options, resolved, job, all.outcome.env_hash,
                 all);
  write_file_atomic(rows, bench_csv(all.outcome.rows), setting.overwrite);
  write_file_atomic(queries, all.queries, setting.overwrite);
  write_file_atomic(configs, all.configs.dump(2) + "\n", setting.overwrite);
  write_file_atomic(env, facts.dump(2) + "\n", setting.overwrite);
  return all.outcome;
}

}  // namespace vl::bench
