#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/core/warning.h"
#include "vl/dub/eval_options.h"
#include "vl/dub/model_set.h"
#include "vl/media/video_frame.h"
#include "vl/models/lse/lse.h"
#include "vl/models/syncnet/syncnet.h"
#include "vl/stages/face_finder.h"
#include "vl/stages/face_runs.h"

namespace vl::dub {

/// What eval found of one item.
struct EvalItem {
  std::string path;
  EvalFigures figures;
  std::optional<Error> error;
};

/// The verb eval (shared/spec/dub.md section 12, wav2lip.md section 9): how well lips and sound of
/// finished videos agree. One load of the models for any number of files; memory grows by some 200
/// kB a second of video.
class Evaluator {
 public:
  /// Loads what the metrics need. A role that only the built-in untrained pack fills counts as not
  /// installed, unless --pack names that pack.
  /// @throws Error as ModelSet; warns W0117
  Evaluator(const std::vector<std::string>& metrics, const ModelPlaces& places,
            WarningList& warnings);

  /// Figures of the metrics whose model is there. Two passes over the pictures, at 25 a second: the
  /// face boxes, then the networks.
  /// @param check is called between frames; its error ends the work
  /// @throws Error as media::VideoReader and read_audio, kNoFace, kUnsupportedKind for less than
  /// six frames with a face and sound
  EvalFigures run(const std::string& path, const std::function<void()>& check) const;

  const std::vector<std::string>& metrics() const { return metrics_; }
  /// Roles that metrics need and nothing fills.
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  struct Clip;
  std::vector<std::optional<stages::IntBox>> face_boxes(const std::string& path,
                                                        const std::function<void()>& check,
                                                        double& start_s) const;
  std::optional<stages::IntBox> face_box(const media::VideoFrame& frame, float& best_score) const;
  EvalFigures score(const Clip& clip, const std::function<void()>& check) const;
  bool wants(const std::string& role) const;

  std::vector<std::string> metrics_, missing_;
  std::unique_ptr<const stages::FaceFinder> finder_;
  std::shared_ptr<const models::lse::Lse> lse_;
  std::shared_ptr<const models::syncnet::SyncNet> syncnet_;
};

/// The keys of the result document: protocol, items, metrics, missing, gates; per_item is `file`
/// or null. Items with an error count in `items` only.
nlohmann::ordered_json eval_json(const Evaluator& evaluator, const std::vector<EvalItem>& items,
                                 const std::vector<EvalGate>& gates, const std::string& file);
/// One line of the file of --out.
nlohmann::ordered_json eval_item_json(const Evaluator& evaluator, const EvalItem& item);

}  // namespace vl::dub
