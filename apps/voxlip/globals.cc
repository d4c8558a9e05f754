#include "apps/voxlip/globals.h"

#include <filesystem>
#include <thread>

#include "vl/core/error.h"
#include "vl/core/paths.h"

namespace vl::app {

void describe(GlobalOptions& o, Fields& f) {
  f.add("config", &o.config, "configuration file, TOML or JSON").alias({"c"});
  f.add("preset", &o.preset,
        "named set of values: realtime balanced quality public parity, or an own one");
  f.add("print_config", &o.print_config, "print the effective configuration and exit");
  f.add("device", &o.device, "auto, cpu, cuda, cuda:N; this build computes on the CPU");
  f.add("precision", &o.precision,
        "of weights; auto is fp32 on the CPU; bf16: VALL-E X, others stay fp32")
      .one_of({"auto", "fp32", "bf16"});
  f.add("engine", &o.engine,
        "fused: our kernels where a network has them; w8a16: the same, VALL-E X with int8 weights; "
        "ref: plain ATen, the public operator sequence")
      .one_of({"ref", "fused", "w8a16"});
  f.add("threads", &o.threads, "threads of one computation; 0: physical cores")
      .range(0, 1024)
      .alias({"t", "num_threads"});
  f.add("seed", &o.seed, "seed of everything random").range(0, 9.2e18);
  f.add("pack", &o.pack, "name or folder of the pack; empty: the built-in one");
  f.add("model", &o.model, "ROLE=NAME or ROLE=FILE, for one role");
  f.add("models_dir", &o.models_dir, "imported models");
  f.add("voices_dir", &o.voices_dir, "registered voices");
  f.add("cache_dir", &o.cache_dir, "finished stages, weights of deterministic packs, job folders");
  f.add("cache_max", &o.cache_max, "size above which the oldest finished stages are deleted");
  f.add("no_cache", &o.no_cache, "neither read nor keep finished stages");
  f.add("json", &o.json, "print the result as JSON on stdout");
  f.add("report_json", &o.report_json, "write the same document to a file, also on failure");
  f.add("progress", &o.progress, "progress on stderr").one_of({"auto", "bar", "jsonl", "none"});
  f.add("log_level", &o.log_level, "least level that is shown")
      .one_of({"error", "warn", "info", "debug", "trace"});
  f.add("log_jsonl", &o.log_jsonl, "log lines as JSON");
  f.add("quiet", &o.quiet, "errors only").alias({"q"});
  f.add("verbose", &o.verbose, "debug messages").alias({"v"});
  f.add("color", &o.color, "colours on stderr").one_of({"auto", "always", "never"});
  f.add("overwrite", &o.overwrite, "replace existing outputs").alias({"y"});
  f.add("help", &o.help, "print this text").alias({"h"});
}

void settle(GlobalOptions& o) {
  if (o.device != "auto" && o.device != "cpu") {
    if (o.device != "cuda" && o.device.rfind("cuda:", 0) != 0)
      fail(Code::kBadValue, "device cannot be \"{}\"; it is auto, cpu, cuda or cuda:N", o.device);
    throw Error(Code::kNoSuchGpu,
                fmt::format("no CUDA device {}: this build computes on the CPU",
                            o.device == "cuda" ? "0" : o.device.substr(5)),
                {}, {"use --device cpu"});
  }
  o.device = "cpu";
  if (o.precision == "auto") o.precision = "fp32";
  if (o.precision == "bf16" && o.engine == "ref")
    fail(Code::kBadValue, "precision bf16 is not one of engine \"ref\", which computes in fp32");
  const std::filesystem::path data = data_dir();
  if (o.models_dir.empty()) o.models_dir = (data / "models").string();
  if (o.voices_dir.empty()) o.voices_dir = (data / "voices").string();
  if (o.cache_dir.empty()) o.cache_dir = cache_dir();
  if (o.quiet) o.log_level = "error";
  if (o.verbose) o.log_level = "debug";
}

PresetTable builtin_presets() {
  const auto lips = [](int every, const char* feather, bool color, const char* paste) {
    return std::map<std::string, nlohmann::json>{
        {"detect_every", every}, {"feather", feather}, {"color_match", color}, {"paste", paste}};
  };
  const auto preset = [](std::map<std::string, nlohmann::json> lips_keys, int takes, int crf,
                         const char* encoder, const char* compat) {
    lips_keys["takes"] = takes, lips_keys["crf"] = crf, lips_keys["encoder"] = encoder;
    lips_keys["compat"] = {compat};
    return lips_keys;
  };
  return {
      {"realtime", preset(lips(5, "auto", false, "mouth"), 1, 23, "auto", "none")},
      {"balanced", preset(lips(1, "auto", true, "mouth"), 3, 18, "auto", "none")},
      {"quality", preset(lips(1, "auto", true, "mouth"), 5, 14, "software", "none")},
      {"public", preset(lips(1, "auto", true, "mouth"), 3, 18, "auto", "none")},
      {"parity", preset(lips(1, "0", false, "box"), 1, 18, "software", "all")},
  };
}

}  // namespace vl::app
