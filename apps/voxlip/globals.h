#pragma once

#include <string>
#include <vector>

#include "vl/core/config.h"

namespace vl::app {

/// The global flags of spec cli.md section 2 that this build offers.
struct GlobalOptions {
  std::string config;
  std::string preset = "balanced";
  bool print_config = false;
  std::string device = "auto";
  std::string precision = "auto";
  std::string engine = "fused";
  int64_t threads = 0;
  int64_t seed = 0;
  std::string pack;
  std::vector<std::string> model;
  std::string models_dir, voices_dir, cache_dir;
  std::string cache_max = "20GiB";
  bool no_cache = false;
  bool json = false;
  std::string report_json;
  std::string progress = "auto";
  std::string log_level = "info";
  bool log_jsonl = false;
  bool quiet = false, verbose = false;
  std::string color = "auto";
  bool overwrite = false;
  bool help = false;
};
void describe(GlobalOptions& o, Fields& f);

/// Sets what "auto" and empty stand for, and checks the device.
/// @throws Error(kNoSuchGpu) for a CUDA device: this build computes on the CPU
void settle(GlobalOptions& o);

/// The built-in presets, as far as their keys exist.
PresetTable builtin_presets();

}  // namespace vl::app
