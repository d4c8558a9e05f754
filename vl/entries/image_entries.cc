#include <cstring>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/entries/entry.h"
#include "vl/media/paste.h"

namespace vl::entries {

namespace {

constexpr int64_t kLargest = 1 << 15;

media::Image to_image(const at::Tensor& t) {
  if (t.size(0) > kLargest || t.size(1) > kLargest)
    fail(Code::kBadValue, "a picture of {} x {} is too large", t.size(1), t.size(0));
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
  if (size[0] < 1 || size[1] < 1 || size[0] > kLargest || size[1] > kLargest)
    fail(Code::kBadValue, "input:size is {} x {}", size[0], size[1]);
  return {{"resized_u8",
           to_tensor(media::resize(to_image(call.input("crop_bgr_u8")), static_cast<int>(size[0]),
                                   static_cast<int>(size[1])))}};
}

Tensors image_paste(const Call& call) {
  media::Image frame = to_image(call.input("frame_bgr_u8"));
  const int64_t* b = call.input("box").data_ptr<int64_t>();
  if (b[0] < 0 || b[1] < 0 || b[2] > frame.width || b[3] > frame.height || b[2] <= b[0] ||
      b[3] <= b[1])
    fail(Code::kBoxOutside, "input:box {},{} to {},{} leaves the picture of {} x {}", b[0], b[1],
         b[2], b[3], frame.width, frame.height);
  const media::Rect box{static_cast<int>(b[0]), static_cast<int>(b[1]), static_cast<int>(b[2]),
                        static_cast<int>(b[3])};
  media::paste_box(frame, box, media::prediction_image(call.input("pred").data_ptr<float>()));
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
