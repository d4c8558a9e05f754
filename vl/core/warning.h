#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "vl/core/error.h"

namespace vl {

/// Something the user should know that does not change the exit code. `code` is "W0103".
struct Warning {
  std::string code, message;
  Where where = {};
};

/// Warnings of a run, from any thread. One that is already there (same code, message and place) is
/// not added again.
class WarningList {
 public:
  /// @return whether it is new
  bool add(Warning warning);
  std::vector<Warning> all() const;
  /// Called with every new warning from now on; an empty function ends it.
  void listen(std::function<void(const Warning&)> listener);

 private:
  mutable std::mutex mutex_;
  std::vector<Warning> warnings_;
  std::function<void(const Warning&)> listener_;
};

/// Text of a message for a terminal: line breaks and tabs are blanks, other control characters are
/// written out ("\\x1b").
std::string one_line(std::string_view text);

/// "warning[W0103]: line 2 is 0.31 s too long (clip.srt:2)", one line.
std::string warning_line(const Warning& warning, bool color = false);

}  // namespace vl
