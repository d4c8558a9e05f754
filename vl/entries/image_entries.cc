#include <cstring>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/entries/entry.h"
#include "vl/media/paste.h"

namespace vl::entries {

namespace {

constexpr int64_t kLongest = 1 << 15, kMostPixels = 1 << 27;

/// @throws Error(kBadValue) for a picture that is empty or too large for memory
void check_size(const char* name, int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width > kLongest || height > kLongest ||
      width * height > kMostPixels)
    fail(Code::kBadValue, "input:{}: a picture of {} x {} is empty or too large", name, width,
         height);
}

media::Image to_image(const Call& call, const char* name) {
  const at::Tensor& t = call.input(name);
  check_size(name, t.size(1), t.size(0));
  media::Image image(static_cast<int>(t.size(1)), static_cast<int>(t.size(0)));
  std::memcpy(image.data.data(), t.data_ptr(), image.data.size());
  return image;
}

at::Tensor to_tensor(const media::Image& image) {
  at::Tensor out = at::empty({image.height, image.width, 3}, at::kByte);
  std::memcpy(out.data_ptr(), image.data.data(), image.data.size());
  return out;
}

Tensors image_resize(const Call& call) {
  const int64_t* size = call.input("size").data_ptr<int64_t>();
  check_size("size", size[0], size[1]);
  return {{"resized_u8",
           to_tensor(media::resize(to_image(call, "crop_bgr_u8"), static_cast<int>(size[0]),
                                   static_cast<int>(size[1])))}};
}

Tensors image_paste(const Call& call) {
  media::Image frame = to_image(call, "frame_bgr_u8");
  const int64_t* b = call.input("box").data_ptr<int64_t>();
  if (b[0] < 0 || b[1] < 0 || b[2] > frame.width || b[3] > frame.height || b[2] <= b[0] ||
      b[3] <= b[1])
    fail(Code::kBoxOutside, "input:box {},{} to {},{} leaves the picture of {} x {}", b[0], b[1],
         b[2], b[3], frame.width, frame.height);
  const at::Tensor& pred = call.input("pred");
  if (!pred.isfinite().all().item<bool>())
    fail(Code::kBadValue, "input:pred holds NaN or infinity");
  const media::Rect box{static_cast<int>(b[0]), static_cast<int>(b[1]), static_cast<int>(b[2]),
                        static_cast<int>(b[3])};
  media::paste_box(frame, box, media::prediction_image(pred.data_ptr<float>()));
  return {{"frame_after_u8", to_tensor(frame)}};
}

}  // namespace

std::vector<Entry> image_entries() {
  return {
      {"image",
       "resize",
       {{"crop_bgr_u8", {-1, -1, 3}, Kind::kUint8}, {"size", {2}, Kind::kInt}},
       image_resize,
       /*needs_model=*/false},
      {"image",
       "paste",
       {{"frame_bgr_u8", {-1, -1, 3}, Kind::kUint8},
        {"pred", {3, 96, 96}},
        {"box", {4}, Kind::kInt}},
       image_paste,
       /*needs_model=*/false},
  };
}

}  // namespace vl::entries
