#include "vl/stages/sync_windows.h"

#include <utility>

#include <ATen/ATen.h>

namespace vl::stages {

PictureWindows::PictureWindows(std::function<at::Tensor(const at::Tensor&)> embed, int64_t batch)
    : embed_(std::move(embed)), batch_(static_cast<size_t>(batch)) {}

void PictureWindows::push(at::Tensor picture) {
  waiting_.push_back(std::move(picture));
  ++pictures_;
  if (waiting_.size() == batch_ + kSyncWindow - 1) flush();
}

void PictureWindows::flush() {
  std::vector<at::Tensor> windows;
  for (size_t i = 0; i + kSyncWindow <= waiting_.size(); ++i) {
    const auto begin = waiting_.begin() + static_cast<std::ptrdiff_t>(i);
    windows.push_back(at::cat(std::vector<at::Tensor>(begin, begin + kSyncWindow)));
  }
  if (windows.empty()) return;
  done_.push_back(embed_(at::stack(windows)));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(windows.size()));
}

at::Tensor PictureWindows::finish() {
  flush();
  const at::Tensor out = done_.empty() ? at::Tensor() : at::cat(done_);
  waiting_.clear();
  done_.clear();
  pictures_ = 0;
  return out;
}

at::Tensor picture_planes(const media::Image& bgr, int top, int bottom) {
  return at::from_blob(const_cast<uint8_t*>(bgr.row(top)), {bottom - top, bgr.width, 3}, at::kByte)
      .permute({2, 0, 1})
      .to(at::kFloat, /*non_blocking=*/false, /*copy=*/true)
      .contiguous();
}

}  // namespace vl::stages
