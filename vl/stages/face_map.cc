#include "vl/stages/face_map.h"

#include <cstring>

#include "vl/core/error.h"

namespace vl::stages {

namespace {

constexpr char kMagic[] = "VLFACES2";

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <class T>
T take(const std::string& bytes, size_t& at) {
  if (bytes.size() - at < sizeof(T)) fail(Code::kNotDecodable, "a record of faces is cut off");
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  at += sizeof(T);
  return value;
}

}  // namespace

void FaceMap::push(Frame frame) {
  const std::lock_guard lock(mutex_);
  frames_.push_back(std::move(frame));
  changed_.notify_all();
}

void FaceMap::finish(const Counts& counts) {
  const std::lock_guard lock(mutex_);
  counts_ = counts;
  finished_ = true;
  changed_.notify_all();
}

const FaceMap::Frame* FaceMap::at(int64_t index) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return static_cast<int64_t>(frames_.size()) > index; };
  pipeline::wait_until(run_, lock, changed_, [&] { return finished_ || there(); });
  return there() ? &frames_[static_cast<size_t>(index)] : nullptr;
}

int64_t FaceMap::count() {
  std::unique_lock lock(mutex_);
  pipeline::wait_until(run_, lock, changed_, [&] { return finished_; });
  return static_cast<int64_t>(frames_.size());
}

FaceMap::Counts FaceMap::counts() {
  count();
  return counts_;
}

std::string FaceMap::save() {
  count();
  std::string out = kMagic;
  put(out, counts_);
  put(out, static_cast<int64_t>(frames_.size()));
  for (const Frame& f : frames_) {
    put(out, f.pts), put(out, f.duration);
    put(out, static_cast<uint32_t>(f.faces.size()));
    for (const Placement& p : f.faces) put(out, p);
  }
  return out;
}

void FaceMap::load(const std::string& bytes) {
  size_t at = sizeof(kMagic) - 1;
  if (bytes.compare(0, at, kMagic) != 0) fail(Code::kNotDecodable, "not a record of faces");
  const auto counts = take<Counts>(bytes, at);
  const auto frames = take<int64_t>(bytes, at);
  for (int64_t i = 0; i < frames; ++i) {
    Frame f;
    f.pts = take<int64_t>(bytes, at), f.duration = take<int64_t>(bytes, at);
    const auto faces = take<uint32_t>(bytes, at);
    for (uint32_t k = 0; k < faces; ++k) f.faces.push_back(take<Placement>(bytes, at));
    push(std::move(f));
  }
  finish(counts);
}

}  // namespace vl::stages
