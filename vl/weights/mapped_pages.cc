#include "vl/weights/mapped_pages.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace vl::weights {

namespace {

struct Range {
  std::weak_ptr<const void> owner;
  uintptr_t begin, end;
};

std::mutex& mutex() {
  static std::mutex m;
  return m;
}

std::vector<Range>& ranges() {
  static std::vector<Range> all;
  return all;
}

}  // namespace

void declare_read_only(const ByteView& mapping) {
  const std::lock_guard lock(mutex());
  std::erase_if(ranges(), [](const Range& r) { return r.owner.expired(); });
  const auto begin = reinterpret_cast<uintptr_t>(mapping.data);
  ranges().push_back({mapping.owner, begin, begin + mapping.size});
}

void release_pages(const void* begin, size_t size) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const char* bytes = static_cast<const char*>(begin);
  const auto from = reinterpret_cast<uintptr_t>(begin), to = from + size;
  const uintptr_t first = (from + page - 1) / page * page, last = to / page * page;
  if (first >= last) return;
  const std::lock_guard lock(mutex());
  for (const Range& r : ranges())
    if (const auto alive = r.owner.lock(); alive && from >= r.begin && to <= r.end)
      madvise(const_cast<char*>(bytes) + (first - from), last - first, MADV_DONTNEED);
}

}  // namespace vl::weights
