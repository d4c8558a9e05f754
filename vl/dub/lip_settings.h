#pragma once

// The flags of [LIPS] and [ENC] as the stages take them.

#include "vl/dub/lip_video.h"
#include "vl/dub/model_set.h"
#include "vl/dub/options.h"
#include "vl/media/segment_encoder.h"
#include "vl/stages/compat_faces.h"
#include "vl/stages/draw_mouth.h"
#include "vl/stages/scan_faces.h"

namespace vl::dub {

/// The face finder of the set. @throws Error(kModelMissing) for --compat wav2lip without S3FD; as
/// ModelSet::get
std::shared_ptr<const stages::FaceFinder> load_face_finder(const LipsOptions& o, ModelSet& models);
/// The same, where it is needed, and Wav2Lip.
LipModels load_lip_models(const LipsOptions& o, ModelSet& models);

/// Is --box given?
bool has_box(const LipsOptions& o);
stages::IntBox fixed_box(const LipsOptions& o);
stages::Pads face_pads(const LipsOptions& o);
/// --min-face-score, or the finder's own.
double least_score(const LipsOptions& o, const stages::FaceFinder& finder);
stages::CompatPicture compat_picture(const LipsOptions& o);
stages::ScanOptions scan_options(const LipsOptions& o, const stages::FaceFinder& finder);
stages::DrawOptions draw_options(const LipsOptions& o);
/// Pictures a second as the file says, where that is possible, else 25.
double usual_fps(const media::VideoInfo& video);
/// Loudness of the source at a frame, for ScanOptions.
std::function<float(int64_t frame)> speech_by_frame(
    std::shared_ptr<const stages::SoundLevels> source, double fps);
media::EncoderOptions encoder_options(const EncodeOptions& o, int threads);

}  // namespace vl::dub
