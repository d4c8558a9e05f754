#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vl/core/clock.h"
#include "vl/dub/job.h"
#include "vl/dub/record.h"

namespace vl::dub {

/// Times of a job's stages that run one after another or take turns on one thread: for the record,
/// the trace and the progress.
class StageTimes {
 public:
  /// @param verb for the message of a cancellation
  StageTimes(std::string verb, const JobEnvironment& env, JobRecord& record)
      : verb_(std::move(verb)), env_(env), record_(record) {}

  /// Milliseconds since this object or restart().
  double ms() const { return watch_.ms(); }
  void restart() { watch_ = Stopwatch(); }
  /// @throws Error(kCancelled)
  void check() const;

  /// Runs a part of a stage that goes on later; the times of its parts add up in `slot`.
  /// @throws as check() and body
  void part(const std::string& name, std::optional<double>& slot,
            const std::function<void()>& body);
  /// Runs all of a stage. @throws as part()
  void whole(const std::string& name, std::optional<double>& slot,
             const std::function<void()>& body);
  /// Ends the stages that have had parts, in the order in which they began.
  void finish();
  /// Stages that have begun and not ended.
  const std::vector<StageSpan>& open() const { return open_; }

 private:
  std::string verb_;
  const JobEnvironment& env_;
  JobRecord& record_;
  Stopwatch watch_;
  std::vector<StageSpan> open_;
};

}  // namespace vl::dub
