#include "vl/dub/lip_settings.h"

#include "vl/core/error.h"

namespace vl::dub {

std::shared_ptr<const stages::FaceFinder> load_face_finder(const LipsOptions& o, ModelSet& models) {
  std::shared_ptr<const stages::FaceFinder> out =
      stages::make_face_finder(models.get<torch::nn::Module>("face"));
  if (o.compatible("wav2lip") && out->gives_landmarks())
    throw Error(Code::kModelMissing, "--compat wav2lip needs the face finder S3FD", {},
                {"give its file by --face-model s3fd.pth, or the face by --box"});
  return out;
}

LipModels load_lip_models(const LipsOptions& o, ModelSet& models) {
  LipModels out;
  if (!has_box(o)) {
    out.finder = load_face_finder(o, models);
    out.digests["face"] = models.digest("face");
  }
  out.wav2lip = models.get<models::wav2lip::Wav2Lip>("wav2lip");
  out.digests["wav2lip"] = models.digest("wav2lip");
  return out;
}

bool has_box(const LipsOptions& o) { return o.box[0] >= 0; }

stages::IntBox fixed_box(const LipsOptions& o) { return {o.box[2], o.box[0], o.box[3], o.box[1]}; }

stages::Pads face_pads(const LipsOptions& o) {
  return {o.pads[0], o.pads[1], o.pads[2], o.pads[3]};
}

double least_score(const LipsOptions& o, const stages::FaceFinder& finder) {
  return o.min_face_score > 0 ? o.min_face_score : finder.usual_score();
}

stages::CompatPicture compat_picture(const LipsOptions& o) {
  return {.resize_factor = o.resize_factor,
          .rotate = static_cast<int>(o.rotate),
          .crop = {o.crop[0], o.crop[1], o.crop[2], o.crop[3]}};
}

stages::ScanOptions scan_options(const LipsOptions& o, const stages::FaceFinder& finder) {
  stages::ScanOptions out{
      .min_score = least_score(o, finder), .every = o.detect_every, .shrink = o.resize_factor};
  const bool whole = o.crop == std::vector<int64_t>{0, -1, 0, -1};
  if (!whole) {
    constexpr int kFar = 1 << 20;
    const auto end = [](int64_t v) { return v == -1 ? kFar : static_cast<int>(v); };
    out.search = {static_cast<int>(o.crop[2]), static_cast<int>(o.crop[0]), end(o.crop[3]),
                  end(o.crop[1])};
  }
  using stages::FaceSelect;
  out.choice.select = o.face_select == "largest" ? FaceSelect::kLargest
                      : o.face_select == "score" ? FaceSelect::kScore
                      : o.face_select == "all"   ? FaceSelect::kAll
                                                 : FaceSelect::kAuto;
  if (o.face_id >= 0) out.choice.track = static_cast<int>(o.face_id);
  out.place.pads = face_pads(o);
  out.place.smooth = !o.nosmooth;
  out.place.align = finder.gives_landmarks() && o.paste != "box";
  return out;
}

stages::DrawOptions draw_options(const LipsOptions& o) {
  return {.whole_box = o.paste == "box",
          .feather = o.feather == "auto" ? -1 : std::stoi(o.feather),
          .color_match = o.color_match};
}

double usual_fps(const media::VideoInfo& video) {
  constexpr double kUsual = 25, kMost = 1000;
  const double fps = video.fps.value();
  return fps > 0 && fps <= kMost ? fps : kUsual;
}

std::function<float(int64_t frame)> speech_by_frame(
    std::shared_ptr<const stages::SoundLevels> source, double fps) {
  return [source = std::move(source), fps](int64_t frame) {
    return source->level(static_cast<double>(frame) / fps, static_cast<double>(frame + 1) / fps);
  };
}

media::EncoderOptions encoder_options(const EncodeOptions& o, int threads) {
  return {.video_codec = o.video_codec,
          .encoder = o.encoder,
          .pix_fmt = o.pix_fmt,
          .crf = static_cast<int>(o.crf),
          .threads = threads};
}

}  // namespace vl::dub
