#include "vl/core/allocator.h"

#include <algorithm>
#include <new>

#include <malloc.h>
#include <sys/mman.h>

namespace vl {

void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2000 << 20);
  mallopt(M_TOP_PAD, 16 << 20);
}

void release_freed_memory() { malloc_trim(0); }

std::shared_ptr<void> allocate_large(size_t bytes) {
  // Small ones share no page either, but need no room of 2 MiB.
  constexpr size_t kLarge = 2U << 20;
  if (bytes < kLarge) {
    std::shared_ptr<void> out(std::aligned_alloc(64, std::max<size_t>(64, (bytes + 63) / 64 * 64)),
                              std::free);
    return out ? out : throw std::bad_alloc();
  }
  const size_t room = bytes + kLarge;
  void* base = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  void* aligned = base;
  size_t space = room;
  std::align(kLarge, bytes, aligned, space);
  madvise(aligned, bytes, MADV_HUGEPAGE);
  return {aligned, [base, room](void*) { munmap(base, room); }};
}

}  // namespace vl
