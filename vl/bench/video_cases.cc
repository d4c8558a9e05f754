#include <ATen/ATen.h>

#include <unistd.h>
#include <cmath>

#include <filesystem>

#include "vl/bench/cases.h"
#include "vl/bench/inputs.h"
#include "vl/core/sha256.h"
#include "vl/media/assemble.h"
#include "vl/media/paste.h"
#include "vl/media/segment_encoder.h"
#include "vl/media/video_reader.h"
#include "vl/stages/draw_mouth.h"
#include "vl/stages/scan_faces.h"

namespace vl::bench {

namespace {

constexpr int kWidth = 1280, kHeight = 720, kFps = 25, kSide = 96;
constexpr int64_t kHeld = 25;  // pictures in memory, shown in turn

const media::EncoderOptions kEncoder{.encoder = "software", .crf = 18};

int64_t pictures_of(const CaseRequest& r) {
  return std::max<int64_t>(1, std::llround(r.clip_s * kFps));
}

media::VideoInfo video_info() {
  return {.codec = "h264",
          .pix_fmt = "yuv420p",
          .range = "tv",
          .primaries = "bt709",
          .transfer = "bt709",
          .matrix = "bt709",
          .width = kWidth,
          .height = kHeight,
          .fps = {kFps, 1},
          .time_base = {1, kFps}};
}

/// A bright square wanders over the clouds, so that an encoder has motion.
media::Image moving(uint64_t sample, int64_t index) {
  media::Image out = clouds(sample, kWidth, kHeight);
  const auto at = static_cast<int>(index % 50) * 10;
  for (int y = at / 2 + 100; y < at / 2 + 200; ++y)
    std::fill_n(out.row(y) + 3 * (at + 100), 300, uint8_t{230});
  return out;
}

/// Crop, blend and paste of the mouth on `clip` pictures of 1280x720, a face of 260 x 320.
PreparedCase composite(const CaseRequest& r, bool mouth) {
  const int64_t count = pictures_of(r);
  const stages::Placement place{
      .x1 = 510.3F, .y1 = 150.6F, .x2 = 770.1F, .y2 = 470.2F, .roll = mouth ? 0.08F : 0.0F};
  const media::Rect box{510, 150, 770, 470};
  Sha256 sha;
  std::vector<media::Image> pictures;
  for (int64_t i = 0; i < r.samples; ++i) {
    pictures.push_back(clouds(static_cast<uint64_t>(i), kWidth, kHeight));
    sha.update(pictures.back().data.data(), pictures.back().data.size());
  }
  const auto query = [=](int64_t i) {
    const media::Image& picture = pictures[static_cast<size_t>(i)];
    for (int64_t k = 0; k < count; ++k) {
      if (!mouth) {
        media::Image frame = picture;
        const media::Image face = media::resize(media::crop(frame, box), kSide, kSide);
        media::paste_box(frame, box, face);
        continue;
      }
      const media::Rect at = stages::region_of(place, kWidth, kHeight);
      media::Image region = media::crop(picture, at);
      const media::Image face = stages::face_crop(region, at, place, kSide);
      stages::draw_mouth(region, at, place, face, {});
    }
  };
  return {.samples = r.samples,
          .query = query,
          .inputs_sha256 = sha.hex(),
          .config = {{"pictures", count}, {"face", {260, 320}}}};
}

PreparedCase composite_mouth(const CaseRequest& r) { return composite(r, true); }
PreparedCase composite_box(const CaseRequest& r) { return composite(r, false); }

/// Native pictures in memory.
std::vector<media::VideoFrame> frames_of(uint64_t sample, Sha256& sha) {
  std::vector<media::VideoFrame> out;
  for (int64_t i = 0; i < kHeld; ++i) {
    const media::Image picture = moving(sample, i);
    sha.update(picture.data.data(), picture.data.size());
    out.push_back(media::VideoFrame::from_bgr(picture, video_info(), i, 1, i));
  }
  return out;
}

/// Cuts, finder on every picture, tracks and places of one clip.
PreparedCase scan(const CaseRequest& r) {
  const std::shared_ptr<const stages::FaceFinder> finder =
      stages::make_face_finder(r.models.get<torch::nn::Module>("face"));
  const int64_t count = pictures_of(r);
  Sha256 sha;
  std::vector<std::vector<media::VideoFrame>> clips;
  for (int64_t i = 0; i < r.samples; ++i) clips.push_back(frames_of(static_cast<uint64_t>(i), sha));
  const auto query = [=](int64_t i) {
    pipeline::RunState run;
    stages::FaceMap map(run);
    stages::ScanFaces faces(*finder, {.min_score = finder->usual_score()}, map);
    for (int64_t k = 0; k < count; ++k)
      faces.push(clips[static_cast<size_t>(i)][static_cast<size_t>(k % kHeld)]);
    faces.end();
  };
  return {.samples = r.samples,
          .query = query,
          .inputs_sha256 = sha.hex(),
          .config = {{"pictures", count}, {"every", 1}}};
}

/// A folder that goes with the last copy of a case.
std::shared_ptr<const std::filesystem::path> scratch() {
  const auto path = std::filesystem::temp_directory_path() /
                    fmt::format("voxlip_bench_{}", static_cast<long>(::getpid()));
  std::filesystem::create_directories(path);
  return {new std::filesystem::path(path), [](const std::filesystem::path* p) {
            std::error_code ignored;
            std::filesystem::remove_all(*p, ignored);
            delete p;
          }};
}

void encode_clip(const std::string& path, const std::vector<media::VideoFrame>& frames,
                 int64_t count) {
  media::SegmentEncoder encoder(path, "o.mp4", video_info(), "h264", kEncoder);
  for (int64_t k = 0; k < count; ++k)
    encoder.write(frames[static_cast<size_t>(k % kHeld)].with_time(k, 1));
  encoder.close();
}

PreparedCase encode(const CaseRequest& r) {
  const auto folder = scratch();
  const int64_t count = pictures_of(r);
  Sha256 sha;
  std::vector<std::vector<media::VideoFrame>> clips;
  for (int64_t i = 0; i < r.samples; ++i) clips.push_back(frames_of(static_cast<uint64_t>(i), sha));
  return {.samples = r.samples,
          .query =
              [=](int64_t i) {
                encode_clip((*folder / "encode.packets").string(), clips[static_cast<size_t>(i)],
                            count);
              },
          .inputs_sha256 = sha.hex(),
          .config = {
              {"pictures", count},
              {"encoder", media::choose_encoder("o.mp4", video_info(), "h264", kEncoder).summary}}};
}

PreparedCase decode(const CaseRequest& r) {
  const auto folder = scratch();
  const int64_t count = pictures_of(r);
  Sha256 sha;
  std::vector<std::string> files;
  for (int64_t i = 0; i < r.samples; ++i) {
    const std::string packets = (*folder / fmt::format("clip{}.packets", i)).string();
    files.push_back((*folder / fmt::format("clip{}.mp4", i)).string());
    encode_clip(packets, frames_of(static_cast<uint64_t>(i), sha), count);
    media::assemble(
        {.out = files.back(), .overwrite = true, .segments = {packets}, .pictures = video_info()});
  }
  return {.samples = r.samples,
          .query =
              [folder, files](int64_t i) {
                media::VideoReader reader(files[static_cast<size_t>(i)]);
                while (reader.next()) {
                }
              },
          .inputs_sha256 = sha.hex(),
          .config = {{"pictures", count}}};
}

}  // namespace

std::vector<StageCase> video_cases() {
  return {{"faces.scan", "face_ms", scan},
          {"composite.mouth", "composite_ms", composite_mouth},
          {"composite.box", "composite_ms", composite_box},
          {"video.decode", "decode_ms", decode},
          {"video.encode", "encode_ms", encode}};
}

}  // namespace vl::bench
