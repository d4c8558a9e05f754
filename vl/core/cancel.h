#pragma once

#include <atomic>
#include <memory>

namespace vl {

enum class CancelReason : int { kNone = 0, kSignal = 1, kApi = 2 };

/// A flag shared by everybody who holds a copy. Work polls it between pieces.
class CancelToken {
 public:
  CancelToken();

  /// The first reason stays.
  void cancel(CancelReason reason) const;
  bool cancelled() const { return reason() != CancelReason::kNone; }
  CancelReason reason() const { return static_cast<CancelReason>(reason_->load()); }
  /// @throws Error(kCancelled) after a signal, Error(kCancelledByApi) otherwise
  void check() const;

 private:
  friend void cancel_on_signals(const CancelToken& token);
  std::shared_ptr<std::atomic<int>> reason_;
};

/// INT and TERM wait until cancel_on_signals() is called, so that one which comes while the program
/// starts is answered too. For the calling thread and those that it starts.
void hold_signals();

/// For waits that know no token. @throws Error(kCancelled) after INT or TERM
void check_signals();

/// INT and TERM cancel the token; the second of them ends the process at once with exit code 130. A
/// later call replaces the token and counts anew. SIGPIPE is ignored, so that a closed pipe is an
/// error of its write.
void cancel_on_signals(const CancelToken& token);

}  // namespace vl
