#include "vl/dsp/highpass.h"

#include <algorithm>
#include <cassert>

#include <ATen/ops/empty.h>

#include "vl/core/error.h"

namespace vl::dsp {

namespace {

constexpr int64_t kExtension = 18, kEdge = kExtension + 1, kBlock = 1 << 16;

constexpr HighpassDesign kDesign = {{0.9699606451838447, -4.849803225919223, 9.699606451838447,
                                     -9.699606451838447, 4.849803225919223, -0.9699606451838447},
                                    {1.0, -4.939001819168364, 9.757863526739543, -9.639544849413458,
                                     4.761506797356209, -0.9408236532054606},
                                    {-0.9699605304939276, 3.8798421289715876, -5.819763203738301,
                                     3.879842142541546, -0.9699605372808581}};

int64_t size_of(const std::vector<double>& x) { return static_cast<int64_t>(x.size()); }

/// Sample i of the signal continued beyond both ends by reflection through its first and its last
/// point, again and again.
double odd_extended(const std::vector<double>& x, int64_t i) {
  const int64_t last = size_of(x) - 1;
  if (last == 0) return x[0];
  if (i < 0) return 2 * x[0] - odd_extended(x, -i);
  if (i > last) return 2 * x[last] - odd_extended(x, 2 * last - i);
  return x[i];
}

}  // namespace

const HighpassDesign& highpass_design() { return kDesign; }

void HighpassFilter::start(double value) {
  for (size_t i = 0; i < z_.size(); ++i) z_[i] = kDesign.zi[i] * value;
}

double HighpassFilter::step(double v) {
  const auto& [b, a, zi] = kDesign;
  const double y = b[0] * v + z_[0];
  for (size_t i = 0; i < 4; ++i) z_[i] = b[i + 1] * v + z_[i + 1] - a[i + 1] * y;
  z_[4] = b[5] * v - a[5] * y;
  return y;
}

void HighpassForward::begin(std::vector<double>& out) {
  started_ = true;
  filter_.start(odd_extended(edge_, -kExtension));
  for (int64_t i = -kExtension; i < size_of(edge_); ++i)
    out.push_back(filter_.step(odd_extended(edge_, i)));
}

void HighpassForward::push(const double* samples, int64_t count, std::vector<double>& out) {
  for (int64_t i = 0; i < count; ++i) {
    edge_.push_back(samples[i]);
    if (started_)
      out.push_back(filter_.step(samples[i]));
    else if (size_of(edge_) == kEdge)
      begin(out);
    // Trimmed seldom: at every sample 18 others would move.
    if (size_of(edge_) == 64 * kEdge) edge_.erase(edge_.begin(), edge_.end() - kEdge);
  }
}

void HighpassForward::finish(std::vector<double>& out) {
  if (edge_.empty()) return;
  if (!started_) begin(out);
  const int64_t n = size_of(edge_);
  for (int64_t i = n; i < n + kExtension; ++i) out.push_back(filter_.step(odd_extended(edge_, i)));
}

HighpassStream::HighpassStream(const std::string& folder) : spool_(folder) {}

void HighpassStream::push(const double* samples, int64_t count) {
  assert(!finished_);
  size_ += count;
  for (int64_t done = 0; done < count;) {
    const int64_t n = std::min(count - done, kBlock);
    forward_.push(samples + done, n, pending_);
    done += n;
    if (size_of(pending_) < kBlock) continue;
    spool_.append(pending_.data(), pending_.size());
    pending_.clear();
  }
}

void HighpassStream::push(const float* samples, int64_t count) {
  std::array<double, 4096> wide;
  for (int64_t done = 0; done < count;) {
    const int64_t n = std::min<int64_t>(count - done, wide.size());
    std::copy_n(samples + done, n, wide.begin());
    push(wide.data(), n);
    done += n;
  }
}

void HighpassStream::finish() {
  assert(!finished_);
  finished_ = true;
  forward_.finish(pending_);
  spool_.append(pending_.data(), pending_.size());
  std::vector<double>().swap(pending_);

  HighpassFilter filter;
  std::vector<double> block(kBlock);
  const int64_t all = static_cast<int64_t>(spool_.size());
  for (int64_t end = all; end > 0;) {
    const int64_t begin = std::max<int64_t>(0, end - kBlock), count = end - begin;
    spool_.read(begin, block.data(), count);
    if (end == all) filter.start(block[count - 1]);
    for (int64_t i = count - 1; i >= 0; --i) block[i] = filter.step(block[i]);
    spool_.write_at(begin, block.data(), count);
    end = begin;
  }
}

std::vector<double> HighpassStream::take() {
  assert(finished_);
  std::vector<double> part(std::min(kBlock, size_ - taken_));
  spool_.read(kExtension + taken_, part.data(), part.size());
  taken_ += size_of(part);
  return part;
}

at::Tensor HighpassStream::read(int64_t begin, int64_t count) const {
  assert(finished_);
  if (begin < 0 || count < 0 || begin + count > size_)
    fail(Code::kBadValue, "samples {}..{} of a track of {}", begin, begin + count, size_);
  at::Tensor out = at::empty({count}, at::kDouble);
  spool_.read(kExtension + begin, out.data_ptr<double>(), count);
  return out;
}

at::Tensor highpass(const at::Tensor& wave) {
  const auto type = wave.scalar_type();
  check(wave.dim() == 1 && (type == at::kFloat || type == at::kDouble), Code::kBadValue,
        "the high-pass filter needs one channel of float samples");
  if (wave.size(0) < kEdge)
    fail(Code::kBadValue, "{} samples are too few for the high-pass filter, it needs more than {}",
         wave.size(0), kExtension);
  const at::Tensor x = wave.to(at::kCPU, at::kDouble).contiguous();
  std::vector<double> y;
  y.reserve(x.size(0) + 2 * kExtension);
  HighpassForward forward;
  forward.push(x.const_data_ptr<double>(), x.size(0), y);
  forward.finish(y);
  HighpassFilter backward;
  backward.start(y.back());
  for (auto v = y.rbegin(); v != y.rend(); ++v) *v = backward.step(*v);
  at::Tensor out = at::empty({x.size(0)}, at::kDouble);
  std::copy_n(y.begin() + kExtension, x.size(0), out.data_ptr<double>());
  return out;
}

}  // namespace vl::dsp
