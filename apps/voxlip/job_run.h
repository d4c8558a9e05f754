#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/voxlip/verb.h"
#include "vl/core/progress.h"
#include "vl/core/trace.h"
#include "vl/dub/job.h"
#include "vl/dub/record.h"
#include "vl/dub/spoken_text.h"

namespace vl::app {

/// Do two names mean the same file?
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Refuses a --report-json that would replace one of the job's own files, and drops it, so that the
/// error is not written there either. @throws Error(kExclusiveFlags)
void check_report_target(VerbContext& context, const std::vector<std::string>& files);

/// What --show-phonemes shows.
struct PhonemesOf {
  std::string text, lang;
  dub::TextUnit unit = dub::TextUnit::kSentence;
  std::string voice;      ///< as --voice has it
  std::string own_voice;  ///< name for one that is no voice of a pack or the user, else empty
};

/// Prints what a model would read, for people, and gives the result document's keys.
nlohmann::ordered_json print_phonemes(const VerbContext& context, const dub::Phonemes& phonemes);
/// The same for VALL-E X.
nlohmann::ordered_json phonemes_of(const VerbContext& context, const PhonemesOf& what,
                                   const dub::TextOptions& options);

/// Keeps a result document in its job folder; where that fails, says so. An empty folder: nothing.
void keep_result(const std::filesystem::path& folder, const nlohmann::ordered_json& document);

/// One of several results that have a document each: does the work, keeps and prints its document.
/// What fails is told and leaves the others as they are.
/// @param one the keys of the document; sets the job folder
/// @return whether it went well @throws Error after a cancellation
bool keep_document(
    VerbContext& context, const std::string& verb,
    const std::function<nlohmann::ordered_json(WarningList&, std::filesystem::path&)>& one);

/// One job of a job verb: its id, progress on stderr, trace, and the job folder with what is kept
/// of it.
class JobRun {
 public:
  /// @param warnings of this job; they are shown while it runs
  JobRun(VerbContext& context, const std::string& verb, const std::vector<PlannedStage>& plan,
         WarningList& warnings);

  /// What the work is given; its callbacks live as long as this object.
  const dub::JobEnvironment& environment() const { return env_; }
  /// Sets id and folder.
  void start(dub::JobRecord& record) const;

  /// Does the work, then writes the job folder, also when it fails.
  /// @param json the result, made after the work
  /// @param extra writes the verb's own files into the job folder; may be empty
  /// @throws what the work throws; a cancellation says how far it came
  nlohmann::ordered_json run(dub::JobRecord& record, const std::function<void()>& work,
                             const std::function<nlohmann::ordered_json()>& json,
                             const std::function<void(const std::filesystem::path&)>& extra = {});
  /// The folder, once something was kept in it.
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void keep(const dub::JobRecord& record,
            const std::function<void(const std::filesystem::path&)>& extra);

  VerbContext& context_;
  WarningList& warnings_;
  std::string id_;
  Trace trace_;
  Progress progress_;
  ProgressTicker ticker_;
  dub::JobEnvironment env_;
  std::filesystem::path folder_;
};

}  // namespace vl::app
