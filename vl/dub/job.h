#pragma once

#include <functional>
#include <string>

#include "vl/core/trace.h"

namespace vl::dub {

/// What the caller of a job verb gives it beside its options.
struct JobEnvironment {
  std::string job;
  uint64_t seed = 0;
  int threads = 0;  ///< of encoder and decoder; 0: their choice
  bool overwrite = false;
  std::string assets_dir;
  Trace* trace = nullptr;  ///< gets one span a stage and one a chunk, where given
  std::function<bool()> cancelled = {};
  std::function<void(const std::string& stage, bool start)> on_stage = {};
  std::function<void(const std::string& stage, int64_t done, int64_t total,
                     const std::string& unit)>
      on_progress = {};
};

}  // namespace vl::dub
