#include "vl/stages/face_boxes.h"

#include <algorithm>

namespace vl::stages {

namespace {

constexpr size_t kWindow = 5;

/// Truncated mean of rows [begin, end).
IntBox mean_rows(const std::vector<IntBox>& rows, size_t begin, size_t end) {
  IntBox out{};
  for (size_t k = 0; k < out.size(); ++k) {
    int64_t sum = 0;
    for (size_t i = begin; i < end; ++i) sum += rows[i][k];
    out[k] = static_cast<int64_t>(static_cast<double>(sum) / static_cast<double>(end - begin));
  }
  return out;
}

}  // namespace

IntBox truncate_rect(const std::array<float, 4>& box) {
  IntBox out{};
  for (size_t k = 0; k < out.size(); ++k) out[k] = static_cast<int64_t>(std::max(box[k], 0.0F));
  return out;
}

IntBox pad_rect(const IntBox& r, const Pads& pads, int64_t width, int64_t height) {
  return {std::max<int64_t>(0, r[0] - pads.left), std::max<int64_t>(0, r[1] - pads.top),
          std::min(width, r[2] + pads.right), std::min(height, r[3] + pads.bottom)};
}

bool usable(const IntBox& b, int64_t width, int64_t height) {
  return b[0] >= 0 && b[1] >= 0 && b[2] <= width && b[3] <= height && b[2] - b[0] >= 2 &&
         b[3] - b[1] >= 2;
}

void smooth_boxes(std::vector<IntBox>& boxes) {
  const size_t n = boxes.size();
  for (size_t i = 0; i < n; ++i) {
    if (i + kWindow <= n) {
      boxes[i] = mean_rows(boxes, i, i + kWindow);
    } else {
      // The reference slices [n-5:]; a negative start counts from the end, so short lists use their
      // last 5-n rows.
      const size_t begin = n >= kWindow ? n - kWindow : n - std::min(n, kWindow - n);
      boxes[i] = mean_rows(boxes, begin, n);
    }
  }
}

void BoxSmoother::push(const IntBox& box) {
  if (!smooth_) {
    out_.push_back(box);
    return;
  }
  run_.push_back(box);
  // A row is final once four more rows are there; rows behind the tail window are not needed again.
  while (ready_ + kWindow <= run_.size()) {
    run_[ready_] = mean_rows(run_, ready_, ready_ + kWindow);
    out_.push_back(run_[ready_++]);
  }
  if (ready_ > kWindow) {
    run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(ready_ - kWindow));
    ready_ = kWindow;
  }
}

void BoxSmoother::finish() {
  if (ready_ == 0) {
    smooth_boxes(run_);
    out_.insert(out_.end(), run_.begin(), run_.end());
  } else {
    for (; ready_ < run_.size(); ++ready_) {
      run_[ready_] = mean_rows(run_, run_.size() - kWindow, run_.size());
      out_.push_back(run_[ready_]);
    }
  }
  run_.clear();
  ready_ = 0;
}

std::optional<IntBox> BoxSmoother::pop() {
  if (out_.empty()) return std::nullopt;
  const IntBox front = out_.front();
  out_.pop_front();
  return front;
}

}  // namespace vl::stages
