#include "vl/core/allocator.h"

#include <malloc.h>

namespace vl {

void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2000 << 20);
  mallopt(M_TOP_PAD, 16 << 20);
}

void release_freed_memory() { malloc_trim(0); }

}  // namespace vl
