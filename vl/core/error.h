#pragma once

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace vl {

/// Error codes of the command line contract: E0401 is kNoFace = 401. The exit code is the number
/// divided by 100.
enum class Code : int {
  kInternal = 101,
  kDecoderCrash = 102,
  kUnknownName = 201,
  kBadValue = 202,
  kMissingArgument = 203,
  kExclusiveFlags = 204,
  kConfig = 205,
  kBytesToTerminal = 206,
  kNotFound = 301,
  kNotDecodable = 302,
  kNoVideo = 303,
  kNoAudio = 304,
  kTruncatedInput = 305,
  kBadSubtitles = 306,
  kBadText = 307,
  kTranscriptNeeded = 308,
  kOverLimit = 309,
  kBadPrompt = 310,
  kUnsupportedKind = 311,
  kBadPicture = 312,
  kUnknownVoice = 313,
  kBadLexicon = 314,
  kNoSpeech = 315,
  kPathLeavesRoot = 316,
  kLanguageNotOffered = 317,
  kNoFace = 401,
  kFaceNotFound = 402,
  kBoxOutside = 403,
  kModelMissing = 501,
  kHashDiffers = 502,
  kNotACheckpoint = 503,
  kTruncatedModel = 504,
  kWrongModelKind = 505,
  kUnsafeModel = 506,
  kIndexMismatch = 507,
  kUnsupportedVariant = 508,
  kEngineFileMissing = 509,
  kBadWeights = 510,
  kNoSuchGpu = 601,
  kGpuArchNotBuilt = 602,
  kDriverTooOld = 603,
  kDeviceLost = 604,
  kDeviceMemory = 701,
  kHostMemory = 702,
  kDeadlineMissed = 801,
  kNoConsent = 901,
  kConsentInvalid = 902,
  kConsentForeign = 903,
  kCancelled = 1001,
  kCancelledByApi = 1002,
  kPartial = 1101,
  kOutputExists = 1201,
  kNotWritable = 1202,
  kDiskFull = 1203,
  kContainerRefuses = 1204,
  kAddressInUse = 1301,
  kQueueUnreachable = 1302,
  kStateLocked = 1303,
  kBadKeyFile = 1304,
  kGateNotMet = 1401,
  kNoMark = 1402,
  kMarksDisagree = 1403,
  kDoctorFailed = 1404,
  kTrainingDiverged = 1405,
  kSpeechRejected = 1501,
  kLineDoesNotFit = 1502,
};

/// Exit code of the process for an error of this code (shared contract: 3 for input, 4 for face,
/// ...).
constexpr int exit_code(Code code) { return static_cast<int>(code) / 100; }
/// "E0401".
std::string code_name(Code code);

/// Where an error happened; every part is optional. `detail` is free text for people ("box 3 of
/// level 2").
struct Where {
  std::string file = {};
  std::optional<int> stream = {};
  std::optional<long> frame = {};
  std::optional<long> line = {};
  std::optional<double> time_s = {};
  std::string detail = {};

  bool empty() const;
  /// "in.mp4, video stream 0, frame 57 (2.28 s)".
  std::string text() const;
};

/// An error of the user's or the data's: what happened, where, what to do. Our own errors are
/// assertions.
class Error : public std::exception {
 public:
  Error(Code code, std::string what, Where where = {}, std::vector<std::string> hints = {});

  Code code() const { return code_; }
  int exit() const { return exit_code(code_); }
  const char* what() const noexcept override { return what_.c_str(); }
  const std::string& message() const { return what_; }
  const Where& where() const { return where_; }
  const std::vector<std::string>& hints() const { return hints_; }
  /// Files left behind on purpose that help to understand the error ("job/face_best.png").
  const std::vector<std::string>& saved() const { return saved_; }
  /// A copy with these parts filled where they are still empty: the layer that knows the file adds
  /// it.
  Error with_file(const std::string& file) const;
  /// A copy that names files saved for the user.
  Error with_saved(std::vector<std::string> files) const;

 private:
  Code code_;
  std::string what_;
  Where where_;
  std::vector<std::string> hints_, saved_;
};

/// Throws Error(code, what) when the condition is false.
inline void check(bool ok, Code code, const char* what) {
  if (!ok) throw Error(code, what);
}

/// fail(Code::kNoFace, "no face found in any of the {} frames", n)
template <class... Args>
[[noreturn]] void fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace vl
