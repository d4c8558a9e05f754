#include "vl/stages/face_finder.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/s3fd/s3fd.h"
#include "vl/models/yunet/yunet.h"

namespace vl::stages {

namespace {

constexpr int kYunetSide = 640;
constexpr int kLeastS3fdSide = 32, kLeastSide = 32;

using Pictures = std::vector<const media::Image*>;
using Finds = std::vector<std::vector<FoundFace>>;

/// [B, H, W, 3] uint8
at::Tensor pixels_of(const Pictures& pictures) {
  const media::Image& first = *pictures.front();
  at::Tensor out =
      at::empty({static_cast<int64_t>(pictures.size()), first.height, first.width, 3}, at::kByte);
  uint8_t* to = out.data_ptr<uint8_t>();
  for (const media::Image* p : pictures) to = std::copy(p->data.begin(), p->data.end(), to);
  return out;
}

class YunetFinder : public FaceFinder {
 public:
  explicit YunetFinder(std::shared_ptr<const models::yunet::Yunet> net) : net_(std::move(net)) {}
  Finds find(const Pictures& pictures) const override {
    const at::Tensor x = models::yunet::network_frames(pixels_of(pictures));
    const auto raw = net_->forward(x);
    Finds out(pictures.size());
    for (size_t i = 0; i < out.size(); ++i)
      for (const auto& f : models::yunet::decode_faces(raw, x.size(2), x.size(3),
                                                       static_cast<int64_t>(i), kLeastScore))
        out[i].push_back({f.box, f.score, f.landmarks});
    return out;
  }
  double usual_score() const override { return 0.6; }
  int longest_side() const override { return kYunetSide; }
  bool gives_landmarks() const override { return true; }

 private:
  std::shared_ptr<const models::yunet::Yunet> net_;
};

class S3fdFinder : public FaceFinder {
 public:
  explicit S3fdFinder(std::shared_ptr<const models::s3fd::S3fd> net) : net_(std::move(net)) {}
  Finds find(const Pictures& pictures) const override {
    Finds out(pictures.size());
    const media::Image& first = *pictures.front();
    if (std::min(first.width, first.height) < kLeastS3fdSide) return out;
    const auto heads = net_->forward(models::s3fd::network_frames(pixels_of(pictures)));
    for (size_t i = 0; i < out.size(); ++i)
      for (const auto& b : models::s3fd::detections(heads, static_cast<int64_t>(i), kLeastScore))
        out[i].push_back({b.box, b.score, std::nullopt});
    return out;
  }
  double usual_score() const override { return 0.5; }
  int longest_side() const override { return 0; }
  bool gives_landmarks() const override { return false; }

 private:
  std::shared_ptr<const models::s3fd::S3fd> net_;
};

}  // namespace

std::unique_ptr<const FaceFinder> make_face_finder(
    std::shared_ptr<const torch::nn::Module> network) {
  if (auto yunet = std::dynamic_pointer_cast<const models::yunet::Yunet>(network))
    return std::make_unique<YunetFinder>(std::move(yunet));
  if (auto s3fd = std::dynamic_pointer_cast<const models::s3fd::S3fd>(network))
    return std::make_unique<S3fdFinder>(std::move(s3fd));
  fail(Code::kWrongModelKind, "the model of role face is no face finder");
}

std::array<int, 2> look_size(const FaceFinder& finder, int width, int height, int64_t shrink) {
  const int side = std::max(width, height), most = finder.longest_side();
  double scale = 1.0 / static_cast<double>(shrink);
  if (most > 0 && side * scale > most) scale = static_cast<double>(most) / side;
  const auto part = [&](int n) {
    return std::min(n, std::max(kLeastSide, static_cast<int>(std::lround(n * scale))));
  };
  return {part(width), part(height)};
}

FoundFace scaled(const FoundFace& face, float x, float y) {
  FoundFace out = face;
  out.box = {face.box[0] * x, face.box[1] * y, face.box[2] * x, face.box[3] * y};
  if (out.points)
    for (Point& p : *out.points) p = {p[0] * x, p[1] * y};
  return out;
}

}  // namespace vl::stages
